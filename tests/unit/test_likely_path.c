/* SPDX-License-Identifier: MIT */
/* src/stack/likely_path.c: what the stacks of all threads say about one of them. */
#include "stack/likely_path.h"
#include "base/limits.h"
#include "base/memory.h"
#include "stack/scaled.h"
#include "support/fake_process.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

/* Four threads in modules of which nothing but name and place is known. */
#define KERNEL32 UINT64_C(0x7ff800000000)
#define NTDLL    UINT64_C(0x7ff900000000)
#define SIZE     0x2000u
#define TOP(k)   (UINT64_C(0x10000) * ((k) + 1) + SIZE)
enum { THREADS = 4 };

/* A returns into a function whose frame takes 0x90 bytes; OLD lies in the middle of it. */
#define A       (FAKE_IMAGE + 0x2345)
#define NEXT    (FAKE_IMAGE + 0x3456)
#define OLD     (FAKE_IMAGE + 0x4567)
#define AT_A    0x168u /* below TOP */
#define AT_OLD  0x128u
#define AT_NEXT 0xd8u

static struct avd_candidates candidates;
static struct avd_stack_range ranges[THREADS];
static unsigned in_dump = SIZE; /* bytes of the first one's stack, up to its base */

static void put(struct fake_process *p, unsigned thread, unsigned below_top, uint64_t value)
{
    fake_u64(p, TOP(thread) - below_top, value);
}

static struct fake_process *four_threads(size_t known)
{
    struct fake_process *p = fake_new(&avd_cpu_amd64);
    unsigned k;

    fake_module(p, FAKE_IMAGE, 0x10000);
    fake_module(p, KERNEL32, 0x10000)->role = AVD_ROLE_KERNEL32;
    fake_module(p, NTDLL, 0x10000)->role = AVD_ROLE_NTDLL;
    for (k = 0; k < p->module_count; k++) {
        p->modules[k].sections_known = false;
        p->modules[k].pdata_state = -1;
    }
    memset(&candidates, 0, sizeof candidates);
    candidates.ranges = ranges;
    candidates.range_count = known;
    for (k = 0; k < THREADS; k++) {
        fake_map(p, TOP(k) - (k == 0 ? in_dump : SIZE), k == 0 ? in_dump : SIZE);
        put(p, k, 0x78, KERNEL32 + 0x1234);
        put(p, k, 0x48, NTDLL + 0x4321);
        ranges[k].start = TOP(k) - 0x600;
        ranges[k].end = TOP(k);
    }
    p->walk.stack_low = TOP(0) - SIZE;
    p->walk.stack_high = TOP(0);
    p->walk.candidates = &candidates;
    put(p, 0, AT_A, A);
    put(p, 0, AT_OLD, OLD);
    put(p, 0, AT_NEXT, NEXT);
    return p;
}

/* Other threads call the same function from elsewhere, 0x20 * k further down. */
static void others(struct fake_process *p)
{
    unsigned k;

    for (k = 1; k < THREADS; k++) {
        put(p, k, AT_A + 0x20 * k, A);
        put(p, k, AT_NEXT + 0x20 * k, FAKE_IMAGE + 0x5001 + 0x200 * k);
    }
}

static const struct avd_stack *walk(struct fake_process *p)
{
    return fake_walk(p, NTDLL + 0x2004, TOP(0) - AT_A, NULL);
}

static const struct avd_frame *frame_of(const struct avd_stack *stack, uint64_t pc)
{
    size_t i;

    for (i = 0; i < stack->count; i++)
        if (stack->frames[i].pc == pc)
            return &stack->frames[i];
    return NULL;
}

