/* SPDX-License-Identifier: MIT */
/*
 * Memory in the rows of WinDbg's db, dd, dq, dp, da, du and dps. A byte that the dump does not hold
 * is "??", so nobody takes it for zero.
 */
#include "inspect/inspect.h"

#include "base/limits.h"

#include <inttypes.h>
#include <string.h>

enum {
    ROW = 16,
    TEXT_ROW = 32,
    DEFAULT_BYTES = 128,
    DEFAULT_CHARACTERS = 512,
    DEFAULT_POINTERS = 32
};

/* Up to 16 bytes of the process, and which of them the dump holds. */
struct row {
    uint8_t bytes[ROW];
    bool known[ROW];
};

static void read_row(const struct avd_inspection *in, uint64_t address, size_t size,
                     struct row *row)
{
    size_t i = 0;

    memset(row, 0, sizeof *row);
    while (i < size) {
        size_t got = avd_memory_read(&in->dump->memory, address + i, row->bytes + i, size - i);

        memset(row->known + i, true, got);
        i += got < size - i ? got + 1 : got;
    }
}

/* The little-endian value of `size` bytes at `at`; false unless all are there. */
static bool row_value(const struct row *row, size_t at, size_t size, uint64_t *out)
{
    size_t i;

    *out = 0;
    for (i = size; i > 0; i--) {
        if (!row->known[at + i - 1])
            return false;
        *out = *out << 8 | row->bytes[at + i - 1];
    }
    return true;
}

static void put_value(struct avd_strbuf *out, bool known, uint64_t value, size_t size)
{
    if (size == 8 && known)
        avd_strbuf_printf(out, "%08" PRIx64 "`%08" PRIx64, value >> 32, value & UINT32_MAX);
    else if (known)
        avd_strbuf_printf(out, "%0*" PRIx64, (int)(2 * size), value);
    else
        avd_strbuf_puts(out, size == 1 ? "??" : size == 4 ? "????????" : "????????`????????");
}

static char shown_character(bool known, unsigned value)
{
    if (!known)
        return '?';
    return value >= 0x20 && value < 0x7f ? (char)value : '.';
}

/* How many values of `size` bytes to show, none of them beyond the last address. */
static uint64_t value_count(const struct avd_inspection *in, uint64_t address, size_t size,
                            uint64_t otherwise)
{
    uint64_t count = in->query->count != 0 ? in->query->count : otherwise;
    uint64_t room = (UINT64_MAX - address) / size;

    if (count > AVD_MAX_SHOWN_VALUES)
        count = AVD_MAX_SHOWN_VALUES;
    return count < room ? count : room + (room == 0);
}

static void put_text_row(struct avd_inspection *in, const struct row *row, uint64_t address,
                         size_t unit, size_t count)
{
    struct avd_strbuf *out = &in->sheet.text;
    uint64_t value;
    size_t i;

    avd_inspection_address(in, address);
    avd_strbuf_puts(out, " ");
    for (i = 0; i < count; i++) {
        bool known = row_value(row, i * unit, unit, &value);

        avd_strbuf_puts(out, unit == 1 && i == 8 ? "-" : " ");
        put_value(out, known, value, unit);
    }
    if (unit == 1) {
        avd_strbuf_printf(out, "%*s  ", (int)(3 * (ROW - count)), "");
        for (i = 0; i < count; i++)
            avd_strbuf_printf(out, "%c", shown_character(row->known[i], row->bytes[i]));
    }
    avd_strbuf_puts(out, "\n");
}

static void put_json_row(struct avd_inspection *in, const struct row *row, uint64_t address,
                         size_t unit, size_t count)
{
    struct avd_json *j = &in->sheet.j;
    char text[ROW + 1];
    uint64_t value;
    size_t i;

    avd_json_open(j, NULL, '{');
    avd_inspection_json_address(in, "address", address);
    avd_json_open(j, "values", '[');
    for (i = 0; i < count; i++)
        if (avd_json_known(j, NULL, row_value(row, i * unit, unit, &value)))
            avd_json_hex(j, NULL, value, (unsigned)(2 * unit));
    avd_json_close(j, '[');
    for (i = 0; i < count && unit == 1; i++)
        text[i] = shown_character(row->known[i], row->bytes[i]);
    text[unit == 1 ? count : 0] = '\0';
    avd_sheet_text(&in->sheet, "text", unit == 1 ? text : NULL);
    avd_json_close(j, '{');
}

static void put_values(struct avd_inspection *in, uint64_t address, size_t unit)
{
    uint64_t count = value_count(in, address, unit, DEFAULT_BYTES / unit);
    size_t per_row = ROW / unit;
    struct row row;

    while (count != 0) {
        size_t shown = count < per_row ? (size_t)count : per_row;

        read_row(in, address, shown * unit, &row);
        if (in->sheet.json)
            put_json_row(in, &row, address, unit, shown);
        else
            put_text_row(in, &row, address, unit, shown);
        if (!avd_sheet_flush(&in->sheet, in->write, in->ctx))
            return;
        count -= shown;
        address += shown * unit;
    }
}

/* ---- text at an address ---- */

/* The character at `address`: 1, 0 at its end, -1 where the dump holds nothing. */
static int read_character(const struct avd_inspection *in, uint64_t address, size_t unit,
                          unsigned *value)
{
    uint8_t bytes[2] = {0, 0};

    if (avd_memory_read(&in->dump->memory, address, bytes, unit) != unit)
        return -1;
    *value = bytes[0] | (unsigned)bytes[1] << 8;
    return *value != 0;
}

