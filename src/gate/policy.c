/* SPDX-License-Identifier: MIT */
/*
 * The policy: words of --fail-on, and the YAML file
 *
 *     fail-on: [new, error, "rule:heap-*", "count:100", unreadable]
 *     allow:
 *       - bucket: "av1-5f3c*"
 *         reason: fixed in 2.4, customers still run 2.3
 *         owner: alice
 *         expires: 2026-12-31
 */
#include "gate/policy.h"

#include "avdump/avdump.h"
#include "base/file.h"
#include "base/glob.h"
#include "gate/json.h"
#include "rules/yaml.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_ALLOWS = 65536, MAX_FAIL_RULES = 1024, MAX_WORD = 256, NEVER = AVD_SEVERITY_ERROR + 1 };
enum { SECONDS_A_DAY = 86400 };

void avd_gate_policy_init(struct avd_gate_policy *policy)
{
    memset(policy, 0, sizeof *policy);
    policy->fail_new = true;
    policy->fail_severity = NEVER;
}

void avd_gate_policy_deinit(struct avd_gate_policy *policy)
{
    avd_arena_deinit(&policy->arena);
    memset(policy, 0, sizeof *policy);
}

/* ---- words ---- */

static bool add_rule(struct avd_gate_policy *policy, const char *pattern)
{
    const char **grown;
    size_t i;

    if (*pattern == '\0' || policy->fail_rule_count == MAX_FAIL_RULES)
        return false;
    grown = avd_arena_alloc(&policy->arena, policy->fail_rule_count + 1, sizeof *grown);
    if (grown == NULL)
        return false;
    for (i = 0; i < policy->fail_rule_count; i++)
        grown[i] = policy->fail_rules[i];
    grown[i] = avd_arena_strdup(&policy->arena, pattern);
    if (grown[i] == NULL)
        return false;
    policy->fail_rules = grown;
    policy->fail_rule_count++;
    return true;
}

static bool set_count(struct avd_gate_policy *policy, const char *digits)
{
    uint64_t number = 0;

    if (*digits == '\0' || strlen(digits) > 9)
        return false;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9')
            return false;
        number = number * 10 + (uint64_t)(*digits - '0');
    }
    policy->fail_count = number;
    return number != 0;
}

static bool apply_word(struct avd_gate_policy *policy, const char *word)
{
    static const char *const severities[] = {"info", "warning", "error"};
    int i;

    if (strcmp(word, "new") == 0) {
        policy->fail_new = true;
        return true;
    }
    if (strcmp(word, "unreadable") == 0) {
        policy->fail_unreadable = true;
        return true;
    }
    if (strcmp(word, "never") == 0)
        return true;
    for (i = 0; i <= AVD_SEVERITY_ERROR; i++)
        if (strcmp(word, severities[i]) == 0) {
            if (i < policy->fail_severity)
                policy->fail_severity = i;
            return true;
        }
    if (strncmp(word, "rule:", 5) == 0)
        return add_rule(policy, word + 5);
    if (strncmp(word, "count:", 6) == 0)
        return set_count(policy, word + 6);
    return false;
}

bool avd_gate_policy_fail_on(struct avd_gate_policy *policy, const char *words, const char **wrong,
                             size_t *wrong_size)
{
    char word[MAX_WORD];

    /* An empty text is no word: a variable that is not set must not let everything pass. */
    do {
        size_t size = strcspn(words, ",");

        *wrong = words;
        *wrong_size = size;
        if (size >= sizeof word)
            return false;
        memcpy(word, words, size);
        word[size] = '\0';
        if (!apply_word(policy, word))
            return false;
        words += size + (words[size] == ',');
    } while (*words != '\0');
    return true;
}

const char *avd_gate_policy_idle_rule(const struct avd_gate_policy *policy,
                                      const struct avd_rules *rules)
{
    size_t i;

    for (i = 0; i < policy->fail_rule_count; i++)
        if (!avd_rules_have(rules, policy->fail_rules[i]))
            return policy->fail_rules[i];
    return NULL;
}

/* ---- the file ---- */

/* Reading it: what every function needs. */
struct reader {
    struct avd_gate_policy *policy;
    const char *file;
    struct avd_error *err;
};

static enum avd_status wrong_at(const struct reader *r, const struct avd_yaml_node *node,
                                const char *expected)
{
    return avd_yaml_error(r->err, r->file, node->line, node->column, "expected %s, found %s",
                          expected, avd_yaml_kind_name(node));
}

