/* SPDX-License-Identifier: MIT */
#include "base/twin.h"

#include "base/memory.h"

#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

enum { COMMAND_LINE_UNITS = 32768 }; /* CreateProcessW's own limit */

static HANDLE make_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job = CreateJobObjectW(NULL, NULL);

    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (job != NULL)
        (void)SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
                                      sizeof limits);
    return job;
}

/* A process stopped before its first instruction, so that it is in its job before it can start
 * others. In a group of its own, where the console's interrupts do not reach it. */
static bool create(STARTUPINFOW *startup, PROCESS_INFORMATION *out)
{
    WCHAR *program = avd_mem_calloc(COMMAND_LINE_UNITS, sizeof *program);
    WCHAR *line = avd_mem_calloc(COMMAND_LINE_UNITS, sizeof *line);
    const WCHAR *own = GetCommandLineW();
    size_t size = wcslen(own);
    bool good = false;

    if (program != NULL && line != NULL && size < COMMAND_LINE_UNITS) {
        memcpy(line, own, size * sizeof *line); /* CreateProcessW may write to it */
        good =
            GetModuleFileNameW(NULL, program, COMMAND_LINE_UNITS) < COMMAND_LINE_UNITS &&
            CreateProcessW(program, line, NULL, NULL, TRUE,
                           CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP, NULL, NULL, startup, out);
    }
    avd_mem_free(program);
    avd_mem_free(line);
    return good;
}

bool avd_twin_start(struct avd_twin *twin, const wchar_t *name, const wchar_t *value, void *output)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION created = {0};
    HANDLE given = NULL;
    bool good = true;

    memset(twin, 0, sizeof *twin);
    if (output != NULL) {
        good = DuplicateHandle(GetCurrentProcess(), output, GetCurrentProcess(), &given, 0, TRUE,
                               DUPLICATE_SAME_ACCESS);
        startup.dwFlags = STARTF_USESTDHANDLES;
        startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
        startup.hStdOutput = given;
        startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    }
    good = good && SetEnvironmentVariableW(name, value) && create(&startup, &created);
    (void)SetEnvironmentVariableW(name, NULL);
    if (given != NULL)
        (void)CloseHandle(given);
    if (!good)
        return false;
    twin->process = created.hProcess;
    twin->job = make_job();
    if (twin->job != NULL)
        (void)AssignProcessToJobObject(twin->job, twin->process);
    (void)ResumeThread(created.hThread);
    (void)CloseHandle(created.hThread);
    return true;
}

bool avd_twin_wait(const struct avd_twin *twin, unsigned milliseconds, unsigned long *code)
{
    DWORD got = 0;

    if (WaitForSingleObject(twin->process,
                            milliseconds == AVD_TWIN_FOR_EVER ? INFINITE : milliseconds) !=
            WAIT_OBJECT_0 ||
        !GetExitCodeProcess(twin->process, &got))
        return false;
    *code = got;
    return true;
}

void avd_twin_end(struct avd_twin *twin)
{
    if (twin->process != NULL) {
        (void)TerminateProcess(twin->process, AVD_TWIN_FAILED);
        (void)WaitForSingleObject(twin->process, INFINITE);
        (void)CloseHandle(twin->process);
    }
    if (twin->job != NULL)
        (void)CloseHandle(twin->job);
    memset(twin, 0, sizeof *twin);
}

bool avd_twin_told(const wchar_t *name, wchar_t value[AVD_TWIN_TEXT_UNITS])
{
    DWORD size = GetEnvironmentVariableW(name, value, AVD_TWIN_TEXT_UNITS);

    if (size == 0 || size >= AVD_TWIN_TEXT_UNITS)
        return false;
    (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    return true;
}

bool avd_twin_crashed(unsigned long code)
{
    return code >= 0xc0000000u;
}
