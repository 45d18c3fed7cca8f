/* SPDX-License-Identifier: MIT */
/*
 * One dump in a process of its own: --sandbox, --timeout and --max-memory hold for it alone, and
 * whatever it does to that process costs no other dump.
 */
#include "base/confine.h"
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_WROTE = 64 }; /* beside the exit code, which is 4 at most */

static _Noreturn void run_child(const struct avd_cli_settings *settings,
                                const struct avd_cli_child *child, int wrote)
{
    enum avd_cli_exit code;

#ifdef __linux__
    /* A parent that is killed cannot end it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    (void)alarm(settings->timeout_seconds);
    (void)avd_confine_memory(settings->max_memory);
    code = child->run(child->ctx, &wrote);
    _exit((int)code | (wrote ? CHILD_WROTE : 0));
}

static enum avd_status describe_end(const struct avd_cli_settings *settings, int status,
                                    struct avd_error *err)
{
    memset(err, 0, sizeof *err);
    err->code = AVD_E_LIMIT;
    if (WTERMSIG(status) == SIGALRM && settings->timeout_seconds != 0)
        (void)snprintf(err->message, sizeof err->message,
                       "the analysis took longer than %u s and was ended (--timeout)",
                       settings->timeout_seconds);
    else
        (void)snprintf(err->message, sizeof err->message,
                       "the analysis was ended by signal %d (%s)", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    return err->code;
}

/* A fork is where it is already. */
int avd_cli_child_is_one(void)
{
    return 0;
}

void avd_cli_child_hush(void)
{
}

enum avd_status avd_cli_child_run(const struct avd_cli_settings *settings,
                                  const struct avd_cli_child *child, enum avd_cli_exit *code,
                                  int *wrote, struct avd_error *err)
{
    int status = 0;
    pid_t pid;

    (void)fflush(NULL); /* or the child would write what is buffered once more */
    pid = fork();
    if (pid < 0) {
        memset(err, 0, sizeof *err);
        err->code = AVD_E_NOMEM;
        (void)snprintf(err->message, sizeof err->message, "no process for it can be started: %s",
                       strerror(errno));
        return err->code;
    }
    if (pid == 0)
        run_child(settings, child, *wrote);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status))
        return describe_end(settings, status, err);
    *code = (enum avd_cli_exit)(WEXITSTATUS(status) & ~CHILD_WROTE);
    *wrote |= (WEXITSTATUS(status) & CHILD_WROTE) != 0;
    return AVD_OK;
}
