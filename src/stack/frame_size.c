/* SPDX-License-Identifier: MIT */
/*
 * Learning frame sizes. Of every distance above the occurrences of a return address it is counted
 * how often a candidate lies there. Where the frame ends, a live occurrence has its return address
 * for certain, and one that a finished call left behind nearly always; elsewhere candidates lie by
 * chance, or because functions do and did the same things before. How likely each occurrence is a
 * live one comes from an earlier look at all stacks (likely_path.c).
 */
#include "stack/frame_size.h"

#include <string.h>

enum {
    MAX_NEAR = 6, /* occurrences compared on either side of a value */
    MAX_SAME = AVD_MAX_OCCURRENCES - 2 * MAX_NEAR,
    MAX_LOOKED_AT = 64, /* to find those */
    MAX_ABOVE = 256,    /* candidates looked at above an occurrence */
    NEAR = 0x50,        /* code bytes that most likely belong to one function */
    EDIT_ROOM = 0xc0,   /* what /ZI keeps free in a frame, so that edited code can have variables */
    EDIT_SMALLEST = 0x100,
    SAVED_STEPS = 8, /* of 16 bytes: what saved registers take at most, mostly */
    RATES = 3
};

/* Smaller frames than this are hardly more frequent, the smaller they are. */
#define FEWER_BELOW 64.0
/* How often a return address that is no longer used still lies at the end of its frame. */
#define LEFT_BEHIND 0.95
/* However certain an occurrence is live: the frame may have another size after all (alloca). */
#define MOST_CERTAIN 0.999
/* How likely an address that is near lies in the same function. */
#define SAME_FUNCTION 0.7

/* How often a candidate lies at a distance for no reason, as multiples of the density: candidates
 * come in clusters, so most distances have fewer than the average. Each with its share. */
static const double by_chance[RATES] = {0.28, 0.7, 1.26};
static const double by_chance_share[RATES] = {0.4, 0.4, 0.2};
#define HIGHEST_BY_CHANCE 0.8
/* How many distances have candidates regularly, though the frame does not end there: beyond it the
 * callers are the same, inside it earlier calls were; and what part of these lies inside. */
#define REGULAR        0.003
#define REGULAR_INSIDE 0.3

/* How many occurrences that say nothing a value begins with, in telling how often it is live; and
 * how far that goes: occurrences that are alike say less than they seem to. */
#define LIVE_UNKNOWN  3.0
#define LIVE_AT_LEAST 0.15
#define LIVE_AT_MOST  8.0

/* A size that edit-and-continue leaves no room for: the frame pointer was another's. */
#define EDIT_UNLIKELY 0.02

/* The distances above occurrences. */
struct hits {
    size_t looks;  /* at candidates */
    unsigned seen; /* occurrences compared */
    unsigned same; /* of these, ones of the value itself */
    double live;   /* how many of those are */
    double missed; /* how likely no occurrence has a candidate where the frame ends */
    size_t base;   /* distances are counted from here on */
    size_t last;   /* the largest distance where at[] is not 0 */
    unsigned char at[AVD_FRAME_SIZES];
    double hit[AVD_FRAME_SIZES]; /* where at[] is not 0: times `missed`, how likely these have */
};

/*
 * How often functions have frames of a size: between the inverse square and the cube in the unwind
 * tables of large programs and of Windows, but on stacks, where one that is called often lies
 * seldom, small ones are less: on 90 stacks of 19 programs as many of 0x30 bytes as of 0x50.
 */
static void set_prior(struct avd_size_prior *prior)
{
    double sum = 0;
    size_t i;

    for (i = AVD_SMALLEST_FRAME / 16; i < AVD_FRAME_SIZES; i++) {
        double size = 16.0 * (double)i + 16.0;

        prior->chance[i] = 1.0 / (size * size + FEWER_BELOW * FEWER_BELOW);
        sum += prior->chance[i];
    }
    for (i = 0; i < AVD_FRAME_SIZES; i++)
        prior->chance[i] /= sum;
}

/* With edit and continue every frame is larger by what is kept free. */
static void set_edit_prior(struct avd_size_prior *edit, const struct avd_size_prior *plain)
{
    size_t i;

    for (i = AVD_SMALLEST_FRAME / 16; i < AVD_FRAME_SIZES; i++)
        edit->chance[i] = i < EDIT_SMALLEST / 16 ? plain->chance[i] * EDIT_UNLIKELY
                                                 : plain->chance[i - EDIT_ROOM / 16];
}

