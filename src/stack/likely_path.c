/* SPDX-License-Identifier: MIT */
/*
 * The frames of the likeliest path. Before the first is looked for, all stacks are: which of their
 * candidates are live tells how large the frames of their functions are and which values are
 * return addresses at all, and that again which candidates are live (the idea of
 * expectation-maximization). trellis.c weighs the paths of one stack.
 */
#include "stack/likely_path.h"

#include "base/limits.h"
#include "stack/frame_size.h"
#include "stack/trellis.h"

#include <string.h>

enum {
    LOWEST_PERCENT = 30,    /* what is less likely is not shown however certain the others are */
    MAX_ROUNDS = 3,         /* looks at all stacks before the first path; more change little */
    NODES_IN_ROUNDS = 6144, /* that are looked at before another round, a few milliseconds */
    FEWEST_LOOKS = 256      /* at others, to learn of a candidate: two or three occurrences */
};

/* How many of all candidates are live is never more extreme: of a few that says little. */
#define LEAST_LIVE 0.03
#define MOST_LIVE  0.7

/* On stacks with known frames of several programs as many nodes are live as the model says. */
static unsigned percent_of(double p)
{
    unsigned percent = (unsigned)(p * 100 + 0.5);

    return percent > 99 ? 99 : percent;
}

/*
 * Marks the path of which most nodes are expected to be live. The likeliest node of each place need
 * not lie on one path; those that are shown must.
 */
static void choose_path(struct avd_trellis *t)
{
    size_t last = t->first;
    size_t i;
    size_t k;

    for (i = t->first; i < t->count; i++) {
        const struct avd_trellis_node *node = &t->nodes[i];

        if (t->end == 0 && node->sum > t->nodes[last].sum)
            last = i;
        for (k = 0; k < node->edge_count; k++) {
            struct avd_trellis_node *next = &t->nodes[node->first_edge + k];

            if (node->edges[k] != 0 && (i == t->first || node->sum != 0) &&
                node->sum + next->live > next->sum) {
                next->sum = node->sum + next->live;
                next->before = i;
            }
        }
    }
    if (t->end != 0)
        last = t->end;
    for (; last != t->first; last = t->nodes[last].before)
        t->nodes[last].on_path = true;
}

/*
 * The lowest percentage that is taken: as low as possible while the frames taken are as likely on
 * average as they must be. Many certain frames make up for a doubtful one among them; the thread's
 * start does not, which is known anyway.
 */
static unsigned lowest_percent(const struct avd_trellis *t)
{
    size_t having[100] = {0};
    unsigned lowest = 100;
    size_t taken = 0;
    size_t sum = 0;
    unsigned percent;
    size_t i;

    for (i = t->first + 1; i < t->count; i++)
        if (t->nodes[i].on_path && i != t->end)
            having[percent_of(t->nodes[i].live)]++;
    for (percent = 100; percent-- > LOWEST_PERCENT;) {
        taken += having[percent];
        sum += having[percent] * percent;
        if (having[percent] != 0 && sum >= taken * AVD_MIN_PATH_PERCENT)
            lowest = percent;
    }
    return lowest;
}

/* Makes frames of the nodes that are likely enough. False when out of memory. */
static bool take_frames(struct avd_likely_path *out)
{
    struct avd_trellis *t = &out->trellis;
    size_t last = t->first;
    unsigned lowest;
    size_t i;

    if (out->room < t->count - t->first) {
        out->room = t->count - t->first;
        out->frames = avd_arena_alloc(t->walk->arena, out->room, sizeof *out->frames);
        if (out->frames == NULL)
            return false;
    }
    choose_path(t);
    lowest = lowest_percent(t);
    for (i = t->first + 1; i < t->count; i++) {
        const struct avd_trellis_node *node = &t->nodes[i];
        struct avd_likely_frame *frame = &out->frames[out->count];

        if (i != t->end && (!node->on_path || percent_of(node->live) < lowest))
            continue;
        frame->slot = node->candidate->slot;
        frame->value = node->candidate->value;
        frame->has_call = node->has_call;
        frame->percent = percent_of(node->live);
        frame->frames_missing = avd_trellis_direct(t, last, i) <= node->live / 2;
        out->count++;
        last = i;
    }
    return true;
}

/* The candidates from `first` on that are looked at together: one stack's, below `high` unless that
 * is 0, as many as a piece may have. Returns the index behind the last. */
static size_t piece_end(const struct avd_candidates *c, size_t first, uint64_t high)
{
    size_t last = first;

    while (last < c->count && last - first < AVD_MAX_PATH_NODES &&
           c->items[last].stack == c->items[first].stack &&
           (high == 0 || c->items[last].slot < high))
        last++;
    return last;
}

