/* SPDX-License-Identifier: MIT */
/*
 * avdump-stopgen OUT.c DIRECTORY: turns the YAML files of rules/verifier, the stops of Application
 * Verifier, into the static tables of analyze/verifier_stops.h. One file is one layer:
 *
 *     layer: Networking                           its name
 *     headline: APPLICATION_VERIFIER_NETWORKING   what !analyze puts before a stop's name
 *     about: use of Winsock                       what it watches
 *     modules: [vfnet.dll]                        the DLLs that report it; [] when not known
 *     stops:
 *       - name: WSA_SOCKET_ALREADY_CLOSED         the Stop ID
 *         codes: [0xE001, 0xE101]                 the documented one first
 *         title, cause, advice: texts; severity: error, warning, info; report: break, none;
 *         log, backtrace, one_time: true, false; what is left out is not documented
 *         culprit: [parameter2, stack]            where to look for who is to blame; default: stack
 *         parameters:                             up to four, each a kind and what it means
 *           - socket: SOCKET that was used
 */
#include "analyze/verifier_stops.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "rules/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STOPS = 4096, MAX_CODES = 2, MAX_PARAMETERS = 4 };

/* The tables are what this program makes; verifier_stops.c wants some. */
const struct avd_stop avd_stops[] = {{0}};
const unsigned avd_stop_count = 0;
const struct avd_stop_code avd_stop_codes[] = {{0, 0, 0}};
const unsigned avd_stop_code_count = 0;

struct code {
    struct avd_stop_code code;
    const char *file;
    unsigned line;
};

struct gen {
    struct avd_arena arena;
    struct avd_strbuf layers; /* the arrays' bodies, put together at the end */
    struct avd_strbuf stops;
    unsigned layer_count, stop_count;
    struct code codes[MAX_STOPS];
    unsigned code_count;
    const char *file;
};

static void fail(const struct gen *gen, const struct avd_yaml_node *node, const char *message,
                 const char *detail)
{
    fprintf(stderr, "avdump-stopgen: %s:%u:%u: %s%s%s\n", gen->file, node->line, node->column,
            message, *detail != '\0' ? ": " : "", detail);
    exit(1);
}

static const struct avd_yaml_node *want(const struct gen *gen, const struct avd_yaml_node *mapping,
                                        const char *key, enum avd_yaml_kind kind, bool required)
{
    size_t i;

    for (i = 0; i < mapping->count; i += 2) {
        if (strcmp(mapping->items[i]->text, key) != 0)
            continue;
        if (mapping->items[i + 1]->kind != kind)
            fail(gen, mapping->items[i + 1], "unexpected form of", key);
        return mapping->items[i + 1];
    }
    if (required)
        fail(gen, mapping, "missing key", key);
    return NULL;
}

static void check_keys(const struct gen *gen, const struct avd_yaml_node *mapping,
                       const char *const *keys)
{
    size_t i;
    size_t k;

    if (mapping->kind != AVD_YAML_MAPPING)
        fail(gen, mapping, "expected a mapping", "");
    for (i = 0; i < mapping->count; i += 2) {
        for (k = 0; keys[k] != NULL && strcmp(keys[k], mapping->items[i]->text) != 0; k++)
            continue;
        if (keys[k] == NULL)
            fail(gen, mapping->items[i], "unknown key", mapping->items[i]->text);
    }
}

/* A C string literal of plain ASCII, or NULL. '?' is escaped because ISO C has trigraphs. */
static void put_text(const struct gen *gen, struct avd_strbuf *out,
                     const struct avd_yaml_node *node)
{
    const char *p;

    if (node == NULL) {
        avd_strbuf_puts(out, "NULL");
        return;
    }
    avd_strbuf_puts(out, "\"");
    for (p = node->text; *p != '\0'; p++) {
        if (*p < ' ' || *p > '~')
            fail(gen, node, "not plain ASCII", node->text);
        if (*p == '"' || *p == '\\' || *p == '?')
            avd_strbuf_puts(out, "\\");
        avd_strbuf_add(out, p, 1);
    }
    avd_strbuf_puts(out, "\"");
}