/*
 * Above a security cookie lie the registers that were saved, eight at most with Microsoft's
 * compiler, and with LLVM vector registers and variables that are no arrays, too.
 */
static void set_guard_prior(struct avd_size_prior *guard)
{
    double sum = 0;
    size_t i;

    for (i = 0; i < AVD_FRAME_SIZES; i++) {
        double above = (double)i + 6;

        guard->chance[i] = 36.0 / (above * above) + (i < SAVED_STEPS ? 1.0 : 0);
        sum += guard->chance[i];
    }
    for (i = 0; i < AVD_FRAME_SIZES; i++)
        guard->chance[i] /= sum;
}

static void set_tail(struct avd_size_prior *prior)
{
    double sum = 0;
    size_t i;

    for (i = AVD_FRAME_SIZES; i-- != 0;)
        prior->tail[i] = sum += prior->chance[i];
}

/* other[seen][hits] of distances whose rate is known, and of regular ones whose rate may be any.
 * The order of occurrences is given, so there are no binomial coefficients. */
static void set_other(struct avd_size_model *model, size_t seen, const double rates[RATES])
{
    double *out = model->other[seen];
    double regular = REGULAR / (double)(seen + 1); /* of hits! misses! / (seen + 1)! */
    size_t hits;
    size_t r;

    for (r = 0; r < RATES; r++) {
        double value = by_chance_share[r] * (1 - REGULAR);

        for (hits = 0; hits < seen; hits++)
            value *= 1 - rates[r];
        for (hits = 0; hits <= seen; hits++) {
            out[hits] += value;
            value *= rates[r] / (1 - rates[r]);
        }
    }
    for (hits = 0; hits <= seen; hits++) {
        out[hits] += regular;
        model->inside[seen][hits] = 1 - (1 - REGULAR_INSIDE) * regular / out[hits];
        if (hits < seen)
            regular *= (double)(hits + 1) / (double)(seen - hits);
    }
}

void avd_size_model_init(struct avd_size_model *model, double density)
{
    double rates[RATES];
    size_t seen;
    size_t r;

    memset(model, 0, sizeof *model);
    set_prior(&model->plain);
    set_edit_prior(&model->edit, &model->plain);
    set_guard_prior(&model->guard);
    set_tail(&model->guard);
    set_tail(&model->plain);
    set_tail(&model->edit);
    for (r = 0; r < RATES; r++) {
        rates[r] = by_chance[r] * density;
        if (rates[r] > HIGHEST_BY_CHANCE)
            rates[r] = HIGHEST_BY_CHANCE;
        model->by_chance += by_chance_share[r] * rates[r];
    }
    for (seen = 0; seen <= AVD_MAX_OCCURRENCES; seen++)
        set_other(model, seen, rates);
}

/* Counts what lies above an occurrence; `same` is how likely it lies in the function asked for. */
static void count_above(const struct avd_size_model *model, const struct avd_candidates *c,
                        size_t index, double same, struct hits *hits)
{
    const struct avd_candidate *from = &c->items[index];
    double end =
        same * (from->live + (1 - from->live) * LEFT_BEHIND) + (1 - same) * model->by_chance;
    uint64_t base = from->slot + 16 * (uint64_t)hits->base;
    size_t first = hits->base == 0 ? index + 1 : avd_candidates_at(c, base);
    size_t k;

    if (end > MOST_CERTAIN)
        end = MOST_CERTAIN;
    hits->seen++;
    hits->missed *= 1 - end;
    for (k = first; k < c->count && k - first < MAX_ABOVE; k++) {
        const struct avd_candidate *to = &c->items[k];
        uint64_t at = (to->slot - base) / 16;

        hits->looks++;
        if (to->stack != from->stack || at >= AVD_FRAME_SIZES)
            return;
        hits->hit[at] = (hits->at[at] == 0 ? 1 : hits->hit[at]) * (end / (1 - end));
        hits->at[at]++;
        if (at > hits->last)
            hits->last = at;
    }
}

/*
 * Compares the occurrences from place `at` of `by_value` to before `end`; `same`: they are of the
 * value itself. Two with the same surroundings are copies of one history, as threads of one pool
 * have them, and count once; those like the question's own do not count at all.
 */
