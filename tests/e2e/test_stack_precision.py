#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small dumps without binaries: test_stack_precision.py AVDUMP SOURCES.

The full dumps of testdata/, whose stacks unwind for certain, stripped to what MINIDUMP_TYPE 0 holds:
of the frames that are shown then nearly all are true ones, and most true ones are shown.
"""

import os
import subprocess
import sys

DUMPS = ("x64-wait", "x64-raise", "x64-null-read", "x64-divide", "x64-fast-fail", "x64-null-call")
PRECISION, RECALL = 0.85, 0.7


def main():
    program, sources = sys.argv[1:3]
    dumps = [os.path.join(sources, "testdata", name + ".dmp.gz") for name in DUMPS]
    done = subprocess.run([sys.executable, "-B", os.path.join(sources, "tools/stack_precision.py"),
                           "--avdump", program, "--strip", *dumps],
                          stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    rows = [line.split() for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(rows) != 2 * len(dumps) + 2 or rows[-1][:2] != ["all", "avdump"]:
        sys.exit("the table is not as it should be, exit code %d" % done.returncode)
    precision, recall = float(rows[-1][-2]), float(rows[-1][-1])
    if precision < PRECISION or recall < RECALL:
        sys.exit("precision %.2f, recall %.2f: at least %.2f and %.2f are wanted"
                 % (precision, recall, PRECISION, RECALL))


if __name__ == "__main__":
    main()
