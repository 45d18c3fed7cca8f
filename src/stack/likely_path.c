/* SPDX-License-Identifier: MIT */
/*
 * The likeliest path through an x64 stack. A function's frame has one size (alloca apart), which
 * all stacks together show (frame_size.c). All paths from the callee to the thread's start are
 * weighed by such sizes with the forward-backward algorithm (Rabiner, "A tutorial on hidden Markov
 * models", 1989), which tells for every candidate how likely it is a return address that will still
 * be used.
 */
#include "stack/likely_path.h"

#include "base/limits.h"
#include "base/memory.h"
#include "stack/frame_size.h"
#include "stack/scaled.h"

#include <string.h>

enum {
    MAX_EDGES = 128 /* candidates that may follow one */
};

/* How likely a candidate still lies where the frame above an occurrence had its return address,
 * and how likely one lies where a finished call's was. */
#define STILL_THERE 0.9
/* How much likelier two return addresses follow each other when the call between them is seen. */
#define PROVED_CALL 20.0
/* What is left when another candidate lies in the smallest frame below, where none can be live. */
#define CANDIDATE_BELOW 0.3
/* How much likelier a live return address has the saved frame pointer of its function below it than
 * one that was left behind, where that is usual; and how much less likely it has not. */
#define FRAME_SAVED      6.0
#define FRAME_SAVED_EDIT 20.0 /* where it is always at the same place */
#define FRAME_NOT_SAVED  0.3
/*
 * How much likelier code of Windows calls a program's than by chance, but where threads start:
 * programs call libraries. On 95 stacks of one program none of 400 callers was such a one; programs
 * that live in callbacks have some.
 */
#define CALLS_BACK 0.2
/* What is less likely is not shown however certain the others are. */
#define LOWEST_PERCENT 30

struct node {
    const struct avd_candidate *candidate;
    bool has_call; /* code bytes show a call before it */
    enum avd_module_role role;
    double worth; /* how much likelier its place and value are if it is live than if not */
    struct avd_scaled forward, backward;
    double live;   /* how likely it is */
    double sum;    /* of `live` along the best path to it */
    size_t before; /* on that path */
    bool on_path;
    double tail; /* its frame reaches beyond the piece of stack looked at */
    unsigned edge_count;
    double *edges; /* to the nodes behind it that are near enough, from first_edge on */
    size_t first_edge;
};

struct thinking {
    struct avd_walk *walk;
    const struct avd_candidates *candidates;
    double density;
    struct avd_size_model sizes;
    const struct avd_candidate *callee; /* its own candidate; NULL when it is none */
    struct node *nodes;                 /* the callee first */
    size_t count;
    size_t end; /* the thread's start; 0 when not known */
    double *edges;
    size_t edge_count;
};

/*
 * How much likelier the value and its surroundings are for a live return address than for what else
 * lies on stacks and looks like one. Functions begin at multiples of 16, tables and strings at
 * multiples of 8, and what follows a call lies anywhere; but where the frame pointer of edit and
 * continue lies below, a call has been made for certain. Around a live one are what the callee
 * saved, at last, and arguments, which often are 0 and seldom point into modules; around old ones
 * other old ones. Measured on stacks with known frames of several programs and compilers; factors
 * are smaller than measured where programs differ. 0: a place that no call leads to.
 */
static double value_worth(const struct avd_candidate *candidate, int call)
{
    static const double as_data[] = {1.0, 0.15, 0.05, 0.02};
    static const double below[] = {1.0, 2.0, 0.4}; /* by enum avd_neighbour */
    static const double above[] = {1.0, 1.8, 0.5};
    double worth;

    if (call == 0)
        return 0.0;
    if (call == 1)
        worth = 1.4;
    else if (candidate->value % 16 == 0 && !candidate->edit_and_continue)
        worth = 0.2;
    else
        worth = candidate->value % 8 == 0 && !candidate->edit_and_continue ? 0.6 : 2.0;
    if (!candidate->in_framed_module)
        worth *= below[candidate->below];
    return worth * above[candidate->above] * as_data[candidate->as_data] *
           (candidate->repeated ? 0.6 : 1.2);
}

static bool add_node(struct thinking *t, const struct avd_candidate *candidate)
{
    struct node *node = &t->nodes[t->count];

    memset(node, 0, sizeof *node);
    node->candidate = candidate;
    if (candidate != NULL) {
        int call = avd_walk_after_call(t->walk, candidate->value);

        node->role = avd_walk_role_at(t->walk, candidate->value);
        node->has_call = call == 1;
        node->worth = value_worth(candidate, call);
        if (candidate != t->candidates->items && candidate[-1].slot == candidate->slot - 16)
            node->worth *= CANDIDATE_BELOW;
        if (node->worth == 0)
            return false;
    }
    t->count++;
    return true;
}

