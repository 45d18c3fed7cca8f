/* SPDX-License-Identifier: MIT */
/* What a confined process can and cannot do: each question is asked in a child. */
#define _GNU_SOURCE
#include "base/confine.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_HELD = 100 }; /* exit code of a child: this system cannot confine */

static char folder[] = "/tmp/avdump-confine-XXXXXX";
static char inside[64];
static char outside[64];

static void write_file(const char *path)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_ne(file, NULL);
    ck_assert_int_ge(fputs("text", file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
    char path[64];

    strcpy(folder, "/tmp/avdump-confine-XXXXXX");
    ck_assert_ptr_ne(mkdtemp(folder), NULL);
    (void)snprintf(path, sizeof path, "%s/readable", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    (void)snprintf(inside, sizeof inside, "%s/readable/file", folder);
    (void)snprintf(outside, sizeof outside, "%s/file", folder);
    write_file(inside);
    write_file(outside);
}

static void teardown(void)
{
    char path[64];

    (void)unlink(inside);
    (void)unlink(outside);
    (void)snprintf(path, sizeof path, "%s/readable", folder);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* The errno of `attempt` in a confined child, 0 when it was done; -1 where nothing is confined. */
static int confined(unsigned wanted, int (*attempt)(void))
{
    char path[64];
    const char *readable[] = {path, "/nonexistent"};
    int status;
    pid_t child;

    (void)snprintf(path, sizeof path, "%s/readable", folder);
    (void)fflush(NULL);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if ((avd_confine(readable, 2) & wanted) != wanted)
            _exit(NOT_HELD);
        errno = 0;
        _exit(attempt() >= 0 ? 0 : errno);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "the child was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != NOT_HELD)
        return WEXITSTATUS(status);
    puts("skipped: this system has no Landlock or no seccomp");
    return -1;
}

static int read_inside(void)
{
    return open(inside, O_RDONLY);
}
static int read_outside(void)
{
    return open(outside, O_RDONLY);
}
static int list_outside(void)
{
    return open(folder, O_RDONLY | O_DIRECTORY);
}
static int write_inside(void)
{
    return open(inside, O_WRONLY);
}
static int truncate_inside(void)
{
    return open(inside, O_RDONLY | O_TRUNC);
}
static int make_file(void)
{
    return open("/tmp/avdump-confine-new", O_CREAT | O_WRONLY, 0600);
}
static int read_library(void)
{
    return open("/usr", O_RDONLY | O_DIRECTORY);
}
static int remove_file(void)
{
    return unlink(inside);
}
static int write_output(void)
{
    return write(STDOUT_FILENO, "", 0) == 0 ? 0 : -1;
}

static int ask_terminal(void)
{
    struct winsize size;

    /* Of no terminal: what matters is that the call gets that far. */
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 || errno == ENOTTY || errno == EINVAL ? 0
                                                                                              : -1;
}

static int type_into_terminal(void)
{
    return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

static int run_program(void)
{
    char *const arguments[] = {(char *)(size_t)"true", NULL};

    return execv("/bin/true", arguments);
}

static int start_process(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child;
}

static int use_memory(void)
{
    void *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory != MAP_FAILED && malloc(4 << 20) != NULL ? 0 : -1;
}

static int connect_to(int family)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = socket(family, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof address);
}

static int connect_internet(void)
{
    return connect_to(AF_INET);
}
static int connect_local(void)
{
    return connect_to(AF_UNIX);
}

static const struct {
    const char *name;
    int (*attempt)(void);
    unsigned by;
    int error;
} attempts[] = {
    {"read a readable file", read_inside, AVD_CONFINED_FILES | AVD_CONFINED_CALLS, 0},
    {"read the system's folders", read_library, AVD_CONFINED_FILES | AVD_CONFINED_CALLS, 0},
    {"write to what is open", write_output, AVD_CONFINED_FILES | AVD_CONFINED_CALLS, 0},
    {"ask how wide a terminal is", ask_terminal, AVD_CONFINED_CALLS, 0},
    {"type into a terminal", type_into_terminal, AVD_CONFINED_CALLS, EPERM},
    {"use memory", use_memory, AVD_CONFINED_FILES | AVD_CONFINED_CALLS, 0},
    {"read another file", read_outside, AVD_CONFINED_FILES, EACCES},
    {"list another folder", list_outside, AVD_CONFINED_FILES, EACCES},
    {"write a readable file", write_inside, AVD_CONFINED_FILES, EACCES},
    {"truncate a readable file", truncate_inside, AVD_CONFINED_FILES, EACCES},
    {"make a file", make_file, AVD_CONFINED_FILES, EACCES},
    {"remove a file", remove_file, AVD_CONFINED_CALLS, EPERM},
    {"connect to the internet", connect_internet, AVD_CONFINED_CALLS, EPERM},
    {"connect to a local service", connect_local, AVD_CONFINED_CALLS, EPERM},
    {"run a program", run_program, AVD_CONFINED_CALLS, EPERM},
    {"start a process", start_process, AVD_CONFINED_CALLS, EPERM},
};

START_TEST(a_confined_process)
{
    int error = confined(attempts[_i].by, attempts[_i].attempt);

    ck_assert_msg(error == -1 || error == attempts[_i].error, "%s: expected '%s', found '%s'",
                  attempts[_i].name, strerror(attempts[_i].error), strerror(error));
}
END_TEST

START_TEST(unconfined_all_of_it_works)
{
    ck_assert_int_ge(read_outside(), 0);
    ck_assert_int_ge(list_outside(), 0);
    ck_assert_int_ge(write_inside(), 0);
    ck_assert_int_ge(truncate_inside(), 0);
    ck_assert_int_ge(socket(AF_INET, SOCK_STREAM, 0), 0);
    ck_assert_int_ge(start_process(), 0);
    ck_assert_int_ge(remove_file(), 0);
}
END_TEST

static int allocate_much(void)
{
    char *volatile memory = malloc(64 << 20); /* else GCC 16 does not call it */

    errno = ENOMEM;
    return memory == NULL ? -1 : 0;
}

START_TEST(memory_ends_where_it_shall)
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(!avd_confine_memory(32 << 20) ? NOT_HELD : allocate_much() < 0 ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NOT_HELD,
                  "64 MiB were to be had with a limit of 32");
    ck_assert(avd_confine_memory(0));
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, a_confined_process, 0, (int)(sizeof attempts / sizeof *attempts));
    tcase_add_test(tests, unconfined_all_of_it_works);
    tcase_add_test(tests, memory_ends_where_it_shall);
}

int main(void)
{
    return suite_main("confine", add_tests);
}
