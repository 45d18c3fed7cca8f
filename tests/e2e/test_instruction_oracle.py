#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what avdump says of the faulting instruction with rust-minidump's minidump-stackwalk.

usage: test_instruction_oracle.py AVDUMP CORPUS [MINIDUMP_STACKWALK]

Both analyse every dump of CORPUS; the fields of crash_info that rust-minidump's schema has must agree.
Where they need not, explained() says why; a difference without an explanation is a failure. Skipped (77)
where the peer, the corpus or the disassembler is missing.
"""
import glob
import json
import os
import shutil
import subprocess
import sys

FIELDS = ("adjusted_address", "memory_accesses", "instruction_pointer_update", "possible_bit_flips",
          "crash_inconsistencies")
MAX_DUMP = 64 << 20


class Skip(Exception):
    """This avdump decodes no instructions."""


def report(command):
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                timeout=300, check=False)
        return json.loads(result.stdout.decode("utf-8", "replace"))
    except (ValueError, subprocess.TimeoutExpired):
        return None


def number(text):
    return None if text is None else int(text, 16)


def plain(field, value):
    """A field's value in a form that both programs share."""
    if value is None:
        return None
    if field == "adjusted_address":
        return value["kind"], number(value.get("address", value.get("offset")))
    if field == "instruction_pointer_update":
        return number(value["address"])
    if field == "memory_accesses":
        return sorted((number(a["address"]), a.get("size") or 0) for a in value)
    if field == "possible_bit_flips":
        return sorted((number(f["address"]), f["source_register"] or "", round(f["confidence"], 3))
                      for f in value)
    return sorted(value)


def same_instruction(mine, theirs):
    """The mnemonics; the two write operands differently, and one names the size of a string move."""
    mine, theirs = (" ".join(w for w in text.split() if not w.startswith("rep"))
                    for text in (mine, theirs.replace("int 0x3", "int3", 1)))
    words = [w.rstrip("bwdq") if w.startswith(("movs", "stos", "cmps", "lods", "scas")) else w
             for w in (mine.split()[0], theirs.split()[0])]
    return words[0] == words[1]


def explained(field, mine, theirs, ours, peers):
    """Why the two may differ here, or None."""
    cpu = ours["system_info"]["cpu_arch"]
    if cpu != "amd64" or ours["exception"] is None or peers["instruction"] is None:
        return "rust-minidump decodes x64 only, with its code in the dump's memory"
    instruction = ours["crash_info"]["instruction"]
    if instruction is None:
        return None
    if field == "memory_accesses" and instruction.split()[0] in ("call", "push", "ret", "pop"):
        return "it gives the stack's slot a size of 1 and, for a write, the address before it"
    if field == "adjusted_address" and mine and mine[0] == "non-canonical":
        return "it calls an address null when one register of it is"
    if field == "adjusted_address" and theirs and theirs[0] == "null-pointer" and \
            number(ours["crash_info"]["address"]) != theirs[1]:
        return "it does so for every operand, avdump for the one that failed"
    if field == "possible_bit_flips" and mine is None:
        return "avdump does not take Linux's memory map for regions yet" \
            if ours["system_info"]["os"] != "Windows NT" else \
            "null is an answer only where the dump tells what memory was mapped"
    return None


def compare(name, avdump, peer, counts):
    ours = report([avdump, "analyze", "--json", name])
    theirs = report([peer, "--json", name])
    if ours is None or theirs is None or ours["status"] != "OK":
        return []
    if "Zydis" in (ours["crash_info"]["instruction_missing_reason"] or ""):
        raise Skip(ours["crash_info"]["instruction_missing_reason"])
    crash, other = ours["crash_info"], theirs.get("crash_info") or {}
    bad = []
    if other.get("instruction") is not None:
        counts["decoded"] += 1
        if crash["instruction"] == "int3" and number(ours["exception"]["code"]) == 0x80000003:
            pass  # where the registers are one further, the peer shows what comes next
        elif crash["instruction"] is None or \
                not same_instruction(crash["instruction"], other["instruction"]):
            bad.append("instruction: %s, theirs %s" % (crash["instruction"], other["instruction"]))
    for field in FIELDS:
        mine, peers = plain(field, crash[field]), plain(field, other.get(field))
        if mine == peers:
            counts["equal"] += 1
            continue
        why = explained(field, mine, peers, ours, other)
        if why is None:
            bad.append("%s: %s, theirs %s" % (field, mine, peers))
        else:
            counts[why] = counts.get(why, 0) + 1
    return bad


def main(arguments):
    avdump, corpus = arguments[:2]
    peer = shutil.which(arguments[2] if len(arguments) > 2 else "minidump-stackwalk")
    if peer is None or not os.path.isdir(corpus):
        print("skipped: " + ("no corpus" if peer else "minidump-stackwalk is missing"))
        return 77
    counts = {"decoded": 0, "equal": 0}
    failures = dumps = 0
    names = sorted(glob.glob(os.path.join(corpus, "**", "*.dmp"), recursive=True))
    for name in names:
        if os.path.getsize(name) > MAX_DUMP:
            continue
        dumps += 1
        for line in compare(name, avdump, peer, counts):
            print("%s: %s" % (os.path.relpath(name, corpus), line))
            failures += 1
    for why, count in counts.items():
        print("%4d %s" % (count, why))
    print("%d dumps, %d differences without an explanation" % (dumps, failures))
    return 1 if failures or counts["decoded"] == 0 else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Skip as reason:
        print("skipped: %s" % reason)
        sys.exit(77)
