/* SPDX-License-Identifier: MIT */
#include "gate/summary.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BUCKETS = 1048576, FIRST_SLOTS = 256 };

static const char no_exception_key[] = "no-exception";

const char *avd_gate_standing_name(enum avd_gate_standing standing)
{
    static const char *const names[] = {"new", "known", "allowed", "no-crash"};

    return names[standing];
}

const char *avd_gate_title(const struct avd_gate_bucket *bucket)
{
    return bucket->title != NULL ? bucket->title : bucket->key;
}

/*
 * The bucket's own name, or the kind of crash, which is what a verdict says before its first colon
 * or " at ", and whom it is blamed on.
 */
static const char *title_of(struct avd_arena *arena, const struct avd_gate_record *record)
{
    const char *what = record->what;
    const char *blame = record->followup != NULL ? record->followup : record->process;
    size_t size;
    const char *at;

    if (!record->crashed)
        return "no exception";
    if (record->bucket != NULL)
        return avd_arena_strdup(arena, record->bucket);
    if (what == NULL)
        return NULL;
    size = strcspn(what, ":\n");
    at = strstr(what, " at ");
    if (at != NULL && (size_t)(at - what) < size)
        size = (size_t)(at - what);
    return blame != NULL ? avd_arena_printf(arena, "%.*s in %s", (int)size, what, blame)
                         : avd_arena_printf(arena, "%.*s", (int)size, what);
}

void avd_gate_summary_init(struct avd_gate_summary *summary)
{
    memset(summary, 0, sizeof *summary);
}

void avd_gate_summary_deinit(struct avd_gate_summary *summary)
{
    avd_mem_free(summary->slots);
    avd_arena_deinit(&summary->arena);
    memset(summary, 0, sizeof *summary);
}

/* ---- finding the bucket ---- */

static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261U;

    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619U;
    return h;
}

/* The slot of `key`, or the empty one where it would be. */
static size_t find_slot(const struct avd_gate_summary *s, const char *key)
{
    size_t i = hash(key) & (s->slot_count - 1);

    while (s->slots[i] != 0 && strcmp(s->buckets[s->slots[i] - 1]->key, key) != 0)
        i = (i + 1) & (s->slot_count - 1);
    return i;
}

static bool make_room(struct avd_gate_summary *s)
{
    size_t wanted = s->slot_count == 0 ? FIRST_SLOTS : s->slot_count * 2;
    uint32_t *old = s->slots;
    size_t i;

    if (s->slot_count != 0 && s->count < s->slot_count / 2)
        return true;
    s->slots = avd_mem_calloc(wanted, sizeof *s->slots);
    if (s->slots == NULL) {
        s->slots = old;
        return false;
    }
    avd_mem_free(old);
    s->slot_count = wanted;
    for (i = 0; i < s->count; i++)
        s->slots[find_slot(s, s->buckets[i]->key)] = (uint32_t)i + 1;
    return true;
}

/*
 * What tells buckets apart. Without a stack there is no signature: then the kind of crash does, and
 * the program. What a verdict says besides, addresses say, differs from dump to dump.
 */
static const char *key_of(struct avd_arena *arena, const struct avd_gate_record *record)
{
    const char *title;

    if (!record->crashed)
        return no_exception_key;
    if (record->signature != NULL)
        return record->signature;
    title = title_of(arena, record);
    return title != NULL ? title : "unknown";
}

static struct avd_gate_bucket *bucket_of_key(struct avd_gate_summary *s, const char *key,
                                             bool crashed)
{
    struct avd_gate_bucket *bucket;
    struct avd_gate_bucket **grown;
    size_t slot;

    slot = find_slot(s, key);
    if (s->slots[slot] != 0)
        return s->buckets[s->slots[slot] - 1];
    grown =
        avd_arena_grow(&s->arena, s->buckets, s->count, &s->capacity, sizeof *grown, MAX_BUCKETS);
    if (grown == NULL)
        return NULL;
    s->buckets = grown;
    bucket = avd_arena_alloc(&s->arena, 1, sizeof *bucket);
    if (bucket == NULL)
        return NULL;
    bucket->key = avd_arena_strdup(&s->arena, key);
    bucket->crashed = crashed;
    bucket->severity = -1;
    s->buckets[s->count++] = bucket;
    s->slots[slot] = (uint32_t)s->count;
    return bucket->key != NULL ? bucket : NULL;
}

