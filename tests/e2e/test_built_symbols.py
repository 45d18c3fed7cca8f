#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PDBs of our own programs, built here: the reader, and avdump on real dumps, against llvm-symbolizer.

usage: test_built_symbols.py PDB_QUERY AVDUMP SOURCE_DIR

testdata/programs/crash.c is built as tools/record-testdata does, and inlines.cpp. Their PDBs go
through test_pdb_oracle.py. A dump in testdata/ whose code is that of the program just built gets
its PDB: each frame must have llvm-symbolizer's function, file and line. Then a dump's module is
moved so that the crash lies at inlined code, for the rows of inlined calls.
"""
import glob
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import test_pdb_oracle
from dump_symbols import memory_of, with_symbols
from pdb_files import Pdb
from program import Failure, Program, expect, number, skip

BUILDS = {"x64": ("x86_64", []), "x86": ("i686", ["-fno-omit-frame-pointer"]),
          "x86-fpo": ("i686", ["-fomit-frame-pointer"])}
MOVED_DUMP = "x64-null-read-normal.dmp.gz"
MAX_MOVED = 20  # places of inlined code that the moved dump is looked at


def build(folder, target, options, source, name, pdb=True):
    """Builds `source` for mingw, with a PDB or a COFF symbol table; its path without an extension."""
    out = os.path.join(folder, name)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    standard = ["-std=c++17", "-fno-exceptions", "-fno-rtti"] if source.endswith("pp") else \
        ["-std=c11", "-ldbghelp", "-Wl,--kill-at"]
    subprocess.run(["clang-19", "--target=%s-w64-mingw32" % target, "-O1",
                    *options, source, "-o", out + ".exe", "-fuse-ld=lld-19",
                    *(["-g", "-gcodeview", "-Wl,-s", "-Wl,--pdb=" + out + ".pdb",
                       "-Wl,-Xlink=-pdbaltpath:%_PDB%"] if pdb else []), *standard], check=True)
    return out


def code_of(path):
    """(rva, bytes) of an image's first section, and its preferred base."""
    with open(path, "rb") as file:
        data = file.read()
    pe, = struct.unpack_from("<I", data, 0x3C)
    optional, = struct.unpack_from("<H", data, pe + 20)
    size, rva, _, raw = struct.unpack_from("<IIII", data, pe + 24 + optional + 8)
    return rva, data[raw:raw + size]


def same_code(dump, base, exe):
    """Whether the dump's memory at `base` has the image's code, where it has any: not relocated."""
    rva, code = code_of(exe)
    compared = 0
    for start, content in memory_of(dump):
        low, high = max(start, base + rva), min(start + len(content), base + rva + len(code))
        if low < high:
            compared += high - low
            if content[low - start:high - start] != code[low - base - rva:high - base - rva]:
                return False
    return compared > 0


def symbolized(image, addresses):
    """llvm-symbolizer's rows for relative addresses: [(function, file, line)], innermost first."""
    return test_pdb_oracle.Symbolizer(shutil.which("llvm-symbolizer-19"), image).ask(
        addresses, "short")


def rows(frame):
    """The same of a frame in avdump's JSON."""
    found = [(call["function"], call["file"], call["line"]) for call in frame["inlines"] or []]
    return found + [(frame["function"], frame["file"] or "??", frame["line"] or 0)]


def same_rows(found, expected):
    """Windows paths may be spelled with either slash; 32-bit names lose their underscore."""
    def spelled(all_rows):
        return [(name.lstrip("_"), path.replace("\\", "/"), line) for name, path, line in all_rows]
    return spelled(found) == spelled(expected)


def check_frames(program, path, base, out):
    """Every frame in the program: returns how many there were."""
    report = program.json("analyze", path, "--offline", "--symbols", out + ".pdb")
    frames = [frame for thread in report["threads"] for frame in thread["frames"]
              if frame["modules_index"] == 0 and frame["function_source"] == "pdb"]
    addresses = sorted({number(frame["offset"]) - base for frame in frames})
    theirs = symbolized(out + ".exe", addresses)
    count = 0
    for frame in frames:
        rva = number(frame["offset"]) - base
        if theirs[rva][-1][0] == "??" or frame["function_approximate"]:
            continue  # a public symbol only: test_pdb_oracle.py knows the rules
        if not same_rows(rows(frame), theirs[rva]):
            raise Failure("0x%x: avdump %s, llvm-symbolizer %s" % (rva, rows(frame), theirs[rva]))
        count += 1
    expect("the PDB is the one loaded", report["modules"][0]["loaded_symbols"], True)
    return count


def check_dumps(program, testdata, built, folder):
    """The dumps of testdata/ whose code is the same as that of the program just built."""
    frames = dumps = 0
    for packed in sorted(glob.glob(os.path.join(testdata, "*.dmp.gz"))):
        name = os.path.basename(packed)
        kind = "x64" if name.startswith("x64") else "x86-fpo" if "-fpo-" in name else "x86"
        with gzip.open(packed) as file:
            dump = file.read()
        out = built[kind]
        pdb = Pdb(out + ".pdb")
        guid = struct.pack(">IHH", *struct.unpack_from("<IHH", pdb.guid)) + pdb.guid[8:]
        path = os.path.join(folder, name[:-3])
        with open(path, "wb") as file:
            file.write(with_symbols(dump, "crash.pdb", guid.hex(), pdb.age))
        report = program.json("analyze", path)
        base = number(report["modules"][0]["base_addr"])
        if report["modules"][0]["filename"] != "crash.exe" or not same_code(dump, base,
                                                                           out + ".exe"):
            print("     %s: not compared, it does not hold the code that is built here" % name)
            continue
        count = check_frames(program, path, base, out)
        expect("at least three frames of the program in " + name, count >= 3, True)
        frames += count
        dumps += 1
    print("%d frames of %d dumps as llvm-symbolizer has them" % (frames, dumps))


