#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Symbol servers: real sockets, on the loopback interface only.

usage: test_symbol_server.py STORE_PROBE

A server in this process answers as servers do when they are well, and when they are not. Each case
checks what was found, the words for what was not, and that the cache holds whole and right files
only. store_probe.c takes a file for the right one when "right" stands behind its headers.
"""
import gzip
import http.server
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from program import Failure, expect, skip

GUID = "5A9832E5287241C1838ED98914E9B7FF"
GUID_BYTES = "e532985a7228c141838ed98914e9b7ff"
KEY = GUID + "1"
TIMEOUT = 60  # seconds, for one probe; the slowest case waits for two


def pdb(id_text=b"right", pages=40):
    """The headers of a PDB of so many pages, an id, and filler."""
    head = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0" + struct.pack("<IIII", 512, 1, pages, 0)
    return (head.ljust(0x40, b"\0") + id_text).ljust(512 * pages, b"x")


def cabinet(name, content):
    """[MS-CAB], stored: a header, one folder, one file, blocks of at most 32 KiB."""
    blocks = [content[i:i + 32768] for i in range(0, len(content), 32768)]
    first_file = 36 + 8
    first_block = first_file + 16 + len(name) + 1
    data = b"".join(struct.pack("<IHH", 0, len(b), len(b)) + b for b in blocks)
    header = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, first_block + len(data), 0, first_file, 0,
                         3, 1, 1, 1, 0, 0, 0)
    folder = struct.pack("<IHH", first_block, len(blocks), 0)
    file = struct.pack("<IIHHHH", len(content), 0, 0, 0x5a21, 0, 0x20) + name + b"\0"
    return header + folder + file + data


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}     # path -> bytes, or a function of the handler
        self.requests = []  # (path, User-Agent, Authorization)
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, name=""):
        return "http://127.0.0.1:%d%s" % (self.server_address[1], name)

    def paths(self):
        return [path for path, _, _ in self.requests]

    def handle_error(self, request, client_address):
        pass  # clients that hang up are what some cases are about


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("User-Agent"),
                                     self.headers.get("Authorization")))
        answer = self.server.files.get(self.path)
        if answer is None:
            self.answer(404, b"<html>not here</html>")
        elif callable(answer):
            answer(self)
        else:
            self.answer(200, answer)

    def answer(self, code, body, headers=(), length=None):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def log_message(self, *_):
        pass


class Case:
    """A server, a cache and a probe, made anew for each case."""

    def __init__(self, probe):
        self.probe = probe
        self.work = tempfile.mkdtemp(prefix="avdump-server-")
        self.cache = os.path.join(self.work, "cache")
        self.temp = os.path.join(self.work, "temp")
        os.mkdir(self.temp)
        self.server = Server()

    def close(self):
        self.server.released.set()
        self.server.shutdown()
        self.server.server_close()
        left = os.listdir(self.temp)
        shutil.rmtree(self.work)
        expect("temporary files left", left, [])

    def start(self, *options, path=None, name="foo.pdb", environment=None):
        if path is None:
            path = "srv*%s*%s/s" % (self.cache, self.server.url())
        command = [self.probe, "--path", path, "--temp", self.temp, "--pdb", name,
                   "--guid", GUID_BYTES, "--timeout", "20"] + list(options)
        clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        clean.update(environment or {})
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env=clean)

    def finish(self, process):
        output = process.communicate(timeout=TIMEOUT)[0].decode("utf-8")
        if process.returncode not in (0, 1):
            raise Failure("store_probe ended with %d: %s" % (process.returncode, output))
        lines = output.replace(self.server.url(), "URL").replace(self.work, "WORK").splitlines()
        return lines

    def run(self, *options, **more):
        return self.finish(self.start(*options, **more))

    def cached(self, name="foo.pdb", key=KEY, leaf=None):
        return os.path.join(self.cache, name, key, leaf or name)

    def cache_files(self):
        """Everything in the cache except its mark and what is remembered of servers."""
        found = []
        for folder, _, names in os.walk(self.cache):
            inside = os.path.relpath(folder, self.cache)
            found += [os.path.normpath(os.path.join(inside, name)) for name in names]
        return sorted(name for name in found
                      if name != "pingme.txt" and not name.startswith(".avdump/missing/"))

    def expect_cached(self, content):
        expect("files in the cache", self.cache_files(), ["foo.pdb/%s/foo.pdb" % KEY])
        with open(self.cached(), "rb") as file:
            if file.read() != content:
                raise Failure("the cache holds other bytes than the server")

    def expect_found(self, lines, request="URL/s/foo.pdb/%s/foo.pdb" % KEY, how="kept as"):
        kept = "WORK/cache/foo.pdb/%s/foo.pdb" % KEY
        expect("first line", lines[0], "found " + kept)
        expect("last line", lines[-1], "%s: found, %s %s" % (request, how, kept))

    def expect_nothing(self, lines, *results):
        """Not found, and these results of the requests, in order; the cache's row comes first."""
        expect("first line", lines[0], "not found")
        expect("results", [line.split(": ", 1)[1] for line in lines[2:]], list(results))
        expect("files in the cache", self.cache_files(), [])

    def offer(self, content, leaf="foo.pdb", key=KEY):
        self.server.files["/s/foo.pdb/%s/%s" % (key, leaf)] = content


