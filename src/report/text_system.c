/* SPDX-License-Identifier: MIT */
/* The text renderer's paragraphs on the exception, the dump file, the process and its system. */
#include "report/text.h"

#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_ANNOTATIONS_SHOWN = 20,
    ANNOTATION_COLUMN = 16 /* of an annotation's second line */
};

static bool has_text(const char *text)
{
    return text != NULL && *text != '\0';
}

static bool is_windows(const struct avd_text *t)
{
    return t->report->system.os != NULL && strcmp(t->report->system.os, "Windows NT") == 0;
}

/* Adds a part of a line, when it is known. */
static void add_part(struct avd_strbuf *line, const char *before, const char *text)
{
    if (!has_text(text))
        return;
    avd_strbuf_puts(line, before);
    avd_strbuf_puts(line, text);
}

/* A field whose text was put together here; ends the text's life. */
static void put_line(const struct avd_text *t, const char *label, struct avd_strbuf *line)
{
    if (line->failed)
        t->out->failed = true;
    else
        avd_text_field(t, label, avd_strbuf_text(line));
    avd_strbuf_deinit(line);
}

/* "0x3 A | B (rest)": the number, the names of the bits that have one, and a last word. */
static void put_flags(const struct avd_text *t, uint64_t flags, const char *(*name)(unsigned),
                      const char *rest)
{
    const char *separator = " ";
    struct avd_strbuf line;
    unsigned bit;

    avd_strbuf_init(&line);
    avd_strbuf_printf(&line, "0x%" PRIx64, flags);
    for (bit = 0; bit < 64; bit++) {
        const char *word = (flags >> bit & 1) != 0 ? name(bit) : NULL;

        if (word == NULL)
            continue;
        avd_strbuf_printf(&line, "%s%s", separator, word);
        separator = " | ";
    }
    avd_strbuf_puts(&line, rest);
    put_line(t, "flags", &line);
}

static void put_parameters(const struct avd_text *t, const struct avd_rep_exception *exception)
{
    int index_width = exception->parameter_count > 10 ? 2 : 1;
    int width = 0;
    size_t i;

    for (i = 0; i < exception->parameter_count; i++) {
        int size = snprintf(NULL, 0, "0x%" PRIx64, exception->parameters[i].value);

        if (size > width)
            width = size;
    }
    for (i = 0; i < exception->parameter_count; i++) {
        const struct avd_rep_parameter *parameter = &exception->parameters[i];
        char value[24];

        (void)snprintf(value, sizeof value, "0x%" PRIx64, parameter->value);
        avd_text_label(t, i == 0 ? "parameters" : "");
        if (!has_text(parameter->meaning)) {
            avd_strbuf_printf(t->out, "%*zu  %s\n", index_width, i, value);
            continue;
        }
        avd_strbuf_printf(t->out, "%*zu  %-*s  ", index_width, i, width, value);
        avd_text_wrapped(t, (unsigned)(18 + index_width + width), parameter->meaning, 0);
    }
}

/* Exceptions on the stacks beside the one that the report is about. */
static void put_found(const struct avd_text *t)
{
    unsigned width = t->report->process.pointer_size;
    size_t i;

    for (i = 0; i < t->report->found_count; i++) {
        const struct avd_rep_found *found = &t->report->found[i];
        struct avd_strbuf line;

        /* What may be old is told when there is nothing else to tell. */
        if (found->is_exception ||
            (t->report->exception.present && !t->verbose && strcmp(found->state, "leftover") == 0))
            continue;
        avd_strbuf_init(&line);
        avd_strbuf_printf(&line, "0x%08" PRIx32 " ", found->code);
        avd_strbuf_puts(&line, has_text(found->name) ? found->name : "(not a known code)");
        avd_strbuf_printf(&line, " at 0x%0*" PRIx64, (int)width * 2, found->address);
        if (found->address_module != NULL) {
            add_part(&line, " ", found->address_module);
            avd_strbuf_printf(&line, "+0x%" PRIx64, found->address_offset);
        }
        avd_strbuf_printf(&line, " on thread %zu (%s), found in ", found->thread, found->state);
        add_part(&line, "", found->evidence);
        put_line(t, "also", &line);
    }
}

/* The records that handlers chained to this one. */
static void put_nested(const struct avd_text *t, const struct avd_rep_exception *exception)
{
    size_t i;

    for (i = 0; i < exception->nested_count; i++) {
        const struct avd_rep_nested *nested = &exception->nested[i];
        struct avd_strbuf line;

        avd_strbuf_init(&line);
        avd_strbuf_printf(&line, "0x%08" PRIx32 " ", nested->code);
        avd_strbuf_puts(&line, has_text(nested->name) ? nested->name : "(not a known code)");
        avd_strbuf_printf(&line, " at 0x%" PRIx64 " was being handled", nested->address);
        put_line(t, "nested", &line);
    }
}

