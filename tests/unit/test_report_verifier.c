/* SPDX-License-Identifier: MIT */
/* What readers and programs see of a stop: the section of the text report, the JSON object. */
#include "report/model.h"
#include "support/dump_fixture.h"
#include "support/suite.h"
#include "support/verifier_scene.h"

#include "avdump/avdump.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The scene's whole report; to be freed. */
static char *render(const struct vs_scene *scene, enum avd_format format)
{
    struct dump_fixture fixture = dump_fixture_open(vs_build(scene));
    struct avd_report *report = NULL;
    struct avd_error err = {0};
    struct avd_strbuf out;
    char *text;

    ck_assert_int_eq(avd_analyze(fixture.dump, NULL, NULL, &report, &err), AVD_OK);
    avd_strbuf_init(&out);
    if (format == AVD_FORMAT_TEXT)
        avd_render_text.render(report, NULL, &out);
    else
        avd_render_json.render(report, NULL, &out);
    ck_assert(!out.failed);
    text = strdup(avd_strbuf_text(&out));
    avd_strbuf_deinit(&out);
    avd_report_free(report);
    avd_dump_close(fixture.dump);
    free(fixture.bytes);
    return text;
}

static void assert_part(const struct vs_scene *scene, const char *expected)
{
    char *text = render(scene, AVD_FORMAT_TEXT);

    if (strstr(text, expected) == NULL) {
        fprintf(stderr, "---- found\n%s----\n", text);
        ck_abort_msg("expected:\n%s", expected);
    }
    free(text);
}

START_TEST(closed_socket)
{
    assert_part(
        &(struct vs_scene){.cpu = VS_X64, .code = 0xe101, .values = {0x3e8, VS_TRACE}},
        "\napplication verifier\n"
        "  stop        APPLICATION_VERIFIER_NETWORKING_WSA_SOCKET_ALREADY_CLOSED (e101)\n"
        "  title       Attempt to use a closed SOCKET\n"
        "  cause       The program passed Winsock a SOCKET that had been closed before: used after "
        "the close,\n"
        "              or closed twice.\n"
        "  argument 1  0x3e8  SOCKET that was used: SOCKET 0x3e8\n"
        "  argument 2  0x2000100  stack of the call that closed the SOCKET\n"
        "                00007ff6`00101025 vfnet!VfCheck+0x25 ~\n"
        "                00007ff6`001010a5 vfnet!VfHooksend+0x25 ~\n"
        "                00007ff6`00401025 ws2_32!closesocket+0x25 ~\n"
        "              > 00007ff6`00001025 app!open_it+0x25 ~\n"
        "                00007ff6`00501025 kernel32!BaseThreadInitThunk+0x25 ~\n"
        "  argument 3  0x0  not used\n"
        "  argument 4  0x0  not used\n"
        "  caller      app!run+0x25 ~\n"
        "  culprit     app!open_it+0x25 ~ (parameter 2)\n"
        "  by default  error, stops the program, logged, with backtrace, each time\n"
        "  found       the arguments of vrfcore.dll!VerifierStopMessageEx, as its home space keeps "
        "them; a\n"
        "              layer reported it, vrfcore.dll broke into the debugger\n"
        "  engine      Application Verifier, layers in vfnet.dll, NtGlobalFlag 0x0\n");
}
END_TEST

START_TEST(verdict_names_the_stop)
{
    assert_part(&(struct vs_scene){.cpu = VS_WOW64, .code = 0xe002, .values = {7}},
                "what    APPLICATION_VERIFIER_NETWORKING_WSA_INVALID_SOCKET_HANDLE (e002): Attempt "
                "to use an unknown\n        SOCKET\n");
}
END_TEST

START_TEST(trace_that_is_not_there)
{
    assert_part(
        &(struct vs_scene){
            .cpu = VS_X86, .code = 0xe101, .values = {0x3e8, VS_TRACE}, .without_memory = true},
        "  argument 2  0x2000100  stack of the call that closed the SOCKET: the trace at "
        "0x2000100 is not in\n              the dump\n");
}
END_TEST

