/* SPDX-License-Identifier: MIT */
/* Shared libraries on POSIX systems: dlopen. This short because it is a platform file. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

static bool find_all(void *library, const struct avd_library_function *functions)
{
    for (; functions->name != NULL; functions++) {
        void *address = dlsym(library, functions->name);

        /* POSIX promises what ISO C does not: both kinds of pointers look alike. */
        if (address == NULL || functions->target_size != sizeof address)
            return false;
        memcpy(functions->target, &address, sizeof address);
    }
    return true;
}

bool avd_library_load(const char *const *names, const struct avd_library_function *functions)
{
    for (; *names != NULL; names++) {
        /* The library stays loaded, so the handle is not needed again. */
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);

        if (library != NULL && find_all(library, functions))
            return true;
        if (library != NULL)
            (void)dlclose(library);
    }
    return false;
}
