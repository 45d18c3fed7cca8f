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
    if (bytes == NULL ||
        avd_memory_read(&dump->memory, buffer, bytes, length) != length)
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

bool avd_wow64_modules(const struct avd_dump *dump, const struct avd_wow64 *wow64,
                       struct avd_arena *arena, const struct avd_module **modules, size_t *count,
                       struct avd_notes *notes)
{
    struct avd_module *list;
    size_t capacity = dump->module_count + 64;
    size_t used = dump->module_count;
    uint32_t ldr;
    uint32_t entry;
    uint64_t head;
    size_t walked;

    *modules = dump->modules;
    *count = dump->module_count;
    if (!wow64->present || wow64->peb32 == 0)
        return true;
    if (!avd_memory_u32(&dump->memory, wow64->peb32 + PEB32_LDR, &ldr) || ldr == 0 ||
        !avd_memory_u32(&dump->memory, ldr + (uint64_t)LDR32_IN_LOAD_ORDER, &entry)) {
        avd_note_add(notes, "32-bit loader list", AVD_NO_OFFSET,
                     "PEB32 at 0x%" PRIx64 " or its loader data is not in the dump; 32-bit modules "
                     "that the module list lacks cannot be named",
                     wow64->peb32);
        return true;
    }
    list = avd_arena_alloc(arena, capacity, sizeof *list);
    if (list == NULL)
        return false;
    if (used != 0)
        memcpy(list, dump->modules, used * sizeof *list);
    head = ldr + (uint64_t)LDR32_IN_LOAD_ORDER;
    for (walked = 0; entry != head && entry != 0 && walked < AVD_MAX_LDR_ENTRIES; walked++) {
        struct avd_module module;
        struct avd_module *grown;

        if (!read_entry(dump, arena, entry, &module)) {
            avd_note_add(notes, "32-bit loader list", AVD_NO_OFFSET,
                         "entry %zu at 0x%" PRIx32 " is not in the dump; the list is read up to it",
                         walked, entry);
            break;
        }
        if (module.base != 0 && module.size != 0 && !known_base(list, used, module.base)) {
            grown = avd_arena_grow(arena, list, used, &capacity, sizeof *list, AVD_MAX_MODULES);
            if (grown == NULL)
                break;
            list = grown;
            list[used++] = module;
        }
        if (!avd_memory_u32(&dump->memory, entry, &entry))
            break;
    }
    if (walked == AVD_MAX_LDR_ENTRIES)
        avd_note_add(notes, "32-bit loader list", AVD_NO_OFFSET,
                     "did not end after %zu entries; the list is damaged", walked);
    *modules = list;
    *count = used;
    return !arena->failed;
}
