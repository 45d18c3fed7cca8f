/* SPDX-License-Identifier: MIT */
/*
 * A dump is analyzed while the memory keeps a log of the pages that are read; these pages, and what
 * a debugger asks for first, are what stays of the memory. Everything else stays (slim_file.c).
 */
#include "extract/slim.h"

#include "analyze/analysis.h"
#include "analyze/peb.h"
#include "minidump/format.h"
#include "report/model.h"
#include "rules/rules.h"

#include <string.h>

/* ---- what is read ---- */

/* A log without entries for all of the memory; NULL when out of memory. */
static struct avd_memory_log *new_log(const struct avd_memory *memory, struct avd_arena *arena)
{
    struct avd_memory_log *log = avd_arena_alloc(arena, 1, sizeof *log);
    uint64_t *first = avd_arena_alloc(arena, memory->range_count, sizeof *first);
    uint64_t pages = 0;
    size_t i;

    if (log == NULL || first == NULL)
        return NULL;
    for (i = 0; i < memory->range_count; i++) {
        first[i] = pages;
        pages +=
            avd_memory_end_page(&memory->ranges[i]) - avd_memory_first_page(&memory->ranges[i]);
    }
    log->first = first;
    log->bits = avd_arena_alloc(arena, (size_t)(pages / 8 + 1), 1);
    return log->bits != NULL ? log : NULL;
}

/* Whether each range has bytes of its own; if not, the file's size does not bound the log. */
static bool has_own_bytes(const struct avd_dump *dump)
{
    uint64_t left = dump->bytes.size;
    size_t i;

    for (i = 0; i < dump->memory.range_count; i++) {
        if (dump->memory.ranges[i].size > left)
            return false;
        left -= dump->memory.ranges[i].size;
    }
    return true;
}

/* Asking how much is there is reading, to the log. */
static void keep(const struct avd_memory *memory, uint64_t addr, uint64_t size)
{
    if (addr != 0)
        (void)avd_memory_extent(memory, addr, size);
}

/* A stack from its pointer to its base, with what a function may use below the pointer. */
static void keep_stack(const struct avd_memory *memory, const struct avd_an_stack *stack)
{
    uint64_t sp = stack->regs.value[AVD_RSP] & ~(uint64_t)(AVD_MEMORY_PAGE - 1);

    if (stack->present && avd_reg_known(&stack->regs, AVD_RSP) && sp < stack->high)
        keep(memory, sp, stack->high - sp);
}

/* The same of what the writer calls the stack: where there is no TEB nothing else tells its base.
 * All of it when the pointer is not known, as of a CPU that avdump does not walk. */
static void keep_listed_stack(const struct avd_memory *memory, const struct avd_an_thread *thread)
{
    uint64_t start = thread->thread->stack_start;
    uint64_t size = thread->thread->stack_size;
    uint64_t sp = thread->native.regs.value[AVD_RSP] & ~(uint64_t)(AVD_MEMORY_PAGE - 1);

    if (thread->native.high != 0)
        return;
    if (thread->native.present && avd_reg_known(&thread->native.regs, AVD_RSP) && sp > start &&
        sp - start < size)
        keep(memory, sp, size - (sp - start));
    else
        keep(memory, start, size);
}

/* What the analysis may not have looked at, and other readers do. */
static void keep_basics(struct avd_analysis *an)
{
    enum { TEB_SIZE = 0x2000, PEB_SIZE = 0x1000, HEADER_SIZE = 0x1000 };
    const struct avd_memory *memory = &an->dump->memory;
    size_t i;

    for (i = 0; i < an->thread_count; i++) {
        const struct avd_an_thread *thread = &an->threads[i];

        keep_stack(memory, &thread->native);
        keep_stack(memory, &thread->x86);
        keep_listed_stack(memory, thread);
        keep(memory, thread->thread->teb, TEB_SIZE);
        keep(memory, thread->wow.teb32, TEB_SIZE);
    }
    for (i = 0; i < an->module_count; i++)
        keep(memory, an->modules[i].module->base, HEADER_SIZE);
    keep(memory, avd_peb_find(an).addr, PEB_SIZE);
    keep(memory, an->wow64.peb64, PEB_SIZE);
}

/* Analysis, rules and report of a dump whose memory keeps a log. */
static enum avd_status read_what_is_needed(const struct avd_dump *logged,
                                           const struct avd_extract_options *options,
                                           struct avd_error *err)
{
    struct avd_analysis *an = NULL;
    struct avd_report *report = NULL;
    struct avd_rule_results results;
    enum avd_status status = avd_analysis_run(logged, options->analyze, &an, err);

