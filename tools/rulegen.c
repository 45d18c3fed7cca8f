/* SPDX-License-Identifier: MIT */
/*
 * avdump-rulegen OUT.c RULES_DIR: turns the shipped rules into static tables, so that avdump
 * parses no YAML when it starts. It links the loader itself: what is wrong in a rule file fails
 * the build with the same message that a user would get. The output depends on the rules only.
 */
#include "base/arena.h"
#include "base/memory.h"
#include "base/strbuf.h"
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

static const char *const op_names[] = {
    [AVD_OP_ALL] = "AVD_OP_ALL",         [AVD_OP_ANY] = "AVD_OP_ANY",
    [AVD_OP_NOT] = "AVD_OP_NOT",         [AVD_OP_EQUALS] = "AVD_OP_EQUALS",
    [AVD_OP_IN] = "AVD_OP_IN",           [AVD_OP_BELOW] = "AVD_OP_BELOW",
    [AVD_OP_ABOVE] = "AVD_OP_ABOVE",     [AVD_OP_AT_LEAST] = "AVD_OP_AT_LEAST",
    [AVD_OP_AT_MOST] = "AVD_OP_AT_MOST", [AVD_OP_CONTAINS] = "AVD_OP_CONTAINS",
    [AVD_OP_MATCHES] = "AVD_OP_MATCHES", [AVD_OP_KNOWN] = "AVD_OP_KNOWN",
};

static const char *const severity_names[] = {
    [AVD_SEVERITY_INFO] = "AVD_SEVERITY_INFO",
    [AVD_SEVERITY_WARNING] = "AVD_SEVERITY_WARNING",
    [AVD_SEVERITY_ERROR] = "AVD_SEVERITY_ERROR",
};

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

static void put_exprs(struct avd_strbuf *out, size_t index, const struct avd_rule *rule)
{
    unsigned i;
    unsigned k;

    for (i = 0; i < rule->expr_count; i++) {
        const struct avd_rule_expr *expr = &rule->exprs[i];

        if (expr->value_count != 0) {
            avd_strbuf_printf(out, "static const struct avd_rule_value values_%zu_%u[] = {", index,
                              i);
            for (k = 0; k < expr->value_count; k++) {
                avd_strbuf_puts(out, k != 0 ? ", " : "");
                put_value(out, &expr->values[k]);
            }
            avd_strbuf_puts(out, "};\n");
        }
        if (expr->child_count != 0) {
            avd_strbuf_printf(out, "static const unsigned children_%zu_%u[] = {", index, i);
            for (k = 0; k < expr->child_count; k++)
                avd_strbuf_printf(out, "%s%u", k != 0 ? ", " : "", expr->children[k]);
            avd_strbuf_puts(out, "};\n");
        }
    }
    avd_strbuf_printf(out, "static const struct avd_rule_expr exprs_%zu[] = {\n", index);
    for (i = 0; i < rule->expr_count; i++) {
        const struct avd_rule_expr *expr = &rule->exprs[i];
        char name[32];

        avd_strbuf_printf(out, "    {%s, ", op_names[expr->op]);
        put_string(out, expr->fact);
        avd_strbuf_puts(out, ", ");
        (void)snprintf(name, sizeof name, "values_%zu", index);
        put_reference(out, name, i, expr->value_count);
        avd_strbuf_puts(out, ", ");
        (void)snprintf(name, sizeof name, "children_%zu", index);
        put_reference(out, name, i, expr->child_count);
        avd_strbuf_puts(out, "},\n");
    }
    avd_strbuf_puts(out, "};\n");
}

static void put_rule(struct avd_strbuf *out, size_t index, const struct avd_rule *rule)
{
    const char *const texts[] = {rule->id, rule->title, rule->pattern, rule->reference};
    size_t i;

    avd_strbuf_puts(out, "    {");
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put_string(out, texts[i]);
        avd_strbuf_puts(out, ",\n     ");
    }
    avd_strbuf_printf(out, "%s,\n     ", severity_names[rule->severity]);
    put_string(out, rule->summary);
    avd_strbuf_puts(out, ",\n     ");
    put_reference(out, "evidence", index, rule->evidence_count);
    avd_strbuf_puts(out, ", ");
    put_reference(out, "advice", index, rule->advice_count);
    avd_strbuf_puts(out, ", ");
    put_reference(out, "exprs", index, rule->expr_count);
    avd_strbuf_puts(out, ", ");
    put_string(out, rule->file);
    avd_strbuf_printf(out, ", %u},\n", rule->line);
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
        put_lines(out, "evidence", i, rule->evidence, rule->evidence_count);
        put_lines(out, "advice", i, rule->advice, rule->advice_count);
        put_exprs(out, i, rule);
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
    struct avd_error err = {0};
    struct avd_strbuf out;
    int result = EXIT_FAILURE;

    if (argc != 3) {
        (void)fputs("usage: avdump-rulegen OUT.c RULES_DIR\n", stderr);
        return 2;
    }
    avd_strbuf_init(&out);
    if (avd_rules_read_directory(&arena, argv[2], shown_as, &rules, &err) != AVD_OK) {
        print_error(&err);
        goto out;
    }
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