static struct avd_gate_bucket *bucket_of(struct avd_gate_summary *s,
                                         const struct avd_gate_record *record)
{
    struct avd_arena arena = {0};
    struct avd_gate_bucket *bucket = NULL;
    const char *key = key_of(&arena, record);

    if (key != NULL && make_room(s))
        bucket = bucket_of_key(s, key, record->crashed != 0);
    avd_arena_deinit(&arena);
    return bucket;
}

/* ---- adding to it ---- */

static int by_severity(const void *a, const void *b)
{
    const struct avd_gate_tally *x = a;
    const struct avd_gate_tally *y = b;

    return x->severity != y->severity ? y->severity - x->severity : strcmp(x->text, y->text);
}

/*
 * Of a list without room, what would be sorted to its end is left out: whatever the order in which
 * texts come, the same ones stay, and have been counted from the first on. Returns how many are
 * left out by this one.
 */
static uint64_t replace_last(struct avd_arena *arena, struct avd_gate_tally *items, size_t count,
                             const char *text, int severity)
{
    const struct avd_gate_tally wanted = {text, severity, 1};
    size_t last = 0;
    uint64_t left_out;
    size_t i;

    for (i = 1; i < count; i++)
        if (by_severity(&items[i], &items[last]) > 0)
            last = i;
    if (by_severity(&wanted, &items[last]) > 0)
        return 1;
    left_out = items[last].count;
    items[last] = wanted;
    items[last].text = avd_arena_strdup(arena, text);
    if (items[last].text == NULL)
        items[last].text = ""; /* the arena says that it failed */
    return left_out;
}

/* Counts `text` in a list that has room for `most` different ones; *left_out counts the others. */
static bool tally(struct avd_arena *arena, struct avd_gate_tally **items, size_t *count,
                  size_t most, const char *text, int severity, uint64_t *left_out)
{
    size_t i;

    for (i = 0; i < *count; i++)
        if (strcmp((*items)[i].text, text) == 0) {
            (*items)[i].count++;
            return true;
        }
    if (*count == most) {
        *left_out += replace_last(arena, *items, most, text, severity);
        return true;
    }
    /* Doubling by hand: a bucket has few of them. */
    if ((*count & (*count - 1)) == 0) {
        struct avd_gate_tally *grown =
            avd_arena_alloc(arena, *count == 0 ? 1 : *count * 2, sizeof *grown);

        if (grown == NULL)
            return false;
        if (*count != 0)
            memcpy(grown, *items, *count * sizeof *grown);
        *items = grown;
    }
    (*items)[*count].text = avd_arena_strdup(arena, text);
    (*items)[*count].severity = severity;
    (*items)[*count].count = 1;
    if ((*items)[*count].text == NULL)
        return false;
    (*count)++;
    return true;
}

static const char *copy(struct avd_gate_summary *s, const char *text)
{
    return text != NULL ? avd_arena_strdup(&s->arena, text) : NULL;
}

/* The example must not depend on names or order, so the content decides. */
static bool better_example(const struct avd_gate_bucket *bucket,
                           const struct avd_gate_record *record)
{
    const char *id = record->content_id != NULL ? record->content_id : "";
    int order;

    if (bucket->example == NULL)
        return true;
    order = strcmp(id, bucket->example_id);
    return order < 0 || (order == 0 && strcmp(record->name, bucket->example) < 0);
}

static void take_advice(struct avd_gate_summary *s, struct avd_gate_bucket *bucket,
                        const struct avd_gate_record *record)
{
    struct avd_gate_finding *items;
    size_t i;

    bucket->advice = NULL;
    bucket->advice_count = 0;
    if (record->finding_count == 0 || record->findings[0].summary == NULL)
        return;
    items = avd_arena_alloc(&s->arena, record->finding_count, sizeof *items);
    for (i = 0; items != NULL && i < record->finding_count; i++) {
        items[i] = record->findings[i];
        items[i].id = copy(s, items[i].id);
        items[i].title = copy(s, items[i].title);
        items[i].summary = copy(s, items[i].summary);
        items[i].advice = copy(s, items[i].advice);
    }
    bucket->advice = items;
    bucket->advice_count = items != NULL ? record->finding_count : 0;
}

