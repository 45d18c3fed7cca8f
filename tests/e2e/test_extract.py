#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes dumps out of dumps with avdump extract, and looks at both.

usage: test_extract.py AVDUMP SOURCE_DIR CORPUS

--wow64: avdump shows the same 32-bit stacks before and after; Breakpad, rust-minidump and lldb, where
they are in PATH, take the new dump for an x86 one and find the frames that avdump found in the old.
--slim: avdump says the same of the small dump as of the large one, and the other readers find the same
frames.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from program import Failure, Program, expect, number, run_cases

CORPUS_WOW64 = ("llvm14/lldb/unittests/Process/minidump/Inputs/fizzbuzz_wow64.dmp",
                "wine-lab/dbg_wow64_s2.dmp", "wine-lab/w10_wow64_full_s2.dmp")
CORPUS_FULL = CORPUS_WOW64 + (
    "wine-lab/dbg_32_s2.dmp", "wine-lab/dbg_64_s2.dmp", "wine-lab/w10_c64_oop_full_s2.dmp",
    "wine-lab/w32_c32_full_s2.dmp")
# Memory between everything else, as Breakpad has it, Crashpad, dbghelp's MiniDumpNormal.
CORPUS_SMALL = (
    "breakpad/testdata/linux_raise_sigabrt.dmp", "breakpad/testdata/ascii_read_av.dmp",
    "breakpad/testdata/minidump_crashpad_annotation.dmp", "breakpad/testdata/thread_name_list.dmp",
    "breakpad/testdata/tiny-exe-fastfail.dmp", "bugsplat/spec/support/minidump/minidump.dmp",
    "mozilla-mdsw/pgo_data/minidumps/linux-x86.dmp",
    "mozilla-mdsw/pgo_data/minidumps/macos-x86_64.dmp",
    "mozilla-mdsw/pgo_data/minidumps/windows-x86_64.dmp",
    "node-minidump/test/fixtures/linux.dmp", "rust-minidump/testdata/linux-mini.dmp",
    "symbolic/unreal_crash.UE4Minidump.dmp", "wine-lab/w10_c64_oop_normal.dmp")
# What may be known of a frame otherwise: with one ntdll left its name needs no address.
FRAME_KEYS = ("instruction_pointer", "stack_pointer", "frame_pointer", "return_address", "trust",
              "method", "evidence", "module", "module_offset", "function", "function_offset", "arguments")


