/* SPDX-License-Identifier: MIT */
/* Shared libraries on Windows, and static ones in their place. This short because it is a platform
 * file. */
#include "base/library.h"

#include "base/linked.h"

#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

/* `library`: NULL is the program itself. */
static bool find_all(HMODULE library, const struct avd_library_function *functions)
{
    for (; functions->name != NULL; functions++) {
        avd_linked_function *address =
            library != NULL ? (avd_linked_function *)GetProcAddress(library, functions->name)
                            : avd_linked_find(functions->name);

        if (address == NULL || functions->target_size != sizeof address)
            return false;
        memcpy(functions->target, &address, sizeof address);
    }
    return true;
}

bool avd_library_load(const char *const *names, const struct avd_library_function *functions)
{
    if (find_all(NULL, functions))
        return true;
    for (; *names != NULL; names++) {
        /* Beside the program and in the system's folder, never in the current directory, where a
         * stranger's dump may have brought a DLL along. */
        HMODULE library = LoadLibraryExA(*names, NULL, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);

        if (library != NULL && find_all(library, functions))
            return true;
        if (library != NULL)
            (void)FreeLibrary(library);
    }
    return false;
}
