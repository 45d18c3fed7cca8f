#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The files of docs/ci: parsed by others' parsers, and their shell run here as far as it goes.

usage: test_gate_ci.py AVDUMP TESTDATA SOURCE_DIR
PyYAML reads them; check-jsonschema (pip), where it is installed, has the public schemas of GitHub's
and GitLab's files; docs/ci/parallel.sh runs where GNU Parallel is installed. docs/ci/slurm.sh has
test_gate_slurm.sh.
"""
import json
import os
import shutil
import subprocess
import sys

from gate_program import Failure, contains, expect, main, without_names
from program import skip

try:
    import yaml
except ImportError:
    skip("PyYAML is not installed")

DUMPS = ["x64-divide", "x64-null-read", "x64-raise", "x64-wait", "wow64-null-call",
         "x86-null-read"]


def path_of(name):
    return os.path.join(sys.argv[3], "docs", "ci", name)


def parsed(name, schema=None):
    """The only document of the file; it is valid by `schema`."""
    with open(path_of(name), encoding="utf-8") as file:
        document = yaml.safe_load(file)
    if schema is not None and shutil.which("check-jsonschema"):
        result = subprocess.run(["check-jsonschema", "--builtin-schema", schema, path_of(name)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        expect("what %s says of %s (%s)" % (schema, name, result.stdout), result.returncode, 0)
    elif schema is not None:
        print("not tested: %s by its public schema (check-jsonschema is not installed)" % name)
    return document


def shell(gate, words, folder=".", **variables):
    """(exit code, standard output) of a command of theirs, which finds avdump by its name."""
    os.makedirs(gate.path("bin"), exist_ok=True)
    if not os.path.exists(gate.path("bin/avdump")):
        os.symlink(gate.program, gate.path("bin/avdump"))
    environment = {**gate.environment, **variables}
    environment["PATH"] = gate.path("bin") + ":" + environment["PATH"]
    result = subprocess.run(words, cwd=gate.path(folder), env=environment, check=False, timeout=120,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    if "not found" in result.stderr or "yntax error" in result.stderr:
        raise Failure("%s: %s" % (words, result.stderr))
    return result.returncode, result.stdout


def checkout(gate, *known):
    """What the CI files expect in a working tree: dumps, a policy, a baseline of `known`."""
    for name in DUMPS:
        gate.put("tree/dumps/%s.dmp" % name, name)
    gate.write("tree/dumps/broken.dmp", b"MDMP")
    gate.write("tree/crashes/policy.yaml", "fail-on: [new]\n")
    gate.write("tree/crashes/known.jsonl", '{"avdump_baseline":1}\n')
    if known:
        gate.run("gate", "--fail-on", "never", "--baseline", "tree/crashes/known.jsonl",
                 "--update-baseline", *["tree/dumps/%s.dmp" % name for name in known])
    return gate.summary("tree/dumps")


def test_github(gate):
    job, = parsed("github-actions.yml", "vendor.github-workflows")["jobs"].values()
    for known, code in ((DUMPS, 3), (DUMPS[1:], 1)):
        checkout(gate, *known)
        results = {}
        for step in job["steps"]:
            if "run" in step:  # GitHub's default shell
                failed = any(results.values())
                if failed and step.get("if") != "always()":
                    raise Failure("%s does not run after a failure" % step["name"])
                results[step["name"]], out = shell(
                    gate, ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                    "tree", GITHUB_STEP_SUMMARY=gate.path("page.md"))
            for key in ("sarif_file", "path"):
                named = step.get("with", {}).get(key)
                if named and not os.path.getsize(gate.path("tree", named)):
                    raise Failure("%s is empty" % named)
            if step.get("name") == "Judge the dumps":
                contains("the annotations", out, "::warning file=dumps/broken.dmp,")
        expect("exit codes", list(results.values()), [code, 0])
    contains("the page", gate.read("page.md"), "## Crash dumps: fail", "## Crash dumps: pass",
             "INTEGER\\_DIVIDE\\_BY\\_ZERO")


def test_gitlab(gate):
    document = parsed("gitlab-ci.yml", "vendor.gitlab-ci")
    whole = checkout(gate)
    jobs = {name: job for name, job in document.items() if name != "stages"}
    for stage in document["stages"]:
        for job in (job for job in jobs.values() if job["stage"] == stage):
            count = job.get("parallel", 1)
            for index in range(1, count + 1):
                code, _ = shell(gate, ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
                                "tree", CI_NODE_INDEX=str(index), CI_NODE_TOTAL=str(count))
                # The last stage does not run when one before it fails.
                expect("exit code of %s" % stage, code, int(stage == document["stages"][-1]))
            for report in job["artifacts"].get("reports", {}).values():
                contains(report, gate.read("tree/" + report), "av1-")
    parts = ["tree/part-%d.jsonl" % index for index in (1, 2)]
    merged = gate.summary(*parts, command="merge")
    expect("the parts together", without_names(merged), without_names(whole))


def test_kubernetes(gate):
    job = parsed("kubernetes.yaml")
    expect("kind", (job["apiVersion"], job["kind"]), ("batch/v1", "Job"))
    spec = job["spec"]
    expect("completion mode", spec["completionMode"], "Indexed")
    container, = spec["template"]["spec"]["containers"]
    environment = {item["name"]: item["value"] for item in container["env"]}
    expect("JOB_COMPLETION_COUNT", environment["JOB_COMPLETION_COUNT"], str(spec["completions"]))
    mounted = {item["name"]: item["mountPath"] for item in container["volumeMounts"]}
    expect("volumes", sorted(item["name"] for item in spec["template"]["spec"]["volumes"]),
           sorted(mounted))
    whole = checkout(gate)
    places = {mounted["dumps"]: gate.path("tree/dumps"), mounted["out"]: gate.make("out")}
    words = container["command"] + container["args"]
    for mount, place in places.items():
        words = [word.replace(mount, place) for word in words]
    for index in (*range(spec["completions"]), 0):  # the first pod is restarted
        code, _ = shell(gate, words, JOB_COMPLETION_INDEX=str(index), **environment)
        expect("exit code of pod %d" % index, code, 0)
    parts = sorted(os.listdir(gate.path("out")))
    expect("parts", len(parts), spec["completions"])
    merged = gate.summary(*[gate.path("out", part) for part in parts], command="merge")
    expect("the parts together", without_names(merged), without_names(whole))


def test_parallel(gate):
    if shutil.which("parallel") is None or "GNU" not in subprocess.run(
            ["parallel", "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False).stdout:
        print("not tested: docs/ci/parallel.sh (GNU Parallel is not installed)")
        return
    whole = checkout(gate)
    code, out = shell(gate, ["sh", path_of("parallel.sh"), "3"], DUMPS=gate.path("tree/dumps"),
                      OUT=gate.path("out"), PARALLEL_HOME=gate.make("home"))
    expect("exit code (%s)" % out, code, 1)
    contains("the table", out, "FAIL: ", "7 dumps, 1 not analysed")
    expect("parts", sorted(name for name in os.listdir(gate.path("out")) if "part" in name),
           ["part-1.jsonl", "part-2.jsonl", "part-3.jsonl"])
    expect("the verdict", without_names(json.loads(gate.read("out/verdict.json"))),
           without_names(whole))


if __name__ == "__main__":
    main([test_github, test_gitlab, test_kubernetes, test_parallel])
