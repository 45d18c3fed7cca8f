/* SPDX-License-Identifier: MIT */
/*
 * The states of threads: one pass over each stack finds the functions of the table below, then the
 * innermost system call and what it was called for decide. The names are exports or public symbols
 * of Windows 7 to 11.
 */
#include "analyze/thread_state.h"

#include "base/limits.h"
#include "base/utf.h"

#include <string.h>

/* A system-call stub is 32 bytes at most; an export a little further below is another's name. */
enum { STUB_BYTES = 0x20, NEAR_EXPORT_BYTES = 0x200, FRAMES_TO_LOCK = 12 };

/* clang-format off */
enum library { LIB_OTHER = 0, LIB_NTDLL, LIB_KERNEL, LIB_USER, LIB_COM, LIB_RPC, LIB_CONTROLS,
               LIB_DEBUG, LIB_SYSTEM };
/* clang-format on */

enum role {
    ROLE_NONE = 0,
    /* system calls */
    ROLE_WAIT,
    ROLE_SLEEP,
    ROLE_FILE,
    ROLE_REQUEST,
    ROLE_QUEUE,
    ROLE_MESSAGES,
    ROLE_WINDOW_CALL,
    ROLE_HARD_ERROR,
    /* who called them */
    ROLE_ENTER,
    ROLE_SRW,
    ROLE_LOADER,
    ROLE_CONDITION,
    ROLE_POOL,
    ROLE_HOST,
    ROLE_PUMP,
    ROLE_SEND,
    ROLE_DISPATCH,
    ROLE_DIALOG,
    ROLE_DLL_MAIN,
    ROLE_START,
    ROLE_DUMP
};

static const struct {
    const char *name;
    enum library library;
} libraries[] = {
    {"ntdll.dll", LIB_NTDLL},       {"kernel32.dll", LIB_KERNEL},
    {"kernelbase.dll", LIB_KERNEL}, {"user32.dll", LIB_USER},
    {"win32u.dll", LIB_USER},       {"combase.dll", LIB_COM},
    {"ole32.dll", LIB_COM},         {"rpcrt4.dll", LIB_RPC},
    {"comctl32.dll", LIB_CONTROLS}, {"dbghelp.dll", LIB_DEBUG},
    {"dbgcore.dll", LIB_DEBUG},     {"wow64.dll", LIB_SYSTEM},
    {"wow64cpu.dll", LIB_SYSTEM},   {"wow64win.dll", LIB_SYSTEM},
    {"ws2_32.dll", LIB_SYSTEM},     {"mswsock.dll", LIB_SYSTEM},
    {"msvcrt.dll", LIB_SYSTEM},     {"ucrtbase.dll", LIB_SYSTEM},
    {"imm32.dll", LIB_SYSTEM},      {"msctf.dll", LIB_SYSTEM},
    {"uxtheme.dll", LIB_SYSTEM},    {"coremessaging.dll", LIB_SYSTEM},
};

