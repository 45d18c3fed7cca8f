/* SPDX-License-Identifier: MIT */
/*
 * Symbols that the compiler makes and names itself: tables of virtual functions and bases, type
 * descriptors, string literals, guards of local statics, initializers of globals.
 */
#include "symbols/undname_private.h"

#include <string.h>

static bool is_full(const struct avd_und *u)
{
    return u->form == AVD_UNDNAME_FULL;
}

/* Scopes and `word`: "A::B::`vftable'". */
static const char *scoped(struct avd_und *u, const char *word)
{
    struct avd_und_name name = {AVD_UND_PLAIN, word, "", "", "", {0, 0, ""}};

    avd_und_read_scopes(u, &name);
    return avd_und_name_text(u, &name, NULL);
}

/* A table, and for which of several bases it is: "const A::`vftable'{for `B's `C'}". */
static const char *table(struct avd_und *u, const char *word)
{
    const char *name = scoped(u, word);
    const char *cv;
    const char *bases = "";

    if (!avd_und_accept(u, "6"))
        avd_und_expect(u, "7");
    cv = avd_und_cv_text(avd_und_read_plain_cv(u));
    while (!u->failed && !avd_und_accept(u, "@")) {
        const char *base = avd_und_read_type_name(u);

        bases = AVD_UND_JOIN(u, bases, bases[0] == '\0' ? "{for `" : "s `", base, "'");
    }
    if (bases[0] != '\0')
        bases = AVD_UND_JOIN(u, bases, "}");
    if (is_full(u) && cv[0] == ' ')
        return AVD_UND_JOIN(u, &cv[1], " ", name, bases);
    return AVD_UND_JOIN(u, name, bases);
}

static const char *type_descriptor(struct avd_und *u)
{
    struct avd_und_type type = avd_und_read_type(u, AVD_UND_MAYBE);

    avd_und_expect(u, "@8");
    return avd_und_declare(u, &type, "`RTTI Type Descriptor'");
}

static const char *base_class_descriptor(struct avd_und *u)
{
    const char *list = "";
    const char *name;
    unsigned i;

    for (i = 0; i < 4 && !u->failed; i++)
        list = AVD_UND_JOIN(u, list, i == 0 ? "" : ",", avd_und_read_number_text(u));
    name = scoped(u, AVD_UND_JOIN(u, "`RTTI Base Class Descriptor at (", list, ")'"));
    avd_und_expect(u, "8");
    return name;
}

static const char *descriptor(struct avd_und *u, const char *word)
{
    const char *name = scoped(u, word);

    avd_und_expect(u, "8");
    return name;
}

/* The text of a literal is not in the name but for its beginning; undname does not show it. */
static const char *string_literal(struct avd_und *u)
{
    avd_und_expect(u, "@_");
    if (!avd_und_accept(u, "0"))
        avd_und_expect(u, "1");
    if (u->failed || u->input[u->size - 1] != '@') {
        avd_und_fail(u);
        return "";
    }
    u->pos = u->size;
    return "`string'";
}

/* The flags that local statics of a function share, by number. */
static const char *guard(struct avd_und *u, const char *word)
{
    const char *name = scoped(u, word);

    if (avd_und_accept(u, "4IA"))
        return name;
    avd_und_expect(u, "5");
    if (u->pos == u->size || avd_und_at(u, "@"))
        return name;
    return AVD_UND_JOIN(u, name, "{", avd_und_read_number_text(u), "}");
}

/* What sets up or tears down a global: named as a function, or by the variable's own symbol. */
static const char *stub(struct avd_und *u, const char *word)
{
    struct avd_und_name name;
    const char *inner;
    bool nested = avd_und_accept(u, "?");
    bool is_variable;

    avd_und_read_symbol_name(u, &name);
    inner = avd_und_name_text(u, &name, NULL);
    if (nested || (avd_und_peek(u) >= '0' && avd_und_peek(u) <= '4')) {
        /* Older clang writes no '?' before the variable and one '@' behind. */
        inner = AVD_UND_JOIN(u, "`", avd_und_read_declaration(u, &name, &is_variable), "'");
        if (!is_variable)
            avd_und_fail(u);
        avd_und_expect(u, nested ? "@@" : "@");
    } else {
        inner = AVD_UND_JOIN(u, "'", inner, "'");
    }
    name.kind = AVD_UND_PLAIN;
    name.scopes = "";
    name.arguments = "";
    name.identifier = AVD_UND_JOIN(u, word, inner, "'");
    return avd_und_read_declaration(u, &name, &is_variable);
}

/* Where a virtual function's place in the table is all that a pointer to it says. */
static const char *virtual_call(struct avd_und *u)
{
    const char *name = scoped(u, "`vcall'");
    const char *offset;
    const char *convention;

    avd_und_expect(u, "$B");
    offset = avd_und_read_number_text(u);
    avd_und_expect(u, "A");
    convention = avd_und_read_convention(u);
    name = AVD_UND_JOIN(u, name, "{", offset, ",{flat}}");
    return is_full(u) ? AVD_UND_JOIN(u, "[thunk]: ", convention, " ", name) : name;
}

bool avd_und_read_special(struct avd_und *u, const char **text)
{
    if (avd_und_accept(u, "?_7"))
        *text = table(u, "`vftable'");
    else if (avd_und_accept(u, "?_8"))
        *text = table(u, "`vbtable'");
    else if (avd_und_accept(u, "?_S"))
        *text = table(u, "`local vftable'");
    else if (avd_und_accept(u, "?_R4"))
        *text = table(u, "`RTTI Complete Object Locator'");
    else if (avd_und_accept(u, "?_R0"))
        *text = type_descriptor(u);
    else if (avd_und_accept(u, "?_R1"))
        *text = base_class_descriptor(u);
    else if (avd_und_accept(u, "?_R2"))
        *text = descriptor(u, "`RTTI Base Class Array'");
    else if (avd_und_accept(u, "?_R3"))
        *text = descriptor(u, "`RTTI Class Hierarchy Descriptor'");
    else if (avd_und_accept(u, "?_9"))
        *text = virtual_call(u);
    else if (avd_und_accept(u, "?_B"))
        *text = guard(u, "`local static guard'");
    else if (avd_und_accept(u, "?__J"))
        *text = guard(u, "`local static thread guard'");
    else if (avd_und_accept(u, "?_C"))
        *text = string_literal(u);
    else if (avd_und_accept(u, "?__E"))
        *text = stub(u, "`dynamic initializer for ");
    else if (avd_und_accept(u, "?__F"))
        *text = stub(u, "`dynamic atexit destructor for ");
    else
        return false;
    return true;
}
