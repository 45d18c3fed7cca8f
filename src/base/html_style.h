/* SPDX-License-Identifier: MIT */
/* The style sheet of html.c's documents, in pieces; NULL ends it. */
#ifndef AVD_BASE_HTML_STYLE_H
#define AVD_BASE_HTML_STYLE_H

extern const char *const avd_html_style[];

#endif
