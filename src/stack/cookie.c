/* SPDX-License-Identifier: MIT */
/*
 * Finding security cookies. Code of a guarded function stores cookie ^ rsp, so that of two such
 * words the upper bits differ as the upper bits of their addresses do: word ^ address is alike for
 * all of a module. rsp is a multiple of 16 then (Microsoft, "x64 stack usage"), which leaves the
 * lowest four bits of the cookie in sight. The bits between are those that make most of the words
 * lead to a return address into one and the same module, just below rsp, as the calls that such
 * functions make leave it there. Functions that mix in a frame pointer are not found.
 */
#include "stack/cookie.h"

#include "base/bisect.h"
#include "base/limits.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    HOME_SPACE = 32,
    MIN_WORDS = 3,      /* of one cookie */
    MIN_VALUES = 3,     /* return addresses that speak for one */
    EXPLAIN_ONE_IN = 4, /* of the words of one key, at least */
    UNSEEN = 4096,      /* what the middle bits of a cookie can be */
    MAX_SAMPLE = 64,    /* words that are tried to find one */
    REACH = 0x1000,     /* from a stack pointer to its word, when one is sought */
    LARGEST = 0x20000,  /* when it is known */
    LAYOUT = 0xff0,     /* of a stack pointer: threads that began alike are alike here */
    MAX_REPEATS = 3,    /* of one return address that count */
    SMALL_BITS = 42,    /* of 48; heaps lie below */
    MAX_COOKIES = 64,
    WORDS_AT_ONCE = 8,                       /* compared in the time of one look at memory */
    MAX_AT_ONCE = MAX_SAMPLE * (REACH / 16), /* votes for words of one key */
    MAX_VOTES = 1048576                      /* and for all, some ten milliseconds */
};

/* How often a word's return address still lies there. */
#define STILL_THERE 0.7
/* How much more candidates of a module lie on one stack than on average. */
#define CLUSTERED    1.5
#define LEAST_CHANCE 0.01
#define MOST_CHANCE  0.5
/* Natural logarithms: what a return address says once more where its layout differs, what a word
 * takes away that nothing explains, and what must come together. Of 53 dumps without cookies the
 * most was 4.4 but for numbers that look like pointers, which are multiples of 4 or small: 29. */
#define REPEATED     0.7
#define UNEXPLAINED  0.9
#define NO_PLACE     (-3.0)
#define LOG_UNSEEN   8.3 /* of UNSEEN: so many cookies are tried */
#define ENOUGH       11.0
#define POINTER_LIKE 18.0 /* more of each */
#define AHEAD        4.0  /* of the second best */

/* A cookie that would make a word lead to a return address. */
struct vote {
    uint32_t module;
    uint32_t distance; /* from the stack pointer to the word */
    uint64_t cookie;
    uint64_t value; /* the return address */
    uint64_t layout;
};

bool avd_cookie_possible(uint64_t slot, uint64_t value)
{
    /* The upper 16 bits of a cookie are 0, and the stack's addresses and small numbers are not
     * likely ones. */
    return value >> 48 == 0 && value >> 32 != 0 && (value ^ slot) >> 32 != 0;
}

