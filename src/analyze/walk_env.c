/* SPDX-License-Identifier: MIT */
/* What the unwinders may ask: the process's memory, its modules, their images and unwind data. */
#include "analyze/modules.h"

#include "base/utf.h"

#include <string.h>

/* What a look costs, as against a look at one word. */
enum {
    SYMBOL_LOOKS = 8, /* to find a name */
    BYTES_PER_LOOK = 64
};

/* Takes from what all walks may do; when nothing is left they end (stack/walk.h). */
static void exert(struct avd_analysis *an, size_t looks)
{
    an->walk_effort -= looks < an->walk_effort ? looks : an->walk_effort;
}

static size_t env_read(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    struct avd_analysis *an = ctx;

    exert(an, 1 + size / BYTES_PER_LOOK);
    return avd_memory_read(&an->dump->memory, addr, buffer, size);
}

static bool env_module_at(void *ctx, uint64_t addr, struct avd_code_module *out)
{
    struct avd_analysis *an = ctx;
    size_t i = avd_analysis_module_at(an, addr);

    exert(an, 1);
    memset(out, 0, sizeof *out);
    if (i == AVD_NO_MODULE)
        return false;
    out->id = i;
    out->base = an->modules[i].module->base;
    out->size = an->modules[i].module->size;
    return true;
}

static size_t env_read_image(void *ctx, size_t module, uint32_t rva, void *buffer, size_t size)
{
    struct avd_analysis *an = ctx;
    const struct avd_image *image;
    uint64_t base;
    size_t done;

    exert(an, 1 + size / BYTES_PER_LOOK);
    if (module >= an->module_count)
        return 0;
    base = an->modules[module].module->base;
    if (base > UINT64_MAX - rva)
        return 0;
    /* Small dumps hold code around each pc without the image's headers: memory is asked first. */
    done = avd_memory_read(&an->dump->memory, base + rva, buffer, size);
    if (done == size)
        return done;
    image = avd_analysis_image(an, module);
    return image != NULL ? avd_image_read(image, rva, buffer, size) : done;
}

static int env_pdata(void *ctx, size_t module, struct avd_pdata *out)
{
    struct avd_analysis *an = ctx;
    const struct avd_image *image = avd_analysis_image(an, module);

    exert(an, 1);
    memset(out, 0, sizeof *out);
    if (image == NULL || image->machine == AVD_MACHINE_UNKNOWN)
        return -1;
    out->rva = image->directories[AVD_DIR_EXCEPTION].rva;
    out->size = image->directories[AVD_DIR_EXCEPTION].size;
    if (out->rva != 0 && out->size != 0)
        return 1;
    return image->partial ? -1 : 0;
}

static int env_executable(void *ctx, uint64_t addr)
{
    struct avd_analysis *an = ctx;
    size_t i = avd_analysis_module_at(an, addr);
    int known = avd_memory_executable(&an->dump->memory, addr);

    exert(an, 1);
    if (known >= 0)
        return known;
    if (i != AVD_NO_MODULE) {
        const struct avd_image *image = avd_analysis_image(an, i);
        const struct avd_section *section;

        if (image == NULL || image->section_count == 0)
            return -1;
        section = avd_image_section(image, (uint32_t)(addr - an->modules[i].module->base));
        if (section == NULL)
            return image->partial ? -1 : 0;
        return (section->characteristics & 0x20000000) != 0;
    }
    return -1;
}

static bool env_dynamic_function(void *ctx, uint64_t addr, uint64_t *base, uint32_t entry[3])
{
    return avd_function_tables_find(ctx, addr, base, entry);
}

/* Where the function that holds `addr` begins, as far as its symbols or exports tell. */
static bool env_function_start(void *ctx, uint64_t addr, uint64_t *start)
{
    struct avd_analysis *an = ctx;
    size_t i = avd_analysis_module_at(an, addr);
    enum avd_status status;
    struct avd_symbol symbol;

    exert(an, SYMBOL_LOOKS);
    *start = 0;
    if (i == AVD_NO_MODULE)
        return false;
    status = avd_symbolizer_find(an->symbolizer, i, addr - an->modules[i].module->base, &symbol);
    /* Not to know would lead the walk elsewhere: whoever asked for it finds out. */
    if (status == AVD_E_NOMEM)
        an->arena.failed = true;
    if (status != AVD_OK || symbol.displacement > addr - an->modules[i].module->base)
        return false;
    *start = addr - symbol.displacement;
    return true;
}

static bool env_same_name(void *ctx, uint64_t a, uint64_t b)
{
    struct avd_analysis *an = ctx;
    size_t i = avd_analysis_module_at(an, a);
    struct avd_symbol symbols[2];
    const uint64_t addrs[2] = {a, b};
    int k;

    exert(an, 2 * SYMBOL_LOOKS);
    if (i == AVD_NO_MODULE || avd_analysis_module_at(an, b) != i)
        return false;
    for (k = 0; k < 2; k++) {
        enum avd_status status = avd_symbolizer_find(
            an->symbolizer, i, addrs[k] - an->modules[i].module->base, &symbols[k]);

        if (status == AVD_E_NOMEM)
            an->arena.failed = true;
        if (status != AVD_OK || symbols[k].approximate || symbols[k].function == NULL)
            return false;
    }
    return strcmp(symbols[0].function, symbols[1].function) == 0;
}

/* Whether `text` begins with `lower`, which is in lower case. */
static bool begins_with(const char *text, const char *lower)
{
    for (; *lower != '\0'; text++, lower++)
        if (*text != *lower && !(*text >= 'A' && *text <= 'Z' && *text - 'A' + 'a' == *lower))
            return false;
    return true;
}

/* Whether the path lies in one of the directories that only Windows fills. */
static bool is_of_windows(const char *path)
{
    static const char *const folders[] = {"\\windows\\system32\\", "\\windows\\syswow64\\",
                                          "\\windows\\winsxs\\"};
    size_t i;

    for (; (path = strchr(path, '\\')) != NULL; path++)
        for (i = 0; i < sizeof folders / sizeof folders[0]; i++)
            if (begins_with(path, folders[i]))
                return true;
    return false;
}

static enum avd_module_role role_of(const struct avd_module *module)
{
    if (avd_ascii_casecmp(module->name, "ntdll.dll") == 0)
        return AVD_ROLE_NTDLL;
    if (avd_ascii_casecmp(module->name, "kernel32.dll") == 0)
        return AVD_ROLE_KERNEL32;
    if (module->path == NULL || strchr(module->path, '\\') == NULL)
        return AVD_ROLE_OTHER;
    return is_of_windows(module->path) ? AVD_ROLE_WINDOWS : AVD_ROLE_PROGRAM;
}

static enum avd_module_role env_module_role(void *ctx, size_t module)
{
    struct avd_analysis *an = ctx;
    struct avd_an_module *known;

    exert(an, 1);
    if (module >= an->module_count)
        return AVD_ROLE_OTHER;
    known = &an->modules[module];
    if (!known->role_known) {
        known->role = role_of(known->module);
        known->role_known = true;
    }
    return known->role;
}

void avd_analysis_walk_env(struct avd_analysis *an, struct avd_walk_env *env)
{
    env->ctx = an;
    env->read = env_read;
    env->module_at = env_module_at;
    env->read_image = env_read_image;
    env->pdata = env_pdata;
    env->executable = env_executable;
    env->dynamic_function = env_dynamic_function;
    env->function_start = env_function_start;
    env->same_name = env_same_name;
    env->module_role = env_module_role;
}
