/* SPDX-License-Identifier: MIT */
/*
 * One question about a dump. Stacks, threads, modules and handles are the report's own lists,
 * printed by its renderers; what looks at memory has files of its own.
 */
#include "inspect/inspect.h"

#include "report/text.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

enum avd_status avd_inspection_analyze(struct avd_inspection *in, struct avd_error *err)
{
    struct avd_rule_results none = {0};
    enum avd_status status = AVD_OK;

    if (in->report != NULL)
        return AVD_OK;
    if (in->an == NULL)
        status = avd_analysis_run(in->dump, in->analyze, &in->an, err);
    if (status == AVD_OK)
        status = avd_report_build(in->an, &none, &in->report, err);
    if (status == AVD_OK) {
        in->sheet.j.report = in->report;
        in->sheet.j.pointer_size = in->report->process.pointer_size;
    }
    return status;
}

/* "3" counts as a report does, "0x2fe4" is an id. */
static enum avd_status read_thread(const struct avd_report *report, const char *text, size_t *index,
                                   struct avd_error *err)
{
    bool by_id = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    unsigned long long number;
    char *end;
    size_t i;

    number = strtoull(text, &end, by_id ? 16 : 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0')
        return avd_error_set(err, AVD_E_ARG, 0, "",
                             "'%.40s' is no thread; expected its number in the report, or its id "
                             "with 0x",
                             text);
    for (i = 0; i < report->thread_count; i++)
        if (by_id ? report->threads[i].id == number : i == number) {
            *index = i;
            return AVD_OK;
        }
    return avd_error_set(err, AVD_NOT_FOUND, 0, "", "there is no thread %.40s among %zu", text,
                         report->thread_count);
}

enum avd_status avd_inspection_thread(struct avd_inspection *in, size_t *index,
                                      struct avd_error *err)
{
    enum avd_status status = avd_inspection_analyze(in, err);

    if (status != AVD_OK)
        return status;
    if (in->query->thread != NULL)
        return read_thread(in->report, in->query->thread, index, err);
    *index = in->report->crashing_thread;
    if (*index >= in->report->thread_count)
        *index = in->report->requesting_thread;
    if (*index >= in->report->thread_count)
        *index = 0;
    return in->report->thread_count != 0
               ? AVD_OK
               : avd_error_set(err, AVD_NOT_FOUND, 0, "", "the dump holds no threads");
}

enum avd_status avd_inspection_stack(struct avd_inspection *in, const struct avd_rep_stack **stack,
                                     struct avd_error *err)
{
    const struct avd_rep_thread *thread;
    size_t index;
    enum avd_status status = avd_inspection_thread(in, &index, err);

    if (status != AVD_OK)
        return status;
    thread = index == in->report->crashing_thread && in->report->crashed != NULL
                 ? in->report->crashed
                 : &in->report->threads[index];
    *stack = in->options->native_first && thread->native.present ? &thread->native : &thread->stack;
    if ((*stack)->pointer_size != 0)
        in->pointer_size = (*stack)->pointer_size;
    return AVD_OK;
}

enum avd_status avd_inspection_pointer_size(struct avd_inspection *in, struct avd_error *err)
{
    const struct avd_rep_stack *stack;
    enum avd_status status = avd_inspection_stack(in, &stack, err);

    return status == AVD_NOT_FOUND && in->query->thread == NULL ? AVD_OK : status;
}

void avd_inspection_address(struct avd_inspection *in, uint64_t address)
{
    struct avd_text t;

    avd_text_init(&t, in->report, in->options, &in->sheet.text);
    avd_text_address(&t, address, address > UINT32_MAX ? 8 : in->pointer_size);
}

void avd_inspection_json_address(struct avd_inspection *in, const char *key, uint64_t address)
{
    avd_json_hex(&in->sheet.j, key, address, in->sheet.j.pointer_size == 4 ? 8 : 16);
}

/* ---- what a report has ---- */

static enum avd_status put_stack(struct avd_inspection *in, struct avd_error *err)
{
    struct avd_text t;
    size_t index = 0;
    size_t i;
    enum avd_status status = avd_inspection_thread(in, &index, err);