/* What all words of one cookie on one stack have in common. */
static uint64_t key_of(const struct avd_cookie_word *word)
{
    return (word->slot ^ word->value) >> 16 << 4 | (word->value & 15);
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_key(const void *a, const void *b)
{
    const struct avd_cookie_word *x = a;
    const struct avd_cookie_word *y = b;
    int order = compare_u64(key_of(x), key_of(y));

    return order != 0 ? order : compare_u64(x->slot, y->slot);
}

static int by_cookie(const void *a, const void *b)
{
    const struct vote *x = a;
    const struct vote *y = b;
    int order = compare_u64(x->module, y->module);

    if (order == 0)
        order = compare_u64(x->cookie, y->cookie);
    if (order == 0)
        order = compare_u64(x->value, y->value);
    if (order == 0)
        order = compare_u64(x->distance, y->distance);
    return order != 0 ? order : compare_u64(x->layout, y->layout);
}

/* The votes of one word; returns how many. `out` has room for REACH / 16. */
static size_t vote(const struct avd_candidates *c, const struct avd_cookie_word *word,
                   struct vote *out)
{
    uint64_t low = word->slot > REACH ? word->slot - REACH : 0;
    size_t count = 0;
    size_t i;

    for (i = avd_candidates_at(c, low); i < c->count && count < REACH / 16; i++) {
        const struct avd_candidate *item = &c->items[i];
        uint64_t sp = item->slot + 8;

        if (sp + HOME_SPACE > word->slot)
            break;
        if (item->module == 0 || (sp ^ word->slot) >> 16 != 0)
            continue;
        out[count].module = item->module;
        out[count].distance = (uint32_t)(word->slot - sp);
        out[count].cookie = word->value ^ sp;
        out[count].value = item->value;
        out[count++].layout = sp & LAYOUT;
    }
    return count;
}

/* The natural logarithm of x, which is more than 0 and at most 1, to within a twentieth. */
static double rough_log(double x)
{
    double log = 0;

    while (x < 1) {
        x *= 2;
        log -= 0.693;
    }
    return log + (x - 1) * 0.693;
}

/* What votes [at, end), all for one cookie of one module, say for it; *explained: of how many words
 * they are. */
static double weigh(const struct vote *votes, size_t at, size_t end, double speaks,
                    size_t *explained)
{
    double score = 0;
    size_t values = 0;

    *explained = 0;
    while (at < end) {
        uint64_t value = votes[at].value;
        size_t best = 0;

        while (at < end && votes[at].value == value) {
            size_t first = at;
            size_t layouts = 0;

            for (; at < end && votes[at].value == value &&
                   votes[at].distance == votes[first].distance;
                 at++)
                layouts += at == first || votes[at].layout != votes[at - 1].layout;
            if (layouts > best)
                best = layouts;
            *explained += at - first;
        }
        values++;
        score += speaks;
        score += REPEATED * (double)(best - 1 < MAX_REPEATS ? best - 1 : MAX_REPEATS);
    }
    return values < MIN_VALUES ? 0 : score;
}

/*
 * How much a word that leads to a return address into a module speaks for a cookie of it, by
 * module: the logarithm of how much likelier it does so then than for no reason. NULL when out of
 * memory.
 */
static double *learn_modules(const struct avd_candidates *c, size_t places)
{
    uint32_t last = 0;
    double *speaks;
    size_t i;

    for (i = 0; i < c->count; i++)
        if (c->items[i].module > last)
            last = c->items[i].module;
    speaks = avd_mem_calloc((size_t)last + 1, sizeof *speaks);
    if (speaks == NULL)
        return NULL;
    for (i = 0; i < c->count; i++)
        speaks[c->items[i].module]++;
    for (i = 0; i <= last; i++) {
        double chance = CLUSTERED * speaks[i] / (double)places;

        chance = chance < LEAST_CHANCE ? LEAST_CHANCE : chance > MOST_CHANCE ? MOST_CHANCE : chance;
        speaks[i] = rough_log(STILL_THERE) - rough_log(chance);
    }
    return speaks;
}

/* Words of one key that are looked at together: no two with the same layout, as threads that began
 * alike leave them. */
struct sample {
    struct avd_cookie_word words[MAX_SAMPLE];
    size_t count;
};

static void add_to_sample(struct sample *sample, const struct avd_cookie_word *word)
{
    size_t i;

    for (i = 0; i < sample->count; i++)
        if ((sample->words[i].slot ^ word->slot) % 0x10000 == 0 &&
            (sample->words[i].value ^ word->value) % 0x10000 == 0)
            return;
    sample->words[sample->count++] = *word;
}

/*
 * What the places of the words say for a cookie: with the right one each is a little above a stack
 * pointer, with another one anywhere. By the bits of the distance, as measured.
 */
static double weigh_places(const struct sample *sample, uint64_t cookie)
{
    static const double by_bits[] = {0,   0,   0,   0, 0,    0,  5,  5, 4.6,
                                     3.8, 2.8, 1.2, 0, -0.2, -1, -2, -2};
    double score = 0;
    size_t i;

    for (i = 0; i < sample->count; i++) {
        uint64_t distance = sample->words[i].slot - (sample->words[i].value ^ cookie);
        unsigned bits = 0;

        if (distance < HOME_SPACE || distance > 0xffff) {
            score += NO_PLACE;
            continue;
        }
        for (; distance >> bits != 0; bits++)
            ;
        score += by_bits[bits];
    }
    return score;
}

/* The cookie that explains the sample; false when none stands out. */
static bool choose(const double *speaks, const struct vote *votes, size_t vote_count,
                   const struct sample *sample, struct avd_cookie *out)
{
    double enough = ENOUGH;
    double best = 0;
    double second = 0;
    size_t at = 0;

    while (at < vote_count) {
        size_t end = at;
        size_t explained;
        double score;

        while (end < vote_count && votes[end].module == votes[at].module &&
               votes[end].cookie == votes[at].cookie)
            end++;
        score = weigh(votes, at, end, speaks[votes[at].module], &explained);
        if (score > 0) {
            score += weigh_places(sample, votes[at].cookie) - LOG_UNSEEN;
            if (explained < sample->count)
                score -= UNEXPLAINED * (double)(sample->count - explained);
        }
        if (score > best) {
            second = best;
            best = score;
            out->module = votes[at].module;
            out->value = votes[at].cookie;
        } else if (score > second) {
            second = score;
        }
        at = end;
    }
    if (best == 0)
        return false;
    if (out->value % 4 == 0)
        enough += POINTER_LIKE;
    if (out->value >> SMALL_BITS == 0)
        enough += POINTER_LIKE;
    out->score = best;
    return best >= enough && best - second >= AHEAD;
}

/* Whether the words [at, end) of one key have enough different values. */
static bool differ(const struct avd_cookie_word *words, size_t at, size_t end)
{
    size_t values = 1;

    for (at++; at < end && values < MIN_WORDS; at++)
        values += words[at].value != words[at - 1].value;
    return values >= MIN_WORDS;
}

static size_t unseen_bits(uint64_t cookie)
{
    return (size_t)(cookie >> 4) % UNSEEN;
}

/* Keeps the votes for cookies that have `least` of them; returns how many they are. */
static size_t keep_frequent(struct vote *votes, size_t count, size_t least)
{
    uint16_t having[UNSEEN] = {0};
    size_t kept = 0;
    size_t i;

    for (i = 0; i < count; i++)
        having[unseen_bits(votes[i].cookie)]++;
    for (i = 0; i < count; i++)
        if (having[unseen_bits(votes[i].cookie)] >= least)
            votes[kept++] = votes[i];
    return kept;
}

/* Looks for a cookie in the words [at, end), which have one key. *left: votes that may be counted.
 */
static bool look_at_key(const struct avd_candidates *c, const double *speaks,
                        const struct avd_cookie_word *words, size_t at, size_t end,
                        struct vote *votes, size_t *left, struct avd_cookie *out)
{
    size_t step = (end - at - 1) / MAX_SAMPLE + 1;
    struct sample sample;
    size_t count = 0;
    size_t i;

    if (!differ(words, at, end))
        return false;
    sample.count = 0;
    for (; at < end; at += step)
        add_to_sample(&sample, &words[at]);
    for (i = 0; i < sample.count; i++)
        count += vote(c, &sample.words[i], &votes[count]);
    *left -= count + sample.count;
    count = keep_frequent(votes, count,
                          sample.count > MIN_WORDS * EXPLAIN_ONE_IN ? sample.count / EXPLAIN_ONE_IN
                                                                    : MIN_WORDS);
    qsort(votes, count, sizeof *votes, by_cookie);
    return choose(speaks, votes, count, &sample, out);
}

/* A module has one cookie. */
static void keep_best(struct avd_candidates *c, const struct avd_cookie *cookie)
{
    size_t i;

    for (i = 0; i < c->cookie_count && c->cookies[i].module != cookie->module; i++)
        ;
    if (i == MAX_COOKIES || (i < c->cookie_count && c->cookies[i].score >= cookie->score))
        return;
    c->cookies[i] = *cookie;
    if (i == c->cookie_count)
        c->cookie_count++;
}

/* Finds cookies by words in the order of their keys. */
static bool find_cookies(struct avd_candidates *c, struct avd_arena *arena,
                         const struct avd_cookie_word *words, size_t places)
{
    double *speaks = learn_modules(c, places);
    struct vote *votes = avd_mem_calloc(MAX_AT_ONCE, sizeof *votes);
    struct avd_cookie cookie;
    size_t left = MAX_VOTES;
    size_t at = 0;

    c->cookies = avd_arena_alloc(arena, MAX_COOKIES, sizeof *c->cookies);
    while (speaks != NULL && votes != NULL && c->cookies != NULL && at < c->word_count &&
           left >= MAX_AT_ONCE + MAX_SAMPLE) {
        size_t end = at;

        while (end < c->word_count && key_of(&words[end]) == key_of(&words[at]))
            end++;
        if (look_at_key(c, speaks, words, at, end, votes, &left, &cookie))
            keep_best(c, &cookie);
        at = end;
    }
    avd_mem_free(speaks);
    avd_mem_free(votes);
    return speaks != NULL && votes != NULL && c->cookies != NULL;
}

/* A candidate whose function has its cookie at a distance. */
struct pair {
    uint64_t value;
    uint32_t distance; /* from the candidate's slot to the word */
    uint32_t index;
};

static int by_distance(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    int order = compare_u64(x->value, y->value);

    if (order == 0)
        order = compare_u64(x->distance, y->distance);
    return order != 0 ? order : compare_u64(x->index, y->index);
}

/* The pairs of one cookie, at most as many as there are words; returns how many. */
static size_t find_pairs(const struct avd_candidates *c, const struct avd_cookie *cookie,
                         struct pair *out)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < c->word_count; i++) {
        const struct avd_cookie_word *word = &c->words[i];
        uint64_t sp = word->value ^ cookie->value;
        size_t at;

        if (sp % 16 != 0 || sp > word->slot || word->slot - sp < HOME_SPACE ||
            word->slot - sp > LARGEST || sp < 8)
            continue;
        at = avd_candidates_at(c, sp - 8);
        if (at == c->count || c->items[at].slot != sp - 8 || c->items[at].module != cookie->module)
            continue;
        out[count].value = c->items[at].value;
        out[count].distance = (uint32_t)(word->slot - sp) + 8;
        out[count++].index = (uint32_t)at;
    }
    return count;
}

