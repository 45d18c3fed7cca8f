# SPDX-License-Identifier: MIT
"""Reads MANIFEST.md of the corpus: what is known of each real dump, from other sources than avdump.

An entry is a heading with the dump's path and lines that begin with "- ": one that describes the
dump ("amd64, WinNT 6.1.7601 Service Pack 1; 1 threads, 16 modules; ..."), "exception ...",
"streams: ..." and "ground truth: ...". What a line does not say is None.
"""
import re

DESCRIPTION = re.compile(
    r"(?P<arch>[\w()]+), (?P<os>WinNT|Linux|macOS|iOS) (?P<version>[\d.]+)(?: (?P<pack>[^;]+))?; "
    r"(?P<threads>\d+) threads, (?P<modules>\d+) modules; "
    r"memory (?P<ranges>\d+) ranges (?P<bytes>\d+) B; Memory64List (?P<full>[YN]); "
    r"flags 0x(?P<flags>[0-9a-f]+)(?P<extra>.*)")
EXCEPTION = re.compile(
    r"exception (?P<code>[0-9A-F]{8}) at 0x(?P<address>[0-9a-f]+) \((?P<place>[^)]*)\) "
    r"tid 0x(?P<tid>[0-9a-f]+) params ?(?P<parameters>[0-9a-fx,]*)")
PLACE = re.compile(r"(?P<module>.+)\+0x(?P<offset>[0-9a-f]+)")
PID = re.compile(r"\bpid (0x[0-9a-fA-F]+|\d+)")


def empty_entry():
    return {"arch": None, "exception": None, "streams": None, "pid": None}


def read_description(entry, match):
    entry["arch"] = match["arch"]
    entry["os"] = match["os"]
    entry["os_version"] = match["version"]
    entry["service_pack"] = match["pack"]
    for key in ("threads", "modules", "ranges", "bytes"):
        entry[key] = int(match[key])
    entry["full"] = match["full"] == "Y"
    entry["flags"] = int(match["flags"], 16)
    entry["extra"] = {key: int(value)
                      for key, value in re.findall(r"; (\w+)=(\d+)", match["extra"])}


def read_exception(match):
    place = PLACE.fullmatch(match["place"])
    return {
        "code": int(match["code"], 16),
        "address": int(match["address"], 16),
        "tid": int(match["tid"], 16),
        "module": place["module"] if place else None,
        "offset": int(place["offset"], 16) if place else None,
        "parameters": [int(value, 16) for value in match["parameters"].split(",") if value],
    }


def read_line(entry, line):
    match = DESCRIPTION.match(line)
    if match:
        read_description(entry, match)
    elif line.startswith("exception "):
        match = EXCEPTION.match(line)
        if match is None:
            raise ValueError("cannot read '%s'" % line)
        entry["exception"] = read_exception(match)
    elif line.startswith("streams: "):
        entry["streams"] = line.split()[1:]
    elif line.startswith("ground truth: "):
        match = PID.search(line)
        entry["pid"] = int(match[1], 0) if match else None


def read_manifest(path):
    """Path of a dump -> what is known of it."""
    entries = {}
    entry = None
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("### `"):
                entry = entries.setdefault(line.split("`")[1], empty_entry())
            elif line.startswith("#"):
                entry = None
            elif entry is not None and line.startswith("- "):
                read_line(entry, line[2:])
    return entries
