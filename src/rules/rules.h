/* SPDX-License-Identifier: MIT */
/*
 * Rules: YAML in, findings out. A rule is a pattern over facts; it is true, false or undecided
 * (a fact that it needs is unknown, and the finding says which and why). The shipped rules are
 * turned into static tables at build time by the same loader, so starting up parses no YAML.
 */
#ifndef AVD_RULES_RULES_H
#define AVD_RULES_RULES_H

#include "analyze/facts.h"
#include "base/error.h"

enum avd_rule_op {
    AVD_OP_ALL,      /* children */
    AVD_OP_ANY,      /* children */
    AVD_OP_NOT,      /* one child */
    AVD_OP_EQUALS,   /* fact = value; texts compare without regard to ASCII case */
    AVD_OP_IN,       /* fact is one of values */
    AVD_OP_BELOW,    /* fact < number */
    AVD_OP_ABOVE,    /* fact > number */
    AVD_OP_AT_LEAST,
    AVD_OP_AT_MOST,
    AVD_OP_CONTAINS, /* list has the text, or text has the part */
    AVD_OP_MATCHES,  /* shell-style pattern (* and ?), whole text, any item of a list */
    AVD_OP_KNOWN     /* whether the fact has a value is what the BOOL says: never undecided */
};

struct avd_rule_value {
    enum avd_fact_type type; /* BOOL, NUMBER or TEXT */
    uint64_t number;
    const char *text;
};

/* A node of a rule's condition; children lie behind it in the rule's array, by index. */
struct avd_rule_expr {
    enum avd_rule_op op;
    const char *fact;                    /* NULL for all / any / not */
    const struct avd_rule_value *values; /* one, or several for `in` */
    unsigned value_count;
    const unsigned *children;            /* indexes into the rule's exprs */
    unsigned child_count;
};

struct avd_rule {
    const char *id;           /* lower case, digits, '-' */
    const char *title;
    const char *pattern;      /* the catalogue's name of the pattern, or "" */
    const char *reference;    /* where it is described, or "" */
    enum avd_severity severity;
    const char *summary;      /* template: {fact.name} is replaced by the fact; or "" */
    const char *const *evidence; /* templates; a line whose facts are all unknown is left out */
    unsigned evidence_count;
    const char *const *advice;   /* the same */
    unsigned advice_count;
    const struct avd_rule_expr *exprs; /* exprs[0] is the condition; parents before children */
    unsigned expr_count;
    const char *file;         /* where it was loaded from */
    unsigned line;
};

struct avd_rules {
    struct avd_arena arena;
    const struct avd_rule *const *items; /* shipped and own, those replaced left out, by id */
    size_t count;
};

/* The shipped rules by id, generated at build time (tools/rulegen.c). */
extern const struct avd_rule avd_shipped_rules[];
extern const unsigned avd_shipped_rule_count;

struct avd_rule_list {
    struct avd_rule *items;
    size_t count, capacity;
};

/*
 * Parses one file's text; adds its rules to `out`, whose ids they must not repeat. AVD_E_RULE
 * carries `file`, line and column; AVD_E_LIMIT for a file over AVD_MAX_RULE_FILE_BYTES;
 * AVD_E_NOMEM.
 */
enum avd_status avd_rules_parse(struct avd_arena *arena, const char *file, const char *text,
                                size_t size, struct avd_rule_list *out, struct avd_error *err);

/* The same for every *.yaml of `directory`, in the order of their names; `shown_as` stands for the
 * directory in messages and in the rules' `file`. */
enum avd_status avd_rules_read_directory(struct avd_arena *arena, const char *directory,
                                         const char *shown_as, struct avd_rule_list *out,
                                         struct avd_error *err);

enum avd_verdict { AVD_FALSE = 0, AVD_TRUE, AVD_UNDECIDED };

struct avd_finding {
    const struct avd_rule *rule;
    enum avd_severity severity;
    const char *summary;
    const char *const *evidence;
    size_t evidence_count;
    const char *const *advice;
    size_t advice_count;
};

/* A rule that could not be decided, and for want of what. */
struct avd_undecided {
    const struct avd_rule *rule;
    const char *fact;
    const char *reason;
};

struct avd_rule_results {
    struct avd_finding *findings;    /* the worst first, then by id */
    size_t finding_count;
    struct avd_undecided *undecided; /* by id */
    size_t undecided_count;
};

/* Evaluates all rules; texts go into `arena`. `rules` NULL: the shipped ones. AVD_E_NOMEM only. */
enum avd_status avd_rules_run(const struct avd_rules *rules, const struct avd_facts *facts,
                              struct avd_arena *arena, struct avd_rule_results *out);
/* One condition; *missing gets the name of the first fact that left it undecided, else NULL. */
enum avd_verdict avd_rule_evaluate(const struct avd_rule *rule, const struct avd_facts *facts,
                                   const char **missing);

const char *avd_severity_name(enum avd_severity severity); /* "info", "warning", "error" */

#endif
