/* SPDX-License-Identifier: MIT */
/*
 * Places as people type them into WinDbg: hexadecimal numbers with or without 0x and with
 * backticks, registers, modules, module!symbol, each with offsets behind it. And the way back: what
 * an address is called.
 */
#include "inspect/inspect.h"

#include "base/limits.h"
#include "base/utf.h"

#include <inttypes.h>
#include <string.h>

/* Hexadecimal with or without 0x, decimal behind 0n; a backtick may stand between digits. */
static bool read_number(const char *text, size_t size, uint64_t *out)
{
    unsigned base = 16;
    uint64_t value = 0;
    size_t digits = 0;
    size_t i = 0;

    if (size > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        i = 2;
    if (size > 2 && text[0] == '0' && text[1] == 'n') {
        i = 2;
        base = 10;
    }
    for (; i < size; i++) {
        char c = text[i];
        unsigned digit;

        if (c == '`' && digits != 0)
            continue;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return false;
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
        digits++;
    }
    *out = value;
    return digits != 0;
}

/* A register of the stack in question. AVD_NOT_FOUND when `name` is none. */
static enum avd_status read_register(struct avd_inspection *in, const char *name, uint64_t *out,
                                     struct avd_error *err)
{
    const struct avd_rep_stack *stack;
    enum avd_status status = avd_inspection_stack(in, &stack, err);
    size_t i;

    if (status != AVD_OK)
        return status;
    for (i = 0; i < stack->reg_count; i++)
        if (avd_ascii_casecmp(stack->reg_names[i], name) == 0) {
            *out = stack->reg_values[i];
            return AVD_OK;
        }
    return AVD_NOT_FOUND;
}

/* "ntdll_77cc0000", "ntdll.dll" or "ntdll": the name shown wins over the file's. */
static size_t find_module(const struct avd_inspection *in, const char *name)
{
    const struct avd_report *report = in->report;
    size_t size = strlen(name);
    size_t i;

    for (i = 0; i < report->module_count; i++)
        if (report->modules[i].display_name != NULL &&
            avd_ascii_casecmp(report->modules[i].display_name, name) == 0)
            return i;
    for (i = 0; i < report->module_count; i++)
        if (report->modules[i].file != NULL &&
            avd_ascii_casecmp(report->modules[i].file, name) == 0)
            return i;
    for (i = 0; i < report->module_count; i++) {
        const char *file = report->modules[i].file;
        const char *ending = file != NULL ? strrchr(file, '.') : NULL;
        char stem[AVD_MAX_DISPLAY_NAME_BYTES + 1];

        if (ending == NULL || (size_t)(ending - file) != size || size >= sizeof stem)
            continue;
        memcpy(stem, file, size);
        stem[size] = '\0';
        if (avd_ascii_casecmp(stem, name) == 0)
            return i;
    }
    return AVD_NO_MODULE;
}

static enum avd_status read_symbol(struct avd_inspection *in, size_t module, const char *name,
                                   uint64_t *out)
{
    struct avd_symbol symbol;
    enum avd_status status = avd_symbolizer_lookup(in->an->symbolizer, module, name, &symbol);

    if (status == AVD_OK)
        *out = in->an->modules[module].module->base + symbol.function_rva;
    return status;
}

/* A symbol without its module: only modules on the stacks are asked, whose symbols are known. */
static enum avd_status read_bare_symbol(struct avd_inspection *in, const char *name, uint64_t *out)
{
    size_t i;

    for (i = 0; i < in->an->module_count; i++) {
        enum avd_status status =
            in->an->modules[i].on_stack ? read_symbol(in, i, name, out) : AVD_NOT_FOUND;

        if (status != AVD_NOT_FOUND)
            return status;
    }
    return AVD_NOT_FOUND;
}

/* What has no offset behind it. AVD_NOT_FOUND leaves the caller to try less of the text. */
static enum avd_status read_base(struct avd_inspection *in, const char *text, uint64_t *out,
                                 struct avd_error *err)
{
    const char *mark = strchr(text, '!');
    enum avd_status status;
    size_t module;

    if (read_number(text, strlen(text), out))
        return AVD_OK;
    status = avd_inspection_analyze(in, err);
    if (status != AVD_OK)
        return status;
    if (text[0] == '@')
        return read_register(in, text + 1, out, err);
    if (mark != NULL) {
        char name[AVD_MAX_DISPLAY_NAME_BYTES + 1];
        size_t size = (size_t)(mark - text);

        if (size >= sizeof name)
            return AVD_NOT_FOUND;
        memcpy(name, text, size);
        name[size] = '\0';
        module = find_module(in, name);
        return module != AVD_NO_MODULE ? read_symbol(in, module, mark + 1, out) : AVD_NOT_FOUND;
    }
    module = find_module(in, text);
    if (module != AVD_NO_MODULE) {
        *out = in->report->modules[module].base;
        return AVD_OK;
    }
    status = read_register(in, text, out, err);
    return status == AVD_NOT_FOUND ? read_bare_symbol(in, text, out) : status;
}

/* Why nothing of that name was found. */
static enum avd_status not_found(const char *text, struct avd_error *err)
{
    const char *mark = strchr(text, '!');

    if (text[0] == '@')
        return avd_error_set(err, AVD_NOT_FOUND, 0, "",
                             "'%.60s': the thread has no such register, or it is not known", text);
    if (mark == NULL)
        return avd_error_set(err, AVD_NOT_FOUND, 0, "",
                             "'%.60s' is no address, register or module, and no symbol of a module "
                             "on the stacks (of others write module!symbol)",
                             text);
    return avd_error_set(err, AVD_NOT_FOUND, 0, "",
                         "'%.120s' is not found: no such module, or none of its exports and public "
                         "symbols",
                         text);
}

enum avd_status avd_place_read(struct avd_inspection *in, const char *text, uint64_t *address,
                               struct avd_error *err)
{
    char part[AVD_MAX_PLACE_BYTES + 1];
    size_t size = strlen(text);
    uint64_t offset = 0;
    enum avd_status status;

    if (size == 0 || size > AVD_MAX_PLACE_BYTES)
        return avd_error_set(err, AVD_E_ARG, 0, "", "a place has 1 to %d characters",
                             (int)AVD_MAX_PLACE_BYTES);
    /* Names may hold '+' and '-' themselves, so the longest that is known wins. */
    memcpy(part, text, size + 1);
    for (;;) {
        uint64_t number;
        size_t at = size;

        status = read_base(in, part, address, err);
        if (status == AVD_OK) {
            *address += offset;
            return AVD_OK;
        }
        if (status != AVD_NOT_FOUND)
            return status == AVD_E_NOMEM ? avd_error_nomem(err) : status;
        while (at > 1 && part[at - 1] != '+' && part[at - 1] != '-')
            at--;
        if (at <= 1 || !read_number(part + at, size - at, &number))
            return not_found(text, err);
        offset += part[at - 1] == '+' ? number : 0 - number;
        size = at - 1;
        part[size] = '\0';
    }
}

/* ---- names ---- */

enum avd_status avd_place_find_name(struct avd_inspection *in, uint64_t address,
                                    struct avd_place_name *name)
{
    enum avd_status status;

    memset(name, 0, sizeof *name);
    name->module = in->an != NULL ? avd_analysis_module_at(in->an, address)
                                  : avd_dump_module_at(in->dump, address);
    if (name->module == AVD_NO_MODULE)
        return AVD_OK;
    if (in->an == NULL) {
        name->module_name = in->dump->modules[name->module].name;
        name->module_base = in->dump->modules[name->module].base;
        return AVD_OK;
    }
    name->module_name = in->an->modules[name->module].display_name;
    name->module_base = in->an->modules[name->module].module->base;
    status = avd_symbolizer_find(in->an->symbolizer, name->module, address - name->module_base,
                                 &name->symbol);
    return status == AVD_E_NOMEM ? status : AVD_OK;
}

void avd_place_put_name(struct avd_inspection *in, uint64_t address,
                        const struct avd_place_name *name)
{
    struct avd_strbuf *out = &in->sheet.text;
    uint64_t offset = address - name->module_base;

    if (name->module == AVD_NO_MODULE)
        return;
    avd_strbuf_escaped(out, name->module_name != NULL ? name->module_name : "(no name)");
    if (name->symbol.function != NULL) {
        avd_strbuf_puts(out, "!");
        avd_strbuf_escaped(out, name->symbol.function);
        offset = name->symbol.displacement;
    }
    if (offset != 0)
        avd_strbuf_printf(out, "+0x%" PRIx64, offset);
    if (name->symbol.approximate)
        avd_strbuf_puts(out, " ~");
}

void avd_place_json_name(struct avd_inspection *in, uint64_t address,
                         const struct avd_place_name *name)
{
    struct avd_json *j = &in->sheet.j;
    bool inside = name->module != AVD_NO_MODULE;
    bool named = name->symbol.function != NULL;

    avd_sheet_text(&in->sheet, "module", name->module_name);
    if (avd_json_known(j, "module_offset", inside))
        avd_json_hex(j, "module_offset", address - name->module_base, 8);
    avd_sheet_text(&in->sheet, "function", name->symbol.function);
    if (avd_json_known(j, "function_offset", named))
        avd_json_hex(j, "function_offset", name->symbol.displacement, 8);
    avd_json_text(j, "function_source", named ? name->symbol.source : NULL);
    if (avd_json_known(j, "function_approximate", named))
        avd_json_bool(j, "function_approximate", name->symbol.approximate);
}
