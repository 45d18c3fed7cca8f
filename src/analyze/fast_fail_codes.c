/* SPDX-License-Identifier: MIT */
/*
 * Fast-fail codes: the first parameter of STATUS_STACK_BUFFER_OVERRUN, which __fastfail() raises.
 * Values and names: winnt.h (15 to 17 are not given out). Each meaning completes "the program
 * ended itself at once: ...".
 */
#include "analyze/exception_codes.h"

#include <stdlib.h>

static const struct avd_fast_fail_doc fast_fails[] = {
    {0, "FAST_FAIL_LEGACY_GS_VIOLATION",
     "an old buffer overrun check (/GS) found the stack overwritten"},
    {1, "FAST_FAIL_VTGUARD_CHECK_FAILURE",
     "the guard value beside an object's vtable pointer was wrong: the object is damaged"},
    {2, "FAST_FAIL_STACK_COOKIE_CHECK_FAILURE",
     "a local buffer was overrun: the /GS cookie on the stack was overwritten"},
    {3, "FAST_FAIL_CORRUPT_LIST_ENTRY",
     "a doubly linked list is damaged, often by a use after free or a second removal"},
    {4, "FAST_FAIL_INCORRECT_STACK", "the stack pointer lay outside the thread's stack"},
    {5, "FAST_FAIL_INVALID_ARG", "a function was given an argument that it treats as fatal"},
    {6, "FAST_FAIL_GS_COOKIE_INIT", "the /GS cookie had not been initialised"},
    {7, "FAST_FAIL_FATAL_APP_EXIT",
     "it asked to end: abort(), std::terminate(), an assertion, an uncaught C++ exception"},
    {8, "FAST_FAIL_RANGE_CHECK_FAILURE", "an index was outside its range"},
    {9, "FAST_FAIL_UNSAFE_REGISTRY_ACCESS", "the registry was accessed in an unsafe way"},
    {10, "FAST_FAIL_GUARD_ICALL_CHECK_FAILURE",
     "Control Flow Guard stopped an indirect call to an address that is no function"},
    {11, "FAST_FAIL_GUARD_WRITE_CHECK_FAILURE",
     "Control Flow Guard stopped a write to memory that it protects"},
    {12, "FAST_FAIL_INVALID_FIBER_SWITCH", "a switch to a fiber that is not valid"},
    {13, "FAST_FAIL_INVALID_SET_OF_CONTEXT",
     "a thread's context was set to something that is not valid"},
    {14, "FAST_FAIL_INVALID_REFERENCE_COUNT",
     "a reference count is wrong, often because an object was released too often"},
    {18, "FAST_FAIL_INVALID_JUMP_BUFFER", "longjmp() was given a damaged jump buffer"},
    {19, "FAST_FAIL_MRDATA_MODIFIED", "data of a module that must stay unchanged was changed"},
    {20, "FAST_FAIL_CERTIFICATION_FAILURE", "a certificate check failed"},
    {21, "FAST_FAIL_INVALID_EXCEPTION_CHAIN",
     "the chain of exception handlers on the stack is damaged"},
    {22, "FAST_FAIL_CRYPTO_LIBRARY", "a cryptographic library failed its own check"},
    {23, "FAST_FAIL_INVALID_CALL_IN_DLL_CALLOUT",
     "a call that is forbidden inside a DLL's start-up or clean-up function"},
    {24, "FAST_FAIL_INVALID_IMAGE_BASE", "the base address of an image is not valid"},
    {25, "FAST_FAIL_DLOAD_PROTECTION_FAILURE",
     "the import table for delayed loading could not be protected"},
    {26, "FAST_FAIL_UNSAFE_EXTENSION_CALL", "an extension was called in an unsafe way"},
    {27, "FAST_FAIL_DEPRECATED_SERVICE_INVOKED", "a service that no longer exists was called"},
    {28, "FAST_FAIL_INVALID_BUFFER_ACCESS", "a buffer was accessed that is not valid"},
    {29, "FAST_FAIL_INVALID_BALANCED_TREE", "a balanced tree is damaged"},
    {30, "FAST_FAIL_INVALID_NEXT_THREAD", "a next-thread field is not valid"},
    {31, "FAST_FAIL_GUARD_ICALL_CHECK_SUPPRESSED",
     "Control Flow Guard stopped an indirect call to a function that may not be called so"},
    {32, "FAST_FAIL_APCS_DISABLED", "asynchronous procedure calls were still disabled at the end"},
    {33, "FAST_FAIL_INVALID_IDLE_STATE", "an idle state is not valid"},
    {34, "FAST_FAIL_MRDATA_PROTECTION_FAILURE",
     "data that is writable only for a moment could not be protected"},
    {35, "FAST_FAIL_UNEXPECTED_HEAP_EXCEPTION", "an exception occurred inside the heap manager"},
    {36, "FAST_FAIL_INVALID_LOCK_STATE",
     "a lock was released that was not held, or its state is damaged"},
    {37, "FAST_FAIL_GUARD_JUMPTABLE", "a jump table failed its guard check"},
    {38, "FAST_FAIL_INVALID_LONGJUMP_TARGET", "longjmp() was to jump to a place that is not valid"},
    {39, "FAST_FAIL_INVALID_DISPATCH_CONTEXT",
     "the context of the exception dispatcher is not valid"},
    {40, "FAST_FAIL_INVALID_THREAD", "a thread is not valid"},
    {41, "FAST_FAIL_INVALID_SYSCALL_NUMBER", "a system call number is not valid"},
    {42, "FAST_FAIL_INVALID_FILE_OPERATION", "a file operation is not valid"},
    {43, "FAST_FAIL_LPAC_ACCESS_DENIED",
     "a less privileged app container (LPAC) was denied access"},
    {44, "FAST_FAIL_GUARD_SS_FAILURE",
     "Return Flow Guard: a return address differs from the shadow stack"},
    {45, "FAST_FAIL_LOADER_CONTINUITY_FAILURE", "the loader's integrity check failed"},
    {46, "FAST_FAIL_GUARD_EXPORT_SUPPRESSION_FAILURE",
     "Control Flow Guard stopped a call to a suppressed export"},
    {47, "FAST_FAIL_INVALID_CONTROL_STACK", "the control stack is not valid"},
    {48, "FAST_FAIL_SET_CONTEXT_DENIED", "a policy forbids setting a thread's context"},
    {49, "FAST_FAIL_INVALID_IAT", "the import table was changed"},
    {50, "FAST_FAIL_HEAP_METADATA_CORRUPTION", "the heap's own data is damaged"},
    {51, "FAST_FAIL_PAYLOAD_RESTRICTION_VIOLATION",
     "an exploit protection (payload restriction) stopped the program"},
    {52, "FAST_FAIL_LOW_LABEL_ACCESS_DENIED", "access was denied because of a low integrity label"},
    {53, "FAST_FAIL_ENCLAVE_CALL_FAILURE", "a call into an enclave failed"},
    {54, "FAST_FAIL_UNHANDLED_LSS_EXCEPTON", "an LSS exception was not handled"},
    {55, "FAST_FAIL_ADMINLESS_ACCESS_DENIED", "access was denied by adminless mode"},
    {56, "FAST_FAIL_UNEXPECTED_CALL", "a function was called that must not be called"},
    {57, "FAST_FAIL_CONTROL_INVALID_RETURN_ADDRESS",
     "a return address differs from the CPU's shadow stack (CET): the stack was overwritten"},
    {58, "FAST_FAIL_UNEXPECTED_HOST_BEHAVIOR", "the host behaved unexpectedly"},
    {59, "FAST_FAIL_FLAGS_CORRUPTION", "flags are damaged"},
    {60, "FAST_FAIL_VEH_CORRUPTION", "the list of vectored exception handlers is damaged"},
    {61, "FAST_FAIL_ETW_CORRUPTION", "a structure of Event Tracing for Windows is damaged"},
    {62, "FAST_FAIL_RIO_ABORT", "registered network I/O (RIO) was aborted"},
    {63, "FAST_FAIL_INVALID_PFN", "a page frame number is not valid"},
    {64, "FAST_FAIL_GUARD_ICALL_CHECK_FAILURE_XFG",
     "Control Flow Guard (XFG) stopped an indirect call to a function of another type"},
    {65, "FAST_FAIL_CAST_GUARD",
     "CastGuard stopped a cast to a class that the object does not have"},
    {66, "FAST_FAIL_HOST_VISIBILITY_CHANGE", "the host's view of memory changed"},
    {67, "FAST_FAIL_KERNEL_CET_SHADOW_STACK_ASSIST", "the kernel's shadow stack support failed"},
    {68, "FAST_FAIL_PATCH_CALLBACK_FAILED", "the callback of a hot patch failed"},
    {69, "FAST_FAIL_NTDLL_PATCH_FAILED", "ntdll could not be patched"},
    {70, "FAST_FAIL_INVALID_FLS_DATA", "fiber-local storage is damaged"},
    {71, "FAST_FAIL_ASAN_ERROR", "AddressSanitizer found a memory error"},
    {72, "FAST_FAIL_CLR_EXCEPTION_AOT",
     "a .NET program compiled ahead of time did not handle an exception"},
    {73, "FAST_FAIL_POINTER_AUTH_INVALID_RETURN_ADDRESS",
     "a signed return address was wrong (ARM64 pointer authentication)"},
    {74, "FAST_FAIL_INVALID_THREAD_STATE", "a thread's state is not valid"},
    {75, "FAST_FAIL_CORRUPT_WOW64_STATE", "the state of WOW64 is damaged"},
    {76, "FAST_FAIL_INVALID_EXTENDED_STATE", "the extended CPU state is not valid"},
};

static int compare_fast_fails(const void *key, const void *item)
{
    uint32_t code = *(const uint32_t *)key;
    uint32_t found = ((const struct avd_fast_fail_doc *)item)->code;

    return code < found ? -1 : code > found;
}

const struct avd_fast_fail_doc *avd_fast_fail_find(uint32_t code)
{
    return bsearch(&code, fast_fails, sizeof fast_fails / sizeof *fast_fails, sizeof *fast_fails,
                   compare_fast_fails);
}
