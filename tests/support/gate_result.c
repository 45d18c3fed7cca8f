/* SPDX-License-Identifier: MIT */
#include "support/gate_result.h"

#include "avdump/avdump.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct avd_gate_bucket gate_bucket;
struct avd_gate_summary gate_summary;
struct avd_gate_verdict gate_verdict;
struct avd_gate_result gate_result;
struct avd_strbuf gate_out;

static struct avd_gate_tally finding = {"null-data-pointer", AVD_SEVERITY_ERROR, 3};
static struct avd_gate_bucket *buckets[] = {&gate_bucket};
static struct avd_gate_failure failure;

/* jansson's memory counts, too. */
static void *json_memory(size_t size)
{
    return avd_mem_calloc(size, 1);
}

static void setup(void)
{
    json_set_alloc_funcs(json_memory, avd_mem_free);
    memset(&gate_summary, 0, sizeof gate_summary);
    memset(&gate_verdict, 0, sizeof gate_verdict);
    avd_strbuf_init(&gate_out);
}

static void teardown(void)
{
    avd_strbuf_deinit(&gate_out);
    ck_assert_int_eq(avd_mem_live(), 0);
}

void gate_result_use(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
}

void gate_result_fill(const char *text)
{
    memset(&gate_bucket, 0, sizeof gate_bucket);
    gate_bucket.key = "av1-0123";
    gate_bucket.crashed = true;
    gate_bucket.title = gate_bucket.what = gate_bucket.where = gate_bucket.followup =
        gate_bucket.process = text;
    gate_bucket.system = gate_bucket.stack = gate_bucket.example = gate_bucket.verdict = text;
    gate_bucket.count = 3;
    gate_bucket.severity = AVD_SEVERITY_ERROR;
    gate_bucket.findings = &finding;
    gate_bucket.finding_count = 1;
    failure.name = failure.error = text;
    failure.outcome = AVD_GATE_UNREADABLE;
    gate_summary.buckets = buckets;
    gate_summary.count = 1;
    gate_summary.failures = &failure;
    gate_summary.failure_count = gate_summary.failed = 1;
    gate_summary.dumps = 4;
    gate_verdict.fails = true;
    gate_verdict.new_count = 1;
    gate_result.summary = &gate_summary;
    gate_result.verdict = &gate_verdict;
    gate_result.version = "1.2.3";
    gate_result.link_template = "https://host/?n={name}&k={key}";
    gate_result.columns = 0;
}

void gate_result_fill_all(void)
{
    static struct avd_gate_tally versions[] = {{"1.0.0.1", 0, 2}, {"1.0.0.2", 0, 1}};
    static const struct avd_gate_finding advice = {"null-data-pointer", AVD_SEVERITY_ERROR,
                                                   "Null pointer", "a pointer was null",
                                                   "look\nthen think"};

    gate_result_fill("crash");
    gate_bucket.versions = versions;
    gate_bucket.version_count = 2;
    gate_bucket.versions_left_out = 5;
    gate_bucket.first_time = 1704164645; /* 2024-01-02T03:04:05Z */
    gate_bucket.last_time = 1704251045;
    gate_bucket.allow_reason = "known since May";
    gate_bucket.allow_owner = "jane";
    gate_bucket.advice = &advice;
    gate_bucket.advice_count = 1;
    failure.error = "no dump";
    gate_summary.failed = 7; /* of which one is listed */
    gate_result.fields = 0;
}

const char *gate_result_written(void (*write)(const struct avd_gate_result *, struct avd_strbuf *))
{
    avd_strbuf_deinit(&gate_out);
    avd_strbuf_init(&gate_out);
    write(&gate_result, &gate_out);
    ck_assert(!gate_out.failed);
    return avd_strbuf_text(&gate_out);
}

unsigned gate_result_count_of(const char *part)
{
    const char *at = avd_strbuf_text(&gate_out);
    unsigned count = 0;

    for (; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

void gate_result_expect(const char *before, const char *text, const char *behind)
{
    struct avd_strbuf part;

    avd_strbuf_init(&part);
    avd_strbuf_printf(&part, "%s%s%s", before, text, behind);
    if (gate_result_count_of(avd_strbuf_text(&part)) == 0) {
        /* Check's messages end at 4096 bytes. */
        fprintf(stderr, "---- found\n%s----\n", avd_strbuf_text(&gate_out));
        ck_abort_msg("expected:\n%s", avd_strbuf_text(&part));
    }
    avd_strbuf_deinit(&part);
}

const char *gate_result_value_at(const json_t *root, const char *path)
{
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        char key[64];

        ck_assert_uint_lt(size, sizeof key);
        memcpy(key, path, size);
        key[size] = '\0';
        root = json_is_array(root) ? json_array_get(root, strtoul(key, NULL, 10))
                                   : json_object_get(root, key);
        ck_assert_msg(root != NULL, "%s is not there", path);
        path += size + (path[size] == '/');
    }
    ck_assert(json_is_string(root));
    return json_string_value(root);
}
