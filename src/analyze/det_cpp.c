/* SPDX-License-Identifier: MIT */
/*
 * Which C++ object was thrown, and what does it say? Visual C++'s exception 0xE06D7363 carries the
 * addresses of the object and of a ThrowInfo (ehdata.h), which leads to the names of the type and
 * of its bases. All pointers in it are relative to the module in 64-bit code.
 */
#include "analyze/detectors.h"
#include "analyze/process_read.h"

#include "symbols/undname.h"

#include <stdio.h>
#include <string.h>

#define CPP_EXCEPTION 0xe06d7363u

enum {
    MAX_TYPES = 32,       /* a class and its bases; libraries have up to ten */
    MAX_TYPE_NAME = 1024, /* decorated, with template arguments */
    MAX_SHOWN_NAME = 200,
    MAGIC_FIRST = 0x19930520, /* three versions of the compiler's data */
    MAGIC_LAST = 0x19930522,
    CATCHABLE_ARRAY = 0xc, /* in ThrowInfo */
    TYPE_DESCRIPTOR = 4,   /* in CatchableType */
    THIS_DISPLACEMENT = 8  /* likewise, of PMD: where the base lies in the object */
};

static const char *const cpp_facts[] = {
    "cpp.type", "cpp.types", "cpp.what", "cpp.object", "cpp.rethrown", "cpp.thrower", "cpp.summary",
};

struct thrown {
    unsigned pointer_size;
    uint64_t object, throw_info, image;
    const char *names[MAX_TYPES];
    size_t count;
    bool is_exception;         /* has std::exception among its types */
    uint32_t exception_offset; /* where that lies in the object */
};

/* ThrowInfo's pointers: addresses in 32-bit code, offsets from the module's base in 64-bit code. */
static bool read_link(struct avd_analysis *an, const struct thrown *thrown, uint64_t at,
                      uint64_t *out)
{
    uint32_t value;

    *out = 0;
    if (!avd_process_u32(an, at, &value) || value == 0)
        return false;
    *out = thrown->pointer_size == 8 ? thrown->image + value : value;
    return true;
}

/*
 * ".?AVruntime_error@std@@" and ".PEAD" are types, which undecoration only knows as those of
 * something: a variable called x is made of them. NULL when that fails.
 */
static const char *type_words(struct avd_analysis *an, const char *decorated)
{
    static const char *const kinds[] = {"class ", "struct ", "union ", "enum "};
    const char *type = strncmp(decorated, ".?A", 3) == 0 ? decorated + 3 : decorated + 1;
    char name[MAX_TYPE_NAME + 16];
    const char *full;
    size_t size;
    size_t i;

    (void)snprintf(name, sizeof name, "?x@@3%sA", type);
    full = avd_undecorate(&an->arena, name, AVD_UNDNAME_FULL, false);
    if (full == NULL)
        return NULL;
    size = strlen(full);
    if (*full == '?' || size < 3 || strcmp(full + size - 2, " x") != 0)
        return decorated;
    for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(full, kinds[i], strlen(kinds[i])) == 0) {
            full += strlen(kinds[i]);
            break;
        }
    size = strlen(full) - 2;
    return size <= MAX_SHOWN_NAME
               ? avd_arena_strndup(&an->arena, full, size)
               : avd_arena_printf(&an->arena, "%.*s...", (int)MAX_SHOWN_NAME, full);
}

/* The name in a TypeDescriptor, behind two pointers; NULL unless it is one. */
static const char *read_type(struct avd_analysis *an, const struct thrown *thrown, uint64_t at)
{
    char name[MAX_TYPE_NAME];
    size_t size = avd_process_read(an, at + UINT64_C(2) * thrown->pointer_size, name, sizeof name);
    size_t length;

    for (length = 0; length < size && name[length] != '\0'; length++)
        if (name[length] < 0x21 || name[length] > 0x7e)
            return NULL;
    if (length == size || length < 2 || name[0] != '.')
        return NULL;
    return avd_arena_strndup(&an->arena, name, length);
}

/* Why the types are not known, or NULL. */
static const char *read_types(struct avd_analysis *an, struct thrown *thrown)
{
    static const char damaged[] = "the ThrowInfo does not lead to types";
    uint64_t array;
    uint64_t catchable;
    uint64_t descriptor;
    uint32_t count;
    uint32_t i;

    if (!read_link(an, thrown, thrown->throw_info + CATCHABLE_ARRAY, &array) ||
        !avd_process_u32(an, array, &count))
        return "the ThrowInfo, which names the type, is not in the dump (--images may help)";
    if (count == 0 || count > MAX_TYPES)
        return damaged;
    for (i = 0; i < count; i++) {
        const char *name;
        uint32_t offset;

        if (!read_link(an, thrown, array + 4 + 4 * (uint64_t)i, &catchable) ||
            !read_link(an, thrown, catchable + TYPE_DESCRIPTOR, &descriptor) ||
            !avd_process_u32(an, catchable + THIS_DISPLACEMENT, &offset))
            break;
        name = read_type(an, thrown, descriptor);
        if (name == NULL)
            break;
        if (strcmp(name, ".?AVexception@std@@") == 0 || strcmp(name, ".?AVexception@@") == 0) {
            thrown->is_exception = true;
            thrown->exception_offset = offset;
        }
        name = type_words(an, name);
        if (name == NULL)
            return "out of memory";
        thrown->names[thrown->count++] = name;
    }
    return thrown->count != 0 ? NULL : damaged;
}

