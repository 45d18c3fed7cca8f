// SPDX-License-Identifier: MIT
//
// Writes a minidump of a running process from the outside, as a task manager does: no exception,
// every thread where it happens to be. Ends the process afterwards.
//
// usage: dumper.exe PID FILE [TYPE]
// (TYPE: MINIDUMP_TYPE in hexadecimal; 2, full memory, unless given)

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
// After windows.h
#include <dbghelp.h>

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: dumper.exe PID FILE [TYPE]\n");
        return 2;
    }
    DWORD pid = strtoul(argv[1], NULL, 10);
    MINIDUMP_TYPE type =
        argc > 3 ? (MINIDUMP_TYPE)strtoul(argv[3], NULL, 16) : MiniDumpWithFullMemory;

    HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, pid);
    if (process == NULL) {
        fprintf(stderr, "dumper.exe: cannot open process %lu: error %lu\n", pid, GetLastError());
        return 1;
    }
    HANDLE file =
        CreateFileA(argv[2], GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    BOOL written = MiniDumpWriteDump(process, pid, file, type, NULL, NULL, NULL);
    if (!written) {
        fprintf(stderr, "dumper.exe: cannot write %s: error %lu\n", argv[2], GetLastError());
    }
    CloseHandle(file);
    TerminateProcess(process, 0);
    return written ? 0 : 1;
}
