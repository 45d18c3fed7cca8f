#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares libavdump(3) with include/avdump/avdump.h: functions with their results and parameters, and
the values of enum avd_status.

usage: test_library_manual.py SOURCE_DIR
"""
import os
import re
import sys

LEAST_FUNCTIONS = 30


def declared(text):
    """{name: (result, [parameter, ...])} of the header."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    found = {}
    for result, name, parameters in re.findall(
            r"^((?:typedef )?[a-z][\w ]*[ *])(avd_\w+)\(([^)]*)\);", text, re.M):
        found[name] = (result.strip(), [" ".join(part.split()) for part in parameters.split(",")])
    return found


def shown(text):
    """The same of the page's synopsis."""
    found = {}
    result = name = None
    parameters = []
    for line in text.split(".Sh DESCRIPTION")[0].split("\n"):
        macro, _, rest = line.partition(" ")
        words = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', rest)]
        if macro == ".Ft":
            result = " ".join(words)
        elif macro == ".Fn":
            found[words[0]] = (result, words[1:])
        elif macro == ".Fo":
            name, parameters = rest, []
        elif macro == ".Fa":
            parameters.append(" ".join(words))
        elif macro == ".Fc":
            found[name] = (result, parameters)
    return found


def main(arguments):
    source = arguments[0]
    with open(os.path.join(source, "include", "avdump", "avdump.h"), encoding="utf-8") as file:
        header = file.read()
    with open(os.path.join(source, "man", "libavdump.3"), encoding="utf-8") as file:
        manual = file.read()
    functions, page = declared(header), shown(manual)
    failures = len(functions) < LEAST_FUNCTIONS
    for name in sorted(set(functions) | set(page)):
        if functions.get(name) != page.get(name):
            print("FAIL %s: the header has %s, the page %s" % (
                name, functions.get(name), page.get(name)))
            failures += 1
    status = re.search(r"enum avd_status \{(.*?)\}", header, re.S)[1]
    words = (set(re.findall(r"AVD_[A-Z_]+", status)),
             set(re.findall(r"^\.It Dv (AVD_[A-Z_]+)$", manual, re.M)))
    if words[0] != words[1]:
        print("FAIL enum avd_status: header and page differ by %s" % sorted(words[0] ^ words[1]))
        failures += 1
    print("%d functions, %d failures" % (len(functions), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
