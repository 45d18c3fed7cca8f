#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What avdump gate writes, read by others; --redact, --fields.

usage: test_gate_formats.py AVDUMP TESTDATA
SARIF is validated by the public schema if npm's package @microsoft/jest-sarif is installed, or
AVDUMP_SARIF_SCHEMA names a copy; JUnit is read by pip's junitparser, and validated by the schema that
AVDUMP_JUNIT_SCHEMA names (Jenkins' junit-10.xsd). What is not there is said not to be tested.
"""
import glob
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree

from gate_program import Failure, contains, expect, main, with_modules

# A file name that every format must escape, and a Markdown table must survive.
HOSTILE = "a<b>&\"'|`*_[x](y)#@user,c:d%25 \u202e\x1b[31m\n::error::x.dmp"
KNOWN, NEW = "x64-null-read", "x64-divide"
KINDS = ["table", "json", "jsonl", "junit", "sarif", "github", "gitlab", "markdown", "issues"]


def outputs(gate):
    """Every kind of output of one run: a failing, an allowed, a hanging and a broken dump."""
    gate.write("d/" + HOSTILE, gate.dump(NEW))
    gate.put("d/known.dmp", KNOWN)
    gate.put("d/wait.dmp", "x64-wait")
    gate.write("d/broken\n<&>.dmp", b"MDMP")
    gate.write("p.yaml", "allow:\n  - {rule: 'null-*', reason: 'a <reason> & more'}\n")
    options = [word for kind in KINDS for word in ("-o", "%s:out.%s" % (kind, kind))]
    code, out, err = gate.run("gate", "--policy", "p.yaml", "--link-template",
                              "https://host/d?n={name}&k={key}", *options, "d")
    expect("exit code (%s)" % err, code, 1)
    expect("standard output", out, "")
    return {kind: gate.read("out." + kind) for kind in KINDS}


def test_junit(gate):
    root = ElementTree.fromstring(outputs(gate)["junit"].encode())
    expect("root", root.tag, "testsuites")
    suite = root[0]
    cases = suite.findall("testcase")
    expect("attributes", [suite.get(key) for key in ("tests", "failures", "errors", "skipped")],
           ["4", "1", "1", "1"])
    expect("cases", len(cases), 4)
    for tag, count in (("failure", 1), ("error", 1), ("skipped", 1)):
        expect(tag, len(suite.findall("testcase/" + tag)), count)
    for case in cases:
        if not case.get("name") or not case.get("classname") or len(case) > 1:
            raise Failure("a test case is not sound: %r" % ElementTree.tostring(case))
    contains("the failure", suite.find("testcase/failure").text, "a<b>&\"'|`*_[x](y)#@user,c:d%25")
    expect("the reason", suite.find("testcase/skipped").get("message"), "a <reason> & more")
    contains("the error", suite.find("testcase/error/..").get("name"), "<&>.dmp")
    try:
        import junitparser  # pylint: disable=import-outside-toplevel
    except ImportError:
        print("not tested: JUnit by another's parser (pip's junitparser is not installed)")
    else:
        parsed = junitparser.JUnitXml.fromfile(gate.path("out.junit"))
        other, = parsed
        expect("counts that junitparser reads",
               (other.tests, other.failures, other.errors, other.skipped), (4, 1, 1, 1))
        expect("results that junitparser reads",
               sorted(type(result).__name__ for case in other for result in case.result),
               ["Error", "Failure", "Skipped"])
        parsed.update_statistics()  # counts anew
        expect("counts that junitparser finds", (parsed.tests, parsed.failures, parsed.errors,
                                                 parsed.skipped), (4, 1, 1, 1))
    schema = os.environ.get("AVDUMP_JUNIT_SCHEMA")
    if schema and shutil.which("xmllint"):
        result = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", schema,
                                 gate.path("out.junit")], stderr=subprocess.PIPE, check=False)
        expect("what xmllint says (%s)" % result.stderr, result.returncode, 0)
        print("JUnit is valid by " + os.path.basename(schema))
    else:
        print("not tested: JUnit by a schema (needs xmllint and AVDUMP_JUNIT_SCHEMA)")


def sarif_schema():
    """The schema that the user names, or the one in a common package; None without any."""
    named = os.environ.get("AVDUMP_SARIF_SCHEMA")
    if named:
        return named
    for folder in ("/usr/lib/node_modules", "/usr/local/lib/node_modules", "node_modules"):
        for pattern in ("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0*.json",
                        "@microsoft/sarif-multitool*/sarif-2.1.0.json"):
            found = sorted(glob.glob(os.path.join(folder, pattern)))
            if found:
                return found[-1]
    return None


def test_sarif(gate):
    sarif = json.loads(outputs(gate)["sarif"])
    expect("version", sarif["version"], "2.1.0")
    run, = sarif["runs"]
    expect("driver", run["tool"]["driver"]["name"], "avdump")
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    listed = json.loads(gate.run("rules", "list", "--json")[1])["rules"]
    titles = {rule["id"]: rule["title"] for rule in listed}
    titles["crash"] = "A crash that no rule has a finding for"
    for rule in run["tool"]["driver"]["rules"]:
        expect("shortDescription of " + rule["id"], rule["shortDescription"]["text"],
               titles[rule["id"]])
    advised = [rule["id"] for rule in run["tool"]["driver"]["rules"] if "help" in rule]
    expect("rules with advice", advised, rules[1:])
    expect("rules are unique", len(rules), len(set(rules)))
    for result in run["results"]:
        if result["ruleId"] not in rules or not result["message"]["text"]:
            raise Failure("a result is not sound: %r" % result)
        if result["level"] not in ("none", "note", "warning", "error"):
            raise Failure("level " + result["level"])
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        if not re.fullmatch(r"(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})*",
                            uri):
            raise Failure("not a URI: " + uri)
    expect("levels", sorted(result["level"] for result in run["results"]), ["error", "warning"])
    named = gate.path("d/known.dmp")
    absolute = json.loads(gate.run("gate", "-o", "sarif:-", named)[1])
    expect("an absolute path", absolute["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
           ["artifactLocation"]["uri"], "file://" + named)
    schema = sarif_schema()
    if schema is None:
        print("not tested: SARIF by its schema (npm's @microsoft/jest-sarif is not installed, "
              "AVDUMP_SARIF_SCHEMA is not set)")
        return
    import jsonschema  # pylint: disable=import-outside-toplevel
    with open(schema, encoding="utf-8") as file:
        text = json.load(file)
    validator = jsonschema.validators.validator_for(text)(text)
    for document in (sarif, absolute):
        expect("what the schema forbids", [error.message for error in
                                           validator.iter_errors(document)], [])
    print("SARIF is valid by %s" % os.path.basename(schema))


def test_gitlab(gate):
    """GitLab's documentation of "Code Quality report format" asks for these."""
    report = json.loads(outputs(gate)["gitlab"])
    expect("entries", len(report), 2)
    expect("fingerprints are unique", len({item["fingerprint"] for item in report}), 2)
    for item in report:
        if not item["description"] or not item["check_name"] or not item["location"]["path"]:
            raise Failure("not sound: %r" % item)
        expect("lines.begin", item["location"]["lines"]["begin"], 1)
        if item["severity"] not in ("info", "minor", "major", "critical", "blocker"):
            raise Failure("severity " + item["severity"])


def test_github(gate):
    lines = outputs(gate)["github"].splitlines()
    expect("lines", len(lines), 3)
    for line in lines:
        match = re.fullmatch(r"::(error|warning|notice) file=([^,:]*),title=([^,:]*)::(.*)", line)
        if match is None:
            raise Failure("no workflow command: " + line)
        if "\r" in line or "\x1b" in line:
            raise Failure("a control character: %r" % line)
    expect("commands", sorted(line.split()[0] for line in lines),
           ["::error", "::notice", "::warning"])


def test_markdown(gate):
    text = outputs(gate)["markdown"]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    expect("rows", len(rows), 2 + 3)
    for row in rows:
        expect("cells of " + row, len(re.findall(r"(?<!\\)\|", row)), 6)
    body = "\n".join(rows)
    for bad in ("<b>", "@user", "\x1b", "\u202e"):
        if bad in text:
            raise Failure("%r is in the Markdown" % bad)
    contains("the name", body, "a&lt;b\\>&amp;", "\\`\\*\\_\\[x\\](y)\\#&#64;user")


def test_table(gate):
    lines = outputs(gate)["table"].splitlines()
    at = lines[0].index("followup"), lines[0].index("example")
    for line in lines[1:4]:
        expect("columns of " + line, (line[at[0] - 1], line[at[1] - 1]), (" ", " "))
    for line in lines:
        if re.search("[\x00-\x1f\u202e]", line):
            raise Failure("a control character: %r" % line)
    contains("the table", "\n".join(lines), "not analysed", "\\x0a<&>.dmp: ",
             "FAIL: 1 new, 0 known, 1 allowed; 4 dumps, 1 not analysed")


def on_terminal(gate, columns, *arguments):
    """What a terminal of that width gets, of standard output and standard error."""
    terminal, inner = pty.openpty()
    process = subprocess.Popen([gate.program, *arguments], cwd=gate.folder, stdout=inner,
                               stderr=inner, stdin=subprocess.DEVNULL,
                               env={**gate.environment, "TERM": "xterm", "COLUMNS": str(columns)})
    os.close(inner)
    text = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so that nobody has it open any more
            piece = b""
        if not piece:
            break
        text += piece
    os.close(terminal)
    process.wait(60)
    return text.decode().replace("\r\n", "\n")


def test_table_width(gate):
    """Where nobody looks, nothing is cut; on a terminal lines fit and names keep both ends."""
    program = "a" + "-very" * 30 + "-long-name.exe"
    gate.write("d/a.dmp", with_modules(gate.dump(KNOWN), ["C:\\x\\" + program]))
    _, piped, _ = gate.run("gate", "d")
    contains("the table in a pipe", piped.splitlines()[1], "_c0000005_%s!Unknown " % program)
    for columns in (72, 100, 132):
        shown = on_terminal(gate, columns, "gate", "d")
        rows = shown.split("fails: ")[0].rsplit("\x1b[K", 1)[-1].splitlines()[:2]
        expect("the first line", rows[0].split(), ["count", "standing", "bucket", "followup",
                                                   "example"])
        expect("columns of " + rows[1], len(rows[1]) <= columns, True)
        if not re.search(r" new +NULL_P\w*\.\.\.\S+\.exe!Unknown ", rows[1]):
            raise Failure("the bucket's ends are not in " + rows[1])
        if not rows[1].endswith(" d/a.dmp"):
            raise Failure("what needs no cut was cut: " + rows[1])


def test_progress(gate):
    """On a terminal, unless lines appear there anyway."""
    gate.put("d/a.dmp", KNOWN)
    for options, shown in (((), True), (("-q",), False), (("-o", "jsonl:-"), False),
                           (("-o", "jsonl:lines", "-o", "json:-"), True)):
        text = on_terminal(gate, 100, "gate", *options, "d")
        expect("progress with %s" % (options,), re.search("\x1b.K[01] dumps", text) is not None,
               shown)
    text = on_terminal(gate, 100, "gate", "--fail-on", "never", "-o", "jsonl:-", "d")
    expect("name in the line", json.loads(text.splitlines()[0])["gate"]["name"], "d/a.dmp")


def test_progress_width(gate):
    """One line, which can be written over: of a long name the end, cut between characters."""
    name = "d/" + "\u00e4" * 60 + "\x1b[31m" + "e" * 20 + ".dmp"
    gate.put(name, KNOWN)
    gate.put("a.dmp", NEW)
    for columns in range(20, 100):
        text = on_terminal(gate, columns, "gate", "-j", "1", "-o", "json:/dev/null", "a.dmp", name)
        line = re.search("\x1b.K([^\x1b\r]*)", text)[1]
        expect("begin of " + line, re.match("[01] dumps  ", line) is not None, True)
        expect("columns of " + line, len(line) < columns, True)
        shown = line.split("  ", 1)[1].replace("\\x1b", "\x1b")
        expect("name in %d columns" % columns, name.endswith(shown), True)
        # A character is at most as wide as its bytes are many, or \x1b.
        expect("used of %d columns" % columns, len(line) >= columns / 2 or shown == name, True)


def test_triage(gate):
    """--triage is for the gate what it is for analyze."""
    gate.put("d/a.dmp", KNOWN)
    before = gate.summary("d", code=1)["buckets"][0]["followup"]
    contains("the followup", before, "crash+0x")
    gate.write("t.yaml", "- owner: ignore\n  why: test\n  frames: [crash]\n")
    analyzed = json.loads(gate.run("analyze", "--json", "--triage", "t.yaml", "d/a.dmp")[1])
    expect("who is blamed instead", analyzed["followup"]["module"], "kernel32.dll")
    after = gate.summary("--triage", "t.yaml", "d", code=1)["buckets"][0]["followup"]
    contains("the followup with --triage", after, "kernel32")
    code, _, err = gate.run("gate", "--triage", gate.write("bad.yaml", "- nonsense: 1\n"), "d")
    expect("exit code of a wrong file", code, 3)
    contains("a wrong file", err, "bad.yaml:1:")


def test_issues(gate):
    issues = [json.loads(line) for line in outputs(gate)["issues"].splitlines()]
    expect("keys", [sorted(issue) for issue in issues],
           [["body", "count", "key", "standing", "title"]] * 2)
    body = next(issue for issue in issues if issue["standing"] == "allowed")["body"]
    report = json.loads(gate.run("analyze", "--json", "d/known.dmp")[1])
    frames = report["crashing_thread"]["frames"]
    contains("the body", body, "Windows", "signature: `", "Stack of the example:",
             "`null-data-pointer` (1)", report["findings"][0]["advice"][0],
             "<https://host/d?n=d/known.dmp&k=av1-")
    block = body.split("Stack of the example:\n\n```\n")[1].split("\n```")[0].splitlines()
    expect("frames in the body", len(block), min(len(frames), 40))
    contains("the first frame", block[0], "00 " + frames[0]["module"].rsplit(".", 1)[0])
    # every code span and block is closed, and no text of a dump can open one
    hostile = next(issue for issue in issues if issue["standing"] == "new")["body"]
    for line in hostile.splitlines():
        if not line.startswith("```") and line.count("`") % 2:
            raise Failure("a code span is left open: " + line)
    found = [json.loads(line) for line in gate.run(
        "gate", "-o", "issues:-", "--fields", "stack,key,link,system,findings", "d")[1].splitlines()]
    for issue in found:
        expect("picked fields", list(issue), ["key", "system", "link", "findings", "stack"])
        expect("a link without a template", issue["link"], None)


SECRETS = ["alice.example", "Bob Example", "S-1-5-21-111-222-333-1001", "carol-home",
           "typed secret words", "HOST-OF-DAVE", "erin@example"]


def with_secrets(gate):
    """A dump whose comment and module names hold what nobody should see."""
    data = bytearray(gate.dump(KNOWN))
    count, directory = struct.unpack_from("<II", data, 8)
    streams = [list(struct.unpack_from("<III", data, directory + 12 * i)) for i in range(count)]
    comment = ("typed secret words on HOST-OF-DAVE, erin@example " + "x" * 200).encode() + b"\0"
    streams.append([10, len(comment), len(data)])  # CommentStreamA
    data += comment
    names = ["C:\\Users\\alice.example\\app\\crash.exe", "C:\\Users\\Bob Example\\dlls\\a.dll",
             "C:\\x\\S-1-5-21-111-222-333-1001\\b.dll", "Z:\\home\\carol-home\\c.dll"]
    struct.pack_into("<II", data, 8, len(streams), len(data))
    for stream in streams:
        data += struct.pack("<III", *stream)
    return with_modules(data, names)


def expect_clean(what, text):
    for secret in SECRETS:
        if secret in text:
            at = text.index(secret)
            raise Failure("%s: %r is in %r" % (what, secret, text[max(0, at - 80):at + 60]))


def test_redact(gate):
    gate.write("home/alice.example/d/secret.dmp", with_secrets(gate))
    folder = gate.path("home/alice.example/d")
    dump = os.path.join(folder, "secret.dmp")
    for options in ([], ["-v", "--all-threads"], ["--json"]):
        _, plain, _ = gate.run("analyze", *options, dump)
        contains("the report without --redact", plain, "alice.example")
        _, out, err = gate.run("analyze", "--redact", *options, dump)
        expect("standard error", err, "")
        expect_clean("analyze --redact %s" % options, out)
        contains("what is left", out, "[redacted]")
    contains("the report without --redact", plain, *[s for s in SECRETS])
    kept = re.findall(r'"instruction_pointer": "0x[0-9a-f]+"', plain)
    expect("addresses", re.findall(r'"instruction_pointer": "0x[0-9a-f]+"', out), kept)
    gate.run("gate", "-o", "jsonl:raw.jsonl", folder)
    options = [word for kind in KINDS for word in ("-o", "%s:out.%s" % (kind, kind))]
    for command, inputs in (("gate", [folder, os.path.join(folder, "absent.dmp")]),
                            ("merge", ["raw.jsonl"])):
        code, _, err = gate.run(command, "--redact", *options, *inputs)
        expect("exit code of %s (%s)" % (command, err), code, 1)
        for kind in KINDS:
            text = gate.read("out." + kind)
            expect_clean("%s --redact, %s" % (command, kind), text)
        report = json.loads(gate.read("out.jsonl").splitlines()[-1 if command == "merge" else 0])
        if report["gate"]["outcome"] == "analyzed":
            expect("the comment", report["dump"]["comment_a"], "[redacted]")
    # what was written without names is known again
    resumed = gate.summary("--redact", "--resume", "out.jsonl", folder, code=1)
    expect("resumed", resumed["dumps"], 1)


if __name__ == "__main__":
    main([test_junit, test_sarif, test_gitlab, test_github, test_markdown, test_table, test_table_width,
          test_progress, test_progress_width, test_triage, test_issues, test_redact])
