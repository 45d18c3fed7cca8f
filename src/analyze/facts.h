/* SPDX-License-Identifier: MIT */
/*
 * Facts: what detectors publish and rules judge. A fact has a name ("exception.code") and either
 * a value or the reason why it could not be known. Beside single facts there are collections
 * ("threads": rows with typed columns, looked up only when a rule asks) and a port to the memory
 * and the names of the process. Rules see nothing else of a dump.
 */
#ifndef AVD_ANALYZE_FACTS_H
#define AVD_ANALYZE_FACTS_H

#include "base/arena.h"

#include <stdint.h>

enum avd_fact_type {
    AVD_FACT_UNKNOWN = 0, /* `text` is the reason */
    AVD_FACT_BOOL,
    AVD_FACT_NUMBER,  /* decimal when shown */
    AVD_FACT_ADDRESS, /* hex when shown; compares as a number */
    AVD_FACT_CODE,    /* 0x and at least 8 digits when shown; compares as a number */
    AVD_FACT_TEXT,
    AVD_FACT_LIST /* of texts */
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

/* A collection's columns; ended by a NULL name. */
struct avd_column_doc {
    const char *name;
    enum avd_fact_type type;
    const char *meaning;
};

/* What a collection is called and what its rows say: facts_doc_rows.c. */
struct avd_collection_doc {
    const char *name;   /* "threads" */
    const char *item;   /* one row in rules and texts: "thread" */
    const char *parent; /* the collection whose rows have it ("threads" for frames); NULL: none */
    const char *key;    /* the column that a plain text is compared with; NULL: none */
    const char *key2;   /* the column for what follows '!' in such a text; NULL: none */
    const struct avd_column_doc *columns;
    const char *meaning;
};
extern const struct avd_collection_doc avd_collection_docs[]; /* ended by a NULL name */
enum { AVD_COLLECTION_COUNT = 8 };

/* Rows of a top-level collection have parent 0. */
struct avd_collection_ops {
    /* How many rows; called often, so it must be cheap. */
    size_t (*count)(void *ctx, size_t parent);
    /* Fills *out, which comes as unknown without a reason: type and value, or a reason in `text`.
     * Strings live as long as the facts. `column` counts from 0 in the documentation's order. */
    void (*get)(void *ctx, size_t parent, size_t row, unsigned column, struct avd_fact *out);
    /* Why there may be more rows than these ("the stack ends early ..."); NULL when these are all.
     * The whole may be NULL. */
    const char *(*incomplete)(void *ctx, size_t parent);
    /* Whether the row itself is a guess, such as a frame found by scanning. May be NULL. */
    bool (*weak)(void *ctx, size_t parent, size_t row);
};

struct avd_collection {
    const struct avd_collection_ops *ops; /* NULL: unknown, for this reason: */
    void *ctx;
    const char *reason;
};

/* The process behind the facts, as far as the dump holds it. A NULL function answers nothing. */
struct avd_fact_port {
    void *ctx;
    unsigned pointer_size; /* 4 or 8: of the program's own code */
    /* Copies up to `size` bytes of memory; returns how many are there. */
    size_t (*read)(void *ctx, uint64_t addr, void *buffer, size_t size);
    /* "module!function+0x12" or "module+0x34" in `arena`; NULL when it lies in no module. */
    const char *(*name)(void *ctx, uint64_t addr, struct avd_arena *arena);
    /* File name of the module; NULL when it lies in none. */
    const char *(*module)(void *ctx, uint64_t addr);
    /* Whether code may run there: 1 yes, 0 no, -1 not known. */
    int (*is_code)(void *ctx, uint64_t addr);
};

enum { AVD_FACT_HASH_SIZE = 2048 }; /* twice AVD_MAX_FACTS, a power of two */

struct avd_facts {
    struct avd_arena *arena;
    struct avd_fact *items; /* in the order of publication */
    size_t count;
    size_t capacity;
    uint16_t hash[AVD_FACT_HASH_SIZE]; /* index into items + 1, by name; 0: free */
    struct avd_collection collections[AVD_COLLECTION_COUNT]; /* by place in avd_collection_docs */
    bool has_main_thread;
    size_t main_thread;         /* row of `threads` that the report is about */
    const char *no_main_thread; /* why there is none */
    struct avd_fact_port port;
    bool failed; /* out of memory, sticky */
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

/* Place in avd_collection_docs by its name or by what one row is called; SIZE_MAX: none. */
size_t avd_collection_find(const char *name);
size_t avd_collection_find_item(const char *item);
/* The column of that name; SIZE_MAX: none. */
size_t avd_column_find(const struct avd_collection_doc *doc, const char *name);

/* Publishes a collection by its name, which must be a documented one; `ctx` and what `ops` gives
 * must live as long as the facts. */
void avd_facts_collection(struct avd_facts *facts, const char *name,
                          const struct avd_collection_ops *ops, void *ctx);
void avd_facts_no_collection(struct avd_facts *facts, const char *name, const char *reason);
/* Which thread `frames` without a thread means. */
void avd_facts_main_thread(struct avd_facts *facts, size_t row);
void avd_facts_no_main_thread(struct avd_facts *facts, const char *reason);

/* A value of a row: always with a type, or unknown with a reason. */
void avd_collection_get(const struct avd_facts *facts, size_t collection, size_t parent, size_t row,
                        unsigned column, struct avd_fact *out);

/* Appends the value as people read it: "yes", 0x hex for addresses and codes, a list's first items
 * separated by commas, "?" for what is not known. Text is not escaped. */
struct avd_strbuf;
void avd_fact_show(const struct avd_fact *fact, struct avd_strbuf *out);

#endif