START_TEST(test_learns_size)
{
    struct fake_process *p = four_threads(THREADS);
    const struct avd_stack *stack;

    others(p);
    stack = walk(p);
    ck_assert_uint_eq(stack->count, 5);
    ck_assert_uint_eq(stack->frames[1].pc, A);
    ck_assert_uint_eq(stack->frames[1].sp, TOP(0) - AT_A + 8);
    ck_assert_int_eq(stack->frames[1].trust, AVD_TRUST_SCAN);
    ck_assert_int_eq(stack->frames[1].evidence, AVD_EVIDENCE_PATH);
    ck_assert_uint_ge(stack->frames[1].percent, 90);
    ck_assert_uint_eq(stack->frames[2].pc, NEXT);
    ck_assert_uint_ge(stack->frames[2].percent, 80);
    ck_assert_uint_le(stack->frames[2].percent, 99);
    ck_assert(!stack->frames[2].frames_missing);
    ck_assert_uint_eq(stack->frames[3].pc, KERNEL32 + 0x1234);
    ck_assert_uint_eq(stack->frames[4].pc, NTDLL + 0x4321);
    ck_assert_int_eq(stack->end, AVD_END_COMPLETE);
    fake_free(p);
}
END_TEST

static double live_at(uint64_t slot)
{
    size_t i = avd_candidates_at(&candidates, slot);

    ck_assert_uint_lt(i, candidates.count);
    ck_assert_uint_eq(candidates.items[i].slot, slot);
    return candidates.items[i].live;
}

/* How likely `value` is live in the middle of A's frame, of which nothing else is known, when code
 * of ntdll calls A. */
static double live_in_the_middle(uint64_t value)
{
    struct fake_process *p = four_threads(1);
    double live;

    put(p, 0, AT_A, NTDLL + 0x2345);
    put(p, 0, AT_OLD, value);
    walk(p);
    live = live_at(TOP(0) - AT_OLD);
    fake_free(p);
    return live;
}

/* Threads begin in ntdll on the stack that they will use: it is the less likely to be live. */
START_TEST(test_ntdll)
{
    double program = live_in_the_middle(OLD);
    double system = live_in_the_middle(NTDLL + 0x4567);

    ck_assert(program > 0.3);
    ck_assert(system > 0.1);
    ck_assert(system < program * 0.9);
}
END_TEST

/* What something points to is a variable. */
START_TEST(test_pointed)
{
    double live[2];
    unsigned i;

    for (i = 0; i < 2; i++) {
        struct fake_process *p = four_threads(1);

        put(p, 0, AT_A + 0x20, TOP(0) - AT_OLD + 8 - 8 * i);
        walk(p);
        live[i] = live_at(TOP(0) - AT_OLD);
        fake_free(p);
    }
    ck_assert(live[0] > 0.3);
    ck_assert(live[1] < live[0] - 0.15);
}
END_TEST

/* To walk one stack all are looked at: it is found which of their candidates are live. */
START_TEST(test_looks_at_all)
{
    struct fake_process *p = four_threads(THREADS);
    unsigned k;

    others(p);
    (void)walk(p);
    for (k = 1; k < THREADS; k++) {
        ck_assert_double_gt(live_at(TOP(k) - (AT_A + 0x20 * k)), 0.9);
        ck_assert_double_gt(live_at(TOP(k) - 0x78), 0.99);
    }
    ck_assert_double_gt(live_at(TOP(0) - AT_A), 0.9);
    ck_assert_double_lt(live_at(TOP(0) - AT_OLD), 0.2);
    ck_assert_double_gt(candidates.live_share, 0.6);
    fake_free(p);
}
END_TEST

/*
 * A function that calls itself through three others, twenty times, each time with the same older
 * addresses among them, and where others have no room for them, too. Whoever begins with the doubt
 * that each of these deserves takes all for what earlier calls left behind.
 */
