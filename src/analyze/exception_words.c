/* SPDX-License-Identifier: MIT */
/*
 * Puts a Windows exception into words: looks its code up, then explains what depends on the
 * values of the parameters. The tables are in exception_codes.c, fast_fail_codes.c and
 * error_names.c, the words for other systems in exception_unix.c.
 */
#include "analyze/exception_codes.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAX_PARAMETERS = 15, /* EXCEPTION_MAXIMUM_PARAMETERS */
    NULL_PAGES = 0x10000 /* Windows never maps the first 64 KiB */
};

/* Codes whose parameters or type need more than the table's words. */
enum {
    CODE_THREAD_NAME = 0x406d1388,
    CODE_FACILITY_VISUALCPP = 0x6d /* of 0xc06dxxxx */
};
static const uint32_t code_guard_page = 0x80000001u;
static const uint32_t code_access_violation = 0xc0000005u;
static const uint32_t code_in_page_error = 0xc0000006u;
static const uint32_t code_stack_overflow = 0xc00000fdu;
static const uint32_t code_fast_fail = 0xc0000409u;
static const uint32_t code_clr = 0xe0434352u;
static const uint32_t code_clr_v2 = 0xe0434f4du;
static const uint32_t code_cpp = 0xe06d7363u;

static const char *const unexplained[MAX_PARAMETERS] = {
    "parameter 0",  "parameter 1",  "parameter 2",  "parameter 3",  "parameter 4",
    "parameter 5",  "parameter 6",  "parameter 7",  "parameter 8",  "parameter 9",
    "parameter 10", "parameter 11", "parameter 12", "parameter 13", "parameter 14"};

const char *avd_access_name(enum avd_access access)
{
    switch (access) {
    case AVD_ACCESS_NONE: return "";
    case AVD_ACCESS_READ: return "read";
    case AVD_ACCESS_WRITE: return "write";
    case AVD_ACCESS_EXECUTE: return "execute";
    }
    return "";
}

const char *avd_exception_code_name(uint32_t code)
{
    const struct avd_code_doc *doc = avd_code_find(code);
    const char *name;

    if (doc != NULL)
        return doc->name;
    name = avd_ntstatus_name(code);
    return name != NULL || code > 0xffff ? name : avd_win32_error_name(code);
}

/* Parameter `index`, of the width that the code has; writers may sign-extend 32-bit values. */
static uint64_t parameter(const struct avd_exception_input *in, unsigned index)
{
    return in->is_64bit ? in->parameters[index] : in->parameters[index] & 0xffffffffu;
}

static const char *show_address(const struct avd_exception_input *in, struct avd_arena *arena,
                                const char *before, uint64_t address, const char *after)
{
    return avd_arena_printf(arena, "%s0x%0*" PRIx64 "%s", before, in->is_64bit ? 16 : 8, address,
                            after);
}

/* "0xc0000185 (STATUS_IO_DEVICE_ERROR)" after `before`. */
static const char *show_status(struct avd_arena *arena, const char *before, uint32_t code)
{
    const char *name = avd_exception_code_name(code);

    if (name == NULL)
        return avd_arena_printf(arena, "%s0x%08" PRIx32, before, code);
    return avd_arena_printf(arena, "%s0x%08" PRIx32 " (%s)", before, code, name);
}

static const char *address_hint(const struct avd_exception_input *in, enum avd_access access,
                                uint64_t address)
{
    if (in->is_64bit && address == UINT64_MAX && access != AVD_ACCESS_EXECUTE)
        return ", which Windows also reports when the real address was not canonical or not "
               "aligned";
    if (!in->is_64bit && address == UINT32_MAX && access == AVD_ACCESS_READ)
        return ", which Windows also reports when the real address was not aligned";
    if (access == AVD_ACCESS_EXECUTE && address < NULL_PAGES)
        return ", so a null function pointer was called";
    if (access == AVD_ACCESS_EXECUTE)
        return ", so the program jumped to memory that may not be executed";
    if (address == 0)
        return ", a null pointer";
    if (address < NULL_PAGES)
        return ", probably a null pointer plus an offset";
    return "";
}

