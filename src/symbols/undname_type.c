/* SPDX-License-Identifier: MIT */
/*
 * Types in MSVC's decorated names. The grammar is not documented by Microsoft; it is public through
 * the compilers that write it (clang) and the tools that read it.
 */
#include "symbols/undname_private.h"

/* NOLINTBEGIN(misc-no-recursion): names nest AVD_MAX_UNDNAME_DEPTH deep */

static const struct avd_und_type nothing = {"", "", "", false, false, false, 0};

static struct avd_und_type plain(const char *text)
{
    struct avd_und_type type = nothing;

    type.left = text;
    return type;
}

const char *avd_und_cv_text(unsigned cv)
{
    static const char *const words[] = {"", " const", " volatile", " const volatile"};

    return words[cv & (AVD_UND_CONST | AVD_UND_VOLATILE)];
}

void avd_und_qualify(struct avd_und *u, struct avd_und_type *type, unsigned cv)
{
    cv &= ~type->cv;
    if (cv == 0)
        return;
    type->left = AVD_UND_JOIN(u, type->left, avd_und_cv_text(cv));
    type->cv |= cv;
}

unsigned avd_und_read_cv(struct avd_und *u, bool *is_member)
{
    char c = avd_und_peek(u);

    *is_member = c >= 'Q' && c <= 'T';
    if (!*is_member && (c < 'A' || c > 'D')) {
        avd_und_fail(u);
        return 0;
    }
    u->pos++;
    return (unsigned)(c - (*is_member ? 'Q' : 'A'));
}

unsigned avd_und_read_plain_cv(struct avd_und *u)
{
    bool is_member;
    unsigned cv = avd_und_read_cv(u, &is_member);

    if (is_member)
        avd_und_fail(u);
    return cv;
}

void avd_und_read_extensions(struct avd_und *u, bool *restricted, bool *unaligned)
{
    *restricted = false;
    *unaligned = false;
    /* E tells that the pointer has 64 bits, as all of its program's have. */
    (void)avd_und_accept(u, "E");
    if (avd_und_accept(u, "I"))
        *restricted = true;
    if (avd_und_accept(u, "F"))
        *unaligned = true;
}

const char *avd_und_read_convention(struct avd_und *u)
{
    const char *word = "";

    switch (avd_und_peek(u)) {
    case 'A':
    case 'B': word = "__cdecl"; break;
    case 'C':
    case 'D': word = "__pascal"; break;
    case 'E':
    case 'F': word = "__thiscall"; break;
    case 'G':
    case 'H': word = "__stdcall"; break;
    case 'I':
    case 'J': word = "__fastcall"; break;
    case 'M':
    case 'N': word = "__clrcall"; break;
    case 'O':
    case 'P': word = "__eabi"; break;
    case 'Q': word = "__vectorcall"; break;
    case 'S': word = "__swiftcall"; break;
    case 'W': word = "__swiftasynccall"; break;
    case 'w': word = "__regcall"; break;
    default: avd_und_fail(u); return "";
    }
    u->pos++;
    return word;
}

static const char *extended_word(char c)
{
    switch (c) {
    case 'D': return "__int8";
    case 'E': return "unsigned __int8";
    case 'F': return "__int16";
    case 'G': return "unsigned __int16";
    case 'H': return "__int32";
    case 'I': return "unsigned __int32";
    case 'J': return "__int64";
    case 'K': return "unsigned __int64";
    case 'L': return "__int128";
    case 'M': return "unsigned __int128";
    case 'N': return "bool";
    case 'P': return "auto";
    case 'Q': return "char8_t";
    case 'S': return "char16_t";
    case 'T': return "decltype(auto)";
    case 'U': return "char32_t";
    case 'W': return "wchar_t";
    default: return NULL;
    }
}

static const char *basic_word(char c)
{
    switch (c) {
    case 'C': return "signed char";
    case 'D': return "char";
    case 'E': return "unsigned char";
    case 'F': return "short";
    case 'G': return "unsigned short";
    case 'H': return "int";
    case 'I': return "unsigned int";
    case 'J': return "long";
    case 'K': return "unsigned long";
    case 'M': return "float";
    case 'N': return "double";
    case 'O': return "long double";
    case 'X': return "void";
    default: return NULL;
    }
}

static struct avd_und_type basic_type(struct avd_und *u)
{
    const char *word;

    if (avd_und_accept(u, "$$T"))
        return plain("std::nullptr_t");
    if (avd_und_accept(u, "_"))
        word = extended_word(avd_und_peek(u));
    else
        word = basic_word(avd_und_peek(u));
    if (word == NULL) {
        avd_und_fail(u);
        return nothing;
    }
    u->pos++;
    return plain(word);
}

static struct avd_und_type tagged_type(struct avd_und *u)
{
    const char *keyword;

