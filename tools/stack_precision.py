#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How true the frames are that avdump reports: precision and recall against a known stack.

    stack_precision.py --avdump PROGRAM [--stackwalk PROGRAM] DUMP TRUTH [DUMP TRUTH ...]

TRUTH is either another dump of the same crash that holds enough to unwind it for certain, as a
full-memory dump does, or a text file: one frame per line, innermost first, somewhere in the line
module+0xOFFSET (for callers the return address); lines that begin with # are comments, and of a
file with tabs the first column that has this form counts.

Compared is the stack of the crashing thread, the first thread where nothing crashed. Frames count
as right when they stand in the truth in the same order. --stackwalk is Breakpad's
minidump_stackwalk, for comparison. Without symbols, so that both know the same.
"""

import argparse
import json
import re
import subprocess
import sys

FRAME = re.compile(r"([^\s\\/|+]+)\+(?:0x)?([0-9a-fA-F]+)")
CERTAIN = ("context", "prewalked", "cfi", "frame_pointer")


def leaf(path):
    """A module's name as both programs can be made to write it."""
    name = re.split(r"[\\/]", path)[-1].lower()
    return re.sub(r"\.(exe|dll)$", "", name)


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.stdout.decode("utf-8", "replace")


def avdump_frames(program, dump):
    """[(module, offset, trust)] of the reported thread, and how the stack ends."""
    report = json.loads(run([program, "analyze", "--json", dump]))
    thread = report.get("crashing_thread")
    if not thread:
        thread = (report.get("threads") or [{}])[0]
    frames = []
    for frame in thread.get("frames") or []:
        step = int(frame["instruction_pointer"], 16) - int(frame["offset"], 16)
        if frame.get("module_offset") is None:
            frames.append(("", int(frame["instruction_pointer"], 16), frame["trust"]))
        else:
            offset = int(frame["module_offset"], 16) + step
            frames.append((leaf(frame["module"]), offset, frame["trust"]))
    return frames, (thread.get("stack_end") or {}).get("reason")


def stackwalk_frames(program, dump):
    """The same of minidump_stackwalk -m, without trust, which that form leaves out."""
    crashed = 0
    threads = {}
    for line in run([program, "-m", dump]).splitlines():
        fields = line.split("|")
        if fields[0] == "Crash" and len(fields) > 3 and fields[3].isdigit():
            crashed = int(fields[3])
        elif fields[0].isdigit() and len(fields) >= 7 and fields[6].startswith("0x"):
            threads.setdefault(int(fields[0]), []).append((leaf(fields[2]), int(fields[6], 16)))
    return threads.get(crashed, [])


def is_minidump(path):
    with open(path, "rb") as file:
        head = file.read(4)
    return head == b"MDMP" or head[:2] == b"\x1f\x8b"


def truth_frames(program, path):
    """[(module, offset)], or a reason why the file cannot serve."""
    if is_minidump(path):
        frames, end = avdump_frames(program, path)
        doubtful = [f for f in frames if f[2] not in CERTAIN]
        if end != "complete" or doubtful:
            return None, "its own stack is not certain (%d doubtful frames, end: %s)" % (
                len(doubtful), end)
        return [f[:2] for f in frames], None
    frames = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("#"):
                continue
            columns = [FRAME.fullmatch(column.strip()) for column in line.split("\t")]
            found = next((c for c in columns if c), None)
            if found is None and "\t" not in line:
                found = FRAME.search(line)
            if found:
                frames.append((leaf(found.group(1)), int(found.group(2), 16)))
    return (frames, None) if frames else (None, "it holds no frame as module+0xoffset")


def common(a, b):
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        above_left = 0
        for k, y in enumerate(b):
            kept = row[k + 1]
            row[k + 1] = above_left + 1 if x == y else max(row[k + 1], row[k])
            above_left = kept
    return row[-1]


def show(who, frames, truth):
    right = common(frames, truth)
    precision = right / len(frames) if frames else 1.0
    print("  %-10s %3d frames, %3d of %3d right: precision %.2f, recall %.2f"
          % (who, len(frames), right, len(truth), precision, right / len(truth)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--avdump", required=True, metavar="PROGRAM")
    parser.add_argument("--stackwalk", metavar="PROGRAM")
    parser.add_argument("files", nargs="+", metavar="DUMP TRUTH")
    options = parser.parse_args()
    if len(options.files) % 2 != 0:
        parser.error("every dump needs its truth")
    failed = False
    for dump, path in zip(options.files[::2], options.files[1::2]):
        truth, why = truth_frames(options.avdump, path)
        print(re.split(r"[\\/]", dump)[-1])
        if truth is None:
            print("  no truth: %s: %s" % (re.split(r"[\\/]", path)[-1], why))
            failed = True
            continue
        show("avdump", [f[:2] for f in avdump_frames(options.avdump, dump)[0]], truth)
        if options.stackwalk:
            show("stackwalk", stackwalk_frames(options.stackwalk, dump), truth)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
