/* SPDX-License-Identifier: MIT */
/*
 * The values that names and expressions have. Numbers are exact integers: what does not fit 64
 * bits and a sign is not known, rather than something else. Memory that the dump does not hold is
 * not known either.
 */
#include "rules/judge.h"

#include "base/strbuf.h"
#include "base/utf.h"
#include "base/view.h"

#include <inttypes.h>
#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): a `let` uses others, none itself: AVD_MAX_RULE_LETS */

struct item {
    bool negative;
    struct avd_fact fact; /* of a negative number the magnitude */
};

static void unknown(struct avd_fact *out, const char *reason)
{
    memset(out, 0, sizeof *out);
    out->type = AVD_FACT_UNKNOWN;
    out->text = reason != NULL ? reason : "not known";
}

static bool lacks(struct avd_lack *lack, const char *what, const char *reason)
{
    lack->what = what;
    lack->reason = reason;
    return false;
}

static void let_value(struct avd_judge *j, unsigned index, struct avd_fact *out)
{
    const struct avd_rule_let *let = &j->rule->lets[index];
    struct avd_lack lack = {NULL, NULL};
    bool holds;

    if (!j->lets[index].used || j->lets[index].generation != j->generation) {
        if (!avd_judge_code(j, let->code, let->code_count, out, &holds, &lack))
            unknown(out, lack.reason);
        out->name = let->name;
        if (out->type == AVD_FACT_NUMBER)
            out->type = let->type;
        j->lets[index].value = *out;
        j->lets[index].used = true;
        j->lets[index].generation = j->generation;
    }
    *out = j->lets[index].value;
}

void avd_judge_value(struct avd_judge *j, const struct avd_rule_operand *operand,
                     struct avd_fact *out)
{
    const struct avd_fact *fact;
    const struct avd_bound *bound;

    switch (operand->kind) {
    case AVD_OPERAND_FACT:
        fact = avd_fact_find(j->facts, operand->name);
        if (fact != NULL)
            *out = *fact;
        else
            unknown(out, "the analysis did not look for it");
        return;
    case AVD_OPERAND_COLUMN:
        bound = &j->slots[operand->slot];
        if (bound->bound)
            avd_collection_get(j->facts, j->rule->slots[operand->slot].collection, bound->parent,
                               bound->row, operand->column, out);
        else
            unknown(out, "no row of that name was matched");
        return;
    case AVD_OPERAND_LET: let_value(j, operand->let, out); return;
    case AVD_OPERAND_NONE: break;
    }
    unknown(out, NULL);
}

/* ---- arithmetic ---- */

static bool is_number(enum avd_fact_type type)
{
    return type == AVD_FACT_NUMBER || type == AVD_FACT_ADDRESS || type == AVD_FACT_CODE;
}

static void set_number(struct item *out, bool negative, uint64_t magnitude)
{
    unsigned digits = out->fact.address_digits;

    memset(&out->fact, 0, sizeof out->fact);
    out->fact.type = AVD_FACT_NUMBER;
    out->fact.number = magnitude;
    out->fact.address_digits = digits;
    out->negative = negative && magnitude != 0;
}

/* a + b of the given signs; false when it does not fit. */
static bool add(struct item *a, bool b_negative, uint64_t b)
{
    uint64_t x = a->fact.number;

    if (a->negative == b_negative) {
        if (x > UINT64_MAX - b)
            return false;
        set_number(a, b_negative, x + b);
    } else if (x >= b) {
        set_number(a, a->negative, x - b);
    } else {
        set_number(a, b_negative, b - x);
    }
    return true;
}

/* -1, 0 or 1. */
static int order(const struct item *a, const struct item *b)
{
    int magnitudes;

    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    magnitudes = (a->fact.number > b->fact.number) - (a->fact.number < b->fact.number);
    return a->negative ? -magnitudes : magnitudes;
}

static bool shift(struct item *a, uint64_t by, bool left)
{
    uint64_t x = a->fact.number;

    if (left && x != 0 && (by >= 64 || x > UINT64_MAX >> by))
        return false;
    if (by >= 64)
        set_number(a, false, 0);
    else
        set_number(a, a->negative, left ? x << by : x >> by);
    return true;
}

/* *a = *a op *b; NULL, or why there is no result. */
static const char *calculate(enum avd_code_op op, struct item *a, const struct item *b)
{
    static const char too_large[] = "a result does not fit 64 bits";
    uint64_t x = a->fact.number;
    uint64_t y = b->fact.number;
    bool negative = a->negative != b->negative;

    if (op == AVD_CODE_ADD || op == AVD_CODE_SUB)
        return add(a, op == AVD_CODE_SUB ? !b->negative : b->negative, y) ? NULL : too_large;
    if (op == AVD_CODE_MUL) {
        if (x != 0 && y > UINT64_MAX / x)
            return too_large;
        set_number(a, negative, x * y);
        return NULL;
    }
    if (op == AVD_CODE_DIV || op == AVD_CODE_MOD) {
        if (y == 0)
            return "a number was to be divided by 0";
        set_number(a, op == AVD_CODE_DIV ? negative : a->negative,
                   op == AVD_CODE_DIV ? x / y : x % y);
        return NULL;
    }
    if (a->negative || b->negative)
        return "bits of a negative number were asked for";
    if (op == AVD_CODE_SHL || op == AVD_CODE_SHR)
        return shift(a, y, op == AVD_CODE_SHL) ? NULL : too_large;
    set_number(a, false, op == AVD_CODE_AND ? x & y : op == AVD_CODE_OR ? x | y : x ^ y);
    return NULL;
}