START_TEST(code_that_is_not_there)
{
    struct vs_scene scene = {.cpu = VS_X64, .code = 0xe101, .not_spilled = true};

    assert_part(&scene, "what    Application Verifier stopped the program; the stop's code could "
                        "not be recovered\n");
    assert_part(&scene,
                "\napplication verifier\n"
                "  stop        its code could not be recovered\n"
                "  because     64-bit code passes the code in a register that is gone by now, and "
                "the dump has\n"
                "              neither a stop record nor the stop's text\n"
                "  caller      app!run+0x25 ~\n"
                "  culprit     app!run+0x25 ~ (the stack)\n"
                "  found       a layer reported it, vrfcore.dll broke into the debugger\n");
}
END_TEST

START_TEST(watched_but_not_stopped)
{
    assert_part(&(struct vs_scene){.cpu = VS_X64, .way = VS_OTHER, .global_flag = 0x100},
                "\napplication verifier\n"
                "  engine      Application Verifier, layers in vfnet.dll, NtGlobalFlag 0x100\n\n");
}
END_TEST

static const char *text_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_string(value), "%s is no string", key);
    return json_string_value(value);
}

START_TEST(json_of_a_stop)
{
    struct vs_scene scene = {
        .cpu = VS_X86, .way = VS_RAISED, .code = 0xe00d, .values = {65, 10060, 0, 64}};
    char *text;
    json_t *root;
    const json_t *verifier;
    const json_t *stop;
    const json_t *parameters;

    scene.values[2] = vs_base(VS_X86, VS_LSP) + VS_FUNCTION2 + 4;
    text = render(&scene, AVD_FORMAT_JSON);
    root = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(root);
    verifier = json_object_get(root, "verifier");
    ck_assert(json_is_true(json_object_get(verifier, "present")));
    ck_assert_str_eq(text_at(verifier, "engine"), "Application Verifier");
    ck_assert_str_eq(text_at(verifier, "nt_global_flag"), "0x00000000");
    stop = json_object_get(verifier, "stop");
    ck_assert_str_eq(text_at(stop, "code"), "0xe00d");
    ck_assert_str_eq(text_at(stop, "documented_code"), "0xe00d");
    ck_assert_str_eq(text_at(stop, "headline"),
                     "APPLICATION_VERIFIER_NETWORKING_WSA_RETURN_INVALID (e00d)");
    ck_assert_str_eq(text_at(stop, "layer"), "Networking");
    ck_assert_str_eq(text_at(stop, "severity"), "error");
    ck_assert_str_eq(text_at(stop, "error_report"), "break");
    ck_assert(json_is_true(json_object_get(stop, "log")));
    ck_assert(json_is_false(json_object_get(stop, "one_time")));
    ck_assert_str_eq(text_at(stop, "generation"), "G5");
    ck_assert_str_eq(text_at(stop, "culprit_module"), "lsp.dll");
    ck_assert_str_eq(text_at(stop, "culprit_source"), "parameter 3");
    ck_assert_str_eq(text_at(stop, "caller_module"), "app.exe");
    parameters = json_object_get(stop, "parameters");
    ck_assert_uint_eq(json_array_size(parameters), 4);
    ck_assert_str_eq(text_at(json_array_get(parameters, 1), "text"), "error 10060 WSAETIMEDOUT");
    ck_assert_str_eq(text_at(json_array_get(parameters, 2), "kind"), "code_pointer");
    ck_assert_str_eq(text_at(json_array_get(parameters, 2), "text"), "lsp!WSPSend+0x4 ~");
    ck_assert_str_eq(text_at(json_array_get(parameters, 3), "text"),
                     "64 bytes asked for, 65 returned: more than asked for");
    json_decref(root);
    free(text);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, closed_socket);
    tcase_add_test(tests, verdict_names_the_stop);
    tcase_add_test(tests, trace_that_is_not_there);
    tcase_add_test(tests, code_that_is_not_there);
    tcase_add_test(tests, watched_but_not_stopped);
    tcase_add_test(tests, json_of_a_stop);
}

int main(void)
{
    return suite_main("report_verifier", add_tests);
}
