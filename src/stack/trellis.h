/* SPDX-License-Identifier: MIT */
/*
 * All paths through a piece of an x64 stack, weighed together: each word that may be a return
 * address is a node, and an edge leads to each that may be the next one up.
 */
#ifndef AVD_STACK_TRELLIS_H
#define AVD_STACK_TRELLIS_H

#include "stack/candidates.h"
#include "stack/scaled.h"

struct avd_trellis_node {
    const struct avd_candidate *candidate;
    bool has_call; /* code bytes show a call before it */
    enum avd_module_role role;
    double sign;  /* how much likelier its place and value are if it is live than if not */
    double worth; /* the same, where others make it likely to be there anyway */
    struct avd_scaled forward, backward;
    double live;   /* how likely it is */
    double sum;    /* likely_path.c: of `live` along the best path to it */
    size_t before; /* on that path */
    bool on_path;
    double tail; /* its frame reaches beyond the piece of stack looked at */
    unsigned edge_count;
    double *edges; /* to the nodes behind it that are near enough, from first_edge on */
    size_t first_edge;
};

struct avd_trellis {
    struct avd_walk *walk;
    const struct avd_candidates *candidates;
    size_t low, high;  /* the candidates that it was made of; 0 and 0: it was not made */
    uint64_t start;    /* the slot at which the thread starts; 0 when not known */
    size_t start_node; /* 0 when not known */
    struct avd_trellis_node *nodes; /* of candidates, and before these room for one callee */
    size_t count;
    double *edges;    /* of them; before these room for a callee's */
    double *expected; /* of each node, how likely those below it make it to be there */
    size_t edge_count;
    /* What the last weighing set: */
    const struct avd_frame *callee;
    uint64_t callee_sp;
    const struct avd_candidate *callee_candidate; /* NULL when it is none */
    uint64_t callee_guard; /* as avd_candidate.guard, from below its stack pointer */
    size_t first;          /* the callee's node; those before it are below its frame */
    size_t end;            /* the thread's start; 0 when not known, or no path leads there */
};

/*
 * Weighs the candidates from index `first` on, before `last`, which are above the callee's stack
 * pointer and on its stack; there is at least one. walk->candidates->sizes must be there. `t` is
 * all zero, or what an earlier call for the same walk and the same `last` made: what was learned of
 * the candidates is then used again. It uses `walk` and `callee` and is freed by avd_trellis_free,
 * also after false: out of memory.
 */
bool avd_trellis_weigh(struct avd_trellis *t, struct avd_walk *walk, const struct avd_frame *callee,
                       size_t first, size_t last);
/* Whether the candidates [first, last) are in it, so that weighing them costs little. */
bool avd_trellis_has(const struct avd_trellis *t, size_t first, size_t last);
void avd_trellis_free(struct avd_trellis *t);

/* The chance that node `i` comes after node `last` without another frame between them. */
double avd_trellis_direct(const struct avd_trellis *t, size_t last, size_t i);

#endif
