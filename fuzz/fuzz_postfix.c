/* SPDX-License-Identifier: MIT */
/*
 * Frame-data programs and STACK CFI rules: the input is both a program and rules, for both CPUs,
 * over a stack that holds addresses of itself and of code.
 */
#include "stack/postfix.h"

#include "base/memory.h"

#include <string.h>

enum { STACK = 0x10000, STACK_SIZE = 0x1000, CODE = 0x400000, CODE_SIZE = 0x10000 };
enum { MAX_FRAMES = 6 }; /* one program for all of them: what it does shows in the first */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *rules_text;
static uint8_t stack_bytes[STACK_SIZE];

static size_t read_memory(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    uint64_t at = addr - STACK;

    (void)ctx;
    if (at >= STACK_SIZE)
        return 0;
    if (size > STACK_SIZE - at)
        size = STACK_SIZE - (size_t)at;
    memcpy(buffer, stack_bytes + at, size);
    return size;
}

/* Frame pointers and return addresses by turns. */
static void fill_stack(size_t word_size)
{
    size_t i;

    for (i = 0; i < STACK_SIZE; i++) {
        uint64_t word = i / word_size;
        uint64_t value = word % 2 == 1 ? CODE + 0x2000 : STACK + (word + 8) * word_size;

        stack_bytes[i] = (uint8_t)(value >> 8 * (i % word_size));
    }
}

static bool module_at(void *ctx, uint64_t addr, struct avd_code_module *out)
{
    (void)ctx;
    out->id = 0;
    out->base = CODE;
    out->size = CODE_SIZE;
    return addr - CODE < CODE_SIZE;
}

static size_t read_image(void *ctx, size_t module, uint32_t rva, void *buffer, size_t size)
{
    (void)ctx;
    (void)module;
    (void)rva;
    (void)buffer;
    (void)size;
    return 0;
}

static int pdata(void *ctx, size_t module, struct avd_pdata *out)
{
    (void)ctx;
    (void)module;
    memset(out, 0, sizeof *out);
    return -1;
}

static int executable(void *ctx, uint64_t addr)
{
    (void)ctx;
    return addr - CODE < CODE_SIZE ? 1 : -1;
}

static bool frame_data(void *ctx, uint64_t addr, struct avd_frame_data *out, uint64_t *module_base)
{
    (void)ctx;
    memset(out, 0, sizeof *out);
    *module_base = CODE;
    out->code_size = CODE_SIZE;
    out->locals_size = 8;
    out->program = rules_text;
    return addr - CODE < CODE_SIZE;
}

static bool cfi(void *ctx, uint64_t addr, const char **rules)
{
    (void)ctx;
    *rules = rules_text;
    return addr - CODE < CODE_SIZE;
}

static void walk(const struct avd_cpu_ops *cpu, bool with_cfi)
{
    struct avd_walk_env env = {.read = read_memory,
                               .module_at = module_at,
                               .read_image = read_image,
                               .pdata = pdata,
                               .executable = executable};
    struct avd_arena arena = {0};
    struct avd_regs regs = {{0}, 0};
    struct avd_walk w;
    struct avd_stack stack;

    if (with_cfi)
        env.cfi = cfi;
    else
        env.frame_data = frame_data;
    memset(&w, 0, sizeof w);
    w.cpu = cpu;
    w.env = &env;
    w.arena = &arena;
    w.windows = true;
    w.max_frames = MAX_FRAMES;
    avd_reg_set(&regs, AVD_RIP, CODE + 0x1000);
    avd_reg_set(&regs, AVD_RSP, STACK + 0x40);
    avd_reg_set(&regs, AVD_RBP, STACK + 0x100);
    (void)avd_walk_stack(&w, &regs, &stack);
    avd_arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = avd_mem_calloc(size + 1, 1);

    if (text == NULL)
        return 0;
    if (size != 0)
        memcpy(text, data, size);
    rules_text = text;
    fill_stack(4);
    walk(&avd_cpu_x86, false);
    walk(&avd_cpu_x86, true);
    fill_stack(8);
    walk(&avd_cpu_amd64, true);
    avd_mem_free(text);
    return 0;
}
