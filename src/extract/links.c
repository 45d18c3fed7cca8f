/* SPDX-License-Identifier: MIT */
/*
 * Where in a minidump RVAs are: minidumpapiset.h, for Linux' loaded objects Breakpad's
 * minidump_format.h, for annotations Crashpad's minidump_extensions.h. What is damaged was noted by
 * the stream readers; here it ends the list that it is in.
 */
#include "extract/links.h"

#include "base/limits.h"
#include "minidump/format.h"

/* Offsets of RVAs in records. A size, where a record has one, lies in the four bytes before. */
enum {
    SYSTEM_SERVICE_PACK = 24,
    THREAD_STACK = 36,
    THREAD_CONTEXT = 44,
    THREAD_BACKING_STORE = 60, /* MINIDUMP_THREAD_EX */
    MODULE_NAME = 20,
    MODULE_CODEVIEW = 80,
    MODULE_MISC = 88,
    UNLOADED_NAME = 20,
    EXCEPTION_CONTEXT = 164,
    THREAD_NAME = 4, /* an RVA64 */
    HANDLE_TYPE = 8,
    HANDLE_OBJECT = 12,
    HANDLE_INFORMATION = 32, /* MINIDUMP_HANDLE_DESCRIPTOR_2 */
    OBJECT_INFORMATION_HEADER_SIZE = 12,
    HANDLE_HEADER_SIZE = 16,
    UNLOADED_HEADER_SIZE = 12,
    CRASHPAD_DICTIONARY = 40,
    CRASHPAD_MODULES = 48,
    CRASHPAD_MODULE_SIZE = 28,
    DEBUG_MAP = 4, /* MDRawDebug, and behind it the count */
    DEBUG_COUNT = 8
};

struct walk {
    struct avd_dump dump; /* a copy whose notes and memory are the caller's scratch */
    avd_file_link_fn *each;
    void *ctx;
    uint64_t budget; /* fields that may still come */
    bool exceeded;
};

/* Another field, even one that leads nowhere. */
static bool afford(struct walk *w)
{
    w->exceeded |= w->budget == 0;
    w->budget -= w->budget != 0;
    return !w->exceeded;
}

static void emit(struct walk *w, uint64_t at, uint64_t target, uint64_t size, bool wide)
{
    struct avd_file_link link = {0};

    if (!afford(w) || target == 0)
        return;
    link.at = at;
    link.target = target;
    link.size = avd_dump_location(&w->dump, target, size).size;
    link.wide = wide;
    w->each(w->ctx, &link);
}

/* ---- the kinds of fields, at `offset` of `v` ---- */

/* A u32 length and the text. */
static uint64_t string_size(const struct walk *w, uint64_t rva)
{
    return 4 + (uint64_t)avd_view_u32(avd_dump_location(&w->dump, rva, 4), 0);
}

static void string(struct walk *w, struct avd_view v, uint64_t offset)
{
    uint32_t rva = avd_view_u32(v, offset);

    emit(w, v.offset + offset, rva, string_size(w, rva), false);
}

/* The RVA of a MINIDUMP_LOCATION_DESCRIPTOR; returns what it leads to. */
static struct avd_view location(struct walk *w, struct avd_view v, uint64_t offset)
{
    uint32_t rva = avd_view_u32(v, offset);
    uint32_t size = avd_view_u32(v, offset - 4);

    emit(w, v.offset + offset, rva, size, false);
    return avd_dump_location(&w->dump, rva, size);
}

static void memory(struct walk *w, struct avd_view v, uint64_t offset)
{
    struct avd_file_link link = {0};

    link.at = v.offset + offset;
    link.target = avd_view_u32(v, offset);
    link.is_memory = true;
    if (afford(w))
        w->each(w->ctx, &link);
}

/* ---- lists ---- */

typedef void entry_fn(struct walk *w, struct avd_view entry);

static void each_entry(struct walk *w, struct avd_view entries, size_t size, size_t count,
                       entry_fn *entry)
{
    size_t i;

    for (i = 0; i < count && !w->exceeded; i++) {
        struct avd_view v;

        if (avd_view_slice(entries, i * size, size, &v))
            entry(w, v);
    }
}

/* However many there are: the stream bounds them. */
static void list(struct walk *w, const struct avd_stream *stream, size_t size, entry_fn *entry)
{
    struct avd_view entries;
    size_t count = avd_dump_list(&w->dump, stream, "", size, SIZE_MAX, &entries);

    each_entry(w, entries, size, count, entry);
}

static void sized_list(struct walk *w, const struct avd_stream *stream, size_t header, size_t size,
                       entry_fn *entry)
{
    struct avd_view entries;
    size_t entry_size;
    size_t count = avd_dump_sized_list(&w->dump, stream, "", header, size, false, SIZE_MAX,
                                       &entry_size, &entries);

    each_entry(w, entries, entry_size, count, entry);
}

static void thread(struct walk *w, struct avd_view entry)
{
    memory(w, entry, THREAD_STACK);
    (void)location(w, entry, THREAD_CONTEXT);
}

static void thread_ex(struct walk *w, struct avd_view entry)
{
    thread(w, entry);
    memory(w, entry, THREAD_BACKING_STORE);
}

static void thread_name(struct walk *w, struct avd_view entry)
{
    uint64_t rva = avd_view_u64(entry, THREAD_NAME);

    emit(w, entry.offset + THREAD_NAME, rva, string_size(w, rva), true);
}

static void module(struct walk *w, struct avd_view entry)
{
    string(w, entry, MODULE_NAME);
    (void)location(w, entry, MODULE_CODEVIEW);
    (void)location(w, entry, MODULE_MISC);
}

