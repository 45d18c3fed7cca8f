/* SPDX-License-Identifier: MIT */
/*
 * Breakpad's own streams (its minidump_format.h): which thread wrote the dump and which one asked
 * for it, and the text of a failed assertion.
 */
#include "base/utf.h"
#include "minidump/dump.h"
#include "minidump/format.h"

enum {
    BREAKPAD_INFO_SIZE = 12,
    MD_BREAKPAD_INFO_VALID_DUMP_THREAD_ID = 0x1,
    MD_BREAKPAD_INFO_VALID_REQUESTING_THREAD_ID = 0x2,
    ASSERTION_TEXT_SIZE = 256, /* 128 UTF-16 units each */
    ASSERTION_SIZE = 3 * ASSERTION_TEXT_SIZE + 8
};

static void read_info(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, BreakpadInfoStream);
    struct avd_breakpad *out = &dump->breakpad;
    uint32_t validity;

    if (stream == NULL)
        return;
    if (stream->view.size < BREAKPAD_INFO_SIZE) {
        avd_note_add(&dump->notes, "Breakpad info", stream->offset,
                     "needs %d bytes, has %zu; not read", BREAKPAD_INFO_SIZE, stream->view.size);
        return;
    }
    out->present = true;
    validity = avd_view_u32(stream->view, 0);
    out->has_dump_thread = (validity & MD_BREAKPAD_INFO_VALID_DUMP_THREAD_ID) != 0;
    out->has_requesting_thread = (validity & MD_BREAKPAD_INFO_VALID_REQUESTING_THREAD_ID) != 0;
    if (out->has_dump_thread)
        out->dump_thread_id = avd_view_u32(stream->view, 4);
    if (out->has_requesting_thread)
        out->requesting_thread_id = avd_view_u32(stream->view, 8);
}

static bool read_text(struct avd_dump *dump, struct avd_view stream, unsigned index,
                      const char **out)
{
    struct avd_view text;

    (void)avd_view_clip(stream, (uint64_t)index * ASSERTION_TEXT_SIZE, ASSERTION_TEXT_SIZE, &text);
    *out = avd_utf16_to_utf8(&dump->arena, text);
    return *out != NULL;
}

static bool read_assertion(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, BreakpadAssertionInfoStream);
    struct avd_breakpad *out = &dump->breakpad;

    out->expression = "";
    out->function = "";
    out->file = "";
    if (stream == NULL)
        return true;
    if (stream->view.size < ASSERTION_SIZE)
        avd_note_add(&dump->notes, "Breakpad assertion", stream->offset,
                     "needs %d bytes, has %zu; reading what is there", ASSERTION_SIZE,
                     stream->view.size);
    if (stream->view.size == 0)
        return true;
    if (!read_text(dump, stream->view, 0, &out->expression) ||
        !read_text(dump, stream->view, 1, &out->function) ||
        !read_text(dump, stream->view, 2, &out->file))
        return false;
    out->line = avd_view_u32(stream->view, 3 * ASSERTION_TEXT_SIZE);
    out->assertion_type = avd_view_u32(stream->view, 3 * ASSERTION_TEXT_SIZE + 4);
    out->has_assertion = true;
    return true;
}

bool avd_read_breakpad(struct avd_dump *dump)
{
    read_info(dump);
    return read_assertion(dump);
}
