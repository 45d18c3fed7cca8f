/* SPDX-License-Identifier: MIT */
/*
 * An analysis made by hand, for tests of what is made of a stack: frames with modules and names as
 * a transcript shows them, and an exception. No dump is read and no stack is walked.
 */
#ifndef AVD_TESTS_BLAME_FIXTURE_H
#define AVD_TESTS_BLAME_FIXTURE_H

#include "analyze/followup.h"

enum { BLAME_FRAMES = 32 };

/* "kernel32.dll!RaiseException+53", "image.exe+7417", "?" outside modules; the displacement is
 * hexadecimal and that of the return address. */
struct blame_frame {
    const char *text;
    enum avd_trust trust; /* AVD_TRUST_NONE: AVD_TRUST_CFI */
    enum avd_evidence evidence;
    bool approximate;
};

struct blame_fixture {
    struct avd_analysis an;
    struct avd_dump dump;
    struct avd_an_thread thread;
    struct avd_an_module modules[BLAME_FRAMES];
    struct avd_module listed[BLAME_FRAMES];
    uint32_t by_base[BLAME_FRAMES];
    struct avd_frame frames[BLAME_FRAMES];
    struct avd_symbol symbols[BLAME_FRAMES];
};

/* An x64 process with exception `code`; frames end with a NULL text. Modules begin at multiples of
 * 0x10000000 in the order of their first frames. */
void blame_fixture_init(struct blame_fixture *f, uint32_t code, const struct blame_frame *frames);
/* Parameters of the exception; describes it again. */
void blame_fixture_parameters(struct blame_fixture *f, uint64_t first, uint64_t second);
void blame_fixture_deinit(struct blame_fixture *f);

#endif