static void compare(const struct avd_size_model *model, const struct avd_candidates *c,
                    const struct avd_size_question *question, size_t at, size_t end, bool same,
                    struct hits *hits)
{
    size_t step = (end - at) / MAX_LOOKED_AT + 1;
    uint64_t seen[AVD_MAX_OCCURRENCES];
    unsigned count = 0;

    for (; at < end && count < (same ? MAX_SAME : MAX_NEAR) &&
           (question->looks == 0 || hits->looks < question->looks);
         at += step) {
        const struct avd_candidate *other = &c->items[c->by_value[at]];
        unsigned k;

        hits->looks++;
        if (other->slot == question->slot || other->context == question->context)
            continue;
        for (k = 0; k < count && seen[k] != other->context; k++)
            ;
        if (k != count)
            continue;
        seen[count++] = other->context;
        count_above(model, c, c->by_value[at], same ? 1 : SAME_FUNCTION, hits);
        hits->same += same;
        hits->live += same ? other->live : 0;
    }
}

/* How much likelier than any candidate of these stacks the value is a live one. */
static double live_elsewhere(const struct avd_candidates *c, const struct hits *hits)
{
    double any = c->live_share / (1 - c->live_share);
    double live = LIVE_UNKNOWN * c->live_share + hits->live;
    double dead = LIVE_UNKNOWN * (1 - c->live_share) + hits->same - hits->live;
    double worth = live / dead / any;

    return worth < LIVE_AT_LEAST ? LIVE_AT_LEAST : worth > LIVE_AT_MOST ? LIVE_AT_MOST : worth;
}

/*
 * Gives each size from `first` up to `most` its weight: what was likely before, times what the
 * occurrences say for it as against any other distance. Returns the sum of all sizes' weights.
 */
static double weigh(const struct avd_size_model *model, const struct avd_size_prior *prior,
                    size_t first, const struct hits *hits, size_t most, struct avd_frame_sizes *out)
{
    const double *other = model->other[hits->seen];
    double weight = hits->missed / other[0]; /* of a size that no occurrence speaks for */
    double total = 0;
    size_t i;

    for (;;) {
        size_t last = first;
        double chance;

        while (last <= hits->last && hits->at[last] == 0)
            last++;
        for (i = first; i <= most && (i < last || last > hits->last); i++)
            out->chance[i] = weight * prior->chance[i];
        total += weight * prior->tail[first];
        if (last > hits->last)
            break;
        chance = weight * prior->chance[last] * hits->hit[last] * other[0] / other[hits->at[last]];
        total += chance - weight * prior->tail[last];
        if (last <= most)
            out->chance[last] = chance;
        /* A regular distance below a size speaks for a frame that ends there already. */
        weight *= model->inside[hits->seen][hits->at[last]];
        first = last + 1;
    }
    out->beyond = weight;
    return total;
}

void avd_frame_sizes_learn(const struct avd_size_model *model,
                           const struct avd_candidates *candidates,
                           const struct avd_size_question *question, struct avd_frame_sizes *out)
{
    uint64_t value = question->value;
    size_t first = avd_candidates_of_value(candidates, value);
    size_t last = avd_candidates_of_value(candidates, value + 1);
    const struct avd_size_prior *prior = question->edit_and_continue ? &model->edit : &model->plain;
    size_t smallest = question->base != 0 ? 0 : AVD_SMALLEST_FRAME / 16;
    struct hits hits;
    double total;
    size_t i;

    memset(hits.at, 0, sizeof hits.at);
    hits.looks = 0;
    hits.seen = hits.same = 0;
    hits.base = question->base;
    hits.last = 0;
    hits.live = 0;
    hits.missed = 1;
    compare(model, candidates, question, first, last, true, &hits);
    compare(model, candidates, question, avd_candidates_of_value(candidates, value - NEAR), first,
            false, &hits);
    compare(model, candidates, question, last,
            avd_candidates_of_value(candidates, value + NEAR + 1), false, &hits);
    if (question->base != 0)
        prior = &model->guard;
    total = weigh(model, prior, smallest, &hits, question->most, out);
    for (i = 0; i <= question->most; i++)
        out->chance[i] = i < smallest ? 0 : out->chance[i] / total;
    out->beyond /= total;
    out->live = live_elsewhere(candidates, &hits);
    out->looks = hits.looks;
}
