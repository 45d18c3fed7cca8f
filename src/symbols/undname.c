/* SPDX-License-Identifier: MIT */
/*
 * Undecoration: the state, whole symbols (name, what it is, type), and the decoration of C names
 * in 32-bit code.
 */
#include "symbols/undname_private.h"

#include "base/limits.h"
#include "symbols/itanium.h"

#include <string.h>

void avd_und_fail(struct avd_und *u)
{
    u->failed = true;
    u->pos = u->size;
}

char avd_und_peek(const struct avd_und *u)
{
    return u->pos < u->size ? u->input[u->pos] : '\0';
}

bool avd_und_at(const struct avd_und *u, const char *text)
{
    size_t size = strlen(text);

    return u->size - u->pos >= size && memcmp(&u->input[u->pos], text, size) == 0;
}

bool avd_und_accept(struct avd_und *u, const char *text)
{
    if (!avd_und_at(u, text))
        return false;
    u->pos += strlen(text);
    return true;
}

void avd_und_expect(struct avd_und *u, const char *text)
{
    if (!avd_und_accept(u, text))
        avd_und_fail(u);
}

bool avd_und_enter(struct avd_und *u)
{
    if (u->failed || u->depth == AVD_MAX_UNDNAME_DEPTH) {
        avd_und_fail(u);
        return false;
    }
    u->depth++;
    return true;
}

void avd_und_leave(struct avd_und *u)
{
    u->depth--;
}

const char *avd_und_join(struct avd_und *u, const char *const *parts)
{
    size_t size = 0;
    size_t used = 0;
    size_t i;
    char *text;

    for (i = 0; parts[i] != NULL; i++)
        size += strlen(parts[i]);
    u->work += size + 1;
    if (u->failed || size > AVD_MAX_UNDNAME_OUTPUT || u->work > AVD_MAX_UNDNAME_WORK) {
        avd_und_fail(u);
        return "";
    }
    text = avd_arena_alloc(&u->arena, size + 1, 1);
    if (text == NULL) {
        u->no_memory = true;
        avd_und_fail(u);
        return "";
    }
    for (i = 0; parts[i] != NULL; i++) {
        size_t length = strlen(parts[i]);

        memcpy(&text[used], parts[i], length);
        used += length;
    }
    return text;
}

/* The digits of 1 to 10, or hexadecimal in the letters A to P up to '@'; *negative by '?'. */
static uint64_t magnitude(struct avd_und *u, bool *negative)
{
    uint64_t value = 0;
    unsigned digits;
    char c;

    *negative = avd_und_accept(u, "?");
    c = avd_und_peek(u);
    if (c >= '0' && c <= '9') {
        u->pos++;
        return (uint64_t)(c - '0') + 1;
    }
    for (digits = 0; digits < 16 && avd_und_peek(u) >= 'A' && avd_und_peek(u) <= 'P'; digits++) {
        value = value << 4 | (uint64_t)(avd_und_peek(u) - 'A');
        u->pos++;
    }
    if (digits == 0)
        avd_und_fail(u);
    avd_und_expect(u, "@");
    return value;
}

uint64_t avd_und_read_count(struct avd_und *u)
{
    bool negative;
    uint64_t value = magnitude(u, &negative);

    if (negative)
        avd_und_fail(u);
    return u->failed ? 0 : value;
}

static const char *number_text(struct avd_und *u, bool negative, uint64_t value)
{
    char *text;

    if (u->failed)
        return "";
    text = avd_arena_printf(&u->arena, "%s%llu", negative ? "-" : "", (unsigned long long)value);
    if (text == NULL) {
        u->no_memory = true;
        avd_und_fail(u);
        return "";
    }
    u->work += strlen(text) + 1;
    return text;
}

const char *avd_und_read_number_text(struct avd_und *u)
{
    bool negative;
    uint64_t value = magnitude(u, &negative);

    return number_text(u, negative, value);
}

const char *avd_und_read_offset_text(struct avd_und *u)
{
    bool negative;
    uint64_t value = magnitude(u, &negative);

    if (!negative && value <= UINT32_MAX && value > INT32_MAX) {
        value = UINT32_MAX - value + 1;
        negative = true;
    }
    return number_text(u, negative, value);
}

/* "0" to "4": whose variable it is; then its type and once more how it is qualified. */
static const char *variable(struct avd_und *u, const struct avd_und_name *name)
{
    static const char *const access[] = {"private: static ", "protected: static ",
                                         "public: static ", "", ""};
    const char *storage = access[avd_und_peek(u) - '0'];
    struct avd_und_type type;
    unsigned cv;
    bool restricted;
    bool unaligned;
    bool is_member;

    u->pos++;
    type = avd_und_read_type(u, AVD_UND_NONE);
    avd_und_read_extensions(u, &restricted, &unaligned);
    cv = avd_und_read_cv(u, &is_member);
    if (is_member)
        (void)avd_und_read_type_name(u);
    /* Of a pointer this is what it points to, which its type has said. */
    if (!type.is_pointer)
        avd_und_qualify(u, &type, cv);
    if (u->form == AVD_UNDNAME_NAME_ONLY)
        return avd_und_name_text(u, name, NULL);
    return AVD_UND_JOIN(u, storage, avd_und_declare(u, &type, avd_und_name_text(u, name, NULL)));
}

