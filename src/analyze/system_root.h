/* SPDX-License-Identifier: MIT */
/* Where Windows itself lies, told from the path of ntdll.dll, and whether a file lies there. */
#ifndef AVD_ANALYZE_SYSTEM_ROOT_H
#define AVD_ANALYZE_SYSTEM_ROOT_H

#include "analyze/analysis.h"

struct avd_system_root {
    const char *path; /* begins with the folder, such as "C:\Windows\"; NULL: not known, as in dumps
                         whose writers leave folders out */
    size_t size;      /* of the folder in it */
};

struct avd_system_root avd_system_root_find(const struct avd_analysis *analysis);

/* Whether `path` lies below it, without regard to the case of ASCII letters; false when the root is
 * not known. */
bool avd_system_root_has(const struct avd_system_root *root, const char *path);

/* Whether `path` begins with a drive: the form in which Windows lists modules. */
bool avd_path_has_drive(const char *path);

#endif
