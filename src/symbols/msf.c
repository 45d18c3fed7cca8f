/* SPDX-License-Identifier: MIT */
/*
 * Superblock, directory and streams of MSF 7.00. The directory is a stream itself; the pages of its
 * page list are listed at the end of the superblock. Free-page maps are of no use to a reader.
 */
#include "symbols/msf.h"

#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

enum {
    SUPERBLOCK_SIZE = 0x34, /* up to the page numbers */
    MIN_PAGE_SHIFT = 9,     /* 512, of small old PDBs */
    MAX_PAGE_SHIFT = 16     /* link /PDBPAGESIZE goes up to 32768; 65536 would fit the format */
};

/* The magics fill their field; what follows the text is CR LF 0x1a, two letters and zeros. */
static const char msf_magic[] = "Microsoft C/C++ MSF 7.00\r\n\x1a"
                                "DS\0\0";
static const char old_magic[] = "Microsoft C/C++ program database 2.00\r\n\x1a"
                                "JG";
static const char compressed_magic[] = "Microsoft MSFZ Container\r\n\x1a"
                                       "ALD";
static const char portable_magic[] = "BSJB";

static bool starts_with(struct avd_view file, const char *magic, size_t size)
{
    return file.size >= size && memcmp(file.data, magic, size) == 0;
}

/* Refuses by name what is a PDB of another kind, or none. */
static enum avd_status check_magic(struct avd_view file, struct avd_error *err)
{
    /* The terminators of these literals are part of the first magic and of none of the others. */
    if (starts_with(file, msf_magic, sizeof msf_magic))
        return AVD_OK;
    if (starts_with(file, old_magic, sizeof old_magic - 1))
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "header",
                             "PDB 2.0 (Visual C++ 6 and older): not supported");
    if (starts_with(file, compressed_magic, sizeof compressed_magic - 1))
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "header",
                             "compressed PDB (MSFZ): not supported");
    if (starts_with(file, portable_magic, sizeof portable_magic - 1))
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "header",
                             "portable PDB (.NET): it describes no native code");
    return avd_error_set(err, AVD_E_FORMAT, 0, "header", "no PDB: its signature is missing");
}

static uint32_t pages_of(uint32_t size, unsigned shift)
{
    return (uint32_t)(((uint64_t)size + (1u << shift) - 1) >> shift);
}

/* The part of page `page` that the file holds; false when it holds nothing. */
static bool page_view(const struct avd_msf *msf, uint32_t page, struct avd_view *out)
{
    uint64_t size = (uint64_t)1 << msf->page_shift;

    return page < msf->page_count &&
           avd_view_clip(msf->file, (uint64_t)page << msf->page_shift, size, out);
}

/*
 * Copies `count` pages, whose numbers are the words of `list`, into `bytes`. `seen` has a bit for
 * each page of the file: none may come twice in superblock, page lists and directory, for then the
 * directory would contain itself. Page 0 is the superblock.
 */
static enum avd_status copy_pages(const struct avd_msf *msf, struct avd_view list, uint32_t count,
                                  uint8_t *seen, uint8_t *bytes, const char *where,
                                  struct avd_error *err)
{
    uint32_t size = 1u << msf->page_shift;
    uint32_t i;

    for (i = 0; i < count; i++) {
        uint32_t page = avd_view_u32(list, (uint64_t)i * 4);
        struct avd_view view;

        if (page == 0 || !page_view(msf, page, &view))
            return avd_error_set(err, AVD_E_FORMAT, list.offset, where,
                                 "refers to page %u of %u, which lies outside; the PDB cannot be "
                                 "read",
                                 (unsigned)page, (unsigned)msf->page_count);
        if ((seen[page / 8] & 1u << page % 8) != 0)
            return avd_error_set(err, AVD_E_FORMAT, list.offset, where,
                                 "loops: page %u is used twice; the PDB cannot be read",
                                 (unsigned)page);
        seen[page / 8] = (uint8_t)(seen[page / 8] | 1u << page % 8);
        if (view.size < size)
            return avd_error_set(err, AVD_E_FORMAT, view.offset, where,
                                 "page %u is cut short: expected %u bytes, found %zu; the PDB "
                                 "cannot be read",
                                 (unsigned)page, (unsigned)size, view.size);
        memcpy(bytes + (size_t)i * size, view.data, size);
    }
    return AVD_OK;
}

/*
 * The directory, put together from its pages: about a thousandth of the file, needed at every
 * access to a stream.
 */
static enum avd_status read_directory(struct avd_msf *msf, struct avd_arena *arena, uint32_t size,
                                      struct avd_error *err)
{
    uint32_t count = pages_of(size, msf->page_shift);
    uint32_t list_pages = pages_of(count * 4, msf->page_shift);
    enum avd_status status = AVD_E_NOMEM;
    struct avd_view list = {0};
    uint8_t *list_bytes;
    uint8_t *bytes;
    uint8_t *seen;

