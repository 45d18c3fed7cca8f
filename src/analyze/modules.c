/* SPDX-License-Identifier: MIT */
/*
 * The analysis's modules: the stream's and the 32-bit loader list's together, found by address,
 * named as WinDbg names them, with their images read from the dump's memory or from image files.
 */
#include "analyze/modules.h"

#include "base/bisect.h"
#include "base/limits.h"
#include "base/utf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- by address ---- */

/* Modules below an address that may still reach up to it: more never overlap in one place. */
enum { MAX_LOOKS_DOWN = 8 };

static int compare_bases(const void *a, const void *b)
{
    const struct avd_an_module *const *x = a;
    const struct avd_an_module *const *y = b;

    if ((*x)->module->base != (*y)->module->base)
        return (*x)->module->base < (*y)->module->base ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

/* Notes the modules that reach into a later one: WinDbg warns of it in these words, and names in
 * the overlap are doubtful. */
static void note_overlaps(struct avd_analysis *an, struct avd_an_module *const *sorted,
                          size_t index)
{
    struct avd_an_module *upper = sorted[index];
    size_t looks;

    for (looks = 1; looks <= MAX_LOOKS_DOWN && looks <= index; looks++) {
        const struct avd_an_module *lower = sorted[index - looks];

        if (upper->module->base - lower->module->base >= lower->module->size)
            continue;
        if (upper->overlaps == NULL)
            upper->overlaps = lower;
        avd_note_add(&an->notes, "modules", AVD_NO_OFFSET,
                     "%s overlaps %s: addresses in both (0x%" PRIx64 " and up) are taken for %s, "
                     "which has the higher base",
                     upper->display_name, lower->display_name, upper->module->base,
                     upper->display_name);
    }
}

static bool index_by_base(struct avd_analysis *an)
{
    struct avd_an_module **sorted = avd_arena_alloc(&an->arena, an->module_count, sizeof *sorted);
    size_t used = 0;
    size_t i;

    an->by_base = avd_arena_alloc(&an->arena, an->module_count, sizeof *an->by_base);
    if (sorted == NULL || an->by_base == NULL)
        return false;
    for (i = 0; i < an->module_count; i++) {
        const struct avd_module *module = an->modules[i].module;

        if (!module->duplicate && module->size != 0 &&
            (module->base != 0 || module->name[0] != '\0'))
            sorted[used++] = &an->modules[i];
    }
    if (used > 1)
        qsort(sorted, used, sizeof *sorted, compare_bases);
    for (i = 0; i < used; i++) {
        an->by_base[i] = (uint32_t)(sorted[i] - an->modules);
        note_overlaps(an, sorted, i);
    }
    an->by_base_count = used;
    return true;
}

size_t avd_analysis_module_at(const struct avd_analysis *an, uint64_t addr)
{
    struct avd_bisect b = avd_bisect_start(an->by_base_count);
    size_t i;

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, an->modules[an->by_base[b.middle]].module->base <= addr);
    /* As avd_dump_module_at: the highest base wins, a few further down may still reach here. */
    for (i = b.low; i > 0 && b.low - i < MAX_LOOKS_DOWN; i--) {
        const struct avd_module *module = an->modules[an->by_base[i - 1]].module;

        if (addr - module->base < module->size)
            return an->by_base[i - 1];
    }
    return AVD_NO_MODULE;
}

/* ---- names ---- */

/* WinDbg's module name: the leaf without its extension, other characters than letters, digits
 * and '_' replaced. Elsewhere than on Windows the leaf is the name. */
static char *base_name(struct avd_analysis *an, const struct avd_module *module)
{
    const char *dot = strrchr(module->name, '.');
    size_t size =
        dot != NULL && dot != module->name ? (size_t)(dot - module->name) : strlen(module->name);
    char *name;
    size_t i;

    if (!avd_dump_is_windows(an->dump))
        size = strlen(module->name);
    /* Cut between characters: each module has a copy, and names may be long and shared. */
    if (size > AVD_MAX_DISPLAY_NAME_BYTES) {
        size = AVD_MAX_DISPLAY_NAME_BYTES;
        while (size > 0 && ((unsigned char)module->name[size] & 0xc0) == 0x80)
            size--;
    }
    if (!avd_dump_is_windows(an->dump))
        return avd_arena_strndup(&an->arena, module->name, size);
    name = avd_arena_strndup(&an->arena, module->name, size);
    for (i = 0; name != NULL && i < size; i++) {
        unsigned char c = (unsigned char)name[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c >= 0x80))
            name[i] = '_';
    }
    return name;
}

static int compare_names(const void *a, const void *b)
{
    const struct avd_an_module *const *x = a;
    const struct avd_an_module *const *y = b;
    int order = avd_ascii_casecmp((*x)->display_name, (*y)->display_name);

    return order != 0 ? order : *x < *y ? -1 : *x > *y;
}

/* Of several modules with one name the first keeps it, the others get their base behind it, as
 * WinDbg shows them (ntdll and ntdll_77cc0000). */
static bool name_modules(struct avd_analysis *an)
{
    struct avd_an_module **sorted = avd_arena_alloc(&an->arena, an->module_count, sizeof *sorted);
    const struct avd_an_module *first = NULL;
    const char *first_name = NULL;
    size_t i;

    if (sorted == NULL)
        return false;
    for (i = 0; i < an->module_count; i++) {
        struct avd_an_module *module = &an->modules[i];

        module->display_name = base_name(an, module->module);
        if (module->display_name == NULL)
            return false;
        sorted[i] = module;
    }
    if (an->module_count > 1)
        qsort(sorted, an->module_count, sizeof *sorted, compare_names);
    for (i = 0; i < an->module_count; i++) {
        struct avd_an_module *module = sorted[i];

        if (first == NULL || avd_ascii_casecmp(first_name, module->display_name) != 0) {
            first = module;
            first_name = module->display_name;
        } else if (module->module->base != first->module->base) {
            module->display_name =
                avd_arena_printf(&an->arena, "%s_%" PRIx64, first_name, module->module->base);
            if (module->display_name == NULL)
                return false;
        }
    }
    return true;
}

