/* SPDX-License-Identifier: MIT */
/*
 * Binary search in whatever has an order: an array, an index of one, records in a file. The caller
 * keeps the question in sight, and may leave the loop when an item cannot be read:
 *
 *     struct avd_bisect b = avd_bisect_start(count);
 *
 *     while (avd_bisect_next(&b))
 *         avd_bisect_answer(&b, items[b.middle].start <= addr);
 *
 * Then b.low is the number of items for which the answer is yes, which is also the index of the
 * first for which it is no (`count` if it is for none). "<" leads to the first item of a key,
 * "<=" behind its last one.
 *
 * Items with yes must come before those with no. Bytes of a file promise nothing like that: the
 * loop then ends as soon and b.low is some number up to `count`, so that items have to be compared
 * again where that matters.
 */
#ifndef AVD_BASE_BISECT_H
#define AVD_BASE_BISECT_H

#include <stdbool.h>
#include <stddef.h>

struct avd_bisect {
    size_t low;    /* items below are answered with yes */
    size_t high;   /* this one and those above are answered with no */
    size_t middle; /* the item that is asked about */
};

static inline struct avd_bisect avd_bisect_start(size_t count)
{
    struct avd_bisect b = {0, count, 0};

    return b;
}

/* Chooses the next item to ask about; false when none is left. */
static inline bool avd_bisect_next(struct avd_bisect *b)
{
    b->middle = b->low + (b->high - b->low) / 2;
    return b->low < b->high;
}

/* `below`: the item b->middle, and so all before it, are among those that are counted. */
static inline void avd_bisect_answer(struct avd_bisect *b, bool below)
{
    if (below)
        b->low = b->middle + 1;
    else
        b->high = b->middle;
}

#endif
