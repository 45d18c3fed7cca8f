/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whose critical section? The section's address is looked for where the functions
 * that wait keep it: in arguments (x86), in registers that calls preserve, in their part of the
 * stack. What lies there must read as a section that another thread holds and that somebody waits
 * for; of two such addresses none is believed. Slim reader/writer locks do not name their owner.
 */
#include "analyze/critical_section.h"
#include "analyze/detectors.h"
#include "analyze/peb.h"
#include "analyze/thread_state.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

struct wait {
    bool found;
    struct avd_critical_section section;
    size_t owner;  /* index of the thread, or AVD_NO_THREAD: none of the dump's */
    unsigned mark; /* of the search for cycles: in which walk it was met, 0: not yet */
};

struct locks {
    struct avd_analysis *an;
    const struct avd_thread_state *states;
    struct wait *waits; /* by thread */
    uint64_t loader_lock;
    bool has_loader_lock;
    size_t waiters, resolved, loader_waiters;
};

/* ---- the section that a thread waits for ---- */

struct search {
    struct locks *locks;
    size_t thread;
    unsigned pointer_size;
    struct avd_critical_section best;
    unsigned count; /* different sections that could be it */
};

static void consider(struct search *search, uint64_t addr)
{
    const struct avd_analysis *an = search->locks->an;
    struct avd_critical_section section;

    if (search->count != 0 && addr == search->best.addr)
        return;
    if (!avd_critical_section_read(&an->dump->memory, addr, search->pointer_size, &section) ||
        section.waiters == 0 || section.owner == an->threads[search->thread].thread->id)
        return;
    /* An owner that is no thread of the dump needs more than plausible numbers. */
    if (!section.registered && avd_dump_thread_index(an->dump, section.owner) == AVD_NO_THREAD)
        return;
    /* One that is surely a section beats those that only look like one. */
    if (search->count == 0 || (section.registered && !search->best.registered)) {
        search->best = section;
        search->count = 1;
    } else if (section.registered || !search->best.registered) {
        search->count++;
    }
}

static void consider_arguments(struct search *search, const struct avd_an_stack *stack, size_t last)
{
    size_t i;

    for (i = 0; i <= last; i++) {
        uint64_t value;

        if (stack->stack.frames[i].fp != 0 &&
            avd_memory_pointer(&search->locks->an->dump->memory, stack->stack.frames[i].fp + 8,
                               search->pointer_size, &value))
            consider(search, value);
    }
}

static void consider_registers(struct search *search, const struct avd_an_stack *stack, size_t last)
{
    static const unsigned kept[] = {AVD_RBX, AVD_RBP, AVD_RSI, AVD_RDI,
                                    AVD_R12, AVD_R13, AVD_R14, AVD_R15};
    size_t i;
    size_t k;

    for (i = 0; i <= last; i++)
        for (k = 0; k < sizeof kept / sizeof kept[0]; k++)
            if (avd_reg_known(&stack->stack.frames[i].regs, kept[k]))
                consider(search, stack->stack.frames[i].regs.value[kept[k]]);
}

/* From the innermost frame to where the caller of the function that waits goes on. */
static void consider_stack(struct search *search, const struct avd_an_stack *stack, size_t last)
{
    const struct avd_stack *frames = &stack->stack;
    uint64_t addr = frames->frames[0].sp;
    uint64_t end = last + 1 < frames->count ? frames->frames[last + 1].sp : addr;
    size_t words;

    /* The home space of the function that waits lies above its return address. */
    end += search->pointer_size == 8 ? 8 : 0;
    for (words = 0; addr < end && words < AVD_MAX_LOCK_WORDS; words++) {
        uint64_t value;

        if (avd_memory_pointer(&search->locks->an->dump->memory, addr, search->pointer_size,
                               &value))
            consider(search, value);
        addr += search->pointer_size;
    }
}

