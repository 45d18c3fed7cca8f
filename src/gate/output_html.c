/* SPDX-License-Identifier: MIT */
/*
 * The gate's answer as one HTML file for people: the verdict, the buckets in a table, each with its
 * details below it, and what was not analysed. Like the report of one dump it needs no network and
 * runs no script.
 */
#include "base/html.h"
#include "gate/json.h"
#include "gate/output.h"

#include <inttypes.h>

enum {
    MAX_BUCKETS = 2000, /* in detail: two megabytes; the rest is counted */
    MAX_LINES = 100     /* of reasons and warnings */
};

static const char *severity_class(int severity)
{
    return severity == AVD_SEVERITY_ERROR     ? "error"
           : severity == AVD_SEVERITY_WARNING ? "warning"
                                              : "info";
}

/* ---- the verdict ---- */

static void put_list(struct avd_strbuf *out, const char *css_class, const char *label,
                     const char *const *items, size_t count)
{
    size_t i;

    if (count == 0)
        return;
    avd_strbuf_printf(out, "<p><strong class=\"%s\">%s</strong></p>\n<ul>\n", css_class, label);
    for (i = 0; i < count && i < MAX_LINES; i++) {
        avd_strbuf_puts(out, "<li>");
        avd_html_text(out, items[i]);
        avd_strbuf_puts(out, "</li>\n");
    }
    if (count > MAX_LINES)
        avd_strbuf_printf(out, "<li>and %zu more</li>\n", count - MAX_LINES);
    avd_strbuf_puts(out, "</ul>\n");
}

static void put_verdict(struct avd_strbuf *out, const struct avd_gate_result *result)
{
    const struct avd_gate_verdict *verdict = result->verdict;
    const char *word = result->summary->interrupted ? "Interrupted"
                       : verdict->fails             ? "Fail"
                                                    : "Pass";
    bool calm = !verdict->fails && !result->summary->interrupted;

    avd_strbuf_printf(out, "<header class=\"verdict%s\">\n<h1>%s</h1>\n<p>", calm ? " pass" : "",
                      word);
    avd_gate_write_counts(result, out);
    avd_strbuf_puts(out, "</p>\n");
    put_list(out, "error", "Fails because", verdict->reasons, verdict->reason_count);
    put_list(out, "warning", "Warnings", verdict->warnings, verdict->warning_count);
    avd_strbuf_puts(out, "</header>\n");
}

/* ---- buckets ---- */

static void put_row(struct avd_strbuf *out, const struct avd_gate_bucket *bucket, size_t index)
{
    avd_strbuf_printf(out,
                      "<tr><td class=\"n\">%" PRIu64 "</td><td>%s</td><th class=\"s\" "
                      "scope=\"row\"><a href=\"#bucket-%zu\">",
                      bucket->count, avd_gate_standing_name(bucket->standing), index + 1);
    avd_html_text(out, avd_gate_title(bucket));
    avd_strbuf_puts(out, "</a></th><td class=\"s\">");
    avd_html_text(out, bucket->followup);
    avd_strbuf_puts(out, "</td><td class=\"s\">");
    avd_html_text(out, bucket->example);
    avd_strbuf_puts(out, "</td></tr>\n");
}

static void put_field(struct avd_strbuf *out, const char *label, const char *text)
{
    if (text == NULL)
        return;
    avd_strbuf_printf(out, "<dt>%s</dt><dd>", label);
    avd_html_text(out, text);
    avd_strbuf_puts(out, "</dd>\n");
}

static void put_tallies(struct avd_strbuf *out, const char *label,
                        const struct avd_gate_tally *tallies, size_t count, bool severities)
{
    size_t i;

    if (count == 0)
        return;
    avd_strbuf_printf(out, "<dt>%s</dt><dd>", label);
    for (i = 0; i < count; i++) {
        avd_strbuf_puts(out, i == 0 ? "" : ", ");
        if (severities)
            avd_strbuf_printf(out, "<span class=\"%s\">%s</span> ",
                              severity_class(tallies[i].severity),
                              severity_class(tallies[i].severity));
        avd_html_text(out, tallies[i].text);
        avd_strbuf_printf(out, " (%" PRIu64 ")", tallies[i].count);
    }
    avd_strbuf_puts(out, "</dd>\n");
}