    if (status != AVD_OK)
        return status;
    avd_text_init(&t, in->report, in->options, &in->sheet.text);
    if (in->sheet.json) {
        avd_json_open(&in->sheet.j, "threads", '[');
        for (i = 0; i < in->report->thread_count && !in->sheet.text.failed; i++)
            if (i == index || in->options->all_threads)
                avd_json_thread(&in->sheet.j, NULL, i);
        avd_json_close(&in->sheet.j, '[');
        return AVD_OK;
    }
    avd_text_thread_stacks(&t, index, index == in->report->crashing_thread ? "crashed" : "");
    if (t.all_threads)
        avd_text_other_stacks(&t, index);
    return AVD_OK;
}

static enum avd_status put_list(struct avd_inspection *in, struct avd_error *err)
{
    struct avd_json *j = &in->sheet.j;
    struct avd_text t;
    enum avd_status status = avd_inspection_analyze(in, err);

    if (status != AVD_OK)
        return status;
    avd_text_init(&t, in->report, in->options, &in->sheet.text);
    switch ((int)in->query->what) {
    case AVD_INSPECT_THREADS:
        t.verbose = true; /* all of them were asked for */
        if (!in->sheet.json)
            avd_text_threads(&t, true);
        else
            avd_json_threads(j);
        break;
    case AVD_INSPECT_MODULES:
        if (!in->sheet.json) {
            avd_text_modules(&t, true);
        } else {
            avd_json_modules(j);
            avd_json_unloaded(j);
        }
        break;
    default:
        if (!in->sheet.json)
            avd_text_handles(&t);
        else
            avd_json_handles(j);
        break;
    }
    return AVD_OK;
}

/* ---- the question ---- */

struct command {
    const char *document; /* as JSON calls it */
    enum avd_status (*run)(struct avd_inspection *in, struct avd_error *err);
    bool has_place, has_pattern;
};

static const struct command commands[] = {
    [AVD_INSPECT_STACK] = {"stack", put_stack, false, false},
    [AVD_INSPECT_THREADS] = {"threads", put_list, false, false},
    [AVD_INSPECT_MODULES] = {"modules", put_list, false, false},
    [AVD_INSPECT_HANDLES] = {"handles", put_list, false, false},
    [AVD_INSPECT_MAP] = {"memory-map", avd_inspect_map, false, false},
    [AVD_INSPECT_MEMORY] = {"memory", avd_inspect_memory, true, false},
    [AVD_INSPECT_POINTERS] = {"dps", avd_inspect_pointers, true, false},
    [AVD_INSPECT_NEAREST] = {"ln", avd_inspect_nearest, true, false},
    [AVD_INSPECT_STRINGS] = {"strings", avd_inspect_strings, false, false},
    [AVD_INSPECT_FIND] = {"find", avd_inspect_find, false, true},
};

/* The report's lists begin with an empty line, which separates them from what stands above. */
static void drop_first_break(struct avd_strbuf *text)
{
    if (text->failed || text->size == 0 || text->text[0] != '\n')
        return;
    memmove(text->text, text->text + 1, text->size); /* with the terminator */
    text->size--;
}

enum avd_status avd_inspect_write(const struct avd_dump *dump,
                                  const struct avd_analyze_options *analyze,
                                  const struct avd_inspect_query *query, enum avd_format format,
                                  const struct avd_write_options *options, avd_write_fn *write,
                                  void *ctx, struct avd_error *err)
{
    static const struct avd_write_options defaults;
    const struct command *command;
    struct avd_inspection in = {0};
    enum avd_status status;

    if (dump == NULL || query == NULL || write == NULL || (unsigned)query->what > AVD_INSPECT_FIND)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no dump, no question or no writer");
    if (format != AVD_FORMAT_TEXT && format != AVD_FORMAT_JSON)
        return avd_error_set(err, AVD_E_ARG, 0, "", "answers are text or JSON");
    command = &commands[query->what];
    if ((command->has_place && query->place == NULL) ||
        (command->has_pattern && query->pattern == NULL))
        return avd_error_set(err, AVD_E_ARG, 0, "", "the question lacks its place or pattern");
    in.dump = dump;
    in.query = query;
    in.analyze = analyze;
    in.options = options != NULL ? options : &defaults;
    in.write = write;
    in.ctx = ctx;
    in.pointer_size = avd_dump_pointer_size(dump);
    avd_sheet_init(&in.sheet, format, in.options, command->document);
    in.sheet.j.pointer_size = in.pointer_size;
    status = command->run(&in, err);
    if (!in.sheet.json)
        drop_first_break(&in.sheet.text);
    if (status == AVD_OK)
        status = avd_sheet_deliver(&in.sheet, write, ctx, err);
    else
        avd_strbuf_deinit(&in.sheet.text);
    avd_report_free(in.report);
    avd_analysis_free(in.an);
    return status;
}
