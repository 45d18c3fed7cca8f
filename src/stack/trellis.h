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
    double worth; /* how much likelier its place and value are if it is live than if not */
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
    const struct avd_frame *callee;
    const struct avd_candidate *callee_candidate; /* NULL when it is none */
    uint64_t callee_guard; /* as avd_candidate.guard, from below its stack pointer */
    double density;
    struct avd_trellis_node *nodes; /* the callee first */
    size_t count;
    size_t end; /* the thread's start; 0 when not known, or no path leads there */
    double *edges;
    size_t edge_count;
};

/*
 * Weighs the candidates from index `first` on, before `last`, which are above the callee's stack
 * pointer and on its stack; there is at least one. walk->candidates->sizes must be there. *out uses
 * `walk` and `callee` and is freed by avd_trellis_free, also after false: out of memory.
 */
bool avd_trellis_weigh(struct avd_walk *walk, const struct avd_frame *callee, size_t first,
                       size_t last, struct avd_trellis *out);
void avd_trellis_free(struct avd_trellis *t);

/* The chance that node `i` comes after node `last` without another frame between them. */
double avd_trellis_direct(const struct avd_trellis *t, size_t last, size_t i);

#endif
