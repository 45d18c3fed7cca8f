/* SPDX-License-Identifier: MIT */
/*
 * The likeliest path through an x64 stack. A function's frame has one size (alloca apart), which
 * all stacks together show (frame_size.c). All paths from the callee to the thread's start are
 * weighed by such sizes with the forward-backward algorithm (Rabiner, "A tutorial on hidden Markov
 * models", 1989), which tells for every candidate how likely it is a return address that will still
 * be used.
 */
#include "stack/trellis.h"

#include "base/limits.h"
#include "base/memory.h"
#include "stack/cookie.h"
#include "stack/frame_size.h"
#include "stack/vicinity.h"

#include <string.h>

enum {
    MAX_EDGES = 384, /* candidates that may follow one */
    HOME_SPACE = 32,
    STARTUP_FRAME = 0x30, /* mainCRTStartup's */
    STARTUP_CODE = 0x100  /* bytes from one of its two functions to the other */
};

/* How likely a candidate still lies where the frame above an occurrence had its return address. */
#define STILL_THERE 0.9
/* How much likelier two return addresses follow each other when the call between them is seen. */
#define PROVED_CALL 20.0
/* What is left when another candidate lies in the smallest frame below, where none can be live. */
#define CANDIDATE_BELOW 0.3
/* And in the home space of what it calls: that is seldom without another write. */
#define CANDIDATE_IN_HOME_SPACE 0.5
/* How much likelier a live return address has the saved frame pointer of its function below it than
 * another candidate, where that is usual, and how much less likely it has not. It is little, as
 * those that finished calls left behind have it too. */
#define FRAME_SAVED      2.0
#define FRAME_SAVED_EDIT 20.0 /* where it is always at the same place */
#define FRAME_NOT_SAVED  0.3
/*
 * How much likelier code of Windows calls a program's than by chance, but where threads start:
 * programs call libraries. On 95 stacks of one program none of 400 callers was such a one; programs
 * that live in callbacks have some.
 */
#define CALLS_BACK 0.1
/* How much less likely a candidate is live that something points to (candidates.c). */
#define POINTED 0.25
/*
 * How much likelier the outermost return address of a thread is live than others are. Microsoft's
 * runtime set aside, 490 of 509 were in ten programs; in one none of 65 was, all below the same
 * older address.
 */
#define OUTERMOST 8.0

/*
 * How much likelier the value and its surroundings are for a live return address than for what else
 * lies on stacks and looks like one. Functions begin at multiples of 16, tables and strings at
 * multiples of 8, and what follows a call lies anywhere; but where the frame pointer of edit and
 * continue lies below, a call has been made for certain. Around a live one are what the callee
 * saved, at last, and arguments, which often are 0 and seldom point into modules; around old ones
 * other old ones. A live function that has a security cookie elsewhere has it here, too. Measured
 * on stacks with known frames of several programs and compilers; factors are smaller than measured
 * where programs differ. 0: a place that no call leads to.
 */
static double value_worth(const struct avd_candidate *candidate)
{
    static const double as_data[] = {1.0, 0.15, 0.05, 0.02};
    static const double below[] = {1.0, 2.0, 0.4}; /* by enum avd_neighbour */
    static const double above[] = {1.0, 1.8, 0.5};
    static const double guarded[] = {1.0, 0.6, 3.0, 0.02}; /* by enum avd_guarded */
    /* By enum avd_module_role: a thread's first steps, before its start, and finished system calls
     * leave addresses in ntdll behind at which seldom a frame waits. */
    static const double role[] = {1.0, 0.3, 1.0, 1.0, 1.0};
    double worth;

    if (candidate->call == 0)
        return 0.0;
    if (candidate->call == 1)
        worth = 1.4;
    else if (candidate->value % 16 == 0 && !candidate->edit_and_continue)
        worth = 0.2;
    else
        worth = candidate->value % 8 == 0 && !candidate->edit_and_continue ? 0.6 : 2.0;
    if (!candidate->in_framed_module)
        worth *= below[candidate->below];
    worth *= guarded[candidate->guarded] * role[candidate->role];
    worth *= candidate->pointed ? POINTED : 1;
    return worth * above[candidate->above] * as_data[candidate->as_data] *
           (candidate->repeated ? 0.6 : 1.2);
}

