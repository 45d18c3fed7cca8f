/* SPDX-License-Identifier: MIT */
/*
 * The streams of an x86 dump (minidumpapiset.h), written from what the reader made of the 64-bit
 * dump's. What has no addresses and leads nowhere in the file stays as it is; what tells only of
 * the 64-bit half, or is laid out by the writer's width in a way that nobody documents, is left
 * out.
 */
#include "extract/dump32.h"

#include "minidump/format.h"

#include <inttypes.h>
#include <string.h>

/* Offsets in records of the dump that are copied. */
enum {
    MODULE_VERSION = 24, /* VS_FIXEDFILEINFO */
    MODULE_VERSION_SIZE = 52,
    MODULE_CODEVIEW = 76, /* two MINIDUMP_LOCATION_DESCRIPTORs */
    MODULE_MISC = 84,
    MISC_XSTATE = 832, /* XSTATE_CONFIG_FEATURE_MSC_INFO, and behind it the process cookie */
    MISC_COOKIE = 1360,
    MISC_SIZE = 1364,
    MAX_RECORD = 65536 /* of CodeView: a path, and less than 100 bytes */
};

/* ---- system ---- */

/* The CPU's identification is laid out otherwise for x86, and a 64-bit dump does not have it. */
static void put_system(struct avd_writer *w, const struct avd_dump *dump)
{
    const struct avd_system *system = &dump->system;
    const struct avd_stream *stream = avd_dump_stream(dump, SystemInfoStream);
    uint32_t service_pack = avd_writer_text(w, system->service_pack);
    struct avd_view tail;

    avd_writer_stream_begin(w, SystemInfoStream);
    avd_writer_u16(w, PROCESSOR_ARCHITECTURE_INTEL);
    avd_writer_u16(w, system->processor_level);
    avd_writer_u16(w, system->processor_revision);
    avd_writer_u16(w, (uint16_t)(system->processor_count | system->product_type << 8));
    avd_writer_u32(w, system->major);
    avd_writer_u32(w, system->minor);
    avd_writer_u32(w, system->build);
    avd_writer_u32(w, system->platform);
    avd_writer_u32(w, service_pack);
    avd_writer_u16(w, system->suite_mask);
    avd_writer_zeros(w, 2 + 24);
    /* Wine's addition counts offsets from itself. */
    if (stream != NULL && avd_view_clip(stream->view, MINIDUMP_SYSTEM_INFO_SIZE, MAX_RECORD, &tail))
        avd_writer_bytes(w, tail.data, tail.size);
    avd_writer_stream_end(w);
}

/* MINIDUMP_MISC_INFO; of version 5 without AMD64's table of XSTATE, which no x86 CONTEXT has. */
static void put_misc(struct avd_writer *w, const struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, MiscInfoStream);
    uint32_t size;
    struct avd_view v;

    if (stream == NULL)
        return;
    size = avd_view_u32(stream->view, 0);
    if (!avd_view_clip(stream->view, 0, size, &v) || v.size <= MISC_XSTATE) {
        avd_writer_stream_view(w, MiscInfoStream, stream->view);
        return;
    }
    size = v.size < MISC_SIZE ? MISC_XSTATE : MISC_SIZE;
    avd_writer_stream_begin(w, MiscInfoStream);
    avd_writer_u32(w, size);
    avd_writer_bytes(w, v.data + 4, MISC_XSTATE - 4);
    if (size == MISC_SIZE) {
        avd_writer_zeros(w, MISC_COOKIE - MISC_XSTATE);
        avd_writer_u32(w, avd_view_u32(v, MISC_COOKIE));
    }
    avd_writer_stream_end(w);
}

/* ---- threads ---- */

static void put_threads(struct avd_writer *w, const struct avd_half32 *half)
{
    uint32_t *contexts = avd_arena_alloc(&w->arena, half->thread_count, sizeof *contexts);
    size_t i;

    if (contexts == NULL)
        return;
    for (i = 0; i < half->thread_count; i++)
        contexts[i] = avd_writer_blob(w, half->threads[i].context, AVD_CONTEXT32_SIZE);
    avd_writer_stream_begin(w, ThreadListStream);
    avd_writer_u32(w, (uint32_t)half->thread_count);
    for (i = 0; i < half->thread_count; i++) {
        const struct avd_half32_thread *thread = &half->threads[i];

        avd_writer_u32(w, thread->thread->id);
        avd_writer_u32(w, thread->thread->suspend_count);
        avd_writer_u32(w, thread->thread->priority_class);
        avd_writer_u32(w, (uint32_t)thread->thread->priority);
        avd_writer_u64(w, thread->teb);
        avd_writer_u64(w, thread->stack_start);
        avd_writer_memory_location(w, thread->stack_start, thread->stack_size);
        avd_writer_u32(w, AVD_CONTEXT32_SIZE);
        avd_writer_u32(w, contexts[i]);
    }
    avd_writer_stream_end(w);
}

