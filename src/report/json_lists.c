/* SPDX-License-Identifier: MIT */
/* What the dump holds, in JSON: the file, the system, the exception, modules, handles, notes. */
#include "report/json.h"

#include "report/words.h"

static json_t *flag_names(struct avd_json *j, uint64_t flags, const char *(*name)(unsigned))
{
    json_t *array = json_array();
    unsigned bit;

    for (bit = 0; bit < 64; bit++) {
        const char *word = (flags >> bit & 1) != 0 ? name(bit) : NULL;

        if (word != NULL)
            avd_json_append(j, array, avd_json_text(j, word));
    }
    return array;
}

static void write_streams(struct avd_json *j)
{
    const struct avd_rep_dump *dump = &j->report->dump;
    size_t i;

    avd_json_open(j, "streams", '[');
    for (i = 0; i < dump->stream_count && !j->out->failed; i++) {
        const struct avd_rep_stream *stream = &dump->streams[i];
        json_t *object = json_object();

        avd_json_put(j, object, "type", avd_json_number(stream->type));
        avd_json_put(j, object, "name", avd_json_text(j, stream->name));
        avd_json_put(j, object, "offset", avd_json_number(stream->offset));
        avd_json_put(j, object, "size", avd_json_number(stream->size));
        avd_json_put(j, object, "truncated", json_boolean(stream->truncated));
        avd_json_put(j, object, "duplicate", json_boolean(stream->duplicate));
        avd_json_value(j, NULL, object);
    }
    avd_json_close(j, '[');
}

void avd_json_dump(struct avd_json *j)
{
    const struct avd_rep_dump *dump = &j->report->dump;
    json_t *memory = json_object();

    avd_json_open(j, "dump", '{');
    avd_json_value(j, "file", avd_json_text(j, dump->file));
    avd_json_value(j, "size", avd_json_number(dump->size));
    avd_json_value(j, "compressed", json_boolean(dump->compressed));
    avd_json_value(j, "time", dump->timestamp != 0 ? avd_json_time(dump->timestamp) : json_null());
    avd_json_value(j, "flags", avd_json_hex(dump->flags, 16));
    avd_json_value(j, "flag_names", flag_names(j, dump->flags, avd_words_dump_flag));
    avd_json_value(j, "writer_version", avd_json_number(dump->version_high));
    avd_json_value(j, "comment_a", avd_json_text(j, dump->comment_a));
    avd_json_value(j, "comment_w", avd_json_text(j, dump->comment_w));
    avd_json_put(j, memory, "full", json_boolean(dump->full_memory));
    avd_json_put(j, memory, "range_count", avd_json_number(dump->memory_range_count));
    avd_json_put(j, memory, "size", avd_json_number(dump->memory_size));
    avd_json_put(j, memory, "region_count", avd_json_number(dump->region_count));
    avd_json_value(j, "memory", memory);
    write_streams(j);
    avd_json_close(j, '{');
}

void avd_json_system(struct avd_json *j)
{
    const struct avd_rep_system *system = &j->report->system;
    json_t *object = json_object();

    avd_json_put(j, object, "os", avd_json_text(j, system->os));
    avd_json_put(j, object, "os_ver", avd_json_text_or_null(j, system->os_ver));
    avd_json_put(j, object, "version", avd_json_text_or_null(j, system->os_version));
    avd_json_put(j, object, "service_pack", avd_json_text_or_null(j, system->service_pack));
    avd_json_put(j, object, "product_type", avd_json_text(j, system->product_type));
    avd_json_put(j, object, "build_string", avd_json_text_or_null(j, system->build_string));
    avd_json_put(j, object, "wine_version", avd_json_text(j, system->wine_version));
    avd_json_put(j, object, "cpu_arch", avd_json_text(j, system->cpu_arch));
    avd_json_put(j, object, "cpu_info", avd_json_text_or_null(j, system->cpu_info));
    avd_json_put(j, object, "cpu_count",
                 system->cpu_count != 0 ? avd_json_number(system->cpu_count) : json_null());
    avd_json_put(j, object, "cpu_microcode_version", json_null());
    avd_json_value(j, "system_info", object);
}

