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
        self.contributions = dbi[64 + modules:64 + modules + contributions]
        at = 64 + modules + contributions + section_map + files + type_servers + names
        streams = struct.unpack_from("<%dH" % (debug // 2), dbi, at)
        headers = self.stream(streams[5]) if len(streams) > 5 and streams[5] != 0xFFFF else b""
        self.sections = [headers[i:i + 40] for i in range(0, len(headers) // 40 * 40, 40)]
        if not self.sections:
            raise NoPdb("without section headers")

    def code(self):
        """(rva, size) of each piece of code."""
        version, = struct.unpack_from("<I", self.contributions, 0)
        stride = 32 if version == 0xF13151E4 else 28
        for at in range(4, len(self.contributions) - stride + 1, stride):
            section, offset, size, flags = struct.unpack_from("<HxxIII", self.contributions, at)
            if size and flags & CODE and 1 <= section <= len(self.sections):
                yield struct.unpack_from("<I", self.sections[section - 1], 12)[0] + offset, size

    def addresses(self, limit):
        """Up to `limit` addresses in code: each piece's ends, and places inside, always the same."""
        chance = random.Random(self.guid)
        chosen = set()
        pieces = sorted(self.code())
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
