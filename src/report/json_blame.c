/* SPDX-License-Identifier: MIT */
/* The faulting instruction in rust-minidump's crash_info, and followup, bucket and signature. */
#include "report/json.h"

#include <string.h>

static void put_hex(struct avd_json *j, const char *key, const struct avd_rep_instruction *ins,
                    uint64_t value)
{
    avd_json_hex(j, key, value, ins->pointer_size == 4 ? 8 : 16);
}

static void put_accesses(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    size_t i;

    avd_json_open(j, "memory_accesses", '[');
    for (i = 0; i < ins->access_count; i++) {
        const struct avd_rep_access *access = &ins->accesses[i];

        avd_json_open(j, NULL, '{');
        put_hex(j, "address", ins, access->address);
        if (avd_json_known(j, "size", access->size != 0))
            avd_json_number(j, "size", access->size);
        avd_json_bool(j, "is_likely_guard_page", access->guard_page);
        avd_json_text(j, "access_type", access->type);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void put_bit_flips(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    size_t i;

    avd_json_open(j, "possible_bit_flips", '[');
    for (i = 0; i < ins->flip_count; i++) {
        const struct avd_rep_bit_flip *flip = &ins->flips[i];

        avd_json_open(j, NULL, '{');
        put_hex(j, "address", ins, flip->address);
        avd_json_open(j, "details", '{');
        avd_json_bool(j, "was_non_canonical", flip->was_non_canonical);
        avd_json_bool(j, "is_null", flip->is_null);
        avd_json_bool(j, "was_low", flip->was_low);
        avd_json_number(j, "nearby_registers", flip->nearby_registers);
        avd_json_bool(j, "poison_registers", flip->poison_registers);
        avd_json_close(j, '{');
        avd_json_real(j, "confidence", flip->confidence);
        avd_json_text(j, "source_register", flip->source_register);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
}

static void put_adjusted(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    if (!avd_json_known(j, "adjusted_address", ins->adjusted_kind != NULL))
        return;
    avd_json_open(j, "adjusted_address", '{');
    avd_json_text(j, "kind", ins->adjusted_kind);
    put_hex(j, strcmp(ins->adjusted_kind, "null-pointer") == 0 ? "offset" : "address", ins,
            ins->adjusted_value);
    avd_json_close(j, '{');
}

static void put_pointer_update(struct avd_json *j, const struct avd_rep_instruction *ins)
{
    if (!avd_json_known(j, "instruction_pointer_update", ins->has_pointer_update))
        return;
    avd_json_open(j, "instruction_pointer_update", '{');
    put_hex(j, "address", ins, ins->pointer_update);
    avd_json_bool(j, "is_likely_guard_page", ins->pointer_update_guard_page);
    avd_json_close(j, '{');
}

void avd_json_instruction(struct avd_json *j)
{
    const struct avd_rep_instruction *ins = &j->report->instruction;

    put_adjusted(j, ins);
    avd_json_text(j, "instruction", ins->text);
    avd_json_text(j, "instruction_missing_reason", ins->why_not);
    if (avd_json_known(j, "memory_accesses", ins->has_accesses))
        put_accesses(j, ins);
    put_pointer_update(j, ins);
    if (avd_json_known(j, "possible_bit_flips", ins->flip_count != 0))
        put_bit_flips(j, ins);
    if (avd_json_known(j, "crash_inconsistencies", j->report->exception.present))
        avd_json_texts(j, "crash_inconsistencies", ins->inconsistencies, ins->inconsistency_count);
}

static void put_frame(struct avd_json *j, const struct avd_rep_frame *frame)
{
    avd_json_number(j, "frame", frame->index);
    avd_json_text(j, "module", frame->module_file);
    avd_json_text(j, "function", frame->function_approximate ? NULL : frame->function);
}

static void write_followup(struct avd_json *j)
{
    const struct avd_rep_followup *followup = &j->report->followup;
    const struct avd_rep_stack *stack = avd_rep_followup_stack(j->report);
    const struct avd_rep_frame *frame = avd_rep_followup_frame(j->report);
    size_t i;

    if (!avd_json_known(j, "followup", frame != NULL))
        return;
    avd_json_open(j, "followup", '{');
    put_frame(j, frame);
    avd_json_text(j, "owner", followup->owner);
    avd_json_text(j, "reason", followup->reason);
    avd_json_bool(j, "native", followup->native);
    avd_json_open(j, "skipped", '[');
    for (i = 0; i < followup->skipped_count; i++) {
        avd_json_open(j, NULL, '{');
        if (followup->skipped[i].frame < stack->frame_count)
            put_frame(j, &stack->frames[followup->skipped[i].frame]);
        avd_json_text(j, "why", followup->skipped[i].why);
        avd_json_close(j, '{');
    }
    avd_json_close(j, '[');
    avd_json_close(j, '{');
}

static void write_bucket(struct avd_json *j)
{
    const struct avd_rep_bucket *bucket = &j->report->bucket;

    if (!avd_json_known(j, "bucket", bucket->id != NULL))
        return;
    avd_json_open(j, "bucket", '{');
    avd_json_text(j, "problem_class", bucket->problem_class);
    avd_json_text(j, "failure_bucket_id", bucket->id);
    avd_json_text(j, "failure_id_hash_string", bucket->hash_string);
    avd_json_text(j, "failure_id_hash", bucket->hash);
    avd_json_text(j, "legacy_bucket_id", bucket->legacy_id);
    avd_json_text(j, "legacy_failure_id_hash", bucket->legacy_hash);
    avd_json_close(j, '{');
}

static void write_signature(struct avd_json *j)
{
    const struct avd_rep_signature *signature = &j->report->signature;

    if (!avd_json_known(j, "signature", signature->id != NULL))
        return;
    avd_json_open(j, "signature", '{');
    avd_json_text(j, "id", signature->id);
    avd_json_text(j, "text", signature->text);
    avd_json_number(j, "frame_count", signature->frame_count);
    avd_json_number(j, "named_count", signature->named_count);
    avd_json_text(j, "cut", signature->cut);
    avd_json_text(j, "socorro", signature->socorro);
    avd_json_close(j, '{');
}

void avd_json_blame(struct avd_json *j)
{
    write_followup(j);
    write_bucket(j);
    write_signature(j);
}
