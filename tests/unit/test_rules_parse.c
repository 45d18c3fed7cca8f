/* SPDX-License-Identifier: MIT */
/* Rule files: what is accepted, and every refusal with its line, column and words. */
#include "base/limits.h"
#include "base/memory.h"
#include "rules/rules.h"
#include "support/rule_parse.h"
#include "support/suite.h"
#include "support/arena_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct avd_rule_list list;
static struct avd_error err;

static void setup(void)
{
    memset(&list, 0, sizeof list);
    memset(&err, 0, sizeof err);
}

static const struct avd_rule *parse(const char *text)
{
    enum avd_status status =
        rule_parse(&test_arena, "rules/t.yaml", text, strlen(text), &list, &err);

    ck_assert_msg(status == AVD_OK, "%u:%u: %s", err.line, err.column, err.message);
    return &list.items[list.count - 1];
}

/* "line:column: message" against the first mistake that the text has, besides keys left out where
 * the test is about another. */
static void assert_refused(const char *text, size_t size, enum avd_status code,
                           const char *expected)
{
    char got[600];
    struct avd_rule_problems problems = {0};
    size_t i = 0;

    problems.arena = &test_arena;
    ck_assert_int_eq(avd_rules_parse(&test_arena, "rules/t.yaml", text, size, &list, &problems),
                     AVD_OK);
    while (i + 1 < problems.count && strstr(problems.items[i].message, " has no '") != NULL &&
           strstr(expected, " has no '") == NULL)
        i++;
    ck_assert_uint_lt(i, problems.count);
    avd_rule_problem_error(&problems.items[i], &err);
    ck_assert_int_eq(err.code, code);
    ck_assert_str_eq(err.where, "rules/t.yaml");
    (void)snprintf(got, sizeof got, "%u:%u: %s", err.line, err.column, err.message);
    ck_assert_str_eq(got, expected);
}

static void refused(const char *text, const char *expected)
{
    assert_refused(text, strlen(text), AVD_E_RULE, expected);
}

/* The four keys that every rule needs, in lines 1 to 3; `when` follows in line 4. */
#define HEAD "id: r\ntitle: T\nseverity: error\n"
#define RULE HEAD "when: {exception.present: true}\n"

static void when_refused(const char *condition, const char *expected)
{
    char text[2000];

    (void)snprintf(text, sizeof text, HEAD "when: %s\n", condition);
    refused(text, expected);
}

START_TEST(a_whole_rule)
{
    const struct avd_rule *rule = parse("# comment\n"
                                        "id: heap-2\n"
                                        "title: 'A title: quoted'\n"
                                        "pattern: Dynamic Memory Corruption\n"
                                        "reference: A book\n"
                                        "severity: warning\n"
                                        "when:\n"
                                        "  exception.code: 0xc0000374\n"
                                        "summary: >\n"
                                        "  Folded {exception.code}\n"
                                        "  text with {{braces}}.\n"
                                        "evidence:\n"
                                        "  - \"code {exception.code}\"\n"
                                        "  - plain\n"
                                        "advice: [one, two, three]\n");

    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq(rule->id, "heap-2");
    ck_assert_str_eq(rule->title, "A title: quoted");
    ck_assert_str_eq(rule->pattern, "Dynamic Memory Corruption");
    ck_assert_str_eq(rule->reference, "A book");
    ck_assert_int_eq(rule->severity, AVD_SEVERITY_WARNING);
    ck_assert_str_eq(rule->summary, "Folded {exception.code} text with {{braces}}.");
    ck_assert_uint_eq(rule->evidence_count, 2);
    ck_assert_str_eq(rule->evidence[0], "code {exception.code}");
    ck_assert_uint_eq(rule->advice_count, 3);
    ck_assert_str_eq(rule->advice[2], "three");
    ck_assert_str_eq(rule->file, "rules/t.yaml");
    ck_assert_uint_eq(rule->line, 2);
    ck_assert_uint_eq(rule->expr_count, 1);
    ck_assert_int_eq(rule->exprs[0].op, AVD_OP_EQUALS);
    ck_assert_str_eq(rule->exprs[0].operand.name, "exception.code");
    ck_assert_int_eq(rule->exprs[0].values[0].type, AVD_FACT_NUMBER);
    ck_assert_uint_eq(rule->exprs[0].values[0].number, 0xc0000374);
}
END_TEST

