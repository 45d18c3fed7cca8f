/* SPDX-License-Identifier: MIT */
/*
 * What do the parameters of runtimes' exceptions say? The .NET exception behind an HRESULT (values
 * of corerror.h and of each type's documentation), and the DLL and function that delay loading
 * did not find (DelayLoadInfo of delayimp.h).
 */
#include "analyze/detectors.h"
#include "analyze/process_read.h"

#include "base/bisect.h"

#include <string.h>

#define CLR_EXCEPTION     0xe0434352u
#define CLR_EXCEPTION_V2  0xe0434f4du
#define DELAY_NO_FUNCTION 0xc06d007fu /* ERROR_PROC_NOT_FOUND */
#define DELAY_LOAD_FIRST  0xc06d0000u /* severity error, facility Visual C++ */

static const char *const clr_facts[] = {"clr.hresult", "clr.hresult_name", "clr.type",
                                        "clr.summary"};
static const char *const delay_facts[] = {"delay.dll", "delay.function", "delay.error",
                                          "delay.error_name", "delay.summary"};

enum {
    CLR_COUNT = sizeof clr_facts / sizeof clr_facts[0],
    DELAY_COUNT = sizeof delay_facts / sizeof delay_facts[0]
};

/* Several types may share an HRESULT; then the one that is thrown most. Sorted by value. */
static const struct {
    uint32_t hresult;
    const char *type;
} clr_types[] = {
    {0x80004001, "System.NotImplementedException"},
    {0x80004002, "System.InvalidCastException"},
    {0x80004003, "System.NullReferenceException"},
    {0x80020012, "System.DivideByZeroException"},
    {0x80070002, "System.IO.FileNotFoundException"},
    {0x80070003, "System.IO.DirectoryNotFoundException"},
    {0x80070005, "System.UnauthorizedAccessException"},
    {0x8007000b, "System.BadImageFormatException"},
    {0x8007000e, "System.OutOfMemoryException"},
    {0x80070026, "System.IO.EndOfStreamException"},
    {0x80070057, "System.ArgumentException"},
    {0x800700ce, "System.IO.PathTooLongException"},
    {0x800703e9, "System.StackOverflowException"},
    {0x80131500, "System.Exception"},
    {0x80131501, "System.SystemException"},
    {0x80131502, "System.ArgumentOutOfRangeException"},
    {0x80131503, "System.ArrayTypeMismatchException"},
    {0x80131505, "System.TimeoutException"},
    {0x80131506, "System.ExecutionEngineException"},
    {0x80131507, "System.FieldAccessException"},
    {0x80131508, "System.IndexOutOfRangeException"},
    {0x80131509, "System.InvalidOperationException"},
    {0x8013150a, "System.Security.SecurityException"},
    {0x8013150c, "System.Runtime.Serialization.SerializationException"},
    {0x80131510, "System.MethodAccessException"},
    {0x80131511, "System.MissingFieldException"},
    {0x80131512, "System.MissingMemberException"},
    {0x80131513, "System.MissingMethodException"},
    {0x80131515, "System.NotSupportedException"},
    {0x80131516, "System.OverflowException"},
    {0x80131517, "System.RankException"},
    {0x80131518, "System.Threading.SynchronizationLockException"},
    {0x80131519, "System.Threading.ThreadInterruptedException"},
    {0x80131520, "System.Threading.ThreadStateException"},
    {0x80131522, "System.TypeLoadException"},
    {0x80131523, "System.EntryPointNotFoundException"},
    {0x80131524, "System.DllNotFoundException"},
    {0x80131530, "System.Threading.ThreadAbortException"},
    {0x80131534, "System.TypeInitializationException"},
    {0x80131537, "System.FormatException"},
    {0x80131577, "System.Collections.Generic.KeyNotFoundException"},
    {0x80131600, "System.ApplicationException"},
    {0x80131603, "System.Reflection.TargetException"},
    {0x80131604, "System.Reflection.TargetInvocationException"},
    {0x80131605, "System.Reflection.TargetParameterCountException"},
    {0x80131620, "System.IO.IOException"},
    {0x80131621, "System.IO.FileLoadException"},
    {0x80131622, "System.ObjectDisposedException"},
};

static void publish_unknown(struct avd_analysis *an, const char *const *names, size_t count,
                            const char *why)
{
    size_t i;

    for (i = 0; i < count; i++)
        avd_fact_unknown(&an->facts, names[i], why);
}

static const char *clr_type(uint32_t hresult)
{
    const size_t count = sizeof clr_types / sizeof clr_types[0];
    struct avd_bisect b = avd_bisect_start(count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, clr_types[b.middle].hresult < hresult);
    return b.low < count && clr_types[b.low].hresult == hresult ? clr_types[b.low].type : NULL;
}

