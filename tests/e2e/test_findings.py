#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which rules are true of which dump: the reviewed table findings.txt against what avdump finds.

usage: test_findings.py [--write] AVDUMP SOURCE CORPUS

A line is "DUMP: FINDING, FINDING ...", a finding being its severity's first letter, its confidence's
first letter and its id ("eh:null-data-pointer"). Dumps of testdata/ are named so; those of CORPUS,
which belong to others and may be missing, by their path there after "corpus/". --write makes the
table anew: read every line that changes before it is kept, a wrong finding is worse than none.
"""
import glob
import json
import os
import sys

from program import Failure, Program, name_of, skip

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "findings.txt")
REFUSED = 3  # the exit code for what is no minidump


def found(program, path):
    """The line's right side; None for a file that is refused."""
    result = program.run("analyze", "--json", "--compact", "--offline", path)
    if result.returncode == REFUSED:
        return None
    report = json.loads(result.stdout.decode("utf-8"))
    return ", ".join(sorted("%s%s:%s" % (finding["severity"][0], finding["confidence"][0],
                                          finding["id"]) for finding in report["findings"]))


def dumps(source, corpus):
    """(name, path) of every dump there is."""
    for path in sorted(glob.glob(os.path.join(source, "testdata", "*.dmp.gz"))):
        yield "testdata/" + os.path.basename(path), path
    for path in sorted(glob.glob(os.path.join(corpus, "**", "*.dmp"), recursive=True)):
        yield "corpus/" + name_of(path, corpus), path


def read_table():
    with open(TABLE, encoding="utf-8") as file:
        lines = [line.rstrip("\n").partition(":") for line in file if not line.startswith("#")]
    return {name: right.strip() for name, _, right in lines}


def write_table(rows):
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write("# Made by test_findings.py --write and reviewed by hand; see there.\n")
        for name, right in rows:
            file.write("%s: %s\n" % (name, right) if right else name + ":\n")


def main(arguments):
    write = arguments[0] == "--write"
    program, source, corpus = arguments[write:]
    program = Program(program)
    rows, bad = [], 0
    expected = {} if write else read_table()
    for name, path in dumps(source, corpus):
        try:
            right = found(program, path)
        except Failure as failure:
            print("FAIL %s: %s" % (name, failure))
            bad += 1
            continue
        if right is None:
            continue
        rows.append((name, right))
        if not write and expected.get(name) != right:
            print("FAIL %s\n     found    %s\n     expected %s" % (name, right, expected.get(name)))
            bad += 1
    if write:
        write_table(rows)
    missing = sorted(set(expected) - {name for name, _ in rows})
    if any(name.startswith("testdata/") for name in missing):
        print("FAIL no longer there: %s" % ", ".join(missing))
        bad += 1
    print("%d dumps, %d failures, %d dumps of the table are not here" % (len(rows), bad, len(missing)))
    if not rows:
        skip("no dumps")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
