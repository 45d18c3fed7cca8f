/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack: one loop over the step methods of a CPU, asked in their order, each answer
 * carrying how far it can be trusted. The loop owns what holds for every CPU: the stack pointer
 * grows, no (pc, sp) comes twice, the number of frames has a ceiling, and the reason why the walk
 * ended is always recorded.
 */
#ifndef AVD_STACK_WALK_H
#define AVD_STACK_WALK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/view.h"
#include "stack/regs.h"
#include "symbols/symbol.h"

#include <stddef.h>

struct avd_candidates;  /* stack/candidates.h */
struct avd_likely_path; /* stack/likely_path.h */

/* How far a frame can be trusted, the least first. JSON uses rust-minidump's words for them. */
enum avd_trust {
    AVD_TRUST_NONE = 0,
    AVD_TRUST_SCAN,          /* found by looking through the stack, validated */
    AVD_TRUST_CFI_SCAN,      /* unwind data gave the place, scanning the address */
    AVD_TRUST_FRAME_POINTER, /* the EBP or RBP chain */
    AVD_TRUST_CFI,           /* unwind data, or a form of code that needs none */
    AVD_TRUST_PREWALKED,
    AVD_TRUST_CONTEXT /* recorded registers */
};
const char *avd_trust_name(enum avd_trust trust); /* "context", "cfi", "frame_pointer" ... */

/* How a frame was found, finer than its trust. */
enum avd_method {
    AVD_METHOD_NONE = 0,
    AVD_METHOD_CONTEXT,       /* a CONTEXT of the dump */
    AVD_METHOD_UNWIND_INFO,   /* x64 UNWIND_INFO */
    AVD_METHOD_LEAF,          /* x64 function without an entry in a table that was read */
    AVD_METHOD_MACHINE_FRAME, /* UNWIND_INFO with PUSH_MACHFRAME, or the CONTEXT of an exception
                                 that is being dispatched: the frame is exact */
    AVD_METHOD_FRAME_POINTER,
    AVD_METHOD_SYSCALL_STUB, /* frameless system-call stub, proved by its code bytes */
    AVD_METHOD_BAD_CALL,     /* call through a bad pointer, undone */
    AVD_METHOD_PROLOGUE,     /* x86: code bytes show that the frame is not built yet; x64: they
                              * show what was pushed */
    AVD_METHOD_EPILOGUE,     /* the code from pc on to its return, carried out */
    AVD_METHOD_FRAME_DATA,   /* x86: a frame-data program of a PDB or .sym file */
    AVD_METHOD_FPO,          /* x86: FPO_DATA, STACK WIN 0 */
    AVD_METHOD_STACK_CFI,    /* STACK CFI rules of a .sym file */
    AVD_METHOD_PROC_FRAME,   /* x64: a PDB's S_FRAMEPROC */
    AVD_METHOD_SCAN
};
const char *avd_method_name(enum avd_method method); /* "unwind_info", "leaf" ... */

/* What speaks for a return address besides being one word of a stack, the least first. */
enum avd_evidence {
    AVD_EVIDENCE_NONE = 0, /* not asked: another method than scanning or the frame pointer */
    AVD_EVIDENCE_WEAK,     /* it lies in a module, at a place where one can be; no code bytes */
    AVD_EVIDENCE_PATH,     /* it lies on the likeliest path through the stack (likely_path.c) */
    AVD_EVIDENCE_CALL,     /* the code bytes before it are a call */
    AVD_EVIDENCE_TARGET    /* that call leads to the callee's function */
};
const char *avd_evidence_name(enum avd_evidence evidence); /* "place", "path", "call" ... */

struct avd_frame {
    uint64_t pc; /* frame 0 and exact frames: the instruction; others: return address */
    uint64_t sp; /* callers: just above the return address's slot, arguments not popped */
    uint64_t fp; /* x86: ChildEBP, the address just below the slot of this frame's own return
                    address; the loop fills it when that was found. x64: 0 */
    uint64_t return_address; /* where this frame returns to; 0 when not found or the end */
    enum avd_trust trust;
    enum avd_method method;
    enum avd_evidence evidence;
    unsigned percent;    /* AVD_EVIDENCE_PATH: how likely it is a frame; otherwise 0 */
    bool exact;          /* pc is an instruction that was executing, not a return address */
    bool frames_missing; /* frames may be missing between its callee and this one: the call before
                            pc leads to another function than the callee's, or the path is vague */
    struct avd_regs regs;
};

