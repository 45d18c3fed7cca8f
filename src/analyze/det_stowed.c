/* SPDX-License-Identifier: MIT */
/*
 * Which error did a Windows Runtime program end for? Such errors are stored when they happen
 * ("stowed") and raised together later as 0xC000027B, whose parameters lead to an array of pointers
 * to STOWED_EXCEPTION_INFORMATION_V1 or _V2 (learn.microsoft.com, Windows Error Reporting). The
 * stack of the exception itself says nothing; the first stored error has its own.
 */
#include "analyze/detectors.h"
#include "analyze/process_read.h"
#include "analyze/system_root.h"

#include <inttypes.h>

#define STOWED_EXCEPTION 0xc000027bu
#define SIGNATURE_V1     0x53453031u /* 'SE01' */
#define SIGNATURE_V2     0x53453032u

enum {
    MAX_STOWED = 1024, /* programs store a few */
    MAX_TRACE = 64,
    FORM_BINARY = 1, /* an address and a stack */
    FORM_TEXT = 2    /* a text alone */
};

/* Offsets in the structure; its pointers lie where alignment puts them. */
enum { SIGNATURE = 4, RESULT_CODE = 8, FORM_AND_THREAD = 12, ADDRESS = 16 };

static const char *const stowed_facts[] = {
    "stowed.count",   "stowed.result", "stowed.thread", "stowed.text",
    "stowed.address", "stowed.stack",  "stowed.caller",
};

struct stowed {
    uint64_t at;
    unsigned pointer_size;
    uint32_t result, form, thread_id;
};

static const char *hresult_name(uint32_t result)
{
    enum { FACILITY_WIN32 = 0x8007 };
    static const struct {
        uint32_t value;
        const char *name;
    } names[] = {
        {0x8000000b, "E_BOUNDS"},
        {0x8000000c, "E_CHANGED_STATE"},
        {0x8000000d, "E_ILLEGAL_STATE_CHANGE"},
        {0x8000000e, "E_ILLEGAL_METHOD_CALL"},
        {0x80000013, "RO_E_CLOSED"},
        {0x80004001, "E_NOTIMPL"},
        {0x80004002, "E_NOINTERFACE"},
        {0x80004003, "E_POINTER"},
        {0x80004004, "E_ABORT"},
        {0x80004005, "E_FAIL"},
        {0x8000ffff, "E_UNEXPECTED"},
        {0x80010108, "RPC_E_DISCONNECTED"},
        {0x8001010e, "RPC_E_WRONG_THREAD"},
        {0x80040154, "REGDB_E_CLASSNOTREG"},
        {0x800401f0, "CO_E_NOTINITIALIZED"},
        {0x80070005, "E_ACCESSDENIED"},
        {0x80070006, "E_HANDLE"},
        {0x8007000e, "E_OUTOFMEMORY"},
        {0x80070057, "E_INVALIDARG"},
        {0x802b000a, "E_XAMLPARSEFAILED"},
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].value == result)
            return names[i].name;
    return result >> 16 == FACILITY_WIN32 ? avd_win32_error_name(result & 0xffff) : NULL;
}

static void publish_unknown(struct avd_analysis *an, size_t first, const char *why)
{
    size_t i;

    for (i = first; i < sizeof stowed_facts / sizeof stowed_facts[0]; i++)
        avd_fact_unknown(&an->facts, stowed_facts[i], why);
}

/* The first stored error. Why it cannot be read, or NULL. */
static const char *read_first(struct avd_analysis *an, uint64_t array, struct stowed *out)
{
    static const char missing[] = "the stored errors are not in the dump";
    uint32_t signature;
    uint32_t word;

    if (!avd_process_pointer(an, array, out->pointer_size, &out->at) ||
        !avd_process_u32(an, out->at + SIGNATURE, &signature))
        return missing;
    if (signature != SIGNATURE_V1 && signature != SIGNATURE_V2)
        return "what the exception's first parameter leads to is no stored error";
    if (!avd_process_u32(an, out->at + RESULT_CODE, &out->result) ||
        !avd_process_u32(an, out->at + FORM_AND_THREAD, &word))
        return missing;
    out->form = word & 3;
    out->thread_id = word & ~UINT32_C(3);
    return NULL;
}

/* The innermost return address outside Windows' own modules; "" when there is none. */
static const char *caller_of(struct avd_analysis *an, const uint64_t *trace, size_t count,
                             const char *const *names)
{
    struct avd_system_root root = avd_system_root_find(an);
    size_t i;

    for (i = 0; i < count; i++) {
        size_t module = avd_analysis_module_at(an, trace[i]);

        if (module != AVD_NO_MODULE &&
            !avd_system_root_has(&root, an->modules[module].module->path))
            return names[i];
    }
    return "";
}

