/* SPDX-License-Identifier: MIT */
/* Exceptions in words: names, types, parameters; the values are those of real dumps where a
 * comment says so. */
#include "analyze/exception_codes.h"
#include "base/memory.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <string.h>

static struct avd_exception_words words;

static struct avd_exception_input windows(uint32_t code, unsigned count, const uint64_t *parameters)
{
    struct avd_exception_input in = {0};

    in.os = AVD_OS_WINDOWS;
    in.is_64bit = true;
    in.code = code;
    in.address = 0x140001000;
    in.parameter_count = count;
    in.parameters = parameters;
    return in;
}

static void describe(const struct avd_exception_input *in)
{
    unsigned i;

    ck_assert(avd_exception_describe(in, &test_arena, &words));
    ck_assert_ptr_nonnull(words.meaning);
    ck_assert_ptr_nonnull(words.type);
    for (i = 0; i < in->parameter_count && i < 15; i++)
        ck_assert_ptr_nonnull(words.parameters[i]);
}

static void describe_code(uint32_t code)
{
    struct avd_exception_input in = windows(code, 0, NULL);

    describe(&in);
}

/* Every code of the table, so that one out of order would not be found. */
static const struct {
    uint32_t code;
    const char *name;
} all_codes[] = {
    {0x00000005u, "ERROR_ACCESS_DENIED"},
    {0x00000008u, "ERROR_NOT_ENOUGH_MEMORY"},
    {0x0000000eu, "ERROR_OUTOFMEMORY"},
    {0x000006a5u, "RPC_S_WRONG_KIND_OF_BINDING"},
    {0x000006a6u, "RPC_S_INVALID_BINDING"},
    {0x000006b5u, "RPC_S_UNKNOWN_IF"},
    {0x000006bau, "RPC_S_SERVER_UNAVAILABLE"},
    {0x000006bbu, "RPC_S_SERVER_TOO_BUSY"},
    {0x000006beu, "RPC_S_CALL_FAILED"},
    {0x000006bfu, "RPC_S_CALL_FAILED_DNE"},
    {0x000006c0u, "RPC_S_PROTOCOL_ERROR"},
    {0x000006d9u, "EPT_S_NOT_REGISTERED"},
    {0x000006e4u, "RPC_S_CANNOT_SUPPORT"},
    {0x000006f4u, "RPC_X_NULL_REF_POINTER"},
    {0x000006f7u, "RPC_X_BAD_STUB_DATA"},
    {0x00000721u, "RPC_S_SEC_PKG_ERROR"},
    {0x04242420u, "CLRDBG_NOTIFICATION"},
    {0x0517a7edu, "CRASHPAD_SIMULATED"},
    {0x0eedfadeu, "DELPHI_EXCEPTION"},
    {0x0eedfadfu, "DELPHI_RERAISE"},
    {0x0eedfae0u, "DELPHI_EXCEPT"},
    {0x0eedfae1u, "DELPHI_FINALLY"},
    {0x0eedfae2u, "DELPHI_TERMINATE"},
    {0x0eedfae3u, "DELPHI_UNHANDLED"},
    {0x0eedfae4u, "DELPHI_NON_DELPHI"},
    {0x0eeffaceu, "BORLAND_CPP_EXCEPTION"},
    {0x20474343u, "GCC_SEH_THROW"},
    {0x40000015u, "STATUS_FATAL_APP_EXIT"},
    {0x4000001eu, "STATUS_WX86_SINGLE_STEP"},
    {0x4000001fu, "STATUS_WX86_BREAKPOINT"},
    {0x40010003u, "DBG_TERMINATE_THREAD"},
    {0x40010004u, "DBG_TERMINATE_PROCESS"},
    {0x40010005u, "DBG_CONTROL_C"},
    {0x40010006u, "DBG_PRINTEXCEPTION_C"},
    {0x40010008u, "DBG_CONTROL_BREAK"},
    {0x40010009u, "DBG_COMMAND_EXCEPTION"},
    {0x4001000au, "DBG_PRINTEXCEPTION_WIDE_C"},
    {0x40080201u, "EXCEPTION_RO_ORIGINATEERROR"},
    {0x40080202u, "EXCEPTION_RO_TRANSFORMERROR"},
    {0x406d1388u, "MS_VC_THREAD_NAME"},
    {0x80000001u, "STATUS_GUARD_PAGE_VIOLATION"},
    {0x80000002u, "STATUS_DATATYPE_MISALIGNMENT"},
    {0x80000003u, "STATUS_BREAKPOINT"},
    {0x80000004u, "STATUS_SINGLE_STEP"},
    {0x80000026u, "STATUS_LONGJUMP"},
    {0x80000029u, "STATUS_UNWIND_CONSOLIDATE"},
    {0x80010007u, "RPC_E_SERVER_DIED"},
    {0x80010012u, "RPC_E_SERVER_DIED_DNE"},
    {0x80010108u, "RPC_E_DISCONNECTED"},
    {0x8001010du, "RPC_E_CANTCALLOUT_ININPUTSYNCCALL"},
    {0x8001010eu, "RPC_E_WRONG_THREAD"},
    {0x800706bau, "HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE)"},
    {0x800706beu, "HRESULT_FROM_WIN32(RPC_S_CALL_FAILED)"},
    {0xc0000005u, "STATUS_ACCESS_VIOLATION"},
    {0xc0000006u, "STATUS_IN_PAGE_ERROR"},
    {0xc0000008u, "STATUS_INVALID_HANDLE"},
    {0xc0000017u, "STATUS_NO_MEMORY"},
    {0xc000001cu, "STATUS_INVALID_SYSTEM_SERVICE"},
    {0xc000001du, "STATUS_ILLEGAL_INSTRUCTION"},
    {0xc000001eu, "STATUS_INVALID_LOCK_SEQUENCE"},
    {0xc0000025u, "STATUS_NONCONTINUABLE_EXCEPTION"},
    {0xc0000026u, "STATUS_INVALID_DISPOSITION"},
    {0xc0000027u, "STATUS_UNWIND"},
    {0xc0000028u, "STATUS_BAD_STACK"},
    {0xc0000029u, "STATUS_INVALID_UNWIND_TARGET"},
    {0xc000008cu, "STATUS_ARRAY_BOUNDS_EXCEEDED"},
    {0xc000008du, "STATUS_FLOAT_DENORMAL_OPERAND"},
    {0xc000008eu, "STATUS_FLOAT_DIVIDE_BY_ZERO"},
    {0xc000008fu, "STATUS_FLOAT_INEXACT_RESULT"},
    {0xc0000090u, "STATUS_FLOAT_INVALID_OPERATION"},
    {0xc0000091u, "STATUS_FLOAT_OVERFLOW"},
    {0xc0000092u, "STATUS_FLOAT_STACK_CHECK"},
    {0xc0000093u, "STATUS_FLOAT_UNDERFLOW"},
    {0xc0000094u, "STATUS_INTEGER_DIVIDE_BY_ZERO"},
    {0xc0000095u, "STATUS_INTEGER_OVERFLOW"},
    {0xc0000096u, "STATUS_PRIVILEGED_INSTRUCTION"},
    {0xc00000fdu, "STATUS_STACK_OVERFLOW"},
    {0xc00000ffu, "STATUS_BAD_FUNCTION_TABLE"},
    {0xc000012du, "STATUS_COMMITMENT_LIMIT"},
    {0xc0000135u, "STATUS_DLL_NOT_FOUND"},
    {0xc0000138u, "STATUS_ORDINAL_NOT_FOUND"},
    {0xc0000139u, "STATUS_ENTRYPOINT_NOT_FOUND"},
    {0xc000013au, "STATUS_CONTROL_C_EXIT"},
    {0xc0000142u, "STATUS_DLL_INIT_FAILED"},
    {0xc0000144u, "STATUS_UNHANDLED_EXCEPTION"},
    {0xc0000194u, "STATUS_POSSIBLE_DEADLOCK"},
    {0xc00001b2u, "STATUS_CONTROL_STACK_VIOLATION"},
    {0xc0000235u, "STATUS_HANDLE_NOT_CLOSABLE"},
    {0xc0000264u, "STATUS_RESOURCE_NOT_OWNED"},
    {0xc000027bu, "STATUS_STOWED_EXCEPTION"},
    {0xc000027cu, "STATUS_CONTEXT_STOWED_EXCEPTION"},
    {0xc0000374u, "STATUS_HEAP_CORRUPTION"},
    {0xc0000409u, "STATUS_STACK_BUFFER_OVERRUN"},
    {0xc0000417u, "STATUS_INVALID_CRUNTIME_PARAMETER"},
    {0xc000041du, "STATUS_FATAL_USER_CALLBACK_EXCEPTION"},
    {0xc0000420u, "STATUS_ASSERTION_FAILURE"},
    {0xc0000421u, "STATUS_VERIFIER_STOP"},
    {0xc0000602u, "STATUS_FAIL_FAST_EXCEPTION"},
    {0xc000070au, "STATUS_THREADPOOL_HANDLE_EXCEPTION"},
    {0xc000070bu, "STATUS_THREADPOOL_SET_EVENT_ON_COMPLETION_FAILED"},
    {0xc000070cu, "STATUS_THREADPOOL_RELEASE_SEMAPHORE_ON_COMPLETION_FAILED"},
    {0xc000070du, "STATUS_THREADPOOL_RELEASE_MUTEX_ON_COMPLETION_FAILED"},
    {0xc000070eu, "STATUS_THREADPOOL_FREE_LIBRARY_ON_COMPLETION_FAILED"},
    {0xc000070fu, "STATUS_THREADPOOL_RELEASED_DURING_OPERATION"},
    {0xc0000710u, "STATUS_CALLBACK_RETURNED_WHILE_IMPERSONATING"},
    {0xc000071bu, "STATUS_CALLBACK_RETURNED_THREAD_PRIORITY"},
    {0xc000071du, "STATUS_CALLBACK_RETURNED_TRANSACTION"},
    {0xc000071eu, "STATUS_CALLBACK_RETURNED_LDR_LOCK"},
    {0xc000071fu, "STATUS_CALLBACK_RETURNED_LANG"},
    {0xc0000720u, "STATUS_CALLBACK_RETURNED_PRI_BACK"},
    {0xc0000721u, "STATUS_CALLBACK_RETURNED_THREAD_AFFINITY"},
    {0xc06d007eu, "VCPP_DELAYLOAD_MODULE_NOT_FOUND"},
    {0xc06d007fu, "VCPP_DELAYLOAD_PROC_NOT_FOUND"},
    {0xcfffffffu, "STATUS_APPLICATION_HANG"},
    {0xe0000008u, "CHROMIUM_OUT_OF_MEMORY"},
    {0xe0434352u, "CLR_EXCEPTION"},
    {0xe0434f4du, "CLR_EXCEPTION_V2"},
    {0xe0440001u, "D_EXCEPTION"},
    {0xe0465043u, "FREEPASCAL_EXCEPTION"},
    {0xe053534fu, "CLR_SOFT_SO"},
    {0xe06d7363u, "CPP_EH_EXCEPTION"},
    {0xe073616eu, "EH_SANITIZER"},
    {0xe24c4a00u, "LUAJIT_EXCEPTION"},
};

