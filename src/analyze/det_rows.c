/* SPDX-License-Identifier: MIT */
/*
 * The collections that rules look through, straight from the analysis: nothing is computed before
 * a rule asks for it. Columns are those of facts_doc_rows.c, in the same order.
 */
#include "analyze/detectors.h"
#include "analyze/thread_state.h"

#include "base/utf.h"

#include <string.h>

/* An export this far below an address is more likely another function's name; one that is a little
 * nearer may be. */
enum { FAR_FROM_EXPORT = 0x1000, DOUBTFUL_FROM_EXPORT = 0x200 };

static void set(struct avd_fact *out, enum avd_fact_type type, uint64_t number)
{
    out->type = type;
    out->number = number;
}

static void set_address(struct avd_fact *out, uint64_t address, unsigned pointer_size)
{
    set(out, AVD_FACT_ADDRESS, address);
    out->address_digits = pointer_size * 2;
}

/* NULL leaves it unknown, for this reason. */
static void set_text(struct avd_fact *out, const char *text, const char *reason)
{
    out->type = text != NULL ? AVD_FACT_TEXT : AVD_FACT_UNKNOWN;
    out->text = text != NULL ? text : reason;
}

static void set_unknown(struct avd_fact *out, const char *reason)
{
    out->type = AVD_FACT_UNKNOWN;
    out->text = reason;
}

/* ---- threads ---- */

enum thread_column {
    THREAD_INDEX,
    THREAD_ID,
    THREAD_NAME,
    THREAD_CRASHED,
    THREAD_IS_WOW64,
    THREAD_START,
    THREAD_LAST_ERROR,
    THREAD_SUSPEND_COUNT,
    THREAD_EXITED,
    THREAD_USER_TIME,
    THREAD_KERNEL_TIME,
    THREAD_TEB,
    THREAD_FRAME_COUNT,
    THREAD_STATE,
    THREAD_STATE_REASON
};

enum { STILL_RUNNING = 0x103, TICKS_PER_MILLISECOND = 10000 };

/* The stack that `frames` means: the exception's for the thread that raised it. */
static const struct avd_an_stack *frames_of(const struct avd_analysis *an, size_t thread)
{
    const struct avd_an_stack *stack = NULL;

    if (an->has_exception && thread == an->crashing_thread)
        stack = avd_an_exception_stack(an);
    return stack != NULL ? stack : avd_an_main_stack(&an->threads[thread]);
}

static size_t thread_count(void *ctx, size_t parent)
{
    (void)parent;
    return ((const struct avd_analysis *)ctx)->thread_count;
}

static void thread_info(const struct avd_thread *thread, unsigned column, struct avd_fact *out)
{
    if (!thread->has_info) {
        set_unknown(out, "the dump has no thread information (ThreadInfoList)");
        return;
    }
    if (column == THREAD_EXITED)
        set(out, AVD_FACT_BOOL, thread->exit_status != STILL_RUNNING);
    else if (column == THREAD_USER_TIME)
        set(out, AVD_FACT_NUMBER, thread->user_time / TICKS_PER_MILLISECOND);
    else if (column == THREAD_KERNEL_TIME)
        set(out, AVD_FACT_NUMBER, thread->kernel_time / TICKS_PER_MILLISECOND);
    else
        set_address(out, thread->start_address, 8);
}

static void thread_state(struct avd_analysis *an, size_t row, unsigned column, struct avd_fact *out)
{
    const struct avd_thread_state *states = avd_thread_states(an);

    if (states == NULL)
        set_unknown(out, "out of memory");
    else if (column == THREAD_STATE)
        set_text(out, avd_thread_kind_name(states[row].kind), states[row].reason);
    else
        set_text(out, states[row].reason, "not known");
}

static void thread_get(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out)
{
    const struct avd_analysis *an = ctx;
    const struct avd_an_thread *from = &an->threads[row];
    const struct avd_thread *thread = from->thread;

    (void)parent;
    switch ((enum thread_column)column) {
    case THREAD_INDEX: set(out, AVD_FACT_NUMBER, row); break;
    case THREAD_ID: set(out, AVD_FACT_CODE, thread->id); break;
    case THREAD_NAME: set_text(out, thread->name, "the dump gives it no name"); break;
    case THREAD_CRASHED:
        set(out, AVD_FACT_BOOL, an->has_exception && row == an->crashing_thread);
        break;
    case THREAD_IS_WOW64: set(out, AVD_FACT_BOOL, from->wow64); break;
    case THREAD_LAST_ERROR:
        if (from->has_last_error)
            set(out, AVD_FACT_NUMBER, from->last_error);
        else
            set_unknown(out, "the thread's TEB is not in the dump");
        break;
    case THREAD_SUSPEND_COUNT:
        if (thread->suspend_count != UINT32_MAX)
            set(out, AVD_FACT_NUMBER, thread->suspend_count);
        else
            set_unknown(out, "the dump's writer could not ask for it");
        break;
    case THREAD_START:
    case THREAD_EXITED:
    case THREAD_USER_TIME:
    case THREAD_KERNEL_TIME: thread_info(thread, column, out); break;
    case THREAD_TEB:
        if (thread->teb != 0)
            set_address(out, thread->teb, avd_dump_pointer_size(an->dump));
        else
            set_unknown(out, "the dump does not say where it is");
        break;
    case THREAD_FRAME_COUNT: set(out, AVD_FACT_NUMBER, frames_of(an, row)->stack.count); break;
    case THREAD_STATE:
    case THREAD_STATE_REASON: thread_state(ctx, row, column, out); break;
    }
}

