#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares tables of documents with what they describe, and follows their links.

usage: test_document_tables.py SOURCE_DIR

docs/application-verifier.md: the stops of the layer Networking, row by row, and how many others there
are (rules/verifier). docs/limits-and-trust.md: the ceilings (src/base/limits.h), the words for trust,
method and evidence (src/stack/names.c), the exit codes (src/cli/cli.h).
"""
import glob
import os
import re
import sys

from program import Failure, expect, skip

try:
    import yaml
except ImportError:
    skip("python3-yaml is missing (Debian, Ubuntu: apt install python3-yaml)")


def text_of(source, path):
    with open(os.path.join(source, *path.split("/")), encoding="utf-8") as file:
        return file.read()


def row(stop):
    """A stop as the document has it."""
    parameters = ["%d: %s" % (number, meaning)
                  for number, kinds in enumerate(stop.get("parameters", []), 1)
                  for meaning in kinds.values()]
    return "| %s | `%s` | %s | %s |" % (", ".join("%x" % code for code in stop["codes"]),
                                        stop["name"], stop["title"], "; ".join(parameters))


def check_stops(source):
    layers = {}
    for path in glob.glob(os.path.join(source, "rules", "verifier", "*.yaml")):
        with open(path, encoding="utf-8") as file:
            layer = yaml.safe_load(file)
        layers[layer["layer"]] = layer["stops"]
    document = text_of(source, "docs/application-verifier.md")
    expected = [row(stop) for stop in layers.pop("Networking")]
    expect("stops of the layer Networking", len(expected), 15)
    expect("rows", re.findall(r"^\| e.*$", document, re.M), expected)
    others = "There are %d more stops of %d other layers" % (sum(map(len, layers.values())),
                                                            len(layers))
    if others not in document:
        raise Failure("the document does not say: " + others)


def check_ceilings(source):
    limits = dict(re.findall(r"\b(AVD_\w+) = (\d+)", text_of(source, "src/base/limits.h")))
    rows = re.findall(r"^\| [^|]+ \| ([\d,]+) \| `(AVD_\w+)` \|$",
                      text_of(source, "docs/limits-and-trust.md"), re.M)
    if len(rows) < 15:
        raise Failure("only %d rows of ceilings were found" % len(rows))
    for shown, name in rows:
        expect(name, shown.replace(",", ""), limits.get(name))


def check_words(source):
    """Every word that JSON prints stands in the document."""
    names = text_of(source, "src/stack/names.c")
    document = text_of(source, "docs/limits-and-trust.md")
    words = re.findall(r'return "(\w+)";', names)
    if len(words) < 30:
        raise Failure("only %d words were found" % len(words))
    # No frame has these: the first stands for none, the second for walks by others.
    missing = set(words) - set(re.findall(r"`(\w+)`", document)) - {"non", "none", "prewalked"}
    expect("words that the document lacks", sorted(missing), [])


def check_exit_codes(source):
    codes = re.findall(r"AVD_EXIT_\w+ = (\d+)", text_of(source, "src/cli/cli.h"))
    table = text_of(source, "docs/limits-and-trust.md").split("## Exit codes")[1].split("## ")[0]
    expect("exit codes", re.findall(r"^\| (\d+) \|", table, re.M), codes)


def check_links(source):
    """Links to files of the repository lead to one; docs/README.md has all documents."""
    documents = sorted(glob.glob(os.path.join(source, "docs", "*.md")))
    for path in [os.path.join(source, "README.md")] + documents:
        with open(path, encoding="utf-8") as file:
            links = re.findall(r"\]\(([^):#]+)\)", file.read())
        for link in links:
            if not os.path.exists(os.path.join(os.path.dirname(path), link)):
                raise Failure("%s: there is no %s" % (path, link))
        if os.path.relpath(path, source) == os.path.join("docs", "README.md"):
            others = {os.path.basename(other) for other in documents} - {"README.md"}
            expect("documents that the index lacks", sorted(others - set(links)), [])


def main(arguments):
    failures = 0
    checks = (check_stops, check_ceilings, check_words, check_exit_codes, check_links)
    for check in checks:
        try:
            check(arguments[0])
        except Failure as problem:
            print("FAIL %s: %s" % (check.__name__, problem))
            failures += 1
    print("%d checks, %d failures" % (len(checks), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