START_TEST(every_code_has_its_name)
{
    size_t i;

    for (i = 0; i < sizeof all_codes / sizeof *all_codes; i++) {
        describe_code(all_codes[i].code);
        ck_assert_str_eq(words.name, all_codes[i].name);
        ck_assert_str_eq(avd_exception_code_name(all_codes[i].code), all_codes[i].name);
        ck_assert_int_ne(words.class_, AVD_CLASS_UNKNOWN);
        ck_assert_uint_gt(strlen(words.meaning), 15);
    }
}
END_TEST

/* Sentences are shown inside lines: lower case or a name first, no full stop, no line break. */
START_TEST(every_meaning_is_one_sentence)
{
    size_t i;

    for (i = 0; i < sizeof all_codes / sizeof *all_codes; i++) {
        const char *meaning = avd_code_find(all_codes[i].code)->meaning;

        ck_assert_int_ne(meaning[strlen(meaning) - 1], '.');
        ck_assert_ptr_null(strchr(meaning, '\n'));
        ck_assert_ptr_null(strstr(meaning, ". "));
    }
}
END_TEST

START_TEST(fast_fail_codes_are_complete)
{
    uint32_t code;
    unsigned found = 0;

    for (code = 0; code < 300; code++) {
        const struct avd_fast_fail_doc *doc = avd_fast_fail_find(code);

        if (doc == NULL)
            continue;
        found++;
        ck_assert_uint_eq(doc->code, code);
        ck_assert_int_eq(strncmp(doc->name, "FAST_FAIL_", 10), 0);
        ck_assert_uint_gt(strlen(doc->meaning), 10);
    }
    ck_assert_uint_eq(found, 74); /* 0 to 76 without 15, 16, 17 */
    ck_assert_ptr_null(avd_fast_fail_find(15));
    ck_assert_ptr_null(avd_fast_fail_find(77));
    ck_assert_str_eq(avd_fast_fail_find(10)->name, "FAST_FAIL_GUARD_ICALL_CHECK_FAILURE");
    ck_assert_str_eq(avd_fast_fail_find(76)->name, "FAST_FAIL_INVALID_EXTENDED_STATE");
}
END_TEST

