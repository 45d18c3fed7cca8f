/* SPDX-License-Identifier: MIT */
/* What a report says of the dump itself: file, streams, system, process, handles, comments. */
#include "report/build.h"

#include "minidump/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *avd_build_copy(struct avd_report *report, const char *text)
{
    return text != NULL ? avd_arena_strdup(&report->arena, text) : NULL;
}

static void build_streams(const struct avd_dump *dump, struct avd_report *report)
{
    struct avd_rep_stream *streams =
        avd_arena_alloc(&report->arena, dump->stream_count, sizeof *streams);
    size_t i;

    if (streams == NULL)
        return;
    for (i = 0; i < dump->stream_count; i++) {
        streams[i].type = dump->streams[i].type;
        streams[i].name = avd_stream_name(dump->streams[i].type);
        streams[i].offset = dump->streams[i].offset;
        streams[i].size = dump->streams[i].size;
        streams[i].truncated = dump->streams[i].truncated;
        streams[i].duplicate = dump->streams[i].duplicate;
    }
    report->dump.streams = streams;
    report->dump.stream_count = dump->stream_count;
}

static uint64_t memory_size(const struct avd_memory *memory)
{
    uint64_t size = 0;
    size_t i;

    for (i = 0; i < memory->range_count; i++)
        size += memory->ranges[i].size;
    return size;
}

/* The words are rust-minidump's. */
static const char *os_name(const struct avd_dump *dump)
{
    if (!dump->system.present)
        return NULL;
    switch (dump->system.platform) {
    case VER_PLATFORM_WIN32s:
    case VER_PLATFORM_WIN32_WINDOWS: return "Windows";
    case VER_PLATFORM_WIN32_NT: return "Windows NT";
    case VER_PLATFORM_WIN32_CE: return "Windows CE";
    case MD_OS_MAC_OS_X: return "Mac OS X";
    case MD_OS_IOS: return "iOS";
    case MD_OS_LINUX: return "Linux";
    case MD_OS_SOLARIS: return "Solaris";
    case MD_OS_ANDROID: return "Android";
    case MD_OS_PS3: return "PS3";
    case MD_OS_NACL: return "NaCl";
    case MD_OS_FUCHSIA: return "Fuchsia";
    default: return "unknown";
    }
}

static const char *cpu_name(uint16_t architecture)
{
    switch (architecture) {
    case PROCESSOR_ARCHITECTURE_INTEL:
    case PROCESSOR_ARCHITECTURE_IA32_ON_WIN64: return "x86";
    case PROCESSOR_ARCHITECTURE_MIPS: return "mips";
    case PROCESSOR_ARCHITECTURE_PPC: return "ppc";
    case PROCESSOR_ARCHITECTURE_ARM:
    case PROCESSOR_ARCHITECTURE_ARM32_ON_WIN64: return "arm";
    case PROCESSOR_ARCHITECTURE_IA64: return "ia64";
    case PROCESSOR_ARCHITECTURE_AMD64: return "amd64";
    case PROCESSOR_ARCHITECTURE_ARM64:
    case MD_CPU_ARCHITECTURE_ARM64_OLD: return "arm64";
    case MD_CPU_ARCHITECTURE_SPARC: return "sparc";
    case MD_CPU_ARCHITECTURE_PPC64: return "ppc64";
    case MD_CPU_ARCHITECTURE_MIPS64: return "mips64";
    case MD_CPU_ARCHITECTURE_RISCV: return "riscv";
    case MD_CPU_ARCHITECTURE_RISCV64: return "riscv64";
    default: return "unknown";
    }
}

/* "GenuineIntel family 6 model 13 stepping 8"; the vendor is recorded for x86 only. */
static const char *cpu_info(const struct avd_dump *dump, struct avd_report *report)
{
    const struct avd_system *system = &dump->system;
    char vendor[14] = "";
    size_t i;

    if (system->architecture != PROCESSOR_ARCHITECTURE_INTEL &&
        system->architecture != PROCESSOR_ARCHITECTURE_AMD64 &&
        system->architecture != PROCESSOR_ARCHITECTURE_IA32_ON_WIN64)
        return NULL;
    if (system->architecture != PROCESSOR_ARCHITECTURE_AMD64 && system->cpu.size >= 12) {
        for (i = 0; i < 12; i++) {
            unsigned char c = avd_view_u8(system->cpu, i);

            if (c < 0x20 || c > 0x7e)
                break;
            vendor[i] = (char)c;
        }
        if (i == 12)
            vendor[i++] = ' ';
        else
            i = 0;
        vendor[i] = '\0';
    }
    return avd_arena_printf(&report->arena, "%sfamily %u model %u stepping %u", vendor,
                            system->processor_level, system->processor_revision >> 8u,
                            system->processor_revision & 0xffu);
}

/* rust-minidump's os_ver: version and service pack; where the version is 0.0.0 (Linux) the release
 * out of the uname-like text "Linux 4.9.60 #1 SMP ... x86_64", without its first and last word. */
static const char *os_ver(const struct avd_system *from, const char *version,
                          struct avd_report *report)
{
    const char *text = from->service_pack;
    const char *last;

    if (version == NULL)
        return NULL;
    if (from->major != 0 || from->minor != 0 || from->build != 0)
        return text[0] == '\0' ? version : avd_arena_printf(&report->arena, "%s %s", version, text);
    if (strncmp(text, "Linux ", 6) != 0)
        return text[0] == '\0' ? version : avd_build_copy(report, text);
    text += 6;
    last = strrchr(text, ' ');
    return last == NULL ? avd_build_copy(report, text)
                        : avd_arena_strndup(&report->arena, text, (size_t)(last - text));
}

