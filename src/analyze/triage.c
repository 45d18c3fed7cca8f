/* SPDX-License-Identifier: MIT */
/* Which triage entry fits a frame, by the order that WinDbg's documentation gives. */
#include "analyze/triage.h"

#include "base/utf.h"

#include <ctype.h>
#include <string.h>

/* How well `pattern` fits `text`: twice the letters that it fixes, and one more when it fixes all;
 * 0 when it does not fit. ASCII case does not count. */
static size_t fit(const char *pattern, const char *text)
{
    size_t i;

    for (i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == '*' && pattern[i + 1] == '\0')
            return 2 * i + 1;
        if (tolower((unsigned char)pattern[i]) != tolower((unsigned char)text[i]))
            return 0;
    }
    return text[i] == '\0' ? 2 * i + 2 : 0;
}

static bool is_default(const struct avd_triage_entry *entry)
{
    return avd_ascii_casecmp(entry->module, "default") == 0;
}

static const struct avd_triage_entry *best(const struct avd_triage_entry *items, size_t count,
                                           const char *module, const char *function)
{
    const struct avd_triage_entry *found = NULL;
    size_t found_module = 0;
    size_t found_function = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        bool any = is_default(&items[i]); /* of all modules: less than any that is named */
        size_t by_module = any ? 1 : fit(items[i].module, module);
        size_t by_function = 1; /* all functions: less than any that is named */

        if (items[i].function != NULL)
            by_function = function != NULL ? 1 + fit(items[i].function, function) : 1;
        else if (any)
            continue;
        if (by_module == 0 || (items[i].function != NULL && by_function == 1))
            continue;
        if (by_module > found_module ||
            (by_module == found_module && by_function > found_function)) {
            found = &items[i];
            found_module = by_module;
            found_function = by_function;
        }
    }
    return found;
}

static const struct avd_triage_entry *find_default(const struct avd_triage_entry *items,
                                                   size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (is_default(&items[i]) && items[i].function == NULL)
            return &items[i];
    return NULL;
}

const struct avd_triage_entry *avd_triage_find(const struct avd_triage *user, const char *module,
                                               const char *function)
{
    const struct avd_triage_entry *found = NULL;

    if (user != NULL)
        found = best(user->items, user->count, module, function);
    if (found == NULL)
        found = best(avd_shipped_triage, avd_shipped_triage_count, module, function);
    if (found == NULL && user != NULL)
        found = find_default(user->items, user->count);
    return found != NULL ? found : find_default(avd_shipped_triage, avd_shipped_triage_count);
}

enum avd_owner_class avd_triage_owner_class(const char *owner)
{
    if (avd_ascii_casecmp(owner, "ignore") == 0)
        return AVD_OWNER_IGNORE;
    if (strncmp(owner, "last_", 5) == 0)
        return AVD_OWNER_LAST;
    return strncmp(owner, "maybe_", 6) == 0 ? AVD_OWNER_MAYBE : AVD_OWNER_DEFINITE;
}
