/* SPDX-License-Identifier: MIT */
/*
 * What code bytes and modules say about an address: whether it can be code, whether a call
 * instruction ends there, and the call through a bad pointer, which those two questions undo.
 * Intel's manual, volume 2, CALL: E8, FF /2, FF /3 and (32-bit only) 9A.
 */
#include "stack/walk.h"

#include "base/view.h"

#include <inttypes.h>
#include <string.h>

enum {
    LONGEST_CALL = 7,     /* FF /2 with SIB and disp32, or 9A; prefixes need not be looked at */
    SMALLEST_HEADER = 512 /* a PE's headers are at least one FileAlignment long */
};

bool avd_walk_is_code(const struct avd_walk *walk, uint64_t addr)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;
    uint64_t base;
    uint32_t entry[3];
    int executable;

    if (addr == 0 || addr > walk->cpu->address_mask)
        return false;
    /* The call lies before the return address, and may be the last instruction of its section. */
    addr--;
    executable = env->executable(env->ctx, addr);
    if (executable == 1)
        return true;
    if (executable == 0)
        return false;
    if (env->module_at(env->ctx, addr, &module))
        return addr - module.base >= SMALLEST_HEADER;
    return env->dynamic_function != NULL && env->dynamic_function(env->ctx, addr, &base, entry);
}

size_t avd_walk_code_at(const struct avd_walk *walk, uint64_t addr, uint8_t *buffer, size_t size)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;
    size_t got;

    if (size == 0 || addr > UINT64_MAX - size)
        return 0;
    got = env->read(env->ctx, addr, buffer, size);
    if (got == 0 && env->module_at(env->ctx, addr, &module) && addr - module.base <= UINT32_MAX)
        got = env->read_image(env->ctx, module.id, (uint32_t)(addr - module.base), buffer, size);
    return got < size ? got : size;
}

size_t avd_walk_code(const struct avd_walk *walk, uint64_t addr, uint8_t *buffer, size_t size)
{
    /* Memory may begin anywhere in those bytes; what counts is the part next to `addr`. */
    for (; size != 0; size--) {
        if (addr >= size && avd_walk_code_at(walk, addr - size, buffer, size) == size)
            return size;
    }
    return 0;
}

/* The length of FF /2 or FF /3 with this ModRM and SIB byte; 0 when it is no call. */
static size_t indirect_call_length(uint8_t modrm, uint8_t sib)
{
    unsigned mod = modrm >> 6;
    unsigned op = modrm >> 3 & 7;
    unsigned rm = modrm & 7;
    size_t length = 2;

    if (op != 2 && op != 3)
        return 0;
    if (mod == 3)
        return op == 2 ? length : 0; /* a far call needs memory */
    if (rm == 4)
        length++;
    if (mod == 1)
        length += 1;
    else if (mod == 2 || rm == 5 || (rm == 4 && (sib & 7) == 5))
        length += 4;
    return length;
}

static uint64_t displaced(const struct avd_walk *walk, uint64_t addr, const uint8_t *displacement)
{
    uint32_t raw = avd_le32(displacement);
    uint64_t target = addr + raw;

    if ((raw & UINT32_C(0x80000000)) != 0)
        target -= UINT64_C(1) << 32;
    return walk->cpu->pointer_size == 4 ? target & UINT32_MAX : target;
}

/* A direct call leads to code: in data that only looks like one, its target rarely does. */
static bool target_possible(const struct avd_walk *walk, uint64_t target)
{
    return target != 0 && target <= walk->cpu->address_mask &&
           walk->env->executable(walk->env->ctx, target) != 0;
}

void avd_walk_call_before(const struct avd_walk *walk, uint64_t addr, struct avd_call *out)
{
    uint8_t bytes[LONGEST_CALL];
    size_t count = avd_walk_code(walk, addr, bytes, sizeof bytes);
    bool is_x86 = walk->cpu->pointer_size == 4;
    size_t length;

    memset(out, 0, sizeof *out);
    for (length = 2; length <= count; length++) {
        const uint8_t *p = &bytes[count - length];

        if (p[0] == 0xff && p[1] == 0x15 && length == 6) {
            out->has_slot = true;
            out->slot = is_x86 ? avd_le32(&p[2]) : displaced(walk, addr, &p[2]);
        } else if (p[0] == 0xff && indirect_call_length(p[1], length > 2 ? p[2] : 0) == length) {
            out->other = true;
        } else if (p[0] == 0xe8 && length == 5) {
            out->target = displaced(walk, addr, &p[1]);
            out->has_target = target_possible(walk, out->target);
        } else if (p[0] == 0x9a && length == 7 && is_x86) {
            out->other = true;
        }
    }
    /* mov edx, imm32; call edx or [edx]: Windows XP to 7 and 10; call fs:[C0h]: WOW64 before 10 */
    if (is_x86 && count == LONGEST_CALL)
        out->system =
            (bytes[0] == 0xba && bytes[5] == 0xff && (bytes[6] == 0xd2 || bytes[6] == 0x12)) ||
            (bytes[0] == 0x64 && out->has_slot && out->slot == 0xc0);
    if (out->has_target || out->has_slot || out->other)
        out->found = 1;
    else
        out->found = count < sizeof bytes ? -1 : 0;
}

int avd_walk_after_call(const struct avd_walk *walk, uint64_t addr)
{
    struct avd_call call;

    avd_walk_call_before(walk, addr, &call);
    return call.found;
}

int avd_walk_return_evidence(const struct avd_walk *walk, uint64_t addr)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;

    if (avd_walk_is_code(walk, addr))
        return avd_walk_after_call(walk, addr);
    return addr != 0 && addr <= walk->cpu->address_mask &&
           env->executable(env->ctx, addr - 1) == -1 &&
           !env->module_at(env->ctx, addr - 1, &module) && avd_walk_after_call(walk, addr) == 1;
}

enum avd_step_result avd_step_bad_call(struct avd_walk *walk, const struct avd_frame *callee,
                                       size_t callee_index, struct avd_frame *caller,
                                       enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_code_module module;
    uint64_t base;
    uint32_t entry[3];
    int executable;
    int after_call;

    (void)callee_index;
    if (!callee->exact)
        return AVD_STEP_NO_INFO;
    executable = env->executable(env->ctx, callee->pc);
    if (callee->pc != 0 && executable != 0 &&
        (executable == 1 || env->module_at(env->ctx, callee->pc, &module) ||
         (env->dynamic_function != NULL &&
          env->dynamic_function(env->ctx, callee->pc, &base, entry))))
        return AVD_STEP_NO_INFO;
    if (!avd_walk_return(walk, &callee->regs, callee->sp, caller, end))
        return AVD_STEP_NO_INFO;
    after_call = avd_walk_return_evidence(walk, caller->pc);
    if (after_call == 0) {
        avd_walk_say(walk, end, AVD_END_NOT_CODE,
                     "0x%" PRIx64 " is no code, and 0x%" PRIx64 " on top of the stack is not the "
                     "return address of a call",
                     callee->pc, caller->pc);
        return AVD_STEP_NO_INFO;
    }
    /* Without the bytes of the call, the address on top of the stack is only a good guess. */
    caller->trust = after_call == 1 ? AVD_TRUST_CFI : AVD_TRUST_SCAN;
    caller->method = AVD_METHOD_BAD_CALL;
    return AVD_STEP_OK;
}
