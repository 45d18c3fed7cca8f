/* SPDX-License-Identifier: MIT */
/* Labels of frames between the modes; names as WinDbg showed them in public stacks. */
#include "support/dump_fixture.h"
#include "support/suite.h"
#include "wow64/wow64.h"

#include <string.h>

START_TEST(test_turbo_thunks)
{
    static const char *const names[] = {"CpupSyscallStub",
                                        "ServiceNoTurbo",
                                        "Thunk2ArgNSpNSpReloadState",
                                        "Thunk0Arg",
                                        "WaitForMultipleObjects32",
                                        "RemoveIoCompletionFault",
                                        "ReadWriteFileFault",
                                        "TurboDispatchJumpAddressEnd",
                                        "TurboDispatchJumpAddressStart",
                                        "DeviceIoctlFileFault"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_int_eq(avd_wow64_role_of("wow64cpu.dll", names[i]), AVD_WOW64_ROLE_TURBO_THUNK);
}
END_TEST

START_TEST(test_transitions)
{
    static const char *const names[] = {"KiFastSystemCall", "CpupReturnFromSimulatedCode",
                                        "RunSimulatedCode", "BTCpuSimulate",
                                        "CpuSimulate",      "X86SwitchTo64BitMode"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_int_eq(avd_wow64_role_of("WOW64CPU.DLL", names[i]), AVD_WOW64_ROLE_TRANSITION);
    ck_assert_int_eq(avd_wow64_role_of("wow64cpu.dll", NULL), AVD_WOW64_ROLE_TRANSITION);
}
END_TEST

START_TEST(test_others)
{
    ck_assert_int_eq(avd_wow64_role_of("wow64.dll", "RunCpuSimulation"), AVD_WOW64_ROLE_NONE);
    ck_assert_int_eq(avd_wow64_role_of("ntdll.dll", "ServiceNoTurbo"), AVD_WOW64_ROLE_NONE);
    ck_assert_int_eq(avd_wow64_role_of("wow64cpu", NULL), AVD_WOW64_ROLE_NONE);
    ck_assert_int_eq(avd_wow64_role_of(NULL, NULL), AVD_WOW64_ROLE_NONE);
    ck_assert_str_eq(avd_wow64_role_name(AVD_WOW64_ROLE_TURBO_THUNK), "turbo_thunk");
    ck_assert_str_eq(avd_wow64_role_name(AVD_WOW64_ROLE_TRANSITION), "transition");
    ck_assert_ptr_null(avd_wow64_role_name(AVD_WOW64_ROLE_NONE));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, test_turbo_thunks);
    tcase_add_test(tests, test_transitions);
    tcase_add_test(tests, test_others);
}

int main(void)
{
    return suite_main("transition", add_tests);
}