static void put_characters(struct avd_inspection *in, uint64_t address, const char *text, int state)
{
    if (in->sheet.json) {
        avd_json_open(&in->sheet.j, NULL, '{');
        avd_inspection_json_address(in, "address", address);
        avd_sheet_text(&in->sheet, "text", text);
        avd_sheet_bool(&in->sheet, "missing_after", state < 0);
        avd_json_close(&in->sheet.j, '{');
        return;
    }
    avd_inspection_address(in, address);
    avd_strbuf_puts(&in->sheet.text, "  \"");
    avd_strbuf_escaped(&in->sheet.text, text);
    avd_strbuf_puts(&in->sheet.text, state < 0 ? "\"??\n" : "\"\n");
}

/* Up to a NUL, what the dump lacks, or the count; what is not ASCII is a dot, as in db. */
static void put_characters_at(struct avd_inspection *in, uint64_t address, size_t unit)
{
    uint64_t left = value_count(in, address, unit, DEFAULT_CHARACTERS);
    uint64_t start = address;
    char text[TEXT_ROW + 1];
    bool first = true;
    int state = 1;

    while (state > 0 && left != 0) {
        size_t size = 0;
        unsigned value;

        for (; size < TEXT_ROW && left != 0; left--) {
            state = read_character(in, address, unit, &value);
            if (state <= 0)
                break;
            text[size++] = shown_character(true, value);
            address += unit;
        }
        text[size] = '\0';
        if (size != 0 || state < 0 || first)
            put_characters(in, start, text, state);
        first = false;
        start = address;
        if (!avd_sheet_flush(&in->sheet, in->write, in->ctx))
            return;
    }
}

static const char *form_name(enum avd_inspect_form form)
{
    switch (form) {
    case AVD_FORM_DWORDS: return "dwords";
    case AVD_FORM_QWORDS: return "qwords";
    case AVD_FORM_POINTERS: return "pointers";
    case AVD_FORM_ASCII: return "ascii";
    case AVD_FORM_UTF16: return "utf16";
    case AVD_FORM_AUTO:
    case AVD_FORM_BYTES: break;
    }
    return "bytes";
}

enum avd_status avd_inspect_memory(struct avd_inspection *in, struct avd_error *err)
{
    enum avd_inspect_form form = in->query->form;
    uint64_t address = 0;
    enum avd_status status = avd_place_read(in, in->query->place, &address, err);

    /* Of an analysis that was needed anyway the addresses' width is had, too. */
    if (status == AVD_OK && (form == AVD_FORM_POINTERS || in->an != NULL))
        status = avd_inspection_pointer_size(in, err);
    if (status != AVD_OK)
        return status;
    if (in->sheet.json) {
        avd_inspection_json_address(in, "address", address);
        avd_sheet_text(&in->sheet, "as", form_name(form));
        avd_json_open(&in->sheet.j, "rows", '[');
    }
    switch (form) {
    case AVD_FORM_DWORDS: put_values(in, address, 4); break;
    case AVD_FORM_QWORDS: put_values(in, address, 8); break;
    case AVD_FORM_POINTERS: put_values(in, address, in->pointer_size); break;
    case AVD_FORM_ASCII: put_characters_at(in, address, 1); break;
    case AVD_FORM_UTF16: put_characters_at(in, address, 2); break;
    case AVD_FORM_AUTO:
    case AVD_FORM_BYTES: put_values(in, address, 1); break;
    }
    if (in->sheet.json)
        avd_json_close(&in->sheet.j, '[');
    return AVD_OK;
}

/* ---- dps ---- */

static enum avd_status put_pointer(struct avd_inspection *in, uint64_t address)
{
    struct avd_place_name name;
    enum avd_status status = AVD_OK;
    struct row row;
    uint64_t value;
    bool known;

    read_row(in, address, in->pointer_size, &row);
    known = row_value(&row, 0, in->pointer_size, &value);
    memset(&name, 0, sizeof name);
    name.module = AVD_NO_MODULE;
    if (known)
        status = avd_place_find_name(in, value, &name);
    if (in->sheet.json) {
        avd_json_open(&in->sheet.j, NULL, '{');
        avd_inspection_json_address(in, "address", address);
        if (avd_json_known(&in->sheet.j, "value", known))
            avd_json_hex(&in->sheet.j, "value", value, 2 * in->pointer_size);
        avd_place_json_name(in, value, &name);
        avd_json_close(&in->sheet.j, '{');
        return status;
    }
    avd_inspection_address(in, address);
    avd_strbuf_puts(&in->sheet.text, "  ");
    put_value(&in->sheet.text, known, value, in->pointer_size);
    if (name.module != AVD_NO_MODULE) {
        avd_strbuf_puts(&in->sheet.text, " ");
        avd_place_put_name(in, value, &name);
    }
    avd_strbuf_puts(&in->sheet.text, "\n");
    return status;
}

enum avd_status avd_inspect_pointers(struct avd_inspection *in, struct avd_error *err)
{
    uint64_t address = 0;
    uint64_t count;
    enum avd_status status = avd_inspection_pointer_size(in, err);

    if (status == AVD_OK)
        status = avd_place_read(in, in->query->place, &address, err);
    if (status != AVD_OK)
        return status;
    if (in->sheet.json) {
        avd_inspection_json_address(in, "address", address);
        avd_sheet_number(&in->sheet, "pointer_size", in->pointer_size);
        avd_json_open(&in->sheet.j, "rows", '[');
    }
    for (count = value_count(in, address, in->pointer_size, DEFAULT_POINTERS); count != 0;
         count--) {
        if (put_pointer(in, address) != AVD_OK)
            return avd_error_nomem(err);
        if (!avd_sheet_flush(&in->sheet, in->write, in->ctx))
            break;
        address += in->pointer_size;
    }
    if (in->sheet.json)
        avd_json_close(&in->sheet.j, '[');
    return AVD_OK;
}
