/* SPDX-License-Identifier: MIT */
/* Loaded and unloaded modules with their identifiers, as symbol servers and stores know them. */
#include "report/build.h"

#include "base/utf.h"

#include <string.h>

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case AVD_MACHINE_I386: return "x86";
    case AVD_MACHINE_ARMNT: return "arm";
    case AVD_MACHINE_AMD64: return "amd64";
    case AVD_MACHINE_ARM64: return "arm64";
    default: return NULL;
    }
}

static void build_module(bool windows, const struct avd_module *from, struct avd_report *report,
                         struct avd_rep_module *module)
{
    module->base = from->base;
    module->end = from->base + from->size;
    module->path = avd_build_copy(report, from->path);
    module->file = module->path != NULL ? avd_path_leaf(module->path) : NULL;
    if (from->has_version)
        module->version =
            avd_arena_printf(&report->arena, "%u.%u.%u.%u", from->file_version[0],
                             from->file_version[1], from->file_version[2], from->file_version[3]);
    if (from->pdb_path != NULL && from->pdb_path[0] != '\0')
        module->debug_file = avd_build_copy(report, avd_path_leaf(from->pdb_path));
    else if (from->codeview == AVD_CV_BUILD_ID)
        module->debug_file = module->file;
    module->debug_id = avd_module_debug_id(from, &report->arena);
    module->code_id = avd_module_code_id(from, windows, &report->arena);
    module->timestamp = from->timestamp;
    module->checksum = from->checksum;
    module->duplicate = from->duplicate;
    module->from_loader_list = from->from_loader_list;
}

/* Wine's writer stores no CodeView record; the image in the dump's memory has it. */
static void identify_from_image(const struct avd_an_module *from, struct avd_report *report,
                                struct avd_rep_module *module)
{
    const struct avd_image *image = from->image != NULL ? from->image : from->file;
    struct avd_pdb_id id;
    struct avd_module found;

    if (module->debug_id != NULL || image == NULL || avd_image_pdb_id(image, &id) != AVD_OK)
        return;
    memset(&found, 0, sizeof found);
    found.codeview = AVD_CV_RSDS;
    memcpy(found.guid, id.guid, sizeof found.guid);
    found.age = id.age;
    module->debug_id = avd_module_debug_id(&found, &report->arena);
    if (module->debug_id != NULL && id.path[0] != '\0')
        module->debug_file = avd_build_copy(report, avd_path_leaf(id.path));
}

/* What became of the module's symbols. */
static void build_symbols(const struct avd_analysis *an, size_t index, struct avd_report *report,
                          struct avd_rep_module *module)
{
    const struct avd_symbol_status *status = avd_symbolizer_status(an->symbolizer, index);
    struct avd_rep_attempt *attempts;
    size_t i;

    if (status == NULL)
        return;
    module->symbol_source = status->source;
    module->symbols_loaded = status->source != NULL && strcmp(status->source, "exports") != 0;
    module->symbol_path = avd_build_copy(report, status->path);
    module->symbol_mismatched = status->mismatched;
    attempts = avd_arena_alloc(&report->arena, status->attempt_count, sizeof *attempts);
    if (attempts == NULL)
        return;
    for (i = 0; i < status->attempt_count; i++) {
        attempts[i].place = avd_build_copy(report, status->attempts[i].place);
        attempts[i].result = avd_build_copy(report, status->attempts[i].result);
        attempts[i].found = status->attempts[i].found;
    }
    module->attempts = attempts;
    module->attempt_count = status->attempt_count;
}

static void build_unloaded(const struct avd_dump *dump, struct avd_report *report)
{
    bool windows = avd_dump_is_windows(dump);
    struct avd_rep_unloaded *unloaded =
        avd_arena_alloc(&report->arena, dump->unloaded_count, sizeof *unloaded);
    size_t i;

    if (unloaded == NULL)
        return;
    for (i = 0; i < dump->unloaded_count; i++) {
        unloaded[i].base = dump->unloaded[i].base;
        unloaded[i].end = dump->unloaded[i].base + dump->unloaded[i].size;
        unloaded[i].file = avd_build_copy(report, dump->unloaded[i].name);
        unloaded[i].code_id = avd_code_id(windows, dump->unloaded[i].timestamp,
                                          dump->unloaded[i].size, &report->arena);
    }
    report->unloaded = unloaded;
    report->unloaded_count = dump->unloaded_count;
}

/* The module that is the program: on Windows the loader and every writer list it first. */
static size_t main_module(const struct avd_dump *dump)
{
    return dump->module_count != 0 ? 0 : AVD_NO_INDEX;
}

void avd_build_modules_listed(const struct avd_dump *dump, struct avd_report *report)
{
    bool windows = avd_dump_is_windows(dump);
    struct avd_rep_module *modules =
        avd_arena_alloc(&report->arena, dump->module_count, sizeof *modules);
    size_t i;

    if (modules == NULL)
        return;
    for (i = 0; i < dump->module_count; i++) {
        build_module(windows, &dump->modules[i], report, &modules[i]);
        modules[i].display_name = modules[i].file;
    }
    report->modules = modules;
    report->module_count = dump->module_count;
    report->main_module = main_module(dump);
    build_unloaded(dump, report);
}

void avd_build_modules(const struct avd_analysis *an, struct avd_report *report)
{
    bool windows = avd_dump_is_windows(an->dump);
    struct avd_rep_module *modules =
        avd_arena_alloc(&report->arena, an->module_count, sizeof *modules);
    size_t i;

    if (modules == NULL)
        return;
    for (i = 0; i < an->module_count; i++) {
        const struct avd_an_module *from = &an->modules[i];

        build_module(windows, from->module, report, &modules[i]);
        modules[i].display_name = avd_build_copy(report, from->display_name);
        modules[i].on_stack = from->on_stack;
        if (from->image != NULL)
            modules[i].machine = machine_name(from->image->machine);
        else if (from->file != NULL)
            modules[i].machine = machine_name(from->file->machine);
        identify_from_image(from, report, &modules[i]);
        build_symbols(an, i, report, &modules[i]);
    }
    for (i = 0; i < an->module_count; i++)
        if (an->modules[i].overlaps != NULL)
            modules[i].overlaps = modules[an->modules[i].overlaps - an->modules].file;
    report->modules = modules;
    report->module_count = an->module_count;
    report->main_module = main_module(an->dump);
    build_unloaded(an->dump, report);
}
