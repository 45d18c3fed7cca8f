/* SPDX-License-Identifier: MIT */
/*
 * Is there something odd about which modules are loaded, and from where? Files that bear the name
 * of a system library but lie elsewhere, files loaded twice, files from folders for temporary ones.
 */
#include "analyze/detectors.h"
#include "analyze/system_root.h"

#include "base/glob.h"
#include "base/limits.h"
#include "base/utf.h"

#include <stdlib.h>
#include <string.h>

/* Libraries of Windows that nobody ships with a program, unless to be loaded in their place.
 * (dbghelp.dll, d3dcompiler_47.dll, msvcp140.dll and the like are shipped rightly.) */
static const char *const system_names[] = {
    "advapi32.dll", "bcrypt.dll",     "combase.dll",  "crypt32.dll",   "cryptbase.dll",
    "cryptsp.dll",  "d3d9.dll",       "d3d11.dll",    "dinput8.dll",   "dnsapi.dll",
    "dwmapi.dll",   "dxgi.dll",       "gdi32.dll",    "imm32.dll",     "iphlpapi.dll",
    "kernel32.dll", "kernelbase.dll", "msvcrt.dll",   "ncrypt.dll",    "netapi32.dll",
    "ntdll.dll",    "ole32.dll",      "oleaut32.dll", "opengl32.dll",  "profapi.dll",
    "propsys.dll",  "psapi.dll",      "rpcrt4.dll",   "secur32.dll",   "setupapi.dll",
    "shell32.dll",  "shlwapi.dll",    "sspicli.dll",  "user32.dll",    "userenv.dll",
    "uxtheme.dll",  "version.dll",    "win32u.dll",   "winhttp.dll",   "wininet.dll",
    "winmm.dll",    "ws2_32.dll",     "wsock32.dll",  "xinput1_3.dll",
};

static bool is_system_name(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof system_names / sizeof system_names[0]; i++)
        if (avd_ascii_casecmp(name, system_names[i]) == 0)
            return true;
    return false;
}

struct paths {
    const char *items[AVD_MAX_ODDITIES];
    size_t kept, count;
};

static void add(struct paths *paths, const char *text)
{
    if (text != NULL && paths->kept < AVD_MAX_ODDITIES)
        paths->items[paths->kept++] = text;
    paths->count++;
}

static void publish(struct avd_analysis *an, const char *list, const char *count,
                    const struct paths *paths)
{
    avd_fact_number(&an->facts, count, paths->count);
    avd_fact_list(&an->facts, list, paths->items, paths->kept);
}

/* A program that runs from there as a whole is no news. The first module is the program. */
static bool is_beside_program(const struct avd_analysis *an, const struct avd_module *module)
{
    const struct avd_module *program = an->modules[0].module;
    size_t size = strlen(program->path) - strlen(program->name);

    return strlen(module->path) - strlen(module->name) == size &&
           strncmp(module->path, program->path, size) == 0;
}

static void publish_places(struct avd_analysis *an)
{
    struct paths shadows = {0};
    struct paths temporary = {0};
    const struct avd_system_root root = avd_system_root_find(an);
    size_t i;

    for (i = 0; i < an->module_count; i++) {
        const char *path = an->modules[i].module->path;

        if (!avd_path_has_drive(path))
            continue;
        if (root.size != 0 && !avd_system_root_has(&root, path) &&
            is_system_name(an->modules[i].module->name))
            add(&shadows, path);
        if (is_beside_program(an, an->modules[i].module))
            continue;
        if (avd_glob_fits(path, "*\\AppData\\Local\\Temp\\*") ||
            avd_glob_fits(path, "?:\\Windows\\Temp\\*") || avd_glob_fits(path, "?:\\Temp\\*"))
            add(&temporary, path);
    }
    publish(an, "modules.shadows", "modules.shadow_count", &shadows);
    publish(an, "modules.temporary", "modules.temporary_count", &temporary);
}

/* ---- twice ---- */

static int compare_modules(const void *a, const void *b)
{
    const struct avd_module *x = *(const struct avd_module *const *)a;
    const struct avd_module *y = *(const struct avd_module *const *)b;
    int order = avd_ascii_casecmp(x->name, y->name);

    if (order != 0)
        return order;
    return x->base < y->base ? -1 : x->base > y->base;
}

/* Windows loads several versions of its own libraries side by side, and a .NET process maps an
 * assembly more than once; a WOW64 process has both halves' libraries. */
static bool is_pair(const struct avd_module *a, const struct avd_module *b,
                    const struct avd_system_root *root)
{
    if (avd_ascii_casecmp(a->name, b->name) != 0 || avd_ascii_casecmp(a->path, b->path) == 0)
        return false;
    if (a->duplicate || b->duplicate || !a->has_version || !b->has_version ||
        !avd_path_has_drive(a->path) || !avd_path_has_drive(b->path))
        return false;
    return !(avd_system_root_has(root, a->path) && avd_system_root_has(root, b->path));
}

static const char *pair_text(struct avd_analysis *an, const struct avd_module *a,
                             const struct avd_module *b)
{
    const uint16_t *v = a->file_version;
    const uint16_t *w = b->file_version;

    return avd_arena_printf(&an->arena, "%s (%u.%u.%u.%u) and %s (%u.%u.%u.%u)", a->path,
                            (unsigned)v[0], (unsigned)v[1], (unsigned)v[2], (unsigned)v[3], b->path,
                            (unsigned)w[0], (unsigned)w[1], (unsigned)w[2], (unsigned)w[3]);
}

static void publish_pairs(struct avd_analysis *an)
{
    const struct avd_module **sorted =
        avd_arena_alloc(&an->arena, an->module_count, sizeof *sorted);
    struct paths pairs = {0};
    const struct avd_system_root root = avd_system_root_find(an);
    size_t i;

    if (sorted == NULL)
        return;
    for (i = 0; i < an->module_count; i++)
        sorted[i] = an->modules[i].module;
    if (an->module_count > 1)
        qsort(sorted, an->module_count, sizeof *sorted, compare_modules);
    for (i = 1; root.size != 0 && i < an->module_count; i++)
        if (is_pair(sorted[i - 1], sorted[i], &root))
            add(&pairs, pair_text(an, sorted[i - 1], sorted[i]));
    publish(an, "modules.twice", "modules.twice_count", &pairs);
}

static void run(struct avd_analysis *an)
{
    publish_places(an);
    publish_pairs(an);
}

const struct avd_detector avd_det_module_set = {
    "module set",
    "modules in the place of system libraries, from temporary folders, loaded twice",
    run,
};
