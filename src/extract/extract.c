/* SPDX-License-Identifier: MIT */
/* The two ways of making one dump out of another, as avdump.h has them. */
#include "extract/dump32.h"
#include "extract/slim.h"

#include "base/utf.h"

#include <stdio.h>

/* What the new dump says of where it comes from; `more` goes behind it. */
static const char *make_comment(struct avd_arena *arena, const char *option, const char *name,
                                const char *more)
{
    return avd_arena_printf(arena, "avdump extract %s of %s%s", option, avd_path_leaf(name), more);
}

static void tell(const struct avd_extract_options *options, const struct avd_notes *notes)
{
    char text[512];
    size_t i;

    for (i = 0; i < notes->count && options->note != NULL; i++) {
        (void)snprintf(text, sizeof text, "%s: %s", notes->items[i].where, notes->items[i].message);
        options->note(options->note_ctx, text);
    }
    if (notes->dropped != 0 && options->note != NULL) {
        (void)snprintf(text, sizeof text, "%zu more notes", notes->dropped);
        options->note(options->note_ctx, text);
    }
}

static enum avd_status write_half32(struct avd_analysis *an, const char *name,
                                    const struct avd_extract_options *options, avd_write_fn *write,
                                    void *ctx, struct avd_error *err)
{
    struct avd_half32 half;
    struct avd_writer w;
    const char *comment;
    enum avd_status status = avd_half32_collect(an, &half, err);

    if (status != AVD_OK)
        return status;
    comment = make_comment(&an->arena, "--wow64", name,
                           half.has_exception && an->exception_recovered
                               ? "; the exception was not stored there, only on a stack"
                               : "");
    if (comment == NULL)
        return avd_error_nomem(err);
    avd_writer_init(&w);
    avd_dump32_streams(&w, &half, comment);
    if (an->arena.failed) /* an image was not read for it, or a note is missing */
        status = avd_error_nomem(err);
    else
        status = avd_writer_finish(&w, an->dump->bytes, half.ranges, half.range_count,
                                   an->dump->memory.full, write, ctx, err);
    avd_writer_deinit(&w);
    if (status == AVD_OK)
        tell(options, &half.notes);
    return status;
}

static enum avd_status extract_wow64(const struct avd_dump *dump,
                                     const struct avd_extract_options *options, avd_write_fn *write,
                                     void *ctx, struct avd_error *err)
{
    struct avd_analysis *an;
    enum avd_status status = avd_analysis_run(dump, options->analyze, &an, err);

    if (status != AVD_OK)
        return status;
    if (an->wow64.present)
        status = write_half32(an, dump->name, options, write, ctx, err);
    else
        status =
            avd_error_set(err, AVD_NOT_FOUND, 0, "",
                          "this is no 64-bit dump of a 32-bit process: %s", an->wow64.evidence);
    avd_analysis_free(an);
    return status;
}

static enum avd_status extract_slim(const struct avd_dump *dump,
                                    const struct avd_extract_options *options, avd_write_fn *write,
                                    void *ctx, struct avd_error *err)
{
    struct avd_arena arena = {0};
    const char *comment = make_comment(&arena, "--slim", dump->name, "");
    struct avd_notes notes;
    enum avd_status status;

    avd_notes_init(&notes, &arena);
    if (comment == NULL)
        status = avd_error_nomem(err);
    else
        status = avd_slim_write(dump, options, comment, write, ctx, &notes, err);
    if (status == AVD_OK)
        tell(options, &notes);
    avd_arena_deinit(&arena);
    return status;
}

enum avd_status avd_dump_extract(const struct avd_dump *dump,
                                 const struct avd_extract_options *options, avd_write_fn *write,
                                 void *ctx, struct avd_error *err)
{
    if (dump == NULL || options == NULL || write == NULL)
        return avd_error_set(err, AVD_E_ARG, 0, "", "no dump, no options or no writer");
    switch (options->what) {
    case AVD_EXTRACT_WOW64: return extract_wow64(dump, options, write, ctx, err);
    case AVD_EXTRACT_SLIM: return extract_slim(dump, options, write, ctx, err);
    }
    return avd_error_set(err, AVD_E_ARG, 0, "", "unknown kind of extraction");
}
