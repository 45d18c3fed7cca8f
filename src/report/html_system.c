/* SPDX-License-Identifier: MIT */
/* The HTML renderer's sections on the process, its system and the dump file. */
#include "report/html.h"

#include "report/words.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_ANNOTATIONS = 500 }; /* Crashpad and Breakpad write dozens */

static bool has_text(const char *text)
{
    return text != NULL && *text != '\0';
}

static void add_part(struct avd_html *h, const char *before, const char *text)
{
    if (!has_text(text))
        return;
    avd_strbuf_puts(&h->scratch, before);
    avd_strbuf_puts(&h->scratch, text);
}

static void put_process(struct avd_html *h)
{
    const struct avd_rep_process *process = &h->report->process;

    if (process->has_pid)
        avd_strbuf_printf(&h->scratch, "id %" PRIu32 " (0x%" PRIx32 ")", process->pid,
                          process->pid);
    else
        avd_strbuf_puts(&h->scratch, "id not recorded");
    if (h->report->main_module < h->report->module_count)
        add_part(h, ", ", h->report->modules[h->report->main_module].file);
    if (process->has_uptime) {
        avd_strbuf_puts(&h->scratch, ", up ");
        avd_words_duration(&h->scratch, process->uptime);
    }
    if (process->has_create_time) {
        char time[AVD_TIME_TEXT];

        avd_words_time(process->create_time, time);
        add_part(h, ", started ", time);
    }
    add_part(h, ", integrity ", process->integrity);
    avd_html_scratch_field(h, "process");
}

static void put_assertion(struct avd_html *h)
{
    const struct avd_rep_assertion *assertion = &h->report->assertion;

    if (!assertion->present)
        return;
    avd_strbuf_puts(&h->scratch,
                    has_text(assertion->expression) ? assertion->expression : "(no text)");
    add_part(h, " in ", assertion->function);
    if (has_text(assertion->file))
        avd_strbuf_printf(&h->scratch, " [%s @ %" PRIu32 "]", assertion->file, assertion->line);
    avd_html_scratch_field(h, "assertion");
}

static void put_annotations(struct avd_html *h)
{
    size_t count = h->report->annotation_count;
    size_t i;

    if (count == 0)
        return;
    avd_strbuf_printf(h->out, "<details><summary>Annotations: %zu</summary>\n", count);
    avd_html_table(h->out, "", "annotations", "Key|Value|Module");
    for (i = 0; i < count && i < MAX_ANNOTATIONS; i++) {
        const struct avd_rep_annotation *annotation = &h->report->annotations[i];

        avd_strbuf_puts(h->out, "<tr><th scope=\"row\">");
        avd_html_text(h->out, has_text(annotation->key) ? annotation->key : "(no key)");
        avd_strbuf_puts(h->out, "</th><td>");
        avd_html_lines(h->out, annotation->value, 4096);
        avd_strbuf_puts(h->out, "</td>");
        avd_html_cell(h, "", annotation->module);
        avd_strbuf_puts(h->out, "</tr>\n");
    }
    avd_html_table_end(h->out);
    if (count > MAX_ANNOTATIONS)
        avd_strbuf_printf(h->out, "<p>and %zu more, which the JSON report has</p>\n",
                          count - MAX_ANNOTATIONS);
    avd_strbuf_puts(h->out, "</details>\n");
}

void avd_html_system(struct avd_html *h)
{
    const struct avd_rep_system *system = &h->report->system;

    avd_html_section(h->out, "system", "Process and system");
    avd_strbuf_puts(h->out, "<dl>\n");
    put_process(h);
    put_assertion(h);
    if (h->report->wow64.present)
        avd_html_field(h, "wow64", h->report->wow64.evidence);
    avd_strbuf_puts(&h->scratch, has_text(system->os) ? system->os : "not recorded");
    add_part(h, " ", system->os_version);
    add_part(h, " ", system->service_pack);
    add_part(h, ", ", system->product_type);
    add_part(h, ", Wine ", system->wine_version);
    avd_html_scratch_field(h, "system");
    avd_strbuf_puts(&h->scratch, has_text(system->cpu_arch) ? system->cpu_arch : "not recorded");
    add_part(h, ", ", system->cpu_info);
    if (system->cpu_count != 0)
        avd_strbuf_printf(&h->scratch, ", %u %s", system->cpu_count,
                          system->cpu_count == 1 ? "processor" : "processors");
    avd_html_scratch_field(h, "cpu");
    avd_html_field(h, "build", system->build_string);
    avd_strbuf_puts(h->out, "</dl>\n");
    put_annotations(h);
    avd_html_section_end(h->out);
}

static void put_flags(struct avd_html *h, uint64_t flags)
{
    unsigned bit;

    avd_strbuf_printf(&h->scratch, "0x%" PRIx64, flags);
    if (flags == 0)
        avd_strbuf_puts(&h->scratch, " MiniDumpNormal");
    for (bit = 0; bit < 64; bit++)
        if ((flags >> bit & 1) != 0 && avd_words_dump_flag(bit) != NULL)
            avd_strbuf_printf(&h->scratch, " %s", avd_words_dump_flag(bit));
    avd_html_scratch_field(h, "flags");
}

void avd_html_dump(struct avd_html *h)
{
    const struct avd_rep_dump *dump = &h->report->dump;
    char time[AVD_TIME_TEXT];

    avd_html_section(h->out, "dump", "Dump");
    avd_strbuf_puts(h->out, "<dl>\n");
    avd_html_field_begin(h, "file");
    avd_html_text(h->out, has_text(dump->file) ? dump->file : "(no name)");
    avd_strbuf_puts(h->out, ", ");
    avd_html_size(h, dump->size);
    avd_strbuf_puts(h->out, dump->compressed ? " after decompression" : "");
    avd_html_field_end(h);
    if (dump->timestamp != 0)
        avd_words_time(dump->timestamp, time);
    avd_html_field(h, "written", dump->timestamp != 0 ? time : "time not recorded");
    put_flags(h, dump->flags);
    avd_html_field_begin(h, "memory");
    if (dump->memory_range_count == 0) {
        avd_strbuf_puts(h->out, "none of the process's memory");
    } else {
        avd_html_size(h, dump->memory_size);
        avd_strbuf_puts(h->out, " in ");
        avd_html_count(h, dump->memory_range_count, "range", "ranges");
        avd_strbuf_puts(h->out, dump->full_memory ? ", full memory" : "");
    }
    avd_html_field_end(h);
    avd_html_field(h, "comment", dump->comment_a);
    /* Writers often store the same words in both streams. */
    if (dump->comment_a == NULL || dump->comment_w == NULL ||
        strcmp(dump->comment_a, dump->comment_w) != 0)
        avd_html_field(h, "comment", dump->comment_w);
    avd_strbuf_puts(h->out, "</dl>\n");
    avd_html_section_end(h->out);
}