START_TEST(what_is_left_out_is_empty)
{
    const struct avd_rule *rule = parse(RULE);

    ck_assert_str_eq(rule->pattern, "");
    ck_assert_str_eq(rule->reference, "");
    ck_assert_str_eq(rule->summary, "");
    ck_assert_uint_eq(rule->evidence_count, 0);
    ck_assert_uint_eq(rule->advice_count, 0);
    ck_assert_int_eq(rule->severity, AVD_SEVERITY_ERROR);
}
END_TEST

START_TEST(several_documents_in_one_file)
{
    parse("---\n" RULE "---\nid: s\ntitle: S\nseverity: info\nwhen:\n  not: "
          "{exception.present: true}\n---\n");
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.items[0].id, "r");
    ck_assert_uint_eq(list.items[0].line, 2);
    ck_assert_str_eq(list.items[1].id, "s");
    ck_assert_uint_eq(list.items[1].line, 7);
    ck_assert_int_eq(list.items[1].severity, AVD_SEVERITY_INFO);
}
END_TEST

START_TEST(conditions_become_a_flat_array)
{
    const struct avd_rule *rule =
        parse(HEAD "when:\n"
                   "  any:\n"
                   "    - access.kind: {in: [read, 'write']}\n"
                   "    - not: {stack.frames: {at_least: 2, at_most: 10}}\n"
                   "    - pc.module: {contains: dll}\n"
                   "      crash.module: {known: false}\n"
                   "  stack.modules: {matches: 'lib*'}\n");
    const struct avd_rule_expr *e = rule->exprs;

    ck_assert_uint_eq(rule->expr_count, 11);
    ck_assert_int_eq(e[0].op, AVD_OP_ALL); /* two entries in `when` */
    ck_assert_uint_eq(e[0].child_count, 2);
    ck_assert_int_eq(e[0].children[0], 1);
    ck_assert_int_eq(e[0].children[1], 10);
    ck_assert_int_eq(e[1].op, AVD_OP_ANY);
    ck_assert_uint_eq(e[1].child_count, 3);
    ck_assert_int_eq(e[2].op, AVD_OP_IN);
    ck_assert_uint_eq(e[2].value_count, 2);
    ck_assert_str_eq(e[2].values[1].text, "write");
    ck_assert_int_eq(e[3].op, AVD_OP_NOT);
    ck_assert_uint_eq(e[3].child_count, 1);
    ck_assert_int_eq(e[3].children[0], 4);
    ck_assert_int_eq(e[4].op, AVD_OP_ALL); /* two operators on one fact */
    ck_assert_int_eq(e[5].op, AVD_OP_AT_LEAST);
    ck_assert_int_eq(e[6].op, AVD_OP_AT_MOST);
    ck_assert_uint_eq(e[6].values[0].number, 10);
    ck_assert_int_eq(e[7].op, AVD_OP_ALL); /* two facts in one item */
    ck_assert_int_eq(e[7].children[0], 8);
    ck_assert_int_eq(e[7].children[1], 9);
}
END_TEST

START_TEST(numbers_are_decimal_or_hex)
{
    ck_assert_uint_eq(
        parse(HEAD "when: {access.address: 0xFFFFffffFFFFffff}\n")->exprs[0].values[0].number,
        UINT64_MAX);
    ck_assert_uint_eq(parse("id: b\ntitle: T\nseverity: info\n"
                            "when: {stack.used: 18446744073709551615}\n")
                          ->exprs[0]
                          .values[0]
                          .number,
                      UINT64_MAX);
    ck_assert_uint_eq(parse("id: c\ntitle: T\nseverity: info\nwhen: {stack.used: 0}\n")
                          ->exprs[0]
                          .values[0]
                          .number,
                      0);
}
END_TEST