MISSES = ["HTTP 404"] * 3  # foo.pd_, lower case, file.ptr


def hit(case):
    case.offer(pdb())
    lines = case.run()
    case.expect_found(lines)
    expect("rows", len(lines), 3)
    expect("cache's row", lines[1],
           "WORK/cache: no foo.pdb/%s: the cache does not exist yet" % KEY)
    case.expect_cached(pdb())
    agent = case.server.requests[0][1]
    if not agent.startswith("avdump/") or "Microsoft-Symbol-Server/" not in agent:
        raise Failure("User-Agent is %r" % agent)
    # From now on the cache answers.
    lines = case.run()
    expect("lines", lines, ["found WORK/cache/foo.pdb/%s/foo.pdb" % KEY,
                            "WORK/cache/foo.pdb/%s/foo.pdb: found" % KEY])
    expect("requests", len(case.server.requests), 1)


def without_cache(case):
    case.offer(pdb())
    lines = case.run(path=case.server.url("/s/"))
    if not lines[0].startswith("found WORK/temp/avdump-"):
        raise Failure("found where? %s" % lines[0])
    # Results are the same in each run, so that the temporary name is not among them.
    expect("row", lines[1:], ["URL/s/foo.pdb/%s/foo.pdb: found, kept for this run" % KEY])


def miss(case):
    lines = case.run()
    case.expect_nothing(lines, "HTTP 404", *MISSES)
    base = "/s/foo.pdb/%s/" % KEY
    expect("requests", case.server.paths(),
           [base + "foo.pdb", base + "foo.pd_", base.lower() + "foo.pdb", base + "file.ptr"])
    # Without a clock nothing is remembered.
    case.run()
    expect("requests", len(case.server.requests), 8)


def miss_remembered(case):
    now = int(time.time())
    case.run("--now", str(now))
    lines = case.run("--now", str(now + 3600))
    case.expect_nothing(lines, "not asked again: the server did not have it, as the cache "
                               "remembers")
    expect("requests", len(case.server.requests), 4)
    # Another server may have it, and another file is another question.
    other = Server()
    lines = case.run("--now", str(now), path="srv*%s*%s/s" % (case.cache, other.url()))
    expect("requests to the other server", len(other.requests), 4)
    other.shutdown()
    other.server_close()
    case.run("--now", str(now), name="bar.pdb")
    expect("requests", len(case.server.requests), 8)
    # After a day it is asked again, and what is found then stays.
    case.offer(pdb())
    case.expect_found(case.run("--now", str(now + 90000)))
    case.expect_cached(pdb())


