/* SPDX-License-Identifier: MIT */
#include "support/oracle.h"

#include "base/file.h"
#include "base/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_KEPT = 8 * 1024 * 1024, TEXT_MAX = 64 * 1024 * 1024 };

static const char *const amd64_names[AVD_REG_COUNT] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                       "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                       "r12", "r13", "r14", "r15", "rip"};
static const char *const x86_names[AVD_REG_COUNT] = {
    "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "", "", "", "", "", "", "", "", "eip"};

static void fail(const char *what, const char *where)
{
    (void)fprintf(stderr, "recording: %s: %.60s\n", what, where);
    abort();
}

static uint64_t hex(char **at)
{
    char *end;
    uint64_t value = strtoull(*at, &end, 16);

    if (end == *at)
        fail("a number is missing", *at);
    *at = end;
    return value;
}

static unsigned find_register(const struct oracle *o, const char *name, size_t size)
{
    const char *const *names = o->cpu->pointer_size == 8 ? amd64_names : x86_names;
    unsigned i;

    for (i = 0; i < AVD_REG_COUNT; i++)
        if (strlen(names[i]) == size && strncmp(names[i], name, size) == 0)
            return i;
    fail("no such register", name);
    return 0;
}

static void put_word(struct oracle *o, uint64_t addr, uint64_t value)
{
    size_t size = o->cpu->pointer_size;
    size_t i;

    if (addr < o->stack_high - STACK_KEPT || addr > o->stack_high - size)
        fail("an address outside the stack", o->run);
    for (i = 0; i < size; i++)
        o->stack_bytes[addr - (o->stack_high - STACK_KEPT) + i] = (uint8_t)(value >> 8 * i);
}

/* " name=value @address=value ..." */
static void read_changes(struct oracle *o, char *at, struct avd_regs *regs)
{
    while (*at == ' ') {
        char *name = ++at;
        uint64_t addr = 0;
        unsigned reg = 0;
        size_t size;

        if (*name == '@') {
            at++;
            addr = hex(&at);
        } else {
            size = strcspn(at, "=");
            reg = find_register(o, name, size);
            at += size;
        }
        if (*at++ != '=')
            fail("no = in", name);
        if (*name == '@')
            put_word(o, addr, hex(&at));
        else
            avd_reg_set(regs, reg, hex(&at));
    }
}

static void read_caller(struct oracle *o, char *at, struct oracle_caller *caller)
{
    if (strcmp(at, " -") == 0) {
        caller->answer = ORACLE_NONE;
        caller->regs.known = 0;
        return;
    }
    caller->answer = ORACLE_GIVEN;
    read_changes(o, at, &caller->regs);
}

/* A caller further in comes on top; one further out shows that those inside have returned. */
static void read_truth(struct oracle *o, char *at)
{
    read_caller(o, at, &o->truth);
    if (o->truth.answer != ORACLE_GIVEN) {
        o->caller_count = 0;
        return;
    }
    while (o->caller_count != 0 &&
           o->callers[o->caller_count - 1].value[AVD_RSP] <= o->truth.regs.value[AVD_RSP])
        o->caller_count--;
    if (o->caller_count == ORACLE_DEPTH)
        fail("too many callers", o->run);
    o->callers[o->caller_count++] = o->truth.regs;
}

static void read_bytes(struct oracle *o, char *at)
{
    uint64_t rva = hex(&at);

    for (at++; at[0] != '\0'; at += 2, rva++) {
        char digits[3] = {at[0], at[1], '\0'};
        char *digit = digits;

        if (rva >= o->image_size)
            fail("bytes outside the image", at);
        o->image_bytes[rva] = (uint8_t)hex(&digit);
        o->image_known[rva] = 1;
    }
}

static void read_frame_data(struct oracle *o, char *at)
{
    struct avd_frame_data *data = &o->frame_data[o->frame_data_count];

    if (o->frame_data_count == ORACLE_FRAME_DATA)
        fail("too many", at);
    memset(data, 0, sizeof *data);
    data->rva = hex(&at);
    data->code_size = (uint32_t)hex(&at);
    data->locals_size = (uint32_t)hex(&at);
    data->parameter_size = (uint32_t)hex(&at);
    data->prolog_size = (uint32_t)hex(&at);
    data->saved_regs_size = (uint32_t)hex(&at);
    data->program = at + 1;
    o->frame_data_count++;
}

static void start_run(struct oracle *o, const char *name)
{
    (void)snprintf(o->run, sizeof o->run, "%s", name);
    memset(&o->regs, 0, sizeof o->regs);
    memset(&o->system_says, 0, sizeof o->system_says);
    memset(&o->truth, 0, sizeof o->truth);
    o->caller_count = 0;
    memset(o->stack_bytes, 0, STACK_KEPT);
}

static void read_image_line(struct oracle *o, char *at)
{
    o->image = hex(&at);
    o->image_size = hex(&at);
    o->image_bytes = calloc(1, o->image_size);
    o->image_known = calloc(1, o->image_size);
    if (o->image_bytes == NULL || o->image_known == NULL)
        abort();
}

/* Returns whether the line is a stop. */
static bool read_line(struct oracle *o, char *line)
{
    size_t size = strcspn(line, " ");
    char *at = line + size;

    if (size == 1) {
        switch (line[0]) {
        case 's': read_changes(o, at, &o->regs); return true;
        case 'o': read_caller(o, at, &o->system_says); return false;
        case 't': read_truth(o, at); return false;
        case 'b': read_bytes(o, at); return false;
        case 'f': read_frame_data(o, at); return false;
        default: fail("a line of no known kind", line);
        }
    }
    if (strncmp(line, "run ", 4) == 0) {
        start_run(o, at + 1);
    } else if (strncmp(line, "cpu ", 4) == 0) {
        o->cpu = strcmp(at, " amd64") == 0 ? &avd_cpu_amd64 : &avd_cpu_x86;
    } else if (strncmp(line, "system ", 7) == 0) {
        (void)snprintf(o->system, sizeof o->system, "%s", at + 1);
    } else if (strncmp(line, "stack ", 6) == 0) {
        o->stack_low = hex(&at);
        o->stack_high = hex(&at);
    } else if (strncmp(line, "image ", 6) == 0) {
        read_image_line(o, at);
    } else if (strncmp(line, "module ", 7) == 0) {
        o->other = hex(&at);
        o->other_size = hex(&at);
    } else if (strncmp(line, "code ", 5) == 0) {
        o->code_rva = (uint32_t)hex(&at);
        o->code_size = (uint32_t)hex(&at);
    } else if (strncmp(line, "text ", 5) == 0) {
        o->text_rva = (uint32_t)hex(&at);
        o->text_size = (uint32_t)hex(&at);
    } else if (strncmp(line, "pdata ", 6) == 0) {
        o->pdata.rva = (uint32_t)hex(&at);
        o->pdata.size = (uint32_t)hex(&at);
    } else if (strncmp(line, "end", 3) != 0 && strcmp(line, "avdump-unwind-oracle 1") != 0) {
        fail("a line of no known kind", line);
    }
    return false;
}

/* ---- what the walk asks ---- */

static size_t read_image(void *ctx, size_t module, uint32_t rva, void *buffer, size_t size)
{
    const struct oracle *o = ctx;
    size_t i;

    if (module != 0)
        return 0;
    for (i = 0; i < size && rva + i < o->image_size && o->image_known[rva + i] != 0; i++)
        ((uint8_t *)buffer)[i] = o->image_bytes[rva + i];
    return i;
}

static size_t read_memory(void *ctx, uint64_t addr, void *buffer, size_t size)
{
    const struct oracle *o = ctx;
    uint64_t low = o->regs.value[AVD_RSP];

    if (addr - o->image < o->image_size)
        return read_image(ctx, 0, (uint32_t)(addr - o->image), buffer, size);
    if (addr < low || addr >= o->stack_high)
        return 0;
    if (size > o->stack_high - addr)
        size = o->stack_high - addr;
    memcpy(buffer, &o->stack_bytes[addr - (o->stack_high - STACK_KEPT)], size);
    return size;
}

static bool module_at(void *ctx, uint64_t addr, struct avd_code_module *out)
{
    const struct oracle *o = ctx;
    bool other = addr - o->other < o->other_size;

    out->id = other;
    out->base = other ? o->other : o->image;
    out->size = other ? o->other_size : o->image_size;
    return addr - out->base < out->size;
}

static int get_pdata(void *ctx, size_t module, struct avd_pdata *out)
{
    const struct oracle *o = ctx;

    *out = o->pdata;
    return module != 0 ? -1 : o->pdata.size != 0;
}

static int executable(void *ctx, uint64_t addr)
{
    const struct oracle *o = ctx;

    if (addr - o->other < o->other_size)
        return -1;
    return addr - o->image - o->code_rva < o->code_size ||
           addr - o->image - o->text_rva < o->text_size;
}

static bool get_frame_data(void *ctx, uint64_t addr, struct avd_frame_data *out,
                           uint64_t *module_base)
{
    const struct oracle *o = ctx;
    size_t i;

    *module_base = o->image;
    if (!o->with_symbols)
        return false;
    for (i = o->frame_data_count; i-- != 0;) {
        *out = o->frame_data[i];
        if (addr - o->image >= out->rva && addr - o->image - out->rva < out->code_size)
            return true;
    }
    return false;
}

struct oracle *oracle_open(const char *path)
{
    struct oracle *o = calloc(1, sizeof *o);
    struct avd_file packed;
    struct avd_file plain;
    bool truncated;

    if (o == NULL || (o->stack_bytes = malloc(STACK_KEPT)) == NULL)
        abort();
    if (avd_file_map(path, &packed, NULL) != AVD_OK ||
        avd_unpack_gzip(packed.view, TEXT_MAX, &plain, &truncated, NULL) != AVD_OK || truncated)
        fail("not to be read", path);
    o->text = malloc(plain.view.size + 1);
    if (o->text == NULL)
        abort();
    memcpy(o->text, plain.view.data, plain.view.size);
    o->text[plain.view.size] = '\0';
    avd_file_close(&plain);
    avd_file_close(&packed);
    o->next = o->text;
    o->env = (struct avd_walk_env){.ctx = o,
                                   .read = read_memory,
                                   .module_at = module_at,
                                   .read_image = read_image,
                                   .pdata = get_pdata,
                                   .executable = executable,
                                   .frame_data = get_frame_data};
    return o;
}

void oracle_close(struct oracle *o)
{
    avd_arena_deinit(&o->arena);
    free(o->image_bytes);
    free(o->image_known);
    free(o->stack_bytes);
    free(o->text);
    free(o);
}

bool oracle_next(struct oracle *o)
{
    while (*o->next != '\0') {
        char *line = o->next;
        size_t size = strcspn(line, "\n");

        o->next = line + size + (line[size] != '\0');
        line[size] = '\0';
        if (read_line(o, line))
            return true;
    }
    return false;
}

const struct avd_stack *oracle_walk(struct oracle *o)
{
    avd_arena_deinit(&o->arena);
    memset(&o->arena, 0, sizeof o->arena);
    memset(&o->walk, 0, sizeof o->walk);
    o->walk.cpu = o->cpu;
    o->walk.env = &o->env;
    o->walk.arena = &o->arena;
    o->walk.stack_low = o->stack_low;
    o->walk.stack_high = o->stack_high;
    o->walk.max_frames = o->caller_count == 0 ? 2 : (unsigned)o->caller_count + 1;
    o->walk.windows = true;
    if (!avd_walk_stack(&o->walk, &o->regs, &o->stack))
        abort();
    return &o->stack;
}

bool oracle_is_watched(const struct oracle *o, uint64_t pc)
{
    return pc - o->image - o->code_rva < o->code_size;
}
