#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks how the source is laid out: who includes whom, and what the library offers and uses.

usage: test_floors.py SOURCE_DIR [LIBRARY [NM]]

A folder of src/ includes only folders of lower floors; ARCHITECTURE.md says why. LIBRARY is
libavdump.a: its external symbols begin with avd_, and it does not print, exit, or ask for
environment, locale, clock or chance.
"""
import glob
import os
import re
import subprocess
import sys

# The floor of each folder of src/; a folder may include those of lower floors, and itself.
FLOORS = {"base": 0, "minidump": 1, "pe": 1, "stack": 2, "symbols": 2, "x64": 3, "x86": 3, "insn": 3,
          "wow64": 4, "analyze": 5, "rules": 5, "report": 6, "rulebook": 7, "inspect": 7,
          "extract": 7,
          "api": 8, "gate": 9, "cli": 10}
# Where that is too much: all that these may include, besides their own folder.
ONLY = {
    # Rules see facts, never a dump.
    "rules": ("base/", "analyze/facts.h", "analyze/triage.h"),
    # The walk knows neither dumps nor names; it asks through callbacks. What symbols answer about
    # stack frames is plain data.
    "stack": ("base/", "symbols/symbol.h"),
    # Users of the library like any other. The gate also needs what every floor stands on, and YAML
    # for its policies.
    "gate": ("base/", "rules/yaml.h"),
    "cli": ("gate/", "base/confine.h", "base/file.h", "base/memory.h", "base/twin.h",
            "base/utf.h", "base/wide.h"),
}
# Where it is too little.
ALSO = {
    # Images are read out of the dump's memory.
    "pe": ("minidump/memory.h",),
}
# In report/ only what builds the model looks at an analysis. Renderers print the model.
MODEL_BUILDER = "report/build"
RENDERERS_ONLY = ("base/",)

SYSTEM_HEADERS = re.compile(r"(unistd|fcntl|windows|io|pthread|dlfcn|sys/.*)\.h")
PLATFORM_FILE = re.compile(r"_(posix|win32)\.c")

# What the library must not call: it would print, end the program, or let something into the result
# that is not in the dump.
FORBIDDEN = set("""printf puts putchar fputs fputc fprintf vprintf vfprintf perror stdout stderr
    __printf_chk __fprintf_chk __vfprintf_chk exit _exit quick_exit abort atexit signal
    getenv secure_getenv setenv putenv setlocale localeconv
    time clock clock_gettime gettimeofday localtime localtime_r rand srand random
    system popen""".split())
# Added by sanitizers and coverage.
INSTRUMENTATION = re.compile(r"_*(odr_asan|asan|ubsan|sancov|gcov|llvm_)")


def includes(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = re.match(r'#\s*include\s+(["<])([^">]+)', line)
            if match:
                yield number, match[1] == "<", match[2]
            elif re.match(r"#\s*(if|elif).*_WIN32", line) and not PLATFORM_FILE.search(path):
                yield number, True, "windows.h"


def complaint(name, folder, system, header):
    """Why src/`name` must not include `header`, or None."""
    if system:
        if SYSTEM_HEADERS.fullmatch(header) and not PLATFORM_FILE.search(name):
            return "belongs to the operating system: only for _posix.c and _win32.c"
        return None
    target = header.split("/")[0]
    if header == "avdump/avdump.h" or target == folder or (folder == "cli" and "/" not in header):
        return None
    if target not in FLOORS:
        return "is in no folder of src/, from which includes are written"
    if folder == "report" and not name.startswith(MODEL_BUILDER):
        allowed = header.startswith(RENDERERS_ONLY)
    elif folder in ONLY:
        allowed = header.startswith(ONLY[folder])
    else:
        allowed = FLOORS[target] < FLOORS[folder] or header.startswith(ALSO.get(folder, ()))
    return None if allowed else "is not for " + folder


def check_includes(source):
    bad = 0
    seen = 0
    root = os.path.join(source, "src")
    for path in sorted(glob.glob(os.path.join(root, "**", "*.[ch]"), recursive=True)):
        name = os.path.relpath(path, root).replace(os.sep, "/")
        folder = name.split("/")[0] if "/" in name else name.split(".")[0]
        if folder not in FLOORS:
            print("src/%s: its folder has no floor" % name)
            bad += 1
            continue
        for number, system, header in includes(path):
            seen += 1
            why = complaint(name, folder, system, header)
            if why:
                print("src/%s:%d: %s %s" % (name, number, header, why))
                bad += 1
    print("%d includes, %d against the floors" % (seen, bad))
    return bad + (seen == 0)


def check_symbols(library, nm):
    result = subprocess.run([nm, "-P", "-g", library], stdout=subprocess.PIPE, check=True)
    defined, used = set(), set()
    for line in result.stdout.decode("ascii", "replace").split("\n"):
        parts = line.split()
        if len(parts) < 2 or len(parts[1]) != 1:
            continue
        (used if parts[1] in "Uw" else defined).add(parts[0].split("@")[0])
    bad = 0
    for symbol in sorted(defined):
        # macOS puts an underscore before each, MinGW makes pointers to those of other files.
        if not re.match(r"(_|\.refptr\.)?avd_", symbol) and not INSTRUMENTATION.match(symbol):
            print("%s: external symbol %s does not begin with avd_" % (library, symbol))
            bad += 1
    for symbol in sorted((used - defined) & FORBIDDEN):
        print("%s: uses %s" % (library, symbol))
        bad += 1
    print("%d external symbols, %d from outside, %d complaints" % (
        len(defined), len(used - defined), bad))
    return bad + (not defined)


def main(arguments):
    bad = check_includes(arguments[0])
    if len(arguments) > 1:
        bad += check_symbols(arguments[1], arguments[2] if len(arguments) > 2 else "nm")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
