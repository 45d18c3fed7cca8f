#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The Windows program under Wine against the one of this machine: the same bytes out for the same bytes
in; and the package that people unpack, with names that no code page holds.

usage: test_windows.py PROGRAM HOST_PROGRAM BUILD_DIR TESTDATA CORPUS

PROGRAM is a script that runs avdump.exe under Wine, HOST_PROGRAM an avdump of this machine.
"""
import glob
import gzip
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

from named_archives import NAME, make_archives
from program import Failure, expect, run_cases, skip

CORPUS_BYTES = 3 << 20  # of the smallest dumps: what Wine reads costs time
AT_ONCE = 25            # dumps of one run
MANY = 300              # dumps that a gate is busy with for seconds
WHOLE_GATE = 120        # seconds for them
SYSTEM_LIBRARIES = {"advapi32.dll", "bcrypt.dll", "kernel32.dll", "msvcrt.dll"}


class Case:
    def __init__(self, program, host, build, testdata, corpus):
        self.program, self.host, self.build = program, host, build
        self.testdata, self.corpus = testdata, corpus
        self.folder = tempfile.mkdtemp(prefix="avdump-windows-")

    def close(self):
        shutil.rmtree(self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)


def run(program, arguments, folder, **environment):
    return subprocess.run([program, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **environment})


def expect_same(case, arguments, folder, program=None):
    ours = run(program or case.program, arguments, folder)
    theirs = run(case.host, arguments, folder)
    what = "avdump " + " ".join(arguments[:4])
    expect(what + ": exit code", ours.returncode, theirs.returncode)
    expect(what + ": standard error", ours.stderr, theirs.stderr)
    if ours.stdout != theirs.stdout:
        pairs = zip(ours.stdout.split(b"\n"), theirs.stdout.split(b"\n"))
        first = next(((i, a, b) for i, (a, b) in enumerate(pairs, 1) if a != b), "its length")
        raise Failure("%s: standard output differs at %s" % (what, first))
    return ours


def compare_reports(case, dumps, folder):
    for start in range(0, len(dumps), AT_ONCE):
        for form in ("text", "json", "html"):
            expect_same(case, ["analyze", "--format", form, *dumps[start:start + AT_ONCE]], folder)


def same_reports_of_testdata(case):
    dumps = sorted(glob.glob(os.path.join(case.testdata, "*.dmp.gz")))
    if not dumps:
        raise Failure("no dumps in " + case.testdata)
    compare_reports(case, [os.path.basename(dump) for dump in dumps], case.testdata)


def same_reports_of_real_dumps(case):
    dumps = sorted(glob.glob(os.path.join(case.corpus, "**", "*.dmp"), recursive=True),
                   key=os.path.getsize)
    total = 0
    chosen = []
    for dump in dumps:
        total += os.path.getsize(dump)
        if total <= CORPUS_BYTES:
            chosen.append(os.path.relpath(dump, case.corpus))
    if not chosen:
        print("     no real dumps here: not compared")
    compare_reports(case, chosen, case.corpus)


def same_answers_of_other_commands(case):
    dump = "x64-null-read.dmp.gz"
    for arguments in (["info", dump], ["threads", dump], ["modules", "--format", "json", dump],
                      ["stack", dump], ["memory", dump], ["facts", dump], ["rules", "list"],
                      ["symbols", dump], ["strings", dump], ["--version"], ["help"],
                      ["analyze", "none.dmp"], ["analyze", "."], ["analyze", "--wrong", dump],
                      ["analyze", "--thread", "x", dump]):
        expect_same(case, arguments, case.testdata)


def same_verdict_of_a_gate(case):
    for workers in ("1", "3"):
        expect_same(case, ["gate", "-j", workers, "--output", "json:-", "."], case.testdata)


def standard_input(case):
    with open(os.path.join(case.testdata, "x86-null-read.dmp.gz"), "rb") as stream:
        data = stream.read()
    answers = [subprocess.run([program, "analyze", "-"], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300, check=False)
               for program in (case.program, case.host)]
    expect("exit code", answers[0].returncode, 0)
    expect("standard output", answers[0].stdout, answers[1].stdout)


def same_answers_of_a_server(case):
    """Asked through WinHTTP, a server that has nothing is told of as libcurl does."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cache = case.path("cache")
    answers, requests = [], []
    for program in (case.program, case.host):
        answer = run(program, ["symbols", "--symbols", "srv*%s*http://127.0.0.1:%d/s" % (
            cache, server.server_port), "x64-null-read.dmp.gz"], case.testdata)
        answers.append((answer.returncode, answer.stderr, answer.stdout))
        requests.append(sorted(asked))
        asked.clear()
        shutil.rmtree(cache, ignore_errors=True)
    server.shutdown()
    expect("the server was asked", bool(requests[0]), True)
    expect("requests", requests[0], requests[1])
    expect("avdump symbols", answers[0], answers[1])


