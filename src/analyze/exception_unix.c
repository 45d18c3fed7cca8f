/* SPDX-License-Identifier: MIT */
/*
 * Crashes of Linux and Apple programs in words. Breakpad and Crashpad put the signal or Mach
 * exception into the code and si_code or the Mach code into the flags (asm-generic/siginfo.h,
 * mach/exception_types.h). What depends on the CPU stays a number here: the input does not name
 * the CPU, and the numbers of x86 and ARM overlap.
 */
#include "analyze/exception_codes.h"

#include <inttypes.h>

struct word {
    uint32_t value;
    const char *name;
    const char *meaning;
};

enum {
    SIGNAL_ILL = 4,
    SIGNAL_TRAP = 5,
    SIGNAL_ABRT = 6,
    SIGNAL_BUS = 7,
    SIGNAL_FPE = 8,
    SIGNAL_SEGV = 11,
    SIGNAL_SYS = 31,
    SIGNAL_LAST = 64
};

static const struct word signals[] = {
    {1, "SIGHUP", "the program's terminal was closed"},
    {2, "SIGINT", "someone pressed Ctrl+C"},
    {3, "SIGQUIT", "someone asked the program to quit and leave a dump"},
    {SIGNAL_ILL, "SIGILL", "the CPU met an instruction it cannot execute"},
    {SIGNAL_TRAP, "SIGTRAP", "a breakpoint or trace trap"},
    {SIGNAL_ABRT, "SIGABRT", "the program ended itself with abort(), usually after a failed check"},
    {SIGNAL_BUS, "SIGBUS", "the program accessed memory that could not be reached"},
    {SIGNAL_FPE, "SIGFPE", "an arithmetic error"},
    {9, "SIGKILL", "the program was killed from outside"},
    {10, "SIGUSR1", "a signal with a meaning of the program's own"},
    {SIGNAL_SEGV, "SIGSEGV",
     "the program accessed memory that is not there or that it may not use in this way"},
    {12, "SIGUSR2", "a signal with a meaning of the program's own"},
    {13, "SIGPIPE", "the program wrote to a pipe or socket that nobody reads"},
    {14, "SIGALRM", "an alarm clock of the program rang"},
    {15, "SIGTERM", "the program was asked to end"},
    {16, "SIGSTKFLT", "a stack fault of a coprocessor"},
    {17, "SIGCHLD", "a child process changed its state"},
    {18, "SIGCONT", "the program was told to continue"},
    {19, "SIGSTOP", "the program was stopped from outside"},
    {20, "SIGTSTP", "someone stopped the program at its terminal"},
    {21, "SIGTTIN", "a background program read from its terminal"},
    {22, "SIGTTOU", "a background program wrote to its terminal"},
    {23, "SIGURG", "urgent data arrived on a socket"},
    {24, "SIGXCPU", "the program used more CPU time than it may"},
    {25, "SIGXFSZ", "the program wrote a larger file than it may"},
    {26, "SIGVTALRM", "an alarm clock of the program rang"},
    {27, "SIGPROF", "a profiler's clock rang"},
    {28, "SIGWINCH", "the terminal's size changed"},
    {29, "SIGIO", "a file became ready"},
    {30, "SIGPWR", "the power supply failed"},
    {SIGNAL_SYS, "SIGSYS", "the program made a system call that it may not make"},
    {0xffffffffu, "DUMP_REQUESTED", "the program asked for a dump without crashing"},
    {0, NULL, NULL},
};

static const struct word ill_codes[] = {
    {1, "ILL_ILLOPC", "undefined operation"},     {2, "ILL_ILLOPN", "undefined operand"},
    {3, "ILL_ILLADR", "undefined addressing"},    {4, "ILL_ILLTRP", "undefined trap"},
    {5, "ILL_PRVOPC", "privileged operation"},    {6, "ILL_PRVREG", "privileged register"},
    {7, "ILL_COPROC", "coprocessor error"},       {8, "ILL_BADSTK", "internal stack error"},
    {9, "ILL_BADIADDR", "unimplemented address"}, {0, NULL, NULL},
};

static const struct word trap_codes[] = {
    {1, "TRAP_BRKPT", "breakpoint"},
    {2, "TRAP_TRACE", "single step"},
    {3, "TRAP_BRANCH", "branch"},
    {4, "TRAP_HWBKPT", "hardware breakpoint"},
    {5, "TRAP_UNK", "not diagnosed"},
    {6, "TRAP_PERF", "performance event"},
    {0, NULL, NULL},
};