START_TEST(test_recursion)
{
    enum { LEVELS = 20, LEVEL = 0x160 };
    struct fake_process *p = four_threads(1);
    const struct avd_stack *stack;
    unsigned found = 0;
    unsigned k;
    size_t i;

    ranges[0].start = TOP(0) - AT_A - LEVELS * LEVEL - 0x40;
    for (k = 0; k < LEVELS; k++) {
        unsigned level = AT_A + k * LEVEL;

        put(p, 0, level + 0x160, FAKE_IMAGE + 0x2101);
        put(p, 0, level + 0x138, FAKE_IMAGE + 0x2101);
        put(p, 0, level + 0x100, FAKE_IMAGE + 0x3303);
        put(p, 0, level + 0xa0, FAKE_IMAGE + 0x4505);
        put(p, 0, level + 0x78, FAKE_IMAGE + 0x3303);
        put(p, 0, level + 0x58, FAKE_IMAGE + 0x5707);
        put(p, 0, level + 0x40, FAKE_IMAGE + 0x5707);
    }
    stack = fake_walk(p, NTDLL + 0x2004, TOP(0) - AT_A - LEVELS * LEVEL, NULL);
    for (i = 0; i < stack->count; i++) {
        uint64_t pc = stack->frames[i].pc;

        found += pc == FAKE_IMAGE + 0x2101 || pc == FAKE_IMAGE + 0x5707;
    }
    ck_assert_uint_ge(found, LEVELS - 2);
    fake_free(p);
}
END_TEST

/* Alone, or beside copies of itself, the smaller size is as good: nothing was learned. */
START_TEST(test_nothing_to_learn)
{
    struct fake_process *p = four_threads(1);
    unsigned alone;
    unsigned k;

    others(p);
    ck_assert_ptr_nonnull(frame_of(walk(p), OLD));
    alone = frame_of(&p->stack, OLD)->percent;
    fake_free(p);
    p = four_threads(THREADS);
    for (k = 1; k < THREADS; k++) {
        put(p, k, AT_A, A);
        put(p, k, AT_OLD, OLD);
        put(p, k, AT_NEXT, NEXT);
    }
    ck_assert_ptr_nonnull(frame_of(walk(p), OLD));
    ck_assert_uint_ge(frame_of(&p->stack, OLD)->percent + 15, alone);
    fake_free(p);
}
END_TEST

#define COOKIE UINT64_C(0x2b992ddfa236)

/* The security cookie of a function whose stack pointer is at `sp`. */
static void put_cookie(struct fake_process *p, uint64_t sp, unsigned distance)
{
    fake_u64(p, sp + distance, sp ^ COOKIE);
}

/* Other threads are in functions with arrays, two each. */
static void put_guarded(struct fake_process *p, bool guarded)
{
    unsigned k;

    for (k = 2; k < 2 * THREADS; k++) {
        put(p, k / 2, 0x308 + 0x40 * k, FAKE_IMAGE + 0x2001 + 0x123 * k);
        if (guarded)
            put_cookie(p, TOP(k / 2) - (0x308 + 0x40 * k) + 8, 0x30 + 0x10 * k);
    }
}

/* Security cookies on other stacks tell the module's, and so how far A's frame goes at least. */
START_TEST(test_security_cookie)
{
    bool guarded;

    for (guarded = false;; guarded = true) {
        struct fake_process *p = four_threads(THREADS);
        const struct avd_stack *stack;

        put_guarded(p, guarded);
        put_cookie(p, TOP(0) - AT_A + 8, 0x40); /* above OLD */
        stack = walk(p);
        ck_assert_uint_eq(stack->frames[1].pc, A);
        ck_assert_uint_eq(frame_of(stack, OLD) == NULL, guarded);
        if (guarded) {
            ck_assert_uint_eq(candidates.cookie_count, 1);
            ck_assert_ptr_nonnull(frame_of(stack, NEXT));
            ck_assert_uint_ge(frame_of(stack, NEXT)->percent, 80);
        }
        fake_free(p);
        if (guarded)
            break;
    }
}
END_TEST

/* And how far the frame of what was executing goes. */
START_TEST(test_own_security_cookie)
{
    bool guarded;

    for (guarded = false;; guarded = true) {
        struct fake_process *p = four_threads(THREADS);
        const struct avd_stack *stack;

        put_guarded(p, true);
        if (guarded)
            put_cookie(p, TOP(0) - AT_A - 0x28, 0x60);
        stack = fake_walk(p, FAKE_IMAGE + 0x2004, TOP(0) - AT_A - 0x28, NULL);
        ck_assert_uint_eq(frame_of(stack, A) == NULL, guarded);
        fake_free(p);
        if (guarded)
            break;
    }
}
END_TEST

