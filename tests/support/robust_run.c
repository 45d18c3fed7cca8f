/* SPDX-License-Identifier: MIT */
#include "support/robust_run.h"

#include "base/memory.h"
#include "base/utf.h"
#include "minidump/format.h"
#include "support/whole_run.h"

#include <check.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#ifndef _WIN32
#include <sys/resource.h>
#endif
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

enum {
    MAX_GROWTH_KIB = 64 << 10, /* of resident memory in one run */
    MAX_MILLISECONDS = 20000   /* of processor time for one run: a hang */
};

/* Check writes down every assertion that it passes: too slow for what runs a million times. */
#define ASSERT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)

static char label[256];

void robust_run_label(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(label, sizeof label, format, args);
    va_end(args);
}

/* ---- telling what crashed ---- */

#if UNDER_ASAN
void __sanitizer_set_death_callback(void (*callback)(void));

static void tell_label(void)
{
    if (write(STDERR_FILENO, label, (unsigned)strlen(label)) > 0)
        (void)!write(STDERR_FILENO, ": crashed\n", 10);
}

void robust_run_init(void)
{
    __sanitizer_set_death_callback(tell_label);
}
#else
static void tell_label(int signal_number)
{
    if (write(STDERR_FILENO, label, (unsigned)strlen(label)) > 0)
        (void)!write(STDERR_FILENO, ": crashed\n", 10);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

void robust_run_init(void)
{
    (void)signal(SIGSEGV, tell_label);
#ifdef SIGBUS
    (void)signal(SIGBUS, tell_label);
#endif
    (void)signal(SIGABRT, tell_label);
    (void)signal(SIGFPE, tell_label);
}
#endif

/* ---- the run ---- */

#ifdef _WIN32
/* Not measured: the limit is the same code's on every system. */
static long peak_kib(void)
{
    return 0;
}
#else
static long peak_kib(void)
{
    struct rusage usage;

    ASSERT(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return usage.ru_maxrss;
}
#endif

/* clock() is the time of day in Windows's C library, which tells how busy a machine is. */
static double processor_milliseconds(void)
{
    struct timespec used;

    ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0, "clock_gettime");
    return (double)used.tv_sec * 1000.0 + (double)used.tv_nsec / 1000000.0;
}

static void assert_text(const char *what, const char *text, size_t size)
{
    size_t i = 0;

    while (i < size) {
        size_t length = avd_utf8_length(text + i, size - i);

        ASSERT(length != 0, "%s: %s: malformed UTF-8 at byte %zu", label, what, i);
        ASSERT(text[i] == '\n' || !avd_utf8_is_control(text + i, length),
               "%s: %s: control character at byte %zu", label, what, i);
        i += length;
    }
}

static void assert_json(const struct whole_run *run)
{
    json_error_t error;
    json_t *json = json_loadb(run->json, run->json_size, JSON_REJECT_DUPLICATES, &error);

    ASSERT(json_is_object(json), "%s: JSON: %s at line %d", label, error.text, error.line);
    json_decref(json);
}

static void assert_result(const struct whole_run *run, bool sound)
{
    if (!sound) {
        ASSERT(run->status == AVD_E_FORMAT || run->status == AVD_E_UNSUPPORTED, "%s: status %d",
               label, (int)run->status);
        ASSERT(run->err.message[0] != '\0', "%s: no message", label);
        return;
    }
    ASSERT(run->status == AVD_OK, "%s: refused: %s: %s", label, run->err.where, run->err.message);
    assert_json(run);
    assert_text("report", run->text, run->text_size);
    assert_text("info", run->info, run->info_size);
}

void robust_run_try(const void *bytes, size_t size)
{
    long before = peak_kib();
    long allowed;
    long growth;
    double start = processor_milliseconds();
    double taken;
    struct avd_view v = {bytes, size, 0};
    struct whole_run run;

    whole_run_do(bytes, size, &run);
    taken = processor_milliseconds() - start;
    growth = peak_kib() - before;
    /* What is rendered is kept here, and doubles while it grows. */
    allowed = MAX_GROWTH_KIB + 3 * (long)((run.json_size + run.text_size + run.info_size) >> 10);
    ASSERT(taken < (double)MAX_MILLISECONDS, "%s: took %.0f ms", label, taken);
    assert_result(&run, size >= MINIDUMP_HEADER_SIZE &&
                            avd_view_u32(v, 0) == (uint32_t)MINIDUMP_SIGNATURE);
    whole_run_free(&run);
    ASSERT(avd_mem_live() == 0, "%s: %ld blocks leaked", label, avd_mem_live());
    /* A sanitizer keeps freed blocks for a while, which says nothing about the program. */
    if (!UNDER_ASAN)
        ASSERT(growth < allowed, "%s: memory grew by %ld KiB, allowed are %ld", label, growth,
               allowed);
}