/* std::exception begins with its virtual table and a pointer to the text. Why it is not known, or
 * NULL. */
static const char *read_what(struct avd_analysis *an, const struct thrown *thrown, const char **out)
{
    uint64_t text;
    uint64_t exception = thrown->object + thrown->exception_offset;

    if (!thrown->is_exception)
        return "the type is no std::exception, as far as its types are known";
    if (!avd_process_pointer(an, exception + thrown->pointer_size, thrown->pointer_size, &text))
        return "the object is not in the dump";
    if (text == 0)
        return "the object has no text of its own";
    *out = avd_process_text(an, text);
    return *out != NULL ? NULL : "the text is not in the dump";
}

static void publish_unknown(struct avd_analysis *an, size_t first, const char *why)
{
    size_t i;

    for (i = first; i < sizeof cpp_facts / sizeof cpp_facts[0]; i++)
        avd_fact_unknown(&an->facts, cpp_facts[i], why);
}

static void publish_types(struct avd_analysis *an, struct thrown *thrown)
{
    struct avd_facts *facts = &an->facts;
    const char *why = read_types(an, thrown);
    const char *what = NULL;

    if (why != NULL) {
        avd_fact_unknown(facts, "cpp.type", why);
        avd_fact_unknown(facts, "cpp.types", why);
        avd_fact_unknown(facts, "cpp.what", why);
        avd_fact_text(facts, "cpp.summary", "an exception whose type is not in the dump");
        return;
    }
    avd_fact_text(facts, "cpp.type", thrown->names[0]);
    avd_fact_list(facts, "cpp.types", thrown->names, thrown->count);
    why = read_what(an, thrown, &what);
    if (why != NULL) {
        avd_fact_unknown(facts, "cpp.what", why);
        avd_fact_text(facts, "cpp.summary", thrown->names[0]);
        return;
    }
    avd_fact_text(facts, "cpp.what", what);
    avd_fact_text(facts, "cpp.summary",
                  avd_arena_printf(&an->arena, "%s (\"%s\")", thrown->names[0], what));
}

static void run(struct avd_analysis *an)
{
    const struct avd_exception *exception = &an->exception;
    struct thrown thrown = {.pointer_size = avd_exception_pointer_size(an)};
    struct avd_facts *facts = &an->facts;
    size_t module;

    if (!an->has_exception || exception->code != CPP_EXCEPTION || !avd_dump_is_windows(an->dump)) {
        publish_unknown(an, 0, "no C++ exception of Visual C++ was thrown");
        return;
    }
    if (exception->parameter_count < (thrown.pointer_size == 8 ? 4U : 3U) ||
        exception->parameters[0] < MAGIC_FIRST || exception->parameters[0] > MAGIC_LAST) {
        publish_unknown(an, 0, "the exception's parameters are not those of Visual C++");
        avd_fact_text(facts, "cpp.summary", "an exception whose parameters are not Visual C++'s");
        return;
    }
    thrown.object = exception->parameters[1];
    thrown.throw_info = exception->parameters[2];
    thrown.image = thrown.pointer_size == 8 ? exception->parameters[3] : 0;
    if (thrown.throw_info == 0) {
        publish_unknown(an, 0,
                        "the same exception was thrown again (throw;), which does not say what "
                        "it is");
        avd_fact_bool(facts, "cpp.rethrown", true);
        avd_fact_text(facts, "cpp.summary", "an exception that was caught and thrown again");
        return;
    }
    avd_fact_bool(facts, "cpp.rethrown", false);
    avd_fact_address(facts, "cpp.object", thrown.object, avd_an_exception_digits(an));
    module = avd_analysis_module_at(an, thrown.throw_info);
    if (module != AVD_NO_MODULE)
        avd_fact_text(facts, "cpp.thrower", an->modules[module].module->name);
    else
        avd_fact_unknown(facts, "cpp.thrower", "its ThrowInfo lies in no module");
    publish_types(an, &thrown);
}

const struct avd_detector avd_det_cpp = {
    "cpp",
    "the type of a C++ exception and its text",
    run,
};