static void find_section(struct locks *locks, size_t thread)
{
    const struct avd_an_stack *stack = avd_thread_state_stack(locks->an, thread);
    size_t last = locks->states[thread].lock_frame;
    struct wait *wait = &locks->waits[thread];
    struct search search;

    memset(&search, 0, sizeof search);
    search.locks = locks;
    search.thread = thread;
    search.pointer_size = stack->cpu->pointer_size;
    /* An argument is where the function's own one must be; anything else only without it. */
    if (search.pointer_size == 4)
        consider_arguments(&search, stack, last);
    if (search.count == 0) {
        consider_registers(&search, stack, last);
        consider_stack(&search, stack, last);
    }
    if (search.count != 1)
        return;
    wait->found = true;
    wait->section = search.best;
    wait->owner = avd_dump_thread_index(locks->an->dump, search.best.owner);
}

/* A thread in LdrpAcquireLoaderLock waits for the one section that the PEB names. */
static void find_loader_lock(struct locks *locks, size_t thread)
{
    struct wait *wait = &locks->waits[thread];

    if (!locks->has_loader_lock ||
        !avd_critical_section_read(&locks->an->dump->memory, locks->loader_lock,
                                   avd_thread_state_stack(locks->an, thread)->cpu->pointer_size,
                                   &wait->section) ||
        wait->section.owner == locks->an->threads[thread].thread->id)
        return;
    wait->found = true;
    wait->owner = avd_dump_thread_index(locks->an->dump, wait->section.owner);
}

static void find_waits(struct locks *locks)
{
    size_t i;

    for (i = 0; i < locks->an->thread_count; i++) {
        const struct avd_thread_state *state = &locks->states[i];

        locks->waits[i].owner = AVD_NO_THREAD;
        if (state->kind != AVD_THREAD_BLOCKED ||
            (state->wait != AVD_WAIT_CRITICAL_SECTION && state->wait != AVD_WAIT_LOADER))
            continue;
        locks->waiters++;
        if (state->wait == AVD_WAIT_LOADER)
            find_loader_lock(locks, i);
        else if (locks->waiters <= AVD_MAX_LOCK_WAITERS)
            find_section(locks, i);
        locks->resolved += locks->waits[i].found;
        locks->loader_waiters +=
            state->wait == AVD_WAIT_LOADER || (locks->waits[i].found && locks->has_loader_lock &&
                                               locks->waits[i].section.addr == locks->loader_lock);
    }
}

/* ---- chains ---- */

static const char *section_text(struct locks *locks, const struct wait *wait, unsigned digits)
{
    struct avd_analysis *an = locks->an;
    const char *name = NULL;

    if (locks->has_loader_lock && wait->section.addr == locks->loader_lock)
        return "the loader lock";
    if (an->facts.port.name != NULL)
        name = an->facts.port.name(an->facts.port.ctx, wait->section.addr, &an->arena);
    if (name != NULL)
        return avd_arena_printf(&an->arena, "critical section %s (0x%0*llx)", name, (int)digits,
                                (unsigned long long)wait->section.addr);
    return avd_arena_printf(&an->arena, "critical section 0x%0*llx", (int)digits,
                            (unsigned long long)wait->section.addr);
}

static const char *edge_text(struct locks *locks, size_t thread)
{
    struct avd_analysis *an = locks->an;
    const struct wait *wait = &locks->waits[thread];
    unsigned digits = avd_thread_state_stack(an, thread)->cpu->pointer_size * 2;
    const char *waiter = avd_thread_text(an, thread);
    const char *section = section_text(locks, wait, digits);
    const char *owner = wait->owner != AVD_NO_THREAD ? avd_thread_text(an, wait->owner) : "";

    if (waiter == NULL || section == NULL || owner == NULL)
        return NULL;
    if (wait->owner == AVD_NO_THREAD)
        return avd_arena_printf(&an->arena,
                                "%s waits for %s of thread 0x%x, which is not in the dump", waiter,
                                section, wait->section.owner);
    /* What the owner waits for is the next line's, unless there is none. */
    if (locks->waits[wait->owner].found)
        return avd_arena_printf(&an->arena, "%s waits for %s of %s", waiter, section, owner);
    return avd_arena_printf(&an->arena, "%s waits for %s of %s, which %s", waiter, section, owner,
                            locks->states[wait->owner].reason);
}

