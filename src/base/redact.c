/* SPDX-License-Identifier: MIT */
#include "base/redact.h"

#include <string.h>

/* Where systems keep their users' folders, lower case. */
static const char *const folders[] = {"users", "documents and settings", "home"};

/* How identifiers of a domain's or a machine's accounts begin ([MS-DTYP] 2.4.2.4). */
static const char account[] = "S-1-5-21-";

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static size_t skip_separators(const char *text, size_t size, size_t i)
{
    while (i < size && is_separator(text[i]))
        i++;
    return i;
}

/* No file's name goes on here. */
static bool ends_name(char c)
{
    return (unsigned char)c < 0x20 || strchr("\"<>|*?:", c) != NULL;
}

/* `word` at text[i], whatever its case; 0: it is not. */
static size_t match(const char *text, size_t size, size_t i, const char *word)
{
    size_t length = strlen(word);
    size_t k;

    if (size - i < length)
        return 0;
    for (k = 0; k < length; k++)
        if (lower(text[i + k]) != word[k])
            return 0;
    return length;
}

/* The name's place when a users' folder begins at text[i], which is a separator; 0: none does. */
static size_t name_after(const char *text, size_t size, size_t i)
{
    size_t start = skip_separators(text, size, i);
    size_t k;

    for (k = 0; k < sizeof folders / sizeof *folders; k++) {
        size_t length = match(text, size, start, folders[k]);
        size_t end = skip_separators(text, size, start + length);

        if (length != 0 && end != start + length && end < size && !ends_name(text[end]))
            return end;
    }
    return 0;
}

/* The end of the user's name at text[i]. */
static size_t name_end(const char *text, size_t size, size_t i)
{
    bool windows = text[i - 1] == '\\';
    size_t space = 0;

    for (; i < size && !is_separator(text[i]) && !ends_name(text[i]); i++)
        if (text[i] == ' ' && space == 0)
            space = i;
    /* Names of Windows have spaces in them; elsewhere one ends a path that no separator ends. */
    return !windows && space != 0 && (i == size || !is_separator(text[i])) ? space : i;
}

void avd_redact_text(const char *text, size_t size, struct avd_strbuf *out)
{
    size_t kept = 0; /* appended up to here */
    size_t i = 0;

    while (i < size) {
        size_t start = 0;
        size_t end = 0;

        if (is_separator(text[i])) {
            start = name_after(text, size, i);
            end = start != 0 ? name_end(text, size, start) : 0;
        } else if (text[i] == 'S' && size - i > sizeof account &&
                   memcmp(text + i, account, sizeof account - 1) == 0) {
            start = end = i + sizeof account - 1;
            while (end < size && ((text[end] >= '0' && text[end] <= '9') || text[end] == '-'))
                end++;
        }
        if (end <= start) {
            /* All separators of a run lead to the same folder. */
            i = is_separator(text[i]) ? skip_separators(text, size, i) : i + 1;
            continue;
        }
        avd_strbuf_add(out, text + kept, start - kept);
        avd_strbuf_puts(out, AVD_REDACTED);
        kept = i = end;
    }
    avd_strbuf_add(out, text + kept, size - kept);
}

bool avd_redact_is_personal_key(const char *key)
{
    static const char *const words[] = {"user", "host",    "computer", "machine", "login",  "mail",
                                        "env",  "cmdline", "command",  "argv",    "comment"};
    size_t size = strlen(key);
    size_t i;
    size_t k;

    for (i = 0; i < size; i++)
        for (k = 0; k < sizeof words / sizeof *words; k++)
            if (match(key, size, i, words[k]) != 0)
                return true;
    return false;
}
