/* SPDX-License-Identifier: MIT */
/* src/gate: the summary, the baseline, the policy and what they make of each other. */
#include "avdump/avdump.h"
#include "base/memory.h"
#include "gate/baseline.h"
#include "gate/policy.h"
#include "gate/summary.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct avd_gate_summary summary;
static struct avd_gate_policy policy;
static struct avd_gate_baseline baseline;
static struct avd_gate_verdict verdict;
static struct avd_error err;
static char path[64];

static void setup(void)
{
    avd_gate_summary_init(&summary);
    avd_gate_policy_init(&policy);
    avd_gate_baseline_init(&baseline);
    memset(&err, 0, sizeof err);
    (void)snprintf(path, sizeof path, "/tmp/avdump-judge-%ld", (long)getpid());
}

static void teardown(void)
{
    avd_gate_summary_deinit(&summary);
    avd_gate_policy_deinit(&policy);
    avd_gate_baseline_deinit(&baseline);
    (void)unlink(path);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    ck_assert_int_eq(fclose(file), 0);
}

static const struct avd_gate_finding null_pointer = {"null-data-pointer", AVD_SEVERITY_ERROR, NULL,
                                                     NULL, NULL};

static struct avd_gate_record crash(const char *signature, const char *id)
{
    struct avd_gate_record record = {.name = "a.dmp",
                                     .content_id = id,
                                     .outcome = AVD_GATE_ANALYZED,
                                     .crashed = 1,
                                     .signature = signature,
                                     .bucket = signature};

    return record;
}

static void add(struct avd_gate_record record)
{
    ck_assert(avd_gate_summary_add(&summary, &record));
}

static void judge(uint32_t today)
{
    avd_gate_summary_finish(&summary);
    ck_assert(avd_gate_judge(&policy, &baseline, today, &summary, &verdict));
}

/* ---- summary ---- */

/* Records whose number of versions and findings is above the ceilings, in some order. */
static void add_many(unsigned step)
{
    char version[16];
    char finding[16];
    char id[16];
    unsigned i;

    for (i = 0; i < 1009; i++) { /* a prime: every step visits all */
        unsigned n = (unsigned)((unsigned long)i * step % 1009);
        struct avd_gate_finding of = {finding, (int)(n % 3), NULL, NULL, NULL};
        struct avd_gate_record record = crash(n % 4 == 0 ? "s0" : "s1", id);

        (void)snprintf(version, sizeof version, "1.%u", n % 300);
        (void)snprintf(finding, sizeof finding, "f%u", n % 600);
        (void)snprintf(id, sizeof id, "%08x", (n * 2654435761U) & 0xffffffff);
        record.version = version;
        record.time = 1000 + n;
        record.findings = &of;
        record.finding_count = 1;
        add(record);
    }
    avd_gate_summary_finish(&summary);
}

static void describe(char *out, size_t size)
{
    size_t used = 0;
    size_t i;
    size_t k;

    for (i = 0; i < summary.count; i++) {
        const struct avd_gate_bucket *b = summary.buckets[i];

        used += (size_t)snprintf(out + used, size - used, "%s %llu %s %u %u %llu %llu:", b->key,
                                 (unsigned long long)b->count, b->example_id, b->first_time,
                                 b->last_time, (unsigned long long)b->versions_left_out,
                                 (unsigned long long)b->findings_left_out);
        for (k = 0; k < b->version_count; k++)
            used += (size_t)snprintf(out + used, size - used, " %s=%llu", b->versions[k].text,
                                     (unsigned long long)b->versions[k].count);
        for (k = 0; k < b->finding_count; k++)
            used += (size_t)snprintf(out + used, size - used, " %s=%llu", b->findings[k].text,
                                     (unsigned long long)b->findings[k].count);
    }
}

