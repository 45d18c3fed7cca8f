/* SPDX-License-Identifier: MIT */
/*
 * Expressions: "stack.low - access.address < 0x2000", "u32(frame.fp + 8)". Dijkstra's shunting
 * yard turns them into steps for a small stack, so nothing recurses. `*`, `/`, `%`, `<<`, `>>` and
 * `&` bind tighter than `+`, `-`, `|` and `^`, as in Go: a mask needs no parentheses. Comparisons
 * may be chained and bind least.
 */
#include "rules/condition.h"

#include "rules/suggest.h"

#include <string.h>

enum { PREFERENCE_COMPARE = 1, PREFERENCE_ADD = 2, PREFERENCE_MULTIPLY = 3 };

static const struct binary {
    const char *text; /* longer ones before their beginnings */
    enum avd_code_op op;
    int preference;
} binaries[] = {
    {"<<", AVD_CODE_SHL, PREFERENCE_MULTIPLY},    {">>", AVD_CODE_SHR, PREFERENCE_MULTIPLY},
    {"<=", AVD_CODE_AT_MOST, PREFERENCE_COMPARE}, {">=", AVD_CODE_AT_LEAST, PREFERENCE_COMPARE},
    {"==", AVD_CODE_EQUAL, PREFERENCE_COMPARE},   {"!=", AVD_CODE_UNEQUAL, PREFERENCE_COMPARE},
    {"<", AVD_CODE_LESS, PREFERENCE_COMPARE},     {">", AVD_CODE_GREATER, PREFERENCE_COMPARE},
    {"*", AVD_CODE_MUL, PREFERENCE_MULTIPLY},     {"/", AVD_CODE_DIV, PREFERENCE_MULTIPLY},
    {"%", AVD_CODE_MOD, PREFERENCE_MULTIPLY},     {"&", AVD_CODE_AND, PREFERENCE_MULTIPLY},
    {"+", AVD_CODE_ADD, PREFERENCE_ADD},          {"-", AVD_CODE_SUB, PREFERENCE_ADD},
    {"|", AVD_CODE_OR, PREFERENCE_ADD},           {"^", AVD_CODE_XOR, PREFERENCE_ADD},
};

static const struct function {
    const char *name;
    enum avd_code_op op;
    enum avd_fact_type type;
} functions[] = {
    {"u8", AVD_CODE_U8, AVD_FACT_NUMBER},
    {"u16", AVD_CODE_U16, AVD_FACT_NUMBER},
    {"u32", AVD_CODE_U32, AVD_FACT_NUMBER},
    {"u64", AVD_CODE_U64, AVD_FACT_NUMBER},
    {"pointer", AVD_CODE_POINTER, AVD_FACT_ADDRESS},
    {"text", AVD_CODE_TEXT, AVD_FACT_TEXT},
    {"utf16", AVD_CODE_UTF16, AVD_FACT_TEXT},
    {"name", AVD_CODE_NAME, AVD_FACT_TEXT},
    {"module", AVD_CODE_MODULE, AVD_FACT_TEXT},
    {"trace", AVD_CODE_TRACE, AVD_FACT_LIST},
};
enum {
    BINARY_COUNT = sizeof binaries / sizeof binaries[0],
    FUNCTION_COUNT = sizeof functions / sizeof functions[0]
};

/* What waits on the yard's stack. */
struct waiting {
    enum { OPEN, CALL, BINARY } kind;
    int which; /* of functions or binaries */
    unsigned column;
};

struct yard {
    struct avd_compiler *c;
    const struct avd_yaml_node *node;
    const char *what; /* the key that the expression stands under */
    const char *at;
    struct avd_rule_code code[AVD_MAX_RULE_CODE];
    unsigned count;
    struct waiting stack[AVD_MAX_RULE_STACK];
    unsigned depth;
    enum avd_fact_type types[AVD_MAX_RULE_STACK]; /* what the steps so far leave on their stack */
    unsigned height;
    unsigned comparisons;
};

/* Column of a place in the text; exact while the text stands in one line. */
static unsigned column_of(const struct yard *y, const char *at)
{
    return y->node->column + (unsigned)(at - y->node->text) + (y->node->plain ? 0 : 1);
}

static enum avd_status too_long(struct yard *y)
{
    return avd_rule_problem(y->c->problems, y->c->file, y->node,
                            "expression in '%s' is too long (name parts of it with 'let')",
                            y->what);
}

static bool is_number(enum avd_fact_type type)
{
    return type == AVD_FACT_NUMBER || type == AVD_FACT_ADDRESS || type == AVD_FACT_CODE;
}

static enum avd_status push(struct yard *y, const struct avd_rule_code *step,
                            enum avd_fact_type type)
{
    if (y->count >= AVD_MAX_RULE_CODE || y->height >= AVD_MAX_RULE_STACK)
        return too_long(y);
    y->code[y->count++] = *step;
    y->types[y->height++] = type;
    return AVD_OK;
}

/* Makes steps of what waits last. */
static enum avd_status apply(struct yard *y, const struct waiting *last)
{
    struct avd_rule_code step;
    unsigned needs = last->kind == BINARY ? 2 : 1;
    enum avd_fact_type type = AVD_FACT_NUMBER;
    unsigned i;

