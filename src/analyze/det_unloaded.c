/* SPDX-License-Identifier: MIT */
/*
 * Is somebody still using a module that was unloaded? Only what an exception or a frame that is no
 * guess says counts: the list of unloaded modules covers a lot of address space that is used anew.
 */
#include "analyze/detectors.h"
#include "analyze/followup.h"
#include "analyze/process_read.h"

#include "minidump/format.h"

#include <string.h>

/* How many callers are looked at: what they return to later is no reason for this crash. */
enum { MAX_FRAMES = 32, NULL_PAGES = 0x10000 };

static const char *const details[] = {
    "unloaded.module",
    "unloaded.at",
    "unloaded.address",
    "unloaded.offset",
};

struct use {
    const struct avd_unloaded_module *module;
    uint64_t address;
    const char *at;
};

/* Whether a module that is gone was there, and nothing that can be meant has taken its place. */
static bool was_unloaded(const struct avd_analysis *an, uint64_t addr, struct use *use)
{
    const struct avd_frame place = {.pc = addr, .exact = true};
    const struct avd_region *region = avd_memory_region(&an->dump->memory, addr);

    if (addr == 0 || avd_analysis_module_at(an, addr) != AVD_NO_MODULE)
        return false;
    /* Generated code, or what the process keeps there now. */
    if (region != NULL ? region->state == MEM_COMMIT
                       : avd_memory_extent(&an->dump->memory, addr, 1) != 0)
        return false;
    use->module = avd_frame_unloaded(an, &place);
    use->address = addr;
    return use->module != NULL;
}

static bool find_use(struct avd_analysis *an, struct use *use)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    bool has_frames = stack != NULL && stack->stack.count != 0;
    size_t i;

    use->at = "the instruction";
    if (has_frames && was_unloaded(an, stack->stack.frames[0].pc, use))
        return true;
    if (avd_dump_is_windows(an->dump) && was_unloaded(an, an->exception.address, use))
        return true;
    for (i = 1; has_frames && i < stack->stack.count && i < MAX_FRAMES; i++) {
        if (avd_frame_is_guess(&stack->stack.frames[i]))
            break;
        if (!was_unloaded(an, avd_walk_lookup(&stack->stack.frames[i]), use))
            continue;
        use->at = avd_arena_printf(&an->arena, "the return address of frame %zu", i - 1);
        return use->at != NULL;
    }
    use->at = "the address that was accessed";
    return an->words.has_access_address && was_unloaded(an, an->words.access_address, use);
}

/* Without a list of unloaded modules: whether all code in question lies in loaded ones anyway. */
static bool all_loaded(const struct avd_analysis *an)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    size_t i;

    if (stack == NULL || stack->stack.count == 0)
        return avd_dump_is_windows(an->dump) &&
               avd_analysis_module_at(an, an->exception.address) != AVD_NO_MODULE;
    for (i = 0; i < stack->stack.count && i < MAX_FRAMES; i++) {
        const struct avd_frame *frame = &stack->stack.frames[i];

        if (avd_frame_is_guess(frame))
            break;
        /* No module can have been at null, where a call through a null pointer goes. */
        if (frame->pc >= NULL_PAGES && avd_frame_module(an, frame) == NULL)
            return false;
    }
    return true;
}

static void run(struct avd_analysis *an)
{
    struct avd_facts *facts = &an->facts;
    const char *why = "nothing at the exception lies where an unloaded module was";
    struct use use;
    size_t i;

    if (!an->has_exception)
        why = "the dump has no exception record";
    else if (an->dump->unloaded_count == 0)
        why = "the dump lists no unloaded modules";
    if (!an->has_exception || an->dump->unloaded_count == 0 || !find_use(an, &use)) {
        if (an->has_exception && (an->dump->unloaded_count != 0 || all_loaded(an)))
            avd_fact_bool(facts, "unloaded.used", false);
        else
            avd_fact_unknown(facts, "unloaded.used", why);
        for (i = 0; i < sizeof details / sizeof details[0]; i++)
            avd_fact_unknown(facts, details[i], why);
        return;
    }
    avd_fact_bool(facts, "unloaded.used", true);
    avd_fact_text(facts, "unloaded.module", use.module->name);
    avd_fact_text(facts, "unloaded.at", use.at);
    avd_fact_address(facts, "unloaded.address", use.address, avd_an_exception_digits(an));
    avd_fact_number(facts, "unloaded.offset", use.address - use.module->base);
}

const struct avd_detector avd_det_unloaded = {
    "unloaded",
    "whether code or data of an unloaded module is used",
    run,
};
