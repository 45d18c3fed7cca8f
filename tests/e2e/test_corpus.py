#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""avdump against dumps that other people's programs left behind.

usage: test_corpus.py AVDUMP CORPUS

CORPUS holds dumps and MANIFEST.md, in which somebody wrote down, by other means than avdump, what is
in each of them. Every dump must be analysed or refused by name; one line says what was compared.
The dumps belong to others and are not in the repository; without them the test is skipped.
"""
import os
import re
import struct
import sys

import corpus_facts
from manifest import read_manifest
from program import Failure, Program, check_report, expect, name_of, number, skip

OS_NAMES = {"WinNT": "Windows NT", "macOS": "Mac OS X", "iOS": "iOS", "Linux": "Linux"}
ARCHITECTURES = {"arm64(bp)": "arm64"}
# Not minidumps although they are called so; what the refusal must name.
REFUSED = {"microdump": "microdump"}


def compare_system(entry, report, said):
    info = report["system_info"]
    expect("cpu_arch", info["cpu_arch"], ARCHITECTURES.get(entry["arch"], entry["arch"]))
    expect("os", info["os"], OS_NAMES[entry["os"]])
    expect("os_ver", (info["version"] or "0.0.0"), entry["os_version"])
    if entry["service_pack"] is not None:
        expect("service_pack", info["service_pack"], entry["service_pack"])
    said.append("%s %s %s" % (info["cpu_arch"], entry["os"], entry["os_version"]))


def listed_ranges(path):
    """(address, size) of the entries of MemoryListStream, read here because avdump joins them."""
    with open(path, "rb") as file:
        data = file.read()
    count, directory = struct.unpack_from("<II", data, 8)
    for index in range(count):
        kind, _, start = struct.unpack_from("<III", data, directory + 12 * index)
        if kind == 5:
            (entries,) = struct.unpack_from("<I", data, start)
            return [struct.unpack_from("<QI", data, start + 4 + 16 * i) for i in range(entries)]
    return []


def compare_memory(path, entry, report, said):
    """MANIFEST.md has the list as it is; where its ranges overlap, avdump counts no byte twice."""
    memory = report["dump"]["memory"]
    expected = entry["ranges"], entry["bytes"]
    found = memory["range_count"], memory["size"]
    ranges = sorted(listed_ranges(path))
    overlap = sum(max(0, min(end, start + size) - start) for (start, size), end in zip(
        ranges[1:], [max(a + s for a, s in ranges[:i + 1]) for i in range(len(ranges) - 1)]))
    if overlap > 0:
        expect("entries of the memory list", (len(ranges), sum(s for _, s in ranges)), expected)
        expect("bytes of memory, %d of them listed twice" % overlap, found[1],
               expected[1] - overlap)
        said.append("%d ranges of %d bytes, %d bytes listed twice" % (*expected, overlap))
    else:
        expect("memory ranges and bytes", found, expected)
        said.append("%d ranges of %d bytes" % expected)
    expect("Memory64List", memory["full"], entry["full"])


def compare_counts(entry, report, said):
    threads = report["threads"]
    modules = [m for m in report["modules"] if not m["from_loader_list"]]
    expect("threads", len(threads), entry["threads"])
    expect("modules of the dump's list", len(modules), entry["modules"])
    expect("flags", number(report["dump"]["flags"]), entry["flags"])
    said.append("%d threads, %d modules, flags 0x%x" % (
        len(threads), len(modules), entry["flags"]))


def compare_lists(entry, report, said):
    """The numbers that only some dumps have."""
    extra = entry["extra"]
    streams = {stream["name"]: stream for stream in report["dump"]["streams"]}
    found = {
        "handles": lambda: len(report["handles"]),
        "unloaded": lambda: len(report["unloaded_modules"]),
        "meminfo": lambda: report["dump"]["memory"]["region_count"],
        "misc": lambda: streams["MiscInfoStream"]["size"],
        "threadinfo": lambda: (streams["ThreadInfoListStream"]["size"] - 12) // 64,
        "threadnames": lambda: (streams["ThreadNamesStream"]["size"] - 4) // 12,
        "tebs": lambda: sum(t["last_error"] is not None for t in report["threads"]),
    }
    for key, get in found.items():
        if key in extra:
            expect(key, get(), extra[key])
            said.append("%s %d" % (key, extra[key]))
    named = sum(thread["thread_name"] is not None for thread in report["threads"])
    if named > extra.get("threadnames", 0) or (named == 0 and extra.get("threadnames", 0) > 0):
        raise Failure("%d threads have names, the stream has %d" % (
            named, extra.get("threadnames", 0)))
    if "handles" not in extra and entry["streams"] and "HandleData" not in entry["streams"]:
        expect("handles", report["handles"], None)


def compare_streams(entry, report, said):
    if not entry["streams"]:
        return
    names = []
    for stream in report["dump"]["streams"]:
        name = stream["name"]
        if name != "UnusedStream":
            names.append("0x%x" % stream["type"] if name is None else re.sub("Stream$", "", name))
    expect("streams", sorted(names), sorted(entry["streams"]))
    said.append("%d streams" % len(names))


def compare_exception(path, entry, report, said):
    known = entry["exception"]
    exception = report["exception"]
    recovered = any(path.endswith(name) for name in corpus_facts.RECOVERED)
    expect("source of the exception", report["crash_info"]["source"],
           "recovered" if recovered else "stream" if exception is not None else None)
    if known is None:
        if entry["streams"] and not recovered:
            expect("exception", exception, None)
            said.append("no exception")
        return
    if exception is None:
        raise Failure("no exception, expected code %08x" % known["code"])
    # The record has 64-bit fields in every dump; a 32-bit process has addresses of 32.
    mask = 0xFFFFFFFF if report["process"]["pointer_size"] == 4 else 0xFFFFFFFFFFFFFFFF
    expect("exception code", number(exception["code"]), known["code"])
    expect("exception address", number(exception["address"]), known["address"] & mask)
    expect("exception thread", exception["thread_id"], known["tid"])
    expect("exception parameters", [number(p["value"]) for p in exception["parameters"]],
           [value & mask for value in known["parameters"]])
    expect("module of the exception", exception["module"], known["module"])
    expect("offset in it", number(exception["module_offset"]), known["offset"])
    said.append("exception %08x at 0x%x in %s, thread 0x%x, %d parameters" % (
        known["code"], known["address"], known["module"], known["tid"], len(known["parameters"])))


def compare(path, entry, report, said):
    if entry["arch"] is not None:
        compare_system(entry, report, said)
        compare_counts(entry, report, said)
        compare_memory(path, entry, report, said)
        compare_lists(entry, report, said)
        compare_exception(path, entry, report, said)
    compare_streams(entry, report, said)
    if entry["pid"] is not None:
        expect("pid", report["pid"], entry["pid"])
        said.append("pid %d" % entry["pid"])
    if report["system_info"]["cpu_arch"] == "x86":
        found = [finding["id"] for finding in report["findings"]]
        if report["wow64"]["is_wow64"] or "virtualized-process" in found:
            raise Failure("a 32-bit dump is called a WOW64 dump")
        if any((m["filename"] or "").lower() == "wow64cpu.dll" for m in report["modules"]):
            said.append("wow64cpu.dll listed, but no virtualized-process")


def check_refusal(program, path, word, said):
    for command in ("analyze", "info"):
        result = program.run(command, path)
        expect("exit code of avdump " + command, result.returncode, 3)
        message = result.stderr.decode("utf-8")
        if word not in message.replace(path, ""):
            raise Failure("not refused by its name '%s': %s" % (word, message.strip()))
    said.append("refused as a " + word)


def check_dump(program, path, entry, corpus):
    """Returns what was compared, in words."""
    said = []
    for prefix, word in REFUSED.items():
        if os.path.basename(path).startswith(prefix):
            check_refusal(program, path, word, said)
            return said
    text = program.run("analyze", path)
    expect("standard error", text.stderr.decode("utf-8", "replace"), "")
    expect("exit code", text.returncode, 0)
    if not text.stdout.startswith(b"what "):
        raise Failure("the text does not begin with the verdict")
    report = program.json("analyze", path)
    info = program.json("info", path)
    check_report(report, info)
    expect("a second run", program.json("analyze", path), report)
    if entry is not None:
        compare(path, entry, report, said)
    special = corpus_facts.SPECIAL.get(name_of(path, corpus))
    if special is not None:
        special(report, corpus, said)
    if not said:
        said.append("%d threads, %d modules; nothing is known to compare with" % (
            len(report["threads"]), len(report["modules"])))
    return said


def main(arguments):
    program, corpus = Program(arguments[0]), os.path.abspath(arguments[1])
    manifest = os.path.join(corpus, "MANIFEST.md")
    if not os.path.exists(manifest):
        skip("no real dumps at %s" % arguments[1])
    entries = read_manifest(manifest)
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(corpus)
             for name in names if name.endswith((".dmp", ".mdmp"))]
    present = {name_of(path, corpus) for path in paths}
    failures = 0
    for name in sorted((set(entries) | set(corpus_facts.SPECIAL)) - present):
        print("FAIL %s: described, but not there" % name)
        failures += 1
    for path in sorted(paths):
        name = name_of(path, corpus)
        try:
            print("ok   %s: %s" % (name, "; ".join(
                check_dump(program, path, entries.get(name), corpus))))
        except (Failure, KeyError, TypeError, ValueError) as problem:
            print("FAIL %s: %s%s" % (
                name, "" if isinstance(problem, Failure) else type(problem).__name__ + " ", problem))
            failures += 1
    print("%d dumps, %d failures" % (len(paths), failures))
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
