/* SPDX-License-Identifier: MIT */
/* The faulting instruction in rust-minidump's crash_info, and followup, bucket and signature. */
#include "report/json.h"

static json_t *hex(const struct avd_rep_instruction *ins, uint64_t value)
{
    return avd_json_hex(value, ins->pointer_size == 4 ? 8 : 16);
}

static json_t *accesses(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < ins->access_count; i++) {
        const struct avd_rep_access *access = &ins->accesses[i];
        json_t *object = json_object();

        avd_json_put(j, object, "address", hex(ins, access->address));
        avd_json_put(j, object, "size",
                     access->size != 0 ? avd_json_number(access->size) : json_null());
        avd_json_put(j, object, "is_likely_guard_page", json_boolean(access->guard_page));
        avd_json_put(j, object, "access_type", avd_json_text(j, access->type));
        avd_json_append(j, array, object);
    }
    return array;
}

static json_t *bit_flips(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < ins->flip_count; i++) {
        const struct avd_rep_bit_flip *flip = &ins->flips[i];
        json_t *object = json_object();
        json_t *details = json_object();

        avd_json_put(j, details, "was_non_canonical", json_boolean(flip->was_non_canonical));
        avd_json_put(j, details, "is_null", json_boolean(flip->is_null));
        avd_json_put(j, details, "was_low", json_boolean(flip->was_low));
        avd_json_put(j, details, "nearby_registers", avd_json_number(flip->nearby_registers));
        avd_json_put(j, details, "poison_registers", json_boolean(flip->poison_registers));
        avd_json_put(j, object, "address", hex(ins, flip->address));
        avd_json_put(j, object, "details", details);
        avd_json_put(j, object, "confidence", json_real(flip->confidence));
        avd_json_put(j, object, "source_register", avd_json_text(j, flip->source_register));
        avd_json_append(j, array, object);
    }
    return array;
}

static json_t *adjusted(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    json_t *object;

    if (ins->adjusted_kind == NULL)
        return json_null();
    object = json_object();
    avd_json_put(j, object, "kind", avd_json_text(j, ins->adjusted_kind));
    /* "non-canonical" begins with n as well: its second letter tells it from "null-pointer". */
    avd_json_put(j, object, ins->adjusted_kind[1] == 'o' ? "address" : "offset",
                 hex(ins, ins->adjusted_value));
    return object;
}

static json_t *pointer_update(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    json_t *object;

    if (!ins->has_pointer_update)
        return json_null();
    object = json_object();
    avd_json_put(j, object, "address", hex(ins, ins->pointer_update));
    avd_json_put(j, object, "is_likely_guard_page",
                 json_boolean(ins->pointer_update_guard_page));
    return object;
}

void avd_json_instruction(struct avd_json *j, json_t *crash_info)
{
    const struct avd_rep_instruction *ins = &j->report->instruction;

    avd_json_put(j, crash_info, "adjusted_address", adjusted(j, ins));
    avd_json_put(j, crash_info, "instruction", avd_json_text(j, ins->text));
    avd_json_put(j, crash_info, "instruction_missing_reason", avd_json_text(j, ins->why_not));
    avd_json_put(j, crash_info, "memory_accesses",
                 ins->has_accesses ? accesses(j, ins) : json_null());
    avd_json_put(j, crash_info, "instruction_pointer_update", pointer_update(j, ins));
    avd_json_put(j, crash_info, "possible_bit_flips",
                 ins->flip_count != 0 ? bit_flips(j, ins) : json_null());
    avd_json_put(j, crash_info, "crash_inconsistencies",
                 j->report->exception.present
                     ? avd_json_texts(j, ins->inconsistencies, ins->inconsistency_count)
                     : json_null());
}

static void put_frame(struct avd_json *j, json_t *object, const struct avd_rep_frame *frame)
{
    avd_json_put(j, object, "frame", avd_json_number(frame->index));
    avd_json_put(j, object, "module", avd_json_text(j, frame->module_file));
    avd_json_put(j, object, "function",
                 avd_json_text(j, frame->function_approximate ? NULL : frame->function));
}

static void write_followup(struct avd_json *j)
{
    const struct avd_rep_followup *followup = &j->report->followup;
    const struct avd_rep_stack *stack = avd_rep_followup_stack(j->report);
    const struct avd_rep_frame *frame = avd_rep_followup_frame(j->report);
    json_t *object;
    json_t *array;
    size_t i;

    if (frame == NULL) {
        avd_json_value(j, "followup", json_null());
        return;
    }
    object = json_object();
    array = json_array();
    put_frame(j, object, frame);
    avd_json_put(j, object, "owner", avd_json_text(j, followup->owner));
    avd_json_put(j, object, "reason", avd_json_text(j, followup->reason));
    avd_json_put(j, object, "native", json_boolean(followup->native));
    for (i = 0; i < followup->skipped_count; i++) {
        json_t *skipped = json_object();

        if (followup->skipped[i].frame < stack->frame_count)
            put_frame(j, skipped, &stack->frames[followup->skipped[i].frame]);
        avd_json_put(j, skipped, "why", avd_json_text(j, followup->skipped[i].why));
        avd_json_append(j, array, skipped);
    }
    avd_json_put(j, object, "skipped", array);
    avd_json_value(j, "followup", object);
}

static void write_bucket(struct avd_json *j)
{
    const struct avd_rep_bucket *bucket = &j->report->bucket;
    json_t *object;

    if (bucket->id == NULL) {
        avd_json_value(j, "bucket", json_null());
        return;
    }
    object = json_object();
    avd_json_put(j, object, "problem_class", avd_json_text(j, bucket->problem_class));
    avd_json_put(j, object, "failure_bucket_id", avd_json_text(j, bucket->id));
    avd_json_put(j, object, "failure_id_hash_string", avd_json_text(j, bucket->hash_string));
    avd_json_put(j, object, "failure_id_hash", avd_json_text(j, bucket->hash));
    avd_json_put(j, object, "legacy_bucket_id", avd_json_text(j, bucket->legacy_id));
    avd_json_put(j, object, "legacy_failure_id_hash", avd_json_text(j, bucket->legacy_hash));
    avd_json_value(j, "bucket", object);
}

static void write_signature(struct avd_json *j)
{
    const struct avd_rep_signature *signature = &j->report->signature;
    json_t *object;

    if (signature->id == NULL) {
        avd_json_value(j, "signature", json_null());
        return;
    }
    object = json_object();
    avd_json_put(j, object, "id", avd_json_text(j, signature->id));
    avd_json_put(j, object, "text", avd_json_text(j, signature->text));
    avd_json_put(j, object, "frame_count", avd_json_number(signature->frame_count));
    avd_json_put(j, object, "named_count", avd_json_number(signature->named_count));
    avd_json_put(j, object, "cut", avd_json_text(j, signature->cut));
    avd_json_put(j, object, "socorro", avd_json_text(j, signature->socorro));
    avd_json_value(j, "signature", object);
}

void avd_json_blame(struct avd_json *j)
{
    write_followup(j);
    write_bucket(j);
    write_signature(j);
}
