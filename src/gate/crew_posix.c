/* SPDX-License-Identifier: MIT */
/*
 * Workers on POSIX systems: fork, and a pair of sockets each. A request is a header and the item's
 * name. Bytes that the parent read out of an archive are not sent when they are many: a worker is
 * forked anew and finds them in its memory.
 */
#include "gate/crew.h"

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

enum { SEND_BYTES = 256 * 1024 }; /* larger items are inherited by workers forked for them */

struct request {
    uint64_t size;      /* of the dump in bytes */
    uint32_t name_size; /* with its terminator */
    uint32_t in_memory; /* the dump's bytes follow the name */
};

struct process {
    pid_t pid; /* 0: none */
    bool gone; /* it has ended, and was waited for */
    int fd;
};

struct avd_gate_crew {
    const struct avd_gate_pool_options *options;
    struct process *processes;
    struct pollfd *polled;
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

uint64_t avd_gate_crew_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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

/* An avd_write_fn; `fd` points to the socket. */
static int send_bytes(void *fd, const char *bytes, size_t size)
{
    return !send_all(*(const int *)fd, bytes, size);
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
        good = avd_gate_answer(options, &item, send_bytes, &fd);
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
    if (first == NULL || avd_gate_answer(options, first, send_bytes, &fd))
        while (serve(options, fd)) {
        }
    _exit(0);
}

/* ---- the parent ---- */

struct avd_gate_crew *avd_gate_crew_new(const struct avd_gate_pool_options *options)
{
    struct avd_gate_crew *crew = avd_mem_calloc(1, sizeof *crew);

    if (crew == NULL)
        return NULL;
    crew->options = options;
    crew->processes = avd_mem_calloc(options->workers, sizeof *crew->processes);
    crew->polled = avd_mem_calloc(options->workers, sizeof *crew->polled);
    if (crew->processes != NULL && crew->polled != NULL)
        return crew;
    avd_gate_crew_free(crew);
    return NULL;
}

void avd_gate_crew_free(struct avd_gate_crew *crew)
{
    unsigned i;

    if (crew == NULL)
        return;
    for (i = 0; crew->processes != NULL && i < crew->options->workers; i++)
        avd_gate_crew_end(crew, i);
    avd_mem_free(crew->processes);
    avd_mem_free(crew->polled);
    avd_mem_free(crew);
}

void avd_gate_crew_end(struct avd_gate_crew *crew, unsigned i)
{
    struct process *p = &crew->processes[i];
    int status;

    if (p->pid == 0)
        return;
    if (!p->gone)
        (void)kill(p->pid, SIGKILL);
    (void)close(p->fd);
    while (!p->gone && waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
    }
    memset(p, 0, sizeof *p);
}

/* A worker that reads nothing, say a stopped one, is given up like one that answers nothing. */
static void limit_sending(const struct avd_gate_pool_options *options, int fd)
{
    struct timeval limit = {.tv_sec = options->timeout_seconds};

    if (options->timeout_seconds != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* `first`: what it begins with; NULL: nothing. */
static bool start(struct avd_gate_crew *crew, struct process *p, const struct avd_gate_item *first)
{
    int pair[2];
    unsigned i;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return false;
    (void)fflush(NULL); /* or the child would write what is buffered once more */
    p->pid = fork();
    if (p->pid == 0) {
        (void)close(pair[0]);
        for (i = 0; i < crew->options->workers; i++)
            if (crew->processes[i].pid != 0 && &crew->processes[i] != p)
                (void)close(crew->processes[i].fd);
        run_worker(crew->options, pair[1], first);
    }
    (void)close(pair[1]);
    p->fd = pair[0];
    limit_sending(crew->options, p->fd);
    if (p->pid > 0)
        return true;
    (void)close(pair[0]);
    p->pid = 0;
    return false;
}

bool avd_gate_crew_send(struct avd_gate_crew *crew, unsigned i, const struct avd_gate_item *item)
{
    struct request request = {item->size, (uint32_t)(strlen(item->name) + 1), item->in_memory};
    struct process *p = &crew->processes[i];

    if (item->in_memory && item->bytes.size > SEND_BYTES) {
        avd_gate_crew_end(crew, i);
        return start(crew, p, item);
    }
    if (p->pid == 0 && !start(crew, p, NULL))
        return false;
    return send_all(p->fd, &request, sizeof request) &&
           send_all(p->fd, item->name, request.name_size) &&
           (!item->in_memory || send_all(p->fd, item->bytes.data, item->bytes.size));
}

void avd_gate_crew_wait(struct avd_gate_crew *crew, const bool *busy)
{
    unsigned i;

    for (i = 0; i < crew->options->workers; i++) {
        crew->polled[i].fd = busy[i] ? crew->processes[i].fd : -1;
        crew->polled[i].events = POLLIN;
        crew->polled[i].revents = 0;
    }
    if (poll(crew->polled, crew->options->workers, AVD_GATE_TICK_MS) <= 0)
        for (i = 0; i < crew->options->workers; i++)
            crew->polled[i].revents = 0;
}

ptrdiff_t avd_gate_crew_read(struct avd_gate_crew *crew, unsigned i, void *bytes, size_t size)
{
    ssize_t got;

    if (crew->polled[i].revents == 0)
        return 0;
    got = recv(crew->processes[i].fd, bytes, size, 0);
    return got > 0 ? got : got < 0 && errno == EINTR ? 0 : -1;
}

void avd_gate_crew_explain(struct avd_gate_crew *crew, unsigned i, char *words, size_t size)
{
    struct process *p = &crew->processes[i];
    int status = 0;

    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
    }
    p->gone = true;
    if (WIFSIGNALED(status))
        (void)snprintf(words, size, "was ended by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else
        (void)snprintf(words, size, "ended without an answer (exit code %d)", WEXITSTATUS(status));
}