static const char *product_type(uint8_t type)
{
    switch (type) {
    case 1: return "workstation";
    case 2: return "domain controller";
    case 3: return "server";
    default: return NULL;
    }
}

static void build_system(const struct avd_dump *dump, struct avd_report *report)
{
    const struct avd_system *from = &dump->system;
    struct avd_rep_system *system = &report->system;

    system->service_pack = "";
    system->cpu_arch = cpu_name(from->architecture);
    if (!from->present)
        return;
    system->os = os_name(dump);
    system->os_version = avd_arena_printf(&report->arena, "%" PRIu32 ".%" PRIu32 ".%" PRIu32,
                                          from->major, from->minor, from->build);
    system->service_pack = avd_build_copy(report, from->service_pack);
    system->os_ver = os_ver(from, system->os_version, report);
    system->cpu_info = cpu_info(dump, report);
    system->cpu_count = from->processor_count;
    if (avd_dump_is_windows(dump))
        system->product_type = product_type(from->product_type);
    system->wine_version = avd_build_copy(report, from->wine_version);
    if (dump->misc.build_string[0] != '\0')
        system->build_string = avd_build_copy(report, dump->misc.build_string);
}

static const char *integrity_word(uint32_t level)
{
    if (level < 0x1000)
        return "untrusted";
    if (level < 0x2000)
        return "low";
    if (level < 0x3000)
        return "medium";
    if (level < 0x4000)
        return "high";
    return "system";
}

static void build_process(const struct avd_dump *dump, struct avd_report *report)
{
    const struct avd_misc *misc = &dump->misc;
    struct avd_rep_process *process = &report->process;

    process->pointer_size = avd_dump_pointer_size(dump);
    if (misc->present && (misc->flags & MINIDUMP_MISC1_PROCESS_ID) != 0) {
        process->has_pid = true;
        process->pid = misc->process_id;
    } else {
        process->has_pid = avd_build_linux_pid(dump, &process->pid);
    }
    if (misc->present && (misc->flags & MINIDUMP_MISC1_PROCESS_TIMES) != 0 &&
        misc->create_time != 0) {
        process->has_create_time = true;
        process->create_time = misc->create_time;
        if (dump->timestamp >= misc->create_time) {
            process->has_uptime = true;
            process->uptime = dump->timestamp - misc->create_time;
        }
    }
    if (misc->present && (misc->flags & MINIDUMP_MISC3_PROCESS_INTEGRITY) != 0)
        process->integrity = integrity_word(misc->integrity_level);
}

static void build_handles(const struct avd_dump *dump, struct avd_report *report)
{
    struct avd_rep_handle *handles;
    size_t i;

    report->has_handles = dump->has_handles;
    handles = avd_arena_alloc(&report->arena, dump->handle_count, sizeof *handles);
    if (handles == NULL)
        return;
    for (i = 0; i < dump->handle_count; i++) {
        const struct avd_handle *from = &dump->handles[i];

        handles[i].handle = from->handle;
        handles[i].type_name = avd_build_copy(report, from->type_name);
        handles[i].object_name = avd_build_copy(report, from->object_name);
        handles[i].granted_access = from->granted_access;
        handles[i].handle_count = from->handle_count;
        handles[i].pointer_count = from->pointer_count;
    }
    report->handles = handles;
    report->handle_count = dump->handle_count;
}

static void build_annotations(const struct avd_dump *dump, struct avd_report *report)
{
    const struct avd_crashpad *crashpad = &dump->crashpad;
    struct avd_rep_annotation *items =
        avd_arena_alloc(&report->arena, crashpad->annotation_count, sizeof *items);
    size_t i;

    if (items == NULL)
        return;
    for (i = 0; i < crashpad->annotation_count; i++) {
        items[i].module = avd_build_copy(report, crashpad->annotations[i].module);
        items[i].key = avd_build_copy(report, crashpad->annotations[i].key);
        items[i].value = avd_build_copy(report, crashpad->annotations[i].value);
    }
    report->annotations = items;
    report->annotation_count = crashpad->annotation_count;
    if (dump->breakpad.has_assertion) {
        report->assertion.present = true;
        report->assertion.expression = avd_build_copy(report, dump->breakpad.expression);
        report->assertion.function = avd_build_copy(report, dump->breakpad.function);
        report->assertion.file = avd_build_copy(report, dump->breakpad.file);
        report->assertion.line = dump->breakpad.line;
    }
}

void avd_build_dump(const struct avd_dump *dump, struct avd_report *report)
{
    report->dump.file = avd_build_copy(report, dump->name);
    report->dump.size = dump->bytes.size;
    report->dump.compressed = dump->compressed;
    report->dump.timestamp = dump->timestamp;
    report->dump.flags = dump->flags;
    report->dump.version_high = dump->version_high;
    report->dump.full_memory = dump->memory.full;
    report->dump.comment_a = avd_build_copy(report, dump->comment_a);
    report->dump.comment_w = avd_build_copy(report, dump->comment_w);
    report->dump.memory_range_count = dump->memory.range_count;
    report->dump.memory_size = memory_size(&dump->memory);
    report->dump.region_count = dump->memory.region_count;
    build_streams(dump, report);
    build_system(dump, report);
    build_process(dump, report);
    avd_build_linux(dump, report);
    build_handles(dump, report);
    build_annotations(dump, report);
}
