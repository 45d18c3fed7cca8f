#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small dumps without binaries: test_stack_precision.py AVDUMP SOURCES CORPUS.

The full dumps of testdata/, whose stacks unwind for certain, stripped to what MINIDUMP_TYPE 0 holds:
of the frames that are shown then nearly all are true ones, and most true ones are shown. So are they
where a thread is alone in its dump and there is nothing to learn from, and so are real dumps against
what their symbols say, where the corpus is there.
"""

import os
import subprocess
import sys
import tempfile

# name, dumps, precision and recall that are wanted
SETS = (
    ("x64", ("x64-wait", "x64-raise", "x64-null-read", "x64-divide", "x64-fast-fail",
             "x64-null-call"), 0.97, 0.89),
    ("x86", ("x86-wait", "x86-null-read", "x86-handler-fault"), 0.97, 0.95),
    # Of the 32-bit DLLs nobody knows where they are: only the process's memory says so.
    ("WOW64", ("wow64-null-read", "wow64-null-call", "wow64-spin"), 0.97, 0.39),
)
ALONE = "x64-wait"
# dumps of the corpus, and the symbols that tell their true stacks
REAL = (
    ("kindtis-mcp/examples/cpp-crash-sample-2/CppConsoleApplication.dmp",
     "kindtis-mcp/examples/cpp-crash-sample-2"),
    ("mozilla-mdsw/pgo_data/minidumps/windows-x86_64.dmp", "mozilla-mdsw/pgo_data/symbols"),
)


def table(tool, program, arguments, rows_wanted):
    """The precision and recall of all rows."""
    done = subprocess.run([sys.executable, "-B", tool, "--avdump", program, *arguments],
                          stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    rows = [line.split() for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(rows) != rows_wanted + 2 or rows[-1][:2] != ["all", "avdump"]:
        sys.exit("the table is not as it should be, exit code %d" % done.returncode)
    return float(rows[-1][-2]), float(rows[-1][-1])


def check(name, found, wanted):
    if found[0] < wanted[0] or found[1] < wanted[1]:
        sys.exit("%s: precision %.2f, recall %.2f: at least %.2f and %.2f are wanted"
                 % (name, *found, *wanted))


def main():
    program, sources, corpus = sys.argv[1:4]
    tool = os.path.join(sources, "tools/stack_precision.py")
    for name, dumps, precision, recall in SETS:
        paths = [os.path.join(sources, "testdata", dump + ".dmp.gz") for dump in dumps]
        check(name, table(tool, program, ["--strip", *paths], 2 * len(dumps)),
              (precision, recall))
    full = os.path.join(sources, "testdata", ALONE + ".dmp.gz")
    with tempfile.TemporaryDirectory() as folder:
        small = os.path.join(folder, "small.dmp")
        subprocess.run([sys.executable, "-B", os.path.join(sources, "testdata/strip_dump.py"), full,
                        small], check=True)
        check("alone", table(tool, program, ["--alone", small, full], 1), (0.93, 0.7))
    for dump, symbols in REAL if os.path.isdir(corpus) else ():
        path = os.path.join(corpus, dump)
        check(dump, table(tool, program, ["--symbols", os.path.join(corpus, symbols), path, path], 1),
              (0.91, 0.87))


if __name__ == "__main__":
    main()