static void put_framed(struct fake_process *p, unsigned below_top, uint64_t value)
{
    put(p, 0, below_top, value);
    put(p, 0, below_top + 8, TOP(0) - below_top + 8 + 0x40);
}

/* Where functions save their callers' frame pointers, one below a candidate speaks for it; but what
 * finished calls left behind has one, too. */
START_TEST(test_saved_frame_pointer)
{
    unsigned percent[2];
    unsigned i;
    unsigned k;

    for (i = 0; i < 2; i++) {
        struct fake_process *p = four_threads(1);

        for (k = 0; k < 4; k++)
            put_framed(p, 0x3b8 - 0x40 * k, OLD + 0x400 + 0x80 * k);
        put_framed(p, AT_A, A);
        put_framed(p, AT_NEXT, NEXT);
        if (i == 1)
            put_framed(p, AT_OLD, OLD);
        (void)walk(p);
        percent[i] = frame_of(&p->stack, OLD) != NULL ? frame_of(&p->stack, OLD)->percent : 0;
        fake_free(p);
    }
    ck_assert_uint_ge(percent[1], 50);
    ck_assert_uint_ge(percent[1], percent[0] + 30);
    ck_assert_uint_le(percent[1], 93);
}
END_TEST

/* Windows seldom calls a program, other than where its threads start. */
START_TEST(test_calls_back)
{
    static const enum avd_module_role roles[] = {AVD_ROLE_OTHER, AVD_ROLE_PROGRAM};
    unsigned percent[2] = {0};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct fake_process *p = four_threads(1);

        p->modules[0].role = roles[i];
        put(p, 0, AT_OLD, NTDLL + 0x4567);
        (void)walk(p);
        if (frame_of(&p->stack, NTDLL + 0x4567) != NULL)
            percent[i] = frame_of(&p->stack, NTDLL + 0x4567)->percent;
        ck_assert_ptr_nonnull(frame_of(&p->stack, KERNEL32 + 0x1234));
        ck_assert_ptr_nonnull(frame_of(&p->stack, NTDLL + 0x4321));
        fake_free(p);
    }
    ck_assert_uint_gt(percent[0], 0);
    ck_assert_uint_lt(percent[1] + 20, percent[0]);
}
END_TEST

/* A small dump holds a stack from where it is in use: where the thread starts is known all the
 * same. */
START_TEST(test_stack_in_use)
{
    struct fake_process *p;
    struct avd_likely_path path;
    struct avd_frame callee;

    in_dump = AT_A;
    p = four_threads(THREADS);
    in_dump = SIZE;
    ranges[0].start = TOP(0) - AT_A;
    others(p);
    memset(&path, 0, sizeof path);
    memset(&callee, 0, sizeof callee);
    callee.pc = NTDLL + 0x2004;
    callee.sp = TOP(0) - AT_A;
    callee.exact = true;
    ck_assert(avd_likely_path_find(&p->walk, &callee, &path));
    ck_assert_uint_ge(path.count, 3);
    ck_assert_uint_eq(path.frames[path.count - 1].value, KERNEL32 + 0x1234);
    ck_assert_uint_eq(path.frames[path.count - 1].percent, 99);
    avd_likely_path_free(&path);
    fake_free(p);
}
END_TEST

static unsigned percent_of(const struct fake_process *p, uint64_t pc)
{
    const struct avd_frame *frame = frame_of(&p->stack, pc);

    return frame != NULL ? frame->percent : 0;
}

/* What is shown of `asked` where a thread alone in its dump has these in a module of the program,
 * of this role and size. */
static unsigned percent_alone(enum avd_module_role role, uint64_t size, uint64_t old, uint64_t next,
                              uint64_t asked)
{
    struct fake_process *p = four_threads(1);
    unsigned percent;

    p->modules[0].role = role;
    p->modules[0].size = size;
    put(p, 0, AT_OLD, old);
    put(p, 0, AT_NEXT, next);
    (void)walk(p);
    percent = percent_of(p, asked);
    fake_free(p);
    return percent;
}

/* What the thread's own function calls lies below its frame, so the outermost return address into
 * the program is live; but not what begins a function, which follows no call. */
