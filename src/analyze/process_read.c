/* SPDX-License-Identifier: MIT */
/* Bytes, texts and function names for detectors; see the header. */
#include "analyze/process_read.h"

#include "analyze/detectors.h"
#include "analyze/followup.h"
#include "base/glob.h"
#include "base/strbuf.h"
#include "base/utf.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAX_TEXT_BYTES = 200, /* a message in one or two lines of a report */
    NEAR_EXPORT = 0x200   /* an export further below an address is likely another function's */
};

size_t avd_process_read(struct avd_analysis *an, uint64_t addr, void *buffer, size_t size)
{
    size_t done = avd_memory_read(&an->dump->memory, addr, buffer, size);
    uint64_t from = addr + done;
    const struct avd_image *image;
    size_t module;
    uint64_t rva;

    if (done == size || from < addr)
        return done;
    module = avd_analysis_module_at(an, from);
    image = avd_analysis_image(an, module);
    if (image == NULL)
        return done;
    rva = from - an->modules[module].module->base;
    if (rva > UINT32_MAX)
        return done;
    return done + avd_image_read(image, (uint32_t)rva, (uint8_t *)buffer + done, size - done);
}

bool avd_process_u32(struct avd_analysis *an, uint64_t addr, uint32_t *out)
{
    uint8_t bytes[4];

    *out = 0;
    if (avd_process_read(an, addr, bytes, sizeof bytes) != sizeof bytes)
        return false;
    *out = avd_le32(bytes);
    return true;
}

bool avd_process_pointer(struct avd_analysis *an, uint64_t addr, unsigned pointer_size,
                         uint64_t *out)
{
    uint8_t bytes[8];

    *out = 0;
    if (avd_process_read(an, addr, bytes, pointer_size) != pointer_size)
        return false;
    *out = pointer_size == 8 ? avd_le64(bytes) : avd_le32(bytes);
    return true;
}

const char *avd_escaped_text(struct avd_analysis *an, const char *text)
{
    struct avd_strbuf buf;
    const char *out;

    avd_strbuf_init(&buf);
    avd_strbuf_escaped(&buf, text);
    /* The analysis's arena tells its end that memory ran out. */
    an->arena.failed |= buf.failed;
    out = buf.failed ? NULL : avd_arena_strdup(&an->arena, avd_strbuf_text(&buf));
    avd_strbuf_deinit(&buf);
    return out;
}

/* A wild pointer leads to bytes that are mostly no text: of what people write, few letters in a
 * hundred are control characters. */
static bool looks_like_text(const uint8_t *bytes, size_t size)
{
    size_t odd = 0;
    size_t i;

    if (size == 0 || bytes[0] < 0x20 || bytes[0] == 0x7f)
        return false;
    for (i = 0; i < size; i++)
        odd += (bytes[i] < 0x20 && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t') ||
               bytes[i] == 0x7f;
    return odd * 20 <= size;
}

const char *avd_process_text(struct avd_analysis *an, uint64_t addr)
{
    uint8_t bytes[MAX_TEXT_BYTES];
    struct avd_view view = {bytes, 0, 0};
    size_t size = avd_process_read(an, addr, bytes, sizeof bytes);
    char *text;

    while (view.size < size && bytes[view.size] != 0)
        view.size++;
    /* Text that stops where the dump's memory does has no end that anybody saw. */
    if ((view.size == size && size < sizeof bytes) || !looks_like_text(bytes, view.size))
        return NULL;
    text = avd_bytes_to_utf8(&an->arena, view);
    if (text == NULL)
        return NULL;
    if (view.size == sizeof bytes) {
        avd_utf8_trim(text);
        text = avd_arena_printf(&an->arena, "%s...", text);
    }
    return text != NULL ? avd_escaped_text(an, text) : NULL;
}

const char *avd_process_text16(struct avd_analysis *an, uint64_t addr)
{
    enum { LATIN_END = 0x250 };
    uint8_t bytes[MAX_TEXT_BYTES];
    struct avd_view view = {bytes, 0, 0};
    size_t size = avd_process_read(an, addr, bytes, sizeof bytes) & ~(size_t)1;
    const char *text;

    for (; view.size < size && avd_le16(bytes + view.size) != 0; view.size += 2) {
        unsigned unit = avd_le16(bytes + view.size);

        if (unit < 0x20 || unit == 0x7f || unit >= LATIN_END)
            return NULL;
    }
    if (view.size == 0 || (view.size == size && size < sizeof bytes))
        return NULL;
    text = avd_utf16_to_utf8(&an->arena, view);
    if (text != NULL && view.size == sizeof bytes)
        text = avd_arena_printf(&an->arena, "%s...", text);
    return text != NULL ? avd_escaped_text(an, text) : NULL;
}

const char *avd_process_name(struct avd_analysis *an, uint64_t addr)
{
    const char *name = NULL;

    if (an->facts.port.name != NULL)
        name = an->facts.port.name(an->facts.port.ctx, addr, &an->arena);
    if (name == NULL)
        name = avd_arena_printf(&an->arena, "0x%" PRIx64, addr);
    return name;
}

unsigned avd_exception_pointer_size(const struct avd_analysis *an)
{
    return an->exception_is_32bit ? 4 : 8;
}

const char *avd_frame_near_function(struct avd_analysis *an, const struct avd_an_stack *stack,
                                    size_t frame)
{
    const struct avd_symbol *symbol = &stack->symbols[frame];
    const char *name = symbol->function;
    const char *at;

    if (name == NULL || avd_frame_is_guess(&stack->stack.frames[frame]) ||
        (symbol->approximate && symbol->displacement > NEAR_EXPORT))
        return NULL;
    /* _RaiseException@16 of a table of exports. */
    at = strchr(name, '@');
    if (at == NULL || at == name || stack->cpu == NULL || stack->cpu->pointer_size != 4)
        return name;
    if (*name == '_')
        name++;
    return avd_arena_strndup(&an->arena, name, (size_t)(at - name));
}

bool avd_frame_module_is(const struct avd_analysis *an, const struct avd_an_stack *stack,
                         size_t frame, const char *const *names)
{
    const struct avd_an_module *module = avd_frame_module(an, &stack->stack.frames[frame]);

    if (module == NULL)
        return false;
    for (; *names != NULL; names++)
        if (avd_glob_fits(module->module->name, *names))
            return true;
    return false;
}