/*
 * Candidates of `value`, whose function is known to have its cookie at a distance, that have none
 * there.
 */
static void mark_missing(struct avd_candidates *c, uint64_t value, uint32_t distance)
{
    size_t at = avd_candidates_of_value(c, value);

    for (; at < c->count && c->items[c->by_value[at]].value == value; at++) {
        struct avd_candidate *item = &c->items[c->by_value[at]];

        item->guard = distance;
        if (item->guarded == AVD_GUARDED_NO &&
            c->ranges[item->stack].end - item->slot > (uint64_t)distance + 8)
            item->guarded = AVD_GUARDED_MISSING;
    }
}

/*
 * The pairs [at, end) are one value's. Its function has its cookie where most of them do; where
 * that is not known, at the least of these distances or above.
 */
static void use_pairs(struct avd_candidates *c, const struct pair *pairs, size_t at, size_t end)
{
    uint64_t value = pairs[at].value;
    uint32_t distance = 0;
    size_t start = at;
    size_t most = 0;
    bool tie = false;

    while (at < end) {
        size_t first = at;

        while (at < end && pairs[at].distance == pairs[first].distance)
            at++;
        tie = at - first == most || (tie && at - first < most);
        if (at - first > most) {
            most = at - first;
            distance = pairs[first].distance;
        }
    }
    for (at = start; at < end; at++)
        if (tie || pairs[at].distance == distance) {
            c->items[pairs[at].index].guarded = AVD_GUARDED_YES;
            c->items[pairs[at].index].guard = distance;
        }
    if (!tie)
        mark_missing(c, value, distance);
}