START_TEST(keys_of_a_rule)
{
    refused("", "1:1: no rule in this file");
    refused("# only a comment\n", "1:1: no rule in this file");
    refused("---\n---\n", "1:1: no rule in this file");
    refused("- a\n", "1:1: a rule must be a mapping of keys, found a list");
    refused("just words\n", "1:1: a rule must be a mapping of keys, found a single value");
    refused(RULE "titel: x\n", "5:1: unknown key 'titel' in a rule (did you mean 'title'?)");
    refused(RULE "Summary: x\n", "5:1: unknown key 'Summary' in a rule (did you mean 'summary'?)");
    refused(RULE "nonsense: x\n", "5:1: unknown key 'nonsense' in a rule");
    refused(RULE "\"a\\nb\": x\n", "5:1: unknown key 'a\\x0ab' in a rule");
    refused(RULE "title: x\n", "5:1: key 'title' comes twice (first in line 2)");
    refused(RULE "? [a]\n: x\n", "5:3: a key must be a text, found a list");
    refused("title: T\nseverity: info\nwhen: {exception.present: true}\n", "1:1: rule has no 'id'");
    refused("id: a\nseverity: info\nwhen: {exception.present: true}\n",
            "1:1: rule 'a' has no 'title'");
    refused("\nid: a\ntitle: T\nwhen: {exception.present: true}\n",
            "2:1: rule 'a' has no 'severity'");
    refused("id: a\ntitle: T\nseverity: info\n", "1:1: rule 'a' has no 'when'");
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(values_of_a_rule)
{
    char text[5000];
    char expected[200];
    size_t size;

    refused("id: Heap\n", "1:5: rule id 'Heap' must be at most 64 characters of a-z, 0-9 and '-', "
                          "a letter first");
    refused("id: 2-heap\n", "1:5: rule id '2-heap' must be at most 64 characters of a-z, 0-9 and "
                            "'-', a letter first");
    size = (size_t)snprintf(text, sizeof text, "id: %065d\n", 0);
    memset(text + 4, 'a', 65);
    assert_refused(
        text, size, AVD_E_RULE,
        "1:5: rule id 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' "
        "must be at most 64 characters of a-z, 0-9 and '-', a letter first");
    refused("id: a b\n", "1:5: rule id 'a b' must be at most 64 characters of a-z, 0-9 and '-', a "
                         "letter first");
    refused("id:\n", "1:4: 'id' is empty");
    refused("title: {a: b}\n", "1:8: 'title' must be a text, found a mapping (quote a text that "
                               "starts with '{' or holds ': ')");
    refused("title: [a]\n", "1:8: 'title' must be a text, found a list");
    refused("title: '  '\n", "1:8: 'title' is empty");
    refused("title: |\n  a\n  b\n", "1:8: 'title' must be one paragraph (fold its lines with '>')");
    refused("title: \"a\\eb\"\n", "1:8: 'title' holds a control character");
    refused("title: \"a\\u202eb\"\n", "1:8: 'title' holds a control character");
    refused("title: \"a\\0b\"\n", "1:8: a text must not hold a NUL character");
    refused("severity: eror\n", "1:11: severity must be info, warning or error, found 'eror' (did "
                                "you mean 'error'?)");
    refused("severity: fatal\n", "1:11: severity must be info, warning or error, found 'fatal'");
    refused("evidence: text\n", "1:11: 'evidence' must be a list of texts, found a single value");
    refused("evidence:\n  - a: b\n",
            "2:5: 'evidence' must be a text, found a mapping (quote a text "
            "that starts with '{' or holds ': ')");
    refused("advice:\n  -\n", "2:4: 'advice' is empty");

    size = (size_t)snprintf(text, sizeof text, "summary: %02001d\n", 0);
    (void)snprintf(expected, sizeof expected,
                   "1:10: 'summary' has 2001 bytes, at most %d are allowed",
                   (int)AVD_MAX_RULE_TEXT_BYTES);
    assert_refused(text, size, AVD_E_RULE, expected);

    size = (size_t)snprintf(text, sizeof text, "when: {dump.comment: '%02001d'}\n", 0);
    assert_refused(text, size, AVD_E_RULE,
                   "1:22: 'dump.comment' is compared with 2001 bytes, at most 2000 are allowed");
}
END_TEST

START_TEST(ids_come_once)
{
    parse("\n" RULE);
    refused(RULE, "1:5: rule id 'r' is taken by rules/t.yaml:2");
    ck_assert_uint_eq(list.count, 1);
}
END_TEST

START_TEST(templates_name_facts)
{
    refused("summary: '{exception.cod}'\n",
            "1:10: unknown fact 'exception.cod' in 'summary' (did you mean 'exception.code'?)");
    refused("evidence:\n  - fine\n  - \"{}\"\n", "3:5: unknown name '' in 'evidence'");
    refused("advice: ['{nothing.like.it}']\n", "1:10: unknown fact 'nothing.like.it' in 'advice'");
    refused("summary: a { b\n", "1:10: 'summary' has a '{' without its other half (write '{{' for "
                                "the character itself)");
    refused("summary: 'a } b'\n",
            "1:10: 'summary' has a '}' without its other half (write '}}' for "
            "the character itself)");
    refused("summary: '{a{b}'\n",
            "1:10: 'summary' has a '{' without its other half (write '{{' for "
            "the character itself)");
}
END_TEST

START_TEST(names_in_conditions)
{
    when_refused("{exception.cod: 1}",
                 "4:8: unknown fact 'exception.cod' in 'when' (did you mean 'exception.code'?)");
    when_refused("{exeption.cdoe: 1}",
                 "4:8: unknown fact 'exeption.cdoe' in 'when' (did you mean 'exception.code'?)");
    when_refused("{heap.corrupt: true}", "4:8: unknown fact 'heap.corrupt' in 'when'");
    when_refused("{al: []}", "4:8: unknown key 'al' in 'when' (did you mean 'all'?)");
    when_refused("{all: [{nto: {}}]}", "4:15: unknown key 'nto' in 'all' (did you mean 'not'?)");
    when_refused("{not: {modul: x}}", "4:14: unknown key 'modul' in 'not'");
    when_refused("{access.address: {bellow: 1}}",
                 "4:25: unknown operator 'bellow' for 'access.address' (did you mean 'below'?)");
    when_refused("{access.address: {'<': 1}}", "4:25: unknown operator '<' for 'access.address'");
}
END_TEST

START_TEST(shapes_of_conditions)
{
    when_refused("", "4:6: a condition in 'when' must be a mapping such as "
                     "'exception.present: true', found nothing");
    when_refused("{}", "4:7: a condition in 'when' must be a mapping such as "
                       "'exception.present: true', found an empty one");
    when_refused("[{exception.present: true}]", "4:7: a condition in 'when' must be a mapping such "
                                                "as 'exception.present: true', found a list");
    when_refused("{all: [exception.present]}",
                 "4:14: a condition in 'all' must be a mapping such "
                 "as 'exception.present: true', found a single value");
    when_refused("{not: []}", "4:13: a condition in 'not' must be a mapping such as "
                              "'exception.present: true', found a list");
    when_refused("{all: {exception.present: true}}",
                 "4:13: 'all' needs a list of conditions, found a mapping");
    when_refused("{any: []}", "4:13: 'any' needs a list of conditions, found an empty list");
    when_refused("{exception.code: {}}", "4:24: 'exception.code' is not compared with anything");
    when_refused("{exception.code: [1, 2]}",
                 "4:24: 'exception.code' is compared with a list: write "
                 "'exception.code: {in: [...]}'");
    when_refused("{exception.code: {in: 1}}",
                 "4:29: 'in' needs a list of values, found a single value");
    when_refused("{exception.code: {in: []}}",
                 "4:29: 'in' needs a list of values, found an empty list");
}
END_TEST

START_TEST(types_in_conditions)
{
    when_refused("{exception.code: abc}", "4:24: 'exception.code' is a number, found 'abc' "
                                          "(expected decimal or 0x hex, without quotes)");
    when_refused("{exception.code: '5'}", "4:24: 'exception.code' is a number, found '5' (expected "
                                          "decimal or 0x hex, without quotes)");
    when_refused("{exception.code: 0x}", "4:24: 'exception.code' is a number, found '0x' (expected "
                                         "decimal or 0x hex, without quotes)");
    when_refused("{exception.code: -1}", "4:24: 'exception.code' is a number, found '-1' (expected "
                                         "decimal or 0x hex, without quotes)");
    when_refused("{exception.code: 010}", "4:24: 'exception.code' is a number, found '010' "
                                          "(expected decimal or 0x hex, without quotes)");
    when_refused("{exception.code: }",
                 "4:24: 'exception.code' is a number, found nothing (expected "
                 "decimal or 0x hex, without quotes)");
    when_refused("{exception.code: {in: [1, [2]]}}",
                 "4:33: 'exception.code' is a number, found a list (expected decimal or 0x hex, "
                 "without quotes)");
    when_refused("{exception.code: 0x100000000}",
                 "4:24: '0x100000000' does not fit the 32 bits of 'exception.code'");
    when_refused("{access.address: 0x10000000000000000}",
                 "4:24: '0x10000000000000000' does not fit the 64 bits of 'access.address'");
    when_refused("{access.address: 18446744073709551616}",
                 "4:24: '18446744073709551616' does not fit the 64 bits of 'access.address'");
    when_refused(
        "{exception.name: 0xC0000005}",
        "4:24: 'exception.name' holds text, found '0xC0000005' without quotes (quote it if "
        "the text is meant)");
    when_refused("{exception.name: true}",
                 "4:24: 'exception.name' holds text, found 'true' without "
                 "quotes (quote it if the text is meant)");
    when_refused("{exception.name: {matches: [a]}}",
                 "4:34: 'exception.name' holds text, found a list");
    when_refused("{exception.name: }", "4:24: 'exception.name' holds text, found nothing");
    when_refused("{exception.present: yes}",
                 "4:27: 'exception.present' is true or false, found 'yes'");
    when_refused("{exception.present: 'true'}",
                 "4:27: 'exception.present' is true or false, found 'true'");
    when_refused("{exception.code: {known: 1}}", "4:32: 'known' is true or false, found '1'");
    when_refused("{exception.name: {below: 5}}",
                 "4:25: 'below' compares numbers, 'exception.name' is a text");
    when_refused("{exception.present: {in: [true]}}",
                 "4:28: 'in' compares numbers and texts, 'exception.present' is true or false");
    when_refused("{exception.code: {contains: c}}",
                 "4:25: 'contains' looks into texts and lists, 'exception.code' is a number");
    when_refused("{stack.modules: a.dll}", "4:8: 'equals' compares single values, 'stack.modules' "
                                           "is a list (use 'contains' or 'matches')");
}
END_TEST

START_TEST(all_mistakes_are_told_at_once)
{
    static const char text[] =
        "title: ''\n"
        "severity: bad\n"
        "when:\n"
        "  any:\n"
        "    - exception.cod: 1\n"
        "    - exception.code: abc\n"
        "    - exception.code: {mor: 1, in: []}\n"
        "summary: '{what}'\n"
        "---\n"
        "id: fine\ntitle: T\nseverity: info\nwhen: {exception.present: true}\n"
        "---\n"
        "[]\n";
    static const char *const expected[] = {
        "1:1: rule has no 'id'",
        "1:8: 'title' is empty",
        "2:11: severity must be info, warning or error, found 'bad'",
        "5:7: unknown fact 'exception.cod' in 'any' (did you mean 'exception.code'?)",
        ("6:23: 'exception.code' is a number, found 'abc' (expected decimal or 0x hex, without "
         "quotes)"),
        "7:24: unknown operator 'mor' for 'exception.code'",
        "7:36: 'in' needs a list of values, found an empty list",
        "8:10: unknown name 'what' in 'summary'",
        "15:1: a rule must be a mapping of keys, found a list",
    };
    struct avd_rule_problems problems = {0};
    char got[600];
    size_t i;

    problems.arena = &test_arena;
    ck_assert_int_eq(avd_rules_parse(&test_arena, "t.yaml", text, strlen(text), &list, &problems),
                     AVD_OK);
    for (i = 0; i < problems.count; i++) {
        (void)snprintf(got, sizeof got, "%u:%u: %s", problems.items[i].line,
                       problems.items[i].column, problems.items[i].message);
        ck_assert_uint_lt(i, sizeof expected / sizeof expected[0]);
        ck_assert_str_eq(got, expected[i]);
    }
    ck_assert_uint_eq(i, sizeof expected / sizeof expected[0]);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq(list.items[0].id, "fine");
}
END_TEST

START_TEST(yaml_itself)
{
    char deep[200];
    char text[300];
    size_t i;

    refused("id: [a\n", "2:1: not valid YAML: did not find expected ',' or ']' (while parsing a "
                        "flow sequence)");
    refused("id: &x a\n", "1:5: anchors are not supported in rule files");
    refused("when: &x {a: b}\n", "1:7: anchors are not supported in rule files");
    refused("when: &x [a]\n", "1:7: anchors are not supported in rule files");
    refused("id: *x\n", "1:5: aliases are not supported in rule files");
    refused("id: !!str a\n", "1:5: tags are not supported in rule files");
    refused("when: !x {a: b}\n", "1:7: tags are not supported in rule files");
    refused("when: ! [a]\n", "1:7: tags are not supported in rule files");
    refused("id: a\ntitle: b\xff\n", "2:9: not text: invalid leading UTF-8 octet");
    refused("id: a\x01\n", "1:6: not text: control characters are not allowed");

    /* The rule is level 1, so 31 brackets fill the levels up. */
    memset(deep, '[', sizeof deep);
    (void)snprintf(text, sizeof text, "when: %.31s", deep);
    for (i = 0; i < 31; i++)
        strcat(text, "]");
    refused(text, "1:7: a condition in 'when' must be a mapping such as 'exception.present: true', "
                  "found a list");
    (void)snprintf(text, sizeof text, "when: %.32s", deep);
    refused(text, "1:38: nested deeper than 32 levels");
    (void)snprintf(text, sizeof text, "when: %.200s", deep);
    refused(text, "1:38: nested deeper than 32 levels");
}
END_TEST

START_TEST(ceilings)
{
    size_t size = AVD_MAX_RULE_FILE_BYTES + 1;
    char *text = malloc(size);
    size_t used = 0;
    unsigned i;

    ck_assert_ptr_nonnull(text);
    memset(text, ' ', size);
    assert_refused(text, size, AVD_E_LIMIT,
                   "0:0: rule file has 1048577 bytes, at most 1048576 are read");
    text[0] = '#';
    assert_refused(text, size - 1, AVD_E_RULE, "1:1: no rule in this file");
    for (i = 0; i <= AVD_MAX_YAML_KEYS; i++)
        used += (size_t)snprintf(text + used, size - used, "k%u: 1\n", i);
    assert_refused(text, used, AVD_E_RULE, "257:1: more than 256 keys in one mapping");
    used = 0;
    for (i = 0; i <= AVD_MAX_RULES; i++)
        used +=
            (size_t)snprintf(text + used, size - used,
                             "id: r%u\ntitle: T\nseverity: info\nwhen: {exception.present: true}"
                             "\n---\n",
                             i);
    assert_refused(text, used, AVD_E_RULE, "20481:1: more than 4096 rules");
    ck_assert_uint_eq(list.count, AVD_MAX_RULES);
    free(text);
}
END_TEST

START_TEST(an_error_may_be_ignored)
{
    ck_assert_int_eq(rule_parse(&test_arena, "f", "x", 1, &list, NULL), AVD_E_RULE);
    ck_assert_int_eq(rule_parse(&test_arena, "f", "[", 1, &list, NULL), AVD_E_RULE);
}
END_TEST

/* Whatever is cut off: no crash, and either rules or words with a place. */
START_TEST(every_prefix_of_a_rule_file)
{
    static const char text[] =
        "id: a\ntitle: T\nseverity: info\nwhen:\n  all:\n    - exception.code: {in: [1, 0x2]}\n"
        "    - not: {access.kind: read}\nsummary: 'a {exception.code} b'\nadvice: [\"x\"]\n";
    size_t size;

    for (size = 0; size < sizeof text; size++) {
        struct avd_rule_list own = {0};
        enum avd_status status = rule_parse(&test_arena, "t", text, size, &own, &err);

        if (status == AVD_OK) {
            ck_assert_uint_eq(own.count, 1);
        } else {
            ck_assert_int_eq(status, AVD_E_RULE);
            ck_assert_uint_gt(err.line, 0);
            ck_assert_uint_gt(err.column, 0);
            ck_assert_str_ne(err.message, "");
        }
    }
}
END_TEST

START_TEST(running_out_of_memory)
{
    static const char filler[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    char text[20000];
    size_t used = (size_t)snprintf(text, sizeof text, "%sadvice:\n", RULE);
    unsigned long n;

    /* Long enough that the arena asks for several blocks. */
    while (used < sizeof text - 100)
        used += (size_t)snprintf(text + used, sizeof text - used, "  - %s\n", filler);
    for (n = 1; n < 100; n++) {
        struct avd_arena own = {0};
        struct avd_rule_list rules = {0};
        enum avd_status status;

        avd_mem_fail_after(n);
        status = rule_parse(&own, "t", text, used, &rules, &err);
        avd_mem_fail_after(0);
        avd_arena_deinit(&own);
        ck_assert_int_eq(avd_mem_live(), 0);
        if (status == AVD_OK)
            break;
        ck_assert_int_eq(status, AVD_E_NOMEM);
        ck_assert_str_eq(err.message, "out of memory");
    }
    ck_assert_uint_gt(n, 4);
    ck_assert_uint_lt(n, 100);
}
END_TEST

static void add_tests(TCase *tests)
{
    arena_fixture_use(tests);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_whole_rule);
    tcase_add_test(tests, what_is_left_out_is_empty);
    tcase_add_test(tests, several_documents_in_one_file);
    tcase_add_test(tests, conditions_become_a_flat_array);
    tcase_add_test(tests, numbers_are_decimal_or_hex);
    tcase_add_test(tests, keys_of_a_rule);
    tcase_add_test(tests, values_of_a_rule);
    tcase_add_test(tests, ids_come_once);
    tcase_add_test(tests, templates_name_facts);
    tcase_add_test(tests, names_in_conditions);
    tcase_add_test(tests, shapes_of_conditions);
    tcase_add_test(tests, types_in_conditions);
    tcase_add_test(tests, all_mistakes_are_told_at_once);
    tcase_add_test(tests, yaml_itself);
    tcase_add_test(tests, ceilings);
    tcase_add_test(tests, an_error_may_be_ignored);
    tcase_add_test(tests, every_prefix_of_a_rule_file);
    tcase_add_test(tests, running_out_of_memory);
}

int main(void)
{
    return suite_main("rules_parse", add_tests);
}