static void put_thread_names(struct avd_writer *w, const struct avd_half32 *half)
{
    uint32_t *names = avd_arena_alloc(&w->arena, half->thread_count, sizeof *names);
    uint32_t count = 0;
    size_t i;

    for (i = 0; i < half->thread_count && names != NULL; i++) {
        names[i] = avd_writer_text(w, half->threads[i].thread->name);
        count += names[i] != 0;
    }
    if (count == 0)
        return;
    avd_writer_stream_begin(w, ThreadNamesStream);
    avd_writer_u32(w, count);
    for (i = 0; i < half->thread_count; i++) {
        if (names[i] == 0)
            continue;
        avd_writer_u32(w, half->threads[i].thread->id);
        avd_writer_u64(w, names[i]);
    }
    avd_writer_stream_end(w);
}

static void put_thread_info(struct avd_writer *w, const struct avd_half32 *half)
{
    uint32_t count = 0;
    size_t i;

    for (i = 0; i < half->thread_count; i++)
        count += half->threads[i].thread->has_info;
    if (count == 0)
        return;
    avd_writer_stream_begin(w, ThreadInfoListStream);
    avd_writer_u32(w, 12);
    avd_writer_u32(w, MINIDUMP_THREAD_INFO_SIZE);
    avd_writer_u32(w, count);
    for (i = 0; i < half->thread_count; i++) {
        const struct avd_thread *thread = half->threads[i].thread;

        if (!thread->has_info)
            continue;
        avd_writer_u32(w, thread->id);
        avd_writer_u32(w, thread->dump_flags);
        avd_writer_u32(w, thread->dump_error);
        avd_writer_u32(w, thread->exit_status);
        avd_writer_u64(w, thread->create_time);
        avd_writer_u64(w, thread->exit_time);
        avd_writer_u64(w, thread->kernel_time);
        avd_writer_u64(w, thread->user_time);
        avd_writer_u64(w, thread->start_address);
        avd_writer_u64(w, thread->affinity);
    }
    avd_writer_stream_end(w);
}

static void put_exception(struct avd_writer *w, const struct avd_half32 *half)
{
    const struct avd_exception *exception = &half->exception;
    uint32_t context;
    size_t i;

    if (!half->has_exception)
        return;
    context = avd_writer_blob(w, half->exception_context, AVD_CONTEXT32_SIZE);
    avd_writer_stream_begin(w, ExceptionStream);
    avd_writer_u32(w, exception->thread_id);
    avd_writer_u32(w, 0);
    avd_writer_u32(w, exception->code);
    avd_writer_u32(w, exception->flags);
    avd_writer_u64(w, exception->nested_record);
    avd_writer_u64(w, exception->address);
    avd_writer_u32(w, exception->parameter_count);
    avd_writer_u32(w, 0);
    for (i = 0; i < EXCEPTION_MAXIMUM_PARAMETERS; i++)
        avd_writer_u64(w, i < exception->parameter_count ? exception->parameters[i] : 0);
    avd_writer_u32(w, AVD_CONTEXT32_SIZE);
    avd_writer_u32(w, context);
    avd_writer_stream_end(w);
}

/* ---- modules ---- */

/* What of a MINIDUMP_MODULE leads elsewhere in the file. */
struct module_parts {
    uint32_t name;
    uint32_t codeview, codeview_size;
    uint32_t misc, misc_size;
};

/* Copies the record that the descriptor at `offset` of a module's entry leads to. Several entries
 * may claim one large record, so `budget` bounds them all. */
static uint32_t copy_record(struct avd_writer *w, const struct avd_dump *dump,
                            struct avd_view entry, size_t offset, uint64_t *budget, uint32_t *size)
{
    uint32_t rva = avd_view_u32(entry, offset + 4);
    struct avd_view record = avd_dump_location(dump, rva, avd_view_u32(entry, offset));

    *size = 0;
    if (rva == 0 || record.size == 0 || record.size > MAX_RECORD || record.size > *budget)
        return 0;
    *budget -= record.size;
    *size = (uint32_t)record.size;
    return avd_writer_blob(w, record.data, record.size);
}

