#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks avdump's JSON against docs/avdump-report.schema.json.

usage: validate_json.py [--doc JSON.md] SCHEMA [FILE ...]

Every FILE ("-" or none: standard input) may hold several JSON documents, one behind the other.
Prints which document is wrong and where, and how many were right. --doc also checks that the
table of docs/json.md names every field of the schema and no other.

Exit: 0 all right, 1 something is wrong, 2 usage, 77 python3-jsonschema is missing.
"""
import json
import re
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is missing (Debian, Ubuntu: apt install python3-jsonschema)")
    sys.exit(77)

MAX_ERRORS = 10  # of one document


def no_duplicates(pairs):
    """JSON readers keep one of two equal keys, so that two would be a silent loss."""
    result = {}
    for key, value in pairs:
        if key in result:
            raise ValueError("key %r comes twice" % key)
        result[key] = value
    return result


def documents(text):
    decoder = json.JSONDecoder(object_pairs_hook=no_duplicates)
    pos = 0
    while True:
        while pos < len(text) and text[pos] in " \t\r\n":
            pos += 1
        if pos == len(text):
            return
        value, pos = decoder.raw_decode(text, pos)
        yield value


def check(name, data, validator):
    """Returns (documents seen, complaints)."""
    seen = 0
    bad = 0
    try:
        for document in documents(data.decode("utf-8")):
            seen += 1
            label = "%s (document %d)" % (name, seen)
            for error in list(validator.iter_errors(document))[:MAX_ERRORS]:
                where = "/".join(str(part) for part in error.absolute_path) or "(top)"
                print("%s: %s: %s" % (label, where, error.message[:300]))
                bad += 1
    except UnicodeDecodeError as error:
        print("%s: not UTF-8 at byte %d" % (name, error.start))
        bad += 1
    except ValueError as error:
        print("%s: document %d: no JSON: %s" % (name, seen + 1, error))
        bad += 1
    if seen == 0 and bad == 0:
        print("%s: no JSON document in it" % name)
        bad += 1
    return seen, bad


def schema_fields(schema):
    """Paths of all fields of the report and the error, as docs/json.md writes them."""
    fields = set()

    def walk(path, node):
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        types = node.get("type", [])
        types = types if isinstance(types, list) else [types]
        if "array" in types:
            walk(path + "[]", node["items"])
            return
        fields.add(path)
        # The table names these once.
        if path == "crashing_thread":
            fields.add("crashing_thread.*")
            fields.add("crashing_thread.threads_index")
            return
        if path.endswith((".native_frames[]", ".native_stack_end")):
            fields.add(path + ".*")
            return
        for key, child in node.get("properties", {}).items():
            walk(path + "." + key, child)
        if path == "facts":
            for key, child in node["additionalProperties"]["properties"].items():
                walk("facts.NAME." + key, child)

    for key, child in schema["$defs"]["report"]["properties"].items():
        walk(key, child)
    for key, child in schema["$defs"]["error"]["properties"]["error"]["properties"].items():
        walk("error." + key, child)
    return fields


def check_doc(path, schema):
    """How many fields a document, the table in Markdown or the manual page, lacks or makes up."""
    row = r"^\| `([^`]+)` \|" if path.endswith(".md") else r"^\.It Ic (\S+)"
    with open(path, encoding="utf-8") as file:
        text = re.split(r"^(?:## |\.Sh )Documents about rules$", file.read(), flags=re.M | re.I)[0]
    documented = set(re.findall(row, text, re.MULTILINE))
    fields = schema_fields(schema)
    for field in sorted(fields - documented):
        print("%s: field '%s' of the schema is not listed" % (path, field))
    for field in sorted(documented - fields):
        print("%s: field '%s' is not in the schema" % (path, field))
    return len(fields ^ documented)


def main(arguments):
    doc = None
    if len(arguments) > 1 and arguments[0] == "--doc":
        doc = arguments[1]
        arguments = arguments[2:]
    if not arguments or arguments[0].startswith("--"):
        print(__doc__)
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = check_doc(doc, schema) if doc is not None else 0
    total = 0
    # With --doc alone there is nothing to read.
    for name in arguments[1:] or ([] if doc is not None else ["-"]):
        if name == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(name, "rb") as file:
                data = file.read()
        seen, complaints = check("standard input" if name == "-" else name, data, validator)
        total += seen
        bad += complaints
    print("%d documents, %d complaints" % (total, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
