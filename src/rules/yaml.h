/* SPDX-License-Identifier: MIT */
/*
 * YAML as a tree of nodes that know their line and column. Only what rule files need: mappings,
 * lists and scalars; anchors, aliases and tags are refused, so a small file cannot grow large.
 */
#ifndef AVD_RULES_YAML_H
#define AVD_RULES_YAML_H

#include "base/arena.h"

enum avd_yaml_kind { AVD_YAML_SCALAR, AVD_YAML_LIST, AVD_YAML_MAPPING };

struct avd_yaml_node {
    enum avd_yaml_kind kind;
    unsigned line; /* 1-based, of its first character */
    unsigned column;
    const char *text;                   /* scalar, else NULL */
    bool plain;                         /* scalar without quotes: may be a number or true / false */
    const struct avd_yaml_node **items; /* list: its items; mapping: key, value, key, value ... */
    size_t count;                       /* of items; a mapping's is even */
};

struct avd_yaml_documents {
    const struct avd_yaml_node **items; /* empty documents are left out */
    size_t count;
    size_t capacity;
};

/*
 * Reads all documents of `text`: nodes into `nodes`, their texts into `texts`, which may be the
 * same. `file` is what messages call it. Every key is a scalar and comes once in its mapping,
 * nesting is at most AVD_MAX_YAML_DEPTH deep. AVD_E_RULE with line and column, AVD_E_LIMIT for a
 * file over AVD_MAX_RULE_FILE_BYTES, AVD_E_NOMEM.
 */
enum avd_status avd_yaml_read(struct avd_arena *nodes, struct avd_arena *texts, const char *file,
                              const char *text, size_t size, struct avd_yaml_documents *out,
                              struct avd_error *err);

/* "a mapping", "a list", "a single value", "nothing": for messages. */
const char *avd_yaml_kind_name(const struct avd_yaml_node *node);

/* Text from a file for a message: control characters escaped, long ones cut; in `out`. */
enum { AVD_YAML_EXCERPT_SIZE = 80 };
const char *avd_yaml_excerpt(const char *text, char out[AVD_YAML_EXCERPT_SIZE]);

/* AVD_E_RULE at `line`:`column` of `file`. */
enum avd_status avd_yaml_error(struct avd_error *err, const char *file, unsigned line,
                               unsigned column, const char *format, ...) AVD_PRINTF(5, 6);

#endif
