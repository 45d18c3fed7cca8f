/* SPDX-License-Identifier: MIT */
/*
 * The store of facts: a short list in the order of publication. Everything published is copied,
 * and running out of memory is sticky, so that detectors publish in straight lines and the
 * analysis checks once.
 */
#include "analyze/facts.h"

#include "base/limits.h"
#include "base/strbuf.h"

#include <inttypes.h>
#include <string.h>

/* A list in a sentence: what is over is counted, not printed. */
enum { LIST_ITEMS_SHOWN = 12 };

void avd_facts_init(struct avd_facts *facts, struct avd_arena *arena)
{
    memset(facts, 0, sizeof *facts);
    facts->arena = arena;
    facts->no_main_thread = "the analysis did not look for it";
}

/* Where in the hash the name is, or the free place where it belongs: open addressing. There are
 * twice as many places as facts, so a free one is always found. Eight bytes of the name at a time:
 * rules look up hundreds of facts for each dump. */
static size_t place_of(const struct avd_facts *facts, const char *name)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    size_t size = strlen(name);
    uint64_t hash = size;
    uint64_t part = 0;
    size_t place;
    size_t i;

    for (i = 0; i + sizeof part < size; i += sizeof part) {
        memcpy(&part, name + i, sizeof part);
        hash = (hash ^ part) * factor;
        hash ^= hash >> 32;
    }
    if (size >= sizeof part)
        memcpy(&part, name + size - sizeof part, sizeof part); /* overlaps the one before */
    else
        memcpy(&part, name, size);
    hash = (hash ^ part) * factor;
    hash ^= hash >> 32;
    place = (size_t)(hash % AVD_FACT_HASH_SIZE);
    while (facts->hash[place] != 0 && strcmp(facts->items[facts->hash[place] - 1].name, name) != 0)
        place = (place + 1) % AVD_FACT_HASH_SIZE;
    return place;
}

const struct avd_fact *avd_fact_find(const struct avd_facts *facts, const char *name)
{
    uint16_t item = facts->hash[place_of(facts, name)];

    return item != 0 ? &facts->items[item - 1] : NULL;
}

/* The slot of `name`, emptied; NULL (and sticky failure) when out of memory. */
static struct avd_fact *slot(struct avd_facts *facts, const char *name, enum avd_fact_type type)
{
    struct avd_fact *fact = NULL;
    struct avd_fact *grown;
    const char *copy;
    size_t place;

    if (facts->failed)
        return NULL;
    place = place_of(facts, name);
    if (facts->hash[place] != 0)
        fact = &facts->items[facts->hash[place] - 1];
    if (fact == NULL) {
        grown = avd_arena_grow(facts->arena, facts->items, facts->count, &facts->capacity,
                               sizeof *facts->items, AVD_MAX_FACTS);
        copy = grown != NULL ? avd_arena_strdup(facts->arena, name) : NULL;
        if (copy == NULL) {
            facts->failed = true;
            return NULL;
        }
        facts->items = grown;
        fact = &facts->items[facts->count++];
        facts->hash[place] = (uint16_t)facts->count;
    } else {
        copy = fact->name;
    }
    memset(fact, 0, sizeof *fact);
    fact->name = copy;
    fact->type = type;
    return fact;
}

static void publish_number(struct avd_facts *facts, const char *name, enum avd_fact_type type,
                           uint64_t value)
{
    struct avd_fact *fact = slot(facts, name, type);

    if (fact != NULL)
        fact->number = value;
}

void avd_fact_bool(struct avd_facts *facts, const char *name, bool value)
{
    publish_number(facts, name, AVD_FACT_BOOL, value ? 1 : 0);
}

void avd_fact_number(struct avd_facts *facts, const char *name, uint64_t value)
{
    publish_number(facts, name, AVD_FACT_NUMBER, value);
}

void avd_fact_code(struct avd_facts *facts, const char *name, uint32_t value)
{
    publish_number(facts, name, AVD_FACT_CODE, value);
}

void avd_fact_address(struct avd_facts *facts, const char *name, uint64_t value, unsigned digits)
{
    struct avd_fact *fact = slot(facts, name, AVD_FACT_ADDRESS);

    if (fact != NULL) {
        fact->number = value;
        fact->address_digits = digits;
    }
}

static void publish_text(struct avd_facts *facts, const char *name, enum avd_fact_type type,
                         const char *text)
{
    /* The text may be the one that is being replaced, so it is copied before the slot changes. */
    const char *copy = facts->failed ? NULL : avd_arena_strdup(facts->arena, text);
    struct avd_fact *fact;

    if (copy == NULL) {
        facts->failed = true;
        return;
    }
    fact = slot(facts, name, type);
    if (fact != NULL)
        fact->text = copy;
}

void avd_fact_unknown(struct avd_facts *facts, const char *name, const char *reason)
{
    publish_text(facts, name, AVD_FACT_UNKNOWN, reason != NULL ? reason : "not known");
}

void avd_fact_text(struct avd_facts *facts, const char *name, const char *text)
{
    if (text == NULL)
        avd_fact_unknown(facts, name, NULL);
    else
        publish_text(facts, name, AVD_FACT_TEXT, text);
}

void avd_fact_list(struct avd_facts *facts, const char *name, const char *const *items,
                   size_t count)
{
    const char **copies =
        facts->failed ? NULL : avd_arena_alloc(facts->arena, count, sizeof *copies);
    struct avd_fact *fact;
    size_t i;

    for (i = 0; copies != NULL && i < count; i++) {
        copies[i] = avd_arena_strdup(facts->arena, items[i] != NULL ? items[i] : "");
        if (copies[i] == NULL)
            copies = NULL;
    }
    if (copies == NULL) {
        facts->failed = true;
        return;
    }
    fact = slot(facts, name, AVD_FACT_LIST);
    if (fact != NULL) {
        fact->list = copies;
        fact->list_count = count;
    }
}

static void show_list(const struct avd_fact *fact, struct avd_strbuf *out)
{
    size_t i;

    if (fact->list_count == 0)
        avd_strbuf_puts(out, "none");
    for (i = 0; i < fact->list_count && i < LIST_ITEMS_SHOWN; i++) {
        if (i != 0)
            avd_strbuf_puts(out, ", ");
        avd_strbuf_puts(out, fact->list[i]);
    }
    if (i < fact->list_count)
        avd_strbuf_printf(out, " and %zu more", fact->list_count - i);
}

void avd_fact_show(const struct avd_fact *fact, struct avd_strbuf *out)
{
    switch (fact->type) {
    case AVD_FACT_UNKNOWN: avd_strbuf_puts(out, "?"); break;
    case AVD_FACT_BOOL: avd_strbuf_puts(out, fact->number != 0 ? "yes" : "no"); break;
    case AVD_FACT_NUMBER: avd_strbuf_printf(out, "%" PRIu64, fact->number); break;
    case AVD_FACT_ADDRESS:
        avd_strbuf_printf(out, "0x%0*" PRIx64, (int)(fact->address_digits > 8 ? 16 : 8),
                          fact->number);
        break;
    case AVD_FACT_CODE: avd_strbuf_printf(out, "0x%08" PRIx64, fact->number); break;
    case AVD_FACT_TEXT: avd_strbuf_puts(out, fact->text); break;
    case AVD_FACT_LIST: show_list(fact, out); break;
    }
}
