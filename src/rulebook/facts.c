/* SPDX-License-Identifier: MIT */
/* avdump facts: everything that rules can see of a dump. */
#include "rulebook/sheet.h"

#include "base/limits.h"

#include <string.h>

/* NOLINTBEGIN(misc-no-recursion): collections have rows of rows at most */

static void put_fact(struct avd_sheet *sheet, const struct avd_fact *fact, int width)
{
    if (sheet->json) {
        avd_json_open(&sheet->j, fact->name, '{');
        avd_sheet_value(sheet, "value", fact);
        if (fact->type == AVD_FACT_UNKNOWN)
            avd_sheet_text(sheet, "reason", fact->text);
        avd_json_close(&sheet->j, '{');
        return;
    }
    avd_strbuf_printf(&sheet->text, "%-*s ", width, fact->name);
    avd_sheet_value(sheet, NULL, fact);
    if (fact->type == AVD_FACT_UNKNOWN) {
        avd_strbuf_puts(&sheet->text, " (");
        avd_strbuf_escaped(&sheet->text, fact->text);
        avd_strbuf_puts(&sheet->text, ")");
    }
    avd_strbuf_puts(&sheet->text, "\n");
}

static void put_row(struct avd_sheet *sheet, const struct avd_facts *facts, size_t collection,
                    size_t parent, size_t row);

/* The rows of a collection below `parent`; of those of rows, indented. */
static void put_rows(struct avd_sheet *sheet, const struct avd_facts *facts, size_t collection,
                     size_t parent)
{
    const struct avd_collection *from = &facts->collections[collection];
    size_t count = from->ops->count(from->ctx, parent);
    const char *incomplete =
        from->ops->incomplete != NULL ? from->ops->incomplete(from->ctx, parent) : NULL;
    size_t row;

    if (sheet->json)
        avd_json_open(&sheet->j, avd_collection_docs[collection].name, '[');
    for (row = 0; row < count && !sheet->text.failed; row++)
        put_row(sheet, facts, collection, parent, row);
    if (sheet->json)
        avd_json_close(&sheet->j, '[');
    else if (incomplete != NULL)
        avd_strbuf_printf(&sheet->text, "%s... (%s)\n",
                          avd_collection_docs[collection].parent != NULL ? "    " : "  ",
                          incomplete);
}

static void put_row(struct avd_sheet *sheet, const struct avd_facts *facts, size_t collection,
                    size_t parent, size_t row)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[collection];
    unsigned column;
    size_t i;

    if (sheet->json)
        avd_json_open(&sheet->j, NULL, '{');
    else
        avd_strbuf_printf(&sheet->text, "%s%s %zu:", doc->parent != NULL ? "    " : "  ", doc->item,
                          row);
    for (column = 0; doc->columns[column].name != NULL; column++) {
        struct avd_fact fact;

        avd_collection_get(facts, collection, parent, row, column, &fact);
        if (sheet->json) {
            avd_sheet_value(sheet, fact.name, &fact);
        } else if (fact.type != AVD_FACT_UNKNOWN) {
            avd_strbuf_printf(&sheet->text, " %s=", fact.name);
            avd_sheet_value(sheet, NULL, &fact);
        }
    }
    if (!sheet->json)
        avd_strbuf_puts(&sheet->text, "\n");
    for (i = 0; avd_collection_docs[i].name != NULL; i++)
        if (avd_collection_docs[i].parent != NULL &&
            strcmp(avd_collection_docs[i].parent, doc->name) == 0 &&
            facts->collections[i].ops != NULL)
            put_rows(sheet, facts, i, row);
    if (sheet->json)
        avd_json_close(&sheet->j, '{');
}

static void put_collections(struct avd_sheet *sheet, const struct avd_facts *facts)
{
    size_t i;

    for (i = 0; avd_collection_docs[i].name != NULL; i++) {
        const struct avd_collection *from = &facts->collections[i];

        if (avd_collection_docs[i].parent != NULL)
            continue;
        if (!sheet->json)
            avd_strbuf_printf(&sheet->text, "\n%s", avd_collection_docs[i].name);
        if (from->ops == NULL) {
            if (sheet->json)
                avd_json_null(&sheet->j, avd_collection_docs[i].name);
            else
                avd_strbuf_printf(&sheet->text, " ? (%s)\n",
                                  from->reason != NULL ? from->reason
                                                       : "the analysis did not look for it");
            continue;
        }
        if (!sheet->json)
            avd_strbuf_printf(&sheet->text, " (%zu)\n", from->ops->count(from->ctx, 0));
        put_rows(sheet, facts, i, 0);
    }
}

