#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How true the frames are that avdump reports: precision and recall against known stacks.

    stack_precision.py --avdump PROGRAM [PEERS] DUMP TRUTH [DUMP TRUTH ...]
    stack_precision.py --avdump PROGRAM [PEERS] --strip FULL.dmp [FULL.dmp ...]
    stack_precision.py --avdump PROGRAM [PEERS] --alone SMALL.dmp TRUTH [SMALL.dmp TRUTH ...]

TRUTH is either another dump of the same crash that holds enough to unwind it for certain, as a
full-memory dump does, or a text file: one frame per line, innermost first, somewhere in the line
module+0xOFFSET (for callers the return address); lines that begin with # are comments, and of a
file with tabs the first column that has this form counts. With --symbols, TRUTH may also be the
dump itself: its stacks as symbol files unwind them.

With a text file the crashing thread is compared, the first thread where nothing crashed; otherwise
every thread whose true stack is certain. --strip makes the small dump from the full one
(testdata/strip_dump.py), with the code around each program counter and without. --alone shows each
thread in a dump of its own, where there are no other stacks to learn from.

Frames count as right when they stand in the truth in the same order. PEERS for comparison:
--breakpad is Breakpad's minidump_stackwalk, --rust that of rust-minidump. All work without symbols
and on a copy of the dump with no images beside it, so that they know the same.
"""

import argparse
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata"))
import strip_dump  # noqa: E402

FRAME = re.compile(r"([^\s\\/|+]+)\+(?:0x)?([0-9a-fA-F]+)")
CERTAIN = ("context", "prewalked", "cfi", "frame_pointer")


def leaf(path):
    """A module's name as both programs can be made to write it."""
    name = re.split(r"[\\/]", path)[-1].lower()
    return re.sub(r"\.(exe|dll)$", "", name)


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.stdout.decode("utf-8", "replace")


def avdump_frames(program, dump, arguments=()):
    """{thread id: ([(module, offset, trust, address)], how the stack ends)}, and the reported
    thread's id. Where the dump does not name the module, it is "" and the offset the address."""
    report = json.loads(run([program, "analyze", "--json", *arguments, dump]))
    stacks = {}
    for thread in report.get("threads") or []:
        frames = []
        for frame in thread.get("frames") or []:
            address = int(frame["instruction_pointer"], 16)
            step = address - int(frame["offset"], 16)
            if frame.get("module_offset") is None:
                frames.append(("", address, frame["trust"], address))
            else:
                offset = int(frame["module_offset"], 16) + step
                frames.append((leaf(frame["module"]), offset, frame["trust"], address))
        stacks[thread["thread_id"]] = frames, (thread.get("stack_end") or {}).get("reason")
    thread = report.get("crashing_thread") or (report.get("threads") or [{}])[0]
    return stacks, thread.get("thread_id")


def breakpad_frames(program, dump, ids):
    """{thread id: [(module, offset)]} of minidump_stackwalk -m, which numbers threads only."""
    stacks = {}
    for line in run([program, "-m", dump]).splitlines():
        fields = line.split("|")
        if fields[0].isdigit() and int(fields[0]) < len(ids) and len(fields) >= 7 \
                and fields[6].startswith("0x"):
            frame = leaf(fields[2]), int(fields[6], 16)
            stacks.setdefault(ids[int(fields[0])], []).append(frame)
    return stacks


def rust_frames(program, dump, _):
    """The same of rust-minidump; its offsets of callers lie one byte lower."""
    stacks = {}
    for thread in json.loads(run([program, "--json", dump]) or "{}").get("threads") or []:
        stacks[thread["thread_id"]] = [
            (leaf(f["module"] or ""), int(f["module_offset"] or f["offset"], 16) + (k != 0))
            for k, f in enumerate(thread["frames"])]
    return stacks


def is_minidump(path):
    with open(path, "rb") as file:
        head = file.read(4)
    return head == b"MDMP" or head[:2] == b"\x1f\x8b"


def is_certain(frames):
    """Whether all frames are. What calls kernel32's BaseThreadInitThunk is known without unwind data,
    what it calls is not: frames may be missing between the thread's start and one without such data."""
    starts = [f[0] for f in frames[-2:]] == ["kernel32", "ntdll"]
    return all(f[2] in CERTAIN for f in (frames[:-1] if starts else frames))


def truth_frames(options, dump, path):
    """{thread id: [(module, offset)]}, or a reason why the file cannot serve. A module that `dump`
    does not name (a small one of a WOW64 process names no 32-bit DLL) has no name here either."""
    if is_minidump(path):
        unnamed = {frame[3] for frames, _ in avdump_frames(options.avdump, dump)[0].values()
                   for frame in frames if frame[0] == ""}
        symbols = ["--symbols", options.symbols] if options.symbols else []
        stacks, _ = avdump_frames(options.avdump, path, symbols)
        certain = {thread: [("", f[3]) if f[3] in unnamed else f[:2] for f in frames]
                   for thread, (frames, end) in stacks.items()
                   if end == "complete" and is_certain(frames)}
        return (certain, None) if certain else (None, "no stack of it is certain")
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
    if not frames:
        return None, "it holds no frame as module+0xoffset"
    return {avdump_frames(options.avdump, dump)[1]: frames}, None


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


