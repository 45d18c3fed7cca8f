#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every kind of condition as `avdump rules explain` and `rules show` put it into words, as text and JSON.

usage: test_explain.py AVDUMP SOURCE_DIR

The dump is testdata/x64-null-read.dmp.gz: code 0xc0000005 at 0x140001537 in crash!null_read, three
threads, five modules, nine frames, and no time at which the process began (x64-null-read.truth).
"""
import json
import os
import subprocess
import sys
import tempfile

RULE = """\
id: words
title: Every kind of condition
severity: info
let:
  slot: exception.address - 0x37
  gone: process.uptime + 1
when:
  all:
    - exception.code: {in: [0xC0000005, 0xC0000006]}
    - exception.parameter_count: {above: 1, at_most: 2}
    - exception.address: {mask: 0xFFF, equals: 0x537}
    - exception.code: {has_bits: 0xC0000000}
    - exception.code: {has_any_bit: 0x6}
    - exception.name: {contains: violation}
    - exception.name: {matches: "STATUS_*"}
    - check: "slot == 0x140001500"
    - threads: {all: {id: {above: 0}}}
    - modules: {none: "evil.dll"}
    - modules: {first: {name: "crash*", as: head}}
    - threads: {count: {at_least: 2}}
    - threads: {count: {between: [1, 5], where: {id: {above: 1}}}}
    - frames: {sequence: ["crash!null_read", "...", "crash!*"]}
    - not: {process.uptime: {below: 5}}
summary: s
"""

EXPLAINED = """\
Every kind of condition [words]: undecided
undecided    all of (process.uptime: the dump does not say when the process began)
true           exception.code in [0xc0000005, 0xc0000006]: 0xc0000005
true           all of
true             exception.parameter_count > 1: 2
true             exception.parameter_count <= 2: 2
true           exception.address & 0xfff is 1335: 0x0000000140001537
true           exception.code has bits 0xc0000000: 0xc0000005
true           exception.code has a bit of 6: 0xc0000005
true           exception.name contains "violation": STATUS_ACCESS_VIOLATION
true           exception.name matches "STATUS_*": STATUS_ACCESS_VIOLATION
true           slot == 0x140001500
true           every thread: 3 there
                 thread.id > 0
true           no module: 5 there
                 module.name is "evil.dll"
true           the first module (head): 5 there, it is number 0
true             head.name matches "crash*": crash.exe
true           count of threads >= 2: 3 there, 3 of them, the first is number 0
true           count of threads from 1 to 5: 3 there, 3 of them, the first is number 0
true             thread.id > 1: 0x00000044
true           sequence of frames: 9 there, it is number 0
                 then
                   all of
                     frame.module is "crash"
                     frame.function is "null_read"
                 ...
                 then
                   frame.module is "crash"
undecided      not (process.uptime: the dump does not say when the process began)
undecided        process.uptime < 5 (process.uptime: the dump does not say when the process began)
let        slot = 0x0000000140001500
let        gone = ? (the dump does not say when the process began)
"""


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode("utf-8")


def conditions(node, depth=0):
    """(depth, words, result, what is missing) of a condition and of those in it, in their order."""
    yield depth, node["condition"], node.get("result"), node.get("missing")
    for child in node.get("children", []):
        yield from conditions(child, depth + 1)


def expected(lines):
    """The same, read off the text: `result`, two blanks for each depth, the words, `: value` or a
    reason."""
    for line in lines:
        result, words = line[:11].strip(), line[11:]
        depth = (len(words) - len(words.lstrip())) // 2 - 1
        words, _, reason = words.strip().partition(" (process.")
        if result == "true":
            words = words.split(": ")[0]
        yield depth, words, result or None, "process." + reason.split(":")[0] if reason else None


def main(arguments):
    avdump, source = arguments
    dump = os.path.join(source, "testdata", "x64-null-read.dmp.gz")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "words.yaml"), "w", encoding="utf-8") as file:
            file.write(RULE)
        explain = [avdump, "rules", "explain", "words", "--rules", folder, dump]
        code, text = run(*explain)
        if code != 0 or text != EXPLAINED:
            print("FAIL rules explain, exit %d:\n%s" % (code, text))
            failures += 1
        document = json.loads(run(*explain, "--json")[1])
        lines = EXPLAINED.splitlines()[1:]
        lets = [line for line in lines if line.startswith("let ")]
        wanted = list(expected(lines[:-len(lets)]))
        for got, want in zip(conditions(document["when"]), wanted):
            if got != want:
                print("FAIL --json: %s, expected %s" % (got, want))
                failures += 1
        if len(list(conditions(document["when"]))) != len(wanted) or len(document["let"]) != len(lets):
            print("FAIL --json: %d conditions expected" % len(wanted))
            failures += 1
        if (document["result"], document["found"]) != ("undecided", False):
            print("FAIL --json: it is undecided, %s" % document["result"])
            failures += 1
        if document["let"][1]["value"] is not None or not document["let"][1]["reason"]:
            print("FAIL --json: an unknown value has a reason, %s" % document["let"][1])
            failures += 1
        shown = run(avdump, "rules", "show", "words", "--rules", folder)[1]
        for _, words, _, _ in wanted:
            if words + "\n" not in shown:
                print("FAIL rules show lacks: %s" % words)
                failures += 1
    print("%d conditions, %d failures" % (len(wanted), failures))
    return 1 if failures else 0


sys.exit(main(sys.argv[1:]))
