/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the minidump format under their documented names: minidumpapiset.h of the Windows
 * SDK, Breakpad's minidump_format.h and Crashpad's minidump_extensions.h. Sizes are those on disk
 * (packed to 4 bytes). Only numbers: decoding is done with cursors, never by overlaying structs.
 */
#ifndef AVD_MINIDUMP_FORMAT_H
#define AVD_MINIDUMP_FORMAT_H

enum {
    MINIDUMP_SIGNATURE = 0x504d444d, /* "MDMP" */
    MINIDUMP_VERSION = 0xa793,       /* low half; the high half is the writer's own */
    MINIDUMP_HEADER_SIZE = 32,
    MINIDUMP_DIRECTORY_SIZE = 12,
    MINIDUMP_THREAD_SIZE = 48,
    MINIDUMP_THREAD_EX_SIZE = 64,
    MINIDUMP_MODULE_SIZE = 108,
    MINIDUMP_MEMORY_DESCRIPTOR_SIZE = 16,
    MINIDUMP_MEMORY_DESCRIPTOR64_SIZE = 16,
    MINIDUMP_EXCEPTION_STREAM_SIZE = 168,
    MINIDUMP_SYSTEM_INFO_SIZE = 56,
    MINIDUMP_THREAD_NAME_SIZE = 12,
    MINIDUMP_UNLOADED_MODULE_SIZE = 24,
    MINIDUMP_MEMORY_INFO_SIZE = 48,
    MINIDUMP_THREAD_INFO_SIZE = 64,
    MINIDUMP_HANDLE_DESCRIPTOR_SIZE = 32,
    MINIDUMP_HANDLE_DESCRIPTOR_2_SIZE = 40,
    MINIDUMP_HANDLE_OPERATION_SIZE = 288,
    EXCEPTION_MAXIMUM_PARAMETERS = 15
};

/* MINIDUMP_STREAM_TYPE. Values above 0x7fffffff do not fit an enum constant of ISO C. */
enum {
    UnusedStream = 0,
    ReservedStream0 = 1,
    ReservedStream1 = 2,
    ThreadListStream = 3,
    ModuleListStream = 4,
    MemoryListStream = 5,
    ExceptionStream = 6,
    SystemInfoStream = 7,
    ThreadExListStream = 8,
    Memory64ListStream = 9,
    CommentStreamA = 10,
    CommentStreamW = 11,
    HandleDataStream = 12,
    FunctionTableStream = 13,
    UnloadedModuleListStream = 14,
    MiscInfoStream = 15,
    MemoryInfoListStream = 16,
    ThreadInfoListStream = 17,
    HandleOperationListStream = 18,
    TokenStream = 19,
    JavaScriptDataStream = 20,
    SystemMemoryInfoStream = 21,
    ProcessVmCountersStream = 22,
    IptTraceStream = 23,
    ThreadNamesStream = 24,
    WineHostModuleListStream = 0xfff0,
    LastReservedStream = 0xffff,
    CrashpadInfoStream = 0x43500001,
    BreakpadInfoStream = 0x47670001,
    BreakpadAssertionInfoStream = 0x47670002,
    LinuxCpuInfoStream = 0x47670003,
    LinuxProcStatusStream = 0x47670004,
    LinuxLsbReleaseStream = 0x47670005,
    LinuxCmdLineStream = 0x47670006,
    LinuxEnvironStream = 0x47670007,
    LinuxAuxvStream = 0x47670008,
    LinuxMapsStream = 0x47670009,
    LinuxDsoDebugStream = 0x4767000a,
    LinuxProcStatStream = 0x4767000b,
    LinuxProcUptimeStream = 0x4767000c,
    LinuxProcFdStream = 0x4767000d,
    ChromeStabilityReportStream = 0x4b6b0002,
    MozMacosCrashInfoStream = 0x4d7a0001,
    MozMacosBootArgsStream = 0x4d7a0002,
    MozLinuxLimitsStream = 0x4d7a0003,
    MozSoftErrorsStream = 0x4d7a0004
};

