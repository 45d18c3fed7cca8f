/* SPDX-License-Identifier: MIT */
/*
 * The 32-bit loader list of a WOW64 process (PEB32.Ldr): 64-bit writers may list only their own
 * half's modules (Wine does), so the union of the module stream and this list is taken.
 */
#include "base/limits.h"
#include "base/utf.h"
#include "wow64/layout.h"
#include "wow64/wow64.h"

#include <inttypes.h>
#include <string.h>

/* UNICODE_STRING32 at `addr` as UTF-8; NULL when its bytes are not in the dump. */
static const char *read_name(const struct avd_dump *dump, struct avd_arena *arena, uint64_t addr)
{
    uint16_t length;
    uint32_t buffer;
    struct avd_view text;
    uint8_t *bytes;

    if (!avd_memory_u16(&dump->memory, addr, &length) || length == 0 ||
        !avd_memory_u32(&dump->memory, addr + 4, &buffer))
        return NULL;
    bytes = avd_arena_alloc(arena, length, 1);
    if (bytes == NULL || avd_memory_read(&dump->memory, buffer, bytes, length) != length)
        return NULL;
    text.data = bytes;
    text.size = length;
    text.offset = 0;
    return avd_utf16_to_utf8(arena, text);
}

static bool known_base(const struct avd_module *modules, size_t count, uint64_t base)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (modules[i].base == base)
            return true;
    return false;
}

/* One LDR_DATA_TABLE_ENTRY; false when it is not in the dump. */
static bool read_entry(const struct avd_dump *dump, struct avd_arena *arena, uint64_t entry,
                       struct avd_module *module)
{
    uint32_t base;
    uint32_t size;
    const char *path;

    memset(module, 0, sizeof *module);
    if (!avd_memory_u32(&dump->memory, entry + ENTRY32_DLL_BASE, &base) ||
        !avd_memory_u32(&dump->memory, entry + ENTRY32_SIZE_OF_IMAGE, &size))
        return false;
    module->base = base;
    module->size = size;
    (void)avd_memory_u32(&dump->memory, entry + ENTRY32_TIMESTAMP, &module->timestamp);
    path = read_name(dump, arena, entry + ENTRY32_FULL_NAME);
    module->path = path != NULL ? path : "";
    module->name = avd_path_leaf(module->path);
    module->pdb_path = "";
    module->from_loader_list = true;
    return true;
}

/* The list under construction: a copy of the stream's modules, then those of the loader. */
struct union_list {
    const struct avd_dump *dump;
    struct avd_arena *arena;
    struct avd_module *modules;
    size_t count, capacity;
};

enum link { FLINK = 0, BLINK = 4 }; /* in InLoadOrderLinks, which an entry begins with */

/*
 * Adds the entries from `head` on in the direction of `link`, which the stream does not have.
 * Returns how many were walked; *missing is the entry whose memory is not in the dump, 0 when the
 * whole list was walked.
 */
static size_t add_entries(struct union_list *list, uint64_t head, enum link link, uint32_t *missing)
{
    const struct avd_memory *memory = &list->dump->memory;
    uint32_t entry = 0;
    size_t walked = 0;

    *missing = 0;
    if (!avd_memory_u32(memory, head + (uint64_t)link, &entry))
        entry = 0;
    for (; entry != head && entry != 0 && walked < AVD_MAX_LDR_ENTRIES; walked++) {
        struct avd_module module;
        struct avd_module *grown;
        uint32_t next;

        if (!read_entry(list->dump, list->arena, entry, &module) ||
            !avd_memory_u32(memory, entry + (uint64_t)link, &next)) {
            *missing = entry;
            break;
        }
        if (module.base != 0 && module.size != 0 &&
            !known_base(list->modules, list->count, module.base)) {
            grown = avd_arena_grow(list->arena, list->modules, list->count, &list->capacity,
                                   sizeof *grown, AVD_MAX_MODULES);
            if (grown == NULL)
                break;
            list->modules = grown;
            list->modules[list->count++] = module;
        }
        entry = next;
    }
    return walked;
}

bool avd_wow64_modules(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                       struct avd_arena *arena, const struct avd_module **modules, size_t *count,
                       struct avd_notes *notes)
{
    struct union_list list = {dump, arena, NULL, dump->module_count, dump->module_count + 64};
    uint32_t ldr;
    uint32_t first;
    uint32_t missing;
    uint64_t head;
    size_t walked;

    *modules = dump->modules;
    *count = dump->module_count;
    if (!wow64->present || wow64->peb32 == 0)
        return true;
    if (!avd_memory_u32(&dump->memory, wow64->peb32 + PEB32_LDR, &ldr) || ldr == 0 ||
        !avd_memory_u32(&dump->memory, ldr + (uint64_t)LDR32_IN_LOAD_ORDER, &first)) {
        avd_note_add(notes, "32-bit loader list", AVD_NO_OFFSET,
                     "PEB32 at 0x%" PRIx64 " or its loader data is not in the dump; 32-bit modules "
                     "that the module list lacks cannot be named",
                     wow64->peb32);
        return true;
    }
    list.modules = avd_arena_alloc(arena, list.capacity, sizeof *list.modules);
    if (list.modules == NULL)
        return false;
    if (list.count != 0)
        memcpy(list.modules, dump->modules, list.count * sizeof *list.modules);
    head = ldr + (uint64_t)LDR32_IN_LOAD_ORDER;
    walked = add_entries(&list, head, FLINK, &missing);
    if (missing != 0) {
        uint32_t end;
        size_t back = add_entries(&list, head, BLINK, &end);

        avd_note_add(notes, "32-bit loader list", AVD_NO_OFFSET,
                     "entry %zu at 0x%" PRIx32 " is not in the dump; read up to it, and %zu from "
                     "the list's end back",
                     walked, missing, back);
    } else if (walked == AVD_MAX_LDR_ENTRIES) {
        avd_note_add(notes, "32-bit loader list", AVD_NO_OFFSET,
                     "did not end after %zu entries; the list is damaged", walked);
    }
    *modules = list.modules;
    *count = list.count;
    return !arena->failed;
}
