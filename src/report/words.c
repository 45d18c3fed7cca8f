/* SPDX-License-Identifier: MIT */
/*
 * Sources: MINIDUMP_TYPE as Microsoft documents it (minidumpapiset.h), the EXCEPTION_* flags of
 * ntifs.h, and the calendar rules of ISO 8601.
 */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void avd_words_time(uint32_t seconds, char out[AVD_TIME_TEXT])
{
    static const unsigned char month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t day = seconds / 86400;
    uint32_t rest = seconds % 86400;
    unsigned year = 1970;
    unsigned month = 0;

    /* Unsigned 32-bit seconds end in 2106, so stepping over the years is short. */
    for (;;) {
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        uint32_t days = leap ? 366 : 365;

        if (day >= days) {
            day -= days;
            year++;
            continue;
        }
        for (month = 0; month < 11; month++) {
            days = month_days[month];
            if (month == 1 && leap)
                days++;
            if (day < days)
                break;
            day -= days;
        }
        break;
    }
    (void)snprintf(out, AVD_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month + 1,
                   (unsigned)day + 1, (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60),
                   (unsigned)(rest % 60));
}

const char *avd_words_dump_flag(unsigned bit)
{
    static const char *const names[] = {
        "MiniDumpWithDataSegs",
        "MiniDumpWithFullMemory",
        "MiniDumpWithHandleData",
        "MiniDumpFilterMemory",
        "MiniDumpScanMemory",
        "MiniDumpWithUnloadedModules",
        "MiniDumpWithIndirectlyReferencedMemory",
        "MiniDumpFilterModulePaths",
        "MiniDumpWithProcessThreadData",
        "MiniDumpWithPrivateReadWriteMemory",
        "MiniDumpWithoutOptionalData",
        "MiniDumpWithFullMemoryInfo",
        "MiniDumpWithThreadInfo",
        "MiniDumpWithCodeSegs",
        "MiniDumpWithoutAuxiliaryState",
        "MiniDumpWithFullAuxiliaryState",
        "MiniDumpWithPrivateWriteCopyMemory",
        "MiniDumpIgnoreInaccessibleMemory",
        "MiniDumpWithTokenInformation",
        "MiniDumpWithModuleHeaders",
        "MiniDumpFilterTriage",
        "MiniDumpWithAvxXStateContext",
        "MiniDumpWithIptTrace",
        "MiniDumpScanInaccessiblePartialPages",
        "MiniDumpFilterWriteCombinedMemory",
        "MiniDumpNoIgnoreInaccessibleMemory",
        "MiniDumpWithMemoryCompressed",
    };

    return bit < sizeof names / sizeof *names ? names[bit] : NULL;
}

const char *avd_words_exception_flag(unsigned bit)
{
    static const char *const names[] = {
        "EXCEPTION_NONCONTINUABLE",  "EXCEPTION_UNWINDING",          "EXCEPTION_EXIT_UNWIND",
        "EXCEPTION_STACK_INVALID",   "EXCEPTION_NESTED_CALL",        "EXCEPTION_TARGET_UNWIND",
        "EXCEPTION_COLLIDED_UNWIND", "EXCEPTION_SOFTWARE_ORIGINATE",
    };

    return bit < sizeof names / sizeof *names ? names[bit] : NULL;
}

const char *avd_words_stack_end(const char *end)
{
    static const struct {
        const char *end;
        const char *words;
    } table[] = {
        {"complete", "the stack is complete"},
        {"no_context", "the dump has no usable registers of this thread"},
        {"no_memory", "the stack memory needed is not in the dump"},
        {"no_unwind_info", "nothing says where the caller is"},
        {"bad_unwind_info", "the unwind data is damaged"},
        {"not_code", "the return address found is no code"},
        {"stack_pointer", "the stack pointer left the stack"},
        {"limit", "the ceiling on frames was reached"},
        {"32bit_code", "32-bit code from here: see the 32-bit stack"},
        {"unsupported_cpu", "stacks of this processor are not supported"},
    };
    size_t i;

    for (i = 0; end != NULL && i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].end, end) == 0)
            return table[i].words;
    return "the reason is not known";
}

const char *avd_words_inconsistency(const char *word)
{
    static const char *const texts[][2] = {
        {"int_div_by_zero_not_possible", "a division by zero is reported, but it divides nothing"},
        {"priv_instruction_crash_without_priv_instruction",
         "a privileged instruction is reported, but it is none"},
        {"non_canonical_address_falsely_reported",
         "an address that is not canonical is reported, but it touches none"},
        {"access_violation_when_access_allowed",
         "an access violation is reported where the memory allows the access"},
        {"crashing_access_not_found_in_memory_accesses",
         "the reported address is none that it touches"},
    };
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i][0], word) == 0)
            return texts[i][1];
    return word;
}

void avd_words_duration(struct avd_strbuf *line, uint64_t seconds)
{
    unsigned rest = (unsigned)(seconds % 86400);

    if (seconds >= 86400)
        avd_strbuf_printf(line, "%" PRIu64 " d ", seconds / 86400);
    if (seconds >= 3600)
        avd_strbuf_printf(line, "%u h ", rest / 3600);
    if (seconds >= 60)
        avd_strbuf_printf(line, "%u min ", rest / 60 % 60);
    avd_strbuf_printf(line, "%u s", rest % 60);
}