START_TEST(test_order_does_not_matter)
{
    static const unsigned steps[] = {7, 100, 503, 1008};
    static char expected[65536];
    static char found[65536];
    size_t i;

    add_many(1);
    ck_assert_uint_eq(summary.dumps, 1009);
    ck_assert_uint_eq(summary.buckets[0]->version_count, AVD_GATE_MAX_VERSIONS);
    ck_assert_uint_eq(summary.buckets[0]->finding_count, AVD_GATE_MAX_FINDINGS);
    ck_assert_uint_gt(summary.buckets[0]->versions_left_out, 0);
    describe(expected, sizeof expected);
    for (i = 0; i < sizeof steps / sizeof *steps; i++) {
        avd_gate_summary_deinit(&summary);
        avd_gate_summary_init(&summary);
        add_many(steps[i]);
        describe(found, sizeof found);
        ck_assert_str_eq(found, expected);
    }
}
END_TEST

START_TEST(test_buckets)
{
    struct avd_gate_record record = crash("one", "02");
    struct avd_gate_record failure = {
        .name = "broken", .outcome = AVD_GATE_TIMED_OUT, .error = "took long"};

    add(record);
    record.content_id = "01";
    record.name = "b.dmp";
    add(record);
    record.crashed = 0; /* a hang has a signature too, which is no crash's */
    add(record);
    add(failure);
    avd_gate_summary_finish(&summary);
    ck_assert_uint_eq(summary.count, 2);
    ck_assert_uint_eq(summary.buckets[0]->count, 2);
    ck_assert_str_eq(summary.buckets[0]->example, "b.dmp");
    ck_assert_str_eq(summary.buckets[1]->key, "no-exception");
    ck_assert_str_eq(avd_gate_title(summary.buckets[1]), "no exception");
    ck_assert_uint_eq(summary.failed, 1);
    ck_assert_str_eq(summary.failures[0].error, "took long");
    ck_assert_int_eq(summary.failures[0].outcome, AVD_GATE_TIMED_OUT);
}
END_TEST

/* Without a stack the address must not make a bucket of every dump. */
START_TEST(test_bucket_without_signature)
{
    struct avd_gate_record record = crash(NULL, "01");

    record.what = "SIGSEGV at address 0x10: no memory is there";
    record.followup = "app+0x10";
    add(record);
    record.what = "SIGSEGV at address 0x20: no memory is there";
    record.content_id = "02";
    add(record);
    record.what = NULL;
    add(record);
    avd_gate_summary_finish(&summary);
    ck_assert_uint_eq(summary.count, 2);
    ck_assert_str_eq(summary.buckets[0]->key, "SIGSEGV in app+0x10");
    ck_assert_str_eq(avd_gate_title(summary.buckets[0]), "SIGSEGV in app+0x10");
    ck_assert_str_eq(summary.buckets[1]->key, "unknown");
}
END_TEST

START_TEST(test_summary_no_memory)
{
    struct avd_gate_record record = crash("one", "01");
    unsigned long n;
    bool good = false;

    for (n = 1; !good; n++) {
        avd_gate_summary_deinit(&summary);
        avd_gate_summary_init(&summary);
        avd_mem_fail_after(n);
        good = avd_gate_summary_add(&summary, &record);
        avd_mem_fail_after(0);
    }
    ck_assert_uint_gt(n, 2);
}
END_TEST

/* ---- baseline ---- */

static const struct {
    const char *text;
    unsigned line;
    const char *message;
} bad_baselines[] = {
    {"nonsense\n", 1, "expected a JSON object"},
    {"{}\n", 1, "not a baseline: expected {\"avdump_baseline\":1} in the first line"},
    {"{\"avdump_baseline\":2}\n", 1, "a baseline of a newer avdump; expected version 1"},
    {"{\"avdump_baseline\":1}\n\n[]\n", 3, "expected a JSON object"},
    {"{\"avdump_baseline\":1}\n{}\n", 2, "expected an object with \"key\""},
    {"{\"avdump_baseline\":1}\n{\"key\":\"a\",\"count\":-1}\n", 2, "\"count\": expected a number"},
    {"{\"avdump_baseline\":1}\n{\"key\":\"a\",\"last_seen\":\"today\"}\n", 2,
     "\"first_seen\", \"last_seen\": expected a time such as \"2026-01-31T12:00:00Z\""},
};

