/* SPDX-License-Identifier: MIT */
#include "base/view.h"

#include <string.h>

static const struct avd_view empty_view;

bool avd_view_clip(struct avd_view v, uint64_t offset, uint64_t size, struct avd_view *out)
{
    if (offset >= v.size) {
        *out = empty_view;
        return false;
    }
    if (size > v.size - offset)
        size = v.size - offset;
    return avd_view_slice(v, offset, size, out);
}

bool avd_view_array(struct avd_view v, uint64_t offset, uint64_t count, uint64_t stride,
                    struct avd_view *out)
{
    if (stride != 0 && count > UINT64_MAX / stride) {
        *out = empty_view;
        return false;
    }
    return avd_view_slice(v, offset, count * stride, out);
}

struct avd_cursor avd_cursor_at(struct avd_view v, uint64_t offset)
{
    struct avd_cursor c = {v, 0, false};

    if (offset > v.size)
        c.failed = true;
    else
        c.pos = (size_t)offset;
    return c;
}

struct avd_view avd_cursor_bytes(struct avd_cursor *c, uint64_t size)
{
    struct avd_view out = empty_view;

    if (c->failed || !avd_view_slice(c->view, c->pos, size, &out)) {
        c->failed = true;
        return empty_view;
    }
    c->pos += out.size;
    return out;
}

uint8_t avd_cursor_u8(struct avd_cursor *c)
{
    return avd_view_u8(avd_cursor_bytes(c, 1), 0);
}

uint16_t avd_cursor_u16(struct avd_cursor *c)
{
    return avd_view_u16(avd_cursor_bytes(c, 2), 0);
}

uint32_t avd_cursor_u32(struct avd_cursor *c)
{
    return avd_view_u32(avd_cursor_bytes(c, 4), 0);
}

uint64_t avd_cursor_u64(struct avd_cursor *c)
{
    return avd_view_u64(avd_cursor_bytes(c, 8), 0);
}

void avd_cursor_skip(struct avd_cursor *c, uint64_t size)
{
    (void)avd_cursor_bytes(c, size);
}

uint64_t avd_cursor_offset(const struct avd_cursor *c)
{
    return c->view.offset + c->pos;
}
