#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The JSON of `avdump rules` and `avdump facts` has the fields that docs/json.md lists for it, all of them
and no others, and is valid by docs/avdump-rules-documents.schema.json.

usage: test_rules_json.py AVDUMP SOURCE_DIR
"""
import json
import os
import re
import sys
import tempfile

from program import Failure, Program, expect

try:
    import jsonschema
except ImportError:
    jsonschema = None

RULE = """\
id: words
title: Every kind of field
severity: info
let: {gone: process.uptime + 1}
parameters: {Code: "{exception.code}"}
when:
  all:
    - exception.code: {above: 0}
    - modules: {any: {name: "crash*"}}
    - process.uptime: {below: 5}
summary: s
tests:
  negative: [DUMP]
"""
WRONG = "id: x\ntitle: t\nseverity: bad\nwhen: {exception.present: true}\nsummary: s\n"


def documented(source):
    with open(os.path.join(source, "docs", "json.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| ([a-z-]+) \| `([^`]+)` \| ([^|]*) \| ([^|]*) \|$", file.read(), re.M)
    if len(rows) < 90:
        raise Failure("only %d rows were found" % len(rows))
    return rows


def fields(value, path=""):
    """Paths of the fields below a value, as the table writes them."""
    if isinstance(value, list):
        for item in value:
            yield from fields(item, path)
    elif isinstance(value, dict):
        for key, child in value.items():
            if path in ("facts", "collections"):
                key = "NAME"
            below = path + ("." if path else "") + key + ("[]" if is_list(path, key, child) else "")
            if below != "facts.NAME":
                yield below
            if not below.endswith(("parameters", "collections.NAME[]")):
                # A condition's children are conditions.
                yield from fields(child, "when" if below == "when.children[]" else below)


def is_list(path, key, child):
    """Whether the table has [] there: for lists, and for null where rows were not looked for. A value is
    what it is."""
    return key != "value" and (isinstance(child, list) or path == "collections")


def documents_of(program, dump, folder):
    for name, text in (("good.yaml", RULE.replace("DUMP", dump)), ("bad.yaml", WRONG)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    good, bad = os.path.join(folder, "good.yaml"), os.path.join(folder, "bad.yaml")
    for command in (["rules", "list"], ["rules", "show", "words", "--rules", folder],
                    ["rules", "show", "null-data-pointer"], ["rules", "stops", "Networking"],
                    ["rules", "show", "WSA_INVALID_SOCKET_HANDLE"], ["rules", "show", "verifier:0x13"],
                    ["rules", "check", good, bad], ["rules", "test", good, bad],
                    ["rules", "explain", "words", dump, "--rules", folder],
                    ["rules", "docs"], ["facts", dump]):
        text = program.run(*command, "--json").stdout
        try:
            yield json.loads(text)
        except ValueError:
            raise Failure("no JSON of %s: %s" % (command, text[:200])) from None


def check_fields(documents, rows):
    seen = {}
    for document in documents:
        seen.setdefault(document["document"], set()).update(fields(document))
    expect("documents", sorted(seen), sorted({row[0] for row in rows}))
    for name, found in seen.items():
        wanted = {field for document, field, _, _ in rows if document == name}
        stars = tuple(field[:-1] for field in wanted if field.endswith(".*"))
        found = {field for field in found if not field.startswith(stars)} if stars else found
        wanted = {field for field in wanted if not field.endswith(".*")} | {"status", "document"}
        expect("fields of %s that are not listed" % name, sorted(found - wanted), [])
        expect("fields of %s that are not there" % name, sorted(wanted - found), [])


def check_schema(documents, source):
    if jsonschema is None:
        print("not tested: the schema (python3-jsonschema is not installed)")
        return
    with open(os.path.join(source, "docs", "avdump-rules-documents.schema.json"),
              encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for document in documents:
        expect("what the schema has against %s" % document["document"],
               [error.message for error in validator.iter_errors(document)], [])
        broken = dict(document, status="no")
        expect("it is valid whatever it holds", validator.is_valid(broken), False)


def main(arguments):
    program, source = Program(arguments[0]), arguments[1]
    dump = os.path.join(os.path.abspath(source), "testdata", "x64-null-read.dmp.gz")
    with tempfile.TemporaryDirectory() as folder:
        documents = list(documents_of(program, dump, folder))
    check_fields(documents, documented(source))
    check_schema(documents, source)
    print("%d documents" % len(documents))


if __name__ == "__main__":
    main(sys.argv[1:])
