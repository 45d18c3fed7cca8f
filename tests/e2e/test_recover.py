#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds stored exceptions again without the stream that stores them.

usage: test_recover.py AVDUMP SOURCE_DIR CORPUS

Takes the exception stream out of every Windows dump at hand. What avdump then finds on the stacks
must be the exception that was stored, of the same thread and with the same registers; finding none
is no failure, as most dumps hold the faulting thread as it was at the exception; where that
happened in the handler of another exception, that one is found. At least
FOUND_IN_CORPUS must be found where the corpus is there, so that the test cannot pass by finding
nothing.
"""
import glob
import gzip
import os
import struct
import sys
import tempfile

from program import Failure, Program, expect

EXCEPTION_STREAM = 6
FOUND_IN_CORPUS = 16
HANDLER_FAULT = "-handler-fault"  # dumps of an exception in the handler of another


def without_exception(path):
    """The dump's bytes with the directory entry made unused; None when it has no such stream."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    data = bytearray(data)
    if data[:4] != b"MDMP":
        return None
    count, directory = struct.unpack_from("<II", data, 8)
    found = False
    for entry in range(directory, min(directory + 12 * count, len(data) - 11), 12):
        if struct.unpack_from("<I", data, entry)[0] == EXCEPTION_STREAM:
            struct.pack_into("<I", data, entry, 0)
            found = True
    return data if found else None


def compare(path, stored, report):
    """Returns whether the exception was found."""
    known, found = stored["exception"], report["exception"]
    if found is None:
        return False
    if known is None:
        raise Failure("%s: found what is not stored: %s" % (path, found))
    if HANDLER_FAULT in path:
        # The first exception is still being dispatched; the second, which is stored, left nothing.
        expect(path + ": thread", found["threads_index"], known["threads_index"])
        expect(path + ": function", report["crashing_thread"]["frames"][0]["function"], "null_read")
        return True
    for key in ("code", "address", "threads_index", "parameters", "module_offset"):
        expect("%s: %s" % (path, key), found[key], known[key])
    expect(path + ": source", report["crash_info"]["source"], "recovered")
    expect(path + ": crash address", report["crash_info"]["address"],
           stored["crash_info"]["address"])
    for key in ("instruction_pointer", "stack_pointer", "registers"):
        expect("%s: %s" % (path, key), report["crashing_thread"]["frames"][0][key],
               stored["crashing_thread"]["frames"][0][key])
    return True


def main(arguments):
    program, source, corpus = Program(arguments[0]), arguments[1], arguments[2]
    real = sorted(glob.glob(os.path.join(corpus, "**", "*.dmp"), recursive=True))
    paths = sorted(glob.glob(os.path.join(source, "testdata", "*.dmp.gz"))) + real
    tried = found = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        cut = os.path.join(folder, "cut.dmp")
        for path in paths:
            data = without_exception(path)
            if data is None:
                continue
            stored = program.json("analyze", path)
            if stored["system_info"]["os"] != "Windows NT":
                continue
            with open(cut, "wb") as file:
                file.write(data)
            tried += 1
            try:
                if compare(path, stored, program.json("analyze", cut)):
                    found += 1
                    print("found  " + path)
            except Failure as problem:
                print("FAIL %s" % problem)
                failures += 1
    print("%d of %d exceptions found again, %d wrong" % (found, tried, failures))
    if real and found < FOUND_IN_CORPUS:
        print("FAIL at least %d must be found" % FOUND_IN_CORPUS)
        failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