/* Sets `live` of the candidates [first, last), a stack's; *sum is that of all stacks. */
static bool look_at_stack(const struct avd_walk *walk, size_t first, size_t last, double *sum)
{
    struct avd_candidates *c = walk->candidates;
    const struct avd_stack_range *range = &c->ranges[c->items[first].stack];
    struct avd_walk one = *walk;
    struct avd_frame callee;
    struct avd_trellis t;
    bool ok;
    size_t i;

    memset(&t, 0, sizeof t);
    memset(&callee, 0, sizeof callee);
    callee.exact = true;
    callee.sp = range->start;
    one.stack_low = range->start;
    one.stack_high = range->end;
    ok = avd_trellis_weigh(&t, &one, &callee, first, last);
    for (i = first; ok && i < last; i++) {
        *sum -= c->items[i].live;
        c->items[i].live = 0;
    }
    for (i = 1; ok && i < t.count; i++) {
        *sum += t.nodes[i].live;
        c->items[t.nodes[i].candidate - c->items].live = t.nodes[i].live;
    }
    avd_trellis_free(&t);
    return ok;
}

/* How many times all stacks are looked at. */
static size_t rounds_of(const struct avd_candidates *c)
{
    size_t rounds = NODES_IN_ROUNDS / c->count;

    return rounds < 1 ? 1 : rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds;
}

/* How many looks may be taken to learn of one candidate, in each round and for its walk: so many
 * that half of the work that is allowed is left. Knowing less of each beats not knowing some. */
static size_t looks_each(const struct avd_walk *walk)
{
    const struct avd_candidates *c = walk->candidates;
    size_t looks;

    if (walk->effort == NULL)
        return 0;
    looks = *walk->effort / 2 / (c->count * (rounds_of(c) + 1)) * AVD_LOOKS_AT_ONCE;
    return looks < FEWEST_LOOKS ? FEWEST_LOOKS : looks;
}

/*
 * Looks at all stacks, in rounds; each profits from what those before it have shown. What one round
 * takes for dead shows the next less of frames, and so stays dead: functions that call themselves
 * are lost like that. Therefore the rounds are optimistic, each less than the one before.
 */
static bool look_at_all(const struct avd_walk *walk)
{
    static const double optimism[MAX_ROUNDS] = {6, 3, 1.5};
    struct avd_candidates *c = walk->candidates;
    /* What is read of code here is not to be missed by the walks. */
    size_t code_budget = walk->code_budget != NULL ? *walk->code_budget / 2 : 0;
    struct avd_walk looking = *walk;
    double sum = c->live_share * (double)c->count;
    size_t rounds = rounds_of(c);
    size_t round;

    if (walk->code_budget != NULL)
        looking.code_budget = &code_budget;
    for (round = 0; round < rounds && c->count <= c->nodes_left / 2; round++) {
        size_t first = 0;

        c->nodes_left -= c->count;
        c->optimism = optimism[round];
        while (first < c->count) {
            size_t last = piece_end(c, first, 0);
            double share;

            if (!look_at_stack(&looking, first, last, &sum))
                return false;
            while (last < c->count && c->items[last].stack == c->items[first].stack)
                last++;
            first = last;
            share = sum / (double)c->count;
            c->live_share = share < LEAST_LIVE ? LEAST_LIVE : share > MOST_LIVE ? MOST_LIVE : share;
        }
    }
    c->optimism = 1;
    return true;
}

/* Collects the candidates and looks at them, once. False when out of memory. */
static bool prepare(struct avd_walk *walk)
{
    struct avd_candidates *c = walk->candidates;

    if (!avd_candidates_collect(c, walk))
        return false;
    if (c->sizes != NULL)
        return true;
    c->sizes = avd_arena_alloc(walk->arena, 1, sizeof *c->sizes);
    if (c->sizes == NULL)
        return false;
    avd_size_model_init(c->sizes, c->density);
    if (c->count == 0)
        return true;
    c->looks_each = looks_each(walk);
    return look_at_all(walk);
}

bool avd_likely_path_find(struct avd_walk *walk, const struct avd_frame *callee,
                          struct avd_likely_path *path)
{
    struct avd_candidates *c = walk->candidates;
    size_t first;
    size_t last;

    path->count = path->next = 0;
    path->known = false;
    if (!prepare(walk))
        return false;
    first = avd_candidates_at(c, callee->sp);
    last = piece_end(c, first, walk->stack_high);
    if (last == first)
        return true;
    if (!avd_trellis_has(&path->trellis, first, last)) {
        if (last - first > c->nodes_left)
            return true;
        c->nodes_left -= last - first;
    }
    path->known = true;
    return avd_trellis_weigh(&path->trellis, walk, callee, first, last) && take_frames(path);
}

void avd_likely_path_free(struct avd_likely_path *path)
{
    if (path != NULL)
        avd_trellis_free(&path->trellis);
}
