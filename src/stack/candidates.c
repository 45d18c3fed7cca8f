/* SPDX-License-Identifier: MIT */
/*
 * Collecting what may be a return address from all stacks of a dump. Microsoft's "x64 calling
 * convention": rsp is a multiple of 16 at every call, so that the slot of a return address is an
 * odd multiple of 8. What lies at the even ones is remembered, because a value that is data there
 * is data elsewhere too.
 */
#include "stack/candidates.h"

#include "base/bisect.h"
#include "base/limits.h"
#include "base/view.h"
#include "stack/cookie.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD = 8,
    PAGE = 4096, /* the headers of an image are mapped as pages of their own */
    CHUNK_WORDS = 512,
    CONTEXT_NEIGHBOURS = 6, /* candidates above one that make up its context */
    MAX_AS_DATA = 3,
    FRAME_POINTER_LOW = 0x20,  /* above home space */
    FRAME_POINTER_HIGH = 0x80, /* so that one byte of displacement reaches most of a frame */
    EDIT_FRAME_POINTER = 0x20, /* with edit and continue, lea rbp, [rsp+20h], in all functions */
    FRAMED_AT_LEAST = 4,       /* candidates of a module, and one in ... */
    FRAMED_ONE_IN = 8
};

/* Of a candidate, before anybody has looked. */
#define LIVE_UNKNOWN 0.5

/* What is collected before it is in order. */
struct collection {
    const struct avd_walk *walk;
    struct avd_arena *arena;
    struct avd_candidate *items;
    size_t count, capacity;
    uint64_t *data; /* values at even slots */
    size_t data_count, data_capacity;
    struct avd_cookie_word *words; /* that may be security cookies */
    size_t word_count, word_capacity;
    size_t places; /* where a candidate could be */
};

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_start(const void *a, const void *b)
{
    return compare_u64(((const struct avd_stack_range *)a)->start,
                       ((const struct avd_stack_range *)b)->start);
}

static int by_number(const void *a, const void *b)
{
    return compare_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* Sorted, without overlaps, at most a ceiling's words each; returns how many are left. */
static size_t merge(struct avd_stack_range *ranges, size_t count)
{
    size_t kept = 0;
    size_t i;

    qsort(ranges, count, sizeof *ranges, by_start);
    for (i = 0; i < count; i++) {
        struct avd_stack_range r = ranges[i];

        r.start += (WORD - r.start % WORD) % WORD;
        if (kept != 0 && r.start < ranges[kept - 1].end)
            r.start = ranges[kept - 1].end;
        if (r.end <= r.start)
            continue;
        if (r.end - r.start > (uint64_t)AVD_MAX_CANDIDATE_WORDS_STACK * WORD)
            r.end = r.start + (uint64_t)AVD_MAX_CANDIDATE_WORDS_STACK * WORD;
        ranges[kept++] = r;
    }
    return kept;
}

/* Whether the word can be a return address as far as modules and memory tell. */
static bool is_candidate(const struct avd_walk *walk, uint64_t value)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;

    if (value < PAGE || !avd_walk_is_code(walk, value))
        return false;
    return !env->module_at(env->ctx, value - 1, &module) || value - 1 - module.base >= PAGE ||
           env->executable(env->ctx, value - 1) == 1;
}

/*
 * Whether `below` is what a function saves below `slot` that was called by one with a frame
 * pointer: Microsoft's and LLVM's compilers let rbp point a little above where rsp is at calls,
 * and with /Od, as debug builds have it, push it before anything else.
 */
static bool saves_frame(uint64_t below, uint64_t slot)
{
    uint64_t distance = below - (slot + WORD);

    return below > slot && distance % 16 == 0 && distance >= FRAME_POINTER_LOW &&
           distance <= FRAME_POINTER_HIGH;
}

static uint8_t neighbour(const struct avd_walk *walk, uint64_t word)
{
    struct avd_code_module module;

    if (word == 0)
        return AVD_NEIGHBOUR_ZERO;
    return walk->env->module_at(walk->env->ctx, word, &module) ? AVD_NEIGHBOUR_MODULE
                                                               : AVD_NEIGHBOUR_OTHER;
}

static bool add(struct collection *c, uint64_t slot, uint64_t value, uint64_t below, uint32_t stack)
{
    struct avd_code_module module;

    if (slot % 16 != WORD) {
        uint64_t *data = avd_arena_grow(c->arena, c->data, c->data_count, &c->data_capacity,
                                        sizeof *data, AVD_MAX_CANDIDATES);

        if (data == NULL)
            return !c->arena->failed;
        c->data = data;
        data[c->data_count++] = value;
    } else {
        struct avd_candidate *items = avd_arena_grow(c->arena, c->items, c->count, &c->capacity,
                                                     sizeof *items, AVD_MAX_CANDIDATES);

        if (items == NULL)
            return !c->arena->failed;
        c->items = items;
        memset(&items[c->count], 0, sizeof *items);
        items[c->count].slot = slot;
        items[c->count].value = value;
        items[c->count].live = LIVE_UNKNOWN;
        if (c->walk->env->module_at(c->walk->env->ctx, value - 1, &module))
            items[c->count].module = (uint32_t)module.id + 1;
        items[c->count].role = avd_walk_role_at(c->walk, value);
        items[c->count].call = (int8_t)avd_walk_after_call(c->walk, value);
        items[c->count].below = neighbour(c->walk, below);
        items[c->count].saves_frame = saves_frame(below, slot);
        items[c->count].edit_and_continue = below == slot + WORD + EDIT_FRAME_POINTER;
        items[c->count++].stack = stack;
    }
    return true;
}

