/* SPDX-License-Identifier: MIT */
/*
 * Facts: what detectors publish and rules judge. A fact has a name ("exception.code") and either
 * a value or the reason why it could not be known. Rules see nothing else of a dump.
 */
#ifndef AVD_ANALYZE_FACTS_H
#define AVD_ANALYZE_FACTS_H

#include "base/arena.h"

#include <stdint.h>

enum avd_fact_type {
    AVD_FACT_UNKNOWN = 0, /* `text` is the reason */
    AVD_FACT_BOOL,
    AVD_FACT_NUMBER,      /* decimal when shown */
    AVD_FACT_ADDRESS,     /* hex when shown; compares as a number */
    AVD_FACT_CODE,        /* 0x and at least 8 digits when shown; compares as a number */
    AVD_FACT_TEXT,
    AVD_FACT_LIST         /* of texts */
};

struct avd_fact {
    const char *name;
    enum avd_fact_type type;
    uint64_t number;         /* bool, number, address, code */
    const char *text;        /* text, or the reason of an unknown one */
    const char *const *list; /* list */
    size_t list_count;
    unsigned address_digits; /* address: 8 or 16 */
};

struct avd_facts {
    struct avd_arena *arena;
    struct avd_fact *items;  /* in the order of publication */
    size_t count;
    size_t capacity;
    bool failed;             /* out of memory, sticky */
};

/* The names that detectors may publish, with their types and meaning: the documentation of facts
 * and what a rule file is checked against. Ended by a NULL name. */
struct avd_fact_doc {
    const char *name;
    enum avd_fact_type type;
    const char *meaning;
};
extern const struct avd_fact_doc avd_fact_docs[];

void avd_facts_init(struct avd_facts *facts, struct avd_arena *arena);

/* Publishing copies all text. Publishing a name twice replaces it. A text or reason that is NULL
 * is published as unknown, "not known". */
void avd_fact_bool(struct avd_facts *facts, const char *name, bool value);
void avd_fact_number(struct avd_facts *facts, const char *name, uint64_t value);
void avd_fact_address(struct avd_facts *facts, const char *name, uint64_t value, unsigned digits);
void avd_fact_code(struct avd_facts *facts, const char *name, uint32_t value);
void avd_fact_text(struct avd_facts *facts, const char *name, const char *text);
void avd_fact_list(struct avd_facts *facts, const char *name, const char *const *items,
                   size_t count);
void avd_fact_unknown(struct avd_facts *facts, const char *name, const char *reason);

/* NULL when nobody published it. */
const struct avd_fact *avd_fact_find(const struct avd_facts *facts, const char *name);
/* The documentation entry of `name`, or NULL. */
const struct avd_fact_doc *avd_fact_doc_find(const char *name);

/* Appends the value as people read it: "yes", 0x hex for addresses and codes, a list's first items
 * separated by commas, "?" for what is not known. Text is not escaped. */
struct avd_strbuf;
void avd_fact_show(const struct avd_fact *fact, struct avd_strbuf *out);

#endif
