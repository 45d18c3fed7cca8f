/* SPDX-License-Identifier: MIT */
/*
 * Looks for exceptions on a thread's stacks: in the frames through which an exception is
 * dispatched, in the arguments of calls that get one, and in pairs of pointers. The walk's frames
 * tell which of them are in use. Names only help: a small dump has none.
 */
#include "analyze/recover.h"

#include "base/limits.h"
#include "base/utf.h"

#include <inttypes.h>
#include <string.h>

enum {
    RECORD64_BEHIND_CONTEXT = 0x4f0, /* in KiUserExceptionDispatcher's frame: CONTEXT, CONTEXT_EX */
    MACHINE_FRAME64_BEHIND_CONTEXT = 0x590,
    SP_IN_MACHINE_FRAME64 = 0x18,
    FIFTH_ARGUMENT64 = 0x20,     /* behind the home space of the four in registers */
    POINTERS_IN_INFORMATION = 4, /* of MINIDUMP_EXCEPTION_INFORMATION, which is packed */
    MAX_HANDLERS = 32,           /* frames of one stack that handle exceptions; nested: six */
    NEAR_EXPORT = 0x400          /* an approximate name further away is another function's */
};

enum hint { HINT_NONE = 0, HINT_DISPATCH, HINT_WRITER, HINT_FILTER };

static const struct {
    const char *name;
    enum hint hint;
} hints[] = {
    {"KiUserExceptionDispatcher", HINT_DISPATCH},
    {"KiUserExceptionDispatch", HINT_DISPATCH},
    {"RtlDispatchException", HINT_DISPATCH},
    {"RtlRaiseException", HINT_DISPATCH},
    {"RtlpExecuteHandlerForException", HINT_DISPATCH},
    {"MiniDumpWriteDump", HINT_WRITER},
    {"UnhandledExceptionFilter", HINT_FILTER},
    {"RtlUnhandledExceptionFilter", HINT_FILTER},
    {"RtlUnhandledExceptionFilter2", HINT_FILTER},
    {"BasepReportFault", HINT_FILTER},
    {"WerpReportFault", HINT_FILTER},
    {"WerpReportFaultInternal", HINT_FILTER},
};

/* One stack of a thread while it is searched. */
struct search {
    struct avd_analysis *an;
    const struct avd_an_stack *from;
    struct avd_recover_stack stack;
    struct avd_found_list *list;
    size_t handlers[MAX_HANDLERS]; /* frames with a hint, innermost first */
    size_t handler_count;
};

static size_t frame_module(const struct search *s, size_t frame)
{
    return avd_analysis_module_at(s->an, avd_walk_lookup(&s->from->stack.frames[frame]));
}

static bool is_named(const struct search *s, size_t module, const char *const *names)
{
    if (module == AVD_NO_MODULE)
        return false;
    for (; *names != NULL; names++)
        if (avd_ascii_casecmp(s->an->modules[module].module->name, *names) == 0)
            return true;
    return false;
}

static bool module_is(const struct search *s, size_t frame, const char *const *names)
{
    return is_named(s, frame_module(s, frame), names);
}

static const char *const ntdll[] = {"ntdll.dll", NULL};

static bool in_ntdll(const struct search *s, size_t frame)
{
    return module_is(s, frame, ntdll);
}

static bool in_dump_writer(const struct search *s, size_t frame)
{
    static const char *const names[] = {"dbghelp.dll", "dbgcore.dll", NULL};

    return module_is(s, frame, names);
}

/* The libraries through which an unhandled exception goes. */
static bool in_system(const struct search *s, size_t frame)
{
    static const char *const names[] = {
        "ntdll.dll",   "kernel32.dll", "kernelbase.dll", "dbghelp.dll",
        "dbgcore.dll", "faultrep.dll", "wer.dll",        NULL};

    return module_is(s, frame, names);
}

/* "_Name@4" and "Name" are one function. */
static bool same_name(const char *found, const char *name)
{
    size_t size = strlen(name);

    if (*found == '_')
        found++;
    return strncmp(found, name, size) == 0 && (found[size] == '\0' || found[size] == '@');
}

static enum hint frame_hint(const struct search *s, size_t frame)
{
    const struct avd_symbol *symbol = &s->from->symbols[frame];
    size_t i;

