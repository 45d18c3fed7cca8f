/* SPDX-License-Identifier: MIT */
/* What the gate's readers and writers of JSON share: values, times, lines. */
#ifndef AVD_GATE_JSON_H
#define AVD_GATE_JSON_H

#include "base/strbuf.h"
#include "base/view.h"

#include <jansson.h>

/* A string made valid UTF-8; NULL when out of memory. */
json_t *avd_gate_text_value(const char *text);
/* Adding to an object; false when out of memory, also for a NULL `value`. A text that is NULL and
 * a time that is 0 are left out. */
bool avd_gate_put(json_t *object, const char *key, json_t *value);
bool avd_gate_put_text(json_t *object, const char *key, const char *text);
bool avd_gate_put_number(json_t *object, const char *key, uint64_t number);
bool avd_gate_put_time(json_t *object, const char *key, uint32_t seconds);

/* Appends `value` in one line, with and without the line break, or indented. NULL, which is out of
 * memory, sets out->failed. */
void avd_gate_json_line(const json_t *value, struct avd_strbuf *out);
void avd_gate_json_compact(const json_t *value, struct avd_strbuf *out);
void avd_gate_json_pretty(const json_t *value, struct avd_strbuf *out);

/* "2026-01-31T12:00:00Z" and back; ISO 8601, UTC. */
enum { AVD_GATE_TIME_SIZE = 24 };
void avd_gate_time_text(uint32_t seconds, char out[AVD_GATE_TIME_SIZE]);
bool avd_gate_time_parse(const char *text, uint32_t *out);
/* "2026-01-31": its first second. */
bool avd_gate_date_parse(const char *text, uint32_t *out);

/* The lines of a text, without their ends; empty ones are passed over. */
struct avd_gate_lines {
    struct avd_view rest;
    unsigned number; /* of the line that was given last, 1-based */
};
void avd_gate_lines_init(struct avd_gate_lines *lines, struct avd_view text);
bool avd_gate_lines_next(struct avd_gate_lines *lines, struct avd_view *out);

bool avd_gate_path_exists(const char *path);

#endif
