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
static const char *fill_in(const char *text, const struct avd_facts *facts, struct avd_arena *arena,
                           struct avd_template_use *use)
{
    struct avd_strbuf buf;
    const char *copy = NULL;

    avd_strbuf_init(&buf);
    *use = avd_template_expand(text, facts, &buf);
    if (!buf.failed)
        copy = avd_arena_strndup(arena, avd_strbuf_text(&buf), buf.size);
    avd_strbuf_deinit(&buf);
    return copy;
}

/* The lines worth showing: one that names facts of which none is known says nothing. */
static bool fill_in_lines(const char *const *lines, unsigned count, const struct avd_facts *facts,
                          struct avd_arena *arena, const char *const **out, size_t *out_count)
{
    const char **filled = avd_arena_alloc(arena, count, sizeof *filled);
    size_t used = 0;
    unsigned i;

    if (filled == NULL)
        return false;
    for (i = 0; i < count; i++) {
        struct avd_template_use use;
        const char *line = fill_in(lines[i], facts, arena, &use);

        if (line == NULL)
            return false;
        if (use.named == 0 || use.known != 0)
            filled[used++] = line;
    }
    *out = filled;
    *out_count = used;
    return true;
}

static bool make_finding(const struct avd_rule *rule, const struct avd_facts *facts,
                         struct avd_arena *arena, struct avd_finding *out)
{
    struct avd_template_use use;

    out->rule = rule;
    out->severity = rule->severity;
    out->summary = fill_in(rule->summary, facts, arena, &use);
    return out->summary != NULL &&
           fill_in_lines(rule->evidence, rule->evidence_count, facts, arena, &out->evidence,
                         &out->evidence_count) &&
           fill_in_lines(rule->advice, rule->advice_count, facts, arena, &out->advice,
                         &out->advice_count);
}

static const char *reason_of(const struct avd_facts *facts, const char *name)
{
    const struct avd_fact *fact = avd_fact_find(facts, name);

    if (fact == NULL)
        return "the analysis did not look for it";
    if (fact->type != AVD_FACT_UNKNOWN)
        return "the analysis gave it in another form than the rule expects";
    return fact->text;
}

enum avd_status avd_rules_run(const struct avd_rules *rules, const struct avd_facts *facts,
                              struct avd_arena *arena, struct avd_rule_results *out)
{
    size_t count = rules != NULL ? rules->count : avd_shipped_rule_count;
    size_t i;

    memset(out, 0, sizeof *out);
    out->findings = avd_arena_alloc(arena, count, sizeof *out->findings);
    out->undecided = avd_arena_alloc(arena, count, sizeof *out->undecided);
    if (out->findings == NULL || out->undecided == NULL)
        return AVD_E_NOMEM;
    for (i = 0; i < count; i++) {
        const struct avd_rule *rule = rules != NULL ? rules->items[i] : &avd_shipped_rules[i];
        const char *missing = NULL;
        enum avd_verdict result = avd_rule_evaluate(rule, facts, &missing);

        if (result == AVD_TRUE) {
            if (!make_finding(rule, facts, arena, &out->findings[out->finding_count]))
                return AVD_E_NOMEM;
            out->finding_count++;
        } else if (result == AVD_UNDECIDED) {
            struct avd_undecided *undecided = &out->undecided[out->undecided_count++];

            undecided->rule = rule;
            undecided->fact = missing;
            undecided->reason = avd_arena_strdup(arena, reason_of(facts, missing));
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
