/* SPDX-License-Identifier: MIT */
/*
 * The report as one HTML file, for people who get it by mail or open it on a phone: verdict, stack
 * and findings first, the rest below and folded where it is long. It asks no network for anything
 * and runs no script.
 */
#include "report/html.h"

#include "base/utf.h"

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL && *text != '\0' ? text : otherwise;
}

static void begin(struct avd_html *h)
{
    struct avd_strbuf title;

    avd_strbuf_init(&title);
    avd_strbuf_puts(&title, avd_path_leaf(text_or(h->report->dump.file, "dump")));
    avd_strbuf_puts(&title, " - avdump");
    if (title.failed)
        h->out->failed = true;
    avd_html_begin(h->out, avd_strbuf_text(&title));
    avd_strbuf_deinit(&title);
}

/* ---- verdict ---- */

static void put_mismatched(struct avd_html *h)
{
    size_t i;

    for (i = 0; i < h->report->module_count; i++) {
        const struct avd_rep_module *module = &h->report->modules[i];

        if (!module->symbol_mismatched)
            continue;
        avd_html_field_begin(h, "symbols");
        avd_html_text(h->out, text_or(module->file, "(no name)"));
        avd_strbuf_puts(h->out, ": <strong class=\"warning\">the identifier differs from the "
                                "dump's (--symbols-loose); names and lines may be wrong</strong>");
        avd_html_field_end(h);
    }
}

static void put_verdict(struct avd_html *h)
{
    const struct avd_report *report = h->report;

    avd_strbuf_puts(h->out, report->exception.present ? "<header class=\"verdict\">\n<h1>"
                                                      : "<header class=\"verdict calm\">\n<h1>");
    avd_html_text(h->out, report->what);
    avd_strbuf_puts(h->out, "</h1>\n<dl>\n");
    avd_html_field(h, "where", report->where);
    avd_html_field(h, "thread", report->who);
    avd_html_field(h, "blame", report->blamed);
    put_mismatched(h);
    avd_html_field(h, "dump", report->dump.file);
    avd_strbuf_puts(h->out, "</dl>\n</header>\n");
}

/* Links to the sections that there are. */
static void put_nav(struct avd_html *h)
{
    const struct avd_report *report = h->report;
    const struct {
        bool there;
        const char *id, *title;
    } links[] = {
        {true, "stack", "Stack"},
        {true, "findings", "Findings"},
        {report->verifier.stopped || report->verifier.loaded, "verifier", "Application Verifier"},
        {true, "exception", "Exception"},
        {report->exception.present, "blame", "Blame"},
        {true, "threads", "Threads"},
        {true, "modules", "Modules"},
        {report->map.strip_count != 0, "memory", "Address space"},
        {true, "system", "System"},
        {true, "dump", "Dump"},
        {report->note_count + report->notes_dropped != 0, "notes", "Notes"},
    };
    size_t i;

    avd_strbuf_puts(h->out, "<nav aria-label=\"sections\"><ul>\n");
    for (i = 0; i < sizeof links / sizeof links[0]; i++)
        if (links[i].there)
            avd_strbuf_printf(h->out, "<li><a href=\"#%s\">%s</a></li>\n", links[i].id,
                              links[i].title);
    avd_strbuf_puts(h->out, "</ul></nav>\n");
}

/* ---- findings ---- */

static void put_items(struct avd_html *h, const char *title, const char *const *items, size_t count)
{
    size_t i;

    if (count == 0)
        return;
    avd_strbuf_printf(h->out, "<p><strong>%s</strong></p>\n<ul>\n", title);
    for (i = 0; i < count; i++) {
        avd_strbuf_puts(h->out, "<li>");
        avd_html_link(h->out, items[i]);
        avd_strbuf_puts(h->out, "</li>\n");
    }
    avd_strbuf_puts(h->out, "</ul>\n");
}

static void put_item(struct avd_html *h, const char *title, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    avd_strbuf_printf(h->out, "<p><strong>%s</strong> ", title);
    avd_html_link(h->out, text);
    avd_strbuf_puts(h->out, "</p>\n");
}

static void put_finding(struct avd_html *h, const struct avd_rep_finding *finding)
{
    const char *css = finding->severity == AVD_SEVERITY_ERROR     ? "error"
                      : finding->severity == AVD_SEVERITY_WARNING ? "warning"
                                                                  : "info";
    size_t i;

    avd_strbuf_printf(h->out, "<article class=\"card\">\n<h3><span class=\"%s\">", css);
    avd_html_text(h->out, text_or(finding->severity_name, "finding"));
    avd_strbuf_puts(h->out, "</span>: ");
    avd_html_text(h->out, finding->title);
    avd_strbuf_puts(h->out, " <code class=\"dim\">");
    avd_html_text(h->out, finding->id);
    avd_strbuf_puts(h->out, "</code></h3>\n");
    if (finding->confidence != NULL)
        avd_strbuf_printf(h->out, "<p class=\"dim\">%s confidence</p>\n", finding->confidence);
    avd_strbuf_puts(h->out, "<p>");
    avd_html_lines(h->out, finding->summary, 0);
    avd_strbuf_puts(h->out, "</p>\n");
    if (finding->parameter_count != 0) {
        avd_strbuf_puts(h->out, "<dl>\n");
        for (i = 0; i < finding->parameter_count; i++) {
            avd_strbuf_puts(h->out, "<dt>");
            avd_html_text(h->out, finding->parameters[i].name);
            avd_strbuf_puts(h->out, "</dt><dd>");
            avd_html_text(h->out, finding->parameters[i].value);
            avd_strbuf_puts(h->out, "</dd>\n");
        }
        avd_strbuf_puts(h->out, "</dl>\n");
    }
    put_items(h, "Because", finding->evidence, finding->evidence_count);
    put_items(h, "Advice", finding->advice, finding->advice_count);
    put_item(h, "More", finding->explanation);
    put_item(h, "Pattern", finding->pattern);
    put_item(h, "See", finding->reference);
    put_items(h, "See also", finding->references, finding->reference_count);
    avd_strbuf_puts(h->out, "</article>\n");
}

