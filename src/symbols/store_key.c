/* SPDX-License-Identifier: MIT */
/* Names and keys of symbol stores. */
#include "symbols/store_key.h"

#include "base/utf.h"
#include "base/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What Windows takes for a device in any directory and with any extension, and what stores and
 * avdump itself keep beside the symbols. */
static bool is_reserved(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
    static const char *const files[] = {".avdump",  "file.ptr",   "refs.ptr",
                                        "000admin", "pingme.txt", "index2.txt"};
    char stem[8];
    size_t size = strcspn(name, ".");
    size_t i;

    for (i = 0; i < sizeof files / sizeof files[0]; i++)
        if (avd_ascii_casecmp(name, files[i]) == 0)
            return true;
    while (size > 0 && name[size - 1] == ' ')
        size--;
    if (size >= sizeof stem)
        return false;
    memcpy(stem, name, size);
    stem[size] = '\0';
    for (i = 0; i < sizeof devices / sizeof devices[0]; i++)
        if (avd_ascii_casecmp(stem, devices[i]) == 0)
            return true;
    if (size != 4 || stem[3] < '0' || stem[3] > '9')
        return false;
    stem[3] = '\0';
    return avd_ascii_casecmp(stem, "com") == 0 || avd_ascii_casecmp(stem, "lpt") == 0;
}

bool avd_store_name_is_safe(const char *name)
{
    size_t size = strlen(name);
    size_t i;

    if (size == 0 || size > AVD_MAX_STORE_NAME_BYTES)
        return false;
    for (i = 0; i < size;) {
        size_t length = avd_utf8_length(&name[i], size - i);

        if (length == 0 || avd_utf8_is_control(&name[i], length) ||
            (length == 1 && strchr("/\\:*?\"<>|", name[i]) != NULL))
            return false;
        i += length;
    }
    /* Windows drops both, so that "a." and "a" are one file; "." and ".." are among them. */
    if (name[size - 1] == '.' || name[size - 1] == ' ')
        return false;
    return !is_reserved(name);
}

void avd_store_guid_text(const uint8_t guid[16], char out[33])
{
    /* Three numbers, stored with the lowest byte first, then bytes. */
    (void)snprintf(out, 33, "%08" PRIX32 "%04X%04X%02X%02X%02X%02X%02X%02X%02X%02X", avd_le32(guid),
                   avd_le16(guid + 4), avd_le16(guid + 6), guid[8], guid[9], guid[10], guid[11],
                   guid[12], guid[13], guid[14], guid[15]);
}

/* Ends with `suffix`, whatever the case, and is longer. */
static bool has_suffix(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t suffix_size = strlen(suffix);

    return size > suffix_size && avd_ascii_casecmp(&name[size - suffix_size], suffix) == 0;
}

static bool add_key(struct avd_store_wanted *out, const char *key)
{
    size_t i;

    if (key == NULL)
        return false;
    for (i = 0; i < out->key_count; i++)
        if (avd_ascii_casecmp(out->keys[i], key) == 0)
            return true;
    if (out->key_count < AVD_STORE_MAX_KEYS && avd_store_name_is_safe(key))
        out->keys[out->key_count++] = key;
    return true;
}

static bool add_leaf(struct avd_store_wanted *out, const char *name, bool ask_servers)
{
    size_t i;

    if (name == NULL)
        return false;
    for (i = 0; i < out->leaf_count; i++)
        if (strcmp(out->leaves[i].name, name) == 0)
            return true;
    if (out->leaf_count < AVD_STORE_MAX_LEAVES && avd_store_name_is_safe(name)) {
        out->leaves[out->leaf_count].name = name;
        out->leaves[out->leaf_count].ask_servers = ask_servers;
        out->leaf_count++;
    }
    return true;
}

/* ntdll.pdb, ntdll.pd_ (a cabinet, as symstore and compress make it), ntdll.pdb.gz */
static bool add_binary_leaves(struct avd_arena *arena, struct avd_store_wanted *out)
{
    char *compressed = avd_arena_strdup(arena, out->name);

    if (compressed == NULL)
        return false;
    /* Not within a character of several bytes. */
    if ((unsigned char)compressed[strlen(compressed) - 1] < 0x80)
        compressed[strlen(compressed) - 1] = '_';
    return add_leaf(out, out->name, true) && add_leaf(out, compressed, true) &&
           add_leaf(out, avd_arena_printf(arena, "%s.gz", out->name), false);
}

