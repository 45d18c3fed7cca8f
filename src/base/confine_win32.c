/* SPDX-License-Identifier: MIT */
/*
 * Windows: memory by a job of the process's own. It counts what the process may write to; dumps are
 * mapped, and may be as large as they like. Before Windows 8 a process can be in one job only, and
 * there is no limit where that is somebody else's. This short because it is a platform file.
 */
#include "base/confine.h"

#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

unsigned avd_confine(const char *const *readable, size_t count)
{
    (void)readable;
    (void)count;
    return 0;
}

unsigned avd_confine_available(void)
{
    return 0;
}

bool avd_confine_memory(uint64_t bytes)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job;
    bool held;

    if (bytes == 0)
        return true;
    job = CreateJobObjectW(NULL, NULL);
    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_PROCESS_MEMORY;
    limits.ProcessMemoryLimit = bytes > SIZE_MAX ? SIZE_MAX : (SIZE_T)bytes;
    held =
        job != NULL &&
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits) &&
        AssignProcessToJobObject(job, GetCurrentProcess());
    if (job != NULL) /* it lasts as long as the process that is in it */
        (void)CloseHandle(job);
    return held;
}