/* Why a walk ended. */
enum avd_walk_end {
    AVD_END_NONE = 0,
    AVD_END_COMPLETE,        /* return address 0, or the base of the stack: a whole stack */
    AVD_END_NO_CONTEXT,      /* the thread has no usable CONTEXT */
    AVD_END_NO_MEMORY,       /* the stack memory needed is not in the dump */
    AVD_END_NO_UNWIND_INFO,  /* nothing says how to go on, and scanning found nothing */
    AVD_END_BAD_UNWIND_INFO, /* unwind data is damaged */
    AVD_END_NOT_CODE,        /* the return address found is no code */
    AVD_END_STACK_POINTER,   /* the stack pointer did not grow or left the stack */
    AVD_END_LIMIT,           /* the ceiling on frames, or on the work of all walks */
    AVD_END_32BIT_CODE,      /* x64: 32-bit code comes next, whose stack is another */
    AVD_END_UNSUPPORTED_CPU
};
const char *avd_walk_end_name(enum avd_walk_end end); /* "complete", "no_memory" ... */

struct avd_stack {
    struct avd_frame *frames; /* innermost first */
    size_t count;
    enum avd_walk_end end;
    const char *end_detail; /* one line in plain words, with addresses; never NULL */
};

/* What a module is to a process. The first two begin every thread, and are the same in each. */
enum avd_module_role {
    AVD_ROLE_OTHER = 0, /* not known */
    AVD_ROLE_NTDLL,     /* RtlUserThreadStart: the outermost function */
    AVD_ROLE_KERNEL32,  /* BaseThreadInitThunk, which it calls */
    AVD_ROLE_WINDOWS,   /* any other of Windows: it lies in a directory of the system */
    AVD_ROLE_PROGRAM    /* the program's own or another's: it lies elsewhere */
};

/* A module as the walk sees it. `id` is the caller's own. */
struct avd_code_module {
    size_t id;
    uint64_t base;
    uint64_t size;
};

/* Where x64 unwind data for a module lies. */
struct avd_pdata {
    uint32_t rva, size; /* exception directory */
};

/*
 * What a walk may ask. `analyze` sets these up; every function gets `ctx` first.
 */
struct avd_walk_env {
    void *ctx;
    /* Copies up to `size` bytes of the process's memory; returns how many. */
    size_t (*read)(void *ctx, uint64_t addr, void *buffer, size_t size);
    /* The module that owns `addr`. */
    bool (*module_at)(void *ctx, uint64_t addr, struct avd_code_module *out);
    /* Bytes of a module's image by RVA: from the dump's memory, else from its image file. */
    size_t (*read_image)(void *ctx, size_t module, uint32_t rva, void *buffer, size_t size);
    /* The module's exception directory. 1: there, 0: the image has none, -1: headers not
     * available. */
    int (*pdata)(void *ctx, size_t module, struct avd_pdata *out);
    /* Whether code may run at `addr`: 1 yes, 0 no, -1 not known. Sections, else memory info. */
    int (*executable)(void *ctx, uint64_t addr);
    /* RUNTIME_FUNCTION of a dynamic function table for `addr`: fills *base and the entry. May be
     * NULL. */
    bool (*dynamic_function)(void *ctx, uint64_t addr, uint64_t *base, uint32_t entry[3]);
    /* The highest function start known at or below `addr`, in its module: of the unwind table,
     * else of the exports. Others may lie between. May be NULL. */
    bool (*function_start)(void *ctx, uint64_t addr, uint64_t *start);
    /* Whether the symbols of both addresses have one name, as the parts of a function have that a
     * compiler split into hot and cold code. May be NULL. */
    bool (*same_name)(void *ctx, uint64_t a, uint64_t b);
    /* May be NULL. */
    enum avd_module_role (*module_role)(void *ctx, size_t module);
    /*
     * What symbols know of the stack at `addr`, which is avd_walk_lookup's address. All may be
     * NULL. Strings live as long as the walk; *module_base is what the RVAs are relative to.
     */
    bool (*frame_data)(void *ctx, uint64_t addr, struct avd_frame_data *out, uint64_t *module_base);
    bool (*cfi)(void *ctx, uint64_t addr, const char **rules);
    bool (*proc_frame)(void *ctx, uint64_t addr, struct avd_proc_frame *out, uint64_t *module_base);
};

