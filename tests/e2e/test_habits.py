#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CONTRIBUTING.md shows good code beside bad: the good is what the source has today.

usage: test_habits.py SOURCE_DIR
"""
import os
import re
import sys

BLOCK = re.compile(r"^```c\n/\* (GOOD|BAD): (.*?) \*/\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main(arguments):
    root = arguments[0]
    with open(os.path.join(root, "CONTRIBUTING.md"), encoding="utf-8") as file:
        blocks = BLOCK.findall(file.read())
    good = [(place, code) for kind, place, code in blocks if kind == "GOOD"]
    bad = 0
    for place, code in good:
        with open(os.path.join(root, place), encoding="utf-8") as file:
            if code not in file.read():
                print("CONTRIBUTING.md: %s no longer has:\n%s" % (place, code))
                bad += 1
    if not good or len(blocks) != 2 * len(good):
        print("CONTRIBUTING.md: %d blocks GOOD of %d, expected half of them" % (len(good), len(blocks)))
        bad += 1
    print("%d pieces of code, %d not in the source" % (len(good), bad))
    return 1 if bad else 0


sys.exit(main(sys.argv[1:]))
