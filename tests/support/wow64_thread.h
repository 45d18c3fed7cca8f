/* SPDX-License-Identifier: MIT */
/*
 * A dump with one WOW64 thread as a generation of Windows lays it out, for tests of src/wow64: both
 * TEBs, both stacks and the CPU area, each of which can be left out or changed.
 */
#ifndef AVD_TESTS_WOW64_THREAD_H
#define AVD_TESTS_WOW64_THREAD_H

#include "support/dump_fixture.h"
#include "wow64/wow64.h"

enum {
    W_THREAD_ID = 0x3490,
    W_TEB64 = 0x7efdb000,
    W_TEB32 = W_TEB64 + 0x2000,
    W_PEB64 = 0x7efdf000,
    W_PEB32 = 0x7efde000,
    W_STACK64 = 0x20c000, /* one page below the area is used */
    W_AREA = 0x20fd20,
    W_STACK32 = 0x37e000,
    W_STACK32_END = 0x380000,
    W_APP = 0x400000, /* the program: 0x6000 bytes */
    W_EIP = W_APP + 0x1020,
    W_ESP = 0x37f5b8
};

struct wow64_thread {
    /* TEBs */
    bool no_teb64, no_teb32; /* their memory is not in the dump */
    bool no_entry;           /* the thread's entry has no TEB */
    bool no_exception_list;  /* TEB64's does not point to TEB32 */
    uint32_t wow_teb_offset;
    bool no_back_pointer;     /* TEB32's GdiBatchCount does not point to TEB64 */
    uint32_t teb32_thread_id; /* 0: the right one */
    /* CPU area */
    bool no_area; /* its memory is not in the dump */
    bool no_slot; /* TlsSlots[1] is 0 */
    uint16_t machine;
    uint32_t context_offset; /* 0: 4 */
    struct db_x86 saved;     /* eip 0: W_EIP, esp 0: W_ESP */
    /* the thread's context */
    bool x86_context, no_context;
    struct db_x64 native; /* rip 0: in no module; rsp 0: on the 64-bit stack */
    uint64_t stack_ptr64; /* TlsSlots[0] */
    bool no_wow64_module;
    bool describes_stack32; /* the thread's entry has the 32-bit stack */
};

struct wow64_fixture {
    struct dump_fixture dump;
    struct avd_arena arena;
    struct avd_wow64 wow64;
    struct avd_wow64_thread thread;
};

/* The dump, not yet finished, for tests that add to it. */
struct db *wow64_thread_builder(const struct wow64_thread *layout);
/* Detects WOW64 and finds the halves of the thread. */
struct wow64_fixture wow64_fixture_open(const struct wow64_thread *layout);
void wow64_fixture_close(struct wow64_fixture *fixture);

#endif