START_TEST(test_bad_baseline)
{
    write_file(bad_baselines[_i].text);
    ck_assert_int_eq(avd_gate_baseline_read(&baseline, path, false, &err), AVD_E_FORMAT);
    ck_assert_uint_eq(err.line, bad_baselines[_i].line);
    ck_assert_str_eq(err.message, bad_baselines[_i].message);
}
END_TEST

START_TEST(test_baseline_merged)
{
    struct avd_strbuf text;
    struct avd_gate_record record = crash("b", "01");

    avd_strbuf_init(&text);
    write_file("{\"avdump_baseline\":1}\r\n"
               "{\"key\":\"c\",\"title\":\"old\",\"count\":3}\n"
               "{\"avdump_baseline\":1}\n"
               "{\"key\":\"a\",\"count\":1,\"first_seen\":\"2026-01-02T00:00:00Z\"}\n"
               "{\"key\":\"c\",\"count\":9,\"last_seen\":\"2026-01-03T00:00:00Z\"}\n"
               "{\"key\":\"a\",\"first_seen\":\"2026-01-01T00:00:00Z\"}");
    ck_assert_int_eq(avd_gate_baseline_read(&baseline, path, false, &err), AVD_OK);
    ck_assert_uint_eq(baseline.count, 2);
    ck_assert_ptr_nonnull(avd_gate_baseline_find(&baseline, "a"));
    ck_assert_ptr_null(avd_gate_baseline_find(&baseline, "b"));
    ck_assert_uint_eq(avd_gate_baseline_find(&baseline, "c")->count, 9);
    record.time = 1767225600; /* 2026-01-01 */
    add(record);
    record.crashed = 0;
    add(record); /* what did not crash is no bucket of a baseline */
    avd_gate_summary_finish(&summary);
    avd_gate_baseline_write(&baseline, &summary, &text);
    ck_assert_str_eq(avd_strbuf_text(&text),
                     "{\"avdump_baseline\":1}\n"
                     "{\"key\":\"a\",\"count\":1,\"first_seen\":\"2026-01-01T00:00:00Z\"}\n"
                     "{\"key\":\"b\",\"title\":\"b\",\"count\":1,\"first_seen\":"
                     "\"2026-01-01T00:00:00Z\",\"last_seen\":\"2026-01-01T00:00:00Z\"}\n"
                     "{\"key\":\"c\",\"title\":\"old\",\"count\":9,\"last_seen\":"
                     "\"2026-01-03T00:00:00Z\"}\n");
    avd_strbuf_deinit(&text);
}
END_TEST

START_TEST(test_baseline_absent)
{
    ck_assert_int_eq(avd_gate_baseline_read(&baseline, "/absent/x", true, &err), AVD_OK);
    ck_assert_uint_eq(baseline.count, 0);
    ck_assert_int_eq(avd_gate_baseline_read(&baseline, "/absent/x", false, &err), AVD_E_IO);
}
END_TEST

/* ---- policy ---- */

