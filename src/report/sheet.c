/* SPDX-License-Identifier: MIT */
/* The output of the commands beside the report; see the header. */
#include "report/sheet.h"

enum { FLUSHED_SIZE = 65536 };

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

bool avd_sheet_flush(struct avd_sheet *sheet, avd_write_fn *write, void *ctx)
{
    bool written;

    if (sheet->text.failed || sheet->text.size < FLUSHED_SIZE)
        return !sheet->text.failed;
    /* What could not be written stays, so that the end fails in the same way. */
    written = write(ctx, avd_strbuf_text(&sheet->text), sheet->text.size) == 0;
    if (written)
        sheet->text.size = 0;
    return written;
}

void avd_sheet_text(struct avd_sheet *sheet, const char *key, const char *text)
{
    avd_json_text(&sheet->j, key, text);
}

void avd_sheet_number(struct avd_sheet *sheet, const char *key, uint64_t number)
{
    avd_json_number(&sheet->j, key, number);
}

void avd_sheet_bool(struct avd_sheet *sheet, const char *key, bool value)
{
    avd_json_bool(&sheet->j, key, value);
}
