#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cuts a full-memory minidump down to what a reader of stacks needs.

usage: cut_dump.py FULL.dmp CUT.dmp

Every stream but Memory64List is kept byte for byte, at its place. Of the memory these pages stay:
  - of each module: headers, debug directory with its records; of those whose code may be on a stack
    also exception directory and unwind information, export directory, import address table
  - TEBs, PEBs, loader lists and process parameters, of a WOW64 process the 32-bit ones and the CPU
    areas too
  - every stack from its stack pointer to its base
  - code around each program counter and around each value on a stack that may be a return address,
    and of 32-bit code the start of the function that was called there
  - what the registers point at
"""

import struct
import sys
from types import SimpleNamespace

PAGE = 0x1000

STREAM_THREADS, STREAM_MODULES, STREAM_EXCEPTION, STREAM_SYSTEM, STREAM_MEMORY64 = 3, 4, 6, 7, 9
ARCHITECTURE_AMD64 = 9
MACHINE_AMD64 = 0x8664
SECTION_IS_EXECUTABLE = 0x20000000
DIRECTORY_EXPORT, DIRECTORY_EXCEPTION, DIRECTORY_DEBUG, DIRECTORY_IAT = 0, 3, 6, 12
KUSER_SHARED_DATA = 0x7FFE0000

# Where the fields of the structures of one bitness are.
LAYOUT32 = SimpleNamespace(
    pointer=4, format="<I",
    stack_base=0x04, stack_limit=0x08,
    teb_self=0x18, teb_thread=0x24, teb_peb=0x30, teb_size=0x1000,
    peb_loader=0x0C, peb_parameters=0x10, peb_size=0x480,
    loader_list=0x0C, loader_size=0x30,
    entry_base=0x18, entry_names=(0x24, 0x2C), entry_size=0xA8,
    environment=0x48, environment_size=0x290,
)
LAYOUT64 = SimpleNamespace(
    pointer=8, format="<Q",
    stack_base=0x08, stack_limit=0x10,
    teb_self=0x30, teb_thread=0x48, teb_peb=0x60, teb_size=0x1838,
    peb_loader=0x18, peb_parameters=0x20, peb_size=0x7C8,
    loader_list=0x10, loader_size=0x58,
    entry_base=0x30, entry_names=(0x48, 0x58), entry_size=0x120,
    environment=0x80, environment_size=0x3F0,
)
# What belongs to a 64-bit TEB of a WOW64 process.
TEB32_DISTANCE = 0x2000
TEB64_CPU_AREA = 0x1488  # TlsSlots[1]: where the CPU area is, with the 32-bit context at offset 4
CPU_AREA_SIZE = 0x1000
CONTEXT32_SIZE = 0x2CC
# How much code stays around an address. Without frame pointers and unwind information, as in 32-bit
# code, a reader may look at the whole function.
CODE_BEFORE, CODE_BEFORE32, CODE_AFTER = 64, 1024, 64


class Context:
    """The registers of a thread."""

    def __init__(self, data, is_64bit):
        if is_64bit:
            # rax rcx rdx rbx rsp rbp rsi rdi r8 .. r15 rip
            self.registers = struct.unpack_from("<17Q", data, 0x78)
            self.pc = self.registers[16]
            # While 32-bit code runs, rsp is its stack pointer; wow64cpu keeps the other one in r14.
            self.stack_pointers = [self.registers[4], self.registers[14]]
        else:
            # edi esi ebx edx ecx eax ebp eip (cs eflags) esp
            self.registers = struct.unpack_from("<8I8xI", data, 0x9C)
            self.pc = self.registers[7]
            self.stack_pointers = [self.registers[8]]


class Dump:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        signature, _, count, directory = self.unpack("<4sIII", 0)
        if signature != b"MDMP":
            sys.exit(f"{path}: not a minidump")
        self.streams = {}
        for i in range(count):
            entry = directory + 12 * i
            kind, size, rva = self.unpack("<III", entry)
            if size and kind not in self.streams:
                self.streams[kind] = (size, rva, entry)
        if STREAM_MEMORY64 not in self.streams:
            sys.exit(f"{path}: no full memory in it")
        if any(rva > self.rva(STREAM_MEMORY64) for _, rva, _ in self.streams.values()):
            sys.exit(f"{path}: the memory is not the last stream")
        self.ranges = sorted(self.read_ranges())
        self.is_64bit = self.unpack("<H", self.rva(STREAM_SYSTEM))[0] == ARCHITECTURE_AMD64
        self.exception = self.read_exception()

    def unpack(self, form, offset):
        return struct.unpack_from(form, self.data, offset)

    def rva(self, kind):
        return self.streams[kind][1]

    def read_ranges(self):
        """Yields (start, size, offset in the file) of every memory range."""
        rva = self.rva(STREAM_MEMORY64)
        count, offset = self.unpack("<QQ", rva)
        for i in range(count):
            start, size = self.unpack("<QQ", rva + 16 + 16 * i)
            yield start, size, offset
            offset += size

    def read(self, address, size):
        """The bytes at an address, fewer when the memory ends there, none when there is none."""
        result = b""
        for start, length, offset in self.ranges:  # in ascending order
            if size > 0 and start <= address < start + length:
                skip = address - start
                part = self.data[offset + skip:offset + min(length, skip + size)]
                result += part
                address += len(part)
                size -= len(part)
        return result

    def value(self, form, address):
        """One number in memory, None when it is not there."""
        data = self.read(address, struct.calcsize(form))
        return struct.unpack(form, data)[0] if len(data) == struct.calcsize(form) else None

    def threads(self):
        """Yields (TEB, context) of every thread."""
        rva = self.rva(STREAM_THREADS)
        for i in range(self.unpack("<I", rva)[0]):
            teb, context = self.unpack("<Q20xI", rva + 4 + 48 * i + 16)
            yield teb, Context(self.data[context:], self.is_64bit)

    def read_exception(self):
        """(thread id, context), None when the dump has no exception."""
        if STREAM_EXCEPTION not in self.streams:
            return None
        rva = self.rva(STREAM_EXCEPTION)
        thread, context = self.unpack("<I", rva)[0], self.unpack("<I", rva + 164)[0]
        return thread, Context(self.data[context:], self.is_64bit)

    def module_bases(self):
        rva = self.rva(STREAM_MODULES)
        for i in range(self.unpack("<I", rva)[0]):
            yield self.unpack("<Q", rva + 4 + 108 * i)[0]


class Image:
    """A module as it lies in memory."""

    def __init__(self, dump, base):
        self.base = base
        header = base + (dump.value("<I", base + 0x3C) or 0)
        self.valid = dump.read(base, 2) == b"MZ" and dump.read(header, 4) == b"PE\0\0"
        if not self.valid:
            return
        self.machine, sections, optional_size = struct.unpack("<HH12xH", dump.read(header + 4, 18))
        optional = dump.read(header + 24, optional_size)
        is_64bit = struct.unpack_from("<H", optional)[0] == 0x20B
        self.headers_size = struct.unpack_from("<I", optional, 60)[0]
        directories = 112 if is_64bit else 96
        self.directories = list(struct.iter_unpack("<II", optional[directories:directories + 128]))
        self.code = []
        for i in range(sections):
            entry = dump.read(header + 24 + optional_size + 40 * i, 40)
            size, rva, flags = struct.unpack("<8xII20xI", entry)
            if flags & SECTION_IS_EXECUTABLE:
                self.code.append((base + rva, base + rva + size))

    def directory(self, index):
        """(address, size) of a data directory; size 0 when the image has none."""
        rva, size = self.directories[index] if index < len(self.directories) else (0, 0)
        return self.base + rva, size

    def has_code_at(self, address):
        return any(start <= address < end for start, end in self.code)


class Cutter:
    """Collects the pages to keep."""

    def __init__(self, dump):
        self.dump = dump
        self.pages = set()
        self.images = {}
        self.with_tables = set()
        self.pebs = set()

    def keep(self, address, size=1):
        if size > 0:
            self.pages.update(range(address // PAGE, (address + size - 1) // PAGE + 1))

    def run(self):
        dump = self.dump
        layout = LAYOUT64 if dump.is_64bit else LAYOUT32
        threads = list(dump.threads())
        self.keep(KUSER_SHARED_DATA)
        for base in dump.module_bases():
            self.keep_module(base)
        # All loader lists before the first stack, which needs to know every module.
        for teb, _ in threads:
            self.keep_process(teb, layout)
            if self.teb32(teb):
                self.keep_process(self.teb32(teb), LAYOUT32)
        for teb, context in threads:
            self.keep_thread(teb, layout, [context])
        if dump.exception:
            thread, context = dump.exception
            for teb, _ in threads:
                if dump.value("<I", teb + layout.teb_thread) == thread:
                    self.keep_thread(teb, layout, [context])

    # Modules

    def keep_module(self, base):
        image = Image(self.dump, base)
        if base in self.images or not image.valid:
            return
        self.images[base] = image
        self.keep(base, image.headers_size)
        address, size = image.directory(DIRECTORY_DEBUG)
        self.keep(address, size)
        entries = self.dump.read(address, size // 28 * 28)
        for record_size, record in struct.iter_unpack("<16xII4x", entries):
            self.keep(base + record, record_size)

    def keep_tables(self, image):
        if image.base in self.with_tables:
            return
        self.with_tables.add(image.base)
        for index in (DIRECTORY_EXPORT, DIRECTORY_EXCEPTION, DIRECTORY_IAT):
            self.keep(*image.directory(index))
        if image.machine == MACHINE_AMD64:
            address, size = image.directory(DIRECTORY_EXCEPTION)
            for unwind, in struct.iter_unpack("<8xI", self.dump.read(address, size // 12 * 12)):
                codes = self.dump.value("<B", image.base + unwind + 2) or 0
                self.keep(image.base + unwind, 4 + 2 * codes + 16)

    # Process structures

    def teb32(self, teb):
        """The 32-bit TEB of a thread, None when it has none that is in use."""
        teb32 = teb + TEB32_DISTANCE
        if not self.dump.is_64bit or self.dump.value("<I", teb32 + LAYOUT32.teb_self) != teb32:
            return None
        return teb32 if self.dump.value("<I", teb32 + LAYOUT32.stack_base) else None

    def keep_process(self, teb, layout):
        """The TEB, and of the process what one can reach from there."""
        dump = self.dump
        self.keep(teb, layout.teb_size)
        peb = dump.value(layout.format, teb + layout.teb_peb)
        if not peb or peb in self.pebs:
            return
        self.pebs.add(peb)
        self.keep(peb, layout.peb_size)
        self.keep_loader_list(dump.value(layout.format, peb + layout.peb_loader), layout)
        parameters = dump.value(layout.format, peb + layout.peb_parameters)
        if parameters:
            self.keep(parameters, dump.value("<I", parameters) or 0)
            environment = dump.value(layout.format, parameters + layout.environment)
            if environment:
                size = dump.value(layout.format, parameters + layout.environment_size)
                self.keep(environment, size or 0)

    def keep_loader_list(self, loader, layout):
        dump = self.dump
        if not loader:
            return
        self.keep(loader, layout.loader_size)
        head = loader + layout.loader_list
        entry = dump.value(layout.format, head)
        while entry and entry != head:
            self.keep(entry, layout.entry_size)
            for name in layout.entry_names:
                length = dump.value("<H", entry + name) or 0
                self.keep(dump.value(layout.format, entry + name + layout.pointer) or 0, length)
            self.keep_module(dump.value(layout.format, entry + layout.entry_base) or 0)
            entry = dump.value(layout.format, entry)

    # Stacks

    def keep_thread(self, teb, layout, contexts):
        """The stacks of a thread from the stack pointer up, and what its registers point at."""
        stacks = [(teb, layout)]
        teb32 = self.teb32(teb)
        if teb32:
            stacks.append((teb32, LAYOUT32))
            area = self.dump.value("<Q", teb + TEB64_CPU_AREA)
            if area:
                self.keep(area, CPU_AREA_SIZE)
                contexts = contexts + [Context(self.dump.read(area + 4, CONTEXT32_SIZE), False)]
        for context in contexts:
            for register in context.registers:
                self.keep(register)
            self.keep_code(context.pc)
        for stack_teb, stack_layout in stacks:
            base = self.dump.value(stack_layout.format, stack_teb + stack_layout.stack_base)
            limit = self.dump.value(stack_layout.format, stack_teb + stack_layout.stack_limit)
            pointers = [p for c in contexts for p in c.stack_pointers if limit - PAGE <= p < base]
            self.keep_stack(min(pointers, default=base - 4 * PAGE), base, stack_layout)

    def keep_stack(self, start, end, layout):
        start = start // PAGE * PAGE
        self.keep(start, end - start)
        data = self.dump.read(start, end - start)
        data = data[:len(data) // layout.pointer * layout.pointer]
        for value in {value for value, in struct.iter_unpack(layout.format, data)}:
            self.keep_code(value)
            if layout is LAYOUT32:
                self.keep_callee(value)

    def keep_callee(self, address):
        """What the call before a return address led to, directly or through a pointer, over one
        jump as linkers make them."""
        if not any(image.has_code_at(address - 1) for image in self.images.values()):
            return
        before = self.dump.read(address - 6, 6)
        if before[:2] == b"\xff\x15":
            target = self.follow_pointer(struct.unpack("<I", before[2:])[0])
        elif before[1:2] == b"\xe8":
            target = (address + struct.unpack("<i", before[2:])[0]) & 0xFFFFFFFF
        else:
            return
        if self.dump.read(target, 2) == b"\xff\x25":
            self.keep(target, 6)
            target = self.follow_pointer(self.dump.value("<I", target + 2) or 0)
        if any(image.has_code_at(target) for image in self.images.values()):
            self.keep(target, CODE_AFTER)

    def follow_pointer(self, address):
        self.keep(address, 4)
        return self.dump.value("<I", address) or 0

    def keep_code(self, address):
        for image in self.images.values():
            if image.has_code_at(address):
                before = CODE_BEFORE if image.machine == MACHINE_AMD64 else CODE_BEFORE32
                self.keep(address - before, before + CODE_AFTER)
                self.keep_tables(image)

    # Writing

    def kept_ranges(self):
        """Yields (start, size) of what is kept and is in the dump, neighbours joined."""
        start = end = None
        for page in sorted(self.pages):
            address = page * PAGE
            size = len(self.dump.read(address, PAGE))
            if size == 0:
                continue
            if address != end:
                if start is not None:
                    yield start, end - start
                start = address
            end = address + size
        if start is not None:
            yield start, end - start

    def write(self, path):
        dump = self.dump
        ranges = list(self.kept_ranges())
        _, rva, entry = dump.streams[STREAM_MEMORY64]
        size = 16 + 16 * len(ranges)
        result = bytearray(dump.data[:rva])
        struct.pack_into("<I", result, entry + 4, size)
        result += struct.pack("<QQ", len(ranges), rva + size)
        for start, length in ranges:
            result += struct.pack("<QQ", start, length)
        for start, length in ranges:
            result += dump.read(start, length)
        with open(path, "wb") as file:
            file.write(result)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: cut_dump.py FULL.dmp CUT.dmp")
    cutter = Cutter(Dump(sys.argv[1]))
    cutter.run()
    cutter.write(sys.argv[2])


if __name__ == "__main__":
    main()
