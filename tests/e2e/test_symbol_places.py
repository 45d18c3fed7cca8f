#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where avdump finds symbols on this machine, and what it says of those that it refuses.

usage: test_symbol_places.py AVDUMP MAKE_PDB TESTDATA

A dump of ours gets the identifier of the builder's sample PDB, and its crash is moved into code
that is described there. Symbol servers are test_symbol_program.py's.
"""
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile

from dump_symbols import with_symbols
from program import Failure, expect, run_cases

DUMP = "x64-null-read-normal.dmp.gz"
PC = 0x140001537            # where it crashed
GUID = "A3A2A1A0A5A4A7A6A8A9AAABACADAEAF"
AGE = 3                     # of the sample
KEY = GUID + str(AGE)
WORKER = 0x1060             # ns::worker of the sample; 0x14 in it are two inlined calls
NEST = [("geo::Point::norm", "c:\\src\\inline.h", 31), ("ns::outer", "c:\\src\\inline.h", 11),
        ("ns::worker", "c:\\src\\main.c", 22)]
FUNCTIONS = {"ns::worker"}
SYM = "MODULE windows x86_64 %s sample.pdb\nFUNC 1060 40 0 %s\n"
TIMEOUT = 60


class Case:
    def __init__(self, program, make_pdb, dump):
        self.program, self.make_pdb, self.dump_bytes = program, make_pdb, dump
        self.work = tempfile.mkdtemp(prefix="avdump-places-")
        self.dump = self.write("dump/crash.dmp", self.dump_at(WORKER + 0x14))
        self.pdb = self.make("made/sample.pdb")

    def close(self):
        shutil.rmtree(self.work)

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def dump_at(self, rva):
        return with_symbols(self.dump_bytes, "sample.pdb", GUID, AGE, 0x10000, PC - rva)

    def make(self, name, kind="plain"):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run([self.make_pdb, path, kind], check=True)
        return path

    def copy(self, name):
        with open(self.pdb, "rb") as file:
            return self.write(name, file.read())

    def run(self, command, *options, **variables):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("_NT_")}
        environment.update({"XDG_CACHE_HOME": self.path("xdg")}, **variables)
        result = subprocess.run([self.program, command, *options, self.dump], env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        if result.returncode != 0 or result.stderr:
            raise Failure("exit code %d: %s" % (result.returncode, result.stderr))
        return result.stdout.decode("utf-8").replace(self.work, "WORK")

    def top(self, *options, **variables):
        """Function, file and line of the calls at the crash, innermost first."""
        report = json.loads(self.run("analyze", "--json", *options, **variables))
        frame = report["crashing_thread"]["frames"][0]
        return [(row["function"], row["file"], row["line"])
                for row in (frame["inlines"] or []) + [frame]]

    def expect_pdb(self, *options, **variables):
        expect("rows at the crash with %s %s" % (options, variables),
               self.top(*options, **variables), NEST)


def wants(text, part):
    if part not in text:
        raise Failure("%r is not in\n%s" % (part, text))


def folders(case):
    case.expect_pdb("--symbols", case.pdb)
    case.expect_pdb("--symbols", os.path.dirname(case.pdb))
    case.copy("deep/a/b/c/other-name.pdb")
    case.copy("deep/a/b/d/sample.pdb")
    case.expect_pdb("--symbols", case.path("deep"))
    expect("without any", case.top()[-1][0] in FUNCTIONS, False)
    case.copy("dump/sample.pdb")
    case.expect_pdb()  # beside the dump


def stores(case):
    case.copy("two/sample.pdb/%s/sample.pdb" % KEY)
    case.expect_pdb("--symbols", case.path("two"))
    case.expect_pdb(_NT_SYMBOL_PATH="srv*" + case.path("two"))
    case.expect_pdb(_NT_SYMBOL_PATH=case.path("two"))
    case.copy("three/sa/sample.pdb/%s/sample.pdb" % KEY)
    case.write("three/index2.txt", b"")
    case.expect_pdb("--symbols", case.path("three"))
    case.expect_pdb(_NT_SYMBOL_PATH="symsrv*symsrv.dll*" + case.path("three"))
    case.write("packed/sample.pdb/%s/sample.pd_" % KEY, b"MSCF")
    wants(case.run("symbols", "--symbols", case.path("packed")), "cabinet")


def pointers(case):
    pointer = "store/sample.pdb/%s/file.ptr" % KEY
    case.write(pointer, b"PATH:" + case.pdb.encode())
    case.expect_pdb("--symbols", case.path("store"))
    case.write(pointer, b"PATH:\\\\server\\share\\sample.pdb")
    wants(case.run("symbols", "--symbols", case.path("store")),
          "leads to \\\\server\\share\\sample.pdb, which is not to be had here")
    case.expect_pdb("--symbols", case.path("store"), "--map",
                    "\\\\server\\share=" + os.path.dirname(case.pdb))
    case.write(pointer, b"MSG: gone")
    wants(case.run("symbols", "--symbols", case.path("store")), "the store says: gone")


def variables(case):
    """The alternative path comes first; cache* keeps what others to its right have."""
    case.write("one/sample.sym", (SYM % (KEY, "of_the_first")).encode())
    case.write("two/sample.sym", (SYM % (KEY, "of_the_second")).encode())
    expect("one path", case.top(_NT_SYMBOL_PATH=case.path("one"))[0][0], "of_the_first")
    expect("two paths", case.top(_NT_SYMBOL_PATH=case.path("one"),
                                 _NT_ALT_SYMBOL_PATH=case.path("two"))[0][0], "of_the_second")
    expect("--symbols before both", case.top(
        "--symbols", case.path("one"), _NT_SYMBOL_PATH=case.path("two"))[0][0], "of_the_first")
    case.copy("store/sample.pdb/%s/sample.pdb" % KEY)
    case.expect_pdb(_NT_SYMBOL_PATH="cache*%s;srv*%s" % (case.path("cache"), case.path("store")))
    kept = case.path("cache/sample.pdb/%s/sample.pdb" % KEY)
    expect("kept in the cache", os.path.exists(kept), True)
    shutil.rmtree(case.path("store"))
    case.expect_pdb(_NT_SYMBOL_PATH="cache*%s;srv*%s" % (case.path("cache"), case.path("store")))


def breakpad(case):
    text = (SYM % (KEY, "ns::told_by_breakpad")).encode()
    for name, content in (("sample.sym", text), ("sample.sym.gz", gzip.compress(text))):
        tree = case.path("tree-" + name)
        case.write("tree-%s/sample.pdb/%s/%s" % (name, KEY, name), content)
        expect(name, case.top("--symbols", tree)[0][0], "ns::told_by_breakpad")
        expect(name + " as a file", case.top(
            "--symbols", os.path.join(tree, "sample.pdb", KEY, name))[0][0],
            "ns::told_by_breakpad")
    case.expect_pdb("--symbols", case.pdb, "--symbols", case.path("tree-sample.sym"))


def mismatches(case):
    other = case.make("other/sample.pdb", "age")
    text = case.run("symbols", "--symbols", other)
    wants(text, "age")
    expect("not used", case.top("--symbols", other)[-1][0] in FUNCTIONS, False)
    case.expect_pdb("--symbols", other, "--symbols-loose")
    wants(case.run("symbols", "--symbols", other, "--symbols-loose"), "differ")
    wants(case.run("analyze", "--symbols", other, "--symbols-loose"),
          "symbols crash.exe: the identifier differs from the dump's (--symbols-loose)")
    expect("marked although it is right", "differs" in case.run(
        "analyze", "--symbols", case.pdb, "--symbols-loose"), False)
    report = json.loads(case.run("analyze", "--json", "--symbols", other, "--symbols-loose"))
    expect("marked", report["modules"][0]["symbols"]["mismatched"], True)
    report = json.loads(case.run("analyze", "--json", "--symbols", case.pdb, "--symbols-loose"))
    expect("not marked", report["modules"][0]["symbols"]["mismatched"], False)


def refused(case):
    """Files of other kinds are refused by name, where somebody looks: avdump symbols."""
    for kind, content, words in (
            ("portable", b"BSJB" + bytes(60), "portable PDB (.NET): it describes no native code"),
            ("old", b"Microsoft C/C++ program database 2.00\r\n\x1aJG\0\0" + bytes(60),
             "PDB 2.0 (Visual C++ 6 and older): not supported"),
            ("msfz", b"Microsoft MSFZ Container\r\n\x1aALD\0\0" + bytes(60),
             "compressed PDB (MSFZ): not supported"),
            ("text", b"this is no PDB at all" * 10, "no PDB: its signature is missing"),
            ("empty", b"", "empty file")):
        path = case.write(kind + "/sample.pdb", content)
        wants(case.run("symbols", "--symbols", path), words)
    path = case.make("fast/sample.pdb", "fastlink")
    wants(case.run("symbols", "--symbols", path), "linked with /DEBUG:FASTLINK")
    result = subprocess.run([case.program, "symbols", "--symbols", case.path("nowhere"), case.dump],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    expect("exit code for a path that does not exist", result.returncode, 2)
    wants(result.stderr.decode("utf-8"), "nowhere: no such file or folder of symbols")


def omap(case):
    """Code that was moved after linking: 0x5000 in the image is ns::worker."""
    path = case.make("omap/sample.pdb", "omap")
    case.dump = case.write("dump/crash.dmp", case.dump_at(0x5014))
    case.expect_pdb("--symbols", path)


def needed(case):
    line = "sample.pdb %s" % KEY
    expect("needed", line in case.run("symbols", "--list-needed").splitlines(), True)
    expect("no longer needed", line in case.run(
        "symbols", "--list-needed", "--symbols", case.pdb).splitlines(), False)


CASES = [folders, stores, pointers, variables, breakpad, mismatches, refused, omap, needed]


def main(arguments):
    program, make_pdb, testdata = arguments
    with gzip.open(os.path.join(testdata, DUMP)) as file:
        dump = file.read()
    return run_cases(CASES, lambda: Case(os.path.abspath(program), os.path.abspath(make_pdb), dump))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