/* A '*' at the end stands for anything. "Nt" stands for "Zw" too. */
static const struct {
    const char *name;
    enum library library;
    enum role role;
} functions[] = {
    {"NtWaitForSingleObject", LIB_NTDLL, ROLE_WAIT},
    {"NtWaitForMultipleObjects*", LIB_NTDLL, ROLE_WAIT},
    {"NtSignalAndWaitForSingleObject", LIB_NTDLL, ROLE_WAIT},
    {"NtWaitForAlertByThreadId", LIB_NTDLL, ROLE_WAIT},
    {"NtWaitForKeyedEvent", LIB_NTDLL, ROLE_WAIT},
    {"NtDelayExecution", LIB_NTDLL, ROLE_SLEEP},
    {"NtReadFile", LIB_NTDLL, ROLE_FILE},
    {"NtWriteFile", LIB_NTDLL, ROLE_FILE},
    {"NtFlushBuffersFile*", LIB_NTDLL, ROLE_FILE},
    {"NtDeviceIoControlFile", LIB_NTDLL, ROLE_FILE},
    {"NtFsControlFile", LIB_NTDLL, ROLE_FILE},
    {"NtCreateFile", LIB_NTDLL, ROLE_FILE},
    {"NtOpenFile", LIB_NTDLL, ROLE_FILE},
    {"NtAlpcSendWaitReceivePort", LIB_NTDLL, ROLE_REQUEST},
    {"NtRequestWaitReplyPort", LIB_NTDLL, ROLE_REQUEST},
    {"NtReplyWaitReceivePort*", LIB_NTDLL, ROLE_QUEUE},
    {"NtRemoveIoCompletion*", LIB_NTDLL, ROLE_QUEUE},
    {"NtWaitForWorkViaWorkerFactory", LIB_NTDLL, ROLE_QUEUE},
    {"NtRaiseHardError", LIB_NTDLL, ROLE_HARD_ERROR},
    {"NtUserGetMessage", LIB_USER, ROLE_MESSAGES},
    {"NtUserWaitMessage", LIB_USER, ROLE_MESSAGES},
    {"NtUserRealInternalGetMessage", LIB_USER, ROLE_MESSAGES},
    {"NtUserMsgWaitForMultipleObjects*", LIB_USER, ROLE_MESSAGES},
    {"NtUserMessageCall", LIB_USER, ROLE_WINDOW_CALL},
    {"RtlEnterCriticalSection", LIB_NTDLL, ROLE_ENTER},
    {"RtlpEnterCriticalSectionContended", LIB_NTDLL, ROLE_ENTER},
    {"RtlpWaitOnCriticalSection", LIB_NTDLL, ROLE_ENTER},
    {"RtlpWaitForCriticalSection", LIB_NTDLL, ROLE_ENTER},
    {"RtlAcquireSRWLock*", LIB_NTDLL, ROLE_SRW},
    {"RtlpAcquireSRWLock*", LIB_NTDLL, ROLE_SRW},
    {"LdrpAcquireLoaderLock", LIB_NTDLL, ROLE_LOADER},
    {"LdrLockLoaderLock", LIB_NTDLL, ROLE_LOADER},
    {"LdrpDrainWorkQueue", LIB_NTDLL, ROLE_LOADER},
    {"RtlSleepConditionVariable*", LIB_NTDLL, ROLE_CONDITION},
    {"SleepConditionVariable*", LIB_KERNEL, ROLE_CONDITION},
    {"TppWorkerThread", LIB_NTDLL, ROLE_POOL},
    {"RtlpWorkerThread", LIB_NTDLL, ROLE_POOL},
    {"TppWaiterpThread", LIB_NTDLL, ROLE_HOST},
    {"TppTimerpSet", LIB_NTDLL, ROLE_HOST},
    {"RtlpWaitThread", LIB_NTDLL, ROLE_HOST},
    {"RtlpTimerThread", LIB_NTDLL, ROLE_HOST},
    {"EtwpEventPump", LIB_NTDLL, ROLE_HOST},
    {"EtwpNotificationThread", LIB_NTDLL, ROLE_HOST},
    {"LRPC_ADDRESS::ReceiveLotsaCalls", LIB_RPC, ROLE_HOST},
    {"ReceiveLotsaCalls", LIB_RPC, ROLE_HOST},
    {"RecvLotsaCallsWrapper", LIB_RPC, ROLE_HOST},
    {"MsgWaitForMultipleObjects*", LIB_USER, ROLE_PUMP},
    {"RealMsgWaitForMultipleObjects*", LIB_USER, ROLE_PUMP},
    {"CCliModalLoop::*", LIB_COM, ROLE_PUMP},
    {"ModalLoop", LIB_COM, ROLE_PUMP},
    {"ClassicSTAThread*", LIB_COM, ROLE_PUMP},
    {"SendMessage*", LIB_USER, ROLE_SEND},
    {"DispatchMessage*", LIB_USER, ROLE_DISPATCH},
    {"UserCallWinProc*", LIB_USER, ROLE_DISPATCH},
    {"InternalCallWinProc", LIB_USER, ROLE_DISPATCH},
    {"CallWindowProc*", LIB_USER, ROLE_DISPATCH},
    {"MessageBox*", LIB_USER, ROLE_DIALOG},
    {"SoftModalMessageBox", LIB_USER, ROLE_DIALOG},
    {"TaskDialog*", LIB_CONTROLS, ROLE_DIALOG},
    {"LdrpCallInitRoutine*", LIB_NTDLL, ROLE_DLL_MAIN},
    {"LdrpRunInitializeRoutines", LIB_NTDLL, ROLE_DLL_MAIN},
    {"LdrpInitializeProcess", LIB_NTDLL, ROLE_START},
    {"MiniDumpWriteDump*", LIB_DEBUG, ROLE_DUMP},
};

