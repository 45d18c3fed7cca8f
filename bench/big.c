/* SPDX-License-Identifier: MIT */
/*
 * A large process that dumps itself with full memory: threads that wait at different depths, many
 * modules, and gigabytes of private memory, each page different. For bench/big; built for Windows.
 *
 * usage: big.exe DUMP THREADS MODULES MIB, with MODULES libraries d000.dll ... beside it
 */
#include <windows.h>

#include <dbghelp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, STACK_SIZE = 256 * 1024 };

static volatile LONG waiting;
static HANDLE forever;

static __attribute__((noinline)) int descend(int depth, volatile char *above)
{
    volatile char local[96];

    memset((char *)local, depth, sizeof local);
    if (depth == 0) {
        InterlockedIncrement(&waiting);
        WaitForSingleObject(forever, INFINITE);
        return above[0];
    }
    return descend(depth - 1, local) + local[1];
}

static DWORD WINAPI run(void *depth)
{
    char start[16] = {0};

    return (DWORD)descend((int)(INT_PTR)depth, start);
}

static void fill(unsigned mib)
{
    for (unsigned i = 0; i < mib; i++) {
        unsigned char *block =
            VirtualAlloc(NULL, 1 << 20, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);

        for (unsigned at = 0; block != NULL && at < 1 << 20; at += PAGE) {
            unsigned value[2] = {i, at};

            memcpy(block + at, value, sizeof value);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned threads = argc > 4 ? (unsigned)atoi(argv[2]) : 0;
    unsigned modules = argc > 4 ? (unsigned)atoi(argv[3]) : 0;
    MINIDUMP_EXCEPTION_INFORMATION info;
    EXCEPTION_POINTERS pointers;
    EXCEPTION_RECORD record;
    CONTEXT context;
    HANDLE file;

    if (argc <= 4)
        return 2;
    forever = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (unsigned i = 0; i < modules; i++) {
        char name[16];

        snprintf(name, sizeof name, "d%03u.dll", i);
        if (LoadLibraryA(name) == NULL)
            return 3;
    }
    for (unsigned i = 0; i < threads; i++)
        if (CreateThread(NULL, STACK_SIZE, run, (void *)(INT_PTR)(3 + i % 60),
                         STACK_SIZE_PARAM_IS_A_RESERVATION, NULL) == NULL)
            return 4;
    while ((unsigned)waiting < threads)
        Sleep(10);
    fill((unsigned)atoi(argv[4]));

    RtlCaptureContext(&context);
    memset(&record, 0, sizeof record);
    record.ExceptionCode = EXCEPTION_BREAKPOINT;
    record.ExceptionAddress = (void *)(UINT_PTR)context.Rip;
    pointers.ContextRecord = &context;
    pointers.ExceptionRecord = &record;
    info.ThreadId = GetCurrentThreadId();
    info.ExceptionPointers = &pointers;
    info.ClientPointers = FALSE;
    file = CreateFileA(argv[1], GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE ||
        !MiniDumpWriteDump(GetCurrentProcess(), GetCurrentProcessId(), file, MiniDumpWithFullMemory,
                           &info, NULL, NULL))
        return 5;
    CloseHandle(file);
    ExitProcess(0);
}
