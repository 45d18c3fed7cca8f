/* SPDX-License-Identifier: MIT */
/*
 * Every word on the stacks of a process that may be a return address, with those of other threads
 * and those that finished calls left behind: together they show how large the frames of functions
 * are (likely_path.c). x64 only, where a function's frame has one size and return addresses lie
 * at odd multiples of 8.
 */
#ifndef AVD_STACK_CANDIDATES_H
#define AVD_STACK_CANDIDATES_H

#include "stack/walk.h"

#include <stddef.h>
#include <stdint.h>

struct avd_cookie;
struct avd_cookie_word;
struct avd_size_model;

struct avd_stack_range {
    uint64_t start, end; /* of addresses; end is exclusive */
};

struct avd_candidate {
    uint64_t slot; /* the address where it lies */
    uint64_t value;
    uint64_t context; /* stands for what lies above: equal ones are copies of one history */
    enum avd_module_role role; /* of the module that it returns to */
    double live;               /* how likely it will still be used; likely_path.c finds out */
    uint32_t stack;            /* candidates of one stack have one number */
    uint32_t module;           /* that it returns to: 1 more than its id; 0: none */
    uint32_t guard;            /* from `slot` to its function's security cookie; 0: not known */
    uint8_t guarded;           /* enum avd_guarded */
    uint8_t as_data;           /* how often the value lies where no return address can; at most 3 */
    int8_t call;               /* avd_walk_after_call */
    uint8_t below, above;      /* enum avd_neighbour: the words beside it */
    bool repeated;             /* the value lies on this stack more than once */
    bool pointed;              /* something points where at a live one nothing does */
    bool saves_frame;          /* below lies the frame pointer of a function that made this call */
    bool in_framed_module;     /* that module's functions have frame pointers, as debug builds do */
    bool edit_and_continue;    /* and that one is where Microsoft's compiler has it with /ZI */
};

enum avd_neighbour {
    AVD_NEIGHBOUR_OTHER = 0,
    AVD_NEIGHBOUR_ZERO,
    AVD_NEIGHBOUR_MODULE /* points into one */
};

/* Whether a candidate's function has its security cookie where one is to be expected (cookie.h). */
enum avd_guarded {
    AVD_GUARDED_UNKNOWN = 0, /* its module's cookie is not known */
    AVD_GUARDED_NO,          /* no word leads to it */
    AVD_GUARDED_YES,         /* one does, and from where others of this function do */
    AVD_GUARDED_MISSING      /* one should, as the function has one elsewhere */
};

struct avd_candidates {
    struct avd_stack_range *ranges; /* the stacks, set by whoever makes this */
    size_t range_count;
    bool collected;              /* what follows is filled */
    struct avd_candidate *items; /* by slot */
    size_t count;
    uint32_t *by_value;            /* indices of `items`, by value and then slot */
    double density;                /* of places for a return address: how many hold a candidate */
    double live_share;             /* of the candidates: how many are live */
    double optimism;               /* how much likelier each is taken to be live than it seems */
    struct avd_size_model *sizes;  /* frame_size.h; NULL until somebody looks for a path */
    struct avd_cookie_word *words; /* cookie.h: what may be a cookie, by slot */
    size_t word_count;
    struct avd_cookie *cookies; /* that were found, at most one of each module */
    size_t cookie_count;
    size_t nodes_left; /* how many may yet be looked at to find paths, over all walks */
    size_t looks_each; /* at others, to learn of one; 0: any number */
};

/*
 * Collects the candidates of the ranges, once. These may come in any order, overlap, or not be in
 * the dump; they are sorted and merged in place. `walk` gives env and arena. False when out of
 * memory.
 */
bool avd_candidates_collect(struct avd_candidates *candidates, const struct avd_walk *walk);

/* The index of the first candidate whose slot is at or above `slot`; `count` when there is none. */
size_t avd_candidates_at(const struct avd_candidates *candidates, uint64_t slot);
/* The place in `by_value` of the first candidate whose value is at or above `value`. */
size_t avd_candidates_of_value(const struct avd_candidates *candidates, uint64_t value);

#endif
