# SPDX-License-Identifier: MIT
"""What is known of single dumps of the corpus beyond the numbers of MANIFEST.md.

Addresses and names are read from the files that come with the corpus (WOW64-FACTS.md, Breakpad's
own output), so that nothing of them is copied here.
"""
import os
import re

from program import Failure, expect, exports, number

# "00 77ce01fd SysWOW64\ntdll+0x201fd   ZwWaitForMultipleObjects+0x15"
FRAME32 = re.compile(r"(\d\d) ([0-9a-f]{8}) (\S+)\+0x([0-9a-f]+) +(.*)")
# "00 sp 20e518 ip 75542e09 wow64cpu+0x2e09   (CpupSyscallStub+9)"
FRAME64 = re.compile(r"(\d\d) sp ([0-9a-f]+) ip ([0-9a-f]+) (\S+)\+0x([0-9a-f]+) +(.*)")
# An export name; names in parentheses are private ones that no export table has.
EXPORT = re.compile(r"(\w+)(?:\(\w+\))?\+0x([0-9a-f]+)")


def read(corpus, *parts):
    with open(os.path.join(corpus, *parts), encoding="utf-8") as file:
        return file.read()


def same_export(found, name, offset):
    """Nt... and Zw... are two names of one function."""
    return found is not None and found[1] == offset and (
        found[0] == name or found[0][:2] + name[:2] in ("NtZw", "ZwNt") and found[0][2:] == name[2:])


def check_export(where, frame, words):
    """Compares the name if the facts give one; returns how many were compared."""
    match = EXPORT.match(words)
    if match is None:
        return 0
    if not same_export(exports(frame), match[1], int(match[2], 16)):
        raise Failure("%s: found %s, expected %s" % (where, exports(frame), match[0]))
    if frame["function_source"] != "exports" or not frame["function_approximate"]:
        raise Failure(where + ": not marked as the nearest export")
    return 1


def threads_start(report, key, end_key, last):
    """All stacks under `key` are complete, with RtlUserThreadStart among the last frames."""
    for index, thread in enumerate(report["threads"]):
        where = "thread %d %s" % (index, key)
        expect(where + " end", thread[end_key]["reason"], "complete")
        names = [frame["function"] for frame in thread[key][-last:]]
        if "RtlUserThreadStart" not in names:
            raise Failure("%s: ends in %s, not in RtlUserThreadStart" % (where, names))


def recovered(report, state, code, address, access, module, offset):
    """Thread 0 has an exception that the dump does not store."""
    crash, exception = report["crash_info"], report["exception"]
    expect("exceptions on stacks", [(found["threads_index"], found["state"], found["is_exception"])
                                    for found in report["exceptions"]], [(0, state, True)])
    expect("source", crash["source"], "recovered")
    expect("crashing thread", crash["crashing_thread"], 0)
    expect("code", number(exception["code"]), code)
    expect("access", (number(crash["address"]), exception["access"]), (address, access))
    expect("place", (exception["module"], number(exception["module_offset"])), (module, offset))
    expect("place of the first frame", number(
        report["crashing_thread"]["frames"][0]["instruction_pointer"]),
        number(exception["address"]))
    expect("null-data-pointer", "null-data-pointer" in [
        finding["id"] for finding in report["findings"]], True)


def fizzbuzz_wow64(report, corpus, said):
    facts = read(corpus, "WOW64-FACTS.md")
    thread = report["threads"][0]
    frames, native = thread["frames"], thread["native_frames"]
    expected32, expected64 = FRAME32.findall(facts), FRAME64.findall(facts)
    names = 0

    expect("32-bit frames of the facts", len(expected32), 10)
    expect("64-bit frames of the facts", len(expected64), 7)
    expect("64-bit frames", len(native), len(expected64))
    # The facts follow the chain of frame pointers, which leads past the exception's dispatch: from
    # the filter straight to the frame of the handler. What was called between stands there now.
    rest = iter(frames)
    for index, pc, module, offset, words in expected32:
        where = "32-bit frame " + index
        frame = next((frame for frame in rest
                      if number(frame["instruction_pointer"]) == int(pc, 16)), None)
        if frame is None:
            raise Failure("%s: %s is not on the stack in its order" % (where, pc))
        expect(where + " offset in " + module, number(frame["instruction_pointer"])
               - number(report["modules"][frame["modules_index"]]["base_addr"]), int(offset, 16))
        names += check_export(where, frame, words)
    for frame, (index, sp, pc, module, offset, words) in zip(native, expected64):
        where = "64-bit frame " + index
        expect(where, (number(frame["stack_pointer"]), number(frame["instruction_pointer"])),
               (int(sp, 16), int(pc, 16)))
        names += check_export(where, frame, words)
    faulting = [frame for frame in frames[1:] if frame["exact"]]
    expect("the instruction whose exception is handled", [
        (frame["module"], frame["trust"]) for frame in faulting], [("fizzbuzz.exe", "context")])
    # EXCEPTION_RECORD at 0x37f904, CONTEXT at 0x37f954, mov eax, [eax] with eax 0 (read by hand).
    recovered(report, "unhandled", 0xc0000005, 0, "read", "fizzbuzz.exe", 0x115a)
    expect("registers of the exception", {name: number(value) for name, value in
           report["crashing_thread"]["frames"][0]["registers"].items()
           if name in ("eax", "ecx", "esp", "eip")},
           {"eax": 0, "ecx": 0xe61578, "esp": 0x37fdb8, "eip": 0xe3115a})
    expect("end of the 32-bit stack", thread["stack_end"]["reason"], "complete")
    expect("end of the 64-bit stack", thread["native_stack_end"]["reason"], "complete")
    expect("pid", report["pid"], 0x1E9C)
    expect("the two ntdll", sorted(module["display_name"] for module in report["modules"]
                                   if module["filename"] == "ntdll.dll"),
           ["ntdll", "ntdll_77cc0000"])
    expect("fizzbuzz.exe is listed twice", [module["duplicate"] for module in report["modules"]
                                            if module["filename"] == "fizzbuzz.exe"],
           [False, True])
    expect("virtualized-process", [finding["id"] for finding in report["findings"]
                                   if finding["id"] == "virtualized-process"],
           ["virtualized-process"])
    said.append("10 + 7 frames of WOW64-FACTS.md with %d export names, pid 0x1e9c, ntdll_77cc0000, "
                "virtualized-process" % names)


