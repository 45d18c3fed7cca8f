#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the commands that documents show and compares what they print.

usage: test_documents.py AVDUMP SOURCE_DIR [--with PROGRAM]... [DOCUMENT...]

A document is Markdown or a manual page; the default is README.md, docs/*.md and man/*. Its commands are
run by sh, one shell each, in a folder that is the document's own and holds what examples speak of
(`furnish`); avdump is in PATH, and so is each PROGRAM.

* In a ```console block, or a literal display of a manual page that begins with "$ ", a line "$ COMMAND"
  is a command, and the lines up to the next one are its standard output and standard error. "..." stands
  for any number of lines, at the end of a line for its rest; a first line "# exit N" for an exit code
  other than 0.
* Any other block that begins with "# FILE: NAME" is written to that file.
* What is shown without its output (an indented block, .Dl) is run when it is one of avdump's, and has to
  come to an answer: exit code 0 or 1.

A command that needs what is not here is skipped, visibly.
"""
import ctypes.util
import glob
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

DUMP = "x64-null-read-normal.dmp.gz"  # what crash.dmp is
# of a 32-bit program, and of whatever
FULL_DUMPS = {"app.dmp": "wow64-wait.dmp.gz", "huge.dmp": "x64-null-read.dmp.gz"}
LIBRARIES = {".zip": "archive"}       # of what avdump loads for such files
PROGRAMS = ("jq", "unzip")
AVDUMP = r"(avdump|[a-z].* \| avdump) "  # a command of ours, perhaps at the end of a pipe


class Example:
    def __init__(self, line, command, shown):
        self.line = line
        self.command = command
        self.shown = shown  # its output is shown
        self.expected = []
        self.code = 0


def from_markdown(text):
    """Examples and (name, content) of files, in their order."""
    fence = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            if isinstance(fence, list):
                yield fence[0][len("# FILE: "):], "\n".join(fence[1:]) + "\n"
            fence = line if fence is None else None
        elif line.startswith("# FILE: ") and fence not in (None, "```console"):
            fence = [line]
        elif isinstance(fence, list):
            fence.append(line)
        elif fence == "```console":
            yield number, line
        elif fence is None and line.startswith("    ") and re.match(AVDUMP, line.strip()):
            yield Example(number, line.strip(), False)


def from_manual(text):
    display = None  # its first line, "" before that
    for number, line in enumerate(text.split("\n"), 1):
        line = line.replace("\\e", "\\").replace("\\&", "")
        if line.startswith(".Bd -literal"):
            display = ""
        elif line == ".Ed":
            display = None
        elif display is not None:
            display = display or line
            if display.startswith("$ "):
                yield number, line
        elif line.startswith(".Dl $ ") and re.match(AVDUMP, line[len(".Dl $ "):]):
            yield Example(number, line[len(".Dl $ "):], False)


def steps(path):
    """The examples and files of a document; those shown with their output are put together."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    example = None
    for item in from_markdown(text) if path.endswith(".md") else from_manual(text):
        line = item[1] if isinstance(item, tuple) and isinstance(item[0], int) else None
        if line is None or line.startswith("$ "):
            if example is not None:
                yield example
            example = None if line is None else Example(item[0], line[2:], True)
        elif example is None:
            raise ValueError("%s:%d: output without a command" % (path, item[0]))
        elif line.startswith("# exit ") and not example.expected:
            example.code = int(line[len("# exit "):])
        else:
            example.expected.append(line)
        if line is None:
            yield item
    if example is not None:
        yield example


def furnish(folder, programs, source):
    """Puts there what examples speak of."""
    os.mkdir(os.path.join(folder, "bin"))
    for program in programs:
        os.symlink(program, os.path.join(folder, "bin", os.path.basename(program)))
    work = os.path.join(folder, "work")
    for name in ("build", "dumps"):
        os.makedirs(os.path.join(work, name))
    for name in ("testdata", "rules", "docs"):
        os.symlink(os.path.join(source, name), os.path.join(work, name))
    with gzip.open(os.path.join(source, "testdata", DUMP)) as file:
        dump = file.read()
    for name in ("crash.dmp", "dumps/crash.dmp"):
        with open(os.path.join(work, name), "wb") as file:
            file.write(dump)
    for name, member in (("dumps.zip", "crash.dmp"), ("crashes.zip", "app.dmp")):
        with zipfile.ZipFile(os.path.join(work, name), "w") as archive:
            archive.writestr(member, dump)
    for name, packed in FULL_DUMPS.items():
        with gzip.open(os.path.join(source, "testdata", packed)) as file, \
                open(os.path.join(work, name), "wb") as out:
            shutil.copyfileobj(file, out)
    with open(os.path.join(work, "known.jsonl"), "w", encoding="utf-8") as file:
        file.write('{"avdump_baseline":1}\n')
    return work


def lacking(command):
    """The name of what a command needs and is not here, or None."""
    for name in PROGRAMS:
        if re.search(r"\b%s\b" % name, command) and shutil.which(name) is None:
            return name
    for ending, name in LIBRARIES.items():
        if ending in command and ctypes.util.find_library(name) is None:
            return "lib" + name
    return None


def pattern(lines):
    return "".join("(?:.*\n)*?" if line == "..." else
                   re.escape(re.sub(r"\.\.\.$", "", line)) +
                   (".*" if line.endswith("...") else "") + "\n" for line in lines)


def first_difference(expected, found):
    """For people: where the two part, when no "..." is before that."""
    for number, line in enumerate(expected):
        if line == "...":
            break
        if number >= len(found) or found[number] != line:
            return "output line %d is\n    %s\nthe document has\n    %s" % (
                number + 1, found[number] if number < len(found) else "(nothing)", line)
    return "the output is\n    " + "\n    ".join(found[:60])


def problem(example, work, environment):
    """What is wrong with an example, or None."""
    result = subprocess.run(["sh", "-c", example.command], cwd=work, env=environment,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=60, check=False)
    output = result.stdout.decode("utf-8")
    if not re.match(AVDUMP, example.command):  # a reader's program: on Windows C ends lines its way
        output = output.replace("\r\n", "\n")
    if result.returncode not in ((example.code,) if example.shown else (0, 1)):
        return "exit code %d, the document has %d\n%s" % (
            result.returncode, example.code, output[-2000:])
    if example.shown and not re.fullmatch(pattern(example.expected), output):
        return first_difference(example.expected, output.split("\n")[:-1])
    return None


def check(programs, source, document):
    """Runs the examples of one document: how many there were, how many failed."""
    count = failures = 0
    with tempfile.TemporaryDirectory() as folder:
        work = furnish(folder, programs, source)
        environment = {name: value for name, value in os.environ.items()
                       if name != "NO_COLOR" and not name.startswith("_NT_")}
        environment.update(PATH=os.path.join(folder, "bin") + os.pathsep + os.environ["PATH"],
                           LC_ALL="C", XDG_CACHE_HOME=os.path.join(folder, "cache"))
        for step in steps(os.path.join(source, document)):
            if not isinstance(step, Example):
                path = os.path.join(work, step[0])
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(step[1])
                continue
            where = "%s:%d: %s" % (document, step.line, step.command)
            if lacking(step.command) is not None:
                print("skipped: %s is not here: %s" % (lacking(step.command), where))
                continue
            count += 1
            wrong = problem(step, work, environment)
            failures += wrong is not None
            print("ok   " + where if wrong is None else "FAIL %s: %s" % (where, wrong))
    return count, failures


def all_documents(source):
    paths = [os.path.join(source, "README.md")]
    for names in ("docs/*.md", "man/*.[1-9]"):
        paths += sorted(glob.glob(os.path.join(source, names)))
    return [os.path.relpath(path, source) for path in paths]


def main(arguments):
    avdump, source = (os.path.abspath(path) for path in arguments[:2])
    programs, documents = [avdump], arguments[2:]
    while documents[:1] == ["--with"]:
        programs.append(os.path.abspath(documents[1]))
        documents = documents[2:]
    results = [check(programs, source, document)
               for document in documents or all_documents(source)]
    count, failures = (sum(numbers) for numbers in zip(*results))
    print("%d examples, %d failures" % (count, failures))
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