static enum avd_status read_fail_on(const struct reader *r, const struct avd_yaml_node *node)
{
    static const char expected[] =
        "new, unreadable, info, warning, error, never, rule:PATTERN or count:N";
    char excerpt[AVD_YAML_EXCERPT_SIZE];
    size_t i;

    if (node->kind != AVD_YAML_LIST)
        return wrong_at(r, node, "a list of what fails the gate");
    /* The file says it all: the default of the options does not come on top. */
    r->policy->fail_new = false;
    for (i = 0; i < node->count; i++) {
        const struct avd_yaml_node *word = node->items[i];

        if (word->kind != AVD_YAML_SCALAR)
            return wrong_at(r, word, expected);
        if (!apply_word(r->policy, word->text))
            return avd_yaml_error(r->err, r->file, word->line, word->column,
                                  "expected %s, found '%s'", expected,
                                  avd_yaml_excerpt(word->text, excerpt));
    }
    return AVD_OK;
}

static enum avd_status read_allow_key(const struct reader *r, const struct avd_yaml_node *key,
                                      const struct avd_yaml_node *value,
                                      struct avd_gate_allow *allow)
{
    char excerpt[AVD_YAML_EXCERPT_SIZE];
    const char **target = strcmp(key->text, "bucket") == 0   ? &allow->bucket
                          : strcmp(key->text, "rule") == 0   ? &allow->rule
                          : strcmp(key->text, "reason") == 0 ? &allow->reason
                          : strcmp(key->text, "owner") == 0  ? &allow->owner
                                                             : NULL;
    uint32_t day;

    if (value->kind != AVD_YAML_SCALAR)
        return wrong_at(r, value, "a text");
    if (target != NULL) {
        *target = avd_arena_strdup(&r->policy->arena, value->text);
        return *target != NULL ? AVD_OK : avd_error_nomem(r->err);
    }
    if (strcmp(key->text, "expires") != 0)
        return avd_yaml_error(r->err, r->file, key->line, key->column,
                              "unknown key '%s' in 'allow' (known are bucket, rule, reason, owner, "
                              "expires)",
                              avd_yaml_excerpt(key->text, excerpt));
    if (!avd_gate_date_parse(value->text, &day))
        return avd_yaml_error(r->err, r->file, value->line, value->column,
                              "'expires': expected a day such as 2026-12-31, found '%s'",
                              avd_yaml_excerpt(value->text, excerpt));
    allow->expires = day;
    return AVD_OK;
}

static enum avd_status read_allow(const struct reader *r, const struct avd_yaml_node *node,
                                  struct avd_gate_allow *allow)
{
    enum avd_status status = AVD_OK;
    size_t i;

    memset(allow, 0, sizeof *allow);
    if (node->kind != AVD_YAML_MAPPING)
        return wrong_at(r, node, "a mapping with bucket or rule, and reason");
    allow->line = node->line;
    for (i = 0; status == AVD_OK && i + 1 < node->count; i += 2)
        status = read_allow_key(r, node->items[i], node->items[i + 1], allow);
    if (status != AVD_OK)
        return status;
    if (allow->bucket == NULL && allow->rule == NULL)
        return avd_yaml_error(r->err, r->file, node->line, node->column,
                              "an allowance needs 'bucket' or 'rule': what it allows");
    if (allow->reason == NULL)
        return avd_yaml_error(r->err, r->file, node->line, node->column,
                              "an allowance needs 'reason': why it may stay");
    return AVD_OK;
}

static enum avd_status read_allows(const struct reader *r, const struct avd_yaml_node *node)
{
    enum avd_status status = AVD_OK;
    size_t i;

    if (node->kind != AVD_YAML_LIST)
        return wrong_at(r, node, "a list of allowances");
    if (node->count > MAX_ALLOWS)
        return wrong_at(r, node, "at most 65536 allowances");
    r->policy->allows = avd_arena_alloc(&r->policy->arena, node->count, sizeof *r->policy->allows);
    if (r->policy->allows == NULL)
        return avd_error_nomem(r->err);
    for (i = 0; status == AVD_OK && i < node->count; i++)
        status = read_allow(r, node->items[i], &r->policy->allows[i]);
    r->policy->allow_count = i;
    return status;
}

static enum avd_status read_unreadable(const struct reader *r, const struct avd_yaml_node *node)
{
    char excerpt[AVD_YAML_EXCERPT_SIZE];

