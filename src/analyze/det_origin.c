/* SPDX-License-Identifier: MIT */
/*
 * Why was this dump written? By hand while the program ran, at an exception that somebody may have
 * handled afterwards (a first chance), or by a reporter that failed itself. Hints with their
 * reasons, no proofs: the writer does not say.
 */
#include "analyze/detectors.h"
#include "analyze/followup.h"
#include "analyze/process_read.h"

#include "base/glob.h"
#include "analyze/recover.h"

#include "minidump/format.h"

#include <string.h>

enum { MAX_REASONS = 4, MAX_FRAMES = 48, BREAK_FRAMES = 4, REPORTER_FRAMES = 8 };

#define BREAKPOINT      0x80000003u
#define WX86_BREAKPOINT 0x4000001fu
#define DUMP_REQUESTED  0xffffffffu /* Breakpad's and Crashpad's on Linux */
#define SIMULATED       0x0517a7edu /* Crashpad */

struct reasons {
    const char *items[MAX_REASONS];
    size_t count;
};

static void add(struct reasons *reasons, const char *reason)
{
    if (reason != NULL && reasons->count < MAX_REASONS)
        reasons->items[reasons->count++] = reason;
}

/* `needle` in lower case. */
static bool contains(const char *text, const char *needle)
{
    size_t size = strlen(needle);

    for (; *text != '\0'; text++) {
        size_t i;

        for (i = 0; i < size && text[i] != '\0'; i++) {
            char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];

            if (c != needle[i])
                break;
        }
        if (i == size)
            return true;
    }
    return false;
}

static const char *comment_with(const struct avd_dump *dump, const char *const *needles)
{
    const char *comments[] = {dump->comment_a, dump->comment_w};
    size_t i;
    size_t k;

    for (i = 0; i < 2; i++)
        for (k = 0; comments[i] != NULL && needles[k] != NULL; k++)
            if (contains(comments[i], needles[k]))
                return needles[k];
    return NULL;
}

/* Somebody asked for this dump while nothing had happened. */
static void find_manual(struct avd_analysis *an, struct reasons *out)
{
    static const char *const asked[] = {"manual dump", "task manager", "procdump -h", "hung window",
                                        NULL};
    static const char *const ntdll[] = {"ntdll.dll", NULL};
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    const char *word = comment_with(an->dump, asked);
    uint32_t code = an->exception.code;
    size_t i;

    if (word != NULL)
        add(out, avd_arena_printf(&an->arena, "the dump's comment has the words \"%s\"", word));
    if (!an->has_exception) {
        /* Nothing is proved by an exception stream that cannot be read. */
        if (an->dump->thread_count != 0 && an->dump->system.present && an->found_count == 0 &&
            avd_dump_stream(an->dump, ExceptionStream) == NULL)
            add(out, "the dump stores no exception, and none is found on its stacks");
        return;
    }
    if (code == DUMP_REQUESTED && avd_analysis_os(an->dump) == AVD_OS_LINUX)
        add(out, "its code says that the program asked for the dump");
    if (code == SIMULATED)
        add(out, "the program asked Crashpad for the dump without crashing");
    if ((code != BREAKPOINT && code != WX86_BREAKPOINT) || stack == NULL)
        return;
    for (i = 0; i < stack->stack.count && i < BREAK_FRAMES; i++) {
        const char *name = avd_frame_near_function(an, stack, i);

        if (name != NULL && avd_frame_module_is(an, stack, i, ntdll) &&
            strcmp(name, "DbgUiRemoteBreakin") == 0)
            add(out, "a debugger broke into the running program (DbgUiRemoteBreakin)");
    }
}

/* A frame of a runtime that catches what is raised below it; the module that does. */
static const char *catching_frame(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    static const struct {
        const char *module, *function, *who;
    } catchers[] = {
        {"rpcrt4.dll", "NdrClientCall*", "a remote procedure call"},
        {"rpcrt4.dll", "NdrpClientCall*", "a remote procedure call"},
        {"rpcrt4.dll", "NdrAsyncClientCall*", "a remote procedure call"},
        {"rpcrt4.dll", "RpcpRaiseException", "a remote procedure call"},
        {"rpcrt4.dll", "RpcRaiseException", "a remote procedure call"},
        {"combase.dll", "ObjectStublessClient*", "a COM call"},
        {"ole32.dll", "ObjectStublessClient*", "a COM call"},
    };
    size_t i;
    size_t k;

    for (i = 0; i < stack->stack.count && i < MAX_FRAMES; i++) {
        const char *name = avd_frame_near_function(an, stack, i);

        for (k = 0; name != NULL && k < sizeof catchers / sizeof catchers[0]; k++) {
            const char *const module[] = {catchers[k].module, NULL};

            if (avd_frame_module_is(an, stack, i, module) &&
                avd_glob_fits(name, catchers[k].function))
                return avd_arena_printf(&an->arena,
                                        "%s is on the stack (%s), whose callers expect exceptions",
                                        catchers[k].who, name);
        }
    }
    return NULL;
}

