#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what docs/application-verifier.md says of stops with rules/verifier: the table of the layer
Networking row by row, and how many others there are.

usage: test_stop_table.py SOURCE_DIR
"""
import glob
import os
import sys

from program import skip

try:
    import yaml
except ImportError:
    skip("python3-yaml is missing (Debian, Ubuntu: apt install python3-yaml)")


def row(stop):
    """A stop as the document has it."""
    parameters = ["%d: %s" % (number, meaning)
                  for number, kinds in enumerate(stop.get("parameters", []), 1)
                  for meaning in kinds.values()]
    return "| %s | `%s` | %s | %s |" % (", ".join("%x" % code for code in stop["codes"]),
                                        stop["name"], stop["title"], "; ".join(parameters))


def main(arguments):
    source = arguments[0]
    layers = {}
    for path in glob.glob(os.path.join(source, "rules", "verifier", "*.yaml")):
        with open(path, encoding="utf-8") as file:
            layer = yaml.safe_load(file)
        layers[layer["layer"]] = layer["stops"]
    with open(os.path.join(source, "docs", "application-verifier.md"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    networking = layers.pop("Networking")
    expected = [row(stop) for stop in networking]
    found = [line for line in lines if line.startswith("| e")]
    failures = 0
    for line in expected:
        if line not in found:
            print("FAIL the table lacks: " + line)
            failures += 1
    for line in found:
        if line not in expected:
            print("FAIL no stop is: " + line)
            failures += 1
    others = "There are %d more stops of %d other layers" % (sum(map(len, layers.values())),
                                                            len(layers))
    if not any(line.startswith(others) for line in lines):
        print("FAIL the document does not say: " + others)
        failures += 1
    print("%d stops, %d failures" % (len(networking), failures))
    return 1 if failures or len(networking) != 15 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
