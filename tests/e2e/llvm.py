# SPDX-License-Identifier: MIT
"""LLVM's tools, which the tests compare with, wherever a system puts which version of them."""
import re
import shutil
import subprocess
import sys

VERIFIED = 19  # the version that the comparisons were written with; it is looked for first
NEWEST = 24
OLDEST = 14


def skip(why):
    print("skipped: %s" % why)
    sys.exit(77)


def version(path):
    """The number before the first dot, 0 where the tool does not say."""
    told = subprocess.run([path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          encoding="utf-8", errors="replace", check=False).stdout
    found = re.search(r"LLVM version (\d+)\.", told)
    return int(found[1]) if found else 0


def look(name, oldest=OLDEST):
    """(path of llvm-`name`, None), or (None, why there is none that is new enough)."""
    found = []
    suffixes = ["-%d" % VERIFIED, ""]
    suffixes += ["-%d" % number for number in range(NEWEST, OLDEST - 1, -1) if number != VERIFIED]
    for suffix in suffixes:
        path = shutil.which("llvm-" + name + suffix)
        if path is not None:
            found.append(version(path))
            if found[-1] >= oldest:
                return path, None
    if found:
        return None, "llvm-%s is of LLVM %d, %d is the oldest that will do" % (
            name, max(found), oldest)
    return None, "llvm-%s is missing (Debian, Ubuntu: apt install llvm)" % name


def find(name, oldest=OLDEST):
    """The path of llvm-`name`; without one that is new enough the test is skipped."""
    path, why = look(name, oldest)
    if path is None:
        skip(why)
    return path
