/* SPDX-License-Identifier: MIT */
/* Walking: the input is a whole process (process.h), its stack, code and unwind data. */
#include "process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_process process;

    if (fuzz_process_parse(data, size, &process))
        (void)fuzz_process_walk(&process);
    return 0;
}
