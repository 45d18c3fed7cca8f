/* SPDX-License-Identifier: MIT */
/*
 * The followup frame: the first frame of the crash that triage entries do not pass on, as !analyze
 * chooses it, except that a frame found by scanning is not blamed where a better one exists.
 */
#include "analyze/followup.h"

#include "analyze/detectors.h"
#include "base/utf.h"

#include <string.h>

enum { MAX_MADE_FRAMES = 64 /* in a row, that are passed to find out who made them */ };

const struct avd_an_module *avd_frame_module(const struct avd_analysis *an,
                                             const struct avd_frame *frame)
{
    size_t module = avd_analysis_module_at(an, avd_walk_lookup(frame));

    return module != AVD_NO_MODULE ? &an->modules[module] : NULL;
}

const char *avd_frame_function(const struct avd_an_stack *stack, size_t frame)
{
    const struct avd_symbol *symbol = &stack->symbols[frame];

    return symbol->approximate ? NULL : symbol->function;
}

bool avd_frame_is_guess(const struct avd_frame *frame)
{
    return avd_frame_is_scanned(frame) && frame->evidence != AVD_EVIDENCE_TARGET;
}

bool avd_frame_is_scanned(const struct avd_frame *frame)
{
    return frame->trust == AVD_TRUST_SCAN || frame->trust == AVD_TRUST_CFI_SCAN ||
           frame->trust == AVD_TRUST_NONE;
}

const struct avd_unloaded_module *avd_frame_unloaded(const struct avd_analysis *an,
                                                     const struct avd_frame *frame)
{
    return avd_dump_unloaded_at(an->dump, avd_walk_lookup(frame), 0);
}

const char *avd_module_stem(struct avd_analysis *an, const char *file)
{
    const char *dot = strrchr(file, '.');

    return avd_arena_strndup(&an->arena, file,
                             dot != NULL && dot != file ? (size_t)(dot - file) : strlen(file));
}

const struct avd_triage_entry *avd_frame_triage(struct avd_analysis *an,
                                                const struct avd_an_stack *stack, size_t frame)
{
    const struct avd_an_module *module = avd_frame_module(an, &stack->stack.frames[frame]);
    const struct avd_unloaded_module *unloaded;
    const char *stem;

    if (module == NULL) {
        unloaded = avd_frame_unloaded(an, &stack->stack.frames[frame]);
        stem = unloaded != NULL ? avd_module_stem(an, unloaded->name) : NULL;
    } else {
        stem = avd_module_stem(an, module->module->name);
    }
    if (stem == NULL)
        return NULL;
    return avd_triage_find(an->triage, stem,
                           module != NULL ? avd_frame_function(stack, frame) : NULL);
}

/* Whether the frame lies in a module of .NET or Java; *in_module: in one at all. */
static bool is_managed_runtime(struct avd_analysis *an, const struct avd_an_stack *stack,
                               size_t frame, bool *in_module)
{
    const struct avd_triage_entry *entry = avd_frame_triage(an, stack, frame);

    *in_module = entry != NULL;
    return entry != NULL &&
           (strcmp(entry->owner, "maybe_managed") == 0 || strcmp(entry->owner, "java") == 0);
}

/*
 * Whether the frame, which lies in no module, is managed code: what .NET or Java made of the
 * program's own, and called or was called by. A pointer that led to no code at all is none.
 */
static bool is_managed(struct avd_analysis *an, const struct avd_an_stack *stack, size_t frame)
{
    const struct avd_frame *frames = stack->stack.frames;
    bool in_module = false;
    size_t i;

    if (avd_frame_is_guess(&frames[frame]) || avd_frame_unloaded(an, &frames[frame]) != NULL ||
        (frame == 0 && an->exception.parameter_count >= 2 &&
         an->exception.parameters[1] == frames[0].pc))
        return false;
    for (i = frame; i != 0 && frame - i < MAX_MADE_FRAMES && !in_module; i--)
        if (is_managed_runtime(an, stack, i - 1, &in_module))
            return true;
    for (i = frame + 1; i < stack->stack.count && i - frame < MAX_MADE_FRAMES && !in_module; i++)
        if (is_managed_runtime(an, stack, i, &in_module))
            return true;
    return false;
}

/* The better a frame is to blame, the higher; 0: not at all. A guess is worth less than any frame
 * that is none, except those that only start the thread. */
static unsigned rank(enum avd_owner_class class_, bool guess)
{
    switch (class_) {
    case AVD_OWNER_DEFINITE: return guess ? 3 : 5;
    case AVD_OWNER_MAYBE: return guess ? 2 : 4;
    case AVD_OWNER_LAST: return 1;
    case AVD_OWNER_IGNORE: break;
    }
    return 0;
}

/* How far down the frame may be sought: what is below thousands of frames of a recursion caused
 * nothing, and every frame costs a search. */
enum { MAX_FRAMES = 512 };

static void skip(struct avd_analysis *an, struct avd_followup *out, size_t frame,
                 const struct avd_triage_entry *entry)
{
    struct avd_skipped_frame *skipped = &out->skipped[out->skipped_count];
    const struct avd_frame *from = &out->stack->stack.frames[frame];

    if (out->skipped_count == AVD_MAX_SKIPPED_FRAMES)
        return;
    skipped->frame = frame;
    if (entry == NULL)
        skipped->why = "lies in no module";
    else if (avd_frame_is_guess(from))
        skipped->why = "was found by scanning, so it may be no frame at all";
    else if (entry->why != NULL)
        skipped->why = entry->why;
    else
        skipped->why = avd_arena_printf(&an->arena, "is %s's", entry->owner);
    out->skipped_count++;
}

static const char *reason(const struct avd_followup *out, unsigned best, bool managed)
{
    if (managed)
        return "the first frame of the program's own code, which its runtime compiled";
    switch (best) {
    case 5:
        return out->frame == 0 ? "the frame that raised the exception is nobody else's"
                               : "the first frame that does not only pass on what others ask for";
    case 4: return "no frame outside of Windows and language runtimes is on the stack";
    case 3:
    case 2: return "found by scanning, and no better frame is on the stack";
    case 1: return "only frames that start the thread are on the stack";
    default: return "every frame on the stack is one that passes on what others ask for";
    }
}

void avd_followup_find(struct avd_analysis *an, struct avd_followup *out)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    bool managed = false;
    unsigned best = 0;
    size_t count;
    size_t i;

    if (!an->has_exception || stack == NULL || stack->stack.count == 0) {
        out->why_not = an->has_exception ? "the registers at the exception are not known"
                                         : "the dump has no exception record";
        return;
    }
    out->stack = stack;
    count = stack->stack.count < MAX_FRAMES ? stack->stack.count : MAX_FRAMES;
    for (i = 0; i < count && best < 5; i++) {
        const struct avd_triage_entry *entry = avd_frame_triage(an, stack, i);
        unsigned found = entry == NULL ? 0
                                       : rank(avd_triage_owner_class(entry->owner),
                                              avd_frame_is_guess(&stack->stack.frames[i]));

        if (entry == NULL && best < 5 && is_managed(an, stack, i)) {
            managed = true;
            found = 5;
        }
        if (found <= best)
            continue;
        best = found;
        out->frame = i;
        out->owner = entry != NULL ? entry->owner : NULL;
    }
    out->found = true;
    out->reason = reason(out, best, managed);
    /* With nothing to choose from, !analyze takes the first as well. */
    if (out->owner == NULL)
        out->owner = "MachineOwner";
    for (i = 0; i < out->frame; i++)
        skip(an, out, i, avd_frame_triage(an, stack, i));
}
