/* SPDX-License-Identifier: MIT */
/*
 * Can the dump be trusted? What of it was cut off, what it never had, and where it contradicts
 * itself: stack pointers, TEBs, headers in memory against the module list.
 */
#include "analyze/detectors.h"

#include "base/limits.h"
#include "minidump/format.h"

static void publish_truncation(struct avd_analysis *an)
{
    const struct avd_dump *dump = an->dump;
    const char *names[AVD_MAX_ODDITIES];
    size_t count = 0;
    size_t garbage = 0;
    size_t i;

    /* What has no name and lies outside the file was no entry of a directory ever. */
    for (i = 0; i < dump->stream_count; i++) {
        const char *name = avd_stream_name(dump->streams[i].type);

        if (!dump->streams[i].truncated)
            continue;
        if (name == NULL)
            garbage++;
        else if (count < AVD_MAX_ODDITIES)
            names[count++] = name;
    }
    avd_fact_number(&an->facts, "dump.garbage_entries", garbage);
    avd_fact_bool(&an->facts, "dump.truncated", count != 0 || dump->memory.missing_size != 0);
    avd_fact_list(&an->facts, "dump.truncated_streams", names, count);
    avd_fact_number(&an->facts, "dump.missing_memory", dump->memory.missing_size);
}

static void publish_lacks(struct avd_analysis *an)
{
    const struct avd_dump *dump = an->dump;
    const char *lacks[4];
    size_t count = 0;

    if (dump->thread_count == 0)
        lacks[count++] = "threads";
    if (an->module_count == 0)
        lacks[count++] = "modules";
    if (dump->memory.range_count == 0)
        lacks[count++] = "memory";
    if (!dump->system.present)
        lacks[count++] = "system information";
    avd_fact_number(&an->facts, "dump.lacks_count", count);
    avd_fact_list(&an->facts, "dump.lacks", lacks, count);
}

/* ---- contradictions ---- */

struct oddities {
    struct avd_analysis *an;
    const char *lines[AVD_MAX_ODDITIES];
    size_t kept, count;
};

static void add(struct oddities *out, const char *line)
{
    if (line != NULL && out->kept < AVD_MAX_ODDITIES)
        out->lines[out->kept++] = line;
    out->count++;
}

/* Fibers, coroutines and Go's goroutines run on stacks of their own, which no TEB need know of:
 * memory like any other, apart from the thread's stack. */
static bool is_own_stack(const struct avd_memory *memory, uint64_t sp,
                         const struct avd_an_stack *stack)
{
    const struct avd_memory_range *range = avd_memory_range(memory, sp);

    return range != NULL &&
           (range->start > stack->high || range->start + (range->size - 1) < stack->low);
}

/* The exception's own thread may well have lost its stack pointer: that is its crash. */
static void check_stack(struct oddities *out, size_t i, const struct avd_an_stack *stack)
{
    struct avd_analysis *an = out->an;
    uint64_t sp;

    if (!stack->present || stack->cpu == NULL || stack->low >= stack->high || stack->start_found ||
        i == an->crashing_thread || !avd_reg_known(&stack->regs, AVD_RSP))
        return;
    sp = stack->regs.value[AVD_RSP];
    if ((sp >= stack->low && sp <= stack->high) || is_own_stack(&an->dump->memory, sp, stack))
        return;
    add(out, avd_arena_printf(&an->arena,
                              "thread %zu (0x%x): its stack pointer 0x%llx lies outside of its "
                              "stack 0x%llx-0x%llx",
                              i, an->threads[i].thread->id, (unsigned long long)sp,
                              (unsigned long long)stack->low, (unsigned long long)stack->high));
}

static void check_teb(struct oddities *out, size_t i)
{
    struct avd_analysis *an = out->an;
    const struct avd_thread *thread = an->threads[i].thread;
    unsigned size = avd_dump_pointer_size(an->dump);
    uint64_t id;
    uint64_t self;

    /* TEB.NtTib.Self and TEB.ClientId.UniqueThread */
    if (thread->teb == 0 ||
        !avd_memory_pointer(&an->dump->memory, thread->teb + (size == 4 ? 0x18 : 0x30), size,
                            &self) ||
        !avd_memory_pointer(&an->dump->memory, thread->teb + (size == 4 ? 0x24 : 0x48), size, &id))
        return;
    if (self == thread->teb && id == thread->id)
        return;
    add(out, avd_arena_printf(&an->arena,
                              self != thread->teb
                                  ? "thread %zu (0x%x): at its TEB's address 0x%llx is no TEB"
                                  : "thread %zu (0x%x): its TEB at 0x%llx is another thread's",
                              i, thread->id, (unsigned long long)thread->teb));
}

/* TimeDateStamp in the header that is mapped at the module's base, read without the rest of it:
 * a full dump has hundreds of them. */
static void check_header(struct oddities *out, const struct avd_module *module)
{
    const struct avd_memory *memory = &out->an->dump->memory;
    uint32_t lfanew;
    uint32_t signature;
    uint32_t timestamp;
    uint16_t magic;

    if (module->timestamp == 0 || module->from_loader_list || module->duplicate ||
        !avd_memory_u16(memory, module->base, &magic) || magic != 0x5a4d ||
        !avd_memory_u32(memory, module->base + 0x3c, &lfanew) || lfanew > 0x10000 ||
        !avd_memory_u32(memory, module->base + lfanew, &signature) || signature != 0x4550 ||
        !avd_memory_u32(memory, module->base + lfanew + 8, &timestamp) ||
        timestamp == module->timestamp)
        return;
    add(out, avd_arena_printf(&out->an->arena,
                              "%s: the module list says timestamp 0x%08x, its header in memory "
                              "0x%08x",
                              module->name, module->timestamp, timestamp));
}

static void publish_oddities(struct avd_analysis *an)
{
    struct oddities out = {0};
    size_t i;

    out.an = an;
    for (i = 0; avd_dump_is_windows(an->dump) && i < an->thread_count; i++) {
        check_stack(&out, i, avd_an_main_stack(&an->threads[i]));
        check_teb(&out, i);
    }
    /* A 64-bit writer looks for a WOW64 process's libraries in System32, where the 64-bit files of
     * the same names lie, and lists their timestamps (seen in a dump of Windows 10). */
    for (i = 0; avd_dump_is_windows(an->dump) && !an->wow64.present && i < an->module_count; i++)
        check_header(&out, an->modules[i].module);
    avd_fact_number(&an->facts, "dump.contradictions", out.count);
    avd_fact_list(&an->facts, "dump.contradiction_list", out.lines, out.kept);
}

static void run(struct avd_analysis *an)
{
    publish_truncation(an);
    publish_lacks(an);
    publish_oddities(an);
}

const struct avd_detector avd_det_quality = {
    "quality",
    "what of the dump is cut off or missing, and where it contradicts itself",
    run,
};