/* The kind of access and its address, which several codes give in parameters 0 and 1. */
static bool describe_access(const struct avd_exception_input *in, struct avd_arena *arena,
                            struct avd_exception_words *out)
{
    if (in->parameter_count < 1)
        return true;
    switch (parameter(in, 0)) {
    case 0:
        out->access = AVD_ACCESS_READ;
        out->parameters[0] = "the instruction tried to read";
        break;
    case 1:
        out->access = AVD_ACCESS_WRITE;
        out->parameters[0] = "the instruction tried to write";
        break;
    case 8:
        out->access = AVD_ACCESS_EXECUTE;
        out->parameters[0] = "the CPU tried to execute memory as code";
        break;
    default: out->parameters[0] = "a kind of access that is not documented"; break;
    }
    if (in->parameter_count < 2)
        return true;
    out->has_access_address = true;
    out->access_address = parameter(in, 1);
    out->parameters[1] = show_address(in, arena, "the address it accessed: ", out->access_address,
                                      address_hint(in, out->access, out->access_address));
    return out->parameters[1] != NULL;
}

/* "EXCEPTION_ACCESS_VIOLATION_READ", and for an in-page error the reason behind it. */
static bool access_type(const struct avd_exception_input *in, struct avd_arena *arena,
                        struct avd_exception_words *out)
{
    static const char *const kinds[] = {"", "_READ", "_WRITE", "_EXEC"};
    uint32_t reason;

    if (in->code == code_access_violation || in->parameter_count < 3) {
        out->type = avd_arena_printf(arena, "%s%s", out->type, kinds[out->access]);
        return out->type != NULL;
    }
    reason = (uint32_t)parameter(in, 2);
    out->parameters[2] = show_status(arena, "why the page could not be read: NTSTATUS ", reason);
    if (avd_exception_code_name(reason) != NULL)
        out->type = avd_arena_printf(arena, "%s%s / %s", out->type, kinds[out->access],
                                     avd_exception_code_name(reason));
    else
        out->type =
            avd_arena_printf(arena, "%s%s / 0x%08" PRIx32, out->type, kinds[out->access], reason);
    return out->parameters[2] != NULL && out->type != NULL;
}

static bool describe_fast_fail(const struct avd_exception_input *in, struct avd_arena *arena,
                               struct avd_exception_words *out)
{
    const struct avd_fast_fail_doc *doc;

    if (in->parameter_count < 1)
        return true;
    out->has_fast_fail = true;
    out->fast_fail_code = (uint32_t)parameter(in, 0);
    doc = avd_fast_fail_find(out->fast_fail_code);
    if (doc == NULL) {
        out->parameters[0] = "a fast-fail code that is not known";
        out->type = avd_arena_printf(arena, "EXCEPTION_STACK_BUFFER_OVERRUN / 0x%08" PRIx32,
                                     out->fast_fail_code);
        return out->type != NULL;
    }
    /* As rust-minidump has it; Breakpad prints the second half alone. */
    out->fast_fail_name = doc->name;
    out->type = avd_arena_printf(arena, "EXCEPTION_STACK_BUFFER_OVERRUN / %s", doc->name);
    out->meaning =
        avd_arena_printf(arena, "the program ended itself at once (fast fail): %s", doc->meaning);
    out->parameters[0] = avd_arena_printf(arena, "fast-fail code %" PRIu32 " (%s): %s", doc->code,
                                          doc->name, doc->meaning);
    return out->type != NULL && out->meaning != NULL && out->parameters[0] != NULL;
}

/* The parameters of the Visual C++ runtime's throw (ehdata.h). */
static void describe_cpp(const struct avd_exception_input *in, struct avd_exception_words *out)
{
    if (in->parameter_count >= 1) {
        switch (parameter(in, 0)) {
        case 0x19930520:
            out->parameters[0] = "magic number of the compiler's exception data, version 1";
            break;
        case 0x19930521:
            out->parameters[0] = "magic number of the compiler's exception data, version 2";
            break;
        case 0x19930522:
            out->parameters[0] = "magic number of the compiler's exception data, version 3";
            break;
        default:
            out->parameters[0] = "not a known magic number of the compiler's exception data";
            break;
        }
    }
    if (in->parameter_count >= 2)
        out->parameters[1] = parameter(in, 1) != 0 ? "address of the thrown object"
                                                   : "no object: the same exception thrown again";
    if (in->parameter_count >= 3)
        out->parameters[2] = parameter(in, 2) != 0
                                 ? "address of the ThrowInfo, which names the thrown type"
                                 : "no type information: the same exception thrown again (throw;)";
    if (in->parameter_count >= 4 && in->is_64bit)
        out->parameters[3] = "base address of the module that threw";
}

