/* SPDX-License-Identifier: MIT */
/* Rules from a directory, joined with the shipped ones; and that schema and manual keep up. */
#include "base/memory.h"
#include "rules/rules.h"
#include "support/on_windows.h"
#include "support/rule_parse.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/avdump-rules-XXXXXX";
static char files[16][200];
static size_t file_count;
static struct avd_error err;
static struct avd_rules *rules;

static void setup(void)
{
    memset(&err, 0, sizeof err);
    memcpy(strrchr(directory, '-'), "-XXXXXX", sizeof "-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    file_count = 0;
    rules = NULL;
}

static void teardown(void)
{
    avd_mem_fail_after(0);
    avd_rules_free(rules);
    while (file_count > 0)
        (void)remove(files[--file_count]);
    (void)rmdir(directory);
    ck_assert_int_eq(avd_mem_live(), 0);
}

static const char *path_of(const char *name)
{
    ck_assert_uint_lt(file_count, 16);
    (void)snprintf(files[file_count], sizeof files[0], "%s/%s", directory, name);
    return files[file_count++];
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    ck_assert_int_eq(fclose(file), 0);
}

static const struct avd_rule *find(const char *id)
{
    size_t i;

    for (i = 0; i < rules->count; i++) {
        if (strcmp(rules->items[i]->id, id) == 0)
            return rules->items[i];
    }
    return NULL;
}

static void load(void)
{
    enum avd_status status = avd_rules_load(directory, &rules, &err);

    ck_assert_msg(status == AVD_OK, "%s:%u:%u: %s", err.where, err.line, err.column, err.message);
}

/* `where` is what follows the directory in err.where. */
static void assert_error(enum avd_status code, const char *where, unsigned line, unsigned column,
                         const char *message)
{
    size_t size = strlen(directory);

    ck_assert_int_eq(err.code, code);
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(strncmp(err.where, directory, size), 0);
    ck_assert_str_eq(err.where + size, where);
    ck_assert_uint_eq(err.line, line);
    ck_assert_uint_eq(err.column, column);
}

static void assert_refused(const char *message)
{
    ck_assert_int_eq(avd_rules_load(directory, &rules, &err), AVD_E_RULE);
    ck_assert_ptr_null(rules);
    assert_error(AVD_E_RULE, "", 0, 0, message);
}

/* Problem `index` of the rules that were loaded. */
static void assert_problem(size_t index, const char *where, unsigned line, unsigned column,
                           const char *message)
{
    avd_rules_problem(rules, index, &err);
    assert_error(AVD_E_RULE, where, line, column, message);
}

#define REST "title: T\nseverity: info\nwhen: {exception.present: true}\n"

START_TEST(own_rules_join_the_shipped_ones)
{
    size_t i;

    write_file("b.yaml", "id: zz\n" REST);
    write_file("a.yaml", "id: aa\n" REST "---\nid: mm\n" REST);
    write_file("c.yml", "not: a rule\n");
    write_file("readme.txt", "not: a rule\n");
    load();
    ck_assert_uint_eq(rules->count, avd_shipped_rule_count + 3);
    for (i = 1; i < rules->count; i++)
        ck_assert_int_lt(strcmp(rules->items[i - 1]->id, rules->items[i]->id), 0);
    ck_assert_ptr_nonnull(find("aa"));
    ck_assert_uint_eq(find("mm")->line, 6);
    ck_assert_ptr_nonnull(find("zz"));
    ck_assert_ptr_nonnull(find("fast-fail"));
    ck_assert_str_eq(find("zz")->file + strlen(directory), "/b.yaml");
}
END_TEST

START_TEST(the_id_of_a_shipped_rule_replaces_it)
{
    write_file("a.yaml", "id: fast-fail\n" REST);
    load();
    ck_assert_uint_eq(rules->count, avd_shipped_rule_count);
    ck_assert_str_eq(find("fast-fail")->title, "T");
    ck_assert_str_eq(find("wild-code")->file, "rules/wild-code.yaml");
}
END_TEST

START_TEST(loaded_rules_are_run)
{
    struct avd_arena arena = {0};
    struct avd_facts facts;
    struct avd_rule_results results;

    write_file("a.yaml", "id: own\n" REST);
    load();
    avd_facts_init(&facts, &arena);
    avd_fact_bool(&facts, "exception.present", true);
    avd_fact_bool(&facts, "exception.is_access_violation", false);
    avd_fact_code(&facts, "exception.code", 0xC0000409);
    avd_fact_bool(&facts, "process.is_wow64", false);
    ck_assert_int_eq(avd_rules_run(rules, &facts, &arena, &results), AVD_OK);
    ck_assert_uint_eq(results.finding_count, 2);
    ck_assert_str_eq(results.findings[0].rule->id, "fast-fail");
    ck_assert_str_eq(results.findings[1].rule->id, "own");
    avd_arena_deinit(&arena);
}
END_TEST

START_TEST(ids_come_once_in_a_directory)
{
    char message[300];

    write_file("a.yaml", "# first\nid: own\n" REST);
    write_file("b.yaml", "title: X\nid: own\nseverity: info\nwhen: {exception.present: true}\n");
    load();
    (void)snprintf(message, sizeof message, "rule id 'own' is taken by %s/a.yaml:2", directory);
    ck_assert_uint_eq(avd_rules_problem_count(rules), 1);
    assert_problem(0, "/b.yaml", 2, 5, message);
    ck_assert_str_eq(find("own")->title, "T");
}
END_TEST

START_TEST(a_mistake_does_not_hide_the_other_rules)
{
    write_file("a.yaml", "id: own\n" REST);
    write_file("b.yaml", "id: two\n" REST "advise: []\n---\nid: three\n" REST);
    write_file("c.yaml", "id: FOUR\n" REST);
    write_file("d.yaml", "id: five\n" REST ": [\n");
    load();
    ck_assert_uint_eq(rules->count, avd_shipped_rule_count + 2);
    ck_assert_ptr_nonnull(find("own"));
    ck_assert_ptr_nonnull(find("three"));
    ck_assert_uint_eq(avd_rules_problem_count(rules), 3);
    assert_problem(0, "/b.yaml", 5, 1, "unknown key 'advise' in a rule (did you mean 'advice'?)");
    assert_problem(1, "/c.yaml", 1, 5,
                   "rule id 'FOUR' must be at most 64 characters of a-z, 0-9 and '-', a letter "
                   "first");
    avd_rules_problem(rules, 2, &err);
    ck_assert_str_eq(err.where + strlen(directory), "/d.yaml");
    ck_assert_int_eq(strncmp(err.message, "not valid YAML: ", 16), 0);
    memset(&err, 0, sizeof err);
    avd_rules_problem(rules, 3, &err);
    ck_assert_str_eq(err.message, "");
    ck_assert_uint_eq(avd_rules_problem_count(NULL), 0);
    ck_assert(avd_rules_have(rules, "own") && avd_rules_have(rules, "thr*"));
    ck_assert(avd_rules_have(rules, "null-data-pointer") && !avd_rules_have(rules, "two"));
    ck_assert(avd_rules_have(NULL, "null-*") && !avd_rules_have(NULL, "own"));
}
END_TEST

START_TEST(a_directory_without_rules)
{
    assert_refused("directory has no *.yaml, so no rules");
    write_file("a.yml", "id: own\n" REST);
    write_file(".yaml", "id: own\n" REST);
    assert_refused("directory has no *.yaml, so no rules");
}
END_TEST

START_TEST(an_empty_file)
{
    write_file("a.yaml", "");
    load();
    ck_assert_uint_eq(rules->count, avd_shipped_rule_count);
    assert_problem(0, "/a.yaml", 1, 1, "no rule in this file");
}
END_TEST

START_TEST(what_cannot_be_read)
{
    char path[200];

    (void)snprintf(path, sizeof path, "%s/nothing", directory);
    ck_assert_int_eq(avd_rules_load(path, &rules, &err), AVD_E_IO);
    ck_assert_ptr_null(rules);
    ck_assert_str_eq(err.where, path);
    ck_assert_str_ne(err.message, "");
    ck_assert_int_eq(mkdir(path_of("a.yaml"), 0700), 0);
    load();
    ck_assert_uint_eq(avd_rules_problem_count(rules), 1);
    avd_rules_problem(rules, 0, &err);
    ck_assert_int_eq(err.code, AVD_E_IO);
    ck_assert_str_eq(err.where + strlen(directory), "/a.yaml");
    ck_assert_str_ne(err.message, "");
}
END_TEST

START_TEST(of_a_long_path_the_end_is_shown)
{
    char path[400];
    size_t size = (size_t)snprintf(path, sizeof path, "%s", directory);

    while (size < 250)
        size += (size_t)snprintf(path + size, sizeof path - size, "/.");
    write_file("a.yaml", "id: A\n" REST);
    ck_assert_int_eq(avd_rules_load(path, &rules, &err), AVD_OK);
    avd_rules_problem(rules, 0, &err);
    ck_assert_uint_eq(strlen(err.where), sizeof err.where - 1);
    ck_assert_int_eq(strncmp(err.where, "...", 3), 0);
    ck_assert_str_eq(err.where + strlen(err.where) - strlen("/./a.yaml"), "/./a.yaml");
    ck_assert_uint_eq(err.column, 5);
}
END_TEST

START_TEST(arguments)
{
    rules = NULL;
    ck_assert_int_eq(avd_rules_load(NULL, &rules, &err), AVD_E_ARG);
    ck_assert_str_eq(err.message, "no directory given");
    ck_assert_int_eq(avd_rules_load(directory, NULL, &err), AVD_E_ARG);
    ck_assert_str_eq(err.message, "no place for the rules given");
    ck_assert_int_eq(avd_rules_load(directory, &rules, NULL), AVD_E_RULE);
    avd_rules_free(NULL);
}
END_TEST

START_TEST(running_out_of_memory)
{
    char large[30000] = "id: own\n" REST "advice:\n";
    size_t used = strlen(large);
    unsigned long n;

    while (used < sizeof large - 100)
        used += (size_t)snprintf(large + used, sizeof large - used, "  - some line of advice\n");
    write_file("a.yaml", large);
    for (n = 1; n < 200; n++) {
        enum avd_status status;

        avd_mem_fail_after(n);
        status = avd_rules_load(directory, &rules, &err);
        avd_mem_fail_after(0);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
        ck_assert_str_eq(err.message, "out of memory");
        ck_assert_ptr_null(rules);
        ck_assert_int_eq(avd_mem_live(), 0);
    }
    ck_assert_uint_gt(n, 5);
    ck_assert_uint_lt(n, 200);
}
END_TEST

/* ---- what describes the language --------------------------------------------------------- */

static const char *type_in_schema(enum avd_fact_type type)
{
    switch (type) {
    case AVD_FACT_BOOL: return "#/$defs/boolean";
    case AVD_FACT_NUMBER:
    case AVD_FACT_ADDRESS: return "#/$defs/number";
    case AVD_FACT_CODE: return "#/$defs/code";
    case AVD_FACT_TEXT: return "#/$defs/text";
    case AVD_FACT_LIST: return "#/$defs/list";
    case AVD_FACT_UNKNOWN: break;
    }
    return "";
}

START_TEST(the_schema_has_the_same_facts)
{
    json_error_t error;
    json_t *schema = json_load_file(TESTDATA "/../rules/rules.schema.json", 0, &error);
    const json_t *properties;
    const struct avd_fact_doc *doc;
    size_t count = 4 + 2 * AVD_COLLECTION_COUNT; /* all, any, not, check; threads, any_thread */

    ck_assert_msg(schema != NULL, "%d:%d: %s", error.line, error.column, error.text);
    properties = json_object_get(json_object_get(json_object_get(schema, "$defs"), "anywhere"),
                                 "properties");
    for (doc = avd_fact_docs; doc->name != NULL; doc++, count++) {
        const json_t *entry = json_object_get(properties, doc->name);

        ck_assert_msg(entry != NULL, "%s is not in the schema", doc->name);
        ck_assert_str_eq(json_string_value(json_object_get(entry, "$ref")),
                         type_in_schema(doc->type));
        ck_assert_str_eq(json_string_value(json_object_get(entry, "description")), doc->meaning);
    }
    ck_assert_uint_eq(json_object_size(properties), count);
    json_decref(schema);
}
END_TEST

START_TEST(the_schema_has_the_same_keys)
{
    json_error_t error;
    json_t *schema = json_load_file(TESTDATA "/../rules/rules.schema.json", 0, &error);
    json_t *properties;
    const char *key;
    json_t *value;

    ck_assert_msg(schema != NULL, "%d:%d: %s", error.line, error.column, error.text);
    properties = json_object_get(schema, "properties");
    ck_assert_uint_eq(json_object_size(properties), 16);
    json_object_foreach(properties, key, value)
    {
        struct avd_arena arena = {0};
        struct avd_rule_list list = {0};
        char text[100];

        /* Each is refused for its value, not for its name. */
        (void)snprintf(text, sizeof text, "%s:\n", key);
        (void)rule_parse(&arena, "t", text, strlen(text), &list, &err);
        ck_assert_msg(strstr(err.message, "unknown") == NULL, "%s", err.message);
        avd_arena_deinit(&arena);
    }
    json_decref(schema);
}
END_TEST

static const char *type_in_manual(enum avd_fact_type type)
{
    switch (type) {
    case AVD_FACT_BOOL: return "boolean";
    case AVD_FACT_NUMBER: return "number";
    case AVD_FACT_ADDRESS: return "address";
    case AVD_FACT_CODE: return "code";
    case AVD_FACT_TEXT: return "text";
    case AVD_FACT_LIST: return "list";
    case AVD_FACT_UNKNOWN: break;
    }
    return "";
}

START_TEST(the_manual_has_the_same_facts)
{
    FILE *file = fopen(TESTDATA "/../man/avdump-rules.5", "rb");
    char text[80000];
    const struct avd_column_doc *column;
    const struct avd_fact_doc *doc;
    const char *p;
    size_t i;
    size_t documented = 0;
    size_t count = 0;
    size_t size;

    ck_assert_ptr_nonnull(file);
    size = fread(text, 1, sizeof text - 1, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_uint_lt(size, sizeof text - 1);
    text[size] = '\0';
    for (doc = avd_fact_docs; doc->name != NULL; doc++, count++) {
        char line[100];

        (void)snprintf(line, sizeof line, "\n.It Ic %s Pq %s\n", doc->name,
                       type_in_manual(doc->type));
        ck_assert_msg(strstr(text, line) != NULL, "not in the manual:%s", line);
    }
    for (i = 0; avd_collection_docs[i].name != NULL; i++)
        for (column = avd_collection_docs[i].columns; column->name != NULL; column++)
            count++;
    for (p = strstr(text, " Pq "); p != NULL; p = strstr(p + 1, " Pq "))
        documented++;
    ck_assert_uint_eq(documented, count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules_load");
    TCase *tcase = tcase_create("rules_load");
    TCase *documents = tcase_create("documents");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, own_rules_join_the_shipped_ones);
    tcase_add_test(tcase, the_id_of_a_shipped_rule_replaces_it);
    tcase_add_test(tcase, loaded_rules_are_run);
    tcase_add_test(tcase, ids_come_once_in_a_directory);
    tcase_add_test(tcase, a_mistake_does_not_hide_the_other_rules);
    tcase_add_test(tcase, a_directory_without_rules);
    tcase_add_test(tcase, an_empty_file);
    tcase_add_test(tcase, what_cannot_be_read);
    tcase_add_test(tcase, of_a_long_path_the_end_is_shown);
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, running_out_of_memory);
    tcase_add_test(documents, the_schema_has_the_same_facts);
    tcase_add_test(documents, the_schema_has_the_same_keys);
    tcase_add_test(documents, the_manual_has_the_same_facts);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, documents);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
