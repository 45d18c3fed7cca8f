/* SPDX-License-Identifier: MIT */
/*
 * Templates of rule texts: {fact.name} stands for the fact's value, {{ and }} for braces. An
 * iterator over the parts serves both the loader, which checks the names, and the expansion.
 */
#ifndef AVD_RULES_TEMPLATE_H
#define AVD_RULES_TEMPLATE_H

#include "analyze/facts.h"
#include "base/strbuf.h"

enum avd_template_kind {
    AVD_TEMPLATE_END,
    AVD_TEMPLATE_TEXT,
    AVD_TEMPLATE_FACT, /* text is the name between the braces */
    AVD_TEMPLATE_BAD   /* a brace without its other half */
};

struct avd_template_part {
    enum avd_template_kind kind;
    const char *text;
    size_t size;
};

/* The part at *position, which moves behind it. */
struct avd_template_part avd_template_next(const char *text, size_t *position);

/* How many facts a text names, and how many of them have a value. */
struct avd_template_use {
    size_t named;
    size_t known;
};

/* Appends the text with its facts; one without a value shows as "?". */
struct avd_template_use avd_template_expand(const char *text, const struct avd_facts *facts,
                                            struct avd_strbuf *out);

#endif
