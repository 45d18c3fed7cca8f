#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""avdump --completion: each shell that is installed completes commands, options and values.

usage: test_completion.py AVDUMP TESTDATA
"""
import os
import pty
import re
import select
import shutil
import subprocess
import time

from gate_program import Failure, contains, expect, main

# (what is typed, the only word that it can be completed to; None: nothing fits)
CASES = [
    ("avdump ga", "gate"), ("avdump --comp", "--completion"), ("avdump --completion z", "zsh"),
    ("avdump gate --base", "--baseline"), ("avdump gate --up", "--update-baseline"),
    ("avdump gate --update-baseline --pol", "--policy"), ("avdump info --base", None),
    ("avdump analyze --color n", "never"), ("avdump rules ex", "explain"),
    ("avdump rules explain --off", "--offline"), ("avdump help mer", "merge"),
    ("avdump info -f h", "html"), ("avdump rules list -f j", "json"),
]


def expect_all(gate, complete):
    """`complete` gives the words that a line can end with; asked for every option of gate, too."""
    for line, word in CASES:
        expect("completions of '%s'" % line, complete(line), [] if word is None else [word])
    text = gate.run("help", "gate")[1]
    expect("options of gate", sorted(complete("avdump gate --")),
           sorted(set(re.findall(r"^ .*?(--[a-z-]+)", text, re.M))))
    expect("letters of gate", [word for word in sorted(complete("avdump gate -")) if word[1] != "-"],
           sorted(re.findall(r"^ +(-[a-zA-Z]), --", text, re.M)))
    for option in ("--format", "-f"):
        expect("forms of analyze", sorted(complete("avdump analyze %s " % option)),
               ["html", "json", "text"])


def installed(shell):
    if shutil.which(shell):
        return True
    print("not tested: completion in %s (it is not installed)" % shell)
    return False


def output_of(what, words):
    result = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, timeout=60)
    expect("what %s complains of" % what, result.stderr, "")
    return result.stdout


def test_usage(gate):
    code, _, err = gate.run("--completion", "tcsh")
    expect("exit code for an unknown shell", code, 2)
    contains("an unknown shell", err, "expected bash, zsh or fish")


def test_bash(gate):
    script = ("source <(\"$0\" --completion bash)\nCOMP_WORDS=(\"$@\"); COMP_CWORD=$(($#-1))\n"
              "_avdump; printf '%s\\n' \"${COMPREPLY[@]}\"")
    if installed("bash"):
        expect_all(gate, lambda line: output_of(
            "bash", ["bash", "-c", script, gate.program, *line.split(" ")]).split())


def test_fish(gate):
    script = gate.path(gate.write("avdump.fish", gate.run("--completion", "fish")[1]))

    def complete(line):
        text = output_of("fish", ["fish", "--no-config", "-c",
                                  "source %s; complete -C '%s'" % (script, line)])
        return [found.split("\t")[0] for found in text.splitlines()]

    if installed("fish"):
        expect_all(gate, complete)


class Zsh:
    """An interactive zsh: only its line editor completes."""

    def __init__(self, gate):
        self.gate = gate
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(gate.make("empty"))
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**gate.environment, "TERM": "dumb"})
        # What may stand at the cursor is written to a file instead of the terminal.
        gate.write("setup", "autoload -Uz compinit && compinit -D -u\nunsetopt beep\n"
                   "source <(%s --completion zsh)\n"
                   "compadd() {\n"
                   "    [[ $* == *-[OAD]\\ * ]] && { builtin compadd \"$@\"; return }\n"
                   "    local -a hits; builtin compadd -A hits \"$@\"\n"
                   "    print -rl -- $hits >>%s\n"
                   "}\n"
                   "list() { zle complete-word; mv %s %s; zle kill-whole-line }\n"
                   "zle -N list; bindkey '^I' list; : >%s\n" % (
                       gate.program, *(gate.path(name) for name in (
                           "hits", "hits", "said", "said"))))
        self.answer("source %s\n" % gate.path("setup"))

    def answer(self, keys):
        """Types, and waits for the file `said`."""
        gate = self.gate
        gate.write("hits", "")
        if os.path.exists(gate.path("said")):
            os.remove(gate.path("said"))
        os.write(self.terminal, keys.encode())
        shown, deadline = b"", time.monotonic() + 60
        while not os.path.exists(gate.path("said")):
            if select.select([self.terminal], [], [], 0.02)[0]:
                shown += os.read(self.terminal, 65536)
            if time.monotonic() > deadline:
                raise Failure("zsh gives no answer to %r: %r" % (keys, shown))
        return [word for word in gate.read("said").splitlines() if word]

    def end(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def test_zsh_function(gate):
    """As it is installed: a file that zsh reads when the function is called first."""
    if not installed("zsh"):
        return
    gate.make("functions")
    gate.write("functions/_avdump", gate.run("--completion", "zsh")[1])
    said = output_of("zsh", ["zsh", "-fc", "fpath=(%s); autoload -Uz _avdump\n"
                             "compadd() { print -rl -- \"$@\" }; _files() { }\n"
                             "words=(avdump ga) CURRENT=2 PREFIX=ga; _avdump" % gate.path("functions")])
    expect("what the function offers at once", "gate" in said.split(), True)


def test_zsh(gate):
    if not installed("zsh"):
        return
    zsh = Zsh(gate)
    try:
        expect_all(gate, lambda line: zsh.answer(line + "\t"))
    finally:
        zsh.end()


if __name__ == "__main__":
    main([test_usage, test_bash, test_fish, test_zsh_function, test_zsh])