def minidump2(report, corpus, said):
    text = read(corpus, "breakpad", "testdata", "minidump2.stackwalk.out")
    thread0 = text.split("Thread 0")[1].split("Thread 1")[0].split("Loaded modules")[0]
    expected = [int(pc, 16) for pc in re.findall(r"eip = 0x([0-9a-f]+)", thread0)]
    places = re.findall(r"^ *\d+ +([^!\n]+)!", thread0, re.MULTILINE)
    stacks = [int(esp, 16) for esp in re.findall(r"esp = 0x([0-9a-f]+)", thread0)]
    frames = report["threads"][0]["frames"]

    expect("frames of Breakpad's output", len(expected), 4)
    expect("frames", [number(frame["instruction_pointer"]) for frame in frames], expected)
    expect("modules", [frame["module"] for frame in frames], places)
    # Breakpad's stack pointer of a caller is behind the return address, as ours.
    expect("stack pointers", [number(frame["stack_pointer"]) for frame in frames], stacks)
    expect("reason", report["crash_info"]["type"], re.search(r"Crash reason: +(\S+)", text)[1])
    expect("address", number(report["crash_info"]["address"]),
           number(re.search(r"Crash address: +(\S+)", text)[1]))
    said.append("4 frames, reason and address of minidump2.stackwalk.out")


def crash_address_32bit(report, corpus, said):
    del corpus
    expect("address", report["crash_info"]["address"], "0x00000045")
    said.append("crash address cut to 32 bits")


def x64_thread_starts(report, corpus, said):
    del corpus
    threads_start(report, "frames", "stack_end", 1)
    said.append("%d stacks to RtlUserThreadStart" % len(report["threads"]))


def wow64_thread_starts(report, corpus, said):
    del corpus
    # Wine's ntdll calls RtlUserThreadStart from a function that is not exported.
    threads_start(report, "frames", "stack_end", 2)
    for index, thread in enumerate(report["threads"]):
        expect("thread %d" % index, thread["cpu_arch"], "x86")
        expect("thread %d native end" % index, thread["native_stack_end"]["reason"], "complete")
    if "virtualized-process" not in [finding["id"] for finding in report["findings"]]:
        raise Failure("no virtualized-process")
    # crash.c: inner reads through (int *)0x10; the filter for what is unhandled waits.
    recovered(report, "unhandled", 0xc0000005, 0x10, "read", "crash32.exe", 0x15e6)
    said.append("%d 32-bit stacks to RtlUserThreadStart; the exception is recovered" %
                len(report["threads"]))


# Dumps without a usable exception stream whose exception is on a stack.
RECOVERED = ("llvm14/lldb/unittests/Process/minidump/Inputs/fizzbuzz_wow64.dmp",
             "wine-lab/w10_wow64_full_s2.dmp")

SPECIAL = {
    "breakpad/testdata/minidump2.dmp": minidump2,
    "breakpad/testdata/minidump_32bit_crash_addr.dmp": crash_address_32bit,
    "llvm14/lldb/unittests/Process/minidump/Inputs/fizzbuzz_wow64.dmp": fizzbuzz_wow64,
    "wine-lab/w10_c64_oop_full_s2.dmp": x64_thread_starts,
    "wine-lab/w10_wow64_full_s2.dmp": wow64_thread_starts,
}
