/* SPDX-License-Identifier: MIT */
/*
 * A process made by hand for tests of stack walking: a few pieces of memory, modules with a code
 * section and perhaps unwind data, and a walk that is ready to run. Failing to set one up is a
 * test's own mistake and aborts.
 */
#ifndef AVD_TESTS_FAKE_PROCESS_H
#define AVD_TESTS_FAKE_PROCESS_H

#include "stack/walk.h"

enum { FAKE_PIECES = 16, FAKE_PIECE_SIZE = 0x4000, FAKE_MODULES = 4, FAKE_STARTS = 4 };

struct fake_piece {
    uint64_t addr;
    size_t size;
    bool image_only; /* seen by read_image, not by read */
    uint8_t bytes[FAKE_PIECE_SIZE];
};

struct fake_module {
    uint64_t base, size;
    uint32_t text_rva, text_size; /* executable; the rest is not */
    bool sections_known;          /* otherwise executable() says -1 */
    int pdata_state;              /* as the pdata callback returns it */
    struct avd_pdata pdata;
    enum avd_module_role role;
};

struct fake_process {
    struct fake_piece pieces[FAKE_PIECES];
    size_t piece_count;
    struct fake_module modules[FAKE_MODULES];
    size_t module_count;
    bool has_dynamic; /* one dynamic function */
    uint64_t dynamic_base;
    uint32_t dynamic_entry[3];
    uint64_t jit_start, jit_end;  /* executable memory outside modules */
    uint64_t starts[FAKE_STARTS]; /* of functions that symbols know; 0: none */
    unsigned long reads;          /* calls of read and read_image */
    struct avd_walk_env env;
    struct avd_arena arena;
    struct avd_walk walk;
    struct avd_stack stack; /* the result of fake_walk */
};

struct fake_process *fake_new(const struct avd_cpu_ops *cpu);
void fake_free(struct fake_process *p);

void fake_map(struct fake_process *p, uint64_t addr, size_t size);
/* A module whose code is [base + 0x1000, base + 0x3000), without memory; its exception directory is
 * "none" until fake_pdata. */
struct fake_module *fake_module(struct fake_process *p, uint64_t base, uint64_t size);
void fake_u64(struct fake_process *p, uint64_t addr, uint64_t value);
void fake_u32(struct fake_process *p, uint64_t addr, uint32_t value);
void fake_bytes(struct fake_process *p, uint64_t addr, const void *bytes, size_t size);
/* call eax or rax ending at `addr`: it may lead anywhere. */
void fake_call_before(struct fake_process *p, uint64_t addr);
/* call rel32 ending at `addr`. */
void fake_call_to(struct fake_process *p, uint64_t addr, uint64_t target);

/* One RUNTIME_FUNCTION at `addr`. */
void fake_entry(struct fake_process *p, uint64_t addr, uint32_t begin, uint32_t end,
                uint32_t unwind);

/*
 * x64: module 0 at FAKE_IMAGE with code, table, unwind data and a stack in memory, and the
 * function FAKE_CALLER that calls at FAKE_RETURN; it has no frame, so its own return address lies
 * at its stack pointer.
 */
#define FAKE_IMAGE  UINT64_C(0x140000000)
#define FAKE_CALLER 0x2000u /* RVA, to 0x2100 */
#define FAKE_RETURN (FAKE_IMAGE + 0x2040)
#define FAKE_STACK  UINT64_C(0x10000) /* 0x2000 bytes */
struct fake_process *fake_new_x64(void);
/* Appends to module 0's table, in the order of `begin`, and stores the UNWIND_INFO. */
void fake_function(struct fake_process *p, uint32_t begin, uint32_t end, uint32_t unwind,
                   const void *info, size_t size);

/* Walks from pc and sp, with the other registers of `regs` when it is not NULL. */
const struct avd_stack *fake_walk(struct fake_process *p, uint64_t pc, uint64_t sp,
                                  const struct avd_regs *regs);

#endif