/* Breakpad strips ".pdb" alone, Sentry ".exe" and ".dll" too; without either the name stays. */
static bool add_sym_leaves(struct avd_arena *arena, struct avd_store_wanted *out)
{
    static const char *const stripped[] = {".pdb", ".exe", ".dll"};
    const char *stems[2] = {NULL, NULL};
    size_t stem_count = 0;
    size_t i;

    for (i = 0; i < sizeof stripped / sizeof stripped[0]; i++)
        if (has_suffix(out->name, stripped[i]))
            stems[stem_count++] =
                avd_arena_strndup(arena, out->name, strlen(out->name) - strlen(stripped[i]));
    if (stem_count == 0 || !has_suffix(out->name, ".pdb"))
        stems[stem_count++] = out->name;
    /* What Breakpad itself would write comes first. */
    for (i = stem_count; i-- > 0;)
        if (stems[i] == NULL || !add_leaf(out, avd_arena_printf(arena, "%s.sym", stems[i]), true) ||
            !add_leaf(out, avd_arena_printf(arena, "%s.sym.gz", stems[i]), i + 1 == stem_count))
            return false;
    return true;
}

static bool add_pdb_keys(struct avd_arena *arena, const struct avd_symbol_query *query,
                         struct avd_store_wanted *out)
{
    char guid[33];

    if (query->has_guid) {
        avd_store_guid_text(query->guid, guid);
        return add_key(out, avd_arena_printf(arena, "%s%" PRIX32, guid, query->age));
    }
    if (query->has_signature)
        return add_key(
            out, avd_arena_printf(arena, "%08" PRIX32 "%" PRIX32, query->signature, query->age));
    return true;
}

/* SymStore writes the time stamp in upper case with zeros, the size in lower case without; some
 * old stores left the zeros out. */
static bool add_image_keys(struct avd_arena *arena, const struct avd_symbol_query *query,
                           struct avd_store_wanted *out)
{
    if (query->image_size == 0)
        return true;
    return add_key(out, avd_arena_printf(arena, "%08" PRIX32 "%" PRIx32, query->timestamp,
                                         query->image_size)) &&
           add_key(out, avd_arena_printf(arena, "%" PRIX32 "%" PRIx32, query->timestamp,
                                         query->image_size));
}

static bool add_sym_keys(struct avd_arena *arena, const struct avd_symbol_query *query,
                         struct avd_store_wanted *out)
{
    char guid[33];

    /* Breakpad prints the age in lower case, unlike SymStore. */
    if (query->has_guid) {
        avd_store_guid_text(query->guid, guid);
        if (!add_key(out, avd_arena_printf(arena, "%s%" PRIx32, guid, query->age)))
            return false;
    }
    return query->debug_id == NULL || query->debug_id[0] == '\0' ||
           add_key(out, avd_arena_strdup(arena, query->debug_id));
}

enum avd_status avd_store_wanted_make(struct avd_arena *arena, const struct avd_symbol_query *query,
                                      enum avd_symbol_file_kind kind, struct avd_store_wanted *out,
                                      const char **why)
{
    const char *name = query->debug_file;
    const char *dot = query->image_name != NULL ? strrchr(query->image_name, '.') : NULL;
    bool ok = false;

    memset(out, 0, sizeof *out);
    *why = NULL;
    out->kind = kind;
    out->extension = dot != NULL && avd_store_name_is_safe(dot + 1) ? dot + 1 : "";
    /* Breakpad calls a module without a PDB by its image's name, as on Linux. */
    if (kind == AVD_FILE_IMAGE || (kind == AVD_FILE_SYM && (name == NULL || name[0] == '\0')))
        name = query->image_name;
    if (name == NULL || name[0] == '\0') {
        *why = kind == AVD_FILE_IMAGE ? "the dump does not name the image"
                                      : "the dump does not name the module's PDB";
        return AVD_NOT_FOUND;
    }
    if (!avd_store_name_is_safe(name)) {
        *why = "the name in the dump is no name of a file; not looked for";
        return AVD_NOT_FOUND;
    }
    out->name = avd_arena_strdup(arena, name);
    if (out->name == NULL)
        return AVD_E_NOMEM;
    switch (kind) {
    case AVD_FILE_PDB:
        out->recorded = query->debug_path;
        ok = add_pdb_keys(arena, query, out) && add_binary_leaves(arena, out);
        break;
    case AVD_FILE_IMAGE:
        out->recorded = query->image_path;
        ok = add_image_keys(arena, query, out) && add_binary_leaves(arena, out);
        break;
    case AVD_FILE_SYM: ok = add_sym_keys(arena, query, out) && add_sym_leaves(arena, out); break;
    }
    if (!ok)
        return AVD_E_NOMEM;
    if (out->leaf_count == 0) {
        *why = "the name in the dump is too long for a file's";
        return AVD_NOT_FOUND;
    }
    return AVD_OK;
}
