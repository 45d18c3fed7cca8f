/* SPDX-License-Identifier: MIT */
/*
 * The postfix evaluator. Everything it works on comes from symbol files and may be damaged or
 * hostile: the operand stack, the variables and the words of one evaluation have ceilings, and a
 * value that is not known makes the evaluation fail instead of counting as 0.
 */
#include "stack/postfix.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A name stands for itself until its value is needed, because assignments name their target. */
struct operand {
    const char *name; /* NULL: a number */
    size_t size;
    uint64_t value;
};

struct stack {
    struct operand items[AVD_MAX_POSTFIX_DEPTH];
    size_t count;
};

static bool fail(struct avd_postfix *postfix, const char *format, ...) AVD_PRINTF(2, 3);

static bool fail(struct avd_postfix *postfix, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(postfix->failure, sizeof postfix->failure, format, args);
    va_end(args);
    return false;
}

static uint64_t wrap(const struct avd_postfix *postfix, uint64_t value)
{
    return postfix->walk->cpu->pointer_size == 4 ? value & UINT32_MAX : value;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool avd_postfix_word(const char *text, size_t size, size_t *pos, const char **word,
                      size_t *word_size)
{
    size_t start;

    while (*pos < size && is_blank(text[*pos]))
        ++*pos;
    start = *pos;
    while (*pos < size && !is_blank(text[*pos]))
        ++*pos;
    *word = &text[start];
    *word_size = *pos - start;
    return *word_size != 0;
}

static bool is_name(const char *name, size_t size, const char *wanted)
{
    return strlen(wanted) == size && memcmp(name, wanted, size) == 0;
}

bool avd_postfix_register(const struct avd_cpu_ops *cpu, const char *name, size_t size,
                          unsigned *reg)
{
    /* CodeView's numbers for x86, CV_REG_EAX to CV_REG_EDI */
    static const struct {
        const char *name;
        unsigned reg;
    } codeview[] = {{"$17", AVD_EAX}, {"$18", AVD_ECX}, {"$19", AVD_EDX}, {"$20", AVD_EBX},
                    {"$21", AVD_ESP}, {"$22", AVD_EBP}, {"$23", AVD_ESI}, {"$24", AVD_EDI}};
    unsigned i;

    for (i = 0; cpu->pointer_size == 4 && i < sizeof codeview / sizeof codeview[0]; i++) {
        if (is_name(name, size, codeview[i].name)) {
            *reg = codeview[i].reg;
            return true;
        }
    }
    if (size > 1 && name[0] == '$') {
        name = &name[1];
        size--;
    }
    for (i = 0; i < AVD_REG_COUNT; i++) {
        if (cpu->reg_names[i] != NULL && is_name(name, size, cpu->reg_names[i])) {
            *reg = i;
            return true;
        }
    }
    return false;
}

void avd_postfix_init(struct avd_postfix *postfix, const struct avd_walk *walk,
                      const struct avd_regs *regs)
{
    memset(postfix, 0, sizeof *postfix);
    postfix->walk = walk;
    postfix->regs = *regs;
}

static struct avd_postfix_variable *find_variable(struct avd_postfix *postfix, const char *name,
                                                  size_t size)
{
    size_t i;

    for (i = 0; i < postfix->variable_count; i++) {
        struct avd_postfix_variable *variable = &postfix->variables[i];

        if (variable->size == size && memcmp(variable->name, name, size) == 0)
            return variable;
    }
    return NULL;
}

static bool set_variable(struct avd_postfix *postfix, const char *name, size_t size, uint64_t value,
                         bool constant)
{
    struct avd_postfix_variable *variable = find_variable(postfix, name, size);

    if (variable == NULL) {
        if (postfix->variable_count == AVD_MAX_POSTFIX_VARIABLES)
            return fail(postfix, "more than %d variables", AVD_MAX_POSTFIX_VARIABLES);
        variable = &postfix->variables[postfix->variable_count++];
        variable->name = name;
        variable->size = size;
    }
    variable->value = wrap(postfix, value);
    variable->constant = constant;
    return true;
}

bool avd_postfix_define(struct avd_postfix *postfix, const char *name, uint64_t value)
{
    return set_variable(postfix, name, strlen(name), value, true);
}

/* A decimal number, perhaps negative. One that is too large for 64 bits is none. */
static bool parse_number(const char *word, size_t size, uint64_t *out)
{
    bool negative = size > 1 && word[0] == '-';
    size_t i = negative ? 1 : 0;
    uint64_t value = 0;

    if (i == size)
        return false;
    for (; i < size; i++) {
        unsigned digit = (unsigned)(unsigned char)word[i] - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? 0 - value : value;
    return true;
}

static bool push(struct avd_postfix *postfix, struct stack *stack, const char *name, size_t size,
                 uint64_t value)
{
    struct operand *operand;

    if (stack->count == AVD_MAX_POSTFIX_DEPTH)
        return fail(postfix, "more than %d operands", AVD_MAX_POSTFIX_DEPTH);
    operand = &stack->items[stack->count++];
    operand->name = name;
    operand->size = size;
    operand->value = wrap(postfix, value);
    return true;
}

static bool pop(struct avd_postfix *postfix, struct stack *stack, struct operand *out)
{
    if (stack->count == 0)
        return fail(postfix, "an operand is missing");
    *out = stack->items[--stack->count];
    return true;
}

/* The topmost operand as a number: a name gives way to its value, which must be known. */
static bool pop_value(struct avd_postfix *postfix, struct stack *stack, uint64_t *out)
{
    const struct avd_postfix_variable *variable;
    struct operand operand = {0};
    unsigned reg;

    if (!pop(postfix, stack, &operand))
        return false;
    *out = operand.value;
    if (operand.name == NULL)
        return true;
    if (avd_postfix_register(postfix->walk->cpu, operand.name, operand.size, &reg)) {
        if (!avd_reg_known(&postfix->regs, reg))
            return fail(postfix, "the value of %s is not known",
                        postfix->walk->cpu->reg_names[reg]);
        *out = wrap(postfix, postfix->regs.value[reg]);
        return true;
    }
    variable = find_variable(postfix, operand.name, operand.size);
    if (variable == NULL)
        return fail(postfix, "a variable is used that has no value");
    *out = variable->value;
    return true;
}

static bool assign(struct avd_postfix *postfix, struct stack *stack)
{
    const struct avd_postfix_variable *variable;
    struct operand target = {0};
    uint64_t value;
    unsigned reg;

    if (!pop_value(postfix, stack, &value) || !pop(postfix, stack, &target))
        return false;
    if (target.name == NULL)
        return fail(postfix, "a number is assigned to");
    if (avd_postfix_register(postfix->walk->cpu, target.name, target.size, &reg)) {
        avd_reg_set(&postfix->regs, reg, value);
        postfix->assigned |= UINT32_C(1) << reg;
        return true;
    }
    variable = find_variable(postfix, target.name, target.size);
    if (target.name[0] != '$' || (variable != NULL && variable->constant))
        return fail(postfix, "a constant is assigned to");
    return set_variable(postfix, target.name, target.size, value, false);
}

static bool dereference(struct avd_postfix *postfix, struct stack *stack)
{
    uint64_t addr;
    uint64_t value;

    if (!pop_value(postfix, stack, &addr))
        return false;
    if (!avd_walk_pointer(postfix->walk, addr, &value))
        return fail(postfix, "0x%" PRIx64 " is not in the dump", addr);
    return push(postfix, stack, NULL, 0, value);
}

static bool calculate(struct avd_postfix *postfix, struct stack *stack, char op)
{
    uint64_t a;
    uint64_t b;

    if (!pop_value(postfix, stack, &b) || !pop_value(postfix, stack, &a))
        return false;
    switch (op) {
    case '+': return push(postfix, stack, NULL, 0, a + b);
    case '-': return push(postfix, stack, NULL, 0, a - b);
    case '*': return push(postfix, stack, NULL, 0, a * b);
    case '@': /* a aligned down to a multiple of b */
        if (b == 0 || (b & (b - 1)) != 0)
            return fail(postfix, "0x%" PRIx64 " is no alignment", b);
        return push(postfix, stack, NULL, 0, a & (0 - b));
    default:
        if (b == 0)
            return fail(postfix, "division by 0");
        return push(postfix, stack, NULL, 0, op == '/' ? a / b : a % b);
    }
}

/* Whether a word can be a name: of a register, "$T0", ".raSearch". */
static bool can_be_name(const struct avd_cpu_ops *cpu, const char *word, size_t size)
{
    unsigned reg;

    return (size > 1 && (word[0] == '$' || word[0] == '.')) ||
           avd_postfix_register(cpu, word, size, &reg);
}

static bool evaluate(struct avd_postfix *postfix, const char *text, size_t size, bool is_program,
                     struct stack *stack)
{
    const char *word;
    size_t word_size;
    size_t words = 0;
    size_t pos = 0;

    stack->count = 0;
    postfix->failure[0] = '\0';
    while (avd_postfix_word(text, size, &pos, &word, &word_size)) {
        uint64_t value;
        bool ok;

        if (++words > AVD_MAX_POSTFIX_WORDS)
            return fail(postfix, "more than %d words", AVD_MAX_POSTFIX_WORDS);
        if (word_size == 1 && strchr("+-*/%@", word[0]) != NULL && word[0] != '\0')
            ok = calculate(postfix, stack, word[0]);
        else if (word_size == 1 && word[0] == '^')
            ok = dereference(postfix, stack);
        else if (word_size == 1 && word[0] == '=' && is_program)
            ok = assign(postfix, stack);
        else if (parse_number(word, word_size, &value))
            ok = push(postfix, stack, NULL, 0, value);
        else if (can_be_name(postfix->walk->cpu, word, word_size))
            ok = push(postfix, stack, word, word_size, 0);
        else
            ok = fail(postfix, "word %zu is none of the language", words);
        if (!ok)
            return false;
    }
    return true;
}

bool avd_postfix_run(struct avd_postfix *postfix, const char *text, size_t size)
{
    struct stack stack;

    return evaluate(postfix, text, size, true, &stack) &&
           (stack.count == 0 || fail(postfix, "%zu operands are left over", stack.count));
}

bool avd_postfix_value(struct avd_postfix *postfix, const char *text, size_t size, uint64_t *out)
{
    struct stack stack;

    *out = 0;
    if (!evaluate(postfix, text, size, false, &stack) || !pop_value(postfix, &stack, out))
        return false;
    return stack.count == 0 || fail(postfix, "%zu operands are left over", stack.count);
}