def compressed(case):
    content = pdb(pages=200)
    case.offer(cabinet(b"foo.pdb", content), "foo.pd_")
    lines = case.run()
    expect("plain file", lines[2], "URL/s/foo.pdb/%s/foo.pdb: HTTP 404" % KEY)
    if "libarchive" in lines[3]:
        print("   cabinets: not checked, libarchive is missing")
        return
    case.expect_found(lines, "URL/s/foo.pdb/%s/foo.pd_" % KEY, "unpacked to")
    case.expect_cached(content)


def cabinet_under_plain_name(case):
    case.offer(cabinet(b"x", pdb()))
    lines = case.run()
    if "libarchive" not in lines[2]:
        case.expect_found(lines, how="unpacked to")
        case.expect_cached(pdb())


def damaged_cabinet(case):
    content = cabinet(b"foo.pdb", pdb(pages=200))
    case.offer(content[:50000], "foo.pd_")
    lines = case.run()
    expect("first line", lines[0], "not found")
    words = lines[3].split(": ", 1)[1]
    if not words.startswith("damaged cabinet: ") and "libarchive" not in words:
        raise Failure("a damaged cabinet is called %r" % words)
    expect("files in the cache", case.cache_files(), [])


def redirect(case):
    case.server.files["/blob/1"] = pdb()
    case.offer(lambda h: h.answer(302, b"", [("Location", case.server.url("/blob/1"))]))
    case.expect_found(case.run())
    case.expect_cached(pdb())


def redirect_loop(case):
    case.offer(lambda h: h.answer(302, b"", [("Location", h.path)]))
    case.expect_nothing(case.run(), "more than 8 redirects", *MISSES)
    expect("requests", len(case.server.requests), 9 + 3)


def redirect_to_file(case):
    secret = os.path.join(case.work, "right.pdb")
    with open(secret, "wb") as file:
        file.write(pdb())
    case.offer(lambda h: h.answer(302, b"", [("Location", "file://" + secret)]))
    case.expect_nothing(case.run(), "leads to what is neither http nor https", *MISSES)


def truncated(case):
    case.offer(lambda h: h.answer(200, pdb()[:5000], length=len(pdb())))
    case.expect_nothing(case.run(), "the answer ends after 5000 bytes, too early", *MISSES)


def truncated_without_length(case):
    def cut(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(pdb()[:5000])
        handler.close_connection = True

    case.offer(cut)
    case.expect_nothing(case.run(), "truncated: 5000 bytes, less than its headers say", *MISSES)


def truncated_chunks(case):
    def cut(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"100\r\n" + pdb()[:256] + b"\r\n")
        handler.close_connection = True

    case.offer(cut)
    lines = case.run()
    expect("first line", lines[0], "not found")
    expect("files in the cache", case.cache_files(), [])


def empty(case):
    case.offer(b"")
    case.offer(b"", "foo.pd_")
    case.expect_nothing(case.run(), "empty file", "empty file", "HTTP 404", "HTTP 404")


def wrong_id(case):
    case.offer(pdb(b"wrong"))
    case.expect_nothing(case.run(), "has another id", *MISSES)


def login_page(case):
    case.offer(b"<html>Please log in, right?</html>")
    case.expect_nothing(case.run(), "has another id", *MISSES)


def refusals(case):
    case.offer(lambda h: h.answer(500, b"oops"))
    case.offer(lambda h: h.answer(403, b"no"), "foo.pd_")
    case.offer(lambda h: h.answer(204, b""), "file.ptr")
    now = ["--now", str(int(time.time()))]
    results = ["HTTP 500", "HTTP 403", "HTTP 404", "HTTP 204"]
    case.expect_nothing(case.run(*now), *results)
    # That is no "not there", so it is not remembered.
    case.expect_nothing(case.run(*now), *results)


def hang_up(case):
    def close(handler):
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    case.offer(close)
    case.expect_nothing(case.run(), "the server closed the connection without an answer", *MISSES)


def too_large(case):
    case.offer(pdb())
    words = "larger than 20000 bytes, the limit"
    case.expect_nothing(case.run("--limit", "20000"), words, *MISSES)

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(10000):
            handler.wfile.write(b"x" * 10000)

    case.offer(endless)
    case.expect_nothing(case.run("--limit", "20000"), words, *MISSES)


def stalled(case):
    """No answer: said after a second, and the server is not asked for the next module."""
    case.offer(lambda h: case.server.released.wait(30))
    start = time.monotonic()
    lines = case.run("--timeout", "1", "--pdb", "bar.pdb", "--guid", GUID_BYTES)
    seconds = time.monotonic() - start
    expect("lines", lines[2:],
           ["URL/s/foo.pdb/%s/foo.pdb: no answer within 1 s" % KEY, "not found",
            "WORK/cache: no bar.pdb/%s" % KEY,
            "URL/s: not asked again: the server gave no answer before"])
    expect("files in the cache", case.cache_files(), [])
    if seconds > 15:
        raise Failure("a time limit of 1 s took %.1f s" % seconds)


def stalled_in_the_middle(case):
    def stall(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(pdb())))
        handler.end_headers()
        handler.wfile.write(pdb()[:3000])
        handler.wfile.flush()
        case.server.released.wait(30)

    case.offer(stall)
    case.expect_nothing(case.run("--timeout", "1"), "the server stalled after 3000 bytes")


