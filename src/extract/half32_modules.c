/* SPDX-License-Identifier: MIT */
/*
 * Which modules belong to the 32-bit half. The machine in a module's headers decides; where the
 * dump does not hold them, names and folders do: Windows 7 has 64-bit system libraries below 4 GiB
 * too.
 */
#include "extract/half32.h"

#include "base/utf.h"
#include "wow64/layout.h"

#include <inttypes.h>
#include <string.h>

enum half { HALF_UNDECIDED = 0, HALF_32, HALF_64 };

/* Whether `path` has `folder`, in lower case and with its backslashes, whatever the path's case. */
static bool is_below(const char *path, const char *folder)
{
    size_t size = strlen(folder);

    for (; *path != '\0'; path++) {
        size_t i;

        for (i = 0; i < size; i++) {
            char c = path[i];

            if ((c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c) != folder[i])
                break;
        }
        if (i == size)
            return true;
    }
    return false;
}

static enum half decide(struct avd_analysis *an, size_t index)
{
    const struct avd_module *module = an->modules[index].module;
    const struct avd_image *image;

    if (module->base > UINT32_MAX || module->base + module->size > UINT64_C(1) << 32)
        return HALF_64;
    if (module->from_loader_list)
        return HALF_32;
    image = avd_analysis_image(an, index);
    if (image != NULL && image->machine != AVD_MACHINE_UNKNOWN)
        return image->machine == AVD_MACHINE_I386 ? HALF_32 : HALF_64;
    if (is_below(module->path, "\\syswow64\\"))
        return HALF_32;
    return strncmp(module->name, "wow64", 5) == 0 ? HALF_64 : HALF_UNDECIDED;
}

/* Of two libraries of one name the one that nothing is known of is the 64-bit one. */
static bool has_namesake(const struct avd_analysis *an, const enum half *halves, size_t index)
{
    size_t i;

    for (i = 0; i < an->module_count; i++)
        if (halves[i] == HALF_32 &&
            avd_ascii_casecmp(an->modules[i].module->name, an->modules[index].module->name) == 0)
            return true;
    return false;
}

/* Readers take the first module for the program. */
static void put_program_first(struct avd_half32 *half)
{
    const struct avd_analysis *an = half->an;
    uint32_t base;
    size_t i;

    if (an->wow64.peb32 == 0 ||
        !avd_memory_u32(&an->dump->memory, an->wow64.peb32 + PEB32_IMAGE_BASE, &base))
        return;
    for (i = 0; i < half->module_count; i++) {
        size_t found = half->modules[i];

        if (an->modules[found].module->base != base)
            continue;
        memmove(half->modules + 1, half->modules, i * sizeof *half->modules);
        half->modules[0] = found;
        return;
    }
}

bool avd_half32_modules(struct avd_half32 *half)
{
    struct avd_analysis *an = half->an;
    enum half *halves = avd_arena_alloc(half->arena, an->module_count, sizeof *halves);
    size_t guessed = 0;
    size_t i;

    half->modules = avd_arena_alloc(half->arena, an->module_count, sizeof *half->modules);
    if (halves == NULL || half->modules == NULL)
        return false;
    for (i = 0; i < an->module_count; i++)
        halves[i] = decide(an, i);
    for (i = 0; i < an->module_count; i++) {
        if (an->modules[i].module->duplicate || halves[i] == HALF_64 ||
            (halves[i] == HALF_UNDECIDED && has_namesake(an, halves, i)))
            continue;
        guessed += halves[i] == HALF_UNDECIDED;
        half->modules[half->module_count++] = i;
    }
    if (guessed != 0)
        avd_note_add(&half->notes, "modules", AVD_NO_OFFSET,
                     "%zu lie below 4 GiB and are taken for 32-bit ones, their headers are not in "
                     "the dump",
                     guessed);
    put_program_first(half);
    return true;
}