START_TEST(win32_errors_are_sorted_and_named)
{
    uint32_t error;
    unsigned found = 0;

    for (error = 0; error <= 0xffff; error++)
        found += avd_win32_error_name(error) != NULL;
    ck_assert_uint_eq(found, 346); /* as many as the table holds */
    ck_assert_str_eq(avd_win32_error_name(0), "ERROR_SUCCESS");
    ck_assert_str_eq(avd_win32_error_name(2), "ERROR_FILE_NOT_FOUND");
    ck_assert_str_eq(avd_win32_error_name(126), "ERROR_MOD_NOT_FOUND");
    ck_assert_str_eq(avd_win32_error_name(258), "WAIT_TIMEOUT");
    ck_assert_str_eq(avd_win32_error_name(997), "ERROR_IO_PENDING");
    ck_assert_str_eq(avd_win32_error_name(1701), "RPC_S_WRONG_KIND_OF_BINDING");
    ck_assert_str_eq(avd_win32_error_name(10054), "WSAECONNRESET");
    ck_assert_str_eq(avd_win32_error_name(15105), "ERROR_MUI_FILE_NOT_LOADED");
    ck_assert_ptr_null(avd_win32_error_name(11));
    ck_assert_ptr_null(avd_win32_error_name(0xc0000005u));
}
END_TEST

