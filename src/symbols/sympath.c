/* SPDX-License-Identifier: MIT */
/* Takes a symbol path apart; which of its places exist is not asked here. */
#include "symbols/sympath.h"

#include "base/utf.h"

#include <string.h>

struct piece {
    const char *text;
    size_t size;
};

static struct piece trim(const char *text, size_t size)
{
    struct piece piece = {text, size};

    while (piece.size > 0 && strchr(" \t\r\n", piece.text[0]) != NULL) {
        piece.text++;
        piece.size--;
    }
    while (piece.size > 0 && strchr(" \t\r\n", piece.text[piece.size - 1]) != NULL)
        piece.size--;
    return piece;
}

static bool starts_with(struct piece piece, const char *prefix)
{
    size_t i;

    for (i = 0; prefix[i] != '\0'; i++) {
        char c = i < piece.size ? piece.text[i] : '\0';

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (c != prefix[i])
            return false;
    }
    return true;
}

/* Takes off what precedes the next `separator`, and the separator. */
static bool next_piece(struct piece *rest, bool *more, char separator, struct piece *out)
{
    const char *end;
    size_t size;

    if (!*more)
        return false;
    end = rest->size > 0 ? memchr(rest->text, separator, rest->size) : NULL;
    size = end != NULL ? (size_t)(end - rest->text) : rest->size;
    *out = trim(rest->text, size);
    *more = end != NULL;
    if (end != NULL) {
        rest->text = end + 1;
        rest->size -= size + 1;
    }
    return true;
}

static bool is_http(struct piece piece)
{
    return starts_with(piece, "http://") || starts_with(piece, "https://");
}

/* "ftp://", "file://" ...: a scheme is letters, so C:\ is none. */
static bool has_scheme(struct piece piece)
{
    size_t i = 0;

    while (i < piece.size && ((piece.text[i] >= 'a' && piece.text[i] <= 'z') ||
                              (piece.text[i] >= 'A' && piece.text[i] <= 'Z')))
        i++;
    return i > 1 && piece.size - i >= 3 && memcmp(piece.text + i, "://", 3) == 0;
}

static enum avd_status wrong(struct avd_error *err, struct piece element, const char *what)
{
    return avd_error_set(err, AVD_E_ARG, 0, "symbol path", "'%.*s': %s",
                         (int)(element.size < 160 ? element.size : 160), element.text, what);
}

/* What is wrong with a server's address; NULL when nothing is. */
static const char *url_fault(struct piece url)
{
    size_t start = starts_with(url, "https://") ? 8 : 7;
    size_t i;

    for (i = 0; i < url.size; i++)
        if ((unsigned char)url.text[i] <= ' ' || url.text[i] == 0x7f)
            return "a URL holds no blanks or control characters";
    for (i = 0; i < url.size; i++)
        if (url.text[i] == '?' || url.text[i] == '#')
            return "a server's URL is a path that file names are added to, without '?' or '#'";
    if (start >= url.size || url.text[start] == '/')
        return "a URL names a host";
    return NULL;
}

static enum avd_status add_store(struct avd_arena *arena, struct avd_sympath_element *element,
                                 struct piece place, struct piece whole, struct avd_error *err)
{
    struct avd_sympath_store *store;
    bool is_server = is_http(place);

    if (is_server && url_fault(place) != NULL)
        return wrong(err, whole, url_fault(place));
    if (!is_server && has_scheme(place))
        return wrong(err, whole, "only http and https servers can be asked");
    if (element->store_count == AVD_MAX_SYMPATH_CHAIN)
        return wrong(err, whole, "too many stores in one chain");
    while (place.size > 1 && place.text[place.size - 1] == '/')
        place.size--;
    if (place.size >= AVD_MAX_STORE_PATH_BYTES)
        return wrong(err, whole, "too long");
    store = &element->stores[element->store_count];
    store->is_server = is_server;
    store->place = avd_arena_strndup(arena, place.text, place.size);
    if (store->place == NULL)
        return avd_error_nomem(err);
    element->store_count++;
    return AVD_OK;
}

static struct piece piece_of(const char *text)
{
    struct piece piece = {text, text != NULL ? strlen(text) : 0};

    return piece;
}

/* The stores of a chain; `rest` is what follows "srv*". */
static enum avd_status parse_chain(struct avd_arena *arena, struct piece rest, struct piece whole,
                                   const char *default_cache, struct avd_sympath_element *element,
                                   struct avd_error *err)
{
    enum avd_status status = AVD_OK;
    struct piece place;
    bool more = true;
    size_t i;

