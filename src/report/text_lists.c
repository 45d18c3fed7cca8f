/* SPDX-License-Identifier: MIT */
/* The text renderer's tables: threads, modules, streams, notes; cut when long and not verbose. */
#include "report/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_THREADS_SHOWN = 40,
    MAX_NOTES_SHOWN = 6,
    MAX_NAME_COLUMNS = 28 /* wider cells push their row to the right instead of the whole table */
};

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL && *text != '\0' ? text : otherwise;
}

static void widen(size_t *width, const char *text)
{
    size_t columns = avd_text_columns(text);

    if (columns > MAX_NAME_COLUMNS)
        columns = MAX_NAME_COLUMNS;
    if (columns > *width)
        *width = columns;
}

/* A cell of a table: padded to its column, and two spaces even when it is wider. */
static void put_cell(const struct avd_text *t, const char *text, size_t width)
{
    avd_text_padded(t, text, width);
    avd_strbuf_puts(t->out, "  ");
}

static void put_more(const struct avd_text *t, size_t count)
{
    avd_strbuf_printf(t->out, "  ... and %zu more (-v shows all)\n", count);
}

/* "0", "0x6d9 EPT_S_NOT_REGISTERED"; "" when the dump does not tell. */
static void last_error_text(const struct avd_rep_thread *thread, char *out, size_t size)
{
    if (!thread->has_last_error)
        out[0] = '\0';
    else if (thread->last_error == 0)
        (void)snprintf(out, size, "0");
    else
        (void)snprintf(out, size, "0x%" PRIx32 "%s%s", thread->last_error,
                       thread->last_error_name != NULL ? " " : "",
                       text_or(thread->last_error_name, ""));
}

void avd_text_threads(const struct avd_text *t, bool with_stacks)
{
    const struct avd_report *report = t->report;
    size_t count = report->thread_count;
    size_t error_width = 0;
    size_t name_width = 0;
    size_t id_width = 6;
    char error[96];
    char id[16];
    size_t i;

    avd_text_title(t, "threads");
    if (count == 0) {
        avd_strbuf_puts(t->out, "  the dump holds no threads\n");
        return;
    }
    if (!t->verbose && count > MAX_THREADS_SHOWN)
        count = MAX_THREADS_SHOWN;
    for (i = 0; i < count; i++) {
        last_error_text(&report->threads[i], error, sizeof error);
        widen(&error_width, error);
        widen(&name_width, text_or(report->threads[i].name, ""));
        (void)snprintf(id, sizeof id, "0x%" PRIx32, report->threads[i].id);
        widen(&id_width, id);
    }
    if (error_width != 0)
        widen(&error_width, "last error");
    avd_text_style(t, AVD_STYLE_DIM);
    avd_strbuf_puts(t->out, "     #  ");
    put_cell(t, "id", id_width);
    if (name_width != 0)
        put_cell(t, "name", name_width);
    if (error_width != 0)
        put_cell(t, "last error", error_width);
    avd_strbuf_puts(t->out, with_stacks ? "top frame\n" : "teb\n");
    avd_text_plain(t);
    for (i = 0; i < count; i++) {
        const struct avd_rep_thread *thread = &report->threads[i];

        (void)snprintf(id, sizeof id, "0x%" PRIx32, thread->id);
        avd_strbuf_printf(t->out, "%s %3zu  ", i == report->crashing_thread ? " *" : "  ", i);
        put_cell(t, id, id_width);
        if (name_width != 0)
            put_cell(t, text_or(thread->name, ""), name_width);
        if (error_width != 0) {
            last_error_text(thread, error, sizeof error);
            put_cell(t, error, error_width);
        }
        if (!with_stacks)
            avd_text_address(t, thread->teb, report->process.pointer_size);
        else if (thread->stack.frame_count != 0)
            avd_text_call_site(t, &thread->stack.frames[0]);
        else
            avd_strbuf_puts(t->out, "(no stack)");
        if (thread->exited)
            avd_strbuf_puts(t->out, ", exited");
        if (thread->suspend_count != 0)
            avd_strbuf_printf(t->out, ", suspend count %" PRIu32, thread->suspend_count);
        avd_strbuf_puts(t->out, "\n");
    }
    if (count != report->thread_count)
        put_more(t, report->thread_count - count);
    if (report->crashing_thread < count && report->thread_count > 1)
        avd_strbuf_puts(t->out, "   * crashed\n");
}