START_TEST(code_names_of_all_kinds)
{
    ck_assert_str_eq(avd_exception_code_name(0xc0000005u), "STATUS_ACCESS_VIOLATION");
    ck_assert_str_eq(avd_exception_code_name(0xc0000034u), "STATUS_OBJECT_NAME_NOT_FOUND");
    ck_assert_str_eq(avd_exception_code_name(0xc0000185u), "STATUS_IO_DEVICE_ERROR");
    ck_assert_str_eq(avd_exception_code_name(0xc000020cu), "STATUS_CONNECTION_DISCONNECTED");
    ck_assert_str_eq(avd_exception_code_name(0x80004005u), "E_FAIL");
    ck_assert_str_eq(avd_exception_code_name(0x80131509u), "COR_E_INVALIDOPERATION");
    ck_assert_str_eq(avd_exception_code_name(5), "ERROR_ACCESS_DENIED");
    ck_assert_str_eq(avd_exception_code_name(87), "ERROR_INVALID_PARAMETER");
    ck_assert_ptr_null(avd_exception_code_name(0xc0001234u));
    ck_assert_ptr_null(avd_exception_code_name(0xfffe));
}
END_TEST

START_TEST(access_names)
{
    ck_assert_str_eq(avd_access_name(AVD_ACCESS_NONE), "");
    ck_assert_str_eq(avd_access_name(AVD_ACCESS_READ), "read");
    ck_assert_str_eq(avd_access_name(AVD_ACCESS_WRITE), "write");
    ck_assert_str_eq(avd_access_name(AVD_ACCESS_EXECUTE), "execute");
}
END_TEST

/* Breakpad's minidump2.dmp */
START_TEST(access_violation_write)
{
    const uint64_t parameters[] = {1, 0x45};
    struct avd_exception_input in = windows(0xc0000005u, 2, parameters);

    in.is_64bit = false;
    describe(&in);
    ck_assert_str_eq(words.name, "STATUS_ACCESS_VIOLATION");
    ck_assert_str_eq(words.type, "EXCEPTION_ACCESS_VIOLATION_WRITE");
    ck_assert_int_eq(words.class_, AVD_CLASS_CRASH);
    ck_assert_int_eq(words.access, AVD_ACCESS_WRITE);
    ck_assert(words.has_access_address);
    ck_assert_uint_eq(words.access_address, 0x45);
    ck_assert_str_eq(words.parameters[0], "the instruction tried to write");
    ck_assert_str_eq(words.parameters[1],
                     "the address it accessed: 0x00000045, probably a null pointer plus an offset");
}
END_TEST

/* Breakpad's minidump_32bit_crash_addr.dmp: the writer extended the sign. */
START_TEST(sign_extension_is_cut)
{
    const uint64_t parameters[] = {0xffffffff00000001u, 0xffffffff80000045u};
    struct avd_exception_input in = windows(0xc0000005u, 2, parameters);

    in.is_64bit = false;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_ACCESS_VIOLATION_WRITE");
    ck_assert_uint_eq(words.access_address, 0x80000045u);
    ck_assert_str_eq(words.parameters[1], "the address it accessed: 0x80000045");
}
END_TEST

START_TEST(access_violation_of_other_kinds)
{
    uint64_t parameters[] = {0, 0};
    struct avd_exception_input in = windows(0xc0000005u, 2, parameters);

    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_ACCESS_VIOLATION_READ");
    ck_assert_str_eq(words.parameters[1],
                     "the address it accessed: 0x0000000000000000, a null pointer");
    parameters[1] = UINT64_MAX;
    describe(&in);
    ck_assert_str_eq(words.parameters[1],
                     "the address it accessed: 0xffffffffffffffff, which Windows also reports "
                     "when the real address was not canonical or not aligned");
    parameters[0] = 8;
    parameters[1] = 0;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_ACCESS_VIOLATION_EXEC");
    ck_assert_int_eq(words.access, AVD_ACCESS_EXECUTE);
    ck_assert_str_eq(words.parameters[1], "the address it accessed: 0x0000000000000000, so a null "
                                          "function pointer was called");
    parameters[0] = 7;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_ACCESS_VIOLATION");
    ck_assert_int_eq(words.access, AVD_ACCESS_NONE);
    ck_assert(words.has_access_address);
    ck_assert_str_eq(words.parameters[0], "a kind of access that is not documented");
    in.parameter_count = 0;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_ACCESS_VIOLATION");
    ck_assert(!words.has_access_address);
    ck_assert_ptr_null(words.parameters[0]);
}
END_TEST

START_TEST(in_page_error_names_its_reason)
{
    uint64_t parameters[] = {0, 0x7ff612340000, 0xc0000185u};
    struct avd_exception_input in = windows(0xc0000006u, 3, parameters);

    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_IN_PAGE_ERROR_READ / STATUS_IO_DEVICE_ERROR");
    ck_assert_uint_eq(words.access_address, 0x7ff612340000);
    ck_assert_str_eq(words.parameters[2], "why the page could not be read: NTSTATUS 0xc0000185 "
                                          "(STATUS_IO_DEVICE_ERROR)");
    parameters[2] = 0xffffffffc0001234u;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_IN_PAGE_ERROR_READ / 0xc0001234");
    ck_assert_str_eq(words.parameters[2], "why the page could not be read: NTSTATUS 0xc0001234");
    in.parameter_count = 2;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_IN_PAGE_ERROR_READ");
}
END_TEST

