#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Validates the JSON of avdump analyze and info for every dump at hand against the JSON Schema.

usage: test_schema.py AVDUMP SOURCE_DIR CORPUS

The dumps are those of testdata/, those of CORPUS where it is there, and inputs that are none, whose
JSON tells the error. Also: docs/json.md and avdump-json(5) list the fields of the schema, and every
indented output is the compact one with white space.
"""
import glob
import json
import os
import sys
import tempfile

from program import Failure, Program, skip, unique_keys

try:
    import jsonschema
except ImportError:
    skip("python3-jsonschema is missing (Debian, Ubuntu: apt install python3-jsonschema)")
import validate_json

NO_DUMPS = {"empty": b"", "text": b"no dump\n", "header": b"MDMP\x93\xa7\x00\x00" + bytes(8),
            "kernel": b"PAGEDU64" + bytes(4096)}


def document(program, command, path, *options):
    """What the command writes, which is never nothing."""
    result = program.run(command, "--format", "json", *options, path)
    if not result.stdout:
        raise Failure("avdump %s %s: no output, exit code %d: %s" % (
            command, " ".join(options), result.returncode, result.stderr.decode("utf-8", "replace")))
    return result.stdout


def validate(program, validator, path):
    """Returns how many documents were right."""
    for command in ("analyze", "info"):
        compact = document(program, command, path, "--compact")
        seen, complaints = validate_json.check("%s %s" % (command, path), compact, validator)
        if seen != 1 or complaints:
            raise Failure("avdump %s: %d documents, %d complaints" % (command, seen, complaints))
        if compact.count(b"\n") != 1 or not compact.endswith(b"\n"):
            raise Failure("avdump %s --compact: not one line" % command)
        plain = document(program, command, path)
        if json.loads(plain, object_pairs_hook=unique_keys) != json.loads(compact):
            raise Failure("avdump %s: indented and compact JSON differ" % command)
    return 2


def main(arguments):
    program, source, corpus = Program(arguments[0]), arguments[1], arguments[2]
    schema_path = os.path.join(source, "docs", "avdump-report.schema.json")
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = sum(validate_json.check_doc(os.path.join(source, *name.split("/")), schema)
                   for name in ("docs/json.md", "man/avdump-json.5"))
    paths = sorted(glob.glob(os.path.join(source, "testdata", "*.dmp.gz")))
    real = sorted(glob.glob(os.path.join(corpus, "**", "*.dmp"), recursive=True))
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, content in NO_DUMPS.items():
            paths.append(os.path.join(folder, name))
            with open(paths[-1], "wb") as file:
                file.write(content)
        paths.append(os.path.join(folder, "absent"))
        for path in paths + real:
            try:
                total += validate(program, validator, path)
            except (Failure, ValueError) as problem:
                print("FAIL %s: %s" % (path, problem))
                failures += 1
    print("%d documents of %d inputs are valid (%s); %d failures" % (
        total, len(paths) + len(real),
        "%d real dumps" % len(real) if real else "no real dumps at " + corpus, failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