static void unloaded(struct walk *w, struct avd_view entry)
{
    string(w, entry, UNLOADED_NAME);
}

/* A chain of MINIDUMP_HANDLE_OBJECT_INFORMATION, whose first field is the next one's RVA. */
static void handle(struct walk *w, struct avd_view entry)
{
    struct avd_view at = entry;
    uint64_t offset = HANDLE_INFORMATION;
    unsigned steps;

    string(w, entry, HANDLE_TYPE);
    string(w, entry, HANDLE_OBJECT);
    for (steps = 0; steps < AVD_MAX_OBJECT_INFO_CHAIN && !w->exceeded; steps++) {
        uint32_t rva = avd_view_u32(at, offset);
        struct avd_view head;

        if (rva == 0 || !avd_view_slice(w->dump.bytes, rva, OBJECT_INFORMATION_HEADER_SIZE, &head))
            return;
        emit(w, at.offset + offset, rva, head.size + (uint64_t)avd_view_u32(head, 8), false);
        at = head;
        offset = 0;
    }
}

/* ---- Crashpad's and Breakpad's ---- */

/* A list with a u32 count and, in entries of `size` bytes, texts at `first` and at `second`. */
static void texts(struct walk *w, struct avd_view v, uint64_t size, uint64_t first, uint64_t second)
{
    uint64_t count = avd_view_u32(v, 0);
    uint64_t i;

    for (i = 0; i < count && 4 + (i + 1) * size <= v.size && !w->exceeded; i++) {
        string(w, v, 4 + i * size + first);
        if (second != first)
            string(w, v, 4 + i * size + second);
    }
}

/* MinidumpModuleCrashpadInfoLink */
static void crashpad_module(struct walk *w, struct avd_view link)
{
    struct avd_view info = location(w, link, 8);

    if (info.size < CRASHPAD_MODULE_SIZE)
        return;
    texts(w, location(w, info, 8), 4, 0, 0);
    texts(w, location(w, info, 16), 8, 0, 4);
    texts(w, location(w, info, 24), 12, 0, 8); /* between them the value's type */
}

static void crashpad(struct walk *w, struct avd_view v)
{
    struct avd_view modules;
    struct avd_view links;

    texts(w, location(w, v, CRASHPAD_DICTIONARY), 8, 0, 4);
    modules = location(w, v, CRASHPAD_MODULES);
    (void)avd_view_clip(modules, 4, modules.size, &links);
    if (links.size / 12 < avd_view_u32(modules, 0))
        each_entry(w, links, 12, links.size / 12, crashpad_module);
    else
        each_entry(w, links, 12, avd_view_u32(modules, 0), crashpad_module);
}

/* MDRawDebug of the process's word size, and the MDRawLinkMaps it leads to. */
static void dso_debug(struct walk *w, struct avd_view v)
{
    const uint64_t word = avd_dump_pointer_size(&w->dump);
    const uint64_t size = 3 * word; /* the name's RVA is padded to a word */
    uint32_t map = avd_view_u32(v, DEBUG_MAP);
    uint64_t count = avd_view_u32(v, DEBUG_COUNT);
    struct avd_view maps = avd_dump_location(&w->dump, map, count * size);
    uint64_t i;

    emit(w, v.offset + DEBUG_MAP, map, maps.size, false);
    for (i = 0; (i + 1) * size <= maps.size && !w->exceeded; i++)
        string(w, maps, i * size + word);
}

/* ---- all of them ---- */

static void stream_links(struct walk *w, const struct avd_stream *stream)
{
    switch (stream->type) {
    case ThreadListStream: list(w, stream, MINIDUMP_THREAD_SIZE, thread); break;
    case ThreadExListStream: list(w, stream, MINIDUMP_THREAD_EX_SIZE, thread_ex); break;
    case ThreadNamesStream: list(w, stream, MINIDUMP_THREAD_NAME_SIZE, thread_name); break;
    case ModuleListStream:
    case WineHostModuleListStream: list(w, stream, MINIDUMP_MODULE_SIZE, module); break;
    case UnloadedModuleListStream:
        sized_list(w, stream, UNLOADED_HEADER_SIZE, MINIDUMP_UNLOADED_MODULE_SIZE, unloaded);
        break;
    case HandleDataStream:
        sized_list(w, stream, HANDLE_HEADER_SIZE, MINIDUMP_HANDLE_DESCRIPTOR_SIZE, handle);
        break;
    case SystemInfoStream: string(w, stream->view, SYSTEM_SERVICE_PACK); break;
    case ExceptionStream: (void)location(w, stream->view, EXCEPTION_CONTEXT); break;
    case CrashpadInfoStream: crashpad(w, stream->view); break;
    case LinuxDsoDebugStream: dso_debug(w, stream->view); break;
    default: break;
    }
}

bool avd_file_links(const struct avd_dump *dump, struct avd_arena *scratch, avd_file_link_fn *each,
                    void *ctx)
{
    struct walk w = {0};
    size_t i;

    w.dump = *dump;
    avd_notes_init(&w.dump.notes, scratch); /* the reader has told of all damage */
    w.each = each;
    w.ctx = ctx;
    w.budget = dump->bytes.size / sizeof(uint32_t);
    for (i = 0; i < dump->stream_count && !w.exceeded; i++)
        stream_links(&w, &dump->streams[i]);
    return !w.exceeded;
}

bool avd_file_links_unknown(uint32_t type)
{
    enum { CE_FIRST = 0x8000, CE_LAST = 0x800c };

    return type == MozMacosCrashInfoStream || type == MozMacosBootArgsStream ||
           (type >= CE_FIRST && type <= CE_LAST);
}
