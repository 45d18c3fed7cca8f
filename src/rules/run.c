/* SPDX-License-Identifier: MIT */
/*
 * Running all rules over the facts of one dump: what is true becomes a finding with its texts
 * filled in, what cannot be decided is listed with the fact that it lacks.
 */
#include "rules/rules.h"

#include "rules/template.h"

#include <stdlib.h>
#include <string.h>

static int compare_findings(const void *a, const void *b)
{
    const struct avd_finding *x = a;
    const struct avd_finding *y = b;

    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    return strcmp(x->rule->id, y->rule->id);
}

static int compare_undecided(const void *a, const void *b)
{
    const struct avd_undecided *x = a;
    const struct avd_undecided *y = b;

    return strcmp(x->rule->id, y->rule->id);
}

/* The filled-in text in `arena`; NULL when out of memory. */
static const char *fill_in(const char *text, struct avd_judge *j, struct avd_arena *arena,
                           struct avd_template_use *use)
{
    struct avd_strbuf buf;
    const char *copy = NULL;

    avd_strbuf_init(&buf);
    *use = avd_template_expand(text, j, &buf);
    if (!buf.failed)
        copy = avd_arena_strndup(arena, avd_strbuf_text(&buf), buf.size);
    avd_strbuf_deinit(&buf);
    return copy;
}

/* Whether a line says something: one that names values of which none is known does not. */
static bool is_useful(struct avd_template_use use)
{
    return use.named == 0 || use.known != 0;
}

static bool fill_in_lines(const char *const *lines, unsigned count, struct avd_judge *j,
                          struct avd_arena *arena, const char *const **out, size_t *out_count)
{
    const char **filled = avd_arena_alloc(arena, count, sizeof *filled);
    size_t used = 0;
    unsigned i;

    if (filled == NULL)
        return false;
    for (i = 0; i < count; i++) {
        struct avd_template_use use;
        const char *line = fill_in(lines[i], j, arena, &use);

        if (line == NULL)
            return false;
        if (is_useful(use))
            filled[used++] = line;
    }
    *out = filled;
    *out_count = used;
    return true;
}

static bool fill_in_parameters(const struct avd_rule *rule, struct avd_judge *j,
                               struct avd_arena *arena, struct avd_finding *out)
{
    struct avd_rule_parameter *filled =
        avd_arena_alloc(arena, rule->parameter_count, sizeof *filled);
    unsigned i;

    if (filled == NULL)
        return false;
    out->parameter_count = 0;
    for (i = 0; i < rule->parameter_count; i++) {
        struct avd_template_use use;
        const char *text = fill_in(rule->parameters[i].text, j, arena, &use);

        if (text == NULL)
            return false;
        if (!is_useful(use))
            continue;
        filled[out->parameter_count].name = rule->parameters[i].name;
        filled[out->parameter_count].text = text;
        out->parameter_count++;
    }
    out->parameters = filled;
    return true;
}

static bool make_finding(struct avd_judge *j, struct avd_arena *arena, struct avd_finding *out)
{
    const struct avd_rule *rule = j->rule;
    struct avd_template_use use;

    out->rule = rule;
    out->severity = rule->severity;
    out->confidence = avd_judge_is_weak(j) ? AVD_CONFIDENCE_LOW : rule->confidence;
    out->summary = fill_in(rule->summary, j, arena, &use);
    out->explanation = fill_in(rule->explanation, j, arena, &use);
    return out->summary != NULL && out->explanation != NULL &&
           fill_in_lines(rule->evidence, rule->evidence_count, j, arena, &out->evidence,
                         &out->evidence_count) &&
           fill_in_lines(rule->advice, rule->advice_count, j, arena, &out->advice,
                         &out->advice_count) &&
           fill_in_parameters(rule, j, arena, out);
}

enum avd_status avd_rules_run(const struct avd_rules *rules, const struct avd_facts *facts,
                              struct avd_arena *arena, struct avd_rule_results *out)
{
    size_t count = rules != NULL ? rules->count : avd_shipped_rule_count;
    size_t finding_capacity = 0;
    size_t undecided_capacity = 0;
    struct avd_judge j;
    size_t i;

    memset(out, 0, sizeof *out);
    for (i = 0; i < count; i++) {
        const struct avd_rule *rule = rules != NULL ? rules->items[i] : &avd_shipped_rules[i];
        struct avd_lack lack = {NULL, NULL};
        enum avd_verdict result;

        avd_judge_init(&j, rule, facts, arena);
        result = avd_judge_expr(&j, 0, &lack);
        if (result == AVD_TRUE) {
            struct avd_finding *findings =
                avd_arena_grow(arena, out->findings, out->finding_count, &finding_capacity,
                               sizeof *findings, count);

            if (findings == NULL || !make_finding(&j, arena, &findings[out->finding_count]))
                return AVD_E_NOMEM;
            out->findings = findings;
            out->finding_count++;
        } else if (result == AVD_UNDECIDED) {
            struct avd_undecided *undecided =
                avd_arena_grow(arena, out->undecided, out->undecided_count, &undecided_capacity,
                               sizeof *undecided, count);

            if (undecided == NULL)
                return AVD_E_NOMEM;
            out->undecided = undecided;
            undecided += out->undecided_count++;
            undecided->rule = rule;
            undecided->fact = lack.what;
            undecided->reason = avd_arena_strdup(arena, lack.reason);
            if (undecided->reason == NULL)
                return AVD_E_NOMEM;
        }
    }
    if (out->finding_count > 1)
        qsort(out->findings, out->finding_count, sizeof *out->findings, compare_findings);
    if (out->undecided_count > 1)
        qsort(out->undecided, out->undecided_count, sizeof *out->undecided, compare_undecided);
    return AVD_OK;
}