enum {
    PRIVATE = 1,
    PROTECTED = 2,
    PUBLIC = 3,
    ACCESS = 3,
    STATIC = 4,
    VIRTUAL = 8,
    THUNK = 16,
    DISPLACED = 32
};

/* The letters A to X in pairs, the second of each for far functions of 16-bit systems. */
static unsigned member_kind(char letter)
{
    static const unsigned char kinds[4] = {0, STATIC, VIRTUAL, VIRTUAL | THUNK};
    unsigned pair = (unsigned)(letter - 'A') / 2;

    return (pair / 4 + PRIVATE) | kinds[pair % 4];
}

/* What the thunk adds to "this", as undname shows it behind the name. */
static const char *adjustment(struct avd_und *u, unsigned kind, bool extended)
{
    const char *list;
    unsigned i;

    if ((kind & DISPLACED) == 0)
        return AVD_UND_JOIN(u, "`adjustor{", avd_und_read_offset_text(u), "}'");
    list = avd_und_read_offset_text(u);
    for (i = extended ? 3 : 1; i != 0; i--)
        list = AVD_UND_JOIN(u, list, ",", avd_und_read_offset_text(u));
    return AVD_UND_JOIN(u, extended ? "`vtordispex{" : "`vtordisp{", list, "}'");
}

/* What kind of function it is; its letters are read. */
static unsigned function_kind(struct avd_und *u, bool *is_member, bool *extended)
{
    char c;

    *is_member = true;
    *extended = false;
    if (avd_und_accept(u, "$")) {
        *extended = avd_und_accept(u, "R");
        c = avd_und_peek(u);
        if (c < '0' || c > '5') {
            avd_und_fail(u);
            return 0;
        }
        u->pos++;
        return ((unsigned)(c - '0') / 2 + PRIVATE) | VIRTUAL | THUNK | DISPLACED;
    }
    c = avd_und_peek(u);
    if (c >= 'A' && c <= 'X') {
        u->pos++;
        return member_kind(c);
    }
    *is_member = false;
    if (c == 'Y' || c == 'Z')
        u->pos++;
    else
        avd_und_fail(u);
    return 0;
}

static const char *function(struct avd_und *u, const struct avd_und_name *name)
{
    static const char *const access[] = {"", "private: ", "protected: ", "public: "};
    /* Marks of extern "C" and of managed code. */
    bool is_c = avd_und_accept(u, "$$J0");
    struct avd_und_function type;
    const char *adjusted = "";
    const char *text;
    unsigned kind;
    bool is_member;
    bool extended;

    if (!is_c && !avd_und_accept(u, "$$F"))
        (void)avd_und_accept(u, "$$H");
    if (avd_und_accept(u, "9")) {
        text = avd_und_name_text(u, name, NULL);
        return u->form == AVD_UNDNAME_FULL ? AVD_UND_JOIN(u, "extern \"C\" ", text) : text;
    }
    kind = function_kind(u, &is_member, &extended);
    if ((kind & THUNK) != 0)
        adjusted = adjustment(u, kind, extended);
    avd_und_read_function(u, is_member && (kind & STATIC) == 0, &type);
    text = AVD_UND_JOIN(u, avd_und_name_text(u, name, &type.result), adjusted);
    if (u->form == AVD_UNDNAME_NAME_ONLY)
        return text;
    text = AVD_UND_JOIN(u, type.convention, " ", text, type.tail);
    if (type.has_result && name->kind != AVD_UND_CONVERSION)
        text = AVD_UND_JOIN(u, type.result.left, " ", text, type.result.right);
    return AVD_UND_JOIN(u, (kind & THUNK) != 0 ? "[thunk]:" : "", is_c ? "extern \"C\" " : "",
                        access[kind & ACCESS], (kind & STATIC) != 0 ? "static " : "",
                        (kind & VIRTUAL) != 0 ? "virtual " : "", text);
}

const char *avd_und_read_declaration(struct avd_und *u, const struct avd_und_name *name,
                                     bool *is_variable)
{
    char c = avd_und_peek(u);

    *is_variable = c >= '0' && c <= '4';
    if (*is_variable)
        return variable(u, name);
    return function(u, name);
}

const char *avd_und_read_symbol(struct avd_und *u, struct avd_und_reference *key)
{
    struct avd_und_name name;
    const char *text;
    bool is_variable;
    size_t start = u->pos;

    if (!avd_und_enter(u))
        return "";
    avd_und_expect(u, "?");
    if (avd_und_at(u, "?@")) {
        /* A name that was too long: a hash, of which nothing can be told. */
        u->pos += 2;
        while (u->pos < u->size && avd_und_peek(u) != '@')
            u->pos++;
        avd_und_expect(u, "@");
        text = u->failed ? NULL : avd_arena_strndup(&u->arena, &u->input[start], u->pos - start);
        if (text == NULL) {
            u->no_memory = u->no_memory || !u->failed;
            avd_und_fail(u);
            text = "";
        }
    } else if (!avd_und_read_special(u, &text)) {
        avd_und_read_symbol_name(u, &name);
        if (key != NULL)
            *key = name.key;
        text = avd_und_read_declaration(u, &name, &is_variable);
    }
    avd_und_leave(u);
    return text;
}