static const struct {
    const char *text;
    unsigned line, column;
    const char *message;
} bad_policies[] = {
    {"- new\n", 1, 1, "expected a mapping with fail-on, allow or unreadable, found a list"},
    {"fail: [new]\n", 1, 1, "unknown key 'fail' (known are fail-on, allow, unreadable)"},
    {"fail-on: new\n", 1, 10, "expected a list of what fails the gate, found a single value"},
    {"fail-on: [new, often]\n", 1, 16,
     "expected new, unreadable, info, warning, error, never, rule:PATTERN or count:N, found "
     "'often'"},
    {"unreadable: maybe\n", 1, 13, "expected report or ignore, found 'maybe'"},
    {"allow:\n  - bucket: x\n", 2, 5, "an allowance needs 'reason': why it may stay"},
    {"allow:\n  - reason: x\n", 2, 5, "an allowance needs 'bucket' or 'rule': what it allows"},
    {"allow:\n  - {bucket: x, reason: y, until: z}\n", 2, 28,
     "unknown key 'until' in 'allow' (known are bucket, rule, reason, owner, expires)"},
    {"allow:\n  - {bucket: x, reason: y, expires: soon}\n", 2, 37,
     "'expires': expected a day such as 2026-12-31, found 'soon'"},
    {"fail-on: [new]\n---\nallow: []\n", 3, 1, "a policy is one document"},
};

START_TEST(test_bad_policy)
{
    write_file(bad_policies[_i].text);
    ck_assert_int_eq(avd_gate_policy_read(&policy, path, &err), AVD_E_RULE);
    ck_assert_str_eq(err.message, bad_policies[_i].message);
    ck_assert_uint_eq(err.line, bad_policies[_i].line);
    ck_assert_uint_eq(err.column, bad_policies[_i].column);
}
END_TEST

START_TEST(test_words)
{
    const char *wrong = NULL;
    size_t size = 0;

    policy.fail_new = false;
    ck_assert(avd_gate_policy_fail_on(&policy, "error,rule:a*,count:3,unreadable", &wrong, &size));
    ck_assert_int_eq(policy.fail_severity, AVD_SEVERITY_ERROR);
    ck_assert_str_eq(policy.fail_rules[0], "a*");
    ck_assert_uint_eq(policy.fail_count, 3);
    ck_assert(policy.fail_unreadable);
    ck_assert(!policy.fail_new);
    ck_assert(avd_gate_policy_fail_on(&policy, "info,new", &wrong, &size));
    ck_assert_int_eq(policy.fail_severity, AVD_SEVERITY_INFO);
    ck_assert(avd_gate_policy_fail_on(&policy, "error", &wrong, &size)); /* the worst counts */
    ck_assert_int_eq(policy.fail_severity, AVD_SEVERITY_INFO);
    ck_assert(!avd_gate_policy_fail_on(&policy, "new,often,never", &wrong, &size));
    ck_assert_uint_eq(size, 5);
    ck_assert_mem_eq(wrong, "often", 5);
    ck_assert(!avd_gate_policy_fail_on(&policy, "count:1234567890", &wrong, &size));
    ck_assert(!avd_gate_policy_fail_on(&policy, "new,,error", &wrong, &size));
}
END_TEST

/* ---- the judgement ---- */

START_TEST(test_standings)
{
    struct avd_gate_record hang = crash("hang", "05");

    write_file("{\"avdump_baseline\":1}\n{\"key\":\"known\"}\n");
    ck_assert_int_eq(avd_gate_baseline_read(&baseline, path, false, &err), AVD_OK);
    write_file("allow:\n"
               "  - {bucket: allow*, reason: r, owner: o, expires: 2026-12-31}\n"
               "  - {bucket: gone, reason: nobody knows}\n");
    ck_assert_int_eq(avd_gate_policy_read(&policy, path, &err), AVD_OK);
    hang.crashed = 0;
    add(crash("known", "01"));
    add(crash("allowed", "02"));
    add(crash("new", "03"));
    add(crash("new", "04"));
    add(hang);
    judge(1798761599); /* 2026-12-31T23:59:59Z */
    ck_assert(verdict.fails);
    ck_assert_uint_eq(verdict.new_count, 1);
    ck_assert_uint_eq(verdict.known_count, 1);
    ck_assert_uint_eq(verdict.allowed_count, 1);
    ck_assert_uint_eq(verdict.reason_count, 1);
    ck_assert_str_eq(verdict.reasons[0], "new crash: new (2 dumps)");
    ck_assert_uint_eq(verdict.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(verdict.warnings[0], ":3: the allowance for 'gone' matches "
                                                      "nothing"));
    ck_assert_str_eq(summary.buckets[0]->key, "new");
    ck_assert_int_eq(summary.buckets[0]->standing, AVD_GATE_NEW);
    ck_assert_str_eq(summary.buckets[1]->allow_reason, "r");
    ck_assert_str_eq(summary.buckets[1]->allow_owner, "o");
    ck_assert_int_eq(summary.buckets[2]->standing, AVD_GATE_KNOWN);
    ck_assert_ptr_null(summary.buckets[2]->verdict);
    ck_assert_int_eq(summary.buckets[3]->standing, AVD_GATE_NO_CRASH);
}
END_TEST

