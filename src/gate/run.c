/* SPDX-License-Identifier: MIT */
/* A run: inputs to workers, their answers in the order of the inputs to the state. */
#include "gate/run_private.h"

#include "base/file.h"
#include "gate/order.h"
#include "gate/pool.h"

#include <string.h>

struct run {
    struct avd_gate_state *state;
    struct avd_gate_worker worker;
    struct avd_gate_pool *pool;
    struct avd_gate_order *order;
    uint64_t next; /* sequence number of the next item */
    uint64_t done;
    const char *current;
    const struct avd_gate_inputs *inputs; /* while they are walked */
};

static bool stop(struct run *run, enum avd_status code)
{
    if (code == AVD_E_NOMEM && !run->state->failed)
        (void)avd_error_nomem(&run->state->err);
    run->state->failed = true;
    return false;
}

/* ---- answers ---- */

/* The order's callback: the oldest result that was missing. */
static bool emit(void *ctx, struct avd_view record_text, struct avd_view report)
{
    struct run *run = ctx;
    struct avd_arena arena = {0};
    struct avd_gate_record record;
    const char *why;
    bool good;

    run->done++;
    if (avd_gate_record_read((const char *)record_text.data, record_text.size, &arena, &record,
                             &why)) {
        good = avd_gate_state_add(run->state, &record, record_text, report);
    } else {
        (void)avd_error_set(&run->state->err, AVD_E_FORMAT, 0, "worker",
                            "a result cannot be read: %s", why);
        good = stop(run, AVD_E_FORMAT);
    }
    avd_arena_deinit(&arena);
    return good;
}

static bool take_answer(void *ctx, uint64_t sequence, struct avd_view record,
                        struct avd_view report)
{
    struct run *run = ctx;

    return avd_gate_order_put(run->order, sequence, record, report) || stop(run, AVD_E_NOMEM);
}

/* A result without an analysis. */
static bool put_failure(struct run *run, uint64_t sequence, const struct avd_gate_item *item,
                        enum avd_gate_outcome outcome, const char *message)
{
    struct avd_gate_record record = {
        .name = item->name, .size = item->size, .outcome = outcome, .error = message};
    struct avd_error error = {.code = AVD_E_IO};
    struct avd_view record_view = {NULL, 0, 0};
    struct avd_view report_view = {NULL, 0, 0};
    struct avd_strbuf text;
    struct avd_strbuf report;
    bool good;

    avd_strbuf_init(&text);
    avd_strbuf_init(&report);
    avd_gate_record_write(&record, &text);
    avd_gate_worker_redact(&run->worker, &text);
    if (run->worker.want_report) {
        (void)avd_error_set(&error, AVD_E_IO, 0, "", "%s", message);
        (void)avd_error_write(&error, item->name, AVD_FORMAT_JSON, &run->worker.write,
                              avd_gate_append, &report);
    }
    record_view.data = (const uint8_t *)avd_strbuf_text(&text);
    record_view.size = text.size;
    report_view.data = (const uint8_t *)avd_strbuf_text(&report);
    report_view.size = report.size;
    good = !text.failed && !report.failed;
    good = good ? take_answer(run, sequence, record_view, report_view) : stop(run, AVD_E_NOMEM);
    avd_strbuf_deinit(&text);
    avd_strbuf_deinit(&report);
    return good;
}

static bool lose_item(void *ctx, uint64_t sequence, const struct avd_gate_item *item,
                      enum avd_gate_outcome outcome, const char *message)
{
    return put_failure(ctx, sequence, item, outcome, message);
}

static bool tick(void *ctx)
{
    const struct run *run = ctx;
    const struct avd_gate_options *options = run->state->options;

    if (options->progress != NULL)
        options->progress(options->progress_ctx, run->done,
                          run->inputs != NULL ? run->inputs->at : 1.0, run->current);
    return !avd_gate_interrupted();
}

static void work(void *ctx, const struct avd_gate_item *item, struct avd_strbuf *record,
                 struct avd_strbuf *report)
{
    const struct run *run = ctx;

    avd_gate_worker_run(&run->worker, item, record, report);
}

/* ---- items ---- */

/* Whether an earlier output holds it, under the name that it has there. */
static bool was_seen(const struct run *run, const char *id, const char *name)
{
    struct avd_strbuf clean;
    bool seen;

    avd_strbuf_init(&clean);
    avd_strbuf_puts(&clean, name);
    avd_gate_worker_redact(&run->worker, &clean);
    seen = !clean.failed && avd_gate_seen_has(&run->state->seen, id, avd_strbuf_text(&clean));
    avd_strbuf_deinit(&clean);
    return seen;
}

