/* SPDX-License-Identifier: MIT */
#include "support/fake_process.h"

#include <stdlib.h>
#include <string.h>

static size_t read_pieces(struct fake_process *p, uint64_t addr, uint8_t *out, size_t size,
                          bool image)
{
    size_t done = 0;
    size_t i = 0;

    p->reads++;
    while (done < size && i < p->piece_count) {
        const struct fake_piece *piece = &p->pieces[i];

        if (addr + done - piece->addr < piece->size && (image || !piece->image_only)) {
            out[done] = piece->bytes[addr + done - piece->addr];
            done++;
            i = 0;
        } else {
            i++;
        }
    }
    return done;
}

static size_t fake_read(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    return read_pieces(ctx, addr, buffer, size, false);
}

static size_t fake_read_image(void *ctx, size_t module, uint32_t rva, void *buffer, size_t size)
{
    struct fake_process *p = ctx;

    return read_pieces(p, p->modules[module].base + rva, buffer, size, true);
}

static bool fake_module_at(void *ctx, uint64_t addr, struct avd_code_module *out)
{
    struct fake_process *p = ctx;
    size_t i;

    for (i = 0; i < p->module_count; i++) {
        if (addr - p->modules[i].base < p->modules[i].size) {
            out->id = i;
            out->base = p->modules[i].base;
            out->size = p->modules[i].size;
            return true;
        }
    }
    return false;
}

static int fake_pdata(void *ctx, size_t module, struct avd_pdata *out)
{
    struct fake_process *p = ctx;

    *out = p->modules[module].pdata;
    return p->modules[module].pdata_state;
}

static int fake_executable(void *ctx, uint64_t addr)
{
    struct fake_process *p = ctx;
    struct avd_code_module module;
    const struct fake_module *m;

    if (!fake_module_at(p, addr, &module))
        return p->jit_end == 0 ? -1 : addr >= p->jit_start && addr < p->jit_end;
    m = &p->modules[module.id];
    return m->sections_known ? addr - m->base - m->text_rva < m->text_size : -1;
}

static bool fake_dynamic(void *ctx, uint64_t addr, uint64_t *base, uint32_t entry[3])
{
    struct fake_process *p = ctx;

    if (!p->has_dynamic || addr - p->dynamic_base < p->dynamic_entry[0] ||
        addr - p->dynamic_base >= p->dynamic_entry[1])
        return false;
    *base = p->dynamic_base;
    memcpy(entry, p->dynamic_entry, sizeof p->dynamic_entry);
    return true;
}

static bool fake_function_start(void *ctx, uint64_t addr, uint64_t *start)
{
    const struct fake_process *p = ctx;
    size_t i;

    *start = 0;
    for (i = 0; i < FAKE_STARTS; i++)
        if (p->starts[i] != 0 && p->starts[i] <= addr && p->starts[i] > *start)
            *start = p->starts[i];
    return *start != 0;
}

static enum avd_module_role fake_role(void *ctx, size_t module)
{
    const struct fake_process *p = ctx;

    return p->modules[module].role;
}

struct fake_process *fake_new(const struct avd_cpu_ops *cpu)
{
    struct fake_process *p = calloc(1, sizeof *p);

    if (p == NULL)
        abort();
    p->env.ctx = p;
    p->env.read = fake_read;
    p->env.module_at = fake_module_at;
    p->env.read_image = fake_read_image;
    p->env.pdata = fake_pdata;
    p->env.executable = fake_executable;
    p->env.dynamic_function = fake_dynamic;
    p->env.function_start = fake_function_start;
    p->env.module_role = fake_role;
    p->walk.cpu = cpu;
    p->walk.env = &p->env;
    p->walk.arena = &p->arena;
    p->walk.allow_scan = true;
    p->walk.windows = true;
    return p;
}

void fake_free(struct fake_process *p)
{
    avd_arena_deinit(&p->arena);
    free(p);
}

void fake_map(struct fake_process *p, uint64_t addr, size_t size)
{
    if (p->piece_count == FAKE_PIECES || size > FAKE_PIECE_SIZE)
        abort();
    p->pieces[p->piece_count].addr = addr;
    p->pieces[p->piece_count].size = size;
    p->piece_count++;
}