    if (node->kind != AVD_YAML_SCALAR)
        return wrong_at(r, node, "report or ignore");
    if (strcmp(node->text, "report") != 0 && strcmp(node->text, "ignore") != 0)
        return avd_yaml_error(r->err, r->file, node->line, node->column,
                              "expected report or ignore, found '%s'",
                              avd_yaml_excerpt(node->text, excerpt));
    r->policy->ignore_unreadable = strcmp(node->text, "ignore") == 0;
    return AVD_OK;
}

static enum avd_status read_root(const struct reader *r, const struct avd_yaml_node *root)
{
    char excerpt[AVD_YAML_EXCERPT_SIZE];
    enum avd_status status = AVD_OK;
    size_t i;

    if (root->kind != AVD_YAML_MAPPING)
        return wrong_at(r, root, "a mapping with fail-on, allow or unreadable");
    for (i = 0; status == AVD_OK && i + 1 < root->count; i += 2) {
        const struct avd_yaml_node *key = root->items[i];
        const struct avd_yaml_node *value = root->items[i + 1];

        if (strcmp(key->text, "fail-on") == 0)
            status = read_fail_on(r, value);
        else if (strcmp(key->text, "allow") == 0)
            status = read_allows(r, value);
        else if (strcmp(key->text, "unreadable") == 0)
            status = read_unreadable(r, value);
        else
            status = avd_yaml_error(r->err, r->file, key->line, key->column,
                                    "unknown key '%s' (known are fail-on, allow, unreadable)",
                                    avd_yaml_excerpt(key->text, excerpt));
    }
    return status;
}

enum avd_status avd_gate_policy_read(struct avd_gate_policy *policy, const char *path,
                                     struct avd_error *err)
{
    struct avd_yaml_documents documents = {NULL, 0, 0};
    struct reader r = {policy, path, err};
    struct avd_arena arena = {0};
    struct avd_file file;
    enum avd_status status = avd_file_map(path, &file, err);

    if (status != AVD_OK)
        return status;
    policy->file = avd_arena_strdup(&policy->arena, path);
    status = avd_yaml_read(&arena, &arena, path, (const char *)file.view.data, file.view.size,
                           &documents, err);
    if (status == AVD_OK && documents.count > 1)
        status = avd_yaml_error(err, path, documents.items[1]->line, documents.items[1]->column,
                                "a policy is one document");
    if (status == AVD_OK && documents.count == 1)
        status = read_root(&r, documents.items[0]);
    avd_arena_deinit(&arena);
    avd_file_close(&file);
    return status;
}

/* ---- the judgement ---- */

static bool expired(const struct avd_gate_allow *allow, uint32_t today)
{
    return allow->expires != 0 && today / SECONDS_A_DAY > allow->expires / SECONDS_A_DAY;
}

static bool has_finding(const struct avd_gate_bucket *bucket, const char *pattern)
{
    size_t i;

    for (i = 0; i < bucket->finding_count; i++)
        if (avd_glob_fits(bucket->findings[i].text, pattern))
            return true;
    return false;
}

static bool allows(const struct avd_gate_allow *allow, const struct avd_gate_bucket *bucket)
{
    if (allow->bucket != NULL && !avd_glob_fits(bucket->key, allow->bucket) &&
        (bucket->bucket == NULL || !avd_glob_fits(bucket->bucket, allow->bucket)))
        return false;
    return allow->rule == NULL || has_finding(bucket, allow->rule);
}

/* A growing list of lines in the summary's arena. */
struct lines {
    struct avd_arena *arena;
    const char **items;
    size_t count, capacity;
};

static void add_line(struct lines *lines, const char *text)
{
    enum { MAX_LINES = 1048576 };
    const char **grown = avd_arena_grow(lines->arena, lines->items, lines->count, &lines->capacity,
                                        sizeof *grown, MAX_LINES);

    if (grown == NULL || text == NULL)
        return;
    lines->items = grown;
    lines->items[lines->count++] = text;
}

