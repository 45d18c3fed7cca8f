/* SPDX-License-Identifier: MIT */
/* ExceptionStream (MINIDUMP_EXCEPTION_STREAM). */
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>

bool avd_read_exception(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, ExceptionStream);
    struct avd_exception *exception = &dump->exception;
    struct avd_cursor c;
    uint32_t context_size;
    uint32_t context_rva;
    uint64_t mask = UINT64_MAX;
    size_t i;

    if (stream == NULL)
        return true;
    exception->offset = stream->offset;
    c = avd_cursor_at(stream->view, 0);
    exception->thread_id = avd_cursor_u32(&c);
    avd_cursor_skip(&c, 4);
    exception->code = avd_cursor_u32(&c);
    exception->flags = avd_cursor_u32(&c);
    exception->nested_record = avd_cursor_u64(&c);
    exception->address = avd_cursor_u64(&c);
    exception->parameter_count = avd_cursor_u32(&c);
    avd_cursor_skip(&c, 4);
    for (i = 0; i < EXCEPTION_MAXIMUM_PARAMETERS; i++)
        exception->parameters[i] = avd_cursor_u64(&c);
    if (c.failed) {
        avd_note_add(&dump->notes, "exception", stream->offset,
                     "stream has %zu bytes, expected %d; no exception read", stream->view.size,
                     (int)MINIDUMP_EXCEPTION_STREAM_SIZE);
        return true;
    }
    exception->present = true;
    if (exception->parameter_count > EXCEPTION_MAXIMUM_PARAMETERS) {
        avd_note_add(&dump->notes, "exception", stream->offset,
                     "%" PRIu32 " parameters, at most %d are possible; showing %d",
                     exception->parameter_count, (int)EXCEPTION_MAXIMUM_PARAMETERS,
                     (int)EXCEPTION_MAXIMUM_PARAMETERS);
        exception->parameter_count = EXCEPTION_MAXIMUM_PARAMETERS;
        exception->excess_parameters = true;
    }
    /* 32-bit writers sign-extend (seen in minidumps of Breakpad's client). */
    if (avd_dump_pointer_size(dump) == 4)
        mask = UINT32_MAX;
    exception->address &= mask;
    exception->nested_record &= mask;
    for (i = 0; i < exception->parameter_count; i++)
        exception->parameters[i] &= mask;
    context_size = avd_cursor_u32(&c);
    context_rva = avd_cursor_u32(&c);
    if (!c.failed && context_rva != 0)
        exception->context = avd_dump_location(dump, context_rva, context_size);
    if (context_size != 0 && exception->context.size < context_size)
        avd_note_add(&dump->notes, "exception", context_rva,
                     "context needs %" PRIu32 " bytes, the file holds %zu of them", context_size,
                     exception->context.size);
    return true;
}
