#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares everything that lists options: they must say the same of every command.

usage: test_options.py AVDUMP SOURCE_DIR

What the parser takes is found out by asking it, option by option. --help and the manual pages must have
the same names, letters and words to choose from, the completions of bash, zsh and fish (asked in these
shells, where they are installed) the same names; the table of README.md must have no others.

In a manual page a comment '.\\" for: COMMAND, COMMAND' says whose options the items of a list are, up
to the next such comment or the end of the list.
"""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from program import Failure, Program, expect

HELP = re.compile(r"^  (?:-([a-zA-Z]), |    )--([a-z0-9-]+)(?: (\S+))?(?:  |$)")


class Option:
    """Its letter, whether it takes a value, and the words to choose from (None: any)."""

    def __init__(self, letter, value, words):
        self.letter = letter
        self.value = value
        self.words = words


def choices(argument):
    return frozenset(argument.split("|")) if argument and "|" in argument else None


def output(program, *arguments):
    result = program.run(*arguments)
    expect("exit code of avdump %s" % " ".join(arguments), result.returncode, 0)
    return result.stdout.decode("utf-8")


def commands(program):
    """The names of all commands that have options, as they are typed."""
    text = output(program, "--help").split("\ncommands:\n")[1].split("\n\n")[0]
    *lines, inside = text.split("\n")
    names = [line.split()[0] for line in lines] + inside.split("(")[0].split()
    names += re.findall(r"^  avdump (rules \w+)", output(program, "rules", "--help"), re.M)
    return [name for name in names if name not in ("help", "rules")]


def from_help(program, command):
    """{name: Option}"""
    found = {}
    for line in output(program, *command.split(), "--help").split("\n"):
        match = HELP.match(line)
        if match is None:
            continue
        letter, name, argument = match.groups()
        if name in found:
            raise Failure("avdump %s --help has --%s twice" % (command, name))
        found[name] = Option(letter, argument is not None, choices(argument))
    return found


# ---- the parser

def value_for(name, option):
    """A value that the parser takes."""
    if option.words is not None:
        return sorted(option.words)[0]
    return "a=b" if name == "map" else "7"


def check_parser(program, command, options, names):
    """It takes what help has, with a value where help shows one, and nothing else."""
    words = command.split()
    for name, option in options.items():
        shown = "--" + name
        value = [value_for(name, option)] if option.value else []
        for spelling in [shown] + (["-" + option.letter] if option.letter else []):
            result = program.run(*words, spelling, *value, "--help")
            expect("exit code of avdump %s %s" % (command, spelling), result.returncode, 0)
        # A value too many, or none, is refused.
        wrong = [shown] if option.value else [shown + "=1"]
        result = program.run(*words, *wrong)
        expect("exit code of avdump %s %s" % (command, wrong[0]), result.returncode, 2)
        if b"value" not in result.stderr:
            raise Failure("avdump %s %s: %r" % (command, wrong[0], result.stderr))
    for name in names - set(options):
        if any(other.startswith(name) for other in options):
            continue  # short for another
        result = program.run(*words, "--" + name, "7", "--help")
        expect("exit code of avdump %s --%s" % (command, name), result.returncode, 2)


# ---- the manual pages

def from_item(line):
    """(name, Option) of each option of an item."""
    for part in re.split(r" , (?=Fl )", line[len(".It "):]):
        match = re.match(r"Fl (?:([a-zA-Z]) , )?-([a-z0-9-]+)(?: (.*))?$", part)
        if match is None:
            raise Failure("cannot read '%s' of a manual page" % part)
        letter, name, rest = match.groups()
        words = None
        if rest is not None and rest.startswith("Cm ") and " | " in rest:
            words = frozenset(rest[len("Cm "):].split(" | "))
        yield name, Option(letter, rest is not None, words)


def from_manuals(source):
    """{command: {name: [Option]}}; a page may explain one name twice, for two commands."""
    found = {}
    for path in sorted(glob.glob(os.path.join(source, "man", "*.1"))):
        depth = 0
        whose = []
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        for line in lines:
            depth += line.startswith(".Bl ") - line.startswith(".El")
            if line.startswith('.\\" for: '):
                whose = line.split(": ")[1].split(", ")
            elif depth == 0:
                whose = []
            elif line.startswith(".It Fl "):
                if not whose:
                    raise Failure("%s does not say whose option this is: %s" % (path, line))
                for name, option in from_item(line):
                    for command in whose:
                        found.setdefault(command, {}).setdefault(name, []).append(option)
    return found


def check_manual(command, options, manual):
    expect("options of %s in the manual" % command, sorted(manual), sorted(options))
    for name, option in options.items():
        where = "--%s of %s in the manual" % (name, command)
        expect(where + ": how often", len(manual[name]), 1)
        expect(where + ": letter", manual[name][0].letter, option.letter)
        expect(where + ": takes a value", manual[name][0].value, option.value)
        # A list for several commands has the words of all of them.
        if (option.words or set()) - (manual[name][0].words or set()):
            raise Failure("%s lacks words of %s" % (where, sorted(option.words)))


# ---- the completions

def bash_asks(command):
    words = " ".join(["avdump", *command.split(), "--"])
    return "COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _avdump; echo ${COMPREPLY[*]}" % words


def zsh_asks(command):
    words = " ".join(["avdump", *command.split(), "--"])
    return "words=(%s); CURRENT=$#words; _avdump" % words


SHELLS = {
    "bash": ("source \"$0\"", bash_asks, r"--([a-z0-9-]+)"),
    # What the completion system would be given is printed instead.
    "zsh": ("compdef() { }; compadd() { }; _files() { }\n"
            "_arguments() { print -r -- ${${@%%\\[*}#\\*} }\nsource $0", zsh_asks, r"--([a-z0-9-]+)"),
    "fish": ("source $argv[1]", lambda command: "echo (complete -C 'avdump %s --')" % command,
             r"--([a-z0-9-]+)\t"),
}


def from_shell(shell, program, names, folder):
    """{command: names} as the shell completes them."""
    setup, asks, pattern = SHELLS[shell]
    path = os.path.join(folder, shell)
    with open(path, "w", encoding="utf-8") as file:
        file.write(output(program, "--completion", shell))
    script = "\n".join([setup] + [asks(name) for name in names])
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    result = subprocess.run([shell, *options, "-c", script, path], check=False, timeout=120,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder))
    expect("what %s complains of" % shell, result.stderr, "")
    lines = result.stdout.split("\n")[:-1]
    expect("lines of " + shell, len(lines), len(names))
    return {name: re.findall(pattern, line) for name, line in zip(names, lines)}


# ---- README.md

def check_readme(source, options):
    with open(os.path.join(source, "README.md"), encoding="utf-8") as file:
        table = file.read().split("\n## Options\n")[1].split("\n## ")[0]
    shown = re.findall(r"^\| (`.*?) \|", table, re.M)
    names = set(re.findall(r"--([a-z0-9-]+)", " ".join(shown)))
    letters = set(re.findall(r"`-([a-zA-Z])", " ".join(shown)))
    if len(shown) < 8 or not names <= set(options):
        raise Failure("README.md has %s" % sorted(names - set(options)))
    expect("letters of README.md", sorted(letters - {option.letter for option in options.values()}),
           [])


def main(arguments):
    program, source = Program(os.path.abspath(arguments[0])), arguments[1]
    names = commands(program)
    tables = {name: from_help(program, name) for name in names}
    every = {name for table in tables.values() for name in table}
    failures = 0

    def attempt(check, *arguments):
        nonlocal failures
        try:
            return check(*arguments)
        except Failure as problem:
            print("FAIL %s" % problem)
            failures += 1
            return {}

    manuals = attempt(from_manuals, source)
    attempt(expect, "commands of the manual", sorted(manuals), sorted(names))
    # A thousand runs, and under Wine each waits more than it works.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda name: attempt(check_parser, program, name, tables[name], every), names):
            pass
    for name in names:
        attempt(check_manual, name, tables[name], manuals.get(name, {}))
    asked = [shell for shell in SHELLS if shutil.which(shell) is not None]
    with tempfile.TemporaryDirectory() as folder:
        for shell in asked:
            completed = attempt(from_shell, shell, program, names, folder)
            for name in names if completed else ():
                attempt(expect, "options of %s in %s" % (name, shell), sorted(completed[name]),
                        sorted(tables[name]))
    for shell in sorted(set(SHELLS) - set(asked)):
        print("not tested: the completion of %s (it is not installed)" % shell)
    attempt(check_readme, source, tables["analyze"])
    print("%d commands, %d options, completion in %s; %d failures" % (
        len(names), len(every), ", ".join(asked) or "no shell", failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