enum avd_status avd_facts_write(const struct avd_dump *dump,
                                const struct avd_analyze_options *analyze, enum avd_format format,
                                const struct avd_write_options *options, avd_write_fn *write,
                                void *ctx, struct avd_error *err)
{
    struct avd_analysis *an;
    struct avd_sheet sheet;
    enum avd_status status = avd_sheet_analyze(dump, analyze, &an, err);
    int width = 0;
    size_t i;

    if (status != AVD_OK)
        return status;
    for (i = 0; i < an->facts.count; i++)
        if ((int)strlen(an->facts.items[i].name) > width)
            width = (int)strlen(an->facts.items[i].name);
    avd_sheet_init(&sheet, format, options, "facts");
    if (sheet.json)
        avd_json_open(&sheet.j, "facts", '{');
    for (i = 0; i < an->facts.count; i++)
        put_fact(&sheet, &an->facts.items[i], width);
    if (sheet.json) {
        avd_json_close(&sheet.j, '{');
        avd_json_open(&sheet.j, "collections", '{');
    }
    put_collections(&sheet, &an->facts);
    if (sheet.json)
        avd_json_close(&sheet.j, '{');
    sheet.text.failed = sheet.text.failed || an->arena.failed;
    avd_analysis_free(an);
    return avd_sheet_deliver(&sheet, write, ctx, err);
}

/* ---- the catalogue ---- */

static void put_doc(struct avd_sheet *sheet, const char *name, enum avd_fact_type type,
                    const char *meaning)
{
    if (sheet->json) {
        avd_json_open(&sheet->j, NULL, '{');
        avd_sheet_text(sheet, "name", name);
        avd_sheet_text(sheet, "type", avd_sheet_type(type));
        avd_sheet_text(sheet, "meaning", meaning);
        avd_json_close(&sheet->j, '{');
    } else {
        avd_strbuf_printf(&sheet->text, "  %s (%s)\n", name, avd_sheet_type(type));
        avd_sheet_paragraph(sheet, "      ", meaning);
    }
}

enum avd_status avd_fact_docs_write(enum avd_format format, const struct avd_write_options *options,
                                    avd_write_fn *write, void *ctx, struct avd_error *err)
{
    const struct avd_collection_doc *rows = avd_collection_docs;
    const struct avd_column_doc *column;
    const struct avd_fact_doc *doc;
    struct avd_sheet sheet;

    avd_sheet_init(&sheet, format, options, "fact-catalogue");
    if (sheet.json)
        avd_json_open(&sheet.j, "facts", '[');
    else
        avd_strbuf_puts(&sheet.text, "facts\n");
    for (doc = avd_fact_docs; doc->name != NULL; doc++)
        put_doc(&sheet, doc->name, doc->type, doc->meaning);
    if (sheet.json) {
        avd_json_close(&sheet.j, '[');
        avd_json_open(&sheet.j, "collections", '[');
    }
    for (; rows->name != NULL; rows++) {
        if (sheet.json) {
            avd_json_open(&sheet.j, NULL, '{');
            avd_sheet_text(&sheet, "name", rows->name);
            avd_sheet_text(&sheet, "item", rows->item);
            avd_sheet_text(&sheet, "parent", rows->parent);
            avd_sheet_text(&sheet, "meaning", rows->meaning);
            avd_json_open(&sheet.j, "columns", '[');
        } else {
            avd_strbuf_printf(&sheet.text, "\n%s (each a %s)\n", rows->name, rows->item);
            avd_sheet_paragraph(&sheet, "  ", rows->meaning);
        }
        for (column = rows->columns; column->name != NULL; column++)
            put_doc(&sheet, column->name, column->type, column->meaning);
        if (sheet.json) {
            avd_json_close(&sheet.j, '[');
            avd_json_close(&sheet.j, '{');
        }
    }
    if (sheet.json)
        avd_json_close(&sheet.j, '[');
    return avd_sheet_deliver(&sheet, write, ctx, err);
}
/* NOLINTEND(misc-no-recursion) */
