/* SPDX-License-Identifier: MIT */
#include "support/report_fixture.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct avd_rep_stream streams[] = {
    {3, "ThreadListStream", 0xb0, 52, false, false},
    {4, "ModuleListStream", 0xe4, 1408, true, false},
    {0x47670001, NULL, 0x2a00, 16, false, true},
};

/* ---- the x86 crash ---- */

static const char *const x86_register_names[] = {"eip", "esp", "ebp", "eax"};
static const uint64_t crash_registers[] = {0x40429e, 0x12fe84, 0x12fe88, 0x45};

static const struct avd_rep_frame crash_frames[] = {
    {.index = 0,
     .pc = 0x40429e,
     .lookup = 0x40429e,
     .sp = 0x12fe84,
     .fp = 0x12fe88,
     .return_address = 0x404200,
     .has_args = true,
     .args = {0x45, 0x42bc58, 0x12fe94},
     .trust = "context",
     .method = "context",
     .exact = true,
     .module = 0,
     .module_name = "test_app",
     .module_file = "test_app.exe",
     .module_offset = 0x429e,
     .function = "CrashFunction",
     .function_offset = 0x1e,
     .function_source = "exports",
     .decorated = "?CrashFunction@@YAXH@Z",
     .declaration = "void __cdecl CrashFunction(int)",
     .source_file = "test_app.cc",
     .line = 58},
    {.index = 1,
     .pc = 0x404200,
     .lookup = 0x4041ff,
     .sp = 0x12fe90,
     .fp = 0x12ff70,
     .return_address = 0x4053ec,
     .has_args = true,
     .args = {1, 0x3334a8, 0x333500},
     .trust = "frame_pointer",
     .method = "frame_pointer",
     .module = 0,
     .module_name = "test_app",
     .module_file = "test_app.exe",
     .module_offset = 0x41ff},
    {.index = 2,
     .pc = 0x7c816fd7,
     .lookup = 0x7c816fd6,
     .sp = 0x12ffc8,
     .fp = 0x12fff0,
     .return_address = 0,
     .trust = "scan",
     .method = "scan",
     .module = 1,
     .module_name = "kernel32",
     .module_file = "kernel32.dll",
     .module_offset = 0x16fd6,
     .function = "RegisterWaitForInputIdle",
     .function_offset = 0x49,
     .function_approximate = true,
     .function_source = "exports"},
};

static const char *const unloaded_names[] = {"gone.dll", "gone.dll", "older.dll"};
static const uint64_t unloaded_offsets[] = {0x1233, 0x233, 0x33};

static const struct avd_rep_frame waiting_frames[] = {
    {.index = 0,
     .pc = 0x7c90eb94,
     .lookup = 0x7c90eb94,
     .sp = 0x50fe84,
     .fp = 0x50fe80,
     .return_address = 0x10001234,
     .trust = "context",
     .method = "context",
     .exact = true,
     .module = 2,
     .module_name = "ntdll",
     .module_file = "ntdll.dll",
     .module_offset = 0xeb94,
     .function = "KiFastSystemCallRet",
     .function_source = "exports"},
    {.index = 1,
     .pc = 0x10001234,
     .lookup = 0x10001233,
     .sp = 0x50fe88,
     .fp = 0x50fe90,
     .trust = "cfi_scan",
     .method = "scan",
     .module = AVD_NO_INDEX,
     .unloaded = unloaded_names,
     .unloaded_offsets = unloaded_offsets,
     .unloaded_count = COUNT(unloaded_names)},
};

static const struct avd_rep_thread crash_threads[] = {
    {.id = 0xbf4,
     .name = "main",
     .teb = 0x7ffdf000,
     .has_last_error = true,
     .last_error = 2,
     .last_error_name = "ERROR_FILE_NOT_FOUND",
     .stack = {.present = true,
               .pointer_size = 4,
               .cpu = "x86",
               .frames = crash_frames,
               .frame_count = COUNT(crash_frames),
               .end = "no_memory",
               .end_detail = "the stack at 0x12fff0 is not in the dump",
               .source = "exception context",
               .reg_names = x86_register_names,
               .reg_values = crash_registers,
               .reg_count = COUNT(crash_registers)}},
    {.id = 0x11c0,
     .teb = 0x7ffde000,
     .has_last_error = true,
     .suspend_count = 1,
     .stack = {.present = true,
               .pointer_size = 4,
               .cpu = "x86",
               .frames = waiting_frames,
               .frame_count = COUNT(waiting_frames),
               .end = "complete",
               .end_detail = "",
               .source = "thread context"}},
    {.id = 0x11c4,
     .teb = 0x7ffdd000,
     .exited = true,
     .stack = {.present = true,
               .pointer_size = 4,
               .cpu = "x86",
               .frames = waiting_frames,
               .frame_count = COUNT(waiting_frames),
               .end = "complete",
               .end_detail = "",
               .source = "thread context"}},
};

