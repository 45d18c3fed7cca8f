/* SPDX-License-Identifier: MIT */
/*
 * The fifteen networking stops in built dumps: every CPU, both numberings, both ways to stop, with
 * and without what the parameters lead to. Names, titles and parameters are those of Microsoft's
 * page "Stop Codes - Networking", not of avdump's own tables.
 */
#include "support/judge.h"
#include "support/suite.h"
#include "support/verifier_run.h"

#include <stdio.h>
#include <string.h>

#define LSP_SEND UINT64_MAX /* stands for lsp.dll!WSPSend in the table below */

/* What each stop is documented to have. */
struct expected {
    const char *id, *title;
    const char *report;
    uint64_t values[4];
    const char *texts[4]; /* NULL: nothing to decode */
    const char *kinds[4];
    bool by_trace, by_name, by_pointer; /* who is to blame, with memory */
};

/* clang-format off */
static const struct expected stops[15] = {
    {"UNSUPPORTED_API_CALL_IN_DLLMAIN", "Illegal networking API called from DllMain", "break",
     {LSP_SEND, VS_NAME}, {"lsp!WSPSend+0x0", "plugin.dll"},
     {"code_pointer", "utf16_string", "unused", "unused"}, .by_name = true},
    {"WSA_SOCKET_ALREADY_CLOSED", "Attempt to use a closed SOCKET", "break",
     {0x3e8, VS_TRACE}, {"SOCKET 0x3e8", NULL},
     {"socket", "stack_trace", "unused", "unused"}, .by_trace = true},
    {"WSA_INVALID_SOCKET_HANDLE", "Attempt to use an unknown SOCKET", "break",
     {0x3e8}, {"SOCKET 0x3e8"}, {"socket", "unused", "unused", "unused"}},
    {"WSA_LEAKED_SOCKET_HANDLE", "Leaked SOCKET handle detected", "break",
     {0x3e8, VS_TRACE, VS_THREAD}, {"SOCKET 0x3e8", NULL, "thread 0 of the dump (id 0x10)"},
     {"socket", "stack_trace", "thread_id", "unused"}, .by_trace = true},
    {"WSP_SOCKET_ALREADY_CLOSED", "Attempt to use a closed SOCKET", "break",
     {0x3e8, VS_TRACE}, {"SOCKET 0x3e8", NULL},
     {"socket", "stack_trace", "unused", "unused"}, .by_trace = true},
    {"WSP_INVALID_SOCKET_HANDLE", "Attempt to use an unknown SOCKET", "break",
     {0x3e8}, {"SOCKET 0x3e8"}, {"socket", "unused", "unused", "unused"}},
    {"WSP_LEAKED_SOCKET_HANDLE", "Leaked SOCKET handle detected", "break",
     {0x3e8, VS_TRACE, 0x999},
     {"SOCKET 0x3e8", NULL, "thread id 0x999, not a thread of the dump: it has ended"},
     {"socket", "stack_trace", "thread_id", "unused"}, .by_trace = true},
    {"WSA_NOT_INITIALIZED",
     "A Winsock API was called before a successful WSAStartup() or after a balancing successful "
     "WSACleanup() call was made", "break",
     {0, 0, VS_TRACE, 0}, {"none recorded", "none recorded", NULL, "none recorded"},
     {"stack_trace", "stack_trace", "stack_trace", "stack_trace"}, .by_trace = false},
    {"WSP_NOT_INITIALIZED",
     "Networking API called before a successful WSPStartup() or after a balancing successful "
     "WSPCleanup() call made", "break",
     {VS_TRACE, 0, VS_TRACE, 0}, {NULL, "none recorded", NULL, "none recorded"},
     {"stack_trace", "stack_trace", "stack_trace", "stack_trace"}, .by_trace = false},
    {"NSP_NOT_INITIALIZED",
     "A Winsock name service provider API was called before a successful NSPStartup() or after a "
     "balancing successful NSPCleanup() call was made", "break",
     {VS_TRACE, VS_TRACE, VS_TRACE, VS_TRACE}, {NULL, NULL, NULL, NULL},
     {"stack_trace", "stack_trace", "stack_trace", "stack_trace"}, .by_trace = false},
    {"INVALID_FUNCTION_POINTER_DETECTED",
     "Use of an invalid Winsock extension function pointer detected", "break",
     {VS_TRACE, VS_TRACE}, {NULL, NULL}, {"stack_trace", "stack_trace", "unused", "unused"},
     .by_trace = false},
    {"WSA_SOCKETS_ABORTED",
     "WSACleanup aborted and closed existing SOCKET handles underneath the code that owned those "
     "SOCKETs", "break",
     {12}, {"12"}, {"count", "unused", "unused", "unused"}},
    {"WSP_SOCKETS_ABORTED",
     "WSPCleanup aborted and closed existing service provider SOCKET handles underneath the code "
     "that owned those SOCKETs", "none",
     {12}, {"12"}, {"count", "unused", "unused", "unused"}},
    {"WSA_RETURN_INVALID",
     "The immediate return value, or GetLastError, is invalid for the current Winsock call. This "
     "generally points to a fault in a Service Provider", "break",
     {200, 10054, LSP_SEND, 64},
     {"200", "error 10054 WSAECONNRESET", "lsp!WSPSend+0x0",
      "64 bytes asked for, 200 returned: more than asked for"},
     {"bytes", "win32_error", "code_pointer", "bytes_requested"}, .by_pointer = true},
    {"WSP_RETURN_INVALID",
     "The return value, or lpError, is invalid for the current Winsock call. This generally points "
     "to a fault in a Base Service Provider or in the networking stack", "break",
     {0xffffffff, 0, LSP_SEND, 64},
     {"SOCKET_ERROR (-1)", "error 0 ERROR_SUCCESS", "lsp!WSPSend+0x0", "64 bytes asked for"},
     {"bytes", "win32_error", "code_pointer", "bytes_requested"}, .by_pointer = true},
};
/* clang-format on */