static bool describe_clr(const struct avd_exception_input *in, struct avd_arena *arena,
                         struct avd_exception_words *out)
{
    if (in->parameter_count < 1)
        return true;
    out->parameters[0] =
        show_status(arena, "HRESULT of the .NET exception: ", (uint32_t)parameter(in, 0));
    return out->parameters[0] != NULL;
}

/* The protocol between the Visual C++ runtime and a debugger. The thread is one word of 64 bits
 * with the flags in its upper half, or two words of 32 bits. */
static bool describe_thread_name(const struct avd_exception_input *in, struct avd_arena *arena,
                                 struct avd_exception_words *out)
{
    uint32_t thread;

    if (in->parameter_count < 1)
        return true;
    switch (parameter(in, 0)) {
    case 0x1000: out->parameters[0] = "request: name a thread"; break;
    case 0x1001:
        out->meaning = "the run-time checks asked whether a debugger listens; not a crash";
        out->parameters[0] = "request: is a debugger listening";
        return true;
    case 0x1002:
        out->meaning = "a run-time check (/RTC) of a debug build failed";
        out->class_ = AVD_CLASS_CRASH;
        out->parameters[0] = "request: report a failed run-time check";
        return true;
    case 0x1003:
        out->meaning = "the program told a debugger the name of a fiber; not a crash";
        out->parameters[0] = "request: name a fiber";
        return true;
    default: out->parameters[0] = "a request that is not known"; return true;
    }
    if (in->parameter_count >= 2)
        out->parameters[1] = "address of the name (ANSI)";
    if (in->parameter_count < 3)
        return true;
    thread = (uint32_t)parameter(in, 2);
    if (thread == UINT32_MAX)
        out->parameters[2] = "the thread that gets the name: the current one";
    else
        out->parameters[2] =
            avd_arena_printf(arena, "the thread that gets the name: 0x%" PRIx32, thread);
    if (in->parameter_count >= 4 && !in->is_64bit)
        out->parameters[3] = "flags, 0";
    return out->parameters[2] != NULL;
}

static bool describe_values(const struct avd_exception_input *in, struct avd_arena *arena,
                            struct avd_exception_words *out)
{
    if (in->code == code_access_violation || in->code == code_in_page_error)
        return describe_access(in, arena, out) && access_type(in, arena, out);
    if (in->code == code_guard_page || in->code == code_stack_overflow)
        return describe_access(in, arena, out);
    if (in->code == code_fast_fail)
        return describe_fast_fail(in, arena, out);
    if (in->code == code_clr || in->code == code_clr_v2)
        return describe_clr(in, arena, out);
    if (in->code == code_cpp)
        describe_cpp(in, out);
    if (in->code == CODE_THREAD_NAME)
        return describe_thread_name(in, arena, out);
    return true;
}

/* What the low three bytes spell, as language runtimes choose their codes; "" when they do not. */
static void spell(uint32_t code, char text[4])
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        unsigned c = code >> (16 - 8 * i) & 0xff;

        if (c < 0x21 || c > 0x7e || c == '"' || c == '\\') {
            text[0] = '\0';
            return;
        }
        text[i] = (char)c;
    }
    text[3] = '\0';
}

/* Bit 29 is reserved for codes that applications make up. */
static bool describe_application_code(const struct avd_exception_input *in, struct avd_arena *arena,
                                      struct avd_exception_words *out)
{
    char text[4];

