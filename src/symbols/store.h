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
    const char *image_name; /* leaf, "ntdll.dll" */
    const char *image_path; /* as the module records it */
    uint32_t timestamp;     /* TimeDateStamp and SizeOfImage: the image's key */
    uint32_t image_size;
    const char *debug_file; /* leaf, "ntdll.pdb" */
    const char *debug_path; /* as the module records it */
    bool has_guid;
    uint8_t guid[16];   /* as in the file */
    bool has_signature; /* an NB10 record, which has this in place of the GUID */
    uint32_t signature;
    uint32_t age;         /* of either */
    const char *debug_id; /* Breakpad's: GUID and age in one word */
};

enum avd_symbol_file_kind { AVD_FILE_PDB = 0, AVD_FILE_SYM, AVD_FILE_IMAGE };

/* A place that was tried. Both texts may hold names and words of dumps and servers: a writer
 * escapes them like all others. */
struct avd_symbol_attempt {
    const char *place;  /* path or URL, without password; "" when the module itself is at fault */
    const char *result; /* "found", "not there", "GUID is ..., expected ...", "HTTP 404" ... */
    bool found;
};

/* Decides whether the file at `path` is the one wanted; on refusal writes why into `reason`. */
typedef bool avd_symbol_verify_fn(void *ctx, const char *path, char *reason, size_t reason_size);

struct avd_store;

/*
 * Lists of the files below folders, which several stores one after the other may share: a folder is
 * then walked once. What is added to it later is not seen. NULL: out of memory.
 */
struct avd_store_folders;
struct avd_store_folders *avd_store_folders_new(void);
/* After the stores that use it. NULL is allowed. */
void avd_store_folders_free(struct avd_store_folders *folders);

/*
 * The places and their order: `paths`, `image_path` (for images), `alt_symbol_path`, `symbol_path`,
 * where `maps` say that a recorded path is, and at last `dump_directory`. Servers are asked only
 * when one of these names one.
 */
struct avd_store_options {
    const char *const *paths; /* --symbols: a file; a folder, which is looked through with
                                 all below it; or anything that symbol_path may hold */
    size_t path_count;
    const char *symbol_path;           /* _NT_SYMBOL_PATH's value, or NULL */
    const char *alt_symbol_path;       /* _NT_ALT_SYMBOL_PATH's value */
    const char *image_path;            /* _NT_EXECUTABLE_IMAGE_PATH's value */
    struct avd_store_folders *folders; /* of `paths`; NULL: the store lists them for itself */
    const char *dump_directory;        /* not what is below it; NULL: not */
    const char *default_cache;         /* where `cache*` and `srv**` keep files; NULL: nowhere */
    const char *temp_directory;        /* for what has no cache to go to; NULL: the system's own */
    const char *const *maps;           /* --map OLD=NEW: prefixes of recorded paths replaced */
    size_t map_count;
    bool offline;                /* never ask a server */
    const char *proxy;           /* "host:port" or a URL; NULL: none */
    bool proxy_from_environment; /* when `proxy` is NULL: libcurl reads http_proxy, https_proxy,
                                    no_proxy ... itself */
    unsigned timeout_seconds;    /* without an answer, or with less than 1,000 bytes per second;
                                    120 times as long for one file. 0: 30 */
    uint64_t max_download_size;  /* bytes of one file, also unpacked; 0: 4 GiB */
    uint64_t now;                /* seconds since 1970: servers' "not there" is kept in the
                                    cache and believed for miss_seconds. 0: it is not */
    uint64_t miss_seconds;       /* 0: a day */
};

/* Strings of `options` must outlive the store. AVD_E_ARG names the element that is wrong. Nothing
 * is opened yet. */
enum avd_status avd_store_new(const struct avd_store_options *options, struct avd_store **out,
                              struct avd_error *err);
/* Lists the folders of options->paths at once; without it each is listed when it is first needed.
 * AVD_E_NOMEM. */
enum avd_status avd_store_list_folders(struct avd_store *store, struct avd_error *err);
/* Removes what was unpacked to a temporary directory, too: users of such files close them first. */
void avd_store_free(struct avd_store *store);

/*
 * Looks for a file of `kind`. AVD_OK: *path is a readable, verified, uncompressed file (a .sym may
 * still be .sym.gz); it may be a temporary one, so that what is shown is the last attempt's place.
 * AVD_NOT_FOUND otherwise. *attempts lists the places tried, in order, the last being what was
 * found or how many more there were; all strings live as long as the store. AVD_E_NOMEM. One store
 * is for one thread; stores of several threads or processes may share a cache.
 */
enum avd_status avd_store_find(struct avd_store *store, const struct avd_symbol_query *query,
                               enum avd_symbol_file_kind kind, avd_symbol_verify_fn *verify,
                               void *ctx, const char **path,
                               const struct avd_symbol_attempt **attempts, size_t *attempt_count);

#endif
