#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks HTML reports with parsers of others: well-formed, self-contained, inert, accessible.

usage: test_html.py AVDUMP SOURCE_DIR [TRANSCRIPT_DUMP]
"""
import html.parser
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import html_documents

VOID = {"meta", "br"}
ELEMENTS = set("""html head meta title style body header h1 h2 h3 dl dt dd nav ul li a main section
    article p div span strong em code pre details summary table thead tbody tr th td svg rect footer
    br""".split())
ATTRIBUTES = set("""lang xmlns charset http-equiv content name class id href rel scope colspan open
    role tabindex aria-label aria-labelledby aria-hidden viewbox preserveaspectratio x y width
    height""".split())


class Reader(html.parser.HTMLParser):
    """Collects what a document consists of."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.problems, self.ids, self.links = [], [], [], []
        self.headings, self.text, self.th_without_scope = [], [], 0
        self.policy = None

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag not in ELEMENTS:
            self.problems.append(f"<{tag}>")
        self.problems += [f"{tag} {name}" for name in values if name not in ATTRIBUTES]
        if "id" in values:
            self.ids.append(values["id"])
        if "href" in values:
            self.links.append((tag, values["href"], values.get("rel")))
        if tag == "th" and "scope" not in values:
            self.th_without_scope += 1
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.problems.append(f"</{tag}> does not match")

    def handle_data(self, data):
        if not self.stack or self.stack[-1] != "style":
            self.text.append(data)


def check(name, path):
    """What is wrong with the document, as a list of lines."""
    with open(path, "rb") as file:
        data = file.read()
    xml.etree.ElementTree.fromstring(data)  # raises where it is not well-formed
    text = data.decode("utf-8")
    reader = Reader()
    reader.feed(text)
    reader.close()
    wrong = list(reader.problems)
    if reader.stack:
        wrong.append(f"not closed: {reader.stack}")
    if len(set(reader.ids)) != len(reader.ids):
        wrong.append("an id is there twice")
    for tag, target, rel in reader.links:
        if target.startswith("#"):
            if target[1:] not in reader.ids:
                wrong.append(f"{target} leads nowhere")
        elif tag != "a" or not target.startswith(("http://", "https://")) or "noreferrer" not in rel:
            wrong.append(f"{tag} asks for {target}")
    if reader.th_without_scope:
        wrong.append(f"{reader.th_without_scope} header cells without scope")
    if reader.headings[:1] != [1] or reader.headings.count(1) != 1 or any(
            after > before + 1 for before, after in zip(reader.headings, reader.headings[1:])):
        wrong.append(f"headings {reader.headings}")
    if reader.policy is None or not reader.policy.startswith("default-src 'none'"):
        wrong.append(f"policy {reader.policy}")
    if 'name="viewport"' not in text or "prefers-color-scheme:dark" not in text:
        wrong.append("no viewport, or no dark mode")
    for character in text:
        if character in "\u202e\u2066\u200f\ufffe" or (ord(character) < 32 and character != "\n"):
            wrong.append(f"character {ord(character):#x}")
            break
    return [f"{name}: {line}" for line in wrong], "".join(reader.text)


def main():
    program, source = sys.argv[1:3]
    transcript = sys.argv[3] if len(sys.argv) > 3 else None
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        documents = html_documents.write_documents(program, source, folder, transcript)
        texts = {}
        for name, path in documents.items():
            problems, texts[name] = check(name, path)
            wrong += problems
        with open(documents["wow64"], "rb") as file:
            first = file.read()
        again = subprocess.run([program, "analyze", "--format", "html",
                                source + "/testdata/wow64-null-read.dmp.gz"],
                               capture_output=True, check=True).stdout
        if again != first:
            wrong.append("the same dump gave another document")
        both = subprocess.run([program, "analyze", "--format=html", documents["wow64"], "b.dmp"],
                              capture_output=True, text=True, check=False)
        if both.returncode != 2 or "one document of one dump" not in both.stderr:
            wrong.append(f"two dumps: {both.returncode} {both.stderr}")
        # Personal names are cut out of the finished document, which must not harm it.
        redacted = subprocess.run([program, "analyze", "--redact", "--format=html",
                                   folder + "/hostile.dmp"], capture_output=True, check=True).stdout
        xml.etree.ElementTree.fromstring(redacted)
        if b"Brien" in redacted or b"Brien" not in open(documents["hostile"], "rb").read():
            wrong.append("--redact leaves a user's name, or there was none")
        refused = subprocess.run([program, "symbols", "--format=html", "a.dmp"],
                                 capture_output=True, text=True, check=False)
        if refused.returncode != 2 or "expected text|json" not in refused.stderr:
            wrong.append(f"symbols: {refused.returncode} {refused.stderr}")
    # What a reader sees of the hostile names is their text.
    for part in html_documents.HOSTILE[:5]:
        for name in ("hostile", "hostile-info"):
            if part not in texts[name]:
                wrong.append(f"{name}: {part!r} is not shown")
    for part in ("32-bit stack", "64-bit stack (wow64)", "null-data-pointer", "Address space",
                 "by frame pointer or a call that leads here", "wow64cpu"):
        if part not in texts["wow64"]:
            wrong.append(f"wow64: no {part!r}")
    for part in ("Buckets", "NULL_POINTER_READ", "Not analysed"):
        if part not in texts["gate"]:
            wrong.append(f"gate: no {part!r}")
    if transcript and "hnetcfg!FwOpenDynamicFwPort" not in texts["transcript"]:
        wrong.append("transcript: its blamed frame is missing")
    print("\n".join(wrong) or f"{len(documents)} documents are as they should be")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
