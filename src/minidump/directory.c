/* SPDX-License-Identifier: MIT */
/*
 * The stream directory, and the decoding that several streams share: strings, location
 * descriptors, and the two kinds of lists with their writers' quirks.
 */
#include "base/limits.h"
#include "base/utf.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    uint32_t type;
    const char *name;
} stream_names[] = {
    {ThreadListStream, "ThreadListStream"},
    {ModuleListStream, "ModuleListStream"},
    {MemoryListStream, "MemoryListStream"},
    {ExceptionStream, "ExceptionStream"},
    {SystemInfoStream, "SystemInfoStream"},
    {ThreadExListStream, "ThreadExListStream"},
    {Memory64ListStream, "Memory64ListStream"},
    {CommentStreamA, "CommentStreamA"},
    {CommentStreamW, "CommentStreamW"},
    {HandleDataStream, "HandleDataStream"},
    {FunctionTableStream, "FunctionTableStream"},
    {UnloadedModuleListStream, "UnloadedModuleListStream"},
    {MiscInfoStream, "MiscInfoStream"},
    {MemoryInfoListStream, "MemoryInfoListStream"},
    {ThreadInfoListStream, "ThreadInfoListStream"},
    {HandleOperationListStream, "HandleOperationListStream"},
    {TokenStream, "TokenStream"},
    {JavaScriptDataStream, "JavaScriptDataStream"},
    {SystemMemoryInfoStream, "SystemMemoryInfoStream"},
    {ProcessVmCountersStream, "ProcessVmCountersStream"},
    {IptTraceStream, "IptTraceStream"},
    {ThreadNamesStream, "ThreadNamesStream"},
    {0x8000, "CeStreamNull"},
    {0x8001, "CeStreamSystemInfo"},
    {0x8002, "CeStreamException"},
    {0x8003, "CeStreamModuleList"},
    {0x8004, "CeStreamProcessList"},
    {0x8005, "CeStreamThreadList"},
    {0x8006, "CeStreamThreadContextList"},
    {0x8007, "CeStreamThreadCallStackList"},
    {0x8008, "CeStreamMemoryVirtualList"},
    {0x8009, "CeStreamMemoryPhysicalList"},
    {0x800a, "CeStreamBucketParameters"},
    {0x800b, "CeStreamProcessModuleMap"},
    {0x800c, "CeStreamDiagnosisList"},
    {WineHostModuleListStream, "WineHostModuleList"},
    {CrashpadInfoStream, "CrashpadInfoStream"},
    {BreakpadInfoStream, "BreakpadInfoStream"},
    {BreakpadAssertionInfoStream, "BreakpadAssertionInfoStream"},
    {LinuxCpuInfoStream, "LinuxCpuInfo"},
    {LinuxProcStatusStream, "LinuxProcStatus"},
    {LinuxLsbReleaseStream, "LinuxLsbRelease"},
    {LinuxCmdLineStream, "LinuxCmdLine"},
    {LinuxEnvironStream, "LinuxEnviron"},
    {LinuxAuxvStream, "LinuxAuxv"},
    {LinuxMapsStream, "LinuxMaps"},
    {LinuxDsoDebugStream, "LinuxDsoDebug"},
    {LinuxProcStatStream, "LinuxProcStat"},
    {LinuxProcUptimeStream, "LinuxProcUptime"},
    {LinuxProcFdStream, "LinuxProcFd"},
    {ChromeStabilityReportStream, "ChromeStabilityReport"},
    {MozMacosCrashInfoStream, "MozMacosCrashInfoStream"},
    {MozMacosBootArgsStream, "MozMacosBootArgsStream"},
    {MozLinuxLimitsStream, "MozLinuxLimits"},
    {MozSoftErrorsStream, "MozSoftErrors"},
    {0xface1ca7, "FacebookLogcat"},
    {0xfacecafa, "FacebookAppCustomData"},
    {0xfacecafb, "FacebookBuildID"},
    {0xfacecafc, "FacebookAppVersionName"},
    {0xfacecafd, "FacebookJavaStack"},
    {0xfacecafe, "FacebookDalvikInfo"},
    {0xfacecaff, "FacebookUnwindSymbols"},
    {0xfacecb00, "FacebookDumpErrorLog"},
    {0xfacecccc, "FacebookAppStateLog"},
    {0xfacedead, "FacebookAbortReason"},
    {0xfacee000, "FacebookThreadName"},
};