static void put_module(const struct avd_text *t, size_t index, size_t name_width,
                       size_t version_width)
{
    const struct avd_rep_module *module = &t->report->modules[index];
    const char *file = text_or(module->file, "");
    unsigned width = t->report->process.pointer_size;

    avd_strbuf_puts(t->out, "  ");
    avd_text_style(t, AVD_STYLE_DIM);
    avd_text_address(t, module->base, width);
    avd_strbuf_puts(t->out, " ");
    avd_text_address(t, module->end, width);
    avd_text_plain(t);
    avd_strbuf_puts(t->out, "  ");
    put_cell(t, text_or(module->display_name, "(no name)"), name_width);
    if (version_width != 0)
        put_cell(t, text_or(module->version, ""), version_width);
    avd_strbuf_escaped(t->out, t->verbose ? text_or(module->path, file) : file);
    if (index == t->report->main_module)
        avd_strbuf_puts(t->out, " (main)");
    if (module->from_loader_list)
        avd_strbuf_puts(t->out, " (loader list)");
    if (module->duplicate)
        avd_strbuf_puts(t->out, " (listed twice)");
    if (module->overlaps != NULL) {
        avd_strbuf_puts(t->out, " (overlaps ");
        avd_strbuf_escaped(t->out, module->overlaps);
        avd_strbuf_puts(t->out, ")");
    }
    avd_strbuf_puts(t->out, "\n");
    if (t->verbose && (module->debug_id != NULL || module->code_id != NULL)) {
        avd_strbuf_puts(t->out, "      image ");
        avd_strbuf_escaped(t->out, text_or(module->code_id, "(no id)"));
        avd_strbuf_puts(t->out, ", symbols ");
        avd_strbuf_escaped(t->out, text_or(module->debug_file, "(no name)"));
        avd_strbuf_puts(t->out, " ");
        avd_strbuf_escaped(t->out, text_or(module->debug_id, "(no id)"));
        avd_strbuf_puts(t->out, "\n");
    }
}

void avd_text_modules(const struct avd_text *t, bool all)
{
    const struct avd_report *report = t->report;
    size_t name_width = 6;
    size_t version_width = 0;
    size_t shown = 0;
    size_t i;

    for (i = 0; i < report->module_count; i++) {
        if (!all && !report->modules[i].on_stack)
            continue;
        shown++;
        widen(&name_width, text_or(report->modules[i].display_name, "(no name)"));
        widen(&version_width, text_or(report->modules[i].version, ""));
    }
    avd_text_title(t, all || report->module_count == 0 ? "modules" : "modules on the stacks");
    if (report->module_count == 0)
        avd_strbuf_puts(t->out, "  the dump lists no modules\n");
    if (shown != 0) {
        avd_text_style(t, AVD_STYLE_DIM);
        avd_strbuf_puts(t->out, report->process.pointer_size == 4
                                    ? "  start    end       "
                                    : "  start             end                ");
        put_cell(t, "module", name_width);
        if (version_width != 0)
            put_cell(t, "version", version_width);
        avd_strbuf_puts(t->out, "file\n");
        avd_text_plain(t);
    }
    for (i = 0; i < report->module_count; i++)
        if (all || report->modules[i].on_stack)
            put_module(t, i, name_width, version_width);
    if (!all && shown < report->module_count)
        put_more(t, report->module_count - shown);
    if (report->unloaded_count == 0)
        return;
    if (!t->verbose) {
        avd_strbuf_puts(t->out, "  ");
        avd_text_count(t, report->unloaded_count, "unloaded module", "unloaded modules");
        avd_strbuf_puts(t->out, " (-v lists them)\n");
        return;
    }
    avd_text_title(t, "unloaded modules");
    for (i = 0; i < report->unloaded_count; i++) {
        avd_strbuf_puts(t->out, "  ");
        avd_text_address(t, report->unloaded[i].base, report->process.pointer_size);
        avd_strbuf_puts(t->out, " ");
        avd_text_address(t, report->unloaded[i].end, report->process.pointer_size);
        avd_strbuf_puts(t->out, "  ");
        avd_strbuf_escaped(t->out, text_or(report->unloaded[i].file, "(no name)"));
        avd_strbuf_puts(t->out, "\n");
    }
}

