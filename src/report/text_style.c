/* SPDX-License-Identifier: MIT */
/*
 * The text renderer's tools: colours, wrapping, WinDbg's way to write an address. Everything that
 * comes out of a dump passes avd_strbuf_escaped here, so that no name can move the cursor or forge
 * a line.
 */
#include "report/text.h"

#include "base/redact.h"
#include "base/utf.h"

#include <inttypes.h>
#include <string.h>

enum { LABEL_COLUMN = 14 };

void avd_text_init(struct avd_text *t, const struct avd_report *report,
                   const struct avd_write_options *options, struct avd_strbuf *out)
{
    memset(t, 0, sizeof *t);
    t->report = report;
    t->out = out;
    if (options == NULL)
        return;
    t->color = options->color != 0;
    t->native_first = options->native_first != 0;
    t->both_stacks = options->both_stacks != 0;
    t->all_threads = options->all_threads != 0;
    t->verbose = options->verbose != 0;
    t->redact = options->redact != 0;
}

void avd_text_style(const struct avd_text *t, enum avd_text_style style)
{
    const char *sequence = "";

    if (!t->color)
        return;
    switch (style) {
    case AVD_STYLE_BOLD: sequence = "\x1b[1m"; break;
    case AVD_STYLE_RED: sequence = "\x1b[1;31m"; break;
    case AVD_STYLE_YELLOW: sequence = "\x1b[33m"; break;
    case AVD_STYLE_DIM: sequence = "\x1b[2m"; break;
    }
    avd_strbuf_puts(t->out, sequence);
}

void avd_text_plain(const struct avd_text *t)
{
    if (t->color)
        avd_strbuf_puts(t->out, "\x1b[0m");
}

void avd_text_title(const struct avd_text *t, const char *title)
{
    avd_strbuf_puts(t->out, "\n");
    avd_text_style(t, AVD_STYLE_BOLD);
    avd_strbuf_puts(t->out, title);
    avd_text_plain(t);
    avd_strbuf_puts(t->out, "\n");
}

