/* SPDX-License-Identifier: MIT */
/*
 * A module's identifiers as text, as symbol stores and servers know them: Breakpad's debug
 * identifier, and the code identifier of image files.
 */
#include "minidump/dump.h"

#include <inttypes.h>
#include <string.h>

static const char *hex_text(struct avd_arena *arena, struct avd_view v, const char *digits)
{
    char *text = avd_arena_alloc(arena, v.size * 2 + 1, 1);
    size_t i;

    for (i = 0; text != NULL && i < v.size; i++) {
        text[2 * i] = digits[v.data[i] >> 4];
        text[2 * i + 1] = digits[v.data[i] & 15];
    }
    return text;
}

static const char lower_digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";

/* A GUID's three integers are little-endian in the file and big-endian in its text. */
static void guid_text_order(const uint8_t *guid, uint8_t out[16])
{
    static const unsigned char order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    size_t i;

    for (i = 0; i < 16; i++)
        out[i] = guid[order[i]];
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

const char *avd_module_debug_id(const struct avd_module *module, struct avd_arena *arena)
{
    uint8_t guid[16] = {0};
    uint8_t shown[16];
    struct avd_view v = {shown, sizeof shown, 0};
    const char *text;

    switch (module->codeview) {
    case AVD_CV_RSDS:
        if (all_zero(module->guid, sizeof module->guid))
            return NULL;
        guid_text_order(module->guid, shown);
        text = hex_text(arena, v, upper_digits);
        return text == NULL ? NULL : avd_arena_printf(arena, "%s%" PRIX32, text, module->age);
    case AVD_CV_NB10:
        return avd_arena_printf(arena, "%08" PRIX32 "%" PRIX32, module->pdb_signature, module->age);
    case AVD_CV_BUILD_ID:
        if (module->build_id.size == 0 || all_zero(module->build_id.data, module->build_id.size))
            return NULL;
        memcpy(guid, module->build_id.data,
               module->build_id.size < 16 ? module->build_id.size : 16);
        guid_text_order(guid, shown);
        text = hex_text(arena, v, upper_digits);
        return text == NULL ? NULL : avd_arena_printf(arena, "%s0", text);
    case AVD_CV_NONE:
    case AVD_CV_OTHER: break;
    }
    return NULL;
}

const char *avd_code_id(bool windows, uint32_t timestamp, uint32_t size, struct avd_arena *arena)
{
    if (!windows || (timestamp == 0 && size == 0))
        return NULL;
    return avd_arena_printf(arena, "%08" PRIx32 "%" PRIx32, timestamp, size);
}

const char *avd_module_code_id(const struct avd_module *module, bool windows,
                               struct avd_arena *arena)
{
    uint8_t shown[16];
    struct avd_view v = {shown, sizeof shown, 0};

    if (windows)
        return avd_code_id(true, module->timestamp, module->size, arena);
    if (module->codeview == AVD_CV_BUILD_ID && module->build_id.size != 0)
        return hex_text(arena, module->build_id, lower_digits);
    /* Elsewhere the GUID is the module's UUID or the start of its build id. */
    if (module->codeview == AVD_CV_RSDS && !all_zero(module->guid, sizeof module->guid)) {
        guid_text_order(module->guid, shown);
        return hex_text(arena, v, lower_digits);
    }
    return NULL;
}
