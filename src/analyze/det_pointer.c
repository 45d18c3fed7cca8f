/* SPDX-License-Identifier: MIT */
/*
 * What was in the pointer that failed? Values that debug heaps and allocators fill memory with,
 * text that ran over a pointer, addresses that no program can have, and what memory was there.
 */
#include "analyze/detectors.h"
#include "analyze/followup.h"
#include "analyze/instruction.h"
#include "analyze/process_read.h"

#include "minidump/format.h"

#include <inttypes.h>
#include <string.h>

enum {
    NULL_PAGES = 0x10000, /* Windows never maps the first 64 KiB */
    NEAR = 0x1000,        /* how far a member may lie from the object that the pointer stood for */
    MAX_OPERAND = 64      /* bytes: the widest vector register */
};

static const char *const pointer_facts[] = {
    "pointer.kind",    "pointer.value", "pointer.source",
    "pointer.meaning", "pointer.text",  "access.page_boundary",
};

/* The word that memory is filled with, repeated over a pointer of 64 bits. Sources: "Win32 Debug
 * CRT Heap Internals", the debug heap's and page heap's documentation, jemalloc's `junk`. */
static const struct {
    uint32_t word;
    bool windows_only;
    const char *meaning;
} fills[] = {
    {0xfeeefeee, true, "HeapFree fills released memory with it while a debugger watches"},
    {0xdddddddd, true, "the debug C runtime fills released memory with it"},
    {0xf0f0f0f0, true, "page heap (Application Verifier) fills released memory with it"},
    {0xe5e5e5e5, false, "jemalloc, as in Firefox, fills released memory with it"},
    {0x5a5a5a5a, false, "older versions of jemalloc fill released memory with it"},
    {0xcdcdcdcd, true, "the debug C runtime fills new memory with it, nobody wrote it since"},
    {0xbaadf00d, true, "HeapAlloc fills new memory with it while a debugger watches"},
    {0xcccccccc, true, "debug builds fill local variables with it, nobody wrote it since"},
    {0xc0c0c0c0, true, "page heap (Application Verifier) fills new memory with it"},
    {0xe0e0e0e0, true, "light page heap (Application Verifier) fills new memory with it"},
    {0xabababab, true, "HeapAlloc puts it behind a block while a debugger watches"},
    {0xfdfdfdfd, true, "the debug C runtime puts it before and behind a block"},
    {0xd0d0d0d0, true, "page heap (Application Verifier) puts it behind a block"},
    {0xa0a0a0a0, true, "light page heap (Application Verifier) puts it behind a block"},
};

struct pointer {
    uint64_t value;
    const char *source; /* "rcx", "the address" */
    unsigned size;      /* 4 or 8 */
};

static bool is_canonical(uint64_t value)
{
    return value >> 47 == 0 || value >> 47 == 0x1ffff;
}

/* The distance of the value to the filled word, up to NEAR on both sides. */
static bool near_word(const struct pointer *p, uint32_t word)
{
    uint64_t whole = (uint64_t)word << 32 | word;

    if (p->size == 4)
        return (uint32_t)(p->value - word + NEAR) <= 2 * NEAR;
    return p->value - whole + NEAR <= 2 * NEAR;
}

static const char *fill_meaning(const struct avd_analysis *an, const struct pointer *p)
{
    bool windows = avd_dump_is_windows(an->dump);
    size_t i;

    for (i = 0; i < sizeof fills / sizeof fills[0]; i++)
        if ((windows || !fills[i].windows_only) && near_word(p, fills[i].word))
            return fills[i].meaning;
    return NULL;
}

static bool is_letter(unsigned c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '_' || c == '.' || c == '-' || c == '/' || c == '\\' || c == ':';
}

/*
 * Letters of one byte each: all of a 32-bit pointer, at least six of a 64-bit one, as shorter ones
 * are addresses that stacks and heaps have.
 */
static bool read_ascii(const struct pointer *p, char text[9])
{
    unsigned length = 0;
    unsigned i;

    while (length < p->size && (p->value >> (8 * length) & 0xff) != 0)
        length++;
    if (length < (p->size == 8 ? 6U : 4U) || (length < 8 && p->value >> (8 * length) != 0))
        return false;
    for (i = 0; i < length; i++) {
        text[i] = (char)(p->value >> (8 * i) & 0xff);
        if (!is_letter((unsigned char)text[i]))
            return false;
    }
    text[length] = '\0';
    return true;
}

