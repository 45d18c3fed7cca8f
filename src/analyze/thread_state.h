/* SPDX-License-Identifier: MIT */
/*
 * What each thread was doing when the dump was written, read off its innermost frames: it runs, it
 * idles where threads idle, it waits for something, or it is held up by another thread, process or
 * the user. Only certain frames with certain names count, so much stays unknown in dumps without
 * symbols. Windows only.
 */
#ifndef AVD_ANALYZE_THREAD_STATE_H
#define AVD_ANALYZE_THREAD_STATE_H

#include "analyze/analysis.h"

enum avd_thread_kind {
    AVD_THREAD_UNKNOWN = 0,
    AVD_THREAD_RUNNING,
    AVD_THREAD_IDLE,    /* waits for work: messages, requests, a timer */
    AVD_THREAD_WAITING, /* waits for an object, and nothing shows who should set it */
    AVD_THREAD_BLOCKED  /* a lock, a window, a request or a person is in its way */
};
const char *avd_thread_kind_name(enum avd_thread_kind kind); /* "running" ...; NULL: unknown */

enum avd_thread_wait {
    AVD_WAIT_OTHER = 0,
    AVD_WAIT_CRITICAL_SECTION,
    AVD_WAIT_SRW_LOCK,
    AVD_WAIT_LOADER,  /* the loader lock, or the loader's work on another thread */
    AVD_WAIT_WINDOW,  /* SendMessage to another thread */
    AVD_WAIT_PROCESS, /* a request to another process */
    AVD_WAIT_FILE,    /* a file or device */
    AVD_WAIT_DIALOG   /* a message box */
};

struct avd_thread_state {
    enum avd_thread_kind kind;
    enum avd_thread_wait wait; /* of a blocked one */
    const char *reason;        /* in words, or why it is not known; never NULL */
    size_t lock_frame;         /* frame of the function that wants the lock, or SIZE_MAX */
    size_t dispatch_frame;     /* innermost one that calls a window procedure, or SIZE_MAX */
    size_t dialog_frame;       /* outermost of a message box's functions, or SIZE_MAX */
    bool pumps;                /* it handles messages while it waits */
    bool is_pool_worker;
    bool in_dll_main;    /* the loader runs a DLL's code on it */
    bool starts_process; /* the loader initialises the process on it */
    bool writes_dump;    /* it is inside MiniDumpWriteDump */
};

/* The states of all threads, as many as the analysis has, in its arena; computed at the first call.
 * NULL when out of memory. */
const struct avd_thread_state *avd_thread_states(struct avd_analysis *analysis);

/* The thread's stack that its state was read off. */
const struct avd_an_stack *avd_thread_state_stack(const struct avd_analysis *analysis,
                                                  size_t thread);
/* The function of a frame, where that is certain; NULL otherwise. */
const char *avd_thread_function(const struct avd_an_stack *stack, size_t i);
/* "module!function" or "module+0x12" of a frame; NULL when out of memory. */
const char *avd_frame_text(struct avd_analysis *analysis, const struct avd_an_stack *stack,
                           size_t i);
/* Whether the frame's module is one of the system's that threads wait in on behalf of others. */
bool avd_frame_is_system(const struct avd_analysis *analysis, const struct avd_an_stack *stack,
                         size_t frame);
/* The innermost frame outside the system's modules, else the innermost one; NULL: no frames. */
const char *avd_thread_caller(struct avd_analysis *analysis, size_t thread);
/* "thread 3 (0x1a4, worker)". */
const char *avd_thread_text(struct avd_analysis *analysis, size_t thread);

#endif
