/* SPDX-License-Identifier: MIT */
/* The output of the commands over rules; see the header. */
#include "rulebook/sheet.h"

#include "base/utf.h"

#include <string.h>

enum { LINE_WIDTH = 100 };

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
    case AVD_FACT_UNKNOWN: avd_json_null(&sheet->j, key); break;
    case AVD_FACT_BOOL: avd_sheet_bool(sheet, key, fact->number != 0); break;
    case AVD_FACT_NUMBER: avd_sheet_number(sheet, key, fact->number); break;
    case AVD_FACT_ADDRESS: avd_json_hex(&sheet->j, key, fact->number, fact->address_digits); break;
    case AVD_FACT_CODE: avd_json_hex(&sheet->j, key, fact->number, 8); break;
    case AVD_FACT_TEXT: avd_sheet_text(sheet, key, fact->text); break;
    case AVD_FACT_LIST: avd_json_texts(&sheet->j, key, fact->list, fact->list_count); break;
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
