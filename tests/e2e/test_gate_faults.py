#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""avdump gate when things go wrong: nothing is lost, and each is told of in one line.

usage: test_gate_faults.py AVDUMP TESTDATA
"""
import gzip
import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tarfile
import time
import zipfile

from gate_program import Failure, contains, expect, main

DUMP, OTHER = "x64-divide", "x64-wait"
MANY = 150  # dumps that take a while


def children(pid):
    """Process ids of the workers of a gate."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except (OSError, IndexError):
            continue
        if name.isdigit() and fields and int(fields[1]) == pid:
            found.append(int(name))
    return found


def state_of(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def wait_until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise Failure("waited %d s in vain until %s" % (seconds, what))


def slow_inputs(gate):
    """A folder that keeps a worker busy for as long as a test needs to find it."""
    for index in range(MANY):
        gate.write("many/%03d.dmp" % index, gate.dump(DUMP) + index.to_bytes(4, "little"))
    return "many"


def test_worker_killed(gate):
    folder = slow_inputs(gate)
    # A sanitizer would take the signal for a crash of its own and tell of it.
    process = gate.start("gate", "-j", "1", "-o", "json:out.json", folder,
                         ASAN_OPTIONS="handle_segv=0")
    for number in (signal.SIGSEGV, signal.SIGKILL):
        pid = wait_until("a worker works", lambda: children(process.pid))[0]
        os.kill(pid, number)
        wait_until("the worker is gone", lambda gone=pid: gone not in children(process.pid))
    code, _, err = gate.end(process)
    expect("standard error", err, "")
    found = json.loads(gate.read("out.json"))
    expect("dumps", found["dumps"], MANY)
    # A worker that dies between two dumps costs none.
    if found["failed"] > 2:
        raise Failure("two killed workers cost %d dumps" % found["failed"])
    for failure in found["failures"]:
        expect("outcome", failure["outcome"], "worker-died")
        contains("error", failure["error"], "ended by signal ")
    expect("exit code", code, 1)


def set_up(pid):
    """The workers that are set up, which a new process is not yet: they leave SIGINT to the parent."""
    found = []
    for child in children(pid):
        try:
            with open("/proc/%d/status" % child, encoding="ascii", errors="replace") as file:
                ignored = re.search(r"^SigIgn:\s*([0-9a-f]+)", file.read(), re.M)
        except OSError:
            continue
        if ignored and int(ignored[1], 16) >> (signal.SIGINT - 1) & 1:
            found.append(child)
    return found


def stopped(gate, *options):
    """A run whose only worker is stopped in the middle."""
    for _ in range(10):
        process = gate.start("gate", "-j", "1", "-o", "json:out.json", *options, slow_inputs(gate))
        pids = wait_until("a worker is set up or the run is over",
                          lambda: set_up(process.pid) or process.poll() is not None)
        if pids is not True:
            os.kill(pids[0], signal.SIGSTOP)
            return process, pids[0]
        gate.end(process) # faster than we can look
    raise Failure("no run took long enough to be stopped")


def test_hang(gate):
    process, pid = stopped(gate, "--timeout", "1")
    wait_until("the worker is replaced", lambda: pid not in children(process.pid))
    code, _, err = gate.end(process)
    found = json.loads(gate.read("out.json"))
    expect("standard error (exit code %d)" % code, err, "")
    expect("dumps", (found["dumps"], found["failed"]), (MANY, 1))
    expect("outcome", found["failures"][0]["outcome"], "timed-out")
    expect("error", found["failures"][0]["error"], "its analysis took longer than 1 seconds")


def test_memory(gate):
    """A worker that may take next to no memory reports each dump; the gate itself goes on."""
    gate.put("d/a.dmp", DUMP)
    gate.put("d/b.dmp", OTHER)
    found = gate.summary("-j", "1", "--max-memory", "1", "d")
    if found["failed"] == 0:
        return  # sanitizers need so much that the limit is not set
    expect("dumps", (found["dumps"], found["failed"]), (2, 2))
    for failure in found["failures"]:
        if failure["outcome"] not in ("out-of-memory", "worker-died"):
            raise Failure(str(failure))


def test_interrupted(gate):
    for number in (signal.SIGINT, signal.SIGTERM):
        process, pid = stopped(gate, "-o", "jsonl:lines.jsonl")
        process.send_signal(number)
        code, _, err = gate.end(process)
        expect("exit code after signal %d (%s)" % (number, err), code, 130)
        found = json.loads(gate.read("out.json"))
        expect("verdict", found["verdict"], "interrupted")
        lines = [json.loads(line) for line in gate.read("lines.jsonl").splitlines()]
        expect("lines", len(lines), found["dumps"])
        if found["dumps"] >= MANY:
            raise Failure("it was not interrupted")
        if os.path.exists("/proc/%d" % pid) and state_of(pid) != "Z":
            raise Failure("its worker still runs")
        resumed = gate.summary("--resume", "lines.jsonl", "many", code=1)
        expect("resumed", resumed["dumps"], MANY)
        os.remove(gate.path("out.json"))
        os.remove(gate.path("lines.jsonl"))


def test_control_c(gate):
    """A terminal sends the signal to the workers, too: only the gate obeys it."""
    folder = slow_inputs(gate)
    for index in range(600):  # so that it is not done before the signal comes
        os.link(gate.path("many/000.dmp"), gate.path("many/again-%03d.dmp" % index))
    process = gate.start("gate", "-j", "2", "-o", "json:out.json", "-o", "jsonl:lines.jsonl", folder,
                         own_group=True)
    wait_until("the workers work", lambda: len(children(process.pid)) == 2)
    os.killpg(process.pid, signal.SIGINT)
    code, out, err = gate.end(process)
    expect("exit code, output and complaints", (code, out, err), (130, "", ""))
    found = json.loads(gate.read("out.json"))
    expect("verdict", (found["verdict"], found["failed"]), ("interrupted", 0))
    expect("lines", len(gate.read("lines.jsonl").splitlines()), found["dumps"])
    resumed = gate.summary("--resume", "lines.jsonl", folder, code=1)
    expect("resumed", (resumed["dumps"], resumed["failed"]), (MANY + 600, 0))


def test_interrupted_baseline(gate):
    """What was not seen to its end does not become the baseline."""
    process, _ = stopped(gate, "--baseline", "known.jsonl", "--update-baseline")
    process.send_signal(signal.SIGINT)
    expect("exit code", gate.end(process)[0], 130)
    expect("a baseline", os.path.exists(gate.path("known.jsonl")), False)


def leftovers(gate):
    return [name for name in os.listdir(gate.folder) if name.startswith(".avdump")]


def test_killed(gate):
    """SIGKILL leaves no output that looks whole, and no worker."""
    process, pid = stopped(gate)
    process.kill()
    process.wait()
    try:
        wait_until("its worker is gone",
                   lambda: not os.path.exists("/proc/%d" % pid) or state_of(pid) == "Z", 20)
    finally:
        if os.path.exists("/proc/%d" % pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate()
    expect("an output", os.path.exists(gate.path("out.json")), False)


def test_full_disk(gate):
    gate.put("d/a.dmp", DUMP)
    if os.path.exists("/dev/full"):
        for kind in ("jsonl", "json", "table", "issues"):
            code, out, err = gate.run("gate", "-o", kind + ":/dev/full", "-o", "json:-", "d")
            expect("exit code with a full disk (%s)" % kind, code, 4)
            expect(kind, err, "avdump: /dev/full: cannot be written: No space left on device\n")
            expect("the other output is whole", json.loads(out)["dumps"], 1)
        with open("/dev/full", "wb") as full:
            code, _, err = gate.run("gate", "d", stdout=full)
        expect("exit code with a full disk (standard output)", code, 4)
        contains("standard error", err, "standard output: cannot be written: No space left")
    small = gate.make("small")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", small],
                             stderr=subprocess.DEVNULL, check=False).returncode == 0 \
        if shutil.which("mount") and os.geteuid() == 0 else False
    if not mounted:
        print("not tested: a small file system (needs root)")
        return
    try:
        code, out, err = gate.run("gate", "-o", "jsonl:small/lines.jsonl", "-o", "json:-", "d")
        expect("exit code with a small disk (%s)" % err, code, 4)
        expect("lines of standard error (%s)" % err, len(err.splitlines()), 1)
        contains("standard error", err, "small/lines.jsonl: ", "No space left on device")
        expect("the other output is whole", json.loads(out)["dumps"], 1)
        expect("files left on the small disk", os.listdir(small), [])
    finally:
        subprocess.run(["umount", small], check=True)


def test_output_kept(gate):
    """An output that cannot be written leaves the one of the last run alone."""
    gate.put("d/a.dmp", DUMP)
    gate.write("out.json", "of the last run")
    code, _, err = gate.run("gate", "-o", "json:out.json", "--baseline", "absent", "d")
    expect("exit code (%s)" % err, code, 3)
    expect("the output", gate.read("out.json"), "of the last run")
    expect("other files", leftovers(gate), [])


def test_output_by_another_name(gate):
    """A link leads to the dump, which stays; a device may be written to twice."""
    gate.put("crash.dmp", DUMP)
    os.symlink("crash.dmp", gate.path("link"))
    os.link(gate.path("crash.dmp"), gate.path("twin"))
    for name in ("link", "twin"):
        code, _, err = gate.run("gate", "-o", "json:" + name, "crash.dmp")
        expect("exit code of %s" % name, code, 2)
        contains(name, err, "--output would overwrite the input 'crash.dmp'")
    code, _, err = gate.run("gate", "-o", "json:/dev/null", "-o", "table:/dev/null", "crash.dmp")
    expect("exit code and standard error of a device", (code, err), (1, ""))


def test_closed_pipe(gate):
    gate.put("d/a.dmp", DUMP)
    reader, writer = os.pipe()
    os.close(reader)
    code, _, err = gate.run("gate", "-o", "table:-", "-o", "json:out.json", "d", stdout=writer)
    os.close(writer)
    expect("exit code", code, 4)
    expect("standard error", err, "avdump: standard output: cannot be written: Broken pipe\n")
    expect("the other output", json.loads(gate.read("out.json"))["dumps"], 1)


def test_reader_gone(gate):
    """A reader of lines that has seen enough, say head: the other outputs are whole."""
    folder = slow_inputs(gate)
    reader, writer = os.pipe()
    process = gate.start("gate", "-j", "2", "-o", "jsonl:-", "-o", "json:out.json", folder,
                         stdout=writer)
    os.close(writer)
    os.read(reader, 100)
    os.close(reader)
    code, _, err = gate.end(process)
    expect("exit code", code, 4)
    expect("standard error", err, "avdump: standard output: cannot be written: Broken pipe\n")
    expect("the other output", json.loads(gate.read("out.json"))["dumps"], MANY)


def test_unreadable_files(gate):
    gate.put("d/good.dmp", DUMP)
    os.symlink("nowhere", gate.path("dangling.dmp"))
    os.mkfifo(gate.path("pipe"))
    gate.write("d/empty.dmp", b"")
    gate.write("empty.dmp", b"")
    gate.write("text.dmp", "no dump at all")
    gate.write("d/cut.dmp", gate.dump(DUMP)[:20])
    found = gate.summary("d", "absent.dmp", "dangling.dmp", "pipe", "empty.dmp", "text.dmp",
                         "/dev/null", code=1)
    errors = {failure["name"]: failure["error"] for failure in found["failures"]}
    expect("dumps", (found["dumps"], found["failed"], found["ignored"]), (8, 7, 1))
    contains("absent.dmp", errors["absent.dmp"], "No such file")
    contains("dangling.dmp", errors["dangling.dmp"], "No such file")
    for name in ("pipe", "/dev/null"):
        expect(name, errors[name], "is neither a file nor a folder")
    for name in ("empty.dmp", "text.dmp", "d/cut.dmp"):
        if not errors[name] or "\n" in errors[name]:
            raise Failure("%s: %r" % (name, errors[name]))


def test_odd_files(gate):
    """What is in a folder and is no file is told of in a line, and never waited for."""
    gate.put("d/good.dmp", DUMP)
    os.mkfifo(gate.path("d/pipe.dmp"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(gate.path("d/socket"))
    os.symlink("nowhere", gate.path("d/dangling.dmp"))
    os.symlink("loop", gate.path("d/loop"))
    os.symlink("/dev/zero", gate.path("d/zeros"))
    os.symlink("good.dmp", gate.path("d/link.dmp"))
    os.symlink("..", gate.path("d/above"))  # entered, it would never end: passed over and counted
    no_file, no_target = "is neither a file nor a folder", "is a link that leads nowhere"
    expected = {"d/pipe.dmp": no_file, "d/socket": no_file, "d/zeros": no_file,
                "d/dangling.dmp": no_target, "d/loop": no_target}
    if os.geteuid() == 0:
        try:
            os.mknod(gate.path("d/device"), stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero
            expected["d/device"] = no_file
        except OSError as error:
            print("not tested: a device (%s)" % error)
    for options in ([], ["-j", "2"]):
        found = gate.summary(*options, "d", code=1)
        expect("what is told", {item["name"]: item["error"] for item in found["failures"]}, expected)
        expect("dumps", (found["dumps"], found["ignored"]), (2 + len(expected), 1))
    table = gate.run("gate", "d")[1]
    for name, error in expected.items():
        contains("the table", table, "\n  %s: %s\n" % (name, error))
    for path in ("d/pipe.dmp", "d/zeros"):
        for command in (["analyze"], ["gate"]):
            code, out, err = gate.run(*command, path)
            contains("%s %s" % (command, path), out + err, path + ": ")
            expect("exit code of %s %s" % (command, path), code, 3)


def test_no_permission(gate):
    """Files and folders that may not be read; root may read all, so somebody else has to try."""
    gate.put("d/closed/a.dmp", DUMP)
    gate.put("d/open/a.dmp", DUMP)
    gate.put("d/open/mine.dmp", DUMP)
    os.chmod(gate.path("d/open/mine.dmp"), 0)
    os.chmod(gate.path("d/closed"), 0)
    user = None
    if os.geteuid() == 0:
        user = 65534  # nobody
        os.chmod(gate.folder, 0o755)
    try:
        code, out, err = gate.end(gate.start("gate", "-o", "json:-", "d", user=user))
    except PermissionError:
        print("not tested: permissions (nobody may run %s)" % gate.program)
        return
    finally:
        os.chmod(gate.path("d/closed"), 0o700)
    expect("exit code (%s)" % err, code, 1)
    found = json.loads(out)
    expect("dumps", (found["dumps"], found["failed"]), (3, 2))
    errors = {item["name"]: item["error"] for item in found["failures"]}
    expect("names", sorted(errors), ["d/closed", "d/open/mine.dmp"])
    for name, error in errors.items():
        contains(name, error, "Permission denied")


def test_no_process(gate):
    """Where no process can be started, every dump says so, and nothing passes for analysed."""
    def no_more_processes():
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))

    def run(*arguments):
        # The search for leaks would need a process, too.
        code, out, err = gate.end(gate.start(*arguments, user=user, before=no_more_processes,
                                             ASAN_OPTIONS="detect_leaks=0"))
        # Of builds that measure what is gone through: nobody may not write that down.
        return code, out, "".join(line for line in err.splitlines(True)
                                  if not line.startswith("profiling:"))

    gate.put("d/a.dmp", DUMP)
    gate.put("d/b.dmp", OTHER)
    user = None
    if os.geteuid() == 0:
        user = 65534  # root is not limited
        os.chmod(gate.folder, 0o755)
    try:
        code, out, err = run("gate", "-o", "json:-", "--fail-on", "unreadable", "d")
    except PermissionError:
        print("not tested: no processes (nobody may run %s)" % gate.program)
        return
    expect("exit code and standard error", (code, err), (1, ""))
    found = json.loads(out)
    expect("dumps", (found["dumps"], found["failed"]), (2, 2))
    expect("failures", found["failures"],
           [{"name": "d/%s.dmp" % name, "outcome": "worker-died",
             "error": "no worker process can be started"} for name in "ab"])
    expect("analyze", run("analyze", "--timeout", "60", "d/a.dmp"),
           (4, "", "avdump: d/a.dmp: no process for it can be started: "
            "Resource temporarily unavailable\n"))


def test_bombs(gate):
    """Limits of ratio hold for dumps, for what is passed over, and for archives in archives."""
    zeros = gate.path("zeros")
    with open(zeros, "wb") as file:
        file.write(b"MDMP")
        file.truncate(300 << 20)
    with zipfile.ZipFile(gate.path("bomb.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.dmp", gate.dump(DUMP))
        archive.write(zeros, "bomb.dmp")
    with open(zeros, "r+b") as file:
        file.write(b"none")  # no dump any more: nothing that is asked for
    with tarfile.open(gate.path("passed-over.tar.gz"), "w:gz") as archive:
        archive.add(gate.path("zeros"), "bomb.txt")
    os.remove(zeros)
    with zipfile.ZipFile(gate.path("nested.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(gate.path("bomb.zip"), "bomb.zip")
    for name, dumps in (("bomb.zip", 2), ("passed-over.tar.gz", 1), ("nested.zip", 2)):
        found = gate.summary(name)
        expect(name, (found["dumps"], found["failed"]), (dumps, 1))
        contains(name, found["failures"][0]["error"], "more than 500 times its size")


def test_nesting(gate):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.dmp", gate.dump(DUMP))
    for depth in range(1, 4):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as archive:
            archive.writestr("level.zip", inner.getvalue())
        inner = outer
        gate.write("nested%d.zip" % depth, inner.getvalue())
    found = gate.summary("nested1.zip", code=1)
    expect("once nested", (found["dumps"], found["failed"]), (1, 0))
    expect("its name", found["buckets"][0]["example"], "nested1.zip!level.zip!a.dmp")
    for name in ("nested2.zip", "nested3.zip"):
        found = gate.summary(name, code=3)
        expect(name, found["failures"][0]["error"],
               "an archive in an archive in an archive; unpack it")


def test_cut_archives(gate):
    """What lies before the damage is analysed; the damage is told of."""
    data = os.urandom(70000)  # so that packing makes it no smaller
    files = {"0.dmp": gate.dump(DUMP), "1.dmp": gate.dump(OTHER) + data, "2.txt": data}
    with zipfile.ZipFile(gate.path("a.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    for name, mode in (("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tar.xz", "w:xz"),
                       ("a.tar.bz2", "w:bz2")):
        with tarfile.open(gate.path(name), mode) as archive:
            for entry_name, content in files.items():
                entry = tarfile.TarInfo(entry_name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    for name in ("a.zip", "a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2"):
        with open(gate.path(name), "rb") as file:
            whole = file.read()
        for share in (0.01, 0.4, 0.9):
            cut = gate.write("cut-%s-%s" % (share, name), whole[:int(len(whole) * share)])
            found = gate.summary(cut)
            if found["failed"] == 0:
                raise Failure("%s: nobody tells that it is cut: %s" % (cut, found))
            for failure in found["failures"]:
                if "\n" in failure["error"]:
                    raise Failure("more than one line: " + failure["error"])
    packed = gzip.compress(gate.dump(DUMP))
    found = gate.summary(gate.write("cut.dmp.gz", packed[:len(packed) // 2]))
    expect("a cut .dmp.gz", found["dumps"], 1)


if __name__ == "__main__":
    main([test_worker_killed, test_hang, test_memory, test_interrupted, test_control_c,
          test_interrupted_baseline, test_killed, test_full_disk, test_output_kept,
          test_output_by_another_name, test_closed_pipe, test_reader_gone, test_unreadable_files,
          test_odd_files, test_no_permission, test_no_process, test_bombs, test_nesting, test_cut_archives])
