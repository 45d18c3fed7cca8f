/* SPDX-License-Identifier: MIT */
/*
 * What were all the threads doing: how many run, idle, wait, are blocked; is the thread that owns
 * windows held up; which stacks are alike; is the thread pool used up; does one write the dump.
 */
#include "analyze/detectors.h"
#include "analyze/thread_state.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

static void publish_counts(struct avd_analysis *an, const struct avd_thread_state *states)
{
    static const char *const names[] = {
        [AVD_THREAD_UNKNOWN] = "threads.unknown", [AVD_THREAD_RUNNING] = "threads.running",
        [AVD_THREAD_IDLE] = "threads.idle",       [AVD_THREAD_WAITING] = "threads.waiting",
        [AVD_THREAD_BLOCKED] = "threads.blocked",
    };
    size_t counts[sizeof names / sizeof names[0]] = {0};
    size_t srw = 0;
    size_t workers = 0;
    size_t busy = 0;
    size_t stuck = 0;
    bool starting = false;
    size_t i;

    for (i = 0; i < an->thread_count; i++) {
        counts[states[i].kind]++;
        starting = starting || states[i].starts_process;
        srw += states[i].wait == AVD_WAIT_SRW_LOCK;
        if (!states[i].is_pool_worker)
            continue;
        workers++;
        busy += states[i].kind != AVD_THREAD_IDLE;
        stuck += states[i].kind == AVD_THREAD_BLOCKED || states[i].kind == AVD_THREAD_WAITING;
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        avd_fact_number(&an->facts, names[i], counts[i]);
    avd_fact_bool(&an->facts, "process.starting", starting);
    avd_fact_number(&an->facts, "locks.srw_waiters", srw);
    avd_fact_number(&an->facts, "pool.workers", workers);
    avd_fact_number(&an->facts, "pool.busy", busy);
    avd_fact_number(&an->facts, "pool.stuck", stuck);
}

/* ---- threads with windows ---- */

/* The innermost frame from `first` on that is the program's. */
static const char *program_frame(struct avd_analysis *an, const struct avd_an_stack *stack,
                                 size_t first)
{
    size_t i;

    for (i = first; i < stack->stack.count && i < AVD_MAX_STATE_FRAMES; i++)
        if (!avd_frame_is_system(an, stack, i))
            return avd_frame_text(an, stack, i);
    return NULL;
}

/* It was called to handle a message, and now neither handles one nor waits for the user. */
static bool is_hung(const struct avd_thread_state *state)
{
    if (state->dispatch_frame == SIZE_MAX || state->pumps || state->dialog_frame != SIZE_MAX)
        return false;
    return state->kind == AVD_THREAD_BLOCKED || state->kind == AVD_THREAD_WAITING;
}

static void publish_gui(struct avd_analysis *an, const struct avd_thread_state *states)
{
    struct avd_facts *facts = &an->facts;
    size_t i;

    for (i = 0; i < an->thread_count; i++) {
        if (!is_hung(&states[i]))
            continue;
        avd_fact_bool(facts, "gui.hung", true);
        avd_fact_text(facts, "gui.thread", avd_thread_text(an, i));
        avd_fact_text(facts, "gui.reason", states[i].reason);
        avd_fact_text(facts, "gui.function", program_frame(an, avd_thread_state_stack(an, i), 0));
        return;
    }
    avd_fact_bool(facts, "gui.hung", false);
    avd_fact_unknown(facts, "gui.thread", "no such thread was found");
    avd_fact_unknown(facts, "gui.reason", "no such thread was found");
    avd_fact_unknown(facts, "gui.function", "no such thread was found");
}

static void publish_writer(struct avd_analysis *an, const struct avd_thread_state *states)
{
    size_t i;

    for (i = 0; i < an->thread_count; i++) {
        const struct avd_an_stack *stack = avd_thread_state_stack(an, i);
        const char *function;

        if (!states[i].writes_dump)
            continue;
        avd_fact_bool(&an->facts, "dump.by_itself", true);
        avd_fact_text(&an->facts, "dump.writer_thread", avd_thread_text(an, i));
        function = program_frame(an, stack, 0);
        avd_fact_text(&an->facts, "dump.writer_function", function);
        return;
    }
    avd_fact_bool(&an->facts, "dump.by_itself", false);
    avd_fact_unknown(&an->facts, "dump.writer_thread", "no thread is seen writing the dump");
    avd_fact_unknown(&an->facts, "dump.writer_function", "no thread is seen writing the dump");
}

/* ---- stacks that are alike ---- */

struct fingerprint {
    uint64_t hash;
    size_t thread;
};

static int compare_fingerprints(const void *a, const void *b)
{
    const struct fingerprint *x = a;
    const struct fingerprint *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* FNV-1a over the addresses of the frames; 0 for a stack too short to say anything. */
static uint64_t hash_stack(const struct avd_an_stack *stack)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t i;
    size_t k;

    if (stack == NULL || stack->stack.count < 3)
        return 0;
    for (i = 0; i < stack->stack.count && i < AVD_MAX_GROUP_FRAMES; i++)
        for (k = 0; k < 64; k += 8)
            hash = (hash ^ (stack->stack.frames[i].pc >> k & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

static void publish_group(struct avd_analysis *an, size_t thread, size_t size)
{
    const struct avd_an_stack *stack = avd_thread_state_stack(an, thread);
    size_t count = stack->stack.count < 8 ? stack->stack.count : 8;
    const char **lines = avd_arena_alloc(&an->arena, count, sizeof *lines);
    size_t i;

    if (lines == NULL)
        return;
    for (i = 0; i < count; i++) {
        lines[i] = avd_frame_text(an, stack, i);
        if (lines[i] == NULL)
            return;
    }
    avd_fact_number(&an->facts, "threads.group_size", size);
    avd_fact_list(&an->facts, "threads.group_stack", lines, count);
}

/* The largest group of threads whose innermost frames are all the same. */
static void publish_groups(struct avd_analysis *an)
{
    struct fingerprint *prints = avd_arena_alloc(&an->arena, an->thread_count, sizeof *prints);
    size_t best = 0;
    size_t best_size = 0;
    size_t count = 0;
    size_t size = 0;
    size_t i;

    if (prints == NULL)
        return;
    for (i = 0; i < an->thread_count; i++) {
        prints[count].hash = hash_stack(avd_thread_state_stack(an, i));
        prints[count].thread = i;
        count += prints[count].hash != 0;
    }
    if (count > 1)
        qsort(prints, count, sizeof *prints, compare_fingerprints);
    for (i = 0; i < count; i++) {
        size = i != 0 && prints[i].hash == prints[i - 1].hash ? size + 1 : 1;
        if (size > best_size) {
            best_size = size;
            best = prints[i].thread;
        }
    }
    if (best_size > 1) {
        publish_group(an, best, best_size);
        return;
    }
    avd_fact_number(&an->facts, "threads.group_size", best_size);
    avd_fact_unknown(&an->facts, "threads.group_stack", "no two threads have the same stack");
}

static void run(struct avd_analysis *an)
{
    const struct avd_thread_state *states = avd_thread_states(an);

    if (states == NULL)
        return;
    publish_counts(an, states);
    publish_gui(an, states);
    publish_writer(an, states);
    publish_groups(an);
}

const struct avd_detector avd_det_waits = {
    "waits",
    "what the threads do, windows whose thread is held up, stacks that are alike",
    run,
};