static void publish_edges(struct locks *locks, const char *name, const size_t *threads,
                          size_t count)
{
    const char **lines;
    size_t i;

    if (count > AVD_MAX_LOCK_LINES)
        count = AVD_MAX_LOCK_LINES;
    lines = avd_arena_alloc(&locks->an->arena, count, sizeof *lines);
    if (lines == NULL)
        return;
    for (i = 0; i < count; i++) {
        lines[i] = edge_text(locks, threads[i]);
        if (lines[i] == NULL)
            return;
    }
    avd_fact_list(&locks->an->facts, name, lines, count);
}

static size_t next_of(const struct locks *locks, size_t thread)
{
    return locks->waits[thread].found ? locks->waits[thread].owner : AVD_NO_THREAD;
}

/* Each thread waits for at most one, so a walk along the edges ends, meets what another walk met,
 * or comes back to itself. Returns a thread of the first cycle, or AVD_NO_THREAD. */
static size_t find_cycle(struct locks *locks)
{
    size_t i;

    for (i = 0; i < locks->an->thread_count; i++) {
        unsigned mark = (unsigned)i + 1;
        size_t at = i;

        while (at != AVD_NO_THREAD && locks->waits[at].mark == 0) {
            locks->waits[at].mark = mark;
            at = next_of(locks, at);
        }
        if (at != AVD_NO_THREAD && locks->waits[at].mark == mark)
            return at;
    }
    return AVD_NO_THREAD;
}

static void publish_deadlock(struct locks *locks, size_t *path)
{
    struct avd_facts *facts = &locks->an->facts;
    size_t first = find_cycle(locks);
    size_t count = 0;
    size_t at = first;

    avd_fact_bool(facts, "locks.deadlock", first != AVD_NO_THREAD);
    if (first == AVD_NO_THREAD) {
        avd_fact_unknown(facts, "locks.deadlock_threads", "no threads wait for each other");
        avd_fact_unknown(facts, "locks.deadlock_chain", "no threads wait for each other");
        return;
    }
    do {
        path[count++] = at;
        at = next_of(locks, at);
    } while (at != first && count < locks->an->thread_count);
    avd_fact_number(facts, "locks.deadlock_threads", count);
    publish_edges(locks, "locks.deadlock_chain", path, count);
}

/* What is known of the thread that others wait for. */
static const char *const holder_facts[4] = {"locks.holder", "locks.holder_state",
                                            "locks.holder_reason", "locks.holder_frame"};
static const char *const loader_facts[4] = {"loader.owner", "loader.owner_state",
                                            "loader.owner_reason", "loader.owner_frame"};

static void publish_thread(struct locks *locks, const char *const names[4], size_t thread)
{
    struct avd_facts *facts = &locks->an->facts;
    const struct avd_thread_state *state = &locks->states[thread];
    const char *kind = avd_thread_kind_name(state->kind);

    avd_fact_text(facts, names[0], avd_thread_text(locks->an, thread));
    if (kind != NULL)
        avd_fact_text(facts, names[1], kind);
    else
        avd_fact_unknown(facts, names[1], state->reason);
    avd_fact_text(facts, names[2], state->reason);
    avd_fact_text(facts, names[3], avd_thread_caller(locks->an, thread));
}

static void publish_no_thread(struct locks *locks, const char *const names[4], const char *reason)
{
    size_t i;

    for (i = 0; i < 4; i++)
        avd_fact_unknown(&locks->an->facts, names[i], reason);
}

/* The thread at the end of a chain, which all of it wait for; a cycle has none. */
static size_t end_of(const struct locks *locks, size_t thread, size_t *length)
{
    size_t steps = 0;

    while (next_of(locks, thread) != AVD_NO_THREAD && steps++ < AVD_MAX_LOCK_CHAIN)
        thread = next_of(locks, thread);
    *length = steps;
    return next_of(locks, thread) == AVD_NO_THREAD ? thread : AVD_NO_THREAD;
}

