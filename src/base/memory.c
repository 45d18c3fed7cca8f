/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* The counters are atomic because dumps may be analyzed by several threads at once. */
static atomic_ulong fail_at;
static atomic_bool fail_one; /* only number fail_at, not those behind it */
static atomic_ulong allocations;
static atomic_long live;

static int refused(void)
{
    unsigned long n = atomic_load_explicit(&fail_at, memory_order_relaxed);
    unsigned long number;

    if (n == 0)
        return 0;
    number = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) + 1;
    if (atomic_load_explicit(&fail_one, memory_order_relaxed))
        return number == n;
    return number >= n;
}

void *avd_mem_calloc(size_t count, size_t size)
{
    void *block;

    if (refused() || (size != 0 && count > SIZE_MAX / size))
        return NULL;
    if (count == 0 || size == 0)
        count = size = 1;
    block = calloc(count, size);
    if (block != NULL)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return block;
}

void *avd_mem_realloc(void *block, size_t count, size_t size)
{
    void *grown;

    if (refused() || (size != 0 && count > SIZE_MAX / size))
        return NULL;
    grown = realloc(block, count * size != 0 ? count * size : 1);
    if (grown != NULL && block == NULL)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return grown;
}

void avd_mem_free(void *block)
{
    if (block != NULL)
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    free(block);
}

static void fail(unsigned long n, bool once)
{
    atomic_store_explicit(&allocations, 0, memory_order_relaxed);
    atomic_store_explicit(&fail_one, once, memory_order_relaxed);
    atomic_store_explicit(&fail_at, n, memory_order_relaxed);
}

void avd_mem_fail_after(unsigned long n)
{
    fail(n, false);
}

void avd_mem_fail_once(unsigned long n)
{
    fail(n, true);
}

unsigned long avd_mem_count(void)
{
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}

long avd_mem_live(void)
{
    return atomic_load_explicit(&live, memory_order_relaxed);
}
