/* SPDX-License-Identifier: MIT */
/*
 * What the files of the JSON renderer share. The document is written piece by piece: jansson
 * builds and prints one small value at a time, so that a report with a million handles needs no
 * tree of a million nodes.
 */
#ifndef AVD_REPORT_JSON_H
#define AVD_REPORT_JSON_H

#include "report/model.h"

#include <jansson.h>
#include <stdbool.h>

#define AVD_JSON_SCHEMA_VERSION "1.0"

struct avd_json {
    const struct avd_report *report; /* NULL for an error document */
    struct avd_strbuf *out;          /* its `failed` also stands for jansson's memory */
    bool compact;
    unsigned depth;                  /* open objects and arrays */
    bool first;                      /* nothing was written at this depth yet */
    unsigned pointer_size;           /* of the process: how wide addresses are */
    size_t pending_size;
    char pending[2048];              /* jansson writes in morsels: they are collected here */
};

/* ---- json_write.c: the writer ---- */
void avd_json_init(struct avd_json *j, const struct avd_report *report,
                   const struct avd_write_options *options, struct avd_strbuf *out);
/* `key` is NULL inside arrays; `bracket` is '{' or '['. */
void avd_json_open(struct avd_json *j, const char *key, char bracket);
void avd_json_close(struct avd_json *j, char bracket);
/* Writes `value` and drops it; NULL means that jansson ran out of memory. */
void avd_json_value(struct avd_json *j, const char *key, json_t *value);

/* ---- values; NULL when out of memory ---- */
/* A string made valid UTF-8; null for NULL. */
json_t *avd_json_text(struct avd_json *j, const char *text);
/* The same, with null for "" too. */
json_t *avd_json_text_or_null(struct avd_json *j, const char *text);
/* "0x..." with `digits` digits at least. */
json_t *avd_json_hex(uint64_t value, unsigned digits);
/* An address of the process. */
json_t *avd_json_address(const struct avd_json *j, uint64_t address);
/* The same, null for 0: what is not known. */
json_t *avd_json_address_or_null(const struct avd_json *j, uint64_t address);
json_t *avd_json_number(uint64_t value);
/* null when `index` is not below `count`. */
json_t *avd_json_index(size_t index, size_t count);
/* "2007-09-04T11:36:14Z" */
json_t *avd_json_time(uint32_t seconds);
json_t *avd_json_texts(struct avd_json *j, const char *const *items, size_t count);
/* Adds to an object, taking `value` over; running out of memory sets out->failed. */
void avd_json_put(struct avd_json *j, json_t *object, const char *key, json_t *value);
/* Adds to an array in the same way. */
void avd_json_append(struct avd_json *j, json_t *array, json_t *value);

/* ---- json_threads.c ---- */
void avd_json_threads(struct avd_json *j);
/* One of them with its registers; of the crashing thread the stack of the exception. */
void avd_json_thread(struct avd_json *j, const char *key, size_t index);
void avd_json_crashing_thread(struct avd_json *j);
/* What `info` knows of them: no stacks. */
void avd_json_threads_short(struct avd_json *j);

/* ---- json_verifier.c ---- */
void avd_json_verifier(struct avd_json *j);

/* ---- json_blame.c ---- */
/* Puts rust-minidump's fields on the faulting instruction into crash_info. */
void avd_json_instruction(struct avd_json *j, json_t *crash_info);
/* followup, bucket and signature */
void avd_json_blame(struct avd_json *j);

/* ---- json_lists.c: what the dump holds ---- */
void avd_json_dump(struct avd_json *j);
void avd_json_system(struct avd_json *j);
void avd_json_linux(struct avd_json *j);
void avd_json_process(struct avd_json *j);
void avd_json_exception(struct avd_json *j);
void avd_json_found(struct avd_json *j);
void avd_json_modules(struct avd_json *j);
void avd_json_symbols(struct avd_json *j, bool needed_only);
void avd_json_unloaded(struct avd_json *j);
void avd_json_handles(struct avd_json *j);
void avd_json_notes(struct avd_json *j);

#endif
