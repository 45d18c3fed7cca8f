/* SPDX-License-Identifier: MIT */
/* The HTML renderer's tables: threads, modules, streams, notes. Long ones are folded, very
 * long ones cut with a line that says so. */
#include "report/html.h"

#include <inttypes.h>
#include <string.h>

enum {
    MAX_ROWS = 2000, /* of one table: 300 KB */
    OPEN_ROWS = 40   /* longer tables are folded at first */
};

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL && *text != '\0' ? text : otherwise;
}

static void put_cut(struct avd_html *h, size_t count)
{
    if (count > MAX_ROWS)
        avd_strbuf_printf(h->out, "<p>and %zu more, which the JSON report has</p>\n",
                          count - MAX_ROWS);
}

static void put_address_cell(struct avd_html *h, uint64_t address)
{
    avd_strbuf_puts(h->out, "<td class=\"a\"><code>");
    avd_html_address(h, address, h->report->process.pointer_size);
    avd_strbuf_puts(h->out, "</code></td>");
}

/* <details>, open where the table is short, and how many rows it has. */
static void open_fold(struct avd_html *h, size_t count, const char *one, const char *many)
{
    avd_strbuf_puts(h->out,
                    count > OPEN_ROWS ? "<details><summary>" : "<details open=\"open\"><summary>");
    avd_html_count(h, count, one, many);
    avd_strbuf_puts(h->out, "</summary>\n");
}

/* ---- threads ---- */

static void put_thread(struct avd_html *h, size_t index, bool with_stacks)
{
    const struct avd_rep_thread *thread = &h->report->threads[index];
    bool crashed = index == h->report->crashing_thread;

    avd_strbuf_printf(h->out, "<tr%s><td class=\"n\">%zu</td><th scope=\"row\">0x%" PRIx32 "</th>",
                      crashed ? " class=\"blamed\"" : "", index, thread->id);
    avd_html_cell(h, "", thread->name);
    avd_strbuf_puts(h->out, "<td>");
    if (thread->has_last_error) {
        avd_strbuf_printf(h->out, "0x%" PRIx32 " ", thread->last_error);
        avd_html_text(h->out, thread->last_error_name);
    }
    avd_strbuf_puts(h->out, "</td>");
    if (!with_stacks) {
        put_address_cell(h, thread->teb);
    } else {
        avd_strbuf_puts(h->out, "<td class=\"s\"><code>");
        if (thread->stack.frame_count != 0)
            avd_html_call_site(h, &thread->stack.frames[0]);
        else
            avd_strbuf_puts(h->out, "(no stack)");
        avd_strbuf_puts(h->out, "</code></td>");
    }
    avd_strbuf_printf(h->out, "<td>%s%s", crashed ? "crashed" : "",
                      thread->exited ? crashed ? ", exited" : "exited" : "");
    if (thread->suspend_count != 0)
        avd_strbuf_printf(h->out, " suspend count %" PRIu32, thread->suspend_count);
    avd_strbuf_puts(h->out, "</td></tr>\n");
}

void avd_html_threads(struct avd_html *h, bool with_stacks)
{
    size_t count = h->report->thread_count;
    size_t i;

    avd_html_section(h->out, "threads", "Threads");
    if (count == 0) {
        avd_strbuf_puts(h->out, "<p>the dump holds no threads</p>\n");
        avd_html_section_end(h->out);
        return;
    }
    open_fold(h, count, "thread", "threads");
    avd_html_table(h->out, "f", "threads",
                   with_stacks ? "#|Id|Name|Last error|Top frame|State"
                               : "#|Id|Name|Last error|TEB|State");
    for (i = 0; i < count && i < MAX_ROWS; i++)
        put_thread(h, i, with_stacks);
    avd_html_table_end(h->out);
    put_cut(h, count);
    avd_strbuf_puts(h->out, "</details>\n");
    avd_html_section_end(h->out);
}

/* ---- modules ---- */

static void put_marks(struct avd_html *h, const struct avd_rep_module *module, bool main_module)
{
    if (main_module)
        avd_strbuf_puts(h->out, " (main)");
    if (module->from_loader_list)
        avd_strbuf_puts(h->out, " (loader list)");
    if (module->duplicate)
        avd_strbuf_puts(h->out, " (listed twice)");
    if (module->overlaps != NULL) {
        avd_strbuf_puts(h->out, " (overlaps ");
        avd_html_text(h->out, module->overlaps);
        avd_strbuf_puts(h->out, ")");
    }
}

static void put_symbols(struct avd_html *h, const struct avd_rep_module *module)
{
    avd_strbuf_puts(h->out, "<td>");
    if (module->symbol_mismatched)
        avd_strbuf_puts(h->out, "<strong class=\"warning\">mismatched</strong> ");
    avd_html_text(h->out, text_or(module->symbol_source, module->on_stack ? "none" : ""));
    if (module->debug_id != NULL) {
        avd_strbuf_puts(h->out, "<span class=\"src\">");
        avd_html_text(h->out, text_or(module->debug_file, "(no name)"));
        avd_strbuf_puts(h->out, " ");
        avd_html_text(h->out, module->debug_id);
        avd_strbuf_puts(h->out, "</span>");
    }
    avd_strbuf_puts(h->out, "</td>");
}

static void put_module(struct avd_html *h, size_t index)
{
    const struct avd_rep_module *module = &h->report->modules[index];

    avd_strbuf_puts(h->out, "<tr><th class=\"s\" scope=\"row\">");
    avd_html_text(h->out, text_or(module->file, "(no name)"));
    put_marks(h, module, index == h->report->main_module);
    if (module->path != NULL && module->file != NULL && strcmp(module->path, module->file) != 0) {
        avd_strbuf_puts(h->out, "<span class=\"src\">");
        avd_html_text(h->out, module->path);
        avd_strbuf_puts(h->out, "</span>");
    }
    avd_strbuf_puts(h->out, "</th>");
    avd_html_cell(h, "", module->version);
    put_address_cell(h, module->base);
    put_address_cell(h, module->end);
    put_symbols(h, module);
    avd_strbuf_puts(h->out, "</tr>\n");
}

