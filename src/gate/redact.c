/* SPDX-License-Identifier: MIT */
#include "gate/redact.h"

#include "base/redact.h"
#include "gate/json.h"

#include <string.h>

/* A text that is not empty gives way. */
static bool replace(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL || *text == '\0' || avd_gate_put(object, key, json_string(AVD_REDACTED));
}

static bool redact_annotations(const json_t *list)
{
    bool good = true;
    size_t i;

    for (i = 0; good && i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        const char *key = json_string_value(json_object_get(item, "key"));

        if (key == NULL || avd_redact_is_personal_key(key))
            good = replace(item, "value");
    }
    return good;
}

static bool redact_facts(json_t *facts)
{
    const char *name;
    json_t *fact;
    bool good = true;

    json_object_foreach(facts, name, fact)
    {
        if (good && avd_redact_is_personal_key(name))
            good = replace(fact, "value");
    }
    return good;
}

static bool mentions_comment(const char *text)
{
    return text != NULL && strstr(text, "comment") != NULL;
}

/* As report/redact.c sees it. */
static bool quotes_comment(const json_t *finding)
{
    const char *id = json_string_value(json_object_get(finding, "id"));
    const json_t *evidence = json_object_get(finding, "evidence");
    const json_t *parameters = json_object_get(finding, "parameters");
    bool quotes = id == NULL || avd_redact_is_personal_key(id) ||
                  mentions_comment(json_string_value(json_object_get(finding, "summary"))) ||
                  mentions_comment(json_string_value(json_object_get(finding, "explanation")));
    size_t i;

    for (i = 0; i < json_array_size(evidence) && !quotes; i++)
        quotes = mentions_comment(json_string_value(json_array_get(evidence, i)));
    for (i = 0; i < json_array_size(parameters) && !quotes; i++) {
        const char *name =
            json_string_value(json_object_get(json_array_get(parameters, i), "name"));

        quotes = name == NULL || avd_redact_is_personal_key(name);
    }
    return quotes;
}

static bool redact_findings(const json_t *findings)
{
    static const char *const lists[] = {"evidence", "advice", "parameters"};
    bool good = true;
    size_t i;
    size_t k;

    for (i = 0; good && i < json_array_size(findings); i++) {
        json_t *finding = json_array_get(findings, i);

        if (!quotes_comment(finding))
            continue;
        good = replace(finding, "summary") && replace(finding, "explanation");
        for (k = 0; k < sizeof lists / sizeof *lists; k++) {
            json_t *list = json_object_get(finding, lists[k]);

            if (json_is_array(list))
                good = json_array_clear(list) == 0 && good;
            else if (json_is_object(list))
                good = json_object_clear(list) == 0 && good;
        }
    }
    return good;
}

static bool redact_value(json_t *root)
{
    json_t *dump = json_object_get(root, "dump");

    return replace(dump, "comment_a") && replace(dump, "comment_w") &&
           redact_annotations(json_object_get(root, "annotations")) &&
           redact_facts(json_object_get(root, "facts")) &&
           redact_findings(json_object_get(root, "findings"));
}

void avd_gate_redact_report(struct avd_strbuf *report)
{
    struct avd_strbuf written;
    struct avd_strbuf clean;
    json_error_t error;
    json_t *root = json_loadb(avd_strbuf_text(report), report->size, 0, &error);

    avd_strbuf_init(&written);
    avd_strbuf_init(&clean);
    if (root == NULL)
        avd_strbuf_add(&written, avd_strbuf_text(report), report->size);
    else
        avd_gate_json_line(redact_value(root) ? root : NULL, &written);
    json_decref(root);
    avd_redact_text(avd_strbuf_text(&written), written.size, &clean);
    clean.failed |= written.failed;
    avd_strbuf_deinit(&written);
    avd_strbuf_deinit(report);
    *report = clean;
}

void avd_gate_redact_record(struct avd_gate_record *record, struct avd_arena *arena)
{
    struct avd_gate_finding *findings =
        avd_arena_alloc(arena, record->finding_count, sizeof *findings);
    size_t i;

    for (i = 0; findings != NULL && i < record->finding_count; i++) {
        findings[i] = record->findings[i];
        if (findings[i].summary != NULL &&
            (avd_redact_is_personal_key(findings[i].id) || mentions_comment(findings[i].summary))) {
            findings[i].summary = AVD_REDACTED;
            findings[i].advice = NULL;
        }
    }
    record->findings = findings;
    if (findings == NULL)
        record->finding_count = 0;
}