static uint64_t slot_of(const struct thinking *t, const struct avd_frame *callee, size_t node)
{
    return node == 0 ? callee->sp - 8 : t->nodes[node].candidate->slot;
}

/*
 * The sizes that the frame of what was executing can have; the code bytes said nothing. A stack
 * pointer that is no multiple of 16 means that it has none yet, or no more; a function that calls
 * nothing needs neither home space nor alignment.
 */
static double exact_weight(const struct thinking *t, const struct avd_frame *callee, uint64_t slot)
{
    uint64_t distance = slot - callee->sp;
    size_t size = (size_t)(distance + 16) / 16;
    double smallest = t->sizes.prior[AVD_SMALLEST_FRAME / 16];

    if (callee->sp % 16 == 8)
        return distance == 0 ? 1.0 : smallest / (double)(size * size) / 8;
    return size < AVD_SMALLEST_FRAME / 16 ? smallest / 4 : t->sizes.prior[size];
}

/* What the code bytes before a return address say about the function that `pc` lies in being called
 * there. */
static double call_factor(const struct thinking *t, uint64_t pc, uint64_t return_address)
{
    uint64_t start;
    int leads = avd_walk_call_leads_to(t->walk, return_address, pc, &start);

    return leads == 1 ? PROVED_CALL : leads == 0 ? 0.0 : 1.0;
}

/* Whether code of Windows would call a program's, elsewhere than where its thread starts. */
static bool calls_back(const struct thinking *t, const struct node *callee, size_t caller)
{
    enum avd_module_role role = t->nodes[caller].role;

    /* kernel32 starts threads; the rest of it moved to kernelbase. */
    return callee->role == AVD_ROLE_PROGRAM && caller != t->end &&
           (role == AVD_ROLE_WINDOWS || role == AVD_ROLE_NTDLL ||
            (role == AVD_ROLE_KERNEL32 && t->end != 0));
}

/* What can be said of the frame of a node's function; `from` is not one that was executing. */
static void learn_sizes(const struct thinking *t, const struct avd_frame *callee, size_t from,
                        struct avd_frame_sizes *out)
{
    const struct avd_candidate *candidate = from == 0 ? t->callee : t->nodes[from].candidate;
    struct avd_size_question question = {callee->pc, slot_of(t, callee, from), 0, false};

    if (candidate != NULL) {
        question.value = candidate->value;
        question.context = candidate->context;
        question.edit_and_continue = candidate->edit_and_continue;
    }
    avd_frame_sizes_learn(&t->sizes, t->candidates, &question, out);
}

/* What the saved frame pointer below a candidate's slot says about it. */
static double frame_factor(const struct avd_candidate *candidate)
{
    if (!candidate->in_framed_module)
        return 1.0;
    if (!candidate->saves_frame)
        return FRAME_NOT_SAVED;
    return candidate->edit_and_continue ? FRAME_SAVED_EDIT : FRAME_SAVED;
}

/* The edges from a node, and what they do to the worth of those they lead to (`expected`). */
static void add_edges(struct thinking *t, const struct avd_frame *callee, size_t from,
                      double *expected)
{
    struct node *node = &t->nodes[from];
    uint64_t slot = slot_of(t, callee, from);
    bool exact = from == 0 && callee->exact;
    uint64_t pc = from == 0 ? avd_walk_lookup(callee) : node->candidate->value - 1;
    uint64_t last = 0;
    struct avd_frame_sizes sizes;
    size_t i;

    if (!exact)
        learn_sizes(t, callee, from, &sizes);
    node->edges = &t->edges[t->edge_count];
    node->first_edge = from + 1;
    for (i = from + 1; i < t->count && node->edge_count < MAX_EDGES; i++) {
        const struct node *to = &t->nodes[i];
        uint64_t distance = to->candidate->slot - slot;
        double value = 0;

        if (distance > AVD_LARGEST_FRAME)
            break;
        if (exact)
            value = exact_weight(t, callee, to->candidate->slot);
        else if (distance % 16 == 0)
            value = sizes.chance[distance / 16];
        value *= frame_factor(to->candidate);
        if (calls_back(t, node, i))
            value *= CALLS_BACK;
        if (value != 0 && to->has_call)
            value *= call_factor(t, pc, to->candidate->value);
        if (value > expected[i])
            expected[i] = value < 1 ? value : 1;
        node->edges[node->edge_count++] = value;
    }
    t->edge_count += node->edge_count;
    last = t->nodes[t->count - 1].candidate != NULL ? t->nodes[t->count - 1].candidate->slot : slot;
    last = last > slot ? (last - slot) / 16 : 0;
    if (last + 1 < AVD_FRAME_SIZES)
        node->tail = t->sizes.tail[last + 1] * (exact ? 1.0 : sizes.beyond);
}

