/* SPDX-License-Identifier: MIT */
#include "support/verifier_run.h"

struct vs_run vs_run(const struct vs_scene *scene)
{
    struct vs_run run = {0};
    struct avd_error err;

    run.dump = dump_fixture_open(vs_build(scene));
    ck_assert_int_eq(avd_analysis_run(run.dump.dump, NULL, &run.an, &err), AVD_OK);
    run.v = run.an->verifier;
    return run;
}

void vs_run_end(struct vs_run *run)
{
    avd_analysis_free(run->an);
    dump_fixture_close(&run->dump);
}