    if (status != AVD_OK)
        return status;
    keep_basics(an);
    if (avd_rules_run(options->rules, &an->facts, &an->arena, &results) == AVD_OK)
        status = avd_report_build(an, &results, &report, err);
    else
        status = avd_error_nomem(err);
    avd_report_free(report);
    avd_analysis_free(an);
    return status;
}

/* ---- what is kept of the memory ---- */

struct pieces {
    struct avd_arena *arena;
    struct avd_memory_range *items;
    size_t count, capacity;
};

/* Pages [from, to) of `range`, as far as it goes. False when out of memory. */
static bool add_piece(struct pieces *pieces, const struct avd_memory_range *range, uint64_t from,
                      uint64_t to)
{
    uint64_t start = from * AVD_MEMORY_PAGE;
    uint64_t end =
        to == avd_memory_end_page(range) ? range->start + range->size : to * AVD_MEMORY_PAGE;
    struct avd_memory_range *grown =
        avd_arena_grow(pieces->arena, pieces->items, pieces->count, &pieces->capacity,
                       sizeof *grown, SIZE_MAX / sizeof *grown);

    if (grown == NULL)
        return false;
    if (start < range->start)
        start = range->start;
    pieces->items = grown;
    grown += pieces->count++;
    grown->start = start;
    grown->size = end - start;
    grown->offset = range->offset + (start - range->start);
    return true;
}

static bool is_logged(const struct avd_memory_log *log, uint64_t bit)
{
    return (log->bits[bit / 8] >> bit % 8 & 1) != 0;
}

/* Runs of logged pages in range `index`. */
static bool add_logged(struct pieces *pieces, const struct avd_memory *memory, size_t index,
                       const struct avd_memory_log *log)
{
    const struct avd_memory_range *range = &memory->ranges[index];
    uint64_t page = avd_memory_first_page(range);
    uint64_t end = avd_memory_end_page(range);
    uint64_t zero = log->first[index] - page;

    while (page < end) {
        uint64_t from = page;

        while (page < end && is_logged(log, zero + page))
            page++;
        if (page != from && !add_piece(pieces, range, from, page))
            return false;
        page += page == from;
    }
    return true;
}

/* ---- the file ---- */

static enum avd_status write_slim(const struct avd_dump *dump, const struct pieces *pieces,
                                  const char *comment, avd_write_fn *write, void *ctx,
                                  struct avd_notes *notes, struct avd_error *err)
{
    struct avd_writer w;
    enum avd_status status;

    avd_writer_init(&w);
    w.timestamp = dump->timestamp;
    w.flags = dump->flags;
    status = avd_slim_file(&w, dump, pieces->items, pieces->count, notes, err);
    if (status == AVD_OK) {
        if (avd_dump_stream(dump, CommentStreamA) == NULL) {
            avd_writer_stream_begin(&w, CommentStreamA);
            avd_writer_bytes(&w, comment, strlen(comment) + 1);
            avd_writer_stream_end(&w);
        }
        status = avd_writer_finish(&w, dump->bytes, pieces->items, pieces->count, false, write, ctx,
                                   err);
    }
    avd_writer_deinit(&w);
    return status;
}

enum avd_status avd_slim_write(const struct avd_dump *dump,
                               const struct avd_extract_options *options, const char *comment,
                               avd_write_fn *write, void *ctx, struct avd_notes *notes,
                               struct avd_error *err)
{
    struct avd_dump logged = *dump;
    struct avd_arena arena = {0};
    struct pieces pieces = {0};
    enum avd_status status = AVD_OK;
    size_t i;

    if (dump->memory.range_count == 0)
        return avd_error_set(err, AVD_NOT_FOUND, 0, "",
                             "there is nothing to leave out, the dump holds no memory");
    if (!has_own_bytes(dump))
        return avd_error_set(
            err, AVD_E_UNSUPPORTED, 0, "memory",
            "its ranges need more bytes than the file of %zu has, so that they share "
            "some",
            dump->bytes.size);
    pieces.arena = &arena;
    logged.memory.log = new_log(&dump->memory, &arena);
    if (logged.memory.log == NULL)
        status = avd_error_nomem(err);
    if (status == AVD_OK)
        status = read_what_is_needed(&logged, options, err);
    for (i = 0; status == AVD_OK && i < dump->memory.range_count; i++)
        if (!add_logged(&pieces, &dump->memory, i, logged.memory.log))
            status = avd_error_nomem(err);
    if (status == AVD_OK)
        status = write_slim(dump, &pieces, comment, write, ctx, notes, err);
    avd_arena_deinit(&arena);
    return status;
}