/* What the frames of one stack say, the innermost of each role. */
struct reading {
    size_t at[ROLE_DUMP + 1];
    size_t outermost_dialog;
};

const char *avd_thread_kind_name(enum avd_thread_kind kind)
{
    switch (kind) {
    case AVD_THREAD_RUNNING: return "running";
    case AVD_THREAD_IDLE: return "idle";
    case AVD_THREAD_WAITING: return "waiting";
    case AVD_THREAD_BLOCKED: return "blocked";
    case AVD_THREAD_UNKNOWN: break;
    }
    return NULL;
}

const struct avd_an_stack *avd_thread_state_stack(const struct avd_analysis *an, size_t thread)
{
    return avd_an_main_stack(&an->threads[thread]);
}

const char *avd_thread_function(const struct avd_an_stack *stack, size_t i)
{
    const struct avd_frame *frame = &stack->stack.frames[i];
    const struct avd_symbol *symbol = &stack->symbols[i];

    if (symbol->function == NULL ||
        (symbol->approximate && symbol->displacement >= NEAR_EXPORT_BYTES))
        return NULL;
    if (frame->trust < AVD_TRUST_FRAME_POINTER && frame->evidence != AVD_EVIDENCE_TARGET)
        return NULL;
    return symbol->function;
}

static enum library library_of(const struct avd_analysis *an, const struct avd_an_stack *stack,
                               size_t i)
{
    size_t module = avd_analysis_module_at(an, avd_walk_lookup(&stack->stack.frames[i]));
    size_t k;

    if (module == AVD_NO_MODULE)
        return LIB_OTHER;
    for (k = 0; k < sizeof libraries / sizeof libraries[0]; k++)
        if (avd_ascii_casecmp(an->modules[module].module->name, libraries[k].name) == 0)
            return libraries[k].library;
    return LIB_OTHER;
}

bool avd_frame_is_system(const struct avd_analysis *an, const struct avd_an_stack *stack, size_t i)
{
    return library_of(an, stack, i) != LIB_OTHER;
}

const char *avd_frame_text(struct avd_analysis *an, const struct avd_an_stack *stack, size_t i)
{
    const struct avd_frame *frame = &stack->stack.frames[i];
    size_t module = avd_analysis_module_at(an, avd_walk_lookup(frame));
    const char *function = avd_thread_function(stack, i);

    if (module == AVD_NO_MODULE)
        return avd_arena_printf(&an->arena, "0x%llx", (unsigned long long)frame->pc);
    if (function != NULL)
        return avd_arena_printf(&an->arena, "%s!%s", an->modules[module].display_name, function);
    return avd_arena_printf(&an->arena, "%s+0x%llx", an->modules[module].display_name,
                            (unsigned long long)(frame->pc - an->modules[module].module->base));
}

const char *avd_thread_caller(struct avd_analysis *an, size_t thread)
{
    const struct avd_an_stack *stack = avd_thread_state_stack(an, thread);
    size_t i;

    if (stack == NULL || stack->symbols == NULL || stack->stack.count == 0)
        return NULL;
    for (i = 0; i < stack->stack.count && i < AVD_MAX_STATE_FRAMES; i++)
        if (!avd_frame_is_system(an, stack, i))
            return avd_frame_text(an, stack, i);
    return avd_frame_text(an, stack, 0);
}

const char *avd_thread_text(struct avd_analysis *an, size_t thread)
{
    const struct avd_thread *of = an->threads[thread].thread;

    if (of->name != NULL && of->name[0] != '\0')
        return avd_arena_printf(&an->arena, "thread %zu (0x%x, %s)", thread, of->id, of->name);
    return avd_arena_printf(&an->arena, "thread %zu (0x%x)", thread, of->id);
}

static bool is_named(const char *function, const char *pattern)
{
    size_t size = strlen(pattern);

    if (strncmp(function, "Zw", 2) == 0 && strncmp(pattern, "Nt", 2) == 0) {
        function += 2;
        pattern += 2;
        size -= 2;
    }
    if (size > 0 && pattern[size - 1] == '*')
        return strncmp(function, pattern, size - 1) == 0;
    return strcmp(function, pattern) == 0;
}

static enum role role_of(const struct avd_an_stack *stack, size_t i, enum library library)
{
    const char *function = avd_thread_function(stack, i);
    const struct avd_symbol *symbol = &stack->symbols[i];
    size_t k;

