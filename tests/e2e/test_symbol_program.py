#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""avdump with a symbol server: real sockets, on the loopback interface only.

usage: test_symbol_program.py AVDUMP STORE_PROBE TESTDATA

What servers may answer is tested on the store alone (test_symbol_server.py); here the program asks,
keeps, remembers what is not there for a day, and says so.
"""
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time

from dump_symbols import with_symbols
from program import Failure, expect, run_cases, skip
from test_symbol_server import GUID, KEY, Server

DUMP = "x64-null-read-normal.dmp.gz"
PDB = "crash.pdb"
SYM = ("MODULE windows x86_64 %s crash.pdb\n"
       "FILE 0 c:\\src\\crash.c\n"
       "FUNC 1000 8000 0 everything\n1000 8000 77 0\n" % KEY).encode()
TIMEOUT = 60
DAY = 86400


class Case:
    def __init__(self, program, dump):
        self.program = program
        self.work = tempfile.mkdtemp(prefix="avdump-symbols-")
        self.cache = os.path.join(self.work, "cache")
        self.dump = os.path.join(self.work, "crash.dmp")
        with open(self.dump, "wb") as file:
            file.write(dump)
        self.server = Server()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.work)

    def run(self, command, *options, path=None):
        path = path or "srv*%s*%s/s" % (self.cache, self.server.url())
        environment = {name: value for name, value in os.environ.items()
                       if not name.lower().endswith("_proxy") and not name.startswith("_NT_")}
        environment.update({"_NT_SYMBOL_PATH": path, "XDG_CACHE_HOME": self.work + "/xdg"})
        result = subprocess.run([self.program, command, *options, self.dump], env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
        if result.returncode != 0 or result.stderr:
            raise Failure("exit code %d: %s" % (result.returncode, result.stderr))
        return result.stdout.decode("utf-8").replace(self.server.url(), "URL")

    def offer(self, content, leaf="crash.sym"):
        self.server.files["/s/%s/%s/%s" % (PDB, KEY, leaf)] = content

    def asked(self):
        """How many requests there were since the last call."""
        count = len(self.server.requests)
        self.server.requests.clear()
        return count


def wants(text, part):
    if part not in text:
        raise Failure("%r is not in\n%s" % (part, text))


def found(case):
    case.offer(SYM)
    wants(case.run("analyze"), "crash!everything+0x")
    wants(case.run("symbols"), "loaded  breakpad")
    # What the server does not have (the PDB) is not asked for a second time, what it has is kept.
    case.asked()
    wants(case.run("analyze"), "[c:\\src\\crash.c @ 77]")
    expect("requests of a later run", case.asked(), 0)
    wants(case.run("analyze", "--offline"), "crash!everything+0x")


def compressed_sym(case):
    case.offer(gzip.compress(SYM))
    wants(case.run("analyze"), "crash!everything+0x")
    expect("kept under", sorted(os.listdir(os.path.join(case.cache, PDB, KEY))), ["crash.sym.gz"])
    case.asked()
    wants(case.run("analyze"), "crash!everything+0x")
    expect("requests of a later run", case.asked(), 0)


def wrong_id(case):
    other = KEY[:-2] + "AA"
    case.offer(SYM.replace(KEY.encode(), other.encode()))
    wants(case.run("symbols"), "its debug id is %s, expected %s" % (other, KEY))
    expect("kept", os.path.exists(os.path.join(case.cache, PDB)), False)
    text = case.run("analyze", "--symbols-loose")
    wants(text, "everything")
    wants(case.run("symbols", "--symbols-loose"), "identifier")


def misses_expire(case):
    """Servers' "not there" is believed for a day, by the file's time and the system's clock."""
    text = case.run("symbols")
    wants(text, "HTTP 404")
    first = case.asked()
    if first < 4:
        raise Failure("only %d requests" % first)
    wants(case.run("symbols"), "not asked again: the server did not have it, as the cache remembers")
    expect("requests within a day", case.asked(), 0)
    folder = os.path.join(case.cache, ".avdump", "missing")
    markers = [os.path.join(folder, name) for name in os.listdir(folder)]
    now = time.time()
    for marker in markers:
        os.utime(marker, (now - DAY + 600, now - DAY + 600))
    case.run("symbols")
    expect("requests just before the day is over", case.asked(), 0)
    for marker in markers:
        os.utime(marker, (now - DAY - 600, now - DAY - 600))
    case.offer(SYM)
    wants(case.run("analyze"), "crash!everything+0x")
    if case.asked() == 0:
        raise Failure("a day later the server is not asked again")
    # A clock that was set back must not keep them for ever.
    for marker in markers:
        if os.path.exists(marker):
            os.utime(marker, (now + 30 * DAY, now + 30 * DAY))
    shutil.rmtree(os.path.join(case.cache, PDB))
    case.run("symbols")
    if case.asked() == 0:
        raise Failure("a marker of the future is believed")


def offline(case):
    case.offer(SYM)
    wants(case.run("symbols", "--offline"), "not asked")
    expect("requests", case.asked(), 0)
    # Nor is anybody who is not named.
    case.run("symbols", path=case.work)
    expect("requests", case.asked(), 0)


def default_cache(case):
    """"cache*" and "srv**" keep files below XDG_CACHE_HOME."""
    case.offer(SYM)
    for path in ("srv**%s/s" % case.server.url(), "cache*;srv*%s/s" % case.server.url()):
        wants(case.run("analyze", path=path), "crash!everything+0x")
        kept = os.path.join(case.work, "xdg", "avdump", "symbols", PDB, KEY, "crash.sym")
        expect("kept in the default cache (%s)" % path, os.path.exists(kept), True)
        shutil.rmtree(os.path.join(case.work, "xdg"))


def together(case):
    """Six programs with one new cache: all find it, and the cache holds the whole file."""
    case.offer(SYM)
    environment = dict(os.environ, _NT_SYMBOL_PATH="srv*%s*%s/s" % (case.cache, case.server.url()))
    runs = [subprocess.Popen([case.program, "analyze", case.dump], env=environment,
                             stdout=subprocess.PIPE) for _ in range(6)]
    outputs = [run.communicate(timeout=TIMEOUT)[0].decode("utf-8") for run in runs]
    for text in outputs:
        wants(text, "crash!everything+0x")
    with open(os.path.join(case.cache, PDB, KEY, "crash.sym"), "rb") as file:
        expect("in the cache", file.read(), SYM)


CASES = [found, compressed_sym, wrong_id, misses_expire, offline, default_cache, together]


def main(arguments):
    program, probe, testdata = arguments
    check = subprocess.run([probe, "--can-fetch"], stdout=subprocess.PIPE, timeout=TIMEOUT,
                           check=False)
    if check.returncode != 0:
        skip(check.stdout.decode("utf-8").strip())
    with gzip.open(os.path.join(testdata, DUMP)) as file:
        dump = with_symbols(file.read(), PDB, GUID, 1)
    return run_cases(CASES, lambda: Case(os.path.abspath(program), dump))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
