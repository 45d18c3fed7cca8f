/* SPDX-License-Identifier: MIT */
/*
 * Inside the pool: its worker processes and the pipes to them, by number. One .c per operating
 * system: where there is fork, a worker is a copy of this process; on Windows it is the program
 * started once more with the same command line.
 */
#ifndef AVD_GATE_CREW_H
#define AVD_GATE_CREW_H

#include "avdump/avdump.h"
#include "gate/pool.h"

enum {
    AVD_GATE_TICK_MS = 100,
    /* An answer: a report in JSON, ten times of what the ceilings allow. */
    AVD_GATE_MAX_ANSWER = 1 << 30
};

/* What an answer begins with; the texts follow. */
struct avd_gate_answer {
    uint64_t record_size;
    uint64_t report_size;
};

struct avd_gate_crew;

/* Starts nobody yet. NULL when out of memory. In a process that is a worker itself it serves until
 * the parent hangs up and ends the process. */
struct avd_gate_crew *avd_gate_crew_new(const struct avd_gate_pool_options *options);
/* Ends all. NULL is allowed. */
void avd_gate_crew_free(struct avd_gate_crew *crew);

/* Hands `item` to worker `i`, which is started when there is none. False when that failed; the
 * worker is of no use then and must be ended. */
bool avd_gate_crew_send(struct avd_gate_crew *crew, unsigned i, const struct avd_gate_item *item);

/* Waits until one of the workers with busy[i] has something to say, at most a tick. */
void avd_gate_crew_wait(struct avd_gate_crew *crew, const bool *busy);
/* After waiting: bytes of the answer of worker `i`, 0 when there are none now, -1 when the worker
 * is gone. */
ptrdiff_t avd_gate_crew_read(struct avd_gate_crew *crew, unsigned i, void *bytes, size_t size);
/* Of one that is gone: how it ended, in words. */
void avd_gate_crew_explain(struct avd_gate_crew *crew, unsigned i, char *words, size_t size);
/* Ends worker `i`, whatever it does, if there is one. */
void avd_gate_crew_end(struct avd_gate_crew *crew, unsigned i);

/* Milliseconds since some moment; never turned back. */
uint64_t avd_gate_crew_clock(void);

/* In a worker: analyses `item` and writes the answer. False when out of memory, or when `write`
 * failed. */
bool avd_gate_answer(const struct avd_gate_pool_options *options, const struct avd_gate_item *item,
                     avd_write_fn *write, void *ctx);

#endif
