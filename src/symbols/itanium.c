/* SPDX-License-Identifier: MIT */
/*
 * Names by libiberty's callbacks, which allocate nothing that we could not bound. A few hundred
 * bytes of such a name can stand for more text than any disk holds, because each part may refer
 * twice to the one before; its printer cannot be told to stop, so that it is left by longjmp.
 */
#include "symbols/itanium.h"

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/utf.h"

#include <string.h>

/* Rust: behind "_R", perhaps a version, stands the tag of a path. Most of ntdll begins with
 * "_Rtl". */
static bool is_rust(const char *name)
{
    size_t at = 2 + strspn(name + 2, "0123456789");

    return name[at] != '\0' && strchr("CMXYNIB", name[at]) != NULL;
}

bool avd_itanium_is(const char *name)
{
    if (strncmp(name, "__Z", 3) == 0 || strncmp(name, "__R", 3) == 0)
        name++;
    return strncmp(name, "_Z", 2) == 0 || (strncmp(name, "_R", 2) == 0 && is_rust(name));
}

#ifdef AVD_HAVE_LIBIBERTY

#include <demangle.h>
#include <setjmp.h>

struct output {
    struct avd_strbuf text;
    jmp_buf stop;
};

/*
 * The printers hold no memory of their own here but one: Rust's has an identifier in Punycode on
 * the heap while it prints it. A name that is cut there leaks it, at most the name's length.
 */
static void take(const char *bytes, size_t size, void *opaque)
{
    struct output *out = opaque;

    if (size > AVD_MAX_UNDNAME_OUTPUT - out->text.size)
        longjmp(out->stop, 1);
    avd_strbuf_add(&out->text, bytes, size);
    if (out->text.failed)
        longjmp(out->stop, 1);
}

enum scheme { ITANIUM, RUST };

/* False when the name is damaged or too long; out->text then holds nothing of use. */
static bool print(struct output *out, const char *name, enum scheme scheme, int options)
{
    if (setjmp(out->stop) != 0)
        return false;
    if (scheme == RUST)
        return rust_demangle_callback(name, options, take, out) != 0;
    return cplus_demangle_v3_callback(name, options, take, out) != 0;
}

static void empty(struct output *out)
{
    avd_strbuf_deinit(&out->text);
    avd_strbuf_init(&out->text);
}

/* Without parameters libiberty does not look at what is behind the name, so the whole is tried
 * first. */
static bool print_itanium(struct output *out, const char *name, enum avd_undname_form form)
{
    const char *suffix = strchr(name, '.');

    if (!print(out, name, ITANIUM, DMGL_PARAMS | DMGL_ANSI))
        return false;
    if (form == AVD_UNDNAME_FULL)
        return true;
    empty(out);
    if (!print(out, name, ITANIUM, DMGL_ANSI))
        return false;
    if (suffix != NULL)
        avd_strbuf_puts(&out->text, suffix);
    return true;
}

enum avd_status avd_itanium_undecorate(struct avd_arena *arena, const char *name,
                                       enum avd_undname_form form, const char **text)
{
    struct output out;
    bool known;
    bool failed;

    *text = NULL;
    if (!avd_itanium_is(name) || strlen(name) > AVD_MAX_ITANIUM_INPUT)
        return AVD_OK;
    if (name[1] == '_')
        name++;
    avd_strbuf_init(&out.text);
    /* The older Rust names are Itanium names, too, which end in a hash. */
    known = print(&out, name, RUST, DMGL_NO_OPTS);
    if (!known && !out.text.failed) {
        empty(&out);
        known = name[1] == 'Z' && print_itanium(&out, name, form);
    }
    failed = out.text.failed;
    if (known && !failed) {
        struct avd_view bytes = {(const uint8_t *)avd_strbuf_text(&out.text), out.text.size, 0};

        /* The name says where its parts end, which may be within a UTF-8 sequence. */
        *text = avd_bytes_to_utf8(arena, bytes);
        failed = *text == NULL;
    }
    avd_strbuf_deinit(&out.text);
    return failed ? AVD_E_NOMEM : AVD_OK;
}

#else

enum avd_status avd_itanium_undecorate(struct avd_arena *arena, const char *name,
                                       enum avd_undname_form form, const char **text)
{
    (void)arena;
    (void)name;
    (void)form;
    *text = NULL;
    return AVD_OK;
}

#endif
