/* SPDX-License-Identifier: MIT */
/*
 * The collections among the facts: publishing them, and reading a row's value so that rules never
 * meet a value of another type than documented.
 */
#include "analyze/facts.h"

#include <string.h>

size_t avd_collection_find(const char *name)
{
    size_t i;

    for (i = 0; avd_collection_docs[i].name != NULL; i++)
        if (strcmp(avd_collection_docs[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

size_t avd_collection_find_item(const char *item)
{
    size_t i;

    for (i = 0; avd_collection_docs[i].name != NULL; i++)
        if (strcmp(avd_collection_docs[i].item, item) == 0)
            return i;
    return SIZE_MAX;
}

size_t avd_column_find(const struct avd_collection_doc *doc, const char *name)
{
    size_t i;

    for (i = 0; doc->columns[i].name != NULL; i++)
        if (strcmp(doc->columns[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

void avd_facts_collection(struct avd_facts *facts, const char *name,
                          const struct avd_collection_ops *ops, void *ctx)
{
    size_t index = avd_collection_find(name);

    if (index == SIZE_MAX)
        return;
    facts->collections[index].ops = ops;
    facts->collections[index].ctx = ctx;
    facts->collections[index].reason = NULL;
}

void avd_facts_no_collection(struct avd_facts *facts, const char *name, const char *reason)
{
    size_t index = avd_collection_find(name);

    if (index == SIZE_MAX)
        return;
    facts->collections[index].ops = NULL;
    facts->collections[index].reason = reason;
}

void avd_facts_main_thread(struct avd_facts *facts, size_t row)
{
    facts->has_main_thread = true;
    facts->main_thread = row;
}

void avd_facts_no_main_thread(struct avd_facts *facts, const char *reason)
{
    facts->has_main_thread = false;
    facts->no_main_thread = reason;
}

void avd_collection_get(const struct avd_facts *facts, size_t collection, size_t parent, size_t row,
                        unsigned column, struct avd_fact *out)
{
    const struct avd_collection *from = &facts->collections[collection];
    const struct avd_column_doc *doc = &avd_collection_docs[collection].columns[column];

    memset(out, 0, sizeof *out);
    if (from->ops != NULL)
        from->ops->get(from->ctx, parent, row, column, out);
    out->name = doc->name;
    if (out->type != AVD_FACT_UNKNOWN && out->type != doc->type) {
        out->type = AVD_FACT_UNKNOWN;
        out->text = "the analysis gave it in another form than documented";
    }
    if ((out->type == AVD_FACT_UNKNOWN || out->type == AVD_FACT_TEXT) && out->text == NULL) {
        out->type = AVD_FACT_UNKNOWN;
        out->text = "not known";
    }
}