static void take_example(struct avd_gate_summary *s, struct avd_gate_bucket *bucket,
                         const struct avd_gate_record *record)
{
    bucket->example = copy(s, record->name);
    bucket->example_id = copy(s, record->content_id != NULL ? record->content_id : "");
    bucket->title = title_of(&s->arena, record);
    bucket->bucket = copy(s, record->bucket);
    bucket->what = copy(s, record->what);
    bucket->where = copy(s, record->where);
    bucket->followup = copy(s, record->followup);
    bucket->process = copy(s, record->process);
    bucket->system = copy(s, record->system);
    bucket->stack = copy(s, record->stack);
    take_advice(s, bucket, record);
}

static bool add_failure(struct avd_gate_summary *s, const struct avd_gate_record *record)
{
    struct avd_gate_failure *grown;

    s->failed++;
    if (s->failure_count == AVD_GATE_MAX_FAILURES)
        return true;
    grown = avd_arena_grow(&s->arena, s->failures, s->failure_count, &s->failure_capacity,
                           sizeof *grown, AVD_GATE_MAX_FAILURES);
    if (grown == NULL)
        return false;
    s->failures = grown;
    s->failures[s->failure_count].name = copy(s, record->name);
    s->failures[s->failure_count].error =
        copy(s, record->error != NULL ? record->error : "not analysed");
    s->failures[s->failure_count].outcome = record->outcome;
    s->failure_count++;
    return !s->arena.failed;
}

bool avd_gate_summary_add(struct avd_gate_summary *s, const struct avd_gate_record *record)
{
    struct avd_gate_bucket *bucket;
    bool good = true;
    size_t i;

    s->dumps++;
    if (record->outcome != AVD_GATE_ANALYZED)
        return add_failure(s, record);
    bucket = bucket_of(s, record);
    if (bucket == NULL)
        return false;
    bucket->count++;
    if (better_example(bucket, record))
        take_example(s, bucket, record);
    if (record->time != 0 && (bucket->first_time == 0 || record->time < bucket->first_time))
        bucket->first_time = record->time;
    if (record->time > bucket->last_time)
        bucket->last_time = record->time;
    for (i = 0; i < record->finding_count; i++) {
        const struct avd_gate_finding *finding = &record->findings[i];

        if (finding->severity > bucket->severity)
            bucket->severity = finding->severity;
        good = tally(&s->arena, &bucket->findings, &bucket->finding_count, AVD_GATE_MAX_FINDINGS,
                     finding->id, finding->severity, &bucket->findings_left_out) &&
               good;
    }
    if (record->version != NULL)
        good = tally(&s->arena, &bucket->versions, &bucket->version_count, AVD_GATE_MAX_VERSIONS,
                     record->version, 0, &bucket->versions_left_out) &&
               good;
    return good && !s->arena.failed;
}

/* ---- the order of everything ---- */

static int by_weight(const void *a, const void *b)
{
    const struct avd_gate_bucket *x = *(struct avd_gate_bucket *const *)a;
    const struct avd_gate_bucket *y = *(struct avd_gate_bucket *const *)b;

    if (x->crashed != y->crashed)
        return x->crashed ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->key, y->key);
}

static int by_name(const void *a, const void *b)
{
    const struct avd_gate_failure *x = a;
    const struct avd_gate_failure *y = b;

    return strcmp(x->name, y->name);
}

void avd_gate_summary_finish(struct avd_gate_summary *s)
{
    size_t i;

    if (s->count != 0)
        qsort(s->buckets, s->count, sizeof(struct avd_gate_bucket *), by_weight);
    if (s->failure_count != 0)
        qsort(s->failures, s->failure_count, sizeof *s->failures, by_name);
    for (i = 0; i < s->count; i++) {
        struct avd_gate_bucket *bucket = s->buckets[i];

        if (bucket->finding_count != 0)
            qsort(bucket->findings, bucket->finding_count, sizeof *bucket->findings, by_severity);
        if (bucket->version_count != 0)
            qsort(bucket->versions, bucket->version_count, sizeof *bucket->versions, by_severity);
    }
    /* The table's indexes are wrong now. */
    avd_mem_free(s->slots);
    s->slots = NULL;
    s->slot_count = 0;
}
