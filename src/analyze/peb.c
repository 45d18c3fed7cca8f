/* SPDX-License-Identifier: MIT */
/* See peb.h. */
#include "analyze/peb.h"

/* Offsets in bytes, of the 32-bit structure and of the 64-bit one. */
enum { BITS32 = 0, BITS64 = 1 };
static const unsigned teb_peb[] = {0x30, 0x60};
static const unsigned peb_being_debugged[] = {0x02, 0x02};
static const unsigned peb_parameters[] = {0x10, 0x20};
static const unsigned peb_global_flag[] = {0x68, 0xbc};
static const unsigned peb_loader_lock[] = {0xa0, 0x110};
static const unsigned parameters_environment[] = {0x48, 0x80};

static unsigned bits(const struct avd_peb *peb)
{
    return peb->pointer_size == 4 ? BITS32 : BITS64;
}

struct avd_peb avd_peb_find(const struct avd_analysis *an)
{
    struct avd_peb peb = {0, avd_dump_pointer_size(an->dump)};
    size_t i;

    if (an->wow64.present) {
        peb.addr = an->wow64.peb32;
        peb.pointer_size = 4;
        return peb;
    }
    if (!avd_dump_is_windows(an->dump))
        return peb;
    for (i = 0; peb.addr == 0 && i < an->thread_count; i++) {
        uint64_t teb = an->threads[i].thread->teb;

        if (teb == 0 || !avd_memory_pointer(&an->dump->memory, teb + teb_peb[bits(&peb)],
                                            peb.pointer_size, &peb.addr))
            peb.addr = 0;
    }
    return peb;
}

static bool read_pointer(const struct avd_analysis *an, const unsigned *offsets, uint64_t *out)
{
    struct avd_peb peb = avd_peb_find(an);

    return peb.addr != 0 && avd_memory_pointer(&an->dump->memory, peb.addr + offsets[bits(&peb)],
                                               peb.pointer_size, out);
}

bool avd_peb_global_flag(const struct avd_analysis *an, uint32_t *out)
{
    struct avd_peb peb = avd_peb_find(an);

    return peb.addr != 0 &&
           avd_memory_u32(&an->dump->memory, peb.addr + peb_global_flag[bits(&peb)], out);
}

bool avd_peb_being_debugged(const struct avd_analysis *an, bool *out)
{
    struct avd_peb peb = avd_peb_find(an);
    uint16_t value;

    if (peb.addr == 0 ||
        !avd_memory_u16(&an->dump->memory, peb.addr + peb_being_debugged[bits(&peb)], &value))
        return false;
    *out = (value & 0xff) != 0;
    return true;
}

bool avd_peb_loader_lock(const struct avd_analysis *an, uint64_t *out)
{
    return read_pointer(an, peb_loader_lock, out) && *out != 0;
}

bool avd_peb_environment(const struct avd_analysis *an, uint64_t *out)
{
    struct avd_peb peb = avd_peb_find(an);
    uint64_t parameters;

    return read_pointer(an, peb_parameters, &parameters) && parameters != 0 &&
           avd_memory_pointer(&an->dump->memory, parameters + parameters_environment[bits(&peb)],
                              peb.pointer_size, out) &&
           *out != 0;
}