/* Sets `guard` and `guarded` of the candidates of one cookie's module; `pairs` has room for as many
 * as there are words. */
static void use_cookie(struct avd_candidates *c, const struct avd_cookie *cookie,
                       struct pair *pairs)
{
    size_t count = find_pairs(c, cookie, pairs);
    size_t at = 0;
    size_t i;

    for (i = 0; i < c->count; i++)
        if (c->items[i].module == cookie->module)
            c->items[i].guarded = AVD_GUARDED_NO;
    qsort(pairs, count, sizeof *pairs, by_distance);
    while (at < count) {
        size_t end = at;

        while (end < count && pairs[end].value == pairs[at].value)
            end++;
        use_pairs(c, pairs, at, end);
        at = end;
    }
}

bool avd_cookies_find(struct avd_candidates *candidates, struct avd_arena *arena, size_t places)
{
    struct avd_candidates *c = candidates;
    size_t size = c->word_count * sizeof *c->words;
    struct avd_cookie_word *words;
    struct pair *pairs;
    bool ok = true;
    size_t i;

    if (c->word_count < MIN_WORDS || c->count == 0)
        return true;
    words = avd_mem_calloc(c->word_count, sizeof *words);
    pairs = avd_mem_calloc(c->word_count, sizeof *pairs);
    if (words != NULL && pairs != NULL) {
        memcpy(words, c->words, size);
        qsort(words, c->word_count, sizeof *words, by_key);
        ok = find_cookies(c, arena, words, places);
        for (i = 0; ok && i < c->cookie_count; i++)
            use_cookie(c, &c->cookies[i], pairs);
    }
    ok = ok && words != NULL && pairs != NULL;
    avd_mem_free(words);
    avd_mem_free(pairs);
    return ok;
}

uint64_t avd_cookie_above(const struct avd_walk *walk, uint32_t module, uint64_t sp)
{
    const struct avd_candidates *c = walk->candidates;
    struct avd_bisect b = avd_bisect_start(c->word_count);
    uint64_t above = 0;
    size_t first;
    size_t i;

    for (i = 0; i < c->cookie_count && c->cookies[i].module != module; i++)
        ;
    if (i == c->cookie_count)
        return 0;
    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, c->words[b.middle].slot < sp);
    first = b.low;
    for (; b.low < c->word_count && c->words[b.low].slot - sp <= LARGEST && above == 0; b.low++)
        if (c->words[b.low].value == (c->cookies[i].value ^ sp))
            above = c->words[b.low].slot - sp;
    avd_walk_exert(walk, (b.low - first) / WORDS_AT_ONCE);
    return above;
}
