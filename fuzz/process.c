/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "base/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_FRAMES = 48,
    START_FRAMES = 2,        /* the thread's start may be added to a walk that got stuck */
    MAX_READS = 400 * 1000,  /* of memory and image, in one walk */
    FUNCTION_ALIGNMENT = 64, /* where functions begin, for FUZZ_SYMBOLS */
    CODE = 0x200             /* of the sample */
};

static size_t read_piece(const uint8_t *piece, size_t piece_size, uint64_t at, void *buffer,
                         size_t size)
{
    if (at >= piece_size)
        return 0;
    if (size > piece_size - at)
        size = piece_size - (size_t)at;
    memcpy(buffer, piece + at, size);
    return size;
}

static size_t read_memory(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    struct fuzz_process *p = ctx;

    p->reads++;
    if (addr - FUZZ_STACK < p->stack_size)
        return read_piece(p->stack, p->stack_size, addr - FUZZ_STACK, buffer, size);
    return read_piece(p->image, p->image_size, addr - FUZZ_IMAGE, buffer, size);
}

static bool module_at(void *ctx, uint64_t addr, struct avd_code_module *out)
{
    const struct fuzz_process *p = ctx;

    out->id = 0;
    out->base = FUZZ_IMAGE;
    out->size = p->image_size;
    return (p->flags & FUZZ_DYNAMIC) == 0 && addr - FUZZ_IMAGE < p->image_size;
}

static size_t read_image(void *ctx, size_t module, uint32_t rva, void *buffer, size_t size)
{
    struct fuzz_process *p = ctx;

    (void)module;
    p->reads++;
    return read_piece(p->image, p->image_size, rva, buffer, size);
}

static int get_pdata(void *ctx, size_t module, struct avd_pdata *out)
{
    const struct fuzz_process *p = ctx;

    (void)module;
    *out = p->pdata;
    return p->pdata.size == UINT16_MAX ? -1 : p->pdata.size != 0;
}

static int executable(void *ctx, uint64_t addr)
{
    const struct fuzz_process *p = ctx;

    return (p->flags & FUZZ_SECTIONS) == 0 ? -1 : addr - FUZZ_IMAGE < p->code_size;
}

static bool dynamic_function(void *ctx, uint64_t addr, uint64_t *base, uint32_t entry[3])
{
    struct fuzz_process *p = ctx;
    uint8_t bytes[12] = {0};
    unsigned i;

    if ((p->flags & FUZZ_DYNAMIC) == 0 ||
        read_image(p, 0, p->pdata.rva, bytes, sizeof bytes) != sizeof bytes)
        return false;
    for (i = 0; i < 3; i++)
        entry[i] = avd_le32(&bytes[4 * i]);
    *base = FUZZ_IMAGE;
    return addr - FUZZ_IMAGE >= entry[0] && addr - FUZZ_IMAGE < entry[1];
}

static bool function_start(void *ctx, uint64_t addr, uint64_t *start)
{
    const struct fuzz_process *p = ctx;

    *start = addr - addr % FUNCTION_ALIGNMENT;
    return (p->flags & FUZZ_SYMBOLS) != 0 && addr - FUZZ_IMAGE < p->image_size;
}

static bool frame_data(void *ctx, uint64_t addr, struct avd_frame_data *out, uint64_t *module_base)
{
    const struct fuzz_process *p = ctx;

    memset(out, 0, sizeof *out);
    *module_base = FUZZ_IMAGE;
    out->rva = (addr - FUZZ_IMAGE) / FUNCTION_ALIGNMENT * FUNCTION_ALIGNMENT;
    out->code_size = FUNCTION_ALIGNMENT;
    out->locals_size = p->frame_size;
    out->saved_regs_size = 4;
    out->parameter_size = p->frame_size / 2;
    if (out->rva / FUNCTION_ALIGNMENT % 2 == 0)
        out->program = "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + = $ebp $T0 4 - ^ =";
    return addr - FUZZ_IMAGE < p->image_size;
}