static bool compares(enum avd_code_op op, const struct item *a, const struct item *b)
{
    int result = order(a, b);

    if (op == AVD_CODE_LESS)
        return result < 0;
    if (op == AVD_CODE_AT_MOST)
        return result <= 0;
    if (op == AVD_CODE_EQUAL)
        return result == 0;
    if (op == AVD_CODE_UNEQUAL)
        return result != 0;
    return op == AVD_CODE_AT_LEAST ? result >= 0 : result > 0;
}

/* ---- memory ---- */

static const char *not_there(const struct avd_judge *j, uint64_t address)
{
    const char *text =
        avd_arena_printf(j->arena, "memory at 0x%" PRIx64 " is not in the dump", address);

    return text != NULL ? text : "that memory is not in the dump";
}

static const char *read_number(const struct avd_judge *j, enum avd_code_op op, struct item *a)
{
    const struct avd_fact_port *port = &j->facts->port;
    unsigned pointer_size = port->pointer_size == 4 ? 4 : 8;
    size_t size = op == AVD_CODE_U8    ? 1
                  : op == AVD_CODE_U16 ? 2
                  : op == AVD_CODE_U32 ? 4
                  : op == AVD_CODE_U64 ? 8
                                       : pointer_size;
    uint8_t bytes[8] = {0};
    uint64_t address = a->fact.number;

    if (port->read(port->ctx, address, bytes, size) != size)
        return not_there(j, address);
    set_number(a, false, avd_le64(bytes));
    a->fact.address_digits = pointer_size * 2;
    return NULL;
}

static const char *read_text(const struct avd_judge *j, bool wide, struct item *a)
{
    const struct avd_fact_port *port = &j->facts->port;
    uint8_t bytes[AVD_MAX_RULE_READ_BYTES];
    struct avd_view view = {bytes, 0, 0};
    char *text;

    view.size = port->read(port->ctx, a->fact.number, bytes, sizeof bytes);
    if (view.size < (wide ? 2u : 1u))
        return not_there(j, a->fact.number);
    text = wide ? avd_utf16_to_utf8(j->arena, view) : avd_bytes_to_utf8(j->arena, view);
    if (text == NULL)
        return "out of memory";
    memset(&a->fact, 0, sizeof a->fact);
    a->fact.type = AVD_FACT_TEXT;
    a->fact.text = text;
    return NULL;
}

static const char *read_name(const struct avd_judge *j, bool module, struct item *a)
{
    const struct avd_fact_port *port = &j->facts->port;
    const char *text = module ? port->module(port->ctx, a->fact.number)
                              : port->name(port->ctx, a->fact.number, j->arena);

    if (text == NULL)
        return "the address lies in no module";
    memset(&a->fact, 0, sizeof a->fact);
    a->fact.type = AVD_FACT_TEXT;
    a->fact.text = text;
    return NULL;
}

/* An array of return addresses ends with the first word that is no code: writers of such arrays
 * leave zeros behind the last. */
static const char *read_trace(const struct avd_judge *j, struct item *a)
{
    const struct avd_fact_port *port = &j->facts->port;
    unsigned size = port->pointer_size == 4 ? 4 : 8;
    uint64_t address = a->fact.number;
    const char **names = avd_arena_alloc(j->arena, AVD_MAX_RULE_TRACE, sizeof *names);
    size_t count = 0;

    if (names == NULL)
        return "out of memory";
    while (count < AVD_MAX_RULE_TRACE) {
        uint8_t bytes[8] = {0};
        const char *name;

        if (port->read(port->ctx, address + count * size, bytes, size) != size) {
            if (count == 0)
                return not_there(j, address);
            break;
        }
        if (port->is_code != NULL && port->is_code(port->ctx, avd_le64(bytes)) == 0)
            break;
        name = port->name(port->ctx, avd_le64(bytes), j->arena);
        if (name == NULL)
            break;
        names[count++] = name;
    }
    if (count == 0)
        return "there are no return addresses";
    memset(&a->fact, 0, sizeof a->fact);
    a->fact.type = AVD_FACT_LIST;
    a->fact.list = names;
    a->fact.list_count = count;
    return NULL;
}

