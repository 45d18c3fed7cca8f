/* SPDX-License-Identifier: MIT */
/*
 * The table that people read. On a terminal its lines fit: what is too long loses its middle, for
 * both ends of a bucket's name tell something, X64_c0000005_...!Function. Elsewhere nothing is cut.
 */
#include "gate/output.h"

#include <inttypes.h>
#include <string.h>

enum { BUCKET, FOLLOWUP, EXAMPLE, CELLS };

enum {
    LEAD_COLUMNS = 18,  /* count and standing */
    LEAST_COLUMNS = 16, /* of a cell: a terminal of less than 70 columns wraps the lines */
    PADDED_COLUMNS = 60 /* a wider cell pushes its row to the right, not the whole table */
};

static const char cut_mark[] = "...";
enum { CUT_SIZE = sizeof cut_mark - 1 };

static const char *const heads[CELLS] = {"bucket", "followup", "example"};

static const char *cell_text(const struct avd_gate_bucket *bucket, size_t cell)
{
    const char *text = cell == BUCKET     ? avd_gate_title(bucket)
                       : cell == FOLLOWUP ? bucket->followup
                                          : bucket->example;

    return text != NULL ? text : "-";
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* Columns that a terminal gives `text`: one for each character, well enough. */
static size_t columns(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += begins_character(*text);
    return count;
}

/* The bytes of the first `width` characters. */
static size_t bytes_of(const char *text, size_t width)
{
    size_t size = 0;

    while (text[size] != '\0' && (!begins_character(text[size]) || width-- != 0))
        size++;
    return size;
}

/* The end of a name says more than its beginning: it gets two thirds. */
static void put_shortened(struct avd_strbuf *out, const char *text, size_t used, size_t width)
{
    size_t head = (width - CUT_SIZE) / 3;
    size_t tail = width - CUT_SIZE - head;

    avd_strbuf_add(out, text, bytes_of(text, head));
    avd_strbuf_puts(out, cut_mark);
    avd_strbuf_puts(out, text + bytes_of(text, used - tail));
}

/* How wide the cells of a column are, and how wide they may be. */
struct column {
    size_t width; /* what shorter cells are filled up to */
    size_t most;  /* longer ones are cut; 0: they are not */
};

static void put_cell(struct avd_strbuf *out, const char *text, const struct column *column,
                     bool last)
{
    struct avd_strbuf escaped;
    const char *shown;
    size_t used;

    avd_strbuf_init(&escaped);
    avd_strbuf_escaped(&escaped, text);
    out->failed |= escaped.failed;
    shown = avd_strbuf_text(&escaped);
    used = columns(shown);
    if (column->most != 0 && used > column->most) {
        put_shortened(out, shown, used, column->most);
        used = column->most;
    } else {
        avd_strbuf_puts(out, shown);
    }
    avd_strbuf_deinit(&escaped);
    if (last) {
        avd_strbuf_puts(out, "\n");
        return;
    }
    do
        avd_strbuf_puts(out, " ");
    while (used++ < column->width);
}

static size_t widest(const struct avd_gate_summary *s, size_t cell, struct avd_strbuf *out)
{
    struct avd_strbuf escaped;
    size_t most = strlen(heads[cell]);
    size_t i;

    for (i = 0; i < s->count; i++) {
        size_t used;

        avd_strbuf_init(&escaped);
        avd_strbuf_escaped(&escaped, cell_text(s->buckets[i], cell));
        out->failed |= escaped.failed;
        used = columns(avd_strbuf_text(&escaped));
        avd_strbuf_deinit(&escaped);
        if (used > most)
            most = used;
    }
    return most;
}

/* Lets the widest columns give way until a line fits into `available`. */
static void fit(struct column *all, size_t available)
{
    for (;;) {
        struct column *wide = &all[0];
        size_t total = CELLS - 1; /* the spaces between them */
        size_t next = 0;
        size_t over;
        size_t i;

        for (i = 0; i < CELLS; i++) {
            total += all[i].width;
            if (all[i].width > wide->width)
                wide = &all[i];
        }
        if (total <= available || wide->width <= LEAST_COLUMNS)
            return;
        /* Down to the next widest, or by one if that is as wide. */
        for (i = 0; i < CELLS; i++)
            if (&all[i] != wide && all[i].width > next)
                next = all[i].width;
        over = wide->width - next < total - available ? wide->width - next : total - available;
        if (wide->width - over < LEAST_COLUMNS)
            over = wide->width - LEAST_COLUMNS;
        wide->width -= over != 0 ? over : 1;
    }
}

static void measure(const struct avd_gate_result *result, struct column *all,
                    struct avd_strbuf *out)
{
    size_t i;

    memset(all, 0, CELLS * sizeof *all);
    for (i = 0; i < CELLS; i++)
        all[i].width = widest(result->summary, i, out);
    if (result->columns != 0)
        fit(all, result->columns > LEAD_COLUMNS ? result->columns - LEAD_COLUMNS : 0);
    for (i = 0; i < CELLS; i++) {
        if (result->columns != 0)
            all[i].most = all[i].width;
        else if (all[i].width > PADDED_COLUMNS)
            all[i].width = PADDED_COLUMNS;
    }
}

static void put_rows(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    struct column all[CELLS];
    size_t i;
    size_t cell;

    if (s->count == 0)
        return;
    measure(result, all, out);
    avd_strbuf_puts(out, "   count standing ");
    for (cell = 0; cell < CELLS; cell++)
        put_cell(out, heads[cell], &all[cell], cell == EXAMPLE);
    for (i = 0; i < s->count; i++) {
        avd_strbuf_printf(out, "%8" PRIu64 " %-8s ", s->buckets[i]->count,
                          avd_gate_standing_name(s->buckets[i]->standing));
        for (cell = 0; cell < CELLS; cell++)
            put_cell(out, cell_text(s->buckets[i], cell), &all[cell], cell == EXAMPLE);
    }
}

static void put_line(struct avd_strbuf *out, const char *lead, const char *text)
{
    avd_strbuf_puts(out, lead);
    avd_strbuf_escaped(out, text);
    avd_strbuf_puts(out, "\n");
}

void avd_gate_write_table(const struct avd_gate_result *result, struct avd_strbuf *out)
{
    const struct avd_gate_summary *s = result->summary;
    size_t i;

    put_rows(result, out);
    if (s->failure_count != 0)
        avd_strbuf_puts(out, "\nnot analysed\n");
    for (i = 0; i < s->failure_count; i++) {
        avd_strbuf_puts(out, "  ");
        avd_strbuf_escaped(out, s->failures[i].name);
        put_line(out, ": ", s->failures[i].error);
    }
    avd_strbuf_puts(out, s->count + s->failure_count != 0 ? "\n" : "");
    for (i = 0; i < result->verdict->warning_count; i++)
        put_line(out, "warning: ", result->verdict->warnings[i]);
    for (i = 0; i < result->verdict->reason_count; i++)
        put_line(out, "fails: ", result->verdict->reasons[i]);
    avd_strbuf_puts(out, result->summary->interrupted ? "INTERRUPTED: "
                         : result->verdict->fails     ? "FAIL: "
                                                      : "PASS: ");
    avd_gate_write_counts(result, out);
    avd_strbuf_puts(out, "\n");
}
