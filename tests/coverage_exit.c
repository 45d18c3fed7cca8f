/* SPDX-License-Identifier: MIT */
/*
 * Builds with gcc's --coverage only: a worker of the gate leaves by _exit, which does not write
 * what was gone through, and one that is confined can write no file any more. The linker's --wrap
 * puts these in between.
 */
#include <stddef.h>

void __gcov_dump(void);
void __gcov_reset(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
unsigned __real_avd_confine(const char *const *readable, size_t count);
unsigned __wrap_avd_confine(const char *const *readable, size_t count);

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

unsigned __wrap_avd_confine(const char *const *readable, size_t count)
{
    __gcov_dump();
    __gcov_reset();
    return __real_avd_confine(readable, count);
}
