/* SPDX-License-Identifier: MIT */
/*
 * What did the heap complain about? ntdll's HEAP_FAILURE_INFORMATION, to which the first parameter
 * of STATUS_HEAP_CORRUPTION points; layouts are those of ntdll's public symbols. And whether an
 * access violation happened inside the heap's own code.
 */
#include "analyze/detectors.h"
#include "analyze/followup.h"
#include "analyze/process_read.h"

#include "base/glob.h"

#include <string.h>

#define HEAP_CORRUPTION  0xc0000374u
#define ACCESS_VIOLATION 0xc0000005u

enum {
    TRACE_WORDS = 32, /* the array's size in all versions */
    MAX_HEAP_FRAMES = 12
};

static const char *const heap_facts[] = {
    "heap.failure", "heap.meaning",        "heap.handle",
    "heap.block",   "heap.previous_block", "heap.next_block",
    "heap.trace",   "heap.nested_code",    "heap.double_free",
};

/* The structure's size tells its version. Offsets in bytes; 0: it has no such field. */
struct layout {
    unsigned pointer_size;
    uint32_t size;
    bool newer; /* numbers of failures with invalid_allocation_type among them */
    uint32_t heap, block, previous, next, trace, record;
};
static const struct layout layouts[] = {
    {4, 0x0b8, false, 0x0c, 0x10, 0x20, 0x24, 0x38, 0},     /* Vista, 7 */
    {4, 0x3d8, false, 0x0c, 0x10, 0x20, 0x24, 0x38, 0x0bc}, /* 8 to 10 */
    {4, 0x3d0, true, 0x0c, 0x10, 0x20, 0x24, 0x30, 0x0b4},  /* 10, 11 */
    {8, 0x168, false, 0x10, 0x18, 0x38, 0x40, 0x68, 0},     /* Vista, 7 */
    {8, 0x6e0, false, 0x10, 0x18, 0x38, 0x40, 0x68, 0x170}, /* 8 to 10 */
    {8, 0x6d0, true, 0x10, 0x18, 0x38, 0x40, 0x58, 0x160},  /* 10, 11 */
    {8, 0x590, true, 0x10, 0x18, 0x38, 0x40, 0x58, 0x160},  /* 11 on ARM64 */
};

/* In the newer numbering; the older one lacks number 10. */
static const struct {
    const char *name, *meaning;
} failures[] = {
    {"internal", "an internal error of the heap"},
    {"unknown", "an error of unknown kind"},
    {"generic", "damage of a general kind"},
    {"entry_corruption", "the header of a block is damaged"},
    {"multiple_entries_corruption", "the headers of several blocks are damaged"},
    {"virtual_block_corruption", "the header of a very large block is damaged"},
    {"buffer_overrun", "something wrote behind the end of a block"},
    {"buffer_underrun", "something wrote before the start of a block"},
    {"block_not_busy", "a block was freed or used that is already free: a double free, mostly"},
    {"invalid_argument",
     "a heap function was called with a wrong argument, such as an address that "
     "is no block"},
    {"invalid_allocation_type", "a block was freed by another function than its kind needs"},
    {"usage_after_free", "something wrote to a block after it was freed"},
    {"cross_heap_operation", "a block was freed to another heap than it came from"},
    {"freelists_corruption", "the lists of free blocks are damaged"},
    {"listentry_corruption", "a list of the heap is damaged"},
    {"lfh_bitmap_mismatch", "the low-fragmentation heap's bits do not fit its blocks"},
    {"segment_lfh_bitmap_corruption", "the segment heap's bits for small blocks are damaged"},
    {"segment_lfh_double_free", "a small block was freed twice"},
    {"vs_subsegment_corruption", "the segment heap's data for middle-sized blocks are damaged"},
    {"null_heap", "a heap function was called without a heap"},
    {"allocation_limit", "the heap's limit was reached"},
    {"commit_limit", "the limit of committed memory was reached"},
    {"invalid_va_mgr_query", "the heap asked for an address that it does not manage"},
    {"segment_lfh_delay_free_corruption", "the list of small blocks to be freed is damaged"},
};
enum { FAILURE_COUNT = sizeof failures / sizeof failures[0], OLD_COUNT = 18, INSERTED = 10 };

static const struct layout *find_layout(unsigned pointer_size, uint32_t size)
{
    size_t i;

    for (i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].pointer_size == pointer_size && layouts[i].size == size)
            return &layouts[i];
    return NULL;
}

static bool is_double_free(const char *failure)
{
    return strcmp(failure, "block_not_busy") == 0 ||
           strcmp(failure, "segment_lfh_double_free") == 0;
}

static void publish_pointer(struct avd_analysis *an, const char *fact, uint64_t at)
{
    uint64_t value;

    if (!avd_process_pointer(an, at, avd_exception_pointer_size(an), &value))
        avd_fact_unknown(&an->facts, fact, "this part of the structure is not in the dump");
    else if (value == 0)
        avd_fact_unknown(&an->facts, fact, "the heap did not record one");
    else
        avd_fact_address(&an->facts, fact, value, avd_an_exception_digits(an));
}

/* The stack on which the heap noticed it. */
static void publish_trace(struct avd_analysis *an, uint64_t at)
{
    unsigned pointer_size = avd_exception_pointer_size(an);
    const char *names[TRACE_WORDS];
    size_t count;
    uint64_t address;

    for (count = 0; count < TRACE_WORDS; count++) {
        if (!avd_process_pointer(an, at + count * pointer_size, pointer_size, &address) ||
            address == 0)
            break;
        names[count] = avd_process_name(an, address);
        if (names[count] == NULL)
            return;
    }
    if (count != 0)
        avd_fact_list(&an->facts, "heap.trace", names, count);
    else
        avd_fact_unknown(&an->facts, "heap.trace", "the heap did not record a stack");
}

