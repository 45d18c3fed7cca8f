/* SPDX-License-Identifier: MIT */
/* Inside base: functions of libraries that are linked into the program. This short because it is an
 * interface. */
#ifndef AVD_BASE_LINKED_H
#define AVD_BASE_LINKED_H

typedef void avd_linked_function(void);

/* NULL when the program does not contain it. */
avd_linked_function *avd_linked_find(const char *name);

#endif
