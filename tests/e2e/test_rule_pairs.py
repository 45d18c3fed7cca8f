#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every shipped rule has a dump that it fires on and a near miss that it is silent on.

usage: test_rule_pairs.py AVDUMP TESTDATA SUITES

rule_pairs.txt names both for each rule: a suite of the folder SUITES, which builds its dumps, or a
dump of TESTDATA. A suite is run, and tells what its tests asked the rules and what they answered
(tests/support/judge.h); that its tests pass is for ctest to say.
"""
import json
import os
import subprocess
import sys
import tempfile

from program import SKIPPED, Program

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rule_pairs.txt")


def read_table():
    """{rule: (where it fires, where it is silent)}"""
    with open(TABLE, encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return {rule: (fires, silent) for rule, fires, silent in rows}


def judged_by_suite(suites, name):
    """{"+rule", "-rule", ...}; None for a suite that cannot run here."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "judged")
        run = subprocess.run([os.path.join(suites, name)], stdout=subprocess.DEVNULL,
                             env=dict(os.environ, AVDUMP_JUDGED=path), check=False)
        if run.returncode == SKIPPED:
            return None
        with open(path, encoding="utf-8") as file:
            return set(file.read().split())


def judged_in_dump(program, path, rules):
    report = json.loads(program.run("analyze", "--json", "--offline", path).stdout.decode("utf-8"))
    found = {finding["id"] for finding in report["findings"]}
    return {("+" if rule in found else "-") + rule for rule in rules}


def main(arguments):
    program, testdata, suites = arguments
    program = Program(program)
    table = read_table()
    rules = json.loads(program.run("rules", "list", "--json").stdout.decode("utf-8"))["rules"]
    rules = {rule["id"] for rule in rules}
    bad = ["%s: no line in rule_pairs.txt" % rule for rule in sorted(rules - set(table))]
    bad += ["%s: no such rule" % rule for rule in sorted(set(table) - rules)]
    judged = {}
    for place in sorted({place for pair in table.values() for place in pair}):
        judged[place] = (judged_in_dump(program, os.path.join(testdata, place), rules)
                         if ".dmp" in place else judged_by_suite(suites, place))
    for rule, (fires, silent) in sorted(table.items()):
        for place, sign, what in ((fires, "+", "does not fire on"),
                                  (silent, "-", "has no near miss in")):
            if judged[place] is not None and sign + rule not in judged[place]:
                bad.append("%s: %s %s" % (rule, what, place))
    for place in sorted(place for place in judged if judged[place] is None):
        print("skipped: %s cannot run here" % place)
    for line in bad:
        print("FAIL " + line)
    print("%d rules, %d failures" % (len(rules), len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
