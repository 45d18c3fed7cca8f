/* SPDX-License-Identifier: MIT */
/* src/x64/proc_frame.c: steps by the sizes of S_FRAMEPROC. */
#include "support/fake_process.h"
#include "support/suite.h"
#include "x64/proc_frame.h"

#include <check.h>
#include <string.h>

/* S_FRAMEPROC's flags */
enum {
    ALLOCA = 0x1,
    NAKED = 0x80,
    ASYNC_EH = 0x200,
    BASE_RSP = 1 << 14 | 1 << 16,
    BASE_RBP = 2 << 14 | 2 << 16,
    ALIGNED = 2 << 14 | 1 << 16
};

#define STACK UINT64_C(0x10000)

/* What symbols say: functions of one image whose file is not there. */
static struct avd_proc_frame procs[4];
static size_t proc_count;

static bool proc_frame(void *ctx, uint64_t addr, struct avd_proc_frame *out, uint64_t *module_base)
{
    size_t i;

    (void)ctx;
    *module_base = FAKE_IMAGE;
    for (i = 0; i < proc_count; i++) {
        if (addr - FAKE_IMAGE - procs[i].function_rva < procs[i].function_size) {
            *out = procs[i];
            return true;
        }
    }
    return false;
}

static void add(uint32_t rva, uint32_t size, uint32_t prolog, uint32_t frame, uint32_t saved,
                uint32_t flags)
{
    struct avd_proc_frame *proc = &procs[proc_count++];

    memset(proc, 0, sizeof *proc);
    proc->function_rva = rva;
    proc->function_size = size;
    proc->prolog_size = prolog;
    proc->frame_size = frame;
    proc->saved_regs_size = saved;
    proc->flags = flags;
}

/* A module without code, table or sections in the dump. */
static struct fake_process *blind_process(void)
{
    struct fake_process *p = fake_new(&avd_cpu_amd64);
    struct fake_module *m = fake_module(p, FAKE_IMAGE, 0x10000);

    m->sections_known = false;
    m->pdata_state = -1;
    fake_map(p, STACK, 0x4000);
    p->env.proc_frame = proc_frame;
    p->walk.allow_scan = false;
    proc_count = 0;
    return p;
}

/* The functions and addresses of LLDB's test dump sigsegv.dmp, whose PDB is all there is. */
START_TEST(test_sigsegv)
{
    struct fake_process *p = blind_process();
    const struct avd_stack *stack;

    add(0x1040, 36, 4, 40, 0, BASE_RSP);
    add(0x1070, 14, 4, 40, 0, BASE_RSP);
    add(0x10b0, 69, 8, 40, 0, BASE_RSP);
    add(0x1100, 124, 19, 56, 0, BASE_RSP | ASYNC_EH);
    fake_module(p, UINT64_C(0x7ff000000000), 0x100000)->sections_known = false;
    fake_u64(p, STACK + 0x6d8, FAKE_IMAGE + 0x1171);
    fake_u64(p, STACK + 0x718, FAKE_IMAGE + 0x105d);
    fake_u64(p, STACK + 0x748, FAKE_IMAGE + 0x1079);
    fake_u64(p, STACK + 0x778, UINT64_C(0x7ff000011fe4));
    stack = fake_walk(p, FAKE_IMAGE + 0x10d9, STACK + 0x6b0, NULL);
    ck_assert_msg(stack->count == 5, "%zu: %s", stack->count, stack->end_detail);
    ck_assert_uint_eq(stack->frames[1].pc, FAKE_IMAGE + 0x1171);
    ck_assert_uint_eq(stack->frames[1].sp, STACK + 0x6e0);
    ck_assert_uint_eq(stack->frames[2].pc, FAKE_IMAGE + 0x105d);
    ck_assert_uint_eq(stack->frames[2].sp, STACK + 0x720);
    ck_assert_uint_eq(stack->frames[3].pc, FAKE_IMAGE + 0x1079);
    ck_assert_uint_eq(stack->frames[3].sp, STACK + 0x750);
    ck_assert_uint_eq(stack->frames[4].pc, UINT64_C(0x7ff000011fe4));
    ck_assert_uint_eq(stack->frames[4].sp, STACK + 0x780);
    ck_assert_int_eq(stack->frames[4].method, AVD_METHOD_PROC_FRAME);
    ck_assert_int_eq(stack->frames[4].trust, AVD_TRUST_CFI);
    /* Which registers a function saved is not known. */
    ck_assert_uint_eq(stack->frames[1].regs.known, 1u << AVD_RIP | 1u << AVD_RSP);
    fake_free(p);
}
END_TEST

