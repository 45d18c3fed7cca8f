#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the rule language as those meet it who write rules.

usage: test_rule_language.py AVDUMP SOURCE_DIR [--update]

The messages for malformed rule files are those of malformed_rules.txt (--update writes them anew);
the shipped rules and the examples of the documents have no mistakes, pass their own tests and fit
the JSON Schema; schema and manual say what the catalogue of facts says; and every command has its text,
its JSON and its exit codes. The commands of docs/writing-rules.md are run by test_documents.py.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

MESSAGES = "malformed_rules.txt"
LEAST_MALFORMED = 200


def run(*arguments, cwd=None):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd)
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def messages_of(avdump, path, text):
    """The lines that `rules check` prints for a file with this text, without its name."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    code, out, err = run(avdump, "rules", "check", path)
    lines = [line.replace(path + ":", "", 1).strip().replace(path, "FILE")
             for line in out.splitlines()]
    if code != 1 or err or len(lines) < 2:
        lines = ["exit %d, %d lines, %s" % (code, len(lines), err)] + lines
    return lines[:-1]


def malformed(avdump, folder, here, update):
    with open(os.path.join(here, MESSAGES), encoding="utf-8", newline="") as file:
        head, *cases = re.split(r"^== \d+\n", file.read(), flags=re.M)
    failures = 0
    written = head
    for number, case in enumerate(cases, 1):
        lines = case.splitlines(keepends=True)
        text = "".join(line for line in lines if not line.startswith("-> "))
        expected = [line[3:].rstrip("\n") for line in lines if line.startswith("-> ")]
        got = messages_of(avdump, os.path.join(folder, "r.yaml"), text)
        written += "== %d\n%s%s" % (number, text, "".join("-> %s\n" % line for line in got))
        if got != expected and not update:
            print("FAIL malformed file %d: expected %s, got %s" % (number, expected, got))
            failures += 1
    if update:
        with open(os.path.join(here, MESSAGES), "w", encoding="utf-8", newline="") as file:
            file.write(written)
    if len(cases) < LEAST_MALFORMED:
        print("FAIL %d malformed files, at least %d are promised" % (len(cases), LEAST_MALFORMED))
        failures += 1
    return len(cases), failures


def blocks(path, language):
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^```%s\n(.*?)^```$" % language, file.read(), flags=re.M | re.S)


def schema_failures(rules, source):
    """Rules against the JSON Schema; None where the libraries for that are missing."""
    try:
        import jsonschema
        import yaml
    except ImportError:
        return None
    with open(os.path.join(source, "rules", "rules.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = 0
    for name, text in rules:
        for rule in yaml.safe_load_all(text):
            for problem in validator.iter_errors(rule):
                print("FAIL %s does not fit the schema: %s at %s" % (
                    name, problem.message[:200], list(problem.path)))
                failures += 1
    wrong = ({"id": "r"}, {"id": "r", "title": "T", "severity": "bad", "when": {"all": []}},
             {"id": "r", "title": "T", "severity": "info", "when": {"exception.cod": 1}},
             {"id": "r", "title": "T", "severity": "info",
              "when": {"threads": {"any": {"id": "x"}}}})
    for rule in wrong:
        if validator.is_valid(rule):
            print("FAIL the schema takes %s" % rule)
            failures += 1
    return failures


def commands(avdump, source):
    """The commands' exit codes, and JSON that says the same as text."""
    dump = os.path.join(source, "testdata", "wow64-wait.dmp.gz")
    rules = os.path.join(source, "rules")
    failures = 0

    def expect(condition, what):
        nonlocal failures
        if not condition:
            print("FAIL " + what)
            failures += 1

    documents = {}
    for name, arguments in {"list": ["rules", "list"], "show": ["rules", "show", "wild-code"],
                            "check": ["rules", "check", rules], "docs": ["rules", "docs"],
                            "test": ["rules", "test", rules], "facts": ["facts", dump],
                            "explain": ["rules", "explain", "virtualized-process", dump]}.items():
        code, out, err = run(avdump, *arguments, "--json")
        expect(code == 0 and not err, "avdump %s --json: exit %d %s" % (arguments, code, err))
        documents[name] = json.loads(out)
        code, out, err = run(avdump, *arguments, "--json", "--compact")
        expect(out.count("\n") == 1 and json.loads(out) == documents[name],
               "avdump %s --compact differs" % arguments)
    ids = [rule["id"] for rule in documents["list"]["rules"]]
    expect(ids == sorted(ids) and "wild-code" in ids, "rules list: %s" % ids)
    expect(documents["show"]["when"]["children"], "rules show has no condition")
    expect(documents["check"]["problems"] == [] and documents["check"]["rules"] == len(ids),
           "rules check counts %d rules of %d" % (documents["check"]["rules"], len(ids)))
    expect(documents["test"]["failed"] == 0 and documents["test"]["passed"] >= 2 * len(ids) and
           documents["test"]["rules_without_tests"] == 0, "rules test: a shipped rule has no test")
    expect(documents["explain"]["found"] is True and
           documents["explain"]["when"]["value"] is True, "rules explain virtualized-process")
    # What the program wrote down of itself (testdata/wow64-wait.truth) is what rules see of it.
    names = {thread["name"] for thread in documents["facts"]["collections"]["threads"]}
    expect({"main", "sleeper", "waiter"} <= names, "facts: thread names %s" % names)
    expect(documents["facts"]["facts"]["process.is_wow64"]["value"] is True, "facts: WOW64")
    expect(documents["facts"]["facts"]["exception.code"]["reason"], "facts: reason")
    seen = {fact["name"] for fact in documents["docs"]["facts"]}
    expect(set(documents["facts"]["facts"]) <= seen, "facts that the catalogue does not have")
    for arguments, wanted, message in (
            (["rules"], 2, "rules needs a command"),
            (["rules", "chekc"], 2, "unknown command 'rules chekc' (did you mean 'check'?)"),
            (["rules", "show", "nothing"], 2, "no rule has the id 'nothing'"),
            (["rules", "show"], 2, "rules show needs a file"),
            (["rules", "show", "wild-code", "fast-fail"], 2, "rules show takes one id"),
            (["rules", "list", "x"], 2, "rules list takes no file"),
            (["rules", "explain", "wild-code"], 2, "rules explain needs an id and a file"),
            (["rules", "explain", "nothing", "absent.dmp"], 2, "avdump: no rule has the id 'nothing'"),
            (["rules", "explain", "wild-code", "absent.dmp"], 3, "absent.dmp"),
            (["rules", "explain", "verifier:0x400", dump], 3,
             "'verifier:0x400' is a stop of Application Verifier"),
            (["rules", "list", "--rules", "absent"], 3, "absent: directory cannot be opened"),
            (["rules", "check", "absent"], 1, "directory cannot be opened"),
            (["rules", "test", "absent.yaml"], 1, "absent.yaml: cannot be opened"),
            (["facts"], 2, "facts needs a file")):
        code, out, err = run(avdump, *arguments)
        expect(code == wanted and message in err + out,
               "avdump %s: exit %d: %s%s" % (" ".join(arguments), code, err, out))
    return failures


