/* SPDX-License-Identifier: MIT */
/*
 * The signature that Mozilla's crash-stats would give the crash, for those who compare with it:
 * frames are normalised, irrelevant ones left out, those of the prefix list put before the first
 * one that is on no list ("Crash signatures", Socorro's documentation). The lists are a selection
 * of entries that concern Windows, Rust and the C library, so long signatures may differ.
 */
#include "analyze/followup.h"

#include "base/strbuf.h"
#include "base/utf.h"

#include <string.h>

enum { FRAMES_LOOKED_AT = 40, MAX_BYTES = 255 };

/* As the documentation has it, an entry fits what begins with it. */
static const char *const irrelevant[] = {"RaiseException",
                                         "KiUserExceptionDispatch",
                                         "KiFastSystemCall",
                                         "RtlDispatchException",
                                         "RtlpExecuteHandlerForException",
                                         "RtlFailFast2",
                                         "RtlReportCriticalFailure",
                                         "RtlReportFatalFailure",
                                         "RtlpHeapHandleError",
                                         "RtlpLogHeapFailure",
                                         "RtlpAnalyzeHeapFailure",
                                         "RtlpHpHeapHandleError",
                                         "LdrpHandleInvalidUserCallTarget",
                                         "LdrpICallHandler",
                                         "_guard_dispatch_icall_nop",
                                         "_report_gsfailure",
                                         "__report_gsfailure",
                                         "_security_check_cookie",
                                         "__security_check_cookie",
                                         "_CxxThrowException",
                                         "NtWaitForSingleObject",
                                         "ZwWaitForSingleObject",
                                         "WaitForSingleObject",
                                         "NtWaitForMultipleObjects",
                                         "ZwWaitForMultipleObjects",
                                         "WaitForMultipleObjects",
                                         "WaitForAlertByThreadId",
                                         "DebugBreak",
                                         "seh_filter_exe",
                                         "_chkstk",
                                         "std::panicking::",
                                         "core::panicking::",
                                         "raise",
                                         "__pthread_kill",
                                         "abort"};

static const char *const prefixes[] = {"malloc",
                                       "free",
                                       "realloc",
                                       "calloc",
                                       "_free_base",
                                       "_malloc_base",
                                       "operator new",
                                       "operator delete",
                                       "memcpy",
                                       "memmove",
                                       "memset",
                                       "memcmp",
                                       "strlen",
                                       "strcpy",
                                       "strcmp",
                                       "strncpy",
                                       "wcslen",
                                       "wcscpy",
                                       "Rtl",
                                       "RaiseFailFastException",
                                       "RpcRaiseException",
                                       "RpcpRaiseException",
                                       "CxxThrowException",
                                       "__delayLoadHelper2",
                                       "_purecall",
                                       "send",
                                       "recv",
                                       "NtUser",
                                       "ZwUser",
                                       "std::",
                                       "core::ptr",
                                       "core::option",
                                       "core::result",
                                       "alloc::",
                                       "mozalloc_abort",
                                       "mozalloc_handle_oom",
                                       "NS_DebugBreak",
                                       "@0x"};

static bool begins(const char *text, const char *const *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strncmp(text, list[i], strlen(list[i])) == 0)
            return true;
    return false;
}

/* A frame that has no more than its module's name. */
static bool is_library(const char *text)
{
    size_t size = strlen(text);

    return size > 4 && avd_ascii_casecmp(text + size - 4, ".dll") == 0;
}

/* Function without arguments and templates, else file#line, module or address. */
static const char *normalise(struct avd_analysis *an, const struct avd_an_stack *stack,
                             size_t index)
{
    const struct avd_frame *frame = &stack->stack.frames[index];
    const struct avd_an_module *module = avd_frame_module(an, frame);
    const char *function = avd_frame_function(stack, index);
    const struct avd_symbol *symbol = &stack->symbols[index];
    const char *bracket;

    if (function != NULL) {
        char *name = avd_name_without_templates(&an->arena, function, "<T>");

        if (name == NULL)
            return NULL;
        /* "(anonymous namespace)" and "operator()" are no arguments. */
        bracket = strrchr(name, '(');
        if (bracket != NULL && bracket != name && name[strlen(name) - 1] == ')' &&
            bracket[1] != ')' && strncmp(bracket, "(anonymous", 10) != 0)
            name[bracket - name] = '\0';
        return name;
    }
    if (symbol->source_file != NULL && symbol->line != 0)
        return avd_arena_printf(&an->arena, "%s#%u", symbol->source_file, (unsigned)symbol->line);
    if (module != NULL)
        return module->module->name;
    if (avd_frame_unloaded(an, frame) != NULL)
        return "(unloaded module)";
    return avd_arena_printf(&an->arena, "@0x%llx", (unsigned long long)frame->pc);
}

/* "OOM | large | " when the program noted how much memory it asked for in vain. */
static const char *out_of_memory(const struct avd_dump *dump)
{
    enum { LARGE = 262144 };
    uint64_t size = 0;
    const char *p;
    size_t i;

    for (i = 0; i < dump->crashpad.annotation_count; i++) {
        if (strcmp(dump->crashpad.annotations[i].key, "OOMAllocationSize") != 0)
            continue;
        for (p = dump->crashpad.annotations[i].value; *p >= '0' && *p <= '9' && size <= LARGE; p++)
            size = size * 10 + (uint64_t)(*p - '0');
        return size > LARGE ? "OOM | large | " : "OOM | small | ";
    }
    return "";
}

const char *avd_signature_socorro(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    const char *last = "";
    const char *copy;
    struct avd_strbuf out;
    bool any = false;
    size_t i;

    avd_strbuf_init(&out);
    avd_strbuf_puts(&out, out_of_memory(an->dump));
    for (i = 0; i < stack->stack.count && i < FRAMES_LOOKED_AT; i++) {
        const char *frame = normalise(an, stack, i);

        if (frame == NULL) {
            an->arena.failed = true;
            break;
        }
        if (begins(frame, irrelevant, sizeof irrelevant / sizeof irrelevant[0]) ||
            (is_library(frame) && strcmp(frame, last) == 0))
            continue;
        avd_strbuf_puts(&out, any ? " | " : "");
        avd_strbuf_puts(&out, frame);
        any = true;
        last = frame;
        if (!is_library(frame) && !begins(frame, prefixes, sizeof prefixes / sizeof prefixes[0]))
            break;
    }
    if (!any)
        avd_strbuf_puts(&out, "EMPTY: no frame data available");
    copy = out.failed ? NULL
                      : avd_arena_strndup(&an->arena, avd_strbuf_text(&out),
                                          out.size < MAX_BYTES ? out.size : MAX_BYTES);
    if (copy == NULL)
        an->arena.failed = true;
    avd_strbuf_deinit(&out);
    return copy;
}
