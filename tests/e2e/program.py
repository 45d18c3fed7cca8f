# SPDX-License-Identifier: MIT
"""Runs avdump for the tests beside this file, and holds what their checks have in common."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

SKIPPED = 77  # the exit code that ctest shows as "Skipped"
TIMEOUT = 60  # seconds for one dump; with sanitizers a run takes about one


class Failure(Exception):
    """A check that does not hold."""


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def expect(what, found, expected):
    if found != expected:
        raise Failure("%s: found %s, expected %s" % (what, shown(found), shown(expected)))


def shown(value):
    """For people: large numbers are addresses."""
    text = re.sub(r"\b\d{5,}\b", lambda digits: hex(int(digits[0])), repr(value))
    return text if len(text) <= 400 else text[:400] + " ..."


def unique_keys(pairs):
    result = {}
    for key, value in pairs:
        if key in result:
            raise Failure("the JSON has the key %r twice" % key)
        result[key] = value
    return result


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, *arguments):
        """The result of a run: returncode, stdout, stderr (bytes). A crash is a failure."""
        try:
            result = subprocess.run([self.path, *arguments], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            raise Failure("avdump %s: still running after %d s" % (arguments[0], TIMEOUT)) from None
        if result.returncode < 0:
            raise Failure("avdump %s: ended by signal %d" % (arguments[0], -result.returncode))
        if result.returncode not in (0, 1, 2, 3):
            raise Failure("avdump %s: exit code %d: %s" % (
                arguments[0], result.returncode, result.stderr[-2000:].decode("utf-8", "replace")))
        return result

    def json(self, command, dump, *options):
        """The JSON of a dump that must be readable."""
        result = self.run(command, "--format", "json", "--compact", *options, dump)
        error = result.stderr.decode("utf-8", "replace")
        expect("exit code of avdump %s (%s)" % (command, error.strip()), result.returncode, 0)
        expect("standard error of avdump %s" % command, error, "")
        report = json.loads(result.stdout.decode("utf-8"), object_pairs_hook=unique_keys)
        expect("status", report["status"], "OK")
        return report


def number(text):
    """0x1F, 31 -> 31; None stays None."""
    return None if text is None else int(text, 0)


def exports(frame):
    """(name, offset in it) of a frame as WinDbg shows it: the return address's offset."""
    if frame["function"] is None:
        return None
    start = number(frame["offset"]) - number(frame["function_offset"])
    return frame["function"], number(frame["instruction_pointer"]) - start


def name_of(path, above):
    return os.path.relpath(path, above).replace(os.sep, "/")


def check_frames(frames, where):
    """What must be true of every stack."""
    for index, frame in enumerate(frames):
        at = "%s frame %d" % (where, index)
        expect(at + " frame", frame["frame"], index)
        pc, lookup = number(frame["instruction_pointer"]), number(frame["offset"])
        expect(at + " offset", lookup, pc if frame["exact"] else pc - 1)
        if (frame["module"] is None) != (frame["module_offset"] is None):
            raise Failure(at + ": only one of module and module_offset")
        if index > 0 and frames[index - 1]["return_address"] is not None:
            expect(at + " is where the one below returns to", pc,
                   number(frames[index - 1]["return_address"]))


def check_report(report, info):
    """What must be true of every report, whatever the dump."""
    expect("kind", (report["kind"], info["kind"]), ("report", "info"))
    expect("thread_count", report["thread_count"], len(report["threads"]))
    if not report["verdict"]["what"]:
        raise Failure("the verdict says nothing")
    for index, thread in enumerate(report["threads"]):
        where = "thread %d" % index
        expect(where + " frame_count", thread["frame_count"], len(thread["frames"]))
        check_frames(thread["frames"], where)
        check_frames(thread["native_frames"] or [], where + " native")
        if thread["stack_end"] is None and thread["frames"]:
            raise Failure(where + ": does not say why its stack ends")
        for frame in thread["frames"] + (thread["native_frames"] or []):
            if frame["modules_index"] is None:
                continue
            module = report["modules"][frame["modules_index"]]
            expect(where + " module_offset", number(frame["module_offset"]),
                   number(frame["offset"]) - number(module["base_addr"]))
    crashing = report["crashing_thread"]
    if crashing is not None:
        same = dict(report["threads"][crashing["threads_index"]])
        expect("crashing_thread", crashing["thread_id"], same["thread_id"])
        expect("crash_info.crashing_thread", report["crash_info"]["crashing_thread"],
               crashing["threads_index"])
    for key in ("pid", "thread_count", "system_info", "dump", "unloaded_modules", "handles"):
        expect("avdump info and analyze agree about " + key, info[key], report[key])


def run_cases(functions, new_case):
    """Runs each function with a case of its own, which is closed afterwards; 1 when one failed."""
    failures = 0
    for function in functions:
        case = new_case()
        try:
            try:
                function(case)
            finally:
                case.close()
            print("ok   " + function.__name__)
        except Failure as failure:
            print("FAIL %s: %s" % (function.__name__, failure))
            failures += 1
    return 1 if failures else 0
