#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens HTML reports in Chromium: what a reader gets on a screen, a phone and paper.

usage: test_html_browser.py AVDUMP SOURCE_DIR [TRANSCRIPT_DUMP]

Nothing may be asked of a network, run as a script, or stick out of a phone's screen, and every text
must have the contrast that WCAG 2.1 asks for, in light and dark. Where Chromium is missing, the test
is skipped.
"""
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import html_documents

PHONE = 390  # CSS pixels, a usual width
# Runs in a page around the documents, as they allow no script themselves.
HARNESS = """<!DOCTYPE html><meta charset=utf-8><title>harness</title><style>iframe {
  width: %dpx; height: 800px; border: 0 }</style>%s<pre id=r></pre><script>
function channel(v) { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); }
function light(c) { return .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]); }
function colour(text) { return text.match(/[\\d.]+/g).map(Number); }
function behind(element, view) {
  for (; element; element = element.parentElement) {
    var c = colour(view.getComputedStyle(element).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c;
  }
  return [255, 255, 255];
}
function measure(frame) {
  var d = frame.contentDocument, view = frame.contentWindow, found = {least: 99, where: ''};
  d.querySelectorAll('details').forEach(function (e) { e.open = true; });
  found.width = d.documentElement.scrollWidth;
  found.title = d.title;
  found.dead = [].filter.call(d.querySelectorAll('a[href^="#"]'), function (a) {
    return !d.getElementById(a.hash.slice(1)); }).length;
  found.foreign = d.querySelectorAll('script,iframe,img,link,object,embed,form,base').length;
  found.dark = view.matchMedia('(prefers-color-scheme: dark)').matches;
  d.querySelectorAll('body *').forEach(function (e) {
    if (![].some.call(e.childNodes, function (n) { return n.nodeType === 3 && n.data.trim(); })) return;
    var a = light(colour(view.getComputedStyle(e).color)), b = light(behind(e, view));
    var ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < found.least) { found.least = ratio; found.where = e.outerHTML.slice(0, 80); }
  });
  return found;
}
window.onload = function () {
  var all = {};
  document.querySelectorAll('iframe').forEach(function (f) { all[f.id] = measure(f); });
  document.getElementById('r').textContent = 'RESULT' + JSON.stringify(all) + 'END';
};
</script>
"""


class Browser:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.net_log = os.path.join(folder, "net.json")

    def run(self, *arguments):
        """Standard output and error of a headless run; no host is ever resolved."""
        command = [self.program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                   "--user-data-dir=" + os.path.join(self.folder, "profile"),
                   "--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND",
                   "--disable-background-networking", "--disable-component-update", "--no-first-run",
                   "--disable-extensions", "--disable-dev-shm-usage", "--enable-logging=stderr",
                   "--log-net-log=" + self.net_log, "--virtual-time-budget=8000", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=240,
                              check=False)
        return done.stdout, done.stderr

    def dom(self, path, *arguments):
        """The page as the browser has understood it, and what it wrote to its console."""
        out, err = self.run("--dump-dom", *arguments, "file://" + path)
        return out, re.findall(r"CONSOLE[^\]]*\] (.*)", err)

    def asked_for(self, what):
        with open(self.net_log, encoding="utf-8", errors="replace") as file:
            return what in file.read()

    def measure(self, documents, width, *arguments):
        """What the harness found in each document by its name; None where it did not run."""
        harness = os.path.join(self.folder, "harness.html")
        frames = "".join(f'<iframe id="{name}" src="file://{path}"></iframe>'
                         for name, path in documents.items())
        with open(harness, "w", encoding="utf-8") as file:
            file.write(HARNESS % (width, frames))
        out, console = self.dom(harness, *arguments)
        match = re.search("RESULT(.*?)END</pre>", out, re.S)
        return json.loads(html.unescape(match.group(1))) if match else None, console


def check_documents(browser, documents, dark):
    """What is wrong with documents in light or dark, as a list of lines."""
    all_found, console = browser.measure(
        documents, PHONE, "--blink-settings=preferredColorScheme=" + ("0" if dark else "1"))
    wrong = []
    if console:
        wrong.append(f"console: {console}")
    if browser.asked_for(html_documents.CANARY):
        wrong.append("something was asked of a network")
    if all_found is None or set(all_found) != set(documents):
        return wrong + ["the documents were not measured"]
    for name, found in all_found.items():
        if found["dark"] != dark:
            wrong.append(f"{name}: dark mode: {found['dark']}")
        if not found["title"].endswith(("- avdump", "- avdump gate")):
            wrong.append(f"{name}: title {found['title']}")
        if found["width"] > PHONE:
            wrong.append(f"{name}: {found['width']} pixels wide on a phone of {PHONE}")
        if found["least"] < 4.5:
            wrong.append(f"{name}: contrast {found['least']:.2f} at {found['where']}")
        if found["foreign"] or found["dead"]:
            wrong.append(f"{name}: {found}")
    return wrong


def check_checks(browser, folder, path):
    """That scripts, requests and wide pages would be noticed, and that the policy stops the first two."""
    wrong = []
    with open(path, encoding="utf-8") as file:
        text = file.read()
    evil = os.path.join(folder, "evil.html")
    with open(evil, "w", encoding="utf-8") as file:
        file.write(text.replace("<main>", "<main><script>document.title='pwned'</script><p "
                                f"style='width:5000px'>wide</p><img src='http://{html_documents.CANARY}/'>"))
    out, console = browser.dom(evil)
    if "<title>pwned" in out or not any("Content Security Policy" in line for line in console):
        wrong.append(f"the policy does not stop a script, or the console is not seen: {console}")
    with open(evil, encoding="utf-8") as file:
        text = file.read()
    open_to_all = os.path.join(folder, "open.html")
    with open(open_to_all, "w", encoding="utf-8") as file:
        file.write(text.replace("Content-Security-Policy", "nothing"))
    out, _ = browser.dom(open_to_all)
    if "<title>pwned" not in out or not browser.asked_for(html_documents.CANARY):
        wrong.append("without the policy neither script nor network would be noticed")
    found, _ = browser.measure({"evil": evil}, PHONE)
    if found is None or found["evil"]["width"] <= PHONE or not found["evil"]["foreign"]:
        wrong.append(f"a page that is too wide is not noticed: {found}")
    return wrong


def main():
    program, source = sys.argv[1:3]
    transcript = sys.argv[3] if len(sys.argv) > 3 else None
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                    None)
    if chromium is None:
        print("skipped: no chromium")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(chromium, folder)
        out, _ = browser.dom("/dev/null")
        if "<html" not in out:
            print("skipped: chromium does not start here")
            return 77
        documents = html_documents.write_documents(program, source, folder, transcript)
        wrong = check_checks(browser, folder, documents["wow64"])
        for dark in (False, True):
            wrong += check_documents(browser, documents, dark)
        paper = os.path.join(folder, "paper.pdf")
        browser.run("--print-to-pdf=" + paper, "file://" + documents["wow64"])
        if not os.path.exists(paper) or os.path.getsize(paper) < 10000:
            wrong.append("the report cannot be printed")
        elif shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", "-layout", paper, "-"], capture_output=True,
                                  text=True, check=True).stdout
            if "null_read+0x8" not in text or "64-bit stack (wow64)" not in text:
                wrong.append("what is printed lacks the stacks")
    print("\n".join(wrong) or f"{len(documents)} documents, in light and dark, on screen and paper")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
