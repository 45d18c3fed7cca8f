# SPDX-License-Identifier: MIT
"""Runs avdump gate for the tests beside this file, and makes the dumps that they need."""
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from program import Failure, expect  # noqa: E402

TIMEOUT = 120
CODE_NAMES = {0: "passes", 1: "fails", 2: "usage", 3: "unreadable", 4: "internal",
              130: "interrupted"}


class Gate:
    """A folder to work in, and the program that runs in it."""

    def __init__(self, program, testdata):
        self.program = os.path.abspath(program)
        self.testdata = os.path.abspath(testdata)
        self.folder = tempfile.mkdtemp(prefix="avdump-gate-")
        self.environment = {k: v for k, v in os.environ.items()
                            if not k.startswith(("SLURM_", "JOB_COMPLETION", "CI_NODE", "_NT_"))}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)) or ".", exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return name

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def dump(self, name):
        """The bytes of a dump of testdata, unpacked."""
        with gzip.open(os.path.join(self.testdata, name + ".dmp.gz")) as file:
            return file.read()

    def put(self, name, dump):
        return self.write(name, self.dump(dump))

    def folder_of(self, name, *dumps):
        for dump in dumps:
            shutil.copy(os.path.join(self.testdata, dump + ".dmp.gz"),
                        os.path.join(self.make(name), dump + ".dmp.gz"))
        return name

    def make(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        return self.path(name)

    def start(self, *arguments, stdout=subprocess.PIPE, user=None, before=None, own_group=False,
              **environment):
        return subprocess.Popen([self.program, *arguments], cwd=self.folder, stdout=stdout,
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, user=user,
                                preexec_fn=before, start_new_session=own_group,
                                env={**self.environment, **environment})

    def run(self, *arguments, stdout=subprocess.PIPE, **environment):
        """(exit code, standard output, standard error); a crash or a hang is a failure."""
        return self.end(self.start(*arguments, stdout=stdout, **environment), arguments)

    @staticmethod
    def end(process, arguments=()):
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failure("%s: still running after %d s" % (arguments, TIMEOUT)) from None
        if process.returncode < 0:
            raise Failure("%s: ended by signal %d" % (arguments, -process.returncode))
        return (process.returncode, (out or b"").decode("utf-8", "replace"),
                err.decode("utf-8", "replace"))

    def summary(self, *arguments, command="gate", code=None, **environment):
        """The JSON summary; `code` is the exit code that is expected, None: 0, 1 or 3."""
        found, out, err = self.run(command, "-o", "json:-", *arguments, **environment)
        if code is None and found not in (0, 1, 3) or code is not None and found != code:
            raise Failure("%s %s: exit code %d (%s), expected %s: %s" % (
                command, arguments, found, CODE_NAMES.get(found, "?"), code, err))
        if err:
            raise Failure("%s %s: standard error says %s" % (command, arguments, err))
        return json.loads(out)


def without_names(summary):
    """What must be the same wherever the dumps lie, and whatever they are called."""
    summary = json.loads(json.dumps(summary))
    for bucket in summary["buckets"]:
        del bucket["example"]
    for failure in summary["failures"]:
        del failure["name"]
    summary["failures"].sort(key=repr)
    summary.pop("ignored", None)
    return summary


def rebuilt(dump, stamp):
    """The dump as another build's: link time, PDB identity and file version of the program differ.

    MINIDUMP_MODULE: base 8 bytes, size 4, checksum 4, time 4, name 4, VS_FIXEDFILEINFO 52 bytes,
    CvRecord at 76.
    """
    data = bytearray(dump)
    count, directory = struct.unpack_from("<II", data, 8)
    for index in range(count):
        kind, _, at = struct.unpack_from("<III", data, directory + 12 * index)
        if kind == 4:  # ModuleListStream
            module = at + 4  # the program comes first
            struct.pack_into("<I", data, module + 16, stamp)
            struct.pack_into("<IIII", data, module + 24, 0xFEEF04BD, 0x10000, 0x20000,
                             stamp & 0xffff)
            size, record = struct.unpack_from("<II", data, module + 76)
            if size >= 24:
                struct.pack_into("<I", data, record + 4, stamp)
            return bytes(data)
    raise Failure("the dump has no module list")


def with_modules(dump, names):
    """The dump with the first modules called `names`."""
    data = bytearray(dump)
    count, directory = struct.unpack_from("<II", data, 8)
    for index in range(count):
        kind, _, at = struct.unpack_from("<III", data, directory + 12 * index)
        if kind == 4:  # ModuleListStream
            for number, name in enumerate(names):
                struct.pack_into("<I", data, at + 4 + 108 * number + 20, len(data))
                text = name.encode("utf-16-le")
                data += struct.pack("<I", len(text)) + text + b"\0\0"
    return bytes(data)


def main(tests):
    """Runs the functions of `tests`, each in a folder of its own."""
    failed = 0
    for test in tests:
        with Gate(sys.argv[1], sys.argv[2]) as gate:
            try:
                test(gate)
            except Failure as failure:
                print("FAILED %s: %s" % (test.__name__, failure))
                failed += 1
            except Exception:  # pylint: disable=broad-except
                print("FAILED %s:" % test.__name__)
                traceback.print_exc(file=sys.stdout)
                failed += 1
    print("%d of %d tests passed" % (len(tests) - failed, len(tests)))
    sys.exit(1 if failed else 0)


def contains(what, text, *parts):
    for part in parts:
        if part not in text:
            raise Failure("%s: %r is not in %s" % (what, part, text[-2000:]))


__all__ = ["Failure", "Gate", "contains", "expect", "main", "rebuilt", "with_modules",
           "without_names"]
