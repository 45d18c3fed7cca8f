/* SPDX-License-Identifier: MIT */
/*
 * The walk over the files and folders of the command line. Folders are gone through without
 * recursion, in the byte order of their names, so that every file system gives the same order.
 */
#include "gate/gate.h"

#include "base/file.h"
#include "base/paths.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_FILES = 4194304, /* in one folder; a triage service keeps a hundred thousand */
    MAX_DEPTH = 64       /* folders within each other */
};

/* A folder whose entries are being gone through. */
struct level {
    struct avd_arena arena;
    const char *path;
    struct avd_directory_entry *entries;
    size_t count, next;
    double at, span; /* as in struct avd_gate_inputs */
};

static bool give(struct avd_gate_inputs *inputs, const struct avd_gate_item *item)
{
    if (!inputs->take(inputs->ctx, item))
        inputs->stopped = true;
    return true;
}

static bool give_problem(struct avd_gate_inputs *inputs, const char *name, const char *problem)
{
    struct avd_gate_item item = {.name = name, .problem = problem};

    return give(inputs, &item);
}

/* `named`: it stands on the command line, so it is no file to be ignored. */
static bool walk_file(struct avd_gate_inputs *inputs, const char *path, bool named)
{
    struct avd_gate_item item = {.name = path};
    unsigned char bytes[AVD_GATE_SNIFF_SIZE];
    struct avd_view head = {bytes, 0, 0};
    struct avd_path_info info;
    enum avd_gate_kind kind;
    FILE *file;

    /* Opening a pipe would wait for somebody to write to it. */
    avd_path_examine(path, &info);
    if (info.kind == AVD_PATH_OTHER)
        return give_problem(inputs, path, "is neither a file nor a folder");
    if (info.kind == AVD_PATH_ABSENT && !named)
        return give_problem(inputs, path, "is a link that leads nowhere");
    file = avd_file_open(path, "rb");
    if (file != NULL) {
        head.size = fread(bytes, 1, sizeof bytes, file);
        (void)fclose(file);
    }
    kind = avd_gate_sniff(head);
    if (kind == AVD_GATE_ARCHIVE)
        return avd_gate_archive_walk(inputs, path);
    /* What cannot be opened is told of: it may have been a dump. */
    if (kind == AVD_GATE_OTHER && !named && file != NULL) {
        inputs->ignored++;
        return true;
    }
    item.size = info.size;
    return give(inputs, &item);
}

static bool open_level(struct level *level, const char *directory, const char *name,
                       struct avd_gate_inputs *inputs)
{
    struct avd_error err;
    bool cut = false;
    bool slash;

    memset(level, 0, sizeof *level);
    slash = directory != NULL && directory[0] != '\0' && directory[strlen(directory) - 1] == '/';
    level->at = inputs->at;
    level->span = inputs->span;
    level->path = directory == NULL ? avd_arena_strdup(&level->arena, name)
                                    : avd_arena_printf(&level->arena, "%s%s%s", directory,
                                                       slash ? "" : "/", name);
    if (level->path == NULL)
        return false;
    if (avd_directory_list(&level->arena, level->path, MAX_FILES, &level->entries, &level->count,
                           &cut, &err) != AVD_OK) {
        level->count = 0;
        return err.code != AVD_E_NOMEM && give_problem(inputs, level->path, err.message);
    }
    return !cut ||
           give_problem(inputs, level->path, "has more than 4194304 files; the rest is left out");
}

static bool walk_folder(struct avd_gate_inputs *inputs, const char *path)
{
    struct level levels[MAX_DEPTH];
    bool good = open_level(&levels[0], NULL, path, inputs);
    size_t depth = 1;

    while (depth != 0) {
        struct level *level = &levels[depth - 1];
        const struct avd_directory_entry *entry;
        struct avd_arena arena = {0};
        size_t size = strlen(level->path != NULL ? level->path : "");
        bool slash = size != 0 && level->path[size - 1] == '/';
        const char *file;

        if (!good || inputs->stopped || level->next == level->count) {
            avd_arena_deinit(&level->arena);
            depth--;
            continue;
        }
        inputs->span = level->span / (double)level->count;
        inputs->at = level->at + inputs->span * (double)level->next;
        entry = &level->entries[level->next++];
        if (strncmp(entry->name, AVD_GATE_UNFINISHED, strlen(AVD_GATE_UNFINISHED)) == 0) {
            /* Windows lets nobody read it before it is done. */
        } else if (entry->kind == AVD_PATH_DIRECTORY && entry->is_link) {
            inputs->ignored++;
        } else if (entry->kind == AVD_PATH_DIRECTORY && depth == MAX_DEPTH) {
            good = give_problem(inputs, level->path, "folders within each other end here");
        } else if (entry->kind == AVD_PATH_DIRECTORY) {
            good = open_level(&levels[depth], level->path, entry->name, inputs);
            depth++;
        } else {
            file = avd_arena_printf(&arena, "%s%s%s", level->path, slash ? "" : "/", entry->name);
            good = file != NULL && walk_file(inputs, file, false);
        }
        avd_arena_deinit(&arena);
    }
    return good;
}

bool avd_gate_inputs_walk(struct avd_gate_inputs *inputs, const char *path)
{
    struct avd_path_info info;

    avd_path_examine(path, &info);
    return info.kind == AVD_PATH_DIRECTORY ? walk_folder(inputs, path)
                                           : walk_file(inputs, path, true);
}