    memset(&step, 0, sizeof step);
    for (i = 0; i < needs; i++)
        if (!is_number(y->types[y->height - 1 - i]))
            return avd_rule_problem_at(y->c->problems, y->c->file, y->node->line, last->column,
                                       "'%s' works on numbers, found %s",
                                       last->kind == BINARY ? binaries[last->which].text
                                                            : functions[last->which].name,
                                       avd_type_name(y->types[y->height - 1 - i]));
    if (last->kind == BINARY) {
        step.op = binaries[last->which].op;
        if (binaries[last->which].preference == PREFERENCE_COMPARE)
            y->comparisons++;
        else if ((step.op == AVD_CODE_ADD || step.op == AVD_CODE_SUB) &&
                 (y->types[y->height - 1] == AVD_FACT_ADDRESS) !=
                     (y->types[y->height - 2] == AVD_FACT_ADDRESS))
            type = AVD_FACT_ADDRESS; /* an address and a distance */
    } else {
        step.op = functions[last->which].op;
        type = functions[last->which].type;
    }
    y->height -= needs;
    return push(y, &step, type);
}

static enum avd_status wait(struct yard *y, int kind, int which, const char *at)
{
    struct waiting *next = &y->stack[y->depth];

    if (y->depth >= AVD_MAX_RULE_STACK)
        return avd_rule_problem_at(y->c->problems, y->c->file, y->node->line, column_of(y, at),
                                   "expression in '%s' is nested deeper than %d levels", y->what,
                                   (int)AVD_MAX_RULE_STACK);
    next->kind = kind == OPEN ? OPEN : kind == CALL ? CALL : BINARY;
    next->which = which;
    next->column = column_of(y, at);
    y->depth++;
    return AVD_OK;
}

/* Everything that waits and binds at least as tight. */
static enum avd_status settle(struct yard *y, int preference)
{
    enum avd_status status = AVD_OK;

    while (status == AVD_OK && y->depth > 0 && y->stack[y->depth - 1].kind == BINARY &&
           binaries[y->stack[y->depth - 1].which].preference >= preference)
        status = apply(y, &y->stack[--y->depth]);
    return status;
}

static enum avd_status read_number(struct yard *y, size_t size)
{
    char text[32];
    struct avd_rule_code step;
    bool too_large = false;

    memset(&step, 0, sizeof step);
    step.op = AVD_CODE_NUMBER;
    if (size < sizeof text) {
        memcpy(text, y->at, size);
        text[size] = '\0';
    }
    if (size >= sizeof text || !avd_number_parse(text, &step.number, &too_large) || too_large)
        return avd_rule_problem_at(y->c->problems, y->c->file, y->node->line, column_of(y, y->at),
                                   "'%.*s' is not a number of at most 64 bits (decimal or 0x hex)",
                                   (int)(size < 40 ? size : 40), y->at);
    y->at += size;
    return push(y, &step, AVD_FACT_NUMBER);
}

static enum avd_status unknown_function(struct yard *y, size_t size)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char hint[AVD_SUGGESTION_SIZE];
    struct avd_suggestion suggestion;
    const char *name = avd_arena_strndup(y->c->arena, y->at, size);
    int i;

    if (name == NULL)
        return AVD_E_NOMEM;
    avd_suggestion_init(&suggestion, name);
    for (i = 0; i < FUNCTION_COUNT; i++)
        avd_suggestion_offer(&suggestion, functions[i].name);
    return avd_rule_problem_at(y->c->problems, y->c->file, y->node->line, column_of(y, y->at),
                               "unknown function '%s'%s", avd_yaml_excerpt(name, shown),
                               avd_suggestion_text(&suggestion, hint));
}

/* A function with its parenthesis, or the name of a value. */
static enum avd_status read_name(struct yard *y, size_t size, bool *called)
{
    const char *after = y->at + size + strspn(y->at + size, " ");
    struct avd_subject subject;
    struct avd_rule_code step;
    enum avd_status status;
    const char *name;
    int i;

    *called = *after == '(';
    if (*called) {
        for (i = 0; i < FUNCTION_COUNT; i++)
            if (strlen(functions[i].name) == size && memcmp(functions[i].name, y->at, size) == 0)
                break;
        if (i == FUNCTION_COUNT)
            return unknown_function(y, size);
        status = wait(y, CALL, i, y->at);
        y->at = after + 1;
        return status;
    }
    status = avd_name_resolve(y->c, y->at, size, y->node->line, column_of(y, y->at), &subject);
    if (status == AVD_NOT_FOUND) {
        name = avd_arena_strndup(y->c->arena, y->at, size);
        return name != NULL ? avd_name_unknown(y->c, "name", name, y->node->line,
                                               column_of(y, y->at), y->what)
                            : AVD_E_NOMEM;
    }
    if (status != AVD_OK)
        return status;
    memset(&step, 0, sizeof step);
    step.op = AVD_CODE_OPERAND;
    step.operand = subject.operand;
    y->at += size;
    return push(y, &step, subject.type);
}

