#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""avdump gate and merge: verdicts, exit codes, and the same answer however the dumps come.

usage: test_gate.py AVDUMP TESTDATA
"""
import io
import json
import os
import random
import re
import shutil
import subprocess
import tarfile
import zipfile

from gate_program import Failure, contains, expect, main, rebuilt, without_names
from named_archives import make_archives

ALL = ["wow64-null-read", "wow64-null-call", "wow64-stack-overflow", "wow64-wait", "x64-divide",
       "x64-null-read", "x64-raise", "x64-stack-overflow", "x64-wait", "x86-null-read"]

# The dumps of the table: a crash with an error, a crash without a finding, none, and no dump.
ERROR, PLAIN, HANG = "x64-null-read", "x64-raise", "x64-wait"
RULE = "null-data-pointer"

# (what the folder holds, options, policy, exit code, what the table says besides)
VERDICTS = [
    # nothing that crashed
    ([HANG], [], None, 0, ["PASS: 0 new"]),
    ([], [], None, 0, ["PASS: 0 new, 0 known, 0 allowed; 0 dumps"]),
    # new
    ([PLAIN], [], None, 1, ["FAIL: 1 new", "fails: new crash: "]),
    ([PLAIN], ["--fail-on", "new"], None, 1, ["FAIL: 1 new"]),
    ([PLAIN], ["--fail-on", "never"], None, 0, ["PASS: 1 new"]),
    # severities
    ([ERROR], ["--fail-on", "error"], None, 1, ["finding '%s'" % RULE]),
    ([ERROR], ["--fail-on", "warning"], None, 1, []),
    ([ERROR], ["--fail-on", "info"], None, 1, []),
    ([PLAIN], ["--fail-on", "error"], None, 0, []),
    # rules
    ([ERROR], ["--fail-on", "rule:" + RULE], None, 1, ["a finding of rule '%s'" % RULE]),
    ([ERROR], ["--fail-on", "rule:null-*"], None, 1, ["a finding of rule 'null-*'"]),
    ([ERROR], ["--fail-on", "rule:heap-*"], None, 0, []),
    # counts
    ([ERROR, ERROR], ["--fail-on", "count:1"], None, 1, ["2 dumps, allowed are 1"]),
    ([ERROR, ERROR], ["--fail-on", "count:2"], None, 0, []),
    ([HANG, HANG], ["--fail-on", "count:1"], None, 0, []),
    # several
    ([PLAIN], ["--fail-on", "error,count:5"], None, 0, []),
    ([PLAIN], ["--fail-on", "error", "--fail-on", "new"], None, 1, []),
    # unreadable
    ([HANG, "broken"], [], None, 3, ["PASS: ", "1 not analysed", "broken.dmp: "]),
    ([HANG, "broken"], ["--fail-on", "unreadable"], None, 1, ["1 dump could not be analysed"]),
    ([HANG, "broken"], [], "unreadable: ignore\n", 0, ["1 not analysed"]),
    ([PLAIN, "broken"], [], None, 1, []),
    # a policy file
    ([PLAIN], [], "fail-on: [new]\n", 1, []),
    ([PLAIN], [], "fail-on: [never]\n", 0, []),
    ([PLAIN], [], "fail-on: []\n", 0, []),
    ([ERROR], [], "fail-on: [error]\n", 1, []),
    ([ERROR], [], 'fail-on: ["rule:null-*"]\n', 1, []),
    ([ERROR, ERROR], [], 'fail-on: ["count:1"]\n', 1, []),
    ([PLAIN], ["--fail-on", "new"], "fail-on: [error]\n", 1, []),
    # allowances
    ([PLAIN], [], "allow:\n  - {bucket: '*APPLICATION_FAULT*', reason: known since 2.3}\n", 0,
     ["allowed", "PASS: 0 new, 0 known, 1 allowed"]),
    ([ERROR], [], "allow:\n  - {rule: 'null-*', reason: being worked on}\n", 0, ["1 allowed"]),
    ([PLAIN], [], "allow:\n  - {rule: 'null-*', reason: being worked on}\n", 1,
     ["warning: policy.yaml:2: the allowance for 'null-*' matches nothing"]),
    ([PLAIN], [], "allow:\n  - {bucket: 'nothing*', reason: x}\n", 1,
     ["the allowance for 'nothing*' matches nothing"]),
    ([PLAIN], ["--today", "2026-12-31"],
     "allow:\n  - {bucket: '*', reason: x, expires: 2026-12-31}\n", 0, ["1 allowed"]),
    ([PLAIN], ["--today", "2027-01-01"],
     "allow:\n  - {bucket: '*', reason: old, owner: alice, expires: 2026-12-31}\n", 1,
     ["expired on 2026-12-31; owner alice (old)", "FAIL: 1 new"]),
    # allowed is allowed, whatever else would fail
    ([ERROR], ["--fail-on", "error,count:1,new"], "allow:\n  - {bucket: '*', reason: x}\n", 0, []),
]


def test_verdicts(gate):
    for number, (dumps, options, policy, code, said) in enumerate(VERDICTS):
        folder = "case%d" % number
        gate.make(folder)
        for index, dump in enumerate(dumps):
            data = b"MDMP and then nothing" if dump == "broken" else gate.dump(dump)
            gate.write("%s/%d-%s.dmp" % (folder, index, dump), data)
        if policy is not None:
            gate.write("policy.yaml", policy)
            options = options + ["--policy", "policy.yaml"]
        found, out, err = gate.run("gate", *options, folder)
        what = "case %d: %s %s %s" % (number, dumps, options, policy)
        expect(what + ": exit code (%s%s)" % (out, err), found, code)
        expect(what + ": standard error", err, "")
        contains(what, out, *said)


def test_usage(gate):
    gate.make("empty")
    gate.write("bad.yaml", "fail-on: [sometimes]\n")
    gate.write("no-reason.yaml", "allow:\n  - bucket: 'x*'\n")
    gate.write("bad.jsonl", '{"avdump_baseline":1}\nnonsense\n')
    for options, code, said in [
            (["--fail-on", "sometimes"], 2, "--fail-on: expected new, info"),
            (["--fail-on", "count:0"], 2, "--fail-on"), (["--fail-on", "count:x"], 2, "--fail-on"),
            (["--fail-on", "rule:"], 2, "--fail-on"), (["--fail-on", ""], 2, "found ''"),
            (["--fail-on", "new,,error"], 2, "found 'new,,error'"),
            (["--fail-on", "rule:null-raed"], 2, "fail-on: no rule is called 'null-raed'"),
            (["-o", "xml:-"], 2, "--output: expected KIND:PATH"), (["-o", "json:"], 2, "--output"),
            (["-o", "json:-", "-o", "table:-"], 2, "only one may go to standard output"),
            (["--shard", "0/2"], 2, "--shard"), (["--shard", "3/2"], 2, "--shard"),
            (["--shard", "1"], 2, "--shard"), (["--shard", "auto"], 2, "SLURM_ARRAY_TASK_ID"),
            (["--today", "2026-02-30"], 2, "--today"), (["-j", "0"], 2, "--jobs"),
            (["--timeout", "soon"], 2, "--timeout"), (["--max-memory", "-1"], 2, "--max-memory"),
            (["--fields", "key,colour"], 2, "--fields"),
            (["--update-baseline"], 2, "--update-baseline needs --baseline"),
            (["--policy", "absent.yaml"], 3, "absent.yaml"),
            (["--policy", "bad.yaml"], 3, "bad.yaml:1:11: expected new, unreadable, info, warning, "
             "error, never, rule:PATTERN or count:N, found 'sometimes'"),
            (["--policy", "no-reason.yaml"], 3, "needs 'reason'"),
            (["--baseline", "absent.jsonl"], 3, "absent.jsonl"),
            (["--baseline", "bad.jsonl"], 3, "bad.jsonl:2:1: expected a JSON object"),
            (["--resume", "absent.jsonl"], 3, "absent.jsonl"),
            (["-o", "json:absent/out.json"], 4, "absent/out.json"),
            (["-o", "json:empty"], 4, "empty: cannot be written")]:
        found, _, err = gate.run("gate", *options, "empty")
        expect("exit code of %s (%s)" % (options, err.strip()), found, code)
        contains(str(options), err, said)
        lines = err.splitlines()
        expect("lines that %s gives" % options, len(lines), 2 if code == 2 else 1)


def test_output_places(gate):
    """No output takes another's place, or that of a file that is read; an earlier run's may go."""
    gate.put("crash.dmp", PLAIN)
    gate.write("policy.yaml", "unreadable: ignore\n")
    gate.write("triage.yaml", "[]\n")
    gate.run("gate", "-o", "jsonl:lines", "--baseline", "known", "--update-baseline", "crash.dmp")

    def files():
        found = {}
        for name in os.listdir(gate.folder):
            with open(gate.path(name), "rb") as file:
                found[name] = file.read()
        return found

    kept = files()
    for options, said in [
            (["-o", "json:crash.dmp"], "--output would overwrite the input 'crash.dmp'"),
            (["-o", "json:./crash.dmp"], "--output would overwrite the input 'crash.dmp'"),
            (["-o", "json:known", "--baseline", "known"],
             "--output would overwrite 'known', which is read"),
            (["-o", "json:none", "--baseline", "none", "--update-baseline"],
             "--output would overwrite 'none', which is read"),
            (["-o", "html:policy.yaml", "--policy", "policy.yaml"],
             "--output would overwrite 'policy.yaml', which is read"),
            (["-o", "html:triage.yaml", "--triage", "triage.yaml"],
             "--output would overwrite 'triage.yaml', which is read"),
            (["-o", "json:lines", "--resume", "lines"],
             "--output would overwrite 'lines', which is read"),
            (["-o", "json:out", "-o", "table:-", "-o", "html:out"],
             "--output: two would be written to 'out'"),
            (["-o", "json:known", "-o", "table:./known"],
             "--output: two would be written to './known'")]:
        code, out, err = gate.run("gate", *options, "crash.dmp")
        expect("%s: exit code and output" % options, (code, out), (2, ""))
        expect("%s: said" % options, err.splitlines()[0], "avdump: " + said)
        expect("%s: files" % options, files(), kept)
    code, _, err = gate.run("merge", "-o", "json:lines", "lines")
    expect("merge: exit code", code, 2)
    contains("merge", err, "--output would overwrite the input 'lines'")
    for options in [["--resume", "lines", "-o", "jsonl:lines"],
                    ["-o", "json:out"], ["-o", "json:out"]]:
        expect("exit code of %s" % options, gate.run("gate", *options, "crash.dmp")[0], 1)
    expect("lines of the resumed run", files()["lines"], kept["lines"])


def test_wrong_rules(gate):
    """A verdict without some of the rules would pass what they are there to stop."""
    gate.put("crash.dmp", PLAIN)
    gate.write("rules/good.yaml", "id: a\ntitle: A\nseverity: info\nwhen: {exception.code: 1}\n")
    for file, text, said in [
            ("rules", None, "avdump: absent: directory cannot be opened"),
            ("bad.yaml", "rules: [\n", "avdump: rules/bad.yaml:"),
            ("bad.yaml", "id: b\ntitle: B\nseverity: bad\nwhen: {exception.code: 1}\n",
             "avdump: rules/bad.yaml:3:11: ")]:
        if text is not None:
            gate.write("rules/" + file, text)
        code, out, err = gate.run("gate", "--rules", "rules" if text else "absent",
                                  "-o", "table:-", "-o", "json:out", "crash.dmp")
        expect("%s: exit code and output" % said, (code, out), (3, ""))
        expect("%s: lines (%s)" % (said, err), len(err.splitlines()), 1)
        contains("standard error", err, said)
    expect("files", sorted(os.listdir(gate.folder)), ["crash.dmp", "rules"])
    os.remove(gate.path("rules/bad.yaml"))
    expect("exit code of sound rules",
           gate.run("gate", "--rules", "rules", "-o", "json:out", "crash.dmp")[0], 1)


def test_absent_images(gate):
    """As with symbols: a wrong folder is not one that lacks every file."""
    gate.put("crash.dmp", PLAIN)
    for options in [["--images", "absent"], ["--images", "crash.dmp"]]:
        for command in ("gate", "analyze"):
            code, out, err = gate.run(command, *options, "crash.dmp")
            expect("%s %s: exit code and output" % (command, options), (code, out), (2, ""))
            contains(command, err, options[1] + ": no such folder of images\n")


def test_baseline(gate):
    """A known bucket passes, the same of another build too, a new one fails."""
    old, new = gate.folder_of("old", ERROR), gate.make("new")
    expect("first run", gate.run("gate", "--fail-on", "never", "--baseline", "known.jsonl",
                                 "--update-baseline", old)[0], 0)
    lines = gate.read("known.jsonl").splitlines()
    expect("its first line", lines[0], '{"avdump_baseline":1}')
    known = [json.loads(line) for line in lines[1:]]
    expect("known buckets", [item["count"] for item in known], [1])
    expect("a known bucket", gate.summary("--baseline", "known.jsonl", old, code=0)["known"], 1)
    gate.write("new/other-build.dmp", rebuilt(gate.dump(ERROR), 0x5e0be11e))
    other = gate.summary("--baseline", "known.jsonl", new, code=0)
    expect("the same in another build", (other["known"], other["new"]), (1, 0))
    both = gate.summary("--baseline", "known.jsonl", old, new, code=0)
    expect("both are one bucket", [b["count"] for b in both["buckets"]], [2])
    expect("the version that is known", both["buckets"][0]["versions"],
           [{"version": "2.0.0.57630", "count": 1}])
    gate.put("new/unheard.dmp", PLAIN)
    found = gate.summary("--baseline", "known.jsonl", new, code=1)
    expect("a new bucket", (found["known"], found["new"]), (1, 1))
    # a second run adds to the file, a third changes nothing
    gate.run("gate", "--fail-on", "never", "--baseline", "known.jsonl", "--update-baseline", new)
    second = gate.read("known.jsonl")
    keys = [json.loads(line)["key"] for line in second.splitlines()[1:]]
    expect("keys are sorted", keys, sorted(keys))
    expect("buckets after the second run", len(keys), 2)
    gate.run("gate", "--fail-on", "never", "--baseline", "known.jsonl", "--update-baseline", new)
    expect("the same run again", gate.read("known.jsonl"), second)
    # lines put together by a merge of branches, in any order and twice, are fine
    lines = second.splitlines()
    gate.write("merged.jsonl", "\n".join([lines[0], lines[2], lines[1], lines[2], ""]))
    expect("a merged baseline", gate.summary("--baseline", "merged.jsonl", new, code=0)["known"], 2)
    gate.write("cut.jsonl", "\n".join([lines[0], lines[1], ""]))
    expect("a line removed", gate.summary("--baseline", "cut.jsonl", new, code=1)["new"], 1)


def many(gate, name, copies=4):
    """A folder of dumps, `copies` times each, all different in a byte that no analysis reads."""
    for dump in ALL:
        data = gate.dump(dump)
        for copy in range(copies):
            gate.write("%s/%s/%s-%d.dmp" % (name, "ab"[copy % 2], dump, copy),
                       data + bytes([copy]) * 8)
    gate.write(name + "/readme.txt", "no dump")
    gate.write(name + "/broken.dmp", b"MDMP")
    return name


def walk(gate, folder):
    for above, _, names in sorted(os.walk(gate.path(folder))):
        for name in sorted(names):
            yield os.path.join(above, name)


# Writers of archives that Python has none for: any one of a kind's will do.
WRITERS = {
    "all.7z": [["7zz", "a", "-bd"], ["7z", "a", "-bd"], ["7zr", "a", "-bd"],
               ["bsdtar", "--format=7zip", "-cf"]],
    "all.cab": [["gcab", "--create", "--zip"], ["lcab", "-q", "-r", "+"]],
}


def made_by_tools(gate, folder):
    files = [os.path.relpath(path, gate.folder) for path in walk(gate, folder)]
    for name, writers in WRITERS.items():
        writer = next((words for words in writers if shutil.which(words[0])), None)
        if writer is None:
            print("not tested: %s (none of %s is installed)" % (
                name, ", ".join(words[0] for words in writers)))
            continue
        inputs = files + [name] if writer[-1] == "+" else [name] + files
        subprocess.run([word for word in writer if word != "+"] + inputs, cwd=gate.folder,
                       stdout=subprocess.DEVNULL, check=True)
        yield name


def archives(gate, folder):
    """The folder in every kind of archive that can be made here, and each of them in a zip."""
    with zipfile.ZipFile(gate.path("all.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for path in walk(gate, folder):
            archive.write(path, os.path.relpath(path, gate.folder))
    found = ["all.zip", *made_by_tools(gate, folder)]
    for name, mode in (("all.tar", "w"), ("all.tar.gz", "w:gz"), ("all.tar.bz2", "w:bz2"),
                       ("all.tar.xz", "w:xz")):
        with tarfile.open(gate.path(name), mode) as archive:
            archive.add(gate.path(folder), folder)
        found.append(name)
    if shutil.which("zstd"):
        subprocess.run(["zstd", "-q", gate.path("all.tar")], check=True)
        found.append("all.tar.zst")
    else:
        print("not tested: all.tar.zst (zstd is not installed)")
    for name in list(found):
        with zipfile.ZipFile(gate.path(name + "-nested.zip"), "w") as archive:
            archive.write(gate.path(name), "inner/" + name)
        found.append(name + "-nested.zip")
    return found


def test_names_in_archives(gate):
    expected = make_archives(gate.folder, gate.dump(PLAIN))
    gate.run("gate", "-o", "jsonl:lines.jsonl", ".")
    expect("names", sorted(json.loads(line)["gate"]["name"]
                           for line in gate.read("lines.jsonl").splitlines()), expected)


def test_same_answer(gate):
    folder = many(gate, "whole", 2)  # test_gate_many.py has thousands
    one = gate.summary("-j", "1", folder)
    expect("dumps", (one["dumps"], one["failed"], one["ignored"]), (len(ALL) * 2 + 1, 1, 1))
    two = gate.summary("-j", "2", folder)
    expect("-j2 against -j1", two, one)
    names = list(walk(gate, folder))
    random.Random(7).shuffle(names)
    for index, path in enumerate(names):
        if not path.endswith(".txt"):
            shutil.copy(path, os.path.join(gate.make("shuffled"), "%03d" % index))
    expect("shuffled names", without_names(gate.summary("-j", "2", "shuffled")),
           without_names(one))
    for archive in archives(gate, folder):
        found = gate.summary("-j", "2", archive)
        expect(archive + ": files passed over", found["ignored"], 1)
        expect(archive, without_names(found), without_names(one))
    with open(gate.path("all.tar"), "rb") as source:
        everything = gate.summary("all.tar", gate.write("copy", source.read()))
    expect("archives are known by their content", everything["dumps"], 2 * one["dumps"])


def test_jsonl_order(gate):
    """Lines come in the order of the inputs, whatever the workers do, and hold the report."""
    folder = many(gate, "whole", 2)
    _, one, _ = gate.run("gate", "-j", "1", "-o", "jsonl:-", folder)
    _, four, _ = gate.run("gate", "-j", "4", "-o", "jsonl:-", folder)
    expect("lines of -j4", four, one)
    lines = [json.loads(line) for line in one.splitlines()]
    names = [line["gate"]["name"] for line in lines]
    expect("names", names, sorted(names))
    for line in lines:
        if line["gate"]["outcome"] == "analyzed":
            expect("the report", (line["status"], line["kind"]), ("OK", "report"))
            expect("its signature", line["gate"].get("signature"), line["signature"]["id"]
                   if line.get("signature") else None)
        else:
            contains("the error", json.dumps(line), "broken.dmp")


def test_shards(gate):
    folder = many(gate, "whole")
    whole = gate.summary(folder)
    parts, total = [], 0
    for index in range(3):
        name = "part%d.jsonl" % index
        code, _, err = gate.run("gate", "--shard", "%d/3" % (index + 1), "-o", "jsonl:" + name,
                                folder)
        expect("standard error of a shard (exit code %d)" % code, err, "")
        total += len(gate.read(name).splitlines())
        parts.append(name)
    expect("dumps of all shards", total, whole["dumps"])
    merged = gate.summary(*parts, command="merge")
    merged["ignored"] = whole["ignored"]  # what is no dump is no line either
    expect("shards merged", merged, whole)
    expect("merged twice", without_names(gate.summary(*parts, *parts, command="merge")),
           without_names(merged))
    for variables in ({"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "3",
                       "SLURM_ARRAY_TASK_MIN": "4"},
                      {"JOB_COMPLETION_INDEX": "1", "JOB_COMPLETION_COUNT": "3"},
                      {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}):
        gate.run("gate", "--shard", "auto", "-o", "jsonl:auto.jsonl", folder, **variables)
        expect("--shard auto with %s" % sorted(variables), gate.read("auto.jsonl"),
               gate.read("part1.jsonl"))


def test_resume(gate):
    folder = many(gate, "whole", 2)
    whole = gate.summary("-o", "jsonl:whole.jsonl", folder)
    lines = gate.read("whole.jsonl").splitlines(keepends=True)
    # a run that was killed: half of its lines, and a piece of the next
    gate.write("half.jsonl", "".join(lines[:9]) + lines[9][:100])
    resumed = gate.summary("--resume", "half.jsonl", "-o", "jsonl:resumed.jsonl", folder)
    expect("resumed", resumed, whole)
    expect("lines of the resumed run", sorted(gate.read("resumed.jsonl").splitlines(True)),
           sorted(lines))
    again = gate.summary("--resume", "resumed.jsonl", folder)
    expect("resumed with nothing left to do", without_names(again), without_names(whole))
    # for a verdict half a line is not good enough
    code, _, err = gate.run("merge", "half.jsonl")
    expect("exit code of a merge of half a line", code, 3)
    contains("merge", err, "half.jsonl:10:1: breaks off in this line")
    code, _, err = gate.run("merge", gate.write("no.jsonl", '{"a":1}\n'))
    expect("exit code of a merge of something else", code, 3)
    contains("merge", err, 'no.jsonl:1:1: no line of a "jsonl" output')


def test_names(gate):
    """Names in archives are names: nothing is written, and none leads anywhere."""
    hostile = ["../../escape.dmp", "/absolute.dmp", "a/../../b.dmp", "C:\\x.dmp", "nul\n.dmp",
               "\x1b[31mred.dmp"]
    with tarfile.open(gate.path("hostile.tar"), "w") as archive:
        for name in hostile:
            entry = tarfile.TarInfo(name)
            data = gate.dump(PLAIN)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link.dmp")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    before = sorted(os.listdir(gate.folder))
    found = gate.summary("-o", "jsonl:lines.jsonl", "hostile.tar", code=1)
    expect("dumps", (found["dumps"], found["failed"]), (len(hostile), 0))
    expect("files", sorted(os.listdir(gate.folder)), sorted(before + ["lines.jsonl"]))
    for path in ("../escape.dmp", "../../escape.dmp", "/absolute.dmp", "../b.dmp"):
        if os.path.exists(gate.path(path)):
            raise Failure(path + " was written")
    names = [json.loads(line)["gate"]["name"] for line in gate.read("lines.jsonl").splitlines()]
    expect("names", names, ["hostile.tar!" + name for name in hostile])
    _, out, _ = gate.run("gate", "hostile.tar")
    if "\x1b" in out:
        raise Failure("an escape sequence reached the terminal")


def without_place(value, place):
    """A report without what was tried at `place`."""
    if isinstance(value, dict):
        return {key: without_place(item, place) for key, item in value.items()}
    if isinstance(value, list):
        return [without_place(item, place) for item in value
                if not isinstance(item, dict) or item.get("place") != place]
    return value


def test_symbol_folders(gate):
    """A folder of symbols is listed once for all dumps, and gives what it gives analyze."""
    for name in ("a/crash.pdb", "a/b/kernel32.pdb", "c/ntdll.sym", "c/renamed.sym"):
        gate.write("symbols/" + name, "not what is wanted\n")
    folder = many(gate, "whole", 1)
    _, lines, _ = gate.run("gate", "-j", "2", "--symbols", "symbols", "-o", "jsonl:-", folder)
    for line in lines.splitlines():
        report = json.loads(line)
        gated = report.pop("gate")
        if gated["outcome"] == "analyzed":
            alone = json.loads(gate.run("analyze", "--json", "--symbols", "symbols",
                                        gated["name"])[1])
            beside = os.path.dirname(gated["name"]) + "/"  # the gate looks there only when told to
            expect("the report of " + gated["name"], report, without_place(alone, beside))
            contains("the places tried", json.dumps(report), "symbols/a/crash.pdb")
    if shutil.which("strace") is None or "under-wine" in gate.program:
        print("not tested: how often the folder is read (no strace, or none that could see it)")
        return
    counts = []
    for inputs in (["whole/a/x64-divide-0.dmp"], ["whole/a"]):
        trace = gate.path("trace")
        result = subprocess.run(
            ["strace", "-f", "-qq", "-e", "trace=openat", "-o", trace, gate.program, "gate", "-j", "2",
             "--symbols", "symbols", "-o", "json:/dev/null", *inputs], cwd=gate.folder, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env={**gate.environment, "ASAN_OPTIONS": "detect_leaks=0"})
        if b"PTRACE" in result.stdout or b"ptrace" in result.stdout:
            print("not tested: how often the folder is read (%r)" % result.stdout)
            return
        opened = re.findall(r'"symbols(?:/[abc]|/a/b)?", [^)]*O_DIRECTORY', gate.read("trace"))
        counts.append(len(opened))
    expect("folders read for one dump and for %d" % len(ALL), counts, [4, 4])


if __name__ == "__main__":
    main([test_verdicts, test_usage, test_output_places, test_wrong_rules, test_absent_images,
          test_baseline,
          test_names_in_archives, test_same_answer, test_jsonl_order, test_shards, test_resume,
          test_names, test_symbol_folders])