static const struct avd_rep_module crash_modules[] = {
    {.base = 0x400000,
     .end = 0x42d000,
     .file = "test_app.exe",
     .path = "c:\\test_app.exe",
     .display_name = "test_app",
     .debug_file = "test_app.pdb",
     .debug_id = "5A9832E5287241C1838ED98914E9B7FF1",
     .code_id = "45d35f6c2d000",
     .timestamp = 0x45d35f6c,
     .machine = "x86",
     .on_stack = true},
    {.base = 0x7c800000,
     .end = 0x7c8f4000,
     .file = "kernel32.dll",
     .display_name = "kernel32",
     .version = "5.1.2600.2945",
     .on_stack = true},
    {.base = 0x7c900000,
     .end = 0x7c9b0000,
     .file = "ntdll.dll",
     .display_name = "ntdll",
     .version = "5.1.2600.2180",
     .on_stack = true,
     .overlaps = "kernel32"},
    {.base = 0x59a60000,
     .end = 0x59b01000,
     .file = "dbghelp.dll",
     .display_name = "dbghelp",
     .version = "5.1.2600.2180",
     .duplicate = true},
};

static const struct avd_rep_unloaded crash_unloaded[] = {
    {.base = 0x10000000, .end = 0x10010000, .file = "gone.dll", .code_id = "4549514c10000"},
};

static const struct avd_rep_handle crash_handles[] = {
    {.handle = 0x1c,
     .type_name = "Event",
     .object_name = "",
     .granted_access = 0x1f0003,
     .handle_count = 2,
     .pointer_count = 3},
};

static const struct avd_rep_parameter crash_parameters[] = {
    {1, "the instruction tried to write"},
    {0x45, "to this address"},
};

static const char *const crash_evidence[] = {"the write went to 0x45",
                                             "the first 64 KiB are never mapped"};
static const char *const crash_advice[] = {"look for a pointer that was not set"};
static const char *const finding_tags[] = {"a tag"};
static const struct avd_rep_named finding_parameters[] = {{"the pointer", "0x45"}};

static const struct avd_rep_finding crash_findings[] = {
    {.id = "null-pointer",
     .title = "Write through a null pointer",
     .pattern = "NULL Pointer",
     .reference = "https://example.com/null",
     .severity = AVD_SEVERITY_ERROR,
     .severity_name = "error",
     .confidence = "medium",
     .explanation = "more of it",
     .tags = finding_tags,
     .tag_count = 1,
     .references = finding_tags,
     .reference_count = 1,
     .parameters = finding_parameters,
     .parameter_count = 1,
     .summary = "test_app wrote to 0x45, close to 0",
     .evidence = crash_evidence,
     .evidence_count = COUNT(crash_evidence),
     .advice = crash_advice,
     .advice_count = COUNT(crash_advice)},
};

static const struct avd_rep_undecided crash_undecided[] = {
    {"heap-corruption", "Damaged heap", "heap.flags", "the heap is not in the dump"},
};

static const struct avd_rep_annotation crash_annotations[] = {
    {"test_app.exe", "channel", "beta"},
};

static const struct avd_rep_fact crash_facts[] = {
    {"exception.code", "0xc0000005", true},
    {"heap.flags", "the heap is not in the dump", false},
};

static const struct avd_note crash_notes[] = {
    {"module list", 0xe4, "14 modules need 1516 bytes, stream has 1408; reading 13 of 14"},
    {"memory list", AVD_NO_OFFSET, "2 ranges overlap; the first one counts"},
};

