/* SPDX-License-Identifier: MIT */
/*
 * An issue for a bug tracker per bucket, as JSON Lines: a key that stays the same over runs and
 * builds, so that a script can look whether it is there already, a title, and a body in Markdown.
 */
#include "gate/json.h"
#include "gate/output.h"

#include <inttypes.h>
#include <string.h>

/* Text in a code span or block: nothing in it can end it. */
static void put_code(struct avd_strbuf *out, const char *text)
{
    struct avd_strbuf clean;
    const char *p;

    avd_strbuf_init(&clean);
    avd_strbuf_escaped(&clean, text);
    out->failed |= clean.failed;
    for (p = avd_strbuf_text(&clean); *p != '\0'; p++)
        avd_strbuf_add(out, *p == '`' ? "'" : p, 1);
    avd_strbuf_deinit(&clean);
}

static void put_row(struct avd_strbuf *out, const char *label, const char *text)
{
    if (text == NULL)
        return;
    avd_strbuf_printf(out, "- %s: `", label);
    put_code(out, text);
    avd_strbuf_puts(out, "`\n");
}

/* The template with {name} and {key} replaced, percent-encoded. */
static void put_link(struct avd_strbuf *out, const char *link, const struct avd_gate_bucket *bucket)
{
    static const char kept[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

    while (*link != '\0') {
        const char *value = strncmp(link, "{name}", 6) == 0  ? bucket->example
                            : strncmp(link, "{key}", 5) == 0 ? bucket->key
                                                             : NULL;

        if (value == NULL) {
            avd_strbuf_add(out, link++, 1);
            continue;
        }
        for (; *value != '\0'; value++) {
            if (strchr(kept, *value) != NULL)
                avd_strbuf_add(out, value, 1);
            else
                avd_strbuf_printf(out, "%%%02X", (unsigned)(unsigned char)*value);
        }
        link = strchr(link, '}') + 1;
    }
}

static void put_body(struct avd_strbuf *out, const struct avd_gate_result *result,
                     const struct avd_gate_bucket *bucket)
{
    char first[AVD_GATE_TIME_SIZE];
    char last[AVD_GATE_TIME_SIZE];
    size_t i;

    put_row(out, "what", bucket->what);
    put_row(out, "where", bucket->where);
    put_row(out, "look at", bucket->followup);
    put_row(out, "program", bucket->process);
    avd_strbuf_printf(out, "- dumps: %" PRIu64 "\n", bucket->count);
    if (bucket->first_time != 0) {
        avd_gate_time_text(bucket->first_time, first);
        avd_gate_time_text(bucket->last_time, last);
        avd_strbuf_printf(out, "- seen: %s to %s\n", first, last);
    }
    for (i = 0; i < bucket->version_count; i++) {
        avd_strbuf_puts(out, i == 0 ? "- versions: `" : ", `");
        put_code(out, bucket->versions[i].text);
        avd_strbuf_printf(out, "` (%" PRIu64 ")", bucket->versions[i].count);
    }
    avd_strbuf_puts(out, bucket->version_count != 0 ? "\n" : "");
    for (i = 0; i < bucket->finding_count; i++) {
        avd_strbuf_puts(out, i == 0 ? "- findings: `" : ", `");
        put_code(out, bucket->findings[i].text);
        avd_strbuf_puts(out, "`");
    }
    avd_strbuf_puts(out, bucket->finding_count != 0 ? "\n" : "");
    put_row(out, "example", bucket->example);
    if (result->link_template != NULL) {
        avd_strbuf_puts(out, "- <");
        put_link(out, result->link_template, bucket);
        avd_strbuf_puts(out, ">\n");
    }
    put_row(out, "signature", bucket->key);
}

void avd_gate_write_issues(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    size_t i;

    for (i = 0; i < s->count; i++) {
        const struct avd_gate_bucket *bucket = s->buckets[i];
        struct avd_strbuf body;
        json_t *object;
        bool good;

        if (!bucket->crashed)
            continue;
        avd_strbuf_init(&body);
        put_body(&body, result, bucket);
        object = json_object();
        good = object != NULL && !body.failed && avd_gate_put_text(object, "key", bucket->key) &&
               avd_gate_put_text(object, "title", avd_gate_title(bucket)) &&
               avd_gate_put_text(object, "standing", avd_gate_standing_name(bucket->standing)) &&
               avd_gate_put_number(object, "count", bucket->count) &&
               avd_gate_put_text(object, "body", avd_strbuf_text(&body));
        avd_gate_json_line(good ? object : NULL, out);
        json_decref(object);
        avd_strbuf_deinit(&body);
    }
}
