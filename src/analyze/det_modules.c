/* SPDX-License-Identifier: MIT */
/*
 * Which modules and handles there are, as collections for rules, and the port through which rules
 * read the process's memory and get names for addresses.
 */
#include "analyze/detectors.h"
#include "analyze/modules.h"
#include "base/utf.h"

#include <string.h>

static void set(struct avd_fact *out, enum avd_fact_type type, uint64_t number)
{
    out->type = type;
    out->number = number;
    out->address_digits = 16;
}

static void set_text(struct avd_fact *out, const char *text, const char *reason)
{
    bool known = text != NULL && text[0] != '\0';

    out->type = known ? AVD_FACT_TEXT : AVD_FACT_UNKNOWN;
    out->text = known ? text : reason;
}

/* ---- modules ---- */

enum module_column {
    MODULE_NAME,
    MODULE_PATH,
    MODULE_BASE,
    MODULE_SIZE,
    MODULE_VERSION,
    MODULE_VERSION_MAJOR,
    MODULE_VERSION_BUILD,
    MODULE_TIMESTAMP,
    MODULE_IS_32BIT,
    MODULE_ON_STACK,
    MODULE_PDB
};

static size_t module_count(void *ctx, size_t parent)
{
    (void)parent;
    return ((const struct avd_analysis *)ctx)->module_count;
}

static void module_version(struct avd_analysis *an, const struct avd_module *module,
                           unsigned column, struct avd_fact *out)
{
    const uint16_t *v = module->file_version;

    if (!module->has_version)
        set_text(out, NULL, "the dump has no version of it");
    else if (column == MODULE_VERSION)
        set_text(out,
                 avd_arena_printf(&an->arena, "%u.%u.%u.%u", (unsigned)v[0], (unsigned)v[1],
                                  (unsigned)v[2], (unsigned)v[3]),
                 "out of memory");
    else
        set(out, AVD_FACT_NUMBER, column == MODULE_VERSION_MAJOR ? v[0] : v[2]);
}

static void module_machine(struct avd_analysis *an, size_t row, struct avd_fact *out)
{
    const struct avd_image *image = avd_analysis_image(an, row);

    if (avd_dump_pointer_size(an->dump) == 4)
        set(out, AVD_FACT_BOOL, 1);
    else if (image != NULL && image->machine != AVD_MACHINE_UNKNOWN)
        set(out, AVD_FACT_BOOL, image->machine == AVD_MACHINE_I386);
    else
        set_text(out, NULL, "its headers are not in the dump");
}

static void module_get(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out)
{
    struct avd_analysis *an = ctx;
    const struct avd_module *module = an->modules[row].module;

    (void)parent;
    switch ((enum module_column)column) {
    case MODULE_NAME: set_text(out, module->name, "its name is not in the dump"); break;
    case MODULE_PATH: set_text(out, module->path, "its name is not in the dump"); break;
    case MODULE_BASE: set(out, AVD_FACT_ADDRESS, module->base); break;
    case MODULE_SIZE: set(out, AVD_FACT_NUMBER, module->size); break;
    case MODULE_VERSION:
    case MODULE_VERSION_MAJOR:
    case MODULE_VERSION_BUILD: module_version(an, module, column, out); break;
    case MODULE_TIMESTAMP: set(out, AVD_FACT_CODE, module->timestamp); break;
    case MODULE_IS_32BIT: module_machine(an, row, out); break;
    case MODULE_ON_STACK: set(out, AVD_FACT_BOOL, an->modules[row].on_stack); break;
    case MODULE_PDB:
        set_text(out, module->pdb_path != NULL ? avd_path_leaf(module->pdb_path) : NULL,
                 "the dump does not name its symbols");
        break;
    }
}

/* ---- unloaded modules and handles ---- */

static size_t unloaded_count(void *ctx, size_t parent)
{
    (void)parent;
    return ((const struct avd_analysis *)ctx)->dump->unloaded_count;
}

