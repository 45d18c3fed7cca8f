/* SPDX-License-Identifier: MIT */
/* Words that renderers use for numbers of the format: times, dump flags, exception flags. */
#ifndef AVD_REPORT_WORDS_H
#define AVD_REPORT_WORDS_H

#include "base/strbuf.h"

#include <stddef.h>
#include <stdint.h>

/* 21 are used; the rest is for compilers that reckon with numbers of any width. */
enum { AVD_TIME_TEXT = 68 };

/* "2007-09-04T11:36:14Z": UTC from unix seconds, without the C library's clock or locale. */
void avd_words_time(uint32_t seconds, char out[AVD_TIME_TEXT]);

/* The documented name of one bit of MINIDUMP_TYPE, "MiniDumpWithFullMemory"; NULL for others. */
const char *avd_words_dump_flag(unsigned bit);

/* The documented name of one bit of EXCEPTION_RECORD's flags, "EXCEPTION_NONCONTINUABLE"; NULL
 * for others. */
const char *avd_words_exception_flag(unsigned bit);

/* One line for why a stack ends, for when the walk itself said nothing; `end` is the word of
 * stack/walk.h. */
const char *avd_words_stack_end(const char *end);

/* A sentence for a word of struct avd_rep_instruction's inconsistencies; the word itself when it is
 * not known. */
const char *avd_words_inconsistency(const char *word);

/* Appends "6 d 3 h 32 min 26 s", from the largest unit that is there. */
void avd_words_duration(struct avd_strbuf *line, uint64_t seconds);

#endif