/* The RSDS record of an image, for modules that a writer lists without one. */
static uint32_t make_codeview(struct avd_writer *w, const struct avd_image *image, uint32_t *size)
{
    struct avd_pdb_id id;
    uint8_t record[24 + sizeof id.path];
    size_t length;

    if (image == NULL || avd_image_pdb_id(image, &id) != AVD_OK)
        return 0;
    length = strlen(id.path);
    avd_put_le32(record, CV_SIGNATURE_RSDS);
    memcpy(record + 4, id.guid, sizeof id.guid);
    avd_put_le32(record + 20, id.age);
    memcpy(record + 24, id.path, length + 1);
    *size = (uint32_t)(24 + length + 1);
    return avd_writer_blob(w, record, *size);
}

static void put_module_parts(struct avd_writer *w, struct avd_analysis *an, size_t index,
                             uint64_t *budget, struct module_parts *out)
{
    const struct avd_module *module = an->modules[index].module;

    out->name = avd_writer_text(w, module->path);
    out->codeview =
        copy_record(w, an->dump, module->entry, MODULE_CODEVIEW, budget, &out->codeview_size);
    if (module->codeview == AVD_CV_NONE)
        out->codeview = make_codeview(w, avd_analysis_image(an, index), &out->codeview_size);
    out->misc = copy_record(w, an->dump, module->entry, MODULE_MISC, budget, &out->misc_size);
}

static void put_modules(struct avd_writer *w, const struct avd_half32 *half)
{
    struct avd_analysis *an = half->an;
    struct module_parts *parts = avd_arena_alloc(&w->arena, half->module_count, sizeof *parts);
    uint64_t budget = an->dump->bytes.size;
    size_t i;

    if (parts == NULL)
        return;
    for (i = 0; i < half->module_count; i++)
        put_module_parts(w, an, half->modules[i], &budget, &parts[i]);
    avd_writer_stream_begin(w, ModuleListStream);
    avd_writer_u32(w, (uint32_t)half->module_count);
    for (i = 0; i < half->module_count; i++) {
        const struct avd_module *module = an->modules[half->modules[i]].module;
        const struct avd_image *image = avd_analysis_image(an, half->modules[i]);
        struct avd_view version;

        avd_writer_u64(w, module->base);
        avd_writer_u32(w, module->size);
        avd_writer_u32(w, module->from_loader_list && image != NULL ? image->checksum
                                                                    : module->checksum);
        avd_writer_u32(w, module->timestamp);
        avd_writer_u32(w, parts[i].name);
        if (avd_view_slice(module->entry, MODULE_VERSION, MODULE_VERSION_SIZE, &version))
            avd_writer_bytes(w, version.data, version.size);
        else
            avd_writer_zeros(w, MODULE_VERSION_SIZE);
        avd_writer_u32(w, parts[i].codeview_size);
        avd_writer_u32(w, parts[i].codeview);
        avd_writer_u32(w, parts[i].misc_size);
        avd_writer_u32(w, parts[i].misc);
        avd_writer_zeros(w, 16);
    }
    avd_writer_stream_end(w);
}

static bool is_below_4gib(const struct avd_unloaded_module *module)
{
    return module->base <= UINT32_MAX;
}

static void put_unloaded(struct avd_writer *w, const struct avd_dump *dump)
{
    uint32_t *names = avd_arena_alloc(&w->arena, dump->unloaded_count, sizeof *names);
    uint32_t count = 0;
    size_t i;

    for (i = 0; i < dump->unloaded_count && names != NULL; i++)
        if (is_below_4gib(&dump->unloaded[i])) {
            names[i] = avd_writer_text(w, dump->unloaded[i].path);
            count++;
        }
    if (count == 0)
        return;
    avd_writer_stream_begin(w, UnloadedModuleListStream);
    avd_writer_u32(w, 12);
    avd_writer_u32(w, MINIDUMP_UNLOADED_MODULE_SIZE);
    avd_writer_u32(w, count);
    for (i = 0; i < dump->unloaded_count; i++) {
        const struct avd_unloaded_module *module = &dump->unloaded[i];

        if (!is_below_4gib(module))
            continue;
        avd_writer_u64(w, module->base);
        avd_writer_u32(w, module->size);
        avd_writer_u32(w, module->checksum);
        avd_writer_u32(w, module->timestamp);
        avd_writer_u32(w, names[i]);
    }
    avd_writer_stream_end(w);
}

