/* SPDX-License-Identifier: MIT */
/*
 * What became of the symbols of the modules on stacks, for people: what was loaded from where, or
 * every place tried and the reason. And the list of what is missing, for download scripts: its
 * lines are "name.pdb ID", where ID is what symbol servers have between the two names of a path.
 */
#include "report/text.h"

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL && *text != '\0' ? text : otherwise;
}

static void put_attempts(const struct avd_text *t, const struct avd_rep_module *module)
{
    size_t i;

    for (i = 0; i < module->attempt_count; i++) {
        const struct avd_rep_attempt *attempt = &module->attempts[i];

        /* What was loaded is said already. */
        if (attempt->found && module->symbols_loaded && !t->verbose)
            continue;
        avd_strbuf_puts(t->out, "    tried   ");
        if (text_or(attempt->place, NULL) != NULL) {
            avd_strbuf_escaped(t->out, attempt->place);
            avd_strbuf_puts(t->out, ": ");
        }
        avd_strbuf_escaped(t->out, text_or(attempt->result, "no result"));
        avd_strbuf_puts(t->out, "\n");
    }
}

static void put_loaded(const struct avd_text *t, const struct avd_rep_module *module)
{
    avd_strbuf_printf(t->out, "    loaded  %s", module->symbol_source);
    if (module->symbol_path != NULL) {
        avd_strbuf_puts(t->out, " ");
        avd_strbuf_escaped(t->out, module->symbol_path);
    }
    avd_strbuf_puts(t->out, "\n");
    if (!module->symbol_mismatched)
        return;
    avd_text_style(t, AVD_STYLE_YELLOW);
    avd_strbuf_puts(t->out, "    its identifier differs: names and lines may be wrong\n");
    avd_text_plain(t);
}

static void put_missing(const struct avd_text *t, const struct avd_rep_module *module)
{
    avd_text_style(t, AVD_STYLE_YELLOW);
    avd_strbuf_puts(t->out, "    missing");
    avd_text_plain(t);
    avd_strbuf_puts(t->out, module->symbol_source != NULL ? ", names come from its export table\n"
                                                          : ", and it has no names\n");
    if (module->debug_id == NULL)
        avd_strbuf_puts(t->out, "    the dump does not say which symbols it has\n");
    else if (module->attempt_count == 0)
        avd_strbuf_puts(t->out, "    no place to look for them was given\n");
}

static void put_module(const struct avd_text *t, const struct avd_rep_module *module)
{
    avd_text_style(t, AVD_STYLE_BOLD);
    avd_strbuf_escaped(t->out, text_or(module->file, "(no name)"));
    avd_text_plain(t);
    if (module->debug_id != NULL) {
        avd_strbuf_puts(t->out, "  ");
        avd_strbuf_escaped(t->out, text_or(module->debug_file, "(no name)"));
        avd_strbuf_puts(t->out, " ");
        avd_strbuf_escaped(t->out, module->debug_id);
    }
    avd_strbuf_puts(t->out, "\n");
    if (module->symbols_loaded)
        put_loaded(t, module);
    else
        put_missing(t, module);
    put_attempts(t, module);
}

void avd_text_symbols(const struct avd_text *t)
{
    const struct avd_report *report = t->report;
    size_t loaded = 0;
    size_t total = 0;
    size_t i;

    for (i = 0; i < report->module_count; i++) {
        if (!report->modules[i].on_stack)
            continue;
        total++;
        loaded += report->modules[i].symbols_loaded;
    }
    if (total == 0) {
        avd_strbuf_puts(t->out, "no module is on a stack, so no symbols are needed\n");
        return;
    }
    avd_strbuf_printf(t->out, "symbols of %zu of ", loaded);
    avd_text_count(t, total, "module", "modules");
    avd_strbuf_puts(t->out, " on stacks\n\n");
    for (i = 0; i < report->module_count; i++)
        if (report->modules[i].on_stack)
            put_module(t, &report->modules[i]);
}

void avd_text_symbols_needed(const struct avd_text *t)
{
    const struct avd_report *report = t->report;
    size_t i;

    for (i = 0; i < report->module_count; i++) {
        const struct avd_rep_module *module = &report->modules[i];

        if (!module->on_stack || module->symbols_loaded || module->debug_id == NULL ||
            text_or(module->debug_file, NULL) == NULL)
            continue;
        avd_strbuf_escaped(t->out, module->debug_file);
        avd_strbuf_puts(t->out, " ");
        avd_strbuf_escaped(t->out, module->debug_id);
        avd_strbuf_puts(t->out, "\n");
    }
}
