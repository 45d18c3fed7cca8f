/* SPDX-License-Identifier: MIT */
/* Threads whose stacks are the same for a reader; see groups.h. */
#include "report/groups.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    uint64_t hash;
    size_t thread;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3) + (hash >> 29);
}

static uint64_t hash_stack(uint64_t hash, const struct avd_rep_stack *stack)
{
    size_t i;

    hash = mix(hash, stack->frame_count);
    for (i = 0; i < stack->frame_count; i++)
        hash = mix(hash, stack->frames[i].pc);
    return hash;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Equal for a reader: the same calls found the same way, ended for the same reason. */
static bool same_stack(const struct avd_rep_stack *a, const struct avd_rep_stack *b)
{
    size_t i;

    if (a->present != b->present || a->frame_count != b->frame_count ||
        a->pointer_size != b->pointer_size || !same_text(a->end, b->end))
        return false;
    for (i = 0; i < a->frame_count; i++)
        if (a->frames[i].pc != b->frames[i].pc ||
            !same_text(a->frames[i].trust, b->frames[i].trust))
            return false;
    return true;
}

static bool same_stacks(const struct avd_rep_thread *a, const struct avd_rep_thread *b)
{
    return same_stack(&a->stack, &b->stack) && same_stack(&a->native, &b->native);
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    return 0;
}

/* leader[i] becomes the first thread whose stacks equal those of thread i. */
static void find_leaders(const struct avd_report *report, struct entry *entries, size_t *leader)
{
    size_t start = 0;
    size_t i;

    for (i = 0; i < report->thread_count; i++) {
        const struct avd_rep_thread *thread = &report->threads[i];

        entries[i].thread = i;
        entries[i].hash = hash_stack(hash_stack(0, &thread->stack), &thread->native);
    }
    qsort(entries, report->thread_count, sizeof *entries, compare_entries);
    for (i = 0; i < report->thread_count; i++) {
        size_t candidate;

        if (entries[i].hash != entries[start].hash)
            start = i;
        /* Should two different stacks share a hash, the later one simply stands alone. */
        candidate = entries[start].thread;
        leader[entries[i].thread] =
            same_stacks(&report->threads[candidate], &report->threads[entries[i].thread])
                ? candidate
                : entries[i].thread;
    }
}

bool avd_rep_groups_init(struct avd_rep_groups *groups, const struct avd_report *report)
{
    size_t count = report->thread_count;
    struct entry *entries = avd_mem_calloc(count, sizeof *entries);
    size_t i;

    groups->count = count;
    groups->leader = avd_mem_calloc(count, sizeof *groups->leader);
    groups->next = avd_mem_calloc(count, sizeof *groups->next);
    if (entries == NULL || groups->leader == NULL || groups->next == NULL) {
        avd_mem_free(entries);
        avd_rep_groups_deinit(groups);
        return false;
    }
    find_leaders(report, entries, groups->leader);
    /* The entries are done with: their `thread` now remembers each leader's last member. */
    for (i = 0; i < count; i++) {
        groups->next[i] = AVD_NO_INDEX;
        entries[i].thread = i;
    }
    for (i = 0; i < count; i++) {
        size_t leader = groups->leader[i];

        if (leader == i)
            continue;
        groups->next[entries[leader].thread] = i;
        entries[leader].thread = i;
    }
    avd_mem_free(entries);
    return true;
}

void avd_rep_groups_deinit(struct avd_rep_groups *groups)
{
    avd_mem_free(groups->leader);
    avd_mem_free(groups->next);
    memset(groups, 0, sizeof *groups);
}

void avd_rep_groups_list(const struct avd_rep_groups *groups, size_t first, struct avd_strbuf *out)
{
    size_t start = first;
    size_t end = first;
    size_t i = first;

    out->size = 0;
    for (;;) {
        i = groups->next[i];
        if (i == end + 1) {
            end = i;
            continue;
        }
        avd_strbuf_printf(out, "%s%zu", out->size != 0 ? ", " : "", start);
        if (end != start)
            avd_strbuf_printf(out, "-%zu", end);
        if (i == AVD_NO_INDEX)
            return;
        start = end = i;
    }
}
