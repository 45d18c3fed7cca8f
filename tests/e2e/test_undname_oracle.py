#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares undecorated names with those of llvm-undname.

usage: test_undname_oracle.py UNDECORATE NAMES CORPUS

UNDECORATE is the program of undecorate.c. The names are those of the file NAMES and all that
llvm-pdbutil finds in the PDBs below CORPUS, where there is one. Both tools' texts are brought to
one spelling first; what differs then must be one of the differences that EXPLAINED tells.
"""
import glob
import os
import re
import subprocess
import sys

import llvm

# llvm-undname's own words, and those of Microsoft's undname, which we use.
WORDS = {
    "vbase dtor": "vbase destructor",
    "vector deleting dtor": "vector deleting destructor",
    "default ctor closure": "default constructor closure",
    "scalar deleting dtor": "scalar deleting destructor",
    "vector ctor iterator": "vector constructor iterator",
    "vector dtor iterator": "vector destructor iterator",
    "vector vbase ctor iterator": "vector vbase constructor iterator",
    "eh vector ctor iterator": "eh vector constructor iterator",
    "eh vector dtor iterator": "eh vector destructor iterator",
    "eh vector vbase ctor iterator": "eh vector vbase constructor iterator",
    "copy ctor closure": "copy constructor closure",
    "local vftable ctor closure": "local vftable constructor closure",
    "managed vector ctor iterator": "managed vector constructor iterator",
    "managed vector dtor iterator": "managed vector destructor iterator",
    "EH vector copy ctor iterator": "eh vector copy constructor iterator",
    "EH vector vbase copy ctor iterator": "eh vector vbase copy constructor iterator",
    "vector copy ctor iterator": "vector copy constructor iterator",
}
WORD = re.compile("`(%s)'" % "|".join(re.escape(word) for word in WORDS))


def literal(name, ours, theirs):
    return name.startswith("??_C@_") and ours == "`string'" and '"' in theirs


def operator_type(text):
    """What a conversion operator without arguments converts to: "operator<T> T(void)"."""
    start = text.find("::operator")
    end = text.rfind("(void)")
    if start < 0 or end < 0:
        return ""
    start += len("::operator")
    depth = 0
    for i in range(start, end):
        depth += (text[i] == "<") - (text[i] == ">")
        if depth == 0:
            return text[i + (text[i] in " >"):end].lstrip()
    return ""


def conversion(name, ours, theirs):
    """They repeat the type that a conversion operator is named after as its return type."""
    if "?B" not in name:
        return False
    result = operator_type(ours)
    for cut in range(1, len(result) + 1):
        left, right = result[:cut], result[cut:]
        if not theirs.endswith(right):
            continue
        rest = theirs[:len(theirs) - len(right)]
        at = rest.find(left)
        if at >= 0 and rest[:at] + rest[at + len(left):].lstrip() == ours:
            return True
        if at >= 0 and rest[:at] + rest[at + len(left):].replace(" ", "", 1) == ours:
            return True
    return False


def descriptor(name, ours, theirs):
    return name.startswith(".") and theirs == ours + "`RTTI Type Descriptor Name'"


def several_bases(name, ours, theirs):
    return "'s`" in ours and ours.startswith(theirs[:-1])


def suffix(name, ours, theirs):
    return ours.startswith(theirs + ".") and name.endswith(ours[len(theirs):])


def private_thunk(name, ours, theirs):
    return ours.startswith("[thunk]:") and ours.replace("virtual ", "", 1) == theirs


def regcall(name, ours, theirs):
    return ours.replace("__regcall ", "") == theirs


def anonymous(name, ours, theirs):
    return re.sub("0x[0-9A-Fa-f]{8}", "`anonymous namespace'", theirs) == ours


EXPLAINED = (
    ("string literals: they show the text, we say `string' as undname does", literal),
    ("conversion operators: they show a return type", conversion),
    ("names out of type descriptors: they say so, we give the type", descriptor),
    ("tables for a base of a base: they name the first of the two", several_bases),
    ("what the optimizer adds behind a dot: they leave it out", suffix),
    ("thunks that are private: they leave out 'virtual'", private_thunk),
    ("__regcall: they leave it out", regcall),
    ("a digit for an anonymous namespace: they show the hash", anonymous),
)


def one_spelling(text):
    """Without the blanks that do not part two words; with Microsoft's words."""
    text = WORD.sub(lambda match: "`%s'" % WORDS[match[1]], text)
    return re.sub(r"(?<![\w$@]) | (?![\w$@])", "", text)


def run(command, names):
    result = subprocess.run(command, input="".join(name + "\n" for name in names).encode(),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return result.stdout.decode("utf-8", "replace").split("\n")


def theirs(tool, names):
    """llvm-undname prints each name, what it means or an error, and an empty line."""
    lines = run([tool], names)
    found = {}
    for i, line in enumerate(lines[:-1]):
        if line and (i == 0 or lines[i - 1] == ""):
            found[line] = lines[i + 1]
    return found


def names_of_pdbs(corpus):
    tool = llvm.find("pdbutil")
    names = set()
    for path in glob.glob(os.path.join(corpus, "**", "*.pdb"), recursive=True):
        if not os.path.isfile(path):
            continue
        result = subprocess.run([tool, "dump", "-publics", "-globals", path],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for name in re.findall(r"`(\.?\?[^`\s]*)`", result.stdout.decode("utf-8", "replace")):
            names.add(name)
    return names


def main(arguments):
    program, list_path, corpus = arguments
    tool = llvm.find("undname")
    with open(list_path, encoding="utf-8") as file:
        names = {line.strip() for line in file if line.strip() and not line.startswith("#")}
    if os.path.isdir(corpus):
        names |= names_of_pdbs(corpus)
    names = sorted(names)
    expected = theirs(tool, names)
    full, short = run([program], names), run([program, "name"], names)
    if len(full) != len(names) + 1 or len(short) != len(names) + 1:
        print("%d names, but %d and %d answers" % (len(names), len(full) - 1, len(short) - 1))
        return 1
    counts = {why: 0 for why, _ in EXPLAINED}
    equal = refused = bad = 0
    for name, text, brief in zip(names, full, short):
        want = expected.get(name, "")
        if want == "" or want == "error: Invalid mangled name" or want == name:
            refused += text != name
            continue
        if (text == name) != (brief == name):
            print("%s: undecorated in one form only: '%s', '%s'" % (name, text, brief))
            bad += 1
        got, want = one_spelling(text), one_spelling(want)
        why = next((why for why, test in EXPLAINED if test(name, got, want)), None)
        if got == want:
            equal += 1
        elif why:
            counts[why] += 1
        else:
            print("%s\n  ours   %s\n  theirs %s" % (name, got, want))
            bad += 1
    print("%d names: %d equal, %d different without an explanation" % (len(names), equal, bad))
    for why, count in counts.items():
        print("%6d %s" % (count, why))
    print("%6d refused by %s and undecorated by us" % (refused, os.path.basename(tool)))
    return 1 if bad or equal == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