    if (function == NULL || library == LIB_OTHER || library == LIB_SYSTEM)
        return ROLE_NONE;
    for (k = 0; k < sizeof functions / sizeof functions[0]; k++) {
        if (functions[k].library != library || !is_named(function, functions[k].name))
            continue;
        if (functions[k].role <= ROLE_HARD_ERROR && symbol->approximate &&
            symbol->displacement >= STUB_BYTES)
            return ROLE_NONE;
        return functions[k].role;
    }
    return ROLE_NONE;
}

/* The place of the innermost frame of each role. */
static void read_stack(const struct avd_analysis *an, const struct avd_an_stack *stack,
                       struct reading *out)
{
    bool from_ntdll = true; /* all frames so far are ntdll's */
    size_t i;

    for (i = 0; i <= ROLE_DUMP; i++)
        out->at[i] = SIZE_MAX;
    out->outermost_dialog = SIZE_MAX;
    for (i = 0; i < stack->stack.count && i < AVD_MAX_STATE_FRAMES; i++) {
        enum library library = library_of(an, stack, i);
        enum role role = role_of(stack, i, library);
        bool is_lock = role == ROLE_ENTER || role == ROLE_SRW || role == ROLE_LOADER;

        from_ntdll = from_ntdll && (library == LIB_NTDLL || library == LIB_KERNEL);
        /* A thread waits for a lock only where nothing but the system is between. */
        if (is_lock && (!from_ntdll || i > FRAMES_TO_LOCK))
            continue;
        /* For a lock the outermost of its functions, which the program called. */
        if (role != ROLE_NONE && (out->at[role] == SIZE_MAX || is_lock))
            out->at[role] = i;
        if (role == ROLE_DIALOG)
            out->outermost_dialog = i;
    }
}

static void set(struct avd_thread_state *state, enum avd_thread_kind kind,
                enum avd_thread_wait wait, const char *reason)
{
    state->kind = kind;
    state->wait = wait;
    state->reason = reason;
}

static void set_lock(struct avd_thread_state *state, enum avd_thread_wait wait, size_t frame,
                     const char *reason)
{
    set(state, AVD_THREAD_BLOCKED, wait, reason);
    state->lock_frame = frame;
}

/* The innermost call is a wait for an object: for what? */
static void judge_wait(const struct reading *reading, struct avd_thread_state *state)
{
    if (reading->at[ROLE_LOADER] != SIZE_MAX)
        set_lock(state, AVD_WAIT_LOADER, reading->at[ROLE_LOADER],
                 "waits for the loader, which another thread keeps busy");
    else if (reading->at[ROLE_ENTER] != SIZE_MAX)
        set_lock(state, AVD_WAIT_CRITICAL_SECTION, reading->at[ROLE_ENTER],
                 "waits for a critical section");
    else if (reading->at[ROLE_SRW] != SIZE_MAX)
        set_lock(state, AVD_WAIT_SRW_LOCK, reading->at[ROLE_SRW],
                 "waits for a slim reader/writer lock");
    else if (reading->at[ROLE_PUMP] != SIZE_MAX)
        set(state, AVD_THREAD_WAITING, AVD_WAIT_OTHER,
            "waits for an object and handles messages meanwhile");
    else if (reading->at[ROLE_HOST] != SIZE_MAX && reading->at[ROLE_HOST] <= 2)
        set(state, AVD_THREAD_IDLE, AVD_WAIT_OTHER, "one of the system's threads, waits for work");
    else if (reading->at[ROLE_CONDITION] != SIZE_MAX)
        set(state, AVD_THREAD_WAITING, AVD_WAIT_OTHER, "waits for a condition variable");
    else
        set(state, AVD_THREAD_WAITING, AVD_WAIT_OTHER, "waits for an object");
}

static void judge(const struct avd_analysis *an, const struct avd_an_stack *stack, size_t top,
                  enum role role, const struct reading *reading, struct avd_thread_state *state)
{
    bool is_host = reading->at[ROLE_HOST] != SIZE_MAX && reading->at[ROLE_HOST] <= 3;
    const char *function = avd_thread_function(stack, top);

