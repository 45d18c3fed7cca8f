/* SPDX-License-Identifier: MIT */
/*
 * SARIF 2.1.0 (docs.oasis-open.org/sarif): a result per bucket, and the rules that they name with
 * what the records say of them. A rule has no address to be read about at.
 */
#include "gate/json.h"
#include "gate/output.h"

#include <string.h>

static bool append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0;
}

/* A file name as a URI (absolute) or a relative reference: what has a meaning there is written as
 * %XX. SARIF forbids references that begin with a slash (3.4.4: they hide what they relate to). */
static json_t *uri_value(const char *path)
{
    static const char kept[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct avd_strbuf uri;
    json_t *value;

    avd_strbuf_init(&uri);
    if (*path == '/')
        avd_strbuf_puts(&uri, "file://");
    for (; *path != '\0'; path++) {
        if (strchr(kept, *path) != NULL)
            avd_strbuf_add(&uri, path, 1);
        else
            avd_strbuf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*path);
    }
    value = uri.failed ? NULL : avd_gate_text_value(avd_strbuf_text(&uri));
    avd_strbuf_deinit(&uri);
    return value;
}

static json_t *sarif_result(const struct avd_gate_bucket *bucket)
{
    const char *level = bucket->verdict != NULL ? "error" : bucket->crashed ? "warning" : "note";
    const char *rule = bucket->finding_count != 0 ? bucket->findings[0].text : "crash";

    return json_pack(
        "{s:o, s:s, s:{s:o}, s:[{s:{s:{s:o}}}], s:{s:o}, s:I, s:s}", "ruleId",
        avd_gate_text_value(rule), "level", level, "message", "text",
        avd_gate_text_value(bucket->verdict != NULL ? bucket->verdict : avd_gate_title(bucket)),
        "locations", "physicalLocation", "artifactLocation", "uri", uri_value(bucket->example),
        "partialFingerprints", "avdumpSignature/v1", avd_gate_text_value(bucket->key),
        "occurrenceCount", (json_int_t)(bucket->count <= INT64_MAX ? bucket->count : INT64_MAX),
        "baselineState", bucket->standing == AVD_GATE_NEW ? "new" : "unchanged");
}

/* What the bucket's example says of its worst finding; NULL when the records do not tell. */
static const struct avd_gate_finding *example_of(const struct avd_gate_bucket *bucket)
{
    size_t i;

    for (i = 0; i < bucket->advice_count && bucket->finding_count != 0; i++)
        if (strcmp(bucket->advice[i].id, bucket->findings[0].text) == 0)
            return &bucket->advice[i];
    return NULL;
}

/* A rule as SARIF describes it to people: its title, and advice where every bucket has the same. */
struct rule {
    const char *id, *title, *advice;
    bool differs;
};

static void add_bucket(struct rule *rule, const struct avd_gate_bucket *bucket)
{
    const struct avd_gate_finding *example = example_of(bucket);

    if (example == NULL)
        return;
    if (rule->title == NULL)
        rule->title = example->title;
    if (rule->advice == NULL)
        rule->advice = example->advice;
    else if (example->advice == NULL || strcmp(rule->advice, example->advice) != 0)
        rule->differs = true;
}

static json_t *rule_value(const struct rule *rule)
{
    json_t *object =
        json_pack("{s:o, s:{s:o}}", "id", avd_gate_text_value(rule->id), "shortDescription", "text",
                  avd_gate_text_value(rule->title != NULL ? rule->title : rule->id));

    if (object != NULL && rule->advice != NULL && !rule->differs &&
        !avd_gate_put(object, "help",
                      json_pack("{s:o}", "text", avd_gate_text_value(rule->advice)))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* The rules of the results, the most frequent bucket's first. Buckets are many, rules few. */
static struct rule *gather_rules(const struct avd_gate_summary *s, struct avd_arena *arena,
                                 size_t *count)
{
    struct rule *rules = avd_arena_alloc(arena, s->count + 1, sizeof *rules);
    size_t i;
    size_t k;

    *count = 0;
    for (i = 0; i < s->count && rules != NULL; i++) {
        const struct avd_gate_bucket *bucket = s->buckets[i];

        if (!bucket->crashed || bucket->finding_count == 0)
            continue;
        for (k = 0; k < *count && strcmp(rules[k].id, bucket->findings[0].text) != 0; k++)
            ;
        if (k == *count) {
            memset(&rules[k], 0, sizeof rules[k]);
            rules[(*count)++].id = bucket->findings[0].text;
        }
        add_bucket(&rules[k], bucket);
    }
    return rules;
}

static json_t *rules_value(const struct avd_gate_summary *s)
{
    static const struct rule crash = {"crash", "A crash that no rule has a finding for", NULL,
                                      false};
    struct avd_arena arena = {0};
    json_t *list = json_array();
    size_t count;
    struct rule *rules = gather_rules(s, &arena, &count);
    bool good = list != NULL && rules != NULL && append(list, rule_value(&crash));
    size_t i;

    for (i = 0; good && i < count; i++)
        good = append(list, rule_value(&rules[i]));
    avd_arena_deinit(&arena);
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

void avd_gate_write_sarif(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    json_t *results = json_array();
    json_t *rules = rules_value(s);
    bool good = results != NULL && rules != NULL;
    json_t *root;
    size_t i;

    for (i = 0; good && i < s->count; i++)
        if (s->buckets[i]->crashed)
            good = append(results, sarif_result(s->buckets[i]));
    root = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:O}}, s:O}]}", "$schema",
                     "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
                     "tool", "driver", "name", "avdump", "version", result->version, "rules", rules,
                     "results", results);
    avd_gate_json_pretty(good ? root : NULL, out);
    json_decref(root);
    json_decref(results);
    json_decref(rules);
}
