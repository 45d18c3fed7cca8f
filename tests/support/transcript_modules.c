/* SPDX-License-Identifier: MIT */
/*
 * The process's modules. Bases that no row tells are of our choice, such that they overlap as
 * WinDbg warned. Modules on stacks get an image in memory: headers, the pages of .text with
 * functions of transcript_code.c, unwind data (x64), and slots for calls into other modules.
 */
#include "support/transcript.h"

#include "minidump/format.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 0x1000, TEXT = 0x1000, TIMESTAMP = 0x45d70a00, SLOTS = 0x800 };

const struct transcript_module transcript_modules[] = {
    {0x400000, 0x80000, "App.exe", NULL, false, 0x5f000},
    {0x77ec0000, 0x13b000, "ntdll.dll", "ntdll.pdb", true, 0x80000},
    {0x6b000000, 0x45000, "wow64.dll", "wow64.pdb", true, 0x20000},
    {0x6b280000, 0x4b000, "wow64win.dll", "wow64win.pdb", true, 0x43000},
    {0x78b80000, 0x9000, "wow64cpu.dll", "wow64cpu.pdb", true, 0x5000},
    {0x7d600000, 0xf0000, "ntdll.dll", "wntdll.pdb", false, 0x70000},
    {0x7d4c0000, 0x130000, "kernel32.dll", "wkernel32.pdb", false, 0x80000},
    {0x7d930000, 0xd0000, "user32.dll", "wuser32.pdb", false, 0x60000},
    {0x7da20000, 0xb0000, "rpcrt4.dll", "wrpcrt4.pdb", false, 0xa5000},
    {0x7d8d0000, 0x50000, "secur32.dll", "wsecur32.pdb", false, 0x30000},
    {0x7db30000, 0x50000, "mswsock.dll", "mswsock.pdb", false, 0x40000},
    {0x766f0000, 0x15000, "ntdsapi.dll", "ntdsapi.pdb", false, 0x10000},
    {0x5f270000, 0x5a000, "hnetcfg.dll", "hnetcfg.pdb", false, 0x40000},
    {0x71c00000, 0x17000, "ws2_32.dll", NULL, false, 0x10000},
    {0x71c10000, 0x20000, "tsappcmp.dll", NULL, false, 0},
    {0x76e90000, 0x4f000, "rasapi32.dll", NULL, false, 0},
    {0x76ed0000, 0x3a000, "dnsapi.dll", NULL, false, 0x20000},
    {0x76eb0000, 0x1f000, "tapi32.dll", NULL, false, 0},
    {0x76f08000, 0x2e000, "wldap32.dll", NULL, false, 0},
    {0x76f00000, 0x8000, "wtsapi32.dll", NULL, false, 0},
    {0x76080000, 0x65000, "oleacc.dll", NULL, false, 0},
    {0x760c0000, 0x65000, "msvcp60.dll", NULL, false, 0},
    {0x76e00000, 0x15000, "rasman.dll", NULL, false, 0},
    {0x76e10000, 0xe000, "rtutils.dll", NULL, false, 0},
    {0x76e14000, 0x30000, "activeds.dll", NULL, false, 0},
    {0x76e40000, 0x27000, "adsldpc.dll", NULL, false, 0},
    {0x76940000, 0xc4000, "userenv.dll", NULL, false, 0},
    {0x769f0000, 0x25000, "ntshrui.dll", NULL, false, 0},
    {0x77900000, 0x105000, "setupapi.dll", NULL, false, 0},
    {0x779f0000, 0x11000, "winsta.dll", NULL, false, 0},
    {0x75da0000, 0xc0000, "apphelp.dll", NULL, false, 0},
    {0x75e40000, 0x7000, "drprov.dll", NULL, false, 0},
    {0x75e50000, 0x9000, "davclnt.dll", NULL, false, 0},
    {0x71bd0000, 0x15000, "netui0.dll", NULL, false, 0},
    {0x71be0000, 0xd000, "netui1.dll", NULL, false, 0},
};
const size_t transcript_module_count = sizeof transcript_modules / sizeof *transcript_modules;

/* ---- unwind data ---- */