static bool add_cookie_word(struct collection *c, uint64_t slot, uint64_t value)
{
    struct avd_cookie_word *words = avd_arena_grow(
        c->arena, c->words, c->word_count, &c->word_capacity, sizeof *words, AVD_MAX_CANDIDATES);

    if (words == NULL)
        return !c->arena->failed;
    c->words = words;
    words[c->word_count].slot = slot;
    words[c->word_count++].value = value;
    return true;
}

/* A bit for each word of a stack: whether a word below points to it. */
struct targets {
    const struct avd_stack_range *range;
    uint8_t bits[AVD_MAX_CANDIDATE_WORDS_STACK / 8];
};

static void add_target(struct targets *targets, uint64_t slot, uint64_t value)
{
    if (value > slot && value < targets->range->end && value % WORD == 0) {
        size_t word = (size_t)((value - targets->range->start) / WORD);

        targets->bits[word / 8] |= (uint8_t)(1u << word % 8);
    }
}

static bool is_target(const struct targets *targets, uint64_t address)
{
    size_t word;

    if (address < targets->range->start || address >= targets->range->end)
        return false;
    word = (size_t)((address - targets->range->start) / WORD);
    return (targets->bits[word / 8] >> word % 8 & 1) != 0;
}

/*
 * Whether something points to a candidate's slot, or to the second word below it, where a live one
 * has what the function called has saved. Programs pass addresses of variables, and those lie
 * elsewhere; above, in home space, arguments do that printf-like functions go through.
 */
static bool is_pointed(const struct targets *targets, uint64_t slot)
{
    return is_target(targets, slot) || is_target(targets, slot - (uint64_t)2 * WORD);
}

/* Reads one stack; *words is how many more may be read. */
static bool read_stack(struct collection *c, const struct avd_stack_range *range, uint32_t stack,
                       size_t *words)
{
    const struct avd_walk_env *env = c->walk->env;
    uint8_t bytes[CHUNK_WORDS * WORD];
    struct targets targets;
    uint64_t at = range->start;
    uint64_t below = 0;
    size_t first = c->count;

    targets.range = range;
    memset(targets.bits, 0, sizeof targets.bits);
    while (at < range->end && *words != 0) {
        uint64_t room = range->end - at;
        struct avd_view view = {bytes, 0, 0};
        size_t got;
        size_t i;

        if (room > sizeof bytes)
            room = sizeof bytes;
        if (room > (uint64_t)*words * WORD)
            room = (uint64_t)*words * WORD;
        view.size = env->read(env->ctx, at, bytes, (size_t)room);
        got = (size_t)view.size / WORD;
        for (i = 0; i < got; i++) {
            uint64_t slot = at + (uint64_t)i * WORD;
            uint64_t value = avd_view_u64(view, (uint64_t)i * WORD);

            c->places += slot % 16 == WORD;
            add_target(&targets, slot, value);
            if (c->count != 0 && c->items[c->count - 1].slot == slot - WORD)
                c->items[c->count - 1].above = neighbour(c->walk, value);
            if (is_candidate(c->walk, value)) {
                if (!add(c, slot, value, below, stack))
                    return false;
            } else if (avd_cookie_possible(slot, value) &&
                       neighbour(c->walk, value) == AVD_NEIGHBOUR_OTHER &&
                       !add_cookie_word(c, slot, value)) {
                return false;
            }
            below = value;
        }
        *words -= got;
        if (view.size < room)
            break;
        at += room;
    }
    for (; first < c->count; first++)
        c->items[first].pointed = is_pointed(&targets, c->items[first].slot);
    return true;
}

/* FNV-1a over whole numbers: enough to tell different surroundings apart. */
static uint64_t mix(uint64_t hash, uint64_t number)
{
    return (hash ^ number) * UINT64_C(0x100000001b3);
}

static uint64_t context_of(const struct avd_candidates *c, size_t i)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t k;

    for (k = i + 1;
         k < c->count && k <= i + CONTEXT_NEIGHBOURS && c->items[k].stack == c->items[i].stack; k++)
        hash = mix(mix(hash, c->items[k].slot - c->items[i].slot), c->items[k].value);
    return hash;
}