static const struct word fpe_codes[] = {
    {1, "FPE_INTDIV", "an integer was divided by zero"},
    {2, "FPE_INTOVF", "an integer result does not fit"},
    {3, "FPE_FLTDIV", "a floating-point number was divided by zero"},
    {4, "FPE_FLTOVF", "a floating-point result was too large"},
    {5, "FPE_FLTUND", "a floating-point result was too small"},
    {6, "FPE_FLTRES", "a floating-point result was inexact"},
    {7, "FPE_FLTINV", "a floating-point operation was not valid"},
    {8, "FPE_FLTSUB", "a subscript was out of range"},
    {0, NULL, NULL},
};

static const struct word segv_codes[] = {
    {1, "SEGV_MAPERR", "no memory is mapped there"},
    {2, "SEGV_ACCERR", "the memory there may not be used in this way"},
    {3, "SEGV_BNDERR", "the address is outside the pointer's bounds"},
    {4, "SEGV_PKUERR", "a protection key forbids it"},
    {0, NULL, NULL},
};

static const struct word bus_codes[] = {
    {1, "BUS_ADRALN", "the address is not aligned"},
    {2, "BUS_ADRERR", "no physical memory or file is behind the address"},
    {3, "BUS_OBJERR", "a hardware error of that object"},
    {4, "BUS_MCEERR_AR", "a memory module failed"},
    {5, "BUS_MCEERR_AO", "a memory module failed"},
    {0, NULL, NULL},
};

static const struct word sys_codes[] = {
    {1, "SYS_SECCOMP", "a seccomp filter forbids it"},
    {2, "SYS_USER_DISPATCH", "the program handles it itself"},
    {0, NULL, NULL},
};

/* What may stand in place of a code of the signal's own. SI_USER is 0, and so is the flags field
 * of writers that do not know it: it says nothing. */
static const struct word sent_codes[] = {
    {0x80, "SI_KERNEL", NULL},         {0xffffffffu, "SI_QUEUE", NULL},
    {0xfffffffeu, "SI_TIMER", NULL},   {0xfffffffdu, "SI_MESGQ", NULL},
    {0xfffffffcu, "SI_ASYNCIO", NULL}, {0xfffffffbu, "SI_SIGIO", NULL},
    {0xfffffffau, "SI_TKILL", NULL},   {0xfffffff9u, "SI_DETHREAD", NULL},
    {0xffffffc4u, "SI_ASYNCNL", NULL}, {0, NULL, NULL},
};

/* The entry for `value` of a table that ends with a NULL name, or that end. */
static const struct word *find_word(const struct word *words, uint32_t value)
{
    while (words->name != NULL && words->value != value)
        words++;
    return words;
}

static const struct word *codes_of(uint32_t signal)
{
    switch (signal) {
    case SIGNAL_ILL: return ill_codes;
    case SIGNAL_TRAP: return trap_codes;
    case SIGNAL_BUS: return bus_codes;
    case SIGNAL_FPE: return fpe_codes;
    case SIGNAL_SEGV: return segv_codes;
    case SIGNAL_SYS: return sys_codes;
    default: return sent_codes;
    }
}

/* Signals that the CPU's own errors raise. */
static bool is_fault(uint32_t signal)
{
    return signal == SIGNAL_ILL || signal == SIGNAL_TRAP || signal == SIGNAL_BUS ||
           signal == SIGNAL_FPE || signal == SIGNAL_SEGV;
}

/* "NAME / CODE" and "meaning: what the code says"; a code without words is shown in hex. */
static bool put_pair(struct avd_arena *arena, const struct word *what, const struct word *code,
                     uint32_t value, struct avd_exception_words *out)
{
    if (code->name == NULL) {
        out->type = avd_arena_printf(arena, "%s / 0x%08" PRIx32, what->name, value);
        return out->type != NULL;
    }
    out->type = avd_arena_printf(arena, "%s / %s", what->name, code->name);
    if (code->meaning != NULL)
        out->meaning = avd_arena_printf(arena, "%s: %s", what->meaning, code->meaning);
    return out->type != NULL && out->meaning != NULL;
}

static enum avd_exception_class class_of_signal(uint32_t signal)
{
    if (signal == 0xffffffffu)
        return AVD_CLASS_BENIGN;
    if (signal == SIGNAL_TRAP)
        return AVD_CLASS_DEBUG;
    return is_fault(signal) || signal == SIGNAL_ABRT || signal == SIGNAL_SYS ? AVD_CLASS_CRASH
                                                                             : AVD_CLASS_UNKNOWN;
}

bool avd_signal_describe(const struct avd_exception_input *in, struct avd_arena *arena,
                         struct avd_exception_words *out)
{
    const struct word *signal = find_word(signals, in->code);
    const struct word *code;

