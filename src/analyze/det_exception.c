/* SPDX-License-Identifier: MIT */
/* What was raised, and which memory access failed? */
#include "analyze/detectors.h"
#include "analyze/exception_codes.h"
#include "analyze/recover.h"

#include "minidump/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define IN_PAGE_ERROR 0xc0000006u /* ntstatus.h */

static const char *class_word(enum avd_exception_class class_)
{
    switch (class_) {
    case AVD_CLASS_CRASH: return "crash";
    case AVD_CLASS_FIRST_CHANCE: return "first-chance";
    case AVD_CLASS_BENIGN: return "benign";
    case AVD_CLASS_STARTUP: return "startup";
    case AVD_CLASS_DEBUG: return "debug";
    case AVD_CLASS_UNKNOWN: break;
    }
    return NULL;
}

/* Everything that only an exception can tell. */
static const char *const exception_facts[] = {"exception.code",
                                              "exception.name",
                                              "exception.meaning",
                                              "exception.type",
                                              "exception.class",
                                              "exception.flags",
                                              "exception.address",
                                              "exception.is_access_violation",
                                              "exception.is_32bit",
                                              "exception.thread",
                                              "access.kind",
                                              "access.address",
                                              "access.region_state",
                                              "access.at_pc",
                                              "access.at_stack_limit",
                                              "access.module",
                                              "access.module_path",
                                              "access.status",
                                              "fastfail.code",
                                              "fastfail.name",
                                              "exception.source",
                                              "exception.evidence",
                                              "exception.parameter_count",
                                              "exception.parameter0",
                                              "exception.parameter1",
                                              "exception.parameter2",
                                              "exception.parameter3"};

static void publish_parameters(struct avd_analysis *an)
{
    static const char *const names[] = {"exception.parameter0", "exception.parameter1",
                                        "exception.parameter2", "exception.parameter3"};
    const struct avd_exception *exception = &an->exception;
    size_t i;

    avd_fact_number(&an->facts, "exception.parameter_count", exception->parameter_count);
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (i < exception->parameter_count)
            avd_fact_address(&an->facts, names[i], exception->parameters[i],
                             avd_an_exception_digits(an));
        else
            avd_fact_unknown(&an->facts, names[i], "the record has fewer parameters");
    }
}

static bool is_access_violation(const struct avd_analysis *an)
{
    uint32_t code = an->exception.code;

    if (avd_dump_is_windows(an->dump))
        return code == 0xc0000005;
    return strncmp(an->words.type, "SIGSEGV", 7) == 0 ||
           strncmp(an->words.type, "EXC_BAD_ACCESS", 14) == 0;
}

static void publish_region(struct avd_analysis *an, uint64_t addr)
{
    const struct avd_region *region = avd_memory_region(&an->dump->memory, addr);

    if (region == NULL)
        avd_fact_unknown(&an->facts, "access.region_state",
                         "the dump does not say what memory is there");
    else
        avd_fact_text(&an->facts, "access.region_state",
                      region->state == MEM_FREE      ? "free"
                      : region->state == MEM_RESERVE ? "reserved"
                                                     : "committed");
}

static const char *status_text(struct avd_analysis *an, uint32_t status)
{
    const char *name = avd_ntstatus_name(status);

    return name != NULL ? avd_arena_printf(&an->arena, "0x%08" PRIx32 " (%s)", status, name)
                        : avd_arena_printf(&an->arena, "0x%08" PRIx32, status);
}

/* Which file the memory belongs to, and why a page of it could not be read. */
static void publish_file(struct avd_analysis *an)
{
    const struct avd_exception *exception = &an->exception;
    size_t module = an->words.has_access_address
                        ? avd_analysis_module_at(an, an->words.access_address)
                        : AVD_NO_MODULE;

    if (module != AVD_NO_MODULE) {
        avd_fact_text(&an->facts, "access.module", an->modules[module].module->name);
        avd_fact_text(&an->facts, "access.module_path", an->modules[module].module->path);
    } else {
        avd_fact_unknown(&an->facts, "access.module", "the address lies in no module");
        avd_fact_unknown(&an->facts, "access.module_path", "the address lies in no module");
    }
    if (exception->code == IN_PAGE_ERROR && avd_dump_is_windows(an->dump) &&
        exception->parameter_count > 2)
        avd_fact_text(&an->facts, "access.status",
                      status_text(an, (uint32_t)exception->parameters[2]));
    else
        avd_fact_unknown(&an->facts, "access.status", "the exception is no in-page error");
}

static void publish_access(struct avd_analysis *an)
{
    struct avd_facts *facts = &an->facts;
    const struct avd_exception_words *words = &an->words;
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    unsigned digits = avd_an_exception_digits(an);

    if (words->access != AVD_ACCESS_NONE)
        avd_fact_text(facts, "access.kind", avd_access_name(words->access));
    else
        avd_fact_unknown(facts, "access.kind", "the exception does not tell the kind of access");
    if (!words->has_access_address) {
        avd_fact_unknown(facts, "access.address", "the exception does not give an address");
        avd_fact_unknown(facts, "access.region_state", "the exception does not give an address");
        avd_fact_unknown(facts, "access.at_pc", "the exception does not give an address");
        avd_fact_unknown(facts, "access.at_stack_limit", "the exception does not give an address");
        return;
    }
    avd_fact_address(facts, "access.address", words->access_address, digits);
    publish_region(an, words->access_address);
    if (stack != NULL && stack->stack.count != 0)
        avd_fact_bool(facts, "access.at_pc", words->access_address == stack->stack.frames[0].pc);
    else
        avd_fact_unknown(facts, "access.at_pc", "the registers at the exception are not known");
    /* Two pages: the guard page, and the one below that the kernel could not make a guard. */
    if (stack != NULL && stack->low != 0)
        avd_fact_bool(facts, "access.at_stack_limit",
                      words->access_address < stack->low &&
                          stack->low - words->access_address <= 0x2000);
    else
        avd_fact_unknown(facts, "access.at_stack_limit",
                         "the thread's TEB with the limits of its stack is not in the dump");
}

