/* SPDX-License-Identifier: MIT */
/*
 * Templates of rule texts: {fact.name} stands for the fact's value, {thread.id} for a column of
 * what was matched, {name} for a value of `let`, {{ and }} for braces. An iterator over the parts
 * serves both the loader, which checks the names, and the expansion.
 */
#ifndef AVD_RULES_TEMPLATE_H
#define AVD_RULES_TEMPLATE_H

#include "base/strbuf.h"
#include "rules/judge.h"

enum avd_template_kind {
    AVD_TEMPLATE_END,
    AVD_TEMPLATE_TEXT,
    AVD_TEMPLATE_NAME, /* text is the name between the braces */
    AVD_TEMPLATE_BAD   /* a brace without its other half */
};

struct avd_template_part {
    enum avd_template_kind kind;
    const char *text;
    size_t size;
};

/* The part at *position, which moves behind it. */
struct avd_template_part avd_template_next(const char *text, size_t *position);

/* How many values a text names, and how many of them are known. */
struct avd_template_use {
    size_t named;
    size_t known;
};

/* Appends the text with its values, as they are after judging; what is not known shows as "?". */
struct avd_template_use avd_template_expand(const char *text, struct avd_judge *j,
                                            struct avd_strbuf *out);

#endif