START_TEST(stack_overflow_and_guard_page)
{
    const uint64_t parameters[] = {1, 0x3de2ff0};
    struct avd_exception_input in = windows(0xc00000fdu, 2, parameters);

    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_STACK_OVERFLOW");
    ck_assert_int_eq(words.access, AVD_ACCESS_WRITE);
    ck_assert_uint_eq(words.access_address, 0x3de2ff0);
    in.code = 0x80000001u;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_GUARD_PAGE");
    ck_assert_int_eq(words.class_, AVD_CLASS_FIRST_CHANCE);
    ck_assert_uint_eq(words.access_address, 0x3de2ff0);
}
END_TEST

/* Breakpad's tiny-exe-fastfail.dmp */
START_TEST(fast_fail)
{
    uint64_t parameters[] = {7};
    struct avd_exception_input in = windows(0xc0000409u, 1, parameters);

    describe(&in);
    ck_assert_str_eq(words.name, "STATUS_STACK_BUFFER_OVERRUN");
    ck_assert_str_eq(words.type, "EXCEPTION_STACK_BUFFER_OVERRUN / FAST_FAIL_FATAL_APP_EXIT");
    ck_assert(words.has_fast_fail);
    ck_assert_uint_eq(words.fast_fail_code, 7);
    ck_assert_str_eq(words.fast_fail_name, "FAST_FAIL_FATAL_APP_EXIT");
    ck_assert_str_eq(words.meaning,
                     "the program ended itself at once (fast fail): it asked to end: abort(), "
                     "std::terminate(), an assertion, an uncaught C++ exception");
    ck_assert_str_eq(words.parameters[0],
                     "fast-fail code 7 (FAST_FAIL_FATAL_APP_EXIT): it asked to end: abort(), "
                     "std::terminate(), an assertion, an uncaught C++ exception");
    parameters[0] = 1000;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_STACK_BUFFER_OVERRUN / 0x000003e8");
    ck_assert(words.has_fast_fail);
    ck_assert_ptr_null(words.fast_fail_name);
    ck_assert_str_eq(words.parameters[0], "a fast-fail code that is not known");
    in.parameter_count = 0;
    describe(&in);
    ck_assert_str_eq(words.type, "STATUS_STACK_BUFFER_OVERRUN");
    ck_assert(!words.has_fast_fail);
}
END_TEST

START_TEST(cpp_exception)
{
    uint64_t parameters[] = {0x19930520, 0x2bfde0, 0x13f2, 0x140000000};
    struct avd_exception_input in = windows(0xe06d7363u, 4, parameters);

    describe(&in);
    ck_assert_str_eq(words.type, "Unhandled C++ Exception");
    ck_assert_int_eq(words.class_, AVD_CLASS_FIRST_CHANCE);
    ck_assert_str_eq(words.parameters[0],
                     "magic number of the compiler's exception data, version 1");
    ck_assert_str_eq(words.parameters[1], "address of the thrown object");
    ck_assert_str_eq(words.parameters[2], "address of the ThrowInfo, which names the thrown type");
    ck_assert_str_eq(words.parameters[3], "base address of the module that threw");
    parameters[0] = 0x19930522;
    parameters[1] = 0;
    parameters[2] = 0;
    describe(&in);
    ck_assert_str_eq(words.parameters[0],
                     "magic number of the compiler's exception data, version 3");
    ck_assert_str_eq(words.parameters[1], "no object: the same exception thrown again");
    ck_assert_str_eq(words.parameters[2],
                     "no type information: the same exception thrown again (throw;)");
    parameters[0] = 1;
    in.is_64bit = false;
    describe(&in);
    ck_assert_str_eq(words.parameters[0],
                     "not a known magic number of the compiler's exception data");
    ck_assert_str_eq(words.parameters[3], "parameter 3");
}
END_TEST

START_TEST(clr_exception)
{
    const uint64_t parameters[] = {0xffffffff80131509u, 0, 0, 0, 0x7ffa00000000};
    struct avd_exception_input in = windows(0xe0434352u, 5, parameters);

    describe(&in);
    ck_assert_str_eq(words.name, "CLR_EXCEPTION");
    ck_assert_str_eq(words.type, "MANAGED_EXCEPTION_CODE_V4");
    ck_assert_str_eq(words.parameters[0],
                     "HRESULT of the .NET exception: 0x80131509 (COR_E_INVALIDOPERATION)");
    ck_assert_str_eq(words.parameters[1], "reserved");
    ck_assert_str_eq(words.parameters[4], "base address of clr.dll or coreclr.dll");
}
END_TEST