/* How far below the stack's base a thread's first frames begin: a CONTEXT and some randomness. */
enum { AVD_NEAR_STACK_BASE = 16 * 1024 };

struct avd_walk {
    const struct avd_cpu_ops *cpu;
    const struct avd_walk_env *env;
    struct avd_arena *arena; /* frames go here */
    uint64_t stack_low;      /* the thread's stack as the TEB says; both 0 when not known */
    uint64_t stack_high;     /* exclusive. Methods see both as 0 when sp starts outside */
    unsigned max_frames;     /* 0: AVD_MAX_FRAMES; never more than AVD_MAX_FRAMES_CEILING */
    bool allow_scan;
    bool start_found; /* what is started from is a return address that a search found */
    bool windows;     /* the process's operating system: decides frame conventions */
    /* How often code may yet be read to see where calls lead, over all walks; NULL: any number. */
    size_t *code_budget;
    /* What may yet be done over all walks, in looks at memory, modules, tables and candidates, each
     * some ten nanoseconds. The environment takes from it too. NULL: any amount. */
    size_t *effort;
    /* What the stacks of all threads hold; NULL: nothing is learned from it. */
    struct avd_candidates *candidates;
    struct avd_likely_path *path; /* scan.c's own; NULL at the start */
    /* The loop's own: frames found by scanning in a row without code bytes that speak for them. */
    unsigned weak_frames;
    /* What the methods asked for the last frame have to say when the walk ends (avd_walk_say). */
    char detail[320];
};

enum avd_step_result {
    AVD_STEP_OK,      /* *caller is filled; the loop still judges it */
    AVD_STEP_NO_INFO, /* ask the next method; avd_walk_say keeps the reason */
    AVD_STEP_END,     /* the stack is complete here */
    AVD_STEP_FAILED   /* knows that nobody can go on; walk->detail says why */
};

struct avd_step_method {
    const char *name;
    /* Fills caller's pc, sp, regs, trust, method, exact; *caller comes zeroed. `callee_index`
     * counts from 0 = innermost; unless it is 0, the frame before `callee` in memory is the one
     * that it called. *end is set through avd_walk_say. */
    enum avd_step_result (*step)(struct avd_walk *walk, const struct avd_frame *callee,
                                 size_t callee_index, struct avd_frame *caller,
                                 enum avd_walk_end *end);
};

struct avd_cpu_ops {
    const char *name; /* "amd64", "x86" */
    unsigned pointer_size;
    uint64_t address_mask; /* highest user address */
    /* Decodes a CONTEXT; false when it is too short or of another CPU. */
    bool (*read_context)(const uint8_t *bytes, size_t size, struct avd_context *out);
    const char *const *reg_names; /* AVD_REG_COUNT, NULL where the CPU has none */
    uint32_t volatile_regs;       /* bit n: a call may change register n */
    const struct avd_step_method *methods;
    size_t method_count;
    /* Whether unwind data says that the code at `addr` is a part of the function that begins at
     * `start`. NULL where there is none that could. */
    bool (*is_part_of)(const struct avd_walk *walk, uint64_t addr, uint64_t start);
};

/*
 * Walks from `start` (registers with pc and sp known). Always leaves a valid *out: at least the
 * context's own frame when pc is known. Returns false only when out of memory.
 */
bool avd_walk_stack(struct avd_walk *walk, const struct avd_regs *start, struct avd_stack *out);

/* ---- helpers for step methods (walk.c) ---- */

/*
 * Says why a method could not go on. Several methods may say something about one step: the texts
 * are joined, the first code counts, except that AVD_END_NO_UNWIND_INFO gives way to any other.
 */
void avd_walk_say(struct avd_walk *walk, enum avd_walk_end *end, enum avd_walk_end code,
                  const char *format, ...) AVD_PRINTF(4, 5);