    switch ((unsigned)role) {
    case ROLE_WAIT: judge_wait(reading, state); return;
    case ROLE_SLEEP:
        if (is_host)
            set(state, AVD_THREAD_IDLE, AVD_WAIT_OTHER, "one of the system's threads, sleeps");
        else
            set(state, AVD_THREAD_WAITING, AVD_WAIT_OTHER, "sleeps");
        return;
    case ROLE_FILE:
        set(state, AVD_THREAD_BLOCKED, AVD_WAIT_FILE, "waits for a file or device");
        return;
    case ROLE_REQUEST:
        if (is_host)
            set(state, AVD_THREAD_IDLE, AVD_WAIT_OTHER, "waits for calls from other processes");
        else
            set(state, AVD_THREAD_BLOCKED, AVD_WAIT_PROCESS, "waits for another process's answer");
        return;
    case ROLE_QUEUE: set(state, AVD_THREAD_IDLE, AVD_WAIT_OTHER, "waits for work"); return;
    case ROLE_MESSAGES:
        if (state->dialog_frame != SIZE_MAX)
            set(state, AVD_THREAD_BLOCKED, AVD_WAIT_DIALOG, "shows a message box");
        else
            set(state, AVD_THREAD_IDLE, AVD_WAIT_OTHER, "waits for window messages");
        return;
    case ROLE_WINDOW_CALL:
        if (reading->at[ROLE_SEND] != SIZE_MAX)
            set(state, AVD_THREAD_BLOCKED, AVD_WAIT_WINDOW,
                "sent a message to a window and waits for its answer");
        else
            set(state, AVD_THREAD_UNKNOWN, AVD_WAIT_OTHER, "is in a window's system call");
        return;
    case ROLE_HARD_ERROR:
        set(state, AVD_THREAD_BLOCKED, AVD_WAIT_DIALOG, "shows an error of the system's");
        return;
    default: break;
    }
    if (function == NULL && library_of(an, stack, top) != LIB_OTHER)
        set(state, AVD_THREAD_UNKNOWN, AVD_WAIT_OTHER, "nothing names its innermost function");
    else if (function != NULL &&
             (strncmp(function, "Nt", 2) == 0 || strncmp(function, "Zw", 2) == 0))
        set(state, AVD_THREAD_UNKNOWN, AVD_WAIT_OTHER, "is in a system call");
    else
        set(state, AVD_THREAD_RUNNING, AVD_WAIT_OTHER, "runs");
}

static void read_thread(const struct avd_analysis *an, size_t thread,
                        struct avd_thread_state *state)
{
    const struct avd_an_stack *stack = avd_thread_state_stack(an, thread);
    struct reading reading;
    size_t top = 0;

    state->lock_frame = state->dispatch_frame = state->dialog_frame = SIZE_MAX;
    state->reason = "its stack could not be walked";
    if (stack == NULL || stack->symbols == NULL || stack->stack.count == 0)
        return;
    read_stack(an, stack, &reading);
    state->dispatch_frame = reading.at[ROLE_DISPATCH];
    state->dialog_frame = reading.outermost_dialog;
    state->is_pool_worker = reading.at[ROLE_POOL] != SIZE_MAX;
    state->in_dll_main = reading.at[ROLE_DLL_MAIN] != SIZE_MAX;
    state->starts_process = reading.at[ROLE_START] != SIZE_MAX;
    state->writes_dump = reading.at[ROLE_DUMP] != SIZE_MAX;
    state->pumps = reading.at[ROLE_PUMP] != SIZE_MAX;
    /* 32-bit Windows before 8: the stub's own frame is the caller of this one. */
    if (stack->stack.count > 1 && stack->symbols[0].function != NULL &&
        strcmp(stack->symbols[0].function, "KiFastSystemCallRet") == 0)
        top = 1;
    judge(an, stack, top, role_of(stack, top, library_of(an, stack, top)), &reading, state);
}

const struct avd_thread_state *avd_thread_states(struct avd_analysis *an)
{
    struct avd_thread_state *states;
    size_t i;

    if (an->states != NULL)
        return an->states;
    states = avd_arena_alloc(&an->arena, an->thread_count, sizeof *states);
    if (states == NULL)
        return NULL;
    for (i = 0; i < an->thread_count; i++) {
        read_thread(an, i, &states[i]);
        if (avd_analysis_os(an->dump) != AVD_OS_WINDOWS)
            set(&states[i], AVD_THREAD_UNKNOWN, AVD_WAIT_OTHER, "only known of Windows processes");
    }
    an->states = states;
    return states;
}
