/* SPDX-License-Identifier: MIT */
/* What the files of the HTML renderer share: the writer's state, and its sections. */
#ifndef AVD_REPORT_HTML_H
#define AVD_REPORT_HTML_H

#include "base/html.h"
#include "report/text.h"

struct avd_html {
    const struct avd_report *report;
    struct avd_strbuf *out;
    /* What the text renderer has words for is written there first, and escaped from there. */
    struct avd_text words;
    struct avd_strbuf scratch;
    size_t rows_left; /* of frames of folded threads; what is over is counted */
};

/* ---- html_words.c ---- */
void avd_html_init(struct avd_html *h, const struct avd_report *report,
                   const struct avd_write_options *options, struct avd_strbuf *out);
void avd_html_deinit(struct avd_html *h);
/* Moves the scratch text into the document. */
void avd_html_flush(struct avd_html *h);
/* "ntdll!RtlUserThreadStart+0x21", 00000000`0016e190, "10 MiB" */
void avd_html_call_site(struct avd_html *h, const struct avd_rep_frame *frame);
void avd_html_address(struct avd_html *h, uint64_t address, unsigned pointer_size);
void avd_html_size(struct avd_html *h, uint64_t size);
void avd_html_count(struct avd_html *h, size_t count, const char *one, const char *many);
/* "0 (0x2fe4, "name")" */
void avd_html_thread_name(struct avd_html *h, size_t index);
/* <dt>LABEL</dt><dd>TEXT</dd>; nothing for NULL or "". `label` is a constant. */
void avd_html_field(struct avd_html *h, const char *label, const char *text);
/* The same around what the caller writes. */
void avd_html_field_begin(struct avd_html *h, const char *label);
void avd_html_field_end(struct avd_html *h);
/* A field with what is in the scratch text, which becomes empty. */
void avd_html_scratch_field(struct avd_html *h, const char *label);
/* <td class="CLASS">TEXT</td> */
void avd_html_cell(struct avd_html *h, const char *css_class, const char *text);

/* ---- sections; each writes nothing where there is nothing to say ---- */
void avd_html_main_stack(struct avd_html *h); /* html_stack.c */
void avd_html_other_stacks(struct avd_html *h);
void avd_html_exception(struct avd_html *h); /* html_exception.c */
void avd_html_blame(struct avd_html *h);
void avd_html_verifier(struct avd_html *h);                  /* html_verifier.c */
void avd_html_map(struct avd_html *h);                       /* html_map.c */
void avd_html_threads(struct avd_html *h, bool with_stacks); /* html_lists.c */
void avd_html_modules(struct avd_html *h);
void avd_html_streams(struct avd_html *h);
void avd_html_notes(struct avd_html *h);
void avd_html_system(struct avd_html *h); /* html_system.c */
void avd_html_dump(struct avd_html *h);

#endif