/* Bytes of the prologue, which is one instruction on x64. */
static uint32_t prologue_size(const struct transcript_function *function)
{
    return function->frame_size > 0x78 ? 7 : 4; /* the operand is one byte that has a sign */
}

/* UNWIND_INFO (Microsoft's "x64 exception handling") of up to 16 bytes; returns how many. */
static size_t unwind_info(const struct transcript_function *function,
                          const struct db_function *primary, uint32_t primary_unwind,
                          uint8_t out[16])
{
    enum { ALLOC_LARGE = 0x01, ALLOC_SMALL = 0x02, PUSH_MACHFRAME = 0x0a, CHAINED = 0x20 };
    uint32_t size = function->frame_size;
    uint8_t prologue = (uint8_t)prologue_size(function);

    memset(out, 0, 16);
    out[0] = 1;
    if (function->kind == TRANSCRIPT_COLD) {
        const uint32_t entry[3] = {primary->begin, primary->end, primary_unwind};
        size_t i;

        out[0] |= CHAINED;
        for (i = 0; i < 12; i++)
            out[4 + i] = (uint8_t)(entry[i / 4] >> (8 * (i % 4)));
        return 16;
    }
    if (function->kind == TRANSCRIPT_APC) {
        size = 0x4d0; /* the CONTEXT; the kernel put it there before the first instruction */
        prologue = 0;
    }
    out[1] = prologue;
    out[4] = prologue;
    if (size <= 0x80) {
        out[2] = 1;
        out[5] = (uint8_t)(ALLOC_SMALL | (size / 8 - 1) << 4);
        return 8;
    }
    out[2] = function->kind == TRANSCRIPT_APC ? 3 : 2;
    out[5] = ALLOC_LARGE;
    out[6] = (uint8_t)(size / 8);
    out[7] = (uint8_t)(size / 8 >> 8);
    out[9] = function->kind == TRANSCRIPT_APC ? PUSH_MACHFRAME : 0;
    return function->kind == TRANSCRIPT_APC ? 12 : 8;
}

/* ---- code ---- */

/* Overwrites bytes that are there. */
static void put_code(struct db *b, uint32_t addr, const char *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++)
        db_poke8(b, addr + i, (uint8_t)bytes[i]);
}

static void put_function(struct db *b, const struct transcript_function *function)
{
    bool x64 = transcript_modules[function->module].x64;
    uint32_t start = function->start;
    uint32_t at;

    for (at = start; at < function->end; at++)
        db_poke8(b, at, 0x90);
    switch (function->kind) {
    case TRANSCRIPT_STUB: /* mov eax; mov ecx; lea edx, [esp + 4]; call fs:[0C0h]; ret 14h */
        put_code(b, start,
                 "\xb8\x58\0\0\0\xb9\x1d\0\0\0\x8d\x54\x24\x04\x64\xff\x15\xc0\0\0\0"
                 "\xc2\x14\0",
                 24);
        break;
    case TRANSCRIPT_NO_EBP: /* sub esp */ put_code(b, start, "\x83\xec\x40", 3); break;
    case TRANSCRIPT_LEAF: /* syscall; ret */
        put_code(b, function->end - 10, "\x0f\x05\xc3", 3);
        break;
    case TRANSCRIPT_FRAME:
        if (!x64) {
            put_code(b, start, "\x55\x8b\xec", 3);
        } else if (prologue_size(function) == 4) {
            put_code(b, start, "\x48\x83\xec", 3);
            db_poke8(b, start + 3, (uint8_t)function->frame_size);
        } else {
            put_code(b, start, "\x48\x81\xec", 3);
            db_poke32(b, start + 3, function->frame_size);
        }
        break;
    case TRANSCRIPT_APC:
    case TRANSCRIPT_COLD:
    case TRANSCRIPT_THUNK: break;
    }
}

/* The call that ends at a return address; into other modules through the slot at `slot`. */
static void put_call(struct db *b, const struct transcript_code *code,
                     const struct transcript_call *call, uint32_t slot)
{
    const struct transcript_function *callee = &code->functions[call->callee];
    uint32_t at = call->return_address;

    if (call->indirect) {
        put_code(b, at - 2, "\xff\xd0", 2);
    } else if (callee->module == code->functions[call->caller].module) {
        put_code(b, at - 5, "\xe8", 1);
        db_poke32(b, at - 4, callee->start - at);
    } else {
        put_code(b, at - 6, "\xff\x15", 2);
        db_poke32(b, at - 4, transcript_modules[callee->module].x64 ? slot - at : slot);
        db_poke32(b, slot, callee->start);
    }
}

