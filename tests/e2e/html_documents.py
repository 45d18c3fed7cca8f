# SPDX-License-Identifier: MIT
"""HTML reports for the tests: of real dumps, of a hostile one made here, and of a gate's run."""
import os
import struct
import subprocess

# What a name could try: each is inert only if it is shown as text. The host exists nowhere.
CANARY = "canary.invalid"
HOSTILE = ("<script>document.title='pwned'</script>",
           f"<img src=http://{CANARY}/i onerror=\"document.title='pwned'\">",
           f"\"'><svg onload=document.title='pwned'>",
           f"</style></title></td><iframe src=//{CANARY}/f></iframe>",
           f"<link rel=stylesheet href=http://{CANARY}/s><meta http-equiv=refresh content=0>",
           "evil\u202efdp.exe\u2066\u200f", "&lt;b&gt;&#60;", "nul\x01\x1b[31m\ufffe", "<!--", "]]>", "Users\\O'Brien & <i>\\a.dll")


def hostile_dump():
    """A minidump (minidumpapiset.h) of one x64 thread whose every name is hostile."""
    streams = []
    body = bytearray()
    start = 32 + 12 * 8  # header, directory of eight entries

    def put(data):
        while len(body) % 8:
            body.append(0)
        at = start + len(body)
        body.extend(data)
        return at

    def string(text):
        data = text.encode("utf-16-le", "surrogatepass")
        return put(struct.pack("<I", len(data)) + data + b"\0\0")

    def stream(kind, data):
        streams.append((kind, len(data), put(data)))

    stream(7, struct.pack("<HHHBBIIIIIHH", 9, 0, 0, 2, 1, 10, 0, 19041, 2, string(HOSTILE[3]), 0, 0)
           + bytes(24))
    modules = struct.pack("<I", len(HOSTILE))
    for index, name in enumerate(HOSTILE):
        modules += struct.pack("<QIIII", 0x140000000 + index * 0x100000, 0x10000, 0, 0,
                               string("C:\\" + name)) + bytes(52) + bytes(16) + bytes(16)
    stream(4, modules)
    context = bytearray(1232)
    struct.pack_into("<I", context, 0x30, 0x10001f)
    struct.pack_into("<Q", context, 0x98, 0x200000)     # rsp
    struct.pack_into("<Q", context, 0xf8, 0x140001000)  # rip
    at = put(context)
    stream(3, struct.pack("<IIIIIQQIIII", 1, 7, 0, 0, 0, 0, 0x200000, 0, 0, 1232, at))
    stream(24, struct.pack("<IIQ", 1, 7, string(HOSTILE[0] + HOSTILE[5])))
    stream(6, struct.pack("<IIIIQQII", 7, 0, 0xc0000005, 0, 0, 0x140001000, 2, 0)
           + struct.pack("<QQ", 0, 16) + bytes(13 * 8) + struct.pack("<II", 1232, at))
    stream(10, " ".join(HOSTILE).encode() + b"\0")
    stream(11, "\r\n".join(HOSTILE).encode("utf-16-le", "surrogatepass") + b"\0\0")
    stream(14, struct.pack("<I", 12) + bytes(8))  # 12: a handle list of nonsense is only a note
    directory = b"".join(struct.pack("<III", *entry) for entry in streams)
    assert len(directory) == 12 * 8
    return struct.pack("<IHHIIIIQ", 0x504d444d, 0xa793, 0, 8, 32, 0, 0, 0) + directory + bytes(body)


def write_documents(program, source, folder, transcript=None):
    """Paths of the documents by their names."""
    data = os.path.join(source, "testdata")
    hostile = os.path.join(folder, "hostile.dmp")
    with open(hostile, "wb") as file:
        file.write(hostile_dump())
    wanted = {
        "wow64": ["analyze", os.path.join(data, "wow64-null-read.dmp.gz")],
        "handler": ["analyze", os.path.join(data, "x86-handler-fault.dmp.gz")],
        "overflow": ["analyze", os.path.join(data, "x64-stack-overflow.dmp.gz")],
        "waiting": ["analyze", os.path.join(data, "wow64-wait.dmp.gz")],
        "info": ["info", os.path.join(data, "x64-null-read.dmp.gz")],
        "hostile": ["analyze", hostile],
        "hostile-info": ["info", hostile],
    }
    if transcript:
        os.mkdir(os.path.join(folder, "symbols"))
        subprocess.run([transcript, folder], check=True, stdout=subprocess.DEVNULL)
        wanted["transcript"] = ["analyze", "--offline", "--symbols",
                                os.path.join(folder, "symbols"),
                                os.path.join(folder, "transcript.dmp")]
    documents = {}
    for name, arguments in wanted.items():
        path = os.path.join(folder, name + ".html")
        subprocess.run([program, arguments[0], "--format", "html", "-o", path] + arguments[1:],
                       check=True)
        documents[name] = path
    path = os.path.join(folder, "gate.html")
    subprocess.run([program, "gate", "-q", "--fail-on", "never", "-o", "html:" + path, hostile,
                    os.path.join(data, "wow64-null-read.dmp.gz"), os.path.join(data, "README.md")],
                   check=False, stderr=subprocess.DEVNULL)
    documents["gate"] = path
    return documents
