# SPDX-License-Identifier: MIT
"""What the benchmarks share: the program as it is shipped, and whole runs timed side by side."""
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LLDB_NAMES = ["lldb"] + ["lldb-%d" % version for version in range(21, 12, -1)]


def release_build():
    """The program as it is shipped: optimised, with the small libraries linked statically."""
    folder = os.path.join(ROOT, "build", "release")
    generator = "Ninja" if shutil.which("ninja") else "Unix Makefiles"
    for command in (["cmake", "-S", ROOT, "-B", folder, "-G", generator,
                     "-DCMAKE_BUILD_TYPE=Release", "-DAVDUMP_TESTS=OFF", "-DAVDUMP_STATIC_DEPS=ON"],
                    ["cmake", "--build", folder, "--parallel", "2", "--target", "avdump"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "avdump")


def measure_program(folder):
    path = os.path.join(folder, "measure")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", path,
                    os.path.join(ROOT, "bench", "measure.c")], check=True)
    return path


def rows(measure, runs, commands):
    """(median in microseconds, fastest, peak in KiB, status) of each command."""
    arguments = []
    for command in commands:
        arguments += ["--"] * bool(arguments) + command
    result = subprocess.run([measure, str(runs), *arguments], check=True, text=True,
                            stdout=subprocess.PIPE)
    return [tuple(int(value) for value in line.split()) for line in result.stdout.splitlines()]


def bench(measure, tools, label, dump, runs):
    size = os.path.getsize(dump)
    print("\n%s: %s, %s bytes, median of %d runs" % (label, os.path.basename(dump),
                                                    "{:,}".format(size), runs))
    quick = [(name, command + [dump] if name != "/bin/true" else command)
             for name, command in tools if name != "lldb"]
    found = list(zip([name for name, _ in quick], rows(measure, runs, [c for _, c in quick])))
    lldb = dict(tools).get("lldb")
    if lldb is not None:  # takes a hundred times longer
        found += [("lldb", rows(measure, max(3, runs // 20), [lldb + [dump]])[0])]
    own = dict(found)["avdump"]
    for name, (median, fastest, peak, status) in found:
        print("  %-20s %9.2f ms  fastest %9.2f ms  %6.2f x avdump  peak %8.1f MiB%s" % (
            name, median / 1000, fastest / 1000, median / max(1, own[0]), peak / 1024,
            "" if status == 0 else "  (status 0x%x)" % status))
    return own


def tool(tools, name, path, options):
    """Adds what is there; says what is not."""
    found = shutil.which(path) if path else None
    if found is None:
        print("%s: not installed: skipped%s" % (name, " (%s)" % path if path else ""))
    else:
        tools.append((name, [found, *options]))
