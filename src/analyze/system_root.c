/* SPDX-License-Identifier: MIT */
/* See system_root.h. */
#include "analyze/system_root.h"

#include "base/utf.h"

#include <string.h>

bool avd_path_has_drive(const char *path)
{
    return path[0] != '\0' && path[1] == ':' && path[2] == '\\';
}

struct avd_system_root avd_system_root_find(const struct avd_analysis *an)
{
    struct avd_system_root root = {NULL, 0};
    size_t i;

    for (i = 0; i < an->module_count; i++) {
        const struct avd_module *module = an->modules[i].module;
        size_t size = strlen(module->path);
        unsigned folders = 0;

        if (avd_ascii_casecmp(module->name, "ntdll.dll") != 0 || !avd_path_has_drive(module->path))
            continue;
        /* Up to the second separator from the end: System32 or SysWOW64 go, too. */
        while (size > 0 && (folders += module->path[size - 1] == '\\') < 2)
            size--;
        /* Not the drive's root: everything lies there. */
        if (size <= 3)
            continue;
        root.path = module->path;
        root.size = size;
        break;
    }
    return root;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool avd_system_root_has(const struct avd_system_root *root, const char *path)
{
    size_t i;

    for (i = 0; i < root->size; i++)
        if (path[i] == '\0' || lower(path[i]) != lower(root->path[i]))
            return false;
    return root->size != 0;
}
