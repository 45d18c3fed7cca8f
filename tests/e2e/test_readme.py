#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the commands of README.md's console blocks and compares their output.

usage: test_readme.py AVDUMP SOURCE_DIR [DOCUMENT]

DOCUMENT is another one than README.md; in a manual page the literal displays are such blocks. In a
block that begins with ```console, a line "$ COMMAND" is run by sh in SOURCE_DIR, with avdump
in PATH; the lines up to the next command are its standard output and standard error. A line "..."
stands for any number of lines. A command that needs a program that is not here is skipped, visibly.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

OPTIONAL = ("jq",)


def examples(text):
    """(line number, command, expected lines)"""
    found = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif line in (".Bd -literal", ".Ed"):
            inside = line != ".Ed"
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], []))
        elif inside:
            if not found:
                raise ValueError("line %d: output without a command" % number)
            found[-1][2].append(line)
    return found


def pattern(lines):
    return "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in lines)


def first_difference(expected, found):
    """For people: where the two part, when no "..." is before that."""
    for number, line in enumerate(expected):
        if line == "...":
            break
        if number >= len(found) or found[number] != line:
            return "output line %d is\n    %s\nthe document has\n    %s" % (
                number + 1, found[number] if number < len(found) else "(nothing)", line)
    return "the output is\n    " + "\n    ".join(found[:60])


def main(arguments):
    avdump, source = os.path.abspath(arguments[0]), arguments[1]
    document = arguments[2] if len(arguments) > 2 else "README.md"
    with open(os.path.join(source, document), encoding="utf-8") as file:
        todo = examples(file.read())
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(avdump, os.path.join(folder, "avdump"))
        environment = dict(os.environ, PATH=folder + os.pathsep + os.environ["PATH"], LC_ALL="C")
        environment.pop("NO_COLOR", None)
        for number, command, expected in todo:
            lacking = [name for name in OPTIONAL
                       if re.search(r"\b%s\b" % name, command) and shutil.which(name) is None]
            if lacking:
                print("skipped: line %d: %s is not here: %s" % (number, lacking[0], command))
                continue
            result = subprocess.run(["sh", "-c", command], cwd=source, env=environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, timeout=60, check=False)
            output = result.stdout.decode("utf-8")
            if re.fullmatch(pattern(expected), output):
                print("ok   line %d: %s" % (number, command))
            else:
                print("FAIL line %d: %s: %s" % (
                    number, command, first_difference(expected, output.split("\n")[:-1])))
                failures += 1
    print("%d examples, %d failures" % (len(todo), failures))
    return 1 if failures or not todo else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
