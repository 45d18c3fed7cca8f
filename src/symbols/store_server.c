/* SPDX-License-Identifier: MIT */
/*
 * A symbol server: the layout of a store under a URL. As symsrv.dll does, the file itself is asked
 * for, then the compressed one, then file.ptr; and in between the name in lower case, for stores
 * that simple web servers show from file systems that tell upper case from lower.
 */
#include "symbols/store_private.h"

#include "base/utf.h"
#include "base/view.h"

#include <string.h>

/* ---- URLs -------------------------------------------------------------------------------- */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~", c) != NULL;
}

/* RFC 3986: every byte of a name that is not unreserved becomes %XX. */
static const char *encode(struct avd_arena *arena, const char *name, bool lower)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = avd_arena_alloc(arena, strlen(name) * 3 + 1, 1);
    size_t used = 0;

    for (; out != NULL && *name != '\0'; name++) {
        unsigned char c = (unsigned char)*name;

        if (lower && c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + ('a' - 'A'));
        if (is_unreserved(c)) {
            out[used++] = (char)c;
        } else {
            out[used++] = '%';
            out[used++] = digits[c >> 4];
            out[used++] = digits[c & 15];
        }
    }
    return out;
}

static const char *make_url(struct avd_store_search *search, const char *base, const char *leaf,
                            bool lower)
{
    struct avd_arena *arena = &search->store->arena;
    const char *name = encode(arena, search->wanted.name, lower);
    const char *key = encode(arena, search->wanted.keys[0], lower);
    const char *last = encode(arena, leaf, lower);

    return name != NULL && key != NULL && last != NULL
               ? avd_arena_printf(arena, "%s/%s/%s/%s", base, name, key, last)
               : NULL;
}

/* ---- one request ------------------------------------------------------------------------- */

struct download {
    struct avd_output file;
    struct avd_error err; /* why it could not be written */
};

static bool write_download(void *ctx, const void *bytes, size_t size)
{
    struct download *download = ctx;

    return avd_output_write(&download->file, bytes, size, &download->err) == AVD_OK;
}

/* Asks for `leaf`. *result tells whether asking on makes sense. */
static enum avd_status get_file(struct avd_store_search *search, const char *base, const char *leaf,
                                bool lower, enum avd_fetch_result *result)
{
    struct avd_arena *arena = &search->store->arena;
    struct download download;
    enum avd_status status;
    char reason[256];
    const char *url = make_url(search, base, leaf, lower);
    const char *shown = url != NULL ? avd_sympath_shown(arena, url) : NULL;

    *result = AVD_FETCH_FAILED;
    if (shown == NULL)
        return AVD_E_NOMEM;
    memset(&download.err, 0, sizeof download.err);
    status = avd_store_stage(search, &download.file, &download.err);
    if (status != AVD_OK) {
        avd_store_attempt(search, shown, false, "not asked: %s", download.err.message);
        return status == AVD_E_NOMEM ? status : AVD_NOT_FOUND;
    }
    *result =
        avd_fetch_get(search->store->fetch, url, write_download, &download, reason, sizeof reason);
    if (avd_output_close(&download.file, &download.err) != AVD_OK && *result == AVD_FETCH_OK)
        *result = AVD_FETCH_FAILED;
    if (*result == AVD_FETCH_OK)
        return avd_store_consider_download(search, shown, &download.file);
    avd_output_discard(&download.file);
    avd_store_attempt(search, shown, false, "%s",
                      download.err.message[0] != '\0' ? download.err.message : reason);
    return AVD_NOT_FOUND;
}

struct text {
    uint8_t bytes[AVD_MAX_STORE_POINTER_BYTES];
    size_t size;
    bool too_long;
};

static bool write_text(void *ctx, const void *bytes, size_t size)
{
    struct text *text = ctx;

    text->too_long = size > sizeof text->bytes - text->size;
    if (text->too_long)
        return false;
    memcpy(&text->bytes[text->size], bytes, size);
    text->size += size;
    return true;
}

static enum avd_status get_pointer(struct avd_store_search *search, const char *base,
                                   enum avd_fetch_result *result)
{
    struct avd_arena *arena = &search->store->arena;
    struct text text;
    struct avd_view v = {text.bytes, 0, 0};
    char reason[256];
    const char *url = make_url(search, base, "file.ptr", false);
    const char *shown = url != NULL ? avd_sympath_shown(arena, url) : NULL;
    char *words;