static void put_detail(struct avd_strbuf *out, const struct avd_gate_bucket *bucket, size_t index)
{
    char time[AVD_GATE_TIME_SIZE];

    avd_strbuf_printf(out, "<article class=\"card\">\n<h3 id=\"bucket-%zu\">", index + 1);
    avd_html_text(out, avd_gate_title(bucket));
    avd_strbuf_printf(out, " <span class=\"dim\">%s</span></h3>\n<dl>\n",
                      avd_gate_standing_name(bucket->standing));
    put_field(out, "fails", bucket->verdict);
    put_field(out, "allowed", bucket->allow_reason);
    put_field(out, "owner", bucket->allow_owner);
    put_field(out, "what", bucket->what);
    put_field(out, "where", bucket->where);
    put_field(out, "look at", bucket->followup);
    put_field(out, "program", bucket->process);
    avd_strbuf_printf(out, "<dt>dumps</dt><dd>%" PRIu64 "</dd>\n", bucket->count);
    if (bucket->first_time != 0) {
        avd_gate_time_text(bucket->first_time, time);
        put_field(out, "first", time);
        avd_gate_time_text(bucket->last_time, time);
        put_field(out, "last", time);
    }
    put_tallies(out, "versions", bucket->versions, bucket->version_count, false);
    if (bucket->versions_left_out != 0)
        avd_strbuf_printf(out, "<dt></dt><dd>other versions (%" PRIu64 ")</dd>\n",
                          bucket->versions_left_out);
    put_tallies(out, "findings", bucket->findings, bucket->finding_count, true);
    put_field(out, "example", bucket->example);
    put_field(out, "signature", bucket->key);
    avd_strbuf_puts(out, "</dl>\n</article>\n");
}

static void put_buckets(struct avd_strbuf *out, const struct avd_gate_summary *s)
{
    size_t count = s->count < MAX_BUCKETS ? s->count : MAX_BUCKETS;
    size_t i;

    avd_html_section(out, "buckets", "Buckets");
    if (s->count == 0)
        avd_strbuf_puts(out, "<p>none: no dump was analysed</p>\n");
    if (count != 0) {
        avd_html_table(out, "f", "buckets", "Dumps|Standing|Bucket|Look at|Example");
        for (i = 0; i < count; i++)
            put_row(out, s->buckets[i], i);
        avd_html_table_end(out);
    }
    if (s->count > count)
        avd_strbuf_printf(out, "<p>and %zu more, which the JSON output has</p>\n",
                          s->count - count);
    for (i = 0; i < count; i++)
        put_detail(out, s->buckets[i], i);
    avd_html_section_end(out);
}

static void put_failures(struct avd_strbuf *out, const struct avd_gate_summary *s)
{
    size_t i;

    if (s->failed == 0)
        return;
    avd_html_section(out, "not-analysed", "Not analysed");
    avd_strbuf_printf(out, "<details%s><summary>%" PRIu64 " dump%s</summary>\n",
                      s->failure_count > 40 ? "" : " open=\"open\"", s->failed,
                      s->failed == 1 ? "" : "s");
    avd_html_table(out, "", "dumps that were not analysed", "Dump|Why");
    for (i = 0; i < s->failure_count; i++) {
        avd_strbuf_puts(out, "<tr><th class=\"s\" scope=\"row\">");
        avd_html_text(out, s->failures[i].name);
        avd_strbuf_puts(out, "</th><td class=\"s\">");
        avd_html_text(out, s->failures[i].error);
        avd_strbuf_puts(out, "</td></tr>\n");
    }
    avd_html_table_end(out);
    if (s->failed > s->failure_count)
        avd_strbuf_printf(out, "<p>and %" PRIu64 " more, which are not listed</p>\n",
                          s->failed - s->failure_count);
    avd_strbuf_puts(out, "</details>\n");
    avd_html_section_end(out);
}

void avd_gate_write_html(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    avd_html_begin(out, "Crash dumps - avdump gate");
    put_verdict(out, result);
    avd_strbuf_puts(out, "<main>\n");
    put_buckets(out, result->summary);
    put_failures(out, result->summary);
    avd_strbuf_puts(out, "</main>\n<footer class=\"dim\"><p>avdump ");
    avd_html_text(out, result->version);
    avd_strbuf_puts(out, "</p></footer>\n");
    avd_html_end(out);
}
