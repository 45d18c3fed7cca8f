/* SPDX-License-Identifier: MIT */
/*
 * The layer descriptor in the reporting DLL, VerifierStopMessageEx's first argument: the names of
 * the layer and of its stops as they are in the process. AVRF_LAYER_DESCRIPTOR and its table of
 * breaks are as the MIT-licensed vrfapi.h of vfdynf declares them. It confirms a code and names the
 * stops of layers that nobody documents.
 */
#include "analyze/verifier_scene.h"

enum { MAX_BREAKS = 512 };

/* Offsets for pointers of 4 and of 8 bytes. */
struct layout {
    unsigned layer_name, breaks;
    unsigned message, parameters, parameter_size, layer, size;
};
static const struct layout layout32 = {0x08, 0x10, 0x10, 0x18, 8, 0x48, 0x4c};
static const struct layout layout64 = {0x10, 0x20, 0x10, 0x20, 16, 0x80, 0x88};

static const char *string_at(struct avd_stop_scene *scene, uint64_t slot)
{
    uint64_t addr;

    return avd_stop_word(scene, slot, &addr) ? avd_stop_string(scene, addr, true) : NULL;
}

bool avd_stop_describe(struct avd_stop_scene *scene, uint64_t addr,
                       struct avd_stop_candidate *candidate)
{
    const struct layout *layout = scene->out->pointer_size == 4 ? &layout32 : &layout64;
    uint64_t entry;
    size_t i;
    size_t k;

    if (addr == 0 || !avd_stop_word(scene, addr + layout->breaks, &entry) || entry == 0)
        return false;
    for (i = 0; i < MAX_BREAKS; i++, entry += layout->size) {
        uint64_t layer;
        uint32_t code;

        /* Every entry points back, which tells the end of the table as well. */
        if (!avd_memory_u32(&scene->an->dump->memory, entry, &code) ||
            !avd_stop_word(scene, entry + layout->layer, &layer) || layer != addr)
            return false;
        if (code != candidate->code)
            continue;
        candidate->described = true;
        candidate->layer = string_at(scene, addr + layout->layer_name);
        candidate->message = string_at(scene, entry + layout->message);
        for (k = 0; k < 4; k++)
            candidate->recorded[k] =
                string_at(scene, entry + layout->parameters + (uint64_t)k * layout->parameter_size);
        return true;
    }
    return false;
}
