// SPDX-License-Identifier: MIT
//
// Runs a program under the debugger interface and writes a minidump when an exception reaches its
// second chance, that is, when nothing in the program handled it (a stack overflow: at its first
// chance). The dump gets the exception's record and context. A 64-bit debugger.exe does the same
// for a 32-bit program and then writes a 64-bit dump of it, as a 64-bit Windows tool would.
//
// usage: debugger.exe FILE TYPE PROGRAM [ARGUMENT]...
// (TYPE: MINIDUMP_TYPE in hexadecimal; 2 is full memory)

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
// After windows.h
#include <dbghelp.h>

enum {
    // What a 64-bit debugger sees of a 32-bit program's breakpoint (ntstatus.h)
    WX86_BREAKPOINT = 0x4000001F,
    TIMEOUT_MS = 60 * 1000,
};

static bool is_breakpoint(DWORD code)
{
    return code == EXCEPTION_BREAKPOINT || code == WX86_BREAKPOINT;
}

// A stack overflow is taken at the first chance: under Wine the search for a handler does not fit
// on what is left of the stack, so that the program would end without a second chance.
static bool is_fatal(const EXCEPTION_DEBUG_INFO *exception)
{
    return exception->dwFirstChance == 0 ||
           exception->ExceptionRecord.ExceptionCode == EXCEPTION_STACK_OVERFLOW;
}

static void print_exception(const DEBUG_EVENT *event)
{
    const EXCEPTION_RECORD *record = &event->u.Exception.ExceptionRecord;
    printf("exception-thread: %lu\n", event->dwThreadId);
    printf("exception-chance: %s\n", event->u.Exception.dwFirstChance ? "first" : "second");
    printf("exception-code: 0x%08lX\n", record->ExceptionCode);
    printf("exception-address: 0x%llX\n", (unsigned long long)(ULONG_PTR)record->ExceptionAddress);
    for (DWORD i = 0; i < record->NumberParameters; i++) {
        printf("exception-parameter: 0x%llX\n",
               (unsigned long long)record->ExceptionInformation[i]);
    }
    fflush(stdout);
}

static bool write_dump(const char *path, MINIDUMP_TYPE type, HANDLE process, DEBUG_EVENT *event)
{
    CONTEXT context = {.ContextFlags = CONTEXT_ALL};
    HANDLE thread = OpenThread(THREAD_ALL_ACCESS, FALSE, event->dwThreadId);
    if (thread == NULL || !GetThreadContext(thread, &context)) {
        fprintf(stderr, "debugger.exe: no context of thread %lu: error %lu\n", event->dwThreadId,
                GetLastError());
        return false;
    }
    CloseHandle(thread);

    EXCEPTION_POINTERS pointers = {&event->u.Exception.ExceptionRecord, &context};
    MINIDUMP_EXCEPTION_INFORMATION exception = {event->dwThreadId, &pointers, FALSE};
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    bool written =
        MiniDumpWriteDump(process, event->dwProcessId, file, type, &exception, NULL, NULL);
    if (!written) {
        fprintf(stderr, "debugger.exe: cannot write %s: error %lu\n", path, GetLastError());
    }
    CloseHandle(file);
    return written;
}

// Follows the program until it has been dumped or has ended. True when a dump was written.
static bool follow(const char *path, MINIDUMP_TYPE type, HANDLE process)
{
    DEBUG_EVENT event;
    while (WaitForDebugEvent(&event, TIMEOUT_MS)) {
        DWORD answer = DBG_CONTINUE;
        if (event.dwDebugEventCode == EXCEPTION_DEBUG_EVENT) {
            if (is_fatal(&event.u.Exception)) {
                print_exception(&event);
                return write_dump(path, type, process, &event);
            }
            // The loader stops at a breakpoint of its own before the program starts.
            if (!is_breakpoint(event.u.Exception.ExceptionRecord.ExceptionCode)) {
                answer = DBG_EXCEPTION_NOT_HANDLED;
            }
        } else if (event.dwDebugEventCode == EXIT_PROCESS_DEBUG_EVENT) {
            break;
        }
        ContinueDebugEvent(event.dwProcessId, event.dwThreadId, answer);
    }
    fprintf(stderr, "debugger.exe: no unhandled exception\n");
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: debugger.exe FILE TYPE PROGRAM [ARGUMENT]...\n");
        return 2;
    }
    char command[1024] = "";
    for (int i = 3; i < argc; i++) {
        strncat(command, argv[i], sizeof command - strlen(command) - 1);
        strncat(command, " ", sizeof command - strlen(command) - 1);
    }

    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION program;
    if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, DEBUG_ONLY_THIS_PROCESS, NULL, NULL,
                        &startup, &program)) {
        fprintf(stderr, "debugger.exe: cannot start %s: error %lu\n", command, GetLastError());
        return 1;
    }
    bool dumped = follow(argv[1], (MINIDUMP_TYPE)strtoul(argv[2], NULL, 16), program.hProcess);
    TerminateProcess(program.hProcess, 1);
    return dumped ? 0 : 1;
}
