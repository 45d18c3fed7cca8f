/* SPDX-License-Identifier: MIT */
/*
 * The AMD64 CPU: its registers and its methods of finding a caller, in order. Windows code has
 * unwind data for every function but leaves (Microsoft's "x64 exception handling"). Where that is
 * not to be had, symbol files and code bytes around pc can stand in; everything behind is a guess
 * and says so by its trust.
 */
#include "stack/walk.h"
#include "x64/ahead.h"
#include "x64/behind.h"
#include "x64/context.h"
#include "x64/proc_frame.h"
#include "x64/unwind_info.h"

#include <inttypes.h>

/* cs of 32-bit code on 64-bit Windows */
enum { CS_32BIT = 0x23 };

static const char *const reg_names[AVD_REG_COUNT] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                     "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                     "r12", "r13", "r14", "r15", "rip"};

/* What a Windows x64 function may change (System V code may change rsi and rdi too). */
enum {
    VOLATILE_REGS = 1 << AVD_RAX | 1 << AVD_RCX | 1 << AVD_RDX | 1 << AVD_R8 | 1 << AVD_R9 |
                    1 << AVD_R10 | 1 << AVD_R11
};

/*
 * KiUserExceptionDispatcher's stack begins with the CONTEXT of what it interrupted. Where that
 * agrees with the machine frame, all registers are known and not only those saved.
 */
static void take_recorded_context(const struct avd_walk *walk, const struct avd_frame *callee,
                                  struct avd_frame *caller)
{
    uint8_t bytes[AVD_X64_CONTEXT_MIN];
    struct avd_context context;

    if (walk->env->read(walk->env->ctx, callee->sp, bytes, sizeof bytes) != sizeof bytes ||
        !avd_x64_read_context(bytes, sizeof bytes, &context) ||
        !avd_reg_known(&context.regs, AVD_RIP) || context.regs.value[AVD_RIP] != caller->pc ||
        context.regs.value[AVD_RSP] != caller->sp)
        return;
    caller->regs = context.regs;
    caller->trust = AVD_TRUST_CONTEXT;
}

static enum avd_step_result step_unwind_info(struct avd_walk *walk, const struct avd_frame *callee,
                                             size_t callee_index, struct avd_frame *caller,
                                             enum avd_walk_end *end)
{
    uint64_t addr = avd_walk_lookup(callee);
    struct avd_x64_function function;
    struct avd_x64_unwound unwound;
    struct avd_x64_image image;
    unsigned reg;

    (void)callee_index;
    switch (avd_x64_find_function(walk, addr, &image, &function)) {
    case AVD_X64_FOUND: break;
    case AVD_X64_NOT_READABLE:
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "the unwind table of the module at 0x%" PRIx64 ", needed for 0x%" PRIx64
                     ", is not to be had",
                     image.base, callee->pc);
        return AVD_STEP_NO_INFO;
    case AVD_X64_NO_ENTRY:
        if (!callee->exact)
            avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                         "the unwind table of the module at 0x%" PRIx64
                         " has no function at 0x%" PRIx64,
                         image.base, addr);
        return AVD_STEP_NO_INFO;
    case AVD_X64_NO_TABLE:
    case AVD_X64_NO_MODULE: return AVD_STEP_NO_INFO;
    }
    if (!avd_x64_unwind(walk, &image, &function, callee->pc, callee->exact, &callee->regs, &unwound,
                        end))
        return AVD_STEP_NO_INFO;
    caller->regs = unwound.regs;
    for (reg = 0; reg < AVD_REG_COUNT; reg++) {
        if ((VOLATILE_REGS >> reg & 1) != 0)
            avd_reg_forget(&caller->regs, reg);
    }
    caller->pc = caller->regs.value[AVD_RIP];
    caller->sp = caller->regs.value[AVD_RSP];
    caller->trust = AVD_TRUST_CFI;
    caller->method = AVD_METHOD_UNWIND_INFO;
    if (!unwound.machine_frame)
        return AVD_STEP_OK;
    if (unwound.machine_cs == CS_32BIT) {
        avd_walk_say(walk, end, AVD_END_32BIT_CODE,
                     "32-bit code from here, interrupted at 0x%" PRIx64 ": see the 32-bit stack",
                     caller->pc);
        return AVD_STEP_FAILED;
    }
    caller->method = AVD_METHOD_MACHINE_FRAME;
    caller->exact = true;
    take_recorded_context(walk, callee, caller);
    return AVD_STEP_OK;
}

/* A function without an entry changes neither rsp nor nonvolatile registers; it calls nothing, so
 * only what was executing can be one. */
static enum avd_step_result step_leaf(struct avd_walk *walk, const struct avd_frame *callee,
                                      size_t callee_index, struct avd_frame *caller,
                                      enum avd_walk_end *end)
{
    struct avd_x64_function function;
    struct avd_x64_image image;
    enum avd_x64_lookup found;

    (void)callee_index;
    if (!callee->exact || !walk->windows)
        return AVD_STEP_NO_INFO;
    found = avd_x64_find_function(walk, callee->pc, &image, &function);
    if (found != AVD_X64_NO_ENTRY && found != AVD_X64_NO_TABLE)
        return AVD_STEP_NO_INFO;
    if (!avd_walk_return(walk, &callee->regs, callee->sp, caller, end))
        return AVD_STEP_NO_INFO;
    caller->trust = AVD_TRUST_CFI;
    caller->method = AVD_METHOD_LEAF;
    /* Code that pushed something without saying so is no leaf, whatever the table lacks. */
    if (avd_walk_is_code(walk, caller->pc) && avd_walk_after_call(walk, caller->pc) == 0) {
        avd_walk_say(walk, end, AVD_END_NOT_CODE,
                     "0x%" PRIx64 " at 0x%" PRIx64 " (leaf) is not the return address of a call",
                     caller->pc, callee->sp);
        return AVD_STEP_NO_INFO;
    }
    return AVD_STEP_OK;
}

static bool is_part_of(const struct avd_walk *walk, uint64_t addr, uint64_t start)
{
    struct avd_walk quiet = *walk; /* what cannot be read here ends no stack */
    struct avd_x64_function part;
    struct avd_x64_function whole;
    struct avd_x64_image image;

    return avd_x64_find_function(&quiet, addr, &image, &part) == AVD_X64_FOUND &&
           avd_x64_find_function(&quiet, start, &image, &whole) == AVD_X64_FOUND &&
           image.base + whole.begin == start && part.begin != whole.begin &&
           avd_x64_same_function(&quiet, &image, &part, &whole);
}

static const struct avd_step_method methods[] = {
    {"bad_call", avd_step_bad_call},
    {"unwind_info", step_unwind_info},
    {"stack_cfi", avd_step_cfi},
    {"leaf", step_leaf},
    {"epilogue", avd_x64_step_ahead},
    {"prologue", avd_x64_step_behind},
    {"proc_frame", avd_x64_step_proc_frame},
    {"frame_pointer", avd_step_frame_pointer},
    {"scan", avd_step_scan},
};

const struct avd_cpu_ops avd_cpu_amd64 = {
    .name = "amd64",
    .pointer_size = 8,
    .address_mask = UINT64_C(0x00007fffffffffff),
    .read_context = avd_x64_read_context,
    .reg_names = reg_names,
    .volatile_regs = VOLATILE_REGS,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
    .is_part_of = is_part_of,
};
