/* SPDX-License-Identifier: MIT */
/* Puts a report together: everything a renderer may print is copied out of dump and analysis. */
#include "report/build.h"

#include "base/memory.h"

#include <string.h>

/* Whether the crash address is data's, as rust-minidump and Breakpad have it: on Windows only for
 * access violations and in-page errors. */
static bool is_data_fault(const struct avd_dump *dump, uint32_t code)
{
    return !avd_dump_is_windows(dump) || code == 0xc0000005 || code == 0xc0000006;
}

/* The record and its words; `module` owns its address, NULL when none does. */
static void build_record(const struct avd_dump *dump, const struct avd_exception *from,
                         const struct avd_exception_words *words, const struct avd_module *module,
                         struct avd_report *report)
{
    struct avd_rep_exception *exception = &report->exception;
    struct avd_rep_parameter *parameters;
    size_t i;

    exception->present = true;
    exception->origin = "exception stream";
    exception->source = "stream";
    exception->code = from->code;
    exception->name = avd_build_copy(report, words->name);
    exception->meaning = avd_build_copy(report, words->meaning);
    exception->type = avd_build_copy(report, words->type);
    exception->flags = from->flags;
    exception->noncontinuable = avd_dump_is_windows(dump) && (from->flags & 1) != 0;
    exception->was_sent = words->was_sent;
    exception->address = from->address;
    if (module != NULL) {
        exception->address_module = avd_build_copy(report, module->name);
        exception->address_offset = from->address - module->base;
    }
    exception->nested_record = from->nested_record;
    exception->access = avd_access_name(words->access);
    exception->crash_address = words->has_access_address && is_data_fault(dump, from->code)
                                   ? words->access_address
                                   : from->address;
    exception->thread_id = from->thread_id;
    parameters = avd_arena_alloc(&report->arena, from->parameter_count, sizeof *parameters);
    if (parameters == NULL)
        return;
    for (i = 0; i < from->parameter_count; i++) {
        parameters[i].value = from->parameters[i];
        parameters[i].meaning = avd_build_copy(report, words->parameters[i]);
    }
    exception->parameters = parameters;
    exception->parameter_count = from->parameter_count;
}

void avd_build_exception(const struct avd_analysis *an, struct avd_report *report)
{
    size_t module = avd_analysis_module_at(an, an->exception.address);

    if (!an->has_exception)
        return;
    build_record(an->dump, &an->exception, &an->words,
                 module != AVD_NO_MODULE ? an->modules[module].module : NULL, report);
    if (an->crashing_thread != AVD_NO_MODULE)
        report->exception.thread = an->crashing_thread;
}

/* The same without an analysis: the code alone decides the words. */
static void build_exception_info(const struct avd_dump *dump, struct avd_report *report)
{
    const struct avd_exception *from = &dump->exception;
    size_t module = avd_dump_module_at(dump, from->address);
    struct avd_exception_words words;
    struct avd_exception_input in;

    memset(&in, 0, sizeof in);
    in.os = avd_analysis_os(dump);
    in.is_64bit = avd_dump_pointer_size(dump) == 8;
    in.code = from->code;
    in.flags = from->flags;
    in.address = from->address;
    in.parameter_count = from->parameter_count;
    in.parameters = from->parameters;
    if (!from->present || !avd_exception_describe(&in, &report->arena, &words))
        return;
    build_record(dump, from, &words, module != AVD_NO_MODULE ? &dump->modules[module] : NULL,
                 report);
    report->exception.thread = avd_dump_thread_index(dump, from->thread_id);
}

static void build_wow64(const struct avd_analysis *an, struct avd_report *report)
{
    size_t i;

    report->wow64.present = an->wow64.present;
    report->wow64.evidence = avd_build_copy(report, an->wow64.evidence);
    report->wow64.peb64 = an->wow64.peb64;
    report->wow64.peb32 = an->wow64.peb32;
    for (i = 0; i < an->thread_count; i++)
        report->wow64.threads_with_context32 += an->threads[i].wow.source != AVD_WOW64_NONE;
}

static const char *const *copy_texts(struct avd_report *report, const char *const *texts,
                                     size_t count)
{
    const char **copies = avd_arena_alloc(&report->arena, count, sizeof *copies);
    size_t i;

    for (i = 0; copies != NULL && i < count; i++)
        copies[i] = avd_build_copy(report, texts[i]);
    return copies;
}

static void build_finding(const struct avd_finding *from, struct avd_report *report,
                          struct avd_rep_finding *out)
{
    const struct avd_rule *rule = from->rule;
    struct avd_rep_named *parameters =
        avd_arena_alloc(&report->arena, from->parameter_count, sizeof *parameters);
    size_t i;