void avd_json_linux(struct avd_json *j)
{
    const struct avd_rep_linux *from = &j->report->linux_info;
    json_t *object;

    avd_json_value(j, "linux_memory_map_count",
                   from->has_maps ? avd_json_number(from->map_count) : json_null());
    if (!from->has_lsb_release) {
        avd_json_value(j, "lsb_release", json_null());
        return;
    }
    object = json_object();
    avd_json_put(j, object, "id", avd_json_text_or_null(j, from->lsb_id));
    avd_json_put(j, object, "release", avd_json_text_or_null(j, from->lsb_release));
    avd_json_put(j, object, "codename", avd_json_text_or_null(j, from->lsb_codename));
    avd_json_put(j, object, "description", avd_json_text_or_null(j, from->lsb_description));
    avd_json_value(j, "lsb_release", object);
}

void avd_json_process(struct avd_json *j)
{
    const struct avd_rep_process *process = &j->report->process;
    json_t *object = json_object();

    avd_json_value(j, "pid", process->has_pid ? avd_json_number(process->pid) : json_null());
    avd_json_value(j, "process_uptime",
                   process->has_uptime ? avd_json_number(process->uptime) : json_null());
    avd_json_put(j, object, "create_time",
                 process->has_create_time ? avd_json_time(process->create_time) : json_null());
    avd_json_put(j, object, "integrity", avd_json_text(j, process->integrity));
    avd_json_put(j, object, "pointer_size",
                 process->pointer_size != 0 ? avd_json_number(process->pointer_size)
                                            : json_null());
    avd_json_value(j, "process", object);
}

static json_t *parameters(struct avd_json *j, const struct avd_rep_exception *exception)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < exception->parameter_count; i++) {
        json_t *object = json_object();

        avd_json_put(j, object, "value", avd_json_address(j, exception->parameters[i].value));
        avd_json_put(j, object, "meaning",
                     avd_json_text_or_null(j, exception->parameters[i].meaning));
        avd_json_append(j, array, object);
    }
    return array;
}

static json_t *nested(struct avd_json *j, const struct avd_rep_exception *exception)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < exception->nested_count; i++) {
        const struct avd_rep_nested *record = &exception->nested[i];
        json_t *object = json_object();

        avd_json_put(j, object, "record", avd_json_address(j, record->at));
        avd_json_put(j, object, "code", avd_json_hex(record->code, 8));
        avd_json_put(j, object, "name", avd_json_text(j, record->name));
        avd_json_put(j, object, "flags", avd_json_hex(record->flags, 8));
        avd_json_put(j, object, "address", avd_json_address(j, record->address));
        avd_json_append(j, array, object);
    }
    return array;
}

void avd_json_found(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "exceptions", '[');
    for (i = 0; i < report->found_count && !j->out->failed; i++) {
        const struct avd_rep_found *found = &report->found[i];
        bool has_module = found->address_module != NULL;
        json_t *object = json_object();

        avd_json_put(j, object, "threads_index",
                     avd_json_index(found->thread, report->thread_count));
        avd_json_put(j, object, "code", avd_json_hex(found->code, 8));
        avd_json_put(j, object, "name", avd_json_text(j, found->name));
        avd_json_put(j, object, "flags", avd_json_hex(found->flags, 8));
        avd_json_put(j, object, "address", avd_json_address(j, found->address));
        avd_json_put(j, object, "module", avd_json_text(j, found->address_module));
        avd_json_put(j, object, "module_offset",
                     has_module ? avd_json_address(j, found->address_offset) : json_null());
        avd_json_put(j, object, "state", avd_json_text(j, found->state));
        avd_json_put(j, object, "is_exception", json_boolean(found->is_exception));
        avd_json_put(j, object, "record", avd_json_address(j, found->record));
        avd_json_put(j, object, "context", avd_json_address(j, found->context));
        avd_json_put(j, object, "evidence", avd_json_text_or_null(j, found->evidence));
        avd_json_value(j, NULL, object);
    }
    avd_json_close(j, '[');
}

