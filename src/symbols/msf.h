/* SPDX-License-Identifier: MIT */
/*
 * MSF 7.00, the container of PDB files: numbered streams cut into pages that may lie anywhere in
 * the file. Format: LLVM's docs/PDB/MsfFile.rst, microsoft-pdb's msf.cpp.
 *
 * Streams are never copied: a run of pages that follow each other is handed out as it lies in the
 * file, and only what crosses a break is put together, in a buffer of the caller's.
 */
#ifndef AVD_SYMBOLS_MSF_H
#define AVD_SYMBOLS_MSF_H

#include "base/arena.h"
#include "base/view.h"

struct avd_msf {
    struct avd_view file;
    unsigned page_shift;        /* log2 of the page size */
    uint32_t page_count;        /* those that the file holds, wholly or in part */
    bool truncated;             /* the header counts more */
    struct avd_view directory;  /* stream count, sizes, page lists */
    uint32_t stream_count;      /* those whose page lists lie in the directory */
    uint32_t lost_streams;      /* those whose do not */
    const uint32_t *page_lists; /* per stream: where its list begins, in 32-bit words */
};

struct avd_msf_stream {
    const struct avd_msf *msf; /* NULL: no such stream */
    uint32_t size;
    uint32_t page_list;
};

/*
 * Reads superblock and directory. What is put together of the directory lives in `arena`; `file`
 * must outlive *msf. AVD_E_UNSUPPORTED (PDB 2.0, portable or compressed PDB: named), AVD_E_FORMAT,
 * AVD_E_NOMEM.
 */
enum avd_status avd_msf_open(struct avd_view file, struct avd_arena *arena, struct avd_msf *msf,
                             struct avd_error *err);

/* Stream `number`; false (and an empty *out) when there is none. */
bool avd_msf_stream(const struct avd_msf *msf, uint32_t number, struct avd_msf_stream *out);

/* From `offset` to the end of its page or of the stream, as far as the file has it; false when it
 * does not have even one byte of it. */
bool avd_msf_page(const struct avd_msf_stream *stream, uint64_t offset, struct avd_view *out);

/* The longest piece from `offset` on, at most `size` bytes, that lies in the file in one; false
 * when there is not even one byte: past the stream's end, or its page is not in the file. */
bool avd_msf_run(const struct avd_msf_stream *stream, uint64_t offset, uint64_t size,
                 struct avd_view *out);

/* [offset, offset + size) wholly or not at all: as it lies in the file, or put together in
 * `buffer`, which has room for `size` bytes. */
bool avd_msf_view(const struct avd_msf_stream *stream, uint64_t offset, size_t size,
                  uint8_t *buffer, struct avd_view *out);

/* Whether the bytes of `view` lie in the file and not in a buffer. */
bool avd_msf_in_file(const struct avd_msf *msf, struct avd_view view);

/* Little-endian integers; 0 when they are not wholly there. */
uint16_t avd_msf_u16(const struct avd_msf_stream *stream, uint64_t offset);
uint32_t avd_msf_u32(const struct avd_msf_stream *stream, uint64_t offset);

/* Where byte `offset` of the stream lies in the file, for messages; 0 when nowhere. */
uint64_t avd_msf_offset(const struct avd_msf_stream *stream, uint64_t offset);

#endif