    if (signal->name == NULL)
        return true;
    out->name = out->type = signal->name;
    out->meaning = signal->meaning;
    out->class_ = class_of_signal(in->code);
    out->was_sent = in->code <= SIGNAL_LAST && in->code != SIGNAL_SYS &&
                    (!is_fault(in->code) || in->flags > INT32_MAX);
    /* si_addr means an address only when the hardware raised the signal. */
    if ((in->code == SIGNAL_SEGV || in->code == SIGNAL_BUS) && in->flags < 0x80) {
        out->has_access_address = true;
        out->access_address = in->is_64bit ? in->address : in->address & 0xffffffffu;
    }
    if (in->flags == 0)
        return true;
    code = find_word(codes_of(in->code), in->flags);
    if (code->name != NULL)
        return put_pair(arena, signal, code, in->flags, out);
    code = find_word(sent_codes, in->flags);
    if (!put_pair(arena, signal, code, in->flags, out))
        return false;
    if (in->flags > INT32_MAX && is_fault(in->code)) {
        out->meaning = "the signal was sent by a program; the CPU met no error";
        out->class_ = AVD_CLASS_UNKNOWN;
    } else if (in->flags == 0x80 && (in->code == SIGNAL_SEGV || in->code == SIGNAL_BUS)) {
        out->meaning = avd_arena_printf(arena,
                                        "%s; the kernel gave no address, as for one that is not "
                                        "canonical",
                                        signal->meaning);
    }
    return out->meaning != NULL;
}

enum {
    MACH_BAD_ACCESS = 1,
    MACH_SOFTWARE = 5,
    MACH_BREAKPOINT = 6,
    MACH_CRASH = 10,
    MACH_RESOURCE = 11,
    MACH_GUARD = 12,
    MACH_SIMULATED = 0x43507378,
    MACH_NS_EXCEPTION = 0x43506e78,
    I386_GPFLT = 13
};

static const struct word mach_exceptions[] = {
    {MACH_BAD_ACCESS, "EXC_BAD_ACCESS",
     "the program accessed memory that is not there or that it may not use in this way"},
    {2, "EXC_BAD_INSTRUCTION", "the CPU met an instruction it cannot execute"},
    {3, "EXC_ARITHMETIC", "an arithmetic error"},
    {4, "EXC_EMULATION", "an instruction could not be emulated"},
    {MACH_SOFTWARE, "EXC_SOFTWARE", "the program or its runtime raised an exception itself"},
    {MACH_BREAKPOINT, "EXC_BREAKPOINT", "a breakpoint, a trap of the compiler or a failed check"},
    {7, "EXC_SYSCALL", "a system call"},
    {8, "EXC_MACH_SYSCALL", "a Mach system call"},
    {9, "EXC_RPC_ALERT", "a remote procedure call alert"},
    {MACH_CRASH, "EXC_CRASH", "the program ended because of a signal"},
    {MACH_RESOURCE, "EXC_RESOURCE", "the program used more of a resource than it may"},
    {MACH_GUARD, "EXC_GUARD", "the program misused something that the system guards"},
    {13, "EXC_CORPSE_NOTIFY", "the system reports a process that has ended"},
    {MACH_SIMULATED, "CRASHPAD_SIMULATED",
     "the program asked Crashpad for a dump without crashing"},
    {MACH_NS_EXCEPTION, "CRASHPAD_NSEXCEPTION", "nobody handled an Objective-C exception"},
    {0, NULL, NULL},
};

static const struct word access_codes[] = {
    {1, "KERN_INVALID_ADDRESS", "no memory is mapped there"},
    {2, "KERN_PROTECTION_FAILURE", "the memory there may not be used in this way"},
    {5, "KERN_FAILURE", "the kernel gives no reason"},
    {8, "KERN_NO_ACCESS", "the memory there may not be used at all"},
    {9, "KERN_MEMORY_FAILURE", "the data behind the memory is gone"},
    {10, "KERN_MEMORY_ERROR", "the data behind the memory could not be read"},
    {I386_GPFLT, "EXC_I386_GPFLT", "a general protection fault, whose address is not known"},
    {50, "KERN_CODESIGN_ERROR", "the code signature of the page is not valid"},
    {0, NULL, NULL},
};

static const struct word software_codes[] = {
    {0x00010002u, "SIGABRT", "abort()"},
    {0xdeadc0deu, "UNCAUGHT_NS_EXCEPTION", "nobody handled an Objective-C exception"},
    {0, NULL, NULL},
};

