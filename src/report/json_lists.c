/* SPDX-License-Identifier: MIT */
/* What the dump holds, in JSON: the file, the system, the exception, modules, handles, notes. */
#include "report/json.h"

#include "report/words.h"

static void put_flag_names(struct avd_json *j, const char *key, uint64_t flags,
                           const char *(*name)(unsigned))
{
    unsigned bit;

    avd_json_open(j, key, '[');
    for (bit = 0; bit < 64; bit++) {
        const char *word = (flags >> bit & 1) != 0 ? name(bit) : NULL;

        if (word != NULL)
            avd_json_text(j, NULL, word);
    }
    avd_json_close(j, '[');
}

static void write_streams(struct avd_json *j)
{
    const struct avd_rep_dump *dump = &j->report->dump;
    size_t i;

    avd_json_open(j, "streams", '[');
    for (i = 0; i < dump->stream_count && !j->out->failed; i++) {
        const struct avd_rep_stream *stream = &dump->streams[i];

        avd_json_open(j, NULL, '{');
        avd_json_number(j, "type", stream->type);
        avd_json_text(j, "name", stream->name);
        avd_json_number(j, "offset", stream->offset);
        avd_json_number(j, "size", stream->size);
        avd_json_bool(j, "truncated", stream->truncated);
        avd_json_bool(j, "duplicate", stream->duplicate);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_dump(struct avd_json *j)
{
    const struct avd_rep_dump *dump = &j->report->dump;

    avd_json_open(j, "dump", '{');
    avd_json_text(j, "file", dump->file);
    avd_json_number(j, "size", dump->size);
    avd_json_bool(j, "compressed", dump->compressed);
    if (avd_json_known(j, "time", dump->timestamp != 0))
        avd_json_time(j, "time", dump->timestamp);
    avd_json_hex(j, "flags", dump->flags, 16);
    put_flag_names(j, "flag_names", dump->flags, avd_words_dump_flag);
    avd_json_number(j, "writer_version", dump->version_high);
    avd_json_text(j, "comment_a", dump->comment_a);
    avd_json_text(j, "comment_w", dump->comment_w);
    avd_json_open(j, "memory", '{');
    avd_json_bool(j, "full", dump->full_memory);
    avd_json_number(j, "range_count", dump->memory_range_count);
    avd_json_number(j, "size", dump->memory_size);
    avd_json_number(j, "region_count", dump->region_count);
    avd_json_close(j, '{');
    write_streams(j);
    avd_json_close(j, '{');
}

void avd_json_system(struct avd_json *j)
{
    const struct avd_rep_system *system = &j->report->system;

    avd_json_open(j, "system_info", '{');
    avd_json_text(j, "os", system->os);
    avd_json_text_or_null(j, "os_ver", system->os_ver);
    avd_json_text_or_null(j, "version", system->os_version);
    avd_json_text_or_null(j, "service_pack", system->service_pack);
    avd_json_text(j, "product_type", system->product_type);
    avd_json_text_or_null(j, "build_string", system->build_string);
    avd_json_text(j, "wine_version", system->wine_version);
    avd_json_text(j, "cpu_arch", system->cpu_arch);
    avd_json_text_or_null(j, "cpu_info", system->cpu_info);
    avd_json_number_or_null(j, "cpu_count", system->cpu_count);
    avd_json_null(j, "cpu_microcode_version");
    avd_json_close(j, '{');
}

void avd_json_linux(struct avd_json *j)
{
    const struct avd_rep_linux *from = &j->report->linux_info;

    if (avd_json_known(j, "linux_memory_map_count", from->has_maps))
        avd_json_number(j, "linux_memory_map_count", from->map_count);
    if (!avd_json_known(j, "lsb_release", from->has_lsb_release))
        return;
    avd_json_open(j, "lsb_release", '{');
    avd_json_text_or_null(j, "id", from->lsb_id);
    avd_json_text_or_null(j, "release", from->lsb_release);
    avd_json_text_or_null(j, "codename", from->lsb_codename);
    avd_json_text_or_null(j, "description", from->lsb_description);
    avd_json_close(j, '{');
}

void avd_json_process(struct avd_json *j)
{
    const struct avd_rep_process *process = &j->report->process;

    if (avd_json_known(j, "pid", process->has_pid))
        avd_json_number(j, "pid", process->pid);
    if (avd_json_known(j, "process_uptime", process->has_uptime))
        avd_json_number(j, "process_uptime", process->uptime);
    avd_json_open(j, "process", '{');
    if (avd_json_known(j, "create_time", process->has_create_time))
        avd_json_time(j, "create_time", process->create_time);
    avd_json_text(j, "integrity", process->integrity);
    avd_json_number_or_null(j, "pointer_size", process->pointer_size);
    avd_json_close(j, '{');
}

static void put_parameters(struct avd_json *j, const struct avd_rep_exception *exception)
{
    size_t i;

    avd_json_open(j, "parameters", '[');
    for (i = 0; i < exception->parameter_count; i++) {
        avd_json_open(j, NULL, '{');
        avd_json_address(j, "value", exception->parameters[i].value);
        avd_json_text_or_null(j, "meaning", exception->parameters[i].meaning);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void put_nested(struct avd_json *j, const struct avd_rep_exception *exception)
{
    size_t i;

    avd_json_open(j, "nested", '[');
    for (i = 0; i < exception->nested_count; i++) {
        const struct avd_rep_nested *record = &exception->nested[i];

        avd_json_open(j, NULL, '{');
        avd_json_address(j, "record", record->at);
        avd_json_hex(j, "code", record->code, 8);
        avd_json_text(j, "name", record->name);
        avd_json_hex(j, "flags", record->flags, 8);
        avd_json_address(j, "address", record->address);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_found(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "exceptions", '[');
    for (i = 0; i < report->found_count && !j->out->failed; i++) {
        const struct avd_rep_found *found = &report->found[i];
        bool has_module = found->address_module != NULL;

        avd_json_open(j, NULL, '{');
        avd_json_index(j, "threads_index", found->thread, report->thread_count);
        avd_json_hex(j, "code", found->code, 8);
        avd_json_text(j, "name", found->name);
        avd_json_hex(j, "flags", found->flags, 8);
        avd_json_address(j, "address", found->address);
        avd_json_text(j, "module", found->address_module);
        if (avd_json_known(j, "module_offset", has_module))
            avd_json_address(j, "module_offset", found->address_offset);
        avd_json_text(j, "state", found->state);
        avd_json_bool(j, "is_exception", found->is_exception);
        avd_json_address(j, "record", found->record);
        avd_json_address(j, "context", found->context);
        avd_json_text_or_null(j, "evidence", found->evidence);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_exception(struct avd_json *j)
{
    const struct avd_rep_exception *exception = &j->report->exception;
    bool has_module = exception->address_module != NULL;

    if (!avd_json_known(j, "exception", exception->present))
        return;
    avd_json_open(j, "exception", '{');
    avd_json_text(j, "origin", exception->origin);
    avd_json_hex(j, "code", exception->code, 8);
    avd_json_text(j, "name", exception->name);
    avd_json_text(j, "meaning", exception->meaning);
    avd_json_hex(j, "flags", exception->flags, 8);
    put_flag_names(j, "flag_names", exception->flags, avd_words_exception_flag);
    avd_json_bool(j, "noncontinuable", exception->noncontinuable);
    avd_json_address(j, "address", exception->address);
    avd_json_text(j, "module", exception->address_module);
    if (avd_json_known(j, "module_offset", has_module))
        avd_json_address(j, "module_offset", exception->address_offset);
    avd_json_text_or_null(j, "access", exception->access);
    put_parameters(j, exception);
    avd_json_address_or_null(j, "nested_record", exception->nested_record);
    put_nested(j, exception);
    avd_json_number(j, "thread_id", exception->thread_id);
    avd_json_index(j, "threads_index", exception->thread, j->report->thread_count);
    avd_json_close(j, '{');
}

/* What was loaded from where, and the places tried; null for a module that nobody asked for. */
static void put_symbols(struct avd_json *j, const char *key, const struct avd_rep_module *module)
{
    size_t i;

    if (!avd_json_known(j, key, module->on_stack))
        return;
    avd_json_open(j, key, '{');
    avd_json_text(j, "source", module->symbol_source);
    avd_json_text(j, "path", module->symbol_path);
    avd_json_bool(j, "mismatched", module->symbol_mismatched);
    avd_json_open(j, "attempts", '[');
    for (i = 0; i < module->attempt_count; i++) {
        const struct avd_rep_attempt *attempt = &module->attempts[i];

        avd_json_open(j, NULL, '{');
        avd_json_text_or_null(j, "place", attempt->place);
        avd_json_text(j, "result", attempt->result);
        avd_json_bool(j, "found", attempt->found);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
    avd_json_close(j, '{');
}

void avd_json_symbols(struct avd_json *j, bool needed_only)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "modules", '[');
    for (i = 0; i < report->module_count && !j->out->failed; i++) {
        const struct avd_rep_module *module = &report->modules[i];

        if (!module->on_stack || (needed_only && module->symbols_loaded))
            continue;
        avd_json_open(j, NULL, '{');
        avd_json_text(j, "filename", module->file);
        avd_json_text_or_null(j, "code_id", module->code_id);
        avd_json_text_or_null(j, "debug_file", module->debug_file);
        avd_json_text_or_null(j, "debug_id", module->debug_id);
        avd_json_bool(j, "loaded_symbols", module->symbols_loaded);
        put_symbols(j, "symbols", module);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_modules(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_index(j, "main_module", report->main_module, report->module_count);
    avd_json_open(j, "modules", '[');
    for (i = 0; i < report->module_count && !j->out->failed; i++) {
        const struct avd_rep_module *module = &report->modules[i];

        avd_json_open(j, NULL, '{');
        avd_json_address(j, "base_addr", module->base);
        avd_json_address(j, "end_addr", module->end);
        avd_json_text(j, "filename", module->file);
        avd_json_text(j, "path", module->path);
        avd_json_text(j, "display_name", module->display_name);
        avd_json_text_or_null(j, "version", module->version);
        avd_json_text_or_null(j, "code_id", module->code_id);
        avd_json_text_or_null(j, "debug_file", module->debug_file);
        avd_json_text_or_null(j, "debug_id", module->debug_id);
        avd_json_hex(j, "timestamp", module->timestamp, 8);
        avd_json_hex(j, "checksum", module->checksum, 8);
        avd_json_text(j, "machine", module->machine);
        avd_json_bool(j, "on_stack", module->on_stack);
        avd_json_bool(j, "duplicate", module->duplicate);
        avd_json_bool(j, "from_loader_list", module->from_loader_list);
        avd_json_text(j, "overlaps", module->overlaps);
        /* Only what a stack needs is looked for, so nothing else can be missing. */
        avd_json_bool(j, "missing_symbols", module->on_stack && !module->symbols_loaded);
        avd_json_bool(j, "loaded_symbols", module->symbols_loaded);
        avd_json_bool(j, "corrupt_symbols", false);
        avd_json_null(j, "symbol_url");
        avd_json_null(j, "cert_subject");
        put_symbols(j, "symbols", module);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_unloaded(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "unloaded_modules", '[');
    for (i = 0; i < report->unloaded_count && !j->out->failed; i++) {
        const struct avd_rep_unloaded *module = &report->unloaded[i];

        avd_json_open(j, NULL, '{');
        avd_json_address(j, "base_addr", module->base);
        avd_json_address(j, "end_addr", module->end);
        avd_json_text(j, "filename", module->file);
        avd_json_text_or_null(j, "code_id", module->code_id);
        avd_json_null(j, "cert_subject");
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_handles(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    if (!avd_json_known(j, "handles", report->has_handles))
        return;
    avd_json_open(j, "handles", '[');
    for (i = 0; i < report->handle_count && !j->out->failed; i++) {
        const struct avd_rep_handle *handle = &report->handles[i];

        avd_json_open(j, NULL, '{');
        avd_json_number(j, "handle", handle->handle);
        avd_json_text_or_null(j, "type_name", handle->type_name);
        avd_json_text_or_null(j, "object_name", handle->object_name);
        avd_json_hex(j, "granted_access", handle->granted_access, 8);
        avd_json_number(j, "handle_count", handle->handle_count);
        avd_json_number(j, "pointer_count", handle->pointer_count);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

void avd_json_notes(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "notes", '[');
    for (i = 0; i < report->note_count && !j->out->failed; i++) {
        const struct avd_note *note = &report->notes[i];

        avd_json_open(j, NULL, '{');
        avd_json_text(j, "where", note->where);
        avd_json_number(j, "offset", note->offset);
        avd_json_text(j, "message", note->message);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
    avd_json_number(j, "notes_dropped", report->notes_dropped);
}
