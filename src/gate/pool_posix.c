/* SPDX-License-Identifier: MIT */
/*
 * Workers on POSIX systems: fork, and a pair of sockets each. A request is a header and the item's
 * name, an answer a header and two texts. Bytes that the parent read out of an archive are not sent
 * when they are many: a worker is forked anew and finds them in its memory.
 */
#include "gate/pool.h"

#include "base/confine.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 100,
    SEND_BYTES = 256 * 1024, /* larger items are inherited by a worker that is forked for them */
    READ_BYTES = 64 * 1024,
    MAX_ANSWER_BYTES = 1 << 30 /* a report in JSON; ten times of what the ceilings allow */
};

struct request {
    uint64_t size;      /* of the dump in bytes */
    uint32_t name_size; /* with its terminator */
    uint32_t in_memory; /* the dump's bytes follow the name */
};

struct answer {
    uint64_t record_size;
    uint64_t report_size;
};

struct worker {
    pid_t pid; /* 0: none */
    bool gone; /* it has ended, and was waited for */
    int fd;
    bool busy;
    uint64_t sequence;
    struct timespec started;
    char *name; /* of the item at hand */
    uint64_t size;
    unsigned char *bytes; /* of the answer so far */
    size_t used, capacity;
};

struct avd_gate_pool {
    const struct avd_gate_pool_options *options;
    struct worker *workers;
    struct pollfd *polled;
    bool stopped;
};

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void avd_gate_catch_interrupts(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    struct sigaction before;
    size_t i;

    memset(&action, 0, sizeof action);
    action.sa_handler = note_interrupt;
    for (i = 0; i < sizeof signals / sizeof *signals; i++)
        /* What nohup or a shell's & had ignored stays ignored. */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &action, NULL);
}

bool avd_gate_interrupted(void)
{
    return interrupted != 0;
}

unsigned avd_gate_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < 1 ? 1 : count > 1024 ? 1024 : (unsigned)count;
}

/* ---- both sides: whole messages ---- */

