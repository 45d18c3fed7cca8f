/* SPDX-License-Identifier: MIT */
/*
 * Stops of the Heaps layer in words: where in or beside the block the damage is, by the stop's own
 * parameters, and what page heap's header before the block says of it (DPH_BLOCK_INFORMATION, as
 * Microsoft documents it for GFlags). A header is believed only when both its stamps fit.
 */
#include "analyze/verifier_scene.h"

#include <inttypes.h>

enum {
    END_STAMP_BEFORE = 4, /* the block */
    FARTHEST = 0x10000    /* what damage beside a block is told in distances from it */
};

/* Of a header: where its fields lie before the block. */
struct layout {
    unsigned start_stamp, size, trace;
};
static const struct layout layout32 = {0x20, 0x18, 0x8};
static const struct layout layout64 = {0x40, 0x30, 0x10};

static const struct stamps {
    uint32_t start, end;
    const char *words, *trace_words;
} stamps[] = {
    {0xabcdaaaa, 0xdcbaaaaa, "in use", "allocation"},
    {0xabcdaaa9, 0xdcbaaaa9, "released", "release"},
    {0xabcdbbbb, 0xdcbabbbb, "in use", "allocation"},
    {0xabcdbbba, 0xdcbabbba, "released", "release"},
};

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

static const struct stamps *find_stamps(const struct avd_memory *memory, uint64_t block,
                                        const struct layout *layout)
{
    uint32_t start;
    uint32_t end;
    size_t i;

    if (!avd_memory_u32(memory, block - layout->start_stamp, &start) ||
        !avd_memory_u32(memory, block - END_STAMP_BEFORE, &end))
        return NULL;
    for (i = 0; i < sizeof stamps / sizeof stamps[0]; i++)
        if (start == stamps[i].start && end == stamps[i].end)
            return &stamps[i];
    return NULL;
}

static void read_header(struct avd_stop_scene *scene, struct avd_stop_value *block)
{
    const struct layout *layout = scene->out->pointer_size == 8 ? &layout64 : &layout32;
    const struct stamps *found =
        find_stamps(&scene->an->dump->memory, block->value, layout);
    uint64_t trace = 0;
    uint64_t size;

    if (found == NULL || !avd_stop_word(scene, block->value - layout->size, &size))
        return;
    if (avd_stop_word(scene, block->value - layout->trace, &trace) && trace != 0)
        block->trace = avd_stop_trace_read(scene, trace);
    if (block->trace != NULL && block->trace->count == 0)
        block->trace = NULL;
    block->text = avd_arena_printf(&scene->an->arena,
                                   "%s, %" PRIu64 " bytes, by page heap's header%s%s", found->words,
                                   size, block->trace != NULL ? "; the stack is that of its " : "",
                                   block->trace != NULL ? found->trace_words : "");
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
