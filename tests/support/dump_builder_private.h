/* SPDX-License-Identifier: MIT */
/* What the files of the dump builder share; tests include dump_builder.h only. */
#ifndef AVD_TESTS_SUPPORT_DUMP_BUILDER_PRIVATE_H
#define AVD_TESTS_SUPPORT_DUMP_BUILDER_PRIVATE_H

#include "support/dump_builder.h"

struct db_section {
    uint8_t *bytes;
    size_t size, capacity;
    size_t offset; /* in the file, once placed */
};

enum db_label_kind { DB_LABEL_RVA, DB_LABEL_SIZE };

struct db_label {
    unsigned section; /* four bytes at `offset` of it ... */
    size_t offset;
    unsigned target; /* ... become the place or the size of this one */
    enum db_label_kind kind;
};

struct db_entry {
    uint32_t type;
    unsigned section; /* 0: size and rva as given */
    bool has_size;
    uint32_t size, rva;
};

struct db_range {
    uint64_t addr;
    uint32_t size, rva;
    unsigned section; /* 0: rva as given */
};

enum db_list_kind {
    DB_LIST_THREADS,
    DB_LIST_THREAD_NAMES,
    DB_LIST_THREAD_INFO,
    DB_LIST_MODULES,
    DB_LIST_UNLOADED,
    DB_LIST_MEMORY,
    DB_LIST_MEMORY_INFO,
    DB_LIST_HANDLES,
    DB_LIST_HANDLE_OPERATIONS,
    DB_LIST_COUNT
};

struct db_list {
    unsigned section;
    uint32_t count;
    size_t count_offset;
};

struct db {
    struct db_header header;
    struct db_section *sections; /* [0] stands for none */
    size_t section_count;
    struct db_label *labels;
    size_t label_count;
    struct db_entry *entries;
    size_t entry_count;
    struct db_range *ranges;
    size_t range_count;
    struct db_list lists[DB_LIST_COUNT];
    unsigned function_tables, tokens; /* streams */
    uint32_t function_table_count, token_count;
    bool pad_lists, full_memory, memory_first, thread_ex;
    uint32_t claim_more;
    uint32_t handle_size;
};

/* Room for item number `count`. */
void *db_grow(void *items, size_t count, size_t size);
/* Counts one more entry in the list and returns its stream, for the entry to be appended.
 * `header_size` 4: only a count; larger: SizeOfHeader, SizeOfEntry, count. */
unsigned db_list(struct db *b, enum db_list_kind kind, uint32_t type, uint32_t header_size,
                 uint32_t entry_size);
/* The same without an entry. */
unsigned db_empty_list(struct db *b, enum db_list_kind kind, uint32_t type, uint32_t header_size,
                       uint32_t entry_size);

#endif