static void put_undecided(struct avd_html *h)
{
    const struct avd_report *report = h->report;
    size_t i;

    if (report->undecided_count == 0)
        return;
    avd_strbuf_puts(h->out, "<details><summary>");
    avd_html_count(h, report->undecided_count, "rule", "rules");
    avd_strbuf_puts(h->out, " could not be decided with what this dump holds</summary>\n");
    avd_html_table(h->out, "", "rules that could not be decided", "Rule|Fact that is missing|Why");
    for (i = 0; i < report->undecided_count; i++) {
        const struct avd_rep_undecided *undecided = &report->undecided[i];

        avd_strbuf_puts(h->out, "<tr><th scope=\"row\">");
        avd_html_text(h->out, undecided->id);
        avd_strbuf_puts(h->out, "</th>");
        avd_html_cell(h, "", undecided->fact);
        avd_html_cell(h, "", text_or(undecided->reason, "no reason given"));
        avd_strbuf_puts(h->out, "</tr>\n");
    }
    avd_html_table_end(h->out);
    avd_strbuf_puts(h->out, "</details>\n");
}

static void put_findings(struct avd_html *h)
{
    size_t i;

    avd_html_section(h->out, "findings", "Findings");
    if (h->report->finding_count == 0)
        avd_strbuf_puts(h->out, "<p>none: no rule applies to this dump</p>\n");
    for (i = 0; i < h->report->finding_count; i++)
        put_finding(h, &h->report->findings[i]);
    put_undecided(h);
    avd_html_section_end(h->out);
}

/* ---- the documents ---- */

static void render(const struct avd_report *report, const struct avd_write_options *options,
                   struct avd_strbuf *out)
{
    struct avd_html h;

    avd_html_init(&h, report, options, out);
    begin(&h);
    put_verdict(&h);
    put_nav(&h);
    avd_strbuf_puts(out, "<main>\n");
    avd_html_main_stack(&h);
    put_findings(&h);
    avd_html_verifier(&h);
    avd_html_exception(&h);
    avd_html_blame(&h);
    avd_html_threads(&h, true);
    avd_html_other_stacks(&h);
    avd_html_modules(&h);
    avd_html_map(&h);
    avd_html_system(&h);
    avd_html_dump(&h);
    avd_html_notes(&h);
    avd_strbuf_puts(out, "</main>\n");
    avd_html_end(out);
    avd_html_deinit(&h);
}

static void render_info(const struct avd_report *report, const struct avd_write_options *options,
                        struct avd_strbuf *out)
{
    struct avd_html h;

    avd_html_init(&h, report, options, out);
    begin(&h);
    avd_strbuf_puts(out, "<h1>");
    avd_html_text(out, text_or(report->dump.file, "dump"));
    avd_strbuf_puts(out, "</h1>\n<main>\n");
    avd_html_dump(&h);
    avd_html_streams(&h);
    avd_html_system(&h);
    avd_html_exception(&h);
    avd_html_threads(&h, false);
    avd_html_modules(&h);
    avd_html_map(&h);
    avd_html_notes(&h);
    avd_strbuf_puts(out, "</main>\n");
    avd_html_end(out);
    avd_html_deinit(&h);
}

/* The text renderer's words; `avdump symbols` offers no HTML, but the library may ask. */
static void put_preformatted(const char *title, const struct avd_strbuf *text,
                             struct avd_strbuf *out)
{
    avd_html_begin(out, title);
    avd_strbuf_printf(out, "<h1>%s</h1>\n<pre>", title);
    avd_html_lines(out, avd_strbuf_text(text), 0);
    avd_strbuf_puts(out, "</pre>\n");
    avd_html_end(out);
    out->failed |= text->failed;
}

static void render_symbols(const struct avd_report *report, bool needed_only,
                           const struct avd_write_options *options, struct avd_strbuf *out)
{
    struct avd_write_options plain = {0};
    struct avd_strbuf text;

    plain.verbose = options != NULL && options->verbose;
    avd_strbuf_init(&text);
    avd_render_text.render_symbols(report, needed_only, &plain, &text);
    put_preformatted("Symbols", &text, out);
    avd_strbuf_deinit(&text);
}

static void render_error(const struct avd_error *error, const char *file,
                         const struct avd_write_options *options, struct avd_strbuf *out)
{
    struct avd_strbuf text;

    avd_strbuf_init(&text);
    avd_render_text.render_error(error, file, options, &text);
    put_preformatted("Not analysed", &text, out);
    avd_strbuf_deinit(&text);
}

const struct avd_renderer avd_render_html = {
    "html", "text/html; charset=utf-8", render, render_info, render_symbols, render_error};
