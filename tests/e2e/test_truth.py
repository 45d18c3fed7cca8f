#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""avdump against the dumps of testdata/, of which the NAME.truth beside each says what happened.

usage: test_truth.py AVDUMP TESTDATA

The truth comes from the program that crashed and from the debugger that wrote the dump (see
testdata/README.md): architecture, ids, thread names, exception, and which functions of the program
were on each stack. One line per dump says what was compared.
"""
import glob
import os
import sys

from program import Failure, Program, check_report, expect, number

PROGRAM = "crash.exe"  # the module whose functions the chains name
MANY = 500  # "NAME..." in a chain: the recursion had gone on for about a thousand calls


def read_truth(path):
    """Key -> list of values."""
    truth = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.rstrip("\n").partition(": ")
            truth.setdefault(key, []).append(value)
    return truth


def one(truth, key):
    return truth[key][0] if key in truth else None


def compare_process(truth, report, said):
    architecture = one(truth, "architecture")
    expect("cpu_arch", report["system_info"]["cpu_arch"],
           "x86" if architecture == "x86" else "amd64")
    expect("is_wow64", report["wow64"]["is_wow64"], architecture == "wow64")
    expect("virtualized-process", "virtualized-process" in
           [finding["id"] for finding in report["findings"]], architecture == "wow64")
    expect("pid", report["pid"], number(one(truth, "pid")))
    said.append("%s, pid %d" % (architecture, report["pid"]))


def compare_threads(truth, report, said):
    """A dump without a ThreadNamesStream has no names to compare."""
    has_names = any(stream["name"] == "ThreadNamesStream" for stream in report["dump"]["streams"])
    expected = {}
    for line in truth["thread"]:
        tid, _, name = line.partition(" ")
        expected[int(tid)] = name if has_names else None
    expect("threads", {t["thread_id"]: t["thread_name"] for t in report["threads"]}, expected)
    said.append("%d threads%s" % (len(expected), " with names" if has_names else ""))


def compare_handled(truth, report, said):
    """Nobody stored the exception: a thread that handles it was found."""
    code, name = one(truth, "handled").split()
    exception, thread = report["exception"], report["crashing_thread"]
    main = [int(line.split()[0]) for line in truth["thread"] if line.endswith(" main")]
    expect("origin of the exception", exception["origin"], "stack")
    expect("exception code", number(exception["code"]), number(code))
    expect("thread of the exception", [exception["thread_id"], thread["thread_id"]], main * 2)
    expect("function of the exception", thread["frames"][0]["function"], name)
    said.append("exception %s of %s handled" % (code, name))


def compare_exception(truth, report, said):
    exception = report["exception"]
    if "handled" in truth:
        compare_handled(truth, report, said)
        return
    if "exception-code" not in truth:
        expect("exception", exception, None)
        expect("crashing thread", report["crashing_thread"], None)
        said.append("no exception")
        return
    tid = number(one(truth, "exception-thread"))
    expect("exception code", number(exception["code"]), number(one(truth, "exception-code")))
    expect("exception address", number(exception["address"]),
           number(one(truth, "exception-address")))
    expect("exception parameters", [number(p["value"]) for p in exception["parameters"]],
           [number(value) for value in truth.get("exception-parameter", [])])
    expect("thread of the exception", exception["thread_id"], tid)
    expect("crashing thread", report["crashing_thread"]["thread_id"], tid)
    said.append("exception %s in thread %d" % (one(truth, "exception-code"), tid))


def follow_chain(where, names, frames, may_skip):
    """How many of the names are on the stack; they must come in their order, without others between.

    A name "NAME..." stands for many frames. Outside the chain are only frames of the C run-time's
    start, of which the nearest export may be any. `may_skip` says that a name may be missing.
    """
    own = [frame["function"] for frame in frames if frame["module"] == PROGRAM]
    position = 0
    followed = 0
    for place, name in enumerate(names):
        many = name.endswith("...")
        name = name[:-3] if many else name
        count = 0
        while position < len(own) and own[position] == name and (many or count == 0):
            position += 1
            count += 1
        if count == 0 and not may_skip(place):
            raise Failure("%s: found %s after %d frames of the program, expected %s" % (
                where, own[position:position + 1] or "the end", position, name))
        if many and count < MANY:
            raise Failure("%s: %s is on it %d times" % (where, name, count))
        followed += count > 0
    for name in own[position:]:
        if name in names:
            raise Failure("%s: has %s out of its order: %s" % (where, name, own[:20]))
    return followed


def check_chain(where, names, thread):
    """Every function of the program must be there. x64 has unwind data for each; on x86 the chain of
    frame pointers passes over functions that keep none, and the calls lead to those."""
    return follow_chain(where, names, thread["frames"], lambda place: False)


def check_root(where, root, frames, end, last):
    expect(where + " end (%s)" % (end or {}).get("detail"), (end or {}).get("reason"), "complete")
    names = [frame["function"] for frame in frames[-last:]]
    if root not in names:
        raise Failure("%s: ends in %s, not in %s" % (where, names, root))


def has_images(report):
    """Without full memory there are neither names nor unwind data in the dump."""
    return report["dump"]["memory"]["full"]


def compare_stacks(truth, report, dump, said):
    threads = {thread["thread_id"]: thread for thread in report["threads"]}
    # 32-bit: ntdll has one more frame, without a name, outside the root.
    last = 1 if one(truth, "architecture") == "x64" else 2
    followed = 0
    total = 0
    for line in truth["chain"]:
        tid, *names = line.split()
        thread = threads[int(tid)]
        where = "stack of thread " + tid
        followed += check_chain(where, names, thread)
        total += len(names)
        check_root(where, one(truth, "root"), thread["frames"], thread["stack_end"], last)
        # Also of a thread that was running 32-bit code, whose 64-bit half waited.
        if "root64" in truth:
            check_root("64-bit " + where, one(truth, "root64"), thread["native_frames"],
                       thread["native_stack_end"], 1)
    said.append("%d stacks to %s, %d of %d functions of the program in order" % (
        len(truth["chain"]), one(truth, "root"), followed, total))


def compare_offsets(truth, report, full_truth, full, said):
    """A dump of type 0 has stacks and little else, so neither names nor unwind data. The program is
    the same as in the full dump of that crash, so its frames must be at the same offsets; what
    stands between them was found by searching."""
    if one(truth, "architecture") == "wow64":
        # The CPU area with the 32-bit registers is not in such a dump.
        for thread in report["threads"]:
            expect("32-bit frames of thread %d" % thread["thread_id"],
                   [frame for frame in thread["frames"] if thread["cpu_arch"] == "x86"], [])
        said.append("no 32-bit registers, and none invented")
        return
    found, expected = [], []
    for offsets, source, facts in ((found, report, truth), (expected, full, full_truth)):
        tid = int(facts["chain"][0].split()[0])
        thread = [thread for thread in source["threads"] if thread["thread_id"] == tid][0]
        offsets += [frame["module_offset"] for frame in thread["frames"]
                    if frame["module"] == PROGRAM]
    rest = iter(found)
    missing = [offset for offset in expected if offset not in rest]
    if missing or found[0] != expected[0]:
        raise Failure("offsets of the program's frames: found %s, expected among them %s" % (
            found, expected))
    said.append("%d frames of the program at the offsets of the full dump, %d between them" % (
        len(expected), len(found) - len(expected)))


def check_dump(program, path):
    said = []
    base = path[:-len(".truth")]
    truth = read_truth(path)
    # The recursion of the stack overflows is deeper than the default ceiling.
    report = program.json("analyze", base + ".dmp.gz", "--max-frames", "4000")
    check_report(report, program.json("info", base + ".dmp.gz"))
    compare_process(truth, report, said)
    compare_threads(truth, report, said)
    compare_exception(truth, report, said)
    if report["dump"]["memory"]["full"]:
        compare_stacks(truth, report, os.path.basename(base), said)
    else:
        full = base.replace("-normal", "")
        compare_offsets(truth, report, read_truth(full + ".truth"),
                        program.json("analyze", full + ".dmp.gz"), said)
    return said


def main(arguments):
    program, testdata = Program(arguments[0]), arguments[1]
    paths = sorted(glob.glob(os.path.join(testdata, "*.truth")))
    dumps = glob.glob(os.path.join(testdata, "*.dmp.gz"))
    failures = 0
    for path in paths:
        name = os.path.basename(path)[:-len(".truth")]
        try:
            print("ok   %s: %s" % (name, "; ".join(check_dump(program, path))))
        except (Failure, KeyError, TypeError, ValueError) as problem:
            print("FAIL %s: %s%s" % (
                name, "" if isinstance(problem, Failure) else type(problem).__name__ + " ", problem))
            failures += 1
    if len(paths) != len(dumps) or not paths:
        print("FAIL: %d dumps, %d truths" % (len(dumps), len(paths)))
        failures += 1
    print("%d dumps, %d failures" % (len(paths), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