START_TEST(test_expired)
{
    write_file("allow:\n  - {bucket: old, reason: r, owner: alice, expires: 2026-12-31}\n");
    ck_assert_int_eq(avd_gate_policy_read(&policy, path, &err), AVD_OK);
    add(crash("old", "01"));
    judge(1798761600); /* 2027-01-01 */
    ck_assert(verdict.fails);
    ck_assert_str_eq(verdict.reasons[0], "new crash: old (1 dump)");
    ck_assert_uint_eq(verdict.warning_count, 1);
    ck_assert_ptr_nonnull(strstr(verdict.warnings[0],
                                 ":2: the allowance for old expired on 2026-12-31; owner alice "
                                 "(r)"));
}
END_TEST

/* fail-on words, one at a time, against a known bucket of three dumps with a finding. */
START_TEST(test_reasons)
{
    static const struct {
        const char *words, *reason;
    } cases[] = {
        {"new", NULL},
        {"never", NULL},
        {"count:3", NULL},
        {"count:2", "known: 3 dumps, allowed are 2"},
        {"rule:null-*", "known: a finding of rule 'null-*'"},
        {"rule:heap-*", NULL},
        {"error", "known: finding 'null-data-pointer'"},
        {"info", "known: finding 'null-data-pointer'"},
        {"unreadable", "1 dump could not be analysed"},
    };
    struct avd_gate_record record = crash("known", "01");
    struct avd_gate_record broken = {.name = "b", .outcome = AVD_GATE_UNREADABLE, .error = "e"};
    const char *wrong;
    size_t size;
    int i;

    write_file("{\"avdump_baseline\":1}\n{\"key\":\"known\"}\n");
    ck_assert_int_eq(avd_gate_baseline_read(&baseline, path, false, &err), AVD_OK);
    record.findings = &null_pointer;
    record.finding_count = 1;
    policy.fail_new = false;
    ck_assert(avd_gate_policy_fail_on(&policy, cases[_i].words, &wrong, &size));
    for (i = 0; i < 3; i++)
        add(record);
    add(broken);
    judge(0);
    ck_assert_int_eq(verdict.fails, cases[_i].reason != NULL);
    if (cases[_i].reason != NULL)
        ck_assert_str_eq(verdict.reasons[0], cases[_i].reason);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_order_does_not_matter);
    tcase_add_test(tests, test_buckets);
    tcase_add_test(tests, test_bucket_without_signature);
    tcase_add_test(tests, test_summary_no_memory);
    tcase_add_loop_test(tests, test_bad_baseline, 0, sizeof bad_baselines / sizeof *bad_baselines);
    tcase_add_test(tests, test_baseline_merged);
    tcase_add_test(tests, test_baseline_absent);
    tcase_add_loop_test(tests, test_bad_policy, 0, sizeof bad_policies / sizeof *bad_policies);
    tcase_add_test(tests, test_words);
    tcase_add_test(tests, test_standings);
    tcase_add_test(tests, test_expired);
    tcase_add_loop_test(tests, test_reasons, 0, 9);
}

int main(void)
{
    return suite_main("gate_judge", add_tests);
}
