/* SPDX-License-Identifier: MIT */
/*
 * Breakpad symbol files: opens the input and asks for the addresses that its records begin and end
 * at, found as any hexadecimal number in the text.
 */
#include "symbols/breakpad.h"

enum { QUESTIONS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct avd_sym *sym, uint64_t rva)
{
    struct avd_arena arena = {0};
    struct avd_symbol symbol;
    struct avd_frame_data frame;
    const char *rules;

    (void)avd_sym_find(sym, rva, &symbol);
    (void)avd_sym_frame_data(sym, rva, &frame);
    (void)avd_sym_cfi(sym, rva, &arena, &rules);
    avd_arena_deinit(&arena);
}

static unsigned digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avd_view bytes = {data, size, 0};
    struct avd_sym *sym;
    uint64_t number = 0;
    unsigned questions = 0;
    size_t i;

    if (avd_sym_open_memory(bytes, &sym, NULL) != AVD_OK)
        return 0;
    for (i = 0; i < size && questions < QUESTIONS; i++) {
        if (digit(data[i]) < 16) {
            number = number << 4 | digit(data[i]);
        } else if (number != 0) {
            ask(sym, number);
            ask(sym, number - 1);
            number = 0;
            questions++;
        }
    }
    avd_sym_close(sym);
    return 0;
}