START_TEST(test_outermost)
{
    uint64_t call = FAKE_IMAGE + 0x3458;
    uint64_t data = FAKE_IMAGE + 0x3450;

    ck_assert_uint_gt(percent_alone(AVD_ROLE_PROGRAM, 0x10000, OLD, 0, OLD),
                      percent_alone(AVD_ROLE_OTHER, 0x10000, OLD, 0, OLD) + 10);
    ck_assert_uint_gt(percent_alone(AVD_ROLE_PROGRAM, 0x10000, 0, call, call),
                      percent_alone(AVD_ROLE_PROGRAM, 0x10000, 0, data, data) + 10);
}
END_TEST

/* Microsoft's runtime leaves one in the frame of the function that it then jumps to. */
START_TEST(test_startup)
{
    enum { OLDER = 0x78 + 0x30, LIVE = OLDER + 16 };
    static const unsigned before[] = {0x79, 0x179}; /* it: bytes of code */
    size_t i;

    for (i = 0; i < 2; i++) {
        struct fake_process *p = four_threads(1);

        p->modules[0].role = AVD_ROLE_PROGRAM;
        put(p, 0, AT_NEXT, 0);
        put(p, 0, AT_OLD, 0);
        put(p, 0, OLDER, FAKE_IMAGE + 0x5a1b);
        put(p, 0, LIVE, FAKE_IMAGE + 0x5a1b - before[i]);
        (void)walk(p);
        ck_assert_uint_eq(percent_of(p, FAKE_IMAGE + 0x5a1b) == 0, i == 0);
        if (i == 0)
            ck_assert_uint_gt(percent_of(p, FAKE_IMAGE + 0x5a1b - before[i]), 80);
        fake_free(p);
    }
}
END_TEST

/* Of two that the next can be, the one is likelier that lies near to what it calls. */
START_TEST(test_vicinity)
{
    uint64_t next = FAKE_IMAGE + 0x150001;
    uint64_t far_off = FAKE_IMAGE + 0x180001;

    ck_assert_uint_gt(percent_alone(AVD_ROLE_PROGRAM, 0x200000, OLD, next, OLD),
                      percent_alone(AVD_ROLE_PROGRAM, 0x200000, far_off, next, far_off) + 5);
}
END_TEST

/* Where the middle is in doubt, its frames are left out and the gap is said. */
START_TEST(test_doubt)
{
    struct fake_process *p = four_threads(1);
    const struct avd_stack *stack;
    unsigned at;

    for (at = AT_A - 0x30; at > 0x78; at -= 0x10)
        put(p, 0, at, FAKE_IMAGE + 0x6001 + 0x100 * at);
    p->modules[0].size = 0x100000;
    stack = walk(p);
    ck_assert_uint_lt(stack->count, 6);
    ck_assert_ptr_nonnull(frame_of(stack, KERNEL32 + 0x1234));
    ck_assert(frame_of(stack, KERNEL32 + 0x1234)->frames_missing);
    ck_assert(!frame_of(stack, NTDLL + 0x4321)->frames_missing);
    fake_free(p);
}
END_TEST

/* Of two places so close that one path cannot have both, one is shown at most: certain frames would
 * pay for two. */
START_TEST(test_one_path)
{
    enum { CERTAIN = 8 };
    struct fake_process *p = four_threads(THREADS);
    const struct avd_stack *stack;
    bool first;
    bool second;
    unsigned i;
    unsigned k;

    for (k = 0; k < THREADS; k++)
        for (i = 0; i < CERTAIN; i++) /* the last is called by another on each */
            put(p, k, 0x3e8 - 0x40 * i - 0x10 * k,
                FAKE_IMAGE + 0x2005 + 0x111 * i + (i == CERTAIN - 1 ? 0x202 * k : 0));
    put(p, 0, AT_A, 0);
    put(p, 0, AT_NEXT, 0);
    put(p, 0, AT_OLD, 0);
    put(p, 0, 0x138, FAKE_IMAGE + 0x7005);
    put(p, 0, 0x118, FAKE_IMAGE + 0x7903);
    stack = fake_walk(p, NTDLL + 0x2004, TOP(0) - 0x3e8, NULL);
    ck_assert_uint_ge(stack->count, CERTAIN);
    first = frame_of(stack, FAKE_IMAGE + 0x7005) != NULL;
    second = frame_of(stack, FAKE_IMAGE + 0x7903) != NULL;
    ck_assert(first != second);
    for (i = 2; i < stack->count; i++)
        ck_assert_uint_ge(stack->frames[i].sp - stack->frames[i - 1].sp, 0x30);
    fake_free(p);
}
END_TEST