static bool send_all(int fd, const void *bytes, size_t size)
{
    const unsigned char *next = bytes;

    while (size != 0) {
        ssize_t sent = send(fd, next, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR && !interrupted)
            continue;
        if (sent <= 0)
            return false;
        next += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int fd, void *bytes, size_t size)
{
    unsigned char *next = bytes;

    while (size != 0) {
        ssize_t got = recv(fd, next, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        next += got;
        size -= (size_t)got;
    }
    return true;
}

/* ---- the worker ---- */

static bool answer(const struct avd_gate_pool_options *options, int fd,
                   const struct avd_gate_item *item)
{
    struct avd_strbuf record;
    struct avd_strbuf report;
    struct answer head;
    bool good;

    avd_strbuf_init(&record);
    avd_strbuf_init(&report);
    options->work(options->ctx, item, &record, &report);
    head.record_size = record.size;
    head.report_size = report.size;
    good = !record.failed && !report.failed && send_all(fd, &head, sizeof head) &&
           send_all(fd, avd_strbuf_text(&record), record.size) &&
           send_all(fd, avd_strbuf_text(&report), report.size);
    avd_strbuf_deinit(&record);
    avd_strbuf_deinit(&report);
    return good;
}

static bool serve(const struct avd_gate_pool_options *options, int fd)
{
    struct avd_gate_item item = {0};
    struct request request;
    unsigned char *bytes;
    size_t size;
    bool good;

    if (!receive_all(fd, &request, sizeof request))
        return false;
    size = request.name_size + (request.in_memory != 0 ? (size_t)request.size : 0);
    bytes = avd_mem_calloc(size, 1);
    good = bytes != NULL && receive_all(fd, bytes, size);
    if (good) {
        item.name = (const char *)bytes;
        item.size = request.size;
        item.in_memory = request.in_memory != 0;
        item.bytes.data = bytes + request.name_size;
        item.bytes.size = item.in_memory ? (size_t)request.size : 0;
        good = answer(options, fd, &item);
    }
    avd_mem_free(bytes);
    return good;
}

/* A parent that is killed cannot end its workers, and one of them may hang for ever. */
static void end_with_parent(void)
{
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

/* `first`: an item that is in this process's memory already; NULL: none. */
static _Noreturn void run_worker(const struct avd_gate_pool_options *options, int fd,
                                 const struct avd_gate_item *first)
{
    /* An interrupt is for the parent, which ends its workers. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    interrupted = 0;
    end_with_parent();
    (void)avd_confine_memory(options->max_memory);
    if (options->readable != NULL)
        (void)avd_confine(options->readable, options->readable_count);
    if (first == NULL || answer(options, fd, first))
        while (serve(options, fd)) {
        }
    _exit(0);
}

/* ---- the parent ---- */

static void worker_end(struct worker *w)
{
    int status;

    if (w->pid == 0)
        return;
    if (!w->gone)
        (void)kill(w->pid, SIGKILL);
    (void)close(w->fd);
    while (!w->gone && waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    avd_mem_free(w->name);
    avd_mem_free(w->bytes);
    memset(w, 0, sizeof *w);
}

/* A worker that reads nothing, say a stopped one, is given up like one that answers nothing. */
static void limit_sending(const struct avd_gate_pool_options *options, int fd)
{
    struct timeval limit = {.tv_sec = options->timeout_seconds};

    if (options->timeout_seconds != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static bool worker_start(struct avd_gate_pool *pool, struct worker *w,
                         const struct avd_gate_item *first)
{
    int pair[2];
    unsigned i;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return false;
    (void)fflush(NULL); /* or the child would write what is buffered once more */
    w->pid = fork();
    if (w->pid == 0) {
        (void)close(pair[0]);
        for (i = 0; i < pool->options->workers; i++)
            if (pool->workers[i].pid != 0 && &pool->workers[i] != w)
                (void)close(pool->workers[i].fd);
        run_worker(pool->options, pair[1], first);
    }
    (void)close(pair[1]);
    w->fd = pair[0];
    limit_sending(pool->options, w->fd);
    if (w->pid > 0)
        return true;
    (void)close(pair[0]);
    w->pid = 0;
    return false;
}

static void lose(struct avd_gate_pool *pool, struct worker *w, enum avd_gate_outcome outcome,
                 const char *message)
{
    struct avd_gate_item item = {.name = w->name, .size = w->size};

    if (!pool->options->lost(pool->options->ctx, w->sequence, &item, outcome, message))
        pool->stopped = true;
    worker_end(w);
}

/* The worker went away in the middle of a dump. */
static void bury(struct avd_gate_pool *pool, struct worker *w)
{
    char message[128];
    int status = 0;
    pid_t pid = w->pid;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) {
        (void)snprintf(message, sizeof message,
                       "the worker that analysed it was ended by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    } else {
        (void)snprintf(message, sizeof message,
                       "the worker that analysed it ended without an answer (exit code %d)",
                       WEXITSTATUS(status));
    }
    w->gone = true;
    lose(pool, w, AVD_GATE_WORKER_DIED, message);
}

/* Takes a whole answer out of the worker's bytes; false when it is not whole yet. */
static bool take_answer(struct avd_gate_pool *pool, struct worker *w)
{
    struct avd_view record = {NULL, 0, 0};
    struct avd_view report = {NULL, 0, 0};
    struct answer head;

    if (w->used < sizeof head)
        return false;
    memcpy(&head, w->bytes, sizeof head);
    if (head.record_size > MAX_ANSWER_BYTES || head.report_size > MAX_ANSWER_BYTES) {
        lose(pool, w, AVD_GATE_WORKER_DIED, "the worker that analysed it gave no sound answer");
        return true;
    }
    if (w->used - sizeof head < head.record_size + head.report_size)
        return false;
    record.data = w->bytes + sizeof head;
    record.size = (size_t)head.record_size;
    report.data = record.data + record.size;
    report.size = (size_t)head.report_size;
    if (!pool->options->done(pool->options->ctx, w->sequence, record, report))
        pool->stopped = true;
    w->used = 0;
    w->busy = false;
    avd_mem_free(w->name);
    w->name = NULL;
    return true;
}

/* The worker has something to say, or is gone. */
static void read_answer(struct avd_gate_pool *pool, struct worker *w)
{
    ssize_t got;

    if (w->capacity - w->used < READ_BYTES) {
        size_t wanted = w->capacity * 2 > READ_BYTES * 4 ? w->capacity * 2 : READ_BYTES * 4;
        unsigned char *grown = avd_mem_realloc(w->bytes, wanted, 1);

        if (grown == NULL) {
            lose(pool, w, AVD_GATE_OUT_OF_MEMORY, "out of memory for its report");
            return;
        }
        w->bytes = grown;
        w->capacity = wanted;
    }
    got = recv(w->fd, w->bytes + w->used, w->capacity - w->used, 0);
    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0) {
        bury(pool, w);
        return;
    }
    w->used += (size_t)got;
    (void)take_answer(pool, w);
}

static unsigned long elapsed_ms(const struct timespec *since)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)((now.tv_sec - since->tv_sec) * 1000 +
                           (now.tv_nsec - since->tv_nsec) / 1000000);
}

static void end_late_workers(struct avd_gate_pool *pool)
{
    char message[96];
    unsigned i;

    for (i = 0; pool->options->timeout_seconds != 0 && i < pool->options->workers; i++) {
        struct worker *w = &pool->workers[i];

        if (!w->busy || elapsed_ms(&w->started) < 1000UL * pool->options->timeout_seconds)
            continue;
        (void)snprintf(message, sizeof message, "its analysis took longer than %u seconds",
                       pool->options->timeout_seconds);
        lose(pool, w, AVD_GATE_TIMED_OUT, message);
    }
}

/* Waits until something happened, at most a tick. */
static void wait_for_workers(struct avd_gate_pool *pool)
{
    unsigned i;
    int ready;

    for (i = 0; i < pool->options->workers; i++) {
        pool->polled[i].fd = pool->workers[i].busy ? pool->workers[i].fd : -1;
        pool->polled[i].events = POLLIN;
        pool->polled[i].revents = 0;
    }
    ready = poll(pool->polled, pool->options->workers, TICK_MS);
    for (i = 0; ready > 0 && i < pool->options->workers; i++)
        if (pool->polled[i].revents != 0 && pool->workers[i].busy)
            read_answer(pool, &pool->workers[i]);
    end_late_workers(pool);
    if (pool->options->tick != NULL && !pool->options->tick(pool->options->ctx))
        pool->stopped = true;
}

struct avd_gate_pool *avd_gate_pool_new(const struct avd_gate_pool_options *options,
                                        struct avd_error *err)
{
    struct avd_gate_pool *pool = avd_mem_calloc(1, sizeof *pool);

    if (pool != NULL) {
        pool->options = options;
        pool->workers = avd_mem_calloc(options->workers, sizeof *pool->workers);
        pool->polled = avd_mem_calloc(options->workers, sizeof *pool->polled);
        if (pool->workers != NULL && pool->polled != NULL)
            return pool;
    }
    avd_gate_pool_free(pool);
    (void)avd_error_nomem(err);
    return NULL;
}

static struct worker *free_worker(struct avd_gate_pool *pool)
{
    unsigned i;

    while (!pool->stopped) {
        for (i = 0; i < pool->options->workers; i++)
            if (!pool->workers[i].busy)
                return &pool->workers[i];
        wait_for_workers(pool);
    }
    return NULL;
}

static bool hand_over(struct avd_gate_pool *pool, struct worker *w,
                      const struct avd_gate_item *item)
{
    struct request request = {item->size, (uint32_t)(strlen(item->name) + 1), item->in_memory};

    if (item->in_memory && item->bytes.size > SEND_BYTES) {
        worker_end(w);
        return worker_start(pool, w, item);
    }
    if (w->pid == 0 && !worker_start(pool, w, NULL))
        return false;
    return send_all(w->fd, &request, sizeof request) &&
           send_all(w->fd, item->name, request.name_size) &&
           (!item->in_memory || send_all(w->fd, item->bytes.data, item->bytes.size));
}

bool avd_gate_pool_submit(struct avd_gate_pool *pool, uint64_t sequence,
                          const struct avd_gate_item *item)
{
    struct worker *w = free_worker(pool);
    size_t name_size = strlen(item->name) + 1;
    char *name;

    if (w == NULL)
        return false;
    name = avd_mem_calloc(name_size, 1);
    /* A worker may have died between two dumps: the next one is tried. */
    if (name == NULL || (!hand_over(pool, w, item) && (worker_end(w), !hand_over(pool, w, item)))) {
        worker_end(w);
        avd_mem_free(name);
        if (!pool->options->lost(pool->options->ctx, sequence, item, AVD_GATE_WORKER_DIED,
                                 "no worker process can be started"))
            pool->stopped = true;
        return !pool->stopped;
    }
    memcpy(name, item->name, name_size);
    w->name = name;
    w->size = item->size;
    w->sequence = sequence;
    w->busy = true;
    (void)clock_gettime(CLOCK_MONOTONIC, &w->started);
    return true;
}

bool avd_gate_pool_wait(struct avd_gate_pool *pool)
{
    if (!pool->stopped)
        wait_for_workers(pool);
    return !pool->stopped;
}

bool avd_gate_pool_finish(struct avd_gate_pool *pool)
{
    unsigned i;

    for (i = 0; !pool->stopped && i < pool->options->workers;) {
        if (!pool->workers[i].busy)
            i++;
        else
            wait_for_workers(pool);
    }
    return !pool->stopped;
}

void avd_gate_pool_free(struct avd_gate_pool *pool)
{
    unsigned i;

    if (pool == NULL)
        return;
    for (i = 0; pool->workers != NULL && i < pool->options->workers; i++)
        worker_end(&pool->workers[i]);
    avd_mem_free(pool->workers);
    avd_mem_free(pool->polled);
    avd_mem_free(pool);
}
