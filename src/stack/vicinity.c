/* SPDX-License-Identifier: MIT */
/* Which functions call which, judged by where they lie. */
#include "stack/vicinity.h"

#include <string.h>

/* Bytes of code between two return addresses, and the modules where these are few: Lua or SQLite
 * has half a megabyte, and everything there calls everything. */
#define NEAR         UINT64_C(0x4000)
#define MIDDLE       UINT64_C(0x10000)
#define LARGE_MODULE UINT64_C(0x100000)
/* How much likelier callers are so near than far, among as many candidates: what served best on
 * stacks with known frames of clang-tidy, CMake, clangd, Z3, Node.js and others. */
#define NEAR_LIKELIER   4.0
#define MIDDLE_LIKELIER 2.0

/* How many candidates have values in [low, high). */
static size_t between(const struct avd_candidates *c, uint64_t low, uint64_t high)
{
    /* What claims to end beyond the last address has none. */
    return high <= low ? 0 : avd_candidates_of_value(c, high) - avd_candidates_of_value(c, low);
}

/* How many of the module's candidates are nearer than `distance`, of all `count`. A call can be the
 * last instruction of a module and not be before its first. */
static double share_within(const struct avd_candidates *c, const struct avd_code_module *module,
                           uint64_t value, uint64_t distance, size_t count)
{
    uint64_t end = module->base + module->size;
    uint64_t low = value - module->base <= distance ? module->base + 1 : value - distance + 1;
    uint64_t high = end - value < distance ? end + 1 : value + distance;

    return (double)between(c, low, high) / (double)count;
}

void avd_vicinity_of(struct avd_vicinity *out, const struct avd_walk *walk,
                     const struct avd_candidates *candidates, const struct avd_candidate *callee)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;
    size_t count;
    double near_by;
    double middle;
    double sum;

    memset(out, 0, sizeof *out);
    if (callee->role != AVD_ROLE_PROGRAM || callee->module == 0 ||
        !env->module_at(env->ctx, callee->value - 1, &module) || module.size < LARGE_MODULE)
        return;
    count = between(candidates, module.base + 1, module.base + module.size + 1);
    if (count == 0)
        return;
    near_by = share_within(candidates, &module, callee->value, NEAR, count);
    middle = share_within(candidates, &module, callee->value, MIDDLE, count) - near_by;
    sum = NEAR_LIKELIER * near_by + MIDDLE_LIKELIER * middle + (1 - near_by - middle);
    out->value = callee->value;
    out->module = callee->module;
    out->near_by = NEAR_LIKELIER / sum;
    out->middle = MIDDLE_LIKELIER / sum;
    out->far_off = 1 / sum;
}

double avd_vicinity_factor(const struct avd_vicinity *vicinity, const struct avd_candidate *caller)
{
    uint64_t distance = caller->value > vicinity->value ? caller->value - vicinity->value
                                                        : vicinity->value - caller->value;

    if (vicinity->module == 0 || caller->module != vicinity->module)
        return 1;
    return distance < NEAR     ? vicinity->near_by
           : distance < MIDDLE ? vicinity->middle
                               : vicinity->far_off;
}
