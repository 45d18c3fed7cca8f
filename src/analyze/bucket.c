/* SPDX-License-Identifier: MIT */
/*
 * The bucket that !analyze would sort the crash into, so that it can be found in other people's
 * reports: FAILURE_BUCKET_ID of newer and older debuggers, and the hash of it. Microsoft documents
 * the fields, not the words; those here are of published output.
 */
#include "analyze/followup.h"

#include "analyze/detectors.h"
#include "analyze/instruction.h"
#include "base/md5.h"
#include "base/strbuf.h"
#include "base/utf.h"
#include "minidump/format.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    uint32_t code;
    const char *problem_class;
} classes[] = {
    {0x40000015, "FATAL_APP_EXIT"},
    {0x4000001f, "BREAKPOINT"}, /* STATUS_WX86_BREAKPOINT */
    {0x80000001, "GUARD_PAGE_VIOLATION"},
    {0x80000002, "DATATYPE_MISALIGNMENT"},
    {0x80000003, "BREAKPOINT"},
    {0x80000004, "SINGLE_STEP"},
    {0xc0000006, "IN_PAGE_ERROR"},
    {0xc0000008, "INVALID_HANDLE"},
    {0xc0000017, "NO_MEMORY"},
    {0xc000001d, "ILLEGAL_INSTRUCTION"},
    {0xc0000025, "NONCONTINUABLE_EXCEPTION"},
    {0xc0000094, "INTEGER_DIVIDE_BY_ZERO"},
    {0xc0000095, "INTEGER_OVERFLOW"},
    {0xc0000096, "PRIVILEGED_INSTRUCTION"},
    {0xc00000fd, "STACK_OVERFLOW"},
    {0xc0000374, "HEAP_CORRUPTION"},
    {0xc0000409, "STACK_BUFFER_OVERRUN"},
    {0xc0000420, "ASSERTION_FAILURE"},
    {0xc0000421, "VERIFIER_STOP"},
    {0xe06d7363, "CPP_EXCEPTION"},
    {0xe0434f4d, "CLR_EXCEPTION"},
    {0xe0434352, "CLR_EXCEPTION"},
};

/* Whether a module of Application Verifier is on the stack. */
static bool is_verifier_stop(const struct avd_analysis *an, const struct avd_an_stack *stack)
{
    enum { LOOKED_AT = 16 };
    size_t i;

    for (i = 0; i < stack->stack.count && i < LOOKED_AT; i++) {
        const struct avd_an_module *module = avd_frame_module(an, &stack->stack.frames[i]);

        if (module != NULL && !avd_frame_is_guess(&stack->stack.frames[i]) &&
            (avd_ascii_casecmp(module->module->name, "verifier.dll") == 0 ||
             avd_ascii_casecmp(module->module->name, "vrfcore.dll") == 0))
            return true;
    }
    return false;
}

static const char *access_word(enum avd_access access)
{
    switch (access) {
    case AVD_ACCESS_WRITE: return "WRITE";
    case AVD_ACCESS_EXECUTE: return "EXECUTE";
    case AVD_ACCESS_READ:
    case AVD_ACCESS_NONE: break;
    }
    return "READ";
}

/* Addresses that Windows never maps: a null pointer with an offset. */
enum { NULL_PAGES = 0x10000 };

static const char *access_violation_class(struct avd_analysis *an)
{
    const struct avd_exception_words *words = &an->words;
    const struct avd_crash_instruction *ins = an->instruction;
    const struct avd_region *region = avd_memory_region(&an->dump->memory, words->access_address);
    bool null = words->access_address < NULL_PAGES;
    const char *kind = null ? "NULL_POINTER" : "INVALID_POINTER";

    /* Memory is there, but it is data. */
    if (words->access == AVD_ACCESS_EXECUTE && !null && region != NULL &&
        region->state == MEM_COMMIT)
        return "SOFTWARE_NX_FAULT";
    /* A member of an object that is not there: MSVC passes `this` in ecx and rcx. */
    if (null && words->access_address != 0 && ins != NULL && ins->faulting >= 0 &&
        ins->insn.memory[ins->faulting].base == AVD_RCX &&
        ins->insn.memory[ins->faulting].index == AVD_INSN_NO_REG && ins->regs.value[AVD_RCX] == 0)
        kind = "NULL_CLASS_PTR";
    return avd_arena_printf(&an->arena, "%s_%s", kind, access_word(words->access));
}

static const char *problem_class(struct avd_analysis *an, const struct avd_an_stack *stack)
{
    uint32_t code = an->exception.code;
    const struct avd_exception_words *words = &an->words;
    size_t i;

    if (code == 0xc0000005 && words->has_access_address)
        return access_violation_class(an);
    if (words->has_fast_fail && words->fast_fail_name != NULL && words->fast_fail_code != 0 &&
        strncmp(words->fast_fail_name, "FAST_FAIL_", 10) == 0)
        return avd_arena_printf(&an->arena, "FAIL_FAST_%s", words->fast_fail_name + 10);
    for (i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].code != code)
            continue;
        if (strcmp(classes[i].problem_class, "BREAKPOINT") == 0 && is_verifier_stop(an, stack))
            return "BREAKPOINT_AVRF";
        return classes[i].problem_class;
    }
    return "APPLICATION_FAULT";
}

