/* SPDX-License-Identifier: MIT */
/*
 * Threads whose stacks are equal for a reader: the same calls found the same way, ended for the
 * same reason. Renderers show such stacks once.
 */
#ifndef AVD_REPORT_GROUPS_H
#define AVD_REPORT_GROUPS_H

#include "report/model.h"

struct avd_rep_groups {
    size_t count;   /* of threads; 0 after a failure */
    size_t *leader; /* of each thread the first one that is equal; a leader leads itself */
    size_t *next;   /* the next thread of the same group; AVD_NO_INDEX ends it */
};

/* False when out of memory; deinit is harmless then. */
bool avd_rep_groups_init(struct avd_rep_groups *groups, const struct avd_report *report);
void avd_rep_groups_deinit(struct avd_rep_groups *groups);
/* "3", "3, 7-9": the threads of the group from `first` on, ascending; replaces what is in `out`. */
void avd_rep_groups_list(const struct avd_rep_groups *groups, size_t first, struct avd_strbuf *out);

#endif
