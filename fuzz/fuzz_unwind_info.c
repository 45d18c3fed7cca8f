/* SPDX-License-Identifier: MIT */
/*
 * x64 unwind data: the input is a process (process.h), of whose functions one instruction in
 * STEP was interrupted in turn, as a module's and as a dynamic function table's.
 */
#include "process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MAX_BYTES = 512,
    STEP = 21,     /* no multiple of what functions and instructions are aligned to */
    MAX_FRAMES = 3 /* whoever walks further is fuzz_walk */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_process process;
    uint64_t pc;

    if (!fuzz_process_parse(data, size, &process))
        return 0;
    process.cpu = &avd_cpu_amd64;
    process.max_frames = MAX_FRAMES;
    process.flags &= ~(unsigned)(FUZZ_X86 | FUZZ_SCAN);
    for (pc = 0; pc < process.image_size && pc < MAX_BYTES; pc += STEP) {
        process.regs.value[AVD_RIP] = FUZZ_IMAGE + pc;
        process.reads = 0;
        (void)fuzz_process_walk(&process);
        process.flags ^= FUZZ_DYNAMIC;
    }
    return 0;
}
