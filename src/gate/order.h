/* SPDX-License-Identifier: MIT */
/*
 * Results in the order of their items, whatever the order in which workers answered: what came too
 * early waits, in bounded memory.
 */
#ifndef AVD_GATE_ORDER_H
#define AVD_GATE_ORDER_H

#include "base/view.h"

/* Takes the next result; false stops. */
typedef bool avd_gate_emit_fn(void *ctx, struct avd_view record, struct avd_view report);

struct avd_gate_order;

/* NULL when out of memory. */
struct avd_gate_order *avd_gate_order_new(avd_gate_emit_fn *emit, void *ctx);
/* Result number `sequence`, each once; copied if it must wait. False when emit said so, or when out
 * of memory. */
bool avd_gate_order_put(struct avd_gate_order *order, uint64_t sequence, struct avd_view record,
                        struct avd_view report);
/* Whether item number `sequence` may be started: the oldest one that is missing is not too far
 * behind, and what waits is not too large. */
bool avd_gate_order_has_room(const struct avd_gate_order *order, uint64_t sequence);
/* After an interrupt: emits what waits, leaving out what never came. */
bool avd_gate_order_flush(struct avd_gate_order *order);
void avd_gate_order_free(struct avd_gate_order *order);

#endif