/* ---- running ---- */

struct run {
    struct vs_run scene;
    struct avd_analysis *an;
    const struct avd_verifier *v;
    struct avd_rule_results results;
};

/* With the shipped rules on top. */
static struct run run_scene(const struct vs_scene *scene)
{
    struct run run = {0};

    run.scene = vs_run(scene);
    run.an = run.scene.an;
    run.v = run.scene.v;
    judge_run(&run.an->facts, &run.an->arena, &run.results);
    return run;
}

static bool has_finding(const struct run *run, const char *id)
{
    return judge_found(&run->results, id);
}

static const struct avd_fact *fact(const struct run *run, const char *name)
{
    const struct avd_fact *found = avd_fact_find(&run->an->facts, name);

    ck_assert_msg(found != NULL, "no fact %s", name);
    return found;
}

static struct vs_scene scene_of(size_t stop, enum vs_cpu cpu, enum vs_way way, bool shipping,
                                bool without)
{
    struct vs_scene scene = {.cpu = cpu, .way = way, .without_memory = without};
    size_t i;

    scene.code = (shipping ? 0xe100u : 0xe000u) + (uint32_t)stop;
    for (i = 0; i < 4; i++)
        scene.values[i] = stops[stop].values[i] != LSP_SEND ? stops[stop].values[i]
                                                            : vs_base(cpu, VS_LSP) + VS_FUNCTION2;
    return scene;
}

/* ---- assertions ---- */

static void assert_trace(const struct avd_stop_value *value, const char *what)
{
    static const char *const lines[] = {"vfnet!VfCheck+0x25 ~", "vfnet!VfHooksend+0x25 ~",
                                        "ws2_32!closesocket+0x25 ~", "app!open_it+0x25 ~",
                                        "kernel32!BaseThreadInitThunk+0x25 ~"};
    size_t i;

    ck_assert_msg(value->trace != NULL, "%s: no trace", what);
    ck_assert_msg(value->trace->count == 5, "%s: %zu lines", what, value->trace->count);
    for (i = 0; i < 5; i++)
        ck_assert_msg(strcmp(value->trace->lines[i].text, lines[i]) == 0, "%s: '%s'", what,
                      value->trace->lines[i].text);
    ck_assert_uint_eq(value->trace->culprit, 3);
}