static bool proc_frame(void *ctx, uint64_t addr, struct avd_proc_frame *out, uint64_t *module_base)
{
    const struct fuzz_process *p = ctx;

    memset(out, 0, sizeof *out);
    *module_base = FUZZ_IMAGE;
    out->function_rva = (addr - FUZZ_IMAGE) / FUNCTION_ALIGNMENT * FUNCTION_ALIGNMENT;
    out->function_size = FUNCTION_ALIGNMENT;
    out->frame_size = p->frame_size;
    out->saved_regs_size = 8;
    return addr - FUZZ_IMAGE < p->image_size;
}

bool fuzz_process_parse(const uint8_t *data, size_t size, struct fuzz_process *out)
{
    struct avd_view v = {data, size, 0};

    if (size < FUZZ_HEADER)
        return false;
    memset(out, 0, sizeof *out);
    out->flags = data[0];
    out->cpu = (data[0] & FUZZ_X86) != 0 ? &avd_cpu_x86 : &avd_cpu_amd64;
    out->frame_size = data[1] * (uint32_t)out->cpu->pointer_size;
    out->pdata.rva = avd_view_u16(v, 8);
    out->pdata.size = avd_view_u16(v, 10);
    out->stack = data + FUZZ_HEADER;
    out->stack_size = avd_view_u16(v, 12);
    if (out->stack_size > size - FUZZ_HEADER)
        out->stack_size = size - FUZZ_HEADER;
    out->image = out->stack + out->stack_size;
    out->image_size = size - FUZZ_HEADER - out->stack_size;
    out->code_size = avd_view_u16(v, 14);
    avd_reg_set(&out->regs, AVD_RIP, FUZZ_IMAGE + avd_view_u16(v, 2));
    avd_reg_set(&out->regs, AVD_RSP, FUZZ_STACK + avd_view_u16(v, 4));
    avd_reg_set(&out->regs, AVD_RBP, FUZZ_STACK + avd_view_u16(v, 6));
    avd_reg_set(&out->regs, AVD_RBX, FUZZ_STACK + avd_view_u16(v, 6) / 2);
    return true;
}

static void broken(const char *promise, const struct avd_stack *stack, size_t frame)
{
    size_t i;

    (void)fprintf(stderr, "frame %zu of %zu: %s; the walk ended with \"%s\": %s\n", frame,
                  stack->count, promise, avd_walk_end_name(stack->end),
                  stack->end_detail == NULL ? "" : stack->end_detail);
    for (i = 0; i < stack->count; i++)
        (void)fprintf(stderr, "  pc 0x%" PRIx64 " sp 0x%" PRIx64 " by %s\n", stack->frames[i].pc,
                      stack->frames[i].sp, avd_method_name(stack->frames[i].method));
    abort();
}

static void check(const struct fuzz_process *p, const struct avd_walk *w,
                  const struct avd_stack *stack)
{
    size_t i;

    if (stack->count == 0 || stack->count > MAX_FRAMES + START_FRAMES)
        broken("the ceiling on frames is not kept", stack, 0);
    if (stack->end == AVD_END_NONE || stack->end_detail == NULL || stack->end_detail[0] == '\0')
        broken("it is not said why the walk ended", stack, 0);
    if (p->reads > MAX_READS)
        broken("too much was read", stack, 0);
    for (i = 1; i < stack->count; i++) {
        /* As sp grows, nothing can come twice. */
        if (stack->frames[i].sp <= stack->frames[i - 1].sp)
            broken("the stack pointer does not grow", stack, i);
        if (w->stack_high != 0 && stack->frames[0].sp >= w->stack_low &&
            stack->frames[0].sp < w->stack_high && stack->frames[i].sp > w->stack_high)
            broken("the stack was left", stack, i);
        if (stack->frames[i].trust == AVD_TRUST_NONE || stack->frames[i].method == AVD_METHOD_NONE)
            broken("it is not said how the frame was found", stack, i);
        if (!avd_reg_known(&stack->frames[i].regs, AVD_RIP) ||
            !avd_reg_known(&stack->frames[i].regs, AVD_RSP))
            broken("a frame without pc or sp", stack, i);
    }
}

