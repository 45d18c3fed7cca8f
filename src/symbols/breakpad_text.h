/* SPDX-License-Identifier: MIT */
/*
 * Reading the lines of a Breakpad symbol file where they lie: numbers, separators, what is left of
 * a line. Everything works on a position in the text and stops at the end of the line; a function
 * that returns false leaves the position wherever it failed, and the line is given up.
 */
#ifndef AVD_SYMBOLS_BREAKPAD_TEXT_H
#define AVD_SYMBOLS_BREAKPAD_TEXT_H

#include "base/view.h"

struct avd_sym_text {
    const uint8_t *data;
    size_t size;
    size_t pos;
};

/* The value of a hexadecimal digit plus one, 0 for other bytes. */
extern const uint8_t avd_sym_hex_digits[256];

/* Whether the line is used up; a carriage return before the line feed belongs to the line's end. */
static inline bool avd_sym_at_end(const struct avd_sym_text *text)
{
    return text->pos >= text->size || text->data[text->pos] == '\n' ||
           (text->data[text->pos] == '\r' &&
            (text->pos + 1 == text->size || text->data[text->pos + 1] == '\n'));
}

/* At least one blank. */
static inline bool avd_sym_blank(struct avd_sym_text *text)
{
    size_t start = text->pos;

    while (text->pos < text->size &&
           (text->data[text->pos] == ' ' || text->data[text->pos] == '\t'))
        text->pos++;
    return text->pos != start;
}

/* A hexadecimal number of at most 64 bits, without 0x. */
static inline bool avd_sym_hex(struct avd_sym_text *text, uint64_t *value)
{
    size_t start = text->pos;
    uint64_t result = 0;
    bool fits = true;

    while (text->pos < text->size && avd_sym_hex_digits[text->data[text->pos]] != 0) {
        fits = fits && result >> 60 == 0;
        result = result << 4 | (avd_sym_hex_digits[text->data[text->pos]] - 1U);
        text->pos++;
    }
    *value = result;
    return fits && text->pos != start;
}

/* A decimal number of at most 32 bits. */
static inline bool avd_sym_decimal(struct avd_sym_text *text, uint32_t *value)
{
    size_t start = text->pos;
    uint64_t result = 0;
    bool fits = true;

    while (text->pos < text->size && text->data[text->pos] >= '0' && text->data[text->pos] <= '9') {
        result = result * 10 + (uint64_t)(text->data[text->pos] - '0');
        fits = fits && result <= UINT32_MAX;
        result &= UINT32_MAX;
        text->pos++;
    }
    *value = (uint32_t)result;
    return fits && text->pos != start;
}

/* "-1" too, which writers put where they know no file: UINT32_MAX. */
bool avd_sym_signed(struct avd_sym_text *text, uint32_t *value);

/* A hexadecimal number of at most 32 bits with the blank behind it. */
bool avd_sym_hex32(struct avd_sym_text *text, uint32_t *value);

/* Moves over `word` when the text goes on with it. */
bool avd_sym_accept(struct avd_sym_text *text, const char *word);

/* What is left of the line, and the word up to the next blank; both may be empty. */
struct avd_view avd_sym_rest(struct avd_sym_text *text);
struct avd_view avd_sym_word(struct avd_sym_text *text);

/* To the start of the next line. */
void avd_sym_next_line(struct avd_sym_text *text);

/*
 * The records, from their first letter to the line's end. False when the line is damaged; what is
 * behind the fields is not looked at.
 */
struct avd_sym_function {
    uint32_t rva;
    uint32_t size; /* PUBLIC: 0 */
    uint32_t parameter_size;
    struct avd_view name;
    bool is_public;
};

struct avd_sym_line {
    uint32_t rva;
    uint32_t size;
    uint32_t line;
    uint32_t file; /* number of the FILE record, UINT32_MAX for none */
};

struct avd_sym_inline {
    uint32_t nest;
    uint32_t call_line;
    bool has_call_file; /* the older form of the record lacks it */
    uint32_t call_file;
    uint32_t origin;
};

struct avd_sym_window {
    unsigned type; /* 0 and 4 are of use */
    uint32_t rva;
    uint32_t code_size;
    uint32_t prolog_size;
    uint32_t parameter_size;
    uint32_t saved_regs_size;
    uint32_t locals_size;
    uint32_t max_stack_size;
    bool has_program;
    struct avd_view tail; /* the program, or whether the base pointer is allocated */
};

struct avd_sym_cfi_rules {
    bool is_init;
    uint32_t rva;
    uint32_t size; /* of an INIT */
    struct avd_view rules;
};

/* FUNC and PUBLIC. */
bool avd_sym_read_function(struct avd_sym_text *text, struct avd_sym_function *out);
bool avd_sym_read_line(struct avd_sym_text *text, struct avd_sym_line *out);
/* INLINE; *covers tells whether `rva` lies in one of its ranges. */
bool avd_sym_read_inline(struct avd_sym_text *text, uint32_t rva, struct avd_sym_inline *out,
                         bool *covers);
/* INLINE_ORIGIN, either form. *file is UINT32_MAX where the record has none. */
bool avd_sym_read_origin(struct avd_sym_text *text, uint32_t *number, uint32_t *file,
                         struct avd_view *name);
bool avd_sym_read_window(struct avd_sym_text *text, struct avd_sym_window *out);
bool avd_sym_read_cfi(struct avd_sym_text *text, struct avd_sym_cfi_rules *out);

#endif