/* ---- frames ---- */

enum frame_column {
    FRAME_INDEX,
    FRAME_MODULE,
    FRAME_MODULE_FILE,
    FRAME_FUNCTION,
    FRAME_OFFSET,
    FRAME_ADDRESS,
    FRAME_SP,
    FRAME_FP,
    FRAME_RETURN_ADDRESS,
    FRAME_TRUST,
    FRAME_CERTAIN,
    FRAME_POINTER_SIZE,
    FRAME_UNLOADED
};

static bool frame_is_certain(const struct avd_frame *frame)
{
    return frame->trust >= AVD_TRUST_FRAME_POINTER || frame->evidence == AVD_EVIDENCE_TARGET;
}

/* Without its ending, as debuggers write it: "ntdll". */
static const char *stem(struct avd_analysis *an, const char *file)
{
    const char *dot = strrchr(file, '.');

    if (dot == NULL || dot == file)
        return file;
    return avd_arena_strndup(&an->arena, file, (size_t)(dot - file));
}

static void frame_unloaded(const struct avd_analysis *an, uint64_t address, struct avd_fact *out)
{
    const struct avd_unloaded_module *module = avd_dump_unloaded_at(an->dump, address, 0);

    if (module != NULL)
        set_text(out, module->name, "its name is not in the dump");
    else
        set_unknown(out, "no unloaded module was here");
}

static void frame_module_value(struct avd_analysis *an, size_t module, unsigned column,
                               struct avd_fact *out)
{
    struct avd_an_module *of;

    if (module == AVD_NO_MODULE) {
        set_unknown(out, "the address lies in no module");
        return;
    }
    of = &an->modules[module];
    if (column == FRAME_MODULE && of->stem == NULL)
        of->stem = stem(an, of->module->name);
    set_text(out, column == FRAME_MODULE ? of->stem : of->module->name, "out of memory");
}

static void frame_value(struct avd_analysis *an, const struct avd_an_stack *stack, size_t row,
                        unsigned column, struct avd_fact *out)
{
    const struct avd_frame *frame = &stack->stack.frames[row];
    const struct avd_symbol *symbol = &stack->symbols[row];
    uint64_t lookup = avd_walk_lookup(frame);
    unsigned size = stack->cpu->pointer_size;
    size_t module = avd_analysis_module_at(an, lookup);

    switch ((enum frame_column)column) {
    case FRAME_INDEX: set(out, AVD_FACT_NUMBER, row); break;
    case FRAME_MODULE:
    case FRAME_MODULE_FILE: frame_module_value(an, module, column, out); break;
    case FRAME_FUNCTION:
        if (symbol->function != NULL && symbol->approximate &&
            symbol->displacement >= FAR_FROM_EXPORT)
            set_unknown(out, "only an export far below its address is known");
        else
            set_text(out, symbol->function, "no symbols or exports name it");
        break;
    case FRAME_OFFSET:
        if (symbol->function != NULL)
            set(out, AVD_FACT_NUMBER, symbol->displacement + (frame->pc - lookup));
        else if (module != AVD_NO_MODULE)
            set(out, AVD_FACT_NUMBER, frame->pc - an->modules[module].module->base);
        else
            set_unknown(out, "the address lies in no module");
        break;
    case FRAME_ADDRESS: set_address(out, frame->pc, size); break;
    case FRAME_SP: set_address(out, frame->sp, size); break;
    case FRAME_FP:
        if (frame->fp != 0)
            set_address(out, frame->fp, size);
        else
            set_unknown(out, size == 8 ? "64-bit frames have no frame pointer"
                                       : "the frame's return address was not found");
        break;
    case FRAME_RETURN_ADDRESS:
        if (frame->return_address != 0)
            set_address(out, frame->return_address, size);
        else
            set_unknown(out, "the stack was not walked further");
        break;
    case FRAME_TRUST: set_text(out, avd_trust_name(frame->trust), "not known"); break;
    case FRAME_CERTAIN: set(out, AVD_FACT_BOOL, frame_is_certain(frame)); break;
    case FRAME_POINTER_SIZE: set(out, AVD_FACT_NUMBER, size); break;
    case FRAME_UNLOADED: frame_unloaded(an, lookup, out); break;
    }
}

/* Which of a thread's stacks a collection of frames shows. */
typedef const struct avd_an_stack *stack_of(const struct avd_analysis *an, size_t thread);

static const struct avd_an_stack *native_frames_of(const struct avd_analysis *an, size_t thread)
{
    return &an->threads[thread].native;
}