def peers(options):
    """[(name, function from the dump and its thread ids to {thread id: frames})]"""
    found = [("avdump", lambda dump, _: {
        thread: [f[:2] for f in frames]
        for thread, (frames, _) in avdump_frames(options.avdump, dump)[0].items()})]
    if options.breakpad:
        found.append(("breakpad", lambda dump, ids: breakpad_frames(options.breakpad, dump, ids)))
    if options.rust:
        found.append(("rust", lambda dump, ids: rust_frames(options.rust, dump, ids)))
    return found


class Table:
    HEAD = "%-28s %-9s %7s %9s %9s %7s %7s"

    def __init__(self):
        self.total = {}
        print(self.HEAD % ("dump", "program", "frames", "right of", "truth", "prec.", "recall"))

    def row(self, name, who, frames, right, truth):
        print("%-28s %-9s %7d %9d %9d %7.2f %7.2f" % (
            name, who, frames, right, truth, right / frames if frames else 1, right / truth))

    def add(self, name, who, stacks, truth):
        counts = [sum(len(stacks.get(thread, [])) for thread in truth),
                  sum(common(stacks.get(thread, []), frames) for thread, frames in truth.items()),
                  sum(len(frames) for frames in truth.values())]
        self.row(name, who, *counts)
        self.total[who] = [a + b for a, b in zip(self.total.get(who, [0, 0, 0]), counts)]

    def finish(self):
        for who, counts in self.total.items():
            self.row("all", who, *counts)


class Small:
    """A small dump whose list of threads and memory can be cut down."""

    THREADS, MEMORY = 3, 5

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        count, directory = struct.unpack_from("<II", self.data, 8)
        self.streams = {}
        for i in range(count):
            kind, _, rva = struct.unpack_from("<III", self.data, directory + 12 * i)
            self.streams.setdefault(kind, rva)
        self.threads = self.entries(self.THREADS, 48)
        self.memory = self.entries(self.MEMORY, 16)

    def entries(self, kind, size):
        at = self.streams[kind]
        count = struct.unpack_from("<I", self.data, at)[0]
        return [self.data[at + 4 + size * i:at + 4 + size * (i + 1)] for i in range(count)]

    def put(self, data, kind, entries):
        at = self.streams[kind]
        struct.pack_into("<I", data, at, len(entries))
        data[at + 4:at + 4 + sum(len(e) for e in entries)] = b"".join(entries)

    def write(self, path, index):
        """Leaves one thread, and of the memory all but the stacks of the others."""
        stacks = {struct.unpack_from("<Q", thread, 24)[0] for thread in self.threads}
        stacks.remove(struct.unpack_from("<Q", self.threads[index], 24)[0])
        memory = [m for m in self.memory if struct.unpack_from("<Q", m)[0] not in stacks]
        data = bytearray(self.data)
        self.put(data, self.THREADS, [self.threads[index]])
        self.put(data, self.MEMORY, memory)
        with open(path, "wb") as file:
            file.write(data)


def compare_alone(options, table, small, path, folder, name):
    """Adds the rows of a dump whose threads are looked at one by one."""
    truth, why = truth_frames(options, small, path)
    if truth is None:
        print("%s: no truth: %s" % (name, why))
        return False
    source = Small(small)
    dump = os.path.join(folder, "alone.dmp")
    stacks = {}
    for index, thread in enumerate(source.threads):
        thread = struct.unpack_from("<I", thread)[0]
        if thread not in truth:
            continue
        source.write(dump, index)
        for who, frames in peers(options):
            stacks.setdefault(who, {}).update(frames(dump, [thread]))
    for who, found in stacks.items():
        table.add(name, who, found, truth)
    return True


def compare(options, table, dump, path, name):
    """Adds a dump's rows. `dump` lies in a folder of its own."""
    truth, why = truth_frames(options, dump, path)
    if truth is None:
        print("%s: no truth: %s: %s" % (name, re.split(r"[\\/]", path)[-1], why))
        return False
    ids = list(avdump_frames(options.avdump, dump)[0])
    for who, frames in peers(options):
        table.add(name, who, frames(dump, ids), truth)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--avdump", required=True, metavar="PROGRAM")
    parser.add_argument("--breakpad", metavar="PROGRAM")
    parser.add_argument("--rust", metavar="PROGRAM")
    parser.add_argument("--symbols", metavar="PATH")
    parser.add_argument("--strip", action="store_true")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    if not options.strip and len(options.files) % 2 != 0:
        parser.error("every dump needs its truth")
    table = Table()
    ok = True
    with tempfile.TemporaryDirectory() as folder:
        dump = os.path.join(folder, "dump.dmp")
        if options.strip:
            for full in options.files:
                for note, with_code in (("", True), (" no code", False)):
                    strip_dump.strip(full, dump, with_code)
                    ok &= compare(options, table, dump, full, os.path.basename(full) + note)
        else:
            for small, path in zip(options.files[::2], options.files[1::2]):
                shutil.copyfile(small, dump)
                name = os.path.basename(small)
                ok &= compare_alone(options, table, dump, path, folder, name + " alone") \
                    if options.alone else compare(options, table, dump, path, name)
    table.finish()
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