static const struct word resource_codes[] = {
    {1, "RESOURCE_TYPE_CPU", "CPU time"},    {2, "RESOURCE_TYPE_WAKEUPS", "wake-ups"},
    {3, "RESOURCE_TYPE_MEMORY", "memory"},   {4, "RESOURCE_TYPE_IO", "input and output"},
    {5, "RESOURCE_TYPE_THREADS", "threads"}, {0, NULL, NULL},
};

static const struct word guard_codes[] = {
    {0, "GUARD_TYPE_NONE", NULL},
    {1, "GUARD_TYPE_MACH_PORT", "a Mach port"},
    {2, "GUARD_TYPE_FD", "a file descriptor"},
    {3, "GUARD_TYPE_USER", "something in user space"},
    {4, "GUARD_TYPE_VN", "a file"},
    {5, "GUARD_TYPE_VIRT_MEMORY", "virtual memory"},
    {0, NULL, NULL},
};

/* Apple's numbers, which differ from those of Linux. */
static const struct word crash_signals[] = {
    {3, "SIGQUIT", "it was asked to quit"},
    {4, "SIGILL", "an instruction that the CPU cannot execute"},
    {5, "SIGTRAP", "a breakpoint or trap"},
    {6, "SIGABRT", "abort(), usually after a failed check"},
    {8, "SIGFPE", "an arithmetic error"},
    {9, "SIGKILL", "it was killed from outside"},
    {10, "SIGBUS", "an access to memory that could not be reached"},
    {11, "SIGSEGV", "an access to memory that is not there or may not be used in this way"},
    {12, "SIGSYS", "a system call that is not valid"},
    {13, "SIGPIPE", "it wrote to a pipe or socket that nobody reads"},
    {15, "SIGTERM", "it was asked to end"},
    {0, NULL, NULL},
};

static bool describe_mach_code(uint32_t exception, uint32_t code, const struct word *what,
                               struct avd_arena *arena, struct avd_exception_words *out)
{
    static const struct word none = {0, NULL, NULL};

    switch (exception) {
    case MACH_BAD_ACCESS: return put_pair(arena, what, find_word(access_codes, code), code, out);
    case MACH_SOFTWARE: return put_pair(arena, what, find_word(software_codes, code), code, out);
    case MACH_CRASH:
        /* exc_crash.c of the kernel: the signal is in bits 24 to 31. */
        return put_pair(arena, what, find_word(crash_signals, code >> 24), code, out);
    case MACH_RESOURCE:
        return put_pair(arena, what, find_word(resource_codes, code >> 29), code, out);
    case MACH_GUARD: return put_pair(arena, what, find_word(guard_codes, code >> 29), code, out);
    case MACH_SIMULATED: out->type = "Simulated Exception"; return true;
    case MACH_NS_EXCEPTION: out->type = what->name; return true;
    default: return put_pair(arena, what, &none, code, out);
    }
}

/* Where the address of a bad access is: Crashpad stores {exception, code, subcode} as parameters,
 * Breakpad uses the exception's address. */
static void find_mach_address(const struct avd_exception_input *in, struct avd_exception_words *out)
{
    uint64_t address = in->address;

    if (in->flags == I386_GPFLT)
        return;
    if (in->parameter_count >= 3) {
        address = in->parameters[2];
        out->parameters[2] = "the address that was accessed";
    } else if (in->parameter_count == 2) {
        address = in->parameters[1];
        out->parameters[1] = "the address that was accessed";
    }
    out->has_access_address = true;
    out->access_address = in->is_64bit ? address : address & 0xffffffffu;
}

bool avd_mach_describe(const struct avd_exception_input *in, struct avd_arena *arena,
                       struct avd_exception_words *out)
{
    uint32_t exception = in->code;
    uint32_t code = in->flags;
    const struct word *what;

    if (in->parameter_count >= 3) {
        out->parameters[0] = "the Mach exception";
        out->parameters[1] = "its code";
        out->parameters[2] = "its subcode";
    }
    /* Crashpad: EXC_CRASH for a signal without an exception before it has code 0. */
    if (exception == 0 && in->parameter_count >= 3 && in->parameters[0] == MACH_CRASH) {
        exception = MACH_CRASH;
        code = (uint32_t)in->parameters[1];
    }
    what = find_word(mach_exceptions, exception);
    if (what->name == NULL)
        return true;
    out->name = what->name;
    out->meaning = what->meaning;
    out->class_ = exception == MACH_SIMULATED || exception == 13 ? AVD_CLASS_BENIGN
                  : exception == MACH_BREAKPOINT                 ? AVD_CLASS_DEBUG
                                                                 : AVD_CLASS_CRASH;
    if (exception == MACH_BAD_ACCESS)
        find_mach_address(in, out);
    return describe_mach_code(exception, code, what, arena, out);
}
