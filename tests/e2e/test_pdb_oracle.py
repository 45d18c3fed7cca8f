#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The PDB reader against llvm-symbolizer: function, file, line and inlined calls of addresses.

usage: test_pdb_oracle.py PDB_QUERY DIRECTORY...

Every PDB below the directories, and below $AVDUMP_LAB/programs (tools/record-testdata), is asked
for up to LIMIT addresses of its code: where each object file's piece begins and ends, and places
between. Where the two differ, the difference must be one of REASONS, which are checked as far as
can be; each is counted. Lines and public symbols are also compared with what the PDB's records
say, read here; frame data with llvm-pdbutil.
"""
import bisect
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import llvm
from pdb_files import NoPdb, Pdb, write_image

OLDEST = 15  # of LLVM, as 14 gives wrong lines of inlined calls
LIMIT = 1000
MAX_CRASHES = 60  # of llvm-symbolizer, per PDB
SHOWN = 5         # differences per PDB that no reason explains
HIDDEN = (0xF00F00, 0xFEEFEE)  # code that debuggers step over, or always into
UNKNOWN = ("??", "??", 0)

REASONS = {
    "lines": "llvm-symbolizer names the first of two lines that begin at one address (it has no "
             "code), prints the marks 0xf00f00 and 0xfeefee as if they were lines, gives bytes "
             "before a function's first line that line, and mixes up blocks of several files; "
             "avdump's line is the one that the PDB's records give, read here",
    "inlined code": "llvm-symbolizer forgets a range of an inlined call that ends where an "
                    "annotation 'code length and offset' begins the next, so it misses the inner "
                    "calls there",
    "inlined line": "llvm-symbolizer gives a range that 'code length and offset' describes the "
                    "line of a later one",
    "jump": "llvm-symbolizer does not read S_TRAMPOLINE, the jumps of incremental linking",
    "thunk": "llvm-symbolizer does not read S_THUNK32, the jumps to imported functions",
    "other object": "the public symbol before the address belongs to another object file's piece, "
                    "so it is not the function's name; llvm-symbolizer takes it all the same",
    "crash": "llvm-symbolizer crashes",
}
# Of inlined calls these cannot be checked here, so they must stay few: per hundred.
MAX_UNCHECKED = {"inlined code": 50, "inlined line": 5}


class Symbolizer:
    """llvm-symbolizer for one image, started again after a crash."""

    def __init__(self, program, image):
        self.command = [program, "--relative-address", "--no-demangle", "--output-style=JSON",
                        "-e", image]

    def ask(self, addresses, functions):
        """address -> [(function, file, line)], innermost first; without those that crash it."""
        answers = {}
        left = list(addresses)
        for _ in range(MAX_CRASHES):
            text = "".join("0x%x\n" % address for address in left)
            result = subprocess.run(self.command + ["--functions=" + functions], input=text,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    encoding="utf-8", errors="replace", check=False)
            lines = result.stdout.splitlines()
            for address, line in zip(left, lines):
                try:
                    answers[address] = self.frames(json.loads(line))
                except ValueError:
                    break
            left = left[len(lines) + 1:] if len(lines) < len(left) else []
            if not left:
                break
        return answers

    @staticmethod
    def frames(answer):
        answer = answer[0] if isinstance(answer, list) else answer
        return [(frame["FunctionName"] or "??", frame["FileName"] or "??", frame["Line"])
                for frame in answer.get("Symbol", [])] or [UNKNOWN]


def ask_avdump(program, pdb, addresses):
    """address -> (kind, frames): "exact", "near" or "none"."""
    text = "".join("%x\n" % address for address in addresses)
    result = subprocess.run([program, pdb], input=text, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, encoding="utf-8", check=True)
    if result.stderr:
        print("    " + result.stderr.strip())
    answers = {}
    for line in result.stdout.splitlines():
        fields = line.split("\t")
        frames = [(fields[i], fields[i + 1], int(fields[i + 2]))
                  for i in range(5, len(fields), 3)]
        frames.append((fields[2], fields[3], int(fields[4])))
        answers[int(fields[0], 16)] = (fields[1], frames)
    return answers


FRAME_DATA = re.compile(r"^ *([0-9A-F]{8}) \|" + r" *(\d+) \|" * 6 + r"(?: *\w+ \|){3} (.*)$", re.M)


def check_frame_data(query, pdbutil, path):
    """Frame data as llvm-pdbutil lists it; returns how many records were compared, and wrong."""
    listing = subprocess.run([pdbutil, "dump", "--fpo", path], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace",
                             check=False).stdout
    _, _, listing = listing.partition("New FPO Data")
    expected = {}
    for rva, size, local, params, _, prolog, saved, program in FRAME_DATA.findall(listing):
        # Of several at one address the last one covers it, too.
        expected[rva] = [size, prolog, params, saved, local, program]
    result = subprocess.run([query, "--frames", path], input="\n".join(expected) + "\n",
                            stdout=subprocess.PIPE, encoding="utf-8", check=True)
    wrong = 0
    for (rva, fields), line in zip(expected.items(), result.stdout.splitlines()):
        found = line.split("\t")[1:9]
        if found != ["data", "%x" % int(rva, 16)] + fields:
            print("    frame data at 0x%s: %s, expected %s" % (rva, found, fields))
            wrong += 1
    return len(expected), wrong


class Comparison:
    def __init__(self, query, symbolizer, path):
        self.pdb = Pdb(path)
        self.addresses = self.pdb.addresses(LIMIT)
        self.pieces = sorted(self.pdb.code())
        self.starts = [piece[0] for piece in self.pieces]
        self.publics = self.pdb.publics()
        self.jumps = self.pdb.jumps()
        self.fragments = self.pdb.lines()
        self.fragment_starts = [fragment[0] for fragment in self.fragments]
        self.public_starts = sorted(self.publics)
        self.ours = ask_avdump(query, path, self.addresses)
        with tempfile.TemporaryDirectory() as folder:
            image = os.path.join(folder, "image.exe")
            write_image(self.pdb, os.path.abspath(path), image)
            oracle = Symbolizer(symbolizer, image)
            self.theirs = oracle.ask(self.addresses, "short")
        self.counts = collections.Counter()
        self.inlined = 0

    def piece(self, address):
        """(start, size, module) of the object file's piece that the address lies in."""
        return self.pieces[bisect.bisect_right(self.starts, address) - 1]

    def public_before(self, address):
        """(start, names) of the last public symbol in the address's section, or None."""
        place = bisect.bisect_right(self.public_starts, address) - 1
        if place < 0:
            return None
        start = self.public_starts[place]
        if self.pdb.section_of(start) != self.pdb.section_of(address):
            return None
        return start, self.publics[start]

    def line(self, address):
        """The line of the address as the PDB's records give it; 0 when they give none."""
        rows = []
        place = bisect.bisect_right(self.fragment_starts, address)
        for _, end, module, lines in self.fragments[max(0, place - 32):place]:
            # Identical functions of several object files may have been folded into one.
            if address < end and module == self.piece(address)[2]:
                rows += [row for row in lines if row[0] <= address and row[1] not in HIDDEN]
        # Of those that begin last the last.
        return max(reversed(rows), key=lambda row: row[0])[1] if rows else 0

    def explain(self, address, kind, ours, theirs):
        """Why the two differ, a key of REASONS; None when there is no excuse."""
        if theirs is None:
            return "crash"
        if theirs == [UNKNOWN] and kind == "exact" and len(ours) == 1 and ours[0][1] == "??":
            return self.explain_jump(address, ours[0][0])
        if ours[:-1] == theirs[:-1] and ours[-1][0] == theirs[-1][0] and (
                ours[-1][2] == self.line(address)):
            return "lines"
        if [f[:2] for f in ours] == [f[:2] for f in theirs]:
            return "inlined line" if len(ours) > 1 and ours[-1] == theirs[-1] else None
        count = len(theirs)
        if len(ours) > count and ours[-count:-1] == theirs[:-1] and ours[-1][:2] == theirs[-1][:2]:
            if ours[-1][2] in (theirs[-1][2], self.line(address)):
                return "inlined code"
        return None

    def explain_jump(self, address, name):
        for (start, size), thunk in self.jumps.items():
            if start <= address < start + size:
                if thunk is None and name.startswith("ILT+") and name.endswith(")"):
                    return "jump"
                if thunk == name:
                    return "thunk"
        return None

    def check_public(self, address, kind, ours):
        """Where neither has a procedure, the name must be the right public symbol, or none."""
        public = self.public_before(address)
        if public is not None and public[0] < self.piece(address)[0]:
            self.counts["other object"] += 1
            return kind == "none" or ours[0] == "??"
        if public is None:
            return kind == "none"
        return ours[0] in public[1] and (kind == "exact") == (public[0] == address)

    def run(self):
        """How many differences have no reason."""
        bad = 0
        for address in self.addresses:
            kind, ours = self.ours[address]
            theirs = self.theirs.get(address)
            self.inlined += len(ours) > 1
            if kind != "none" and ours[-1][2] != self.line(address):
                print("    0x%x: line %d, expected %d" % (
                    address, ours[-1][2], self.line(address)))
                bad += 1
            fine = True
            if theirs is not None and theirs[-1][0] == "??" and len(ours) == 1 and (
                    kind != "exact" or ours[0][0] in self.publics.get(address, ())):
                fine = self.check_public(address, kind, ours[-1])
                ours = [("??",) + ours[0][1:]]
            if fine and ours != theirs:
                reason = self.explain(address, kind, ours, theirs)
                fine = reason is not None
                if fine:
                    self.counts[reason] += 1
            if not fine:
                bad += 1
                if bad <= SHOWN:
                    print("    0x%x (%s)\n      avdump %s\n      llvm   %s" % (
                        address, kind, self.ours[address][1], theirs))
        return bad


