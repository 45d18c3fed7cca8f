/* SPDX-License-Identifier: MIT */
/*
 * Names for the frames between 64- and 32-bit code. All of wow64cpu.dll is such code. Which of it
 * is a turbo thunk only private symbols tell, which Microsoft publishes for every build; the names
 * were seen from Windows XP x64 to 11 and are labels here, never a condition.
 */
#include "wow64/wow64.h"

#include "base/utf.h"

#include <string.h>

const char *avd_wow64_role_name(enum avd_wow64_role role)
{
    switch (role) {
    case AVD_WOW64_ROLE_TRANSITION: return "transition";
    case AVD_WOW64_ROLE_TURBO_THUNK: return "turbo_thunk";
    case AVD_WOW64_ROLE_NONE: break;
    }
    return NULL;
}

/* Thunk2ArgNSpNSpReloadState, ServiceNoTurbo, ReadWriteFileFault ...: what the table of turbo
 * thunks leads to. */
static bool is_turbo_thunk(const char *function)
{
    static const char *const beginnings[] = {"CpupSyscallStub",
                                             "DeviceIoctlFile",
                                             "GetCurrentProcessorNumber",
                                             "QuerySystemTime",
                                             "ReadWriteFile",
                                             "RemoveIoCompletion",
                                             "ServiceNoTurbo",
                                             "Service",
                                             "Thunk",
                                             "TurboDispatch",
                                             "WaitForMultipleObjects32"};
    size_t i;

    for (i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (strncmp(function, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

enum avd_wow64_role avd_wow64_role_of(const char *module, const char *function)
{
    if (module == NULL || avd_ascii_casecmp(module, "wow64cpu.dll") != 0)
        return AVD_WOW64_ROLE_NONE;
    return function != NULL && is_turbo_thunk(function) ? AVD_WOW64_ROLE_TURBO_THUNK
                                                        : AVD_WOW64_ROLE_TRANSITION;
}
