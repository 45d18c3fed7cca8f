/* SPDX-License-Identifier: MIT */
/*
 * A minidump being written. Its own small parts are put together in memory; streams that stay as
 * they are, and the process's memory, are views of another dump's file and go from there straight
 * to whoever takes the bytes. In the file they come in this order: header, own parts, memory list,
 * directory, streams as they are, memory.
 *
 * Running out of memory is sticky: only avd_writer_finish tells. Layouts: minidumpapiset.h.
 */
#ifndef AVD_EXTRACT_WRITER_H
#define AVD_EXTRACT_WRITER_H

#include "base/strbuf.h"
#include "minidump/dump.h"

struct avd_writer_stream;
struct avd_writer_link;

struct avd_writer_known {
    const char *text; /* NULL: free */
    uint32_t rva;
};

struct avd_writer {
    struct avd_arena arena;
    struct avd_strbuf own;             /* the file from its header on */
    struct avd_writer_stream *streams; /* the directory */
    size_t stream_count, stream_capacity;
    struct avd_writer_link *links; /* fields that lead to process memory, whose place is the last
                                      to be known */
    size_t link_count, link_capacity;
    struct avd_writer_known known[64]; /* texts, some of the last ones */
    uint32_t timestamp;                /* unix seconds */
    uint64_t flags;                    /* MINIDUMP_TYPE; finish decides on MiniDumpWithFullMemory */
};

/* The header is reserved, so that the next own byte lies at 32. */
void avd_writer_init(struct avd_writer *w);
void avd_writer_deinit(struct avd_writer *w);

/* Where in the file the next own byte lies. */
uint32_t avd_writer_rva(const struct avd_writer *w);
void avd_writer_u16(struct avd_writer *w, uint16_t value);
void avd_writer_u32(struct avd_writer *w, uint32_t value);
void avd_writer_u64(struct avd_writer *w, uint64_t value);
void avd_writer_zeros(struct avd_writer *w, size_t size);
void avd_writer_bytes(struct avd_writer *w, const void *bytes, size_t size);
/* A blob that starts at a multiple of 8; returns its RVA, 0 for an empty one. */
uint32_t avd_writer_blob(struct avd_writer *w, const void *bytes, size_t size);
/* MINIDUMP_STRING of a UTF-8 text, which must live as long as the writer; returns its RVA, 0 for
 * NULL. */
uint32_t avd_writer_text(struct avd_writer *w, const char *text);
/* MINIDUMP_LOCATION_DESCRIPTOR of `size` bytes at `addr` of the process. Its RVA is 0 where the
 * file does not hold them or holds them beyond what 32 bits reach. */
void avd_writer_memory_location(struct avd_writer *w, uint64_t addr, uint32_t size);

/* What is written may be replaced; `at` is an offset in the file, of 4 own bytes. */
void avd_writer_set_u32(struct avd_writer *w, uint32_t at, uint32_t value);
/* The same with the RVA of the byte at `addr` of the process, as avd_writer_memory_location has
 * it. */
void avd_writer_set_memory(struct avd_writer *w, uint32_t at, uint64_t addr);

/* Own bytes from begin to end are a stream. */
void avd_writer_stream_begin(struct avd_writer *w, uint32_t type);
void avd_writer_stream_end(struct avd_writer *w);
/* A stream as it is in the other file. */
void avd_writer_stream_view(struct avd_writer *w, uint32_t type, struct avd_view bytes);
/* A stream that lies in own bytes already. */
void avd_writer_stream_at(struct avd_writer *w, uint32_t type, uint32_t offset, uint32_t size);

/*
 * Writes the dump with these ranges of memory, sorted and disjoint, whose bytes are in `source`: as
 * a MemoryList, the only list that Breakpad takes stacks from, and where they are `full` memory or
 * 32 bits do not reach them all as a Memory64List. AVD_E_NOMEM, AVD_E_IO when `write` fails,
 * AVD_E_LIMIT when more than 4 GiB come before the memory, AVD_E_UNSUPPORTED when ranges and
 * streams share bytes of the source so that they exceed it.
 */
enum avd_status avd_writer_finish(struct avd_writer *w, struct avd_view source,
                                  const struct avd_memory_range *ranges, size_t range_count,
                                  bool full, avd_write_fn *write, void *ctx, struct avd_error *err);

#endif
