/* SPDX-License-Identifier: MIT */
/*
 * avdump-rulegen OUT.c RULES_DIR: turns the shipped rules into static tables, so that avdump
 * parses no YAML when it starts. It links the loader itself: what is wrong in a rule file fails
 * the build with the same message that a user would get. The output depends on the rules only.
 */
#include "base/arena.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "rules/problems.h"
#include "rules/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The loader compares with the shipped rules; here there are none yet. */
const struct avd_rule avd_shipped_rules[] = {{0}};
const unsigned avd_shipped_rule_count = 0;

/* What the rules' folder is called in messages and tables: no path of this machine. */
static const char shown_as[] = "rules";

#define NAME(op) [op] = #op
static const char *const op_names[] = {
    NAME(AVD_OP_ALL),        NAME(AVD_OP_ANY),         NAME(AVD_OP_NOT),
    NAME(AVD_OP_EQUALS),     NAME(AVD_OP_IN),          NAME(AVD_OP_BELOW),
    NAME(AVD_OP_ABOVE),      NAME(AVD_OP_AT_LEAST),    NAME(AVD_OP_AT_MOST),
    NAME(AVD_OP_HAS_BITS),   NAME(AVD_OP_HAS_ANY_BIT), NAME(AVD_OP_CONTAINS),
    NAME(AVD_OP_MATCHES),    NAME(AVD_OP_KNOWN),       NAME(AVD_OP_CHECK),
    NAME(AVD_OP_ROWS_ANY),   NAME(AVD_OP_ROWS_ALL),    NAME(AVD_OP_ROWS_NONE),
    NAME(AVD_OP_ROWS_FIRST), NAME(AVD_OP_ROWS_COUNT),  NAME(AVD_OP_ROWS_SEQUENCE),
    NAME(AVD_OP_ROW),
};

static const char *const code_names[] = {
    NAME(AVD_CODE_NUMBER),   NAME(AVD_CODE_OPERAND), NAME(AVD_CODE_MUL),     NAME(AVD_CODE_DIV),
    NAME(AVD_CODE_MOD),      NAME(AVD_CODE_SHL),     NAME(AVD_CODE_SHR),     NAME(AVD_CODE_AND),
    NAME(AVD_CODE_ADD),      NAME(AVD_CODE_SUB),     NAME(AVD_CODE_OR),      NAME(AVD_CODE_XOR),
    NAME(AVD_CODE_LESS),     NAME(AVD_CODE_AT_MOST), NAME(AVD_CODE_EQUAL),   NAME(AVD_CODE_UNEQUAL),
    NAME(AVD_CODE_AT_LEAST), NAME(AVD_CODE_GREATER), NAME(AVD_CODE_U8),      NAME(AVD_CODE_U16),
    NAME(AVD_CODE_U32),      NAME(AVD_CODE_U64),     NAME(AVD_CODE_POINTER), NAME(AVD_CODE_TEXT),
    NAME(AVD_CODE_UTF16),    NAME(AVD_CODE_NAME),    NAME(AVD_CODE_MODULE),  NAME(AVD_CODE_TRACE),
};

static const char *const operand_names[] = {
    NAME(AVD_OPERAND_NONE),
    NAME(AVD_OPERAND_FACT),
    NAME(AVD_OPERAND_COLUMN),
    NAME(AVD_OPERAND_LET),
};

static const char *const type_names[] = {
    NAME(AVD_FACT_UNKNOWN), NAME(AVD_FACT_BOOL), NAME(AVD_FACT_NUMBER), NAME(AVD_FACT_ADDRESS),
    NAME(AVD_FACT_CODE),    NAME(AVD_FACT_TEXT), NAME(AVD_FACT_LIST),
};

static const char *const severity_names[] = {
    NAME(AVD_SEVERITY_INFO),
    NAME(AVD_SEVERITY_WARNING),
    NAME(AVD_SEVERITY_ERROR),
};

static const char *const confidence_names[] = {
    NAME(AVD_CONFIDENCE_LOW),
    NAME(AVD_CONFIDENCE_MEDIUM),
    NAME(AVD_CONFIDENCE_HIGH),
};
#undef NAME

/* A C string literal. Octal escapes end after three digits whatever follows, and '?' is escaped
 * because ISO C has trigraphs. */
