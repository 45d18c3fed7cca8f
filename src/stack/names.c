/* SPDX-License-Identifier: MIT */
/*
 * Words for trust, methods, evidence and ends, as JSON prints them. The words for trust are those
 * of rust-minidump. A short file because nothing else belongs here.
 */
#include "stack/walk.h"

const char *avd_trust_name(enum avd_trust trust)
{
    switch (trust) {
    case AVD_TRUST_NONE: break;
    case AVD_TRUST_SCAN: return "scan";
    case AVD_TRUST_CFI_SCAN: return "cfi_scan";
    case AVD_TRUST_FRAME_POINTER: return "frame_pointer";
    case AVD_TRUST_CFI: return "cfi";
    case AVD_TRUST_PREWALKED: return "prewalked";
    case AVD_TRUST_CONTEXT: return "context";
    }
    return "non"; /* rust-minidump's word */
}

const char *avd_method_name(enum avd_method method)
{
    switch (method) {
    case AVD_METHOD_NONE: return "none";
    case AVD_METHOD_CONTEXT: return "context";
    case AVD_METHOD_UNWIND_INFO: return "unwind_info";
    case AVD_METHOD_LEAF: return "leaf";
    case AVD_METHOD_MACHINE_FRAME: return "machine_frame";
    case AVD_METHOD_FRAME_POINTER: return "frame_pointer";
    case AVD_METHOD_SYSCALL_STUB: return "syscall_stub";
    case AVD_METHOD_BAD_CALL: return "bad_call";
    case AVD_METHOD_PROLOGUE: return "prologue";
    case AVD_METHOD_EPILOGUE: return "epilogue";
    case AVD_METHOD_FRAME_DATA: return "frame_data";
    case AVD_METHOD_FPO: return "fpo";
    case AVD_METHOD_STACK_CFI: return "stack_cfi";
    case AVD_METHOD_PROC_FRAME: return "proc_frame";
    case AVD_METHOD_SCAN: return "scan";
    }
    return "none";
}

const char *avd_evidence_name(enum avd_evidence evidence)
{
    switch (evidence) {
    case AVD_EVIDENCE_NONE: break;
    case AVD_EVIDENCE_WEAK: return "place";
    case AVD_EVIDENCE_PATH: return "path";
    case AVD_EVIDENCE_CALL: return "call";
    case AVD_EVIDENCE_TARGET: return "target";
    }
    return NULL;
}

const char *avd_walk_end_name(enum avd_walk_end end)
{
    switch (end) {
    case AVD_END_NONE: return "none";
    case AVD_END_COMPLETE: return "complete";
    case AVD_END_NO_CONTEXT: return "no_context";
    case AVD_END_NO_MEMORY: return "no_memory";
    case AVD_END_NO_UNWIND_INFO: return "no_unwind_info";
    case AVD_END_BAD_UNWIND_INFO: return "bad_unwind_info";
    case AVD_END_NOT_CODE: return "not_code";
    case AVD_END_STACK_POINTER: return "stack_pointer";
    case AVD_END_LIMIT: return "limit";
    case AVD_END_32BIT_CODE: return "32bit_code";
    case AVD_END_UNSUPPORTED_CPU: return "unsupported_cpu";
    }
    return "none";
}
