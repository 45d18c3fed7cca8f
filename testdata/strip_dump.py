#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Strips a full-memory minidump down to what MINIDUMP_TYPE 0 would hold: a small dump whose stacks
are known from the full one.

usage: strip_dump.py [--no-code] FULL.dmp[.gz] SMALL.dmp

Of the memory these ranges stay: every stack from its stack pointer to its base, and 256 bytes of
code around each program counter (not with --no-code, as some writers have it). Of a WOW64 process
the 32-bit stacks stay too, and what leads to them: TEBs and CPU areas. Every other stream is kept
byte for byte.
"""

import gzip
import struct
import sys
import tempfile

import cut_dump

STREAM_MEMORY = 5
CODE_AROUND = 128


def ranges32(dump, teb, teb32, context):
    """([(address, size)], program counter) of the 32-bit half of a thread."""
    area = dump.value("<Q", teb + cut_dump.TEB64_CPU_AREA) or 0
    saved = dump.read(area + 4, cut_dump.CONTEXT32_SIZE)
    start, pc = context.stack_pointers[0], context.pc  # of 32-bit code that is running
    if start > 0xFFFFFFFF and len(saved) == cut_dump.CONTEXT32_SIZE:
        half = cut_dump.Context(saved, False)
        start, pc = half.stack_pointers[0], half.pc
    base = dump.value("<I", teb32 + cut_dump.LAYOUT32.stack_base)
    return [(teb, cut_dump.LAYOUT64.teb_size), (teb32, cut_dump.LAYOUT32.teb_size),
            (area, 4 + cut_dump.CONTEXT32_SIZE), (start, max(base - start, 0))], pc


def ranges_to_keep(dump, with_code):
    """[(address, bytes)] in ascending order, without overlaps."""
    layout = cut_dump.LAYOUT64 if dump.is_64bit else cut_dump.LAYOUT32
    cutter = cut_dump.Cutter(dump)
    counters = [context.pc for _, context in dump.threads()]
    found = []
    for teb, context in dump.threads():
        base = dump.value(layout.format, teb + layout.stack_base) or 0
        start = context.stack_pointers[0]
        found.append((start, max(base - start, 0)))
        teb32 = cutter.teb32(teb)
        if teb32:
            half, pc = ranges32(dump, teb, teb32, context)
            found += half
            counters.append(pc)
    if dump.exception:
        counters.append(dump.exception[1].pc)
    if with_code:
        found += [(max(pc - CODE_AROUND, 0), 2 * CODE_AROUND) for pc in counters]
    kept = []
    end = 0
    for start, size in sorted(found):
        skip = max(end - start, 0)
        data = dump.read(start + skip, max(size - skip, 0))
        if data:
            kept.append((start + skip, data))
            end = start + skip + len(data)
    return kept


def describe_stacks(dump, head, ranges):
    """Makes MINIDUMP_THREAD.Stack of every thread what is in the dump, from its stack pointer up."""
    threads = dump.rva(cut_dump.STREAM_THREADS)
    for i, (_, context) in enumerate(dump.threads()):
        start = context.stack_pointers[0]
        for address, length, offset in ranges:
            if address <= start < address + length:
                skip = start - address
                struct.pack_into("<QII", head, threads + 4 + 48 * i + 24, start, length - skip,
                                 offset + skip)


def strip(full, small, with_code=True):
    with open(full, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if packed:
        with gzip.open(full) as source, tempfile.NamedTemporaryFile() as plain:
            plain.write(source.read())
            plain.flush()
            dump = cut_dump.Dump(plain.name)
    else:
        dump = cut_dump.Dump(full)
    kept = ranges_to_keep(dump, with_code)
    at = dump.rva(cut_dump.STREAM_MEMORY64)
    head = bytearray(dump.data[:at])
    size = 4 + 16 * len(kept)
    struct.pack_into("<III", head, dump.streams[cut_dump.STREAM_MEMORY64][2], STREAM_MEMORY, size, at)
    ranges = []
    at += size
    for start, data in kept:
        ranges.append((start, len(data), at))
        at += len(data)
    describe_stacks(dump, head, ranges)
    with open(small, "wb") as file:
        file.write(head)
        file.write(struct.pack("<I", len(kept)))
        for start, length, offset in ranges:
            file.write(struct.pack("<QII", start, length, offset))
        for _, data in kept:
            file.write(data)


def main():
    files = [a for a in sys.argv[1:] if a != "--no-code"]
    if len(files) != 2:
        sys.exit(__doc__)
    strip(files[0], files[1], "--no-code" not in sys.argv)


if __name__ == "__main__":
    main()
