/* SPDX-License-Identifier: MIT */
/*
 * Does the process show a message box, and what does it say? Caption and text are arguments, which
 * 32-bit code passes on the stack; 64-bit code passes them in registers that nothing keeps, so that
 * there the functions are all that is known. Signatures: winuser.h, commctrl.h.
 */
#include "analyze/detectors.h"
#include "analyze/thread_state.h"

#include "base/limits.h"
#include "base/utf.h"

#include <string.h>

/* Where texts are, in bytes: of the arguments, or of what argument `pointer` leads to. */
struct shape {
    const char *function; /* with a '*' at the end: a prefix; without: exact but for A and W */
    int indirect;         /* the arguments are one structure */
    unsigned text, caption;
    unsigned text2; /* another text below the first; 0: none */
};

static const struct shape shapes[] = {
    /* (window, text, caption, type ...) */
    {"MessageBox", 0, 4, 8, 0},
    {"MessageBoxEx", 0, 4, 8, 0},
    {"MessageBoxTimeout", 0, 4, 8, 0},
    /* MSGBOXPARAMS: size, owner, instance, text, caption */
    {"MessageBoxIndirect", 1, 0xc, 0x10, 0},
    /* TASKDIALOGCONFIG: title, icon, main instruction, content */
    {"TaskDialogIndirect", 1, 0x1c, 0x14, 0x20},
    /* (window, instance, title, main instruction, content ...) */
    {"TaskDialog", 0, 0xc, 8, 0x10},
};

/* *wide: whether the function takes UTF-16. */
static const struct shape *shape_of(const char *function, bool *wide)
{
    size_t i;

    for (i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        size_t size = strlen(shapes[i].function);
        const char *rest = function + size;

        if (strncmp(function, shapes[i].function, size) != 0)
            continue;
        *wide = strcmp(rest, "A") != 0;
        if (rest[0] == '\0' || strcmp(rest, "W") == 0 || strcmp(rest, "A") == 0)
            return &shapes[i];
    }
    return NULL;
}

/* NULL when the pointer leads to no text in the dump: it may be a resource's number. */
static const char *read_text(struct avd_analysis *an, uint64_t slot, bool wide)
{
    struct avd_view bytes;
    uint64_t addr;

    if (!avd_memory_pointer(&an->dump->memory, slot, 4, &addr) || addr < 0x10000 ||
        !avd_memory_view(&an->dump->memory, addr, AVD_MAX_DIALOG_BYTES, &bytes))
        return NULL;
    return wide ? avd_utf16_to_utf8(&an->arena, bytes) : avd_bytes_to_utf8(&an->arena, bytes);
}

static void put_text(struct avd_analysis *an, const char *fact, const char *text,
                     const char *reason)
{
    if (text != NULL && text[0] != '\0')
        avd_fact_text(&an->facts, fact, text);
    else
        avd_fact_unknown(&an->facts, fact, reason);
}

static void publish_texts(struct avd_analysis *an, const struct avd_an_stack *stack, size_t i)
{
    const char *reason = "its arguments are not in the dump";
    const struct avd_frame *frame = &stack->stack.frames[i];
    const char *function = avd_thread_function(stack, i);
    const char *caption = NULL;
    const char *text = NULL;
    bool wide = true;
    const struct shape *shape = function != NULL ? shape_of(function, &wide) : NULL;

    if (stack->cpu->pointer_size != 4) {
        reason = "64-bit code passes it in a register, which nothing keeps";
    } else if (shape == NULL) {
        reason = "the arguments of this function are not known";
    } else if (frame->fp != 0) {
        uint64_t base = frame->fp + 8;

        if (!shape->indirect || avd_memory_pointer(&an->dump->memory, base, 4, &base)) {
            caption = read_text(an, base + shape->caption, wide);
            text = read_text(an, base + shape->text, wide);
            if (text == NULL && shape->text2 != 0)
                text = read_text(an, base + shape->text2, wide);
        }
    }
    put_text(an, "dialog.caption", caption, reason);
    put_text(an, "dialog.text", text, reason);
}

static void run(struct avd_analysis *an)
{
    static const char *const names[] = {"dialog.thread", "dialog.function", "dialog.caller",
                                        "dialog.caption", "dialog.text"};
    const struct avd_thread_state *states = avd_thread_states(an);
    size_t i;
    size_t k;

    for (i = 0; states != NULL && i < an->thread_count; i++) {
        const struct avd_an_stack *stack = avd_thread_state_stack(an, i);
        size_t frame = states[i].dialog_frame;

        if (states[i].wait != AVD_WAIT_DIALOG || frame == SIZE_MAX)
            continue;
        avd_fact_bool(&an->facts, "dialog.open", true);
        avd_fact_text(&an->facts, "dialog.thread", avd_thread_text(an, i));
        avd_fact_text(&an->facts, "dialog.function", avd_frame_text(an, stack, frame));
        if (frame + 1 < stack->stack.count)
            avd_fact_text(&an->facts, "dialog.caller", avd_frame_text(an, stack, frame + 1));
        else
            avd_fact_unknown(&an->facts, "dialog.caller", "the stack ends there");
        publish_texts(an, stack, frame);
        return;
    }
    avd_fact_bool(&an->facts, "dialog.open", false);
    for (k = 0; k < sizeof names / sizeof names[0]; k++)
        avd_fact_unknown(&an->facts, names[k], "no thread is seen showing a message box");
}

const struct avd_detector avd_det_dialog = {
    "dialog",
    "message boxes that are open, and what they say",
    run,
};