/* Whether the item is this shard's, and not one that an earlier output holds. */
static bool is_wanted(const struct run *run, const struct avd_gate_item *item)
{
    const struct avd_gate_options *options = run->state->options;
    struct avd_view bytes = item->bytes;
    struct avd_file file = {0};
    char id[AVD_GATE_ID_SIZE] = "";
    bool wanted = true;

    if (options->shard_count == 0 && run->state->seen.count == 0)
        return true;
    if (item->problem == NULL && !item->in_memory) {
        /* What cannot be read has an empty id: it belongs to one shard like everything else. */
        if (avd_file_map(item->name, &file, NULL) == AVD_OK)
            bytes = file.view;
    }
    if (bytes.size != 0)
        avd_gate_content_id(bytes, id);
    avd_file_close(&file);
    if (options->shard_count != 0)
        wanted = avd_gate_shard(id, options->shard_count) == options->shard - 1;
    return wanted && !was_seen(run, id, item->name);
}

static bool take_item(void *ctx, const struct avd_gate_item *item)
{
    struct run *run = ctx;
    uint64_t sequence;

    if (avd_gate_interrupted())
        return false;
    if (!is_wanted(run, item))
        return true;
    sequence = run->next++;
    run->current = item->name;
    while (!avd_gate_order_has_room(run->order, sequence))
        if (!avd_gate_pool_wait(run->pool))
            return false;
    if (item->problem != NULL)
        return put_failure(run, sequence, item, AVD_GATE_UNREADABLE, item->problem);
    return avd_gate_pool_submit(run->pool, sequence, item);
}

static void walk_all(struct run *run)
{
    struct avd_gate_options *options = run->state->options;
    struct avd_gate_inputs inputs = {.limits = options->limits, .take = take_item, .ctx = run};
    size_t i;

    run->inputs = &inputs;
    for (i = 0; i < options->path_count && !inputs.stopped && !run->state->failed; i++) {
        inputs.span = 1.0 / (double)options->path_count;
        inputs.at = inputs.span * (double)i;
        if (!avd_gate_inputs_walk(&inputs, options->paths[i]))
            (void)stop(run, AVD_E_NOMEM);
    }
    run->current = NULL;
    run->inputs = NULL;
    if (!run->state->failed && !avd_gate_interrupted())
        (void)avd_gate_pool_finish(run->pool);
    if (avd_gate_interrupted() && !run->state->failed) {
        run->state->summary.interrupted = true;
        (void)avd_gate_order_flush(run->order);
    }
    run->state->summary.ignored = inputs.ignored;
}

static bool wants(const struct avd_gate_options *options,
                  bool (*kind)(const struct avd_gate_sink *))
{
    size_t i;

    for (i = 0; i < options->sink_count; i++)
        if (kind(&options->sinks[i]))
            return true;
    return false;
}

static bool has_lines(const struct avd_gate_sink *sink)
{
    return sink->lines;
}

/* A merge of lines may write issues. */
static bool has_issues(const struct avd_gate_sink *sink)
{
    return sink->lines || (sink->writer != NULL && sink->writer->examples);
}

enum avd_gate_end avd_gate_run(struct avd_gate_options *options, struct avd_error *err)
{
    struct avd_gate_state state;
    struct run run = {.state = &state};
    struct avd_gate_pool_options pool = {
        .workers = options->workers != 0 ? options->workers : avd_gate_processors(),
        .timeout_seconds = options->timeout_seconds,
        .max_memory = options->max_memory,
        .readable = options->readable,
        .readable_count = options->readable_count,
        .work = work,
        .done = take_answer,
        .lost = lose_item,
        .tick = tick,
        .ctx = &run,
    };
    enum avd_gate_end end;

    avd_gate_state_init(&state, options);
    state.try_again = true;
    run.worker.rules = options->rules;
    run.worker.analyze = options->analyze;
    run.worker.write.compact = 1;
    run.worker.write.redact = options->redact;
    run.worker.want_report = wants(options, has_lines);
    run.worker.want_issue = wants(options, has_issues);
    run.order = avd_gate_order_new(emit, &run);
    run.pool = avd_gate_pool_new(&pool, &state.err);
    if (run.order == NULL || run.pool == NULL)
        (void)stop(&run, AVD_E_NOMEM);
    if (!state.failed && avd_gate_state_open(&state) &&
        (options->resume == NULL || avd_gate_state_add_file(&state, options->resume)))
        walk_all(&run);
    avd_gate_pool_free(run.pool);
    avd_gate_order_free(run.order);
    if (options->progress_end != NULL)
        options->progress_end(options->progress_ctx);
    end = avd_gate_state_finish(&state, err);
    avd_gate_state_deinit(&state);
    return end;
}

enum avd_gate_end avd_gate_merge(struct avd_gate_options *options, struct avd_error *err)
{
    struct avd_gate_state state;
    enum avd_gate_end end;
    size_t i;

    avd_gate_state_init(&state, options);
    if (avd_gate_state_open(&state))
        for (i = 0; i < options->path_count && !state.failed; i++)
            (void)avd_gate_state_add_file(&state, options->paths[i]);
    end = avd_gate_state_finish(&state, err);
    avd_gate_state_deinit(&state);
    return end;
}
