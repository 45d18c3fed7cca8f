/* SPDX-License-Identifier: MIT */
/* Loaded and unloaded modules with their identifiers, as symbol servers and stores know them. */
#include "report/build.h"

#include "base/utf.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *hex_text(struct avd_report *report, struct avd_view v, bool upper)
{
    static const char lower_digits[] = "0123456789abcdef";
    static const char upper_digits[] = "0123456789ABCDEF";
    const char *digits = upper ? upper_digits : lower_digits;
    char *text = avd_arena_alloc(&report->arena, v.size * 2 + 1, 1);
    size_t i;

    for (i = 0; text != NULL && i < v.size; i++) {
        text[2 * i] = digits[v.data[i] >> 4];
        text[2 * i + 1] = digits[v.data[i] & 15];
    }
    return text;
}

/* A GUID's three integers are little-endian in the file and big-endian in its text. */
static void guid_text_order(const uint8_t *guid, uint8_t out[16])
{
    static const unsigned char order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    size_t i;

    for (i = 0; i < 16; i++)
        out[i] = guid[order[i]];
}

static bool all_zero(const uint8_t *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* Breakpad's debug identifier: GUID and age in one word; for ELF the build id's first 16 bytes. */
static const char *debug_id(const struct avd_module *module, struct avd_report *report)
{
    uint8_t guid[16] = {0};
    uint8_t shown[16];
    struct avd_view v = {shown, sizeof shown, 0};
    const char *text;

    switch (module->codeview) {
    case AVD_CV_RSDS:
        if (all_zero(module->guid, sizeof module->guid))
            return NULL;
        guid_text_order(module->guid, shown);
        text = hex_text(report, v, true);
        return text == NULL ? NULL
                            : avd_arena_printf(&report->arena, "%s%" PRIX32, text, module->age);
    case AVD_CV_NB10:
        return avd_arena_printf(&report->arena, "%08" PRIX32 "%" PRIX32, module->pdb_signature,
                                module->age);
    case AVD_CV_BUILD_ID:
        if (module->build_id.size == 0 ||
            all_zero(module->build_id.data, module->build_id.size))
            return NULL;
        memcpy(guid, module->build_id.data,
               module->build_id.size < 16 ? module->build_id.size : 16);
        guid_text_order(guid, shown);
        text = hex_text(report, v, true);
        return text == NULL ? NULL : avd_arena_printf(&report->arena, "%s0", text);
    case AVD_CV_NONE:
    case AVD_CV_OTHER: break;
    }
    return NULL;
}

static const char *code_id(bool windows, uint32_t timestamp, uint32_t size,
                           struct avd_report *report)
{
    if (!windows || (timestamp == 0 && size == 0))
        return NULL;
    return avd_arena_printf(&report->arena, "%08" PRIx32 "%" PRIx32, timestamp, size);
}

static const char *module_code_id(bool windows, const struct avd_module *module,
                                  struct avd_report *report)
{
    uint8_t shown[16];
    struct avd_view v = {shown, sizeof shown, 0};

    if (windows)
        return code_id(true, module->timestamp, module->size, report);
    if (module->codeview == AVD_CV_BUILD_ID && module->build_id.size != 0)
        return hex_text(report, module->build_id, false);
    /* Elsewhere the GUID is the module's UUID or the start of its build id. */
    if (module->codeview == AVD_CV_RSDS && !all_zero(module->guid, sizeof module->guid)) {
        guid_text_order(module->guid, shown);
        return hex_text(report, v, false);
    }
    return NULL;
}

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
        module->version = avd_arena_printf(&report->arena, "%u.%u.%u.%u", from->file_version[0],
                                           from->file_version[1], from->file_version[2],
                                           from->file_version[3]);
    if (from->pdb_path != NULL && from->pdb_path[0] != '\0')
        module->debug_file = avd_build_copy(report, avd_path_leaf(from->pdb_path));
    else if (from->codeview == AVD_CV_BUILD_ID)
        module->debug_file = module->file;
    module->debug_id = debug_id(from, report);
    module->code_id = module_code_id(windows, from, report);
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

    if (module->debug_id != NULL || image == NULL ||
        avd_image_pdb_id(image, &id) != AVD_OK)
        return;
    memset(&found, 0, sizeof found);
    found.codeview = AVD_CV_RSDS;
    memcpy(found.guid, id.guid, sizeof found.guid);
    found.age = id.age;
    module->debug_id = debug_id(&found, report);
    if (module->debug_id != NULL && id.path[0] != '\0')
        module->debug_file = avd_build_copy(report, avd_path_leaf(id.path));
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
        unloaded[i].code_id =
            code_id(windows, dump->unloaded[i].timestamp, dump->unloaded[i].size, report);
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
    }
    for (i = 0; i < an->module_count; i++)
        if (an->modules[i].overlaps != NULL)
            modules[i].overlaps = modules[an->modules[i].overlaps - an->modules].file;
    report->modules = modules;
    report->module_count = an->module_count;
    report->main_module = main_module(an->dump);
    build_unloaded(an->dump, report);
}