/* The same of two bytes each, all of them. */
static bool read_utf16(const struct pointer *p, char text[9])
{
    unsigned i;

    for (i = 0; i < p->size / 2; i++) {
        unsigned unit = p->value >> (16 * i) & 0xffff;

        if (unit > 0x7f || !is_letter(unit))
            return false;
        text[i] = (char)unit;
    }
    text[i] = '\0';
    return true;
}

/* The register that the failing operand begins with, else the address itself. */
static void find_pointer(const struct avd_analysis *an, struct pointer *out)
{
    const struct avd_crash_instruction *ins = an->instruction;
    const struct avd_insn_memory *memory;

    out->size = avd_exception_pointer_size(an);
    out->value = an->words.access_address;
    out->source = "the address";
    if (ins != NULL && ins->decoded && ins->adjusted == AVD_ADJUSTED_NON_CANONICAL)
        out->value = ins->adjusted_value;
    if (ins == NULL || !ins->decoded || ins->faulting < 0)
        return;
    memory = &ins->insn.memory[ins->faulting];
    if (memory->base < 0 || memory->base >= AVD_RIP || memory->rip_relative ||
        !avd_reg_known(&ins->regs, (unsigned)memory->base))
        return;
    /* A small constant base with a large index: the index is the pointer. */
    if (ins->regs.value[memory->base] < NULL_PAGES)
        return;
    out->value = ins->regs.value[memory->base];
    out->source = avd_insn_reg_name((unsigned)memory->base, ins->is_64bit);
}

/* What MemoryInfoList says of the place; NULL when it says nothing, or nothing against it. */
static const char *region_kind(const struct avd_region *region, enum avd_access access)
{
    enum {
        WRITABLE = PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY
    };

    if (region == NULL)
        return NULL;
    if (region->state == MEM_FREE)
        return "free";
    if (region->state == MEM_RESERVE)
        return "reserved";
    if ((region->protect & PAGE_GUARD) != 0)
        return "guard page";
    if ((region->protect & PAGE_NOACCESS) != 0 || (region->protect & 0xff) == 0)
        return "no access";
    if (access == AVD_ACCESS_WRITE && (region->protect & WRITABLE) == 0)
        return "read-only";
    return NULL;
}

static bool is_unloaded(const struct avd_analysis *an, uint64_t addr)
{
    const struct avd_frame place = {.pc = addr, .exact = true};

    return avd_analysis_module_at(an, addr) == AVD_NO_MODULE &&
           avd_frame_unloaded(an, &place) != NULL;
}

static const char *place_meaning(const char *kind)
{
    if (strcmp(kind, "free") == 0)
        return "no memory is allocated there, or it was given back";
    if (strcmp(kind, "reserved") == 0)
        return "address space is reserved there, but no memory was committed to it, or it was "
               "given back";
    if (strcmp(kind, "guard page") == 0)
        return "a guard page: the end of something that may not be passed";
    if (strcmp(kind, "no access") == 0)
        return "memory whose protection forbids every access";
    return "memory that may be read, but not written";
}

/* The pointer's value first, which tells more than where it leads. */
static const char *find_kind(struct avd_analysis *an, const struct pointer *p, const char **meaning,
                             const char **text)
{
    uint64_t address = an->words.access_address;
    const struct avd_region *region = avd_memory_region(&an->dump->memory, address);
    bool mapped = region != NULL ? region->state == MEM_COMMIT
                                 : avd_memory_extent(&an->dump->memory, address, 1) != 0;
    bool owned = avd_analysis_module_at(an, p->value) != AVD_NO_MODULE;
    const char *place;
    char letters[9];

    *text = NULL;
    if (p->value < NULL_PAGES) {
        *meaning = "a null pointer, perhaps with the offset of a member";
        return "null";
    }
    *meaning = fill_meaning(an, p);
    if (*meaning != NULL && !mapped)
        return "fill";
    if (!mapped && !owned && (read_ascii(p, letters) || read_utf16(p, letters))) {
        *text = avd_arena_strdup(&an->arena, letters);
        *meaning = "its bytes are letters: text was written over the pointer, or text was taken "
                   "for one";
        return "text";
    }
    if (p->value + NEAR < 2 * NEAR || (p->size == 4 && (uint32_t)(p->value + NEAR) < 2 * NEAR)) {
        *meaning = "-1, or close to it: INVALID_HANDLE_VALUE, an error or a null pointer minus "
                   "something";
        return "minus one";
    }
    if (p->size == 8 && !is_canonical(p->value)) {
        *meaning = "no address of this CPU: bits 47 to 63 must be equal";
        return "non-canonical";
    }
    if (p->size == 8 && (p->value >> 63) != 0) {
        *meaning = "an address of the kernel's half, which no program may touch";
        return "kernel";
    }
    if (is_unloaded(an, address) && !mapped) {
        *meaning = "a module was there and has been unloaded";
        return "unloaded module";
    }
    place = region_kind(region, an->words.access);
    if (place == NULL) {
        *meaning = region == NULL ? "the dump does not say what memory is there"
                                  : "the memory there is committed and allows it";
        return "other";
    }
    *meaning = place_meaning(place);
    return place;
}