    if (symbol->function == NULL || !in_system(s, frame) ||
        (symbol->approximate && symbol->displacement > NEAR_EXPORT))
        return HINT_NONE;
    for (i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (same_name(symbol->function, hints[i].name))
            return hints[i].hint;
    return HINT_NONE;
}

/* ---- the list of what was found ---- */

static const char *stack_words(const struct search *s)
{
    const char *which = !s->an->wow64.present        ? ""
                        : s->stack.pointer_size == 4 ? "32-bit "
                                                     : "64-bit ";

    return avd_arena_printf(&s->an->arena, "the %sstack of thread %zu", which, s->stack.thread);
}

/* "kernel32!UnhandledExceptionFilter+0xe0, frame 7 of the stack of thread 0" */
static const char *frame_words(const struct search *s, size_t frame)
{
    const struct avd_symbol *symbol = &s->from->symbols[frame];
    uint64_t pc = s->from->stack.frames[frame].pc;
    size_t module = frame_module(s, frame);
    const char *stack = stack_words(s);

    if (stack == NULL)
        return NULL;
    if (module == AVD_NO_MODULE)
        return avd_arena_printf(&s->an->arena, "0x%" PRIx64 ", frame %zu of %s", pc, frame, stack);
    if (symbol->function != NULL && frame_hint(s, frame) != HINT_NONE)
        return avd_arena_printf(&s->an->arena, "%s!%s, frame %zu of %s",
                                s->an->modules[module].display_name, symbol->function, frame,
                                stack);
    return avd_arena_printf(&s->an->arena, "%s+0x%" PRIx64 ", frame %zu of %s",
                            s->an->modules[module].display_name,
                            pc - s->an->modules[module].module->base, frame, stack);
}

static bool same_exception(const struct avd_found_exception *a, const struct avd_found_exception *b)
{
    return a->thread == b->thread && a->is_32bit == b->is_32bit &&
           a->record.code == b->record.code && a->record.address == b->record.address &&
           a->context.regs.value[AVD_RSP] == b->context.regs.value[AVD_RSP] &&
           a->context.regs.value[AVD_RIP] == b->context.regs.value[AVD_RIP];
}

/* `before` is the evidence up to the addresses, `frame` whose words follow it. */
static void add(struct search *s, const struct avd_found_exception *found, enum avd_found_by by,
                const char *before, size_t frame, uint64_t pointers)
{
    struct avd_found_list *list = s->list;
    struct avd_found_exception *item = NULL;
    bool unhandled = found->unhandled;
    const char *words;
    size_t i;

    for (i = 0; i < list->count && item == NULL; i++)
        if (same_exception(&list->items[i], found))
            item = &list->items[i];
    if (item != NULL && (item->by >= by || by == AVD_FOUND_LEFTOVER)) {
        item->unhandled |= unhandled;
        return;
    }
    if (item != NULL) {
        unhandled |= item->unhandled;
    } else {
        struct avd_found_exception *items;

        if (list->of_thread >= AVD_MAX_EXCEPTIONS_OF_THREAD || list->count >= AVD_MAX_EXCEPTIONS)
            return;
        items = avd_arena_grow(&s->an->arena, list->items, list->count, &list->capacity,
                               sizeof *items, AVD_MAX_EXCEPTIONS);
        if (items == NULL) {
            list->failed = true;
            return;
        }
        list->items = items;
        item = &items[list->count++];
        list->of_thread++;
    }
    *item = *found;
    item->by = by;
    item->unhandled = unhandled;
    words = frame < s->from->stack.count ? frame_words(s, frame) : stack_words(s);
    if (words != NULL && pointers != 0)
        words = avd_arena_printf(&s->an->arena, "%s %s: EXCEPTION_POINTERS at 0x%" PRIx64, before,
                                 words, pointers);
    else if (words != NULL)
        words = avd_arena_printf(&s->an->arena,
                                 "%s %s: EXCEPTION_RECORD at 0x%" PRIx64 ", CONTEXT at 0x%" PRIx64,
                                 before, words, found->record_at, found->context_at);
    item->evidence = words;
    if (words == NULL)
        list->failed = true;
}

/* ---- places ---- */

/* KiUserExceptionDispatcher: x86 has called with record and context as arguments, x64 has the
 * context at its stack pointer, the record behind it. */
static void search_dispatch(struct search *s, size_t frame)
{
    const struct avd_frame *f = &s->from->stack.frames[frame];
    const struct avd_memory *memory = &s->an->dump->memory;
    struct avd_found_exception found;
    uint64_t record_at;
    uint64_t context_at;

    /* A guess at a frame proves nothing: an old frame looks the same. An exact frame is what was
     * interrupted, unless it is the thread itself at the dispatcher's first instruction. */
    if ((f->exact && frame != 0) || f->sp == 0 || !in_ntdll(s, frame) ||
        (f->method == AVD_METHOD_SCAN && f->evidence == AVD_EVIDENCE_WEAK))
        return;
    if (s->stack.pointer_size == 8) {
        context_at = f->sp;
        record_at = f->sp + RECORD64_BEHIND_CONTEXT;
    } else if (!avd_memory_pointer(memory, f->sp, 4, &record_at) ||
               !avd_memory_pointer(memory, f->sp + 4, 4, &context_at)) {
        return;
    }
    if (!avd_recover_pair(&s->stack, record_at, context_at, f->sp - 1, &found))
        return;
    found.depth = f->sp;
    add(s, &found, AVD_FOUND_DISPATCH, "the frame of", frame, 0);
}

/* The libraries in which only the filter of unhandled exceptions and what it calls for Windows
 * Error Reporting get an EXCEPTION_POINTERS first. A name that says otherwise is believed. */
static bool is_filter(const struct search *s, size_t frame)
{
    static const char *const names[] = {"kernel32.dll", "kernelbase.dll", "faultrep.dll", NULL};
    const struct avd_symbol *symbol = &s->from->symbols[frame];

    return frame_hint(s, frame) == HINT_FILTER ||
           (module_is(s, frame, names) && (symbol->function == NULL || symbol->approximate));
}

/* x86: what a call in a system library got, by value or through EXCEPTION_POINTERS. Only the first
 * arguments: how many a function has is not known, and behind them are its caller's variables. */
static void search_arguments(struct search *s, size_t frame)
{
    const struct avd_frame *f = &s->from->stack.frames[frame];
    const struct avd_memory *memory = &s->an->dump->memory;
    struct avd_found_exception found;
    uint64_t first;
    uint64_t second;

    if (s->stack.pointer_size != 4 || f->fp == 0 || f->method == AVD_METHOD_SCAN ||
        !in_system(s, frame) || !avd_memory_pointer(memory, f->fp + 8, 4, &first) ||
        !avd_memory_pointer(memory, f->fp + 12, 4, &second))
        return;
    if (avd_recover_pointers(&s->stack, first, f->fp, &found)) {
        found.depth = first;
        found.unhandled = is_filter(s, frame);
        add(s, &found, frame_hint(s, frame) == HINT_FILTER ? AVD_FOUND_FILTER : AVD_FOUND_ARGUMENT,
            "the first argument of", frame, first);
    } else if (avd_recover_pair(&s->stack, first, second, f->fp, &found)) {
        found.depth = f->fp + 8;
        add(s, &found, AVD_FOUND_ARGUMENT, "the first two arguments of", frame, 0);
    }
}

static bool live_stack(struct avd_analysis *an, size_t thread, const struct avd_an_stack *from,
                       struct avd_recover_stack *out);

/* The stack of whatever half of `thread` has records of this layout. */
static bool stack_of(struct search *s, size_t thread, struct avd_recover_stack *out)
{
    const struct avd_an_thread *of = &s->an->threads[thread];

    return (of->x86.present && s->stack.pointer_size == 4 &&
            live_stack(s->an, thread, &of->x86, out)) ||
           (of->native.present && of->native.cpu != NULL &&
            of->native.cpu->pointer_size == s->stack.pointer_size &&
            live_stack(s->an, thread, &of->native, out));
}

/*
 * MiniDumpWriteDump's fifth argument: a thread's id and its EXCEPTION_POINTERS. The caller's frame
 * shows where the arguments are; it may be any frame of the library that is called from outside.
 */
static void search_writer(struct search *s, size_t frame)
{
    const struct avd_frame *f = &s->from->stack.frames[frame];
    const struct avd_memory *memory = &s->an->dump->memory;
    unsigned size = s->stack.pointer_size;
    struct avd_found_exception found;
    struct avd_recover_stack stack;
    uint64_t information;
    uint64_t pointers;
    uint32_t id;
    size_t i;

    if (frame + 1 >= s->from->stack.count || !in_dump_writer(s, frame) ||
        in_dump_writer(s, frame + 1))
        return;
    if (size == 8 ? !avd_memory_pointer(memory, f[1].sp + FIFTH_ARGUMENT64, 8, &information)
                  : f->fp == 0 || !avd_memory_pointer(memory, f->fp + 8 + 16, 4, &information))
        return;
    if (information == 0 || !avd_memory_u32(memory, information, &id) ||
        !avd_memory_pointer(memory, information + POINTERS_IN_INFORMATION, size, &pointers))
        return;
    i = avd_dump_thread_index(s->an->dump, id);
    if (i == AVD_NO_THREAD || !stack_of(s, i, &stack) ||
        !avd_recover_pointers(&stack, pointers, 0, &found))
        return;
    found.depth = i == s->stack.thread ? pointers : found.context_at;
    found.unhandled = true;
    add(s, &found, AVD_FOUND_WRITER, "the exception information that was handed to", frame,
        pointers);
}

/* The frame of a function that handles exceptions, the oldest that is younger than `at`. */
static size_t handler_below(const struct search *s, uint64_t at)
{
    size_t best = s->from->stack.count;
    size_t i;

    for (i = 0; i < s->handler_count && s->from->stack.frames[s->handlers[i]].sp <= at; i++)
        best = s->handlers[i];
    return best;
}

/*
 * Whether the walk shows that no dispatcher uses what lies at `at`: it has certain frames up to
 * there, or is certain and complete.
 */
static bool is_passed(const struct search *s, uint64_t at)
{
    const struct avd_stack *stack = &s->from->stack;
    size_t certain = 0;

    while (certain < stack->count && stack->frames[certain].trust > AVD_TRUST_CFI_SCAN)
        certain++;
    return certain != 0 && (stack->frames[certain - 1].sp > at ||
                            (certain == stack->count && stack->end == AVD_END_COMPLETE));
}

/*
 * x64: the system puts CONTEXT, CONTEXT_EX, EXCEPTION_RECORD and a machine frame in one block at
 * the stack pointer of KiUserExceptionDispatcher, the return address of whose call lies just below.
 * Of the machine frame Windows 7 to 11 and Wine 10 fill in rip and rsp only. Once an __except has
 * taken an exception, RtlUnwind has marked the record; a vectored handler that lets the program go
 * on has changed the context, mostly. So an unmarked block whose parts agree is being dispatched.
 */
static bool is_placed(const struct search *s, const struct avd_found_exception *found)
{
    const struct avd_memory *memory = &s->an->dump->memory;
    uint64_t at = found->context_at;
    uint64_t machine = at + MACHINE_FRAME64_BEHIND_CONTEXT;
    uint64_t return_address;
    uint64_t pc;
    uint64_t sp;

    return s->stack.pointer_size == 8 && !found->is_32bit && !found->unwinding &&
           found->record_at == at + RECORD64_BEHIND_CONTEXT &&
           avd_memory_pointer(memory, machine, 8, &pc) &&
           avd_memory_pointer(memory, machine + SP_IN_MACHINE_FRAME64, 8, &sp) &&
           avd_memory_pointer(memory, at - 8, 8, &return_address) &&
           pc == found->context.regs.value[AVD_RIP] && sp == found->context.regs.value[AVD_RSP] &&
           is_named(s, avd_analysis_module_at(s->an, return_address - 1), ntdll) &&
           !is_passed(s, at);
}

static void judge_pair(struct search *s, uint64_t at)
{
    struct avd_found_exception found;
    size_t frame;

    if (!avd_recover_pointers(&s->stack, at, at, &found))
        return;
    found.depth = at;
    frame = handler_below(s, at);
    if (frame < s->from->stack.count)
        add(s, &found, AVD_FOUND_POINTERS, "the stack above", frame, at);
    else if (is_placed(s, &found))
        add(s, &found, AVD_FOUND_PLACE, "where the system puts them to be dispatched, on",
            s->from->stack.count, 0);
    else
        add(s, &found, AVD_FOUND_LEFTOVER, "a place that no frame is known to use on", frame, at);
}

/* Two pointers side by side, both further up on this stack. */
static void search_pairs(struct search *s)
{
    unsigned size = s->stack.pointer_size;
    uint64_t at = s->stack.low;
    uint64_t left = s->stack.high - at;
    unsigned *tries = &s->list->tries;

    at += size - 1;
    at -= at % size;
    if (left > AVD_MAX_EXCEPTION_SEARCH_BYTES)
        left = AVD_MAX_EXCEPTION_SEARCH_BYTES;
    if (left > s->list->budget)
        left = s->list->budget;
    s->list->budget -= left;
    while (left > 0 && *tries != 0) {
        struct avd_view view;
        uint64_t previous = 0;
        uint64_t i;

        if (!avd_memory_view(&s->an->dump->memory, at, left, &view))
            return;
        for (i = 0; i + size <= view.size && *tries != 0; i += size) {
            uint64_t value = size == 4 ? avd_view_u32(view, i) : avd_view_u64(view, i);

            if (previous > at + i && value > at + i && previous < s->stack.high &&
                value < s->stack.high && ((previous | value) % size) == 0) {
                (*tries)--;
                judge_pair(s, at + i - size);
            }
            previous = value;
        }
        if (i == 0 || view.size >= left)
            return;
        at += i;
        left -= i;
    }
}

/* Which of this stack's exceptions each frame that gives a program up is about: the nearest one
 * above it. */
static void mark_unhandled(struct search *s)
{
    size_t first = s->list->count - s->list->of_thread;
    size_t i;
    size_t k;

    for (i = 0; i < s->handler_count; i++) {
        struct avd_found_exception *nearest = NULL;
        uint64_t sp = s->from->stack.frames[s->handlers[i]].sp;

        if (frame_hint(s, s->handlers[i]) < HINT_WRITER)
            continue;
        for (k = first; k < s->list->count; k++) {
            struct avd_found_exception *found = &s->list->items[k];

            if (found->thread == s->stack.thread && found->by != AVD_FOUND_LEFTOVER &&
                found->depth >= sp && found->depth < s->stack.high &&
                (nearest == NULL || found->depth < nearest->depth))
                nearest = found;
        }
        if (nearest != NULL)
            nearest->unhandled = true;
    }
}

/* Where the memory that the writer took for this thread's stack ends; without such, the range of
 * memory that `sp` lies in: other stacks may follow it. */
static uint64_t end_without_teb(const struct avd_dump *dump, const struct avd_thread *thread,
                                uint64_t sp)
{
    struct avd_view view;

    if (sp - thread->stack_start < thread->stack_size)
        return thread->stack_start + thread->stack_size;
    return avd_memory_view(&dump->memory, sp, AVD_MAX_EXCEPTION_SEARCH_BYTES, &view)
               ? sp + view.size
               : 0;
}

/* From the stack pointer to the stack's base, or as far as the dump has it. */
static bool live_stack(struct avd_analysis *an, size_t thread, const struct avd_an_stack *from,
                       struct avd_recover_stack *out)
{
    uint64_t sp;

