/* SPDX-License-Identifier: MIT */
/*
 * What an x86 prologue does to the stack. Such functions have no unwind data, but where their start
 * is known, their first instructions tell how far above the stack pointer the return address lies
 * at least, which keeps what earlier calls left behind in the frame from being taken for it.
 * Encodings: Intel's manual, volume 2; forms as Microsoft's, GNU's and LLVM's compilers make them.
 */
#include "stack/prologue.h"

#include "base/view.h"
#include "stack/instruction.h"

#include <string.h>

enum {
    MAX_PROLOGUE = 96,      /* bytes read */
    MAX_FUNCTION = 8192,    /* bytes between the start and pc that are searched for another */
    MAX_SIZE = 1024 * 1024, /* a larger frame is none */
    CHUNK = 512,
    ALIGNMENT = 16
};

/* Instructions that prologues hold and that leave esp alone: their length, 0 when it is another. */
static uint64_t neutral_length(struct avd_view code, uint64_t at)
{
    struct avd_instruction in;
    struct avd_view rest;

    if (!avd_view_slice(code, at, code.size - at, &rest) ||
        !avd_decode_instruction(rest, false, &in) || in.map != 0 ||
        (avd_instruction_writes(&in) >> AVD_ESP & 1) != 0)
        return 0;
    switch (in.opcode) {
    case 0x31:
    case 0x33: /* xor */
    case 0x85: /* test */
    case 0x89:
    case 0x8b:
    case 0xa1:
    case 0xa3: /* mov */
    case 0xb8:
    case 0xb9:
    case 0xba:
    case 0xbb:
    case 0xbd:
    case 0xbe:
    case 0xbf: /* mov reg, imm */ return in.length;
    case 0x8d: /* lea */ return in.mod == 3 ? 0 : in.length;
    default: return 0;
    }
}

/* sub esp, imm8 or imm32: its length, and how much it reserves; 0 when it is another. */
static uint64_t reservation(struct avd_view code, uint64_t at, uint64_t *size)
{
    uint8_t op = avd_view_u8(code, at);

    if (avd_view_u8(code, at + 1) != 0xec)
        return 0;
    *size = op == 0x83 ? avd_view_u8(code, at + 2) : avd_view_u32(code, at + 2);
    if (op == 0x83 && *size < 0x80)
        return 3;
    return op == 0x81 && *size < MAX_SIZE ? 6 : 0;
}

void avd_walk_read_prologue(const struct avd_walk *walk, uint64_t start, uint64_t pc,
                            struct avd_prologue *out)
{
    uint8_t bytes[MAX_PROLOGUE];
    struct avd_view code = {bytes, 0, 0};
    uint64_t want = pc > start && pc - start < MAX_PROLOGUE ? pc - start : MAX_PROLOGUE;
    uint64_t at;
    unsigned saved = 0;

    memset(out, 0, sizeof *out);
    if (walk->cpu->pointer_size != 4 || pc < start)
        return;
    if (pc > start)
        code.size = avd_walk_code_at(walk, start, bytes, (size_t)want);
    at = avd_walk_hot_patch(code);
    if (avd_view_u32(code, at) == UINT32_C(0xfb1e0ff3)) /* endbr32 */
        at += 4;
    while (at < code.size) {
        uint8_t op = avd_view_u8(code, at);
        uint64_t more = 4;
        uint64_t length = 1;

        if (op == 0x53 || op == 0x55 || op == 0x56 || op == 0x57) {
            /* A second push of a saved register is an argument. */
            if ((saved >> (op & 7) & 1) != 0)
                break;
            saved |= 1u << (op & 7);
            if (op == 0x55) {
                out->saves_ebp = true;
                out->ebp_offset = out->size + 4;
            }
        } else {
            length = reservation(code, at, &more);
            if (length == 0) {
                more = 0;
                length = neutral_length(code, at);
            }
        }
        if (length == 0 || at + length > code.size)
            break;
        out->size += more;
        at += length;
    }
    out->whole = at == pc - start;
}

uint64_t avd_walk_prologue_size(const struct avd_walk *walk, uint64_t start, uint64_t pc)
{
    struct avd_prologue prologue;

    avd_walk_read_prologue(walk, start, pc, &prologue);
    return prologue.size;
}

/* Whether a function may begin where `code` ends: behind padding, or what lets none go on. */
static bool may_begin(const uint8_t code[ALIGNMENT])
{
    static const struct {
        uint8_t size, bytes[8];
    } nops[] = {
        {1, {0xcc}},
        {1, {0x90}},
        {3, {0x8d, 0x76, 0}},
        {4, {0x8d, 0x74, 0x26, 0}},
        {6, {0x8d, 0xb6, 0, 0, 0, 0}},
        {7, {0x8d, 0xb4, 0x26, 0, 0, 0, 0}},
        {3, {0x0f, 0x1f, 0}},
        {4, {0x0f, 0x1f, 0x40, 0}},
        {5, {0x0f, 0x1f, 0x44, 0, 0}},
        {7, {0x0f, 0x1f, 0x80, 0, 0, 0, 0}},
        {8, {0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}},
    };
    const uint8_t *end = &code[ALIGNMENT];
    size_t i;

    for (i = 0; i < sizeof nops / sizeof nops[0]; i++)
        if (memcmp(end - nops[i].size, nops[i].bytes, nops[i].size) == 0)
            return true;
    /* ret, ret imm16, jmp rel8, jmp and call rel32 */
    return end[-1] == 0xc3 || end[-3] == 0xc2 || end[-2] == 0xeb || end[-5] == 0xe9 ||
           end[-5] == 0xe8;
}

/* Whether no function can begin behind `start` up to `pc`. */
static bool is_unbroken(const struct avd_walk *walk, uint64_t start, uint64_t pc)
{
    uint8_t bytes[CHUNK];
    uint64_t at = start / ALIGNMENT * ALIGNMENT;
    uint64_t end = pc / ALIGNMENT * ALIGNMENT;

    if (pc - start > MAX_FUNCTION)
        return false;
    while (at < end) {
        size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        size_t i;

        if (!avd_walk_spend(walk) || avd_walk_code_at(walk, at, bytes, want) != want)
            return false;
        for (i = 0; i < want; i += ALIGNMENT)
            if (may_begin(&bytes[i]))
                return false;
        at += want;
    }
    return true;
}

bool avd_walk_frame_size(const struct avd_walk *walk, const struct avd_frame *frame, uint64_t *size)
{
    const struct avd_walk_env *env = walk->env;
    uint64_t pc = avd_walk_lookup(frame);
    uint64_t start;

    *size = 0;
    if (frame->exact || walk->cpu->pointer_size != 4 || env->function_start == NULL ||
        !env->function_start(env->ctx, pc, &start) || start > pc || !is_unbroken(walk, start, pc))
        return false;
    *size = avd_walk_prologue_size(walk, start, pc);
    return true;
}
