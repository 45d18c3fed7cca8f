/* SPDX-License-Identifier: MIT */
/*
 * Full page heap puts a page without access behind each block. An access violation there is an
 * overrun of the block before it, whose header says how large it was asked to be.
 */
#include "analyze/detectors.h"
#include "analyze/page_heap.h"
#include "analyze/process_read.h"

static const char *const page_heap_facts[] = {"access.page_heap_block", "access.page_heap_size",
                                              "access.page_heap_over"};

static void run(struct avd_analysis *an)
{
    unsigned pointer_size = avd_exception_pointer_size(an);
    uint64_t address = an->words.access_address;
    struct avd_page_heap_header header;
    const char *why =
        "no block of full page heap that ends before the accessed page is in the dump";
    uint64_t block = 0;
    size_t i;

    if (!an->has_exception)
        why = "the dump has no exception record";
    else if (!an->words.has_access_address)
        why = "the exception does not give an address";
    else if (avd_dump_is_windows(an->dump))
        block = avd_page_heap_block_before(&an->dump->memory, address, pointer_size, &header);
    for (i = 0; block == 0 && i < sizeof page_heap_facts / sizeof page_heap_facts[0]; i++)
        avd_fact_unknown(&an->facts, page_heap_facts[i], why);
    if (block == 0)
        return;
    avd_fact_address(&an->facts, "access.page_heap_block", block, avd_an_exception_digits(an));
    avd_fact_number(&an->facts, "access.page_heap_size", header.size);
    avd_fact_number(&an->facts, "access.page_heap_over", address - (block + header.size));
}

const struct avd_detector avd_det_page_heap = {
    "page heap",
    "the block of page heap whose end was overrun",
    run,
};
