# SPDX-License-Identifier: MIT
"""Archives with names that no code page holds: their own, and of what is in them."""
import io
import os
import tarfile
import zipfile

NAME = "Größe \u2013 \u65e5\u672c\u8a9e \U0001f4a5"


def make_archives(folder, dump):
    """Each way that archives tell of a name's characters, or leave it open; a dump's bytes in each.
    Returns the names that a gate over "." in the folder gives to the dumps."""
    with zipfile.ZipFile(os.path.join(folder, NAME + ".zip"), "w") as archive:
        archive.writestr(NAME + ".dmp", dump)
    for name, form in (("gnu.tar", tarfile.GNU_FORMAT), ("pax.tar", tarfile.PAX_FORMAT)):
        with tarfile.open(os.path.join(folder, name), "w", format=form) as archive:
            entry = tarfile.TarInfo(NAME + ".dmp")
            entry.size = len(dump)
            archive.addfile(entry, io.BytesIO(dump))
    return ["./%s!%s.dmp" % (name, NAME) for name in (NAME + ".zip", "gnu.tar", "pax.tar")]
