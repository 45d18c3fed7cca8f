/* SPDX-License-Identifier: MIT */
/*
 * HandleDataStream of an x86 dump. minidumpapiset.h names the kinds of information on a handle's
 * object and leaves their layouts to the system: they are what NtQueryObject's relatives return,
 * and so have pointers and numbers of the writer's width. Records are narrowed as WOW64 narrows
 * them for a 32-bit writer; one of another size than a 64-bit writer's is left out.
 */
#include "extract/dump32.h"

#include "minidump/format.h"

#include <inttypes.h>

/* MINIDUMP_HANDLE_OBJECT_INFORMATION_TYPE */
enum {
    MiniThreadInformation1 = 1,
    MiniMutantInformation1,
    MiniMutantInformation2,
    MiniProcessInformation1,
    MiniProcessInformation2,
    MiniEventInformation1,
    MiniSectionInformation1,
    MiniSemaphoreInformation1
};

enum { RECORD_HEADER_SIZE = 12, MAX_RECORD = 32 };

struct record {
    uint8_t bytes[RECORD_HEADER_SIZE + MAX_RECORD];
    size_t size;
};

static void add(struct record *r, uint64_t value)
{
    avd_put_le32(r->bytes + r->size, (uint32_t)value);
    r->size += 4;
}

/* WOW64 folds the processors from 32 on into the lower ones. */
static uint32_t affinity32(uint64_t mask)
{
    return (uint32_t)mask | (uint32_t)(mask >> 32);
}

/* A 32-bit writer sees the 32-bit block; 0 for a thread whose block is not known. */
static uint32_t teb_of(const struct avd_half32 *half, uint64_t thread)
{
    size_t i;

    for (i = 0; i < half->thread_count; i++)
        if (half->threads[i].thread->id == thread)
            return half->threads[i].teb;
    return 0;
}

/* THREAD_BASIC_INFORMATION */
static void add_thread(struct record *r, const struct avd_half32 *half, struct avd_view v)
{
    add(r, avd_view_u32(v, 0)); /* ExitStatus */
    add(r, teb_of(half, avd_view_u64(v, 24)));
    add(r, avd_view_u64(v, 16)); /* process */
    add(r, avd_view_u64(v, 24)); /* thread */
    add(r, affinity32(avd_view_u64(v, 32)));
    add(r, avd_view_u32(v, 40)); /* Priority */
    add(r, avd_view_u32(v, 44)); /* BasePriority */
}

/* PROCESS_BASIC_INFORMATION at `at`. Where the 32-bit PEB of another process is nobody knows. */
static void add_process(struct record *r, struct avd_view v, uint64_t at)
{
    add(r, avd_view_u32(v, at)); /* ExitStatus */
    add(r, 0);
    add(r, affinity32(avd_view_u64(v, at + 16)));
    add(r, avd_view_u32(v, at + 24)); /* BasePriority */
    add(r, avd_view_u64(v, at + 32)); /* process */
    add(r, avd_view_u64(v, at + 40)); /* its parent */
}

/* Lays out `object` behind a header that leads to the record at `next`; false when it is of no
 * layout that is known. */
static bool make_record(const struct avd_half32 *half, const struct avd_handle_object *object,
                        uint32_t next, struct record *r)
{
    static const uint8_t sizes64[] = {0, 48, 8, 16, 48, 64, 8, 24, 8};
    struct avd_view v = object->data;

    if (object->type >= sizeof sizes64 || v.size != sizes64[object->type] || v.size == 0)
        return false;
    r->size = RECORD_HEADER_SIZE;
    switch (object->type) {
    case MiniThreadInformation1: add_thread(r, half, v); break;
    case MiniMutantInformation2: /* the owner's CLIENT_ID */
        add(r, avd_view_u64(v, 0));
        add(r, avd_view_u64(v, 8));
        break;
    case MiniProcessInformation1: add_process(r, v, 0); break;
    case MiniProcessInformation2: /* PROCESS_EXTENDED_BASIC_INFORMATION */
        add(r, 32);
        add_process(r, v, 8);
        add(r, avd_view_u32(v, 56)); /* Flags */
        break;
    case MiniSectionInformation1: /* base, attributes, and 64 bits of size for all */
        add(r, avd_view_u64(v, 0) <= UINT32_MAX ? avd_view_u64(v, 0) : 0);
        add(r, avd_view_u32(v, 8));
        add(r, avd_view_u32(v, 16));
        add(r, avd_view_u32(v, 20));
        break;
    default: /* mutant, event, semaphore: two 32-bit numbers */
        add(r, avd_view_u32(v, 0));
        add(r, avd_view_u32(v, 4));
        break;
    }
    avd_put_le32(r->bytes, next);
    avd_put_le32(r->bytes + 4, object->type);
    avd_put_le32(r->bytes + 8, (uint32_t)(r->size - RECORD_HEADER_SIZE));
    return true;
}

/* The chain from its end on, as each record leads to the next; returns the first one's RVA. */
static uint32_t put_objects(struct avd_writer *w, const struct avd_half32 *half,
                            const struct avd_handle *handle, size_t *left_out)
{
    uint32_t next = 0;
    size_t i;

    for (i = handle->object_count; i-- != 0;) {
        struct record record;

        if (make_record(half, &handle->objects[i], next, &record))
            next = avd_writer_blob(w, record.bytes, record.size);
        else
            (*left_out)++;
    }
    return next;
}

void avd_dump32_handles(struct avd_writer *w, struct avd_half32 *half)
{
    const struct avd_dump *dump = half->an->dump;
    struct {
        uint32_t type, object, information;
    } *parts = avd_arena_alloc(&w->arena, dump->handle_count, sizeof *parts);
    size_t left_out = 0;
    size_t i;

    if (!dump->has_handles || parts == NULL)
        return;
    for (i = 0; i < dump->handle_count; i++) {
        parts[i].type = avd_writer_text(w, dump->handles[i].type_name);
        parts[i].object = avd_writer_text(w, dump->handles[i].object_name);
        parts[i].information = put_objects(w, half, &dump->handles[i], &left_out);
    }
    avd_writer_stream_begin(w, HandleDataStream);
    avd_writer_u32(w, 16);
    avd_writer_u32(w, MINIDUMP_HANDLE_DESCRIPTOR_2_SIZE);
    avd_writer_u32(w, (uint32_t)dump->handle_count);
    avd_writer_u32(w, 0);
    for (i = 0; i < dump->handle_count; i++) {
        const struct avd_handle *handle = &dump->handles[i];

        avd_writer_u64(w, handle->handle);
        avd_writer_u32(w, parts[i].type);
        avd_writer_u32(w, parts[i].object);
        avd_writer_u32(w, handle->attributes);
        avd_writer_u32(w, handle->granted_access);
        avd_writer_u32(w, handle->handle_count);
        avd_writer_u32(w, handle->pointer_count);
        avd_writer_u32(w, parts[i].information);
        avd_writer_u32(w, 0);
    }
    avd_writer_stream_end(w);
    if (left_out != 0)
        avd_note_add(&half->notes, "handles", AVD_NO_OFFSET,
                     "information on %zu objects is left out, its layout is not known", left_out);
}
