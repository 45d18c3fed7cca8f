/* SPDX-License-Identifier: MIT */
/*
 * avdump rules stops, and rules show for one of them: the stops of Application Verifier that
 * rules/verifier describes. They are data and no rules, so they have no conditions to show.
 */
#include "rulebook/sheet.h"

#include "analyze/verifier_stops.h"
#include "base/utf.h"
#include "rules/condition.h"
#include "rules/suggest.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "verifier:"

enum { CODES_SIZE = 32 };

/* "0x0013", "0xe001 or 0xe101": the verifier's own numbers of a stop, documented ones first. */
static const char *show_codes(unsigned stop, char out[CODES_SIZE])
{
    size_t used = 0;
    unsigned i;

    out[0] = '\0';
    for (i = 0; i < avd_stop_code_count && used < CODES_SIZE; i++)
        if (avd_stop_codes[i].stop == stop)
            used += (size_t)snprintf(out + used, CODES_SIZE - used, "%s0x%04x",
                                     used != 0 ? " or " : "", (unsigned)avd_stop_codes[i].code);
    return out;
}

static void put_head(struct avd_sheet *sheet, unsigned index)
{
    const struct avd_stop *stop = &avd_stops[index];
    unsigned i;

    avd_json_open(&sheet->j, "codes", '[');
    for (i = 0; i < avd_stop_code_count; i++)
        if (avd_stop_codes[i].stop == index)
            avd_json_hex(&sheet->j, NULL, avd_stop_codes[i].code, 4);
    avd_json_close(&sheet->j, '[');
    avd_sheet_text(sheet, "layer", stop->layer->name);
    avd_sheet_text(sheet, "name", stop->name);
    avd_json_text_or_null(&sheet->j, "title", stop->title);
    avd_json_text_or_null(&sheet->j, "severity", stop->severity);
}

static void put_row(struct avd_sheet *sheet, unsigned index)
{
    const struct avd_stop *stop = &avd_stops[index];
    char codes[CODES_SIZE];

    if (sheet->json) {
        avd_json_open(&sheet->j, NULL, '{');
        put_head(sheet, index);
        avd_json_close(&sheet->j, '{');
    } else {
        avd_strbuf_printf(&sheet->text, "%-16s  %-15s  %-7s  %s\n", show_codes(index, codes),
                          stop->layer->name, stop->severity != NULL ? stop->severity : "-",
                          stop->name);
    }
}

/* Whether `layer` is one; "" and the nearest name in `hint` when not. */
static bool is_layer(const char *layer, char hint[AVD_SUGGESTION_SIZE])
{
    struct avd_suggestion suggestion;
    unsigned i;

    avd_suggestion_init(&suggestion, layer);
    for (i = 0; i < avd_stop_count; i++) {
        if (avd_ascii_casecmp(avd_stops[i].layer->name, layer) == 0)
            return true;
        avd_suggestion_offer(&suggestion, avd_stops[i].layer->name);
    }
    (void)avd_suggestion_text(&suggestion, hint);
    return false;
}

enum avd_status avd_verifier_stops_write(const char *layer, enum avd_format format,
                                         const struct avd_write_options *options,
                                         avd_write_fn *write, void *ctx, struct avd_error *err)
{
    char hint[AVD_SUGGESTION_SIZE] = "";
    struct avd_sheet sheet;
    unsigned i;

    if (layer != NULL && !is_layer(layer, hint))
        return avd_error_set(err, AVD_NOT_FOUND, 0, "", "no stop is known of a layer '%s'%s", layer,
                             hint);
    avd_sheet_init(&sheet, format, options, "stops");
    if (sheet.json)
        avd_json_open(&sheet.j, "stops", '[');
    /* By code; a stop with several comes at its first one. */
    for (i = 0; i < avd_stop_code_count; i++) {
        unsigned index = avd_stop_codes[i].stop;

        if (avd_stop_codes[i].code == avd_stop_codes[i].documented &&
            (layer == NULL || avd_ascii_casecmp(avd_stops[index].layer->name, layer) == 0))
            put_row(&sheet, index);
    }
    if (sheet.json)
        avd_json_close(&sheet.j, '[');
    return avd_sheet_deliver(&sheet, write, ctx, err);
}

/* ---- one in full ---- */

static void show_parameters(struct avd_sheet *sheet, const struct avd_stop *stop)
{
    unsigned i;

    if (sheet->json)
        avd_json_open(&sheet->j, "parameters", '[');
    for (i = 0; i < 4; i++) {
        const struct avd_stop_parameter *parameter = &stop->parameters[i];
        const char *kind = avd_stop_kind_name(parameter->kind);
        char label[16];

        if (sheet->json) {
            avd_json_open(&sheet->j, NULL, '{');
            avd_sheet_number(sheet, "number", i + 1);
            avd_sheet_text(sheet, "kind", kind);
            avd_json_text_or_null(&sheet->j, "meaning", parameter->meaning);
            avd_json_close(&sheet->j, '{');
        } else if (parameter->kind != AVD_STOP_UNUSED) {
            (void)snprintf(label, sizeof label, "parameter %u  ", i + 1);
            avd_sheet_paragraph(sheet, label,
                                parameter->meaning != NULL ? parameter->meaning : kind);
        }
    }
    if (sheet->json)
        avd_json_close(&sheet->j, '[');
}

