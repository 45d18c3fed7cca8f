/* SPDX-License-Identifier: MIT */
/*
 * A step by the STACK CFI rules of a symbol file (Breakpad's symbol_files.md): ".cfa: expression
 * .ra: expression $ebx: expression ...". What has no rule is as it was if the calling convention
 * keeps it. The rules are exact at every instruction, so neither prologue nor epilogue matters.
 */
#include "stack/postfix.h"

#include <inttypes.h>
#include <string.h>

struct rule {
    const char *name; /* without the colon */
    size_t name_size;
    const char *expression;
    size_t size;
};

struct rules {
    struct rule items[AVD_MAX_CFI_RULES];
    size_t count;
};

/* Splits "name: word word name: word ..."; false when that is not its form, or too much. */
static bool split(const char *text, struct rules *rules)
{
    size_t size = strlen(text);
    const char *word;
    size_t word_size;
    size_t pos = 0;

    rules->count = 0;
    while (avd_postfix_word(text, size, &pos, &word, &word_size)) {
        struct rule *rule;

        if (word_size > 1 && word[word_size - 1] == ':') {
            if (rules->count == AVD_MAX_CFI_RULES)
                return false;
            rule = &rules->items[rules->count++];
            rule->name = word;
            rule->name_size = word_size - 1;
            rule->expression = &text[pos];
            rule->size = 0;
            continue;
        }
        if (rules->count == 0)
            return false;
        rule = &rules->items[rules->count - 1];
        rule->size = (size_t)(&text[pos] - rule->expression);
    }
    return rules->count != 0;
}

static bool is_named(const struct rule *rule, const char *name)
{
    return rule->name_size == strlen(name) && memcmp(rule->name, name, rule->name_size) == 0;
}

/* The value that the last rule for `name` gives; false when there is none or it fails. */
static bool find_value(struct avd_postfix *postfix, const struct rules *rules, const char *name,
                       uint64_t *out)
{
    size_t i;

    for (i = rules->count; i-- != 0;) {
        const struct rule *rule = &rules->items[i];

        if (is_named(rule, name))
            return avd_postfix_value(postfix, rule->expression, rule->size, out);
    }
    return false;
}

/* All registers of the caller: kept, restored, or unknown where that fails (".undef" does). */
static void restore(struct avd_postfix *postfix, const struct rules *rules, uint64_t cfa,
                    struct avd_regs *out)
{
    const struct avd_cpu_ops *cpu = postfix->walk->cpu;
    unsigned reg;
    size_t i;

    *out = postfix->regs;
    for (reg = 0; reg < AVD_REG_COUNT; reg++) {
        if ((cpu->volatile_regs >> reg & 1) != 0)
            avd_reg_forget(out, reg);
    }
    avd_reg_set(out, AVD_RSP, cfa);
    for (i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->items[i];
        uint64_t value;

        if (!avd_postfix_register(cpu, rule->name, rule->name_size, &reg))
            continue;
        if (avd_postfix_value(postfix, rule->expression, rule->size, &value))
            avd_reg_set(out, reg, value);
        else
            avd_reg_forget(out, reg);
    }
}

enum avd_step_result avd_step_cfi(struct avd_walk *walk, const struct avd_frame *callee,
                                  size_t callee_index, struct avd_frame *caller,
                                  enum avd_walk_end *end)
{
    const struct avd_walk_env *env = walk->env;
    struct avd_postfix postfix;
    struct rules rules;
    const char *text;
    uint64_t cfa;
    uint64_t ra;

    (void)callee_index;
    if (env->cfi == NULL || !env->cfi(env->ctx, avd_walk_lookup(callee), &text))
        return AVD_STEP_NO_INFO;
    if (!split(text, &rules)) {
        avd_walk_say(walk, end, AVD_END_BAD_UNWIND_INFO,
                     "the STACK CFI rules for 0x%" PRIx64 " are damaged", callee->pc);
        return AVD_STEP_NO_INFO;
    }
    avd_postfix_init(&postfix, walk, &callee->regs);
    if (!find_value(&postfix, &rules, ".cfa", &cfa) || !avd_postfix_define(&postfix, ".cfa", cfa) ||
        !find_value(&postfix, &rules, ".ra", &ra)) {
        avd_walk_say(walk, end, AVD_END_NO_UNWIND_INFO,
                     "the STACK CFI rules for 0x%" PRIx64 " give no caller: %s", callee->pc,
                     postfix.failure[0] != '\0' ? postfix.failure : ".cfa or .ra is missing");
        return AVD_STEP_NO_INFO;
    }
    restore(&postfix, &rules, cfa, &caller->regs);
    if (!avd_reg_known(&caller->regs, AVD_RSP))
        return AVD_STEP_NO_INFO;
    avd_reg_set(&caller->regs, AVD_RIP, ra);
    caller->pc = ra;
    caller->sp = caller->regs.value[AVD_RSP];
    caller->trust = AVD_TRUST_CFI;
    caller->method = AVD_METHOD_STACK_CFI;
    if (ra != 0 && avd_walk_return_evidence(walk, ra) == 0) {
        avd_walk_say(walk, end, AVD_END_NOT_CODE,
                     "0x%" PRIx64 " (stack_cfi) is not the return address of a call", ra);
        return AVD_STEP_NO_INFO;
    }
    return AVD_STEP_OK;
}
