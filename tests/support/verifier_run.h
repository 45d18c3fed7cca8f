/* SPDX-License-Identifier: MIT */
/* A scene of verifier_scene.h, built, opened and analyzed. */
#ifndef AVD_TESTS_SUPPORT_VERIFIER_RUN_H
#define AVD_TESTS_SUPPORT_VERIFIER_RUN_H

#include "analyze/analysis.h"
#include "analyze/verifier.h"
#include "support/dump_fixture.h"
#include "support/verifier_scene.h"

struct vs_run {
    struct dump_fixture dump;
    struct avd_analysis *an;
    const struct avd_verifier *v;
};

/* Asserts that everything goes well up to the detector. */
struct vs_run vs_run(const struct vs_scene *scene);
/* The same for what vs_build made and the test added to. */
struct vs_run vs_run_built(struct db *b);
/* Frees it, and asserts that nothing was leaked. */
void vs_run_end(struct vs_run *run);

#endif
