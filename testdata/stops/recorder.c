// SPDX-License-Identifier: MIT
//
// Runs the functions of the section .orc instruction by instruction and writes down, before each,
// the registers, the stack from the stack pointer up, who the true caller is (calls are followed
// while they happen) and, on x64, what the system's own RtlVirtualUnwind says. testdata/README.md
// describes the output.
//
// usage: recorder.exe FILE

#include "recorder.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum {
    SLOT = sizeof(void *),
    STACK_WATCHED = 4 * 1024 * 1024,
    ABOVE_GATE = 0x200, // of the stack that is written down above the gate's caller
    MAX_DEPTH = 64,
    LINE = 32, // bytes of the image in a line
    TRAP = 0x100,
};

#ifdef _WIN64
enum { REGISTERS = 17 };
static const char *const names[REGISTERS] = {"rip", "rsp", "rbx", "rbp", "rsi", "rdi",
                                             "r12", "r13", "r14", "r15", "rax", "rcx",
                                             "rdx", "r8",  "r9",  "r10", "r11"};
enum { NONVOLATILE = 10 }; // rip and rsp among them
#else
enum { REGISTERS = 9 };
static const char *const names[REGISTERS] = {"eip", "esp", "ebx", "ebp", "esi",
                                             "edi", "eax", "ecx", "edx"};
enum { NONVOLATILE = 6 };
#endif

// In the order of `names`.
struct registers {
    uintptr_t value[REGISTERS];
};

enum { PC, SP };

// A call that has not returned: the caller's registers behind it.
struct call {
    struct registers caller;
};

static FILE *out;
static uint8_t *image;
static uint8_t *code_begin, *code_end;
static struct call calls[MAX_DEPTH];
static unsigned depth;
static uintptr_t stack_top;
static uintptr_t *written;    // the stack as it was last written down
static struct registers last; // of the last stop that was written down
static struct registers last_truth;
static uintptr_t last_sp; // of the last instruction, if that was a stop; otherwise 0
static bool has_last, has_truth, truth_is_unknown;
static struct registers previous; // of the last instruction, wherever it was
static bool has_previous;
static uintptr_t exception_sp; // not 0: of the function whose exception is being handled
static bool unknown_caller;
static volatile bool asking_system;
static struct registers last_system;
static bool has_system;
static unsigned long stops;

static struct registers read_context(const CONTEXT *c)
{
#ifdef _WIN64
    struct registers r = {{c->Rip, c->Rsp, c->Rbx, c->Rbp, c->Rsi, c->Rdi, c->R12, c->R13, c->R14,
                           c->R15, c->Rax, c->Rcx, c->Rdx, c->R8, c->R9, c->R10, c->R11}};
#else
    struct registers r = {{c->Eip, c->Esp, c->Ebx, c->Ebp, c->Esi, c->Edi, c->Eax, c->Ecx, c->Edx}};
#endif
    return r;
}

static uintptr_t load(uintptr_t addr)
{
    return *(const uintptr_t *)addr;
}

static void write_registers(const struct registers *now, const struct registers *before, int count)
{
    for (int i = 0; i < count; i++) {
        if (before == NULL || now->value[i] != before->value[i])
            fprintf(out, " %s=%llx", names[i], (unsigned long long)now->value[i]);
    }
}

// What the stack pointer has just uncovered holds remains of exception handling, which the program
// does not need. (A push or call writes one word.)
static void clear_uncovered(uintptr_t sp)
{
    if (last_sp > sp + SLOT)
        memset((void *)sp, 0, last_sp - sp);
    last_sp = sp;
}

static void write_stack(uintptr_t sp)
{
    uintptr_t low = stack_top - STACK_WATCHED;

    for (uintptr_t addr = sp; addr < stack_top; addr += SLOT) {
        uintptr_t *known = &written[(addr - low) / SLOT];
        if (load(addr) != *known) {
            *known = load(addr);
            fprintf(out, " @%llx=%llx", (unsigned long long)addr, (unsigned long long)*known);
        }
    }
}

// The caller as the system sees it. False when it crashed; on x86 there is nothing to ask.
static bool ask_system(CONTEXT *c)
{
    volatile bool ok = false;
#ifdef _WIN64
    DWORD64 base = 0;
    DWORD64 frame = 0;
    RUNTIME_FUNCTION *function = RtlLookupFunctionEntry(c->Rip, &base, NULL);
    void *data = NULL;

    if (function == NULL) { // a leaf, as documented
        c->Rip = load(c->Rsp);
        c->Rsp += SLOT;
        return true;
    }
    asking_system = true;
    __try {
        RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, c->Rip, function, c, &data, &frame, NULL);
        ok = true;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        ok = false;
    }
    asking_system = false;
#else
    (void)c;
#endif
    return ok;
}