def no_server(case):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        lines = case.run(path="srv*%s*http://127.0.0.1:%d" % (case.cache, port))
    case.expect_nothing(lines, "no connection to the server")


def pointer(case):
    case.offer(b"MSG: excluded by policy\r\n", "file.ptr")
    case.expect_nothing(case.run(), *["HTTP 404"] * 3, "the store says: excluded by policy")
    # A server does not get to name files of this machine.
    local = os.path.join(case.work, "local.pdb")
    with open(local, "wb") as file:
        file.write(pdb())
    case.offer(b"PATH:" + local.encode(), "file.ptr")
    lines = case.run()
    expect("first line", lines[0], "not found")
    expect("result", lines[-1].split(": ", 1)[1],
           "leads to WORK/local.pdb, which is not to be had here; --map can say where it is")
    case.offer(b"PATH:" + b"x" * 5000, "file.ptr")
    expect("result", case.run()[-1].split(": ", 1)[1], "too long for a file.ptr")


def lower_case_server(case):
    case.server.files["/s/foo.pdb/%s/foo.pdb" % KEY.lower()] = pdb()
    lines = case.run(name="Foo.PDB")
    expect("first line", lines[0], "found WORK/cache/Foo.PDB/%s/Foo.PDB" % KEY)


def names_are_encoded(case):
    name = "a b+c#d%e&\u00e4.pdb"
    encoded = "a%20b%2Bc%23d%25e%26%C3%A4.pdb"
    case.server.files["/s/%s/%s/%s" % (encoded, KEY, encoded)] = pdb()
    lines = case.run(name=name)
    expect("first line", lines[0], "found WORK/cache/%s/%s/%s" % (name, KEY, name))


def hostile_names(case):
    for name in ("../foo.pdb", "..", "a/b.pdb", "a\\b.pdb", "C:foo.pdb", "nul.pdb", "a\nb"):
        lines = case.run(name=name)
        expect("lines for %r" % name, lines,
               ["not found", ": the name in the dump is no name of a file; not looked for"])
    expect("requests", case.server.requests, [])
    expect("cache exists", os.path.exists(case.cache), False)


def password(case):
    """libcurl sends it at once, WinHTTP when it is asked."""
    def guard(handler):
        if handler.headers.get("Authorization") is None:
            handler.answer(401, b"", [("WWW-Authenticate", 'Basic realm="symbols"')])
        else:
            handler.answer(200, pdb())

    case.offer(guard)
    url = case.server.url("/s").replace("//", "//me:secret@")
    lines = case.run(path="srv*%s*%s" % (case.cache, url))
    case.expect_found(lines)
    if "secret" in "\n".join(lines):
        raise Failure("the password is shown")
    expect("Authorization", case.server.requests[-1][2], "Basic bWU6c2VjcmV0")