    if (!avd_view_array(msf->file, SUPERBLOCK_SIZE, list_pages, 4, &list))
        return avd_error_set(err, AVD_E_FORMAT, SUPERBLOCK_SIZE, "header",
                             "the directory's %u list pages do not fit in the file",
                             (unsigned)list_pages);
    seen = avd_mem_calloc(msf->page_count / 8 + 1, 1);
    list_bytes = avd_mem_calloc(list_pages, (size_t)1 << msf->page_shift);
    bytes = avd_arena_alloc(arena, count, (size_t)1 << msf->page_shift);
    if (seen != NULL && list_bytes != NULL && bytes != NULL)
        status =
            copy_pages(msf, list, list_pages, seen, list_bytes, "page list of the directory", err);
    else
        (void)avd_error_nomem(err);
    if (status == AVD_OK) {
        struct avd_view pages = {list_bytes, (size_t)count * 4, list.offset};

        status = copy_pages(msf, pages, count, seen, bytes, "directory", err);
    }
    if (status == AVD_OK) {
        msf->directory.data = bytes;
        msf->directory.size = size;
        msf->directory.offset = (uint64_t)avd_le32(list_bytes) << msf->page_shift;
    }
    avd_mem_free(list_bytes);
    avd_mem_free(seen);
    return status;
}

/* The size of stream `number`; a deleted stream's is -1, and it has no pages. */
static uint32_t stream_size(const struct avd_msf *msf, uint32_t number)
{
    uint32_t size = avd_view_u32(msf->directory, 4 + (uint64_t)number * 4);

    return size == UINT32_MAX ? 0 : size;
}

/* Where each stream's page list begins. */
static enum avd_status index_streams(struct avd_msf *msf, struct avd_arena *arena,
                                     struct avd_error *err)
{
    uint32_t wanted = avd_view_u32(msf->directory, 0);
    uint64_t words = msf->directory.size / 4;
    uint64_t at = 1 + (uint64_t)wanted;
    uint32_t *lists;
    uint32_t i;

    if (msf->directory.size < 4 || at > words)
        return avd_error_set(err, AVD_E_FORMAT, msf->directory.offset, "directory",
                             "%u streams need more than its %zu bytes; the PDB cannot be read",
                             (unsigned)wanted, msf->directory.size);
    /* Other streams refer to streams by 16 bits. */
    msf->stream_count = wanted < AVD_MAX_PDB_STREAMS ? wanted : AVD_MAX_PDB_STREAMS;
    lists = avd_arena_alloc(arena, msf->stream_count, sizeof *lists);
    if (lists == NULL)
        return avd_error_nomem(err);
    for (i = 0; i < msf->stream_count; i++) {
        uint32_t pages = pages_of(stream_size(msf, i), msf->page_shift);

        if (pages > words - at)
            break;
        lists[i] = (uint32_t)at;
        at += pages;
    }
    msf->lost_streams = msf->stream_count - i;
    msf->stream_count = i;
    msf->page_lists = lists;
    return AVD_OK;
}

enum avd_status avd_msf_open(struct avd_view file, struct avd_arena *arena, struct avd_msf *msf,
                             struct avd_error *err)
{
    uint32_t page_size = avd_view_u32(file, 0x20);
    uint32_t page_count = avd_view_u32(file, 0x28);
    uint32_t directory_size = avd_view_u32(file, 0x2c);
    enum avd_status status = check_magic(file, err);
    uint64_t present;

    memset(msf, 0, sizeof *msf);
    if (status != AVD_OK)
        return status;
    if (file.size < SUPERBLOCK_SIZE + 4)
        return avd_error_set(err, AVD_E_FORMAT, 0, "header",
                             "cut short: expected %d bytes, found %zu", SUPERBLOCK_SIZE + 4,
                             file.size);
    msf->file = file;
    msf->page_shift = MIN_PAGE_SHIFT;
    while (msf->page_shift < MAX_PAGE_SHIFT && 1u << msf->page_shift != page_size)
        msf->page_shift++;
    if (1u << msf->page_shift != page_size)
        return avd_error_set(err, AVD_E_FORMAT, 0x20, "header",
                             "page size %u is no power of two from 512 to 65536",
                             (unsigned)page_size);
    present = (file.size + page_size - 1) >> msf->page_shift;
    msf->truncated = present < page_count;
    msf->page_count = msf->truncated ? (uint32_t)present : page_count;
    if (directory_size > AVD_MAX_PDB_DIRECTORY_BYTES || directory_size > file.size)
        return avd_error_set(err, AVD_E_FORMAT, 0x2c, "header",
                             "directory of %u bytes in a file of %zu; the PDB cannot be read",
                             (unsigned)directory_size, file.size);
    if (directory_size == 0)
        return avd_error_set(err, AVD_E_FORMAT, 0x2c, "header",
                             "the directory is empty; the PDB cannot be read");
    status = read_directory(msf, arena, directory_size, err);
    return status == AVD_OK ? index_streams(msf, arena, err) : status;
}

