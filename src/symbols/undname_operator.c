/* SPDX-License-Identifier: MIT */
/*
 * Functions whose names are codes in MSVC's decorated names: operators, and helpers that the
 * compiler makes. Names as undname shows them.
 */
#include "symbols/undname_private.h"

/* Indexed by '0' to '9', 'A' to 'Z'; NULL where the code is more than a name or means nothing. */
static const char *const operators[36] = {
    NULL,         NULL,          "operator new", "operator delete", "operator=",  "operator>>",
    "operator<<", "operator!",   "operator==",   "operator!=",      "operator[]", NULL,
    "operator->", "operator*",   "operator++",   "operator--",      "operator-",  "operator+",
    "operator&",  "operator->*", "operator/",    "operator%",       "operator<",  "operator<=",
    "operator>",  "operator>=",  "operator,",    "operator()",      "operator~",  "operator^",
    "operator|",  "operator&&",  "operator||",   "operator*=",      "operator+=", "operator-=",
};

/* Behind '_'. Those of tables, guards and strings are in undname_special.c. */
static const char *const helpers[36] = {
    "operator/=",
    "operator%=",
    "operator>>=",
    "operator<<=",
    "operator&=",
    "operator|=",
    "operator^=",
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    "`vbase destructor'",
    "`vector deleting destructor'",
    "`default constructor closure'",
    "`scalar deleting destructor'",
    "`vector constructor iterator'",
    "`vector destructor iterator'",
    "`vector vbase constructor iterator'",
    "`virtual displacement map'",
    "`eh vector constructor iterator'",
    "`eh vector destructor iterator'",
    "`eh vector vbase constructor iterator'",
    "`copy constructor closure'",
    "`udt returning'",
    NULL,
    NULL,
    NULL,
    "`local vftable constructor closure'",
    "operator new[]",
    "operator delete[]",
    NULL,
    NULL,
    NULL,
    NULL,
};

/* Behind "__". */
static const char *const rare_helpers[36] = {
    ['A' - 'A' + 10] = "`managed vector constructor iterator'",
    ['B' - 'A' + 10] = "`managed vector destructor iterator'",
    ['C' - 'A' + 10] = "`eh vector copy constructor iterator'",
    ['D' - 'A' + 10] = "`eh vector vbase copy constructor iterator'",
    ['G' - 'A' + 10] = "`vector copy constructor iterator'",
    ['H' - 'A' + 10] = "`vector vbase copy constructor iterator'",
    ['I' - 'A' + 10] = "`managed vector vbase copy constructor iterator'",
    ['L' - 'A' + 10] = "operator co_await",
    ['M' - 'A' + 10] = "operator<=>",
};

static const char *look_up(struct avd_und *u, const char *const *table)
{
    char c = avd_und_peek(u);
    const char *name = NULL;

    if (c >= '0' && c <= '9')
        name = table[c - '0'];
    else if (c >= 'A' && c <= 'Z')
        name = table[c - 'A' + 10];
    if (name == NULL) {
        avd_und_fail(u);
        return "";
    }
    u->pos++;
    return name;
}

/* The suffix of a literal: "?__K_deg@". */
static const char *literal_operator(struct avd_und *u)
{
    size_t start = u->pos;
    char *suffix;

    while (avd_und_peek(u) != '@' && !u->failed) {
        if (u->pos == u->size)
            avd_und_fail(u);
        else
            u->pos++;
    }
    if (u->failed)
        return "";
    suffix = avd_arena_strndup(&u->arena, &u->input[start], u->pos - start);
    avd_und_expect(u, "@");
    if (suffix == NULL) {
        u->no_memory = true;
        avd_und_fail(u);
        return "";
    }
    return AVD_UND_JOIN(u, "operator \"\"", suffix);
}

void avd_und_read_operator(struct avd_und *u, struct avd_und_name *out)
{
    avd_und_expect(u, "?");
    if (avd_und_accept(u, "__K"))
        out->identifier = literal_operator(u);
    else if (avd_und_accept(u, "__"))
        out->identifier = look_up(u, rare_helpers);
    else if (avd_und_accept(u, "_"))
        out->identifier = look_up(u, helpers);
    else if (avd_und_accept(u, "0"))
        out->kind = AVD_UND_CONSTRUCTOR;
    else if (avd_und_accept(u, "1"))
        out->kind = AVD_UND_DESTRUCTOR;
    else if (avd_und_accept(u, "B"))
        out->kind = AVD_UND_CONVERSION;
    else
        out->identifier = look_up(u, operators);
}