static void publish_clr(struct avd_analysis *an)
{
    uint32_t code = an->exception.code;
    const char *name;
    uint32_t hresult;

    if (!an->has_exception || (code != CLR_EXCEPTION && code != CLR_EXCEPTION_V2)) {
        publish_unknown(an, clr_facts, CLR_COUNT, "no .NET exception was thrown");
        return;
    }
    if (an->exception.parameter_count == 0) {
        publish_unknown(an, clr_facts, CLR_COUNT, "the exception has no HRESULT");
        avd_fact_text(&an->facts, "clr.summary", "a type that the exception does not give");
        return;
    }
    hresult = (uint32_t)an->exception.parameters[0];
    avd_fact_code(&an->facts, "clr.hresult", hresult);
    name = avd_exception_code_name(hresult);
    if (name != NULL)
        avd_fact_text(&an->facts, "clr.hresult_name", name);
    else
        avd_fact_unknown(&an->facts, "clr.hresult_name", "the HRESULT is not a known one");
    if (clr_type(hresult) != NULL)
        avd_fact_text(&an->facts, "clr.type", clr_type(hresult));
    else
        avd_fact_unknown(&an->facts, "clr.type", "no type is known for this HRESULT");
    avd_fact_text(&an->facts, "clr.summary",
                  clr_type(hresult) != NULL
                      ? avd_arena_printf(&an->arena, "HRESULT 0x%08x, which %s has",
                                         (unsigned)hresult, clr_type(hresult))
                      : avd_arena_printf(&an->arena,
                                         "HRESULT 0x%08x, which no type of .NET's own "
                                         "has",
                                         (unsigned)hresult));
}

/* ---- delay loading ---- */

static void publish_text(struct avd_analysis *an, const char *fact, const char *text,
                         const char *why)
{
    if (text != NULL)
        avd_fact_text(&an->facts, fact, text);
    else
        avd_fact_unknown(&an->facts, fact, why);
}

/* cb, pidd, ppfn, szDll, { fImportByName, name or ordinal }, hmodCur, pfnCur, dwLastError: each a
 * pointer wide, as all but three are pointers and those are aligned to them. */
static void publish_delay(struct avd_analysis *an)
{
    enum { DLL = 3, BY_NAME = 4, FUNCTION = 5, LAST_ERROR = 8, MEMBERS = 9 };
    unsigned step = avd_exception_pointer_size(an);
    uint64_t info = an->exception.parameters[0];
    static const char absent[] = "its DelayLoadInfo is not in the dump";
    const char *function = NULL;
    const char *dll = NULL;
    uint64_t address;
    uint32_t size;
    uint32_t by_name;
    uint32_t error;

    if (an->exception.parameter_count == 0 || !avd_process_u32(an, info, &size) ||
        size != MEMBERS * step) {
        publish_unknown(an, delay_facts, DELAY_COUNT, absent);
        avd_fact_text(&an->facts, "delay.summary", "a DLL whose name is not in the dump");
        return;
    }
    if (avd_process_pointer(an, info + (uint64_t)DLL * step, step, &address))
        dll = avd_process_text(an, address);
    publish_text(an, "delay.dll", dll, "the DLL's name is not in the dump");
    if (avd_process_u32(an, info + (uint64_t)BY_NAME * step, &by_name) &&
        avd_process_pointer(an, info + (uint64_t)FUNCTION * step, step, &address))
        function = by_name != 0
                       ? avd_process_text(an, address)
                       : avd_arena_printf(&an->arena, "ordinal %u", (unsigned)(address & 0xffff));
    publish_text(an, "delay.function", function, "the function's name is not in the dump");
    if (dll == NULL)
        dll = "a DLL whose name is not in the dump";
    avd_fact_text(&an->facts, "delay.summary",
                  function != NULL && an->exception.code == DELAY_NO_FUNCTION
                      ? avd_arena_printf(&an->arena, "%s of %s", function, dll)
                      : dll);
    if (!avd_process_u32(an, info + (uint64_t)LAST_ERROR * step, &error)) {
        avd_fact_unknown(&an->facts, "delay.error", absent);
        avd_fact_unknown(&an->facts, "delay.error_name", absent);
        return;
    }
    avd_fact_number(&an->facts, "delay.error", error);
    publish_text(an, "delay.error_name", avd_win32_error_name(error),
                 "the error is not a known one");
}

static void run(struct avd_analysis *an)
{
    publish_clr(an);
    if (an->has_exception && avd_dump_is_windows(an->dump) &&
        (an->exception.code & 0xffff0000u) == DELAY_LOAD_FIRST)
        publish_delay(an);
    else
        publish_unknown(an, delay_facts, DELAY_COUNT, "no delay-loaded DLL is missing");
}

const struct avd_detector avd_det_runtime = {
    "runtime",
    "the .NET exception, and the DLL that delay loading missed",
    run,
};