    switch (avd_und_peek(u)) {
    case 'T': keyword = "union "; break;
    case 'U': keyword = "struct "; break;
    case 'V': keyword = "class "; break;
    default: keyword = "enum "; break;
    }
    u->pos++;
    if (keyword[0] == 'e') {
        /* The underlying type, which is not shown; compilers write 4, int, for all. */
        if (avd_und_peek(u) < '0' || avd_und_peek(u) > '7')
            avd_und_fail(u);
        else
            u->pos++;
    }
    if (u->form == AVD_UNDNAME_NAME_ONLY)
        return plain(avd_und_read_type_name(u));
    return plain(AVD_UND_JOIN(u, keyword, avd_und_read_type_name(u)));
}

/* A type that is no class and has a name all the same, "?<auto>@@". */
static struct avd_und_type vendor_type(struct avd_und *u)
{
    const char *name = avd_und_read_class_name(u);

    avd_und_expect(u, "@");
    return plain(name);
}

/* 0 for an array of unknown size. */
static const char *dimension(struct avd_und *u)
{
    const char *text = avd_und_read_number_text(u);

    return text[0] == '0' ? "" : text;
}

static struct avd_und_type array_type(struct avd_und *u)
{
    uint64_t count = avd_und_read_count(u);
    const char *dimensions = "";
    struct avd_und_type type;
    unsigned cv = 0;

    if (count == 0)
        avd_und_fail(u);
    for (; count != 0 && !u->failed; count--)
        dimensions = AVD_UND_JOIN(u, dimensions, "[", dimension(u), "]");
    if (avd_und_accept(u, "$$C"))
        cv = avd_und_read_plain_cv(u);
    type = avd_und_read_type(u, AVD_UND_NONE);
    avd_und_qualify(u, &type, cv);
    type.right = AVD_UND_JOIN(u, dimensions, type.right);
    type.is_array = true;
    type.is_pointer = false;
    return type;
}

static struct avd_und_type function_type(struct avd_und *u, bool has_this)
{
    struct avd_und_function function;
    struct avd_und_type type = nothing;

    avd_und_read_function(u, has_this, &function);
    type.left = function.has_result ? function.result.left : "";
    type.right = AVD_UND_JOIN(u, function.tail, function.has_result ? function.result.right : "");
    type.convention = function.convention;
    type.is_function = true;
    return type;
}

/* Puts `mark` ("*", "&", "A::*") and what qualifies it around `target`. */
static struct avd_und_type pointer_to(struct avd_und *u, const struct avd_und_type *target,
                                      const char *mark, unsigned cv)
{
    struct avd_und_type type = nothing;
    const char *words = avd_und_cv_text(cv);

    if (target->is_function) {
        const char *space = mark[0] == '*' || mark[0] == '&' ? "" : " ";

        type.left = AVD_UND_JOIN(u, target->left, target->left[0] != '\0' ? " (" : "(",
                                 target->convention, space, mark, words);
    } else {
        type.left = AVD_UND_JOIN(u, target->left, target->is_array ? " (" : " ", mark, words);
    }
    type.right = target->is_function || target->is_array ? AVD_UND_JOIN(u, ")", target->right)
                                                         : target->right;
    type.is_pointer = true;
    type.cv = cv;
    return type;
}

/* Behind the letter of a pointer or reference. */
static struct avd_und_type pointed_type(struct avd_und *u, const char *mark, unsigned cv)
{
    struct avd_und_type target;
    unsigned target_cv;
    bool restricted = false;
    bool unaligned = false;
    bool is_member = false;

    if (avd_und_accept(u, "6")) {
        target = function_type(u, false);
        return pointer_to(u, &target, mark, cv);
    }
    if (avd_und_accept(u, "8")) {
        const char *class_name = avd_und_read_type_name(u);

        target = function_type(u, true);
        return pointer_to(u, &target, AVD_UND_JOIN(u, class_name, "::", mark), cv);
    }
    avd_und_read_extensions(u, &restricted, &unaligned);
    target_cv = avd_und_read_cv(u, &is_member);
    if (is_member)
        mark = AVD_UND_JOIN(u, avd_und_read_type_name(u), "::", mark);
    target = avd_und_read_type(u, AVD_UND_NONE);
    /* Of an array its elements are qualified, of a function nothing can be. */
    avd_und_qualify(u, &target, target_cv);
    if (unaligned)
        target.left = AVD_UND_JOIN(u, target.left, " __unaligned");
    target = pointer_to(u, &target, mark, cv);
    if (restricted)
        target.left = AVD_UND_JOIN(u, target.left, " __restrict");
    return target;
}