static void put_string(struct avd_strbuf *out, const char *text)
{
    const char *p;

    if (text == NULL) {
        avd_strbuf_puts(out, "NULL");
        return;
    }
    avd_strbuf_puts(out, "\"");
    for (p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\' || *p == '?')
            avd_strbuf_printf(out, "\\%c", *p);
        else if (*p < ' ' || *p > '~')
            avd_strbuf_printf(out, "\\%03o", (unsigned)(unsigned char)*p);
        else
            avd_strbuf_add(out, p, 1);
    }
    avd_strbuf_puts(out, "\"");
}

static void put_value(struct avd_strbuf *out, const struct avd_rule_value *value)
{
    if (value->type == AVD_FACT_TEXT) {
        avd_strbuf_puts(out, "{AVD_FACT_TEXT, 0, ");
        put_string(out, value->text);
        avd_strbuf_puts(out, "}");
    } else {
        avd_strbuf_printf(out, "{%s, UINT64_C(0x%" PRIx64 "), NULL}",
                          value->type == AVD_FACT_BOOL ? "AVD_FACT_BOOL" : "AVD_FACT_NUMBER",
                          value->number);
    }
}

static void put_lines(struct avd_strbuf *out, const char *name, size_t index,
                      const char *const *lines, unsigned count)
{
    unsigned i;

    if (count == 0)
        return;
    avd_strbuf_printf(out, "static const char *const %s_%zu[] = {\n", name, index);
    for (i = 0; i < count; i++) {
        avd_strbuf_puts(out, "    ");
        put_string(out, lines[i]);
        avd_strbuf_puts(out, ",\n");
    }
    avd_strbuf_puts(out, "};\n");
}

/* "name_3" or "NULL" for an empty one, which ISO C has no array for. */
static void put_reference(struct avd_strbuf *out, const char *name, size_t index, unsigned count)
{
    if (count == 0)
        avd_strbuf_puts(out, "NULL, 0");
    else
        avd_strbuf_printf(out, "%s_%zu, %u", name, index, count);
}

static void put_operand(struct avd_strbuf *out, const struct avd_rule_operand *operand)
{
    avd_strbuf_printf(out, "{%s, ", operand_names[operand->kind]);
    put_string(out, operand->name);
    avd_strbuf_printf(out, ", %u, %u, %u}", operand->slot, operand->column, operand->let);
}

static void put_code(struct avd_strbuf *out, const char *name, size_t index, unsigned number,
                     const struct avd_rule_code *code, unsigned count)
{
    unsigned i;

    if (count == 0)
        return;
    avd_strbuf_printf(out, "static const struct avd_rule_code %s_%zu_%u[] = {\n", name, index,
                      number);
    for (i = 0; i < count; i++) {
        avd_strbuf_printf(out, "    {%s, UINT64_C(0x%" PRIx64 "), ", code_names[code[i].op],
                          code[i].number);
        put_operand(out, &code[i].operand);
        avd_strbuf_puts(out, "},\n");
    }
    avd_strbuf_puts(out, "};\n");
}

/* What an expression points to. */
static void put_parts(struct avd_strbuf *out, size_t index, unsigned number,
                      const struct avd_rule_expr *expr)
{
    unsigned k;

    if (expr->value_count != 0) {
        avd_strbuf_printf(out, "static const struct avd_rule_value values_%zu_%u[] = {", index,
                          number);
        for (k = 0; k < expr->value_count; k++) {
            avd_strbuf_puts(out, k != 0 ? ", " : "");
            put_value(out, &expr->values[k]);
        }
        avd_strbuf_puts(out, "};\n");
    }
    if (expr->child_count != 0) {
        avd_strbuf_printf(out, "static const int children_%zu_%u[] = {", index, number);
        for (k = 0; k < expr->child_count; k++)
            avd_strbuf_printf(out, "%s%d", k != 0 ? ", " : "", expr->children[k]);
        avd_strbuf_puts(out, "};\n");
    }
    put_code(out, "code", index, number, expr->code, expr->code_count);
}