/* ---- images ---- */

static void map_code_page(struct db *b, uint32_t addr)
{
    uint32_t page = addr / PAGE * PAGE;
    uint8_t int3[PAGE];

    if (db_memory_section(b, page) != 0)
        return;
    memset(int3, 0xcc, sizeof int3);
    (void)db_memory(b, page, PAGE);
    db_poke(b, page, int3, sizeof int3);
}

static void map_code(struct db *b, const struct transcript_code *code, size_t module)
{
    uint32_t slot =
        transcript_modules[module].base + TEXT + transcript_modules[module].code_size + SLOTS;
    uint32_t page;
    size_t i;

    (void)db_memory(b, slot, PAGE - SLOTS);
    for (i = 0; i < code->function_count; i++) {
        const struct transcript_function *function = &code->functions[i];

        if (function->module != module)
            continue;
        for (page = function->start / PAGE; page <= function->end / PAGE; page++)
            map_code_page(b, page * PAGE);
        put_function(b, function);
    }
    for (i = 0; i < code->call_count; i++, slot += 8)
        if (code->functions[code->calls[i].caller].module == module)
            put_call(b, code, &code->calls[i], slot);
}

static void map_image(struct db *b, const struct transcript_code *code, size_t index)
{
    const struct transcript_module *module = &transcript_modules[index];
    struct db_image image = {.pe32 = !module->x64,
                             .size = module->size,
                             .timestamp = TIMESTAMP,
                             .code_size = module->code_size};
    struct db_function functions[32];
    uint8_t unwind[32][16];
    uint32_t unwind_rva = db_image_xdata(&image);
    uint32_t primary_unwind = 0;
    const struct db_function *primary = NULL;
    size_t i;

    for (i = 0; i < code->function_count && module->x64; i++) {
        const struct transcript_function *function = &code->functions[i];
        struct db_function *entry = &functions[image.function_count];
        size_t size;

        if (function->module != index || function->kind == TRANSCRIPT_LEAF)
            continue;
        entry->begin = function->start - module->base;
        entry->end = function->end - module->base;
        size = unwind_info(function, primary, primary_unwind, unwind[image.function_count]);
        if (strcmp(function->name, "LdrpInitialize") == 0 && primary == NULL) {
            primary = entry;
            primary_unwind = unwind_rva;
        }
        entry->unwind = unwind[image.function_count++];
        entry->unwind_size = size;
        unwind_rva += (uint32_t)size;
    }
    image.functions = functions;
    db_map_image(b, module->base, &image);
    if (module->code_size != 0)
        map_code(b, code, index);
}

void transcript_map_modules(struct db *b)
{
    struct transcript_code *code = malloc(sizeof *code);
    size_t i;

    if (code == NULL)
        abort();
    transcript_code(code);
    for (i = 0; i < transcript_module_count; i++) {
        const struct transcript_module *module = &transcript_modules[i];
        char path[64] = "C:\\WINDOWS\\system32\\";

        if (i == 0)
            strcpy(path, "C:\\App\\");
        else if (!module->x64)
            strcpy(path, "C:\\WINDOWS\\SysWOW64\\");
        strcat(path, module->leaf);
        map_image(b, code, i);
        (void)db_module(b, &(struct db_module){
                               .base = module->base,
                               .size = module->size,
                               .timestamp = TIMESTAMP,
                               .path = path,
                               .codeview = module->pdb == NULL ? 0 : db_rsds(b, 3, module->pdb)});
    }
    /* What the last row of the transcript shows of App's code, as the arguments of a frame at
     * 0x43682f: test eax, eax; pop ecx; je; mov dword ptr [eax], 464570h; ret */
    map_code_page(b, 0x43682f);
    put_code(b, 0x436837, "\x85\xc0\x59\x74\x07\xc7\0\x70\x45\x46\0\xc3", 12);
    map_code_page(b, 0x45a293);
    map_code_page(b, 0x4188f3);
    free(code);
}