def find_pdbs(folders):
    seen = set()
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "**", "*.pdb"), recursive=True)):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    content = hash(file.read())
                if content not in seen:
                    seen.add(content)
                    yield path


def main(arguments):
    query, folders = arguments[0], arguments[1:]
    if os.environ.get("AVDUMP_LAB"):
        folders.append(os.path.join(os.environ["AVDUMP_LAB"], "programs"))
    symbolizer = llvm.find("symbolizer", OLDEST)
    pdbutil, no_pdbutil = llvm.look("pdbutil")
    bad = compared = addresses = inlined = records = 0
    counts = collections.Counter()
    for path in find_pdbs(folders):
        name = os.path.join(os.path.basename(os.path.dirname(path)), os.path.basename(path))
        try:
            comparison = Comparison(query, symbolizer, path)
        except NoPdb as why:
            print("%s: %s" % (name, why))
            continue
        wrong = comparison.run()
        print("%s: %d addresses, %d with inlined calls, %s%s" % (
            name, len(comparison.addresses), comparison.inlined,
            "%d WRONG" % wrong if wrong else "as llvm-symbolizer",
            "".join("; %s: %d" % item for item in sorted(comparison.counts.items()))))
        bad += wrong
        compared += 1
        if pdbutil is not None:
            count, wrong = check_frame_data(query, pdbutil, path)
            records += count
            bad += wrong
        addresses += len(comparison.addresses)
        inlined += comparison.inlined
        counts.update(comparison.counts)
    if compared == 0:
        print("skipped: no PDB below %s" % " ".join(folders))
        return 77
    if pdbutil is None:
        print("%s: frame data was not compared" % no_pdbutil)
    print("%d PDBs, %d addresses, %d with inlined calls, %d records of frame data, %d wrong" % (
        compared, addresses, inlined, records, bad))
    for reason, count in sorted(counts.items()):
        print("%6d %s: %s" % (count, reason, REASONS[reason]))
        if count * 100 > inlined * MAX_UNCHECKED.get(reason, count * 100):
            print("       which are too many")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