static void write_system(const CONTEXT *context)
{
    CONTEXT c = *context;

    if (!ask_system(&c)) {
        fprintf(out, "o -\n");
        has_system = false;
        return;
    }
    struct registers r = read_context(&c);
    if (has_system && memcmp(r.value, last_system.value, NONVOLATILE * sizeof r.value[0]) == 0)
        return;
    fprintf(out, "o");
    write_registers(&r, has_system ? &last_system : NULL, NONVOLATILE);
    fprintf(out, "\n");
    last_system = r;
    has_system = true;
}

static void write_truth(void)
{
    bool unknown = depth == 0 || exception_sp != 0 || unknown_caller;
    const struct registers *r = &calls[depth - !unknown].caller;

    if (unknown) {
        if (!truth_is_unknown)
            fprintf(out, "t -\n");
        truth_is_unknown = true;
        has_truth = false;
        return;
    }
    truth_is_unknown = false;
    if (has_truth && memcmp(r->value, last_truth.value, NONVOLATILE * sizeof r->value[0]) == 0)
        return;
    fprintf(out, "t");
    write_registers(r, has_truth ? &last_truth : NULL, NONVOLATILE);
    fprintf(out, "\n");
    last_truth = *r;
    has_truth = true;
}

static void write_stop(const CONTEXT *context)
{
    struct registers r = read_context(context);

    clear_uncovered(r.value[SP]);
    if (SLOT == 8)
        write_system(context);
    write_truth();
    fprintf(out, "s");
    write_registers(&r, has_last ? &last : NULL, REGISTERS);
    write_stack(r.value[SP]);
    fprintf(out, "\n");
    last = r;
    has_last = true;
    stops++;
}

static bool is_watched(uintptr_t pc)
{
    return pc >= (uintptr_t)code_begin && pc < (uintptr_t)code_end &&
           (pc < (uintptr_t)gate_begin || pc >= (uintptr_t)gate_end);
}

