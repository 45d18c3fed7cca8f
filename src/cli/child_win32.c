/* SPDX-License-Identifier: MIT */
/*
 * One dump in a process of its own, on Windows: a twin (base/twin.h), which comes to the same file
 * of the same command line, is told so and does that one only. What this process has said before,
 * of rule files for example, a twin says as well, and must not be heard until then.
 */
#include "output.h"

#include "base/confine.h"
#include "base/twin.h"

#include <fcntl.h>
#include <io.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The exit code of a twin that has done its work: no other end of a process looks like it. */
enum { TWIN_DONE = 0x5a00, TWIN_WROTE = 0x40, TWIN_CODE = 0x0f };

static const wchar_t variable[] = L"AVDUMP_CHILD";

static struct {
    int known; /* this process was looked at */
    int is_twin;
    int number; /* of the file that it is for */
    int wrote;
    int standard_error; /* a descriptor, kept while nobody hears it */
} self;

static void look_at_self(void)
{
    wchar_t text[AVD_TWIN_TEXT_UNITS];

    if (self.known)
        return;
    self.known = 1;
    self.is_twin =
        avd_twin_told(variable, text) && swscanf(text, L"%d,%d", &self.number, &self.wrote) == 2;
}

int avd_cli_child_is_one(void)
{
    look_at_self();
    return self.is_twin;
}

void avd_cli_child_hush(void)
{
    int nowhere;

    if (!avd_cli_child_is_one())
        return;
    self.standard_error = _dup(_fileno(stderr));
    nowhere = _open("NUL", _O_WRONLY | _O_BINARY);
    if (self.standard_error >= 0 && nowhere >= 0)
        (void)_dup2(nowhere, _fileno(stderr));
    if (nowhere >= 0)
        (void)_close(nowhere);
}

static _Noreturn void run_twin(const struct avd_cli_settings *settings,
                               const struct avd_cli_child *child)
{
    enum avd_cli_exit code;
    int wrote = self.wrote;

    (void)fflush(stderr);
    if (self.standard_error >= 0)
        (void)_dup2(self.standard_error, _fileno(stderr));
    (void)avd_confine_memory(settings->max_memory);
    code = child->run(child->ctx, &wrote);
    (void)fflush(NULL);
    _exit(TWIN_DONE | (int)code | (wrote ? TWIN_WROTE : 0));
}

static enum avd_status describe_end(const struct avd_cli_settings *settings, bool ended,
                                    unsigned long code, struct avd_error *err)
{
    memset(err, 0, sizeof *err);
    err->code = AVD_E_LIMIT;
    if (!ended)
        (void)snprintf(err->message, sizeof err->message,
                       "the analysis took longer than %u s and was ended (--timeout)",
                       settings->timeout_seconds);
    else if (avd_twin_crashed(code))
        (void)snprintf(err->message, sizeof err->message,
                       "the analysis was ended by exception 0x%08lx", code);
    else
        (void)snprintf(err->message, sizeof err->message,
                       "the analysis was ended from outside (exit code %lu)", code);
    return err->code;
}

/* What the system calls a file that is open here. */
static void *handle_of(const struct avd_gate_sink *sink)
{
    return sink->direct ? (void *)_get_osfhandle(_fileno(sink->stream)) : sink->file.handle;
}

enum avd_status avd_cli_child_run(const struct avd_cli_settings *settings,
                                  const struct avd_cli_child *child, enum avd_cli_exit *code,
                                  int *wrote, struct avd_error *err)
{
    wchar_t text[AVD_TWIN_TEXT_UNITS];
    struct avd_twin twin;
    unsigned long end = 0;
    bool ended;

    *code = AVD_EXIT_CLEAN;
    if (avd_cli_child_is_one()) {
        if (self.number == child->number)
            run_twin(settings, child);
        return AVD_OK; /* another twin's */
    }
    (void)fflush(NULL); /* what was written so far comes first */
    (void)swprintf(text, AVD_TWIN_TEXT_UNITS, L"%d,%d", child->number, *wrote != 0);
    if (!avd_twin_start(&twin, variable, text, handle_of(&child->output->sink))) {
        memset(err, 0, sizeof *err);
        err->code = AVD_E_NOMEM;
        (void)snprintf(err->message, sizeof err->message, "no process for it can be started");
        return err->code;
    }
    ended = avd_twin_wait(&twin, settings->timeout_seconds * 1000, &end);
    avd_twin_end(&twin);
    if (!ended || (end & ~(unsigned long)(TWIN_WROTE | TWIN_CODE)) != TWIN_DONE)
        return describe_end(settings, ended, end, err);
    *code = (enum avd_cli_exit)(end & TWIN_CODE);
    *wrote |= (end & TWIN_WROTE) != 0;
    return AVD_OK;
}
