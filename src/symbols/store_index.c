/* SPDX-License-Identifier: MIT */
/*
 * A folder that the user named is walked once, level by level, and its files are kept sorted by
 * name, for one store or for several one after the other. Only files that are called like the one
 * wanted are opened; of .sym files, which may have any name, the first line, which has their id.
 */
#include "symbols/store_private.h"

#include "base/bisect.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/utf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *directory; /* shared by all of one directory */
    const char *name;
    const char *id; /* of a .sym, once `peeked`; NULL: not known */
};

struct avd_store_index {
    struct avd_arena arena; /* a failed list is made anew when it is needed again */
    const char *root;
    struct avd_store_index *next;
    struct entry *entries; /* by name whatever its case, then by path */
    size_t count;
    size_t capacity;
    const char **stores; /* found on the way, to be searched by key */
    size_t store_count;
    size_t store_capacity;
    bool cut;     /* a ceiling ended the walk */
    bool partial; /* by name one may get to files that are not in it: stores, links */
    bool peeked;
};

struct avd_store_folders {
    struct avd_store_index *first;
};

struct directory {
    const char *path;
    unsigned depth;
};

/* ---- the walk ---------------------------------------------------------------------------- */

static int compare_text(const char *a, const char *b)
{
    int order = avd_ascii_casecmp(a, b);

    return order != 0 ? order : strcmp(a, b);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    int order = avd_ascii_casecmp(x->name, y->name);

    if (order == 0)
        order = compare_text(x->directory, y->directory);
    return order != 0 ? order : strcmp(x->name, y->name);
}

/* Stores are searched by key, and may hold millions of files. */
static bool is_marked_store(const struct avd_directory_entry *items, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (avd_ascii_casecmp(items[i].name, "pingme.txt") == 0 ||
            avd_ascii_casecmp(items[i].name, "index2.txt") == 0 ||
            avd_ascii_casecmp(items[i].name, "000admin") == 0)
            return true;
    return false;
}

static bool add_store(struct avd_store_index *index, const char *path)
{
    const char **grown =
        avd_arena_grow(&index->arena, index->stores, index->store_count, &index->store_capacity,
                       sizeof *grown, AVD_MAX_STORE_CANDIDATES);

    if (grown == NULL) {
        index->cut = true;
        return !index->arena.failed;
    }
    index->stores = grown;
    grown[index->store_count++] = path;
    return true;
}

/* The files of `from` go into the index, its directories onto the list. False when out of
 * memory. */
static bool read_directory(struct avd_store_index *index, struct directory from,
                           struct directory **list, size_t *count, size_t *capacity)
{
    struct avd_arena *arena = &index->arena;
    struct avd_directory_entry *items;
    size_t item_count;
    size_t i;
    bool cut;
    enum avd_status status =
        avd_directory_list(arena, from.path, AVD_MAX_STORE_FILES, &items, &item_count, &cut, NULL);

    if (status == AVD_E_NOMEM)
        return false;
    if (status != AVD_OK)
        return true;
    if (is_marked_store(items, item_count)) {
        index->partial = true;
        return from.depth == 0 || add_store(index, from.path);
    }
    index->cut = index->cut || cut;
    for (i = 0; i < item_count; i++) {
        if (items[i].kind == AVD_PATH_DIRECTORY && items[i].is_link) {
            index->partial = true;
        } else if (items[i].kind == AVD_PATH_DIRECTORY) {
            struct directory *grown;

            if (from.depth + 1 >= AVD_MAX_STORE_DEPTH || *count >= AVD_MAX_STORE_DIRECTORIES) {
                index->cut = true;
                continue;
            }
            grown = avd_arena_grow(arena, *list, *count, capacity, sizeof *grown,
                                   AVD_MAX_STORE_DIRECTORIES);
            if (grown == NULL)
                return false;
            *list = grown;
            grown[*count].path = avd_arena_printf(arena, "%s/%s", from.path, items[i].name);
            grown[*count].depth = from.depth + 1;
            if (grown[*count].path == NULL)
                return false;
            *count += 1;
        } else if (items[i].kind == AVD_PATH_FILE) {
            struct entry *grown;

            if (index->count >= AVD_MAX_STORE_FILES) {
                index->cut = true;
                return true;
            }
            grown = avd_arena_grow(arena, index->entries, index->count, &index->capacity,
                                   sizeof *grown, AVD_MAX_STORE_FILES);
            if (grown == NULL)
                return false;
            index->entries = grown;
            grown[index->count].directory = from.path;
            grown[index->count].name = items[i].name;
            grown[index->count].id = NULL;
            index->count++;
        }
    }
    return true;
}