START_TEST(thread_name)
{
    uint64_t parameters[] = {0x1000, 0x140005000, 0xffffffff, 0};
    struct avd_exception_input in = windows(0x406d1388u, 3, parameters);

    describe(&in);
    ck_assert_str_eq(words.name, "MS_VC_THREAD_NAME");
    ck_assert_int_eq(words.class_, AVD_CLASS_BENIGN);
    ck_assert_str_eq(words.parameters[0], "request: name a thread");
    ck_assert_str_eq(words.parameters[1], "address of the name (ANSI)");
    ck_assert_str_eq(words.parameters[2], "the thread that gets the name: the current one");
    in.is_64bit = false;
    in.parameter_count = 4;
    parameters[2] = 0x1a4;
    describe(&in);
    ck_assert_str_eq(words.parameters[2], "the thread that gets the name: 0x1a4");
    ck_assert_str_eq(words.parameters[3], "flags, 0");
    parameters[0] = 0x1002;
    describe(&in);
    ck_assert_int_eq(words.class_, AVD_CLASS_CRASH);
    ck_assert_str_eq(words.meaning, "a run-time check (/RTC) of a debug build failed");
    ck_assert_str_eq(words.parameters[1], "parameter 1");
}
END_TEST

START_TEST(parameters_of_the_table)
{
    const uint64_t parameters[] = {0x7ff812345678, 2, 3};
    struct avd_exception_input in = windows(0xc0000374u, 2, parameters);

    describe(&in);
    ck_assert_str_eq(words.parameters[0],
                     "address of ntdll's HEAP_FAILURE_INFORMATION, which says what the heap found");
    ck_assert_str_eq(words.parameters[1], "parameter 1");
    in.code = 0xc06d007eu;
    describe(&in);
    ck_assert_str_eq(words.type, "FACILITY_VISUALCPP / ERROR_MOD_NOT_FOUND");
    ck_assert_str_eq(words.parameters[0],
                     "address of the DelayLoadInfo, which names the DLL and the function");
    in.code = 0xc0000421u;
    in.parameter_count = 3;
    describe(&in);
    ck_assert_str_eq(words.parameters[2], "address of the VERIFIER_STOP_PARAMS");
    in.code = 0xc0000008u;
    describe(&in);
    ck_assert_str_eq(words.type, "EXCEPTION_INVALID_HANDLE");
    ck_assert_str_eq(words.parameters[0], "parameter 0");
}
END_TEST

START_TEST(codes_outside_the_table)
{
    describe_code(0xe0616263u);
    ck_assert_ptr_null(words.name);
    ck_assert_str_eq(words.type, "0xe0616263");
    ck_assert_int_eq(words.class_, AVD_CLASS_UNKNOWN);
    ck_assert_str_eq(words.meaning,
                     "an application-defined code (bit 29 set): the program or one of its "
                     "libraries raised it itself; it spells \"abc\"");
    describe_code(0xe0000001u);
    ck_assert_str_eq(words.meaning, "an application-defined code (bit 29 set): the program or one "
                                    "of its libraries raised it itself");
    describe_code(0xc0000034u);
    ck_assert_str_eq(words.name, "STATUS_OBJECT_NAME_NOT_FOUND");
    ck_assert_str_eq(words.type, "STATUS_OBJECT_NAME_NOT_FOUND");
    ck_assert_str_eq(words.meaning, "a status of the operating system raised as an exception");
    describe_code(0xc06d0008u);
    ck_assert_str_eq(words.type, "FACILITY_VISUALCPP / ERROR_NOT_ENOUGH_MEMORY");
    ck_assert_str_eq(words.meaning,
                     "the Visual C++ runtime reports Win32 error 8 (ERROR_NOT_ENOUGH_MEMORY), "
                     "usually from delayed loading of a DLL");
    describe_code(0xc06dfff0u);
    ck_assert_str_eq(words.type, "0xc06dfff0");
    ck_assert_str_eq(words.meaning, "the Visual C++ runtime reports Win32 error 65520, usually "
                                    "from delayed loading of a DLL");
    describe_code(0x80070002u);
    ck_assert_str_eq(words.meaning,
                     "an HRESULT that stands for Win32 error 2 (ERROR_FILE_NOT_FOUND)");
    describe_code(0x80131500u);
    ck_assert_str_eq(words.name, "COR_E_EXCEPTION");
    ck_assert_str_eq(words.meaning, "an HRESULT raised as an exception");
    /* symbolic's unreal_crash.UE4Minidump.dmp raises 1 */
    describe_code(1);
    ck_assert_str_eq(words.type, "ERROR_INVALID_FUNCTION");
    ck_assert_str_eq(words.meaning, "a small number raised as an exception: a Win32 error, or a "
                                    "number that the program chose");
    /* Wine's dump of a process that did not crash holds a record of zeros. */
    describe_code(0);
    ck_assert_ptr_null(words.name);
    ck_assert_str_eq(words.type, "0x00000000");
    ck_assert_int_eq(words.class_, AVD_CLASS_BENIGN);
    describe_code(0xc0001234u);
    ck_assert_ptr_null(words.name);
    ck_assert_str_eq(words.type, "0xc0001234");
    ck_assert_str_eq(words.meaning, "a code that avdump does not know");
    /* LuaJIT's low byte is its own */
    describe_code(0xe24c4a02u);
    ck_assert_str_eq(words.name, "LUAJIT_EXCEPTION");
}
END_TEST