void avd_json_exception(struct avd_json *j)
{
    const struct avd_rep_exception *exception = &j->report->exception;
    bool has_module = exception->address_module != NULL;
    json_t *object;

    if (!exception->present) {
        avd_json_value(j, "exception", json_null());
        return;
    }
    object = json_object();
    avd_json_put(j, object, "origin", avd_json_text(j, exception->origin));
    avd_json_put(j, object, "code", avd_json_hex(exception->code, 8));
    avd_json_put(j, object, "name", avd_json_text(j, exception->name));
    avd_json_put(j, object, "meaning", avd_json_text(j, exception->meaning));
    avd_json_put(j, object, "flags", avd_json_hex(exception->flags, 8));
    avd_json_put(j, object, "flag_names",
                 flag_names(j, exception->flags, avd_words_exception_flag));
    avd_json_put(j, object, "noncontinuable", json_boolean(exception->noncontinuable));
    avd_json_put(j, object, "address", avd_json_address(j, exception->address));
    avd_json_put(j, object, "module", avd_json_text(j, exception->address_module));
    avd_json_put(j, object, "module_offset",
                 has_module ? avd_json_address(j, exception->address_offset) : json_null());
    avd_json_put(j, object, "access", avd_json_text_or_null(j, exception->access));
    avd_json_put(j, object, "parameters", parameters(j, exception));
    avd_json_put(j, object, "nested_record",
                 avd_json_address_or_null(j, exception->nested_record));
    avd_json_put(j, object, "nested", nested(j, exception));
    avd_json_put(j, object, "thread_id", avd_json_number(exception->thread_id));
    avd_json_put(j, object, "threads_index",
                 avd_json_index(exception->thread, j->report->thread_count));
    avd_json_value(j, "exception", object);
}

/* What was loaded from where, and the places tried; null for a module that nobody asked for. */
static json_t *symbols_object(struct avd_json *j, const struct avd_rep_module *module)
{
    json_t *object;
    json_t *attempts;
    size_t i;

    if (!module->on_stack)
        return json_null();
    object = json_object();
    attempts = json_array();
    avd_json_put(j, object, "source", avd_json_text(j, module->symbol_source));
    avd_json_put(j, object, "path", avd_json_text(j, module->symbol_path));
    avd_json_put(j, object, "mismatched", json_boolean(module->symbol_mismatched));
    for (i = 0; i < module->attempt_count; i++) {
        const struct avd_rep_attempt *attempt = &module->attempts[i];
        json_t *item = json_object();

        avd_json_put(j, item, "place", avd_json_text_or_null(j, attempt->place));
        avd_json_put(j, item, "result", avd_json_text(j, attempt->result));
        avd_json_put(j, item, "found", json_boolean(attempt->found));
        avd_json_append(j, attempts, item);
    }
    avd_json_put(j, object, "attempts", attempts);
    return object;
}

void avd_json_symbols(struct avd_json *j, bool needed_only)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_open(j, "modules", '[');
    for (i = 0; i < report->module_count && !j->out->failed; i++) {
        const struct avd_rep_module *module = &report->modules[i];
        json_t *object;

        if (!module->on_stack || (needed_only && module->symbols_loaded))
            continue;
        object = json_object();
        avd_json_put(j, object, "filename", avd_json_text(j, module->file));
        avd_json_put(j, object, "code_id", avd_json_text_or_null(j, module->code_id));
        avd_json_put(j, object, "debug_file", avd_json_text_or_null(j, module->debug_file));
        avd_json_put(j, object, "debug_id", avd_json_text_or_null(j, module->debug_id));
        avd_json_put(j, object, "loaded_symbols", json_boolean(module->symbols_loaded));
        avd_json_put(j, object, "symbols", symbols_object(j, module));
        avd_json_value(j, NULL, object);
    }
    avd_json_close(j, '[');
}

