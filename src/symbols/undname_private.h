/* SPDX-License-Identifier: MIT */
/*
 * The state of one undecoration. Pieces of text are put together in a scratch arena as the name is
 * read; a failure is sticky and moves to the end of the input, so that every loop ends and the
 * caller checks once. What is put together is counted, because a back reference of one digit may
 * stand for a long text, many times over.
 */
#ifndef AVD_SYMBOLS_UNDNAME_PRIVATE_H
#define AVD_SYMBOLS_UNDNAME_PRIVATE_H

#include "symbols/undname.h"

#include <stdint.h>

enum { AVD_UND_REFERENCES = 10 }; /* what a digit can refer to */

/* A type in two halves, between which stands what has the type: "int (*" and ")[3]". */
struct avd_und_type {
    const char *left;
    const char *right;
    const char *convention; /* of a function; otherwise "" */
    bool is_function;
    bool is_array;
    bool is_pointer; /* or reference */
    unsigned cv;     /* what is in `left` already: AVD_UND_CONST ... */
};

/* A name that a digit may refer to: as decorated, which tells names apart, and as shown. */
struct avd_und_reference {
    size_t start, end;
    const char *text;
};

struct avd_und_context {
    struct avd_und_reference names[AVD_UND_REFERENCES];
    size_t name_count;
    struct avd_und_type types[AVD_UND_REFERENCES];
    size_t type_count;
};

struct avd_und {
    const char *input;
    size_t size;
    size_t pos;
    enum avd_undname_form form;
    bool failed;
    bool no_memory;
    unsigned depth;
    size_t work; /* bytes put together so far */
    struct avd_arena arena;
    struct avd_und_context context; /* template arguments have one of their own */
};

enum avd_und_name_kind {
    AVD_UND_PLAIN,
    AVD_UND_CONSTRUCTOR,
    AVD_UND_DESTRUCTOR,
    AVD_UND_CONVERSION /* named after its return type, which comes later */
};

struct avd_und_name {
    enum avd_und_name_kind kind;
    const char *identifier;
    const char *arguments;        /* "<int>" or "" */
    const char *scopes;           /* "A::B::" or "" */
    const char *inner;            /* the innermost scope, "B" or "" */
    struct avd_und_reference key; /* of a template: how it was decorated */
};

void avd_und_fail(struct avd_und *u);
/* The next character; '\0' at the end. */
char avd_und_peek(const struct avd_und *u);
bool avd_und_at(const struct avd_und *u, const char *text);
bool avd_und_accept(struct avd_und *u, const char *text);
void avd_und_expect(struct avd_und *u, const char *text);
/* Entering and leaving a level of nesting; false when it is too deep. */
bool avd_und_enter(struct avd_und *u);
void avd_und_leave(struct avd_und *u);

/* Texts in a row, ended by NULL; "" after a failure. */
const char *avd_und_join(struct avd_und *u, const char *const *parts);
#define AVD_UND_JOIN(u, ...) avd_und_join(u, (const char *const[]){__VA_ARGS__, NULL})

/* Encoded numbers: one that cannot be negative, and any as text, "12", "-3". */
uint64_t avd_und_read_count(struct avd_und *u);
const char *avd_und_read_number_text(struct avd_und *u);
/* The same for offsets, which are signed and of 32 bits. */
const char *avd_und_read_offset_text(struct avd_und *u);

/* undname_name.c */
void avd_und_remember(struct avd_und *u, const struct avd_und_reference *key);
/* A function's or variable's name with its scopes. */
void avd_und_read_symbol_name(struct avd_und *u, struct avd_und_name *out);
/* The scopes alone, up to and with the '@' that ends them. */
void avd_und_read_scopes(struct avd_und *u, struct avd_und_name *out);
/* A name in one text; `conversion` is the return type's, for conversion operators. */
const char *avd_und_name_text(struct avd_und *u, const struct avd_und_name *name,
                              const struct avd_und_type *conversion);
/* One name, and the name of a class or enumeration with its scopes. */
const char *avd_und_read_class_name(struct avd_und *u);
const char *avd_und_read_type_name(struct avd_und *u);

/* undname_operator.c: what stands behind "?" as a function's name. */
void avd_und_read_operator(struct avd_und *u, struct avd_und_name *out);

/* undname_template.c: arguments up to and with '@', as "<int,char>". */
const char *avd_und_read_template_arguments(struct avd_und *u);

/* undname_type.c */
/* How the type's own qualifiers are written, as against those of what it points to. */
enum avd_und_qualifiers {
    AVD_UND_NONE, /* not at all */
    AVD_UND_MAYBE /* when a '?' announces them */
};
struct avd_und_type avd_und_read_type(struct avd_und *u, enum avd_und_qualifiers mode);
/* "A" to "D": none, const, volatile, both; for members "Q" to "T". */
enum { AVD_UND_CONST = 1, AVD_UND_VOLATILE = 2 };
unsigned avd_und_read_cv(struct avd_und *u, bool *is_member);
/* "A" to "D" only. */
unsigned avd_und_read_plain_cv(struct avd_und *u);
/* " const volatile". */
const char *avd_und_cv_text(unsigned cv);
/* Adds what the type has not yet. */
void avd_und_qualify(struct avd_und *u, struct avd_und_type *type, unsigned cv);
/* Pointer size, __restrict, __unaligned: read; *restricted and *unaligned are set. */
void avd_und_read_extensions(struct avd_und *u, bool *restricted, bool *unaligned);
const char *avd_und_read_convention(struct avd_und *u);
/* What has the type, between its halves: "int x", "int x[3]". */
const char *avd_und_declare(struct avd_und *u, const struct avd_und_type *type, const char *name);

/* A function's type: calling convention, return type, parameters. */
struct avd_und_function {
    const char *convention;
    bool has_result; /* constructors and destructors have none */
    struct avd_und_type result;
    const char *tail; /* "(int,char)const" */
};
void avd_und_read_function(struct avd_und *u, bool has_this, struct avd_und_function *out);

/* undname.c: a decorated symbol from its "?", as the form wants it shown. */
const char *avd_und_read_symbol(struct avd_und *u, struct avd_und_reference *key);

/* undname_special.c: tables, descriptors, guards and stubs that the compiler names itself. False
 * when the symbol behind the first "?" is none. */
bool avd_und_read_special(struct avd_und *u, const char **text);
/* Variable or function of that name: what follows it up to the symbol's end. */
const char *avd_und_read_declaration(struct avd_und *u, const struct avd_und_name *name,
                                     bool *is_variable);

#endif