/* Whether anything shows that no handler took it. */
static bool is_unhandled(const struct avd_analysis *an)
{
    size_t i;

    if (an->chosen != AVD_NO_MODULE)
        return an->found[an->chosen].unhandled;
    for (i = 0; i < an->found_count; i++)
        if (an->found[i].thread == an->crashing_thread && an->found[i].unhandled)
            return true;
    return false;
}

static void find_first_chance(struct avd_analysis *an, struct reasons *out)
{
    static const char *const monitors[] = {"exception monitor", "first chance",    "first-chance",
                                           "procdump -e 1",     "procdump64 -e 1", NULL};
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    enum avd_exception_class class_ = an->words.class_;
    const char *catcher = NULL;
    const char *word;

    if (!an->has_exception || !avd_dump_is_windows(an->dump) || is_unhandled(an))
        return;
    word = comment_with(an->dump, monitors);
    if (stack != NULL)
        catcher = catching_frame(an, stack);
    if (class_ == AVD_CLASS_BENIGN)
        add(out, "programs do not crash with this exception");
    else if (class_ == AVD_CLASS_FIRST_CHANCE && (word != NULL || catcher != NULL))
        add(out, "programs usually handle this exception");
    else if (word == NULL)
        return;
    if (word != NULL)
        add(out, avd_arena_printf(&an->arena,
                                  "the dump's comment has the words \"%s\", as tools leave "
                                  "that watch exceptions before anybody handles them",
                                  word));
    add(out, catcher);
}

/* The reporter of errors that failed while it handled an exception. */
static const char *failed_reporter(struct avd_analysis *an)
{
    static const char *const reporters[] = {
        "dbghelp.dll", "dbgcore.dll", "faultrep.dll", "wer.dll",     "wersvc.dll",
        "werui.dll",   "dwwin.exe",   "crashrpt*",    "exchndl.dll", NULL};
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    const struct avd_fact *nested = avd_fact_find(&an->facts, "exception.nested_code");
    bool earlier = nested != NULL && nested->type != AVD_FACT_UNKNOWN;
    size_t i;

    if (!an->has_exception || !earlier || stack == NULL)
        return NULL;
    for (i = 0; i < stack->stack.count && i < REPORTER_FRAMES; i++) {
        if (avd_frame_is_guess(&stack->stack.frames[i]))
            break;
        if (avd_frame_module_is(an, stack, i, reporters))
            return avd_frame_module(an, &stack->stack.frames[i])->module->name;
    }
    return NULL;
}

static void publish(struct avd_analysis *an, const char *flag, const char *list,
                    const struct reasons *reasons, const char *none)
{
    avd_fact_bool(&an->facts, flag, reasons->count != 0);
    if (reasons->count != 0)
        avd_fact_list(&an->facts, list, reasons->items, reasons->count);
    else
        avd_fact_unknown(&an->facts, list, none);
}

static void run(struct avd_analysis *an)
{
    struct reasons manual = {.count = 0};
    struct reasons first_chance = {.count = 0};
    const char *reporter = failed_reporter(an);

    find_manual(an, &manual);
    find_first_chance(an, &first_chance);
    publish(an, "dump.manual", "dump.manual_reasons", &manual,
            "nothing shows that it was written by hand");
    publish(an, "dump.first_chance", "dump.first_chance_reasons", &first_chance,
            "nothing shows that the exception might have been handled");
    avd_fact_bool(&an->facts, "exception.in_reporter", reporter != NULL);
    if (reporter != NULL)
        avd_fact_text(&an->facts, "exception.reporter", reporter);
    else
        avd_fact_unknown(&an->facts, "exception.reporter",
                         "the exception was not raised while another was being reported");
}

const struct avd_detector avd_det_origin = {
    "origin",
    "why the dump was written: by hand, at a first chance, by a reporter that failed",
    run,
};
