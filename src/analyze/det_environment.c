/* SPDX-License-Identifier: MIT */
/*
 * Which diagnostics were switched on for the process? NtGlobalFlag of its environment block, and
 * the names of variables that change how runtimes behave. Values are never read: they hold secrets.
 */
#include "analyze/detectors.h"
#include "analyze/peb.h"

#include "base/glob.h"
#include "base/limits.h"

#include <string.h>

/* GFlags documentation, "Global Flag Reference". */
static const struct {
    uint32_t bit;
    const char *name;
} flag_bits[] = {
    {0x00000001, "stop on exception"},
    {0x00000002, "show loader snaps"},
    {0x00000010, "heap tail checking"},
    {0x00000020, "heap free checking"},
    {0x00000040, "heap parameter checking"},
    {0x00000080, "heap validation on call"},
    {0x00000100, "Application Verifier"},
    {0x00000400, "pool tagging"},
    {0x00000800, "heap tagging"},
    {0x00001000, "user-mode stack trace database"},
    {0x00008000, "heap tagging by DLL"},
    {0x00200000, "heap coalescing disabled"},
    {0x00800000, "exception logging"},
    {0x02000000, "page heap"},
    {0x04000000, "handle tracing (debug output)"},
};
enum { FLAG_BITS = sizeof flag_bits / sizeof flag_bits[0] };

static void publish_flags(struct avd_analysis *an)
{
    const char *reason = "the process environment block is not in the dump";
    const char *names[FLAG_BITS];
    size_t count = 0;
    uint32_t flags;
    bool debugged;
    size_t i;

    if (avd_peb_global_flag(an, &flags)) {
        for (i = 0; i < FLAG_BITS; i++)
            if ((flags & flag_bits[i].bit) != 0)
                names[count++] = flag_bits[i].name;
        avd_fact_code(&an->facts, "process.global_flag", flags);
        avd_fact_list(&an->facts, "process.global_flags", names, count);
    } else {
        avd_fact_unknown(&an->facts, "process.global_flag", reason);
        avd_fact_unknown(&an->facts, "process.global_flags", reason);
    }
    if (avd_peb_being_debugged(an, &debugged))
        avd_fact_bool(&an->facts, "process.being_debugged", debugged);
    else
        avd_fact_unknown(&an->facts, "process.being_debugged", reason);
}

/* ---- variables ---- */

/* Names that say something of how the process runs; the case of letters does not matter. */
static const char *const telling[] = {"COR_ENABLE_PROFILING",
                                      "COR_PROFILER*",
                                      "CORECLR_ENABLE_PROFILING",
                                      "CORECLR_PROFILER*",
                                      "COMPLUS_*",
                                      "DOTNET_*",
                                      "_NT_*",
                                      "__COMPAT_LAYER",
                                      "*ASAN_OPTIONS",
                                      "JAVA_TOOL_OPTIONS",
                                      "_JAVA_OPTIONS",
                                      "ELECTRON_RUN_AS_NODE",
                                      "QT_FATAL_WARNINGS",
                                      "MALLOC_*"};

static bool is_telling(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof telling / sizeof telling[0]; i++)
        if (avd_glob_fits(name, telling[i]))
            return true;
    return false;
}

struct environment {
    const char *names[AVD_MAX_ODDITIES];
    size_t count;
    bool profiler; /* a .NET profiler is asked for */
    size_t read;   /* variables seen in all */
};

enum { NAME_LETTERS = 64 }; /* the names above are shorter */

/* One variable's name, up to '='; false at the end of the block or of what the dump holds. *addr
 * moves behind the variable. */
static bool read_name(const struct avd_memory *memory, uint64_t *addr, uint64_t end,
                      char name[NAME_LETTERS + 1])
{
    bool in_name = true;
    size_t size = 0;
    uint16_t unit = 0;
    bool any = false;

    for (; *addr < end && avd_memory_u16(memory, *addr, &unit); any = true) {
        *addr += 2;
        if (unit == 0)
            break;
        /* Names such as "=C:" begin with the sign. */
        if (unit == '=' && any)
            in_name = false;
        if (in_name && size < NAME_LETTERS)
            name[size++] = (char)(unit >= 0x20 && unit < 0x7f ? unit : '?');
    }
    name[size] = '\0';
    return any && unit == 0;
}

static void read_environment(struct avd_analysis *an, uint64_t addr, struct environment *out)
{
    uint64_t end = addr + AVD_MAX_ENVIRONMENT_BYTES;
    char name[NAME_LETTERS + 1];

    if (end < addr)
        return;
    while (read_name(&an->dump->memory, &addr, end, name)) {
        out->read++;
        if (!is_telling(name) || out->count == AVD_MAX_ODDITIES)
            continue;
        out->profiler = out->profiler || avd_glob_fits(name, "COR*_ENABLE_PROFILING");
        out->names[out->count] = avd_arena_strdup(&an->arena, name);
        if (out->names[out->count] != NULL)
            out->count++;
    }
}

static void publish_environment(struct avd_analysis *an)
{
    struct environment environment = {0};
    uint64_t addr;

    if (avd_peb_environment(an, &addr))
        read_environment(an, addr, &environment);
    if (environment.read == 0) {
        avd_fact_unknown(&an->facts, "environment.names",
                         "the process's variables are not in the dump");
        avd_fact_unknown(&an->facts, "environment.profiler",
                         "the process's variables are not in the dump");
        return;
    }
    avd_fact_list(&an->facts, "environment.names", environment.names, environment.count);
    avd_fact_bool(&an->facts, "environment.profiler", environment.profiler);
}

static void run(struct avd_analysis *an)
{
    publish_flags(an);
    publish_environment(an);
}

const struct avd_detector avd_det_environment = {
    "environment",
    "diagnostics that were switched on for the process, telling environment variables",
    run,
};
