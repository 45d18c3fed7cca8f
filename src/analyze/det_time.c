/* SPDX-License-Identifier: MIT */
/* How old is the process, and which thread used its processor time? */
#include "analyze/detectors.h"
#include "analyze/thread_state.h"

#include "minidump/format.h"

/* FILETIME counts 100 ns since 1601. */
static const uint64_t ticks_per_second = 10000000;
static const uint64_t seconds_to_1970 = UINT64_C(11644473600);
static const uint64_t longest_age = UINT64_C(100) * 366 * 86400; /* seconds; more is no age */

static bool uptime(const struct avd_dump *dump, uint64_t *seconds)
{
    if (!dump->misc.present || (dump->misc.flags & MINIDUMP_MISC1_PROCESS_TIMES) == 0 ||
        dump->misc.create_time == 0 || dump->timestamp < dump->misc.create_time)
        return false;
    *seconds = dump->timestamp - dump->misc.create_time;
    return true;
}

/* Processor time per hundred of the time since the thread began; false when it is not known. */
static bool load_of(const struct avd_dump *dump, const struct avd_thread *thread, uint64_t *percent)
{
    uint64_t begun = thread->create_time / ticks_per_second;
    uint64_t now = dump->timestamp + seconds_to_1970;
    uint64_t used = (thread->user_time + thread->kernel_time) / ticks_per_second;

    if (dump->timestamp == 0 || begun < seconds_to_1970 || begun >= now ||
        now - begun > longest_age || used > longest_age)
        return false;
    *percent = used * 100 / (now - begun);
    return *percent <= 110; /* more is no single thread's; clocks are not exact */
}

static void publish_top(struct avd_analysis *an, size_t top, uint64_t total)
{
    struct avd_facts *facts = &an->facts;
    const struct avd_thread_state *states = avd_thread_states(an);
    const struct avd_thread *thread = an->threads[top].thread;
    uint64_t used = thread->user_time + thread->kernel_time;
    const char *frame = avd_thread_caller(an, top);
    const char *state = states != NULL ? avd_thread_kind_name(states[top].kind) : NULL;
    uint64_t percent;

    avd_fact_number(facts, "cpu.total", total / (ticks_per_second / 1000));
    avd_fact_text(facts, "cpu.thread", avd_thread_text(an, top));
    avd_fact_number(facts, "cpu.thread_time", used / (ticks_per_second / 1000));
    avd_fact_number(facts, "cpu.thread_share", total >= 100 ? used / (total / 100) : 0);
    if (load_of(an->dump, thread, &percent))
        avd_fact_number(facts, "cpu.thread_load", percent);
    else
        avd_fact_unknown(facts, "cpu.thread_load", "the dump does not say when it began");
    if (state != NULL)
        avd_fact_text(facts, "cpu.thread_state", state);
    else
        avd_fact_unknown(facts, "cpu.thread_state",
                         states != NULL ? states[top].reason : "out of memory");
    if (frame != NULL)
        avd_fact_text(facts, "cpu.thread_frame", frame);
    else
        avd_fact_unknown(facts, "cpu.thread_frame", "its stack could not be walked");
}

static void publish_cpu(struct avd_analysis *an)
{
    static const char *const names[] = {"cpu.total",        "cpu.thread",      "cpu.thread_time",
                                        "cpu.thread_share", "cpu.thread_load", "cpu.thread_state",
                                        "cpu.thread_frame"};
    uint64_t total = 0;
    uint64_t most = 0;
    size_t top = SIZE_MAX;
    size_t i;

    for (i = 0; i < an->thread_count; i++) {
        const struct avd_thread *thread = an->threads[i].thread;
        uint64_t used = thread->user_time + thread->kernel_time;

        /* Times that no processor has had are not times. */
        if (!thread->has_info || thread->user_time > UINT64_MAX / 0x40000 ||
            thread->kernel_time > UINT64_MAX / 0x40000)
            continue;
        total += used;
        if (top == SIZE_MAX || used > most) {
            most = used;
            top = i;
        }
    }
    if (top != SIZE_MAX) {
        publish_top(an, top, total);
        return;
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        avd_fact_unknown(&an->facts, names[i],
                         "the dump has no thread information (ThreadInfoList)");
}

static void run(struct avd_analysis *an)
{
    uint64_t seconds;

    if (uptime(an->dump, &seconds))
        avd_fact_number(&an->facts, "process.uptime", seconds);
    else
        avd_fact_unknown(&an->facts, "process.uptime",
                         "the dump does not say when the process began");
    publish_cpu(an);
}

const struct avd_detector avd_det_time = {
    "time",
    "age of the process, and the thread that used most processor time",
    run,
};