/* What the verifier does at such a stop unless it is told otherwise. */
static void show_properties(struct avd_sheet *sheet, const struct avd_stop *stop)
{
    static const char *const words[][2] = {
        {"not logged", "logged"}, {"without backtrace", "with backtrace"}, {"each time", "once"}};
    static const char *const keys[] = {"log", "backtrace", "one_time"};
    const int flags[] = {stop->log, stop->backtrace, stop->one_time};
    char line[100] = "";
    size_t i;

    if (sheet->json)
        avd_json_text_or_null(&sheet->j, "error_report", stop->report);
    else if (stop->report != NULL)
        (void)snprintf(line, sizeof line, "%s",
                       strcmp(stop->report, "break") == 0 ? "stops the program"
                                                          : "does not stop the program");
    for (i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        size_t used = strlen(line);

        if (sheet->json && avd_json_known(&sheet->j, keys[i], flags[i] >= 0))
            avd_json_bool(&sheet->j, keys[i], flags[i] != 0);
        else if (!sheet->json && flags[i] >= 0)
            (void)snprintf(line + used, sizeof line - used, "%s%s", used != 0 ? ", " : "",
                           words[i][flags[i]]);
    }
    if (!sheet->json)
        avd_sheet_text_if_any(sheet, "by default", line);
}

static void show_stop(struct avd_sheet *sheet, unsigned index)
{
    const struct avd_stop *stop = &avd_stops[index];
    const struct avd_stop_layer *layer = stop->layer;
    char codes[CODES_SIZE];

    if (sheet->json) {
        avd_json_open(&sheet->j, NULL, '{');
        put_head(sheet, index);
    } else {
        avd_strbuf_printf(&sheet->text, "%s%s%s_%s [" PREFIX "%s]\n",
                          stop->severity != NULL ? stop->severity : "",
                          stop->severity != NULL ? ": " : "", layer->headline, stop->name,
                          show_codes(index, codes));
        avd_strbuf_printf(&sheet->text, "layer        %s (%s)\n", layer->name, layer->about);
        if (stop->title != NULL)
            avd_sheet_paragraph(sheet, "title        ", stop->title);
    }
    avd_sheet_texts(sheet, sheet->json ? "modules" : "reported by", layer->modules,
                    layer->module_count);
    avd_sheet_text_if_any(sheet, "cause", stop->cause != NULL ? stop->cause : "");
    avd_sheet_text_if_any(sheet, "advice", stop->advice != NULL ? stop->advice : "");
    show_parameters(sheet, stop);
    show_properties(sheet, stop);
    if (sheet->json)
        avd_json_close(&sheet->j, '{');
}

bool avd_stop_is_named(const char *id)
{
    return strncmp(id, PREFIX, sizeof PREFIX - 1) == 0 || (id[0] >= 'A' && id[0] <= 'Z');
}

enum avd_status avd_stops_show(const char *id, enum avd_format format,
                               const struct avd_write_options *options, avd_write_fn *write,
                               void *ctx, struct avd_error *err)
{
    const char *wanted = strncmp(id, PREFIX, sizeof PREFIX - 1) == 0 ? id + sizeof PREFIX - 1 : id;
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const struct avd_stop *by_code = NULL;
    struct avd_sheet sheet;
    bool too_large = false;
    uint64_t code = 0;
    size_t count = 0;
    unsigned i;

    if (avd_number_parse(wanted, &code, &too_large) && !too_large && code <= UINT32_MAX)
        by_code = avd_stop_find((uint32_t)code, NULL);
    avd_suggestion_init(&suggestion, wanted);
    avd_sheet_init(&sheet, format, options, "stops");
    if (sheet.json)
        avd_json_open(&sheet.j, "stops", '[');
    for (i = 0; i < avd_stop_count; i++) {
        avd_suggestion_offer(&suggestion, avd_stops[i].name);
        if (&avd_stops[i] != by_code && avd_ascii_casecmp(avd_stops[i].name, wanted) != 0)
            continue;
        if (count++ != 0 && !sheet.json)
            avd_strbuf_puts(&sheet.text, "\n");
        show_stop(&sheet, i);
    }
    if (sheet.json)
        avd_json_close(&sheet.j, '[');
    if (count != 0)
        return avd_sheet_deliver(&sheet, write, ctx, err);
    avd_strbuf_deinit(&sheet.text);
    return avd_error_set(err, AVD_NOT_FOUND, 0, "", "no stop of Application Verifier is '%s'%s",
                         wanted, avd_suggestion_text(&suggestion, hint));
}
