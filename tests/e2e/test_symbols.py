# SPDX-License-Identifier: MIT
"""Real dumps with their PDBs and .sym files: functions, files, lines and nothing invented.

usage: test_symbols.py AVDUMP CORPUS TESTDATA
"""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from dump_symbols import with_symbols
from program import Failure, Program, expect, number, skip

MOZILLA = "mozilla-mdsw/pgo_data"
# A thread of each Mozilla dump as rust-minidump 0.27 shows it, all by call frame information: one
# that a Rust library started, so that code of Windows and of Mozilla is on it.
RUST_THREAD = [
    ("NtWaitForAlertByThreadId", None), ("RtlSleepConditionVariableSRW", None),
    ("SleepConditionVariableSRW", None), ("std::thread::park()", 885),
    ("std::sync::mpsc::blocking::WaitToken::wait()", 64),
    ("osclientcerts_static::manager::{{impl}}::new::{{closure}}"
     "(osclientcerts_static::manager::{{impl}}::new::closure-0)", 107),
    ("std::sys_common::backtrace::__rust_begin_short_backtrace<closure-0,tuple<>>"
     "(osclientcerts_static::manager::{{impl}}::new::closure-0)", 125),
    ("core::ops::function::FnOnce::call_once<closure-0,tuple<>>"
     "(std::thread::{{impl}}::spawn_unchecked::closure-0*)", 227),
    ("std::sys::windows::thread::{{impl}}::new::thread_start()", 56),
    ("BaseThreadInitThunk", None)]
CERTAIN = ("context", "cfi")

PDB_DUMPS = "kindtis-mcp/examples/cpp-crash-sample-%d/CppConsoleApplication"


def frames_of(program, dump, symbols):
    report = program.json("analyze", dump, "--offline", "--symbols", symbols)
    return report["crashing_thread"]["frames"]


def sigsegv(program, corpus):
    """6 of 6: crash <- foo <- main <- mainCRTStartup <- kernel32 <- ntdll."""
    folder = os.path.join(corpus, "llvm14/lldb/test/Shell/Minidump/Windows/Sigsegv/Inputs")
    frames = frames_of(program, os.path.join(folder, "sigsegv.dmp"),
                       os.path.join(folder, "sigsegv.pdb"))
    expect("modules", [frame["module"] for frame in frames],
           ["sigsegv.exe"] * 4 + ["kernel32.dll", "ntdll.dll"])
    expect("functions", [frame["function"] for frame in frames[:4]],
           ["crash", "foo", "main", "mainCRTStartup"])
    expect("trust", {frame["trust"] for frame in frames[1:5]}, {"cfi"})
    for frame in frames[:4]:
        expect("file of " + frame["function"], frame["file"][-len("sigsegv.cpp"):], "sigsegv.cpp")
    expect("line of the crash", frames[0]["line"], 22)


def chain_of_truth(path):
    """The program's own functions in the order of the ground truth, without the standard library."""
    with open(path, encoding="utf-8") as file:
        names = re.findall(r"rva 0x[0-9a-f]+ ([A-Za-z_]\w*::\w+)\+0x", file.read())
    return [name for name in names if not name.startswith("std::")]


def kindtis(program, corpus, number, innermost):
    base = os.path.join(corpus, PDB_DUMPS % number)
    frames = frames_of(program, base + ".dmp", base + ".pdb")
    found = [frame["function"] or "" for frame in frames]
    truth = chain_of_truth(os.path.join(corpus, "ground-truth",
                                        "kindtis-%d.pdb-symbols.txt" % number))
    expect("innermost function of sample %d" % number, innermost in found[0], True)
    # Everything of the program that avdump shows is in the truth, in its order.
    own = [name for name in found if name in truth]
    rest = iter(truth)
    for name in own:
        if name not in rest:
            raise Failure("sample %d: %s is not in the order of the truth" % (number, name))
    expect("at least four of the program's functions in sample %d" % number, len(own) >= 4, True)
    for frame in frames:
        if frame["function"] in truth:
            expect("line of " + frame["function"], (frame["line"] or 0) > 0, True)