    memset(out, 0, sizeof *out);
    if (!from->present || from->cpu == NULL || from->stack.count == 0)
        return false;
    sp = from->stack.frames[0].sp;
    out->an = an;
    out->thread = thread;
    out->pointer_size = from->cpu->pointer_size;
    out->low = sp;
    out->high = from->high;
    if (sp < from->low || sp >= from->high)
        out->high = end_without_teb(an->dump, an->threads[thread].thread, sp);
    if (an->wow64.present && out->pointer_size == 8) {
        out->low32 = an->threads[thread].wow.stack32_low;
        out->high32 = an->threads[thread].wow.stack32_high;
    }
    return sp != 0 && out->high > sp;
}

static void search(struct avd_analysis *an, size_t thread, const struct avd_an_stack *from,
                   struct avd_found_list *list)
{
    struct search s;
    size_t i;

    memset(&s, 0, sizeof s);
    s.an = an;
    s.from = from;
    s.list = list;
    if (!live_stack(an, thread, from, &s.stack))
        return;
    for (i = 0; i < from->stack.count; i++) {
        if (s.handler_count < MAX_HANDLERS && frame_hint(&s, i) != HINT_NONE)
            s.handlers[s.handler_count++] = i;
        search_dispatch(&s, i);
        search_arguments(&s, i);
        search_writer(&s, i);
    }
    search_pairs(&s);
    mark_unhandled(&s);
}

bool avd_recover_thread(struct avd_analysis *an, size_t thread, struct avd_found_list *list)
{
    list->of_thread = 0;
    search(an, thread, &an->threads[thread].x86, list);
    search(an, thread, &an->threads[thread].native, list);
    return !list->failed && !an->arena.failed;
}