void report_fixture_crash(struct avd_report *report)
{
    memset(report, 0, sizeof *report);
    report->what = "STATUS_ACCESS_VIOLATION (0xc0000005): write to address 0x45";
    report->where = "test_app!CrashFunction+0x1e";
    report->who = "thread 0 (0xbf4, \"main\")";
    report->dump.file = "minidump2.dmp";
    report->dump.size = 11218;
    report->dump.timestamp = 1171480435;
    report->dump.flags = 0x3;
    report->dump.version_high = 0x5128;
    report->dump.comment_a = "first line\r\nsecond line";
    report->dump.streams = streams;
    report->dump.stream_count = COUNT(streams);
    report->dump.memory_range_count = 1;
    report->dump.memory_size = 380;
    report->system.os = "Windows NT";
    report->system.os_version = "5.1.2600";
    report->system.os_ver = "5.1.2600 Service Pack 2";
    report->system.service_pack = "Service Pack 2";
    report->system.cpu_arch = "x86";
    report->system.cpu_info = "GenuineIntel family 6 model 13 stepping 8";
    report->system.cpu_count = 1;
    report->process.has_pid = true;
    report->process.pid = 3932;
    report->process.has_uptime = true;
    report->process.uptime = 114;
    report->process.pointer_size = 4;
    report->exception.present = true;
    report->exception.origin = "exception stream";
    report->exception.code = 0xc0000005;
    report->exception.name = "STATUS_ACCESS_VIOLATION";
    report->exception.meaning = "the program touched memory that it must not touch";
    report->exception.type = "EXCEPTION_ACCESS_VIOLATION_WRITE";
    report->exception.flags = 1;
    report->exception.noncontinuable = true;
    report->exception.address = 0x40429e;
    report->exception.address_module = "test_app.exe";
    report->exception.address_offset = 0x429e;
    report->exception.nested_record = 0x12f000;
    report->exception.parameters = crash_parameters;
    report->exception.parameter_count = COUNT(crash_parameters);
    report->exception.crash_address = 0x45;
    report->exception.access = "write";
    report->exception.thread_id = 0xbf4;
    report->exception.thread = 0;
    report->crashing_thread = 0;
    report->requesting_thread = AVD_NO_INDEX;
    report->threads = crash_threads;
    report->thread_count = COUNT(crash_threads);
    report->main_module = 0;
    report->modules = crash_modules;
    report->module_count = COUNT(crash_modules);
    report->unloaded = crash_unloaded;
    report->unloaded_count = COUNT(crash_unloaded);
    report->has_handles = true;
    report->handles = crash_handles;
    report->handle_count = COUNT(crash_handles);
    report->annotations = crash_annotations;
    report->annotation_count = COUNT(crash_annotations);
    report->assertion.present = true;
    report->assertion.expression = "p != NULL";
    report->assertion.function = "check";
    report->assertion.file = "check.c";
    report->assertion.line = 12;
    report->findings = crash_findings;
    report->finding_count = COUNT(crash_findings);
    report->undecided = crash_undecided;
    report->undecided_count = COUNT(crash_undecided);
    report->facts = crash_facts;
    report->fact_count = COUNT(crash_facts);
    report->notes = crash_notes;
    report->note_count = COUNT(crash_notes);
}

/* ---- the WOW64 process ---- */

static const struct avd_rep_frame wow_frames32[] = {
    {.index = 0,
     .pc = 0x7d4e2366,
     .lookup = 0x7d4e2366,
     .sp = 0x12d930,
     .fp = 0x12d98c,
     .return_address = 0x7da4a631,
     .has_args = true,
     .args = {0x6d9, 1, 0},
     .trust = "context",
     .method = "context",
     .exact = true,
     .module = 0,
     .module_name = "kernel32",
     .module_file = "kernel32.dll",
     .module_offset = 0x12366,
     .function = "RaiseException",
     .function_offset = 0x53,
     .function_source = "exports"},
    {.index = 1,
     .pc = 0x7da4a631,
     .lookup = 0x7da4a630,
     .sp = 0x12d994,
     .fp = 0x12d9a4,
     .return_address = 0,
     .has_args = true,
     .args = {0x6d9, 0x12ddc4, 0x12dda0},
     .trust = "frame_pointer",
     .method = "frame_pointer",
     .module = AVD_NO_INDEX},
};

static const char *const x64_register_names[] = {"rip", "rsp", "rbp", "rax"};
static const uint64_t wow_registers64[] = {0x6b006369, 0x16e190, 0, UINT64_C(0xfffffffffffffffe)};

static const struct avd_rep_frame wow_frames64[] = {
    {.index = 0,
     .pc = 0x6b006369,
     .lookup = 0x6b006369,
     .sp = 0x16e190,
     .return_address = 0x78b83c7d,
     .trust = "context",
     .method = "context",
     .exact = true,
     .module = 1,
     .module_name = "wow64",
     .module_file = "wow64.dll",
     .module_offset = 0x6369,
     .function = "Wow64NotifyDebugger",
     .function_offset = 9,
     .function_source = "exports"},
    {.index = 1,
     .pc = 0x78b83c7d,
     .lookup = 0x78b83c7c,
     .sp = 0x16edf0,
     .return_address = 0,
     .trust = "cfi",
     .method = "unwind_info",
     .module = 1,
     .module_name = "wow64",
     .module_file = "wow64.dll",
     .module_offset = 0x3c7c},
};