/*
 * A candidate that others below make likely to be there, live or left behind, is no surprise: what
 * it is worth as a sign of life is measured against that.
 */
static void weigh_nodes(struct thinking *t, const double *expected)
{
    size_t i;

    for (i = 1; i < t->count; i++) {
        double there = 1 - (1 - t->density) * (1 - STILL_THERE * expected[i]);

        t->nodes[i].worth /= there;
    }
}

static void run_forward(struct thinking *t)
{
    size_t i;
    size_t k;

    t->nodes[0].forward = avd_scaled_one();
    for (i = 0; i < t->count; i++) {
        const struct node *node = &t->nodes[i];

        for (k = 0; k < node->edge_count; k++) {
            struct node *next = &t->nodes[node->first_edge + k];

            if (node->edges[k] != 0)
                next->forward = avd_scaled_add(
                    next->forward, avd_scaled_times(node->forward, node->edges[k] * next->worth));
        }
    }
}

static void run_backward(struct thinking *t)
{
    size_t i;
    size_t k;

    for (i = t->end != 0 ? t->end + 1 : t->count; i-- != 0;) {
        struct node *node = &t->nodes[i];

        if (i == t->end && t->end != 0) {
            node->backward = avd_scaled_one();
            continue;
        }
        if (t->end == 0)
            node->backward = avd_scaled_times(avd_scaled_one(), node->tail);
        for (k = 0; k < node->edge_count; k++) {
            const struct node *next = &t->nodes[node->first_edge + k];

            node->backward = avd_scaled_add(
                node->backward, avd_scaled_times(next->backward, node->edges[k] * next->worth));
        }
    }
}

/* On stacks with known frames of several programs as many nodes are live as the model says. */
static unsigned percent_of(double p)
{
    unsigned percent = (unsigned)(p * 100 + 0.5);

    return percent > 99 ? 99 : percent;
}

/*
 * Marks the path of which most nodes are expected to be live. The likeliest node of each place need
 * not lie on one path; those that are shown must.
 */
static void choose_path(struct thinking *t)
{
    size_t last = 0;
    size_t i;
    size_t k;

    for (i = 0; i < t->count; i++) {
        const struct node *node = &t->nodes[i];

        if (t->end == 0 && node->sum > t->nodes[last].sum)
            last = i;
        for (k = 0; k < node->edge_count; k++) {
            struct node *next = &t->nodes[node->first_edge + k];

            if (node->edges[k] != 0 && (i == 0 || node->sum != 0) &&
                node->sum + next->live > next->sum) {
                next->sum = node->sum + next->live;
                next->before = i;
            }
        }
    }
    if (t->end != 0)
        last = t->end;
    for (; last != 0; last = t->nodes[last].before)
        t->nodes[last].on_path = true;
}

/*
 * The lowest percentage that is taken: as low as possible while the frames taken are as likely on
 * average as they must be. Many certain frames make up for a doubtful one among them; the thread's
 * start does not, which is known anyway.
 */
static unsigned lowest_percent(const struct thinking *t)
{
    size_t having[100] = {0};
    unsigned lowest = 100;
    size_t taken = 0;
    size_t sum = 0;
    unsigned percent;
    size_t i;

    for (i = 1; i < t->count; i++)
        if (t->nodes[i].on_path && i != t->end)
            having[percent_of(t->nodes[i].live)]++;
    for (percent = 100; percent-- > LOWEST_PERCENT;) {
        taken += having[percent];
        sum += having[percent] * percent;
        if (having[percent] != 0 && sum >= taken * AVD_MIN_PATH_PERCENT)
            lowest = percent;
    }
    return lowest;
}

/* The chance that `last` is followed by `i` without another frame between them. */
static double direct_chance(const struct thinking *t, size_t last, size_t i, struct avd_scaled all)
{
    const struct node *before = &t->nodes[last];
    const struct node *node = &t->nodes[i];

    if (i - before->first_edge >= before->edge_count)
        return 0;
    return avd_scaled_ratio(
        avd_scaled_product(
            avd_scaled_times(before->forward, before->edges[i - before->first_edge] * node->worth),
            node->backward),
        all);
}