/* Whether a is told of before: the same exception of the same thread. */
static bool seen_before(const struct avd_analysis *an, size_t index)
{
    size_t i;

    for (i = 0; i < index; i++)
        if (an->found[i].by != AVD_FOUND_LEFTOVER && an->found[i].thread == an->found[index].thread)
            return true;
    return an->has_exception && an->chosen == AVD_NO_MODULE &&
           an->found[index].thread == an->crashing_thread;
}

/* Whether it was being handled when the report's exception was raised: dispatched on top of it, so
 * that it lies further up on the same stack. */
static bool is_older(const struct avd_analysis *an, const struct avd_found_exception *found)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);

    if (!an->has_exception || found->thread != an->crashing_thread ||
        found->is_32bit != an->exception_is_32bit)
        return false;
    if (an->chosen != AVD_NO_MODULE)
        return found->depth > an->found[an->chosen].depth;
    /* Of a stored one only its registers tell; a copy of it may lie on the stack, too. */
    return stack != NULL && stack->stack.count != 0 && found->depth > stack->stack.frames[0].sp &&
           (found->record.code != an->exception.code ||
            found->record.address != an->exception.address);
}

/* How many exceptions there are on all threads, and what came before this one on its own. */
static void publish_several(struct avd_analysis *an)
{
    bool stored_only = an->has_exception && an->chosen == AVD_NO_MODULE;
    size_t count = stored_only;
    size_t threads = stored_only;
    size_t leftovers = 0;
    uint32_t nested = an->nested_count != 0 ? an->nested[0].code : 0;
    uint64_t depth = UINT64_MAX;
    size_t i;

    for (i = 0; i < an->found_count; i++) {
        const struct avd_found_exception *found = &an->found[i];

        if (found->by == AVD_FOUND_LEFTOVER) {
            leftovers++;
            continue;
        }
        count++;
        threads += !seen_before(an, i);
        if (an->nested_count == 0 && is_older(an, found) && found->depth < depth) {
            nested = found->record.code;
            depth = found->depth;
        }
    }
    avd_fact_number(&an->facts, "exceptions.count", count);
    avd_fact_number(&an->facts, "exceptions.threads", threads);
    avd_fact_number(&an->facts, "exceptions.leftovers", leftovers);
    if (nested != 0)
        avd_fact_code(&an->facts, "exception.nested_code", nested);
    else
        avd_fact_unknown(&an->facts, "exception.nested_code",
                         an->has_exception ? "no exception is known that came before it"
                                           : "the dump has no exception record");
}

static void publish_source(struct avd_analysis *an)
{
    avd_fact_text(&an->facts, "exception.source", an->exception_recovered ? "recovered" : "stream");
    if (an->exception_evidence != NULL)
        avd_fact_text(&an->facts, "exception.evidence", an->exception_evidence);
    else
        avd_fact_unknown(&an->facts, "exception.evidence",
                         "record and registers are in the dump's exception stream");
}

static void run(struct avd_analysis *an)
{
    const struct avd_exception *exception = &an->exception;
    const struct avd_exception_words *words = &an->words;
    struct avd_facts *facts = &an->facts;
    size_t i;

    avd_fact_bool(facts, "exception.present", an->has_exception);
    publish_several(an);
    if (!an->has_exception) {
        for (i = 0; i < sizeof exception_facts / sizeof exception_facts[0]; i++)
            avd_fact_unknown(facts, exception_facts[i], "the dump has no exception record");
        return;
    }
    avd_fact_code(facts, "exception.code", exception->code);
    if (words->name != NULL)
        avd_fact_text(facts, "exception.name", words->name);
    else
        avd_fact_unknown(facts, "exception.name", "the code is not a known one");
    avd_fact_text(facts, "exception.meaning", words->meaning);
    avd_fact_text(facts, "exception.type", words->type);
    if (class_word(words->class_) != NULL)
        avd_fact_text(facts, "exception.class", class_word(words->class_));
    else
        avd_fact_unknown(facts, "exception.class", "the code is not a known one");
    avd_fact_code(facts, "exception.flags", exception->flags);
    avd_fact_address(facts, "exception.address", exception->address, avd_an_exception_digits(an));
    avd_fact_bool(facts, "exception.is_access_violation", is_access_violation(an));
    avd_fact_bool(facts, "exception.is_32bit", an->exception_is_32bit);
    avd_fact_code(facts, "exception.thread", exception->thread_id);
    publish_source(an);
    publish_parameters(an);
    publish_access(an);
    publish_file(an);
    if (words->has_fast_fail) {
        avd_fact_number(facts, "fastfail.code", words->fast_fail_code);
        if (words->fast_fail_name != NULL)
            avd_fact_text(facts, "fastfail.name", words->fast_fail_name);
        else
            avd_fact_unknown(facts, "fastfail.name", "the fast-fail code is not a known one");
    } else {
        avd_fact_unknown(facts, "fastfail.code", "the exception is no fast fail");
        avd_fact_unknown(facts, "fastfail.name", "the exception is no fast fail");
    }
}

const struct avd_detector avd_det_exception = {
    "exception",
    "the exception and the memory access that failed",
    run,
};