/* Code points of escaped text: close enough to columns for everything but wide scripts. */
static size_t count_columns(const char *text, size_t size)
{
    size_t columns = 0;
    size_t i;

    for (i = 0; i < size; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            columns++;
    return columns;
}

static void put_spaces(struct avd_strbuf *out, size_t count)
{
    static const char spaces[] = "                                ";

    while (count != 0) {
        size_t part = count < sizeof spaces - 1 ? count : sizeof spaces - 1;

        avd_strbuf_add(out, spaces, part);
        count -= part;
    }
}

/* One escaped line (no line break in it), its words wrapped; returns how many lines it took. */
static unsigned wrap_line(const struct avd_text *t, unsigned indent, const char *line)
{
    size_t column = indent;
    unsigned lines = 1;
    const char *p = line;

    while (*p != '\0') {
        size_t spaces = strspn(p, " ");
        size_t size = strcspn(p + spaces, " ");
        size_t columns = count_columns(p + spaces, size);

        if (size == 0)
            break;
        if (column != indent && column + spaces + columns > AVD_TEXT_WIDTH) {
            avd_strbuf_puts(t->out, "\n");
            put_spaces(t->out, indent);
            column = indent;
            lines++;
        } else {
            avd_strbuf_add(t->out, p, spaces);
            column += spaces;
        }
        avd_strbuf_add(t->out, p + spaces, size);
        column += columns;
        p += spaces + size;
    }
    avd_strbuf_puts(t->out, "\n");
    return lines;
}

/* How many bytes of `text` are shown when only `max_lines` lines are wanted: a comment may be a
 * megabyte without one line break. */
static size_t shown_size(const char *text, unsigned max_lines)
{
    size_t size = strlen(text);
    size_t limit = (size_t)max_lines * AVD_TEXT_WIDTH * 2;

    if (max_lines == 0 || size <= limit)
        return size;
    while (limit != 0 && ((unsigned char)text[limit] & 0xc0) == 0x80)
        limit--;
    return limit;
}

static void put_wrapped(const struct avd_text *t, unsigned indent, const char *text,
                        unsigned max_lines)
{
    size_t size = shown_size(text, max_lines);
    struct avd_strbuf raw;
    struct avd_strbuf line;
    unsigned lines = 0;
    size_t pos = 0;

    avd_strbuf_init(&raw);
    avd_strbuf_init(&line);
    do {
        size_t part = strcspn(text + pos, "\r\n");

        if (part > size - pos)
            part = size - pos;
        raw.size = 0;
        avd_strbuf_add(&raw, text + pos, part);
        line.size = 0;
        avd_strbuf_add(&line, "", 0);
        avd_strbuf_escaped(&line, avd_strbuf_text(&raw));
        if (raw.failed || line.failed) {
            t->out->failed = true;
            break;
        }
        if (lines != 0)
            put_spaces(t->out, indent);
        lines += wrap_line(t, indent, avd_strbuf_text(&line));
        pos += part;
        if (text[pos] == '\r' && text[pos + 1] == '\n')
            pos += 2;
        else if (text[pos] == '\r' || text[pos] == '\n')
            pos++;
    } while (pos < size && (max_lines == 0 || lines < max_lines));
    if (text[pos] != '\0' && !t->out->failed) {
        put_spaces(t->out, indent);
        avd_strbuf_printf(t->out, "... and %zu bytes more (-v shows all)\n", strlen(text + pos));
    }
    avd_strbuf_deinit(&raw);
    avd_strbuf_deinit(&line);
}

void avd_text_wrapped(const struct avd_text *t, unsigned indent, const char *text,
                      unsigned max_lines)
{
    struct avd_strbuf clean;

    if (!t->redact) {
        put_wrapped(t, indent, text, max_lines);
        return;
    }
    /* Before a line break may tear a name apart. */
    avd_strbuf_init(&clean);
    avd_redact_text(text, strlen(text), &clean);
    t->out->failed |= clean.failed;
    put_wrapped(t, indent, avd_strbuf_text(&clean), max_lines);
    avd_strbuf_deinit(&clean);
}

void avd_text_label(const struct avd_text *t, const char *label)
{
    avd_strbuf_puts(t->out, "  ");
    avd_text_padded(t, label, LABEL_COLUMN - 2);
}

void avd_text_field(const struct avd_text *t, const char *label, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    avd_text_label(t, label);
    avd_text_wrapped(t, LABEL_COLUMN, text, t->verbose ? 0 : 10);
}

void avd_text_address(const struct avd_text *t, uint64_t address, unsigned pointer_size)
{
    if (pointer_size == 4 && address <= UINT32_MAX)
        avd_strbuf_printf(t->out, "%08" PRIx64, address);
    else
        avd_strbuf_printf(t->out, "%08" PRIx64 "`%08" PRIx64, address >> 32, address & UINT32_MAX);
}

size_t avd_text_columns(const char *text)
{
    size_t size = strlen(text);
    size_t columns = 0;
    size_t i = 0;

    while (i < size) {
        size_t length = avd_utf8_length(text + i, size - i);

        if (length == 0 || avd_utf8_is_control(text + i, length)) {
            columns += 4; /* \xNN for one byte, as avd_strbuf_escaped does */
            i++;
        } else {
            columns++;
            i += length;
        }
    }
    return columns;
}

void avd_text_padded(const struct avd_text *t, const char *text, size_t width)
{
    size_t columns = avd_text_columns(text);

    avd_strbuf_escaped(t->out, text);
    if (columns < width)
        put_spaces(t->out, width - columns);
}

void avd_text_count(const struct avd_text *t, size_t count, const char *one, const char *many)
{
    avd_strbuf_printf(t->out, "%zu %s", count, count == 1 ? one : many);
}

void avd_text_size(const struct avd_text *t, uint64_t size)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    uint64_t unit = 1024;
    size_t i = 0;

    if (size < 100000) {
        avd_strbuf_printf(t->out, "%" PRIu64 " bytes", size);
        return;
    }
    while (i + 1 < sizeof units / sizeof *units && size / unit >= 10240) {
        unit *= 1024;
        i++;
    }
    avd_strbuf_printf(t->out, "%" PRIu64 " %s", size / unit, units[i]);
}

void avd_text_thread_name(const struct avd_text *t, size_t index)
{
    const struct avd_rep_thread *thread = &t->report->threads[index];

    avd_strbuf_printf(t->out, "%zu (0x%" PRIx32, index, thread->id);
    if (thread->name != NULL && *thread->name != '\0') {
        avd_strbuf_puts(t->out, ", \"");
        avd_strbuf_escaped(t->out, thread->name);
        avd_strbuf_puts(t->out, "\"");
    }
    avd_strbuf_puts(t->out, ")");
}
