/* SPDX-License-Identifier: MIT */
/* The list of writers, and what they share. This short because the writers have their own files. */
#include "gate/output.h"

#include <inttypes.h>
#include <string.h>

const struct avd_gate_writer avd_gate_writers[] = {
    {"table", "buckets as a table for people", avd_gate_write_table, false},
    {"json", "the summary as one JSON object", avd_gate_write_json, false},
    {"junit", "JUnit XML, one test case per bucket", avd_gate_write_junit, false},
    {"sarif", "SARIF 2.1.0, one result per bucket", avd_gate_write_sarif, true},
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

void avd_gate_put_escaped(struct avd_strbuf *out, const char *text,
                          void (*put)(struct avd_strbuf *out, char c))
{
    struct avd_strbuf clean;
    const char *p;

    avd_strbuf_init(&clean);
    avd_strbuf_escaped(&clean, text);
    out->failed |= clean.failed;
    for (p = avd_strbuf_text(&clean); *p != '\0'; p++)
        put(out, *p);
    avd_strbuf_deinit(&clean);
}