static void assert_value(const struct run *run, const struct vs_scene *scene,
                         const struct expected *expected, size_t i, const char *what)
{
    const struct avd_stop_value *value = &run->v->values[i];
    const char *text = expected->texts[i];
    bool led = expected->values[i] == VS_TRACE || expected->values[i] == VS_NAME;

    ck_assert_msg(value->known, "%s: parameter %zu is not known", what, i + 1);
    ck_assert_msg(value->value == scene->values[i], "%s: parameter %zu is 0x%llx", what, i + 1,
                  (unsigned long long)value->value);
    ck_assert_str_eq(avd_stop_kind_name(value->kind), expected->kinds[i]);
    if (scene->without_memory && led) {
        ck_assert_msg(value->reason != NULL && strstr(value->reason, "is not in the dump") != NULL,
                      "%s: parameter %zu: '%s'", what, i + 1, value->reason);
        ck_assert(value->text == NULL);
        return;
    }
    if (expected->values[i] == VS_TRACE)
        assert_trace(value, what);
    else if (text == NULL)
        ck_assert_msg(value->text == NULL, "%s: parameter %zu: '%s'", what, i + 1, value->text);
    else
        ck_assert_msg(value->text != NULL && strncmp(value->text, text, strlen(text)) == 0,
                      "%s: parameter %zu: '%s'", what, i + 1,
                      value->text != NULL ? value->text : "nothing");
}

static void assert_culprit(const struct run *run, const struct vs_scene *scene,
                           const struct expected *expected, const char *what)
{
    const char *module = "app.exe";
    const char *source = "the stack";

    if (expected->by_pointer) {
        module = "lsp.dll";
        source = "parameter 3";
    } else if (!scene->without_memory && expected->by_name) {
        module = "plugin.dll";
        source = "parameter 2";
    } else if (!scene->without_memory && expected->by_trace) {
        source = "parameter 2";
    }
    ck_assert_msg(run->v->culprit_module != NULL, "%s: nobody to blame", what);
    ck_assert_msg(strcmp(run->v->culprit_module, module) == 0, "%s: '%s' to blame", what,
                  run->v->culprit_module);
    ck_assert_msg(strcmp(run->v->culprit_source, source) == 0, "%s: blamed by %s", what,
                  run->v->culprit_source);
    ck_assert_str_eq(run->v->caller, "app!run+0x25 ~");
    if (module[0] == 'a')
        ck_assert_str_eq(run->v->culprit,
                         source[0] == 'p' ? "app!open_it+0x25 ~" : "app!run+0x25 ~");
}

/* 15 stops by 3 CPUs by 2 codes by 2 ways by 2. */
START_TEST(every_networking_stop)
{
    static const char *const cpus[] = {"x64", "x86", "wow64"};
    const struct expected *expected = &stops[_i];
    char headline[128];
    char what[160];
    unsigned k;
    size_t i;

    for (k = 0; k < 24; k++) {
        struct vs_scene scene =
            scene_of((size_t)_i, (enum vs_cpu)(k % 3), k / 3 % 2 != 0 ? VS_RAISED : VS_BREAK,
                     k / 6 % 2 != 0, k / 12 != 0);
        struct run run = run_scene(&scene);

        (void)snprintf(headline, sizeof headline, "APPLICATION_VERIFIER_NETWORKING_%s (%x)",
                       expected->id, (unsigned)scene.code);
        (void)snprintf(what, sizeof what, "%s %s %s%s", headline, cpus[scene.cpu],
                       scene.way == VS_RAISED ? "raised" : "break",
                       scene.without_memory ? ", without memory" : "");
        ck_assert_msg(run.v->stopped, "%s: no stop", what);
        ck_assert_msg(run.v->recovered, "%s: %s", what, run.v->reason);
        ck_assert_uint_eq(run.v->code, scene.code);
        ck_assert_uint_eq(run.v->documented, 0xe000u + (unsigned)_i);
        ck_assert_str_eq(run.v->headline, headline);
        ck_assert_str_eq(run.v->layer, "Networking");
        ck_assert_str_eq(run.v->name, expected->id);
        ck_assert_str_eq(run.v->stop->title, expected->title);
        ck_assert_str_eq(run.v->stop->severity, "error");
        ck_assert_str_eq(run.v->stop->report, expected->report);
        ck_assert_int_eq(run.v->stop->log, 1);
        ck_assert_int_eq(run.v->stop->backtrace, 1);
        ck_assert_int_eq(run.v->stop->one_time, 0);
        ck_assert_str_eq(run.v->generation, scene.way == VS_RAISED ? "G5" : "G4");
        for (i = 0; i < 4; i++)
            assert_value(&run, &scene, expected, i, what);
        assert_culprit(&run, &scene, expected, what);
        ck_assert_msg(has_finding(&run, "verifier-networking"), "%s: no finding", what);
        ck_assert(!has_finding(&run, "verifier-stop"));
        ck_assert_uint_eq(fact(&run, "verifier.stop.code")->number, scene.code);
        vs_run_end(&run.scene);
    }
}
END_TEST