/* One step from rsp STACK + 0x100. rbp is 0 when not known. */
static enum avd_step_result step(struct fake_process *p, uint32_t offset, bool exact, uint64_t rbp,
                                 struct avd_frame *caller)
{
    struct avd_frame callee;
    enum avd_walk_end end = AVD_END_NONE;

    memset(&callee, 0, sizeof callee);
    memset(caller, 0, sizeof *caller);
    callee.pc = FAKE_IMAGE + procs[0].function_rva + offset + !exact;
    callee.sp = STACK + 0x100;
    callee.exact = exact;
    avd_reg_set(&callee.regs, AVD_RIP, callee.pc);
    avd_reg_set(&callee.regs, AVD_RSP, callee.sp);
    avd_reg_set(&callee.regs, AVD_RBX, 0xbb);
    if (rbp != 0)
        avd_reg_set(&callee.regs, AVD_RBP, rbp);
    p->walk.detail[0] = '\0';
    return avd_x64_step_proc_frame(&p->walk, &callee, 0, caller, &end);
}

START_TEST(test_first_instruction)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;

    add(0x1100, 124, 19, 56, 16, BASE_RSP);
    fake_u64(p, STACK + 0x100, FAKE_IMAGE + 0x2000);
    ck_assert_int_eq(step(p, 0, true, 0x55, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, FAKE_IMAGE + 0x2000);
    ck_assert_uint_eq(caller.sp, STACK + 0x108);
    /* Nothing has been changed yet. */
    ck_assert_uint_eq(caller.regs.value[AVD_RBP], 0x55);
    ck_assert_uint_eq(caller.regs.value[AVD_RBX], 0xbb);
    ck_assert(!avd_reg_known(&caller.regs, AVD_RAX));
    fake_free(p);
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        uint32_t offset;
        bool exact;
        uint32_t prolog, frame, flags;
        const char *detail;
    } cases[] = {
        {4, true, 19, 56, BASE_RSP,
         "the frame of the function at 0x140001104 is not known by its size: it is in its "
         "prologue"},
        /* __chkstk is called in prologues. */
        {18, false, 19, 56, BASE_RSP,
         "the frame of the function at 0x140001113 is not known by its size: it is in its "
         "prologue"},
        {40, true, 19, 56, BASE_RSP | ALLOCA,
         "the frame of the function at 0x140001128 is not known by its size: it allocates memory "
         "on the stack"},
        {40, true, 19, 56, BASE_RSP | NAKED,
         "the frame of the function at 0x140001128 is not known by its size: it has no frame of "
         "the compiler's"},
        {40, true, 19, 56, BASE_RBP | ASYNC_EH,
         "the frame of the function at 0x140001128 is not known by its size: it may be an "
         "exception handler"},
        {40, true, 19, 56, ALIGNED,
         "the frame of the function at 0x140001128 is not known by its size: it aligns its stack "
         "pointer"},
        {40, true, 19, 56, 3u << 14 | 3u << 16,
         "the frame of the function at 0x140001128 is not known by its size: it aligns its stack "
         "pointer"},
        {40, false, 0, 0, BASE_RSP,
         "the frame of the function at 0x140001129 is not known by its size: it has none although "
         "it calls"},
        {40, true, 19, 184, BASE_RSP,
         "no return address at 0x101b8, where the frame of the function at 0x140001128 ends by its "
         "size"},
    };
    struct fake_process *p = blind_process();
    size_t i;

    fake_u64(p, STACK + 0x138, FAKE_IMAGE + 0x2000);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct avd_frame caller;

        proc_count = 0;
        add(0x1100, 124, cases[i].prolog, cases[i].frame, 0, cases[i].flags);
        ck_assert_int_eq(step(p, cases[i].offset, cases[i].exact, 0, &caller), AVD_STEP_NO_INFO);
        ck_assert_str_eq(p->walk.detail, cases[i].detail);
    }
    fake_free(p);
}
END_TEST

/* A function whose prologue's end is not recorded: certain for a caller, whose prologue is over,
 * behind the longest possible one, and when a call is seen. */
