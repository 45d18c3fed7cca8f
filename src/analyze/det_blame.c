/* SPDX-License-Identifier: MIT */
/* Who is to be asked about this crash, and which others are like it? */
#include "analyze/detectors.h"
#include "analyze/followup.h"
#include "analyze/thread_state.h"

static void publish_followup(struct avd_analysis *an, const struct avd_followup *followup)
{
    static const char *const names[] = {"followup.module", "followup.function", "followup.symbol",
                                        "followup.frame", "followup.owner"};
    struct avd_facts *facts = &an->facts;
    const struct avd_unloaded_module *unloaded;
    const struct avd_an_module *module;
    const struct avd_frame *frame;
    const char *function;
    size_t i;

    if (!followup->found) {
        for (i = 0; i < sizeof names / sizeof names[0]; i++)
            avd_fact_unknown(facts, names[i], followup->why_not);
        return;
    }
    frame = &followup->stack->stack.frames[followup->frame];
    module = avd_frame_module(an, frame);
    unloaded = module == NULL ? avd_frame_unloaded(an, frame) : NULL;
    if (module != NULL || unloaded != NULL)
        avd_fact_text(facts, "followup.module",
                      module != NULL ? module->module->name : unloaded->name);
    else
        avd_fact_unknown(facts, "followup.module", "the frame lies in no module");
    function = module != NULL ? avd_frame_function(followup->stack, followup->frame) : NULL;
    if (function != NULL)
        avd_fact_text(facts, "followup.function", function);
    else
        avd_fact_unknown(facts, "followup.function", "there are no symbols for that frame");
    avd_fact_text(facts, "followup.symbol", avd_frame_text(an, followup->stack, followup->frame));
    avd_fact_number(facts, "followup.frame", followup->frame);
    avd_fact_text(facts, "followup.owner", followup->owner);
}

static void publish_text(struct avd_analysis *an, const char *name, const char *text,
                         const char *why_not)
{
    if (text != NULL)
        avd_fact_text(&an->facts, name, text);
    else
        avd_fact_unknown(&an->facts, name, why_not);
}

static void run(struct avd_analysis *an)
{
    struct avd_blame *blame = avd_arena_alloc(&an->arena, 1, sizeof *blame);

    if (blame == NULL)
        return;
    avd_followup_find(an, &blame->followup);
    avd_bucket_make(an, &blame->followup, &blame->bucket);
    avd_signature_make(an, &blame->signature);
    an->blame = blame;
    publish_followup(an, &blame->followup);
    publish_text(an, "bucket.class", blame->bucket.problem_class, blame->bucket.why_not);
    publish_text(an, "bucket.id", blame->bucket.id, blame->bucket.why_not);
    publish_text(an, "bucket.hash", blame->bucket.hash, blame->bucket.why_not);
    publish_text(an, "signature.id", blame->signature.id, blame->signature.why_not);
}

const struct avd_detector avd_det_blame = {
    "blame",
    "the frame to ask about, and what the crash is sorted by",
    run,
};
