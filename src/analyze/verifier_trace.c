/* SPDX-License-Identifier: MIT */
/*
 * The stacks that the verifier recorded, as WinDbg's dps shows them: a parameter points to a bare
 * array of return addresses. Where it lies in the stack trace database of ntdll, the entry's depth
 * stands just before the array (RTL_STACK_TRACE_ENTRY, in its 32- and 64-bit forms).
 */
#include "analyze/verifier_scene.h"

#include <string.h>

enum {
    MAX_ADDRESSES = 64,
    MAX_HEADER_WORDS = 4, /* older page heap traces begin with a header */
    MAX_DEPTH = 32,
    LEAST_ADDRESSES = 2 /* one word alone is no stack */
};

static const struct avd_unloaded_module *unloaded_at(const struct avd_dump *dump, uint64_t addr)
{
    size_t i;

    /* The latest is the last of the list. */
    for (i = dump->unloaded_count; i > 0; i--)
        if (addr - dump->unloaded[i - 1].base < dump->unloaded[i - 1].size)
            return &dump->unloaded[i - 1];
    return NULL;
}

const char *avd_stop_line_text(struct avd_stop_scene *scene, uint64_t addr, bool call,
                               const char **module)
{
    struct avd_analysis *an = scene->an;
    struct avd_arena *arena = &an->arena;
    /* A call may be the last instruction of its function. */
    uint64_t lookup = call && addr != 0 ? addr - 1 : addr;
    size_t index = avd_analysis_module_at(an, lookup);
    struct avd_symbol symbol;
    const struct avd_unloaded_module *gone;
    uint64_t base;

    *module = NULL;
    if (index == AVD_NO_MODULE) {
        gone = unloaded_at(an->dump, lookup);
        if (gone == NULL)
            return avd_arena_printf(arena, "0x%llx", (unsigned long long)addr);
        *module = gone->name;
        return avd_arena_printf(arena, "<Unloaded_%s>+0x%llx", gone->name,
                                (unsigned long long)(addr - gone->base));
    }
    *module = an->modules[index].module->name;
    base = an->modules[index].module->base;
    memset(&symbol, 0, sizeof symbol);
    if (avd_symbolizer_find(an->symbolizer, index, lookup - base, &symbol) == AVD_E_NOMEM) {
        arena->failed = true;
        return NULL;
    }
    if (symbol.function == NULL)
        return avd_arena_printf(arena, "%s+0x%llx", an->modules[index].display_name,
                                (unsigned long long)(addr - base));
    return avd_arena_printf(arena, "%s!%s+0x%llx%s", an->modules[index].display_name,
                            symbol.function,
                            (unsigned long long)(symbol.displacement + (addr - lookup)),
                            symbol.approximate ? " ~" : "");
}

/* Whether a word can be a return address. */
static bool is_code(struct avd_stop_scene *scene, uint64_t addr)
{
    int executable;

    if (addr == 0)
        return false;
    if (avd_analysis_module_at(scene->an, addr - 1) != AVD_NO_MODULE)
        return scene->env.executable(scene->env.ctx, addr - 1) != 0;
    if (unloaded_at(scene->an->dump, addr - 1) != NULL)
        return true;
    executable = avd_memory_executable(&scene->an->dump->memory, addr - 1);
    return executable == 1;
}

struct avd_stop_trace *avd_stop_trace_of(struct avd_stop_scene *scene, const uint64_t *addresses,
                                         size_t count)
{
    struct avd_arena *arena = &scene->an->arena;
    struct avd_stop_trace *trace = avd_arena_alloc(arena, 1, sizeof *trace);
    struct avd_stop_line *lines = avd_arena_alloc(arena, count, sizeof *lines);
    size_t i;

    if (trace == NULL || lines == NULL)
        return NULL;
    trace->culprit = SIZE_MAX;
    for (i = 0; i < count; i++) {
        lines[i].address = addresses[i];
        lines[i].text = avd_stop_line_text(scene, addresses[i], true, &lines[i].module);
        if (lines[i].text == NULL)
            return NULL;
        lines[i].outside = !avd_stop_is_skipped(lines[i].module);
        if (lines[i].outside && trace->culprit == SIZE_MAX)
            trace->culprit = i;
    }
    trace->lines = lines;
    trace->count = count;
    return trace;
}

static const struct avd_stop_trace *no_trace(struct avd_stop_scene *scene, const char *what,
                                             uint64_t addr)
{
    struct avd_arena *arena = &scene->an->arena;
    struct avd_stop_trace *trace = avd_arena_alloc(arena, 1, sizeof *trace);

    if (trace == NULL)
        return NULL;
    trace->culprit = SIZE_MAX;
    trace->reason =
        avd_arena_printf(arena, "the trace at 0x%llx %s", (unsigned long long)addr, what);
    return trace;
}

/* The words from `addr` on that are in the dump. */
static size_t read_words(const struct avd_stop_scene *scene, uint64_t addr,
                         uint64_t words[MAX_ADDRESSES])
{
    size_t count = 0;

    while (count < MAX_ADDRESSES &&
           avd_stop_word(scene, addr + (uint64_t)count * scene->out->pointer_size, &words[count]))
        count++;
    return count;
}

const struct avd_stop_trace *avd_stop_trace_read(struct avd_stop_scene *scene, uint64_t addr)
{
    struct avd_stop_trace *trace;
    uint64_t words[MAX_ADDRESSES];
    size_t count = read_words(scene, addr, words);
    size_t first = 0;
    size_t last;
    uint16_t depth = 0;

    if (count == 0)
        return no_trace(scene, "is not in the dump", addr);
    while (first < count && first < MAX_HEADER_WORDS && !is_code(scene, words[first]))
        first++;
    last = first;
    while (last < count && is_code(scene, words[last]))
        last++;
    if (first == 0 && avd_memory_u16(&scene->an->dump->memory, addr - 2, &depth) &&
        depth >= LEAST_ADDRESSES && depth <= MAX_DEPTH && depth < last)
        last = depth;
    if (last - first < LEAST_ADDRESSES)
        return no_trace(scene,
                        count < LEAST_ADDRESSES + first
                            ? "is cut off: the dump holds no two addresses of it"
                            : "holds no return addresses",
                        addr);
    trace = avd_stop_trace_of(scene, words + first, last - first);
    if (trace != NULL && last == count && count < MAX_ADDRESSES)
        trace->reason = "the rest of the trace is not in the dump";
    return trace;
}