START_TEST(hostile_parameter_count)
{
    const uint64_t parameters[15] = {UINT64_MAX, UINT64_MAX};
    struct avd_exception_input in = windows(0xc0001234u, 4000, parameters);

    describe(&in);
    ck_assert_str_eq(words.parameters[14], "parameter 14");
    in.code = 0xc0000005u;
    in.parameters = NULL;
    ck_assert(avd_exception_describe(&in, &test_arena, &words));
    ck_assert_ptr_null(words.parameters[0]);
    ck_assert(!words.has_access_address);
}
END_TEST

static void describe_linux(uint32_t code, uint32_t flags, uint64_t address)
{
    struct avd_exception_input in = {0};

    in.os = AVD_OS_LINUX;
    in.is_64bit = true;
    in.code = code;
    in.flags = flags;
    in.address = address;
    describe(&in);
}

START_TEST(linux_signals)
{
    describe_linux(11, 1, 0x45);
    ck_assert_str_eq(words.name, "SIGSEGV");
    ck_assert_str_eq(words.type, "SIGSEGV / SEGV_MAPERR");
    ck_assert_str_eq(words.meaning, "the program accessed memory that is not there or that it may "
                                    "not use in this way: no memory is mapped there");
    ck_assert_int_eq(words.class_, AVD_CLASS_CRASH);
    ck_assert_int_eq(words.access, AVD_ACCESS_NONE);
    ck_assert(words.has_access_address);
    ck_assert_uint_eq(words.access_address, 0x45);
    describe_linux(7, 2, 0x1000);
    ck_assert_str_eq(words.type, "SIGBUS / BUS_ADRERR");
    ck_assert(words.has_access_address);
    /* Breakpad's linux_null_read_av.dmp: writers before 2018 leave the flags empty. */
    describe_linux(11, 0, 0);
    ck_assert_str_eq(words.type, "SIGSEGV");
    ck_assert(words.has_access_address);
    describe_linux(11, 0x80, 0);
    ck_assert_str_eq(words.type, "SIGSEGV / SI_KERNEL");
    ck_assert(!words.has_access_address);
    describe_linux(11, 0xfffffffau, 0x3e800001234);
    ck_assert_str_eq(words.type, "SIGSEGV / SI_TKILL");
    ck_assert_str_eq(words.meaning, "the signal was sent by a program; the CPU met no error");
    ck_assert(!words.has_access_address);
    describe_linux(6, 0xfffffffau, 0);
    ck_assert_str_eq(words.type, "SIGABRT / SI_TKILL");
    ck_assert(words.was_sent);
    ck_assert_str_eq(words.meaning,
                     "the program ended itself with abort(), usually after a failed check");
    describe_linux(8, 1, 0x401f27);
    ck_assert_str_eq(words.type, "SIGFPE / FPE_INTDIV");
    ck_assert(!words.has_access_address);
    describe_linux(4, 99, 0);
    ck_assert_str_eq(words.type, "SIGILL / 0x00000063");
    describe_linux(5, 0x80, 0);
    ck_assert_str_eq(words.type, "SIGTRAP / SI_KERNEL");
    ck_assert_int_eq(words.class_, AVD_CLASS_DEBUG);
    /* lldb's linux-x86_64_not_crashed.dmp */
    describe_linux(0xffffffffu, 0, 0x7f6b5a9ebfc3);
    ck_assert_str_eq(words.type, "DUMP_REQUESTED");
    ck_assert_int_eq(words.class_, AVD_CLASS_BENIGN);
    describe_linux(77, 0, 0);
    ck_assert_ptr_null(words.name);
    ck_assert_str_eq(words.type, "0x0000004d");
}
END_TEST

static void describe_mac(uint32_t code, uint32_t flags, unsigned count, const uint64_t *parameters)
{
    struct avd_exception_input in = {0};

    in.os = AVD_OS_MACOS;
    in.is_64bit = true;
    in.code = code;
    in.flags = flags;
    in.address = 0x10;
    in.parameter_count = count;
    in.parameters = parameters;
    describe(&in);
}