static void put_expr(struct avd_strbuf *out, size_t index, unsigned number,
                     const struct avd_rule_expr *expr)
{
    char name[32];

    avd_strbuf_printf(out, "    {%s, ", op_names[expr->op]);
    put_operand(out, &expr->operand);
    avd_strbuf_printf(out, ", UINT64_C(0x%" PRIx64 "), ", expr->mask);
    (void)snprintf(name, sizeof name, "values_%zu", index);
    put_reference(out, name, number, expr->value_count);
    avd_strbuf_puts(out, ", ");
    (void)snprintf(name, sizeof name, "children_%zu", index);
    put_reference(out, name, number, expr->child_count);
    avd_strbuf_printf(out, ", %u, %u, %d, ", expr->collection, expr->slot, expr->parent_slot);
    (void)snprintf(name, sizeof name, "code_%zu", index);
    put_reference(out, name, number, expr->code_count);
    avd_strbuf_puts(out, ", ");
    put_string(out, expr->source);
    avd_strbuf_printf(out, ", %u},\n", expr->line);
}

static void put_lets(struct avd_strbuf *out, size_t index, const struct avd_rule *rule)
{
    unsigned i;

    for (i = 0; i < rule->let_count; i++)
        put_code(out, "let", index, i, rule->lets[i].code, rule->lets[i].code_count);
    if (rule->let_count == 0)
        return;
    avd_strbuf_printf(out, "static const struct avd_rule_let lets_%zu[] = {\n", index);
    for (i = 0; i < rule->let_count; i++) {
        avd_strbuf_puts(out, "    {");
        put_string(out, rule->lets[i].name);
        avd_strbuf_printf(out, ", %s, let_%zu_%u, %u},\n", type_names[rule->lets[i].type], index, i,
                          rule->lets[i].code_count);
    }
    avd_strbuf_puts(out, "};\n");
}

static void put_slots(struct avd_strbuf *out, size_t index, const struct avd_rule *rule)
{
    unsigned i;

    if (rule->slot_count == 0)
        return;
    avd_strbuf_printf(out, "static const struct avd_rule_slot slots_%zu[] = {", index);
    for (i = 0; i < rule->slot_count; i++) {
        avd_strbuf_puts(out, i != 0 ? ", {" : "{");
        put_string(out, rule->slots[i].name);
        avd_strbuf_printf(out, ", %u}", rule->slots[i].collection);
    }
    avd_strbuf_puts(out, "};\n");
}

static void put_parameters(struct avd_strbuf *out, size_t index, const struct avd_rule *rule)
{
    unsigned i;

    if (rule->parameter_count == 0)
        return;
    avd_strbuf_printf(out, "static const struct avd_rule_parameter parameters_%zu[] = {\n", index);
    for (i = 0; i < rule->parameter_count; i++) {
        avd_strbuf_puts(out, "    {");
        put_string(out, rule->parameters[i].name);
        avd_strbuf_puts(out, ", ");
        put_string(out, rule->parameters[i].text);
        avd_strbuf_puts(out, "},\n");
    }
    avd_strbuf_puts(out, "};\n");
}

/* Everything that a rule points to. */
static void put_rule_parts(struct avd_strbuf *out, size_t index, const struct avd_rule *rule)
{
    unsigned i;

    put_lines(out, "evidence", index, rule->evidence, rule->evidence_count);
    put_lines(out, "advice", index, rule->advice, rule->advice_count);
    put_lines(out, "tags", index, rule->tags, rule->tag_count);
    put_lines(out, "references", index, rule->references, rule->reference_count);
    put_parameters(out, index, rule);
    put_slots(out, index, rule);
    put_lets(out, index, rule);
    for (i = 0; i < rule->expr_count; i++)
        put_parts(out, index, i, &rule->exprs[i]);
    avd_strbuf_printf(out, "static const struct avd_rule_expr exprs_%zu[] = {\n", index);
    for (i = 0; i < rule->expr_count; i++)
        put_expr(out, index, i, &rule->exprs[i]);
    avd_strbuf_puts(out, "};\n");
}

