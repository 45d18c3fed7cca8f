/* SPDX-License-Identifier: MIT */
/*
 * The picture of the address space: a strip for each neighbourhood, drawn to its own scale, with
 * what is in the dump as a line below it. The columns beside it say the same in numbers.
 */
#include "report/html.h"

#include <inttypes.h>

static const char *const kind_words[AVD_MAP_KINDS] = {
    "free", "reserved", "in the dump, of unknown kind", "mapped", "private", "modules", "stacks",
};

/* Cells that stand side by side and are equal in what `mask` keeps of them are one rectangle. */
static void put_runs(struct avd_html *h, const struct avd_rep_strip *strip, unsigned mask,
                     const char *format)
{
    unsigned i = 0;

    while (i < AVD_MAP_CELLS) {
        unsigned value = strip->cells[i] & mask;
        unsigned start = i;

        while (i < AVD_MAP_CELLS && (strip->cells[i] & mask) == value)
            i++;
        if (value == 0)
            continue;
        avd_strbuf_puts(h->out, "<rect class=\"");
        if (mask == AVD_MAP_IN_DUMP)
            avd_strbuf_puts(h->out, "md");
        else
            avd_strbuf_printf(h->out, "m%u", value);
        avd_strbuf_printf(h->out, "\" x=\"%u\" width=\"%u\" %s/>", start, i - start, format);
    }
}

static void put_picture(struct avd_html *h, const struct avd_rep_strip *strip)
{
    avd_strbuf_puts(h->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map\" role=\"img\" "
                            "aria-label=\"what lies where in this strip\" viewBox=\"0 0 200 30\" "
                            "preserveAspectRatio=\"none\">");
    put_runs(h, strip, ~(unsigned)AVD_MAP_IN_DUMP & 0xffu, "y=\"0\" height=\"22\"");
    put_runs(h, strip, AVD_MAP_IN_DUMP, "y=\"25\" height=\"5\"");
    avd_strbuf_puts(h->out, "</svg>");
}

static void put_strip(struct avd_html *h, const struct avd_rep_strip *strip)
{
    unsigned width = h->report->process.pointer_size;

    avd_strbuf_puts(h->out, "<tr><th class=\"a\" scope=\"row\"><code>");
    avd_html_address(h, strip->start, width);
    avd_strbuf_puts(h->out, "</code></th><td class=\"a\"><code>");
    avd_html_address(h, strip->end, width);
    avd_strbuf_puts(h->out, "</code></td><td class=\"s\">");
    put_picture(h, strip);
    avd_strbuf_puts(h->out, "</td><td>");
    avd_html_size(h, strip->used);
    if (strip->modules != 0) {
        avd_strbuf_puts(h->out, ", ");
        avd_html_count(h, strip->modules, "module", "modules");
    }
    if (strip->stacks != 0) {
        avd_strbuf_puts(h->out, ", ");
        avd_html_count(h, strip->stacks, "stack", "stacks");
    }
    avd_strbuf_puts(h->out, "</td></tr>\n");
}

/* The kinds that there are, those that hide others first, and the sizes of them. */
static void put_key(struct avd_html *h)
{
    const struct avd_rep_map *map = &h->report->map;
    unsigned kind;

    avd_strbuf_puts(h->out, "<ul class=\"key\">");
    for (kind = AVD_MAP_KINDS; kind-- > 1;) {
        if (map->sizes[kind] == 0)
            continue;
        avd_strbuf_printf(h->out,
                          "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
                          "class=\"m%u\" width=\"10\" height=\"10\"/></svg>%s: ",
                          kind, kind_words[kind]);
        avd_html_size(h, map->sizes[kind]);
        avd_strbuf_puts(h->out, "</li>");
    }
    avd_strbuf_puts(h->out, "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
                            "class=\"md\" y=\"7\" width=\"10\" height=\"3\"/></svg>bytes in the "
                            "dump</li></ul>\n");
}

void avd_html_map(struct avd_html *h)
{
    const struct avd_rep_map *map = &h->report->map;
    size_t i;

    if (map->strip_count == 0)
        return;
    avd_html_section(h->out, "memory", "Address space");
    avd_strbuf_puts(h->out, "<p class=\"dim\">Each strip has its own scale; what is empty or only "
                            "reserved is drawn short, and nothing lies between strips");
    avd_strbuf_puts(h->out, map->from_regions
                                ? ". "
                                : " that the dump knows of: it holds no map of the process's "
                                  "memory. ");
    avd_strbuf_puts(h->out,
                    "Where a place is too small to show all that it holds, what comes first "
                    "here hides the rest.</p>\n");
    put_key(h);
    avd_html_table(h->out, "m f", "address space", "From|To|Picture|In use");
    for (i = 0; i < map->strip_count; i++)
        put_strip(h, &map->strips[i]);
    avd_html_table_end(h->out);
    avd_html_section_end(h->out);
}