/* The modules that lie on stacks, or the others, `count` of them. */
static void put_module_table(struct avd_html *h, bool on_stack, size_t count, const char *label)
{
    size_t shown = 0;
    size_t i;

    avd_html_table(h->out, "f", label, "Module|Version|Start|End|Symbols");
    for (i = 0; i < h->report->module_count && shown < MAX_ROWS; i++) {
        if (h->report->modules[i].on_stack != on_stack)
            continue;
        put_module(h, i);
        shown++;
    }
    avd_html_table_end(h->out);
    put_cut(h, count);
    avd_strbuf_puts(h->out, "</details>\n");
}

static void put_unloaded(struct avd_html *h)
{
    const struct avd_report *report = h->report;
    size_t i;

    if (report->unloaded_count == 0)
        return;
    avd_strbuf_puts(h->out, "<details><summary>");
    avd_html_count(h, report->unloaded_count, "unloaded module", "unloaded modules");
    avd_strbuf_puts(h->out, "</summary>\n");
    avd_html_table(h->out, "f", "unloaded modules", "Module|Start|End");
    for (i = 0; i < report->unloaded_count && i < MAX_ROWS; i++) {
        avd_strbuf_puts(h->out, "<tr><th class=\"s\" scope=\"row\">");
        avd_html_text(h->out, text_or(report->unloaded[i].file, "(no name)"));
        avd_strbuf_puts(h->out, "</th>");
        put_address_cell(h, report->unloaded[i].base);
        put_address_cell(h, report->unloaded[i].end);
        avd_strbuf_puts(h->out, "</tr>\n");
    }
    avd_html_table_end(h->out);
    put_cut(h, report->unloaded_count);
    avd_strbuf_puts(h->out, "</details>\n");
}

void avd_html_modules(struct avd_html *h)
{
    const struct avd_report *report = h->report;
    size_t on_stack = 0;
    size_t i;

    for (i = 0; i < report->module_count; i++)
        on_stack += report->modules[i].on_stack;
    avd_html_section(h->out, "modules", "Modules");
    if (report->module_count == 0)
        avd_strbuf_puts(h->out, "<p>the dump lists no modules</p>\n");
    if (on_stack != 0) {
        open_fold(h, on_stack, "module on the stacks", "modules on the stacks");
        put_module_table(h, true, on_stack, "modules on the stacks");
    }
    if (on_stack != report->module_count) {
        avd_strbuf_puts(h->out, "<details><summary>");
        avd_html_count(h, report->module_count - on_stack, "other module", "other modules");
        avd_strbuf_puts(h->out, "</summary>\n");
        put_module_table(h, false, report->module_count - on_stack, "other modules");
    }
    put_unloaded(h);
    avd_html_section_end(h->out);
}

/* ---- streams and notes ---- */

void avd_html_streams(struct avd_html *h)
{
    const struct avd_rep_dump *dump = &h->report->dump;
    size_t i;

    avd_html_section(h->out, "streams", "Streams");
    if (dump->stream_count == 0)
        avd_strbuf_puts(h->out, "<p>the dump holds no streams</p>\n");
    else
        avd_html_table(h->out, "", "streams", "Name|Type|Offset|Size|State");
    for (i = 0; i < dump->stream_count && i < MAX_ROWS; i++) {
        const struct avd_rep_stream *stream = &dump->streams[i];

        avd_strbuf_puts(h->out, "<tr><th scope=\"row\">");
        avd_html_text(h->out, text_or(stream->name, "(not a known stream)"));
        avd_strbuf_printf(h->out,
                          stream->type < 0x10000 ? "</th><td class=\"n\">%" PRIu32 "</td>"
                                                 : "</th><td class=\"n\">0x%08" PRIx32 "</td>",
                          stream->type);
        avd_strbuf_printf(h->out,
                          "<td class=\"n\">0x%" PRIx64 "</td><td class=\"n\">%" PRIu32
                          "</td><td>%s%s</td></tr>\n",
                          stream->offset, stream->size, stream->truncated ? "truncated " : "",
                          stream->duplicate ? "duplicate" : "");
    }
    if (dump->stream_count != 0)
        avd_html_table_end(h->out);
    put_cut(h, dump->stream_count);
    avd_html_section_end(h->out);
}

void avd_html_notes(struct avd_html *h)
{
    const struct avd_report *report = h->report;
    size_t i;

    if (report->note_count + report->notes_dropped == 0)
        return;
    avd_html_section(h->out, "notes", "Notes");
    avd_strbuf_puts(h->out, "<ul>\n");
    for (i = 0; i < report->note_count; i++) {
        const struct avd_note *note = &report->notes[i];

        avd_strbuf_puts(h->out, "<li>");
        avd_html_text(h->out, text_or(note->where, "dump"));
        if (note->offset != AVD_NO_OFFSET)
            avd_strbuf_printf(h->out, " at 0x%" PRIx64, note->offset);
        avd_strbuf_puts(h->out, ": ");
        avd_html_text(h->out, note->message);
        avd_strbuf_puts(h->out, "</li>\n");
    }
    if (report->notes_dropped != 0)
        avd_strbuf_printf(h->out, "<li>and %zu more, over the ceiling on notes</li>\n",
                          report->notes_dropped);
    avd_strbuf_puts(h->out, "</ul>\n");
    avd_html_section_end(h->out);
}