static void put_rule(struct avd_strbuf *out, size_t index, const struct avd_rule *rule)
{
    const char *const texts[] = {rule->id, rule->title, rule->pattern, rule->reference};
    const struct {
        const char *name;
        unsigned count;
    } parts[] = {
        {"evidence", rule->evidence_count},
        {"advice", rule->advice_count},
        {"tags", rule->tag_count},
        {"references", rule->reference_count},
        {"parameters", rule->parameter_count},
        {"slots", rule->slot_count},
        {"lets", rule->let_count},
        {"exprs", rule->expr_count},
    };
    size_t i;

    avd_strbuf_puts(out, "    {");
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put_string(out, texts[i]);
        avd_strbuf_puts(out, ",\n     ");
    }
    avd_strbuf_printf(out, "%s, %s,\n     ", severity_names[rule->severity],
                      confidence_names[rule->confidence]);
    put_string(out, rule->summary);
    avd_strbuf_puts(out, ",\n     ");
    put_string(out, rule->explanation);
    avd_strbuf_puts(out, ",\n     ");
    for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        put_reference(out, parts[i].name, index, parts[i].count);
        avd_strbuf_puts(out, ", ");
    }
    put_string(out, rule->file);
    avd_strbuf_printf(out, ", %u, NULL, 0},\n", rule->line);
}

static int compare_rules(const void *a, const void *b)
{
    const struct avd_rule *x = a;
    const struct avd_rule *y = b;

    return strcmp(x->id, y->id);
}

static void put_tables(struct avd_strbuf *out, const struct avd_rule_list *rules)
{
    size_t i;

    avd_strbuf_puts(out, "/* SPDX-License-Identifier: MIT */\n"
                         "/* Made by avdump-rulegen from the files in rules/; edit those. */\n"
                         "#include \"rules/rules.h\"\n\n");
    for (i = 0; i < rules->count; i++) {
        const struct avd_rule *rule = &rules->items[i];

        avd_strbuf_printf(out, "/* %s */\n", rule->id);
        put_rule_parts(out, i, rule);
        avd_strbuf_puts(out, "\n");
    }
    avd_strbuf_puts(out, "const struct avd_rule avd_shipped_rules[] = {\n");
    for (i = 0; i < rules->count; i++)
        put_rule(out, i, &rules->items[i]);
    avd_strbuf_printf(out, "};\nconst unsigned avd_shipped_rule_count = %zu;\n", rules->count);
}

static int write_file(const char *path, const struct avd_strbuf *text)
{
    FILE *file = fopen(path, "wb");
    size_t written;

    if (file == NULL) {
        (void)fprintf(stderr, "avdump-rulegen: %s: %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    written = fwrite(text->text, 1, text->size, file);
    if (fclose(file) != 0 || written != text->size) {
        (void)fprintf(stderr, "avdump-rulegen: %s: cannot be written\n", path);
        (void)remove(path);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static void print_error(const struct avd_error *err)
{
    if (err->line != 0)
        (void)fprintf(stderr, "avdump-rulegen: %s:%u:%u: %s\n", err->where, err->line, err->column,
                      err->message);
    else
        (void)fprintf(stderr, "avdump-rulegen: %s%s%s\n", err->where,
                      err->where[0] != '\0' ? ": " : "", err->message);
}

int main(int argc, char **argv)
{
    struct avd_arena arena = {0};
    struct avd_rule_list rules = {0};
    struct avd_rule_problems problems = {0};
    struct avd_error err = {0};
    struct avd_strbuf out;
    size_t i;
    int result = EXIT_FAILURE;

    problems.arena = &arena;
    if (argc != 3) {
        (void)fputs("usage: avdump-rulegen OUT.c RULES_DIR\n", stderr);
        return 2;
    }
    avd_strbuf_init(&out);
    if (avd_rules_read_directory(&arena, argv[2], shown_as, &rules, &problems, &err) != AVD_OK) {
        print_error(&err);
        goto out;
    }
    for (i = 0; i < problems.count; i++) {
        avd_rule_problem_error(&problems.items[i], &err);
        print_error(&err);
    }
    if (problems.count != 0)
        goto out;
    qsort(rules.items, rules.count, sizeof *rules.items, compare_rules);
    put_tables(&out, &rules);
    if (out.failed)
        (void)fputs("avdump-rulegen: out of memory\n", stderr);
    else
        result = write_file(argv[1], &out);
out:
    avd_strbuf_deinit(&out);
    avd_arena_deinit(&arena);
    return result;
}
