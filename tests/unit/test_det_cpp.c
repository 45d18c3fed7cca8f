/* SPDX-License-Identifier: MIT */
/*
 * C++ exceptions as Visual C++ lays them out (ehdata.h): ThrowInfo, array of CatchableTypes,
 * TypeDescriptors, and the object itself. Offsets from the module's base in 64-bit code.
 */
#include "support/crash_run.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

enum { RDATA = 0x2000, OBJECT = 0x600, TEXT = 0x700 }; /* in app.exe; on the stack */
enum { THROW = 0, ARRAY = 0x20, TYPES = 0x60, NAMES = 0x200, NAME_STEP = 0x80 };

struct scene {
    bool x86;
    const char *names[4]; /* the type and its bases, decorated */
    const char *what;     /* NULL: no text */
    bool no_object;
    uint32_t base_at; /* where the second type lies in the object */
};

static void poke_link(struct crash_run *run, uint32_t at, uint32_t to)
{
    uint64_t rdata = run->app + RDATA;

    db_poke32(run->b, rdata + at, (uint32_t)(run->x86 ? run->app : 0) + RDATA + to);
}

static struct crash_run begin(const struct scene *scene)
{
    struct crash_run run = crash_run_begin(scene->x86);
    unsigned pointer_size = scene->x86 ? 4 : 8;
    uint64_t object = run.stack + OBJECT;
    uint64_t text = run.stack + TEXT;
    uint32_t count = 0;

    (void)db_memory(run.b, run.app + RDATA, 0x600);
    poke_link(&run, THROW + 0xc, ARRAY);
    for (; count < 4 && scene->names[count] != NULL; count++) {
        uint32_t type = TYPES + count * 0x1c;
        uint32_t name = NAMES + count * NAME_STEP;

        poke_link(&run, ARRAY + 4 + count * 4, type);
        poke_link(&run, type + 4, name);
        db_poke32(run.b, run.app + RDATA + type + 8, count == 1 ? scene->base_at : 0);
        db_poke(run.b, run.app + RDATA + name + 2 * pointer_size, scene->names[count],
                strlen(scene->names[count]) + 1);
    }
    db_poke32(run.b, run.app + RDATA + ARRAY, count);
    if (scene->what != NULL) {
        db_poke32(run.b, object + scene->base_at + pointer_size, (uint32_t)text);
        db_poke(run.b, text, scene->what, strlen(scene->what) + 1);
    }
    if (scene->no_object)
        object = 0x30000;
    crash_run_raise(&run, 0xe06d7363, scene->x86 ? 3 : 4,
                    (uint64_t[]){0x19930520, object, run.app + RDATA, run.app});
    return run;
}

START_TEST(a_type_with_a_text)
{
    struct scene scene = {.names = {".?AVruntime_error@std@@", ".?AVexception@std@@"},
                          .what = "no room on the disk \x1b[31mX"};
    unsigned x86;

    for (x86 = 0; x86 < 2; x86++) {
        struct crash_run run;

        scene.x86 = x86 != 0;
        run = begin(&scene);
        crash_run_analyze(&run);
        crash_run_fact(&run, "cpp.type", "std::runtime_error");
        crash_run_fact(&run, "cpp.types", "std::runtime_error, std::exception");
        crash_run_fact(&run, "cpp.what", "no room on the disk \\x1b[31mX");
        crash_run_fact(&run, "cpp.summary",
                       "std::runtime_error (\"no room on the disk \\x1b[31mX\")");
        crash_run_fact(&run, "cpp.rethrown", "no");
        crash_run_fact(&run, "cpp.thrower", "app.exe");
        crash_run_findings(&run, "cpp-exception");
        crash_run_end(&run);
    }
}
END_TEST

/* A class whose first base is another one. */
START_TEST(an_exception_inside_the_object)
{
    const struct scene scene = {.names = {".?AVError@app@@", ".?AVexception@std@@"},
                                .what = "no connection",
                                .base_at = 0x18};
    struct crash_run run = begin(&scene);

    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.summary", "app::Error (\"no connection\")");
    crash_run_end(&run);
}
END_TEST

static void check_type(const char *decorated, const char *type)
{
    const struct scene scene = {.names = {decorated}};
    struct crash_run run = begin(&scene);

    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.type", type);
    crash_run_fact(&run, "cpp.what",
                   "? the type is no std::exception, as far as its types are known");
    crash_run_end(&run);
}