static enum avd_status unexpected(struct yard *y, const char *wanted)
{
    char shown[AVD_YAML_EXCERPT_SIZE];
    char one[5] = "";

    (void)strncat(one, y->at, 1);
    if (y->at[0] == '\0')
        return avd_rule_problem_at(y->c->problems, y->c->file, y->node->line, column_of(y, y->at),
                                   "expression in '%s' ends where %s is expected", y->what, wanted);
    return avd_rule_problem_at(y->c->problems, y->c->file, y->node->line, column_of(y, y->at),
                               "expression in '%s': expected %s, found '%s'%s", y->what, wanted,
                               avd_yaml_excerpt(one, shown),
                               y->at[0] == '=' ? " (equality is '==')" : "");
}

/* A number, name, call or parenthesis; *done when a value was read whole. */
static enum avd_status read_value(struct yard *y, bool *done)
{
    static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    size_t size = strspn(y->at, names);
    bool called = false;
    enum avd_status status;

    *done = false;
    if (*y->at == '(') {
        status = wait(y, OPEN, 0, y->at);
        y->at++;
        return status;
    }
    if (size == 0)
        return unexpected(y, "a number, a name or '('");
    if (*y->at >= '0' && *y->at <= '9') {
        *done = true;
        return read_number(y, size);
    }
    status = read_name(y, size, &called);
    *done = !called;
    return status;
}

static enum avd_status read_close(struct yard *y)
{
    enum avd_status status = settle(y, PREFERENCE_COMPARE + 1);
    unsigned open = y->depth;

    if (status != AVD_OK)
        return status;
    while (open > 0 && y->stack[open - 1].kind == BINARY)
        open--;
    if (open == 0)
        return unexpected(y, "an operator or the end");
    if (y->stack[y->depth - 1].kind == BINARY)
        return avd_rule_problem_at(y->c->problems, y->c->file, y->node->line,
                                   y->stack[y->depth - 1].column,
                                   "a comparison must not stand in parentheses (use 'all', 'any' "
                                   "and 'not' with several checks)");
    y->at++;
    y->depth--;
    return y->stack[y->depth].kind == CALL ? apply(y, &y->stack[y->depth]) : AVD_OK;
}

/* An operator or a closing parenthesis; *done when an operator was read, so a value follows. */
static enum avd_status read_operator(struct yard *y, bool *done)
{
    enum avd_status status;
    int i;

    *done = false;
    if (*y->at == ')')
        return read_close(y);
    for (i = 0; i < BINARY_COUNT; i++)
        if (strncmp(y->at, binaries[i].text, strlen(binaries[i].text)) == 0)
            break;
    if (i == BINARY_COUNT)
        return unexpected(y, "an operator");
    *done = true;
    status = settle(y, binaries[i].preference);
    if (status == AVD_OK)
        status = wait(y, BINARY, i, y->at);
    y->at += strlen(binaries[i].text);
    return status;
}

static enum avd_status read_all(struct yard *y)
{
    bool wants_value = true;
    bool done = false;
    enum avd_status status = AVD_OK;

    for (;;) {
        y->at += strspn(y->at, " ");
        if (*y->at == '\0')
            break;
        status = wants_value ? read_value(y, &done) : read_operator(y, &done);
        if (status != AVD_OK)
            return status;
        wants_value = wants_value ? !done : done;
    }
    if (wants_value)
        return unexpected(y, "a value");
    status = settle(y, PREFERENCE_COMPARE);
    if (status == AVD_OK && y->depth != 0)
        return unexpected(y, "')'");
    return status;
}

enum avd_status avd_expression_compile(struct avd_compiler *c, const struct avd_yaml_node *node,
                                       const char *what, bool compares,
                                       const struct avd_rule_code **code, unsigned *count,
                                       enum avd_fact_type *type)
{
    struct yard y;
    struct avd_rule_code *copy;
    enum avd_status status;

    if (node->kind != AVD_YAML_SCALAR || node->text[0] == '\0')
        return avd_rule_problem(c->problems, c->file, node,
                                "'%s' needs an expression such as 'access.address - stack.low', "
                                "found %s",
                                what, avd_yaml_kind_name(node));
    /* Not the arrays: their counts say what of them is there. */
    y.count = y.depth = y.height = y.comparisons = 0;
    y.c = c;
    y.node = node;
    y.what = what;
    y.at = node->text;
    status = read_all(&y);
    if (status != AVD_OK)
        return status;
    if (compares && y.comparisons == 0)
        return avd_rule_problem(c->problems, c->file, node,
                                "'check' needs a comparison such as 'stack.low - access.address < "
                                "0x2000'");
    if (!compares && y.comparisons != 0)
        return avd_rule_problem(c->problems, c->file, node,
                                "'let' names a value: put the comparison into 'check'");
    copy = avd_arena_alloc(c->arena, y.count, sizeof *copy);
    if (copy == NULL)
        return AVD_E_NOMEM;
    memcpy(copy, y.code, y.count * sizeof *copy);
    *code = copy;
    *count = y.count;
    *type = y.types[0];
    return AVD_OK;
}