/* One of `words`, which NULL ends. */
static void put_word(const struct gen *gen, struct avd_strbuf *out,
                     const struct avd_yaml_node *stop, const char *key, const char *const *words)
{
    const struct avd_yaml_node *node = want(gen, stop, key, AVD_YAML_SCALAR, false);
    size_t i;

    for (i = 0; node != NULL && strcmp(words[i], node->text) != 0; i++)
        if (words[i + 1] == NULL)
            fail(gen, node, "unexpected value of", key);
    put_text(gen, out, node);
    avd_strbuf_puts(out, ", ");
}

static void put_flag(const struct gen *gen, struct avd_strbuf *out,
                     const struct avd_yaml_node *stop, const char *key)
{
    const struct avd_yaml_node *node = want(gen, stop, key, AVD_YAML_SCALAR, false);

    if (node == NULL)
        avd_strbuf_puts(out, "-1, ");
    else if (strcmp(node->text, "true") == 0)
        avd_strbuf_puts(out, "1, ");
    else if (strcmp(node->text, "false") == 0)
        avd_strbuf_puts(out, "0, ");
    else
        fail(gen, node, "neither true nor false", node->text);
}

static void put_culprits(struct gen *gen, const struct avd_yaml_node *stop)
{
    static const char *const words[] = {"",           "parameter1", "parameter2",
                                        "parameter3", "parameter4", "stack"};
    const struct avd_yaml_node *list = want(gen, stop, "culprit", AVD_YAML_LIST, false);
    size_t i;

    if (list == NULL) {
        avd_strbuf_printf(&gen->stops, "{%d}, ", AVD_CULPRIT_STACK);
        return;
    }
    if (list->count == 0 || list->count > AVD_STOP_CULPRITS)
        fail(gen, list, "one to three places", "");
    avd_strbuf_puts(&gen->stops, "{");
    for (i = 0; i < list->count; i++) {
        const struct avd_yaml_node *item = list->items[i];
        int k = AVD_CULPRIT_STACK;

        while (k > 0 && (item->kind != AVD_YAML_SCALAR || strcmp(words[k], item->text) != 0))
            k--;
        if (k == 0)
            fail(gen, item, "neither parameter1 to parameter4 nor stack", "");
        avd_strbuf_printf(&gen->stops, "%d, ", k);
    }
    avd_strbuf_puts(&gen->stops, "0}, ");
}

static void put_parameters(struct gen *gen, const struct avd_yaml_node *stop)
{
    const struct avd_yaml_node *list = want(gen, stop, "parameters", AVD_YAML_LIST, false);
    size_t i;

    if (list != NULL && list->count > MAX_PARAMETERS)
        fail(gen, list, "more than four parameters", "");
    avd_strbuf_puts(&gen->stops, "{");
    for (i = 0; i < MAX_PARAMETERS; i++) {
        const struct avd_yaml_node *item = list != NULL && i < list->count ? list->items[i] : NULL;
        int kind = AVD_STOP_KIND_COUNT - 1;

        if (item == NULL) {
            avd_strbuf_puts(&gen->stops, "{0, NULL}, ");
            continue;
        }
        if (item->kind != AVD_YAML_MAPPING || item->count != 2 ||
            item->items[1]->kind != AVD_YAML_SCALAR)
            fail(gen, item, "a parameter is 'kind: meaning'", "");
        while (kind >= 0 &&
               strcmp(avd_stop_kind_name((enum avd_stop_kind)kind), item->items[0]->text) != 0)
            kind--;
        if (kind < 0)
            fail(gen, item, "unknown kind of parameter", item->items[0]->text);
        avd_strbuf_printf(&gen->stops, "{%d, ", kind);
        put_text(gen, &gen->stops, kind != AVD_STOP_UNUSED ? item->items[1] : NULL);
        avd_strbuf_puts(&gen->stops, "}, ");
    }
    avd_strbuf_puts(&gen->stops, "}");
}