/* ---- regions ---- */

static void put_regions(struct avd_writer *w, const struct avd_dump *dump)
{
    const uint64_t end32 = UINT64_C(1) << 32;
    const struct avd_region *regions = dump->memory.regions;
    size_t count = 0;
    size_t i;

    while (count < dump->memory.region_count && regions[count].base < end32)
        count++;
    if (count == 0)
        return;
    avd_writer_stream_begin(w, MemoryInfoListStream);
    avd_writer_u32(w, 16);
    avd_writer_u32(w, MINIDUMP_MEMORY_INFO_SIZE);
    avd_writer_u64(w, count);
    for (i = 0; i < count; i++) {
        const struct avd_region *region = &regions[i];

        avd_writer_u64(w, region->base);
        avd_writer_u64(w, region->allocation_base);
        avd_writer_u32(w, region->allocation_protect);
        avd_writer_u32(w, 0);
        avd_writer_u64(w,
                       region->size < end32 - region->base ? region->size : end32 - region->base);
        avd_writer_u32(w, region->state);
        avd_writer_u32(w, region->protect);
        avd_writer_u32(w, region->type);
        avd_writer_u32(w, 0);
    }
    avd_writer_stream_end(w);
}

/* ---- what stays as it is ---- */

enum treatment { TREAT_WRITTEN, TREAT_COPY, TREAT_LEAVE_OUT };

static enum treatment treatment_of(uint32_t type)
{
    switch (type) {
    case ThreadListStream:
    case ThreadExListStream:
    case ModuleListStream:
    case MemoryListStream:
    case Memory64ListStream:
    case ExceptionStream:
    case SystemInfoStream:
    case HandleDataStream:
    case UnloadedModuleListStream:
    case MiscInfoStream:
    case MemoryInfoListStream:
    case ThreadInfoListStream:
    case ThreadNamesStream:
    case CrashpadInfoStream: return TREAT_WRITTEN;
    case CommentStreamA:
    case CommentStreamW:
    case HandleOperationListStream:
    case SystemMemoryInfoStream:
    case ProcessVmCountersStream:
    case BreakpadInfoStream:
    case BreakpadAssertionInfoStream: return TREAT_COPY;
    /* a program's own stream; one that is known by name has a layout that may lead elsewhere */
    default:
        return type > LastReservedStream && avd_stream_name(type) == NULL ? TREAT_COPY
                                                                          : TREAT_LEAVE_OUT;
    }
}

/* Why a stream is left out. */
static const char *reason_of(uint32_t type)
{
    if (type == FunctionTableStream)
        return "32-bit code has no such tables";
    if (type == TokenStream)
        return "what is in it depends on the writer's width and is not documented";
    return "it is laid out for the 64-bit dump";
}

static void copy_streams(struct avd_writer *w, struct avd_half32 *half)
{
    const struct avd_dump *dump = half->an->dump;
    size_t i;

    for (i = 0; i < dump->stream_count; i++) {
        const struct avd_stream *stream = &dump->streams[i];
        enum treatment treatment = treatment_of(stream->type);
        const char *name = avd_stream_name(stream->type);

        if (stream->duplicate || treatment == TREAT_WRITTEN)
            continue;
        if (treatment == TREAT_COPY)
            avd_writer_stream_view(w, stream->type, stream->view);
        else
            avd_note_add(&half->notes, "streams", AVD_NO_OFFSET,
                         "stream 0x%" PRIx32 "%s%s is left out, %s", stream->type,
                         name != NULL ? " " : "", name != NULL ? name : "",
                         reason_of(stream->type));
    }
}

void avd_dump32_streams(struct avd_writer *w, struct avd_half32 *half, const char *comment)
{
    const struct avd_dump *dump = half->an->dump;

    w->timestamp = dump->timestamp;
    w->flags = dump->flags;
    put_system(w, dump);
    put_misc(w, dump);
    put_threads(w, half);
    put_thread_names(w, half);
    put_thread_info(w, half);
    put_exception(w, half);
    put_modules(w, half);
    put_unloaded(w, dump);
    put_regions(w, dump);
    avd_dump32_handles(w, half);
    avd_dump32_crashpad(w, half);
    if (avd_dump_stream(dump, CommentStreamA) == NULL) {
        avd_writer_stream_begin(w, CommentStreamA);
        avd_writer_bytes(w, comment, strlen(comment) + 1);
        avd_writer_stream_end(w);
    }
    copy_streams(w, half);
}
