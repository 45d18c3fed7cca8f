/* SPDX-License-Identifier: MIT */
/*
 * SystemMemoryInfoStream and ProcessVmCountersStream (minidumpapiset.h): what the system and the
 * process used of memory when the dump was written. Both grew at their end, except that revision
 * 1 of the counters is no prefix of revision 2: PrivateUsage moved.
 */
#include "minidump/dump.h"
#include "minidump/format.h"

enum {
    /* MINIDUMP_SYSTEM_MEMORY_INFO_1 */
    SYSTEM_MEMORY_BASIC_SIZE = 56,
    SYSTEM_MEMORY_1_SIZE = 492,
    MINIDUMP_SYSMEMINFO1_BASICPERF = 0x2,
    BASIC_PERF_OFFSET = 116,
    BASIC_PERF_END = 148,
    PERF_PAGES_OFFSET = 0xc0, /* SYSTEM_PERFORMANCE_INFORMATION.AvailablePages */
    PERF_PAGES_END = 0xd0,
    /* MINIDUMP_PROCESS_VM_COUNTERS_1 and _2 */
    VM_COUNTERS_1_SIZE = 80,
    VM_COUNTERS_2_SIZE = 152,
    MINIDUMP_PROCESS_VM_COUNTERS = 0x1,
    MINIDUMP_PROCESS_VM_COUNTERS_VIRTUALSIZE = 0x2,
    MINIDUMP_PROCESS_VM_COUNTERS_EX = 0x4
};

static void read_system_memory(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, SystemMemoryInfoStream);
    struct avd_system_memory *out = &dump->system_memory;
    struct avd_view v;

    if (stream == NULL)
        return;
    v = stream->view;
    if (v.size < SYSTEM_MEMORY_BASIC_SIZE) {
        avd_note_add(&dump->notes, "system memory info", stream->offset,
                     "needs %d bytes, has %zu; not read", SYSTEM_MEMORY_BASIC_SIZE, v.size);
        return;
    }
    if (v.size < SYSTEM_MEMORY_1_SIZE)
        avd_note_add(&dump->notes, "system memory info", stream->offset,
                     "needs %d bytes, has %zu; reading what is there", SYSTEM_MEMORY_1_SIZE,
                     v.size);
    out->present = true;
    out->revision = avd_view_u16(v, 0);
    out->flags = avd_view_u16(v, 2);
    out->page_size = avd_view_u32(v, 8);
    out->physical_pages = avd_view_u32(v, 12);
    out->minimum_address = avd_view_u64(v, 28);
    out->maximum_address = avd_view_u64(v, 36);
    if ((out->flags & MINIDUMP_SYSMEMINFO1_BASICPERF) != 0 && v.size >= BASIC_PERF_END) {
        out->available_pages = avd_view_u64(v, BASIC_PERF_OFFSET);
        out->committed_pages = avd_view_u64(v, BASIC_PERF_OFFSET + 8);
        out->commit_limit = avd_view_u64(v, BASIC_PERF_OFFSET + 16);
        out->peak_commitment = avd_view_u64(v, BASIC_PERF_OFFSET + 24);
    } else if (v.size >= PERF_PAGES_END) {
        /* Before Windows 8.1 only these 32-bit counts of the same four are filled. */
        out->available_pages = avd_view_u32(v, PERF_PAGES_OFFSET);
        out->committed_pages = avd_view_u32(v, PERF_PAGES_OFFSET + 4);
        out->commit_limit = avd_view_u32(v, PERF_PAGES_OFFSET + 8);
        out->peak_commitment = avd_view_u32(v, PERF_PAGES_OFFSET + 12);
    }
}

/* The fields that revisions 1 and 2 have at the same place. */
static void read_common_counters(struct avd_vm_counters *out, struct avd_view v)
{
    out->page_fault_count = avd_view_u32(v, 4);
    out->peak_working_set = avd_view_u64(v, 8);
    out->working_set = avd_view_u64(v, 16);
    out->pagefile_usage = avd_view_u64(v, 56);
    out->peak_pagefile_usage = avd_view_u64(v, 64);
}

static void read_vm_counters(struct avd_dump *dump)
{
    const struct avd_stream *stream = avd_dump_stream(dump, ProcessVmCountersStream);
    struct avd_vm_counters *out = &dump->vm_counters;
    uint16_t revision;
    size_t needed;
    struct avd_view v;

    if (stream == NULL)
        return;
    v = stream->view;
    revision = avd_view_u16(v, 0);
    /* A later revision is taken to extend the second, as every other structure here did. */
    needed = revision >= 2 ? VM_COUNTERS_2_SIZE : VM_COUNTERS_1_SIZE;
    if (v.size < needed) {
        avd_note_add(&dump->notes, "process VM counters", stream->offset,
                     "revision %u needs %zu bytes, has %zu; not read", revision, needed, v.size);
        return;
    }
    if (revision == 0) {
        avd_note_add(&dump->notes, "process VM counters", stream->offset,
                     "expected revision 1 or 2, found 0; not read");
        return;
    }
    if (revision == 1) {
        read_common_counters(out, v);
        out->private_usage = avd_view_u64(v, 72);
    } else {
        out->flags = avd_view_u16(v, 2);
        if ((out->flags & MINIDUMP_PROCESS_VM_COUNTERS) == 0) {
            avd_note_add(&dump->notes, "process VM counters", stream->offset,
                         "flags 0x%x say that the writer could not get them; not read", out->flags);
            return;
        }
        read_common_counters(out, v);
        if ((out->flags & MINIDUMP_PROCESS_VM_COUNTERS_VIRTUALSIZE) != 0) {
            out->peak_virtual_size = avd_view_u64(v, 72);
            out->virtual_size = avd_view_u64(v, 80);
        }
        if ((out->flags & MINIDUMP_PROCESS_VM_COUNTERS_EX) != 0)
            out->private_usage = avd_view_u64(v, 88);
    }
    out->present = true;
    out->revision = revision;
}

bool avd_read_counters(struct avd_dump *dump)
{
    read_system_memory(dump);
    read_vm_counters(dump);
    return true;
}
