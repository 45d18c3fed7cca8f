/* SPDX-License-Identifier: MIT */
/*
 * The header that page heap puts before each block: DPH_BLOCK_INFORMATION, as Microsoft's page
 * "GFlags and PageHeap" documents it.
 */
#ifndef AVD_ANALYZE_PAGE_HEAP_H
#define AVD_ANALYZE_PAGE_HEAP_H

#include "minidump/memory.h"

struct avd_page_heap_header {
    bool full; /* each block at the end of pages of its own; otherwise light page heap */
    bool released;
    uint64_t size;  /* bytes that the program asked for */
    uint64_t trace; /* address of the stack of the allocation, or of the release; 0: none */
};

/* The header of the block at `block` in a process with pointers of 4 or 8 bytes. False when it is
 * not in the dump, or its stamps at both ends do not fit: then nothing in it can be believed. */
bool avd_page_heap_read(const struct avd_memory *memory, uint64_t block, unsigned pointer_size,
                        struct avd_page_heap_header *out);
/* The block of full page heap that ends where the page of `address` begins; 0: there is none. */
uint64_t avd_page_heap_block_before(const struct avd_memory *memory, uint64_t address,
                                    unsigned pointer_size, struct avd_page_heap_header *out);

#endif
