/* SPDX-License-Identifier: MIT */
/*
 * All heap memory of the library goes through these, so that a test can make the n-th allocation
 * fail. Sizes are checked before they are multiplied.
 */
#ifndef AVD_BASE_MEMORY_H
#define AVD_BASE_MEMORY_H

#include <stddef.h>

/* NULL when out of memory, or when count * size does not fit; zero-filled. */
void *avd_mem_calloc(size_t count, size_t size);
/* Grows or shrinks; the old block stays valid when NULL is returned. */
void *avd_mem_realloc(void *block, size_t count, size_t size);
void avd_mem_free(void *block);

/* Tests only: allocation number `n` (1 = the next) and all later ones fail; 0 switches it off. */
void avd_mem_fail_after(unsigned long n);
/* Tests only: as above, but number `n` alone fails. */
void avd_mem_fail_once(unsigned long n);
/* Tests only: allocations since one of these two was last called with n != 0. */
unsigned long avd_mem_count(void);
/* Tests only: blocks handed out and not yet freed. */
long avd_mem_live(void);

#endif