def breakpad(case):
    sym = b"x" * 0x40 + b"right"
    name = "/s/foo.pdb/%s/foo.sym" % KEY
    case.server.files[name] = lambda h: h.answer(200, gzip.compress(sym),
                                                 [("Content-Encoding", "gzip")])
    lines = case.run("--kind", "sym")
    expect("first line", lines[0], "found WORK/cache/foo.pdb/%s/foo.sym" % KEY)
    with open(case.cached(leaf="foo.sym"), "rb") as file:
        expect("content", file.read(), sym)


def proxies(case):
    """The environment is looked at only when the program says so; a named proxy is used."""
    proxy = case.server.url()
    case.server.files["http://symbols.test/s/foo.pdb/%s/foo.pdb" % KEY] = pdb()
    path = "srv*%s*http://symbols.test/s" % case.cache
    environment = {"http_proxy": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy}
    own = Server()
    lines = case.run(path="srv*%s*%s/s" % (case.cache, own.url()), environment=environment)
    expect("requests to the proxy", len(case.server.requests), 0)
    expect("requests to the server", len(own.requests), 4)
    own.shutdown()
    own.server_close()
    lines = case.run("--proxy", "env", path=path, environment=environment)
    request = "http://symbols.test/s/foo.pdb/%s/foo.pdb" % KEY
    case.expect_found(lines, request)
    shutil.rmtree(case.cache)
    case.expect_found(case.run("--proxy", proxy, path=path), request)


def shared_cache(case):
    """Eight at once, while the server cuts some answers off."""
    content = pdb(pages=4000)
    lock = threading.Lock()
    count = [0]

    def sometimes(handler):
        with lock:
            count[0] += 1
            number = count[0]
        if number % 3 == 0:
            handler.answer(200, content[:100000], length=len(content))
        else:
            handler.answer(200, content)

    case.offer(sometimes)
    for _ in range(3):
        processes = [case.start() for _ in range(8)]
        found = 0
        for process in processes:
            lines = case.finish(process)
            if lines[0] == "not found":
                expect("result", lines[2].split(": ", 1)[1],
                       "the answer ends after 100000 bytes, too early")
            else:
                expect("first line", lines[0], "found WORK/cache/foo.pdb/%s/foo.pdb" % KEY)
                found += 1
        if found < 4:
            raise Failure("%d of 8 found it" % found)
        case.expect_cached(content)
        os.remove(case.cached())


CASES = [hit, without_cache, miss, miss_remembered, compressed, cabinet_under_plain_name,
         damaged_cabinet, redirect, redirect_loop, redirect_to_file, truncated,
         truncated_without_length, truncated_chunks, empty, wrong_id, login_page, refusals, hang_up,
         too_large, stalled, stalled_in_the_middle, no_server, pointer, lower_case_server,
         names_are_encoded, hostile_names, password, breakpad, proxies, shared_cache]

# What Wine 8 does otherwise than Windows, or the Windows program otherwise than this test takes for
# granted.
NOT_UNDER_WINE = {
    redirect_to_file: "Wine's WinHTTP takes a redirect to another protocol for one to itself",
    breakpad: "Wine's WinHTTP unpacks nothing",
    proxies: "on Windows the user's settings count, not the environment",
    names_are_encoded: "the probe has its arguments in the code page of the system"}


def main(arguments):
    probe = os.path.abspath(arguments[0])
    under_wine = os.path.basename(os.path.dirname(probe)) == "under-wine"
    check = subprocess.run([probe, "--can-fetch"], stdout=subprocess.PIPE, timeout=TIMEOUT)
    if check.returncode != 0:
        skip(check.stdout.decode("utf-8").strip())
    failures = 0
    for function in CASES:
        if under_wine and function in NOT_UNDER_WINE:
            print("not tested: %s (%s)" % (function.__name__, NOT_UNDER_WINE[function]))
            continue
        case = Case(probe)
        try:
            try:
                function(case)
            finally:
                case.close()
        except Failure as failure:
            print("%s: %s" % (function.__name__, failure))
            failures += 1
    print("%d cases, %d failed" % (len(CASES), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
