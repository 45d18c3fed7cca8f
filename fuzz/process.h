/* SPDX-License-Identifier: MIT */
/*
 * A process small enough to be made of a fuzzer's bytes: one image, one stack, some registers.
 * Every walk over it is checked for what must hold whatever the bytes are.
 */
#ifndef AVD_FUZZ_PROCESS_H
#define AVD_FUZZ_PROCESS_H

#include "stack/walk.h"

#define FUZZ_IMAGE UINT64_C(0x400000)
#define FUZZ_STACK UINT64_C(0x100000)

/*
 * An input: this header (numbers little-endian), the stack, and the image in the rest.
 *
 *   0  u8   flags
 *   1  u8   x86: bytes of locals / 4, x64: of frame / 8, of a function with symbols
 *   2  u16  pc, from FUZZ_IMAGE
 *   4  u16  sp, from FUZZ_STACK
 *   6  u16  fp, from FUZZ_STACK
 *   8  u16  exception directory: RVA
 *  10  u16  size
 *  12  u16  size of the stack
 *  14  u16  size of the code at the start of the image
 */
enum {
    FUZZ_HEADER = 16,
    FUZZ_X86 = 1,
    FUZZ_BOUNDS = 2, /* of the stack are known */
    FUZZ_SCAN = 4,   /* scanning is allowed */
    FUZZ_WINDOWS = 8,
    FUZZ_SECTIONS = 16, /* where code is, is known */
    FUZZ_DYNAMIC = 32,  /* no module; the first entry is one of a dynamic function table */
    FUZZ_SYMBOLS = 64,  /* frame data or S_FRAMEPROC, and where functions begin */
    FUZZ_SAMPLE_MAX = 2048
};

struct fuzz_process {
    const struct avd_cpu_ops *cpu;
    unsigned flags;
    uint32_t frame_size; /* bytes */
    const uint8_t *stack, *image;
    size_t stack_size, image_size, code_size;
    struct avd_pdata pdata;
    struct avd_regs regs;
    unsigned max_frames; /* 0: as many as a walk may have */
    unsigned long reads;
};

/* What a walk came to. */
struct fuzz_outcome {
    size_t frames;
    enum avd_walk_end end;
};

/* False when `data` is too short. *out points into it. */
bool fuzz_process_parse(const uint8_t *data, size_t size, struct fuzz_process *out);

/* Walks. A result that breaks a promise of the walk's is said on standard error and aborts. */
struct fuzz_outcome fuzz_process_walk(struct fuzz_process *p);

/* A sound process as an input: three functions deep; returns its size, at most FUZZ_SAMPLE_MAX. */
size_t fuzz_process_sample(bool x86, uint8_t out[FUZZ_SAMPLE_MAX]);

#endif
