# SPDX-License-Identifier: MIT
"""Just enough of PDB files for tests: their streams, code contributions, and an image to go with.

llvm-symbolizer wants an image, which most PDBs of the corpus lack: `write_image` makes one that
has the PDB's sections and refers to the PDB, and no code.
"""
import random
import struct

MAGIC = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0"
CODE = 0x20  # IMAGE_SCN_CNT_CODE


class NoPdb(Exception):
    """Not a PDB with functions; the text says what instead."""


class Pdb:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:32] != MAGIC:
            raise NoPdb("no MSF 7.00")
        self.page_size, _, _, size, _ = struct.unpack_from("<5I", self.data, 0x20)
        pages = -(-size // self.page_size)
        lists = -(-pages * 4 // self.page_size)
        numbers = self.gather(struct.unpack_from("<%dI" % lists, self.data, 0x34))
        directory = self.gather(struct.unpack_from("<%dI" % pages, numbers, 0))
        count, = struct.unpack_from("<I", directory, 0)
        sizes = struct.unpack_from("<%dI" % count, directory, 4)
        at = 4 + 4 * count
        self.streams = []
        for size in sizes:
            size = 0 if size == 0xFFFFFFFF else size
            pages = -(-size // self.page_size)
            self.streams.append((struct.unpack_from("<%dI" % pages, directory, at), size))
            at += pages * 4
        self.read_headers()

    def gather(self, pages):
        return b"".join(self.data[page * self.page_size:(page + 1) * self.page_size]
                        for page in pages)

    def stream(self, number):
        pages, size = self.streams[number]
        return self.gather(pages)[:size]

    def read_headers(self):
        info, dbi = self.stream(1), self.stream(3)
        if not dbi:
            raise NoPdb("a type server")
        self.guid = info[12:28]
        self.age, = struct.unpack_from("<I", dbi, 8)
        self.machine, = struct.unpack_from("<H", dbi, 58)
        sizes = struct.unpack_from("<8I", dbi, 24)
        modules, contributions, section_map, files, type_servers, _, debug, names = sizes
        self.modules = dbi[64:64 + modules]
        self.contributions = dbi[64 + modules:64 + modules + contributions]
        at = 64 + modules + contributions + section_map + files + type_servers + names
        streams = struct.unpack_from("<%dH" % (debug // 2), dbi, at)
        self.records = dbi[20:22]
        headers = self.stream(streams[5]) if len(streams) > 5 and streams[5] != 0xFFFF else b""
        self.sections = [headers[i:i + 40] for i in range(0, len(headers) // 40 * 40, 40)]
        if not self.sections:
            raise NoPdb("without section headers")

    def code(self):
        """(rva, size, module) of each piece of code."""
        version, = struct.unpack_from("<I", self.contributions, 0)
        stride = 32 if version == 0xF13151E4 else 28
        for at in range(4, len(self.contributions) - stride + 1, stride):
            section, offset, size, flags, module = struct.unpack_from("<HxxIIIH",
                                                                      self.contributions, at)
            if size and flags & CODE and 1 <= section <= len(self.sections):
                yield self.rva(section, offset), size, module

    def rva(self, section, offset):
        return struct.unpack_from("<I", self.sections[section - 1], 12)[0] + offset

    def publics(self):
        """rva -> names of the public symbols there."""
        number, = struct.unpack_from("<H", self.records)
        data = self.stream(number) if number < len(self.streams) else b""
        found = {}
        at = 0
        while at + 4 <= len(data):
            size, kind = struct.unpack_from("<HH", data, at)
            if kind == 0x110E:  # S_PUB32
                offset, section = struct.unpack_from("<IH", data, at + 8)
                name = data[at + 14:at + 2 + size].split(b"\0")[0].decode("utf-8", "replace")
                if self.is_inside(section, offset):
                    found.setdefault(self.rva(section, offset), set()).add(name)
            at += 2 + size
        return found

    def module_streams(self):
        """(symbol records, lines) of each module."""
        at = 0
        while at + 64 <= len(self.modules):
            number, size, c11, c13 = struct.unpack_from("<HIII", self.modules, at + 34)
            data = self.stream(number) if number < len(self.streams) else b""
            yield data[4:size], data[size + c11:size + c11 + c13]
            at = self.modules.index(b"\0", at + 64) + 1
            at = -(-(self.modules.index(b"\0", at) + 1) // 4) * 4

    def jumps(self):
        """(rva, size) -> name of an import thunk, None for a jump of incremental linking."""
        found = {}
        for data, _ in self.module_streams():
            at = 0
            while at + 4 <= len(data):
                size, kind = struct.unpack_from("<HH", data, at)
                if kind == 0x1102:  # S_THUNK32
                    offset, section, length = struct.unpack_from("<IHH", data, at + 16)
                    name = data[at + 25:at + 2 + size].split(b"\0")[0]
                    found[self.rva(section, offset), length] = name.decode("utf-8", "replace")
                elif kind == 0x112C:  # S_TRAMPOLINE
                    length, offset, _, section = struct.unpack_from("<HIIH", data, at + 6)
                    found[self.rva(section, offset), length] = None
                at += 2 + size
        return found

    def lines(self):
        """[(start, end, module, [(rva, line)])], sorted: the lines of each fragment."""
        found = []
        for module, (_, data) in enumerate(self.module_streams()):
            at = 0
            while at + 8 <= len(data):
                kind, size = struct.unpack_from("<II", data, at)
                if kind == 0xF2:
                    found.append(self.fragment(module, data[at + 8:at + 8 + size]))
                at += 8 + -(-size // 4) * 4
        return sorted(filter(None, found))

    def fragment(self, module, data):
        offset, section, _, size = struct.unpack_from("<IHHI", data)
        if not self.is_inside(section, offset):
            return None
        start = self.rva(section, offset)
        rows = []
        at = 12
        while at + 12 <= len(data):
            _, count, block = struct.unpack_from("<III", data, at)
            for i in range(count):
                place, line = struct.unpack_from("<II", data, at + 12 + 8 * i)
                rows.append((start + place, line & 0xFFFFFF))
            at += block
        return start, start + size, module, rows

    def is_inside(self, section, offset):
        return 1 <= section <= len(self.sections) and \
            offset < struct.unpack_from("<I", self.sections[section - 1], 8)[0]

    def section_of(self, rva):
        for number, section in enumerate(self.sections):
            size, start = struct.unpack_from("<II", section, 8)
            if start <= rva < start + size:
                return number
        return None

    def addresses(self, limit):
        """Up to `limit` addresses of code, always the same: each piece's ends, and inside."""
        chance = random.Random(self.guid)
        chosen = set()
        pieces = [piece[:2] for piece in sorted(self.code())]
        if len(pieces) * 2 > limit:
            pieces = chance.sample(pieces, limit // 2)
        for rva, size in pieces:
            chosen.update((rva, rva + size - 1))
        total = sum(size for _, size in pieces)
        for _ in range(limit * 4):
            if len(chosen) >= min(limit, total):
                break
            rva, size = chance.choices(pieces, [size for _, size in pieces])[0]
            chosen.add(rva + chance.randrange(size))
        return sorted(chosen)


def write_image(pdb, pdb_path, path):
    """An image with the PDB's sections and one more, which holds the reference to the PDB."""
    wide = pdb.machine in (0x8664, 0xAA64)
    ends = [sum(struct.unpack_from("<II", section, 8)) for section in pdb.sections]
    rva = -(-max(ends) // 0x1000) * 0x1000
    raw = 0x1000
    record = b"RSDS" + pdb.guid + struct.pack("<I", pdb.age) + pdb_path.encode() + b"\0"
    directory = struct.pack("<IIHHIIII", 0, 0, 0, 0, 2, len(record), rva + 28, raw + 28)
    body = (directory + record).ljust(0x1000, b"\0")
    optional = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 0, 0, 0, 0, 0, 0x1000)
    optional += struct.pack("<Q", 0x140000000) if wide else struct.pack("<II", 0x1000, 0x400000)
    optional += struct.pack("<IIHHHHHHIIIIHH", 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, rva + 0x1000,
                            0x1000, 0, 3, 0)
    optional += struct.pack("<QQQQII" if wide else "<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000,
                            0, 16)
    directories = [(0, 0)] * 16
    directories[6] = (rva, 28)
    optional += b"".join(struct.pack("<II", *entry) for entry in directories)
    sections = b""
    for section in pdb.sections:
        # Neither bytes in the file nor relocations.
        sections += section[:16] + bytes(20) + section[36:40]
    sections += b".stub\0\0\0" + struct.pack("<IIIIIIHHI", 0x1000, rva, 0x1000, raw, 0, 0, 0, 0,
                                             0x40000040)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", pdb.machine, len(pdb.sections) + 1, 0, 0, 0, len(optional),
                        0x2022 if wide else 0x0102)
    image = (head + optional + sections).ljust(raw, b"\0")
    with open(path, "wb") as file:
        file.write(image + body)
