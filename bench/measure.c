/* SPDX-License-Identifier: MIT */
/*
 * Measures whole runs of programs: wall time from posix_spawn to the end, and peak resident memory
 * (wait4). A small C program, because Linux counts the memory of the process that spawns into the
 * peak of what it spawns, and an interpreter's would hide avdump's.
 *
 * usage: measure RUNS COMMAND ARGUMENT... [-- COMMAND ARGUMENT...]...
 *
 * The commands take turns, so that what else the machine does hits all alike. Prints for each, in
 * their order, one line: median and fastest time in microseconds, the largest peak in KiB, and the
 * exit status of the last run.
 */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 16, MAX_RUNS = 100000 };

extern char **environ;

struct command {
    char **argv;
    int64_t *times;
    long peak;
    int status;
};

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static int run(struct command *command, int64_t *time)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    int64_t start;
    pid_t pid;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    start = now();
    error = posix_spawnp(&pid, command->argv[0], &actions, NULL, command->argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        fprintf(stderr, "measure: %s: %s\n", command->argv[0], strerror(error));
        return 0;
    }
    if (wait4(pid, &command->status, 0, &usage) != pid) {
        perror("measure: wait4");
        return 0;
    }
    *time = now() - start;
    if (usage.ru_maxrss > command->peak)
        command->peak = usage.ru_maxrss;
    return 1;
}

int main(int argc, char **argv)
{
    struct command commands[MAX_COMMANDS] = {0};
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    size_t count = 0;
    size_t i;
    long k;
    int a;

    for (a = 2; a < argc && count < MAX_COMMANDS; count++) {
        commands[count].argv = &argv[a];
        while (a < argc && strcmp(argv[a], "--") != 0)
            a++;
        if (a < argc)
            argv[a++] = NULL;
    }
    if (runs < 1 || runs > MAX_RUNS || count == 0 || a < argc) {
        fprintf(stderr, "usage: measure RUNS COMMAND ARGUMENT... [-- COMMAND ARGUMENT...]...\n");
        return 2;
    }
    for (i = 0; i < count; i++) {
        commands[i].times = calloc((size_t)runs, sizeof *commands[i].times);
        if (commands[i].times == NULL)
            return 4;
    }
    /* Run -1 warms the caches and does not count. */
    for (k = -1; k < runs; k++)
        for (i = 0; i < count; i++) {
            int64_t time;

            if (!run(&commands[i], &time))
                return 3;
            if (k >= 0)
                commands[i].times[k] = time;
        }
    for (i = 0; i < count; i++) {
        qsort(commands[i].times, (size_t)runs, sizeof *commands[i].times, by_value);
        printf("%lld %lld %ld %d\n", (long long)(commands[i].times[runs / 2] / 1000),
               (long long)(commands[i].times[0] / 1000), commands[i].peak, commands[i].status);
        free(commands[i].times);
    }
    return 0;
}