    element->kind = AVD_SYMPATH_CHAIN;
    /* A '*' at the end adds nothing: srv** is srv*, srv*DIR* is srv*DIR. */
    while (rest.size > 0 && strchr("* \t", rest.text[rest.size - 1]) != NULL)
        rest.size--;
    if (rest.size == 0) {
        if (default_cache != NULL)
            status = add_store(arena, element, piece_of(default_cache), whole, err);
        if (status == AVD_OK)
            status = add_store(arena, element, piece_of(AVD_SYMPATH_PUBLIC_SERVER), whole, err);
        return status;
    }
    while (status == AVD_OK && next_piece(&rest, &more, '*', &place)) {
        if (place.size == 0)
            place = piece_of(default_cache);
        if (place.size != 0)
            status = add_store(arena, element, place, whole, err);
    }
    for (i = 0; status == AVD_OK && i + 1 < element->store_count; i++)
        if (element->stores[i].is_server)
            status = wrong(err, whole, "only the last store of a chain can be a server");
    return status;
}

static enum avd_status parse_element(struct avd_arena *arena, struct piece whole,
                                     const char *default_cache, struct avd_sympath_element *element,
                                     struct avd_error *err)
{
    struct piece rest = whole;
    struct piece dll;
    bool more = true;

    memset(element, 0, sizeof *element);
    if (starts_with(whole, "srv*")) {
        rest.text += 4;
        rest.size -= 4;
        return parse_chain(arena, rest, whole, default_cache, element, err);
    }
    if (starts_with(whole, "symsrv*")) {
        rest.text += 7;
        rest.size -= 7;
        /* Which DLL would ask the servers does not matter here. */
        if (!next_piece(&rest, &more, '*', &dll) || dll.size == 0 || is_http(dll))
            return wrong(err, whole,
                         "symsrv* is followed by a DLL's name, as in symsrv*symsrv.dll*");
        if (!more)
            rest.size = 0;
        return parse_chain(arena, rest, whole, default_cache, element, err);
    }
    if (starts_with(whole, "cache*")) {
        element->kind = AVD_SYMPATH_CACHE;
        rest = trim(whole.text + 6, whole.size - 6);
        if (is_http(rest))
            return wrong(err, whole, "a cache is a directory");
        if (rest.size != 0 && memchr(rest.text, '*', rest.size) != NULL)
            return wrong(err, whole, "cache* is followed by one directory");
        if (rest.size == 0)
            rest = piece_of(default_cache);
        return rest.size != 0 ? add_store(arena, element, rest, whole, err) : AVD_OK;
    }
    element->kind = is_http(whole) ? AVD_SYMPATH_CHAIN : AVD_SYMPATH_DIRECTORY;
    if (memchr(whole.text, '*', whole.size) != NULL)
        return wrong(err, whole, "'*' follows srv, symsrv or cache only");
    return add_store(arena, element, whole, whole, err);
}

enum avd_status avd_sympath_parse(struct avd_arena *arena, const char *text,
                                  const char *default_cache, struct avd_sympath *out,
                                  struct avd_error *err)
{
    struct piece rest = piece_of(text);
    struct piece whole;
    bool more = true;

    while (next_piece(&rest, &more, ';', &whole)) {
        struct avd_sympath_element element;
        struct avd_sympath_element *grown;
        enum avd_status status;

        if (whole.size == 0)
            continue;
        status = parse_element(arena, whole, default_cache, &element, err);
        if (status != AVD_OK)
            return status;
        if (element.store_count == 0)
            continue;
        if (out->count >= AVD_MAX_SYMPATH_ELEMENTS)
            return avd_error_set(err, AVD_E_ARG, 0, "symbol path", "more than %d elements",
                                 (int)AVD_MAX_SYMPATH_ELEMENTS);
        grown = avd_arena_grow(arena, out->items, out->count, &out->capacity, sizeof *out->items,
                               AVD_MAX_SYMPATH_ELEMENTS);
        if (grown == NULL)
            return avd_error_nomem(err);
        out->items = grown;
        out->items[out->count++] = element;
    }
    return AVD_OK;
}

bool avd_sympath_is_special(const char *text)
{
    struct piece piece = trim(text, strlen(text));

    return starts_with(piece, "srv*") || starts_with(piece, "symsrv*") ||
           starts_with(piece, "cache*") || is_http(piece);
}

const char *avd_sympath_shown(struct avd_arena *arena, const char *place)
{
    struct piece piece = piece_of(place);
    const char *host;
    const char *at;
    size_t size;

    if (!is_http(piece))
        return place;
    host = strchr(place, ':') + 3;
    size = strcspn(host, "/");
    /* The last '@' before the path ends the name and password. */
    for (at = NULL; size > 0; size--) {
        if (host[size - 1] == '@') {
            at = host + size;
            break;
        }
    }
    if (at == NULL)
        return place;
    return avd_arena_printf(arena, "%.*s%s", (int)(host - place), place, at);
}