static const char *publish_failure(struct avd_analysis *an)
{
    unsigned pointer_size = avd_exception_pointer_size(an);
    struct avd_facts *facts = &an->facts;
    uint64_t at = an->exception.parameters[0];
    const struct layout *layout;
    uint32_t size;
    uint32_t failure;
    uint32_t code = 0;

    if (an->exception.parameter_count == 0)
        return "the exception has no parameter that leads to HEAP_FAILURE_INFORMATION";
    if (!avd_process_u32(an, at + 4, &size) || !avd_process_u32(an, at + 8, &failure))
        return "ntdll's HEAP_FAILURE_INFORMATION is not in the dump";
    layout = find_layout(pointer_size, size);
    if (layout == NULL)
        return "ntdll's HEAP_FAILURE_INFORMATION is of no version that is known";
    if (!layout->newer && failure < OLD_COUNT)
        failure += failure >= INSERTED;
    else if (!layout->newer)
        failure = FAILURE_COUNT;
    if (failure >= FAILURE_COUNT)
        return "ntdll's HEAP_FAILURE_INFORMATION has a kind of failure that is not known";
    avd_fact_text(facts, "heap.failure", failures[failure].name);
    avd_fact_text(facts, "heap.meaning", failures[failure].meaning);
    avd_fact_bool(facts, "heap.double_free", is_double_free(failures[failure].name));
    publish_pointer(an, "heap.handle", at + layout->heap);
    publish_pointer(an, "heap.block", at + layout->block);
    publish_pointer(an, "heap.previous_block", at + layout->previous);
    publish_pointer(an, "heap.next_block", at + layout->next);
    publish_trace(an, at + layout->trace);
    if (layout->record != 0 && avd_process_u32(an, at + layout->record, &code) && code != 0)
        avd_fact_code(facts, "heap.nested_code", code);
    else
        avd_fact_unknown(facts, "heap.nested_code", "the heap did not meet an exception itself");
    return NULL;
}

/* ---- faults in the heap's own code ---- */

static bool is_heap_function(const char *name)
{
    static const char *const patterns[] = {"RtlAllocateHeap",
                                           "RtlFreeHeap",
                                           "RtlReAllocateHeap",
                                           "RtlSizeHeap",
                                           "RtlpAllocateHeap*",
                                           "RtlpFreeHeap*",
                                           "RtlpReAllocateHeap*",
                                           "RtlpCoalesceFreeBlocks*",
                                           "RtlpCoalesceHeap*",
                                           "RtlpLowFragHeap*",
                                           "RtlpHp*",
                                           "RtlpFindEntry",
                                           "RtlpInsertFreeBlock*",
                                           "RtlpSplitHeapBlock*",
                                           "RtlpDeCommitFreeBlock*",
                                           "RtlpExtendHeap*",
                                           "RtlpHeap*"};
    size_t i;

    for (i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (avd_glob_fits(name, patterns[i]))
            return true;
    return false;
}

static bool calls_heap(const char *name)
{
    static const char *const names[] = {
        "malloc",        "_malloc_base", "free",         "_free_base",   "realloc",
        "_realloc_base", "calloc",       "_calloc_base", "operator new", "operator delete",
        "HeapFree",      "HeapAlloc",    "HeapReAlloc",
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/*
 * The heap's function that failed. Its own name says so, or without symbols that of the first
 * function outside of ntdll, which asked the heap for something.
 */
static const char *find_heap_function(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    static const char *const ntdll[] = {"ntdll.dll", NULL};
    size_t i;

    if (!avd_frame_module_is(an, stack, 0, ntdll))
        return NULL;
    for (i = 0; i < stack->stack.count && i < MAX_HEAP_FRAMES; i++) {
        const char *name = avd_frame_near_function(an, stack, i);
        bool inside = avd_frame_module_is(an, stack, i, ntdll);

        if (avd_frame_is_guess(&stack->stack.frames[i]))
            break;
        if (name != NULL && (inside ? is_heap_function(name) : calls_heap(name)))
            return name;
        /* A name that is known and is no part of the heap, such as a lock's. */
        if (!inside || (name != NULL && i == 0 && !stack->symbols[0].approximate))
            break;
    }
    return NULL;
}

static void run(struct avd_analysis *an)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    const char *why = "the exception is not the heap's STATUS_HEAP_CORRUPTION";
    const char *function = NULL;
    size_t i;

    if (!an->has_exception)
        why = "the dump has no exception record";
    else if (an->exception.code == HEAP_CORRUPTION && avd_dump_is_windows(an->dump))
        why = publish_failure(an);
    for (i = 0; why != NULL && i < sizeof heap_facts / sizeof heap_facts[0]; i++)
        avd_fact_unknown(&an->facts, heap_facts[i], why);
    if (an->has_exception && an->exception.code == ACCESS_VIOLATION && stack != NULL &&
        stack->stack.count != 0)
        function = find_heap_function(an, stack);
    avd_fact_bool(&an->facts, "heap.fault_inside", function != NULL);
    if (function != NULL)
        avd_fact_text(&an->facts, "heap.function", function);
    else
        avd_fact_unknown(&an->facts, "heap.function", "the heap's code did not fail");
}

const struct avd_detector avd_det_heap = {
    "heap",
    "what the heap found damaged, and whether its own code failed",
    run,
};
