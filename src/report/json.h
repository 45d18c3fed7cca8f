/* SPDX-License-Identifier: MIT */
/*
 * What the files of the JSON renderer share. The document is written value by value into the
 * text, so that a report with a million handles needs no tree of a million nodes. A library would
 * build that tree, or at least one of every object: that took half of the time of a whole analysis.
 */
#ifndef AVD_REPORT_JSON_H
#define AVD_REPORT_JSON_H

#include "report/model.h"

#include <stdbool.h>

#define AVD_JSON_SCHEMA_VERSION "1.0"

struct avd_json {
    const struct avd_report *report; /* NULL for an error document */
    struct avd_strbuf *out;          /* its `failed` is the one sign of memory that ran out */
    bool compact;
    unsigned depth;        /* open objects and arrays */
    bool first;            /* nothing was written at this depth yet */
    unsigned pointer_size; /* of the process: how wide addresses are */
    size_t pending_size;
    char pending[2048]; /* morsels are collected here on their way to `out` */
};

/* ---- json_write.c: the writer ---- */
/* `out` is complete when the outermost bracket was closed. */
void avd_json_init(struct avd_json *j, const struct avd_report *report,
                   const struct avd_write_options *options, struct avd_strbuf *out);
/* `key` is NULL inside arrays, here and below; `bracket` is '{' or '['. */
void avd_json_open(struct avd_json *j, const char *key, char bracket);
void avd_json_close(struct avd_json *j, char bracket);

void avd_json_null(struct avd_json *j, const char *key);
/* Returns `known`, and has written null when it is false:
 *     if (avd_json_known(j, "line", line != 0))
 *         avd_json_number(j, "line", line); */
bool avd_json_known(struct avd_json *j, const char *key, bool known);
void avd_json_bool(struct avd_json *j, const char *key, bool value);
/* A string made valid UTF-8; null for NULL. */
void avd_json_text(struct avd_json *j, const char *key, const char *text);
/* The same, with null for "" too. */
void avd_json_text_or_null(struct avd_json *j, const char *key, const char *text);
/* "0x..." with `digits` digits at least, 16 at most. */
void avd_json_hex(struct avd_json *j, const char *key, uint64_t value, unsigned digits);
/* An address of the process. */
void avd_json_address(struct avd_json *j, const char *key, uint64_t address);
/* The same, null for 0: what is not known. */
void avd_json_address_or_null(struct avd_json *j, const char *key, uint64_t address);
void avd_json_number(struct avd_json *j, const char *key, uint64_t value);
void avd_json_number_or_null(struct avd_json *j, const char *key, uint64_t value);
void avd_json_real(struct avd_json *j, const char *key, double value);
/* null when `index` is not below `count`. */
void avd_json_index(struct avd_json *j, const char *key, size_t index, size_t count);
/* "2007-09-04T11:36:14Z" */
void avd_json_time(struct avd_json *j, const char *key, uint32_t seconds);
void avd_json_texts(struct avd_json *j, const char *key, const char *const *items, size_t count);

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
/* rust-minidump's fields on the faulting instruction, for the open object crash_info. */
void avd_json_instruction(struct avd_json *j);
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
