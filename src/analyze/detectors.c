/* SPDX-License-Identifier: MIT */
/* The one list of detectors; each answers one question and publishes facts of facts_doc.c. */
#include "analyze/analysis.h"
#include "analyze/detectors.h"

const struct avd_detector *const avd_detectors[] = {
    &avd_det_process,    &avd_det_exception,   &avd_det_stack,
    &avd_det_verifier,   &avd_det_instruction, &avd_det_blame,
    &avd_det_modules,    &avd_det_rows,        &avd_det_pointer,
    &avd_det_unloaded,   &avd_det_heap,        &avd_det_page_heap,
    &avd_det_cpp,        &avd_det_stowed,      &avd_det_runtime,
    &avd_det_selfcheck,  &avd_det_origin,      &avd_det_waits,
    &avd_det_locks,      &avd_det_dialog,      &avd_det_time,
    &avd_det_resources,  &avd_det_quality,     &avd_det_environment,
    &avd_det_module_set, &avd_det_hooks,       NULL,
};