/* The instruction, and the module it lies in. */
static void put_address(const struct avd_text *t, const struct avd_rep_exception *exception,
                        unsigned width)
{
    avd_text_label(t, "address");
    avd_text_address(t, exception->address, width);
    if (exception->address_module != NULL) {
        avd_strbuf_puts(t->out, " ");
        avd_strbuf_escaped(t->out, exception->address_module);
        avd_strbuf_printf(t->out, "+0x%" PRIx64, exception->address_offset);
    } else {
        avd_strbuf_puts(t->out, " in no module");
    }
    avd_strbuf_puts(t->out, "\n");
}

void avd_text_exception(const struct avd_text *t)
{
    const struct avd_rep_exception *exception = &t->report->exception;
    unsigned width = t->report->process.pointer_size;
    struct avd_strbuf line;

    avd_text_title(t, "exception");
    if (!exception->present) {
        avd_strbuf_puts(t->out, "  the dump records no exception\n");
        put_found(t);
        return;
    }
    avd_strbuf_init(&line);
    avd_strbuf_printf(&line, "0x%08" PRIx32 " ", exception->code);
    avd_strbuf_puts(&line, has_text(exception->name) ? exception->name : "(not a known code)");
    /* An unknown code has its number for a type, which stands there already. */
    if (has_text(exception->type) && has_text(exception->name) &&
        strcmp(exception->type, exception->name) != 0) {
        add_part(&line, " (", exception->type);
        avd_strbuf_puts(&line, ")");
    }
    put_line(t, "code", &line);
    avd_text_field(t, "meaning", exception->meaning);
    if (!exception->was_sent)
        put_address(t, exception, width);
    if (has_text(exception->access)) {
        avd_text_label(t, exception->access);
        avd_text_address(t, exception->crash_address, width);
        avd_strbuf_puts(t->out, "\n");
    }
    avd_text_instruction(t);
    avd_text_label(t, "thread");
    if (exception->thread < t->report->thread_count)
        avd_text_thread_name(t, exception->thread);
    else
        avd_strbuf_printf(t->out, "0x%" PRIx32 ", which is not in the thread list",
                          exception->thread_id);
    avd_strbuf_puts(t->out, "\n");
    /* Signals and Mach exceptions have no such flags. */
    if (exception->flags != 0 || is_windows(t))
        put_flags(t, exception->flags, avd_words_exception_flag,
                  exception->noncontinuable ? "" : " (continuable)");
    put_parameters(t, exception);
    put_nested(t, exception);
    if (exception->nested_record != 0 && exception->nested_count == 0) {
        avd_text_label(t, "nested");
        avd_strbuf_puts(t->out, "another exception record at ");
        avd_text_address(t, exception->nested_record, width);
        avd_strbuf_puts(t->out, "\n");
    }
    if (has_text(exception->evidence)) {
        avd_strbuf_init(&line);
        if (strcmp(exception->source, "recovered") != 0)
            avd_strbuf_puts(&line, "the exception stream; its registers ");
        avd_strbuf_puts(&line, "recovered from the stack: ");
        avd_strbuf_puts(&line, exception->evidence);
        put_line(t, "found in", &line);
    } else {
        avd_text_field(t, "found in", exception->origin);
    }
    put_found(t);
}

void avd_text_dump(const struct avd_text *t)
{
    const struct avd_rep_dump *dump = &t->report->dump;
    char time[AVD_TIME_TEXT];

    avd_text_title(t, "dump");
    avd_text_label(t, "file");
    avd_strbuf_escaped(t->out, has_text(dump->file) ? dump->file : "(no name)");
    avd_strbuf_puts(t->out, ", ");
    avd_text_size(t, dump->size);
    avd_strbuf_puts(t->out, dump->compressed ? " after decompression\n" : "\n");
    if (dump->timestamp != 0)
        avd_words_time(dump->timestamp, time);
    avd_text_field(t, "written", dump->timestamp != 0 ? time : "time not recorded");
    put_flags(t, dump->flags, avd_words_dump_flag, dump->flags == 0 ? " MiniDumpNormal" : "");
    avd_text_label(t, "memory");
    if (dump->memory_range_count == 0) {
        avd_strbuf_puts(t->out, "none of the process's memory");
    } else {
        avd_text_size(t, dump->memory_size);
        avd_strbuf_puts(t->out, " in ");
        avd_text_count(t, dump->memory_range_count, "range", "ranges");
        if (dump->full_memory)
            avd_strbuf_puts(t->out, ", full memory");
    }
    if (dump->region_count != 0) {
        avd_strbuf_puts(t->out, "; map of ");
        avd_text_count(t, dump->region_count, "region", "regions");
    }
    avd_strbuf_puts(t->out, "\n");
    avd_text_field(t, "comment", dump->comment_a);
    /* Writers often store the same words in both streams. */
    if (dump->comment_a == NULL || dump->comment_w == NULL ||
        strcmp(dump->comment_a, dump->comment_w) != 0)
        avd_text_field(t, "comment", dump->comment_w);
}

