/* SPDX-License-Identifier: MIT */
/*
 * Learning frame sizes. Of every distance above the occurrences of a return address it is counted
 * how often a candidate lies there. Where the frame ends, one nearly always does: live frames have
 * their return address there, and finished calls left theirs. Inside the frame hardly any does so
 * regularly; beyond it some do, because functions are called by the same others. So the frame most
 * likely ends at the first regular distance, not at the most regular one.
 */
#include "stack/frame_size.h"

#include <string.h>

enum {
    MAX_NEAR = 6,        /* occurrences compared on either side of a value */
    MAX_LOOKED_AT = 160, /* to find those */
    MAX_ABOVE = 128,     /* candidates looked at above an occurrence */
    NEAR = 0x50,         /* code bytes that most likely belong to one function */
    EDIT_ROOM = 0xc0, /* what /ZI keeps free in a frame, so that edited code can have variables */
    EDIT_SMALLEST = 0x100,
    RATES = 3
};

/* How often a candidate lies at the end of frames: some functions call from large frames in which
 * much is overwritten afterwards. Each with its share. */
static const double regular[RATES] = {0.6, 0.8, 0.95};
static const double regular_share[RATES] = {0.2, 0.4, 0.4};
/* The same of any other distance, as multiples of the density: candidates come in clusters, so
 * most distances have fewer than the average. */
static const double by_chance[RATES] = {0.28, 0.7, 1.26};
static const double by_chance_share[RATES] = {0.4, 0.4, 0.2};
#define HIGHEST_BY_CHANCE 0.8

/* How likely a distance is regular all the same, inside a frame and beyond it. Measured on stacks
 * with known frames of programs made by three compilers. */
struct regularity {
    double inside, beyond;
    double not_at_end; /* how likely it is not where the frame ends */
};
static const struct regularity of_same = {0.0004, 0.003, 0.02}; /* alloca; all overwritten */
static const struct regularity of_near = {0.003, 0.005, 0.4};   /* another function after all */

/* A size that edit-and-continue leaves no room for: the frame pointer was another's. */
#define EDIT_UNLIKELY 0.02

/* The distances above occurrences. */
struct hits {
    unsigned seen; /* occurrences compared */
    unsigned char at[AVD_FRAME_SIZES];
};

/*
 * How often functions have frames of a size: between the inverse square and the cube in the unwind
 * tables of large programs and of Windows, and larger on stacks that wait, where outer functions
 * are the larger ones.
 */
static void set_prior(struct avd_size_model *model)
{
    double sum = 0;
    size_t i;

    for (i = AVD_SMALLEST_FRAME / 16; i < AVD_FRAME_SIZES; i++) {
        double size = 16.0 * (double)i + 16.0;

        model->prior[i] = 1.0 / (size * size);
        sum += model->prior[i];
    }
    for (i = AVD_FRAME_SIZES; i-- != 0;) {
        model->prior[i] /= sum;
        model->tail[i] = model->prior[i] + (i + 1 < AVD_FRAME_SIZES ? model->tail[i + 1] : 0);
    }
}

/* out[seen][hits]: how likely so many of them are when `rates` say how often a candidate lies at a
 * distance. The order of occurrences is given, so there are no binomial coefficients. */
static void add_up(const double rates[RATES], const double shares[RATES],
                   double out[AVD_MAX_OCCURRENCES + 1][AVD_MAX_OCCURRENCES + 1])
{
    size_t seen;
    size_t hits;
    size_t r;

    for (r = 0; r < RATES; r++) {
        double first = shares[r];

        for (seen = 0; seen <= AVD_MAX_OCCURRENCES; seen++) {
            double value = first;

            for (hits = 0; hits <= seen; hits++) {
                out[seen][hits] = (r == 0 ? 0 : out[seen][hits]) + value;
                value *= rates[r] / (1 - rates[r]);
            }
            first *= 1 - rates[r];
        }
    }
}

/* Turns end[][], how likely a regular distance shows so many hits, and inside[][], the same of
 * another, into what these say. */
static void weigh(struct avd_size_evidence *evidence, const struct regularity *of, bool twice)
{
    size_t seen;
    size_t hits;

    for (seen = 0; seen <= AVD_MAX_OCCURRENCES; seen++)
        for (hits = 0; hits <= seen; hits++) {
            double often = evidence->end[seen][hits];
            double chance = evidence->inside[seen][hits];
            double beyond = of->beyond * often + (1 - of->beyond) * chance;
            double end = ((1 - of->not_at_end) * often + of->not_at_end * chance) / beyond;
            double inside = (of->inside * often + (1 - of->inside) * chance) / beyond;

            evidence->end[seen][hits] = twice ? end * end : end;
            evidence->inside[seen][hits] = inside < 1 ? inside : 1;
        }
}