static const char *look_up(const struct avd_judge *j, enum avd_code_op op, struct item *a)
{
    const struct avd_fact_port *port = &j->facts->port;

    if (port->read == NULL || port->name == NULL || port->module == NULL)
        return "there is no memory to read";
    if (a->negative)
        return "an address is negative";
    if (op == AVD_CODE_TEXT || op == AVD_CODE_UTF16)
        return read_text(j, op == AVD_CODE_UTF16, a);
    if (op == AVD_CODE_NAME || op == AVD_CODE_MODULE)
        return read_name(j, op == AVD_CODE_MODULE, a);
    return op == AVD_CODE_TRACE ? read_trace(j, a) : read_number(j, op, a);
}

/* ---- expressions ---- */

static bool run_step(struct avd_judge *j, const struct avd_rule_code *step, struct item *stack,
                     unsigned *height, bool *holds, struct avd_lack *lack)
{
    bool pushes = step->op == AVD_CODE_NUMBER || step->op == AVD_CODE_OPERAND;
    struct item *top = &stack[pushes ? (*height)++ : *height - 1];
    const char *problem = NULL;

    if (pushes) {
        top->negative = false;
        if (step->op == AVD_CODE_NUMBER) {
            top->fact.address_digits = 0;
            set_number(top, false, step->number);
            return true;
        }
        avd_judge_value(j, &step->operand, &top->fact);
        return top->fact.type != AVD_FACT_UNKNOWN ||
               lacks(lack, step->operand.name, top->fact.text);
    }
    if (step->op >= AVD_CODE_U8) {
        problem = is_number(top->fact.type) ? look_up(j, step->op, top) : "not a number";
    } else if (!is_number(top->fact.type) || !is_number(stack[*height - 2].fact.type)) {
        problem = "not a number";
    } else if (step->op >= AVD_CODE_LESS) {
        (*height)--;
        *holds = *holds && compares(step->op, top - 1, top);
        *(top - 1) = *top;
    } else {
        (*height)--;
        problem = calculate(step->op, top - 1, top);
    }
    return problem == NULL || lacks(lack, j->rule->id, problem);
}

bool avd_judge_code(struct avd_judge *j, const struct avd_rule_code *code, unsigned count,
                    struct avd_fact *out, bool *holds, struct avd_lack *lack)
{
    struct item stack[AVD_MAX_RULE_STACK];
    unsigned height = 0;
    unsigned i;

    *holds = true;
    for (i = 0; i < count; i++) {
        if (++j->steps > AVD_MAX_RULE_STEPS)
            return lacks(lack, j->rule->id, "the rule compares too many rows with each other");
        if (!run_step(j, &code[i], stack, &height, holds, lack))
            return false;
    }
    if (stack[0].negative)
        unknown(out, "the value is negative");
    else
        *out = stack[0].fact;
    return true;
}

/* ---- names in texts ---- */

static bool show_rows(struct avd_judge *j, unsigned slot, const char *column,
                      struct avd_strbuf *out)
{
    const struct avd_bound *bound = &j->slots[slot];
    unsigned collection = j->rule->slots[slot].collection;
    size_t found = avd_column_find(&avd_collection_docs[collection], column);
    size_t shown = 0;
    size_t i;

    if (found == SIZE_MAX || !bound->bound)
        return false;
    for (i = 0; i < bound->match_count && i < AVD_MAX_RULE_BOUND_ROWS; i++) {
        struct avd_fact fact;

        avd_collection_get(j->facts, collection, bound->parent, bound->rows[i], (unsigned)found,
                           &fact);
        if (fact.type == AVD_FACT_UNKNOWN)
            continue;
        if (shown++ != 0)
            avd_strbuf_puts(out, ", ");
        avd_fact_show(&fact, out);
    }
    if (shown != 0 && shown < bound->match_count)
        avd_strbuf_printf(out, " and %zu more", bound->match_count - shown);
    return shown != 0;
}

bool avd_judge_named(struct avd_judge *j, const char *name, size_t size, struct avd_strbuf *out)
{
    char copy[2 * AVD_MAX_RULE_NAME_BYTES + 2];
    const struct avd_fact *fact;
    struct avd_fact value;
    const char *dot;
    unsigned i;

    if (size >= sizeof copy)
        return false;
    memcpy(copy, name, size);
    copy[size] = '\0';
    dot = strchr(copy, '.');
    for (i = 0; dot == NULL && i < j->rule->let_count; i++) {
        if (strcmp(j->rule->lets[i].name, copy) == 0) {
            let_value(j, i, &value);
            if (value.type == AVD_FACT_UNKNOWN)
                return false;
            avd_fact_show(&value, out);
            return true;
        }
    }
    for (i = 0; dot != NULL && i < j->rule->slot_count; i++)
        if (strlen(j->rule->slots[i].name) == (size_t)(dot - copy) &&
            memcmp(j->rule->slots[i].name, copy, (size_t)(dot - copy)) == 0)
            return show_rows(j, i, dot + 1, out);
    fact = avd_fact_find(j->facts, copy);
    if (fact == NULL || fact->type == AVD_FACT_UNKNOWN)
        return false;
    avd_fact_show(fact, out);
    return true;
}
/* NOLINTEND(misc-no-recursion) */
