/* SPDX-License-Identifier: MIT */
/* One analysis from end to end: modules, exception, threads, facts. */
#include "analyze/analysis.h"

#include "analyze/modules.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/utf.h"
#include "minidump/format.h"

#include <string.h>

enum avd_os avd_analysis_os(const struct avd_dump *dump)
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
    const struct avd_exception *exception = &an->exception;
    const struct avd_thread *thread = avd_dump_thread(dump, exception->thread_id);
    const struct avd_image *image;
    struct avd_wow64_thread wow;
    struct avd_context decoded;
    bool other_place = false;

    if (avd_dump_pointer_size(dump) == 4)
        return true;
    if (!an->wow64.present)
        return false;
    if (avd_cpu_amd64.read_context(exception->context.data, exception->context.size, &decoded)) {
        if (decoded.has_segments && decoded.cs == 0x23)
            return true;
        /* A fault of 64-bit code stands at its own address. */
        if (avd_reg_known(&decoded.regs, AVD_RIP) &&
            decoded.regs.value[AVD_RIP] == exception->address)
            return false;
        other_place = true;
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
    if (thread != NULL) {
        avd_wow64_thread_find(dump, &an->wow64, thread, thread->context, &an->arena, &wow);
        if (wow.source == AVD_WOW64_CPU_AREA &&
            wow.context.regs.value[AVD_EIP] == exception->address)
            return true;
    }
    /* A small dump without images and CPU areas: the registers are 64-bit code's, the address is
     * not theirs, and it is one that 32-bit code can have. */
    return other_place;
}

bool avd_analysis_describe(struct avd_analysis *an, bool is_32bit)
{
    const struct avd_exception *exception = &an->exception;
    struct avd_exception_input in;

    memset(&in, 0, sizeof in);
    in.os = avd_analysis_os(an->dump);
    an->has_exception = true;
    an->exception_is_32bit = is_32bit;
    in.is_64bit = !is_32bit;
    in.code = exception->code;
    in.flags = exception->flags;
    in.address = exception->address;
    in.parameter_count = exception->parameter_count;
    in.parameters = exception->parameters;
    return avd_exception_describe(&in, &an->arena, &an->words);
}

/* The exception as the dump stores it. */
static bool stored_exception(struct avd_analysis *an)
{
    const struct avd_exception *exception = &an->dump->exception;

    an->chosen = AVD_NO_MODULE;
    if (!exception->present)
        return true;
    if (avd_analysis_os(an->dump) == AVD_OS_WINDOWS) {
        if (exception->code == 0) {
            an->stored_doubt = "its code is 0";
            avd_note_add(&an->notes, "exception", exception->offset,
                         "the record has code 0, which is no exception (64-bit writers leave such "
                         "records when handed 32-bit exception pointers); not used");
            return true;
        }
        /* A 32-bit record that was read as a 64-bit one has a parameter for its count. */
        if (exception->excess_parameters)
            an->stored_doubt = "it claims more parameters than a record can have";
    }
    an->exception = *exception;
    return avd_analysis_describe(an, exception_is_32bit(an));
}

/* The identity by which stores know the module's symbols; Wine's writer leaves it out, then the
 * image in the dump's memory has it. */
static void fill_query(struct avd_analysis *an, size_t index, struct avd_symbol_query *query)
{
    const struct avd_module *module = an->modules[index].module;
    const struct avd_image *image = avd_analysis_image(an, index);
    struct avd_module found = *module;
    struct avd_pdb_id id;

    query->image_name = module->name;
    query->image_path = module->path;
    query->timestamp = module->timestamp;
    query->image_size = module->size;
    if (module->codeview == AVD_CV_NONE && image != NULL &&
        avd_image_pdb_id(image, &id) == AVD_OK) {
        found.codeview = AVD_CV_RSDS;
        memcpy(found.guid, id.guid, sizeof found.guid);
        found.age = id.age;
        found.pdb_path = avd_arena_strdup(&an->arena, id.path);
    }
    if (found.pdb_path != NULL && found.pdb_path[0] != '\0')
        query->debug_path = found.pdb_path;
    else if (found.codeview == AVD_CV_BUILD_ID || !avd_dump_is_windows(an->dump))
        query->debug_path = module->path; /* Breakpad names ELF and Mach-O symbols by the file */
    if (query->debug_path != NULL && query->debug_path[0] != '\0')
        query->debug_file = avd_path_leaf(query->debug_path);
    query->has_guid = found.codeview == AVD_CV_RSDS;
    memcpy(query->guid, found.guid, sizeof query->guid);
    query->has_signature = found.codeview == AVD_CV_NB10;
    query->signature = found.pdb_signature;
    query->age = found.age;
    query->debug_id = avd_module_debug_id(&found, &an->arena);
}

static void symbol_module(void *ctx, size_t index, struct avd_symbol_module *out)
{
    struct avd_analysis *an = ctx;

    out->name = an->modules[index].module->name;
    out->image = avd_analysis_image(an, index);
    out->image_path = an->modules[index].file_path;
    out->x86 = avd_dump_pointer_size(an->dump) == 4 ||
               (out->image != NULL && out->image->machine == AVD_MACHINE_I386);
    fill_query(an, index, &out->query);
}

static bool run(struct avd_analysis *an)
{
    struct avd_symbolizer_options options;
    size_t i;

    if (!avd_wow64_detect(an->dump, &an->arena, &an->wow64) || !avd_modules_collect(an) ||
        !stored_exception(an))
        return false;
    memset(&options, 0, sizeof options);
    options.module_count = an->module_count;
    options.module = symbol_module;
    options.ctx = an;
    options.store = an->store;
    options.loose = an->symbols_loose;
    if (avd_symbolizer_new(&options, &an->symbolizer) != AVD_OK)
        return false;
    if (!avd_analysis_threads(an) || !avd_analysis_recover(an))
        return false;
    for (i = 0; avd_detectors[i] != NULL; i++)
        avd_detectors[i]->run(an);
    return !an->facts.failed && !an->arena.failed;
}

static enum avd_status take_options(struct avd_analysis *an,
                                    const struct avd_analyze_options *options,
                                    struct avd_error *err)
{
    struct avd_path_info info;
    size_t i;

    /* A folder that is not there looks like one that lacks every file of the dump. */
    for (i = 0; i < options->image_dir_count; i++) {
        avd_path_examine(options->image_dirs[i], &info);
        if (info.kind != AVD_PATH_DIRECTORY)
            return avd_error_set(err, AVD_E_ARG, 0, options->image_dirs[i],
                                 "no such folder of images");
    }
    an->image_dirs = options->image_dirs;
    an->image_dir_count = options->image_dir_count;
    an->triage = options->triage;
    if (options->max_frames != 0)
        an->max_frames = options->max_frames;
    return options->symbols != NULL ? avd_analysis_open_store(an, options->symbols, err) : AVD_OK;
}

enum avd_status avd_analysis_run(const struct avd_dump *dump,
                                 const struct avd_analyze_options *options,
                                 struct avd_analysis **out, struct avd_error *err)
{
    enum avd_status status;
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
    status = options != NULL ? take_options(an, options, err) : AVD_OK;
    if (status != AVD_OK) {
        avd_analysis_free(an);
        return status;
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
    avd_store_free(an->store); /* last: images and symbols may lie in its temporary files */
    avd_arena_deinit(&an->arena);
    avd_mem_free(an);
}
