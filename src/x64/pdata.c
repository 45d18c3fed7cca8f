/* SPDX-License-Identifier: MIT */
/*
 * Finds RUNTIME_FUNCTION entries and reads UNWIND_INFO (Microsoft's "x64 exception handling").
 * Tables are never copied: a lookup reads the single entries that a binary search meets, because
 * a dump may hold only some of a table's pages.
 */
#include "x64/pdata.h"

#include "base/limits.h"
#include "base/view.h"

#include <inttypes.h>
#include <string.h>

enum {
    ENTRY_SIZE = 12, /* RUNTIME_FUNCTION: begin, end, unwind data */
    BLOCK_ENTRIES = 64,
    HEADER_SIZE = 4, /* UNWIND_INFO before its codes */
    INDIRECT = 1     /* bit 0 of the unwind data: the RVA of another entry */
};

/* All `size` bytes at `rva`, or nothing. */
static bool read_image(const struct avd_x64_image *image, uint64_t rva, uint8_t *buffer,
                       size_t size)
{
    const struct avd_walk_env *env = image->walk->env;

    if (rva > UINT32_MAX || size > UINT32_MAX - rva)
        return false;
    if (image->dynamic)
        return image->base <= UINT64_MAX - rva - size &&
               env->read(env->ctx, image->base + rva, buffer, size) == size;
    return env->read_image(env->ctx, image->module, (uint32_t)rva, buffer, size) == size;
}

static struct avd_x64_function decode_entry(struct avd_view v)
{
    struct avd_x64_function entry = {avd_view_u32(v, 0), avd_view_u32(v, 4), avd_view_u32(v, 8)};

    return entry;
}

static bool read_entry(const struct avd_x64_image *image, uint64_t rva,
                       struct avd_x64_function *out)
{
    uint8_t bytes[ENTRY_SIZE];
    struct avd_view v = {bytes, sizeof bytes, 0};

    if (!read_image(image, rva, bytes, sizeof bytes))
        return false;
    *out = decode_entry(v);
    return true;
}

static bool covers(const struct avd_x64_function *entry, uint32_t rva)
{
    return entry->begin <= rva && rva < entry->end;
}

/* Follows entries that stand for another one, which is then the function. */
static bool follow_indirection(const struct avd_x64_image *image, struct avd_x64_function *entry)
{
    unsigned i;

    for (i = 0; (entry->unwind & INDIRECT) != 0; i++) {
        if (i == AVD_MAX_UNWIND_CHAIN ||
            !read_entry(image, entry->unwind & ~(uint32_t)INDIRECT, entry))
            return false;
    }
    return true;
}

static enum avd_x64_lookup search_unsorted(const struct avd_x64_image *image, uint32_t table,
                                           uint32_t count, uint32_t rva,
                                           struct avd_x64_function *out)
{
    uint8_t bytes[BLOCK_ENTRIES * ENTRY_SIZE];
    uint32_t i;
    uint32_t k;

    if (count > AVD_MAX_PDATA_LINEAR)
        return AVD_X64_NOT_READABLE;
    for (i = 0; i < count; i += BLOCK_ENTRIES) {
        uint32_t part = count - i < BLOCK_ENTRIES ? count - i : BLOCK_ENTRIES;
        struct avd_view v = {bytes, (size_t)part * ENTRY_SIZE, 0};

        if (!read_image(image, table + (uint64_t)i * ENTRY_SIZE, bytes, v.size))
            return AVD_X64_NOT_READABLE;
        for (k = 0; k < part; k++) {
            struct avd_view entry;

            (void)avd_view_slice(v, (uint64_t)k * ENTRY_SIZE, ENTRY_SIZE, &entry);
            *out = decode_entry(entry);
            if (covers(out, rva))
                return AVD_X64_FOUND;
        }
    }
    return AVD_X64_NO_ENTRY;
}

/*
 * Entries are sorted by begin. Where the search meets one out of order, or zeros (padding, which
 * belongs at the end), its "no" proves nothing and the whole table is looked through.
 */
static enum avd_x64_lookup search_table(const struct avd_x64_image *image, uint32_t table,
                                        uint32_t count, uint32_t rva, struct avd_x64_function *out)
{
    uint32_t low = 0;
    uint32_t high = count;
    uint32_t low_begin = 0;
    uint32_t high_begin = UINT32_MAX;
    bool sorted = true;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (!read_entry(image, table + (uint64_t)mid * ENTRY_SIZE, out))
            return AVD_X64_NOT_READABLE;
        if (covers(out, rva))
            return AVD_X64_FOUND;
        if (out->end == 0 || out->begin < low_begin || out->begin > high_begin)
            sorted = false;
        if (out->end == 0 || rva < out->begin) {
            high = mid;
            high_begin = out->end == 0 ? high_begin : out->begin;
        } else {
            low = mid + 1;
            low_begin = out->begin;
        }
    }
    return sorted ? AVD_X64_NO_ENTRY : search_unsorted(image, table, count, rva, out);
}

static enum avd_x64_lookup find_in_module(const struct avd_walk *walk, uint64_t addr,
                                          const struct avd_code_module *module,
                                          struct avd_x64_image *image, struct avd_x64_function *out)
{
    struct avd_pdata pdata;
    enum avd_x64_lookup found;
    int there = walk->env->pdata(walk->env->ctx, module->id, &pdata);