def minidump2(program, corpus):
    folder = os.path.join(corpus, "breakpad/testdata")
    frames = frames_of(program, os.path.join(folder, "minidump2.dmp"),
                       os.path.join(folder, "symbols"))
    with open(os.path.join(folder, "minidump2.stackwalk.out"), encoding="utf-8") as file:
        text = file.read()
    thread0 = text[text.index("Thread 0 (crashed)"):text.index("Loaded modules:")]
    rows = re.findall(r"^ ?\d+  (\S+?)!(.+?) (?:\[(\S+) : (\d+) \+|\+ )", thread0, re.M)
    expect("frames of the published output", len(rows), 4)
    expect("functions, files and lines",
           [(frame["module"], frame["function"],
             re.split(r"[\\/]", frame["file"])[-1] if frame["file"] else "",
             str(frame["line"]) if frame["line"] else "") for frame in frames],
           [tuple(row) for row in rows])


def null_read(program, corpus):
    """A Linux program with STACK CFI, as Breakpad's stackwalker shows it: the last frame by address."""
    folder = os.path.join(corpus, "breakpad/testdata")
    frames = frames_of(program, os.path.join(folder, "linux_null_read_av.dmp"),
                       os.path.join(folder, "symbols"))
    expect("functions and lines", [(frame["function"], frame["line"]) for frame in frames[:3]],
           [("crash()", 18), ("main", 27), ("__libc_start_main", None)])
    expect("trust", [frame["trust"] for frame in frames[:3]], ["context", "cfi", "cfi"])
    expect("methods", [frame["method"] for frame in frames[1:3]], ["stack_cfi", "stack_cfi"])
    expect("place of the last frame", (frames[3]["module"], number(frames[3]["module_offset"])),
           ("null_read_av", 0x205c))


def qt(program, corpus):
    """What BugSplat's test expects of its dump: mainwindow.cpp : 18."""
    folder = os.path.join(corpus, "bugsplat/spec/support")
    frame = frames_of(program, os.path.join(folder, "minidump/minidump.dmp"),
                      os.path.join(folder, "symbols"))[0]
    expect("the crash", (frame["function"], os.path.basename(frame["file"]), frame["line"]),
           ("MainWindow::on_pushButton_clicked()", "mainwindow.cpp", 18))


def unreal(program, corpus):
    """The stack that the crashing process itself wrote gives modules, but no addresses in them: no
    frame may be too much, and few may be missing."""
    folder = os.path.join(corpus, "symbolic")
    with open(os.path.join(folder, "unreal_crash.CrashContext.runtime-xml"),
              encoding="utf-8-sig") as file:
        text = re.search(r"<CallStack>(.*?)</CallStack>", file.read(), re.S)[1]
    published = [row.split("!")[0] for row in text.splitlines()]
    expect("published frames", len(published), 16)
    report = program.json("analyze", os.path.join(folder, "unreal_crash.UE4Minidump.dmp"))
    rest = iter(["KERNELBASE"] + published)  # which raised the exception
    for frame in report["crashing_thread"]["frames"]:
        if not any(frame["module_name"] == module for module in rest):
            raise Failure("%s is not in the order of the published stack" % frame["module_name"])
    if len(report["crashing_thread"]["frames"]) < 14:  # its security cookies tell most of them
        raise Failure("only %d frames are found" % len(report["crashing_thread"]["frames"]))


