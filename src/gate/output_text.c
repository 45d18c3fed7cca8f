/* SPDX-License-Identifier: MIT */
/*
 * JUnit XML (the form that Jenkins and GitLab read), workflow commands of GitHub Actions, and
 * Markdown. Texts of dumps are untrusted in all of them.
 */
#include "gate/output.h"

#include "base/utf.h"

#include <inttypes.h>
#include <string.h>

/* ---- JUnit ---- */

/* XML 1.0 allows no control characters, not even escaped. Line breaks it does, but with them a name
 * could look like more than one. */
static void put_xml(struct avd_strbuf *out, const char *text)
{
    size_t size = strlen(text);
    size_t i = 0;

    while (i < size) {
        size_t length = avd_utf8_length(text + i, size - i);
        unsigned char c = (unsigned char)text[i];

        if (length == 0 || avd_utf8_is_control(text + i, length) ||
            (length == 3 && c == 0xef && (unsigned char)text[i + 1] == 0xbf &&
             (unsigned char)text[i + 2] >= 0xbe)) {
            length = length != 0 ? length : 1;
            for (; length != 0; length--, i++)
                avd_strbuf_printf(out, "\\x%02x", (unsigned)(unsigned char)text[i]);
            continue;
        }
        switch (c) {
        case '&': avd_strbuf_puts(out, "&amp;"); break;
        case '<': avd_strbuf_puts(out, "&lt;"); break;
        case '>': avd_strbuf_puts(out, "&gt;"); break;
        case '"': avd_strbuf_puts(out, "&quot;"); break;
        default: avd_strbuf_add(out, text + i, length); break;
        }
        i += length;
    }
}

static void put_attribute(struct avd_strbuf *out, const char *name, const char *text)
{
    avd_strbuf_printf(out, " %s=\"", name);
    put_xml(out, text);
    avd_strbuf_puts(out, "\"");
}

static void put_case(struct avd_strbuf *out, const struct avd_gate_bucket *bucket)
{
    avd_strbuf_puts(out, "    <testcase");
    put_attribute(out, "classname", bucket->process != NULL ? bucket->process : "unknown");
    put_attribute(out, "name", avd_gate_title(bucket));
    avd_strbuf_puts(out, ">\n");
    if (bucket->verdict != NULL) {
        avd_strbuf_puts(out, "      <failure");
        put_attribute(out, "type", avd_gate_standing_name(bucket->standing));
        put_attribute(out, "message", bucket->verdict);
        avd_strbuf_puts(out, ">");
        if (bucket->what != NULL)
            put_xml(out, bucket->what);
        avd_strbuf_puts(out, "&#10;where: ");
        put_xml(out, bucket->where != NULL ? bucket->where : "not known");
        avd_strbuf_puts(out, "&#10;example: ");
        put_xml(out, bucket->example);
        avd_strbuf_puts(out, "&#10;signature: ");
        put_xml(out, bucket->key);
        avd_strbuf_puts(out, "</failure>\n");
    } else if (bucket->standing == AVD_GATE_ALLOWED) {
        avd_strbuf_puts(out, "      <skipped");
        put_attribute(out, "message", bucket->allow_reason);
        avd_strbuf_puts(out, "/>\n");
    }
    avd_strbuf_puts(out, "    </testcase>\n");
}

void avd_gate_write_junit(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    size_t failures = 0;
    size_t skipped = 0;
    size_t i;

    for (i = 0; i < s->count; i++) {
        failures += s->buckets[i]->verdict != NULL;
        skipped += s->buckets[i]->verdict == NULL && s->buckets[i]->standing == AVD_GATE_ALLOWED;
    }
    avd_strbuf_printf(out,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<testsuites>\n"
                      "  <testsuite name=\"avdump gate\" tests=\"%zu\" failures=\"%zu\" "
                      "errors=\"%zu\" skipped=\"%zu\">\n",
                      s->count + s->failure_count, failures, s->failure_count, skipped);
    for (i = 0; i < s->count; i++)
        put_case(out, s->buckets[i]);
    for (i = 0; i < s->failure_count; i++) {
        avd_strbuf_puts(out, "    <testcase classname=\"unreadable\"");
        put_attribute(out, "name", s->failures[i].name);
        avd_strbuf_puts(out, ">\n      <error");
        put_attribute(out, "type", avd_gate_outcome_name(s->failures[i].outcome));
        put_attribute(out, "message", s->failures[i].error);
        avd_strbuf_puts(out, "/>\n    </testcase>\n");
    }
    avd_strbuf_puts(out, "  </testsuite>\n</testsuites>\n");
}