/* Data was read or written on, over the end of what is committed. */
static void publish_boundary(struct avd_analysis *an)
{
    const struct avd_memory *memory = &an->dump->memory;
    uint64_t address = an->words.access_address;
    const struct avd_region *region = avd_memory_region(memory, address);
    const struct avd_crash_instruction *ins = an->instruction;
    const struct avd_region *before;
    uint64_t size = 1;

    if (memory->region_count == 0) {
        avd_fact_unknown(&an->facts, "access.page_boundary",
                         "the dump does not say what memory was mapped");
        return;
    }
    if (ins != NULL && ins->decoded && ins->faulting >= 0)
        size = ins->insn.memory[ins->faulting].size;
    if (size == 0 || size > MAX_OPERAND)
        size = 1;
    before =
        region != NULL && region->base != 0 ? avd_memory_region(memory, region->base - 1) : NULL;
    avd_fact_bool(&an->facts, "access.page_boundary",
                  region != NULL && before != NULL && an->words.access != AVD_ACCESS_EXECUTE &&
                      address - region->base < size && region_kind(region, AVD_ACCESS_READ) &&
                      before->state == MEM_COMMIT && region_kind(before, an->words.access) == NULL);
}

static bool is_misaligned(const struct avd_analysis *an)
{
    return an->instruction != NULL && an->instruction->adjusted == AVD_ADJUSTED_MISALIGNED;
}

/* The pointer is the whole address then. */
static const char *misaligned_meaning(struct avd_analysis *an, struct pointer *p)
{
    const struct avd_crash_instruction *ins = an->instruction;

    p->value = ins->adjusted_value;
    p->source = "the operand's address";
    return avd_arena_printf(&an->arena, "the instruction wants a multiple of %u, and it is none",
                            ins->insn.memory[ins->faulting].alignment);
}

/* Why there is no pointer to look at; NULL: there is one. */
static const char *not_told(const struct avd_analysis *an)
{
    const struct avd_crash_instruction *ins = an->instruction;

    if (!an->has_exception)
        return "the dump has no exception record";
    if (ins != NULL && (ins->faulting >= 0 || ins->adjusted != AVD_ADJUSTED_NONE))
        return NULL;
    if (!an->words.has_access_address)
        return "the exception does not give an address";
    return avd_exception_has_no_address(an)
               ? "the address is what Windows gives for all that the CPU does not report, and the "
                 "instruction does not tell which it was"
               : NULL;
}

static void run(struct avd_analysis *an)
{
    struct avd_facts *facts = &an->facts;
    const char *meaning;
    const char *text;
    const char *kind;
    const char *why;
    struct pointer p;
    size_t i;

    why = not_told(an);
    if (why != NULL) {
        for (i = 0; i < sizeof pointer_facts / sizeof pointer_facts[0]; i++)
            avd_fact_unknown(facts, pointer_facts[i], why);
        return;
    }
    find_pointer(an, &p);
    if (is_misaligned(an)) {
        kind = "misaligned";
        meaning = misaligned_meaning(an, &p);
        text = NULL;
    } else {
        kind = find_kind(an, &p, &meaning, &text);
    }
    avd_fact_text(facts, "pointer.kind", kind);
    avd_fact_address(facts, "pointer.value", p.value, avd_an_exception_digits(an));
    avd_fact_text(facts, "pointer.source", p.source);
    avd_fact_text(facts, "pointer.meaning", meaning);
    if (text != NULL)
        avd_fact_text(facts, "pointer.text", text);
    else
        avd_fact_unknown(facts, "pointer.text", "its bytes are no text");
    publish_boundary(an);
}

const struct avd_detector avd_det_pointer = {
    "pointer",
    "the value of the pointer that failed: a fill pattern, text, no address, what memory",
    run,
};