static void publish_longest(struct locks *locks, size_t *path)
{
    size_t best = AVD_NO_THREAD;
    size_t best_length = 0;
    size_t count = 0;
    size_t last;
    size_t i;

    for (i = 0; i < locks->an->thread_count; i++) {
        size_t length;

        if (locks->waits[i].found && end_of(locks, i, &length) != AVD_NO_THREAD &&
            (best == AVD_NO_THREAD || length > best_length)) {
            best = i;
            best_length = length;
        }
    }
    if (best == AVD_NO_THREAD) {
        avd_fact_unknown(&locks->an->facts, "locks.chain",
                         "no owner of a critical section was found");
        publish_no_thread(locks, holder_facts, "no owner of a critical section was found");
        return;
    }
    for (i = best;
         locks->waits[i].found && i != AVD_NO_THREAD && count < locks->an->thread_count;) {
        path[count++] = i;
        if (next_of(locks, i) == AVD_NO_THREAD)
            break;
        i = next_of(locks, i);
    }
    publish_edges(locks, "locks.chain", path, count);
    last = end_of(locks, best, &best_length);
    if (locks->waits[last].found) /* it waits for one who is gone */
        publish_no_thread(locks, holder_facts, "the thread that holds it is not in the dump");
    else
        publish_thread(locks, holder_facts, last);
}

static void publish_orphans(struct locks *locks, size_t *path)
{
    struct avd_facts *facts = &locks->an->facts;
    size_t count = 0;
    size_t i;

    for (i = 0; i < locks->an->thread_count; i++)
        if (locks->waits[i].found && locks->waits[i].owner == AVD_NO_THREAD)
            path[count++] = i;
    avd_fact_number(facts, "locks.orphans", count);
    if (count != 0)
        publish_edges(locks, "locks.orphan_chain", path, count);
    else
        avd_fact_unknown(facts, "locks.orphan_chain", "every owner that was found is in the dump");
}

/* ---- the loader lock ---- */

static void publish_loader(struct locks *locks)
{
    struct avd_analysis *an = locks->an;
    struct avd_facts *facts = &an->facts;
    struct avd_critical_section section;
    size_t owner = AVD_NO_THREAD;

    avd_fact_number(facts, "loader.waiters", locks->loader_waiters);
    if (locks->has_loader_lock &&
        avd_critical_section_read(&an->dump->memory, locks->loader_lock,
                                  avd_peb_find(an).pointer_size, &section))
        owner = avd_dump_thread_index(locks->an->dump, section.owner);
    if (owner != AVD_NO_THREAD)
        publish_thread(locks, loader_facts, owner);
    else
        publish_no_thread(locks, loader_facts,
                          locks->has_loader_lock ? "no thread of the dump holds the loader lock"
                                                 : "the loader lock is not in the dump");
}

static void run(struct avd_analysis *an)
{
    struct locks locks;
    size_t *path = avd_arena_alloc(&an->arena, an->thread_count, sizeof *path);

    memset(&locks, 0, sizeof locks);
    locks.an = an;
    locks.states = avd_thread_states(an);
    locks.waits = avd_arena_alloc(&an->arena, an->thread_count, sizeof *locks.waits);
    if (locks.states == NULL || locks.waits == NULL || path == NULL)
        return;
    locks.has_loader_lock = avd_peb_loader_lock(an, &locks.loader_lock);
    find_waits(&locks);
    avd_fact_number(&an->facts, "locks.waiters", locks.waiters);
    avd_fact_number(&an->facts, "locks.resolved", locks.resolved);
    publish_deadlock(&locks, path);
    publish_longest(&locks, path);
    publish_orphans(&locks, path);
    publish_loader(&locks);
}

const struct avd_detector avd_det_locks = {
    "locks",
    "critical sections that threads wait for, their owners, deadlocks, the loader lock",
    run,
};