void avd_text_handles(const struct avd_text *t)
{
    const struct avd_report *report = t->report;
    size_t type_width = 4;
    size_t i;

    avd_text_title(t, "handles");
    if (!report->has_handles) {
        avd_strbuf_puts(t->out, "  the dump has no handle stream\n");
        return;
    }
    if (report->handle_count == 0) {
        avd_strbuf_puts(t->out, "  the dump lists no handles\n");
        return;
    }
    for (i = 0; i < report->handle_count; i++)
        widen(&type_width, text_or(report->handles[i].type_name, ""));
    avd_text_style(t, AVD_STYLE_DIM);
    avd_strbuf_puts(t->out, "      handle  ");
    put_cell(t, "type", type_width);
    avd_strbuf_puts(t->out, "  access  handles  pointers  name\n");
    avd_text_plain(t);
    for (i = 0; i < report->handle_count && !t->out->failed; i++) {
        const struct avd_rep_handle *handle = &report->handles[i];

        avd_strbuf_printf(t->out, "  0x%08" PRIx64 "  ", handle->handle);
        put_cell(t, text_or(handle->type_name, ""), type_width);
        avd_strbuf_printf(t->out, "%08" PRIx32 "  %7" PRIu32 "  %8" PRIu32, handle->granted_access,
                          handle->handle_count, handle->pointer_count);
        if (handle->object_name != NULL && *handle->object_name != '\0') {
            avd_strbuf_puts(t->out, "  ");
            avd_strbuf_escaped(t->out, handle->object_name);
        }
        avd_strbuf_puts(t->out, "\n");
    }
}

void avd_text_streams(const struct avd_text *t)
{
    const struct avd_rep_dump *dump = &t->report->dump;
    size_t i;

    avd_text_title(t, "streams");
    if (dump->stream_count == 0) {
        avd_strbuf_puts(t->out, "  the dump holds no streams\n");
        return;
    }
    avd_text_style(t, AVD_STYLE_DIM);
    avd_strbuf_puts(t->out, "  offset            size  type        name\n");
    avd_text_plain(t);
    for (i = 0; i < dump->stream_count; i++) {
        const struct avd_rep_stream *stream = &dump->streams[i];

        avd_strbuf_printf(t->out, "  0x%08" PRIx64 "  %10" PRIu32 "  ", stream->offset,
                          stream->size);
        /* Microsoft's numbers are small decimals; other writers' are known by their hex. */
        avd_strbuf_printf(t->out, stream->type < 0x10000 ? "%-10" PRIu32 "  " : "0x%08" PRIx32 "  ",
                          stream->type);
        avd_strbuf_escaped(t->out, text_or(stream->name, "(not a known stream)"));
        if (stream->truncated)
            avd_strbuf_puts(t->out, ", truncated");
        if (stream->duplicate)
            avd_strbuf_puts(t->out, ", duplicate");
        avd_strbuf_puts(t->out, "\n");
    }
}

void avd_text_notes(const struct avd_text *t)
{
    const struct avd_report *report = t->report;
    size_t total = report->note_count + report->notes_dropped;
    size_t count = report->note_count;
    size_t i;

    if (total == 0)
        return;
    avd_text_title(t, "notes");
    if (!t->verbose && count > MAX_NOTES_SHOWN)
        count = MAX_NOTES_SHOWN;
    for (i = 0; i < count; i++) {
        const struct avd_note *note = &report->notes[i];
        struct avd_strbuf line;

        avd_strbuf_init(&line);
        avd_strbuf_puts(&line, text_or(note->where, "dump"));
        if (note->offset != AVD_NO_OFFSET)
            avd_strbuf_printf(&line, " at 0x%" PRIx64, note->offset);
        avd_strbuf_puts(&line, ": ");
        avd_strbuf_puts(&line, text_or(note->message, ""));
        if (line.failed)
            t->out->failed = true;
        avd_strbuf_puts(t->out, "  ");
        avd_text_wrapped(t, 4, avd_strbuf_text(&line), 0);
        avd_strbuf_deinit(&line);
    }
    if (count != report->note_count)
        put_more(t, total - count);
    else if (report->notes_dropped != 0)
        avd_strbuf_printf(t->out, "  ... and %zu more, over the ceiling on notes\n",
                          report->notes_dropped);
}
