/* SPDX-License-Identifier: MIT */
/* A ring of results that wait for their predecessors. This short because it is one idea. */
#include "gate/order.h"

#include "base/memory.h"

#include <string.h>

enum {
    SLOTS = 4096,                   /* items ahead of the oldest one that is missing */
    MAX_WAITING = 128 * 1024 * 1024 /* bytes; a slow dump of many must not fill the memory */
};

struct slot {
    bool filled;
    unsigned char *bytes; /* record, then report */
    size_t record_size, report_size;
};

struct avd_gate_order {
    avd_gate_emit_fn *emit;
    void *ctx;
    uint64_t next;  /* the oldest that is missing */
    size_t waiting; /* bytes */
    struct slot slots[SLOTS];
};

struct avd_gate_order *avd_gate_order_new(avd_gate_emit_fn *emit, void *ctx)
{
    struct avd_gate_order *order = avd_mem_calloc(1, sizeof *order);

    if (order != NULL) {
        order->emit = emit;
        order->ctx = ctx;
    }
    return order;
}

static bool emit_slot(struct avd_gate_order *order, struct slot *slot)
{
    struct avd_view record = {slot->bytes, slot->record_size, 0};
    struct avd_view report = {slot->bytes + slot->record_size, slot->report_size, 0};
    bool good = order->emit(order->ctx, record, report);

    order->waiting -= slot->record_size + slot->report_size;
    avd_mem_free(slot->bytes);
    memset(slot, 0, sizeof *slot);
    return good;
}

bool avd_gate_order_put(struct avd_gate_order *order, uint64_t sequence, struct avd_view record,
                        struct avd_view report)
{
    struct slot *slot = &order->slots[sequence % SLOTS];

    if (sequence == order->next) {
        order->next++;
        if (!order->emit(order->ctx, record, report))
            return false;
        for (slot = &order->slots[order->next % SLOTS]; slot->filled;
             slot = &order->slots[order->next % SLOTS]) {
            order->next++;
            if (!emit_slot(order, slot))
                return false;
        }
        return true;
    }
    slot->bytes = avd_mem_calloc(record.size + report.size + 1, 1);
    if (slot->bytes == NULL)
        return false;
    memcpy(slot->bytes, record.data, record.size);
    if (report.size != 0)
        memcpy(slot->bytes + record.size, report.data, report.size);
    slot->record_size = record.size;
    slot->report_size = report.size;
    slot->filled = true;
    order->waiting += record.size + report.size;
    return true;
}

bool avd_gate_order_has_room(const struct avd_gate_order *order, uint64_t sequence)
{
    /* The oldest one must always be able to come. */
    return sequence == order->next ||
           (sequence - order->next < SLOTS && order->waiting < MAX_WAITING);
}

bool avd_gate_order_flush(struct avd_gate_order *order)
{
    unsigned i;

    for (i = 0; i < SLOTS; i++) {
        struct slot *slot = &order->slots[(order->next + i) % SLOTS];

        if (slot->filled && !emit_slot(order, slot))
            return false;
    }
    order->next += SLOTS;
    return true;
}

void avd_gate_order_free(struct avd_gate_order *order)
{
    size_t i;

    for (i = 0; order != NULL && i < SLOTS; i++)
        avd_mem_free(order->slots[i].bytes);
    avd_mem_free(order);
}