static void read_codes(struct gen *gen, const struct avd_yaml_node *stop)
{
    const struct avd_yaml_node *list = want(gen, stop, "codes", AVD_YAML_LIST, true);
    uint32_t first = 0;
    size_t i;

    if (list->count == 0 || list->count > MAX_CODES)
        fail(gen, list, "one or two codes", "");
    for (i = 0; i < list->count; i++) {
        const struct avd_yaml_node *item = list->items[i];
        struct code *code = &gen->codes[gen->code_count];
        char *end = NULL;
        unsigned long value;

        if (item->kind != AVD_YAML_SCALAR || gen->code_count == MAX_STOPS)
            fail(gen, item, "unexpected code", "");
        value = strtoul(item->text, &end, 16);
        if (*end != '\0' || value == 0 || value > UINT32_MAX)
            fail(gen, item, "a code is a hexadecimal number", item->text);
        if (i == 0)
            first = (uint32_t)value;
        code->code.code = (uint32_t)value;
        code->code.documented = first;
        code->code.stop = gen->stop_count;
        code->file = gen->file;
        code->line = item->line;
        gen->code_count++;
    }
}

static void put_stop(struct gen *gen, const struct avd_yaml_node *stop)
{
    static const char *const keys[] = {"name",   "codes",      "title",    "severity", "report",
                                       "log",    "backtrace",  "one_time", "culprit",  "cause",
                                       "advice", "parameters", NULL};
    static const char *const severities[] = {"error", "warning", "info", NULL};
    static const char *const reports[] = {"break", "none", NULL};
    struct avd_strbuf *out = &gen->stops;

    check_keys(gen, stop, keys);
    read_codes(gen, stop);
    avd_strbuf_printf(out, "    {&layers[%u], ", gen->layer_count);
    put_text(gen, out, want(gen, stop, "name", AVD_YAML_SCALAR, true));
    avd_strbuf_puts(out, ",\n     ");
    put_text(gen, out, want(gen, stop, "title", AVD_YAML_SCALAR, false));
    avd_strbuf_puts(out, ",\n     ");
    put_text(gen, out, want(gen, stop, "cause", AVD_YAML_SCALAR, false));
    avd_strbuf_puts(out, ",\n     ");
    put_text(gen, out, want(gen, stop, "advice", AVD_YAML_SCALAR, false));
    avd_strbuf_puts(out, ",\n     ");
    put_word(gen, out, stop, "severity", severities);
    put_word(gen, out, stop, "report", reports);
    put_flag(gen, out, stop, "log");
    put_flag(gen, out, stop, "backtrace");
    put_flag(gen, out, stop, "one_time");
    put_culprits(gen, stop);
    avd_strbuf_puts(out, "\n     ");
    put_parameters(gen, stop);
    avd_strbuf_puts(out, "},\n");
    gen->stop_count++;
}

static void put_layer(struct gen *gen, struct avd_strbuf *out, const struct avd_yaml_node *root)
{
    static const char *const keys[] = {"layer", "headline", "about", "modules", "stops", NULL};
    const struct avd_yaml_node *modules;
    const struct avd_yaml_node *stops;
    size_t i;

    check_keys(gen, root, keys);
    modules = want(gen, root, "modules", AVD_YAML_LIST, true);
    stops = want(gen, root, "stops", AVD_YAML_LIST, true);
    /* ISO C has no empty arrays. */
    avd_strbuf_printf(out, "static const char *const modules_%u[] = {", gen->layer_count);
    for (i = 0; i < modules->count; i++) {
        if (modules->items[i]->kind != AVD_YAML_SCALAR)
            fail(gen, modules->items[i], "a module is a file name", "");
        put_text(gen, out, modules->items[i]);
        avd_strbuf_puts(out, ", ");
    }
    avd_strbuf_puts(out, "NULL};\n");
    avd_strbuf_puts(&gen->layers, "    {");
    put_text(gen, &gen->layers, want(gen, root, "layer", AVD_YAML_SCALAR, true));
    avd_strbuf_puts(&gen->layers, ", ");
    put_text(gen, &gen->layers, want(gen, root, "headline", AVD_YAML_SCALAR, true));
    avd_strbuf_puts(&gen->layers, ", ");
    put_text(gen, &gen->layers, want(gen, root, "about", AVD_YAML_SCALAR, true));
    avd_strbuf_printf(&gen->layers, ", modules_%u, %zu},\n", gen->layer_count, modules->count);
    for (i = 0; i < stops->count; i++)
        put_stop(gen, stops->items[i]);
    gen->layer_count++;
}

