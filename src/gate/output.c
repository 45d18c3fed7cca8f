/* SPDX-License-Identifier: MIT */
/* The list of writers, and the table that people read. */
#include "gate/output.h"

#include <inttypes.h>
#include <string.h>

const struct avd_gate_writer avd_gate_writers[] = {
    {"table", "buckets as a table for people", avd_gate_write_table, false},
    {"json", "the summary as one JSON object", avd_gate_write_json, false},
    {"junit", "JUnit XML, one test case per bucket", avd_gate_write_junit, false},
    {"sarif", "SARIF 2.1.0, one result per bucket", avd_gate_write_sarif, false},
    {"github", "annotations for GitHub Actions", avd_gate_write_github, false},
    {"gitlab", "GitLab's code quality report", avd_gate_write_gitlab, false},
    {"markdown", "a comment for a pull request", avd_gate_write_markdown, false},
    {"html", "one HTML file for people", avd_gate_write_html, false},
    {"issues", "JSON Lines, one issue for a bug tracker per bucket", avd_gate_write_issues, true},
    {NULL, NULL, NULL, false},
};

const struct avd_gate_writer *avd_gate_writer_find(const char *name, size_t size)
{
    const struct avd_gate_writer *writer;

    for (writer = avd_gate_writers; writer->name != NULL; writer++)
        if (strlen(writer->name) == size && strncmp(writer->name, name, size) == 0)
            return writer;
    return NULL;
}

void avd_gate_write_counts(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;

    avd_strbuf_printf(out, "%zu new, %zu known, %zu allowed; %" PRIu64 " dump%s",
                      result->verdict->new_count, result->verdict->known_count,
                      result->verdict->allowed_count, s->dumps, s->dumps == 1 ? "" : "s");
    if (s->failed != 0)
        avd_strbuf_printf(out, ", %" PRIu64 " not analysed", s->failed);
    if (s->ignored != 0)
        avd_strbuf_printf(out, "; %" PRIu64 " other files passed over", s->ignored);
}

/* ---- the table ---- */

enum { TITLE_COLUMNS = 48, FOLLOWUP_COLUMNS = 40 };

/* Columns that a terminal gives `text`: one for each character, well enough. */
static size_t columns(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* The bytes of `text` that fit into `width` columns. */
static size_t bytes_of(const char *text, size_t width)
{
    size_t size = 0;

    while (text[size] != '\0' &&
           (((unsigned char)text[size] & 0xc0) == 0x80 || width-- != 0))
        size++;
    return size;
}

static void put_column(struct avd_strbuf *out, const char *text, size_t width)
{
    static const char cut[] = "...";
    struct avd_strbuf escaped;
    const char *shown;
    size_t used;

    avd_strbuf_init(&escaped);
    avd_strbuf_escaped(&escaped, text != NULL ? text : "-");
    out->failed |= escaped.failed;
    shown = avd_strbuf_text(&escaped);
    used = columns(shown);
    if (used > width) {
        avd_strbuf_add(out, shown, bytes_of(shown, width - (sizeof cut - 1)));
        avd_strbuf_puts(out, cut);
        used = width;
    } else {
        avd_strbuf_puts(out, shown);
    }
    avd_strbuf_deinit(&escaped);
    do
        avd_strbuf_puts(out, " ");
    while (++used <= width);
}

static void put_line(struct avd_strbuf *out, const char *lead, const char *text)
{
    avd_strbuf_puts(out, lead);
    avd_strbuf_escaped(out, text);
    avd_strbuf_puts(out, "\n");
}

void avd_gate_write_table(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    size_t i;

    if (s->count != 0) {
        avd_strbuf_puts(out, "   count standing ");
        put_column(out, "bucket", TITLE_COLUMNS);
        put_column(out, "followup", FOLLOWUP_COLUMNS);
        avd_strbuf_puts(out, "example\n");
    }
    for (i = 0; i < s->count; i++) {
        const struct avd_gate_bucket *bucket = s->buckets[i];

        avd_strbuf_printf(out, "%8" PRIu64 " %-8s ", bucket->count,
                          avd_gate_standing_name(bucket->standing));
        put_column(out, avd_gate_title(bucket), TITLE_COLUMNS);
        put_column(out, bucket->followup, FOLLOWUP_COLUMNS);
        avd_strbuf_escaped(out, bucket->example);
        avd_strbuf_puts(out, "\n");
    }
    if (s->failure_count != 0)
        avd_strbuf_puts(out, "\nnot analysed\n");
    for (i = 0; i < s->failure_count; i++) {
        avd_strbuf_puts(out, "  ");
        avd_strbuf_escaped(out, s->failures[i].name);
        put_line(out, ": ", s->failures[i].error);
    }
    avd_strbuf_puts(out, s->count + s->failure_count != 0 ? "\n" : "");
    for (i = 0; i < result->verdict->warning_count; i++)
        put_line(out, "warning: ", result->verdict->warnings[i]);
    for (i = 0; i < result->verdict->reason_count; i++)
        put_line(out, "fails: ", result->verdict->reasons[i]);
    avd_strbuf_puts(out, result->summary->interrupted ? "INTERRUPTED: "
                         : result->verdict->fails     ? "FAIL: "
                                                      : "PASS: ");
    avd_gate_write_counts(result, out);
    avd_strbuf_puts(out, "\n");
}
