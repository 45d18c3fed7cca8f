/* SPDX-License-Identifier: MIT */
/*
 * Compiling the YAML of a rule's `when` and `let` into expressions; the other half of
 * rules/judge.c. Everything is checked here once, so that judging need not doubt a rule.
 */
#ifndef AVD_RULES_CONDITION_H
#define AVD_RULES_CONDITION_H

#include "base/limits.h"
#include "rules/problems.h"
#include "rules/rules.h"
#include "rules/yaml.h"

enum avd_let_state { AVD_LET_NEW = 0, AVD_LET_COMPILING, AVD_LET_DONE, AVD_LET_BAD };

/* One rule being compiled. */
struct avd_compiler {
    struct avd_arena *arena;   /* of what the rule keeps */
    struct avd_arena *scratch; /* of what it needs until it is compiled */
    const char *file;
    struct avd_rule_problems *problems;
    struct avd_rule_expr *exprs; /* in scratch */
    size_t count;
    size_t capacity;
    struct avd_rule_slot slots[AVD_MAX_RULE_SLOTS];
    unsigned slot_count;
    const struct avd_yaml_node *let_node; /* a mapping, or NULL */
    struct avd_rule_let *lets;            /* as many as let_node has */
    enum avd_let_state let_states[AVD_MAX_RULE_LETS];
    int scope;       /* the slot whose columns go by their bare names; -1: none */
    unsigned active; /* bit n: slot n is a row that is being judged */
};

/* Something to compare, and what type it has. */
struct avd_subject {
    struct avd_rule_operand operand;
    enum avd_fact_type type;
};

/* Starts a rule. */
void avd_compiler_init(struct avd_compiler *c, struct avd_arena *arena, struct avd_arena *scratch,
                       const char *file, struct avd_rule_problems *problems);
/*
 * Takes the names in `let`. This and the others: AVD_OK, AVD_E_RULE with the problem added, or
 * AVD_E_NOMEM.
 */
enum avd_status avd_compiler_let(struct avd_compiler *c, const struct avd_yaml_node *let);
/* Compiles `when` and whatever of `let` it did not need; fills the rule's exprs, slots, lets. */
enum avd_status avd_condition_compile(struct avd_compiler *c, const struct avd_yaml_node *when,
                                      struct avd_rule *rule);

/* ---- between the files of the compiler ---- */

/* condition.c. A condition; `parent` is the key that it stands under. */
enum avd_status avd_condition_node(struct avd_compiler *c, const struct avd_yaml_node *node,
                                   const char *parent, int *index);
/* A new expression; its index goes to *index. Parents come before their children. */
enum avd_status avd_condition_add(struct avd_compiler *c, enum avd_rule_op op, unsigned line,
                                  int *index);
/* Room for the children of c->exprs[index]; NULL when out of memory. */
int *avd_condition_children(struct avd_compiler *c, int index, size_t count);

/* names.c. AVD_NOT_FOUND when `name` (of `size` bytes) is nothing that has a value; AVD_E_RULE
 * when it is, but must not be used here: then the problem was added at line:column. */
enum avd_status avd_name_resolve(struct avd_compiler *c, const char *name, size_t size,
                                 unsigned line, unsigned column, struct avd_subject *out);
/* Adds "unknown fact ..." with the nearest name; a name without a dot is an unknown `kind`.
 * `where` is the key it stands in. */
enum avd_status avd_name_unknown(struct avd_compiler *c, const char *kind, const char *name,
                                 unsigned line, unsigned column, const char *where);
/* The slot of that name, made for `collection` if there is none. */
enum avd_status avd_name_slot(struct avd_compiler *c, const struct avd_yaml_node *node,
                              const char *name, size_t collection, unsigned *slot);
/* The column of the rows of a slot, a place in their collection's columns. */
enum avd_status avd_name_column(struct avd_compiler *c, unsigned slot, size_t column,
                                struct avd_subject *out);
/* The slot called `name`; -1: none. */
int avd_name_find_slot(const struct avd_compiler *c, const char *name, size_t size);

/* comparison.c. `subject: node`, `key` being what messages point at. */
enum avd_status avd_comparison_compile(struct avd_compiler *c, const struct avd_subject *subject,
                                       const struct avd_yaml_node *key,
                                       const struct avd_yaml_node *node, int *index);
/* One operator with one text, for keys of rows. */
enum avd_status avd_comparison_pattern(struct avd_compiler *c, const struct avd_subject *subject,
                                       const char *pattern, unsigned line, int *index);
/* Decimal or 0x hex. */
bool avd_number_parse(const char *text, uint64_t *out, bool *too_large);
/* "a number", "a text" ... */
const char *avd_type_name(enum avd_fact_type type);

/* rows.c. Whether `key` is a collection, or any_ITEM: then compiles it. */
bool avd_rows_key(const struct avd_compiler *c, const char *key);
enum avd_status avd_rows_compile(struct avd_compiler *c, const struct avd_yaml_node *key,
                                 const struct avd_yaml_node *node, int *index);

/* expression.c. A text such as "stack.low - access.address < 0x2000"; with `compares` it must
 * compare, without it must not. */
enum avd_status avd_expression_compile(struct avd_compiler *c, const struct avd_yaml_node *node,
                                       const char *what, bool compares,
                                       const struct avd_rule_code **code, unsigned *count,
                                       enum avd_fact_type *type);

#endif
