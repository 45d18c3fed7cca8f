/* SPDX-License-Identifier: MIT */
/* Reading and filling in templates; see the header. The loader has refused those that are bad. */
#include "rules/template.h"

#include <string.h>

struct avd_template_part avd_template_next(const char *text, size_t *position)
{
    struct avd_template_part part = {AVD_TEMPLATE_END, text + *position, 0};
    const char *end;

    switch (part.text[0]) {
    case '\0': return part;
    case '{':
    case '}':
        if (part.text[1] == part.text[0]) {
            part.kind = AVD_TEMPLATE_TEXT;
            part.size = 1;
            *position += 2;
            return part;
        }
        end = part.text[0] == '{' ? strpbrk(part.text + 1, "{}") : NULL;
        if (end == NULL || *end != '}') {
            part.kind = AVD_TEMPLATE_BAD;
            part.size = 1;
            *position += 1;
            return part;
        }
        part.kind = AVD_TEMPLATE_NAME;
        part.text++;
        part.size = (size_t)(end - part.text);
        *position += part.size + 2;
        return part;
    default:
        part.kind = AVD_TEMPLATE_TEXT;
        part.size = strcspn(part.text, "{}");
        *position += part.size;
        return part;
    }
}

struct avd_template_use avd_template_expand(const char *text, struct avd_judge *j,
                                            struct avd_strbuf *out)
{
    struct avd_template_use use = {0, 0};
    size_t position = 0;
    struct avd_template_part part = avd_template_next(text, &position);

    while (part.kind != AVD_TEMPLATE_END) {
        if (part.kind == AVD_TEMPLATE_NAME) {
            use.named++;
            if (avd_judge_named(j, part.text, part.size, out))
                use.known++;
            else
                avd_strbuf_puts(out, "?");
        } else {
            avd_strbuf_add(out, part.text, part.size);
        }
        part = avd_template_next(text, &position);
    }
    return use;
}