START_TEST(types)
{
    check_type(".H", "int");
    check_type(".PEAD", "char *");
    check_type(".PEBD", "char const *");
    check_type(".?AUError@app@@", "app::Error");
    check_type(".?AW4Code@app@@", "app::Code");
    check_type(".?AV?$Wrapped@H@app@@", "app::Wrapped<int>");
    check_type(".PEAVCMemoryException@@", "CMemoryException *");
    /* What cannot be undecorated stays as it is. */
    check_type(".!!", ".!!");
}
END_TEST

START_TEST(out_of_memory)
{
    const struct scene scene = {.names = {".?AVbad_alloc@std@@", ".?AVexception@std@@"},
                                .what = "bad allocation"};
    struct crash_run run = begin(&scene);

    crash_run_analyze(&run);
    crash_run_findings(&run, "cpp-exception out-of-memory");
    crash_run_end(&run);
}
END_TEST

START_TEST(without_an_object_or_its_text)
{
    struct scene scene = {.names = {".?AVlogic_error@std@@", ".?AVexception@std@@"}};
    struct crash_run run = begin(&scene);

    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.what", "? the object has no text of its own");
    crash_run_end(&run);
    scene.no_object = true;
    run = begin(&scene);
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.what", "? the object is not in the dump");
    crash_run_fact(&run, "cpp.summary", "std::logic_error");
    crash_run_end(&run);
    /* A pointer to what is no text. */
    scene.no_object = false;
    scene.what = "\x01\x02\x03";
    run = begin(&scene);
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.what", "? the text is not in the dump");
    crash_run_end(&run);
}
END_TEST

START_TEST(long_texts_are_cut)
{
    char what[512];
    char expected[300];
    const struct scene scene = {.names = {".?AVlogic_error@std@@", ".?AVexception@std@@"},
                                .what = what};
    struct crash_run run;

    memset(what, 'a', sizeof what);
    what[250] = '\0';
    run = begin(&scene);
    crash_run_analyze(&run);
    memset(expected, 'a', 200);
    (void)snprintf(expected + 200, sizeof expected - 200, "...");
    crash_run_fact(&run, "cpp.what", expected);
    crash_run_end(&run);
}
END_TEST

START_TEST(damage)
{
    const struct scene scene = {.names = {".H"}};
    struct crash_run run = begin(&scene);

    db_poke32(run.b, run.app + RDATA + ARRAY, 0x7fffffff);
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.type", "? the ThrowInfo does not lead to types");
    crash_run_findings(&run, "cpp-exception");
    crash_run_end(&run);
    run = begin(&scene);
    db_poke8(run.b, run.app + RDATA + NAMES + 16, 0x80);
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.type", "? the ThrowInfo does not lead to types");
    crash_run_end(&run);
    run = begin(&scene);
    db_poke32(run.b, run.app + RDATA + THROW + 0xc, 0x400000);
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.type",
                   "? the ThrowInfo, which names the type, is not in the dump "
                   "(--images may help)");
    crash_run_fact(&run, "cpp.summary", "an exception whose type is not in the dump");
    crash_run_end(&run);
}
END_TEST

START_TEST(other_parameters)
{
    struct crash_run run = crash_run_begin(false);

    crash_run_raise(&run, 0xe06d7363, 4, (uint64_t[]){0x19930520, 0, 0, 0});
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.rethrown", "yes");
    crash_run_findings(&run, "cpp-exception");
    crash_run_end(&run);
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xe06d7363, 4, (uint64_t[]){0x12345678, 0x1000, 0x2000, 0x3000});
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.type", "? the exception's parameters are not those of Visual C++");
    crash_run_end(&run);
    run = crash_run_begin(false);
    crash_run_raise(&run, 0xc0000005, 2, (uint64_t[]){0, 0x18});
    crash_run_analyze(&run);
    crash_run_fact(&run, "cpp.type", "? no C++ exception of Visual C++ was thrown");
    crash_run_findings(&run, "null-data-pointer !cpp-exception");
    crash_run_end(&run);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, a_type_with_a_text);
    tcase_add_test(tests, an_exception_inside_the_object);
    tcase_add_test(tests, types);
    tcase_add_test(tests, out_of_memory);
    tcase_add_test(tests, without_an_object_or_its_text);
    tcase_add_test(tests, long_texts_are_cut);
    tcase_add_test(tests, damage);
    tcase_add_test(tests, other_parameters);
}

int main(void)
{
    return suite_main("det_cpp", add_tests);
}
