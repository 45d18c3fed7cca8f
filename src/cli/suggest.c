/* SPDX-License-Identifier: MIT */
/*
 * What somebody may have meant: a name with a typing error in it, or the word of another tool. Who
 * comes from WinDbg, lldb, Breakpad or rust-minidump types theirs first.
 */
#include "cli.h"

#include <string.h>

/* Levenshtein's distance, cut off: words longer than the rows are nobody's typing error. */
static size_t distance(const char *a, const char *b)
{
    enum { LIMIT = 32 };
    size_t rows[2][LIMIT + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    size_t i;
    size_t j;

    if (a_size > LIMIT || b_size > LIMIT)
        return LIMIT;
    for (j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 2];
        const size_t *above = rows[(i - 1) % 2];

        row[0] = i;
        for (j = 1; j <= b_size; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return rows[a_size % 2][b_size];
}

const char *avd_cli_suggest(const char *word, const char *const *names)
{
    size_t best = strlen(word) < 4 ? 2 : 3; /* distances below this are typing errors */
    const char *found = NULL;

    for (; *names != NULL; names++) {
        size_t d = distance(word, *names);

        if (d < best) {
            best = d;
            found = *names;
        }
    }
    return found;
}

struct habit {
    const char *theirs, *ours;
};

static const char *look_up(const struct habit *habits, size_t count, const char *word)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(habits[i].theirs, word) == 0)
            return habits[i].ours;
    return NULL;
}

const char *avd_cli_habit_command(const char *word)
{
    static const struct habit habits[] = {
        {"!analyze", "analyze"},
        {"!address", "memory"},
        {"!handle", "handles"},
        {"!heap", "analyze"},
        {"!peb", "info"},
        {"!teb", "threads"},
        {"!vadump", "memory"},
        {"!uniqstack", "stack --all"},
        {".ecxr", "stack"},
        {".lastevent", "info"},
        {"~", "threads"},
        {"~*k", "stack --all"},
        {"~*kv", "stack --all"},
        {"bt", "stack"},
        {"backtrace", "stack"},
        {"d", "memory"},
        {"da", "memory --as ascii"},
        {"db", "memory --as bytes"},
        {"dc", "memory --as bytes"},
        {"dd", "memory --as dwords"},
        {"dp", "memory --as pointers"},
        {"dq", "memory --as qwords"},
        {"du", "memory --as utf16"},
        {"dds", "dps"},
        {"dqs", "dps"},
        {"dump", "info"},
        {"images", "modules"},
        {"k", "stack"},
        {"kb", "stack"},
        {"kp", "stack"},
        {"kv", "stack"},
        {"lm", "modules"},
        {"lmv", "modules"},
        {"r", "analyze -v"},
        {"s", "find"},
        {"stackwalk", "analyze"},
        {"vertarget", "info"},
        {"vmmap", "memory"},
        {"x", "ln"},
    };

    return look_up(habits, sizeof habits / sizeof *habits, word);
}

const char *avd_cli_habit_option(const char *name)
{
    static const struct habit habits[] = {
        {"i", "--images"},
        {"y", "--symbols"},
        {"human", "--format text"},
        {"pretty", "--json"},
        {"machine", "--json"},
        {"output-file", "--output"},
        {"symbols-path", "--symbols"},
        {"symbols-url", "--symbols srv*CACHE*URL"},
        {"symbols-cache", "--symbols srv*CACHE*URL"},
    };

    return look_up(habits, sizeof habits / sizeof *habits, name);
}
