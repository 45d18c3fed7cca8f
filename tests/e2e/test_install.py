#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The installed tree, as others use it.

usage: test_install.py BUILD_DIR SOURCE_DIR C_COMPILER [CXX_COMPILER]

Installs a build into a folder of its own and builds programs against it: C and C++, static and
shared, by pkg-config and by CMake's find_package. What they print must be what avdump prints. The
shared library offers what the header declares, no more and no less, and docs/abi.md lists it.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from program import Failure, expect, skip

DUMP = "testdata/wow64-null-read.dmp.gz"


def run(*command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
                            check=False, **options)
    if result.returncode != 0:
        raise Failure("%s: exit code %d: %s%s" % (
            " ".join(command), result.returncode, result.stdout[-1500:].decode("utf-8", "replace"),
            result.stderr[-1500:].decode("utf-8", "replace")))
    return result.stdout.decode("utf-8")


def declared(header):
    """The functions that the header declares, read another way than the build reads them."""
    with open(header, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.S)
    text = re.sub(r"typedef[^;]*;|^#.*$", " ", text, flags=re.M)
    return sorted(set(re.findall(r"\b(avd_\w+)\s*\(", text)))


def check_symbols(library, names):
    if shutil.which("nm") is None:
        print("skipped: exported symbols (no nm)")
        return
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    found = sorted(line.split()[2].split("@")[0] for line in lines if " A " not in line)
    expect("symbols that %s exports" % os.path.basename(library), found, names)


def check_listed(page, names):
    with open(page, encoding="utf-8") as file:
        listed = sorted(set(re.findall(r"\bavd_\w+(?=\(\))", file.read())))
    expect("functions that docs/abi.md lists", listed, names)


def check_completions(prefix, program):
    """Where shells look for them by themselves."""
    for shell, place in (("bash", "bash-completion/completions/avdump"),
                         ("zsh", "zsh/site-functions/_avdump"),
                         ("fish", "fish/vendor_completions.d/avdump.fish")):
        with open(os.path.join(prefix, "share", place), encoding="utf-8") as file:
            expect("the installed completion for " + shell, file.read(),
                   run(program, "--completion", shell))


class Tree:
    def __init__(self, prefix, source, compilers, flags):
        self.prefix, self.source, self.compilers, self.flags = prefix, source, compilers, flags
        self.libraries = os.path.dirname(self.find("avdump.pc", "pkgconfig"))
        self.environment = dict(os.environ, LD_LIBRARY_PATH=self.libraries,
                                PKG_CONFIG_PATH=os.path.join(self.libraries, "pkgconfig"))
        self.expected = run(self.find("avdump", "bin"), os.path.join(source, DUMP))

    def find(self, name, folder):
        for place, _, names in os.walk(self.prefix):
            if name in names and os.path.basename(place) == folder:
                return os.path.join(place, name) if folder == "bin" else place
        raise Failure("%s was not installed" % name)

    def check(self, what, program):
        expect("what the program says that was built with " + what,
               run(program, os.path.join(self.source, DUMP), env=self.environment), self.expected)

    def compile(self, work, language, static):
        source = os.path.join(self.source, "tests", "package", "consumer." + language)
        program = os.path.join(work, "consumer-%s-%s" % (language, static))
        words = run("pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "avdump",
                    env=self.environment).split()
        if static: # the library itself; the system's others as they come
            words = [os.path.join(self.libraries, "libavdump.a") if word == "-lavdump" else word
                     for word in words]
        run(self.compilers[language], "-Wall", "-Wextra", "-Werror", *self.flags, "-o", program,
            source, *words)
        self.check("pkg-config, %s, %s" % (language, "static" if static else "shared"), program)

    def find_package(self, work):
        options = ["-DCMAKE_PREFIX_PATH=" + self.prefix, "-DCMAKE_BUILD_TYPE=Debug",
                   "-DCMAKE_C_COMPILER=" + self.compilers["c"],
                   "-DCMAKE_CXX_COMPILER=" + self.compilers["cpp"],
                   "-DCMAKE_C_FLAGS=" + " ".join(self.flags),
                   "-DCMAKE_CXX_FLAGS=" + " ".join(self.flags)]
        run("cmake", "-S", os.path.join(self.source, "tests", "package"), "-B", work, *options)
        run("cmake", "--build", work)
        for name in ("consumer_c_static", "consumer_c_shared", "consumer_cpp_shared"):
            self.check("CMake, " + name, os.path.join(work, name))


def cache_value(build, name):
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        found = re.search(r"^%s:\w+=(.*)$" % name, file.read(), re.M)
    return found[1] if found else ""


def main():
    build, source = sys.argv[1], sys.argv[2]
    compilers = {"c": sys.argv[3], "cpp": sys.argv[4] if len(sys.argv) > 4 else ""}
    if not compilers["cpp"]:
        compilers["cpp"] = shutil.which("c++") or shutil.which("g++") or ""
    flags = re.findall(r"-fsanitize=\S+|--coverage", cache_value(build, "CMAKE_C_FLAGS"))
    with tempfile.TemporaryDirectory(prefix="avdump-install-") as work:
        prefix = os.path.join(work, "tree")
        run("cmake", "--install", build, "--prefix", prefix)
        tree = Tree(prefix, source, compilers, flags)
        check_completions(prefix, tree.find("avdump", "bin"))
        names = declared(os.path.join(source, "include", "avdump", "avdump.h"))
        check_symbols(os.path.join(tree.libraries, "libavdump.so"), names)
        check_listed(os.path.join(source, "docs", "abi.md"), names)
        if shutil.which("pkg-config") is None:
            skip("pkg-config is not installed")
        for static in (False, True):
            tree.compile(work, "c", static)
        if not compilers["cpp"]:
            skip("C++ and CMake's package: no C++ compiler")
        tree.compile(work, "cpp", False)
        tree.find_package(os.path.join(work, "cmake"))
    print("%d functions, 6 programs" % len(names))


if __name__ == "__main__":
    main()
