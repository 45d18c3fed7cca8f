/* SPDX-License-Identifier: MIT */
/*
 * Where symbol and image files come from: files and folders given by the user, symbol stores,
 * Breakpad trees, and the elements of _NT_SYMBOL_PATH in WinDbg's grammar. A module's file is
 * looked for by name and identifier; what is found is verified by its own content before it is
 * used, and every place tried is remembered with the reason why it was not taken.
 *
 * Layouts: Microsoft's SymStore documentation, Breakpad's simple supplier.
 */
#ifndef AVD_SYMBOLS_STORE_H
#define AVD_SYMBOLS_STORE_H

#include "base/arena.h"

#include <stdint.h>

/* What is wanted of a module. Strings may be NULL. */
struct avd_symbol_query {
    const char *image_name;  /* "ntdll.dll" */
    uint32_t timestamp;      /* TimeDateStamp and SizeOfImage: the image's key */
    uint32_t image_size;
    const char *debug_file;  /* leaf, "ntdll.pdb" */
    const char *debug_path;  /* as the module records it */
    bool has_guid;
    uint8_t guid[16];        /* as in the file */
    uint32_t age;
    const char *debug_id;    /* Breakpad's: GUID and age in one word, upper case */
};

enum avd_symbol_file_kind { AVD_FILE_PDB = 0, AVD_FILE_SYM, AVD_FILE_IMAGE };

/* A place that was tried. */
struct avd_symbol_attempt {
    const char *place;   /* path or URL */
    const char *result;  /* "found", "not there", "GUID is ..., expected ...", "HTTP 404" ... */
    bool found;
};

/* Decides whether the file at `path` is the one wanted; on refusal writes why into `reason`. */
typedef bool avd_symbol_verify_fn(void *ctx, const char *path, char *reason, size_t reason_size);

struct avd_store;

struct avd_store_options {
    const char *const *paths;        /* --symbols PATH, in order */
    size_t path_count;
    const char *symbol_path;         /* _NT_SYMBOL_PATH's value, or NULL */
    const char *alt_symbol_path;     /* _NT_ALT_SYMBOL_PATH's value, searched first */
    const char *image_path;          /* _NT_EXECUTABLE_IMAGE_PATH's value */
    const char *dump_directory;      /* searched last, flat; NULL: not */
    const char *default_cache;       /* where `cache*` and `srv**` keep files; NULL: nowhere */
    const char *const *maps;         /* --map OLD=NEW: prefixes of recorded paths replaced */
    size_t map_count;
    bool offline;                    /* never ask a server */
    unsigned timeout_seconds;        /* per server request; 0: 30 */
    uint64_t max_download_size;      /* bytes; 0: 4 GiB */
};

/* Strings of `options` must outlive the store. AVD_E_ARG names the element that is wrong. */
enum avd_status avd_store_new(const struct avd_store_options *options, struct avd_store **out,
                              struct avd_error *err);
void avd_store_free(struct avd_store *store);

/*
 * Looks for a file of `kind`. AVD_OK: *path is a readable, verified, uncompressed file (a .sym may
 * still be .sym.gz). AVD_NOT_FOUND otherwise. *attempts lists the places tried, in order; all
 * strings live as long as the store.
 */
enum avd_status avd_store_find(struct avd_store *store, const struct avd_symbol_query *query,
                               enum avd_symbol_file_kind kind, avd_symbol_verify_fn *verify,
                               void *ctx, const char **path,
                               const struct avd_symbol_attempt **attempts, size_t *attempt_count);

#endif