def check_stops(avdump, source):
    """The stops of rules/verifier as `rules stops` and `rules show` have them. Returns failures."""
    failures = 0

    def expect(condition, what):
        nonlocal failures
        if not condition:
            print("FAIL " + what)
            failures += 1

    def stops(*arguments):
        code, out, err = run(avdump, "rules", *arguments, "--json")
        expect(code == 0 and not err, "rules %s: exit %d %s" % (arguments, code, err))
        return json.loads(out)["stops"] if code == 0 else []

    def numbers(texts):
        return tuple(int(text, 0) for text in texts)

    total = 0
    for path in sorted(glob.glob(os.path.join(source, "rules", "verifier", "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        layer = re.search(r"^layer: (\S+)$", text, re.M)[1]
        written = {(name, numbers(codes.split(","))) for name, codes in
                   re.findall(r"^  - name: (\S+)\n    codes: \[(.*)\]$", text, re.M)}
        listed = stops("stops", layer)
        found = {(stop["name"], numbers(stop["codes"])) for stop in listed}
        expect(found == written, "rules stops %s: %s" % (layer, sorted(found ^ written)))
        expect({stop["layer"] for stop in listed} == {layer}, "rules stops %s: layers" % layer)
        total += len(written)
    codes = [numbers(stop["codes"])[0] for stop in stops("stops")]
    expect(len(codes) == total > 300 and codes == sorted(codes), "rules stops: %d" % len(codes))
    # Microsoft's page "Stop Codes - Networking", by both numbers and by name.
    for wanted in ("verifier:0xE001", "verifier:57601", "verifier:wsa_socket_already_closed",
                   "WSA_SOCKET_ALREADY_CLOSED"):
        shown = stops("show", wanted)
        expect(len(shown) == 1 and shown[0]["title"] == "Attempt to use a closed SOCKET" and
               [parameter["kind"] for parameter in shown[0]["parameters"]] ==
               ["socket", "stack_trace", "unused", "unused"] and
               shown[0]["error_report"] == "break" and shown[0]["log"] is True,
               "rules show %s: %s" % (wanted, shown))
    expect({stop["layer"] for stop in stops("show", "INVALID_HANDLE")} ==
           {"Handles", "PrintDriver"}, "rules show INVALID_HANDLE")
    for arguments, message in (
            (["stops", "Handels"], "no stop is known of a layer 'Handels' (did you mean 'Handles'?)"),
            (["stops", "Handles", "Locks"], "rules stops takes one layer, found also 'Locks'"),
            (["show", "verifier:0x99999"], "no stop of Application Verifier is '0x99999'"),
            (["show", "verifier:0x100000013"], "no stop of Application Verifier is '0x100000013'"),
            (["show", "INVALID_HANDEL"], "(did you mean 'INVALID_HANDLE'?)")):
        code, out, err = run(avdump, "rules", *arguments)
        expect(code == 2 and message in err and not out,
               "rules %s: exit %d %s" % (arguments, code, err))
    code, out, _ = run(avdump, "rules", "show", "verifier:0x13")
    expect(code == 0 and out.startswith("error: APPLICATION_VERIFIER_HEAPS_FIRST_CHANCE_ACCESS_"
                                        "VIOLATION [verifier:0x0013]\n"), "rules show: " + out)
    code, out, _ = run(avdump, "rules", "list")
    expect("and %d stops of Application Verifier" % total in out, "rules list tells of no stops")
    return failures


def main(arguments):
    avdump, source = os.path.abspath(arguments[0]), arguments[1]
    update = arguments[2:] == ["--update"]
    here = os.path.dirname(os.path.abspath(__file__))
    failures = 0
    shipped = sorted(glob.glob(os.path.join(source, "rules", "*.yaml")))
    rules = []
    for path in shipped:
        with open(path, encoding="utf-8") as file:
            rules.append((os.path.basename(path), file.read()))
    # Of a file that the document writes twice the last counts: the first has a mistake on purpose.
    examples = {text.partition("\n")[0]: text for text in
                blocks(os.path.join(source, "docs", "writing-rules.md"), "yaml")}
    rules += [("docs/writing-rules.md", text) for text in examples.values()]
    with tempfile.TemporaryDirectory() as folder:
        cases, bad = malformed(avdump, folder, here, update)
        failures += bad
    for command in ("check", "test"):
        code, out, err = run(avdump, "rules", command, os.path.join(source, "rules"))
        if code != 0:
            print("FAIL rules %s of the shipped rules: %s%s" % (command, out, err))
            failures += 1
    code, out, err = run(sys.executable, "-B", os.path.join(source, "tools", "rule-docs"), avdump,
                         "--check")
    if code != 0:
        print("FAIL %s%s" % (out, err))
        failures += 1
    failures += commands(avdump, source)
    failures += check_stops(avdump, source)
    fits = schema_failures(rules, source)
    print("%d malformed files, %d rules and examples%s; %d failures" % (
        cases, len(rules), " (schema not checked: jsonschema or yaml is missing)"
        if fits is None else "", failures + (fits or 0)))
    return 1 if failures + (fits or 0) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
