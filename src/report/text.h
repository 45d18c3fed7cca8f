/* SPDX-License-Identifier: MIT */
/* What the files of the text renderer share: the writer's state and its small tools. */
#ifndef AVD_REPORT_TEXT_H
#define AVD_REPORT_TEXT_H

#include "report/model.h"

#include <stdbool.h>

enum { AVD_TEXT_WIDTH = 100 };

enum avd_text_style { AVD_STYLE_BOLD, AVD_STYLE_RED, AVD_STYLE_YELLOW, AVD_STYLE_DIM };

struct avd_text {
    const struct avd_report *report;
    struct avd_strbuf *out;
    bool color, native_first, both_stacks, all_threads, verbose, redact;
};

/* ---- text_style.c ---- */
void avd_text_init(struct avd_text *t, const struct avd_report *report,
                   const struct avd_write_options *options, struct avd_strbuf *out);
/* Colours, nothing unless they are wanted. */
void avd_text_style(const struct avd_text *t, enum avd_text_style style);
void avd_text_plain(const struct avd_text *t);
/* A section's title on a line of its own, after an empty line. */
void avd_text_title(const struct avd_text *t, const char *title);
/*
 * Untrusted text, escaped and wrapped at AVD_TEXT_WIDTH; the cursor stands at column `indent`,
 * which is where further lines start. Its own line breaks are kept, up to `max_lines` lines (0 =
 * all); ends with a newline.
 */
void avd_text_wrapped(const struct avd_text *t, unsigned indent, const char *text,
                      unsigned max_lines);
/* "  label      text", wrapped; nothing when `text` is NULL or empty. */
void avd_text_field(const struct avd_text *t, const char *label, const char *text);
/* The label alone, for a value that the caller writes. */
void avd_text_label(const struct avd_text *t, const char *label);
/* An address as WinDbg prints it: 00000000`0016e190, or 8 digits. */
void avd_text_address(const struct avd_text *t, uint64_t address, unsigned pointer_size);
/* Columns that escaped untrusted text takes. */
size_t avd_text_columns(const char *text);
/* Escaped text, padded with spaces to `width` columns. */
void avd_text_padded(const struct avd_text *t, const char *text, size_t width);
/* "1 thread", "2 threads" */
void avd_text_count(const struct avd_text *t, size_t count, const char *one, const char *many);
/* The same in bytes, KiB, MiB, GiB. */
void avd_text_size(const struct avd_text *t, uint64_t size);
/* "0 (0x2fe4, "name")" */
void avd_text_thread_name(const struct avd_text *t, size_t index);

/* ---- text_stack.c ---- */
/* "ntdll!RtlUserThreadStart+0x21" of a frame, without its marks. */
void avd_text_call_site(const struct avd_text *t, const struct avd_rep_frame *frame);
/* Both stacks of a thread in the order that is wanted. */
void avd_text_thread_stacks(const struct avd_text *t, size_t thread, const char *mark);
/* The stacks of all threads but `shown`, equal ones once. */
void avd_text_other_stacks(const struct avd_text *t, size_t shown);

/* ---- stack_lines.c ---- */
/* The stack that the report is about, a line per frame, at most `max_frames`. */
void avd_text_stack_lines(const struct avd_text *t, unsigned max_frames);

/* ---- text_symbols.c ---- */
void avd_text_symbols(const struct avd_text *t);
/* "name.pdb ID" of what is missing, one line each. */
void avd_text_symbols_needed(const struct avd_text *t);

/* ---- text_system.c ---- */
void avd_text_dump(const struct avd_text *t);
void avd_text_system(const struct avd_text *t);
void avd_text_exception(const struct avd_text *t);

/* ---- text_verifier.c: nothing when the verifier is not in the process ---- */
void avd_text_verifier(const struct avd_text *t);

/* ---- text_blame.c ---- */
/* Fields of the exception's section. */
void avd_text_instruction(const struct avd_text *t);
/* Who is blamed, and how the crash is sorted. */
void avd_text_blame(const struct avd_text *t);

/* ---- text_lists.c ---- */
void avd_text_threads(const struct avd_text *t, bool with_stacks);
void avd_text_modules(const struct avd_text *t, bool all);
void avd_text_handles(const struct avd_text *t);
void avd_text_streams(const struct avd_text *t);
void avd_text_notes(const struct avd_text *t);

#endif
