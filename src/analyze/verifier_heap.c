/* SPDX-License-Identifier: MIT */
/*
 * Stops of the Heaps layer in words: where in or beside the block the damage is, by the stop's own
 * parameters, and what page heap's header before the block says of it.
 */
#include "analyze/page_heap.h"
#include "analyze/verifier_scene.h"

#include <inttypes.h>

enum { FARTHEST = 0x10000 }; /* what damage beside a block is told in distances from it */

/* The parameter of a kind; NULL when the stop has none, or its value is unknown or 0. */
static struct avd_stop_value *parameter(struct avd_stop_scene *scene, enum avd_stop_kind kind)
{
    struct avd_stop_value *values = scene->out->values;
    size_t i;

    for (i = 0; i < 4; i++)
        if (values[i].kind == kind)
            return values[i].known && values[i].value != 0 ? &values[i] : NULL;
    return NULL;
}

static void read_header(struct avd_stop_scene *scene, struct avd_stop_value *block)
{
    struct avd_page_heap_header header;

    if (!avd_page_heap_read(&scene->an->dump->memory, block->value, scene->out->pointer_size,
                            &header))
        return;
    if (header.trace != 0)
        block->trace = avd_stop_trace_read(scene, header.trace);
    if (block->trace != NULL && block->trace->count == 0)
        block->trace = NULL;
    block->text =
        avd_arena_printf(&scene->an->arena, "%s, %" PRIu64 " bytes, by page heap's header%s%s",
                         header.released ? "released" : "in use", header.size,
                         block->trace != NULL ? "; the stack is that of its " : "",
                         block->trace == NULL ? ""
                         : header.released    ? "release"
                                              : "allocation");
}

static const char *bytes(struct avd_stop_scene *scene, uint64_t count, const char *where)
{
    return avd_arena_printf(&scene->an->arena, "%" PRIu64 " byte%s %s", count,
                            count == 1 ? "" : "s", where);
}

static void place_damage(struct avd_stop_scene *scene, struct avd_stop_value *damage,
                         uint64_t block, uint64_t size)
{
    uint64_t into = damage->value - block;

    if (damage->value < block && block - damage->value <= FARTHEST)
        damage->text = bytes(scene, block - damage->value, "before the block");
    else if (damage->value < block || size > UINT64_MAX - FARTHEST || into > size + FARTHEST)
        return; /* of something else */
    else if (size == 0)
        damage->text = bytes(scene, into, "behind the block's start; its size is not known");
    else if (into < size)
        damage->text = bytes(scene, into, "behind the block's start, in the block");
    else if (into == size)
        damage->text = "the first byte behind the block";
    else
        damage->text = bytes(scene, into - size, "behind the block's end");
}

void avd_stop_decode_heap(struct avd_stop_scene *scene)
{
    struct avd_stop_value *block = parameter(scene, AVD_STOP_HEAP_BLOCK);
    struct avd_stop_value *damage = parameter(scene, AVD_STOP_ADDRESS);
    const struct avd_stop_value *size = parameter(scene, AVD_STOP_SIZE);

    if (block == NULL)
        return;
    read_header(scene, block);
    if (damage != NULL)
        place_damage(scene, damage, block->value, size != NULL ? size->value : 0);
}
