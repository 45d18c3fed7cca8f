/* SPDX-License-Identifier: MIT */
/*
 * Did the program end or complain on purpose? The functions by which runtimes stop a program after
 * a failed check, and those by which an exception is raised, found among the innermost frames.
 */
#include "analyze/detectors.h"
#include "analyze/process_read.h"

#include "base/glob.h"

#include <string.h>

/* What stops a program is near the top; more frames lie above it only in debug runtimes, which
 * show a message box. */
enum { MAX_FRAMES = 24 };

static const char *const details[] = {
    "selfcheck.kind",
    "selfcheck.function",
    "selfcheck.message",
};

enum { ASSERTS = 2 }; /* those of the list that stand first: the wide one, the narrow one */

/* Of several functions on the stack the one with the lower number tells most: assert calls
 * abort. */
static const struct {
    const char *function;
    const char *kind;
    unsigned rank;
} checks[] = {
    {"_wassert", "failed assertion", 0},
    {"_assert", "failed assertion", 0},
    {"__assert_fail", "failed assertion", 0},
    {"__assert_rtn", "failed assertion", 0},
    {"g_assertion_message*", "failed assertion", 0},
    {"__report_gsfailure", "overwritten stack cookie", 0},
    {"__stack_chk_fail", "overwritten stack cookie", 0},
    {"__report_rangecheckfailure", "failed range check", 0},
    {"__fortify_fail", "failed buffer check", 0},
    {"__chk_fail", "failed buffer check", 0},
    {"_purecall", "pure virtual call", 0},
    {"__cxa_pure_virtual", "pure virtual call", 0},
    {"QMessageLogger::fatal", "fatal message of Qt", 0},
    {"qFatal", "fatal message of Qt", 0},
    {"logging::LogMessage::~LogMessage", "failed check of Chromium", 0},
    {"core::panicking::*", "panic of Rust", 0},
    {"std::panicking::begin_panic*", "panic of Rust", 0},
    {"rust_panic", "panic of Rust", 0},
    {"RustMozCrash", "panic of Rust", 0},
    {"runtime.gopanic", "panic of Go", 0},
    {"runtime.throw", "fatal error of Go's runtime", 0},
    {"NS_DebugBreak", "failed assertion", 1},
    {"V8_Fatal", "failed check of V8", 1},
    {"_invalid_parameter*", "invalid parameter", 1},
    {"_invoke_watson", "invalid parameter", 1},
    {"__std_terminate", "terminate", 2},
    {"std::terminate", "terminate", 2},
    {"terminate", "terminate", 2},
    {"FailFast", "fail fast", 2},
    {"RaiseFailFastException", "fail fast", 3},
    {"abort", "abort", 4},
    {"__GI_abort", "abort", 4},
    {"mozalloc_abort", "abort", 3},
    {"MOZ_Crash*", "abort", 3},
    {"v8::base::OS::Abort", "abort", 4},
    {"std::process::abort", "abort", 4},
    {"_amsg_exit", "runtime error", 4},
};

/* _wassert(message, file, line) and _assert, whose arguments 32-bit code has on the stack. */
static const char *assert_message(struct avd_analysis *an, const struct avd_frame *frame, bool wide)
{
    enum { MESSAGE = 8, FILE_NAME = 12, LINE = 16 }; /* from the frame pointer */
    const char *texts[2] = {NULL, NULL};
    unsigned i;
    uint32_t line;

    for (i = 0; i < 2; i++) {
        uint32_t at;

        if (!avd_process_u32(an, frame->fp + (i == 0 ? MESSAGE : FILE_NAME), &at))
            return NULL;
        texts[i] = wide ? avd_process_text16(an, at) : avd_process_text(an, at);
        if (texts[i] == NULL)
            return NULL;
    }
    if (!avd_process_u32(an, frame->fp + LINE, &line))
        return NULL;
    return avd_arena_printf(&an->arena, "%s (%s:%u)", texts[0], texts[1], (unsigned)line);
}

