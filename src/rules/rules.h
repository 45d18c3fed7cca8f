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
    AVD_OP_ALL,    /* children */
    AVD_OP_ANY,    /* children */
    AVD_OP_NOT,    /* one child */
    AVD_OP_EQUALS, /* operand = value; texts compare without regard to ASCII case */
    AVD_OP_IN,     /* operand is one of values */
    AVD_OP_BELOW,  /* operand < number */
    AVD_OP_ABOVE,  /* operand > number */
    AVD_OP_AT_LEAST,
    AVD_OP_AT_MOST,
    AVD_OP_HAS_BITS, /* all bits of the value are set */
    AVD_OP_HAS_ANY_BIT,
    AVD_OP_CONTAINS, /* list has the text, or text has the part */
    AVD_OP_MATCHES,  /* shell-style pattern (* and ?), whole text, any item of a list */
    AVD_OP_KNOWN,    /* whether the operand has a value is what the BOOL says: never undecided */
    AVD_OP_CHECK,    /* `code` holds comparisons */
    /* Over the rows of a collection; the child judges one row. */
    AVD_OP_ROWS_ANY,
    AVD_OP_ROWS_ALL,
    AVD_OP_ROWS_NONE,
    AVD_OP_ROWS_FIRST,    /* the first row */
    AVD_OP_ROWS_COUNT,    /* values[0] <= rows that match (all without a child) <= values[1] */
    AVD_OP_ROWS_SEQUENCE, /* the children match rows one after another; AVD_RULE_GAP: any rows */
    AVD_OP_ROW            /* one item of a sequence; its child judges the row bound to `slot` */
};
enum { AVD_RULE_GAP = -1 };

/* Names for matched rows ("thread", "frame"): a collection's item, or the rule's own ("as"). */
struct avd_rule_slot {
    const char *name;
    unsigned collection; /* place in avd_collection_docs */
};

enum avd_operand_kind {
    AVD_OPERAND_NONE = 0,
    AVD_OPERAND_FACT,
    AVD_OPERAND_COLUMN, /* of the row that is bound to a slot */
    AVD_OPERAND_LET
};

/* Something that has a value. */
struct avd_rule_operand {
    enum avd_operand_kind kind;
    const char *name; /* as messages call it: "exception.code", "thread.id", "offset" */
    unsigned slot;    /* column: of the rule's slots */
    unsigned column;
    unsigned let; /* let: of the rule's lets */
};

struct avd_rule_value {
    enum avd_fact_type type; /* BOOL, NUMBER or TEXT */
    uint64_t number;
    const char *text;
};

/* Expressions run on a small stack. Numbers are integers with a sign and 64 bits. */
enum avd_code_op {
    AVD_CODE_NUMBER,  /* pushes `number` */
    AVD_CODE_OPERAND, /* pushes the operand's value */
    AVD_CODE_MUL,
    AVD_CODE_DIV,
    AVD_CODE_MOD,
    AVD_CODE_SHL,
    AVD_CODE_SHR,
    AVD_CODE_AND,
    AVD_CODE_ADD,
    AVD_CODE_SUB,
    AVD_CODE_OR,
    AVD_CODE_XOR,
    AVD_CODE_LESS, /* these compare the two on top, and leave the upper one */
    AVD_CODE_AT_MOST,
    AVD_CODE_EQUAL,
    AVD_CODE_UNEQUAL,
    AVD_CODE_AT_LEAST,
    AVD_CODE_GREATER,
    AVD_CODE_U8, /* these read the process's memory at the address on top */
    AVD_CODE_U16,
    AVD_CODE_U32,
    AVD_CODE_U64,
    AVD_CODE_POINTER,
    AVD_CODE_TEXT,
    AVD_CODE_UTF16,
    AVD_CODE_NAME,   /* "module!function+0x12" of the address */
    AVD_CODE_MODULE, /* file name of its module */
    AVD_CODE_TRACE   /* names of the return addresses in the array there */
};

struct avd_rule_code {
    enum avd_code_op op;
    uint64_t number;
    struct avd_rule_operand operand;
};

/* A named value: an expression. */
struct avd_rule_let {
    const char *name;
    enum avd_fact_type type; /* NUMBER, ADDRESS, TEXT or LIST */
    const struct avd_rule_code *code;
    unsigned code_count;
};

/* A node of a rule's condition; children lie behind it in the rule's array, by index. */
struct avd_rule_expr {
    enum avd_rule_op op;
    struct avd_rule_operand operand;     /* of comparisons */
    uint64_t mask;                       /* what of a number is compared; 0: all */
    const struct avd_rule_value *values; /* one, or several for `in` */
    unsigned value_count;
    const int *children; /* indexes into the rule's exprs, or AVD_RULE_GAP */
    unsigned child_count;
    unsigned collection;              /* rows: place in avd_collection_docs */
    unsigned slot;                    /* rows: what a row is bound to */
    int parent_slot;                  /* rows of a row: where that is bound; -1: the main thread */
    const struct avd_rule_code *code; /* check */
    unsigned code_count;
    const char *source; /* check: as it was written */
    unsigned line;
};

