/* SPDX-License-Identifier: MIT */
/* Breakpad symbol files: opening, identity, and the strings that lookups hand out. */
#include "symbols/breakpad_private.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/unpack.h"
#include "base/utf.h"

#include <string.h>

static size_t slot_of(const struct avd_sym_string *strings, size_t slots, size_t pos)
{
    size_t i = (size_t)((uint64_t)pos * 0x9e3779b97f4a7c15U >> 32) & (slots - 1);

    while (strings[i].text != NULL && strings[i].pos != pos)
        i = (i + 1) & (slots - 1);
    return i;
}

static bool make_room(struct avd_sym *sym)
{
    size_t slots = sym->string_slots == 0 ? 256 : sym->string_slots * 2;
    struct avd_sym_string *strings;
    size_t i;

    if (sym->string_count < sym->string_slots / 2)
        return true;
    strings = avd_mem_calloc(slots, sizeof *strings);
    if (strings == NULL)
        return false;
    for (i = 0; i < sym->string_slots; i++)
        if (sym->strings[i].text != NULL)
            strings[slot_of(strings, slots, sym->strings[i].pos)] = sym->strings[i];
    avd_mem_free(sym->strings);
    sym->strings = strings;
    sym->string_slots = slots;
    return true;
}

static const char *copy_text(struct avd_sym *sym, struct avd_view text)
{
    size_t size = text.size;

    if (size > AVD_MAX_SYM_NAME_BYTES) {
        size = AVD_MAX_SYM_NAME_BYTES;
        /* Not within a UTF-8 sequence. */
        while (size > 0 && (avd_view_u8(text, size) & 0xc0) == 0x80)
            size--;
        (void)avd_view_slice(text, 0, size, &text);
    }
    return avd_bytes_to_utf8(&sym->arena, text);
}

const char *avd_sym_string(struct avd_sym *sym, struct avd_view text)
{
    size_t pos = (size_t)text.offset;
    const char *copy;
    size_t slot;

    if (text.size == 0)
        return "";
    if (!make_room(sym))
        return NULL;
    slot = slot_of(sym->strings, sym->string_slots, pos);
    if (sym->strings[slot].text != NULL)
        return sym->strings[slot].text;
    copy = copy_text(sym, text);
    if (copy == NULL)
        return NULL;
    sym->strings[slot].pos = pos;
    sym->strings[slot].text = copy;
    sym->string_count++;
    return copy;
}

static enum avd_status read_identity(struct avd_sym *sym, struct avd_error *err)
{
    struct avd_sym_identity *identity = &sym->identity;

    identity->os = avd_sym_string(sym, sym->index.os);
    identity->cpu = avd_sym_string(sym, sym->index.cpu);
    identity->debug_id = avd_sym_string(sym, sym->index.debug_id);
    identity->debug_file = avd_sym_string(sym, sym->index.debug_file);
    identity->code_id = avd_sym_string(sym, sym->index.code_id);
    if (identity->os == NULL || identity->cpu == NULL || identity->debug_id == NULL ||
        identity->debug_file == NULL || identity->code_id == NULL)
        return avd_error_nomem(err);
    sym->is_x86 = strcmp(identity->cpu, "x86") == 0;
    return AVD_OK;
}

/* Indexes sym->bytes; gives *sym away or closes it. */
static enum avd_status finish(struct avd_sym *sym, struct avd_sym **out, struct avd_error *err)
{
    enum avd_status status = avd_sym_index_build(sym->bytes, &sym->index, err);

    if (status == AVD_OK)
        status = read_identity(sym, err);
    if (status != AVD_OK) {
        avd_sym_close(sym);
        return status;
    }
    *out = sym;
    return AVD_OK;
}

enum avd_status avd_sym_open_memory(struct avd_view bytes, struct avd_sym **sym,
                                    struct avd_error *err)
{
    struct avd_sym *opened = avd_mem_calloc(1, sizeof *opened);

    *sym = NULL;
    if (opened == NULL)
        return avd_error_nomem(err);
    opened->bytes = bytes;
    opened->bytes.offset = 0;
    return finish(opened, sym, err);
}

enum avd_status avd_sym_open(const char *path, struct avd_sym **sym, struct avd_error *err)
{
    struct avd_sym *opened = avd_mem_calloc(1, sizeof *opened);
    struct avd_file packed;
    enum avd_status status;

    *sym = NULL;
    if (opened == NULL)
        return avd_error_nomem(err);
    status = avd_file_map(path, &opened->file, err);
    if (status == AVD_OK && avd_unpack_is_gzip(opened->file.view)) {
        packed = opened->file;
        memset(&opened->file, 0, sizeof opened->file);
        status = avd_unpack_gzip(packed.view, UINT32_MAX, &opened->file, &opened->truncated, err);
        avd_file_close(&packed);
    }
    if (status != AVD_OK) {
        avd_sym_close(opened);
        return status;
    }
    opened->bytes = opened->file.view;
    return finish(opened, sym, err);
}

void avd_sym_close(struct avd_sym *sym)
{
    if (sym == NULL)
        return;
    avd_sym_index_deinit(&sym->index);
    avd_mem_free(sym->strings);
    avd_arena_deinit(&sym->arena);
    avd_file_close(&sym->file);
    avd_mem_free(sym);
}

const struct avd_sym_identity *avd_sym_identity(const struct avd_sym *sym)
{
    return &sym->identity;
}

size_t avd_sym_bad_lines(const struct avd_sym *sym)
{
    return sym->index.bad_lines;
}

bool avd_sym_truncated(const struct avd_sym *sym)
{
    return sym->truncated;
}