/* Index into checks, or SIZE_MAX. */
static size_t find_check(struct avd_analysis *an, const struct avd_an_stack *stack,
                         const char **function, const char **message)
{
    size_t best = SIZE_MAX;
    size_t i;
    size_t k;

    for (i = 0; i < stack->stack.count && i < MAX_FRAMES; i++) {
        const char *name = avd_frame_near_function(an, stack, i);

        for (k = 0; name != NULL && k < sizeof checks / sizeof checks[0]; k++) {
            if (!avd_glob_fits(name, checks[k].function))
                continue;
            if (best == SIZE_MAX || checks[k].rank < checks[best].rank) {
                best = k;
                *function = name;
                *message = NULL;
                if (k < ASSERTS && stack->stack.frames[i].fp != 0)
                    *message = assert_message(an, &stack->stack.frames[i], k == 0);
            }
            break;
        }
    }
    return best;
}

/* Breakpad's stream has what the runtime's handlers were told. */
static bool publish_breakpad(struct avd_analysis *an)
{
    const struct avd_breakpad *breakpad = &an->dump->breakpad;
    const char *text;

    if (!breakpad->has_assertion)
        return false;
    avd_fact_text(&an->facts, "selfcheck.kind",
                  breakpad->assertion_type == 2   ? "pure virtual call"
                  : breakpad->assertion_type == 1 ? "invalid parameter"
                                                  : "failed assertion");
    text = breakpad->function[0] != '\0' ? avd_escaped_text(an, breakpad->function) : NULL;
    if (text != NULL)
        avd_fact_text(&an->facts, "selfcheck.function", text);
    else
        avd_fact_unknown(&an->facts, "selfcheck.function", "Breakpad did not record it");
    text = breakpad->expression[0] != '\0' ? avd_escaped_text(an, breakpad->expression) : NULL;
    if (text != NULL && breakpad->file[0] != '\0')
        text = avd_arena_printf(&an->arena, "%s (%s:%u)", text,
                                avd_escaped_text(an, breakpad->file), (unsigned)breakpad->line);
    if (text != NULL)
        avd_fact_text(&an->facts, "selfcheck.message", text);
    else
        avd_fact_unknown(&an->facts, "selfcheck.message", "Breakpad did not record one");
    avd_fact_bool(&an->facts, "selfcheck.failed", true);
    return true;
}

/* The innermost frames, those of the dispatcher left out, end in a function that raises. */
static bool is_raised(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    static const char *const system[] = {"kernelbase.dll", "kernel32.dll", "ntdll.dll", NULL};
    static const char *const names[] = {"RaiseException", "RtlRaiseException", "RtlRaiseStatus"};
    size_t i;
    size_t k;

    for (i = 0; i < stack->stack.count && i < 2; i++) {
        const char *name = avd_frame_near_function(an, stack, i);

        if (name == NULL || !avd_frame_module_is(an, stack, i, system))
            continue;
        for (k = 0; k < sizeof names / sizeof names[0]; k++)
            if (strcmp(name, names[k]) == 0)
                return true;
    }
    return false;
}

static void run(struct avd_analysis *an)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    const char *function = NULL;
    const char *message = NULL;
    const char *why = "no function that ends a program after a check is among the innermost frames";
    size_t check;
    size_t i;

    if (!an->has_exception || stack == NULL || stack->stack.count == 0) {
        why = an->has_exception ? "the registers at the exception are not known"
                                : "the dump has no exception record";
        avd_fact_unknown(&an->facts, "exception.raised", why);
        if (publish_breakpad(an))
            return;
        avd_fact_unknown(&an->facts, "selfcheck.failed", why);
        for (i = 0; i < sizeof details / sizeof details[0]; i++)
            avd_fact_unknown(&an->facts, details[i], why);
        return;
    }
    avd_fact_bool(&an->facts, "exception.raised", is_raised(an, stack));
    if (publish_breakpad(an))
        return;
    check = find_check(an, stack, &function, &message);
    avd_fact_bool(&an->facts, "selfcheck.failed", check != SIZE_MAX);
    for (i = 0; i < sizeof details / sizeof details[0]; i++)
        avd_fact_unknown(&an->facts, details[i], why);
    if (check == SIZE_MAX)
        return;
    avd_fact_text(&an->facts, "selfcheck.kind", checks[check].kind);
    avd_fact_text(&an->facts, "selfcheck.function", function);
    if (message != NULL)
        avd_fact_text(&an->facts, "selfcheck.message", message);
    else
        avd_fact_unknown(&an->facts, "selfcheck.message", "the program's log may have it");
}

const struct avd_detector avd_det_selfcheck = {
    "selfcheck",
    "whether the program ended itself, or raised the exception, on purpose",
    run,
};
