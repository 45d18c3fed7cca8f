/* SPDX-License-Identifier: MIT */
/* The pool: which worker is at which item since when, and its answer so far. */
#include "gate/crew.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { READ_BYTES = 64 * 1024 };

struct worker {
    uint64_t sequence;
    uint64_t started; /* avd_gate_crew_clock */
    char *name;       /* of the item at hand */
    uint64_t size;
    unsigned char *bytes; /* of the answer so far */
    size_t used, capacity;
};

struct avd_gate_pool {
    const struct avd_gate_pool_options *options;
    struct avd_gate_crew *crew;
    struct worker *workers;
    bool *busy;
    bool stopped;
};

bool avd_gate_answer(const struct avd_gate_pool_options *options, const struct avd_gate_item *item,
                     avd_write_fn *write, void *ctx)
{
    struct avd_gate_answer head;
    struct avd_strbuf record;
    struct avd_strbuf report;
    bool good;

    avd_strbuf_init(&record);
    avd_strbuf_init(&report);
    options->work(options->ctx, item, &record, &report);
    head.record_size = record.size;
    head.report_size = report.size;
    good = !record.failed && !report.failed && write(ctx, (const char *)&head, sizeof head) == 0 &&
           write(ctx, avd_strbuf_text(&record), record.size) == 0 &&
           write(ctx, avd_strbuf_text(&report), report.size) == 0;
    avd_strbuf_deinit(&record);
    avd_strbuf_deinit(&report);
    return good;
}

/* The worker's process and what it has said. */
static void worker_end(struct avd_gate_pool *pool, unsigned i)
{
    struct worker *w = &pool->workers[i];

    avd_gate_crew_end(pool->crew, i);
    avd_mem_free(w->name);
    avd_mem_free(w->bytes);
    memset(w, 0, sizeof *w);
    pool->busy[i] = false;
}

static void lose(struct avd_gate_pool *pool, unsigned i, enum avd_gate_outcome outcome,
                 const char *message)
{
    const struct worker *w = &pool->workers[i];
    struct avd_gate_item item = {.name = w->name, .size = w->size};

    if (!pool->options->lost(pool->options->ctx, w->sequence, &item, outcome, message))
        pool->stopped = true;
    worker_end(pool, i);
}

/* The worker went away in the middle of a dump. */
static void bury(struct avd_gate_pool *pool, unsigned i)
{
    char message[160] = "the worker that analysed it ";
    size_t size = strlen(message);

    avd_gate_crew_explain(pool->crew, i, message + size, sizeof message - size);
    lose(pool, i, AVD_GATE_WORKER_DIED, message);
}

/* Takes a whole answer out of the worker's bytes, if it is whole. */
static void take_answer(struct avd_gate_pool *pool, unsigned i)
{
    struct worker *w = &pool->workers[i];
    struct avd_view record = {NULL, 0, 0};
    struct avd_view report = {NULL, 0, 0};
    struct avd_gate_answer head;

    if (w->used < sizeof head)
        return;
    memcpy(&head, w->bytes, sizeof head);
    if (head.record_size > AVD_GATE_MAX_ANSWER || head.report_size > AVD_GATE_MAX_ANSWER) {
        lose(pool, i, AVD_GATE_WORKER_DIED, "the worker that analysed it gave no sound answer");
        return;
    }
    if (w->used - sizeof head < head.record_size + head.report_size)
        return;
    record.data = w->bytes + sizeof head;
    record.size = (size_t)head.record_size;
    report.data = record.data + record.size;
    report.size = (size_t)head.report_size;
    if (!pool->options->done(pool->options->ctx, w->sequence, record, report))
        pool->stopped = true;
    w->used = 0;
    pool->busy[i] = false;
    avd_mem_free(w->name);
    w->name = NULL;
}

/* Whatever the worker has to say; or it is gone. */
static void read_answer(struct avd_gate_pool *pool, unsigned i)
{
    struct worker *w = &pool->workers[i];
    ptrdiff_t got;

    if (w->capacity - w->used < READ_BYTES) {
        size_t wanted = w->capacity * 2 > READ_BYTES * 4 ? w->capacity * 2 : READ_BYTES * 4;
        unsigned char *grown = avd_mem_realloc(w->bytes, wanted, 1);

        if (grown == NULL) {
            lose(pool, i, AVD_GATE_OUT_OF_MEMORY, "out of memory for its report");
            return;
        }
        w->bytes = grown;
        w->capacity = wanted;
    }
    got = avd_gate_crew_read(pool->crew, i, w->bytes + w->used, w->capacity - w->used);
    if (got < 0) {
        bury(pool, i);
    } else if (got > 0) {
        w->used += (size_t)got;
        take_answer(pool, i);
    }
}

