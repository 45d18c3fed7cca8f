/* SPDX-License-Identifier: MIT */
/* What kind of process and dump is this? */
#include "analyze/detectors.h"

#include "minidump/format.h"

static const char *os_word(const struct avd_dump *dump)
{
    switch (dump->system.platform) {
    case MD_OS_LINUX:
    case MD_OS_ANDROID: return "linux";
    case MD_OS_MAC_OS_X:
    case MD_OS_IOS: return "macos";
    default: return avd_dump_is_windows(dump) ? "windows" : "other";
    }
}

static void publish_modules(struct avd_analysis *an)
{
    const char **names = avd_arena_alloc(&an->arena, an->module_count, sizeof *names);
    size_t i;

    if (names == NULL)
        return;
    for (i = 0; i < an->module_count; i++)
        names[i] = an->modules[i].module->name;
    avd_fact_list(&an->facts, "modules.names", names, an->module_count);
}

static void run(struct avd_analysis *an)
{
    const struct avd_dump *dump = an->dump;
    struct avd_facts *facts = &an->facts;
    const char *comment = dump->comment_w != NULL ? dump->comment_w : dump->comment_a;
    size_t contexts = 0;
    size_t i;

    if (dump->system.present)
        avd_fact_text(facts, "process.os", os_word(dump));
    else
        avd_fact_unknown(facts, "process.os", "the dump has no system information");
    avd_fact_bool(facts, "process.is_wow64", an->wow64.present);
    if (an->wow64.present)
        avd_fact_text(facts, "process.wow64_evidence", an->wow64.evidence);
    else
        avd_fact_unknown(facts, "process.wow64_evidence", an->wow64.evidence);
    avd_fact_number(facts, "process.pointer_size",
                    an->wow64.present ? 4 : avd_dump_pointer_size(dump));
    avd_fact_number(facts, "process.threads", dump->thread_count);
    for (i = 0; i < an->thread_count; i++)
        contexts += an->threads[i].wow.source != AVD_WOW64_NONE;
    if (an->wow64.present)
        avd_fact_number(facts, "wow64.threads_with_context32", contexts);
    else
        avd_fact_unknown(facts, "wow64.threads_with_context32", "not a WOW64 process");
    if (an->wow64.peb32 != 0)
        avd_fact_address(facts, "wow64.peb32", an->wow64.peb32, 8);
    else
        avd_fact_unknown(facts, "wow64.peb32",
                         an->wow64.present ? "no 32-bit TEB is in the dump"
                                           : "not a WOW64 process");
    publish_modules(an);
    avd_fact_bool(facts, "dump.full_memory", dump->memory.full);
    if (comment != NULL)
        avd_fact_text(facts, "dump.comment", comment);
    else
        avd_fact_unknown(facts, "dump.comment", "the dump has no comment");
}

const struct avd_detector avd_det_process = {
    "process",
    "operating system, WOW64, modules, dump",
    run,
};
