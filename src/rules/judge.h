/* SPDX-License-Identifier: MIT */
/*
 * Judging a rule over facts, one rule at a time: which rows its names stand for, the values of
 * names, conditions in three values. What leaves a condition undecided is told with its reason.
 */
#ifndef AVD_RULES_JUDGE_H
#define AVD_RULES_JUDGE_H

#include "base/limits.h"
#include "rules/rules.h"

/* What a slot stands for. */
struct avd_bound {
    bool bound;
    size_t parent, row;
    size_t match_count;                   /* rows that matched: of `count` all, otherwise 1 */
    size_t rows[AVD_MAX_RULE_BOUND_ROWS]; /* the first of them */
};

/* Why something is not known: the name of it and the reason. */
struct avd_lack {
    const char *what;
    const char *reason;
};

struct avd_judge {
    const struct avd_rule *rule;
    const struct avd_facts *facts;
    struct avd_arena *arena; /* for texts read from memory */
    struct avd_bound slots[AVD_MAX_RULE_SLOTS];
    size_t steps;
    unsigned generation; /* counts changes of slots */
    struct {
        unsigned generation; /* when `value` was right */
        bool used;
        struct avd_fact value;
    } lets[AVD_MAX_RULE_LETS];
};

void avd_judge_init(struct avd_judge *j, const struct avd_rule *rule, const struct avd_facts *facts,
                    struct avd_arena *arena);
/* Expression `index` of the rule. Leaves the slots bound to what made it true. *lack is set when
 * the result is undecided. */
enum avd_verdict avd_judge_expr(struct avd_judge *j, int index, struct avd_lack *lack);
/* Whether what the rule rests on is partly a guess. */
bool avd_judge_is_weak(const struct avd_judge *j);

/* Which collection and rows a row expression looks at; false and *lack when there are none. */
bool avd_judge_rows(const struct avd_judge *j, const struct avd_rule_expr *expr, size_t *parent,
                    size_t *count, const char **incomplete, struct avd_lack *lack);
/* Binds a slot to a row. */
void avd_judge_bind(struct avd_judge *j, unsigned slot, size_t parent, size_t row);

/* ---- rows_judge.c ---- */
enum avd_verdict avd_judge_quantifier(struct avd_judge *j, const struct avd_rule_expr *expr,
                                      struct avd_lack *lack);
/* Puts the slots back; what they stood for is in `saved`. */
void avd_judge_restore(struct avd_judge *j, const struct avd_bound *saved);
void avd_judge_save(const struct avd_judge *j, struct avd_bound *saved);

/* ---- values.c ---- */
/* The operand's value, or unknown with a reason. */
void avd_judge_value(struct avd_judge *j, const struct avd_rule_operand *operand,
                     struct avd_fact *out);
/* Runs an expression. *holds: whether all its comparisons do. False and *lack when some value is
 * not known. */
bool avd_judge_code(struct avd_judge *j, const struct avd_rule_code *code, unsigned count,
                    struct avd_fact *out, bool *holds, struct avd_lack *lack);
/* A name of a text: "thread.id", "offset", "exception.code"; false when it has no value. Several
 * rows give a list of texts joined by commas. */
bool avd_judge_named(struct avd_judge *j, const char *name, size_t size, struct avd_strbuf *out);

/* ---- match.c ---- */
/* How a known value compares, as `expr` asks. */
enum avd_verdict avd_match_value(const struct avd_fact *fact, const struct avd_rule_expr *expr);

#endif
