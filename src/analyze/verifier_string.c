/* SPDX-License-Identifier: MIT */
/*
 * Text that a pointer of a stop may lead to. Any two bytes are a letter of UTF-16, so that code and
 * numbers read as text of many scripts at once; what people write uses one script beside Latin.
 */
#include "analyze/verifier_scene.h"

#include "base/utf.h"
#include "base/view.h"

enum { MAX_STRING_BYTES = 512, LEAST_LETTERS = 3 };

/* 0: letters, digits and signs of European scripts, which stand beside any other. */
static unsigned script_of(unsigned unit)
{
    if (unit < 0x590 || (unit >= 0x2010 && unit < 0x2040))
        return 0;
    if (unit >= 0x3000 && unit < 0xa000)
        return 0x3000; /* Chinese and Japanese writing */
    if ((unit >= 0x1100 && unit < 0x1200) || (unit >= 0xac00 && unit < 0xd7a4))
        return 0xac00; /* Hangul */
    if (unit >= 0xff00 && unit < 0xfff0)
        return 0; /* wide forms */
    return unit >> 8;
}

static bool is_text(struct avd_view view, bool wide, size_t *used)
{
    size_t step = wide ? 2 : 1;
    unsigned script = 0;

    for (*used = 0; *used + step <= view.size; *used += step) {
        unsigned unit = wide ? avd_view_u16(view, *used) : view.data[*used];

        if (unit == 0)
            break;
        if ((unit < 0x20 && unit != '\t' && unit != '\n' && unit != '\r') || unit == 0x7f)
            return false;
        if (!wide || script_of(unit) == 0)
            continue;
        /* Surrogates and private letters belong to no name that Windows gives. */
        if ((unit >= 0xd800 && unit < 0xf900) || (script != 0 && script_of(unit) != script))
            return false;
        script = script_of(unit);
    }
    /* One or two letters are what any small number looks like. */
    return *used >= LEAST_LETTERS * step;
}

const char *avd_stop_string(struct avd_stop_scene *scene, uint64_t addr, bool wide)
{
    uint8_t bytes[MAX_STRING_BYTES];
    struct avd_view view = {bytes, 0};
    size_t used;

    if (addr == 0 || scene->env.executable(scene->env.ctx, addr) == 1)
        return NULL;
    view.size = avd_memory_read(&scene->an->dump->memory, addr, bytes, sizeof bytes);
    if (!is_text(view, wide, &used))
        return NULL;
    view.size = used;
    return wide ? avd_utf16_to_utf8(&scene->an->arena, view)
                : avd_bytes_to_utf8(&scene->an->arena, view);
}