START_TEST(mach_exceptions_of_breakpad)
{
    const uint64_t two[] = {1, 0x2000};

    describe_mac(1, 1, 0, NULL);
    ck_assert_str_eq(words.type, "EXC_BAD_ACCESS / KERN_INVALID_ADDRESS");
    ck_assert(words.has_access_address);
    ck_assert_uint_eq(words.access_address, 0x10);
    describe_mac(1, 2, 2, two);
    ck_assert_str_eq(words.type, "EXC_BAD_ACCESS / KERN_PROTECTION_FAILURE");
    ck_assert_uint_eq(words.access_address, 0x2000);
    ck_assert_str_eq(words.parameters[1], "the address that was accessed");
    describe_mac(1, 13, 0, NULL);
    ck_assert_str_eq(words.type, "EXC_BAD_ACCESS / EXC_I386_GPFLT");
    ck_assert(!words.has_access_address);
    describe_mac(6, 2, 0, NULL);
    ck_assert_str_eq(words.type, "EXC_BREAKPOINT / 0x00000002");
    ck_assert_int_eq(words.class_, AVD_CLASS_DEBUG);
    describe_mac(12, 0x40000000, 0, NULL);
    ck_assert_str_eq(words.type, "EXC_GUARD / GUARD_TYPE_FD");
    describe_mac(99, 0, 0, NULL);
    ck_assert_ptr_null(words.name);
    ck_assert_str_eq(words.type, "0x00000063");
}
END_TEST

START_TEST(mach_exceptions_of_crashpad)
{
    /* Crashpad keeps the raw exception, code and subcode as parameters. */
    const uint64_t access[] = {1, 1, 0xdeadbee8};
    /* node-rs-minidump's mac-electron-browser.dmp, rust-minidump's simple-crashpad.dmp */
    const uint64_t segv[] = {10, 0x0b000000, 0};
    const uint64_t abort_[] = {10, 0x06000000, 0};
    /* Breakpad's minidump_crashpad_annotation.dmp */
    const uint64_t objc[] = {0x43506e78, 0, 0};

    describe_mac(1, 1, 3, access);
    ck_assert_uint_eq(words.access_address, 0xdeadbee8);
    ck_assert_str_eq(words.parameters[0], "the Mach exception");
    ck_assert_str_eq(words.parameters[2], "the address that was accessed");
    describe_mac(0, 0, 3, segv);
    ck_assert_str_eq(words.name, "EXC_CRASH");
    ck_assert_str_eq(words.type, "EXC_CRASH / SIGSEGV");
    ck_assert_int_eq(words.class_, AVD_CLASS_CRASH);
    describe_mac(0, 0, 3, abort_);
    ck_assert_str_eq(words.type, "EXC_CRASH / SIGABRT");
    describe_mac(0x43506e78, 0, 3, objc);
    ck_assert_str_eq(words.type, "CRASHPAD_NSEXCEPTION");
    ck_assert_str_eq(words.meaning, "nobody handled an Objective-C exception");
    describe_mac(0x43507378, 0, 0, NULL);
    ck_assert_str_eq(words.type, "Simulated Exception");
    ck_assert_int_eq(words.class_, AVD_CLASS_BENIGN);
}
END_TEST

START_TEST(an_unknown_system_gets_the_number)
{
    struct avd_exception_input in = windows(0xc0000005u, 0, NULL);

    in.os = AVD_OS_OTHER;
    describe(&in);
    ck_assert_ptr_null(words.name);
    ck_assert_str_eq(words.type, "0xc0000005");
    ck_assert_int_eq(words.class_, AVD_CLASS_UNKNOWN);
}
END_TEST

/* Out of memory is reported at whichever allocation it happens. */
START_TEST(out_of_memory)
{
    const uint64_t in_page[] = {0, 0x1000, 0xc0000185u};
    const uint64_t seven[] = {7};
    const struct avd_exception_input inputs[] = {windows(0xc0000006u, 3, in_page),
                                                 windows(0xc0000409u, 1, seven),
                                                 windows(0xe0616263u, 0, NULL)};
    size_t i;

    for (i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct avd_arena empty = {0};

        avd_mem_fail_after(1);
        ck_assert(!avd_exception_describe(&inputs[i], &empty, &words));
        avd_mem_fail_after(0);
        avd_arena_deinit(&empty);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_test(tests, every_code_has_its_name);
    tcase_add_test(tests, every_meaning_is_one_sentence);
    tcase_add_test(tests, fast_fail_codes_are_complete);
    tcase_add_test(tests, win32_errors_are_sorted_and_named);
    tcase_add_test(tests, code_names_of_all_kinds);
    tcase_add_test(tests, access_names);
    tcase_add_test(tests, access_violation_write);
    tcase_add_test(tests, sign_extension_is_cut);
    tcase_add_test(tests, access_violation_of_other_kinds);
    tcase_add_test(tests, in_page_error_names_its_reason);
    tcase_add_test(tests, stack_overflow_and_guard_page);
    tcase_add_test(tests, fast_fail);
    tcase_add_test(tests, cpp_exception);
    tcase_add_test(tests, clr_exception);
    tcase_add_test(tests, thread_name);
    tcase_add_test(tests, parameters_of_the_table);
    tcase_add_test(tests, codes_outside_the_table);
    tcase_add_test(tests, hostile_parameter_count);
    tcase_add_test(tests, linux_signals);
    tcase_add_test(tests, mach_exceptions_of_breakpad);
    tcase_add_test(tests, mach_exceptions_of_crashpad);
    tcase_add_test(tests, an_unknown_system_gets_the_number);
    tcase_add_test(tests, out_of_memory);
}

int main(void)
{
    return suite_main("exception_words", add_tests);
}
