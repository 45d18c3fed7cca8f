/* SPDX-License-Identifier: MIT */
/*
 * avdump's own signature of a crash, version 1: equal for crashes of one kind whatever the
 * addresses, the build and the machine. docs/buckets.md describes it step by step; a change of any
 * step, or of what the shipped triage entries ignore, makes a new version.
 */
#include "analyze/followup.h"

#include "analyze/detectors.h"
#include "base/md5.h"
#include "base/strbuf.h"

#include <string.h>

enum { FRAMES_IN_SIGNATURE = 6, FRAMES_LOOKED_AT = 64 };

char *avd_name_without_templates(struct avd_arena *arena, const char *name, const char *instead)
{
    struct avd_strbuf out;
    unsigned depth = 0;
    char *copy;
    const char *p;

    avd_strbuf_init(&out);
    for (p = name; *p != '\0'; p++) {
        /* operator<, operator<<, operator->, operator<=> have no arguments there. */
        if (depth == 0 && strncmp(p, "operator", 8) == 0 && strchr("<>-", p[8]) != NULL &&
            p[8] != '\0') {
            size_t size = 8 + strspn(p + 8, "<>-=");

            avd_strbuf_add(&out, p, size);
            p += size - 1;
            continue;
        }
        if (*p == '<' && depth++ == 0)
            avd_strbuf_puts(&out, instead);
        if (depth == 0)
            avd_strbuf_add(&out, p, 1);
        if (*p == '>' && depth != 0 && (p == name || p[-1] != '-'))
            depth--;
    }
    /* What never ends is no template. */
    copy = out.failed ? NULL : avd_arena_strdup(arena, depth == 0 ? avd_strbuf_text(&out) : name);
    if (copy == NULL)
        arena->failed = true;
    avd_strbuf_deinit(&out);
    return copy;
}

static void add_lower(struct avd_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

        avd_strbuf_add(out, &c, 1);
    }
}

/* "module!function", "module", "module!<unloaded>", "?" */
static char *frame_text(struct avd_analysis *an, const struct avd_an_stack *stack, size_t index,
                        bool *named)
{
    const struct avd_frame *frame = &stack->stack.frames[index];
    const struct avd_an_module *module = avd_frame_module(an, frame);
    const struct avd_unloaded_module *unloaded =
        module == NULL ? avd_frame_unloaded(an, frame) : NULL;
    const char *function = module != NULL ? avd_frame_function(stack, index) : NULL;
    const char *stem = module != NULL     ? avd_module_stem(an, module->module->name)
                       : unloaded != NULL ? avd_module_stem(an, unloaded->name)
                                          : "?";
    struct avd_strbuf out;
    char *copy;

    *named = function != NULL;
    if (function != NULL)
        function = avd_name_without_templates(&an->arena, function, "<>");
    if (stem == NULL || (*named && function == NULL))
        return NULL;
    avd_strbuf_init(&out);
    add_lower(&out, stem);
    if (function != NULL) {
        avd_strbuf_puts(&out, "!");
        avd_strbuf_puts(&out, function);
    } else if (unloaded != NULL) {
        avd_strbuf_puts(&out, "!<unloaded>");
    }
    copy = out.failed ? NULL : avd_arena_strdup(&an->arena, avd_strbuf_text(&out));
    if (copy == NULL)
        an->arena.failed = true;
    avd_strbuf_deinit(&out);
    return copy;
}

/* The user's triage file does not count: signatures are to be compared between users. */
static bool is_ignored(struct avd_analysis *an, const struct avd_an_stack *stack, size_t index)
{
    const struct avd_triage *user = an->triage;
    const struct avd_triage_entry *entry;

    an->triage = NULL;
    entry = avd_frame_triage(an, stack, index);
    an->triage = user;
    return entry != NULL && avd_triage_owner_class(entry->owner) == AVD_OWNER_IGNORE;
}

static bool add_frames(struct avd_analysis *an, const struct avd_an_stack *stack,
                       struct avd_strbuf *text, struct avd_signature *out)
{
    const char *last = "";
    size_t i;

    for (i = 0; i < stack->stack.count && i < FRAMES_LOOKED_AT; i++) {
        const char *frame;
        bool named;

        if (out->frame_count == FRAMES_IN_SIGNATURE)
            return true;
        if (avd_frame_is_scanned(&stack->stack.frames[i])) {
            out->cut = "the next frame was found by scanning";
            return true;
        }
        if (is_ignored(an, stack, i))
            continue;
        frame = frame_text(an, stack, i, &named);
        if (frame == NULL)
            return false;
        /* Recursions, and modules without names, count once in a row. */
        if (strcmp(frame, last) == 0)
            continue;
        avd_strbuf_printf(text, "|%s", frame);
        out->frame_count++;
        out->named_count += named;
        last = frame;
    }
    if (out->frame_count < FRAMES_IN_SIGNATURE)
        out->cut = "the stack that could be recovered ends there";
    return true;
}

void avd_signature_make(struct avd_analysis *an, struct avd_signature *out)
{
    const struct avd_an_stack *stack = avd_an_exception_stack(an);
    struct avd_strbuf text;
    uint8_t digest[AVD_MD5_SIZE];

    if (!an->has_exception || stack == NULL || stack->stack.count == 0) {
        out->why_not = an->has_exception ? "the registers at the exception are not known"
                                         : "the dump has no exception record";
        return;
    }
    avd_strbuf_init(&text);
    avd_strbuf_puts(&text, an->words.type);
    if (!add_frames(an, stack, &text, out) || text.failed) {
        an->arena.failed = true;
    } else if (out->frame_count == 0) {
        out->why_not = "no frame is certain and says more than that an exception was raised";
    } else {
        out->text = avd_arena_strdup(&an->arena, avd_strbuf_text(&text));
        avd_md5(avd_strbuf_text(&text), text.size, digest);
        out->id = avd_arena_printf(&an->arena, "av1-%02x%02x%02x%02x%02x%02x%02x%02x", digest[0],
                                   digest[1], digest[2], digest[3], digest[4], digest[5], digest[6],
                                   digest[7]);
    }
    avd_strbuf_deinit(&text);
    if (!an->arena.failed && out->id != NULL)
        out->socorro = avd_signature_socorro(an, stack);
}
