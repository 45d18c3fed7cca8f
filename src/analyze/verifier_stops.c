/* SPDX-License-Identifier: MIT */
/* Stops by code, and the words that rules/verifier uses for the kinds of parameters. */
#include "analyze/verifier_stops.h"

#include "base/bisect.h"

#include <stddef.h>

static const char *const kind_names[AVD_STOP_KIND_COUNT] = {
    [AVD_STOP_UNUSED] = "unused",
    [AVD_STOP_RESERVED] = "reserved",
    [AVD_STOP_VALUE] = "value",
    [AVD_STOP_COUNT] = "count",
    [AVD_STOP_SIZE] = "size",
    [AVD_STOP_BYTES] = "bytes",
    [AVD_STOP_BYTES_REQUESTED] = "bytes_requested",
    [AVD_STOP_MILLISECONDS] = "milliseconds",
    [AVD_STOP_SOCKET] = "socket",
    [AVD_STOP_HANDLE] = "handle",
    [AVD_STOP_HWND] = "hwnd",
    [AVD_STOP_THREAD_ID] = "thread_id",
    [AVD_STOP_PROCESS_ID] = "process_id",
    [AVD_STOP_STACK_TRACE] = "stack_trace",
    [AVD_STOP_UTF16] = "utf16_string",
    [AVD_STOP_ANSI] = "ansi_string",
    [AVD_STOP_MAYBE_STRING] = "maybe_string",
    [AVD_STOP_CODE_POINTER] = "code_pointer",
    [AVD_STOP_MODULE_BASE] = "module_base",
    [AVD_STOP_ADDRESS] = "address",
    [AVD_STOP_HEAP_HANDLE] = "heap_handle",
    [AVD_STOP_HEAP_BLOCK] = "heap_block",
    [AVD_STOP_CRITICAL_SECTION] = "critical_section",
    [AVD_STOP_CRITICAL_SECTION_DEBUG] = "critical_section_debug_info",
    [AVD_STOP_SRW_LOCK] = "srw_lock",
    [AVD_STOP_EXCEPTION_RECORD] = "exception_record",
    [AVD_STOP_CONTEXT_RECORD] = "context_record",
    [AVD_STOP_COM_POINTER] = "com_pointer",
    [AVD_STOP_GUID] = "guid",
    [AVD_STOP_EXCEPTION_CODE] = "exception_code",
    [AVD_STOP_WIN32_ERROR] = "win32_error",
    [AVD_STOP_NTSTATUS] = "ntstatus",
    [AVD_STOP_HRESULT] = "hresult",
};

const char *avd_stop_kind_name(enum avd_stop_kind kind)
{
    return (unsigned)kind < AVD_STOP_KIND_COUNT ? kind_names[kind] : NULL;
}

const struct avd_stop *avd_stop_find(uint32_t code, uint32_t *documented)
{
    struct avd_bisect b = avd_bisect_start(avd_stop_code_count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, avd_stop_codes[b.middle].code < code);
    if (b.low == avd_stop_code_count || avd_stop_codes[b.low].code != code)
        return NULL;
    if (documented != NULL)
        *documented = avd_stop_codes[b.low].documented;
    return &avd_stops[avd_stop_codes[b.low].stop];
}