/* A call to another function ends there: no path leads through it. */
START_TEST(test_code_bytes)
{
    struct fake_process *p = four_threads(1);

    fake_map(p, FAKE_IMAGE + 0x4000, 0x1000);
    ck_assert_ptr_null(frame_of(walk(p), OLD));
    fake_call_before(p, OLD);
    memset(&candidates, 0, sizeof candidates);
    candidates.ranges = ranges;
    candidates.range_count = 1;
    ck_assert_ptr_nonnull(frame_of(walk(p), OLD));
    ck_assert_int_eq(frame_of(&p->stack, OLD)->evidence, AVD_EVIDENCE_CALL);
    fake_free(p);
}
END_TEST

START_TEST(test_budget)
{
    struct fake_process *p = four_threads(THREADS);
    struct avd_likely_path path;
    struct avd_frame callee;

    others(p);
    memset(&path, 0, sizeof path);
    memset(&callee, 0, sizeof callee);
    callee.pc = A;
    callee.sp = TOP(0) - AT_A + 8;
    ck_assert(avd_likely_path_find(&p->walk, &callee, &path));
    ck_assert(path.known);
    ck_assert_uint_eq(path.count, 2); /* the thread's start is the next walk's */
    ck_assert_uint_eq(path.frames[0].value, NEXT);
    ck_assert_uint_eq(path.frames[0].slot, TOP(0) - AT_NEXT);
    avd_likely_path_free(&path);
    candidates.nodes_left = 3; /* four lie above */
    ck_assert(avd_likely_path_find(&p->walk, &callee, &path));
    ck_assert(!path.known);
    ck_assert_uint_eq(path.count, 0);
    callee.sp = TOP(3);
    candidates.nodes_left = 100;
    ck_assert(avd_likely_path_find(&p->walk, &callee, &path));
    ck_assert(!path.known);
    avd_likely_path_free(&path);
    fake_free(p);
}
END_TEST

static void find(struct fake_process *p, uint64_t pc, unsigned thread, unsigned below_top,
                 struct avd_likely_path *path)
{
    struct avd_frame callee;

    memset(&callee, 0, sizeof callee);
    callee.pc = pc;
    callee.sp = TOP(thread) - below_top + 8;
    p->walk.stack_low = TOP(thread) - SIZE;
    p->walk.stack_high = TOP(thread);
    ck_assert(avd_likely_path_find(&p->walk, &callee, path));
    ck_assert(path->known);
}

/* What `path` says, whatever it was used for before, is what a path of its own says. */
static void check_fresh(struct fake_process *p, uint64_t pc, unsigned thread, unsigned below_top,
                        const struct avd_likely_path *path)
{
    struct avd_likely_path fresh;
    size_t i;

    memset(&fresh, 0, sizeof fresh);
    find(p, pc, thread, below_top, &fresh);
    ck_assert_uint_gt(fresh.count, 0);
    ck_assert_uint_eq(path->count, fresh.count);
    for (i = 0; i < fresh.count; i++) {
        ck_assert_uint_eq(path->frames[i].slot, fresh.frames[i].slot);
        ck_assert_uint_eq(path->frames[i].percent, fresh.frames[i].percent);
        ck_assert_int_eq(path->frames[i].frames_missing, fresh.frames[i].frames_missing);
    }
    avd_likely_path_free(&fresh);
}

