/* SPDX-License-Identifier: MIT */
/*
 * A whole dump: open, analyze, write as text, or now and then as JSON, which must parse: parsing
 * takes longer than all before it.
 */
#include "avdump/avdump.h"
#include "turn.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JSON_ONE_IN = 4 };

struct sink {
    char *text;
    size_t size, capacity;
};

static int collect(void *ctx, const char *bytes, size_t size)
{
    struct sink *sink = ctx;

    if (size > sink->capacity - sink->size) {
        sink->capacity = (sink->size + size) * 2;
        sink->text = realloc(sink->text, sink->capacity);
        if (sink->text == NULL)
            abort();
    }
    memcpy(sink->text + sink->size, bytes, size);
    sink->size += size;
    return 0;
}

static void check_json(const struct avd_report *report)
{
    struct sink sink = {0};
    json_t *json;

    if (avd_report_write(report, AVD_FORMAT_JSON, NULL, collect, &sink, NULL) != AVD_OK)
        abort();
    json = json_loadb(sink.text, sink.size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(json))
        abort();
    json_decref(json);
    free(sink.text);
}

static void check_text(const struct avd_report *report, const struct avd_dump *dump)
{
    struct avd_write_options options = {.all_threads = 1, .verbose = 1};
    struct sink sink = {0};

    if (avd_report_write(report, AVD_FORMAT_TEXT, &options, collect, &sink, NULL) != AVD_OK ||
        avd_info_write(dump, AVD_FORMAT_JSON, NULL, collect, &sink, NULL) != AVD_OK)
        abort();
    free(sink.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_dump *dump = NULL;
    struct avd_report *report = NULL;

    if (avd_dump_open_memory(data, size, "fuzz.dmp", &dump, NULL) != AVD_OK)
        return 0;
    if (avd_analyze(dump, NULL, NULL, &report, NULL) != AVD_OK)
        abort();
    if (fuzz_turn(data, size, JSON_ONE_IN) == 0)
        check_json(report);
    else
        check_text(report, dump);
    avd_report_free(report);
    avd_dump_close(dump);
    return 0;
}