void avd_json_modules(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    avd_json_value(j, "main_module", avd_json_index(report->main_module, report->module_count));
    avd_json_open(j, "modules", '[');
    for (i = 0; i < report->module_count && !j->out->failed; i++) {
        const struct avd_rep_module *module = &report->modules[i];
        json_t *object = json_object();

        avd_json_put(j, object, "base_addr", avd_json_address(j, module->base));
        avd_json_put(j, object, "end_addr", avd_json_address(j, module->end));
        avd_json_put(j, object, "filename", avd_json_text(j, module->file));
        avd_json_put(j, object, "path", avd_json_text(j, module->path));
        avd_json_put(j, object, "display_name", avd_json_text(j, module->display_name));
        avd_json_put(j, object, "version", avd_json_text_or_null(j, module->version));
        avd_json_put(j, object, "code_id", avd_json_text_or_null(j, module->code_id));
        avd_json_put(j, object, "debug_file", avd_json_text_or_null(j, module->debug_file));
        avd_json_put(j, object, "debug_id", avd_json_text_or_null(j, module->debug_id));
        avd_json_put(j, object, "timestamp", avd_json_hex(module->timestamp, 8));
        avd_json_put(j, object, "checksum", avd_json_hex(module->checksum, 8));
        avd_json_put(j, object, "machine", avd_json_text(j, module->machine));
        avd_json_put(j, object, "on_stack", json_boolean(module->on_stack));
        avd_json_put(j, object, "duplicate", json_boolean(module->duplicate));
        avd_json_put(j, object, "from_loader_list", json_boolean(module->from_loader_list));
        avd_json_put(j, object, "overlaps", avd_json_text(j, module->overlaps));
        /* Only what a stack needs is looked for, so nothing else can be missing. */
        avd_json_put(j, object, "missing_symbols",
                     json_boolean(module->on_stack && !module->symbols_loaded));
        avd_json_put(j, object, "loaded_symbols", json_boolean(module->symbols_loaded));
        avd_json_put(j, object, "corrupt_symbols", json_false());
        avd_json_put(j, object, "symbol_url", json_null());
        avd_json_put(j, object, "cert_subject", json_null());
        avd_json_put(j, object, "symbols", symbols_object(j, module));
        avd_json_value(j, NULL, object);
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
        json_t *object = json_object();

        avd_json_put(j, object, "base_addr", avd_json_address(j, module->base));
        avd_json_put(j, object, "end_addr", avd_json_address(j, module->end));
        avd_json_put(j, object, "filename", avd_json_text(j, module->file));
        avd_json_put(j, object, "code_id", avd_json_text_or_null(j, module->code_id));
        avd_json_put(j, object, "cert_subject", json_null());
        avd_json_value(j, NULL, object);
    }
    avd_json_close(j, '[');
}

void avd_json_handles(struct avd_json *j)
{
    const struct avd_report *report = j->report;
    size_t i;

    if (!report->has_handles) {
        avd_json_value(j, "handles", json_null());
        return;
    }
    avd_json_open(j, "handles", '[');
    for (i = 0; i < report->handle_count && !j->out->failed; i++) {
        const struct avd_rep_handle *handle = &report->handles[i];
        json_t *object = json_object();

        avd_json_put(j, object, "handle", avd_json_number(handle->handle));
        avd_json_put(j, object, "type_name", avd_json_text_or_null(j, handle->type_name));
        avd_json_put(j, object, "object_name", avd_json_text_or_null(j, handle->object_name));
        avd_json_put(j, object, "granted_access", avd_json_hex(handle->granted_access, 8));
        avd_json_put(j, object, "handle_count", avd_json_number(handle->handle_count));
        avd_json_put(j, object, "pointer_count", avd_json_number(handle->pointer_count));
        avd_json_value(j, NULL, object);
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
        json_t *object = json_object();

        avd_json_put(j, object, "where", avd_json_text(j, note->where));
        avd_json_put(j, object, "offset", avd_json_number(note->offset));
        avd_json_put(j, object, "message", avd_json_text(j, note->message));
        avd_json_value(j, NULL, object);
    }
    avd_json_close(j, '[');
    avd_json_value(j, "notes_dropped", avd_json_number(report->notes_dropped));
}