    out->id = avd_build_copy(report, rule->id);
    out->title = avd_build_copy(report, rule->title);
    out->pattern = avd_build_copy(report, rule->pattern);
    out->reference = avd_build_copy(report, rule->reference);
    out->references = copy_texts(report, rule->references, rule->reference_count);
    out->reference_count = rule->reference_count;
    out->tags = copy_texts(report, rule->tags, rule->tag_count);
    out->tag_count = rule->tag_count;
    out->severity = (int)from->severity;
    out->severity_name = avd_severity_name(from->severity);
    out->confidence = avd_confidence_name(from->confidence);
    out->summary = avd_build_copy(report, from->summary);
    out->explanation = avd_build_copy(report, from->explanation);
    out->evidence = copy_texts(report, from->evidence, from->evidence_count);
    out->evidence_count = from->evidence_count;
    out->advice = copy_texts(report, from->advice, from->advice_count);
    out->advice_count = from->advice_count;
    for (i = 0; parameters != NULL && i < from->parameter_count; i++) {
        parameters[i].name = avd_build_copy(report, from->parameters[i].name);
        parameters[i].value = avd_build_copy(report, from->parameters[i].text);
    }
    out->parameters = parameters;
    out->parameter_count = parameters != NULL ? from->parameter_count : 0;
}

static void build_findings(const struct avd_rule_results *results, struct avd_report *report)
{
    struct avd_rep_finding *findings =
        avd_arena_alloc(&report->arena, results->finding_count, sizeof *findings);
    struct avd_rep_undecided *undecided =
        avd_arena_alloc(&report->arena, results->undecided_count, sizeof *undecided);
    size_t i;

    if (findings == NULL || undecided == NULL)
        return;
    for (i = 0; i < results->finding_count; i++)
        build_finding(&results->findings[i], report, &findings[i]);
    for (i = 0; i < results->undecided_count; i++) {
        const struct avd_undecided *from = &results->undecided[i];

        undecided[i].id = avd_build_copy(report, from->rule->id);
        undecided[i].title = avd_build_copy(report, from->rule->title);
        undecided[i].fact = avd_build_copy(report, from->fact);
        undecided[i].reason = avd_build_copy(report, from->reason);
    }
    report->findings = findings;
    report->finding_count = results->finding_count;
    report->undecided = undecided;
    report->undecided_count = results->undecided_count;
}

static void build_facts(const struct avd_analysis *an, struct avd_report *report)
{
    struct avd_rep_fact *facts = avd_arena_alloc(&report->arena, an->facts.count, sizeof *facts);
    struct avd_strbuf shown;
    size_t i;

    if (facts == NULL)
        return;
    for (i = 0; i < an->facts.count; i++) {
        const struct avd_fact *from = &an->facts.items[i];

        facts[i].name = avd_build_copy(report, from->name);
        facts[i].known = from->type != AVD_FACT_UNKNOWN;
        avd_strbuf_init(&shown);
        if (facts[i].known)
            avd_fact_show(from, &shown);
        facts[i].value =
            avd_build_copy(report, facts[i].known ? avd_strbuf_text(&shown) : from->text);
        if (shown.failed)
            report->arena.failed = true;
        avd_strbuf_deinit(&shown);
    }
    report->facts = facts;
    report->fact_count = an->facts.count;
}

/* The dump's notes first, then the analysis's. */
static void build_notes(const struct avd_notes *first, const struct avd_notes *second,
                        struct avd_report *report)
{
    size_t count = first->count + (second != NULL ? second->count : 0);
    struct avd_note *notes = avd_arena_alloc(&report->arena, count, sizeof *notes);
    size_t i;

    if (notes == NULL)
        return;
    for (i = 0; i < count; i++) {
        const struct avd_note *from =
            i < first->count ? &first->items[i] : &second->items[i - first->count];

        notes[i].offset = from->offset;
        notes[i].where = avd_build_copy(report, from->where);
        notes[i].message = avd_build_copy(report, from->message);
    }
    report->notes = notes;
    report->note_count = count;
    report->notes_dropped = first->dropped + (second != NULL ? second->dropped : 0);
}

static struct avd_report *new_report(void)
{
    struct avd_report *report = avd_mem_calloc(1, sizeof *report);

    if (report != NULL) {
        report->what = report->where = report->who = "";
        report->crashing_thread = AVD_NO_INDEX;
        report->requesting_thread = AVD_NO_INDEX;
        report->main_module = AVD_NO_INDEX;
        report->exception.thread = AVD_NO_INDEX;
    }
    return report;
}

/* Hands the report over, or takes it back when something did not fit into memory. */
static enum avd_status finish(struct avd_report *report, struct avd_report **out,
                              struct avd_error *err)
{
    if (report->arena.failed) {
        avd_report_free(report);
        return avd_error_nomem(err);
    }
    *out = report;
    return AVD_OK;
}

