#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the commands that look inside a dump.

usage: test_inspect.py AVDUMP SOURCE_DIR CORPUS

What avdump shows of memory, strings, patterns, exports and the memory map is compared with what this
script reads out of the dump's bytes itself; names of functions and threads with what the program that
crashed wrote down (testdata/*.truth); stacks with the report's.
"""
import glob
import gzip
import json
import os
import re
import struct
import sys

from program import Failure, Program, expect

THREAD_LIST, MODULE_LIST, MEMORY_LIST, MEMORY64_LIST, MEMORY_INFO_LIST = 3, 4, 5, 9, 16
DUMPS = ("x64-null-read", "wow64-null-read", "x86-null-read", "x64-null-read-normal")


class Dump:
    """A minidump as Microsoft's headers have it: only what the checks need."""

    def __init__(self, path):
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            self.bytes = file.read()
        count, directory = struct.unpack_from("<II", self.bytes, 8)
        self.streams = {}
        for i in range(count):
            kind, size, rva = struct.unpack_from("<III", self.bytes, directory + 12 * i)
            self.streams.setdefault(kind, (rva, size))
        self.ranges = sorted(self.list64() + self.list32())

    def list32(self):
        if MEMORY_LIST not in self.streams:
            return []
        rva = self.streams[MEMORY_LIST][0]
        count = struct.unpack_from("<I", self.bytes, rva)[0]
        rows = [struct.unpack_from("<QII", self.bytes, rva + 4 + 16 * i) for i in range(count)]
        return [(start, self.bytes[at:at + size]) for start, size, at in rows if at and size]

    def list64(self):
        if MEMORY64_LIST not in self.streams:
            return []
        rva = self.streams[MEMORY64_LIST][0]
        count, at = struct.unpack_from("<QQ", self.bytes, rva)
        rows = []
        for i in range(count):
            start, size = struct.unpack_from("<QQ", self.bytes, rva + 16 + 16 * i)
            rows.append((start, self.bytes[at:at + size]))
            at += size
        return rows

    def spans(self):
        """Ranges that touch are one; where they overlap the earlier one counts."""
        spans = []
        for start, data in self.ranges:
            if spans and start <= spans[-1][0] + len(spans[-1][1]):
                last, known = spans[-1]
                spans[-1] = (last, known + data[last + len(known) - start:])
            else:
                spans.append((start, data))
        return spans

    def read(self, address, size):
        """A list of bytes, None for what the dump does not hold."""
        found = [None] * size
        for start, data in self.spans():
            for i in range(max(0, start - address), min(size, start + len(data) - address)):
                found[i] = data[address + i - start]
        return found

    def number(self, address, size):
        return int.from_bytes(bytes(self.read(address, size)), "little")

    def exports(self, base):
        """name: address, of the image mapped at base."""
        header = base + self.number(base + 0x3c, 4)
        directory = header + 0x18 + (0x60 if self.number(header + 0x18, 2) == 0x10b else 0x70)
        table = base + self.number(directory, 4)
        count = self.number(table + 24, 4)
        functions, names, ordinals = (base + self.number(table + at, 4) for at in (28, 32, 36))
        result = {}
        for i in range(count):
            at = base + self.number(names + 4 * i, 4)
            text = bytes(self.read(at, 80)).split(b"\0")[0].decode("ascii")
            ordinal = self.number(ordinals + 2 * i, 2)
            result[text] = base + self.number(functions + 4 * ordinal, 4)
        return result

    def regions(self):
        rva = self.streams[MEMORY_INFO_LIST][0]
        head, size, count = struct.unpack_from("<IIQ", self.bytes, rva)
        rows = []
        for i in range(count):
            base, _, _, _, length, state, protect, kind = struct.unpack_from(
                "<QQIIQIII", self.bytes, rva + head + size * i)
            rows.append((base, length, state, protect, kind))
        return rows


def read_truth(path):
    truth = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.strip().partition(": ")
            truth.setdefault(key, []).append(value)
    return truth


class Checks:
    def __init__(self, program, path):
        self.program, self.path = program, path
        self.dump = Dump(path)
        self.count = 0

    def json(self, command, *arguments):
        result = self.program.run(command, self.path, *arguments, "--json")
        self.count += 1
        if result.returncode != 0:
            raise Failure("avdump %s %s: exit %d: %s" % (command, arguments, result.returncode,
                                                         result.stderr.decode()))
        return json.loads(result.stdout)

    def text(self, command, *arguments):
        result = self.program.run(command, self.path, *arguments)
        self.count += 1
        expect("exit of %s %s" % (command, arguments), result.returncode, 0)
        return result.stdout.decode("utf-8")

    def memory(self):
        for start, data in self.dump.spans()[:3]:
            end = start + len(data)
            for address in (start, start + 3, end - 20):
                for form, unit in (("bytes", 1), ("dwords", 4), ("qwords", 8)):
                    rows = self.json("memory", "%x" % address, "--as", form, "-n", "9")["rows"]
                    wanted = []
                    for i in range(9):
                        piece = self.dump.read(address + i * unit, unit)
                        wanted.append(None if None in piece else
                                      "0x%0*x" % (2 * unit, int.from_bytes(bytes(piece), "little")))
                    expect("memory %x as %s" % (address, form),
                           [value for row in rows for value in row["values"]], wanted)
            # In text a byte that is not there is no zero.
            lines = self.text("memory", "0x%x" % (end - 2), "-n", "4").splitlines()
            wanted = " ".join("??" if byte is None else "%02x" % byte
                              for byte in self.dump.read(end - 2, 4))
            expect("bytes at the end of a range", lines[0].split("  ")[1], wanted)

    def strings(self):
        wanted = set()
        for start, data in self.dump.spans():
            for match in re.finditer(rb"[\t\x20-\x7e]{8,}", data):
                wanted.add((start + match.start(), "ascii", len(match[0]), match[0].decode()[:1024]))
            for match in re.finditer(rb"(?:[\t\x20-\x7e]\0){8,}", data):
                text = match[0].decode("utf-16-le")
                wanted.add((start + match.start(), "utf16", len(text), text[:1024]))
        found = self.json("strings", "--min-length", "8")["strings"]
        rows = {(int(row["address"], 16), row["encoding"], row["length"], row["text"])
                for row in found}
        expect("strings only here or there", sorted(rows ^ wanted)[:4], [])
        expect("each once", len(found), len(rows))
        if MEMORY64_LIST in self.dump.streams: # small dumps hold stacks and little else
            expect("some", len(rows) > 20, True)
        few = self.json("strings", "--min-length", "8", "-n", "3")
        expect("--count", (few["strings"], few["cut"]), (found[:3], len(found) > 3))

    def find(self, truth):
        address = int(truth["exception-address"][0], 16)
        for pattern, arguments, expression in (
                ("4d 5a ?? 00", (), rb"MZ.\0"), ("4d5a", ("--as", "bytes"), rb"MZ"),
                ("KERNEL32", (), rb"KERNEL32|" + re.escape("KERNEL32".encode("utf-16-le"))),
                ("crash.exe", ("--as", "utf16"), re.escape("crash.exe".encode("utf-16-le"))),
                ("%x" % address, ("--as", "pointer"), None), ("0x%x" % address, (), None)):
            if expression is None:
                width = 8 if truth["architecture"][0] == "x64" else 4
                expression = re.escape(address.to_bytes(width, "little"))
            wanted = [start + match.start() for start, data in self.dump.spans()
                      for match in re.finditer(b"(?=%s)" % expression, data, re.S)]
            found = self.json("find", pattern, *arguments)["hits"]
            expect("find '%s'" % pattern, [int(hit["address"], 16) for hit in found], wanted)
        expect("nothing", self.text("find", "no such text anywhere"),
               "not found in the memory that the dump holds\n")

    def symbols(self, truth):
        address = int(truth["exception-address"][0], 16)
        chain = truth["chain"][0].split()[1:]
        modules = self.json("modules")["modules"]
        base = next(int(module["base_addr"], 16) for module in modules
                    if module["filename"] == "crash.exe")
        expect("crash as a place", int(self.json("ln", "crash")["address"], 16), base)
        exports = self.dump.exports(base)
        starts = sorted(set(exports.values()))
        near = self.json("ln", "%x" % address)
        below = max(start for start in starts if start <= address)
        above = min(start for start in starts if start > address)
        expect("function of the exception", near["function"], chain[0])
        expect("below", int(near["below"]["address"], 16), below)
        expect("above", int(near["above"]["address"], 16), above)
        expect("approximate", near["function_approximate"], below != address)
        for name in chain:
            for place in ("crash!%s" % name, "CRASH.EXE!%s" % name.upper(), name):
                found = self.json("ln", place + "+1`0-c")
                expect("ln " + place, int(found["address"], 16), exports[name] + 4)
                expect("its name", (found["function"], found["function_offset"]),
                       (name, "0x00000004"))
        high, low = address >> 32, address & 0xffffffff
        for place in ("%x`%08x" % (high, low), "0X%x" % address, "0n%d" % address,
                      "%x+10-8-8" % address, "crash+%x" % (address - base), "@RIP" if high else "eip"):
            expect("place " + place, int(self.json("ln", place)["address"], 16), address)

    def pointers(self, truth):
        width = 8 if truth["architecture"][0] == "x64" else 4
        registers = self.json("stack")["threads"][0]["frames"][0]["registers"]
        stack = int(registers["rsp" if width == 8 else "esp"], 16)
        answer = self.json("dps", "@rsp" if width == 8 else "@esp", "-n", "40")
        expect("pointer size", answer["pointer_size"], width)
        rows = answer["rows"]
        expect("dps rows", [(int(row["address"], 16), int(row["value"], 16)) for row in rows],
               [(stack + i * width, self.dump.number(stack + i * width, width))
                for i in range(40)])
        named = [row["function"] for row in rows]
        chain = truth["chain"][0].split()[2:]
        at = 0
        for name in chain: # return addresses of the callers, innermost first
            if name not in named[at:]:
                raise Failure("dps does not show %s behind row %d: %s" % (name, at, named))
            at = named.index(name, at) + 1
        # A row as WinDbg has it.
        line = self.text("dps", "%x" % stack, "-n", "40").splitlines()[named.index(chain[0])]
        if not re.fullmatch(r"[0-9a-f`]+  [0-9a-f`]+ crash!%s\+0x[0-9a-f]+( ~)?" % chain[0], line):
            raise Failure("a row of dps is '%s'" % line)

    def lists(self, truth):
        report = json.loads(self.program.run("analyze", self.path, "--json").stdout)
        threads = self.json("stack", "--all")["threads"]
        expect("stack", self.json("stack")["threads"], [report["crashing_thread"]])
        expect("stacks", [thread["frames"][1:] for thread in threads],
               [thread["frames"][1:] for thread in report["threads"]])
        expect("threads", self.json("threads")["threads"], report["threads"])
        expect("modules", self.json("modules")["modules"], report["modules"])
        expect("handles", self.json("handles")["handles"], report["handles"])
        for index, line in enumerate(truth["thread"]):
            number, name = line.split()
            for word in (str(index), hex(int(number))):
                found = self.json("stack", "--thread", word)["threads"][0]
                expect("thread " + word, found["thread_id"], int(number))
                if found["thread_name"] is not None: # not every writer stores them
                    expect("its name", found["thread_name"], name)
        if truth["architecture"][0] == "wow64":
            first = self.text("stack", "--native", "-t", "1").splitlines()[0]
            expect("--native", first.startswith("64-bit stack (wow64) of thread 1 "), True)
            expect("--native's pointers", self.json("dps", "@rsp", "--native")["pointer_size"], 8)
        whole = self.program.run("analyze", self.path).stdout.decode("utf-8")
        expect("stack is the report's", self.text("stack") in whole, True)

    def map(self):
        rows = self.json("memory")["regions"]
        expect("bytes in the map", sum(row["size_in_dump"] for row in rows),
               sum(len(data) for _, data in self.dump.spans()))
        if MEMORY_INFO_LIST not in self.dump.streams:
            expect("no region's state", {row["state"] for row in rows}, {None})
            return
        states = {0x1000: "MEM_COMMIT", 0x2000: "MEM_RESERVE", 0x10000: "MEM_FREE"}
        wanted = [(base, size, states.get(state)) for base, size, state, _, _ in
                  self.dump.regions()]
        found = [(int(row["base_addr"], 16), row["size"], row["state"]) for row in rows]
        expect("regions that the map lacks", [row for row in wanted if row not in found][:3], [])


def with_pdb(program, corpus):
    """Names of a real PDB against llvm-pdbutil's (ground-truth). Returns how many were compared."""
    folder = os.path.join(corpus, "llvm14/lldb/test/Shell/Minidump/Windows/Sigsegv/Inputs")
    truth = os.path.join(corpus, "ground-truth/sigsegv.pdb-symbols.txt")
    path = os.path.join(folder, "sigsegv.dmp")
    if not os.path.exists(truth) or not os.path.exists(path):
        return 0
    run = Checks(program, path)
    options = ("--symbols", folder, "--offline")
    base = int(run.json("ln", "sigsegv")["address"], 16)
    with open(truth, encoding="utf-8") as file:
        rows = re.findall(r"rva (0x[0-9a-f]+) (\w+)\+(0x[0-9a-f]+)$", file.read(), re.M)
    for rva, name, offset in rows:
        start = base + int(rva, 16) - int(offset, 16)
        found = run.json("ln", "sigsegv!" + name, *options)
        expect(name, (int(found["address"], 16), found["function"]), (start, name))
        found = run.json("ln", "%x" % (base + int(rva, 16)), *options)
        expect("name at " + rva, (found["function"], int(found["function_offset"], 16),
                                  int(found["below"]["address"], 16)),
               (name, int(offset, 16), start))
        expect("above " + name, int(found["above"]["address"], 16) > base + int(rva, 16), True)
    return len(rows)


def errors(program, path):
    checks = 0
    for arguments, code, message in (
            (["ln", path, "nosuch"], 3, "'nosuch' is no address, register or module"),
            (["ln", path, "crash!nosuch"], 3, "'crash!nosuch' is not found"),
            (["ln", path, "@xyz"], 3, "'@xyz': the thread has no such register"),
            (["ln", path, "crash+x"], 3, "'crash+x' is no address"),
            (["ln", path, ""], 2, "a place has 1 to 4096 characters"),
            (["dps", path, "1" * 5000], 2, "a place has 1 to 4096 characters"),
            (["dps", path], 2, "dps needs a file and a place"),
            (["find", path], 2, "find needs a file and a pattern"),
            (["find", path, ""], 2, "'' is no pattern"),
            (["find", path, "4d 5", "--as", "bytes"], 2, "'4d 5' is no pattern"),
            (["find", path, "??", "--as", "bytes"], 2, "'??' is no pattern"),
            (["memory", path, "0", "1"], 2, "one file at a time, found also '1'"),
            (["stack", path, "--thread", "9"], 3, "there is no thread 9 among 3"),
            (["stack", path, "--thread", "main"], 2, "'main' is no thread"),
            (["stack"], 2, "stack needs a file"),
            (["strings", path, "--count", "0"], 2, "--count: expected 1 to 1048576, found '0'"),
            (["strings", path, "--min-length", "x"], 2, "--min-length: expected 1 to 4096"),
            (["memory", path, "0", "--as", "text"], 2, "--as: expected bytes|dwords")):
        result = program.run(*arguments)
        expect("exit of %s" % arguments[:3], result.returncode, code)
        if message not in result.stderr.decode() or result.stdout:
            raise Failure("avdump %s says: %s" % (arguments[:3], result.stderr.decode()))
        checks += 1
    return checks


def main(arguments):
    program, source, corpus = Program(os.path.abspath(arguments[0])), arguments[1], arguments[2]
    checks = failures = named = 0
    jobs = []
    for name in DUMPS:
        path = os.path.join(source, "testdata", name + ".dmp.gz")
        truth = read_truth(os.path.join(source, "testdata", name + ".truth"))
        run = Checks(program, path)
        jobs += [(name, run, step) for step in
                 (run.memory, run.strings, lambda run=run, truth=truth: run.find(truth),
                  lambda run=run, truth=truth: run.lists(truth), run.map)]
        jobs += [(name, run, step) for step in
                 (lambda run=run, truth=truth: run.symbols(truth),
                  lambda run=run, truth=truth: run.pointers(truth)) if "normal" not in name]
    maps = 0
    for path in sorted(glob.glob(os.path.join(corpus, "**", "*.dmp"), recursive=True)):
        with open(path, "rb") as file:
            if file.read(4) != b"MDMP" or os.path.getsize(path) > 4 << 20:
                continue
        try:
            run = Checks(program, path)
        except struct.error: # one of those that are damaged on purpose
            continue
        if MEMORY_INFO_LIST in run.dump.streams and run.dump.ranges:
            jobs.append((os.path.basename(path), run, run.map))
            maps += 1
    runs = []
    for name, run, step in jobs:
        try:
            step()
        except Failure as failure:
            print("FAIL %s: %s" % (name, failure))
            failures += 1
        if run not in runs:
            runs.append(run)
    checks += sum(run.count for run in runs)
    try:
        named = with_pdb(program, corpus)
        checks += named
        checks += errors(program, os.path.join(source, "testdata", "x64-null-read.dmp.gz"))
    except Failure as failure:
        print("FAIL %s" % failure)
        failures += 1
    print("%d answers compared on %d dumps, %d maps of real dumps and %d names of a PDB%s; "
          "%d failures" % (checks, len(DUMPS), maps, named,
                           "" if maps and named else " (skipped: no corpus)", failures))
    return 1 if failures or checks < 200 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