static void publish_trace(struct avd_analysis *an, const struct stowed *stowed)
{
    uint64_t at = stowed->at + ADDRESS + stowed->pointer_size; /* StackTraceWordSize */
    const char **names = avd_arena_alloc(&an->arena, MAX_TRACE, sizeof *names);
    uint64_t trace[MAX_TRACE];
    const char *caller;
    uint64_t words;
    uint32_t width;
    uint32_t wanted;
    size_t count = 0;

    if (names == NULL)
        return;
    if (!avd_process_u32(an, at, &width) || !avd_process_u32(an, at + 4, &wanted) ||
        !avd_process_pointer(an, at + 8, stowed->pointer_size, &words) || wanted == 0 ||
        width != stowed->pointer_size) {
        publish_unknown(an, 5, "the stored error has no stack");
        return;
    }
    while (count < wanted && count < MAX_TRACE &&
           avd_process_pointer(an, words + (uint64_t)count * width, width, &trace[count])) {
        names[count] = avd_process_name(an, trace[count]);
        if (names[count] == NULL)
            return;
        count++;
    }
    if (count == 0) {
        publish_unknown(an, 5, "the stored error's stack is not in the dump");
        return;
    }
    avd_fact_list(&an->facts, "stowed.stack", names, count);
    caller = caller_of(an, trace, count, names);
    if (*caller != '\0')
        avd_fact_text(&an->facts, "stowed.caller", caller);
    else
        avd_fact_unknown(&an->facts, "stowed.caller",
                         "all of the stored stack lies in Windows' own modules");
}

static void publish_text(struct avd_analysis *an, const struct stowed *stowed)
{
    const char *text;
    uint64_t at;

    publish_unknown(an, 4, "the stored error is a text, it has no stack");
    text = avd_process_pointer(an, stowed->at + ADDRESS, stowed->pointer_size, &at)
               ? avd_process_text16(an, at)
               : NULL;
    if (text != NULL)
        avd_fact_text(&an->facts, "stowed.text", text);
    else
        avd_fact_unknown(&an->facts, "stowed.text", "the text is not in the dump");
}

static void publish(struct avd_analysis *an, const struct stowed *stowed)
{
    struct avd_facts *facts = &an->facts;
    const char *name = hresult_name(stowed->result);
    uint64_t address;

    avd_fact_text(facts, "stowed.result",
                  name != NULL
                      ? avd_arena_printf(&an->arena, "0x%08" PRIx32 " (%s)", stowed->result, name)
                      : avd_arena_printf(&an->arena, "0x%08" PRIx32, stowed->result));
    avd_fact_text(facts, "stowed.thread",
                  avd_arena_printf(&an->arena, "0x%" PRIx32, stowed->thread_id));
    if (stowed->form == FORM_TEXT) {
        publish_text(an, stowed);
        return;
    }
    if (stowed->form != FORM_BINARY) {
        publish_unknown(an, 3, "the stored error is of an unknown form");
        return;
    }
    avd_fact_unknown(facts, "stowed.text", "the stored error has a stack instead of a text");
    if (avd_process_pointer(an, stowed->at + ADDRESS, stowed->pointer_size, &address) &&
        address != 0)
        avd_fact_address(facts, "stowed.address", address, avd_an_exception_digits(an));
    else
        avd_fact_unknown(facts, "stowed.address", "the stored error has none");
    publish_trace(an, stowed);
}

static void run(struct avd_analysis *an)
{
    const struct avd_exception *exception = &an->exception;
    struct stowed stowed = {.pointer_size = avd_exception_pointer_size(an)};
    const char *why;

    if (!an->has_exception || exception->code != STOWED_EXCEPTION ||
        !avd_dump_is_windows(an->dump)) {
        publish_unknown(an, 0, "no stored errors were raised");
        return;
    }
    if (exception->parameter_count < 2 || exception->parameters[1] == 0 ||
        exception->parameters[1] > MAX_STOWED) {
        publish_unknown(an, 0, "the exception's parameters are not those of stored errors");
        return;
    }
    avd_fact_number(&an->facts, "stowed.count", exception->parameters[1]);
    why = read_first(an, exception->parameters[0], &stowed);
    if (why != NULL)
        publish_unknown(an, 1, why);
    else
        publish(an, &stowed);
}

const struct avd_detector avd_det_stowed = {
    "stowed",
    "the error that a Windows Runtime program stored before it ended",
    run,
};
