#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Thousands of dumps: the same answer for one worker and two, shuffled names, an archive, shards.

usage: test_gate_many.py AVDUMP TESTDATA CORPUS COUNT
Real dumps of a few kilobytes are varied in their time, process id, exception code and the name of
their program, so that contents and buckets differ. Without CORPUS those of TESTDATA are varied.
"""
import collections
import os
import random
import struct
import sys
import tarfile

from gate_program import Failure, expect, main, with_modules, without_names

SMALL = ["x64-null-read-normal", "wow64-null-read-normal"]
SMALL_REAL = ["breakpad/testdata/minidump2.dmp", "breakpad/testdata/null_read_av.dmp",
              "wine-lab/w10_c64_oop_normal.dmp"]
PROGRAMS = 29
CODES = [0xC0000005, 0xC000001D, 0xC0000094, 0xE06D7363]
BROKEN = 3  # files that begin like a dump and are none


def sources(gate, corpus):
    yield from (gate.dump(name) for name in SMALL)
    for name in SMALL_REAL:
        try:
            with open(os.path.join(corpus, name), "rb") as file:
                yield file.read()
        except FileNotFoundError:
            print("not varied: %s (no real dumps are here)" % name)


def varied(dump, index):
    """MINIDUMP_HEADER: time at 20; MINIDUMP_MISC_INFO: ProcessId at 8, ProcessCreateTime at 12;
    MINIDUMP_EXCEPTION_STREAM: ExceptionCode at 8."""
    data = bytearray(with_modules(dump, ["C:\\app\\program%d.exe" % (index % PROGRAMS)]))
    struct.pack_into("<I", data, 20, 1600000000 + index * 7919 % 86400000)
    count, directory = struct.unpack_from("<II", data, 8)
    for number in range(count):
        kind, size, at = struct.unpack_from("<III", data, directory + 12 * number)
        if kind == 6:  # ExceptionStream
            struct.pack_into("<I", data, at + 8, CODES[index // PROGRAMS % len(CODES)])
        elif kind == 15 and size >= 16:  # MiscInfoStream
            struct.pack_into("<II", data, at + 8, 1000 + index, 1600000000 + index)
    return bytes(data)


def write_all(gate, corpus, count):
    """The dumps in folders, and under other names in another order in an archive and a folder."""
    originals = list(sources(gate, corpus))
    numbers = list(range(count))
    random.Random(11).shuffle(numbers)
    with tarfile.open(gate.path("all.tar"), "w") as archive:
        for place, index in enumerate(numbers):
            # The same source is varied by every program and code in turn.
            data = varied(originals[index // (PROGRAMS * len(CODES)) % len(originals)], index)
            if index < BROKEN:
                data = b"MDMP" + bytes([index])
            path = gate.write("whole/%02d/%05d.dmp" % (index % 50, index), data)
            os.makedirs(gate.path("shuffled"), exist_ok=True)
            os.link(gate.path(path), gate.path("shuffled/%05d" % place))
            archive.add(gate.path(path), "%05d" % place)


def test_many(gate):
    corpus, count = sys.argv[3], int(sys.argv[4])
    write_all(gate, corpus, count)
    one = gate.summary("-j", "1", "whole", code=1)
    expect("dumps", (one["dumps"], one["failed"], one["ignored"]), (count, BROKEN, 0))
    expect("dumps in buckets", sum(bucket["count"] for bucket in one["buckets"]), count - BROKEN)
    # Each program and code of each kind of dump is a crash of its own.
    if len(one["buckets"]) < PROGRAMS * len(CODES):
        raise Failure("only %d buckets" % len(one["buckets"]))
    for what, options in (("-j2, shuffled names", ["-j", "2", "shuffled"]),
                          ("an archive", ["-j", "2", "all.tar"])):
        expect(what, without_names(gate.summary(*options, code=1)), without_names(one))
    parts = []
    for index in range(2):
        parts.append("part%d.jsonl" % index)
        code, out, err = gate.run("gate", "-j", "2", "-q", "--fail-on", "never", "--shard",
                                  "%d/2" % (index + 1), "-o", "jsonl:" + parts[-1], "whole")
        expect("a shard's exit code, output and complaints", (code, out, err), (3, "", ""))
    sizes = [sum(1 for _ in open(gate.path(part), "rb")) for part in parts]
    expect("dumps in the shards", sum(sizes), count)
    if min(sizes) < count // 3:
        raise Failure("the shards are uneven: %s" % sizes)
    expect("shards merged", gate.summary(*parts, command="merge", code=1), one)
    # The first lines are dumps that came twice: they count once.
    with open(gate.path(parts[0]), "rb") as file:
        gate.write("again.jsonl", b"".join(file.readline() for _ in range(count // 10)))
    expect("a part merged twice", gate.summary("again.jsonl", *parts, command="merge", code=1), one)
    print("%d dumps, %d buckets: %s" % (count, len(one["buckets"]), dict(collections.Counter(
        bucket["standing"] for bucket in one["buckets"]))))


if __name__ == "__main__":
    main([test_many])
