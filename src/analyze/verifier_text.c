/* SPDX-License-Identifier: MIT */
/*
 * A stop out of the text that the verifier prints:
 *
 *     VERIFIER STOP 0000E101: pid 0x1D7C: Attempt to use a closed SOCKET.
 *
 *         000003E8 : SOCKET being accessed
 *         ... three more
 *
 * It is left in the buffers of what printed it, and whoever wrote the dump may have put it into a
 * comment. Spellings differ between versions, so that only the form is relied on.
 */
#include "analyze/verifier_scene.h"

#include "base/limits.h"
#include "base/utf.h"
#include "base/view.h"
#include "minidump/format.h"

#include <string.h>

static const char marker[] = "VERIFIER STOP ";

enum { MARKER_SIZE = sizeof marker - 1, TEXT_SIZE = 4096, MAX_TEXTS = 16, LEAST_BELOW = 512 };

struct reader {
    const char *p, *end;
};

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
        r->p++;
}

static void skip_spaces(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
        r->p++;
}

static bool read_char(struct reader *r, char c)
{
    skip_spaces(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static bool read_hex(struct reader *r, uint64_t *out)
{
    size_t digits = 0;
    uint64_t value = 0;

    skip_spaces(r);
    if (r->end - r->p > 2 && r->p[0] == '0' && (r->p[1] == 'x' || r->p[1] == 'X'))
        r->p += 2;
    for (; r->p < r->end && digits <= 16; r->p++, digits++) {
        unsigned char c = (unsigned char)*r->p;
        unsigned digit;

        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (c | 0x20u) - 'a' + 10;
        else
            break;
        value = value << 4 | digit;
    }
    *out = value;
    return digits >= 1 && digits <= 16;
}

/* The rest of the line without its trailing blanks, in the arena. */
static const char *read_line(struct avd_stop_scene *scene, struct reader *r)
{
    const char *start;
    const char *stop;

    skip_spaces(r);
    start = r->p;
    while (r->p < r->end && *r->p != '\n' && *r->p != '\r' && *r->p != '\0')
        r->p++;
    stop = r->p;
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    return avd_bytes_to_utf8(&scene->an->arena,
                             (struct avd_view){(const uint8_t *)start, (size_t)(stop - start)});
}

/* The text behind the marker. The process id, where both are known, must be the dump's. */
static void parse(struct avd_stop_scene *scene, const char *text, size_t size,
                  enum avd_stop_source source, const char *words)
{
    const struct avd_misc *misc = &scene->an->dump->misc;
    struct reader r = {text, text + size};
    struct avd_stop_candidate *candidate;
    uint64_t code;
    uint64_t pid;
    size_t i;

    if (!read_hex(&r, &code) || code == 0 || code > UINT32_MAX || !read_char(&r, ':'))
        return;
    skip_spaces(&r);
    if (r.end - r.p > 4 && strncmp(r.p, "pid ", 4) == 0) {
        r.p += 4;
        if (!read_hex(&r, &pid) || !read_char(&r, ':'))
            return;
        if (misc->present && (misc->flags & MINIDUMP_MISC1_PROCESS_ID) != 0 &&
            pid != misc->process_id)
            return;
    }
    candidate = avd_stop_candidate_add(scene, source, (uint32_t)code, words);
    if (candidate == NULL)
        return;
    candidate->message = read_line(scene, &r);
    for (i = 0; i < 4; i++) {
        uint64_t value;

        skip_blanks(&r);
        if (!read_hex(&r, &value) || !read_char(&r, ':'))
            return;
        candidate->known[i] = true;
        candidate->values[i] = value;
        candidate->recorded[i] = read_line(scene, &r);
    }
}

/* Index of the next marker at or after `from`, or SIZE_MAX; `step` is 2 for UTF-16. */
static size_t find_marker(struct avd_view view, size_t from, size_t step)
{
    size_t i;
    size_t k;

    for (i = from; i + MARKER_SIZE * step <= view.size; i++) {
        const uint8_t *found = memchr(view.data + i, marker[0], view.size - i);

        if (found == NULL)
            return SIZE_MAX;
        i = (size_t)(found - view.data);
        if (i + MARKER_SIZE * step > view.size)
            return SIZE_MAX;
        for (k = 0; k < MARKER_SIZE; k++)
            if (found[k * step] != (uint8_t)marker[k] || (step == 2 && found[k * 2 + 1] != 0))
                break;
        if (k == MARKER_SIZE)
            return i;
    }
    return SIZE_MAX;
}

/* The text behind the marker that begins at `at`, made narrow. */
static void parse_at(struct avd_stop_scene *scene, struct avd_view view, size_t at, size_t step,
                     const char *words)
{
    char text[TEXT_SIZE];
    size_t size = 0;

    for (at += MARKER_SIZE * step; at + step <= view.size && size < sizeof text; at += step) {
        if (view.data[at] == 0 && (step == 1 || view.data[at + 1] == 0))
            break;
        text[size++] = step == 2 && view.data[at + 1] != 0 ? '?' : (char)view.data[at];
    }
    parse(scene, text, size, AVD_STOP_FROM_TEXT, words);
}

/* The first text of a piece of stack. With `all_agree` none when the others tell of other stops:
 * some are left from earlier ones then, and nothing says which. */
static bool search(struct avd_stop_scene *scene, struct avd_view view, size_t step, bool all_agree,
                   const char *words)
{
    size_t before = scene->candidate_count;
    size_t at = find_marker(view, 0, step);
    unsigned looks;

    for (looks = 0; at != SIZE_MAX && looks < MAX_TEXTS; looks++) {
        parse_at(scene, view, at, step, words);
        if (scene->candidate_count > before && !all_agree)
            return true;
        if (scene->candidate_count > before + 1) {
            scene->candidate_count = before + 1;
            if (scene->candidates[before + 1].code != scene->candidates[before].code) {
                scene->candidate_count = before;
                return true;
            }
        }
        at = find_marker(view, at + MARKER_SIZE * step, step);
    }
    return scene->candidate_count != before;
}

static void below_the_stack(struct avd_stop_scene *scene, uint64_t sp)
{
    static const char words[] = "the stop's text that a call left below the stack";
    struct avd_view view = {NULL, 0};
    uint64_t size;

    /* As far down as the dump has it. */
    for (size = AVD_STOP_TEXT_BELOW; size >= LEAST_BELOW; size /= 2)
        if (sp > size && avd_memory_view(&scene->an->dump->memory, sp - size, size, &view) &&
            view.size == size)
            break;
    if (size >= LEAST_BELOW && !search(scene, view, 1, true, words))
        (void)search(scene, view, 2, true, words);
}

/* First the stack in use: what printed the text may have been called from the engine. Then what
 * lies below it, left by calls that have returned; full dumps hold that. */
static void from_stack(struct avd_stop_scene *scene)
{
    static const char words[] = "the stop's text on the stack";
    struct avd_view view;
    uint64_t sp;

    if (scene->stack == NULL || scene->first == SIZE_MAX)
        return;
    sp = scene->stack->stack.frames[0].sp;
    if (avd_memory_view(&scene->an->dump->memory, sp, AVD_MAX_STOP_TEXT_SEARCH, &view) &&
        (search(scene, view, 1, false, words) || search(scene, view, 2, false, words)))
        return;
    below_the_stack(scene, sp);
}

/* The last stop of a comment: logs grow at their end. */
static void from_comment(struct avd_stop_scene *scene, const char *comment)
{
    const char *last = NULL;
    const char *found = comment;

    while (found != NULL && (found = strstr(found, marker)) != NULL) {
        found += MARKER_SIZE;
        last = found;
    }
    if (last != NULL)
        parse(scene, last, strnlen(last, TEXT_SIZE), AVD_STOP_FROM_COMMENT,
              "the stop's text in the dump's comment");
}

void avd_stop_from_texts(struct avd_stop_scene *scene)
{
    from_stack(scene);
    from_comment(scene, scene->an->dump->comment_a);
    from_comment(scene, scene->an->dump->comment_w);
}