/* A value with the place of its candidate, so that qsort can order places by value. */
struct keyed {
    uint64_t value;
    uint32_t index;
};

static int by_value(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    int order = compare_u64(x->value, y->value);

    return order != 0 ? order : compare_u64(x->index, y->index);
}

static bool index_values(struct avd_candidates *out, struct avd_arena *arena)
{
    struct keyed *keys = avd_arena_alloc(arena, out->count, sizeof *keys);
    size_t i;

    out->by_value = avd_arena_alloc(arena, out->count, sizeof *out->by_value);
    if (keys == NULL || out->by_value == NULL)
        return false;
    for (i = 0; i < out->count; i++) {
        keys[i].value = out->items[i].value;
        keys[i].index = (uint32_t)i;
    }
    qsort(keys, out->count, sizeof *keys, by_value);
    for (i = 0; i < out->count; i++)
        out->by_value[i] = keys[i].index;
    return true;
}

/* How often each candidate's value also lies elsewhere: where data does, or as another candidate.
 */
static void count_repeats(struct avd_candidates *out, const struct collection *c)
{
    size_t first = 0;
    size_t i;

    for (i = 0; i < out->count; i++) {
        struct avd_candidate *item = &out->items[out->by_value[i]];
        size_t k;

        /* Of one value the candidates of a stack follow each other. */
        if (i != 0) {
            struct avd_candidate *before = &out->items[out->by_value[i - 1]];

            if (before->value == item->value && before->stack == item->stack)
                before->repeated = item->repeated = true;
        }
        while (first < c->data_count && c->data[first] < item->value)
            first++;
        for (k = first;
             k < c->data_count && c->data[k] == item->value && item->as_data < MAX_AS_DATA; k++)
            item->as_data++;
    }
}

/* Marks the candidates of modules of which many have been called by functions with frames; those of
 * edit and continue, as debug builds have it, only where nearly all frame pointers are like that.
 */
static void find_framed_modules(struct avd_candidates *out, const struct avd_walk *walk)
{
    size_t first = 0;

    while (first < out->count) {
        uint64_t value = out->items[out->by_value[first]].value;
        struct avd_code_module module;
        size_t framed = 0;
        size_t edit = 0;
        size_t last = first;
        bool is_framed;
        size_t i;

        if (!walk->env->module_at(walk->env->ctx, value - 1, &module)) {
            out->items[out->by_value[first++]].edit_and_continue = false;
            continue;
        }
        for (; last < out->count; last++) {
            const struct avd_candidate *item = &out->items[out->by_value[last]];

            if (item->value - 1 - module.base >= module.size)
                break;
            framed += item->saves_frame;
            edit += item->edit_and_continue;
        }
        is_framed = framed >= FRAMED_AT_LEAST && framed >= (last - first) / FRAMED_ONE_IN;
        for (i = first; i < last; i++) {
            struct avd_candidate *item = &out->items[out->by_value[i]];

            item->in_framed_module = is_framed;
            if (!is_framed || framed - edit > framed / FRAMED_ONE_IN)
                item->edit_and_continue = false;
        }
        first = last > first ? last : first + 1;
    }
}

bool avd_candidates_collect(struct avd_candidates *out, const struct avd_walk *walk)
{
    size_t words = AVD_MAX_CANDIDATE_WORDS;
    struct collection c;
    size_t i;

    if (out->collected)
        return true;
    out->collected = true;
    memset(&c, 0, sizeof c);
    c.walk = walk;
    c.arena = walk->arena;
    out->range_count = out->range_count != 0 ? merge(out->ranges, out->range_count) : 0;
    for (i = 0; i < out->range_count; i++)
        if (!read_stack(&c, &out->ranges[i], (uint32_t)i, &words))
            return false;
    out->items = c.items;
    out->count = c.count;
    out->density = c.places != 0 ? (double)c.count / (double)c.places : 0;
    out->live_share = LIVE_UNKNOWN;
    out->optimism = 1;
    out->nodes_left = AVD_MAX_PATH_NODES_IN_ALL;
    if (c.count == 0)
        return true;
    for (i = 0; i < out->count; i++)
        out->items[i].context = context_of(out, i);
    if (!index_values(out, walk->arena))
        return false;
    if (c.data_count != 0)
        qsort(c.data, c.data_count, sizeof *c.data, by_number);
    count_repeats(out, &c);
    find_framed_modules(out, walk);
    out->words = c.words;
    out->word_count = c.word_count;
    return avd_cookies_find(out, walk->arena, c.places);
}

size_t avd_candidates_at(const struct avd_candidates *candidates, uint64_t slot)
{
    struct avd_bisect b = avd_bisect_start(candidates->count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, candidates->items[b.middle].slot < slot);
    return b.low;
}

size_t avd_candidates_of_value(const struct avd_candidates *candidates, uint64_t value)
{
    struct avd_bisect b = avd_bisect_start(candidates->count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, candidates->items[candidates->by_value[b.middle]].value < value);
    return b.low;
}
