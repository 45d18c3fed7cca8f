#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`avdump analyze` against a WinDbg transcript (transcript.txt), row by row, in text and in JSON.

usage: test_transcript.py AVDUMP TRANSCRIPT_DUMP TABLE

TRANSCRIPT_DUMP writes the dump and its symbols. Where avdump differs from WinDbg on purpose,
DIFFERENCES has the row as avdump prints it and the reason.
"""
import os
import re
import subprocess
import sys
import tempfile

from program import Failure, Program, check_report, expect, number

RASAPI32_ROW = re.compile(r"rasapi32\+0x([0-9a-f]+)$")
DNSAPI_ABOVE_RASAPI32 = 0x76ed0000 - 0x76e90000

# (kind, thread, WinDbg's site) -> (ChildEBP, RetAddr, arguments) as avdump has them; None: no row.
NOT_SHOWN = "--------"
DIFFERENCES = {
    # EBP is not this function's: at 0x12fbc0 is an exception registration (handler 0x45a293, -1),
    # and 0x45a293 follows no call. So where this frame returns to is not known, and the walk ends.
    ("x86", "2fe4", "App+0x1a61b"): (NOT_SHOWN, NOT_SHOWN, []),
    # That handler, and two words after it, which follow no call either; the last "frame" of
    # WinDbg's lies in App's code (its arguments are instructions).
    ("x86", "2fe4", "App+0x5a293"): None,
    ("x86", "2fe4", "App+0x3682f"): None,
    ("x86", "2fe4", "App+0x188f3"): None,
}
END = ("not_code", "0x45a293 at 0x12fbc4 (frame_pointer) is not the return address of a call")


def read_table(path):
    """(kind, thread) -> rows of (frame, return address, arguments, site); the overlaps."""
    stacks, overlaps, rows = {}, [], None
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if not words or words[0] == "#":
                continue
            if words[0] in ("native", "x86"):
                rows = stacks.setdefault((words[0], words[1]), [])
            elif words[0] == "overlaps":
                rows = None
            elif rows is None:
                overlaps.append(tuple(words))
            else:
                rows.append((words[0], words[1], words[2:-1], words[-1]))
    return stacks, overlaps


def expected_rows(stack, rows):
    """The rows as avdump must have them."""
    result = []
    for frame, return_address, arguments, site in rows:
        if (*stack, site) in DIFFERENCES:
            if DIFFERENCES[(*stack, site)] is None:
                continue
            frame, return_address, arguments = DIFFERENCES[(*stack, site)]
        # WinDbg gave what lies in both modules to rasapi32; the one that begins last owns it.
        match = RASAPI32_ROW.match(site)
        if match:
            site = "dnsapi+0x%x" % (int(match[1], 16) - DNSAPI_ABOVE_RASAPI32)
        result.append((frame, return_address, arguments, site))
    return result


# ---- text ----

TITLE = re.compile(r"^(32-bit stack|64-bit stack \(wow64\)) of thread \d \(0x([0-9a-f]+)\)")
ROW = re.compile(r"^[0-9a-f]{2} ([0-9a-f`-]+) ([0-9a-f`-]+)((?: [0-9a-f]{8}){3}| {27})? (\S+)")


def text_stacks(text):
    stacks, rows = {}, None
    for line in text.split("\n"):
        title, row = TITLE.match(line), ROW.match(line)
        if title:
            rows = stacks.setdefault(("x86" if title[1][0] == "3" else "native", title[2]), [])
        elif line == "":
            rows = None
        elif row and rows is not None:
            rows.append((row[1], row[2], (row[3] or "").split(), row[4]))
    return stacks


def compare_text(program, dump, options, table):
    result = program.run("analyze", "--all-threads", "--both", *options, dump)
    text = result.stdout.decode("utf-8")
    found = text_stacks(text)
    expect("stacks in the text", sorted(found), sorted(table))
    count = 0
    for stack, rows in table.items():
        expect("rows of the %s stack of thread %s" % stack, len(found[stack]),
               len(expected_rows(stack, rows)))
        for row, wanted in zip(found[stack], expected_rows(stack, rows)):
            # The transcript has arguments of thread 0 only.
            expect("row of %s %s" % stack, row if wanted[2] else (row[0], row[1], [], row[3]), wanted)
            count += 1
    for line in ("what    EPT_S_NOT_REGISTERED", "  address     00000000`7d4e2366 ",
                 "  system      Windows NT 5.2.3790 Service Pack 2, server", "4 processors",
                 "id 8328 (0x2088), App.exe, up 1 min 54 s", "written     2007-09-04T11:36:14Z",
                 "   ends here: " + END[1]):
        if line not in text:
            raise Failure("the text lacks '%s'" % line)
    return count


# ---- JSON ----

def site_of(frame):
    """As debuggers write it."""
    step = number(frame["instruction_pointer"]) - number(frame["offset"])
    if frame["function"] is not None:
        offset = number(frame["function_offset"] or "0x0") + step
        return "%s!%s%s" % (frame["module_name"], frame["function"],
                            "+0x%x" % offset if offset else "")
    return "%s+0x%x" % (frame["module_name"], number(frame["module_offset"]) + step)


def compare_json(report, table):
    for thread in report["threads"]:
        tid = "%x" % thread["thread_id"]
        for kind, frames, place, digits in (
                ("x86", thread["frames"], "frame_pointer", 8),
                ("native", thread["native_frames"], "stack_pointer", 16)):
            rows = expected_rows((kind, tid), table[(kind, tid)])
            expect("%s frames of thread %s" % (kind, tid), [site_of(frame) for frame in frames],
                   [row[3] for row in rows])
            for frame, row in zip(frames, rows):
                if row[0] == NOT_SHOWN:
                    expect("return address of " + row[3], frame["return_address"], None)
                    continue
                expect("frame of " + row[3], number(frame[place]),
                       int(row[0].replace("`", ""), 16))
                expect("return address of " + row[3], number(frame["return_address"] or "0x0"),
                       int(row[1].replace("`", ""), 16))
        complete = tid != "2fe4"
        expect("end of thread " + tid, thread["stack_end"]["reason"],
               "complete" if complete else END[0])
        expect("64-bit end of thread " + tid, thread["native_stack_end"]["reason"], "complete")
        expect("source of thread " + tid, thread["wow64"]["context32_source"], "cpu area")
    trusts = [frame["trust"] for frame in report["crashing_thread"]["frames"]]
    expect("trust in the faulting stack", trusts, ["context"] + ["frame_pointer"] * (len(trusts) - 1))
    trusts = [frame["trust"] for frame in report["crashing_thread"]["native_frames"]]
    # The kernel recorded the registers of the thunk before it called the dispatcher.
    expect("trust in the 64-bit stack", trusts,
           ["context"] + ["cfi"] * (len(trusts) - 2) + ["context"])


# Frames of wow64cpu, by WinDbg's names; each serves a system call by itself.
TURBO_THUNKS = ("ServiceNoTurbo", "WaitForMultipleObjects32", "CpupSyscallStub",
                "Thunk2ArgNSpNSpReloadState", "RemoveIoCompletionFault")


def compare_transitions(report):
    for thread in report["threads"]:
        for frame in thread["frames"] + thread["native_frames"]:
            expect("role of " + site_of(frame), frame["wow64_role"],
                   "turbo_thunk" if frame["function"] in TURBO_THUNKS else None)
        # Those that wait are in a system call; the first raised an exception.
        expect("unreliable registers", thread["wow64"]["unreliable_registers"],
               [] if thread["thread_id"] == 0x2fe4 else ["eax", "ecx", "edx"])
        expect("route to TEB32", thread["wow64"]["teb32_route"], "TEB64's NtTib.ExceptionList")
        expect("route to the CPU area", thread["wow64"]["cpu_area_route"], "TlsSlots[1]")


def compare_choice(program, dump, options):
    """Without --both only the faulting thread has both stacks in full."""
    text = program.run("analyze", "-a", *options, dump).stdout.decode("utf-8")
    expect("stacks without --both", sorted(text_stacks(text)),
           [("native", "2fe4")] + [("x86", tid) for tid in ("1160", "15c4", "280c", "2d04", "2fe4")])
    line = "   64-bit stack: 6 frames, innermost wow64cpu!WaitForMultipleObjects32+0x3a (--both shows all)"
    expect("the line for the other stack", line in text.split("\n"), True)
    text = program.run("analyze", "-a", "--native", *options, dump).stdout.decode("utf-8")
    expect("first stack with --native", next(iter(text_stacks(text))), ("native", "2fe4"))
    expect("stacks with --native", sorted(text_stacks(text))[:2],
           [("native", "1160"), ("native", "15c4")])
    for text, expected in ((program.run("analyze", "-v", *options, dump), False),
                           (program.run("analyze", "-av", *options, dump), True)):
        expect("-v says which registers may be old",
               b"   eax, ecx and edx may be older" in text.stdout, expected)


def compare_process(report, overlaps):
    exception = report["exception"]
    expect("exception", (number(exception["code"]), number(exception["address"]),
                         number(exception["flags"]), exception["parameters"],
                         exception["thread_id"]), (0x6d9, 0x7d4e2366, 1, [], 0x2fe4))
    expect("process", (report["pid"], report["wow64"]["is_wow64"]), (0x2088, True))
    expect("TEBs", [number(thread["teb"]) for thread in report["threads"]],
           [0x7efdb000, 0x7efd8000, 0x7efd5000, 0x7efad000, 0x7efa4000])
    notes = [re.match(r"(\w+) overlaps (\w+): ", note["message"]) for note in report["notes"]]
    expect("overlaps", sorted(note.groups() for note in notes if note), sorted(overlaps))


def compare_blame(report):
    """What the transcript's `!analyze -v` concluded, and the hash computed from its bucket."""
    followup, bucket = report["followup"], report["bucket"]
    expect("followup", [followup["module"], followup["function"]],
           ["hnetcfg.dll", "FwOpenDynamicFwPort"])
    expect("frames passed over", [frame["module"] for frame in followup["skipped"]],
           ["kernel32.dll", "rpcrt4.dll", "rpcrt4.dll", "rpcrt4.dll"])
    expect("bucket", bucket["legacy_bucket_id"], "X64_6d9_hnetcfg!FwOpenDynamicFwPort+1d")
    expect("hash", bucket["legacy_failure_id_hash"], "{7dfc8c8d-df05-893e-f0e5-3913cc4b6ed0}")
    findings = {finding["id"]: finding for finding in report["findings"]}
    expect("findings", sorted(findings),
           ["dump-comment", "first-chance-dump", "software-exception", "virtualized-process"])
    hint = findings["first-chance-dump"]
    expect("the hint", (hint["severity"], hint["confidence"]), ("info", "low"))
    for reason in ("programs usually handle this exception", "\"exception monitor\"",
                   "a remote procedure call is on the stack"):
        expect("reason " + reason, reason in " ".join(hint["evidence"]), True)
    expect("meaning", "endpoint mapper has no more endpoints" in report["exception"]["meaning"], True)


def main(arguments):
    program, generator = Program(arguments[0]), arguments[1]
    table, overlaps = read_table(arguments[2])
    with tempfile.TemporaryDirectory() as folder:
        symbols = os.path.join(folder, "symbols")
        dump = os.path.join(folder, "transcript.dmp")
        os.mkdir(symbols)
        subprocess.run([generator, folder], check=True, timeout=60)
        options = ["--offline", "--symbols", symbols]
        try:
            report = program.json("analyze", dump, *options)
            check_report(report, program.json("info", dump))
            compare_json(report, table)
            compare_process(report, overlaps)
            compare_transitions(report)
            compare_blame(report)
            compare_choice(program, dump, options)
            count = compare_text(program, dump, options, table)
        except Failure as failure:
            print("FAIL %s" % failure)
            return 1
    left = sum(difference is None for difference in DIFFERENCES.values())
    expect("rows compared", count, sum(len(rows) for rows in table.values()) - left)
    print("ok   %d rows of %d stacks as WinDbg printed them, %d left out, %d overlaps" % (
        count, len(table), left, len(overlaps)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