struct fake_module *fake_module(struct fake_process *p, uint64_t base, uint64_t size)
{
    struct fake_module *m;

    if (p->module_count == FAKE_MODULES)
        abort();
    m = &p->modules[p->module_count++];
    m->base = base;
    m->size = size;
    m->text_rva = 0x1000;
    m->text_size = 0x2000;
    m->sections_known = true;
    return m;
}

void fake_bytes(struct fake_process *p, uint64_t addr, const void *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < p->piece_count; i++) {
        struct fake_piece *piece = &p->pieces[i];

        if (addr - piece->addr < piece->size && size <= piece->size - (addr - piece->addr)) {
            memcpy(&piece->bytes[addr - piece->addr], bytes, size);
            return;
        }
    }
    abort();
}

static void put(struct fake_process *p, uint64_t addr, uint64_t value, size_t size)
{
    uint8_t bytes[8];
    size_t i;

    for (i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    fake_bytes(p, addr, bytes, size);
}

void fake_u64(struct fake_process *p, uint64_t addr, uint64_t value)
{
    put(p, addr, value, 8);
}

void fake_u32(struct fake_process *p, uint64_t addr, uint32_t value)
{
    put(p, addr, value, 4);
}

void fake_call_before(struct fake_process *p, uint64_t addr)
{
    static const uint8_t call[] = {0x90, 0x90, 0x90, 0xff, 0xd0};

    fake_bytes(p, addr - sizeof call, call, sizeof call);
}

void fake_call_to(struct fake_process *p, uint64_t addr, uint64_t target)
{
    static const uint8_t call[] = {0xe8};

    fake_bytes(p, addr - 5, call, sizeof call);
    fake_u32(p, addr - 4, (uint32_t)(target - addr));
}

void fake_entry(struct fake_process *p, uint64_t addr, uint32_t begin, uint32_t end,
                uint32_t unwind)
{
    fake_u32(p, addr, begin);
    fake_u32(p, addr + 4, end);
    fake_u32(p, addr + 8, unwind);
}

void fake_function(struct fake_process *p, uint32_t begin, uint32_t end, uint32_t unwind,
                   const void *info, size_t size)
{
    struct fake_module *m = &p->modules[0];
    uint64_t at = m->base + m->pdata.rva;
    uint32_t left = m->pdata.size;
    uint8_t entry[12];

    /* Later entries move up: the table stays sorted. */
    for (; left != 0; left -= 12) {
        (void)read_pieces(p, at + left - 12, entry, sizeof entry, true);
        if ((entry[0] | (uint32_t)entry[1] << 8 | (uint32_t)entry[2] << 16) <= begin)
            break;
        fake_bytes(p, at + left, entry, sizeof entry);
    }
    fake_entry(p, at + left, begin, end, unwind);
    m->pdata.size += 12;
    if (size != 0)
        fake_bytes(p, m->base + (unwind & ~UINT32_C(1)), info, size);
}

struct fake_process *fake_new_x64(void)
{
    static const uint8_t frameless[] = {1, 0, 0, 0};
    struct fake_process *p = fake_new(&avd_cpu_amd64);
    struct fake_module *m = fake_module(p, FAKE_IMAGE, 0x10000);

    fake_map(p, FAKE_IMAGE + 0x1000, 0x2000); /* code */
    fake_map(p, FAKE_IMAGE + 0x4000, 0x1000); /* table */
    fake_map(p, FAKE_IMAGE + 0x5000, 0x1000); /* unwind data */
    fake_map(p, FAKE_STACK, 0x2000);
    m->pdata_state = 1;
    m->pdata.rva = 0x4000;
    fake_function(p, FAKE_CALLER, FAKE_CALLER + 0x100, 0x5f00, frameless, sizeof frameless);
    fake_call_before(p, FAKE_RETURN);
    return p;
}

const struct avd_stack *fake_walk(struct fake_process *p, uint64_t pc, uint64_t sp,
                                  const struct avd_regs *regs)
{
    struct avd_regs start = {{0}, 0};

    if (regs != NULL)
        start = *regs;
    avd_reg_set(&start, AVD_RIP, pc);
    avd_reg_set(&start, AVD_RSP, sp);
    if (!avd_walk_stack(&p->walk, &start, &p->stack))
        abort();
    return &p->stack;
}