void avd_size_model_init(struct avd_size_model *model, double density)
{
    double rates[RATES];
    size_t r;

    memset(model, 0, sizeof *model);
    set_prior(model);
    for (r = 0; r < RATES; r++) {
        rates[r] = by_chance[r] * density;
        if (rates[r] > HIGHEST_BY_CHANCE)
            rates[r] = HIGHEST_BY_CHANCE;
    }
    add_up(regular, regular_share, model->same.end);
    add_up(rates, by_chance_share, model->same.inside);
    model->near = model->same;
    /* Few occurrences say more than independent ones would: on the stacks measured a hit at one
     * other occurrence is as good as two by chance. */
    weigh(&model->same, &of_same, true);
    weigh(&model->near, &of_near, false);
}

static void count_above(const struct avd_candidates *c, size_t index, struct hits *hits)
{
    const struct avd_candidate *from = &c->items[index];
    size_t k;

    hits->seen++;
    for (k = index + 1; k < c->count && k <= index + MAX_ABOVE; k++) {
        const struct avd_candidate *to = &c->items[k];

        if (to->stack != from->stack || to->slot - from->slot > AVD_LARGEST_FRAME)
            return;
        hits->at[(to->slot - from->slot) / 16]++;
    }
}

/*
 * Compares the occurrences of the values from `first` to `last`, at most `limit` of them. Two with
 * the same surroundings are copies of one history, as threads of one pool have them, and count
 * once; those like the question's own do not count at all.
 */
static void compare(const struct avd_candidates *c, const struct avd_size_question *question,
                    uint64_t first, uint64_t last, unsigned limit, struct hits *hits)
{
    size_t at = avd_candidates_of_value(c, first);
    size_t end = avd_candidates_of_value(c, last + 1);
    size_t step = (end - at) / MAX_LOOKED_AT + 1;
    uint64_t seen[AVD_MAX_OCCURRENCES];
    unsigned count = 0;

    for (; at < end && count < limit; at += step) {
        const struct avd_candidate *other = &c->items[c->by_value[at]];
        unsigned k;

        if (other->slot == question->slot || other->context == question->context)
            continue;
        for (k = 0; k < count && seen[k] != other->context; k++)
            ;
        if (k != count)
            continue;
        seen[count++] = other->context;
        count_above(c, c->by_value[at], hits);
    }
}

/* What is likely before the stacks are asked. With edit and continue every frame is larger by what
 * is kept free. */
static double prior(const struct avd_size_model *model, bool edit_and_continue, size_t size)
{
    if (!edit_and_continue)
        return model->prior[size];
    return size < EDIT_SMALLEST / 16 ? model->prior[size] * EDIT_UNLIKELY
                                     : model->prior[size - EDIT_ROOM / 16];
}

void avd_frame_sizes_learn(const struct avd_size_model *model,
                           const struct avd_candidates *candidates,
                           const struct avd_size_question *question, struct avd_frame_sizes *out)
{
    uint64_t value = question->value;
    struct hits same;
    struct hits near;
    double larger = 1; /* what speaks for a frame that does not end below a size */
    double total = 0;
    size_t i;

    memset(&same, 0, sizeof same);
    memset(&near, 0, sizeof near);
    memset(out, 0, sizeof *out);
    compare(candidates, question, value, value, AVD_MAX_OCCURRENCES, &same);
    compare(candidates, question, value - NEAR, value - 1, MAX_NEAR, &near);
    compare(candidates, question, value + 1, value + NEAR, MAX_NEAR, &near);
    for (i = AVD_SMALLEST_FRAME / 16; i < AVD_FRAME_SIZES; i++) {
        out->beyond = larger * model->same.end[same.seen][same.at[i]] *
                      model->near.end[near.seen][near.at[i]];
        out->chance[i] = out->beyond * prior(model, question->edit_and_continue, i);
        total += out->chance[i];
        larger *=
            model->same.inside[same.seen][same.at[i]] * model->near.inside[near.seen][near.at[i]];
    }
    for (i = 0; i < AVD_FRAME_SIZES; i++)
        out->chance[i] /= total;
    out->beyond /= total;
}
