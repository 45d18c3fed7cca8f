/* SPDX-License-Identifier: MIT */
/* The output of the commands over rules; see the header. */
#include "rulebook/sheet.h"

#include "base/utf.h"

#include <string.h>

enum { LINE_WIDTH = 100 };

void avd_sheet_init(struct avd_sheet *sheet, enum avd_format format,
                    const struct avd_write_options *options, const char *what)
{
    sheet->json = format == AVD_FORMAT_JSON;
    avd_strbuf_init(&sheet->text);
    avd_json_init(&sheet->j, NULL, options, &sheet->text);
    if (!sheet->json)
        return;
    avd_json_open(&sheet->j, NULL, '{');
    avd_sheet_text(sheet, "status", "OK");
    avd_sheet_text(sheet, "document", what);
}

enum avd_status avd_sheet_deliver(struct avd_sheet *sheet, avd_write_fn *write, void *ctx,
                                  struct avd_error *err)
{
    enum avd_status status = AVD_OK;

    if (sheet->json)
        avd_json_close(&sheet->j, '{');
    if (sheet->text.failed)
        status = avd_error_nomem(err);
    else if (write(ctx, avd_strbuf_text(&sheet->text), sheet->text.size) != 0)
        status = avd_error_set(err, AVD_E_IO, 0, "", "the result cannot be written");
    avd_strbuf_deinit(&sheet->text);
    return status;
}

void avd_sheet_text(struct avd_sheet *sheet, const char *key, const char *text)
{
    avd_json_value(&sheet->j, key, avd_json_text(&sheet->j, text));
}

void avd_sheet_number(struct avd_sheet *sheet, const char *key, uint64_t number)
{
    avd_json_value(&sheet->j, key, avd_json_number(number));
}

void avd_sheet_bool(struct avd_sheet *sheet, const char *key, bool value)
{
    avd_json_value(&sheet->j, key, json_boolean(value));
}

void avd_sheet_paragraph(struct avd_sheet *sheet, const char *label, const char *text)
{
    struct avd_strbuf *out = &sheet->text;
    size_t indent = strlen(label);
    size_t column = indent;

    avd_strbuf_puts(out, label);
    while (*text != '\0') {
        size_t word = strcspn(text, " ");

        if (column > indent && column + 1 + word > LINE_WIDTH) {
            avd_strbuf_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            avd_strbuf_puts(out, " ");
            column++;
        }
        avd_strbuf_add(out, text, word);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    avd_strbuf_puts(out, "\n");
}

void avd_sheet_value(struct avd_sheet *sheet, const char *key, const struct avd_fact *fact)
{
    struct avd_strbuf shown;

    if (!sheet->json) {
        avd_strbuf_init(&shown);
        avd_fact_show(fact, &shown);
        avd_strbuf_escaped(&sheet->text, avd_strbuf_text(&shown));
        sheet->text.failed = sheet->text.failed || shown.failed;
        avd_strbuf_deinit(&shown);
        return;
    }
    switch (fact->type) {
    case AVD_FACT_UNKNOWN: avd_json_value(&sheet->j, key, json_null()); break;
    case AVD_FACT_BOOL: avd_sheet_bool(sheet, key, fact->number != 0); break;
    case AVD_FACT_NUMBER: avd_sheet_number(sheet, key, fact->number); break;
    case AVD_FACT_ADDRESS:
        avd_json_value(&sheet->j, key, avd_json_hex(fact->number, fact->address_digits));
        break;
    case AVD_FACT_CODE: avd_json_value(&sheet->j, key, avd_json_hex(fact->number, 8)); break;
    case AVD_FACT_TEXT: avd_sheet_text(sheet, key, fact->text); break;
    case AVD_FACT_LIST:
        avd_json_value(&sheet->j, key, avd_json_texts(&sheet->j, fact->list, fact->list_count));
        break;
    }
}

enum avd_status avd_sheet_analyze(const struct avd_dump *dump,
                                  const struct avd_analyze_options *options,
                                  struct avd_analysis **out, struct avd_error *err)
{
    *out = NULL;
    if (dump == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no dump");
    return avd_analysis_run(dump, options, out, err);
}

const char *avd_sheet_type(enum avd_fact_type type)
{
    switch (type) {
    case AVD_FACT_BOOL: return "boolean";
    case AVD_FACT_NUMBER: return "number";
    case AVD_FACT_ADDRESS: return "address";
    case AVD_FACT_CODE: return "code";
    case AVD_FACT_TEXT: return "text";
    case AVD_FACT_LIST: return "list";
    case AVD_FACT_UNKNOWN: break;
    }
    return "unknown";
}

const char *avd_sheet_verdict(enum avd_verdict verdict)
{
    return verdict == AVD_TRUE ? "true" : verdict == AVD_FALSE ? "false" : "undecided";
}