bool avd_modules_collect(struct avd_analysis *an)
{
    const struct avd_module *list;
    size_t i;

    if (!avd_wow64_modules(an->dump, &an->wow64, &an->arena, &list, &an->module_count, &an->notes))
        return false;
    an->modules = avd_arena_alloc(&an->arena, an->module_count, sizeof *an->modules);
    if (an->modules == NULL)
        return false;
    for (i = 0; i < an->module_count; i++)
        an->modules[i].module = &list[i];
    return name_modules(an) && index_by_base(an);
}

/* ---- images ---- */

/* Loads the image mapped in the dump, once. */
static struct avd_image *memory_image(struct avd_analysis *an, struct avd_an_module *module)
{
    if (module->image_state == 0) {
        struct avd_image *image = avd_arena_alloc(&an->arena, 1, sizeof *image);

        module->image_state = -1;
        if (image != NULL &&
            avd_image_from_memory(image, &an->dump->memory, module->module->base, NULL) == AVD_OK) {
            module->image = image;
            module->image_state = 1;
        }
    }
    return module->image;
}

/* What verifying an image of a store needs. */
struct image_check {
    const struct avd_module *wanted;
    struct avd_image *image;
};

static bool verify_image(void *ctx, const char *path, char *reason, size_t reason_size)
{
    struct image_check *check = ctx;
    struct avd_error err = {0};

    if (avd_image_from_file(check->image, path, &err) != AVD_OK) {
        (void)snprintf(reason, reason_size, "%s", err.message);
        return false;
    }
    if (check->image->timestamp == check->wanted->timestamp &&
        check->image->size_of_image == check->wanted->size)
        return true;
    (void)snprintf(reason, reason_size,
                   "its TimeDateStamp is 0x%" PRIx32 " and its SizeOfImage 0x%" PRIx32
                   ", expected 0x%" PRIx32 " and 0x%" PRIx32,
                   check->image->timestamp, check->image->size_of_image, check->wanted->timestamp,
                   check->wanted->size);
    avd_image_close(check->image);
    return false;
}

/* The module's image file out of a symbol store, which also keep images. */
static const struct avd_image *store_image(struct avd_analysis *an, struct avd_an_module *module)
{
    struct avd_symbol_query query;
    struct image_check check;
    const struct avd_symbol_attempt *attempts;
    const char *path;
    size_t count;

    if (an->store == NULL || !avd_dump_is_windows(an->dump))
        return NULL;
    memset(&query, 0, sizeof query);
    query.image_name = module->module->name;
    query.image_path = module->module->path;
    query.timestamp = module->module->timestamp;
    query.image_size = module->module->size;
    check.wanted = module->module;
    check.image = avd_arena_alloc(&an->arena, 1, sizeof *check.image);
    if (check.image == NULL || avd_store_find(an->store, &query, AVD_FILE_IMAGE, verify_image,
                                              &check, &path, &attempts, &count) != AVD_OK)
        return NULL;
    module->file = check.image;
    module->file_path = path;
    module->file_state = 1;
    return module->file;
}

/* Looks for the module's image file in --images, once. Only an image with the same TimeDateStamp
 * and SizeOfImage is the one that was running. */
static const struct avd_image *file_image(struct avd_analysis *an, struct avd_an_module *module)
{
    const struct avd_module *wanted = module->module;
    struct avd_image *image;
    size_t i;

    if (module->file_state != 0)
        return module->file;
    module->file_state = -1;
    if (wanted->name[0] == '\0')
        return NULL;
    if (an->image_dir_count == 0)
        return store_image(an, module);
    image = avd_arena_alloc(&an->arena, 1, sizeof *image);
    for (i = 0; image != NULL && i < an->image_dir_count; i++) {
        char path[4096];
        struct avd_error err;

        if (avd_file_find(an->image_dirs[i], wanted->name, path, sizeof path) != AVD_OK)
            continue;
        if (avd_image_from_file(image, path, &err) != AVD_OK) {
            avd_note_add(&an->notes, path, AVD_NO_OFFSET, "%s; not used", err.message);
            continue;
        }
        if (image->timestamp == wanted->timestamp && image->size_of_image == wanted->size) {
            module->file = image;
            module->file_path = avd_arena_strdup(&an->arena, path);
            module->file_state = 1;
            return image;
        }
        avd_note_add(&an->notes, path, AVD_NO_OFFSET,
                     "is another build than the one in the dump: TimeDateStamp 0x%" PRIx32
                     " and SizeOfImage 0x%" PRIx32 ", expected 0x%" PRIx32 " and 0x%" PRIx32
                     "; not used",
                     image->timestamp, image->size_of_image, wanted->timestamp, wanted->size);
        avd_image_close(image);
    }
    return store_image(an, module);
}

const struct avd_image *avd_analysis_image(struct avd_analysis *an, size_t index)
{
    struct avd_image *image;
    const struct avd_image *file;

    if (index >= an->module_count)
        return NULL;
    image = memory_image(an, &an->modules[index]);
    file = file_image(an, &an->modules[index]);
    if (image == NULL || (image->partial && file != NULL))
        return file;
    image->backing = file;
    return image;
}

void avd_modules_close(struct avd_analysis *an)
{
    size_t i;

    for (i = 0; i < an->module_count; i++)
        if (an->modules != NULL && an->modules[i].file != NULL)
            avd_image_close(an->modules[i].file);
}
