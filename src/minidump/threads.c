/* SPDX-License-Identifier: MIT */
/*
 * Threads: ThreadListStream or ThreadExListStream, joined by id with ThreadInfoListStream and
 * ThreadNamesStream.
 */
#include "base/bisect.h"
#include "base/limits.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int compare_ids(const void *a, const void *b)
{
    const struct avd_thread_id *x = a;
    const struct avd_thread_id *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

size_t avd_dump_thread_index(const struct avd_dump *dump, uint32_t id)
{
    struct avd_bisect b = avd_bisect_start(dump->thread_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, dump->threads_by_id[b.middle].id < id);
    if (b.low == dump->thread_count || dump->threads_by_id[b.low].id != id)
        return AVD_NO_THREAD;
    return dump->threads_by_id[b.low].index;
}

const struct avd_thread *avd_dump_thread(const struct avd_dump *dump, uint32_t id)
{
    size_t index = avd_dump_thread_index(dump, id);

    return index != AVD_NO_THREAD ? &dump->threads[index] : NULL;
}

static void read_thread(struct avd_dump *dump, struct avd_cursor *c, size_t index,
                        struct avd_thread *thread)
{
    uint32_t context_size;
    uint32_t context_rva;

    thread->id = avd_cursor_u32(c);
    thread->suspend_count = avd_cursor_u32(c);
    thread->priority_class = avd_cursor_u32(c);
    thread->priority = (int32_t)avd_cursor_u32(c);
    thread->teb = avd_cursor_u64(c);
    thread->stack_start = avd_cursor_u64(c);
    thread->stack_size = avd_cursor_u32(c);
    thread->stack_rva = avd_cursor_u32(c);
    context_size = avd_cursor_u32(c);
    context_rva = avd_cursor_u32(c);
    if (context_size != 0)
        thread->context = avd_dump_location(dump, context_rva, context_size);
    if (thread->context.size < context_size) {
        char where[48];

        (void)snprintf(where, sizeof where, "thread %zu (id 0x%" PRIx32 ")", index, thread->id);
        avd_note_add(&dump->notes, where, context_rva,
                     "context needs %" PRIu32 " bytes, the file holds %zu of them", context_size,
                     thread->context.size);
    }
}

static void read_info(struct avd_dump *dump, struct avd_thread *threads)
{
    const struct avd_stream *stream = avd_dump_stream(dump, ThreadInfoListStream);
    struct avd_view entries;
    size_t entry_size;
    size_t entry_count;
    size_t i;

    if (stream == NULL)
        return;
    entry_count =
        avd_dump_sized_list(dump, stream, "thread info list", 12, MINIDUMP_THREAD_INFO_SIZE, false,
                            AVD_MAX_THREADS, &entry_size, &entries);
    for (i = 0; i < entry_count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * entry_size);
        size_t index = avd_dump_thread_index(dump, avd_cursor_u32(&c));
        struct avd_thread *thread = index != AVD_NO_THREAD ? &threads[index] : NULL;

        if (thread == NULL || thread->has_info)
            continue;
        thread->has_info = true;
        thread->dump_flags = avd_cursor_u32(&c);
        thread->dump_error = avd_cursor_u32(&c);
        thread->exit_status = avd_cursor_u32(&c);
        thread->create_time = avd_cursor_u64(&c);
        thread->exit_time = avd_cursor_u64(&c);
        thread->kernel_time = avd_cursor_u64(&c);
        thread->user_time = avd_cursor_u64(&c);
        thread->start_address = avd_cursor_u64(&c);
        thread->affinity = avd_cursor_u64(&c);
    }
}

static void read_names(struct avd_dump *dump, struct avd_thread *threads)
{
    const struct avd_stream *stream = avd_dump_stream(dump, ThreadNamesStream);
    struct avd_view entries;
    size_t entry_count;
    size_t i;

    if (stream == NULL)
        return;
    entry_count = avd_dump_list(dump, stream, "thread names", MINIDUMP_THREAD_NAME_SIZE,
                                AVD_MAX_THREADS, &entries);
    for (i = 0; i < entry_count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * MINIDUMP_THREAD_NAME_SIZE);
        uint32_t id = avd_cursor_u32(&c);
        uint64_t rva = avd_cursor_u64(&c);
        size_t index = avd_dump_thread_index(dump, id);
        struct avd_thread *thread = index != AVD_NO_THREAD ? &threads[index] : NULL;

        if (thread == NULL || thread->name != NULL)
            continue;
        thread->name = avd_dump_string(dump, rva);
        if (thread->name == NULL && rva != 0)
            avd_note_add(&dump->notes, "thread names", rva,
                         "the name of thread 0x%" PRIx32 " cannot be read", id);
        if (thread->name != NULL && thread->name[0] == '\0')
            thread->name = NULL;
    }
}

bool avd_read_threads(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, ThreadListStream);
    size_t entry_size = MINIDUMP_THREAD_SIZE;
    struct avd_thread *threads;
    struct avd_thread_id *ids;
    struct avd_view entries;
    size_t count;
    size_t i;

    if (stream == NULL) {
        stream = avd_dump_stream(dump, ThreadExListStream);
        entry_size = MINIDUMP_THREAD_EX_SIZE;
    }
    if (stream == NULL) {
        avd_note_add(&dump->notes, "thread list", AVD_NO_OFFSET,
                     "the dump has no ThreadListStream; there are no stacks to show");
        return true;
    }
    count = avd_dump_list(dump, stream, "thread list", entry_size, AVD_MAX_THREADS, &entries);
    threads = avd_arena_alloc(&dump->arena, count, sizeof *threads);
    ids = avd_arena_alloc(&dump->arena, count, sizeof *ids);
    if (threads == NULL || ids == NULL)
        return false;
    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * entry_size);

        read_thread(dump, &c, i, &threads[i]);
        ids[i].id = threads[i].id;
        ids[i].index = (uint32_t)i;
    }
    if (count > 1)
        qsort(ids, count, sizeof *ids, compare_ids);
    dump->threads = threads;
    dump->threads_by_id = ids;
    dump->thread_count = count;
    read_info(dump, threads);
    read_names(dump, threads);
    return true;
}
