# SPDX-License-Identifier: MIT
"""Gives the first module of a dump symbols: our dumps were recorded under Wine, which names none."""
import struct

MODULES, MEMORY, MEMORY64 = 4, 5, 9  # stream types
SIZE_OF_IMAGE, CV_RECORD = 8, 76     # offsets in MINIDUMP_MODULE


def stream(data, wanted):
    """Offset of the first stream of that type; None without one."""
    streams, directory = struct.unpack_from("<II", data, 8)
    for entry in range(directory, directory + 12 * streams, 12):
        kind, _, at = struct.unpack_from("<III", data, entry)
        if kind == wanted:
            return at
    return None


def memory_of(data):
    """(address, bytes) of each range of memory in the dump."""
    at = stream(data, MEMORY64)
    if at is not None:
        count, place = struct.unpack_from("<QQ", data, at)
        for i in range(count):
            address, size = struct.unpack_from("<QQ", data, at + 16 + 16 * i)
            yield address, data[place:place + size]
            place += size
    at = stream(data, MEMORY)
    if at is not None:
        for i in range(struct.unpack_from("<I", data, at)[0]):
            address, size, place = struct.unpack_from("<QII", data, at + 4 + 16 * i)
            yield address, data[place:place + size]


def with_symbols(data, name, guid, age, image_size=None, base=None):
    """The dump's bytes, with a CodeView record for the PDB `name` (GUID: 32 digits) at their end. The
    module may get another size, or be moved to another base."""
    data = bytearray(data)
    at = stream(data, MODULES) + 4
    bytes_of = bytes.fromhex(guid)
    record = b"RSDS" + bytes_of[3::-1] + bytes_of[5:3:-1] + bytes_of[7:5:-1] + bytes_of[8:] + \
        struct.pack("<I", age) + name.encode() + b"\0"
    if image_size is not None:
        struct.pack_into("<I", data, at + SIZE_OF_IMAGE, image_size)
    if base is not None:
        struct.pack_into("<Q", data, at, base)
    struct.pack_into("<II", data, at + CV_RECORD, len(record), len(data))
    return bytes(data) + record
