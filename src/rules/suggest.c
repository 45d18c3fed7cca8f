/* SPDX-License-Identifier: MIT */
/*
 * Edit distance in which a swap of neighbours counts once (optimal string alignment), since that
 * is how people mistype. Names here are short; longer ones get no suggestion.
 */
#include "rules/suggest.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* MAX_NAME when either is too long. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][MAX_NAME + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    size_t i;
    size_t k;

    if (a_size >= MAX_NAME || b_size >= MAX_NAME)
        return MAX_NAME;
    for (k = 0; k <= b_size; k++)
        rows[0][k] = k;
    for (i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        const size_t *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (k = 1; k <= b_size; k++) {
            size_t cost = a[i - 1] == b[k - 1] ? 0 : 1;

            row[k] = least(least(above[k] + 1, row[k - 1] + 1), above[k - 1] + cost);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = least(row[k], above2[k - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

/* Words of other rule languages (Sigma, Semgrep, YARA) and of programmers for what is meant. */
/* clang-format off */
static const struct {
    const char *typed, *meant;
} synonyms[] = {
    {"and", "all"},           {"or", "any"},            {"every", "all"},
    {"none", "not"},          {"condition", "when"},    {"conditions", "when"},
    {"detection", "when"},    {"description", "summary"}, {"message", "summary"},
    {"level", "severity"},    {"name", "title"},        {"variables", "let"},
    {"like", "matches"},      {"match", "matches"},     {"glob", "matches"},
    {"startswith", "matches"}, {"endswith", "matches"}, {"eq", "equals"},
    {"is", "equals"},         {"lt", "below"},          {"less", "below"},
    {"gt", "above"},          {"greater", "above"},     {"more", "above"},
    {"ge", "at_least"},       {"gte", "at_least"},      {"min", "at_least"},
    {"le", "at_most"},        {"lte", "at_most"},       {"max", "at_most"},
    {"range", "between"},     {"exists", "known"},      {"poi", "pointer"},
    {"dwo", "u32"},           {"qwo", "u64"},           {"string", "text"},
    {"wide", "utf16"},        {"dps", "trace"},
};
/* clang-format on */

void avd_suggestion_init(struct avd_suggestion *suggestion, const char *typed)
{
    size_t size = strlen(typed);
    size_t i;

    suggestion->typed = typed;
    suggestion->best = NULL;
    /* One third of the letters may be wrong, three at most; what is further off is a guess. */
    suggestion->distance = 1 + (size < 4 ? 1 : size < 9 ? size / 3 : 3);
    suggestion->synonym = NULL;
    for (i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
        if (strcmp(synonyms[i].typed, typed) == 0)
            suggestion->synonym = synonyms[i].meant;
}

void avd_suggestion_offer(struct avd_suggestion *suggestion, const char *candidate)
{
    size_t found = distance(suggestion->typed, candidate);

    if (suggestion->synonym != NULL && strcmp(suggestion->synonym, candidate) == 0)
        found = 0;
    if (found < suggestion->distance) {
        suggestion->distance = found;
        suggestion->best = candidate;
    }
}

void avd_suggestion_offer_copy(struct avd_suggestion *suggestion, const char *candidate)
{
    size_t before = suggestion->distance;
    char kept[sizeof suggestion->copy];

    memcpy(kept, suggestion->copy, sizeof kept);
    (void)snprintf(suggestion->copy, sizeof suggestion->copy, "%s", candidate);
    avd_suggestion_offer(suggestion, suggestion->copy);
    /* The best so far may be a copy itself. */
    if (suggestion->distance == before)
        memcpy(suggestion->copy, kept, sizeof kept);
}

const char *avd_suggestion_text(const struct avd_suggestion *suggestion,
                                char out[AVD_SUGGESTION_SIZE])
{
    out[0] = '\0';
    if (suggestion->best != NULL)
        (void)snprintf(out, AVD_SUGGESTION_SIZE, " (did you mean '%s'?)", suggestion->best);
    return out;
}