    image->walk = walk;
    image->dynamic = false;
    image->module = module->id;
    image->base = module->base;
    if (there < 0 || addr - module->base > UINT32_MAX)
        return AVD_X64_NOT_READABLE;
    if (there == 0)
        return AVD_X64_NO_TABLE;
    found = search_table(image, pdata.rva, pdata.size / ENTRY_SIZE, (uint32_t)(addr - module->base),
                         out);
    if (found == AVD_X64_FOUND && !follow_indirection(image, out))
        return AVD_X64_NOT_READABLE;
    return found;
}

enum avd_x64_lookup avd_x64_find_function(const struct avd_walk *walk, uint64_t addr,
                                          struct avd_x64_image *image, struct avd_x64_function *out)
{
    const struct avd_walk_env *env = walk->env;
    enum avd_x64_lookup found = AVD_X64_NO_MODULE;
    struct avd_code_module module;
    uint64_t base;
    uint32_t entry[3];

    memset(image, 0, sizeof *image);
    if (env->module_at(env->ctx, addr, &module)) {
        found = find_in_module(walk, addr, &module, image, out);
        if (found == AVD_X64_FOUND || found == AVD_X64_NOT_READABLE)
            return found;
    }
    if (env->dynamic_function == NULL || !env->dynamic_function(env->ctx, addr, &base, entry) ||
        base > addr || addr - base > UINT32_MAX)
        return found;
    image->walk = walk;
    image->dynamic = true;
    image->base = base;
    out->begin = entry[0];
    out->end = entry[1];
    out->unwind = entry[2];
    return follow_indirection(image, out) ? AVD_X64_FOUND : AVD_X64_NOT_READABLE;
}

unsigned avd_x64_code_slots(const struct avd_x64_unwind_info *info, unsigned slot)
{
    unsigned extra = avd_x64_code_info(info, slot);

    switch (avd_x64_code_op(info, slot)) {
    case AVD_UWOP_PUSH_NONVOL:
    case AVD_UWOP_ALLOC_SMALL:
    case AVD_UWOP_SET_FPREG: return 1;
    case AVD_UWOP_PUSH_MACHFRAME: return extra <= 1 ? 1 : 0;
    case AVD_UWOP_ALLOC_LARGE: return extra == 0 ? 2 : extra == 1 ? 3 : 0;
    case AVD_UWOP_SAVE_NONVOL:
    case AVD_UWOP_SAVE_XMM128: return 2;
    case AVD_UWOP_SAVE_NONVOL_FAR:
    case AVD_UWOP_SAVE_XMM128_FAR:
    case AVD_UWOP_SPARE:
    case AVD_UWOP_SET_FPREG_LARGE: return 3;
    case AVD_UWOP_EPILOG: return info->version == 1 ? 2 : 1;
    default: return 0;
    }
}

bool avd_x64_read_info(struct avd_walk *walk, const struct avd_x64_image *image,
                       const struct avd_x64_function *function, struct avd_x64_unwind_info *out,
                       enum avd_walk_end *end)
{
    uint64_t addr = image->base + function->unwind;
    uint8_t header[HEADER_SIZE];

    memset(out, 0, sizeof *out);
    if ((function->unwind & 3) != 0 || function->begin >= function->end) {
        avd_walk_say(walk, end, AVD_END_BAD_UNWIND_INFO,
                     "the unwind table's entry 0x%" PRIx32 "-0x%" PRIx32 ", unwind data 0x%" PRIx32
                     " of the module at 0x%" PRIx64 " is damaged",
                     function->begin, function->end, function->unwind, image->base);
        return false;
    }
    if (!read_image(image, function->unwind, header, sizeof header)) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "the unwind data at 0x%" PRIx64 " is not in the dump", addr);
        return false;
    }
    out->version = header[0] & 7;
    out->flags = header[0] >> 3;
    if (out->version != 1 && out->version != 2) {
        avd_walk_say(walk, end, AVD_END_BAD_UNWIND_INFO,
                     "the unwind data at 0x%" PRIx64 " has version %u, %s", addr, out->version,
                     out->version == 3 ? "which this program cannot read" : "which does not exist");
        return false;
    }
    out->prolog_size = header[1];
    out->count = header[2];
    out->frame_reg = header[3] & 15;
    out->frame_offset = (uint32_t)(header[3] >> 4) * 16;
    /* The codes are padded to an even number of slots. */
    out->tail = (uint64_t)function->unwind + HEADER_SIZE + 4 * (((uint64_t)out->count + 1) / 2);
    if (out->count != 0 && !read_image(image, (uint64_t)function->unwind + HEADER_SIZE, out->codes,
                                       2 * (size_t)out->count)) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "the %u unwind codes at 0x%" PRIx64 " are not in the dump", out->count,
                     addr + HEADER_SIZE);
        return false;
    }
    return true;
}

bool avd_x64_parent(struct avd_walk *walk, const struct avd_x64_image *image,
                    const struct avd_x64_function *function, const struct avd_x64_unwind_info *info,
                    struct avd_x64_function *out, enum avd_walk_end *end)
{
    if (!read_entry(image, info->tail, out) || !follow_indirection(image, out)) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "the chained unwind entry at 0x%" PRIx64 " is not in the dump",
                     image->base + info->tail);
        return false;
    }
    if (out->begin == function->begin && out->unwind == function->unwind) {
        avd_walk_say(walk, end, AVD_END_BAD_UNWIND_INFO,
                     "the unwind data at 0x%" PRIx64 " is chained to itself",
                     image->base + function->unwind);
        return false;
    }
    return true;
}
