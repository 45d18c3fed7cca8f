/* SPDX-License-Identifier: MIT */
/*
 * What the rows imply about code: a site's name and offset tell where its function begins, the
 * distance between two stack pointers how large a 64-bit frame is, and each return address that a
 * call to the function of the row before ends there.
 */
#include "support/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t transcript_module_at(uint32_t addr)
{
    size_t found = transcript_module_count;
    size_t i;

    for (i = 0; i < transcript_module_count; i++) {
        const struct transcript_module *module = &transcript_modules[i];

        if (addr - module->base < module->size &&
            (found == transcript_module_count || module->base > transcript_modules[found].base))
            found = i;
    }
    if (found == transcript_module_count)
        abort();
    return found;
}

/* Start and name of the function at `pc` whose row says `site`. */
static void describe(struct transcript_function *function, const char *site, uint32_t pc)
{
    const char *name = strchr(site, '!');
    const char *offset = strrchr(site, '+');

    memset(function, 0, sizeof *function);
    function->module = transcript_module_at(pc);
    function->end = pc + 1;
    if (name == NULL) {
        /* Somewhere before the call; rows of ws2_32 are 0x20 apart. */
        function->start = (pc - 0x10) / 0x10 * 0x10;
        return;
    }
    function->start = pc - (offset == NULL ? 0 : (uint32_t)strtoul(offset + 1, NULL, 16));
    (void)snprintf(function->name, sizeof function->name, "%.*s",
                   (int)(offset == NULL ? strlen(name + 1) : (size_t)(offset - name - 1)),
                   name + 1);
}

static size_t add_function(struct transcript_code *code, const struct transcript_function *wanted)
{
    size_t i;

    for (i = 0; i < code->function_count; i++) {
        struct transcript_function *known = &code->functions[i];

        if (known->start != wanted->start)
            continue;
        if (known->end < wanted->end)
            known->end = wanted->end;
        return i;
    }
    if (code->function_count == sizeof code->functions / sizeof code->functions[0])
        abort();
    code->functions[code->function_count] = *wanted;
    return code->function_count++;
}

static void add_call(struct transcript_code *code, uint32_t return_address, size_t caller,
                     size_t callee)
{
    size_t i;

    for (i = 0; i < code->call_count; i++) {
        struct transcript_call *known = &code->calls[i];

        if (known->return_address != return_address)
            continue;
        known->indirect = known->indirect || known->callee != callee;
        return;
    }
    if (code->call_count == sizeof code->calls / sizeof code->calls[0])
        abort();
    code->calls[code->call_count].return_address = return_address;
    code->calls[code->call_count].caller = caller;
    code->calls[code->call_count].callee = callee;
    code->calls[code->call_count++].indirect = false;
}

static void kind_of_native(struct transcript_function *function, uint32_t frame_size)
{
    function->frame_size = frame_size;
    if (!transcript_modules[function->module].x64)
        function->kind = TRANSCRIPT_THUNK;
    else if (strcmp(function->name, "KiUserApcDispatcher") == 0)
        function->kind = TRANSCRIPT_APC;
    else if (strcmp(function->name, "LdrpInitialize") == 0 && function->start == 0x77f10746)
        function->kind = TRANSCRIPT_COLD;
    else if (frame_size == 0)
        function->kind = TRANSCRIPT_LEAF;
}

static void add_native(struct transcript_code *code, const struct transcript_thread *thread)
{
    uint32_t pc = (uint32_t)thread->rip;
    size_t callee = 0;
    size_t i;

    for (i = 0; i < thread->native_count; i++) {
        const struct transcript_row *row = &thread->native[i];
        struct transcript_function function;
        size_t caller;

        describe(&function, row->site, pc);
        kind_of_native(&function, i + 1 == thread->native_count
                                      ? 0
                                      : (uint32_t)(row[1].frame - 8 - row->frame));
        caller = add_function(code, &function);
        /* The kernel went from the thunk to the APC; no call did. */
        if (i > 0 && function.kind != TRANSCRIPT_THUNK)
            add_call(code, pc, caller, callee);
        callee = caller;
        pc = (uint32_t)row->return_address;
    }
}

/*
 * Behind App+0x1a61b the transcript goes on with words that are no return addresses: 0x45a293 and
 * the -1 after it are an exception registration on the stack, and before 0x43682f there is no call.
 */
static bool is_true_row(const struct transcript_row *row)
{
    return strcmp(row->site, "App+0x5a293") != 0 && strcmp(row->site, "App+0x3682f") != 0 &&
           strcmp(row->site, "App+0x188f3") != 0;
}

static void add_x86(struct transcript_code *code, const struct transcript_thread *thread)
{
    uint32_t pc = thread->eip;
    size_t callee = 0;
    size_t i;

    for (i = 0; i < thread->x86_count && is_true_row(&thread->x86[i]); i++) {
        const struct transcript_row *row = &thread->x86[i];
        struct transcript_function function;
        size_t caller;

        describe(&function, row->site, pc);
        if (strcmp(row->site, "App+0x1a61b") == 0)
            function.kind = TRANSCRIPT_NO_EBP;
        else if (i == 0 && strstr(row->site, "+0x15") != NULL)
            function.kind = TRANSCRIPT_STUB;
        caller = add_function(code, &function);
        if (i > 0)
            add_call(code, pc, caller, callee);
        callee = caller;
        pc = (uint32_t)row->return_address;
    }
}

/* Selection sort, which keeps the calls' indices right. */
static void sort_functions(struct transcript_code *code)
{
    size_t i;
    size_t k;
    size_t c;

    for (i = 0; i < code->function_count; i++) {
        size_t least = i;
        struct transcript_function swapped;

        for (k = i + 1; k < code->function_count; k++)
            if (code->functions[k].start < code->functions[least].start)
                least = k;
        swapped = code->functions[i];
        code->functions[i] = code->functions[least];
        code->functions[least] = swapped;
        for (c = 0; c < code->call_count; c++) {
            size_t *ends[2] = {&code->calls[c].caller, &code->calls[c].callee};

            for (k = 0; k < 2; k++)
                *ends[k] = *ends[k] == i ? least : *ends[k] == least ? i : *ends[k];
        }
    }
}

void transcript_code(struct transcript_code *out)
{
    size_t i;

    memset(out, 0, sizeof *out);
    for (i = 0; i < TRANSCRIPT_THREADS; i++) {
        add_native(out, &transcript_threads[i]);
        add_x86(out, &transcript_threads[i]);
    }
    sort_functions(out);
    /* A few bytes behind the last return address, but not into the next function. */
    for (i = 0; i < out->function_count; i++) {
        struct transcript_function *function = &out->functions[i];
        uint32_t next = i + 1 < out->function_count ? out->functions[i + 1].start : UINT32_MAX;

        if (next < function->end || next - function->end >= 7)
            function->end += 7;
        else
            function->end = next;
    }
}
