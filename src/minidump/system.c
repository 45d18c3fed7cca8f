/* SPDX-License-Identifier: MIT */
/* SystemInfoStream (MINIDUMP_SYSTEM_INFO), with what Wine and Breakpad add to it. */
#include "base/utf.h"
#include "minidump/dump.h"
#include "minidump/format.h"

#include <string.h>

/* Wine appends "WINE", a count and offsets of C strings; the first is its build id. */
static bool read_wine_version(struct avd_dump *dump, struct avd_view stream)
{
    struct avd_cursor c = avd_cursor_at(stream, MINIDUMP_SYSTEM_INFO_SIZE);
    struct avd_view marker = avd_cursor_bytes(&c, 4);
    uint32_t count = avd_cursor_u32(&c);
    uint32_t offset = avd_cursor_u32(&c);
    struct avd_view text;

    if (c.failed || memcmp(marker.data, "WINE", 4) != 0 || count == 0)
        return true;
    /* Offsets count from behind the marker. */
    if (!avd_view_clip(stream, MINIDUMP_SYSTEM_INFO_SIZE + 4 + (uint64_t)offset, 64, &text))
        return true;
    dump->system.wine_version = avd_bytes_to_utf8(&dump->arena, text);
    return dump->system.wine_version != NULL;
}

bool avd_read_system(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, SystemInfoStream);
    struct avd_system *system = &dump->system;
    struct avd_cursor c;
    uint32_t service_pack;

    system->architecture = PROCESSOR_ARCHITECTURE_UNKNOWN;
    system->platform = VER_PLATFORM_WIN32_NT;
    system->service_pack = "";
    if (stream == NULL) {
        avd_note_add(&dump->notes, "system info", AVD_NO_OFFSET,
                     "the dump has no SystemInfoStream; CPU and operating system are not known");
        return true;
    }
    c = avd_cursor_at(stream->view, 0);
    system->architecture = avd_cursor_u16(&c);
    system->processor_level = avd_cursor_u16(&c);
    system->processor_revision = avd_cursor_u16(&c);
    system->processor_count = avd_cursor_u8(&c);
    system->product_type = avd_cursor_u8(&c);
    system->major = avd_cursor_u32(&c);
    system->minor = avd_cursor_u32(&c);
    system->build = avd_cursor_u32(&c);
    system->platform = avd_cursor_u32(&c);
    service_pack = avd_cursor_u32(&c);
    system->suite_mask = avd_cursor_u16(&c);
    avd_cursor_skip(&c, 2);
    if (c.failed) {
        avd_note_add(&dump->notes, "system info", stream->offset,
                     "stream has %zu bytes, expected %d; CPU and operating system are not known",
                     stream->view.size, (int)MINIDUMP_SYSTEM_INFO_SIZE);
        memset(system, 0, sizeof *system);
        system->architecture = PROCESSOR_ARCHITECTURE_UNKNOWN;
        system->platform = VER_PLATFORM_WIN32_NT;
        system->service_pack = "";
        return true;
    }
    system->present = true;
    system->cpu = avd_cursor_bytes(&c, 24); /* empty when the stream is shorter */
    if (service_pack != 0) {
        char *text = avd_dump_string(dump, service_pack);

        if (text != NULL)
            system->service_pack = text;
    }
    return read_wine_version(dump, stream->view);
}

unsigned avd_dump_pointer_size(const struct avd_dump *dump)
{
    switch (dump->system.architecture) {
    case PROCESSOR_ARCHITECTURE_INTEL:
    case PROCESSOR_ARCHITECTURE_MIPS:
    case PROCESSOR_ARCHITECTURE_ALPHA:
    case PROCESSOR_ARCHITECTURE_PPC:
    case PROCESSOR_ARCHITECTURE_SHX:
    case PROCESSOR_ARCHITECTURE_ARM:
    case MD_CPU_ARCHITECTURE_SPARC:
    case MD_CPU_ARCHITECTURE_RISCV: return 4;
    default: return 8;
    }
}

bool avd_dump_is_windows(const struct avd_dump *dump)
{
    return dump->system.platform <= VER_PLATFORM_WIN32_CE;
}
