/* SPDX-License-Identifier: MIT */
/*
 * MiscInfoStream, MINIDUMP_MISC_INFO versions 1 to 5. A version is its size: a field exists when
 * it lies inside min(SizeOfInfo, stream size), and counts when its flag is set.
 */
#include "base/utf.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>

/* UTF-16 text of `units` characters at `offset`; "" when it is outside. */
static const char *fixed_text(struct avd_dump *dump, struct avd_view v, uint64_t offset,
                              size_t units, bool *ok)
{
    struct avd_view text;
    const char *result = "";

    if (avd_view_slice(v, offset, units * 2, &text)) {
        result = avd_utf16_to_utf8(&dump->arena, text);
        if (result == NULL) {
            *ok = false;
            return "";
        }
    }
    return result;
}

/* XSTATE_CONFIG_FEATURE_MSC_INFO of version 5; writers often leave it zero. */
static void read_xstate(struct avd_misc *misc, struct avd_view v)
{
    struct avd_cursor c = avd_cursor_at(v, 832);
    uint32_t size = avd_cursor_u32(&c);
    uint32_t context_size = avd_cursor_u32(&c);
    uint64_t enabled = avd_cursor_u64(&c);
    size_t i;

    if (c.failed || size == 0)
        return;
    misc->xstate_enabled = enabled;
    misc->xstate_context_size = context_size;
    for (i = 0; i < 64; i++) {
        misc->xstate[i].offset = avd_cursor_u32(&c);
        misc->xstate[i].size = avd_cursor_u32(&c);
    }
}

bool avd_read_misc(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, MiscInfoStream);
    struct avd_misc *misc = &dump->misc;
    struct avd_view v;
    struct avd_cursor c;
    bool ok = true;

    misc->build_string = "";
    misc->debug_build_string = "";
    if (stream == NULL)
        return true;
    misc->size = avd_view_u32(stream->view, 0);
    (void)avd_view_clip(stream->view, 0, misc->size, &v);
    if (v.size < 12) {
        avd_note_add(&dump->notes, "misc info", stream->offset,
                     "says it has %" PRIu32
                     " bytes, stream has %zu, expected at least 24; not read",
                     misc->size, stream->view.size);
        return true;
    }
    misc->present = true;
    c = avd_cursor_at(v, 4);
    misc->flags = avd_cursor_u32(&c);
    misc->process_id = avd_cursor_u32(&c);
    misc->create_time = avd_cursor_u32(&c);
    misc->user_time = avd_cursor_u32(&c);
    misc->kernel_time = avd_cursor_u32(&c);
    if (v.size < 24)
        misc->flags &= MINIDUMP_MISC1_PROCESS_ID;
    misc->cpu_max_mhz = avd_cursor_u32(&c);
    misc->cpu_current_mhz = avd_cursor_u32(&c);
    misc->cpu_mhz_limit = avd_cursor_u32(&c);
    avd_cursor_skip(&c, 8);
    misc->integrity_level = avd_cursor_u32(&c);
    misc->execute_flags = avd_cursor_u32(&c);
    misc->protected_process = avd_cursor_u32(&c);
    misc->time_zone_id = avd_cursor_u32(&c);
    misc->time_zone_bias = (int32_t)avd_cursor_u32(&c);
    if (v.size < 44)
        misc->flags &= ~(uint32_t)MINIDUMP_MISC1_PROCESSOR_POWER_INFO;
    if (v.size < 232)
        misc->flags &=
            ~(uint32_t)(MINIDUMP_MISC3_PROCESS_INTEGRITY | MINIDUMP_MISC3_PROCESS_EXECUTE_FLAGS |
                        MINIDUMP_MISC3_TIMEZONE | MINIDUMP_MISC3_PROTECTED_PROCESS);
    if (v.size < 832)
        misc->flags &= ~(uint32_t)MINIDUMP_MISC4_BUILDSTRING;
    if ((misc->flags & MINIDUMP_MISC4_BUILDSTRING) != 0) {
        misc->build_string = fixed_text(dump, v, 232, 260, &ok);
        misc->debug_build_string = fixed_text(dump, v, 752, 40, &ok);
    }
    if (v.size >= 1364) {
        read_xstate(misc, v);
        misc->process_cookie = avd_view_u32(v, 1360);
    } else {
        misc->flags &= ~(uint32_t)MINIDUMP_MISC5_PROCESS_COOKIE;
    }
    return ok;
}
