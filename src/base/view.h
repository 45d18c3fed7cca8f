/* SPDX-License-Identifier: MIT */
/*
 * Views and cursors: the only way avdump looks at bytes it did not write. Bounds live here and
 * nowhere else; integers are assembled from bytes, so neither alignment nor the machine's byte
 * order matters.
 */
#ifndef AVD_BASE_VIEW_H
#define AVD_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `size` bytes at `data`; `offset` is where data[0] lies in the file, for messages. */
struct avd_view {
    const uint8_t *data;
    size_t size;
    uint64_t offset;
};

static inline uint16_t avd_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (uint16_t)p[1] << 8);
}

static inline uint32_t avd_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t avd_le64(const uint8_t *p)
{
    return (uint64_t)avd_le32(p) | (uint64_t)avd_le32(p + 4) << 32;
}

/* The other way, for what is written. */
static inline void avd_put_le32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

/* The part [offset, offset + size) of `v`; false (and *out empty) unless it lies wholly inside.
 * Inline, as are the integers below: readers of large files do little else. */
static inline bool avd_view_slice(struct avd_view v, uint64_t offset, uint64_t size,
                                  struct avd_view *out)
{
    static const struct avd_view empty;

    if (offset > v.size || size > v.size - offset) {
        *out = empty;
        return false;
    }
    out->data = v.data == NULL ? NULL : v.data + (size_t)offset;
    out->size = (size_t)size;
    out->offset = v.offset + offset;
    return true;
}

/* As much of [offset, offset + size) as `v` holds; false when not even `offset` lies inside. */
bool avd_view_clip(struct avd_view v, uint64_t offset, uint64_t size, struct avd_view *out);

/* `count` items of `stride` bytes at `offset`; the product is checked before it is used. */
bool avd_view_array(struct avd_view v, uint64_t offset, uint64_t count, uint64_t stride,
                    struct avd_view *out);

/* A little-endian integer at `offset`; 0 when it is not wholly inside. */
static inline uint8_t avd_view_u8(struct avd_view v, uint64_t offset)
{
    return offset < v.size ? v.data[offset] : 0;
}

static inline uint16_t avd_view_u16(struct avd_view v, uint64_t offset)
{
    struct avd_view s;

    return avd_view_slice(v, offset, 2, &s) ? avd_le16(s.data) : 0;
}

static inline uint32_t avd_view_u32(struct avd_view v, uint64_t offset)
{
    struct avd_view s;

    return avd_view_slice(v, offset, 4, &s) ? avd_le32(s.data) : 0;
}

static inline uint64_t avd_view_u64(struct avd_view v, uint64_t offset)
{
    struct avd_view s;

    return avd_view_slice(v, offset, 8, &s) ? avd_le64(s.data) : 0;
}

/*
 * A position that moves over a view. The first read past the end sets `failed`; from then on
 * every read yields zeros and nothing moves, so that a record is decoded in straight lines and
 * checked once at its end.
 */
struct avd_cursor {
    struct avd_view view;
    size_t pos;
    bool failed;
};

struct avd_cursor avd_cursor_at(struct avd_view v, uint64_t offset);
uint8_t avd_cursor_u8(struct avd_cursor *c);
uint16_t avd_cursor_u16(struct avd_cursor *c);
uint32_t avd_cursor_u32(struct avd_cursor *c);
uint64_t avd_cursor_u64(struct avd_cursor *c);
void avd_cursor_skip(struct avd_cursor *c, uint64_t size);
/* The next `size` bytes as a view; an empty view after a failure. */
struct avd_view avd_cursor_bytes(struct avd_cursor *c, uint64_t size);
/* Where the cursor stands, in file bytes. */
uint64_t avd_cursor_offset(const struct avd_cursor *c);

#endif