/* Its standing; an allowance that has expired is told of. */
static void stand(struct avd_gate_policy *policy, const struct avd_gate_baseline *baseline,
                  uint32_t today, struct avd_gate_bucket *bucket, struct lines *warnings)
{
    size_t i;

    bucket->standing = !bucket->crashed ? AVD_GATE_NO_CRASH
                       : baseline != NULL && avd_gate_baseline_find(baseline, bucket->key) != NULL
                           ? AVD_GATE_KNOWN
                           : AVD_GATE_NEW;
    for (i = 0; i < policy->allow_count; i++) {
        struct avd_gate_allow *allow = &policy->allows[i];
        char day[AVD_GATE_TIME_SIZE];

        if (!allows(allow, bucket))
            continue;
        allow->used++;
        if (expired(allow, today)) {
            avd_gate_time_text(allow->expires, day);
            add_line(warnings,
                     avd_arena_printf(warnings->arena,
                                      "%s:%u: the allowance for %s expired on %.10s%s%s "
                                      "(%s)",
                                      policy->file, allow->line, avd_gate_title(bucket), day,
                                      allow->owner != NULL ? "; owner " : "",
                                      allow->owner != NULL ? allow->owner : "", allow->reason));
            continue;
        }
        bucket->standing = AVD_GATE_ALLOWED;
        bucket->allow_reason = allow->reason;
        bucket->allow_owner = allow->owner;
        return;
    }
}

/* Why the bucket fails the gate, in one line; NULL when it does not. */
static const char *bucket_verdict(const struct avd_gate_policy *policy,
                                  const struct avd_gate_bucket *bucket, struct avd_arena *arena)
{
    size_t i;

    if (bucket->standing == AVD_GATE_ALLOWED)
        return NULL;
    if (policy->fail_new && bucket->standing == AVD_GATE_NEW)
        return avd_arena_printf(arena, "new crash: %s (%" PRIu64 " dump%s)", avd_gate_title(bucket),
                                bucket->count, bucket->count == 1 ? "" : "s");
    if (policy->fail_count != 0 && bucket->crashed && bucket->count > policy->fail_count)
        return avd_arena_printf(arena, "%s: %" PRIu64 " dumps, allowed are %" PRIu64,
                                avd_gate_title(bucket), bucket->count, policy->fail_count);
    for (i = 0; i < policy->fail_rule_count; i++)
        if (has_finding(bucket, policy->fail_rules[i]))
            return avd_arena_printf(arena, "%s: a finding of rule '%s'", avd_gate_title(bucket),
                                    policy->fail_rules[i]);
    if (bucket->severity >= policy->fail_severity)
        return avd_arena_printf(arena, "%s: finding '%s'", avd_gate_title(bucket),
                                bucket->findings[0].text);
    return NULL;
}

bool avd_gate_judge(struct avd_gate_policy *policy, const struct avd_gate_baseline *baseline,
                    uint32_t today, struct avd_gate_summary *summary,
                    struct avd_gate_verdict *verdict)
{
    struct lines reasons = {&summary->arena, NULL, 0, 0};
    struct lines warnings = {&summary->arena, NULL, 0, 0};
    size_t i;

    memset(verdict, 0, sizeof *verdict);
    for (i = 0; i < summary->count; i++) {
        struct avd_gate_bucket *bucket = summary->buckets[i];

        stand(policy, baseline, today, bucket, &warnings);
        bucket->verdict = bucket_verdict(policy, bucket, &summary->arena);
        if (bucket->verdict != NULL)
            add_line(&reasons, bucket->verdict);
        verdict->new_count += bucket->standing == AVD_GATE_NEW;
        verdict->known_count += bucket->standing == AVD_GATE_KNOWN;
        verdict->allowed_count += bucket->standing == AVD_GATE_ALLOWED && bucket->crashed;
    }
    if (policy->fail_unreadable && summary->failed != 0)
        add_line(&reasons,
                 avd_arena_printf(&summary->arena, "%" PRIu64 " dump%s could not be analysed",
                                  summary->failed, summary->failed == 1 ? "" : "s"));
    for (i = 0; i < policy->allow_count; i++)
        if (policy->allows[i].used == 0)
            add_line(&warnings,
                     avd_arena_printf(&summary->arena,
                                      "%s:%u: the allowance for '%s' matches nothing", policy->file,
                                      policy->allows[i].line,
                                      policy->allows[i].bucket != NULL ? policy->allows[i].bucket
                                                                       : policy->allows[i].rule));
    verdict->fails = reasons.count != 0;
    verdict->reasons = reasons.items;
    verdict->reason_count = reasons.count;
    verdict->warnings = warnings.items;
    verdict->warning_count = warnings.count;
    return !summary->arena.failed;
}