static void read_file(struct gen *gen, struct avd_strbuf *out, const char *path)
{
    struct avd_yaml_documents documents = {0};
    struct avd_file file = {0};
    struct avd_error err = {0};
    enum avd_status status = avd_file_map(path, &file, &err);

    if (status == AVD_OK)
        status = avd_yaml_read(&gen->arena, &gen->arena, gen->file, (const char *)file.view.data,
                               file.view.size, &documents, &err);
    avd_file_close(&file);
    if (status != AVD_OK || documents.count != 1) {
        fprintf(stderr, "avdump-stopgen: %s:%u:%u: %s\n", gen->file, err.line, err.column,
                status != AVD_OK ? err.message : "one document is wanted");
        exit(1);
    }
    put_layer(gen, out, documents.items[0]);
}

static int compare_codes(const void *a, const void *b)
{
    const struct code *x = a;
    const struct code *y = b;

    return x->code.code < y->code.code ? -1 : x->code.code > y->code.code;
}

static void put_codes(struct gen *gen, struct avd_strbuf *out)
{
    unsigned i;

    qsort(gen->codes, gen->code_count, sizeof gen->codes[0], compare_codes);
    avd_strbuf_puts(out, "const struct avd_stop_code avd_stop_codes[] = {\n");
    for (i = 0; i < gen->code_count; i++) {
        const struct code *code = &gen->codes[i];

        if (i > 0 && code->code.code == code[-1].code.code) {
            fprintf(stderr, "avdump-stopgen: %s:%u: code 0x%lx is that of %s:%u too\n", code->file,
                    code->line, (unsigned long)code->code.code, code[-1].file, code[-1].line);
            exit(1);
        }
        avd_strbuf_printf(out, "    {0x%lx, 0x%lx, %u},\n", (unsigned long)code->code.code,
                          (unsigned long)code->code.documented, code->code.stop);
    }
    avd_strbuf_printf(out, "};\nconst unsigned avd_stop_code_count = %u;\n", gen->code_count);
}

static void write_file(const char *path, const struct avd_strbuf *out)
{
    FILE *file = fopen(path, "wb");

    if (out->failed || file == NULL || fwrite(out->text, 1, out->size, file) != out->size ||
        fclose(file) != 0) {
        fprintf(stderr, "avdump-stopgen: %s: cannot write it\n", path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static struct gen gen;
    struct avd_strbuf out;
    struct avd_error err = {0};
    char *names = NULL;
    const char *name;

    if (argc != 3 || avd_file_list(argv[2], ".yaml", &names, &err) != AVD_OK) {
        fprintf(stderr, "usage: avdump-stopgen OUT.c DIRECTORY %s\n", err.message);
        return 1;
    }
    avd_strbuf_init(&out);
    avd_strbuf_init(&gen.layers);
    avd_strbuf_init(&gen.stops);
    avd_strbuf_puts(&out, "/* SPDX-License-Identifier: MIT */\n/* Made by avdump-stopgen from "
                          "rules/verifier; do not edit. */\n#include \"analyze/verifier_stops.h\""
                          "\n\n#include <stddef.h>\n\n");
    for (name = names; *name != '\0'; name += strlen(name) + 1) {
        gen.file = avd_arena_printf(&gen.arena, "rules/verifier/%s", name);
        read_file(&gen, &out, avd_arena_printf(&gen.arena, "%s/%s", argv[2], name));
    }
    avd_strbuf_printf(&out, "static const struct avd_stop_layer layers[] = {\n%s};\n",
                      avd_strbuf_text(&gen.layers));
    avd_strbuf_printf(&out, "const struct avd_stop avd_stops[] = {\n%s};\n",
                      avd_strbuf_text(&gen.stops));
    avd_strbuf_printf(&out, "const unsigned avd_stop_count = %u;\n", gen.stop_count);
    put_codes(&gen, &out);
    write_file(argv[1], &out);
    avd_mem_free(names);
    avd_strbuf_deinit(&out);
    avd_strbuf_deinit(&gen.layers);
    avd_strbuf_deinit(&gen.stops);
    avd_arena_deinit(&gen.arena);
    return 0;
}