/* ---- GitHub: "Workflow commands for GitHub Actions" ---- */

static void put_data_byte(struct avd_strbuf *out, char c)
{
    if (c == '%')
        avd_strbuf_puts(out, "%25");
    else
        avd_strbuf_add(out, &c, 1);
}

static void put_property_byte(struct avd_strbuf *out, char c)
{
    if (c == ':')
        avd_strbuf_puts(out, "%3A");
    else if (c == ',')
        avd_strbuf_puts(out, "%2C");
    else
        put_data_byte(out, c);
}

void avd_gate_write_github(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    size_t i;

    for (i = 0; i < s->count; i++) {
        const struct avd_gate_bucket *bucket = s->buckets[i];

        if (!bucket->crashed)
            continue;
        avd_strbuf_printf(out, "::%s file=", bucket->verdict != NULL ? "error" : "notice");
        avd_gate_put_escaped(out, bucket->example, put_property_byte);
        avd_strbuf_puts(out, ",title=");
        avd_gate_put_escaped(out, avd_gate_title(bucket), put_property_byte);
        avd_strbuf_puts(out, "::");
        avd_gate_put_escaped(out,
                             bucket->verdict != NULL ? bucket->verdict
                                                     : avd_gate_standing_name(bucket->standing),
                             put_data_byte);
        avd_strbuf_puts(out, "\n");
    }
    for (i = 0; i < s->failure_count; i++) {
        avd_strbuf_puts(out, "::warning file=");
        avd_gate_put_escaped(out, s->failures[i].name, put_property_byte);
        avd_strbuf_puts(out, ",title=not analysed::");
        avd_gate_put_escaped(out, s->failures[i].error, put_data_byte);
        avd_strbuf_puts(out, "\n");
    }
}

/* ---- Markdown ---- */

/* Text that stays text: in a table cell, in a list, between paragraphs. */
static void put_markdown_byte(struct avd_strbuf *out, char c)
{
    if (c == '<')
        avd_strbuf_puts(out, "&lt;");
    else if (c == '&')
        avd_strbuf_puts(out, "&amp;");
    else if (c == '@') /* nobody is to be called */
        avd_strbuf_puts(out, "&#64;");
    else if (strchr("\\`*_[]|#~>!:", c) != NULL) /* with its colon, an address is a link */
        avd_strbuf_printf(out, "\\%c", c);
    else
        avd_strbuf_add(out, &c, 1);
}

static void put_markdown(struct avd_strbuf *out, const char *text)
{
    avd_gate_put_escaped(out, text, put_markdown_byte);
}

void avd_gate_write_markdown(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    const struct avd_gate_verdict *v = result->verdict;
    size_t i;

    avd_strbuf_printf(out, "## Crash dumps: %s\n\n",
                      s->interrupted ? "interrupted"
                      : v->fails     ? "fail"
                                     : "pass");
    avd_gate_write_counts(result, out);
    avd_strbuf_puts(out, "\n");
    if (s->count != 0)
        avd_strbuf_puts(out, "\n| count | standing | bucket | followup | example |\n"
                             "|---:|---|---|---|---|\n");
    for (i = 0; i < s->count; i++) {
        const struct avd_gate_bucket *bucket = s->buckets[i];

        avd_strbuf_printf(out, "| %" PRIu64 " | %s | ", bucket->count,
                          bucket->standing == AVD_GATE_NEW
                              ? "**new**"
                              : avd_gate_standing_name(bucket->standing));
        put_markdown(out, avd_gate_title(bucket));
        avd_strbuf_puts(out, " | ");
        put_markdown(out, bucket->followup != NULL ? bucket->followup : "");
        avd_strbuf_puts(out, " | ");
        put_markdown(out, bucket->example);
        avd_strbuf_puts(out, " |\n");
    }
    if (s->failure_count != 0)
        avd_strbuf_puts(out, "\nNot analysed:\n\n");
    for (i = 0; i < s->failure_count; i++) {
        avd_strbuf_puts(out, "- ");
        put_markdown(out, s->failures[i].name);
        avd_strbuf_puts(out, ": ");
        put_markdown(out, s->failures[i].error);
        avd_strbuf_puts(out, "\n");
    }
    if (v->warning_count != 0)
        avd_strbuf_puts(out, "\nWarnings:\n\n");
    for (i = 0; i < v->warning_count; i++) {
        avd_strbuf_puts(out, "- ");
        put_markdown(out, v->warnings[i]);
        avd_strbuf_puts(out, "\n");
    }
}