static bool walk(struct avd_store_index *index)
{
    struct directory *list = avd_arena_alloc(&index->arena, 1, sizeof *list);
    size_t capacity = 1;
    size_t count = 1;
    size_t i;

    if (list == NULL)
        return false;
    list[0].path = index->root;
    list[0].depth = 0;
    for (i = 0; i < count; i++)
        if (!read_directory(index, list[i], &list, &count, &capacity))
            return false;
    if (index->count > 1)
        qsort(index->entries, index->count, sizeof *index->entries, compare_entries);
    return true;
}

/* ---- the lists of folders ---------------------------------------------------------------- */

struct avd_store_folders *avd_store_folders_new(void)
{
    return avd_mem_calloc(1, sizeof(struct avd_store_folders));
}

static void index_free(struct avd_store_index *index)
{
    avd_arena_deinit(&index->arena);
    avd_mem_free(index);
}

void avd_store_folders_free(struct avd_store_folders *folders)
{
    struct avd_store_index *next;

    if (folders == NULL)
        return;
    for (; folders->first != NULL; folders->first = next) {
        next = folders->first->next;
        index_free(folders->first);
    }
    avd_mem_free(folders);
}

/* Where the list of `root` is linked, or would be. */
static struct avd_store_index **find_link(struct avd_store_folders *folders, const char *root)
{
    struct avd_store_index **link = &folders->first;

    while (*link != NULL && strcmp((*link)->root, root) != 0)
        link = &(*link)->next;
    return link;
}

/* The list of `root`, made if need be; NULL when out of memory. */
static struct avd_store_index *index_of(struct avd_store_folders *folders, const char *root)
{
    struct avd_store_index **link = find_link(folders, root);
    struct avd_store_index *index = *link;

    if (index != NULL && !index->arena.failed)
        return index;
    if (index != NULL) {
        *link = index->next;
        index_free(index);
    }
    index = avd_mem_calloc(1, sizeof *index);
    if (index == NULL)
        return NULL;
    index->root = avd_arena_strdup(&index->arena, root);
    if (index->root == NULL || !walk(index)) {
        index_free(index);
        return NULL;
    }
    index->next = folders->first;
    folders->first = index;
    return index;
}

/* ---- looking up -------------------------------------------------------------------------- */

static enum avd_status consider(struct avd_store_search *search, const struct entry *entry)
{
    const char *path =
        avd_arena_printf(&search->store->arena, "%s/%s", entry->directory, entry->name);

    return path != NULL ? avd_store_consider(search, path, false) : AVD_E_NOMEM;
}

/* The first entry called `name`; index->count when there is none. */
static size_t first_named(const struct avd_store_index *index, const char *name)
{
    struct avd_bisect b = avd_bisect_start(index->count);

    while (avd_bisect_next(&b))
        avd_bisect_answer(&b, avd_ascii_casecmp(index->entries[b.middle].name, name) < 0);
    return b.low;
}

/* Whether the file lies in a directory called like its id. */
static bool is_under_key(const struct avd_store_search *search, const struct entry *entry)
{
    size_t i;

    for (i = 0; i < search->wanted.key_count; i++)
        if (avd_ascii_casecmp(avd_path_leaf(entry->directory), search->wanted.keys[i]) == 0)
            return true;
    return false;
}

static enum avd_status search_name(struct avd_store_search *search,
                                   const struct avd_store_index *index, const char *name)
{
    enum avd_status status = AVD_NOT_FOUND;
    size_t first = first_named(index, name);
    int pass;

    /* Those in a directory of the right name first: of a hundred builds all but one are wrong. */
    for (pass = 0; pass < 2; pass++) {
        size_t i;

        for (i = first; status == AVD_NOT_FOUND && i < index->count &&
                        avd_ascii_casecmp(index->entries[i].name, name) == 0;
             i++)
            if (is_under_key(search, &index->entries[i]) == (pass == 0))
                status = consider(search, &index->entries[i]);
    }
    return status;
}

/* ---- .sym files under other names -------------------------------------------------------- */