const char *avd_stream_name(uint32_t type)
{
    size_t i;

    for (i = 0; i < sizeof stream_names / sizeof stream_names[0]; i++)
        if (stream_names[i].type == type)
            return stream_names[i].name;
    return NULL;
}

const struct avd_stream *avd_dump_stream(const struct avd_dump *dump, uint32_t type)
{
    size_t i;

    for (i = 0; i < dump->stream_count; i++)
        if (dump->streams[i].type == type && !dump->streams[i].duplicate)
            return &dump->streams[i];
    return NULL;
}

static const char *shown_name(uint32_t type)
{
    const char *name = avd_stream_name(type);

    return name != NULL ? name : "user stream";
}

/* Streams above LastReservedStream that nobody documented may repeat: they are the writer's own. */
static bool may_repeat(uint32_t type)
{
    return type > LastReservedStream && avd_stream_name(type) == NULL;
}

bool avd_read_directory(struct avd_dump *dump, uint32_t count, uint32_t offset)
{
    struct avd_stream *streams;
    struct avd_view entries;
    uint64_t fit;
    size_t i;

    fit = offset <= dump->bytes.size ? (dump->bytes.size - offset) / MINIDUMP_DIRECTORY_SIZE : 0;
    if (fit > AVD_MAX_STREAMS)
        fit = AVD_MAX_STREAMS;
    if (count > fit) {
        avd_note_add(&dump->notes, "stream directory", offset,
                     "%" PRIu32 " entries at 0x%" PRIx32 " do not fit the file of %zu bytes; "
                     "reading %" PRIu64,
                     count, offset, dump->bytes.size, fit);
        count = (uint32_t)fit;
    }
    if (!avd_view_array(dump->bytes, offset, count, MINIDUMP_DIRECTORY_SIZE, &entries))
        count = 0;
    streams = avd_arena_alloc(&dump->arena, count, sizeof *streams);
    if (streams == NULL)
        return false;
    dump->streams = streams;
    for (i = 0; i < count; i++) {
        struct avd_cursor c = avd_cursor_at(entries, i * MINIDUMP_DIRECTORY_SIZE);
        struct avd_stream *stream = &streams[dump->stream_count];

        stream->type = avd_cursor_u32(&c);
        stream->size = avd_cursor_u32(&c);
        stream->offset = avd_cursor_u32(&c);
        if (stream->type <= ReservedStream1) {
            dump->unused_stream_count++;
            continue;
        }
        stream->view = avd_dump_location(dump, stream->offset, stream->size);
        stream->truncated = stream->view.size < stream->size;
        if (stream->truncated)
            avd_note_add(&dump->notes, shown_name(stream->type), stream->offset,
                         "stream 0x%" PRIx32 " needs %" PRIu32
                         " bytes, the file ends after %zu; %s",
                         stream->type, stream->size, stream->view.size,
                         stream->view.size != 0 ? "reading what is there" : "not read");
        if (!may_repeat(stream->type) && avd_dump_stream(dump, stream->type) != NULL) {
            stream->duplicate = true;
            avd_note_add(&dump->notes, shown_name(stream->type), stream->offset,
                         "a second stream of type 0x%" PRIx32 "; the first one is read",
                         stream->type);
        }
        dump->stream_count++;
    }
    return true;
}

struct avd_view avd_dump_location(const struct avd_dump *dump, uint64_t rva, uint64_t size)
{
    struct avd_view out;

    (void)avd_view_clip(dump->bytes, rva, size, &out);
    return out;
}

/* The characters behind a u32 length at `rva`, as many as are there. */
static struct avd_view string_bytes(const struct avd_dump *dump, uint64_t rva, bool *found)
{
    struct avd_view head;
    struct avd_view out = {0};
    uint32_t size;