enum avd_confidence { AVD_CONFIDENCE_LOW = 0, AVD_CONFIDENCE_MEDIUM, AVD_CONFIDENCE_HIGH };

/* A line of `parameters`: a name and a template. */
struct avd_rule_parameter {
    const char *name;
    const char *text;
};

struct avd_rule_test;

struct avd_rule {
    const char *id; /* lower case, digits, '-' */
    const char *title;
    const char *pattern;   /* the catalogue's name of the pattern, or "" */
    const char *reference; /* where it is described, or "" */
    enum avd_severity severity;
    enum avd_confidence confidence;
    const char *summary;         /* template: {fact.name} is replaced by the fact; or "" */
    const char *explanation;     /* the same, for those who want to know more; or "" */
    const char *const *evidence; /* templates; a line whose facts are all unknown is left out */
    unsigned evidence_count;
    const char *const *advice; /* the same */
    unsigned advice_count;
    const char *const *tags;
    unsigned tag_count;
    const char *const *references;
    unsigned reference_count;
    const struct avd_rule_parameter *parameters; /* those whose facts are unknown are left out */
    unsigned parameter_count;
    const struct avd_rule_slot *slots;
    unsigned slot_count;
    const struct avd_rule_let *lets;
    unsigned let_count;
    const struct avd_rule_expr *exprs; /* exprs[0] is the condition; parents before children */
    unsigned expr_count;
    const char *file; /* where it was loaded from */
    unsigned line;
    const struct avd_rule_test *tests; /* rules/cases.h; none in shipped tables */
    unsigned test_count;
};

/* What is wrong in rule files: all of it, in the order of files and lines. */
struct avd_rule_problem {
    const char *file;
    unsigned line, column; /* 0: the file as a whole */
    enum avd_status code;  /* AVD_E_RULE, AVD_E_LIMIT, AVD_E_IO */
    const char *message;
};

struct avd_rule_problems {
    struct avd_arena *arena; /* of the texts */
    struct avd_rule_problem *items;
    size_t count, capacity;
    size_t dropped; /* over AVD_MAX_RULE_PROBLEMS */
};

struct avd_rules {
    struct avd_arena arena;
    const struct avd_rule *const *items; /* shipped and own, those replaced left out, by id */
    size_t count;
    struct avd_rule_problems problems; /* of rules that were left out for them */
};

/* The shipped rules by id, generated at build time (tools/rulegen.c). */
extern const struct avd_rule avd_shipped_rules[];
extern const unsigned avd_shipped_rule_count;

struct avd_rule_list {
    struct avd_rule *items;
    size_t count, capacity;
    uint16_t *by_id; /* a hash table of indexes + 1: parse.c */
};

/*
 * Parses one file's text; adds its rules to `out`, whose ids they must not repeat. A rule with a
 * mistake is left out, all mistakes go to `problems`. AVD_OK also then; AVD_E_NOMEM.
 */
enum avd_status avd_rules_parse(struct avd_arena *arena, const char *file, const char *text,
                                size_t size, struct avd_rule_list *out,
                                struct avd_rule_problems *problems);

/* The same for every *.yaml of `directory`, in the order of their names; `shown_as` stands for the
 * directory in messages and in the rules' `file`. A directory that cannot be read or has no rule
 * files is an error: AVD_E_IO, AVD_E_RULE. */
enum avd_status avd_rules_read_directory(struct avd_arena *arena, const char *directory,
                                         const char *shown_as, struct avd_rule_list *out,
                                         struct avd_rule_problems *problems, struct avd_error *err);
/* The same for one file. */
enum avd_status avd_rules_read_file(struct avd_arena *arena, const char *path, const char *shown_as,
                                    struct avd_rule_list *out, struct avd_rule_problems *problems);

enum avd_verdict { AVD_FALSE = 0, AVD_TRUE, AVD_UNDECIDED };

struct avd_finding {
    const struct avd_rule *rule;
    enum avd_severity severity;
    enum avd_confidence confidence; /* the rule's; low when a row that it rests on is a guess */
    const char *summary;
    const char *explanation;
    const char *const *evidence;
    size_t evidence_count;
    const char *const *advice;
    size_t advice_count;
    const struct avd_rule_parameter *parameters;
    size_t parameter_count;
};

/* A rule that could not be decided, and for want of what. */
struct avd_undecided {
    const struct avd_rule *rule;
    const char *fact;
    const char *reason;
};

struct avd_rule_results {
    struct avd_finding *findings; /* the worst first, then by id */
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

const char *avd_severity_name(enum avd_severity severity);       /* "info", "warning", "error" */
const char *avd_confidence_name(enum avd_confidence confidence); /* "low", "medium", "high" */

#endif