/* PROCESSOR_ARCHITECTURE_*; from 0x8001 on Breakpad's additions. */
enum {
    PROCESSOR_ARCHITECTURE_INTEL = 0,
    PROCESSOR_ARCHITECTURE_MIPS = 1,
    PROCESSOR_ARCHITECTURE_ALPHA = 2,
    PROCESSOR_ARCHITECTURE_PPC = 3,
    PROCESSOR_ARCHITECTURE_SHX = 4,
    PROCESSOR_ARCHITECTURE_ARM = 5,
    PROCESSOR_ARCHITECTURE_IA64 = 6,
    PROCESSOR_ARCHITECTURE_ALPHA64 = 7,
    PROCESSOR_ARCHITECTURE_MSIL = 8,
    PROCESSOR_ARCHITECTURE_AMD64 = 9,
    PROCESSOR_ARCHITECTURE_IA32_ON_WIN64 = 10,
    PROCESSOR_ARCHITECTURE_NEUTRAL = 11,
    PROCESSOR_ARCHITECTURE_ARM64 = 12,
    PROCESSOR_ARCHITECTURE_ARM32_ON_WIN64 = 13,
    PROCESSOR_ARCHITECTURE_IA32_ON_ARM64 = 14,
    MD_CPU_ARCHITECTURE_SPARC = 0x8001,
    MD_CPU_ARCHITECTURE_PPC64 = 0x8002,
    MD_CPU_ARCHITECTURE_ARM64_OLD = 0x8003,
    MD_CPU_ARCHITECTURE_MIPS64 = 0x8004,
    MD_CPU_ARCHITECTURE_RISCV = 0x8005,
    MD_CPU_ARCHITECTURE_RISCV64 = 0x8006,
    PROCESSOR_ARCHITECTURE_UNKNOWN = 0xffff
};

/* PlatformId; from 0x8000 on Breakpad's additions. */
enum {
    VER_PLATFORM_WIN32s = 0,
    VER_PLATFORM_WIN32_WINDOWS = 1,
    VER_PLATFORM_WIN32_NT = 2,
    VER_PLATFORM_WIN32_CE = 3,
    MD_OS_UNIX = 0x8000,
    MD_OS_MAC_OS_X = 0x8101,
    MD_OS_IOS = 0x8102,
    MD_OS_LINUX = 0x8201,
    MD_OS_SOLARIS = 0x8202,
    MD_OS_ANDROID = 0x8203,
    MD_OS_PS3 = 0x8204,
    MD_OS_NACL = 0x8205,
    MD_OS_FUCHSIA = 0x8206
};

/* MINIDUMP_TYPE: MiniDumpWithFullMemory */
enum { MINIDUMP_WITH_FULL_MEMORY = 0x2 };

/* MINIDUMP_MISC_INFO.Flags1 */
enum {
    MINIDUMP_MISC1_PROCESS_ID = 0x1,
    MINIDUMP_MISC1_PROCESS_TIMES = 0x2,
    MINIDUMP_MISC1_PROCESSOR_POWER_INFO = 0x4,
    MINIDUMP_MISC3_PROCESS_INTEGRITY = 0x10,
    MINIDUMP_MISC3_PROCESS_EXECUTE_FLAGS = 0x20,
    MINIDUMP_MISC3_TIMEZONE = 0x40,
    MINIDUMP_MISC3_PROTECTED_PROCESS = 0x80,
    MINIDUMP_MISC4_BUILDSTRING = 0x100,
    MINIDUMP_MISC5_PROCESS_COOKIE = 0x200
};

/* MEMORY_BASIC_INFORMATION.State, Type and Protect */
enum {
    MEM_COMMIT = 0x1000,
    MEM_RESERVE = 0x2000,
    MEM_FREE = 0x10000,
    MEM_PRIVATE = 0x20000,
    MEM_MAPPED = 0x40000,
    MEM_IMAGE = 0x1000000,
    PAGE_NOACCESS = 0x01,
    PAGE_READONLY = 0x02,
    PAGE_READWRITE = 0x04,
    PAGE_WRITECOPY = 0x08,
    PAGE_EXECUTE = 0x10,
    PAGE_EXECUTE_READ = 0x20,
    PAGE_EXECUTE_READWRITE = 0x40,
    PAGE_EXECUTE_WRITECOPY = 0x80,
    PAGE_GUARD = 0x100
};

/* CodeView record tags */
enum {
    CV_SIGNATURE_RSDS = 0x53445352,
    CV_SIGNATURE_NB09 = 0x3930424e,
    CV_SIGNATURE_NB10 = 0x3031424e,
    CV_SIGNATURE_NB11 = 0x3131424e,
    CV_SIGNATURE_BPEL = 0x4270454c /* Breakpad: an ELF build id */
};

#endif