char *avd_failure_id_hash(struct avd_arena *arena, const char *hash_string)
{
    size_t size = strlen(hash_string);
    const unsigned char *p = (const unsigned char *)hash_string;
    uint8_t *wide = avd_arena_alloc(arena, size + 1, 2);
    uint8_t d[AVD_MD5_SIZE];
    size_t used = 0;

    if (wide == NULL)
        return NULL;
    /* UTF-16LE needs at most two bytes for each of UTF-8's; the text is well-formed. */
    while (*p != '\0') {
        size_t length = avd_utf8_length((const char *)p, strlen((const char *)p));
        uint32_t c = length < 2    ? *p
                     : length == 2 ? *p & 0x1fu
                     : length == 3 ? *p & 0x0fu
                                   : *p & 7u;
        size_t i;

        for (i = 1; i < length; i++)
            c = c << 6 | (p[i] & 0x3fu);
        p += length != 0 ? length : 1;
        if (c > 0xffff) {
            c -= 0x10000;
            wide[used++] = (uint8_t)(c >> 10 & 0xff);
            wide[used++] = (uint8_t)(0xd8 | c >> 18);
            c = 0xdc00 | (c & 0x3ff);
        }
        wide[used++] = (uint8_t)(c & 0xff);
        wide[used++] = (uint8_t)(c >> 8);
    }
    avd_md5(wide, used, d);
    return avd_arena_printf(
        arena, "{%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x}", d[3], d[2],
        d[1], d[0], d[5], d[4], d[7], d[6], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15]);
}

/* "um:" and the id, ASCII letters in lower case. */
static const char *hash_string(struct avd_arena *arena, const char *id)
{
    char *text = avd_arena_printf(arena, "um:%s", id);
    char *p;

    for (p = text; p != NULL && *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return text;
}

/* "hnetcfg!FwOpenDynamicFwPort+1d", "app+1234", "3f0000": as debuggers print a place. */
static const char *place(struct avd_analysis *an, const struct avd_followup *followup)
{
    const struct avd_an_stack *stack = followup->stack;
    const struct avd_frame *frame = &stack->stack.frames[followup->frame];
    const struct avd_an_module *module = avd_frame_module(an, frame);
    const char *function = avd_frame_function(stack, followup->frame);

    if (module == NULL)
        return avd_arena_printf(&an->arena, "%" PRIx64, frame->pc);
    if (function == NULL)
        return avd_arena_printf(&an->arena, "%s+%" PRIx64, module->display_name,
                                frame->pc - module->module->base);
    return avd_arena_printf(&an->arena, "%s!%s+%" PRIx64, module->display_name, function,
                            stack->symbols[followup->frame].displacement +
                                (frame->pc - avd_walk_lookup(frame)));
}

static const char *architecture(const struct avd_dump *dump)
{
    switch (dump->system.architecture) {
    case PROCESSOR_ARCHITECTURE_AMD64: return "X64";
    case PROCESSOR_ARCHITECTURE_INTEL: return "X86";
    case PROCESSOR_ARCHITECTURE_ARM64: return "ARM64";
    default: return "UNKNOWN";
    }
}

void avd_bucket_make(struct avd_analysis *an, const struct avd_followup *followup,
                     struct avd_bucket *out)
{
    const struct avd_frame *frame;
    const struct avd_an_module *module;
    const struct avd_unloaded_module *unloaded;
    const char *image = "Unknown_Image";
    const char *function = NULL;
    uint32_t code = an->exception.code;

    if (!followup->found || !avd_dump_is_windows(an->dump)) {
        out->why_not =
            followup->found ? "buckets are made of Windows's exceptions" : followup->why_not;
        return;
    }
    frame = &followup->stack->stack.frames[followup->frame];
    module = avd_frame_module(an, frame);
    unloaded = module == NULL ? avd_frame_unloaded(an, frame) : NULL;
    if (module != NULL) {
        image = module->module->name;
        function = avd_frame_function(followup->stack, followup->frame);
    } else if (unloaded != NULL) {
        image = unloaded->name;
        function = "Unloaded";
    }
    out->problem_class = problem_class(an, followup->stack);
    out->id = avd_arena_printf(&an->arena, "%s_%" PRIx32 "_%s!%s", out->problem_class, code, image,
                               function != NULL ? function : "Unknown");
    if (out->id == NULL)
        return;
    out->hash_string = hash_string(&an->arena, out->id);
    if (out->hash_string != NULL)
        out->hash = avd_failure_id_hash(&an->arena, out->hash_string);
    out->legacy_id = avd_arena_printf(&an->arena, "%s_%" PRIx32 "_%s", architecture(an->dump), code,
                                      place(an, followup));
    if (out->legacy_id != NULL) {
        const char *text = hash_string(&an->arena, out->legacy_id);

        if (text != NULL)
            out->legacy_hash = avd_failure_id_hash(&an->arena, text);
    }
}