    *found = rva != 0 && avd_view_slice(dump->bytes, rva, 4, &head);
    if (!*found)
        return out;
    size = avd_le32(head.data);
    if (size > AVD_MAX_STRING_BYTES)
        size = AVD_MAX_STRING_BYTES;
    return avd_dump_location(dump, rva + 4, size);
}

bool avd_dump_afford(struct avd_dump *dump, uint64_t size)
{
    /* What decoding takes at most, and the arena's rounding. */
    uint64_t cost = 2 * size + 16;

    if (cost > dump->text_budget) {
        dump->texts_refused++;
        return false;
    }
    dump->text_budget -= cost;
    return true;
}

char *avd_dump_string(struct avd_dump *dump, uint64_t rva)
{
    bool found;
    struct avd_view v = string_bytes(dump, rva, &found);

    return found && avd_dump_afford(dump, v.size) ? avd_utf16_to_utf8(&dump->arena, v) : NULL;
}

char *avd_dump_utf8_string(struct avd_dump *dump, uint64_t rva)
{
    bool found;
    struct avd_view v = string_bytes(dump, rva, &found);

    return found && avd_dump_afford(dump, v.size) ? avd_bytes_to_utf8(&dump->arena, v) : NULL;
}

/* The part of a list that avdump reads: `count` entries of `entry_size` behind `head`, at most
 * `limit`. */
static size_t list_entries(struct avd_dump *dump, const struct avd_stream *stream, const char *what,
                           uint64_t head, uint64_t count, size_t entry_size, size_t limit,
                           struct avd_view *entries)
{
    if (count > limit) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "%" PRIu64 " entries are more than avdump reads; reading the first %zu", count,
                     limit);
        count = limit;
    }
    (void)avd_view_array(stream->view, head, count, entry_size, entries);
    return (size_t)count;
}

size_t avd_dump_list(struct avd_dump *dump, const struct avd_stream *stream, const char *what,
                     size_t entry_size, size_t limit, struct avd_view *entries)
{
    uint64_t count = avd_view_u32(stream->view, 0);
    uint64_t head = 4;
    uint64_t fit;

    memset(entries, 0, sizeof *entries);
    if (stream->view.size < 4) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "stream has %zu bytes, its count alone needs 4; none read", stream->view.size);
        return 0;
    }
    /* Breakpad aligns the entries to 8 bytes; the stream's size tells. */
    if (stream->size == 8 + count * entry_size)
        head = 8;
    fit = stream->view.size > head ? (stream->view.size - head) / entry_size : 0;
    if (count > fit) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "%" PRIu64 " entries need %" PRIu64 " bytes, stream has %zu; reading %" PRIu64
                     " of %" PRIu64,
                     count, head + count * entry_size, stream->view.size, fit, count);
        count = fit;
    }
    return list_entries(dump, stream, what, head, count, entry_size, limit, entries);
}

size_t avd_dump_sized_list(struct avd_dump *dump, const struct avd_stream *stream, const char *what,
                           size_t header_min, size_t entry_min, bool wide_count, size_t limit,
                           size_t *entry_size, struct avd_view *entries)
{
    struct avd_cursor c = avd_cursor_at(stream->view, 0);
    uint32_t header = avd_cursor_u32(&c);
    uint32_t entry = avd_cursor_u32(&c);
    uint64_t count = wide_count ? avd_cursor_u64(&c) : avd_cursor_u32(&c);
    uint64_t fit;

    memset(entries, 0, sizeof *entries);
    *entry_size = entry;
    if (c.failed) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "stream has %zu bytes, its header needs %zu; none read", stream->view.size,
                     header_min);
        return 0;
    }
    if (count == 0)
        return 0;
    if (header < header_min || entry < entry_min) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "header of %" PRIu32 " and entries of %" PRIu32
                     " bytes, expected at least %zu and %zu; none read",
                     header, entry, header_min, entry_min);
        return 0;
    }
    fit = stream->view.size > header ? (stream->view.size - header) / entry : 0;
    if (count > fit) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "%" PRIu64 " entries of %" PRIu32 " bytes do not fit the stream of %zu; "
                     "reading %" PRIu64,
                     count, entry, stream->view.size, fit);
        count = fit;
    }
    return list_entries(dump, stream, what, header, count, entry, limit, entries);
}