static void unloaded_get(void *ctx, size_t parent, size_t row, unsigned column,
                         struct avd_fact *out)
{
    const struct avd_unloaded_module *module =
        &((const struct avd_analysis *)ctx)->dump->unloaded[row];

    (void)parent;
    switch (column) {
    case 0: set_text(out, module->name, "its name is not in the dump"); break;
    case 1: set(out, AVD_FACT_ADDRESS, module->base); break;
    case 2: set(out, AVD_FACT_NUMBER, module->size); break;
    default: set(out, AVD_FACT_CODE, module->timestamp); break;
    }
}

static size_t handle_count(void *ctx, size_t parent)
{
    (void)parent;
    return ((const struct avd_analysis *)ctx)->dump->handle_count;
}

static void handle_get(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out)
{
    const struct avd_handle *handle = &((const struct avd_analysis *)ctx)->dump->handles[row];

    (void)parent;
    switch (column) {
    case 0: set(out, AVD_FACT_ADDRESS, handle->handle); break;
    case 1: set_text(out, handle->type_name, "the dump does not say"); break;
    case 2: set_text(out, handle->object_name, "it has no name, or the dump does not say"); break;
    default: set(out, AVD_FACT_CODE, handle->granted_access); break;
    }
}

static const struct avd_collection_ops module_ops = {module_count, module_get, NULL, NULL};
static const struct avd_collection_ops unloaded_ops = {unloaded_count, unloaded_get, NULL, NULL};
static const struct avd_collection_ops handle_ops = {handle_count, handle_get, NULL, NULL};

/* ---- the port ---- */

static size_t port_read(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    const struct avd_analysis *an = ctx;

    return avd_memory_read(&an->dump->memory, addr, buffer, size);
}

static const char *port_module(void *ctx, uint64_t addr)
{
    const struct avd_analysis *an = ctx;
    size_t module = avd_analysis_module_at(an, addr);

    return module != AVD_NO_MODULE ? an->modules[module].module->name : NULL;
}

static const char *port_name(void *ctx, uint64_t addr, struct avd_arena *arena)
{
    struct avd_analysis *an = ctx;
    size_t module = avd_analysis_module_at(an, addr);
    struct avd_symbol symbol;
    uint64_t rva;

    if (module == AVD_NO_MODULE)
        return NULL;
    rva = addr - an->modules[module].module->base;
    if (avd_symbolizer_find(an->symbolizer, module, rva, &symbol) != AVD_OK ||
        symbol.function == NULL)
        return avd_arena_printf(arena, "%s+0x%llx", an->modules[module].display_name,
                                (unsigned long long)rva);
    return avd_arena_printf(arena, symbol.displacement != 0 ? "%s!%s+0x%llx" : "%s!%s",
                            an->modules[module].display_name, symbol.function,
                            (unsigned long long)symbol.displacement);
}

static int port_is_code(void *ctx, uint64_t addr)
{
    struct avd_walk_env env;

    avd_analysis_walk_env(ctx, &env);
    return env.executable(env.ctx, addr);
}

static void run(struct avd_analysis *an)
{
    struct avd_facts *facts = &an->facts;

    avd_facts_collection(facts, "modules", &module_ops, an);
    avd_facts_collection(facts, "unloaded_modules", &unloaded_ops, an);
    if (an->dump->has_handles)
        avd_facts_collection(facts, "handles", &handle_ops, an);
    else
        avd_facts_no_collection(facts, "handles", "the dump has no list of handles");
    facts->port.ctx = an;
    facts->port.pointer_size = an->wow64.present ? 4 : avd_dump_pointer_size(an->dump);
    facts->port.read = port_read;
    facts->port.name = port_name;
    facts->port.module = port_module;
    facts->port.is_code = port_is_code;
}

const struct avd_detector avd_det_modules = {
    "modules",
    "modules and handles for rules to look through, memory and names for them to ask",
    run,
};