/* A step that unwind data made, between two of paths, does not cost the stack's weighing again. */
START_TEST(test_learned_once)
{
    struct fake_process *p = four_threads(THREADS);
    struct avd_likely_path path;
    size_t effort = 1000000;
    size_t first;
    size_t again;

    others(p);
    memset(&path, 0, sizeof path);
    find(p, A, 0, AT_A, &path); /* the first looks at all stacks */
    avd_likely_path_free(&path);
    p->walk.effort = &effort;
    find(p, A, 0, AT_A, &path);
    first = 1000000 - effort;
    check_fresh(p, A, 0, AT_A, &path);
    effort = 1000000;
    find(p, OLD, 0, AT_OLD, &path);
    again = 1000000 - effort;
    check_fresh(p, OLD, 0, AT_OLD, &path);
    ck_assert_uint_gt(again, 0);
    ck_assert_uint_lt(again, first * 2 / 3);
    find(p, NEXT, 0, AT_NEXT, &path);
    check_fresh(p, NEXT, 0, AT_NEXT, &path);
    find(p, A, 0, AT_A, &path); /* down again: from the beginning */
    check_fresh(p, A, 0, AT_A, &path);
    find(p, A, 1, AT_A, &path); /* another stack */
    check_fresh(p, A, 1, AT_A, &path);
    avd_likely_path_free(&path);
    fake_free(p);
}
END_TEST

START_TEST(test_out_of_memory)
{
    unsigned long n;
    bool ok = false;

    for (n = 1; !ok; n++) {
        struct fake_process *p = four_threads(THREADS);
        struct avd_likely_path path;
        struct avd_frame callee;

        others(p);
        memset(&path, 0, sizeof path);
        memset(&callee, 0, sizeof callee);
        callee.pc = A;
        callee.sp = TOP(0) - AT_A + 8;
        avd_mem_fail_after(n);
        ok = avd_likely_path_find(&p->walk, &callee, &path);
        avd_mem_fail_after(0);
        avd_likely_path_free(&path);
        ck_assert(ok || n < 100);
        fake_free(p);
    }
    ck_assert_uint_gt(n, 4);
}
END_TEST

/* Products far below what a double holds, and sums of numbers far apart. */
START_TEST(test_scaled)
{
    struct avd_scaled small = avd_scaled_one();
    struct avd_scaled sum;
    int i;

    for (i = 0; i < 1000; i++)
        small = avd_scaled_times(small, 1e-10);
    sum = avd_scaled_add(small, avd_scaled_times(small, 3));
    ck_assert_double_eq_tol(avd_scaled_ratio(small, sum), 0.25, 1e-12);
    ck_assert_double_eq_tol(avd_scaled_ratio(small, avd_scaled_one()), 0, 1e-300);
    sum = avd_scaled_add(small, avd_scaled_one());
    ck_assert_double_eq_tol(avd_scaled_ratio(sum, avd_scaled_one()), 1, 1e-12);
    sum = avd_scaled_product(small, small);
    ck_assert_double_eq_tol(
        avd_scaled_ratio(avd_scaled_times(sum, 0.5), avd_scaled_product(small, small)), 0.5, 1e-12);
    ck_assert(avd_scaled_ratio(small, avd_scaled_times(small, 0)) == 0);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_learns_size);
    tcase_add_test(tests, test_pointed);
    tcase_add_test(tests, test_recursion);
    tcase_add_test(tests, test_looks_at_all);
    tcase_add_test(tests, test_nothing_to_learn);
    tcase_add_test(tests, test_security_cookie);
    tcase_add_test(tests, test_own_security_cookie);
    tcase_add_test(tests, test_saved_frame_pointer);
    tcase_add_test(tests, test_calls_back);
    tcase_add_test(tests, test_stack_in_use);
    tcase_add_test(tests, test_outermost);
    tcase_add_test(tests, test_startup);
    tcase_add_test(tests, test_vicinity);
    tcase_add_test(tests, test_doubt);
    tcase_add_test(tests, test_one_path);
    tcase_add_test(tests, test_code_bytes);
    tcase_add_test(tests, test_ntdll);
    tcase_add_test(tests, test_budget);
    tcase_add_test(tests, test_learned_once);
    tcase_add_test(tests, test_out_of_memory);
    tcase_add_test(tests, test_scaled);
}

int main(void)
{
    return suite_main("likely_path", add_tests);
}