/* A pointer-size value of the stack; false when not in the dump. */
bool avd_walk_pointer(const struct avd_walk *walk, uint64_t addr, uint64_t *out);
/*
 * The caller as it is once the callee, whose registers are `regs`, returned through the return
 * address at `slot`: pc, sp and regs; what a call may change is unknown. False (said why) when the
 * slot is not in the dump.
 */
bool avd_walk_return(struct avd_walk *walk, const struct avd_regs *regs, uint64_t slot,
                     struct avd_frame *caller, enum avd_walk_end *end);

/* ---- what code bytes say (code.c) ---- */

/* Whether `addr` can be a return address: in a module (or executable memory). */
bool avd_walk_is_code(const struct avd_walk *walk, uint64_t addr);
/* Whether a call instruction ends at `addr`: 1 yes, 0 no, -1 code bytes not available. */
int avd_walk_after_call(const struct avd_walk *walk, uint64_t addr);
/* What speaks for `addr` as a return address that data, not a search, led to: 1 a call ends there,
 * -1 it is code whose bytes are not available, 0 it can be none. Code that was made at run time
 * counts, which in a dump that does not say what memory is executable only the call before it
 * shows. */
int avd_walk_return_evidence(const struct avd_walk *walk, uint64_t addr);
/*
 * Whether code that belongs to no module was called by code of that kind, whose frame is at `fp`,
 * though no call says so: from `caller` the chain of frame pointers goes on through such code until
 * a call leads out of it, or for long enough. 64-bit only.
 */
bool avd_walk_links_made_code(const struct avd_walk *walk, const struct avd_frame *callee,
                              const struct avd_frame *caller, uint64_t fp);
/* The calls that the bytes before `addr` can be read as; more than one may fit. */
struct avd_call {
    int found;       /* as avd_walk_after_call */
    bool has_target; /* E8: a direct call to `target` */
    uint64_t target;
    bool has_slot; /* FF 15: a call through the pointer at `slot` */
    uint64_t slot;
    bool other;  /* any other form, which may lead anywhere */
    bool system; /* x86: what a system-call stub calls to enter the kernel */
};
void avd_walk_call_before(const struct avd_walk *walk, uint64_t addr, struct avd_call *out);
/* The bytes before `addr`, at most `size`, from memory or image; returns how many, aligned so that
 * the last byte of the buffer's used part is the one before `addr`. */
size_t avd_walk_code(const struct avd_walk *walk, uint64_t addr, uint8_t *buffer, size_t size);
/* The bytes from `addr` on, at most `size`, from memory or image; returns how many. */
size_t avd_walk_code_at(const struct avd_walk *walk, uint64_t addr, uint8_t *buffer, size_t size);

/* ---- where calls lead (call_target.c) ---- */

/* Takes `looks` of walk->effort, as much as there is. */
void avd_walk_exert(const struct avd_walk *walk, size_t looks);
/* Whether none of it is left: no step begins any more. */
bool avd_walk_exhausted(const struct avd_walk *walk);

/* Takes one of walk->code_budget, before reading code to judge a word that may be a return address:
 * over all stacks that has a ceiling. False when none is left. */
bool avd_walk_spend(const struct avd_walk *walk);

/*
 * Whether the call that ends at `addr` led to the function that holds `pc` (an address inside it,
 * not a return address behind its end), jumps on the way followed: 1 it does, and *start is where
 * that function begins; 0 it leads elsewhere or is no call; -1 not known, as the bytes needed are
 * not there or the call is an indirect one.
 */
int avd_walk_call_leads_to(const struct avd_walk *walk, uint64_t addr, uint64_t pc,
                           uint64_t *start);
/* Whether a call or jump to `target` gets to the function that holds `pc`; as above. */
int avd_walk_leads_to(const struct avd_walk *walk, uint64_t target, uint64_t pc, uint64_t *start);
/* Where the call that ends at `addr` leads, directly or through a pointer in memory, jumps on the
 * way followed; false when it is none of the two, or could be both. */
bool avd_walk_call_target(const struct avd_walk *walk, uint64_t addr, uint64_t *target);
/* x86: bytes of the hot-patch prologue at the start of `code` that has no effect (mov edi, edi;
 * push ebp; mov ebp, esp; pop ebp); 0 when it does not begin so. */
