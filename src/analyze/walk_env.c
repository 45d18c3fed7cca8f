/* SPDX-License-Identifier: MIT */
/* What the unwinders may ask: the process's memory, its modules, their images and unwind data. */
#include "analyze/modules.h"

#include "base/bisect.h"
#include "base/utf.h"

#include <string.h>

static size_t env_read(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    const struct avd_analysis *an = ctx;

    return avd_memory_read(&an->dump->memory, addr, buffer, size);
}

static bool env_module_at(void *ctx, uint64_t addr, struct avd_code_module *out)
{
    const struct avd_analysis *an = ctx;
    size_t i = avd_analysis_module_at(an, addr);

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
    const struct avd_analysis *an = ctx;
    size_t i;

    for (i = 0; i < an->dump->function_table_count; i++) {
        const struct avd_function_table *table = &an->dump->function_tables[i];
        struct avd_bisect b = avd_bisect_start(table->entry_count);
        uint64_t rva = addr - table->base;
        uint64_t at;

        if (addr < table->minimum || addr >= table->maximum || addr < table->base ||
            rva > UINT32_MAX || table->entry_size < 12)
            continue;
        /* Sorted by BeginAddress, as RtlAddFunctionTable wants them. */
        while (avd_bisect_next(&b)) {
            at = (uint64_t)b.middle * table->entry_size;
            avd_bisect_answer(&b, avd_view_u32(table->entries, at) <= rva);
        }
        if (b.low == 0)
            continue;
        at = (uint64_t)(b.low - 1) * table->entry_size;
        entry[0] = avd_view_u32(table->entries, at);
        entry[1] = avd_view_u32(table->entries, at + 4);
        entry[2] = avd_view_u32(table->entries, at + 8);
        if (rva >= entry[1])
            continue;
        *base = table->base;
        return true;
    }
    return false;
}

/* Where the function that holds `addr` begins, as far as its symbols or exports tell. */
static bool env_function_start(void *ctx, uint64_t addr, uint64_t *start)
{
    struct avd_analysis *an = ctx;
    size_t i = avd_analysis_module_at(an, addr);
    enum avd_status status;
    struct avd_symbol symbol;

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

static enum avd_module_role env_module_role(void *ctx, size_t module)
{
    const struct avd_analysis *an = ctx;
    const char *name;
    const char *path;

    if (module >= an->module_count)
        return AVD_ROLE_OTHER;
    name = an->modules[module].module->name;
    if (avd_ascii_casecmp(name, "ntdll.dll") == 0)
        return AVD_ROLE_NTDLL;
    if (avd_ascii_casecmp(name, "kernel32.dll") == 0)
        return AVD_ROLE_KERNEL32;
    path = an->modules[module].module->path;
    if (path == NULL || strchr(path, '\\') == NULL)
        return AVD_ROLE_OTHER;
    return is_of_windows(path) ? AVD_ROLE_WINDOWS : AVD_ROLE_PROGRAM;
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
