/* SPDX-License-Identifier: MIT */
/*
 * TokenStream (MINIDUMP_TOKEN_INFO_LIST, minidumpapiset.h): the access tokens of the process and
 * its impersonating threads. What a token's data means is not public; it is kept as bytes.
 */
#include "base/limits.h"
#include "minidump/dump.h"
#include "minidump/format.h"

enum { TOKEN_LIST_HEADER_SIZE = 16, TOKEN_HEADER_SIZE = 16 };

bool avd_read_tokens(struct avd_dump *dump)
{
    static const char what[] = "token list";
    const struct avd_stream *stream = avd_dump_stream(dump, TokenStream);
    struct avd_token *tokens;
    size_t header_size;
    size_t element_header_size;
    size_t claimed;
    size_t room;
    size_t count = 0;
    uint64_t offset;
    struct avd_view v;

    if (stream == NULL)
        return true;
    v = stream->view;
    header_size = avd_view_u32(v, 8);
    element_header_size = avd_view_u32(v, 12);
    claimed = avd_view_u32(v, 4);
    if (v.size < TOKEN_LIST_HEADER_SIZE || header_size < TOKEN_LIST_HEADER_SIZE ||
        header_size > v.size || element_header_size < TOKEN_HEADER_SIZE) {
        avd_note_add(&dump->notes, what, stream->offset,
                     "header of %zu bytes and elements from %zu bytes, expected at least %d and %d "
                     "in the stream's %zu; not read",
                     header_size, element_header_size, TOKEN_LIST_HEADER_SIZE, TOKEN_HEADER_SIZE,
                     v.size);
        return true;
    }
    /* How many could be there decides what is allocated, not how many are claimed. */
    room = (v.size - header_size) / element_header_size;
    if (room > claimed)
        room = claimed;
    if (room > AVD_MAX_TOKENS)
        room = AVD_MAX_TOKENS;
    tokens = avd_arena_alloc(&dump->arena, room, sizeof *tokens);
    if (tokens == NULL)
        return false;
    offset = header_size;
    while (count < room) {
        struct avd_cursor c = avd_cursor_at(v, offset);
        uint32_t size = avd_cursor_u32(&c);
        struct avd_token *token = &tokens[count];
        struct avd_view element;

        token->id = avd_cursor_u32(&c);
        token->handle = avd_cursor_u64(&c);
        if (c.failed)
            break;
        if (size < element_header_size) {
            avd_note_add(&dump->notes, what, v.offset + offset,
                         "token %zu: size %u is less than its header of %zu bytes", count, size,
                         element_header_size);
            break;
        }
        if (!avd_view_slice(v, offset, size, &element)) {
            avd_note_add(&dump->notes, what, v.offset + offset,
                         "token %zu: needs %u bytes, stream has %zu left", count, size,
                         v.size - (size_t)offset);
            (void)avd_view_clip(v, offset, size, &element);
        }
        (void)avd_view_slice(element, element_header_size, element.size - element_header_size,
                             &token->data);
        count++;
        offset += size;
    }
    if (count < claimed)
        avd_note_add(&dump->notes, what, stream->offset,
                     "%zu tokens are listed; reading %zu of them", claimed, count);
    dump->tokens = tokens;
    dump->token_count = count;
    return true;
}