    *result = AVD_FETCH_FAILED;
    if (shown == NULL)
        return AVD_E_NOMEM;
    text.size = 0;
    text.too_long = false;
    *result = avd_fetch_get(search->store->fetch, url, write_text, &text, reason, sizeof reason);
    if (*result != AVD_FETCH_OK) {
        avd_store_attempt(search, shown, false, "%s",
                          text.too_long ? "too long for a file.ptr" : reason);
        return AVD_NOT_FOUND;
    }
    v.size = text.size;
    words = avd_bytes_to_utf8(arena, v);
    if (words == NULL)
        return AVD_E_NOMEM;
    return avd_store_follow_pointer(search, shown, NULL, words);
}

/* ---- the server -------------------------------------------------------------------------- */

/* Why the server is not asked; NULL when it is. */
static const char *why_not(struct avd_store_search *search, const char *base)
{
    struct avd_store *store = search->store;
    const struct avd_store_server *server;
    struct avd_fetch_options options;
    struct avd_error err = {0};

    if (search->wanted.key_count == 0)
        return "not asked: the dump gives no id to ask for";
    if (store->options.offline)
        return "not asked: offline";
    for (server = store->dead; server != NULL; server = server->next)
        if (strcmp(server->url, base) == 0)
            return "not asked again: the server gave no answer before";
    if (avd_store_miss_known(search, base))
        return "not asked again: the server did not have it, as the cache remembers";
    if (store->fetch != NULL || store->no_fetch != NULL)
        return store->no_fetch;
    memset(&options, 0, sizeof options);
    options.timeout_seconds = store->options.timeout_seconds;
    options.max_size = store->options.max_download_size;
    options.proxy = store->options.proxy;
    options.proxy_from_environment = store->options.proxy_from_environment;
    if (avd_fetch_new(&options, &store->fetch, &err) != AVD_OK)
        store->no_fetch = avd_arena_printf(&store->arena, "%s", err.message);
    return store->no_fetch;
}

static void give_up(struct avd_store *store, const char *base)
{
    struct avd_store_server *server = avd_arena_alloc(&store->arena, 1, sizeof *server);

    if (server == NULL)
        return; /* the arena remembers */
    server->url = base;
    server->next = store->dead;
    store->dead = server;
}

static bool has_upper_case(const struct avd_store_wanted *wanted)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return strpbrk(wanted->name, letters) != NULL || strpbrk(wanted->keys[0], letters) != NULL ||
           strpbrk(wanted->leaves[0].name, letters) != NULL;
}

enum avd_status avd_store_find_on_server(struct avd_store_search *search, const char *url)
{
    const struct avd_store_wanted *wanted = &search->wanted;
    const char *why = why_not(search, url);
    enum avd_status status = AVD_NOT_FOUND;
    enum avd_fetch_result result = AVD_FETCH_MISSING;
    bool all_missing = true;
    size_t i;

    if (search->store->arena.failed)
        return AVD_E_NOMEM;
    if (why != NULL) {
        const char *shown = avd_sympath_shown(&search->store->arena, url);

        if (shown != NULL)
            avd_store_attempt(search, shown, false, "%s", why);
        return shown != NULL ? AVD_NOT_FOUND : AVD_E_NOMEM;
    }
    for (i = 0; status == AVD_NOT_FOUND && result != AVD_FETCH_DEAD && i < wanted->leaf_count;
         i++) {
        if (!wanted->leaves[i].ask_servers)
            continue;
        status = get_file(search, url, wanted->leaves[i].name, false, &result);
        all_missing = all_missing && result == AVD_FETCH_MISSING;
    }
    if (status == AVD_NOT_FOUND && result != AVD_FETCH_DEAD && has_upper_case(wanted)) {
        status = get_file(search, url, wanted->leaves[0].name, true, &result);
        all_missing = all_missing && result == AVD_FETCH_MISSING;
    }
    if (status == AVD_NOT_FOUND && result != AVD_FETCH_DEAD && wanted->kind != AVD_FILE_SYM) {
        status = get_pointer(search, url, &result);
        all_missing = all_missing && result == AVD_FETCH_MISSING;
    }
    if (status == AVD_NOT_FOUND && result == AVD_FETCH_DEAD)
        give_up(search->store, url);
    if (status == AVD_NOT_FOUND && all_missing)
        avd_store_miss_remember(search, url);
    return status;
}
