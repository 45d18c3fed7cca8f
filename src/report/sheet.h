/* SPDX-License-Identifier: MIT */
/*
 * What the commands beside the report share: an output that is text or JSON, written to the caller
 * at the end, or in pieces where it may be large.
 */
#ifndef AVD_REPORT_SHEET_H
#define AVD_REPORT_SHEET_H

#include "report/json.h"

struct avd_sheet {
    bool json;
    struct avd_strbuf text;
    struct avd_json j; /* writes into `text` */
};

/* Opens the document's object with its head when JSON. `what` names the command. */
void avd_sheet_init(struct avd_sheet *sheet, enum avd_format format,
                    const struct avd_write_options *options, const char *what);
/* Ends the document and hands it to the caller. AVD_E_NOMEM, AVD_E_IO. */
enum avd_status avd_sheet_deliver(struct avd_sheet *sheet, avd_write_fn *write, void *ctx,
                                  struct avd_error *err);
/* Hands over what is there when it is large; false when that fails or memory ran out, which
 * avd_sheet_deliver then tells. */
bool avd_sheet_flush(struct avd_sheet *sheet, avd_write_fn *write, void *ctx);

/* JSON: members of the innermost open object or array (then `key` is NULL). */
void avd_sheet_text(struct avd_sheet *sheet, const char *key, const char *text);
void avd_sheet_number(struct avd_sheet *sheet, const char *key, uint64_t number);
void avd_sheet_bool(struct avd_sheet *sheet, const char *key, bool value);

#endif