START_TEST(test_prologue_not_recorded)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;

    add(0x1100, 500, 0, 56, 0, BASE_RSP);
    fake_u64(p, STACK + 0x138, FAKE_IMAGE + 0x2040);
    ck_assert_int_eq(step(p, 40, false, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, STACK + 0x140);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    ck_assert_int_eq(step(p, 40, true, 0, &caller), AVD_STEP_OK);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    ck_assert_int_eq(step(p, 255, true, 0, &caller), AVD_STEP_OK);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    fake_map(p, FAKE_IMAGE + 0x2000, 0x1000);
    ck_assert_int_eq(step(p, 40, true, 0, &caller), AVD_STEP_NO_INFO);
    fake_call_before(p, FAKE_IMAGE + 0x2040);
    ck_assert_int_eq(step(p, 40, true, 0, &caller), AVD_STEP_OK);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    /* Nothing is searched for then. */
    fake_u64(p, STACK + 0x148, FAKE_IMAGE + 0x2040);
    fake_u64(p, STACK + 0x138, 0);
    ck_assert_int_eq(step(p, 40, true, 0, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

/* In the epilogue, where the frame is gone, rsp is not a multiple of 16. */
START_TEST(test_epilogue)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;
    struct avd_frame callee;
    enum avd_walk_end end = AVD_END_NONE;

    add(0x1100, 124, 8, 56, 0, BASE_RSP);
    memset(&callee, 0, sizeof callee);
    memset(&caller, 0, sizeof caller);
    callee.pc = FAKE_IMAGE + 0x1100 + 123;
    callee.sp = STACK + 0x108;
    callee.exact = true;
    fake_u64(p, STACK + 0x140, FAKE_IMAGE + 0x2040);
    fake_u64(p, STACK + 0x148, FAKE_IMAGE + 0x2040);
    ck_assert_int_eq(avd_x64_step_proc_frame(&p->walk, &callee, 0, &caller, &end),
                     AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail,
                     "the frame of the function at 0x14000117b is not known by its size: its stack "
                     "pointer is not aligned, as in a prologue or epilogue");
    callee.sp = STACK + 0x110;
    ck_assert_int_eq(avd_x64_step_proc_frame(&p->walk, &callee, 0, &caller, &end), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, STACK + 0x150);
    fake_free(p);
}
END_TEST

/* Functions that push registers without counting them. */
START_TEST(test_search)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;

    /* main of a program with one push: 1472 bytes and the push */
    add(0x1100, 124, 19, 1472, 0, BASE_RSP);
    fake_u64(p, STACK + 0x100 + 1472, FAKE_IMAGE + 0x2000); /* misaligned: not the one */
    fake_u64(p, STACK + 0x108 + 1472, FAKE_IMAGE + 0x2040);
    ck_assert_int_eq(step(p, 40, true, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, FAKE_IMAGE + 0x2040);
    ck_assert_uint_eq(caller.sp, STACK + 0x110 + 1472);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    /* As many as there are nonvolatile registers, no more. */
    fake_u64(p, STACK + 0x108 + 1472, 0);
    fake_u64(p, STACK + 0x138 + 1472, FAKE_IMAGE + 0x2040);
    ck_assert_int_eq(step(p, 40, true, 0, &caller), AVD_STEP_OK);
    fake_u64(p, STACK + 0x138 + 1472, 0);
    fake_u64(p, STACK + 0x148 + 1472, FAKE_IMAGE + 0x2040);
    ck_assert_int_eq(step(p, 40, true, 0, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

/* Edit and Continue: sizes count from rbp. Frames of kindtis's second sample. */
START_TEST(test_padded)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;

    add(0x1100, 489, 49, 200, 16, BASE_RBP);
    procs[0].pad_size = 192;
    fake_u64(p, STACK + 0x1d8, FAKE_IMAGE + 0x3000); /* left behind: not the one */
    fake_u64(p, STACK + 0x1f0, STACK + 0x320);       /* the caller's rbp */
    fake_u64(p, STACK + 0x1f8, FAKE_IMAGE + 0x2000);
    ck_assert_int_eq(step(p, 60, true, STACK + 0x120, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, FAKE_IMAGE + 0x2000);
    ck_assert_uint_eq(caller.sp, STACK + 0x200);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    ck_assert_uint_eq(caller.regs.known, 1u << AVD_RIP | 1u << AVD_RSP | 1u << AVD_RBP);
    ck_assert_uint_eq(caller.regs.value[AVD_RBP], STACK + 0x320);
    /* Without rbp the size of the call area is a guess. */
    ck_assert_int_eq(step(p, 60, true, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.pc, FAKE_IMAGE + 0x2000);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    /* So it is with an rbp that cannot be a frame's. */
    ck_assert_int_eq(step(p, 60, true, STACK + 0x110, &caller), AVD_STEP_OK);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI_SCAN);
    /* What stands where rbp was saved must be able to be one. */
    fake_u64(p, STACK + 0x1f0, STACK + 0x1f0);
    ck_assert_int_eq(step(p, 60, true, STACK + 0x120, &caller), AVD_STEP_OK);
    ck_assert(!avd_reg_known(&caller.regs, AVD_RBP));
    fake_u64(p, STACK + 0x1f0, STACK + 0x320);
    p->walk.stack_high = STACK + 0x300;
    ck_assert_int_eq(step(p, 60, true, STACK + 0x120, &caller), AVD_STEP_OK);
    ck_assert(!avd_reg_known(&caller.regs, AVD_RBP));
    fake_u64(p, STACK + 0x1f8, 0);
    ck_assert_int_eq(step(p, 60, true, STACK + 0x120, &caller), AVD_STEP_NO_INFO);
    ck_assert_str_eq(p->walk.detail, "no return address at 0x101f8, where the frame of the "
                                     "function at 0x14000113c ends by its size");
    fake_free(p);
}
END_TEST

/* clang's frames with rbp count from rsp like all others. */
START_TEST(test_frame_pointer)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;

    add(0x1100, 489, 0, 200, 16, BASE_RBP);
    fake_u64(p, STACK + 0x1d0, STACK + 0x320);
    fake_u64(p, STACK + 0x1d8, FAKE_IMAGE + 0x2000);
    ck_assert_int_eq(step(p, 60, false, STACK + 0x180, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, STACK + 0x1e0);
    ck_assert_uint_eq(caller.regs.value[AVD_RBP], STACK + 0x320);
    fake_free(p);
}
END_TEST

START_TEST(test_leaf)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;

    add(0x1100, 489, 0, 0, 0, 0);
    fake_u64(p, STACK + 0x100, FAKE_IMAGE + 0x2000);
    ck_assert_int_eq(step(p, 60, true, 0, &caller), AVD_STEP_OK);
    ck_assert_uint_eq(caller.sp, STACK + 0x108);
    ck_assert_int_eq(caller.trust, AVD_TRUST_CFI);
    /* No search: a leaf has pushed nothing. */
    fake_u64(p, STACK + 0x108, FAKE_IMAGE + 0x2000);
    fake_u64(p, STACK + 0x100, 0);
    ck_assert_int_eq(step(p, 60, true, 0, &caller), AVD_STEP_NO_INFO);
    p->env.proc_frame = NULL;
    ck_assert_int_eq(step(p, 60, true, 0, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

/* Damaged sizes: no wrap, no endless search. */
START_TEST(test_absurd_sizes)
{
    struct fake_process *p = blind_process();
    struct avd_frame caller;

    add(0x1100, 489, 0, UINT32_MAX, UINT32_MAX, BASE_RSP);
    ck_assert_int_eq(step(p, 60, false, 0, &caller), AVD_STEP_NO_INFO);
    procs[0].pad_size = 1;
    procs[0].flags = BASE_RBP;
    ck_assert_int_eq(step(p, 60, false, STACK + 0x120, &caller), AVD_STEP_NO_INFO);
    procs[0].function_rva = UINT32_MAX;
    ck_assert_int_eq(step(p, 0, false, 0, &caller), AVD_STEP_NO_INFO);
    fake_free(p);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_sigsegv);
    tcase_add_test(tests, test_first_instruction);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_prologue_not_recorded);
    tcase_add_test(tests, test_epilogue);
    tcase_add_test(tests, test_search);
    tcase_add_test(tests, test_padded);
    tcase_add_test(tests, test_frame_pointer);
    tcase_add_test(tests, test_leaf);
    tcase_add_test(tests, test_absurd_sizes);
}

int main(void)
{
    return suite_main("x64_proc_frame", add_tests);
}
