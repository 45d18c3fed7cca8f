# SPDX-License-Identifier: MIT
"""Real dumps with their PDBs and .sym files: functions, files, lines and nothing invented.

usage: test_symbols.py AVDUMP CORPUS
"""
import os
import re
import sys

from program import Failure, Program, expect, skip

PDB_DUMPS = "kindtis-mcp/examples/cpp-crash-sample-%d/CppConsoleApplication"


def frames_of(program, dump, symbols):
    report = program.json("analyze", dump, "--offline", "--symbols", symbols)
    return report["crashing_thread"]["frames"]


def sigsegv(program, corpus):
    """6 of 6: crash <- foo <- main <- mainCRTStartup <- kernel32 <- ntdll."""
    folder = os.path.join(corpus, "llvm14/lldb/test/Shell/Minidump/Windows/Sigsegv/Inputs")
    frames = frames_of(program, os.path.join(folder, "sigsegv.dmp"),
                       os.path.join(folder, "sigsegv.pdb"))
    expect("modules", [frame["module"] for frame in frames],
           ["sigsegv.exe"] * 4 + ["kernel32.dll", "ntdll.dll"])
    expect("functions", [frame["function"] for frame in frames[:4]],
           ["crash", "foo", "main", "mainCRTStartup"])
    expect("trust", {frame["trust"] for frame in frames[1:5]}, {"cfi"})
    for frame in frames[:4]:
        expect("file of " + frame["function"], frame["file"][-len("sigsegv.cpp"):], "sigsegv.cpp")
    expect("line of the crash", frames[0]["line"], 22)


def chain_of_truth(path):
    """The program's own functions in the order of the ground truth, without the standard library."""
    with open(path, encoding="utf-8") as file:
        names = re.findall(r"rva 0x[0-9a-f]+ ([A-Za-z_]\w*::\w+)\+0x", file.read())
    return [name for name in names if not name.startswith("std::")]


def kindtis(program, corpus, number, innermost):
    base = os.path.join(corpus, PDB_DUMPS % number)
    frames = frames_of(program, base + ".dmp", base + ".pdb")
    found = [frame["function"] or "" for frame in frames]
    truth = chain_of_truth(os.path.join(corpus, "ground-truth",
                                        "kindtis-%d.pdb-symbols.txt" % number))
    expect("innermost function of sample %d" % number, innermost in found[0], True)
    # Everything of the program that avdump shows is in the truth, in its order.
    own = [name for name in found if name in truth]
    rest = iter(truth)
    for name in own:
        if name not in rest:
            raise Failure("sample %d: %s is not in the order of the truth" % (number, name))
    expect("at least four of the program's functions in sample %d" % number, len(own) >= 4, True)
    for frame in frames:
        if frame["function"] in truth:
            expect("line of " + frame["function"], (frame["line"] or 0) > 0, True)


def minidump2(program, corpus):
    folder = os.path.join(corpus, "breakpad/testdata")
    frames = frames_of(program, os.path.join(folder, "minidump2.dmp"),
                       os.path.join(folder, "symbols"))
    with open(os.path.join(folder, "minidump2.stackwalk.out"), encoding="utf-8") as file:
        text = file.read()
    thread0 = text[text.index("Thread 0 (crashed)"):text.index("Loaded modules:")]
    rows = re.findall(r"^ ?\d+  (\S+?)!(.+?) (?:\[(\S+) : (\d+) \+|\+ )", thread0, re.M)
    expect("frames of the published output", len(rows), 4)
    expect("functions, files and lines",
           [(frame["module"], frame["function"],
             re.split(r"[\\/]", frame["file"])[-1] if frame["file"] else "",
             str(frame["line"]) if frame["line"] else "") for frame in frames],
           [tuple(row) for row in rows])


def main():
    program, corpus = Program(sys.argv[1]), sys.argv[2]
    failures = 0

    if not os.path.isdir(corpus):
        skip("the corpus of real dumps is not at " + corpus)
    for name, check in (("sigsegv", lambda: sigsegv(program, corpus)),
                        ("kindtis 2", lambda: kindtis(program, corpus, 2, "operator[]")),
                        ("kindtis 4", lambda: kindtis(program, corpus, 4, "GetWorldPosition")),
                        ("minidump2", lambda: minidump2(program, corpus))):
        try:
            check()
            print("ok   " + name)
        except Failure as failure:
            print("FAIL %s: %s" % (name, failure))
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
