/* SPDX-License-Identifier: MIT */
#include "support/verifier_run.h"

struct vs_run vs_run(const struct vs_scene *scene)
{
    return vs_run_built(vs_build(scene));
}

struct vs_run vs_run_built(struct db *b)
{
    struct vs_run run = {0};
    struct avd_error err;

    run.dump = dump_fixture_open(b);
    ck_assert_int_eq(avd_analysis_run(run.dump.dump, NULL, &run.an, &err), AVD_OK);
    run.v = run.an->verifier;
    return run;
}

void vs_run_end(struct vs_run *run)
{
    avd_analysis_free(run->an);
    dump_fixture_close(&run->dump);
}