/* Whether a pointer or reference begins here; reads its letters. */
static bool accept_pointer(struct avd_und *u, const char **mark, unsigned *cv)
{
    *mark = "*";
    *cv = 0;
    if (avd_und_accept(u, "$$Q") || avd_und_accept(u, "$$R")) {
        *cv = u->input[u->pos - 1] == 'R' ? AVD_UND_VOLATILE : 0;
        *mark = "&&";
        return true;
    }
    switch (avd_und_peek(u)) {
    case 'A': *mark = "&"; break;
    case 'B':
        *mark = "&";
        *cv = AVD_UND_VOLATILE;
        break;
    case 'P': break;
    case 'Q': *cv = AVD_UND_CONST; break;
    case 'R': *cv = AVD_UND_VOLATILE; break;
    case 'S': *cv = AVD_UND_CONST | AVD_UND_VOLATILE; break;
    default: return false;
    }
    u->pos++;
    return true;
}

static struct avd_und_type unqualified_type(struct avd_und *u)
{
    const char *mark;
    unsigned cv;

    if (accept_pointer(u, &mark, &cv))
        return pointed_type(u, mark, cv);
    if (avd_und_accept(u, "Y"))
        return array_type(u);
    if (avd_und_accept(u, "$$A8@@"))
        return function_type(u, true);
    if (avd_und_accept(u, "$$A6"))
        return function_type(u, false);
    if (avd_und_peek(u) >= 'T' && avd_und_peek(u) <= 'W')
        return tagged_type(u);
    if (avd_und_accept(u, "?"))
        return vendor_type(u);
    return basic_type(u);
}

struct avd_und_type avd_und_read_type(struct avd_und *u, enum avd_und_qualifiers mode)
{
    struct avd_und_type type;
    unsigned cv = 0;

    if (!avd_und_enter(u))
        return nothing;
    if (mode == AVD_UND_MAYBE && avd_und_accept(u, "?"))
        cv = avd_und_read_plain_cv(u);
    type = unqualified_type(u);
    avd_und_qualify(u, &type, cv);
    avd_und_leave(u);
    return u->failed ? nothing : type;
}

const char *avd_und_declare(struct avd_und *u, const struct avd_und_type *type, const char *name)
{
    bool has_convention = type->convention[0] != '\0';
    bool has_name = name[0] != '\0';

    return AVD_UND_JOIN(u, type->left,
                        type->left[0] != '\0' && (has_convention || has_name) ? " " : "",
                        type->convention, has_convention && has_name ? " " : "", name,
                        type->is_array && !has_name ? " " : "", type->right);
}

/* One parameter. Those of more than one letter can be referred to by a digit. */
static const char *parameter(struct avd_und *u)
{
    struct avd_und_context *context = &u->context;
    struct avd_und_type type;
    size_t start = u->pos;
    char c = avd_und_peek(u);

    if (c >= '0' && c <= '9') {
        size_t i = (size_t)(c - '0');

        if (i >= context->type_count) {
            avd_und_fail(u);
            return "";
        }
        u->pos++;
        return avd_und_declare(u, &context->types[i], "");
    }
    type = avd_und_read_type(u, AVD_UND_NONE);
    if (u->pos - start > 1 && context->type_count < AVD_UND_REFERENCES)
        context->types[context->type_count++] = type;
    return avd_und_declare(u, &type, "");
}

static const char *parameters(struct avd_und *u)
{
    const char *list = "";

    if (avd_und_accept(u, "X"))
        return "(void)";
    while (!u->failed && avd_und_peek(u) != '@' && avd_und_peek(u) != 'Z')
        list = AVD_UND_JOIN(u, list, list[0] == '\0' ? "" : ",", parameter(u));
    if (avd_und_accept(u, "Z"))
        list = AVD_UND_JOIN(u, list, list[0] == '\0' ? "..." : ",...");
    else
        avd_und_expect(u, "@");
    return AVD_UND_JOIN(u, "(", list, ")");
}

void avd_und_read_function(struct avd_und *u, bool has_this, struct avd_und_function *out)
{
    const char *cv = "";
    const char *reference = "";
    const char *list;
    bool restricted = false;
    bool unaligned = false;

    if (has_this) {
        avd_und_read_extensions(u, &restricted, &unaligned);
        if (avd_und_accept(u, "G"))
            reference = " &";
        else if (avd_und_accept(u, "H"))
            reference = " &&";
        cv = avd_und_cv_text(avd_und_read_plain_cv(u));
        /* As undname has it: "f(void)const". */
        if (cv[0] == ' ')
            cv = &cv[1];
    }
    out->convention = avd_und_read_convention(u);
    out->has_result = !avd_und_accept(u, "@");
    out->result = out->has_result ? avd_und_read_type(u, AVD_UND_MAYBE) : nothing;
    list = parameters(u);
    out->tail = AVD_UND_JOIN(u, list, cv, restricted ? " __restrict" : "",
                             unaligned ? " __unaligned" : "", reference);
    /* What it may throw: Z for anything. */
    if (avd_und_accept(u, "_E"))
        out->tail = AVD_UND_JOIN(u, out->tail, " noexcept");
    else
        avd_und_expect(u, "Z");
}
/* NOLINTEND(misc-no-recursion) */
