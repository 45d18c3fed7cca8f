/* SPDX-License-Identifier: MIT */
/*
 * CommentStreamA and CommentStreamW (minidumpapiset.h): free text that ProcDump, debuggers or a
 * program itself left. It is the whole stream up to its first NUL, not a MINIDUMP_STRING.
 */
#include "base/limits.h"
#include "base/utf.h"
#include "minidump/dump.h"
#include "minidump/format.h"

static bool read_comment(struct avd_dump *dump, uint32_t type, const char *what, bool wide,
                         const char **out)
{
    const struct avd_stream *stream = avd_dump_stream(dump, type);
    struct avd_view text;

    if (stream == NULL)
        return true;
    text = stream->view;
    if (text.size > AVD_MAX_TEXT_BYTES) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "text of %zu bytes is over the ceiling of %d; reading the first %d", text.size,
                     AVD_MAX_TEXT_BYTES, AVD_MAX_TEXT_BYTES);
        (void)avd_view_clip(text, 0, AVD_MAX_TEXT_BYTES, &text);
    }
    *out = wide ? avd_utf16_to_utf8(&dump->arena, text) : avd_bytes_to_utf8(&dump->arena, text);
    return *out != NULL;
}

bool avd_read_comments(struct avd_dump *dump)
{
    return read_comment(dump, CommentStreamA, "comment A", false, &dump->comment_a) &&
           read_comment(dump, CommentStreamW, "comment W", true, &dump->comment_w);
}