bool avd_msf_stream(const struct avd_msf *msf, uint32_t number, struct avd_msf_stream *out)
{
    memset(out, 0, sizeof *out);
    if (number >= msf->stream_count)
        return false;
    out->size = stream_size(msf, number);
    if (out->size == 0)
        return false;
    out->page_list = msf->page_lists[number];
    out->msf = msf;
    return true;
}

static uint32_t page_number(const struct avd_msf_stream *stream, uint32_t index)
{
    return avd_view_u32(stream->msf->directory, ((uint64_t)stream->page_list + index) * 4);
}

bool avd_msf_run(const struct avd_msf_stream *stream, uint64_t offset, uint64_t size,
                 struct avd_view *out)
{
    static const struct avd_view empty;
    const struct avd_msf *msf = stream->msf;
    uint32_t page_size;
    uint32_t index;
    uint32_t page;
    uint64_t have;
    uint64_t in_page;

    *out = empty;
    if (msf == NULL || offset >= stream->size || size == 0)
        return false;
    if (size > stream->size - offset)
        size = stream->size - offset;
    page_size = 1u << msf->page_shift;
    index = (uint32_t)(offset >> msf->page_shift);
    page = page_number(stream, index);
    if (page == 0 || page >= msf->page_count)
        return false;
    in_page = offset & (page_size - 1);
    for (have = page_size - in_page; have < size; have += page_size) {
        uint32_t next = page_number(stream, ++index);

        /* Counted from the first page: index grows by one for each page passed. */
        if (next >= msf->page_count ||
            next != page + (uint32_t)((in_page + have) >> msf->page_shift))
            break;
    }
    if (size > have)
        size = have;
    return avd_view_clip(msf->file, ((uint64_t)page << msf->page_shift) + in_page, size, out);
}

bool avd_msf_page(const struct avd_msf_stream *stream, uint64_t offset, struct avd_view *out)
{
    static const struct avd_view empty;
    const struct avd_msf *msf = stream->msf;
    uint64_t in_page;
    uint64_t size;
    uint32_t page;

    *out = empty;
    if (msf == NULL || offset >= stream->size)
        return false;
    page = page_number(stream, (uint32_t)(offset >> msf->page_shift));
    if (page == 0 || page >= msf->page_count)
        return false;
    in_page = offset & ((1u << msf->page_shift) - 1);
    size = (1u << msf->page_shift) - in_page;
    if (size > stream->size - offset)
        size = stream->size - offset;
    return avd_view_clip(msf->file, ((uint64_t)page << msf->page_shift) + in_page, size, out);
}

bool avd_msf_view(const struct avd_msf_stream *stream, uint64_t offset, size_t size,
                  uint8_t *buffer, struct avd_view *out)
{
    struct avd_view run;
    size_t have;

    /* Nearly every request lies in one page. */
    if (avd_msf_page(stream, offset, &run) && avd_view_slice(run, 0, size, out))
        return true;
    if (avd_msf_run(stream, offset, size, out) && out->size == size)
        return true;
    for (have = 0; have < size; have += run.size) {
        if (!avd_msf_run(stream, offset + have, size - have, &run)) {
            memset(out, 0, sizeof *out);
            return size == 0;
        }
        memcpy(buffer + have, run.data, run.size);
        if (have == 0)
            out->offset = run.offset;
    }
    out->data = buffer;
    out->size = size;
    return true;
}

bool avd_msf_in_file(const struct avd_msf *msf, struct avd_view view)
{
    struct avd_view same;

    return avd_view_slice(msf->file, view.offset, view.size, &same) && same.data == view.data;
}

uint16_t avd_msf_u16(const struct avd_msf_stream *stream, uint64_t offset)
{
    uint8_t buffer[2];
    struct avd_view view;

    return avd_msf_view(stream, offset, sizeof buffer, buffer, &view) ? avd_le16(view.data) : 0;
}

uint32_t avd_msf_u32(const struct avd_msf_stream *stream, uint64_t offset)
{
    uint8_t buffer[4];
    struct avd_view view;

    return avd_msf_view(stream, offset, sizeof buffer, buffer, &view) ? avd_le32(view.data) : 0;
}

uint64_t avd_msf_offset(const struct avd_msf_stream *stream, uint64_t offset)
{
    struct avd_view view;

    return avd_msf_run(stream, offset, 1, &view) ? view.offset : 0;
}