// Keeps the list of calls: one instruction was carried out since `previous`.
static void follow_calls(const struct registers *now)
{
    uintptr_t sp = now->value[SP];

    if (exception_sp != 0 && sp >= exception_sp)
        exception_sp = 0;
    while (depth != 0 && calls[depth - 1].caller.value[SP] - SLOT < sp)
        depth--;
    // A helper that allocates returns with more on the stack than before.
    if (depth != 0 && has_previous && !is_watched(previous.value[PC]) &&
        now->value[PC] == calls[depth - 1].caller.value[PC])
        depth--;
    if (!has_previous || sp != previous.value[SP] - SLOT || depth == MAX_DEPTH)
        return;
    uintptr_t length = load(sp) - previous.value[PC];
    if (length < 2 || length > 8 || now->value[PC] == load(sp))
        return;
    calls[depth].caller = *now;
    calls[depth].caller.value[PC] = load(sp);
    calls[depth].caller.value[SP] = sp + SLOT;
    depth++;
}

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *pointers)
{
    CONTEXT *context = pointers->ContextRecord;
    struct registers now = read_context(context);

    if (asking_system)
        return EXCEPTION_CONTINUE_SEARCH;
    if (pointers->ExceptionRecord->ExceptionCode != (DWORD)EXCEPTION_SINGLE_STEP) {
        exception_sp = now.value[SP];
        last_sp = 0;
        has_previous = false;
        return EXCEPTION_CONTINUE_SEARCH;
    }
    if (!has_previous && depth == 0) // the gate's call was the first one
        previous.value[SP] = now.value[SP] + SLOT, previous.value[PC] = load(now.value[SP]) - 2,
        has_previous = true;
    follow_calls(&now);
    previous = now;
    has_previous = true;
    if (now.value[PC] == (uintptr_t)gate_return || now.value[PC] == (uintptr_t)step_off) {
        has_previous = now.value[PC] == (uintptr_t)gate_return;
        last_sp = 0;
        context->EFlags &= ~(DWORD)TRAP;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (is_watched(now.value[PC]))
        write_stop(context);
    else
        last_sp = 0;
    context->EFlags |= TRAP;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void run(const struct test_case *test, int argument)
{
    uintptr_t here = 0;

    stack_top = ((uintptr_t)&here & ~(uintptr_t)15) + ABOVE_GATE;
    memset(written, 0, STACK_WATCHED);
    depth = 0;
    has_last = has_system = has_truth = has_previous = truth_is_unknown = false;
    exception_sp = last_sp = 0;
    unknown_caller = test->kind == UNKNOWN_CALLER;
    fprintf(out, "run %s\n", test->name);
    fflush(out);
    gate(test->function, argument, 5, 7);
}

static void run_all(const struct test_case *test)
{
    for (; test->function != NULL; test++)
        run(test, 3);
}

// The stack is there all the way down, so that big frames need not probe it.
static void touch_stack(void)
{
    volatile char *bytes = _alloca(STACK_WATCHED / 2);

    for (int i = STACK_WATCHED / 2 - 1; i >= 0; i -= 0x400)
        bytes[i] = 0;
}

static void write_bytes(uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (i % LINE == 0)
            fprintf(out, "%sb %llx ", i == 0 ? "" : "\n", (unsigned long long)(at + i - image));
        fprintf(out, "%02x", at[i]);
    }
    fprintf(out, "\n");
}

#ifdef _WIN64
enum { CHAINED = 4, INDIRECT = 1, ENTRY = 12 };

// The UNWIND_INFO at `rva`, and where it leads.
static void write_unwind_info(uint32_t rva)
{
    if ((rva & INDIRECT) != 0) {
        write_bytes(image + rva - INDIRECT, ENTRY);
        write_unwind_info(((const uint32_t *)(image + rva - INDIRECT))[2]);
        return;
    }
    const uint8_t *info = image + rva;
    size_t size = 4 + 4 * (((size_t)info[2] + 1) / 2);
    bool chained = (info[0] >> 3 & CHAINED) != 0;
    write_bytes(image + rva, size + (chained ? ENTRY : 0));
    if (chained)
        write_unwind_info(((const uint32_t *)(info + size))[2]);
}

static void write_tables(const IMAGE_NT_HEADERS *nt)
{
    const IMAGE_DATA_DIRECTORY *directory = &nt->OptionalHeader.DataDirectory[3];
    uint32_t begin = (uint32_t)(code_begin - image);
    uint32_t end = (uint32_t)(code_end - image);
    uint32_t(*entries)[3] = (void *)(image + directory->VirtualAddress);
    size_t count = directory->Size / ENTRY;
    size_t first = 0;

    while (first < count && entries[first][0] < begin)
        first++;
    while (count > first && entries[count - 1][0] >= end)
        count--;
    fprintf(out, "pdata %llx %zx\n", (unsigned long long)((uint8_t *)entries[first] - image),
            (count - first) * ENTRY);
    write_bytes((uint8_t *)entries[first], (count - first) * ENTRY);
    for (size_t i = first; i < count; i++)
        write_unwind_info(entries[i][2]);
}
#endif

// One that calls back into the image; nothing more is told of it.
static void write_other_module(const char *name)
{
    const uint8_t *base = (const uint8_t *)GetModuleHandleA(name);
    const IMAGE_NT_HEADERS *nt = (const void *)(base + ((const IMAGE_DOS_HEADER *)base)->e_lfanew);

    fprintf(out, "module %llx %lx\n", (unsigned long long)(uintptr_t)base,
            (unsigned long)nt->OptionalHeader.SizeOfImage);
}

static void write_image(void)
{
    image = (uint8_t *)GetModuleHandleA(NULL);
    const IMAGE_DOS_HEADER *dos = (void *)image;
    const IMAGE_NT_HEADERS *nt = (void *)(image + dos->e_lfanew);
    const IMAGE_SECTION_HEADER *section = IMAGE_FIRST_SECTION(nt);

    for (int i = 0; i < nt->FileHeader.NumberOfSections; i++, section++) {
        if (memcmp(section->Name, ".orc", 5) == 0) {
            code_begin = image + section->VirtualAddress;
            code_end = code_begin + section->Misc.VirtualSize;
        } else if (memcmp(section->Name, ".text", 6) == 0) {
            fprintf(out, "text %lx %lx\n", (unsigned long)section->VirtualAddress,
                    (unsigned long)section->Misc.VirtualSize);
        }
    }
    fprintf(out, "image %llx %lx\n", (unsigned long long)(uintptr_t)image,
            (unsigned long)nt->OptionalHeader.SizeOfImage);
    write_other_module("ntdll");
    fprintf(out, "code %llx %llx\n", (unsigned long long)(code_begin - image),
            (unsigned long long)(code_end - code_begin));
    write_bytes(code_begin, (size_t)(code_end - code_begin));
#ifdef _WIN64
    write_tables(nt);
#endif
}

static void write_head(void)
{
    const char *(*version)(void) =
        (void *)GetProcAddress(GetModuleHandleA("ntdll"), "wine_get_version");
    const NT_TIB *tib = (void *)NtCurrentTeb();

    fprintf(out, "avdump-unwind-oracle 1\ncpu %s\n", SLOT == 8 ? "amd64" : "x86");
    fprintf(out, "system %s%s\n", version != NULL ? "Wine " : "Windows",
            version != NULL ? version() : "");
    fprintf(out, "stack %llx %llx\n", (unsigned long long)(uintptr_t)tib->StackLimit,
            (unsigned long long)(uintptr_t)tib->StackBase);
}

int main(int argc, char **argv)
{
    out = argc == 2 ? fopen(argv[1], "wb") : NULL;
    written = malloc(STACK_WATCHED);
    if (out == NULL || written == NULL) {
        fprintf(stderr, "usage: recorder.exe FILE\n");
        return EXIT_FAILURE;
    }
    touch_stack();
    write_head();
    write_image();
    AddVectoredExceptionHandler(1, on_exception);
    run_all(directive_cases);
    run_all(epilogue_cases);
    run_all(table_cases);
    run_all(shape_cases_0);
    run_all(shape_cases_1);
    run_all(shape_cases_2);
    run_all(shape_cases_3);
    run_all(shape_cases_4);
    fprintf(out, "end %lu\n", stops);
    return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