def a_gate_survives_its_workers(case):
    """One dump takes its worker's time, the others have answers; no worker outlives the run."""
    shutil.copy(os.path.join(case.testdata, "x64-wait.dmp.gz"), case.path("a.dmp.gz"))
    with open(case.path("b.dmp"), "wb") as stream:
        stream.write(b"MDMP\x93\xa7\0\0")
    expect_same(case, ["gate", "-j2", "--timeout", "60", "--output", "json:-", "."], case.folder)


def processes(case):
    """Those of avdump.exe that have the case's folder on their command lines."""
    found = set()
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/cmdline" % name, "rb") as stream:
                words = stream.read().split(b"\0")
        except OSError:
            continue
        if (any(word.endswith(b"avdump.exe") for word in words) and
                os.fsencode(case.path("many")) in words):
            found.add(int(name))
    return found


def start_gate(case, *options):
    """A gate that is busy with many dumps, as Popen, and the process of its only worker."""
    os.mkdir(case.path("many"))
    for index in range(MANY):
        shutil.copy(os.path.join(case.testdata, "x64-null-read.dmp.gz"),
                    case.path("many", "%03d.dmp.gz" % index))
    gate = subprocess.Popen([case.program, "gate", "-j1", *options, "--output", "jsonl:-",
                             "--output", "json:" + case.path("out.json"), case.path("many")],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    # Before the first answer a process may be there that Wine still makes one of.
    workers = processes(case) - {gate.pid} if gate.stdout.readline() else ()
    if len(workers) != 1:
        raise Failure("%d workers: %s" % (len(workers), gate.communicate(timeout=WHOLE_GATE)[1]))
    return gate, workers.pop()


def end_gate(case, gate, code):
    """Its summary."""
    try:
        _, err = gate.communicate(timeout=WHOLE_GATE)
    except subprocess.TimeoutExpired:
        for pid in processes(case):
            os.kill(pid, signal.SIGKILL)
        raise Failure("the gate hangs") from None
    expect("exit code (%s)" % err.decode("utf-8", "replace"), gate.returncode, code)
    with open(case.path("out.json"), encoding="utf-8") as stream:
        return json.load(stream)


def stop_worker(worker):
    """It stands still at a dump: if it was done with one, the next is on its way to it."""
    os.kill(worker, signal.SIGSTOP)
    time.sleep(0.5)


def an_interrupt(case):
    """What was done until Ctrl-C is told of, and the worker is ended."""
    gate, _ = start_gate(case)
    os.kill(gate.pid, signal.SIGINT) # Wine makes a console's event of it
    found = end_gate(case, gate, 130)
    expect("verdict", found["verdict"], "interrupted")
    if found["dumps"] >= MANY:
        raise Failure("it was not interrupted")
    expect("processes left", processes(case), set())


def a_worker_that_dies(case):
    gate, worker = start_gate(case)
    stop_worker(worker)
    os.kill(worker, signal.SIGKILL)
    found = end_gate(case, gate, 1)
    expect("dumps", (found["dumps"], found["failed"]), (MANY, 1))
    failure = found["failures"][0]
    expect("outcome", failure["outcome"], "worker-died")
    if not failure["error"].startswith("the worker that analysed it "):
        raise Failure(failure["error"])


def a_worker_that_hangs(case):
    gate, worker = start_gate(case, "--timeout", "3")
    stop_worker(worker)
    try:
        found = end_gate(case, gate, 1)
    finally:
        if worker in processes(case):
            os.kill(worker, signal.SIGKILL) # Wine ends a stopped process when it goes on
    expect("dumps", (found["dumps"], found["failed"]), (MANY, 1))
    expect("failure", (found["failures"][0]["outcome"], found["failures"][0]["error"]),
           ("timed-out", "its analysis took longer than 3 seconds"))


def limits(case):
    """Each dump in a process of its own: the same answers, in their order, also into a file."""
    dumps = ["x64-null-read.dmp.gz", "none.dmp", "x86-null-read.dmp.gz"]
    os.mkdir(case.path("rules"))
    with open(case.path("rules", "bad.yaml"), "w") as stream:
        stream.write("id: x\n")
    for options in (["--timeout", "600"], ["--max-memory", "4096", "--json"],
                    ["--timeout", "600", "--rules", case.path("rules")]):
        expect_same(case, ["analyze", *options, *dumps], case.testdata)
    reports = []
    for program in (case.program, case.host):
        report = case.path("report.txt")
        answer = run(program, ["info", "--timeout", "600", "-o", report, *dumps], case.testdata)
        with open(report, "rb") as stream:
            reports.append((answer.returncode, answer.stderr, stream.read()))
    expect("a report under limits", reports[0], reports[1])


def names_in_archives(case):
    with gzip.open(os.path.join(case.testdata, "x64-null-read.dmp.gz")) as stream:
        expected = make_archives(case.folder, stream.read())
    answer = expect_same(case, ["gate", "-q", "--output", "jsonl:-", "."], case.folder)
    expect("names", sorted(json.loads(line)["gate"]["name"]
                           for line in answer.stdout.decode("utf-8").splitlines()), expected)


def a_dump_that_never_ends(case):
    """It is ended, and the dump after it has its answer."""
    answers = []
    for program in (case.program, case.host):
        fed, feed = os.pipe()
        answer = subprocess.run([program, "analyze", "--timeout", "3", "-", "x86-null-read.dmp.gz"],
                                stdin=fed, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                timeout=300, check=False, cwd=case.testdata)
        os.close(feed)
        os.close(fed)
        answers.append((answer.returncode, answer.stderr, answer.stdout))
    expect("what is said of it", answers[1][1], b"avdump: standard input: the analysis took longer "
           b"than 3 s and was ended (--timeout)\n")
    expect("a dump that never ends", answers[0], answers[1])


def package(case):
    """Unpacked where no code page and no MAX_PATH helps, it still answers."""
    made = subprocess.run(["cpack", "-G", "ZIP", "-B", case.folder], cwd=case.build,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    archives = glob.glob(case.path("*.zip"))
    if made.returncode != 0 or len(archives) != 1:
        raise Failure("cpack: %s" % made.stdout.decode("utf-8", "replace")[-500:])
    place = case.path(NAME)
    with zipfile.ZipFile(archives[0]) as archive:
        archive.extractall(place)
    programs = glob.glob(os.path.join(glob.escape(place), "**", "avdump.exe"), recursive=True)
    expect("programs in the package", len(programs), 1)
    check_libraries(programs[0])

    deep = os.path.join(place, *["%s %d" % (NAME, i) for i in range(24)])
    os.makedirs(deep)
    dump = os.path.join(deep, NAME + ".dmp.gz")
    shutil.copy(os.path.join(case.testdata, "x64-null-read.dmp.gz"), dump)
    if len(dump) < 300:
        raise Failure("the path is too short to be long")
    script = case.path("unpacked")
    with open(case.program) as stream:
        words = stream.read().replace(os.path.join(case.build, "avdump.exe"), "'%s'" % programs[0])
    with open(script, "w") as stream:
        stream.write(words)
    os.chmod(script, 0o755)

    expect_same(case, ["analyze", dump], place, script)
    expect_same(case, ["analyze", "--format", "json", os.path.relpath(dump, place)], place, script)
    inner = os.path.relpath(deep, place)
    expect_same(case, ["gate", "--output", "json:-", inner], place, script)
    report = os.path.join(inner, NAME + ".txt")
    answer = run(script, ["analyze", "-o", report, dump], place)
    expect("exit code", (answer.returncode, answer.stderr), (0, b""))
    with open(os.path.join(place, report), "rb") as stream:
        written = stream.read()
    expect("the written report", written, run(case.host, ["analyze", dump], place).stdout)
    if b"\r" in written:
        raise Failure("the written report has carriage returns")


def check_libraries(program):
    listing = subprocess.run(["x86_64-w64-mingw32-objdump", "-p", program], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    needed = {line.split(":")[1].strip().lower() for line in listing.split("\n")
              if "DLL Name:" in line}
    if not needed or needed - SYSTEM_LIBRARIES:
        raise Failure("avdump.exe needs %s" % sorted(needed - SYSTEM_LIBRARIES))


def main(program, host, build, testdata, corpus):
    if not os.path.exists(host):
        skip("there is no avdump of this machine at " + host)
    return run_cases([same_reports_of_testdata, same_reports_of_real_dumps,
                      same_answers_of_other_commands, same_verdict_of_a_gate, standard_input, same_answers_of_a_server,
                      a_gate_survives_its_workers, an_interrupt, a_worker_that_dies,
                      a_worker_that_hangs, limits, a_dump_that_never_ends, names_in_archives,
                      package],
                     lambda: Case(program, host, build, os.path.abspath(testdata),
                                  os.path.abspath(corpus)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