/* A name as RTTI has it, ".?AVexception@std@@". */
static const char *type_of_descriptor(struct avd_und *u)
{
    struct avd_und_type type;

    avd_und_expect(u, ".");
    type = avd_und_read_type(u, AVD_UND_MAYBE);
    if (u->pos != u->size)
        avd_und_fail(u);
    return avd_und_declare(u, &type, "");
}

/* What follows a symbol after a dot is the optimizer's: "?f@@YAXXZ.cold". NULL: no such name. */
static const char *cxx_name(struct avd_arena *arena, struct avd_und *u, const char *prefix)
{
    const char *text;

    if (avd_und_at(u, "."))
        text = type_of_descriptor(u);
    else
        text = avd_und_read_symbol(u, NULL);
    if (!u->failed && u->pos != u->size && avd_und_peek(u) != '.')
        avd_und_fail(u);
    if (u->failed)
        return NULL;
    if (prefix[0] != '\0' && u->form == AVD_UNDNAME_FULL)
        prefix = "__declspec(dllimport) ";
    text = avd_arena_printf(arena, "%s%s%s", prefix, text, &u->input[u->pos]);
    u->no_memory = text == NULL;
    return text;
}

/*
 * Names that are not decorated but for an anonymous namespace, as PDBs have them:
 * "?A0x1234abcd::f", "f<?A0x1234abcd::g>". A copy, NULL out of memory.
 */
static const char *name_namespaces(struct avd_arena *arena, const char *name)
{
    static const char word[] = "`anonymous namespace'";
    const char *text = avd_arena_strdup(arena, name);
    const char *from = text;
    const char *mark;

    while (text != NULL && (mark = strstr(from, "?A0x")) != NULL) {
        size_t hash = 4 + strspn(&mark[4], "0123456789abcdefABCDEF");
        size_t before = (size_t)(mark - text);

        if (strncmp(&mark[hash], "::", 2) != 0)
            break;
        text = avd_arena_printf(arena, "%.*s%s%s", (int)before, text, word, &mark[hash]);
        from = text == NULL ? NULL : &text[before + sizeof word - 1];
    }
    return text;
}

static bool is_digits(const char *text, size_t size)
{
    return size != 0 && strspn(text, "0123456789") >= size;
}

/*
 * "_f", "_f@8", "@f@8" and "f@@8": how 32-bit C names tell their calling convention and the bytes
 * of their arguments. Names that other languages' schemes begin the same way stay.
 */
static void trim_c_name(const char *name, size_t *start, size_t *end)
{
    size_t size = strlen(name);
    const char *at = strrchr(name, '@');
    size_t cut = at != NULL ? (size_t)(at - name) : size;

    *start = 0;
    *end = size;
    /* None of those has an "@": "_ZwClose@4" and "_RmEndSession@4" are C. */
    if (at == NULL && avd_itanium_is(name))
        return;
    if (cut > 1 && is_digits(&name[cut + (at != NULL)], at != NULL ? size - cut - 1 : 0)) {
        if (name[0] == '_' || name[0] == '@') {
            *start = 1;
            *end = cut;
        } else if (name[cut - 1] == '@') {
            *end = cut - 1;
        }
    } else if (at == NULL && name[0] == '_' && size > 1) {
        *start = 1;
    }
}

const char *avd_undecorate(struct avd_arena *arena, const char *name, enum avd_undname_form form,
                           bool x86)
{
    static const char import[] = "__imp_";
    const char *prefix = strncmp(name, import, sizeof import - 1) == 0 ? import : "";
    struct avd_und u = {0};
    size_t size = strlen(name);
    size_t start = 0;
    const char *text;

    u.input = &name[strlen(prefix)];
    u.size = strlen(u.input);
    u.form = form;
    if (u.size <= AVD_MAX_UNDNAME_INPUT && (u.input[0] == '?' || u.input[0] == '.')) {
        text = cxx_name(arena, &u, prefix);
        avd_arena_deinit(&u.arena);
        if (text != NULL || u.no_memory)
            return text;
    }
    if (avd_itanium_undecorate(arena, u.input, form, &text) != AVD_OK)
        return NULL;
    if (text != NULL)
        return prefix[0] == '\0' ? text : avd_arena_printf(arena, "%s%s", prefix, text);
    if (size <= AVD_MAX_EXPORT_NAME_BYTES && strstr(name, "?A0x") != NULL)
        return name_namespaces(arena, name);
    if (x86)
        trim_c_name(name, &start, &size);
    return avd_arena_strndup(arena, &name[start], size - start);
}