def check_inlines(program, testdata, out, folder):
    """A dump whose crash lies at inlined code, because its module was moved there."""
    pdb = Pdb(out + ".pdb")
    # All that has lines: the C library that is linked has none.
    addresses = sorted({address for start, end, _, _ in pdb.lines()
                        for address in range(start, end)})
    theirs = symbolized(out + ".exe", addresses)
    inlined = [address for address in addresses if len(theirs[address]) > 1]
    expect("enough places with inlined calls", len(inlined) >= MAX_MOVED, True)
    chosen = inlined[::len(inlined) // MAX_MOVED][:MAX_MOVED]
    expect("nested ones among them", any(len(theirs[address]) > 3 for address in chosen), True)
    guid = struct.pack(">IHH", *struct.unpack_from("<IHH", pdb.guid)) + pdb.guid[8:]
    with gzip.open(os.path.join(testdata, MOVED_DUMP)) as file:
        dump = file.read()
    path = os.path.join(folder, "moved.dmp")
    with open(path, "wb") as file:
        file.write(dump)
    pc = number(program.json("analyze", path)["crashing_thread"]["frames"][0]
                ["instruction_pointer"])
    for address in chosen:
        with open(path, "wb") as file:
            file.write(with_symbols(dump, "inlines.pdb", guid.hex(), pdb.age, base=pc - address))
        report = program.json("analyze", path, "--offline", "--symbols", out + ".pdb")
        found = rows(report["crashing_thread"]["frames"][0])
        if not same_rows(found, theirs[address]):
            raise Failure("0x%x: avdump %s, llvm-symbolizer %s" % (address, found, theirs[address]))
        text = program.run("analyze", path, "--offline", "--symbols",
                           out + ".pdb").stdout.decode("utf-8")
        expect("rows of inlined calls", text.count("(Inline Function)") >= len(found) - 1, True)
    print("%d places with inlined calls as llvm-symbolizer has them" % len(chosen))


def check_coff(program, testdata, folder):
    """Names from the COFF symbol table of an image file, against llvm-nm's."""
    out = build(folder, *BUILDS["x64"], os.path.join(testdata, "programs", "crash.c"), "coff/crash",
                pdb=False)
    listed = subprocess.run(["llvm-nm-19", "--defined-only", "--numeric-sort", out + ".exe"],
                            stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
    starts = sorted((int(row.split()[0], 16), row.split()[2]) for row in listed
                    if row.split()[1:2] in (["T"], ["t"]))
    path = os.path.join(folder, "coff.dmp")
    with gzip.open(os.path.join(testdata, "x64-null-read.dmp.gz")) as packed, open(path, "wb") as file:
        file.write(packed.read())
    module = program.json("analyze", path)["modules"][0]
    with open(out + ".exe", "r+b") as file:  # the image that was running, as far as headers say
        header = struct.unpack("<I", file.read(0x40)[0x3C:])[0]
        file.seek(header + 8)
        file.write(struct.pack("<I", int(module["code_id"][:8], 16)))
        file.seek(header + 24 + 24)
        preferred, = struct.unpack("<Q", file.read(8))
        file.seek(header + 24 + 56)
        file.write(struct.pack("<I", int(module["code_id"][8:], 16)))
    report = program.json("analyze", path, "--images", os.path.dirname(out))
    frames = [frame for thread in report["threads"] for frame in thread["frames"]
              if frame["modules_index"] == 0]
    for frame in frames:
        at = number(frame["offset"]) - number(module["base_addr"]) + preferred
        start = max(row[0] for row in starts if row[0] <= at)
        expect("function at 0x%x" % at, frame["function"] in
               [name for address, name in starts if address == start], True)
        expect("its offset", number(frame["function_offset"]), at - start)
        expect("its source", frame["function_source"], "coff")
    expect("enough frames of the program", len(frames) >= 5, True)
    print("%d frames named as llvm-nm has them" % len(frames))


def main(arguments):
    query, avdump, source = arguments
    for tool in ("clang-19", "lld-link-19", "x86_64-w64-mingw32-gcc", "i686-w64-mingw32-gcc",
                 "llvm-symbolizer-19", "llvm-nm-19"):
        if shutil.which(tool) is None:
            skip("%s is missing (Debian, Ubuntu: apt install clang-19 lld-19 llvm-19 "
                 "gcc-mingw-w64)" % tool)
    program = Program(avdump)
    testdata = os.path.join(source, "testdata")
    with tempfile.TemporaryDirectory() as folder:
        built = {}
        for name, (target, options) in BUILDS.items():
            built[name] = build(folder, target, options,
                                os.path.join(testdata, "programs", "crash.c"), name + "/crash")
            inlines = build(folder, target, options,
                            os.path.join(source, "tests", "e2e", "inlines.cpp"), name + "/inlines")
            if name == "x64":
                moved = inlines
        failed = test_pdb_oracle.main([query, folder]) != 0
        try:
            check_dumps(program, testdata, built, folder)
            check_inlines(program, testdata, moved, folder)
            check_coff(program, testdata, folder)
        except Failure as failure:
            print("FAIL " + str(failure))
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
