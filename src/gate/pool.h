/* SPDX-License-Identifier: MIT */
/*
 * Worker processes. Each analyses one dump after another; one that crashes, hangs or takes too much
 * memory is replaced, and costs the dump that it was at. One .c per operating system.
 */
#ifndef AVD_GATE_POOL_H
#define AVD_GATE_POOL_H

#include "gate/gate.h"

/* In a worker: analyses `item` and appends what the parent is to get. */
typedef void avd_gate_work_fn(void *ctx, const struct avd_gate_item *item,
                              struct avd_strbuf *record, struct avd_strbuf *report);
/* In the parent: what came of item number `sequence`. False stops the pool. */
typedef bool avd_gate_done_fn(void *ctx, uint64_t sequence, struct avd_view record,
                              struct avd_view report);
/* In the parent: no answer came. `message` is one line. False stops the pool. */
typedef bool avd_gate_lost_fn(void *ctx, uint64_t sequence, const struct avd_gate_item *item,
                              enum avd_gate_outcome outcome, const char *message);

struct avd_gate_pool_options {
    unsigned workers;         /* at least 1 */
    unsigned timeout_seconds; /* per dump; 0: none */
    uint64_t max_memory;      /* bytes per worker; 0: none */
    /* What a worker may read, which confines it (base/confine.h); NULL: it is not confined. */
    const char *const *readable;
    size_t readable_count;
    avd_gate_work_fn *work;
    avd_gate_done_fn *done;
    avd_gate_lost_fn *lost;
    void *ctx;
    /* Called about ten times a second while the parent waits; false stops the pool. */
    bool (*tick)(void *ctx);
};

struct avd_gate_pool;

/* NULL when out of memory or processes. `options` must outlive the pool. */
struct avd_gate_pool *avd_gate_pool_new(const struct avd_gate_pool_options *options,
                                        struct avd_error *err);
/* Hands over item number `sequence` as soon as a worker is free; what it points to may go
 * afterwards. False once the pool was stopped. */
bool avd_gate_pool_submit(struct avd_gate_pool *pool, uint64_t sequence,
                          const struct avd_gate_item *item);
/* Waits until something happened, at most a tenth of a second. False once the pool was stopped. */
bool avd_gate_pool_wait(struct avd_gate_pool *pool);
/* Waits for all that was handed over. False when the pool was stopped. */
bool avd_gate_pool_finish(struct avd_gate_pool *pool);
/* Ends the workers, whatever they do. NULL is allowed. */
void avd_gate_pool_free(struct avd_gate_pool *pool);

/* Processors that this process may use, at least 1. */
unsigned avd_gate_processors(void);
/* Whether SIGINT, SIGTERM or SIGHUP came since avd_gate_catch_interrupts was called. */
void avd_gate_catch_interrupts(void);
bool avd_gate_interrupted(void);

#endif