enum avd_status avd_report_build(const struct avd_analysis *analysis,
                                 const struct avd_rule_results *results, struct avd_report **out,
                                 struct avd_error *err)
{
    struct avd_report *report = new_report();

    *out = NULL;
    if (report == NULL)
        return avd_error_nomem(err);
    avd_build_dump(analysis->dump, report);
    avd_build_modules(analysis, report);
    avd_build_threads(analysis, report);
    avd_build_map(analysis->dump, report);
    avd_build_exception(analysis, report);
    avd_build_instruction(analysis, report);
    avd_build_blame(analysis, report);
    avd_build_found(analysis, report);
    build_wow64(analysis, report);
    avd_build_verifier(analysis, report);
    build_findings(results, report);
    build_facts(analysis, report);
    build_notes(&analysis->dump->notes, &analysis->notes, report);
    if (!report->arena.failed)
        avd_build_verdict(analysis, report);
    return finish(report, out, err);
}

enum avd_status avd_report_build_info(const struct avd_dump *dump, struct avd_report **out,
                                      struct avd_error *err)
{
    struct avd_report *report = new_report();
    struct avd_rep_thread *threads;
    size_t i;

    *out = NULL;
    if (report == NULL)
        return avd_error_nomem(err);
    avd_build_dump(dump, report);
    avd_build_modules_listed(dump, report);
    threads = avd_arena_alloc(&report->arena, dump->thread_count, sizeof *threads);
    for (i = 0; threads != NULL && i < dump->thread_count; i++) {
        threads[i].id = dump->threads[i].id;
        threads[i].name = avd_build_copy(report, dump->threads[i].name);
        threads[i].teb = dump->threads[i].teb;
        threads[i].suspend_count = dump->threads[i].suspend_count;
    }
    report->threads = threads;
    report->thread_count = threads != NULL ? dump->thread_count : 0;
    avd_build_map(dump, report);
    build_exception_info(dump, report);
    build_notes(&dump->notes, NULL, report);
    return finish(report, out, err);
}

void avd_report_free(struct avd_report *report)
{
    if (report == NULL)
        return;
    avd_arena_deinit(&report->arena);
    avd_mem_free(report);
}

size_t avd_report_finding_count(const struct avd_report *report)
{
    return report->finding_count;
}

const char *avd_report_finding_id(const struct avd_report *report, size_t index)
{
    return index < report->finding_count ? report->findings[index].id : NULL;
}

enum avd_severity avd_report_finding_severity(const struct avd_report *report, size_t index)
{
    return index < report->finding_count ? (enum avd_severity)report->findings[index].severity
                                         : AVD_SEVERITY_INFO;
}

const char *avd_report_finding_title(const struct avd_report *report, size_t index)
{
    return index < report->finding_count ? report->findings[index].title : NULL;
}

const char *avd_report_finding_summary(const struct avd_report *report, size_t index)
{
    const struct avd_rep_finding *finding =
        index < report->finding_count ? &report->findings[index] : NULL;

    if (finding == NULL)
        return NULL;
    return finding->summary != NULL && *finding->summary != '\0' ? finding->summary
                                                                 : finding->title;
}

const char *avd_report_finding_advice(const struct avd_report *report, size_t index, size_t piece)
{
    return index < report->finding_count && piece < report->findings[index].advice_count
               ? report->findings[index].advice[piece]
               : NULL;
}

const char *avd_report_text(const struct avd_report *report, enum avd_report_field field)
{
    const struct avd_rep_module *program =
        report->main_module < report->module_count ? &report->modules[report->main_module] : NULL;

    switch (field) {
    case AVD_REPORT_WHAT: return report->what;
    case AVD_REPORT_WHERE: return report->where;
    case AVD_REPORT_WHO: return report->who;
    case AVD_REPORT_PROCESS: return program != NULL ? program->file : NULL;
    case AVD_REPORT_VERSION: return program != NULL ? program->version : NULL;
    case AVD_REPORT_SIGNATURE: return report->signature.id;
    case AVD_REPORT_BUCKET: return report->bucket.id;
    case AVD_REPORT_FOLLOWUP: return report->followup.place;
    case AVD_REPORT_OS: return report->system.os;
    case AVD_REPORT_OS_VERSION: return report->system.os_ver;
    case AVD_REPORT_CPU: return report->system.cpu_arch;
    }
    return NULL;
}

int avd_report_crashed(const struct avd_report *report)
{
    return report->exception.present;
}

uint32_t avd_report_time(const struct avd_report *report)
{
    return report->dump.timestamp;
}
