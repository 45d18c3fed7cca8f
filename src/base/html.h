/* SPDX-License-Identifier: MIT */
/*
 * HTML documents that need nothing but themselves: no script, no font, no picture from elsewhere,
 * and a content security policy that says so. The markup is also well-formed XML, so that any
 * parser can check it.
 */
#ifndef AVD_BASE_HTML_H
#define AVD_BASE_HTML_H

#include "base/strbuf.h"

/* The document up to and with <body>; `title` is untrusted. */
void avd_html_begin(struct avd_strbuf *out, const char *title);
void avd_html_end(struct avd_strbuf *out);

/*
 * Untrusted text for element content and quoted attributes: &, <, >, both quotes and what no
 * document may hold become character references or \xNN; so do control characters and
 * bidirectional overrides. NULL is empty.
 */
void avd_html_text(struct avd_strbuf *out, const char *text);
/* The same with its line breaks kept; at most `max` bytes (0: all), the rest is counted. */
void avd_html_lines(struct avd_strbuf *out, const char *text, size_t max);
/* A link for what begins with http:// or https://, otherwise the text with its line breaks. */
void avd_html_link(struct avd_strbuf *out, const char *text);

/* <h2 id="ID">TITLE</h2> in a section that avd_html_section_end closes; both are constants. */
void avd_html_section(struct avd_strbuf *out, const char *id, const char *title);
void avd_html_section_end(struct avd_strbuf *out);
/* A table that scrolls by itself where it is too wide; `label` names it and its columns are
 * separated by '|' (constants). Rows follow, avd_html_table_end closes. */
void avd_html_table(struct avd_strbuf *out, const char *css_class, const char *label,
                    const char *columns);
void avd_html_table_end(struct avd_strbuf *out);

#endif
