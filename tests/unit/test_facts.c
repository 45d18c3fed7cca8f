/* SPDX-License-Identifier: MIT */
/* Publishing, finding and showing facts; the table of documented ones. */
#include "analyze/facts.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <string.h>

static struct avd_facts facts;

static void setup(void)
{
    avd_facts_init(&facts, &test_arena);
}

static void assert_shows(const char *name, const char *expected)
{
    const struct avd_fact *fact = avd_fact_find(&facts, name);
    struct avd_strbuf buf;

    ck_assert_ptr_nonnull(fact);
    avd_strbuf_init(&buf);
    avd_fact_show(fact, &buf);
    ck_assert_str_eq(avd_strbuf_text(&buf), expected);
    avd_strbuf_deinit(&buf);
}

START_TEST(each_type_is_shown_as_people_read_it)
{
    const char *const modules[] = {"a.dll", "b.dll"};

    avd_fact_bool(&facts, "bool.yes", true);
    avd_fact_bool(&facts, "bool.no", false);
    avd_fact_number(&facts, "number", UINT64_MAX);
    avd_fact_address(&facts, "address.32", 0x1234, 8);
    avd_fact_address(&facts, "address.64", 0x1234, 16);
    avd_fact_address(&facts, "address.wide", UINT64_C(0x123456789), 8);
    avd_fact_code(&facts, "code.small", 0x6d9);
    avd_fact_code(&facts, "code.large", 0xC0000005);
    avd_fact_text(&facts, "text", "ntdll.dll");
    avd_fact_list(&facts, "list", modules, 2);
    avd_fact_unknown(&facts, "unknown", "the dump has no thread list");
    ck_assert(!facts.failed);
    ck_assert_uint_eq(facts.count, 11);
    assert_shows("bool.yes", "yes");
    assert_shows("bool.no", "no");
    assert_shows("number", "18446744073709551615");
    assert_shows("address.32", "0x00001234");
    assert_shows("address.64", "0x0000000000001234");
    assert_shows("address.wide", "0x123456789");
    assert_shows("code.small", "0x000006d9");
    assert_shows("code.large", "0xc0000005");
    assert_shows("text", "ntdll.dll");
    assert_shows("list", "a.dll, b.dll");
    assert_shows("unknown", "?");
    ck_assert_str_eq(avd_fact_find(&facts, "unknown")->text, "the dump has no thread list");
}
END_TEST

START_TEST(a_long_list_is_cut_and_the_rest_counted)
{
    const char *items[14];
    size_t i;

    for (i = 0; i < 14; i++)
        items[i] = "m";
    avd_fact_list(&facts, "twelve", items, 12);
    avd_fact_list(&facts, "fourteen", items, 14);
    avd_fact_list(&facts, "empty", items, 0);
    assert_shows("twelve", "m, m, m, m, m, m, m, m, m, m, m, m");
    assert_shows("fourteen", "m, m, m, m, m, m, m, m, m, m, m, m and 2 more");
    assert_shows("empty", "none");
}
END_TEST

START_TEST(what_is_published_is_copied)
{
    char name[] = "crash.module";
    char text[] = "a.dll";
    char item[] = "b.dll";
    const char *items[] = {item};

    avd_fact_text(&facts, name, text);
    avd_fact_list(&facts, "stack.modules", items, 1);
    memset(name, 'x', sizeof name - 1);
    memset(text, 'x', sizeof text - 1);
    memset(item, 'x', sizeof item - 1);
    assert_shows("crash.module", "a.dll");
    assert_shows("stack.modules", "b.dll");
}
END_TEST

START_TEST(publishing_twice_replaces)
{
    avd_fact_unknown(&facts, "crash.module", "no stack");
    avd_fact_number(&facts, "process.threads", 3);
    avd_fact_text(&facts, "crash.module", "a.dll");
    ck_assert_uint_eq(facts.count, 2);
    assert_shows("crash.module", "a.dll");
    /* The old text is the argument. */
    avd_fact_unknown(&facts, "crash.module", avd_fact_find(&facts, "crash.module")->text);
    ck_assert_str_eq(avd_fact_find(&facts, "crash.module")->text, "a.dll");
    ck_assert_int_eq(avd_fact_find(&facts, "crash.module")->type, AVD_FACT_UNKNOWN);
    avd_fact_address(&facts, "crash.module", 1, 16);
    ck_assert_ptr_null(avd_fact_find(&facts, "crash.module")->text);
}
END_TEST

