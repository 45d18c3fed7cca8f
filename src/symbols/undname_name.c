/* SPDX-License-Identifier: MIT */
/* Names and scopes in MSVC's decorated names, innermost first: "f@B@A@@" is A::B::f. */
#include "symbols/undname_private.h"

#include <string.h>

static bool same_key(const struct avd_und *u, const struct avd_und_reference *a,
                     const struct avd_und_reference *b)
{
    return a->end - a->start == b->end - b->start &&
           memcmp(&u->input[a->start], &u->input[b->start], a->end - a->start) == 0;
}

void avd_und_remember(struct avd_und *u, const struct avd_und_reference *key)
{
    struct avd_und_context *context = &u->context;
    size_t i;

    if (u->failed || context->name_count == AVD_UND_REFERENCES)
        return;
    for (i = 0; i < context->name_count; i++)
        if (same_key(u, &context->names[i], key))
            return;
    context->names[context->name_count++] = *key;
}

/* Letters up to '@', as they are. */
static const char *simple_name(struct avd_und *u)
{
    struct avd_und_reference key = {u->pos, u->pos, ""};
    const char *end = memchr(&u->input[u->pos], '@', u->size - u->pos);

    if (end == NULL || end == &u->input[u->pos]) {
        avd_und_fail(u);
        return "";
    }
    key.end = (size_t)(end - u->input);
    key.text = avd_arena_strndup(&u->arena, &u->input[key.start], key.end - key.start);
    if (key.text == NULL) {
        u->no_memory = true;
        avd_und_fail(u);
        return "";
    }
    u->pos = key.end + 1;
    u->work += key.end - key.start;
    avd_und_remember(u, &key);
    return key.text;
}

static const char *referred_name(struct avd_und *u)
{
    size_t i = (size_t)(avd_und_peek(u) - '0');

    if (i >= u->context.name_count) {
        avd_und_fail(u);
        return "";
    }
    u->pos++;
    return u->context.names[i].text;
}

/*
 * "?$" name arguments: what a digit means inside is known inside only. The whole is remembered as
 * one name outside, but for functions.
 */
static void template_name(struct avd_und *u, bool is_function, struct avd_und_name *out)
{
    struct avd_und_context outside = u->context;

    out->key.start = u->pos;
    avd_und_expect(u, "?$");
    u->context.name_count = 0;
    u->context.type_count = 0;
    if (!avd_und_enter(u))
        return;
    if (avd_und_peek(u) != '?')
        out->identifier = simple_name(u);
    else if (is_function)
        avd_und_read_operator(u, out);
    else
        avd_und_fail(u);
    out->arguments = avd_und_read_template_arguments(u);
    avd_und_leave(u);
    u->context = outside;
    out->key.end = u->pos;
    out->key.text = AVD_UND_JOIN(u, out->identifier, out->arguments);
    if (!is_function)
        avd_und_remember(u, &out->key);
}

const char *avd_und_read_class_name(struct avd_und *u)
{
    struct avd_und_name name = {AVD_UND_PLAIN, "", "", "", "", {0, 0, ""}};
    char c = avd_und_peek(u);

    if (c >= '0' && c <= '9')
        return referred_name(u);
    if (avd_und_at(u, "?$")) {
        template_name(u, false, &name);
        return name.key.text;
    }
    if (c == '?') {
        avd_und_fail(u);
        return "";
    }
    return simple_name(u);
}

/* "?A0x12345678@": the hash tells files apart, for the linker alone. */
static const char *anonymous_namespace(struct avd_und *u)
{
    struct avd_und_reference key = {u->pos, u->pos, "`anonymous namespace'"};
    const char *end = memchr(&u->input[u->pos], '@', u->size - u->pos);

    if (end == NULL) {
        avd_und_fail(u);
        return "";
    }
    key.end = (size_t)(end - u->input);
    u->pos = key.end + 1;
    avd_und_remember(u, &key);
    return key.text;
}

/* "?" number "?" and the symbol of the function in whose block number `number` the name lies. */
static const char *local_scope(struct avd_und *u)
{
    const char *number;
    const char *function;

    avd_und_expect(u, "?");
    number = avd_und_read_number_text(u);
    avd_und_expect(u, "?");
    function = avd_und_read_symbol(u, NULL);
    return AVD_UND_JOIN(u, "`", function, "'::`", number, "'");
}

static const char *scope(struct avd_und *u)
{
    if (avd_und_at(u, "?A"))
        return anonymous_namespace(u);
    if (avd_und_at(u, "?") && !avd_und_at(u, "?$"))
        return local_scope(u);
    return avd_und_read_class_name(u);
}

void avd_und_read_scopes(struct avd_und *u, struct avd_und_name *out)
{
    bool first = true;

    out->scopes = "";
    out->inner = "";
    while (!u->failed && !avd_und_accept(u, "@")) {
        const char *text = scope(u);

        if (first)
            out->inner = text;
        first = false;
        out->scopes = AVD_UND_JOIN(u, text, "::", out->scopes);
    }
}

void avd_und_read_symbol_name(struct avd_und *u, struct avd_und_name *out)
{
    static const struct avd_und_name empty = {AVD_UND_PLAIN, "", "", "", "", {0, 0, ""}};
    char c = avd_und_peek(u);

    *out = empty;
    if (c >= '0' && c <= '9')
        out->identifier = referred_name(u);
    else if (avd_und_at(u, "?$"))
        template_name(u, true, out);
    else if (c == '?')
        avd_und_read_operator(u, out);
    else
        out->identifier = simple_name(u);
    avd_und_read_scopes(u, out);
}

const char *avd_und_name_text(struct avd_und *u, const struct avd_und_name *name,
                              const struct avd_und_type *conversion)
{
    switch (name->kind) {
    case AVD_UND_CONSTRUCTOR:
    case AVD_UND_DESTRUCTOR:
        return AVD_UND_JOIN(u, name->scopes, name->kind == AVD_UND_DESTRUCTOR ? "~" : "",
                            name->inner, name->arguments);
    case AVD_UND_CONVERSION:
        return AVD_UND_JOIN(u, name->scopes, "operator", name->arguments, " ",
                            conversion == NULL ? "" : avd_und_declare(u, conversion, ""));
    case AVD_UND_PLAIN:
    default: return AVD_UND_JOIN(u, name->scopes, name->identifier, name->arguments);
    }
}

const char *avd_und_read_type_name(struct avd_und *u)
{
    struct avd_und_name name = {AVD_UND_PLAIN, avd_und_read_class_name(u), "", "", "", {0, 0, ""}};

    avd_und_read_scopes(u, &name);
    return avd_und_name_text(u, &name, NULL);
}