static void put_process(const struct avd_text *t)
{
    const struct avd_rep_process *process = &t->report->process;
    struct avd_strbuf line;

    avd_strbuf_init(&line);
    if (process->has_pid)
        avd_strbuf_printf(&line, "id %" PRIu32 " (0x%" PRIx32 ")", process->pid, process->pid);
    else
        avd_strbuf_puts(&line, "id not recorded");
    if (t->report->main_module < t->report->module_count)
        add_part(&line, ", ", t->report->modules[t->report->main_module].file);
    if (process->has_uptime) {
        avd_strbuf_puts(&line, ", up ");
        avd_words_duration(&line, process->uptime);
    }
    if (process->has_create_time) {
        char time[AVD_TIME_TEXT];

        avd_words_time(process->create_time, time);
        add_part(&line, ", started ", time);
    }
    add_part(&line, ", integrity ", process->integrity);
    put_line(t, "process", &line);
}

static void put_assertion(const struct avd_text *t)
{
    const struct avd_rep_assertion *assertion = &t->report->assertion;
    struct avd_strbuf line;

    if (!assertion->present)
        return;
    avd_strbuf_init(&line);
    avd_strbuf_puts(&line, has_text(assertion->expression) ? assertion->expression : "(no text)");
    add_part(&line, " in ", assertion->function);
    if (has_text(assertion->file)) {
        add_part(&line, " [", assertion->file);
        avd_strbuf_printf(&line, " @ %" PRIu32 "]", assertion->line);
    }
    put_line(t, "assertion", &line);
}

static void put_annotations(const struct avd_text *t)
{
    size_t count = t->report->annotation_count;
    size_t i;

    if (!t->verbose && count > MAX_ANNOTATIONS_SHOWN)
        count = MAX_ANNOTATIONS_SHOWN;
    for (i = 0; i < count; i++) {
        const struct avd_rep_annotation *annotation = &t->report->annotations[i];
        struct avd_strbuf line;

        avd_strbuf_init(&line);
        add_part(&line, "", annotation->module);
        add_part(&line, has_text(annotation->module) ? ": " : "",
                 has_text(annotation->key) ? annotation->key : "(no key)");
        avd_strbuf_puts(&line, " = ");
        add_part(&line, "", annotation->value);
        if (line.failed)
            t->out->failed = true;
        avd_text_label(t, i == 0 ? "annotations" : "");
        avd_text_wrapped(t, ANNOTATION_COLUMN, avd_strbuf_text(&line), t->verbose ? 0 : 10);
        avd_strbuf_deinit(&line);
    }
    if (count != t->report->annotation_count) {
        avd_text_label(t, "");
        avd_strbuf_printf(t->out, "... and %zu more (-v shows all)\n",
                          t->report->annotation_count - count);
    }
}

void avd_text_system(const struct avd_text *t)
{
    const struct avd_rep_system *system = &t->report->system;
    struct avd_strbuf line;

    avd_text_title(t, "process and system");
    put_process(t);
    put_assertion(t);
    if (t->report->wow64.present)
        avd_text_field(t, "wow64", t->report->wow64.evidence);
    avd_strbuf_init(&line);
    avd_strbuf_puts(&line, has_text(system->os) ? system->os : "not recorded");
    add_part(&line, " ", system->os_version);
    add_part(&line, " ", system->service_pack);
    add_part(&line, ", ", system->product_type);
    add_part(&line, ", Wine ", system->wine_version);
    put_line(t, "system", &line);
    avd_strbuf_puts(&line, has_text(system->cpu_arch) ? system->cpu_arch : "not recorded");
    add_part(&line, ", ", system->cpu_info);
    if (system->cpu_count != 0)
        avd_strbuf_printf(&line, ", %u %s", system->cpu_count,
                          system->cpu_count == 1 ? "processor" : "processors");
    put_line(t, "cpu", &line);
    avd_text_field(t, "build", system->build_string);
    put_annotations(t);
}