static const struct avd_rep_thread wow_threads[] = {
    {.id = 0x2fe4,
     .teb = 0x7efdb000,
     .wow64 = true,
     .teb32 = 0x7efdd000,
     .cpu_area = 0x16fd20,
     .context32_source = "cpu area",
     .stack = {.present = true,
               .pointer_size = 4,
               .cpu = "x86",
               .frames = wow_frames32,
               .frame_count = COUNT(wow_frames32),
               .end = "complete",
               .end_detail = "",
               .source = "cpu area"},
     .native = {.present = true,
                .pointer_size = 8,
                .cpu = "amd64",
                .frames = wow_frames64,
                .frame_count = COUNT(wow_frames64),
                .end = "not_code",
                .end_detail = "",
                .source = "exception context",
                .reg_names = x64_register_names,
                .reg_values = wow_registers64,
                .reg_count = COUNT(wow_registers64)}},
    {.id = 0x280c,
     .teb = 0x7efd8000,
     .wow64 = true,
     .context32_source = "TlsSlots[1] of the TEB is not in the dump",
     .stack = {.present = true,
               .pointer_size = 8,
               .cpu = "amd64",
               .frames = wow_frames64,
               .frame_count = 1,
               .end = "no_memory",
               .end_detail = "",
               .source = "thread context"}},
};

static const struct avd_rep_module wow_modules[] = {
    {.base = 0x7d4d0000,
     .end = 0x7d600000,
     .file = "kernel32.dll",
     .display_name = "kernel32",
     .version = "5.2.3790.4062",
     .machine = "x86",
     .on_stack = true,
     .from_loader_list = true},
    {.base = 0x6b000000,
     .end = 0x6b049000,
     .file = "wow64.dll",
     .display_name = "wow64",
     .version = "5.2.3790.3959",
     .machine = "amd64",
     .on_stack = true},
};

void report_fixture_wow64(struct avd_report *report)
{
    memset(report, 0, sizeof *report);
    report->what = "exception 0x000006d9";
    report->where = "kernel32!RaiseException+0x53";
    report->who = "thread 0 (0x2fe4)";
    report->dump.file = "app.dmp";
    report->dump.size = UINT64_C(150000000);
    report->dump.compressed = true;
    report->dump.flags = 2;
    report->dump.full_memory = true;
    report->dump.memory_range_count = 412;
    report->dump.memory_size = UINT64_C(149000000);
    report->dump.region_count = 600;
    report->system.os = "Windows NT";
    report->system.os_version = "5.2.3790";
    report->system.os_ver = "5.2.3790";
    report->system.cpu_arch = "amd64";
    report->system.cpu_count = 4;
    report->system.product_type = "server";
    report->process.has_pid = true;
    report->process.pid = 0x2088;
    report->process.pointer_size = 8;
    report->exception.present = true;
    report->exception.origin = "exception stream";
    report->exception.code = 0x6d9;
    report->exception.meaning = "not a code that avdump knows";
    report->exception.type = "0x000006d9";
    report->exception.address = 0x7d4e2366;
    report->exception.access = "";
    report->exception.crash_address = 0x7d4e2366;
    report->exception.thread_id = 0x2fe4;
    report->exception.thread = 0;
    report->crashing_thread = 0;
    report->requesting_thread = AVD_NO_INDEX;
    report->threads = wow_threads;
    report->thread_count = COUNT(wow_threads);
    report->main_module = AVD_NO_INDEX;
    report->modules = wow_modules;
    report->module_count = COUNT(wow_modules);
    report->wow64.present = true;
    report->wow64.evidence = "wow64.dll is loaded at 0x6b000000";
    report->wow64.peb64 = 0x7efdf000;
    report->wow64.peb32 = 0x7efde000;
    report->wow64.threads_with_context32 = 1;
}

/* ---- nothing ---- */

void report_fixture_empty(struct avd_report *report)
{
    memset(report, 0, sizeof *report);
    report->what = "the dump records no exception";
    report->where = "not known: the dump holds no threads";
    report->who = "none";
    report->dump.file = "empty.dmp";
    report->dump.size = 32;
    report->exception.thread = AVD_NO_INDEX;
    report->crashing_thread = AVD_NO_INDEX;
    report->requesting_thread = AVD_NO_INDEX;
    report->main_module = AVD_NO_INDEX;
}