class Case:
    """A place for the new dumps."""
    program = None
    source = None
    corpus = None

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="avdump-extract-")

    def close(self):
        shutil.rmtree(self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def extract(self, option, dump):
        """The path of the new dump, and what was said on standard error."""
        new = self.path("new.dmp")
        result = self.program.run("extract", option, "--force", dump, new)
        error = result.stderr.decode("utf-8", "replace")
        expect("exit code of avdump extract %s %s (%s)" % (option, dump, error.strip()),
               result.returncode, 0)
        return new, error

    def wow64_dumps(self):
        """Dumps of our own, and those of the corpus where it is there; with 32-bit registers."""
        for path in sorted(glob.glob(os.path.join(self.source, "testdata", "wow64-*.dmp.gz"))):
            if "-normal" not in path:
                yield path
        for name in CORPUS_WOW64:
            if os.path.exists(os.path.join(self.corpus, name)):
                yield os.path.join(self.corpus, name)


def frames(thread):
    return [{key: frame[key] for key in FRAME_KEYS} for frame in thread["frames"]]


def same_stack(name, before, after):
    expect("%s: cpu" % name, after["cpu_arch"], "x86")
    expect("%s: frames" % name, len(after["frames"]), len(before["frames"]))
    for index, (old, new) in enumerate(zip(frames(before), frames(after))):
        for key in FRAME_KEYS:
            expect("%s: frame %d: %s" % (name, index, key), new[key], old[key])


def test_wow64_stacks_stay(case):
    seen = 0
    for dump in case.wow64_dumps():
        name = os.path.basename(dump)
        symbols = "--symbols", os.path.dirname(dump)
        before = case.program.json("analyze", dump, *symbols)
        new, _ = case.extract("--wow64", dump)
        after = case.program.json("analyze", new, *symbols)
        expect(name + ": cpu", after["system_info"]["cpu_arch"], "x86")
        expect(name + ": os", after["system_info"]["os_ver"], before["system_info"]["os_ver"])
        old = {thread["thread_id"]: thread for thread in before["threads"]}
        if before["crashing_thread"] is not None:
            # A recovered exception is stored now, so its thread's stack begins there.
            old[before["crashing_thread"]["thread_id"]] = before["crashing_thread"]
            for key in ("type", "instruction"):
                expect(name + ": crash " + key, after["crash_info"][key], before["crash_info"][key])
            expect(name + ": registers", after["crashing_thread"]["frames"][0]["registers"],
                   before["crashing_thread"]["frames"][0]["registers"])
            expect(name + ": crash address", number(after["crash_info"]["address"]),
                   number(before["crash_info"]["address"]))
        expect(name + ": signature", after["signature"], before["signature"])
        for key in ("problem_class", "failure_bucket_id"): # the legacy ones name the dump's CPU
            expect(name + ": " + key, (after["bucket"] or {}).get(key),
                   (before["bucket"] or {}).get(key))
        expect(name + ": threads", {thread["thread_id"] for thread in after["threads"]},
               {id for id, thread in old.items() if thread["cpu_arch"] == "x86"})
        for thread in after["threads"]:
            same_stack("%s thread %#x" % (name, thread["thread_id"]), old[thread["thread_id"]], thread)
            expect(name + ": thread's name", thread["thread_name"],
                   old[thread["thread_id"]]["thread_name"])
        seen += len(after["threads"])
    print("     %d stacks" % seen)
    if seen < 10:
        raise Failure("only %d stacks were compared" % seen)


def test_modules_are_the_32bit_ones(case):
    for dump in case.wow64_dumps():
        name = os.path.basename(dump)
        new, _ = case.extract("--wow64", dump)
        before = case.program.json("modules", dump)["modules"]
        after = case.program.json("modules", new)["modules"]
        names = [module["filename"].lower() for module in after]
        for unwanted in ("wow64.dll", "wow64cpu.dll", "wow64win.dll"):
            if unwanted in names:
                raise Failure("%s: %s is in the 32-bit half" % (name, unwanted))
        expect(name + ": ntdll", names.count("ntdll.dll"), 1)
        old = {number(module["base_addr"]): module for module in reversed(before)}
        for module in after:
            same = old[number(module["base_addr"])]
            expect("%s: end of %s" % (name, module["filename"]), number(module["end_addr"]),
                   number(same["end_addr"]))
            for key in ("filename", "code_id", "version"):
                expect("%s: %s of %s" % (name, key, module["filename"]), module[key], same[key])


def test_both_one_after_the_other(case):
    dump = os.path.join(case.source, "testdata", "wow64-fpo-null-write.dmp.gz")
    before = case.program.json("analyze", dump)
    slim, _ = case.extract("--slim", dump)
    os.rename(slim, case.path("slim.dmp"))
    after = case.program.json("analyze", case.extract("--wow64", case.path("slim.dmp"))[0])
    same_stack("slim and then wow64", before["crashing_thread"], after["crashing_thread"])


# ---- --slim ----

def full_dumps(case):
    """Dumps with full memory, ours and the corpus's."""
    for path in sorted(glob.glob(os.path.join(case.source, "testdata", "*.dmp.gz"))):
        if "-normal" not in path:
            yield path
    for name in CORPUS_FULL:
        if os.path.exists(os.path.join(case.corpus, name)):
            yield os.path.join(case.corpus, name)


def same_of_both(report):
    """What a report says, without what the file is and where symbols were looked for."""
    result = dict(report)
    del result["dump"]
    result["facts"] = {name: fact for name, fact in report["facts"].items()
                       if name not in ("dump.comment", "dump.full_memory")}
    # evidence may name our comment
    result["findings"] = [{key: value for key, value in finding.items() if key != "evidence"}
                          for finding in report["findings"]]
    result["modules"] = [{key: value for key, value in module.items() if key != "symbols"}
                         for module in report["modules"]]
    return result


def says_the_same(case, dump, full):
    """Makes a small dump of `dump`; returns what both have for bytes."""
    name = os.path.basename(dump)
    new, error = case.extract("--slim", dump)
    expect(name + ": standard error", error, "")
    before = case.program.json("analyze", dump, "--symbols", os.path.dirname(dump))
    after = case.program.json("analyze", new, "--symbols", os.path.dirname(dump))
    expect(name + ": full memory before", before["dump"]["memory"]["full"], full)
    expect(name + ": full memory after", after["dump"]["memory"]["full"], False)
    old, found = same_of_both(before), same_of_both(after)
    for key in old:
        expect("%s: %s" % (name, key), found[key], old[key])
    return before["dump"]["size"], after["dump"]["size"]


def test_slim_says_the_same(case):
    sizes = [says_the_same(case, dump, True) for dump in full_dumps(case)]
    large, small = (sum(column) for column in zip(*sizes))
    print("     %d KiB became %d KiB" % (large >> 10, small >> 10))
    if small * 2 > large:
        raise Failure("--slim leaves %d of %d bytes" % (small, large))


def small_dumps(case):
    for name in CORPUS_SMALL:
        if os.path.exists(os.path.join(case.corpus, name)):
            yield os.path.join(case.corpus, name)


def test_slim_of_small_dumps(case):
    for dump in small_dumps(case):
        large, small = says_the_same(case, dump, False)
        # a comment, a second list of memory, the first of which stays where it was
        if small > large + large // 100 + 1024:
            raise Failure("%s: %d bytes became %d" % (os.path.basename(dump), large, small))


# ---- other readers ----

def run_peer(*command):
    """What a reader prints; b"" for nothing."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=120, check=False).stdout.decode(
                              "utf-8", "replace")


def stackwalk_frames(text):
    """The program counters of the crashed thread as Breakpad and rust-minidump print them."""
    crashed = re.search(r"Thread \d+ .*\(crashed\)[^\n]*\n(.*?)(\n\n|\Z)", text, re.S)
    found = re.findall(r"eip = 0x([0-9a-f]+)", crashed[1]) if crashed else []
    return [int(pc, 16) for pc in found]


def lldb_frames(text):
    """The same as lldb's bt prints them."""
    stopped = re.search(r"\* thread #\d+.*?\n(.*?)(\n  thread |\n\(lldb\)|\Z)", text, re.S)
    found = re.findall(r"frame #\d+: 0x([0-9a-f]+)", stopped[1]) if stopped else []
    return [int(pc, 16) for pc in found]


PEERS = (
    ("Breakpad", ("minidump_stackwalk",), (), "CPU: x86", stackwalk_frames),
    ("rust-minidump", ("minidump-stackwalk",), ("--human",), "CPU: x86", stackwalk_frames),
    ("lldb", ("lldb", "lldb-19"), ("-b", "-o", "bt all", "-c"), "(i386)", lldb_frames),
)


def find_peer(names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    return None


def test_other_readers_find_the_same_frames(case):
    for title, names, options, cpu, parse in PEERS:
        peer = find_peer(names)
        if peer is None:
            print("     skipped: %s is not installed" % title)
            continue
        compared = 0
        for dump in case.wow64_dumps():
            name = "%s: %s" % (title, os.path.basename(dump))
            before = case.program.json("analyze", dump)
            new, _ = case.extract("--wow64", dump)
            text = run_peer(peer, *options, new)
            if cpu not in text:
                raise Failure("%s: does not take it for x86" % name)
            if before["crashing_thread"] is None:
                continue
            expected = [number(frame["instruction_pointer"])
                        for frame in before["crashing_thread"]["frames"]]
            # Further down they guess where avdump reads code and unwind data.
            count = 1
            while (count < len(expected) and
                   before["crashing_thread"]["frames"][count]["trust"] == "frame_pointer"):
                count += 1
            expect(name, parse(text)[:count], expected[:count])
            compared += count
        print("     %s: %d frames" % (title, compared))


def test_other_readers_find_the_same_in_small_dumps(case):
    """They read stacks through the thread list, which --slim has to correct."""
    for title, names, options, _, _ in PEERS[:2]:
        peer = find_peer(names)
        if peer is None:
            print("     skipped: %s is not installed" % title)
            continue
        compared = 0
        for dump in small_dumps(case):
            new, _ = case.extract("--slim", dump)
            old, found = (re.findall(r"(?:[er]ip|pc) = 0x[0-9a-f]+", run_peer(peer, *options, path))
                          for path in (dump, new))
            expect("%s: %s" % (title, os.path.basename(dump)), found, old)
            compared += len(old)
        print("     %s: %d frames" % (title, compared))


def main(arguments):
    Case.program = Program(arguments[0])
    Case.source, Case.corpus = arguments[1], arguments[2]
    tests = [function for name, function in sorted(globals().items()) if name.startswith("test_")]
    return run_cases(tests, Case)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
