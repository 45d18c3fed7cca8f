/* SPDX-License-Identifier: MIT */
/*
 * A process whose threads stand wherever a test wants them: stacks are written down as the names of
 * their functions, for 32- and 64-bit code, with images whose exports bear these names. Misuse
 * aborts, it is test code.
 */
#ifndef AVD_TESTS_HANG_SCENE_H
#define AVD_TESTS_HANG_SCENE_H

#include "analyze/analysis.h"
#include "support/dump_fixture.h"

enum { HANG_FRAMES = 12, HANG_THREADS = 40 };

#define HANG_PEB    UINT64_C(0x600000)
#define HANG_HEAP   UINT64_C(0x500000)   /* 0x2000 bytes for what a test pokes */
#define HANG_LOADER (HANG_HEAP + 0x1800) /* the loader lock */
#define HANG_STACK  UINT64_C(0x1000000)  /* of thread i: 0x10000 * i further, 0x2000 bytes */

struct hang_thread {
    uint32_t id;
    const char *name;
    const char *frames[HANG_FRAMES]; /* innermost first, "ntdll!NtDelayExecution" */
    uint64_t rbx;                    /* or ebx */
};

struct hang_scene {
    unsigned pointer_size;
    struct db *b;
    size_t count;
    size_t frame_counts[HANG_THREADS];
    struct dump_fixture dump; /* after hang_run */
    struct avd_analysis *an;
};

/* The system, its modules, the heap and the PEB; nothing runs yet. */
void hang_begin(struct hang_scene *scene, unsigned pointer_size);
/* Where the module's function begins; the name as in frames. */
uint64_t hang_function(const struct hang_scene *scene, const char *name);
/* Returns the thread's index. */
size_t hang_add(struct hang_scene *scene, const struct hang_thread *thread);
/* Where argument `index` of a frame lies on the stack: on x64 its home slot. */
uint64_t hang_argument(const struct hang_scene *scene, size_t thread, size_t frame, size_t index);
/* Writes a pointer; the memory must be there. */
void hang_poke(struct hang_scene *scene, uint64_t addr, uint64_t value);
/* RTL_CRITICAL_SECTION as winnt.h lays it out, entered once by thread `owner`. */
void hang_section(struct hang_scene *scene, uint64_t addr, uint32_t owner, int32_t lock_count);

void hang_run(struct hang_scene *scene);
void hang_end(struct hang_scene *scene);

/* Asserts what a fact shows; "? reason" for an unknown one. */
void hang_check(const struct hang_scene *scene, const char *fact, const char *expected);
/* Asserts a column of a thread's row in the same way. */
void hang_check_thread(const struct hang_scene *scene, size_t thread, const char *column,
                       const char *expected);
/* Asserts whether the shipped rules find `rule`. */
void hang_check_finding(const struct hang_scene *scene, const char *rule, bool expected);

#endif
