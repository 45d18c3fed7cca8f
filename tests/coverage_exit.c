/* SPDX-License-Identifier: MIT */
/*
 * Builds with gcc's --coverage only: a process that leaves by _exit does not write what was gone
 * through, one that is confined can write no file any more, and workers of the gate are killed
 * when there is nothing left to do. The linker's --wrap puts these in between.
 */
#include "gate/crew.h"

static bool confined; /* nothing can be written any more; trying is told on standard error */

/* answers of a worker after which it writes, as that takes longer than they do */
enum { TOLD = 8 };

void __gcov_dump(void);
void __gcov_reset(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
unsigned __real_avd_confine(const char *const *readable, size_t count);
unsigned __wrap_avd_confine(const char *const *readable, size_t count);
bool __real_avd_gate_answer(const struct avd_gate_pool_options *options,
                            const struct avd_gate_item *item, avd_write_fn *write, void *ctx);
bool __wrap_avd_gate_answer(const struct avd_gate_pool_options *options,
                            const struct avd_gate_item *item, avd_write_fn *write, void *ctx);

_Noreturn void __wrap__exit(int status)
{
    if (!confined)
        __gcov_dump();
    __real__exit(status);
}

unsigned __wrap_avd_confine(const char *const *readable, size_t count)
{
    __gcov_dump();
    confined = true;
    return __real_avd_confine(readable, count);
}

bool __wrap_avd_gate_answer(const struct avd_gate_pool_options *options,
                            const struct avd_gate_item *item, avd_write_fn *write, void *ctx)
{
    static unsigned answers;
    bool good = __real_avd_gate_answer(options, item, write, ctx);

    if (!confined && answers++ < TOLD) {
        __gcov_dump();
        __gcov_reset();
    }
    return good;
}