struct fuzz_outcome fuzz_process_walk(struct fuzz_process *p)
{
    bool symbols = (p->flags & FUZZ_SYMBOLS) != 0;
    struct avd_walk_env env = {.ctx = p,
                               .read = read_memory,
                               .module_at = module_at,
                               .read_image = read_image,
                               .pdata = get_pdata,
                               .executable = executable,
                               .dynamic_function = dynamic_function,
                               .function_start = function_start,
                               .frame_data = symbols ? frame_data : NULL,
                               .proc_frame = symbols ? proc_frame : NULL};
    struct avd_arena arena = {0};
    struct fuzz_outcome outcome;
    struct avd_stack stack;
    struct avd_walk w;

    memset(&w, 0, sizeof w);
    w.cpu = p->cpu;
    w.env = &env;
    w.arena = &arena;
    w.max_frames = p->max_frames != 0 ? p->max_frames : MAX_FRAMES;
    w.allow_scan = (p->flags & FUZZ_SCAN) != 0;
    w.windows = (p->flags & FUZZ_WINDOWS) != 0;
    if ((p->flags & FUZZ_BOUNDS) != 0) {
        w.stack_low = FUZZ_STACK;
        w.stack_high = FUZZ_STACK + p->stack_size;
    }
    if (!avd_walk_stack(&w, &p->regs, &stack)) {
        (void)fprintf(stderr, "out of memory\n");
        abort();
    }
    check(p, &w, &stack);
    outcome.frames = stack.count;
    outcome.end = stack.end;
    avd_arena_deinit(&arena);
    return outcome;
}

/* ---- the sample ---- */

struct sample {
    uint8_t *bytes;
    size_t image; /* offset of the image in `bytes` */
    size_t word;  /* of the CPU */
};

