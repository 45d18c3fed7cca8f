/* SPDX-License-Identifier: MIT */
/* One analysis from end to end: modules, exception, threads, facts. */
#include "analyze/analysis.h"

#include "analyze/modules.h"
#include "base/limits.h"
#include "base/memory.h"
#include "minidump/format.h"

#include <string.h>

static enum avd_os dump_os(const struct avd_dump *dump)
{
    switch (dump->system.platform) {
    case MD_OS_LINUX:
    case MD_OS_ANDROID: return AVD_OS_LINUX;
    case MD_OS_MAC_OS_X:
    case MD_OS_IOS: return AVD_OS_MACOS;
    default: return avd_dump_is_windows(dump) ? AVD_OS_WINDOWS : AVD_OS_OTHER;
    }
}

/* Whether the code that raised the exception was 32-bit. */
static bool exception_is_32bit(struct avd_analysis *an)
{
    const struct avd_dump *dump = an->dump;
    const struct avd_exception *exception = &dump->exception;
    const struct avd_thread *thread = avd_dump_thread(dump, exception->thread_id);
    const struct avd_image *image;
    struct avd_wow64_thread wow;
    struct avd_context decoded;

    if (avd_dump_pointer_size(dump) == 4)
        return true;
    if (!an->wow64.present)
        return false;
    if (avd_cpu_amd64.read_context(exception->context.data, exception->context.size, &decoded)) {
        if (decoded.has_segments && decoded.cs == 0x23)
            return true;
    } else if (avd_cpu_x86.read_context(exception->context.data, exception->context.size,
                                        &decoded)) {
        return true;
    }
    /* At a second chance the thread stands in wow64.dll, and the registers of the fault are in the
     * CPU area: its eip is the record's address. */
    if (exception->address > UINT32_MAX)
        return false;
    image = avd_analysis_image(an, avd_analysis_module_at(an, exception->address));
    if (image != NULL && image->machine != AVD_MACHINE_UNKNOWN)
        return image->machine == AVD_MACHINE_I386;
    if (thread == NULL)
        return false;
    avd_wow64_thread_find(dump, &an->wow64, thread, thread->context, &an->arena, &wow);
    return wow.source == AVD_WOW64_CPU_AREA &&
           wow.context.regs.value[AVD_EIP] == exception->address;
}

static bool describe_exception(struct avd_analysis *an)
{
    const struct avd_exception *exception = &an->dump->exception;
    struct avd_exception_input in;

    if (!exception->present)
        return true;
    memset(&in, 0, sizeof in);
    in.os = dump_os(an->dump);
    if (in.os == AVD_OS_WINDOWS && exception->code == 0) {
        avd_note_add(&an->notes, "exception", exception->offset,
                     "the record has code 0, which is no exception (64-bit writers leave such "
                     "records when handed 32-bit exception pointers); not used");
        return true;
    }
    an->has_exception = true;
    an->exception_is_32bit = exception_is_32bit(an);
    in.is_64bit = !an->exception_is_32bit;
    in.code = exception->code;
    in.flags = exception->flags;
    in.address = exception->address;
    in.parameter_count = exception->parameter_count;
    in.parameters = exception->parameters;
    return avd_exception_describe(&in, &an->arena, &an->words);
}

static void symbol_module(void *ctx, size_t index, struct avd_symbol_module *out)
{
    struct avd_analysis *an = ctx;

    out->name = an->modules[index].module->name;
    out->image = avd_analysis_image(an, index);
}

static bool run(struct avd_analysis *an)
{
    size_t i;

    if (!avd_wow64_detect(an->dump, &an->arena, &an->wow64) || !avd_modules_collect(an) ||
        !describe_exception(an))
        return false;
    if (avd_symbolizer_new(an->module_count, symbol_module, an, &an->symbolizer) != AVD_OK)
        return false;
    if (!avd_analysis_threads(an))
        return false;
    for (i = 0; avd_detectors[i] != NULL; i++)
        avd_detectors[i]->run(an);
    return !an->facts.failed && !an->arena.failed;
}

enum avd_status avd_analysis_run(const struct avd_dump *dump,
                                 const struct avd_analyze_options *options,
                                 struct avd_analysis **out, struct avd_error *err)
{
    struct avd_analysis *an;

    *out = NULL;
    if (options != NULL && options->max_frames > AVD_MAX_FRAMES_CEILING)
        return avd_error_set(err, AVD_E_ARG, 0, "options",
                             "%u frames per stack asked for, at most %d are possible",
                             options->max_frames, (int)AVD_MAX_FRAMES_CEILING);
    an = avd_mem_calloc(1, sizeof *an);
    if (an == NULL)
        return avd_error_nomem(err);
    an->dump = dump;
    an->max_frames = AVD_MAX_FRAMES;
    if (options != NULL) {
        if (options->max_frames != 0)
            an->max_frames = options->max_frames;
        an->image_dirs = options->image_dirs;
        an->image_dir_count = options->image_dir_count;
    }
    avd_notes_init(&an->notes, &an->arena);
    avd_facts_init(&an->facts, &an->arena);
    if (!run(an)) {
        avd_analysis_free(an);
        return avd_error_nomem(err);
    }
    *out = an;
    return AVD_OK;
}

void avd_analysis_free(struct avd_analysis *an)
{
    if (an == NULL)
        return;
    avd_symbolizer_free(an->symbolizer);
    avd_modules_close(an);
    avd_arena_deinit(&an->arena);
    avd_mem_free(an);
}
