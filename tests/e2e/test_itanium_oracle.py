#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares undecorated names of GCC, Clang and Rust with those of llvm-cxxfilt.

usage: test_itanium_oracle.py UNDECORATE NAMES

UNDECORATE is the program of undecorate.c. The names are those of the file NAMES, which both tools
must know, and those that the system's C++ library exports, where it and nm are at hand.
"""
import re
import shutil
import subprocess
import sys

import llvm

OLDEST = 18  # of LLVM, whose llvm-cxxfilt has an option for names without parameters
# Of the library's names: newer grammar that the one or the other does not know yet.
MAX_REFUSED = 0.05
# libiberty's words, and llvm-cxxfilt's.
WORDS = (("decltype(nullptr)", "std::nullptr_t"),
         ("TLS init function", "thread-local initialization routine"),
         ("TLS wrapper function", "thread-local wrapper routine"))


def run(command, names):
    result = subprocess.run(command, input="\n".join(names) + "\n", stdout=subprocess.PIPE,
                            encoding="utf-8", errors="replace", check=True)
    return result.stdout.splitlines()


def one_spelling(text, name):
    """Without blanks; lambdas, copies by the optimizer and Rust's hashes in one form."""
    text = re.sub(r"'lambda(\d*)'(\((?:[^()]|\([^()]*\))*\))",
                  lambda match: "{lambda%s#%d}" % (match[2], int(match[1] or "-1") + 2), text)
    text = re.sub(r"'unnamed(\d*)'",
                  lambda match: "{unnamedtype#%d}" % (int(match[1] or "-1") + 2), text)
    for ours, theirs in WORDS:
        text = text.replace(ours, theirs)
    text = re.sub(r" \[clone (\.[^]]*)\]| \((\.[^)]*)\)", lambda m: m[1] or m[2], text)
    if "." in name:
        text = text.replace(name[name.index("."):], "")
    return re.sub(r"::h[0-9a-f]{16}$", "", re.sub(r"\s", "", text))


def library_names():
    """The C++ names that the system's library exports; none without it."""
    compiler, nm = shutil.which("c++") or shutil.which("g++"), shutil.which("nm")
    if compiler is None or nm is None:
        return []
    path = subprocess.run([compiler, "-print-file-name=libstdc++.so.6"], stdout=subprocess.PIPE,
                          encoding="utf-8", check=True).stdout.strip()
    listing = subprocess.run([nm, "-D", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             encoding="utf-8", errors="replace", check=False).stdout
    return sorted(set(re.findall(r" (_Z\w+)", listing)))


def main(arguments):
    program, list_path = arguments
    tool = llvm.find("cxxfilt", OLDEST)
    with open(list_path, encoding="utf-8") as file:
        own = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    if run([program], ["_Z1fv"]) == ["_Z1fv"]:
        print("skipped: built without libiberty (Debian, Ubuntu: apt install libiberty-dev)")
        return 77
    names = own + library_names()
    bad = 0
    for ours, theirs, form in ((run([program], names), run([tool], names), "full"),
                               (run([program, "name"], names), run([tool, "-p"], names), "name")):
        refused = {True: 0, False: 0}
        equal = 0
        if len(ours) != len(names) or len(theirs) != len(names):
            print("%d names, but %d and %d answers" % (len(names), len(ours), len(theirs)))
            return 1
        for index, (name, got, want) in enumerate(zip(names, ours, theirs)):
            if index >= len(own) and (got == name) != (want == name):
                refused[got == name] += 1
            elif one_spelling(got, name) == one_spelling(want, name) and got != name:
                equal += 1
            else:
                print("%s\n  ours   %s\n  theirs %s" % (name, got, want))
                bad += 1
        print("%s: %d names, %d equal, %d known to us only, %d to %s only" % (
            form, len(names), equal, refused[False], refused[True], tool))
        if sum(refused.values()) > MAX_REFUSED * len(names):
            print("which are too many")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