def mozilla(program, corpus, name, method, thread_id):
    """STACK CFI (64 bits) and STACK WIN (32 bits) carry a stack, and nothing else does it so."""
    dump = os.path.join(corpus, MOZILLA, "minidumps", name + ".dmp")
    symbols = os.path.join(corpus, MOZILLA, "symbols")
    bare = program.json("analyze", dump, "--offline")
    report = program.json("analyze", dump, "--offline", "--symbols", symbols)
    expect("frames by %s without symbols" % method,
           [f for t in bare["threads"] for f in t["frames"] if f["method"] == method], [])
    thread, = [t for t in report["threads"] if t["thread_id"] == thread_id]
    frames = thread["frames"][:len(RUST_THREAD)]
    expect("functions and lines", [(f["function"], f["line"]) for f in frames], RUST_THREAD)
    # Out of the system call by its stub where that is 32-bit code; from there by symbols alone.
    expect("methods", {f["method"] for f in frames[2:]}, {method})
    expect("trust", {f["trust"] for f in frames[1:]}, {"cfi"})
    expect("function at the root", thread["frames"][-1]["function"].lstrip("_"),
           "RtlUserThreadStart")
    peer = shutil.which("minidump-stackwalk")
    if peer is None:
        print("     %s: rust-minidump's minidump-stackwalk is missing: not compared" % name)
        return
    output = subprocess.run([peer, "--json", "--symbols-path", symbols, dump], check=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    print("     %s: %d frames as rust-minidump has them" % (
        name, compare(report["threads"], json.loads(output)["threads"])))


def compare(ours, theirs):
    """How many frames both are certain of; up to there they must agree."""
    count = 0
    for mine, other in zip(ours, theirs):
        for frame, expected in zip(mine["frames"], other["frames"]):
            if frame["trust"] not in CERTAIN or expected["trust"] not in CERTAIN:
                break
            expect("frame of thread %d" % mine["thread_id"],
                   (number(frame["offset"]), frame["function"], frame["line"]),
                   (number(expected["offset"]), expected["function"], expected["line"]))
            count += 1
    return count


def linux_inline(program, corpus, testdata):
    """INLINE records in both forms. The corpus lacks the dump of this .sym, so that a module of ours
    is moved until the crash lies in its code. The rows are those of Breakpad's stackwalker."""
    folder = os.path.join(corpus, "breakpad/testdata/symbols/linux_inline",
                          "BBA6FA10B8AAB33D00000000000000000")
    inner = [("func()", "linux_inline.cpp", 9), ("bar()", "c.cpp", 32), ("foo()", "b.cpp", 39),
             ("main", "a.cpp", 42)]
    cases = (("new", 0x15b8d, inner), ("new", 0x15b72, [("bar()", "linux_inline.cpp", 31)] + inner[2:]),
             ("new", 0x15b56, [("foo()", "linux_inline.cpp", 37)] + inner[3:]),
             ("new", 0x15b30, [("main", "linux_inline.cpp", 41)]),
             # The older form does not tell the file of the outermost call.
             ("old", 0x15b8d, [("func()", "linux_inline.cpp", 9), ("bar()", "linux_inline.cpp", 32),
                               ("foo()", "linux_inline.cpp", 39), ("main", None, None)]))
    with gzip.open(os.path.join(testdata, "x64-null-read-normal.dmp.gz")) as file:
        dump = file.read()
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "inline.dmp")
        for form, address, rows in cases:
            with open(path, "wb") as file:
                file.write(with_symbols(dump, "linux_inline", "BBA6FA10B8AAB33D0000000000000000", 0,
                                        image_size=0x20000, base=0x140001537 - address))
            frame = frames_of(program, path,
                              os.path.join(folder, "linux_inline.%s.sym" % form))[0]
            expect("rows at 0x%x (%s)" % (address, form),
                   [(row["function"], row["file"], row["line"])
                    for row in (frame["inlines"] or []) + [frame]], rows)


def main():
    program, corpus, testdata = Program(sys.argv[1]), sys.argv[2], sys.argv[3]
    failures = 0

    if not os.path.isdir(corpus):
        skip("the corpus of real dumps is not at " + corpus)
    for name, check in (("sigsegv", lambda: sigsegv(program, corpus)),
                        ("kindtis 2", lambda: kindtis(program, corpus, 2, "operator[]")),
                        ("kindtis 4", lambda: kindtis(program, corpus, 4, "GetWorldPosition")),
                        ("minidump2", lambda: minidump2(program, corpus)),
                        ("linux_null_read_av", lambda: null_read(program, corpus)),
                        ("BugSplat's Qt program", lambda: qt(program, corpus)),
                        ("unreal", lambda: unreal(program, corpus)),
                        ("Mozilla, 64 bits", lambda: mozilla(program, corpus, "windows-x86_64",
                                                             "stack_cfi", 12732)),
                        ("Mozilla, 32 bits", lambda: mozilla(program, corpus, "windows-x86",
                                                             "frame_data", 12280)),
                        ("INLINE records", lambda: linux_inline(program, corpus, testdata))):
        try:
            check()
            print("ok   " + name)
        except Failure as failure:
            print("FAIL %s: %s" % (name, failure))
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