/* ---- near misses ---- */

static void assert_no_networking(const struct vs_scene *scene, bool stopped)
{
    struct run run = run_scene(scene);

    ck_assert_int_eq(run.v->stopped, stopped);
    ck_assert(!has_finding(&run, "verifier-networking"));
    if (!stopped) {
        ck_assert(has_finding(&run, "verifier-active"));
        ck_assert(!has_finding(&run, "verifier-stop"));
        ck_assert(!has_finding(&run, "verifier-unknown"));
        ck_assert_int_eq(fact(&run, "verifier.stop.code")->type, AVD_FACT_UNKNOWN);
        ck_assert_str_eq(fact(&run, "verifier.stop.code")->text,
                         "the dump does not stand at a verifier stop");
    }
    vs_run_end(&run.scene);
}

/* vfnet is loaded and on the stack, but the program died of something else. */
START_TEST(another_exception)
{
    assert_no_networking(&(struct vs_scene){.cpu = (enum vs_cpu)_i,
                                            .way = VS_OTHER,
                                            .code = 0xe101,
                                            .text = "VERIFIER STOP 0000E101: pid 0x1234: old \n"},
                         false);
}
END_TEST

/* A networking code where none belongs: in a stop of vfbasics, whose own code is not to be had. */
START_TEST(code_by_accident)
{
    struct vs_scene scene = {.cpu = (enum vs_cpu)_i,
                             .way = VS_BREAK,
                             .provider = "vfbasics.dll",
                             .code = 0xe101,
                             .in_register = 0xe101};
    struct run run;

    assert_no_networking(&scene, true);
    run = run_scene(&scene);
    ck_assert(!run.v->recovered);
    ck_assert_msg(strstr(run.v->reason, "reported by vfbasics.dll") != NULL, "%s", run.v->reason);
    ck_assert(has_finding(&run, "verifier-unknown"));
    vs_run_end(&run.scene);
}
END_TEST

START_TEST(stop_of_another_layer)
{
    struct vs_scene scene = {
        .cpu = (enum vs_cpu)_i, .way = VS_BREAK, .provider = "vfbasics.dll", .code = 0x303};
    struct run run = run_scene(&scene);

    ck_assert(run.v->recovered);
    ck_assert_str_eq(run.v->layer, "Handles");
    ck_assert_uint_eq(run.v->code, 0x303);
    ck_assert(!has_finding(&run, "verifier-networking"));
    ck_assert(!has_finding(&run, "verifier-active"));
    ck_assert(has_finding(&run, "verifier-stop"));
    vs_run_end(&run.scene);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_networking_stop, 0, 15);
    tcase_add_loop_test(tests, another_exception, 0, VS_CPU_COUNT);
    tcase_add_loop_test(tests, code_by_accident, 0, VS_CPU_COUNT);
    tcase_add_loop_test(tests, stop_of_another_layer, 0, VS_CPU_COUNT);
}

int main(void)
{
    return suite_main("verifier", add_tests);
}