size_t avd_walk_hot_patch(struct avd_view code);
/*
 * x86: whether the function that holds `pc` certainly has no EBP frame, so that EBP is an outer
 * function's: its start is known, and no code from there to `pc` sets EBP up.
 */
bool avd_walk_frameless(const struct avd_walk *walk, uint64_t pc);
/* The address by which a frame's function is looked up: pc, or inside the call before it. */
uint64_t avd_walk_lookup(const struct avd_frame *frame);

/* ---- where a thread of Windows begins (thread_start.c) ---- */

/* What the module is that holds the call before `return_address`. */
enum avd_module_role avd_walk_role_at(const struct avd_walk *walk, uint64_t return_address);
/* Whether a 0 can be where the function of `frame` returns to. On the stack that Windows gave it a
 * thread begins in ntdll or kernel32; assembly whose unwind data leave the work to a handler
 * (OpenSSL's), and a frame pointer that is none, show a 0 where the return address is not. */
bool avd_walk_can_begin_thread(const struct avd_walk *walk, const struct avd_frame *frame);
/* Whether `frame`, which is not the first of its array, is the outermost of its thread. */
bool avd_walk_at_thread_start(const struct avd_walk *walk, const struct avd_frame *frame);
/* x64: BaseThreadInitThunk has the smallest frame that can call: home space and alignment. */
enum { AVD_THREAD_START_FRAME = 0x30 };
/* x64: the two outermost frames, looked for below the stack's base, their slots at `above` or
 * higher. */
bool avd_walk_find_thread_start(const struct avd_walk *walk, uint64_t above,
                                struct avd_frame out[2]);
/*
 * x86: BaseThreadInitThunk, where the chain of frame pointers leads past it from `callee`, a
 * function of the program, to `caller` in ntdll, which is where the thread starts: its return
 * address is the only one into kernel32 between the two. *out keeps the callee's EBP.
 */
bool avd_walk_skipped_thread_start(const struct avd_walk *walk, const struct avd_frame *callee,
                                   const struct avd_frame *caller, struct avd_frame *out);
/* Whether a frame with this stack pointer is one of those two. */
bool avd_walk_starts_thread(const struct avd_walk *walk, uint64_t sp);

/* ---- steps that every CPU shares ---- */

/* A call through a bad pointer, undone (code.c): pc is no code, the return address on top of the
 * stack is. */
enum avd_step_result avd_step_bad_call(struct avd_walk *walk, const struct avd_frame *callee,
                                       size_t callee_index, struct avd_frame *caller,
                                       enum avd_walk_end *end);
/* Scanning, the last resort of every CPU (scan.c): looks for a validated return address. */
enum avd_step_result avd_step_scan(struct avd_walk *walk, const struct avd_frame *callee,
                                   size_t callee_index, struct avd_frame *caller,
                                   enum avd_walk_end *end);
/*
 * For frames that the chain of frame pointers skips: a return address in a slot below `limit` whose
 * call leads to the callee's function. When it is `certain` that the chain skips one, an indirect
 * call in a function that was itself called from further up will do; otherwise the callee's
 * function must be one that sets up no frame pointer. The caller keeps the callee's frame pointer.
 */
bool avd_scan_for_call(struct avd_walk *walk, const struct avd_frame *callee, uint64_t limit,
                       bool certain, struct avd_frame *caller);
/* The chain of saved RBP or EBP (frame_pointer.c). On Windows x64, where RBP is an ordinary
 * register, it is believed only where nothing else can be known, and only after a proved call. */
enum avd_step_result avd_step_frame_pointer(struct avd_walk *walk, const struct avd_frame *callee,
                                            size_t callee_index, struct avd_frame *caller,
                                            enum avd_walk_end *end);

/* STACK CFI rules of a symbol file (cfi.c). */
enum avd_step_result avd_step_cfi(struct avd_walk *walk, const struct avd_frame *callee,
                                  size_t callee_index, struct avd_frame *caller,
                                  enum avd_walk_end *end);

/* The CPUs there are. */
extern const struct avd_cpu_ops avd_cpu_amd64; /* src/x64/cpu.c */
extern const struct avd_cpu_ops avd_cpu_x86;   /* src/x86/cpu.c */

#endif
