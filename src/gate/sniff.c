/* SPDX-License-Identifier: MIT */
/*
 * What a file is, by its first bytes: names say nothing, dumps are called anything. Magic numbers
 * as the formats' documents give them (PKWARE's APPNOTE, 7zFormat.txt, [MS-CAB], POSIX pax, RFC
 * 1952, RFC 8878, the xz and bzip2 formats).
 */
#define ZLIB_CONST
#include "gate/gate.h"

#include "base/unpack.h"

#include <string.h>
#include <zlib.h>

enum { TAR_MAGIC_AT = 257 };

static bool begins(struct avd_view head, const char *magic, size_t size)
{
    return head.size >= size && memcmp(head.data, magic, size) == 0;
}

static bool is_tar(struct avd_view head)
{
    return head.size >= TAR_MAGIC_AT + 5 && memcmp(head.data + TAR_MAGIC_AT, "ustar", 5) == 0;
}

/* The start of what is in a gzip member. */
static size_t gzip_head(struct avd_view head, unsigned char *out, size_t size)
{
    z_stream z;
    size_t got;

    memset(&z, 0, sizeof z);
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return 0;
    z.next_in = head.data;
    z.avail_in = (uInt)head.size;
    z.next_out = out;
    z.avail_out = (uInt)size;
    (void)inflate(&z, Z_SYNC_FLUSH);
    got = size - z.avail_out;
    (void)inflateEnd(&z);
    return got;
}

enum avd_gate_kind avd_gate_sniff(struct avd_view head)
{
    unsigned char inner[AVD_GATE_SNIFF_SIZE];
    struct avd_view unpacked = {inner, 0, 0};

    if (begins(head, "MDMP", 4))
        return AVD_GATE_DUMP;
    if (begins(head, "PK\3\4", 4) || begins(head, "7z\xbc\xaf\x27\x1c", 6) ||
        begins(head, "MSCF\0\0\0\0", 8) ||
        begins(head,
               "\xfd"
               "7zXZ\0",
               6) ||
        begins(head, "\x28\xb5\x2f\xfd", 4) || begins(head, "BZh", 3) || is_tar(head))
        return AVD_GATE_ARCHIVE;
    if (!avd_unpack_is_gzip(head))
        return AVD_GATE_OTHER;
    unpacked.size = gzip_head(head, inner, sizeof inner);
    if (begins(unpacked, "MDMP", 4))
        return AVD_GATE_PACKED_DUMP;
    return is_tar(unpacked) ? AVD_GATE_ARCHIVE : AVD_GATE_OTHER;
}
