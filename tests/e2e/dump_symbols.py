# SPDX-License-Identifier: MIT
"""Gives the first module of a dump symbols: our dumps were recorded under Wine, which names none."""
import struct

MODULES, MODULE_SIZE_OF_IMAGE, CV_RECORD = 4, 8, 76  # stream type, offsets in MINIDUMP_MODULE


def with_symbols(data, name, guid, age, image_size=None):
    """The dump's bytes, with a CodeView record for the PDB `name` (GUID: 32 digits) at their end."""
    data = bytearray(data)
    streams, directory = struct.unpack_from("<II", data, 8)
    for entry in range(directory, directory + 12 * streams, 12):
        kind, _, at = struct.unpack_from("<III", data, entry)
        if kind == MODULES:
            break
    else:
        raise ValueError("the dump has no module list")
    at += 4
    bytes_of = bytes.fromhex(guid)
    record = b"RSDS" + bytes_of[3::-1] + bytes_of[5:3:-1] + bytes_of[7:5:-1] + bytes_of[8:] + \
        struct.pack("<I", age) + name.encode() + b"\0"
    if image_size is not None:
        struct.pack_into("<I", data, at + MODULE_SIZE_OF_IMAGE, image_size)
    struct.pack_into("<II", data, at + CV_RECORD, len(record), len(data))
    return bytes(data) + record