/* What other candidates below say. */
static double worth_below(const struct avd_candidates *c, const struct avd_candidate *candidate)
{
    const struct avd_candidate *other = candidate;
    double worth = 1;

    while (other != c->items && candidate->slot - other[-1].slot <= HOME_SPACE) {
        other--;
        if (candidate->slot - other->slot == 16)
            worth *= CANDIDATE_BELOW;
        if (candidate->slot - other->slot == HOME_SPACE)
            worth *= CANDIDATE_IN_HOME_SPACE;
    }
    return worth;
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

static bool add_node(struct avd_trellis *t, const struct avd_candidate *candidate)
{
    struct avd_trellis_node *node = &t->nodes[t->count];

    memset(node, 0, sizeof *node);
    node->candidate = candidate;
    node->role = candidate->role;
    node->has_call = candidate->call == 1;
    node->sign = value_worth(candidate) * frame_factor(candidate);
    node->sign *= worth_below(t->candidates, candidate);
    if (node->sign == 0)
        return false;
    t->count++;
    return true;
}

static uint64_t slot_of(const struct avd_trellis *t, size_t node)
{
    return node == t->first ? t->callee->sp - 8 : t->nodes[node].candidate->slot;
}

/*
 * The sizes that the frame of what was executing can have; the code bytes said nothing. A stack
 * pointer that is no multiple of 16 means that it has none yet, or no more; a function that calls
 * nothing needs neither home space nor alignment.
 */
static double exact_weight(const struct avd_trellis *t, uint64_t slot)
{
    uint64_t distance = slot - t->callee->sp;
    size_t size = (size_t)(distance + 16) / 16;
    double smallest = t->candidates->sizes->plain.chance[AVD_SMALLEST_FRAME / 16];

    if (t->callee->sp % 16 == 8)
        return distance == 0 ? 1.0 : smallest / (double)(size * size) / 8;
    return size < AVD_SMALLEST_FRAME / 16 ? smallest / 4 : t->candidates->sizes->plain.chance[size];
}

/* What the code bytes before a return address say about the function that `pc` lies in being called
 * there. */
static double call_factor(const struct avd_trellis *t, uint64_t pc, uint64_t return_address)
{
    uint64_t start;
    int leads = avd_walk_call_leads_to(t->walk, return_address, pc, &start);

    return leads == 1 ? PROVED_CALL : leads == 0 ? 0.0 : 1.0;
}

/* Whether code of Windows would call a program's, elsewhere than where its thread starts. */
static bool calls_back(const struct avd_trellis *t, const struct avd_trellis_node *callee,
                       size_t caller)
{
    enum avd_module_role role = t->nodes[caller].role;

    /* kernel32 starts threads; the rest of it moved to kernelbase. */
    return callee->role == AVD_ROLE_PROGRAM && caller != t->start_node &&
           (role == AVD_ROLE_WINDOWS || role == AVD_ROLE_NTDLL ||
            (role == AVD_ROLE_KERNEL32 && t->start_node != 0));
}

/* How far, in steps of 16, a node's frame goes at least, whose security cookie is known; else 0. */
static size_t base_of(const struct avd_trellis *t, size_t node)
{
    uint64_t guard = node == t->first ? t->callee_guard : t->nodes[node].candidate->guard;

    return guard == 0 ? 0 : (size_t)(guard + 8 + 15) / 16;
}

/* What can be said of the frame of a node's function; `from` is not one that was executing. */
static void learn_sizes(const struct avd_trellis *t, size_t from, size_t most,
                        struct avd_frame_sizes *out)
{
    const struct avd_candidate *candidate =
        from == t->first ? t->callee_candidate : t->nodes[from].candidate;
    struct avd_size_question question = {
        .slot = slot_of(t, from),
        .base = base_of(t, from),
        .most = most,
        .looks = t->candidates->looks_each,
    };

    if (candidate == NULL) {
        question.value = t->callee->pc;
    } else {
        question.value = candidate->value;
        question.context = candidate->context;
        question.edit_and_continue = candidate->edit_and_continue;
    }
    avd_frame_sizes_learn(t->candidates->sizes, t->candidates, &question, out);
}

/* What speaks for node `to` as the caller of node `from`, whatever the frame's size. */
static double caller_factor(const struct avd_trellis *t, size_t from,
                            const struct avd_vicinity *vicinity, size_t to)
{
    const struct avd_trellis_node *callee = &t->nodes[from];
    const struct avd_trellis_node *caller = &t->nodes[to];
    double factor = calls_back(t, callee, to) ? CALLS_BACK : 1;

    factor *= avd_vicinity_factor(vicinity, caller->candidate);
    if (caller->has_call)
        factor *= call_factor(
            t, from == t->first ? avd_walk_lookup(t->callee) : callee->candidate->value - 1,
            caller->candidate->value);
    return factor;
}

/* How likely a frame is so large or larger, `from` steps of 16 above its base. */
static double tail_of(const struct avd_size_model *model, size_t base, size_t from)
{
    return base != 0 ? model->guard.tail[from] : model->plain.tail[from];
}

/* The edges from a node: to `edges`, where there is room for MAX_EDGES. */
static void add_edges(struct avd_trellis *t, size_t from, double *edges)
{
    const struct avd_size_model *model = t->candidates->sizes;
    struct avd_trellis_node *node = &t->nodes[from];
    bool exact = from == t->first && t->callee->exact;
    size_t base = base_of(t, from);
    uint64_t start = slot_of(t, from) + 16 * (uint64_t)base;
    uint64_t last = from + 1 < t->count ? t->nodes[t->count - 1].candidate->slot : start;
    size_t reach = last < start                       ? 0
                   : last - start > AVD_LARGEST_FRAME ? AVD_FRAME_SIZES
                                                      : (size_t)(last - start) / 16;
    struct avd_vicinity vicinity = {0};
    struct avd_frame_sizes sizes;
    size_t i = from + 1;

    if (from != t->first) {
        avd_vicinity_of(&vicinity, t->walk, t->candidates, node->candidate);
        avd_walk_exert(t->walk, AVD_VICINITY_LOOKS / AVD_LOOKS_AT_ONCE);
    }
    if (!exact) {
        learn_sizes(t, from, reach < AVD_FRAME_SIZES ? reach : AVD_FRAME_SIZES - 1, &sizes);
        avd_walk_exert(t->walk, (sizes.looks + reach) / AVD_LOOKS_AT_ONCE);
        if (from != t->first)
            node->sign *= sizes.live;
    }
    while (i < t->count && t->nodes[i].candidate->slot < start)
        i++;
    avd_walk_exert(t->walk, (i - from) / AVD_LOOKS_AT_ONCE);
    node->edges = edges;
    node->first_edge = i;
    for (; i < t->count && node->edge_count < MAX_EDGES; i++) {
        const struct avd_trellis_node *to = &t->nodes[i];
        uint64_t distance = to->candidate->slot - start;
        double value;

        if (distance > AVD_LARGEST_FRAME)
            break;
        if (exact)
            value = base != 0 ? model->guard.chance[distance / 16]
                              : exact_weight(t, to->candidate->slot);
        else
            value = distance % 16 == 0 ? sizes.chance[distance / 16] : 0;
        if (value != 0)
            value *= caller_factor(t, from, &vicinity, i);
        node->edges[node->edge_count++] = value;
    }
    if (reach < AVD_FRAME_SIZES)
        node->tail =
            tail_of(model, base, last < start ? 0 : reach + 1) * (exact ? 1 : sizes.beyond);
}

/*
 * A candidate that others below make likely to be there, live or left behind, is no surprise: what
 * it is worth as a sign of life is measured against that. `density`: how many of the places for a
 * return address hold a candidate.
 */
static void weigh_nodes(struct avd_trellis *t, double density)
{
    size_t i;
    size_t k;

    for (i = t->first; i < t->count; i++)
        t->expected[i] = 0;
    for (i = t->first; i < t->count; i++) {
        struct avd_trellis_node *node = &t->nodes[i];
        double *expected = &t->expected[node->first_edge];

        /* Each edge is gone over three times after this. */
        avd_walk_exert(t->walk, node->edge_count / 2);
        for (k = 0; k < node->edge_count; k++)
            if (node->edges[k] > expected[k])
                expected[k] = node->edges[k] < 1 ? node->edges[k] : 1;
        node->worth = t->candidates->optimism * node->sign /
                      (1 - (1 - density) * (1 - STILL_THERE * t->expected[i]));
        node->forward = avd_scaled_make(0, 0);
        node->live = node->sum = 0;
        node->before = t->first;
        node->on_path = false;
    }
}

static void run_forward(struct avd_trellis *t)
{
    size_t i;
    size_t k;

    t->nodes[t->first].forward = avd_scaled_one();
    for (i = t->first; i < t->count; i++) {
        const struct avd_trellis_node *node = &t->nodes[i];

        for (k = 0; k < node->edge_count; k++) {
            struct avd_trellis_node *next = &t->nodes[node->first_edge + k];

            if (node->edges[k] != 0)
                next->forward = avd_scaled_add(
                    next->forward, avd_scaled_times(node->forward, node->edges[k] * next->worth));
        }
    }
}

static void run_backward(struct avd_trellis *t)
{
    size_t i;
    size_t k;

    for (i = t->count; i-- != t->first;) {
        struct avd_trellis_node *node = &t->nodes[i];

        node->backward = avd_scaled_make(0, 0);
        if (t->end != 0 && i == t->end) {
            node->backward = avd_scaled_one();
            continue;
        }
        if (t->end == 0)
            node->backward = avd_scaled_times(avd_scaled_one(), node->tail);
        for (k = 0; k < node->edge_count; k++) {
            const struct avd_trellis_node *next = &t->nodes[node->first_edge + k];

            node->backward = avd_scaled_add(
                node->backward, avd_scaled_times(next->backward, node->edges[k] * next->worth));
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

double avd_trellis_direct(const struct avd_trellis *t, size_t last, size_t i)
{
    const struct avd_trellis_node *before = &t->nodes[last];
    const struct avd_trellis_node *node = &t->nodes[i];

    if (i - before->first_edge >= before->edge_count)
        return 0;
    return avd_scaled_ratio(
        avd_scaled_product(
            avd_scaled_times(before->forward, before->edges[i - before->first_edge] * node->worth),
            node->backward),
        t->nodes[t->first].backward);
}

/* Finds out how likely each node is live. */
static void run(struct avd_trellis *t)
{
    const struct avd_trellis_node *callee = &t->nodes[t->first];
    size_t i;

    t->end = t->start_node;
    run_forward(t);
    run_backward(t);
    /* A frame larger than any that is considered lies between. */
    if (callee->backward.mantissa == 0 && t->end != 0) {
        t->end = 0;
        run_backward(t);
    }
    for (i = t->first + 1; i < t->count; i++) {
        struct avd_trellis_node *node = &t->nodes[i];

        node->live =
            avd_scaled_ratio(avd_scaled_product(node->forward, node->backward), callee->backward);
    }
}

/* How many edges so many nodes have at most. */
static size_t edges_of(size_t nodes)
{
    return nodes <= MAX_EDGES ? nodes * (nodes + 1) / 2 : nodes * MAX_EDGES;
}

void avd_trellis_free(struct avd_trellis *t)
{
    avd_mem_free(t->nodes);
    avd_mem_free(t->edges);
    avd_mem_free(t->expected);
    memset(t, 0, sizeof *t);
}

bool avd_trellis_has(const struct avd_trellis *t, size_t first, size_t last)
{
    return t->low <= first && t->high == last && t->high != 0;
}

/* Where the thread of the callee starts, if it is known. */
static uint64_t find_start(const struct avd_walk *walk, const struct avd_frame *callee)
{
    struct avd_frame start[2];
    uint64_t above = callee->sp < 8 ? callee->sp : callee->sp - 8;
    uint64_t word;

    /* A small dump has a stack from where it is in use. */
    if (!avd_walk_pointer(walk, above, &word))
        above = callee->sp;
    if (walk->stack_high == 0 || !avd_walk_find_thread_start(walk, above, start))
        return 0;
    /* The callee itself may be the inner one of the two. */
    return (start[0].sp == callee->sp ? start[1].sp : start[0].sp) - 8;
}

/*
 * Whether node `top` and the one below it are what mainCRTStartup leaves: it calls
 * __security_init_cookie and jumps to __scrt_common_main_seh, which lies before it and whose frame
 * has that return address in it.
 */
static bool is_startup(const struct avd_trellis *t, size_t top)
{
    const struct avd_candidate *old = t->nodes[top].candidate;
    const struct avd_candidate *live = t->nodes[top - 1].candidate;

    return t->start - old->slot == STARTUP_FRAME && old->slot - live->slot == 16 &&
           live->value < old->value && old->value - live->value < STARTUP_CODE;
}

/*
 * The thread's own function is called once, and what it calls lies below its frame: so the
 * outermost return address into the program (or into the C runtime that calls it) is live unless it
 * was there before, which the start of a process by Microsoft's runtime sees to.
 */
static void weigh_outermost(struct avd_trellis *t)
{
    size_t top = t->start_node;

    do {
        if (top <= 1)
            return;
        top--;
    } while (t->nodes[top].role != AVD_ROLE_PROGRAM && t->nodes[top].role != AVD_ROLE_WINDOWS);
    if (top > 1 && is_startup(t, top)) {
        t->nodes[top].sign /= OUTERMOST;
        top--;
    }
    if (t->nodes[top].candidate->value % 16 != 0)
        t->nodes[top].sign *= OUTERMOST;
}

/* Makes the nodes of the candidates [first, last), up to the thread's start, and their edges. */
static bool make(struct avd_trellis *t, size_t first, size_t last)
{
    const struct avd_candidates *c = t->candidates;
    size_t i;

    t->nodes = avd_mem_calloc(last - first + 1, sizeof *t->nodes);
    t->expected = avd_mem_calloc(last - first + 1, sizeof *t->expected);
    t->edges = avd_mem_realloc(NULL, MAX_EDGES + edges_of(last - first), sizeof *t->edges);
    if (t->nodes == NULL || t->expected == NULL || t->edges == NULL)
        return false;
    t->low = first;
    t->high = last;
    t->count = 1;
    t->edge_count = MAX_EDGES;
    for (i = first; i < last && t->start_node == 0; i++)
        if (add_node(t, &c->items[i]) && c->items[i].slot == t->start)
            t->start_node = t->count - 1;
    weigh_outermost(t);
    for (i = 1; i < t->count; i++) {
        add_edges(t, i, &t->edges[t->edge_count]);
        t->edge_count += t->nodes[i].edge_count;
    }
    return true;
}

/* Puts the callee where the last node below it was. */
static void place_callee(struct avd_trellis *t)
{
    const struct avd_frame *callee = t->callee;
    struct avd_trellis_node *node;
    struct avd_code_module module;

    while (t->first + 1 < t->count && t->nodes[t->first + 1].candidate->slot < callee->sp)
        t->first++;
    node = &t->nodes[t->first];
    memset(node, 0, sizeof *node);
    node->role = avd_walk_role_at(t->walk, avd_walk_lookup(callee) + 1);
    t->callee_guard = 0;
    if (callee->exact && callee->sp % 16 == 0 &&
        t->walk->env->module_at(t->walk->env->ctx, callee->pc, &module))
        t->callee_guard = avd_cookie_above(t->walk, (uint32_t)module.id + 1, callee->sp);
    if (t->callee_guard != 0)
        t->callee_guard += 8;
    add_edges(t, t->first, t->edges);
}

bool avd_trellis_weigh(struct avd_trellis *t, struct avd_walk *walk, const struct avd_frame *callee,
                       size_t first, size_t last)
{
    const struct avd_candidates *c = walk->candidates;
    uint64_t start = find_start(walk, callee);

    if (!avd_trellis_has(t, first, last) || t->start != start || callee->sp < t->callee_sp) {
        avd_trellis_free(t);
        t->walk = walk;
        t->candidates = c;
        t->start = start;
        if (!make(t, first, last))
            return false;
    }
    t->callee = callee;
    t->callee_sp = callee->sp;
    t->callee_candidate = NULL;
    if (first != 0 && c->items[first - 1].slot == callee->sp - 8)
        t->callee_candidate = &c->items[first - 1];
    place_callee(t);
    weigh_nodes(t, density_of(c, first, last));
    run(t);
    return true;
}