static void end_late_workers(struct avd_gate_pool *pool)
{
    char message[96];
    unsigned i;

    for (i = 0; pool->options->timeout_seconds != 0 && i < pool->options->workers; i++) {
        if (!pool->busy[i] || avd_gate_crew_clock() - pool->workers[i].started <
                                  UINT64_C(1000) * pool->options->timeout_seconds)
            continue;
        (void)snprintf(message, sizeof message, "its analysis took longer than %u seconds",
                       pool->options->timeout_seconds);
        lose(pool, i, AVD_GATE_TIMED_OUT, message);
    }
}

/* Waits until something happened, at most a tick. */
static void wait_for_workers(struct avd_gate_pool *pool)
{
    unsigned i;

    avd_gate_crew_wait(pool->crew, pool->busy);
    for (i = 0; i < pool->options->workers; i++)
        if (pool->busy[i])
            read_answer(pool, i);
    end_late_workers(pool);
    if (pool->options->tick != NULL && !pool->options->tick(pool->options->ctx))
        pool->stopped = true;
}

struct avd_gate_pool *avd_gate_pool_new(const struct avd_gate_pool_options *options,
                                        struct avd_error *err)
{
    struct avd_gate_pool *pool = avd_mem_calloc(1, sizeof *pool);

    if (pool != NULL) {
        pool->options = options;
        pool->workers = avd_mem_calloc(options->workers, sizeof *pool->workers);
        pool->busy = avd_mem_calloc(options->workers, sizeof *pool->busy);
        pool->crew = avd_gate_crew_new(options);
        if (pool->workers != NULL && pool->busy != NULL && pool->crew != NULL)
            return pool;
    }
    avd_gate_pool_free(pool);
    (void)avd_error_nomem(err);
    return NULL;
}

/* The number of a worker that has nothing to do; false once the pool was stopped. */
static bool find_free_worker(struct avd_gate_pool *pool, unsigned *i)
{
    while (!pool->stopped) {
        for (*i = 0; *i < pool->options->workers; *i += 1)
            if (!pool->busy[*i])
                return true;
        wait_for_workers(pool);
    }
    return false;
}

bool avd_gate_pool_submit(struct avd_gate_pool *pool, uint64_t sequence,
                          const struct avd_gate_item *item)
{
    size_t name_size = strlen(item->name) + 1;
    struct worker *w;
    char *name;
    unsigned i;

    if (!find_free_worker(pool, &i))
        return false;
    w = &pool->workers[i];
    name = avd_mem_calloc(name_size, 1);
    /* A worker may have died between two dumps: the next one is tried. */
    if (name == NULL || (!avd_gate_crew_send(pool->crew, i, item) &&
                         (worker_end(pool, i), !avd_gate_crew_send(pool->crew, i, item)))) {
        worker_end(pool, i);
        avd_mem_free(name);
        if (!pool->options->lost(pool->options->ctx, sequence, item, AVD_GATE_WORKER_DIED,
                                 "no worker process can be started"))
            pool->stopped = true;
        return !pool->stopped;
    }
    memcpy(name, item->name, name_size);
    w->name = name;
    w->size = item->size;
    w->sequence = sequence;
    w->started = avd_gate_crew_clock();
    pool->busy[i] = true;
    return true;
}

bool avd_gate_pool_wait(struct avd_gate_pool *pool)
{
    if (!pool->stopped)
        wait_for_workers(pool);
    return !pool->stopped;
}

bool avd_gate_pool_finish(struct avd_gate_pool *pool)
{
    unsigned i;

    for (i = 0; !pool->stopped && i < pool->options->workers;) {
        if (!pool->busy[i])
            i++;
        else
            wait_for_workers(pool);
    }
    return !pool->stopped;
}

void avd_gate_pool_free(struct avd_gate_pool *pool)
{
    unsigned i;

    if (pool == NULL)
        return;
    for (i = 0; pool->crew != NULL && pool->workers != NULL && pool->busy != NULL &&
                i < pool->options->workers;
         i++)
        worker_end(pool, i);
    avd_gate_crew_free(pool->crew);
    avd_mem_free(pool->workers);
    avd_mem_free(pool->busy);
    avd_mem_free(pool);
}
