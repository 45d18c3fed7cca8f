/* SPDX-License-Identifier: MIT */
/* WinDbg's ln: the symbols just below and above an address, and the line of source it came from. */
#include "inspect/inspect.h"

#include <inttypes.h>
#include <string.h>

static enum avd_status find_above(struct avd_inspection *in, uint64_t address,
                                  const struct avd_place_name *name, struct avd_symbol *above)
{
    uint64_t rva = address - name->module_base;
    uint64_t size = in->an->modules[name->module].module->size;
    enum avd_status status = avd_symbolizer_above(in->an->symbolizer, name->module, rva + 1, above);

    if (status == AVD_OK && above->function_rva >= size)
        status = AVD_NOT_FOUND;
    if (status == AVD_NOT_FOUND)
        memset(above, 0, sizeof *above);
    return status == AVD_E_NOMEM ? status : AVD_OK;
}

static void put_neighbour(struct avd_inspection *in, const char *label,
                          const struct avd_place_name *name, const struct avd_symbol *symbol)
{
    uint64_t address = name->module_base + symbol->function_rva;

    if (in->sheet.json) {
        struct avd_json *j = &in->sheet.j;

        if (symbol->function == NULL) {
            avd_json_null(j, label);
            return;
        }
        avd_json_open(j, label, '{');
        avd_inspection_json_address(in, "address", address);
        avd_sheet_text(&in->sheet, "function", symbol->function);
        avd_sheet_text(&in->sheet, "function_decorated", symbol->decorated);
        avd_sheet_text(&in->sheet, "function_source", symbol->source);
        avd_json_close(j, '{');
        return;
    }
    avd_strbuf_printf(&in->sheet.text, "  %-7s ", label);
    if (symbol->function == NULL) {
        avd_strbuf_puts(&in->sheet.text, "none is known in this module\n");
        return;
    }
    avd_inspection_address(in, address);
    avd_strbuf_puts(&in->sheet.text, "  ");
    avd_strbuf_escaped(&in->sheet.text, name->module_name != NULL ? name->module_name : "");
    avd_strbuf_puts(&in->sheet.text, "!");
    avd_strbuf_escaped(&in->sheet.text, symbol->function);
    avd_strbuf_printf(&in->sheet.text, " (%s)\n", symbol->source);
}

static void put_line(struct avd_inspection *in, const struct avd_symbol *symbol)
{
    if (in->sheet.json) {
        avd_sheet_text(&in->sheet, "file", symbol->source_file);
        avd_json_number_or_null(&in->sheet.j, "line", symbol->line);
    } else if (symbol->source_file != NULL) {
        avd_strbuf_puts(&in->sheet.text, "  source  ");
        avd_strbuf_escaped(&in->sheet.text, symbol->source_file);
        if (symbol->line != 0)
            avd_strbuf_printf(&in->sheet.text, ":%" PRIu32, symbol->line);
        avd_strbuf_puts(&in->sheet.text, "\n");
    }
}

enum avd_status avd_inspect_nearest(struct avd_inspection *in, struct avd_error *err)
{
    struct avd_symbol above;
    struct avd_place_name name;
    uint64_t address = 0;
    enum avd_status status = avd_inspection_pointer_size(in, err);

    if (status == AVD_OK)
        status = avd_place_read(in, in->query->place, &address, err);
    if (status != AVD_OK)
        return status;
    status = avd_place_find_name(in, address, &name);
    memset(&above, 0, sizeof above);
    if (status == AVD_OK && name.module != AVD_NO_MODULE)
        status = find_above(in, address, &name, &above);
    if (status != AVD_OK)
        return avd_error_nomem(err);
    if (in->sheet.json) {
        avd_inspection_json_address(in, "address", address);
        avd_place_json_name(in, address, &name);
    } else {
        avd_inspection_address(in, address);
        avd_strbuf_puts(&in->sheet.text, "  ");
        if (name.module != AVD_NO_MODULE)
            avd_place_put_name(in, address, &name);
        else
            avd_strbuf_puts(&in->sheet.text, "(in no module)");
        avd_strbuf_puts(&in->sheet.text, "\n");
        if (name.module == AVD_NO_MODULE)
            return AVD_OK;
    }
    put_neighbour(in, "below", &name, &name.symbol);
    put_neighbour(in, "above", &name, &above);
    put_line(in, &name.symbol);
    return AVD_OK;
}