static size_t count_frames(const struct avd_analysis *an, size_t thread, stack_of *of)
{
    const struct avd_an_stack *stack = of(an, thread);

    return stack->symbols != NULL ? stack->stack.count : 0;
}

static const char *missing_frames(const struct avd_analysis *an, size_t thread, stack_of *of)
{
    const struct avd_an_stack *stack = of(an, thread);

    if (stack->symbols == NULL)
        return "the thread's stack could not be walked";
    return stack->stack.end == AVD_END_COMPLETE ? NULL
                                                : "the thread's stack was not walked to "
                                                  "its end";
}

static size_t frame_count(void *ctx, size_t parent)
{
    return count_frames(ctx, parent, frames_of);
}

static void frame_get(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out)
{
    frame_value(ctx, frames_of(ctx, parent), row, column, out);
}

static const char *frame_incomplete(void *ctx, size_t parent)
{
    return missing_frames(ctx, parent, frames_of);
}

static bool is_weak(const struct avd_an_stack *stack, size_t row)
{
    const struct avd_symbol *symbol = &stack->symbols[row];

    return !frame_is_certain(&stack->stack.frames[row]) ||
           (symbol->approximate && symbol->displacement >= DOUBTFUL_FROM_EXPORT);
}

static bool frame_weak(void *ctx, size_t parent, size_t row)
{
    return is_weak(frames_of(ctx, parent), row);
}

/* Other threads have one stack only, which `frames` shows. */
static bool has_native_frames(const struct avd_analysis *an, size_t thread)
{
    return an->threads[thread].wow64;
}

static size_t native_count(void *ctx, size_t parent)
{
    return has_native_frames(ctx, parent) ? count_frames(ctx, parent, native_frames_of) : 0;
}

static void native_get(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out)
{
    frame_value(ctx, native_frames_of(ctx, parent), row, column, out);
}

static const char *native_incomplete(void *ctx, size_t parent)
{
    return has_native_frames(ctx, parent) ? missing_frames(ctx, parent, native_frames_of) : NULL;
}

static bool native_weak(void *ctx, size_t parent, size_t row)
{
    return is_weak(native_frames_of(ctx, parent), row);
}

/* ---- parameters and notes ---- */

static size_t parameter_count(void *ctx, size_t parent)
{
    (void)parent;
    return ((const struct avd_analysis *)ctx)->exception.parameter_count;
}

static void parameter_get(void *ctx, size_t parent, size_t row, unsigned column,
                          struct avd_fact *out)
{
    const struct avd_analysis *an = ctx;

    (void)parent;
    if (column == 0)
        set(out, AVD_FACT_NUMBER, row);
    else if (column == 1)
        set_address(out, an->exception.parameters[row], avd_an_exception_digits(an) / 2);
    else
        set_text(out, an->words.parameters[row], "the exception does not say");
}

static size_t note_count(void *ctx, size_t parent)
{
    const struct avd_analysis *an = ctx;

    (void)parent;
    return an->dump->notes.count + an->notes.count;
}

static void note_get(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out)
{
    const struct avd_analysis *an = ctx;
    size_t first = an->dump->notes.count;
    const struct avd_note *note =
        row < first ? &an->dump->notes.items[row] : &an->notes.items[row - first];

    (void)parent;
    set_text(out, column == 0 ? note->where : note->message, "not known");
}

static const char *note_incomplete(void *ctx, size_t parent)
{
    const struct avd_analysis *an = ctx;

    (void)parent;
    return an->dump->notes.dropped + an->notes.dropped != 0 ? "there were too many to keep them all"
                                                            : NULL;
}

static const struct avd_collection_ops thread_ops = {thread_count, thread_get, NULL, NULL};
static const struct avd_collection_ops frame_ops = {frame_count, frame_get, frame_incomplete,
                                                    frame_weak};
static const struct avd_collection_ops native_ops = {native_count, native_get, native_incomplete,
                                                     native_weak};
static const struct avd_collection_ops parameter_ops = {parameter_count, parameter_get, NULL, NULL};
static const struct avd_collection_ops note_ops = {note_count, note_get, note_incomplete, NULL};

static void run(struct avd_analysis *an)
{
    struct avd_facts *facts = &an->facts;

    avd_facts_collection(facts, "threads", &thread_ops, an);
    avd_facts_collection(facts, "frames", &frame_ops, an);
    avd_facts_collection(facts, "native_frames", &native_ops, an);
    avd_facts_collection(facts, "notes", &note_ops, an);
    if (an->has_exception)
        avd_facts_collection(facts, "parameters", &parameter_ops, an);
    else
        avd_facts_no_collection(facts, "parameters", "the dump has no exception record");
    if (!an->has_exception)
        avd_facts_no_main_thread(facts, "the dump has no exception record");
    else if (an->crashing_thread == AVD_NO_MODULE)
        avd_facts_no_main_thread(facts, "the exception's thread is not in the dump");
    else
        avd_facts_main_thread(facts, an->crashing_thread);
}

const struct avd_detector avd_det_rows = {
    "rows",
    "threads, frames, parameters and notes, for rules to look through",
    run,
};
