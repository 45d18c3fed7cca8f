/* SPDX-License-Identifier: MIT */
/*
 * Every fact that detectors may publish: its type and what it says. Rule files are checked
 * against this table, avdump-rules(5) and rules.schema.json repeat it (tests compare them). A fact
 * whose value a dump does not give is published as unknown with the reason, never with a guess.
 */
#include "analyze/facts.h"

#include <string.h>

const struct avd_fact_doc avd_fact_docs[] = {
    /* The process. */
    {"process.os", AVD_FACT_TEXT, "windows, linux, macos or other"},
    {"process.is_wow64", AVD_FACT_BOOL, "a 32-bit process in a 64-bit dump"},
    {"process.wow64_evidence", AVD_FACT_TEXT, "why it is taken for one"},
    {"process.pointer_size", AVD_FACT_NUMBER,
     "4 or 8: bytes of a pointer of the program's own code, so 4 under WOW64"},
    {"process.threads", AVD_FACT_NUMBER, "number of threads in the dump"},
    {"wow64.threads_with_context32", AVD_FACT_NUMBER,
     "number of threads whose 32-bit registers were found"},
    {"wow64.peb32", AVD_FACT_ADDRESS, "the 32-bit process environment block"},

    /* What the exception record says. */
    {"exception.present", AVD_FACT_BOOL,
     "an exception is known: the dump stores one, or one was found on a stack"},
    {"exception.code", AVD_FACT_CODE,
     "exception code; the signal's number on Linux, the Mach exception on macOS"},
    {"exception.name", AVD_FACT_TEXT, "name of the code, such as STATUS_ACCESS_VIOLATION"},
    {"exception.meaning", AVD_FACT_TEXT, "the code in one sentence"},
    {"exception.type", AVD_FACT_TEXT,
     "code and kind together, such as EXCEPTION_ACCESS_VIOLATION_READ or SIGSEGV / SEGV_MAPERR"},
    {"exception.class", AVD_FACT_TEXT,
     "what such a code usually is: crash, first-chance, benign, startup or debug"},
    {"exception.flags", AVD_FACT_CODE,
     "flags of the record; 1 = cannot be continued; on Linux the signal's si_code"},
    {"exception.address", AVD_FACT_ADDRESS,
     "address in the record: the instruction on Windows, the signal's address on Linux"},
    {"exception.is_access_violation", AVD_FACT_BOOL,
     "memory was touched that may not be: 0xC0000005, SIGSEGV or EXC_BAD_ACCESS"},
    {"exception.is_32bit", AVD_FACT_BOOL, "raised by 32-bit code"},
    {"exception.thread", AVD_FACT_CODE, "id of the thread that raised it"},
    {"exception.source", AVD_FACT_TEXT,
     "stream when the dump stores it, recovered when it was found on a thread's stack"},
    {"exception.evidence", AVD_FACT_TEXT,
     "where the record or its registers were found when the dump does not store them"},
    {"exception.nested_code", AVD_FACT_CODE,
     "code of the exception that was being handled when this one was raised"},
    {"exceptions.count", AVD_FACT_NUMBER,
     "number of exceptions that are being handled on all threads, this one among them"},
    {"exceptions.threads", AVD_FACT_NUMBER, "number of threads that have one"},
    {"exceptions.leftovers", AVD_FACT_NUMBER,
     "number of exception records on stacks that nothing is known to use: they may be old"},
    {"exception.parameter_count", AVD_FACT_NUMBER, "number of the record's parameters"},
    {"exception.parameter0", AVD_FACT_ADDRESS, "the first of them"},
    {"exception.parameter1", AVD_FACT_ADDRESS, "the second"},
    {"exception.parameter2", AVD_FACT_ADDRESS, "the third"},
    {"exception.parameter3", AVD_FACT_ADDRESS, "the fourth"},

    /* The memory access that was refused. */
    {"access.kind", AVD_FACT_TEXT,
     "read, write or execute; unknown where the system does not tell (Linux, macOS)"},
    {"access.address", AVD_FACT_ADDRESS,
     "address that could not be accessed; unknown where the system did not give one (SI_KERNEL)"},
    {"access.region_state", AVD_FACT_TEXT,
     "state of the memory there: free, reserved or committed"},
    {"access.at_pc", AVD_FACT_BOOL,
     "the refused address is the instruction itself: code was to be fetched from it"},
    {"access.at_stack_limit", AVD_FACT_BOOL,
     "the refused address lies at most two pages below stack.low"},

    /* The instruction and the stack of the thread that raised it: the 32-bit ones if
     * exception.is_32bit. */
    {"pc.address", AVD_FACT_ADDRESS, "the instruction pointer at the exception"},
    {"pc.module", AVD_FACT_TEXT, "file name of the module it lies in"},
    {"pc.in_module", AVD_FACT_BOOL, "it lies in a loaded module"},
    {"pc.executable", AVD_FACT_BOOL,
     "the memory there may be executed; unknown when the dump does not say"},
    {"pc.region_protect", AVD_FACT_TEXT,
     "protection of the memory there, such as PAGE_READWRITE"},
    {"sp.address", AVD_FACT_ADDRESS, "the stack pointer at the exception"},
    {"stack.low", AVD_FACT_ADDRESS, "lowest usable address of the stack (the TEB's StackLimit)"},
    {"stack.high", AVD_FACT_ADDRESS, "end of the stack (the TEB's StackBase)"},
    {"stack.used", AVD_FACT_NUMBER, "bytes from the stack pointer to the end of the stack"},
    {"stack.reserve", AVD_FACT_NUMBER, "bytes reserved for the stack"},
    {"stack.frames", AVD_FACT_NUMBER, "number of frames that were recovered"},
    {"stack.modules", AVD_FACT_LIST, "file names of the modules on the stack, innermost first"},
    {"stack.repeat_length", AVD_FACT_NUMBER,
     "number of frames in the group that repeats on the stack"},
    {"stack.repeat_count", AVD_FACT_NUMBER, "how often that group comes in a row"},
    {"stack.repeat_functions", AVD_FACT_LIST, "the functions of that group, innermost first"},

    /* Fast fail: a program ends itself at once. */
    {"fastfail.code", AVD_FACT_NUMBER, "fast-fail code"},
    {"fastfail.name", AVD_FACT_TEXT, "its name, such as FAST_FAIL_FATAL_APP_EXIT"},

    /* Where it happened. */
    {"crash.module", AVD_FACT_TEXT, "file name of the module that raised the exception"},
    {"crash.function", AVD_FACT_TEXT, "function that raised it"},
    {"crash.caller", AVD_FACT_TEXT,
     "module!function of the first caller that could be recovered"},

    /* Application Verifier. */
    {"verifier.present", AVD_FACT_BOOL, "DLLs of Application Verifier or page heap are loaded"},
    {"verifier.engine", AVD_FACT_TEXT, "Application Verifier, page heap, verifier.dll alone or none"},
    {"verifier.providers", AVD_FACT_LIST, "file names of the layers' DLLs, such as vfnet.dll"},
    {"verifier.global_flag", AVD_FACT_CODE,
     "NtGlobalFlag of the process: 0x100 Application Verifier, 0x02000000 page heap"},
    {"verifier.generation", AVD_FACT_TEXT,
     "G1 to G5, how the stop came about: through ntdll, through verifier.dll, through vrfcore.dll "
     "for verifier.dll or for a layer, as an exception"},
    {"verifier.layer", AVD_FACT_TEXT, "layer of the stop, such as Networking"},
    {"verifier.source", AVD_FACT_TEXT, "where in the dump the stop's code was found"},
    {"verifier.caller", AVD_FACT_TEXT,
     "first frame of the stack outside the verifier, Winsock and the system"},
    {"verifier.culprit", AVD_FACT_TEXT,
     "who is to blame: a frame of the stack or of a recorded one, or a DLL's name"},
    {"verifier.culprit_module", AVD_FACT_TEXT, "its module's file name"},
    {"verifier.culprit_source", AVD_FACT_TEXT,
     "where it comes from: the stack, parameter 1 to parameter 4"},
    {"verifier.stop.present", AVD_FACT_BOOL, "the dump stands at a stop"},
    {"verifier.stop.recovered", AVD_FACT_BOOL, "the stop's code is known"},
    {"verifier.stop.code", AVD_FACT_CODE, "the stop's code, as the dump has it"},
    {"verifier.stop.name", AVD_FACT_TEXT,
     "its headline, such as APPLICATION_VERIFIER_NETWORKING_WSA_SOCKET_ALREADY_CLOSED (e101)"},
    {"verifier.stop.id", AVD_FACT_TEXT, "its Stop ID, such as WSA_SOCKET_ALREADY_CLOSED"},
    {"verifier.stop.title", AVD_FACT_TEXT, "its title, else its message"},
    {"verifier.stop.severity", AVD_FACT_TEXT, "error, warning or info"},
    {"verifier.stop.cause", AVD_FACT_TEXT, "what causes such a stop"},
    {"verifier.stop.advice", AVD_FACT_TEXT, "what to do about it"},
    {"verifier.stop.message", AVD_FACT_TEXT, "its message as the dump's memory has it"},
    {"verifier.param1", AVD_FACT_ADDRESS, "its first parameter"},
    {"verifier.param1.meaning", AVD_FACT_TEXT, "what the first parameter means"},
    {"verifier.param1.kind", AVD_FACT_TEXT, "what it is, such as socket or stack_trace"},
    {"verifier.param1.text", AVD_FACT_TEXT, "its value decoded"},
    {"verifier.trace1", AVD_FACT_LIST, "the frames of the stack that it leads to"},
    {"verifier.argument1", AVD_FACT_TEXT,
     "the first parameter in one line: meaning, value, what it leads to"},
    {"verifier.param2", AVD_FACT_ADDRESS, "its second parameter"},
    {"verifier.param2.meaning", AVD_FACT_TEXT, "what the second parameter means"},
    {"verifier.param2.kind", AVD_FACT_TEXT, "what it is, such as socket or stack_trace"},
    {"verifier.param2.text", AVD_FACT_TEXT, "its value decoded"},
    {"verifier.trace2", AVD_FACT_LIST, "the frames of the stack that it leads to"},
    {"verifier.argument2", AVD_FACT_TEXT,
     "the second parameter in one line: meaning, value, what it leads to"},
    {"verifier.param3", AVD_FACT_ADDRESS, "its third parameter"},
    {"verifier.param3.meaning", AVD_FACT_TEXT, "what the third parameter means"},
    {"verifier.param3.kind", AVD_FACT_TEXT, "what it is, such as socket or stack_trace"},
    {"verifier.param3.text", AVD_FACT_TEXT, "its value decoded"},
    {"verifier.trace3", AVD_FACT_LIST, "the frames of the stack that it leads to"},
    {"verifier.argument3", AVD_FACT_TEXT,
     "the third parameter in one line: meaning, value, what it leads to"},
    {"verifier.param4", AVD_FACT_ADDRESS, "its fourth parameter"},
    {"verifier.param4.meaning", AVD_FACT_TEXT, "what the fourth parameter means"},
    {"verifier.param4.kind", AVD_FACT_TEXT, "what it is, such as socket or stack_trace"},
    {"verifier.param4.text", AVD_FACT_TEXT, "its value decoded"},
    {"verifier.trace4", AVD_FACT_LIST, "the frames of the stack that it leads to"},
    {"verifier.argument4", AVD_FACT_TEXT,
     "the fourth parameter in one line: meaning, value, what it leads to"},

    /* The instruction that raised it; unknown when it could not be decoded. */
    {"instruction.text", AVD_FACT_TEXT, "the instruction, in Intel syntax"},
    {"instruction.mnemonic", AVD_FACT_TEXT, "its mnemonic, such as mov or call"},
    {"instruction.kind", AVD_FACT_TEXT,
     "call, jump, return, push, pop, divide, breakpoint, interrupt, syscall, undefined, "
     "privileged or other"},
    {"instruction.target", AVD_FACT_ADDRESS,
     "where it goes: of a call or jump through a register or memory, or a return"},
    {"instruction.consistent", AVD_FACT_BOOL,
     "the instruction can raise such an exception with these registers"},
    {"access.register", AVD_FACT_TEXT,
     "base register of the memory operand that failed, such as rcx"},
    {"access.base", AVD_FACT_ADDRESS, "value of that register"},
    {"access.offset", AVD_FACT_NUMBER,
     "constant added to it: the offset of a member; unknown when an index is added too"},
    {"access.size", AVD_FACT_NUMBER, "bytes that the operand takes"},
    {"access.non_canonical", AVD_FACT_BOOL,
     "the real address is not canonical, for which the CPU reports none"},
    {"access.guard_page", AVD_FACT_BOOL, "the address looks like one in a guard page"},
    {"access.bit_flip", AVD_FACT_BOOL,
     "one flipped bit would make the address or a register in it a valid one"},

    /* Kinds of crashes: the pointer that failed. */
    {"pointer.kind", AVD_FACT_TEXT,
     "null, fill, text, minus one, non-canonical, kernel, unloaded module, free, reserved, "
     "guard page, no access, read-only or other"},
    {"pointer.value", AVD_FACT_ADDRESS,
     "the pointer: the register that the failing operand begins with, else the address"},
    {"pointer.source", AVD_FACT_TEXT,
     "where it comes from: a register such as rcx, or the address"},
    {"pointer.meaning", AVD_FACT_TEXT, "what such a value means"},
    {"pointer.text", AVD_FACT_TEXT, "the letters that it consists of"},
    {"access.page_boundary", AVD_FACT_BOOL,
     "data was accessed on, over the end of committed memory"},

    /* Modules that are gone. */
    {"unloaded.used", AVD_FACT_BOOL, "the exception or a caller lies where an unloaded module was"},
    {"unloaded.module", AVD_FACT_TEXT, "file name of that module"},
    {"unloaded.at", AVD_FACT_TEXT,
     "what lies there: the instruction, a return address, the address that was accessed"},
    {"unloaded.address", AVD_FACT_ADDRESS, "its address"},
    {"unloaded.offset", AVD_FACT_NUMBER, "bytes from the start of the module"},

    /* The heap. */
    {"heap.failure", AVD_FACT_TEXT, "what ntdll found, in its own words, such as block_not_busy"},
    {"heap.meaning", AVD_FACT_TEXT, "the same in plain words"},
    {"heap.double_free", AVD_FACT_BOOL, "it is what a block that is freed twice looks like"},
    {"heap.handle", AVD_FACT_ADDRESS, "the heap"},
    {"heap.block", AVD_FACT_ADDRESS, "the block concerned"},
    {"heap.previous_block", AVD_FACT_ADDRESS, "the block before it"},
    {"heap.next_block", AVD_FACT_ADDRESS, "the block behind it"},
    {"heap.trace", AVD_FACT_LIST, "the stack on which the heap found it"},
    {"heap.nested_code", AVD_FACT_CODE, "exception that the heap's own code met"},
    {"heap.fault_inside", AVD_FACT_BOOL, "the heap's own code failed with an access violation"},
    {"heap.function", AVD_FACT_TEXT,
     "the heap's function that failed, or the one that asked for it"},

    /* Runtimes. */
    {"cpp.type", AVD_FACT_TEXT, "type of the C++ object that was thrown"},
    {"cpp.types", AVD_FACT_LIST, "that type and its bases"},
    {"cpp.what", AVD_FACT_TEXT, "text of a std::exception"},
    {"cpp.object", AVD_FACT_ADDRESS, "the object's address"},
    {"cpp.rethrown", AVD_FACT_BOOL, "it was thrown again by \"throw;\""},
    {"cpp.thrower", AVD_FACT_TEXT, "file name of the module that threw it"},
    {"cpp.summary", AVD_FACT_TEXT, "type and text in one line, or why they are not known"},
    {"clr.hresult", AVD_FACT_CODE, "HRESULT of a .NET exception"},
    {"clr.hresult_name", AVD_FACT_TEXT, "its name"},
    {"clr.type", AVD_FACT_TEXT, ".NET type that has this HRESULT"},
    {"clr.summary", AVD_FACT_TEXT, "HRESULT and type in one line"},
    {"delay.dll", AVD_FACT_TEXT, "DLL that delay loading wanted"},
    {"delay.function", AVD_FACT_TEXT, "function that it wanted of it"},
    {"delay.error", AVD_FACT_NUMBER, "the Win32 error"},
    {"delay.error_name", AVD_FACT_TEXT, "its name"},
    {"delay.summary", AVD_FACT_TEXT, "what was not found, in one line"},

    /* On purpose, or not at all. */
    {"exception.raised", AVD_FACT_BOOL, "raised by a call of RaiseException or its like"},
    {"exception.in_reporter", AVD_FACT_BOOL,
     "raised by a reporter of errors while it handled another exception"},
    {"exception.reporter", AVD_FACT_TEXT, "file name of that reporter"},
    {"selfcheck.failed", AVD_FACT_BOOL,
     "a function that ends a program after a failed check is on top"},
    {"selfcheck.kind", AVD_FACT_TEXT,
     "failed assertion, pure virtual call, invalid parameter, terminate, abort ..."},
    {"selfcheck.function", AVD_FACT_TEXT, "that function"},
    {"selfcheck.message", AVD_FACT_TEXT, "what was checked, where the dump has it"},
    {"dump.manual", AVD_FACT_BOOL, "the dump was probably written by hand"},
    {"dump.manual_reasons", AVD_FACT_LIST, "why that is believed"},
    {"dump.first_chance", AVD_FACT_BOOL,
     "the exception may have been handled after the dump was written"},
    {"dump.first_chance_reasons", AVD_FACT_LIST, "why that is believed"},

    /* Who is to be asked, and how the crash is sorted. */
    {"followup.module", AVD_FACT_TEXT, "file name of the module that is blamed"},
    {"followup.function", AVD_FACT_TEXT, "function that is blamed"},
    {"followup.frame", AVD_FACT_NUMBER, "index of that frame, 0 for the innermost"},
    {"followup.owner", AVD_FACT_TEXT, "owner by the triage entries, MachineOwner for all others"},
    {"bucket.class", AVD_FACT_TEXT, "problem class, such as NULL_POINTER_READ"},
    {"bucket.id", AVD_FACT_TEXT, "FAILURE_BUCKET_ID as a debugger would make it"},
    {"bucket.hash", AVD_FACT_TEXT, "FAILURE_ID_HASH of it"},
    {"signature.id", AVD_FACT_TEXT, "signature of the stack, av1- and 16 digits"},

    {"modules.names", AVD_FACT_LIST, "file names of all loaded modules"},
    {"dump.full_memory", AVD_FACT_BOOL, "the dump holds all memory of the process"},
    {"dump.comment", AVD_FACT_TEXT, "comment that the dump's writer left in it"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

const struct avd_fact_doc *avd_fact_doc_find(const char *name)
{
    const struct avd_fact_doc *doc;

    for (doc = avd_fact_docs; doc->name != NULL; doc++) {
        if (doc->name[0] == name[0] && strcmp(doc->name, name) == 0)
            return doc;
    }
    return NULL;
}
