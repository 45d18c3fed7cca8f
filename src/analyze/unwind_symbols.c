/* SPDX-License-Identifier: MIT */
/* What the unwinders may ask of symbols: frame data, STACK CFI, and S_FRAMEPROC, by address. */
#include "analyze/modules.h"

/* The module of `addr` and the RVA in it; false outside modules. */
static bool locate(const struct avd_analysis *an, uint64_t addr, size_t *module, uint64_t *rva)
{
    *module = avd_analysis_module_at(an, addr);
    if (*module == AVD_NO_MODULE)
        return false;
    *rva = addr - an->modules[*module].module->base;
    return true;
}

static bool env_frame_data(void *ctx, uint64_t addr, struct avd_frame_data *out,
                           uint64_t *module_base)
{
    struct avd_analysis *an = ctx;
    size_t module;
    uint64_t rva;

    if (!locate(an, addr, &module, &rva) ||
        avd_symbolizer_frame_data(an->symbolizer, module, rva, out) != AVD_OK)
        return false;
    *module_base = an->modules[module].module->base;
    return true;
}

static bool env_cfi(void *ctx, uint64_t addr, const char **rules)
{
    struct avd_analysis *an = ctx;
    size_t module;
    uint64_t rva;

    return locate(an, addr, &module, &rva) &&
           avd_symbolizer_cfi(an->symbolizer, module, rva, rules) == AVD_OK;
}

static bool env_proc_frame(void *ctx, uint64_t addr, struct avd_proc_frame *out,
                           uint64_t *module_base)
{
    struct avd_analysis *an = ctx;
    size_t module;
    uint64_t rva;

    if (!locate(an, addr, &module, &rva) ||
        avd_symbolizer_proc_frame(an->symbolizer, module, rva, out) != AVD_OK)
        return false;
    *module_base = an->modules[module].module->base;
    return true;
}

void avd_analysis_unwind_env(struct avd_walk_env *env)
{
    env->frame_data = env_frame_data;
    env->cfi = env_cfi;
    env->proc_frame = env_proc_frame;
}
