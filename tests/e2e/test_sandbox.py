#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--sandbox, --timeout and --max-memory: the same answers, and nothing else gets out.

usage: test_sandbox.py AVDUMP TESTDATA
"""
import glob
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from program import Failure, Program, expect

NOTE = "avdump: note: --sandbox: this system has no "


def said(result):
    return result.stderr.decode("utf-8", "replace")


def is_confined(program, dump):
    """Whether this system can confine at all; where it cannot, avdump says so."""
    note = said(program.run("info", "--sandbox", dump))
    if not note:
        return True
    if not note.startswith(NOTE):
        raise Failure("info --sandbox says: " + note)
    print("skipped: what is refused (%s)" % note.splitlines()[0])
    return False


def check_same_answers(program, dumps):
    for command in (["analyze"], ["analyze", "--json"], ["info"], ["symbols"], ["stack", "--all"],
                    ["modules"], ["memory"], ["strings", "-n", "20"]):
        for options in (["--sandbox"], ["--timeout", "600"], ["--max-memory", "4096"]):
            dump = dumps[(len(command) + len(options)) % len(dumps)]
            plain = program.run(*command, dump)
            limited = program.run(*command, *options, dump)
            expect("output of %s %s" % (command, options), limited.stdout, plain.stdout)
            expect("its exit code", limited.returncode, plain.returncode)
    for command in (["analyze"], ["analyze", "--json", "--compact", "--fail-on", "warning"]):
        plain = program.run(*command, *dumps)
        limited = program.run(*command, "--sandbox", *dumps)
        expect("output over all dumps", limited.stdout, plain.stdout)
        expect("exit code over all dumps", limited.returncode, plain.returncode)
    # The one that cannot be opened costs no other.
    result = program.run("analyze", "--sandbox", "missing.dmp", dumps[0])
    expect("exit code with a missing one", result.returncode, 3)
    if b"==> " + os.fsencode(dumps[0]) + b" <==" not in result.stdout:
        raise Failure("the dump after a missing one was not analysed")
    lines = [program.run("gate", *options, "-q", "--fail-on", "never", "-o", "jsonl:-", *dumps)
             for options in ([], ["--sandbox"])]
    expect("the gate's lines", lines[1].stdout, lines[0].stdout)


def needed(program, dump):
    words = said_out(program.run("symbols", "--list-needed", dump)).split()
    return words[0], words[1]


def said_out(result):
    return result.stdout.decode("utf-8")


def loaded(program, name, *options):
    modules = program.json("symbols", *options)["modules"]
    return [m["loaded_symbols"] for m in modules if m["debug_file"] == name]


def check_files(program, dump, folder):
    """A file of symbols that lies elsewhere, and is linked to from where avdump looks."""
    name, identifier = needed(program, dump)
    stem = os.path.splitext(name)[0]
    for place in ("inside", "elsewhere"):
        os.mkdir(os.path.join(folder, place))
    real = os.path.join(folder, "elsewhere", "other.sym")
    with open(real, "w", encoding="utf-8") as file:
        file.write("MODULE windows x86_64 %s %s\nFUNC 1000 1000 0 f\n" % (identifier, name))
    link = os.path.join(folder, "inside", stem + ".sym")
    os.symlink(real, link)
    where = ["--symbols", os.path.dirname(link)]
    expect("a linked file's symbols", loaded(program, name, dump, *where), [True])
    expect("the same in the sandbox", loaded(program, name, dump, *where, "--sandbox"), [False])
    os.remove(link)
    os.rename(real, link)
    expect("a file of the folder", loaded(program, name, dump, *where, "--sandbox"), [True])


def check_connections(program, dump, folder):
    """A symbol server hears of a run, but of none in the sandbox."""
    calls = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            connection, _ = server.accept()
            calls.append(1)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    path = "srv*%s*http://127.0.0.1:%d/" % (os.path.join(folder, "cache"), server.getsockname()[1])
    program.run("symbols", "--symbols", path, "--sandbox", dump)
    expect("connections out of the sandbox", len(calls), 0)
    if os.path.exists(os.path.join(folder, "cache")):
        raise Failure("a folder was made in the sandbox")
    program.run("symbols", "--symbols", path, dump)
    if not calls:
        print("skipped: connections (this avdump asks no servers)")


def check_ceilings(program, dump):
    fed, feed = os.pipe()
    begin = time.monotonic()
    result = subprocess.run([program.path, "analyze", "--timeout", "1", "-", dump], stdin=fed,
                            capture_output=True, timeout=60, check=False)
    os.close(feed)
    os.close(fed)
    expect("what is said of a dump that never ends", said(result),
           "avdump: standard input: the analysis took longer than 1 s and was ended (--timeout)\n")
    expect("its exit code", result.returncode, 3)
    if b"==> " + os.fsencode(dump) not in result.stdout:
        raise Failure("the dump after it was not analysed")
    if time.monotonic() - begin < 1:
        raise Failure("the time was not used up")
    result = subprocess.run([program.path, "analyze", "--max-memory", "1", dump],
                            capture_output=True, timeout=60, check=False)
    if result.returncode == 0:
        print("skipped: memory (a sanitizer needs more than any limit)")
        return
    expect("what is said of memory", said(result), "avdump: %s: out of memory\n" % dump)
    expect("its exit code", result.returncode, 4)


def check_extract(program, folder, wow64):
    """The new dump is the same, and appears whole: what is confined has no part in giving it its name."""
    plain, limited = (os.path.join(folder, name) for name in ("plain.dmp", "limited.dmp"))
    for what in ("--slim", "--wow64"):
        program.run("extract", what, "--force", wow64, plain)
        for option in ("--sandbox", "--timeout=600", "--max-memory=4096"):
            result = program.run("extract", what, option, "--force", wow64, limited)
            expect("exit code of extract %s %s (%s)" % (what, option, said(result)),
                   result.returncode, 0)
            expect("its dump", read(limited), read(plain))
            os.remove(limited)
    expect("to standard output", program.run("extract", what, "--sandbox", wow64, "-").stdout,
           read(plain))
    result = subprocess.run([program.path, "extract", "--slim", "--max-memory", "1", wow64, limited],
                            capture_output=True, timeout=60, check=False)
    if result.returncode != 0:
        expect("what is said of memory", said(result), "avdump: %s: out of memory\n" % wow64)
    else:
        os.remove(limited)  # a sanitizer needs more than any limit
    expect("exit code for a missing one",
           program.run("extract", "--slim", "--sandbox", "missing.dmp", limited).returncode, 3)
    if os.path.exists(limited) or [name for name in os.listdir(folder) if name.startswith(".")]:
        raise Failure("extract leaves a file after a failure")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def check_crash(program, dump):
    """A dump whose process is ended costs itself."""
    if not os.path.exists("/proc/self/task/%d/children" % os.getpid()):
        print("skipped: a crash (no /proc with children)")
        return
    fed, feed = os.pipe()
    run = subprocess.Popen([program.path, "analyze", "--json", "--compact", "--sandbox", "-", dump],
                           stdin=fed, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not children(run.pid):
        if time.monotonic() > deadline:
            raise Failure("no process was started for a dump")
        time.sleep(0.01)
    os.kill(children(run.pid)[0], signal.SIGKILL)
    out, err = run.communicate(timeout=60)
    os.close(feed)
    os.close(fed)
    expect("what is said of a crash", err.decode("utf-8"),
           "avdump: standard input: the analysis was ended by signal 9 (Killed)\n")
    expect("exit code", run.returncode, 3)
    expect("documents", [line[:14] for line in out.splitlines()],
           [b'{"status":"ERR', b'{"status":"OK"'])


def main():
    program = Program(sys.argv[1])
    dumps = sorted(glob.glob(os.path.join(sys.argv[2], "*.dmp.gz")))
    dump = os.path.join(sys.argv[2], "x64-null-read.dmp.gz")
    os.environ["XDG_CACHE_HOME"] = "/nonexistent"
    confined = is_confined(program, dump)
    if confined:
        check_same_answers(program, dumps)
        with tempfile.TemporaryDirectory(prefix="avdump-sandbox-") as folder:
            check_files(program, dump, folder)
            check_connections(program, dump, folder)
    with tempfile.TemporaryDirectory(prefix="avdump-sandbox-") as folder:
        check_extract(program, folder, os.path.join(sys.argv[2], "wow64-null-read.dmp.gz"))
    check_ceilings(program, dump)
    check_crash(program, dump)
    print("%d dumps" % len(dumps))


if __name__ == "__main__":
    main()
