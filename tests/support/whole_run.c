/* SPDX-License-Identifier: MIT */
#include "support/whole_run.h"

#include "base/file.h"
#include "base/unpack.h"

#include <stdlib.h>
#include <string.h>

struct sink {
    char *text;
    size_t size, capacity;
};

/* The test's own memory, so that failing allocations concern the library alone. */
static int collect(void *ctx, const char *bytes, size_t size)
{
    struct sink *sink = ctx;

    if (sink->size + size + 1 > sink->capacity) {
        sink->capacity = (sink->size + size + 1) * 2;
        sink->text = realloc(sink->text, sink->capacity);
        if (sink->text == NULL)
            abort();
    }
    memcpy(sink->text + sink->size, bytes, size);
    sink->size += size;
    sink->text[sink->size] = '\0';
    return 0;
}

static void render(const struct avd_dump *dump, struct whole_run *run)
{
    struct avd_write_options all = {.all_threads = 1, .verbose = 1};
    struct sink json = {0};
    struct sink text = {0};
    struct sink info = {0};
    struct sink html = {0};
    struct avd_report *report = NULL;

    run->status = avd_analyze(dump, NULL, NULL, &report, &run->err);
    if (run->status == AVD_OK)
        run->status = avd_report_write(report, AVD_FORMAT_JSON, NULL, collect, &json, &run->err);
    if (run->status == AVD_OK)
        run->status = avd_report_write(report, AVD_FORMAT_TEXT, &all, collect, &text, &run->err);
    if (run->status == AVD_OK)
        run->status = avd_info_write(dump, AVD_FORMAT_TEXT, NULL, collect, &info, &run->err);
    if (run->status == AVD_OK)
        run->status = avd_report_write(report, AVD_FORMAT_HTML, NULL, collect, &html, &run->err);
    free(html.text); /* tests/e2e/test_html.py reads such documents */
    avd_report_free(report);
    run->json = json.text;
    run->json_size = json.size;
    run->text = text.text;
    run->text_size = text.size;
    run->info = info.text;
    run->info_size = info.size;
}

void whole_run_do(const void *bytes, size_t size, struct whole_run *run)
{
    struct avd_dump *dump = NULL;

    memset(run, 0, sizeof *run);
    run->status = avd_dump_open_memory(bytes, size, "mutant.dmp", &dump, &run->err);
    if (run->status == AVD_OK)
        render(dump, run);
    avd_dump_close(dump);
}

void whole_run_free(struct whole_run *run)
{
    free(run->json);
    free(run->text);
    free(run->info);
    memset(run, 0, sizeof *run);
}

unsigned char *whole_run_load(const char *path, size_t *size)
{
    struct avd_file file = {0};
    struct avd_file unpacked = {0};
    struct avd_view view;
    unsigned char *bytes = NULL;
    bool truncated;

    if (avd_file_map(path, &file, NULL) != AVD_OK)
        return NULL;
    view = file.view;
    if (avd_unpack_is_gzip(view)) {
        if (avd_unpack_gzip(view, 1 << 30, &unpacked, &truncated, NULL) != AVD_OK)
            view.size = 0;
        else
            view = unpacked.view;
    }
    if (view.size != 0) {
        bytes = malloc(view.size);
        if (bytes == NULL)
            abort();
        memcpy(bytes, view.data, view.size);
    }
    *size = view.size;
    avd_file_close(&unpacked);
    avd_file_close(&file);
    return bytes;
}