    spell(in->code, text);
    if (text[0] == '\0')
        out->meaning = "an application-defined code (bit 29 set): the program or one of its "
                       "libraries raised it itself";
    else
        out->meaning = avd_arena_printf(arena,
                                        "an application-defined code (bit 29 set): the program or "
                                        "one of its libraries raised it itself; it spells \"%s\"",
                                        text);
    return out->meaning != NULL;
}

/* A code that is in no table: what its fields say, and no more. */
static bool describe_unlisted(const struct avd_exception_input *in, struct avd_arena *arena,
                              struct avd_exception_words *out)
{
    uint32_t low = in->code & 0xffff;
    const char *win32 = avd_win32_error_name(low);

    if (in->code == 0) {
        out->meaning = "the exception record holds no code: nothing was raised";
        out->class_ = AVD_CLASS_BENIGN;
        return true;
    }
    out->name = avd_exception_code_name(in->code);
    if (out->name != NULL)
        out->type = out->name;
    if (in->code <= 0xffff) {
        out->meaning = "a small number raised as an exception: a Win32 error, or a number that "
                       "the program chose";
        return true;
    }
    if (in->code >> 16 == (0xc000u | CODE_FACILITY_VISUALCPP)) {
        out->class_ = AVD_CLASS_CRASH;
        if (in->parameter_count > 0)
            out->parameters[0] =
                "address of the DelayLoadInfo, which names the DLL and the function";
        out->meaning = avd_arena_printf(arena,
                                        "the Visual C++ runtime reports Win32 error %" PRIu32
                                        "%s%s%s, usually from delayed loading of a DLL",
                                        low, win32 != NULL ? " (" : "", win32 != NULL ? win32 : "",
                                        win32 != NULL ? ")" : "");
        if (win32 != NULL) {
            out->type = avd_arena_printf(arena, "FACILITY_VISUALCPP / %s", win32);
            if (out->type == NULL)
                return false;
        }
        return out->meaning != NULL;
    }
    if ((in->code & 0x20000000u) != 0)
        return describe_application_code(in, arena, out);
    if (in->code >> 16 == 0x8007) {
        out->meaning = avd_arena_printf(
            arena, "an HRESULT that stands for Win32 error %" PRIu32 "%s%s%s", low,
            win32 != NULL ? " (" : "", win32 != NULL ? win32 : "", win32 != NULL ? ")" : "");
        return out->meaning != NULL;
    }
    if (in->code >> 16 >= 0x8001 && in->code >> 16 <= 0x80ff)
        out->meaning = "an HRESULT raised as an exception";
    else if (out->name != NULL)
        out->meaning = "a status of the operating system raised as an exception";
    return true;
}

bool avd_exception_describe(const struct avd_exception_input *in, struct avd_arena *arena,
                            struct avd_exception_words *out)
{
    struct avd_exception_input clamped = *in;
    const struct avd_code_doc *doc;
    unsigned i;

    if (clamped.parameter_count > MAX_PARAMETERS)
        clamped.parameter_count = MAX_PARAMETERS;
    if (clamped.parameters == NULL)
        clamped.parameter_count = 0;
    memset(out, 0, sizeof *out);
    out->meaning = "a code that avdump does not know";
    out->type = avd_arena_printf(arena, "0x%08" PRIx32, in->code);
    if (out->type == NULL)
        return false;
    for (i = 0; i < clamped.parameter_count; i++)
        out->parameters[i] = unexplained[i];

    if (in->os == AVD_OS_LINUX)
        return avd_signal_describe(&clamped, arena, out);
    if (in->os == AVD_OS_MACOS)
        return avd_mach_describe(&clamped, arena, out);
    if (in->os != AVD_OS_WINDOWS)
        return true;
    doc = avd_code_find(in->code);
    if (doc == NULL)
        return describe_unlisted(&clamped, arena, out);
    out->name = doc->name;
    out->type = doc->type != NULL ? doc->type : doc->name;
    out->meaning = doc->meaning;
    out->class_ = doc->class_;
    for (i = 0; i < clamped.parameter_count && i < sizeof doc->parameters / sizeof *doc->parameters;
         i++)
        if (doc->parameters[i] != NULL)
            out->parameters[i] = doc->parameters[i];
    return describe_values(&clamped, arena, out);
}