START_TEST(a_text_that_is_not_there_is_unknown)
{
    const char *const items[] = {NULL, "b"};

    avd_fact_text(&facts, "dump.comment", NULL);
    avd_fact_unknown(&facts, "crash.module", NULL);
    avd_fact_list(&facts, "stack.modules", items, 2);
    ck_assert_int_eq(avd_fact_find(&facts, "dump.comment")->type, AVD_FACT_UNKNOWN);
    ck_assert_str_eq(avd_fact_find(&facts, "dump.comment")->text, "not known");
    ck_assert_str_eq(avd_fact_find(&facts, "crash.module")->text, "not known");
    assert_shows("stack.modules", ", b");
    ck_assert_ptr_null(avd_fact_find(&facts, "nobody.published"));
}
END_TEST

START_TEST(running_out_of_memory_is_sticky)
{
    const char *const items[] = {"a"};
    char large[20000];

    /* Larger than what is left of an arena block, so that memory is asked for. */
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    avd_fact_number(&facts, "process.threads", 3);
    avd_mem_fail_after(1);
    avd_fact_text(&facts, "dump.comment", large);
    ck_assert(facts.failed);
    avd_mem_fail_after(0);
    avd_fact_number(&facts, "stack.frames", 1);
    avd_fact_text(&facts, "crash.module", "a.dll");
    avd_fact_list(&facts, "stack.modules", items, 1);
    avd_fact_unknown(&facts, "pc.module", "why");
    ck_assert(facts.failed);
    ck_assert_uint_eq(facts.count, 1);
    assert_shows("process.threads", "3");
}
END_TEST

START_TEST(running_out_of_memory_in_a_list)
{
    char large[20000];
    const char *const items[] = {"a", large};

    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    avd_fact_number(&facts, "process.threads", 3);
    avd_mem_fail_after(1);
    avd_fact_list(&facts, "stack.modules", items, 2);
    ck_assert(facts.failed);
    ck_assert_ptr_null(avd_fact_find(&facts, "stack.modules"));
}
END_TEST

START_TEST(the_table_documents_each_name_once)
{
    const struct avd_fact_doc *doc;
    size_t count = 0;

    for (doc = avd_fact_docs; doc->name != NULL; doc++, count++) {
        ck_assert_msg(strspn(doc->name, "abcdefghijklmnopqrstuvwxyz0123456789_.") ==
                          strlen(doc->name),
                      "%s", doc->name);
        ck_assert_msg(strchr(doc->name, '.') != NULL, "%s", doc->name);
        ck_assert_msg(doc->type != AVD_FACT_UNKNOWN, "%s", doc->name);
        ck_assert_msg(doc->meaning[0] != '\0', "%s", doc->name);
        /* The first entry of that name is the one found, so a second would be another entry. */
        ck_assert_msg(avd_fact_doc_find(doc->name) == doc, "%s comes twice", doc->name);
    }
    ck_assert_uint_gt(count, 40);
    ck_assert_ptr_null(avd_fact_doc_find("exception"));
    ck_assert_ptr_null(avd_fact_doc_find(""));
    ck_assert_int_eq(avd_fact_doc_find("exception.code")->type, AVD_FACT_CODE);
    ck_assert_int_eq(avd_fact_doc_find("modules.names")->type, AVD_FACT_LIST);
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, each_type_is_shown_as_people_read_it);
    tcase_add_test(tests, a_long_list_is_cut_and_the_rest_counted);
    tcase_add_test(tests, what_is_published_is_copied);
    tcase_add_test(tests, publishing_twice_replaces);
    tcase_add_test(tests, a_text_that_is_not_there_is_unknown);
    tcase_add_test(tests, running_out_of_memory_is_sticky);
    tcase_add_test(tests, running_out_of_memory_in_a_list);
    tcase_add_test(tests, the_table_documents_each_name_once);
}

int main(void)
{
    return suite_main("facts", add_tests);
}