/* "MODULE windows x86_64 <id> name": the id, or NULL. */
static const char *peek(struct avd_arena *arena, const char *path)
{
    struct avd_file file = {0};
    const char *id = NULL;
    struct avd_view v;
    char line[256];
    size_t i;

    if (avd_file_map(path, &file, NULL) != AVD_OK)
        return NULL;
    if (avd_view_slice(file.view, 0,
                       file.view.size < sizeof line ? file.view.size : sizeof line - 1, &v) &&
        v.size > 7) {
        const char *word = line;
        int skip;

        for (i = 0; i < v.size && v.data[i] != '\n' && v.data[i] != '\0'; i++)
            line[i] = (char)v.data[i];
        line[i] = '\0';
        if (strncmp(line, "MODULE ", 7) == 0) {
            for (skip = 0; skip < 3; skip++) {
                word = &word[strcspn(word, " ")];
                word = &word[strspn(word, " ")];
            }
            id = avd_arena_strndup(arena, word, strcspn(word, " \r"));
        }
    }
    avd_file_close(&file);
    return id;
}

static bool is_sym(const char *name)
{
    size_t size = strlen(name);

    return size > 4 && avd_ascii_casecmp(&name[size - 4], ".sym") == 0;
}

static void peek_all(struct avd_store_index *index)
{
    size_t peeks = 0;
    size_t i;

    index->peeked = true;
    for (i = 0; i < index->count && peeks < AVD_MAX_STORE_SYM_PEEKS; i++) {
        char path[AVD_MAX_STORE_PATH_BYTES];
        struct entry *entry = &index->entries[i];
        int size;

        if (!is_sym(entry->name))
            continue;
        peeks++;
        size = snprintf(path, sizeof path, "%s/%s", entry->directory, entry->name);
        if (size > 0 && (size_t)size < sizeof path)
            entry->id = peek(&index->arena, path);
    }
}

static enum avd_status search_ids(struct avd_store_search *search, struct avd_store_index *index)
{
    enum avd_status status = AVD_NOT_FOUND;
    size_t i;
    size_t k;

    if (!index->peeked)
        peek_all(index);
    if (index->arena.failed)
        return AVD_E_NOMEM;
    for (i = 0; status == AVD_NOT_FOUND && i < index->count; i++)
        for (k = 0; status == AVD_NOT_FOUND && k < search->wanted.key_count; k++)
            if (index->entries[i].id != NULL &&
                avd_ascii_casecmp(index->entries[i].id, search->wanted.keys[k]) == 0)
                status = consider(search, &index->entries[i]);
    return status;
}

enum avd_status avd_store_find_in_tree(struct avd_store_search *search, const char *root,
                                       size_t *count, bool *cut)
{
    struct avd_store_index *index = index_of(search->store->folders, root);
    enum avd_status status = AVD_NOT_FOUND;
    size_t i;

    *count = 0;
    *cut = false;
    if (index == NULL)
        return AVD_E_NOMEM;
    *count = index->count;
    *cut = index->cut;
    for (i = 0; status == AVD_NOT_FOUND && i < index->store_count; i++)
        status = avd_store_find_by_key(search, index->stores[i], false);
    for (i = 0; status == AVD_NOT_FOUND && i < search->wanted.leaf_count; i++)
        status = search_name(search, index, search->wanted.leaves[i].name);
    if (status == AVD_NOT_FOUND && search->wanted.kind == AVD_FILE_SYM)
        status = search_ids(search, index);
    return status;
}

/* Whether a file called `name` lies where avd_store_find_by_key or _flat may look for it. */
static bool is_laid_out(const struct avd_store_search *search, const struct avd_store_index *index,
                        const char *name)
{
    size_t i;

    for (i = first_named(index, name);
         i < index->count && avd_ascii_casecmp(index->entries[i].name, name) == 0; i++) {
        const struct entry *entry = &index->entries[i];
        const char *folder = avd_path_leaf(entry->directory);

        if (is_under_key(search, entry) || strcmp(entry->directory, index->root) == 0 ||
            avd_ascii_casecmp(folder, search->wanted.extension) == 0)
            return true;
    }
    return false;
}

bool avd_store_tree_lacks(const struct avd_store_search *search, const char *root)
{
    const struct avd_store_index *index = *find_link(search->store->folders, root);
    size_t i;

    if (index == NULL || index->arena.failed || index->cut || index->partial ||
        is_laid_out(search, index, "file.ptr"))
        return false;
    for (i = 0; i < search->wanted.leaf_count; i++)
        if (is_laid_out(search, index, search->wanted.leaves[i].name))
            return false;
    return true;
}

enum avd_status avd_store_list_folders(struct avd_store *store, struct avd_error *err)
{
    size_t i;

    for (i = 0; i < store->place_count; i++) {
        struct avd_store_index *index;

        if (store->places[i].kind != AVD_PLACE_TREE)
            continue;
        index = index_of(store->folders, store->places[i].path);
        if (index != NULL && !index->peeked)
            peek_all(index);
        if (index == NULL || index->arena.failed)
            return avd_error_nomem(err);
    }
    return AVD_OK;
}