static void put(struct sample *s, size_t at, uint64_t value, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        s->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_stack(struct sample *s, size_t offset, uint64_t value)
{
    put(s, FUZZ_HEADER + offset, value, s->word);
}

static void put_image(struct sample *s, size_t rva, const char *bytes, size_t size)
{
    memcpy(s->bytes + s->image + rva, bytes, size);
}

/* A RUNTIME_FUNCTION. */
static void put_entry(struct sample *s, size_t rva, uint32_t begin, uint32_t end, uint32_t unwind)
{
    put(s, s->image + rva, begin, 4);
    put(s, s->image + rva + 4, end, 4);
    put(s, s->image + rva + 8, unwind, 4);
}

/* main calls middle, which calls inner; inner is being executed in a part that is chained to it. */
static void make_x64(struct sample *s)
{
    static const char main_code[] = "\x48\x83\xec\x28\xe8\x37\x00\x00\x00\x90\x48\x83\xc4\x28\xc3";
    static const char middle_code[] =
        "\x53\x48\x83\xec\x30\xe8\x36\x00\x00\x00\x90\x48\x83\xc4\x30\x5b\xc3";
    static const char inner_code[] =
        "\x55\x48\x83\xec\x40\x48\x8d\x6c\x24\x20\xeb\x34\x90\x90\x90\x90";
    static const char part_code[] = "\x48\x89\x5d\x10\x90\x48\x8d\x65\x20\x5d\xc3";
    static const char main_info[] = "\x01\x04\x01\x00\x04\x42\x00\x00";
    static const char middle_info[] = "\x01\x05\x02\x00\x05\x52\x01\x30";
    static const char inner_info[] = "\x01\x0a\x03\x25\x0a\x03\x05\x72\x01\x50\x00\x00";
    static const char part_info[] = "\x21\x04\x02\x25\x04\x34\x06\x00";
    static const char interrupt_info[] = "\x02\x02\x04\x00\x01\x16\x00\x06\x02\x30\x00\x0a";

    put_image(s, 0x00, main_code, sizeof main_code - 1);
    put_image(s, 0x40, middle_code, sizeof middle_code - 1);
    put_image(s, 0x80, inner_code, sizeof inner_code - 1);
    put_image(s, 0xc0, part_code, sizeof part_code - 1);
    put_entry(s, CODE, 0x00, 0x0f, 0x280);
    put_entry(s, CODE + 12, 0x40, 0x51, 0x288);
    put_entry(s, CODE + 24, 0x80, 0x90, 0x290);
    put_entry(s, CODE + 36, 0xc0, 0xcb, 0x2a0);
    put_entry(s, CODE + 48, 0x100, 0x110, 0x2c0);
    put_image(s, 0x280, main_info, sizeof main_info - 1);
    put_image(s, 0x288, middle_info, sizeof middle_info - 1);
    put_image(s, 0x290, inner_info, sizeof inner_info - 1);
    put_image(s, 0x2a0, part_info, sizeof part_info - 1);
    put_entry(s, 0x2a8, 0x80, 0x90, 0x290);
    put_image(s, 0x2c0, interrupt_info, sizeof interrupt_info - 1);
    put_stack(s, 0x130, 0xb); /* rbx that the part saved */
    put_stack(s, 0x140, 0);   /* inner's rbp */
    put_stack(s, 0x148, FUZZ_IMAGE + 0x4a);
    put_stack(s, 0x180, 0xbb); /* middle's rbx */
    put_stack(s, 0x188, FUZZ_IMAGE + 0x09);
    put_stack(s, 0x1b8, 0); /* main returns to nobody */
    put(s, 2, 0xc4, 2);
    put(s, 4, 0x100, 2);
    put(s, 6, 0x120, 2);
    put(s, 8, CODE, 2);
    put(s, 10, 60, 2);
}

/* The same three with EBP frames. */
static void make_x86(struct sample *s)
{
    static const char caller_code[] = "\x55\x89\xe5\x83\xec\x20\xe8\x35\x00\x00\x00\x90\xc9\xc3";
    static const char inner_code[] = "\x55\x89\xe5\x83\xec\x20\x90\x90\xc9\xc3";

    put_image(s, 0x00, caller_code, sizeof caller_code - 1);
    put_image(s, 0x40, caller_code, sizeof caller_code - 1);
    put_image(s, 0x80, inner_code, sizeof inner_code - 1);
    put_stack(s, 0x120, FUZZ_STACK + 0x148);
    put_stack(s, 0x124, FUZZ_IMAGE + 0x4b);
    put_stack(s, 0x148, FUZZ_STACK + 0x170);
    put_stack(s, 0x14c, FUZZ_IMAGE + 0x0b);
    put_stack(s, 0x170, 0);
    put_stack(s, 0x174, 0);
    put(s, 2, 0x86, 2);
    put(s, 4, 0x100, 2);
    put(s, 6, 0x120, 2);
}

size_t fuzz_process_sample(bool x86, uint8_t out[FUZZ_SAMPLE_MAX])
{
    const size_t stack_size = 0x200;
    const size_t image_size = 0x300;
    struct sample s = {out, FUZZ_HEADER + stack_size, x86 ? 4 : 8};

    memset(out, 0, FUZZ_SAMPLE_MAX);
    out[0] =
        (uint8_t)(FUZZ_BOUNDS | FUZZ_SCAN | FUZZ_WINDOWS | FUZZ_SECTIONS | (x86 ? FUZZ_X86 : 0));
    out[1] = 8;
    put(&s, 12, stack_size, 2);
    put(&s, 14, CODE, 2);
    if (x86)
        make_x86(&s);
    else
        make_x64(&s);
    return s.image + image_size;
}
