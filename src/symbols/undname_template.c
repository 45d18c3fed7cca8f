/* SPDX-License-Identifier: MIT */
/* Template arguments in MSVC's decorated names: types, numbers, addresses, members, objects. */
#include "symbols/undname_private.h"

#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): names nest AVD_MAX_UNDNAME_DEPTH deep */

/* `first`, which may be empty, and `count` numbers behind it. */
static const char *numbers(struct avd_und *u, const char *first, unsigned count)
{
    for (; count != 0 && !u->failed; count--)
        first = AVD_UND_JOIN(u, first, first[0] == '\0' ? "" : ",", avd_und_read_number_text(u));
    return first;
}

/* The symbol of an address; a template function's name is remembered as a class's would be. */
static const char *address(struct avd_und *u)
{
    struct avd_und_reference key = {0, 0, ""};
    const char *text = avd_und_read_symbol(u, &key);

    if (key.end != key.start)
        avd_und_remember(u, &key);
    return text;
}

/* A member function's address with the offsets that its class's inheritance needs. */
static const char *member_function(struct avd_und *u, unsigned offsets)
{
    const char *text = avd_und_at(u, "?") ? address(u) : "";

    return AVD_UND_JOIN(u, "{", numbers(u, text, offsets), "}");
}

static const char *value(struct avd_und *u);

/* Behind a type its value, which is written as an argument's without the '$'. */
static const char *typed_value(struct avd_und *u)
{
    const char *text;

    if (!avd_und_enter(u))
        return "";
    (void)avd_und_read_type(u, AVD_UND_NONE);
    text = value(u);
    avd_und_leave(u);
    return text;
}

/* The elements of an array within an object: their type, then each with '@' behind. */
static const char *elements(struct avd_und *u)
{
    const char *list = "";
    size_t count;

    (void)avd_und_read_type(u, AVD_UND_NONE);
    for (count = 0; !u->failed && !avd_und_accept(u, "@"); count++) {
        list = AVD_UND_JOIN(u, list, count == 0 ? "" : ",", value(u));
        avd_und_expect(u, "@");
    }
    return AVD_UND_JOIN(u, "{", list, "}");
}

/* The value of a parameter of class type: its members' up to '@'. */
static const char *object(struct avd_und *u)
{
    struct avd_und_type type = avd_und_read_type(u, AVD_UND_NONE);
    const char *list = "";
    const char *member;
    size_t count;

    if (!avd_und_enter(u))
        return "";
    for (count = 0; !u->failed && !avd_und_accept(u, "@"); count++) {
        if (avd_und_accept(u, "2"))
            member = object(u);
        else
            member = avd_und_accept(u, "3") ? elements(u) : typed_value(u);
        list = AVD_UND_JOIN(u, list, count == 0 ? "" : ",", member);
    }
    avd_und_leave(u);
    return AVD_UND_JOIN(u, avd_und_declare(u, &type, ""), "{", list, "}");
}

/* Behind "$": all that is no type. */
static const char *value(struct avd_und *u)
{
    if (avd_und_accept(u, "0"))
        return avd_und_read_number_text(u);
    if (avd_und_accept(u, "1") && avd_und_at(u, "?"))
        return AVD_UND_JOIN(u, "&", address(u));
    if (avd_und_accept(u, "E") && avd_und_at(u, "?"))
        return address(u);
    if (avd_und_accept(u, "H"))
        return member_function(u, 1);
    if (avd_und_accept(u, "I"))
        return member_function(u, 2);
    if (avd_und_accept(u, "J"))
        return member_function(u, 3);
    if (avd_und_accept(u, "F"))
        return AVD_UND_JOIN(u, "{", numbers(u, "", 2), "}");
    if (avd_und_accept(u, "G"))
        return AVD_UND_JOIN(u, "{", numbers(u, "", 3), "}");
    if (avd_und_accept(u, "2"))
        return object(u);
    if (avd_und_accept(u, "M")) /* of an auto parameter */
        return typed_value(u);
    avd_und_fail(u);
    return "";
}

static const char *argument(struct avd_und *u)
{
    struct avd_und_type type;
    const char *text;
    unsigned cv;
    bool restricted;
    bool unaligned;

    if (!avd_und_enter(u))
        return "";
    if (avd_und_accept(u, "$$Y")) {
        text = avd_und_read_type_name(u);
    } else if (avd_und_accept(u, "$$C")) {
        avd_und_read_extensions(u, &restricted, &unaligned);
        cv = avd_und_read_plain_cv(u);
        type = avd_und_read_type(u, AVD_UND_NONE);
        avd_und_qualify(u, &type, cv);
        if (unaligned)
            type.left = AVD_UND_JOIN(u, type.left, " __unaligned");
        text = avd_und_declare(u, &type, "");
    } else if (!avd_und_at(u, "$$") && avd_und_accept(u, "$")) {
        text = value(u);
    } else {
        (void)avd_und_accept(u, "$$B"); /* an array by itself */
        type = avd_und_read_type(u, AVD_UND_NONE);
        text = avd_und_declare(u, &type, "");
    }
    avd_und_leave(u);
    return text;
}

/* Packs without members, in the compilers' several spellings. */
static bool accept_empty_pack(struct avd_und *u)
{
    return avd_und_accept(u, "$$$V") || avd_und_accept(u, "$$V") || avd_und_accept(u, "$$Z") ||
           avd_und_accept(u, "$S");
}

const char *avd_und_read_template_arguments(struct avd_und *u)
{
    const char *list = "";
    size_t size;

    while (!u->failed && !avd_und_accept(u, "@")) {
        if (accept_empty_pack(u))
            continue;
        list = AVD_UND_JOIN(u, list, list[0] == '\0' ? "" : ",", argument(u));
    }
    size = strlen(list);
    return AVD_UND_JOIN(u, "<", list, size != 0 && list[size - 1] == '>' ? " >" : ">");
}
/* NOLINTEND(misc-no-recursion) */