/* Makes frames of the nodes that are likely enough. False when out of memory. */
static bool take_frames(struct thinking *t, struct avd_likely_path *out)
{
    struct avd_scaled all = t->nodes[0].backward;
    unsigned lowest;
    size_t last = 0;
    size_t i;

    out->frames = avd_arena_alloc(t->walk->arena, t->count, sizeof *out->frames);
    if (out->frames == NULL)
        return false;
    for (i = 1; i < t->count; i++)
        t->nodes[i].live =
            avd_scaled_ratio(avd_scaled_product(t->nodes[i].forward, t->nodes[i].backward), all);
    choose_path(t);
    lowest = lowest_percent(t);
    for (i = 1; i < t->count; i++) {
        const struct node *node = &t->nodes[i];
        struct avd_likely_frame *frame = &out->frames[out->count];

        if (i != t->end && (!node->on_path || percent_of(node->live) < lowest))
            continue;
        frame->slot = node->candidate->slot;
        frame->value = node->candidate->value;
        frame->has_call = node->has_call;
        frame->percent = percent_of(node->live);
        frame->frames_missing = direct_chance(t, last, i, all) <= node->live / 2;
        out->count++;
        last = i;
    }
    return true;
}

/* The nodes of the piece of stack above the callee, and where its thread starts. */
static void add_nodes(struct thinking *t, const struct avd_frame *callee, size_t first, size_t last)
{
    const struct avd_candidates *c = t->candidates;
    struct avd_frame start[2];
    uint64_t last_slot = 0;
    size_t i;

    /* The callee itself may be the inner one of the two. */
    if (t->walk->stack_high != 0 && callee->sp >= 8 &&
        avd_walk_find_thread_start(t->walk, callee->sp - 8, start))
        last_slot = (start[0].sp == callee->sp ? start[1].sp : start[0].sp) - 8;
    add_node(t, NULL);
    t->nodes[0].role = avd_walk_role_at(t->walk, avd_walk_lookup(callee) + 1);
    for (i = first; i < last; i++) {
        if (!add_node(t, &c->items[i]))
            continue;
        if (c->items[i].slot == last_slot) {
            t->end = t->count - 1;
            return;
        }
    }
}

/* How many of the places for a return address hold a candidate: in the piece [first, last), at
 * least as many as elsewhere. */
static double density_of(const struct avd_candidates *c, size_t first, size_t last)
{
    uint64_t places = (c->items[last - 1].slot - c->items[first].slot) / 16 + 1;
    double here = (double)(last - first) / (double)places;
    double density = here > c->density ? here : c->density;

    return density < 0.02 ? 0.02 : density > 0.5 ? 0.5 : density;
}

bool avd_likely_path_find(struct avd_walk *walk, const struct avd_frame *callee,
                          struct avd_likely_path *out)
{
    struct avd_candidates *c = walk->candidates;
    double *expected;
    struct thinking t;
    bool ok = true;
    size_t first;
    size_t last;
    size_t i;

    memset(out, 0, sizeof *out);
    if (!avd_candidates_collect(c, walk))
        return false;
    first = last = avd_candidates_at(c, callee->sp);
    while (last < c->count && last - first < AVD_MAX_PATH_NODES &&
           c->items[last].stack == c->items[first].stack &&
           (walk->stack_high == 0 || c->items[last].slot < walk->stack_high))
        last++;
    if (last == first || last - first > c->nodes_left)
        return true;
    c->nodes_left -= last - first;
    out->known = true;
    memset(&t, 0, sizeof t);
    t.walk = walk;
    t.candidates = c;
    t.density = density_of(c, first, last);
    if (first != 0 && c->items[first - 1].slot == callee->sp - 8)
        t.callee = &c->items[first - 1];
    avd_size_model_init(&t.sizes, t.density);
    t.nodes = avd_mem_calloc(last - first + 1, sizeof *t.nodes);
    t.edges = avd_mem_calloc((last - first + 1) * MAX_EDGES, sizeof *t.edges);
    expected = avd_mem_calloc(last - first + 1, sizeof *expected);
    if (t.nodes == NULL || t.edges == NULL || expected == NULL) {
        ok = false;
        goto out;
    }
    add_nodes(&t, callee, first, last);
    for (i = 0; i < t.count; i++)
        add_edges(&t, callee, i, expected);
    weigh_nodes(&t, expected);
    run_forward(&t);
    run_backward(&t);
    ok = take_frames(&t, out);
out:
    avd_mem_free(t.nodes);
    avd_mem_free(t.edges);
    avd_mem_free(expected);
    return ok;
}
