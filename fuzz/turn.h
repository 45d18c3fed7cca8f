/* SPDX-License-Identifier: MIT */
/*
 * What is checked of an input where all checks would take longer than the code that they are for:
 * one of them, by turns.
 */
#ifndef AVD_FUZZ_TURN_H
#define AVD_FUZZ_TURN_H

#include <stddef.h>
#include <stdint.h>

/* A number below `turns` that the input decides, so that a find is found again; most changes of the
 * input change it. */
static inline unsigned fuzz_turn(const uint8_t *data, size_t size, unsigned turns)
{
    uint32_t sum = (uint32_t)size;
    size_t i;

    for (i = 0; i < size; i++)
        sum = (sum ^ data[i]) * UINT32_C(0x01000193);
    return (sum >> 16) % turns;
}

#endif
