/* SPDX-License-Identifier: MIT */
/*
 * Workers on Windows are twins (base/twin.h), which come to the same avd_gate_crew_new, are told
 * the handles of two pipes and serve instead. A request is a header and the item's name; bytes that
 * the parent read out of an archive are handed over as a section of memory.
 */
#include "gate/crew.h"

#include "base/confine.h"
#include "base/memory.h"
#include "base/twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

enum {
    READ_BYTES = 64 * 1024,
    MAX_NAME_BYTES = 1 << 20,
    WORKER_FAILED = 4 /* exit code: no memory, or the parent cannot be understood */
};

static const WCHAR handles_name[] = L"AVDUMP_GATE_WORKER";

struct request {
    uint64_t size;      /* of the dump in bytes */
    uint64_t section;   /* the worker's handle of the dump's bytes; 0: it is in a file */
    uint32_t name_size; /* with its terminator */
    uint32_t in_memory;
};

struct process {
    struct avd_twin twin;
    HANDLE requests;
    HANDLE answers;
    OVERLAPPED overlapped; /* of the read that is under way */
    bool reading;
    unsigned char bytes[READ_BYTES];
};

struct avd_gate_crew {
    const struct avd_gate_pool_options *options;
    unsigned count; /* of processes */
    unsigned pipes; /* made so far: each has a name of its own */
    struct process *processes;
};

static volatile LONG interrupted;

static BOOL WINAPI note_interrupt(DWORD event)
{
    (void)event;
    InterlockedExchange(&interrupted, 1);
    return TRUE;
}

void avd_gate_catch_interrupts(void)
{
    (void)SetConsoleCtrlHandler(note_interrupt, TRUE);
}

bool avd_gate_interrupted(void)
{
    return interrupted != 0;
}

/* As many as WaitForMultipleObjects waits for. */
unsigned avd_gate_processors(void)
{
    SYSTEM_INFO info;

    GetSystemInfo(&info);
    return info.dwNumberOfProcessors < 1                      ? 1
           : info.dwNumberOfProcessors > MAXIMUM_WAIT_OBJECTS ? MAXIMUM_WAIT_OBJECTS
                                                              : info.dwNumberOfProcessors;
}

uint64_t avd_gate_crew_clock(void)
{
    return GetTickCount64();
}

/* ---- both sides: whole messages ---- */

static bool send_all(HANDLE pipe, const void *bytes, size_t size)
{
    const unsigned char *next = bytes;

    while (size != 0) {
        DWORD piece = size < READ_BYTES ? (DWORD)size : READ_BYTES;
        DWORD sent = 0;

        if (!WriteFile(pipe, next, piece, &sent, NULL) || sent == 0)
            return false;
        next += sent;
        size -= sent;
    }
    return true;
}

static bool receive_all(HANDLE pipe, void *bytes, size_t size)
{
    unsigned char *next = bytes;

    while (size != 0) {
        DWORD got = 0;

        if (!ReadFile(pipe, next, (DWORD)size, &got, NULL) || got == 0)
            return false;
        next += got;
        size -= got;
    }
    return true;
}

/* ---- the worker ---- */

/* An avd_write_fn; a HANDLE is a pointer. */
static int send_bytes(void *pipe, const char *bytes, size_t size)
{
    return !send_all(pipe, bytes, size);
}

static bool serve(const struct avd_gate_pool_options *options, HANDLE requests, HANDLE answers)
{
    struct avd_gate_item item = {0};
    struct request request;
    HANDLE section;
    char *name;
    bool good;

    if (!receive_all(requests, &request, sizeof request) || request.name_size == 0 ||
        request.name_size > MAX_NAME_BYTES)
        return false;
    name = avd_mem_calloc(request.name_size, 1);
    good = name != NULL && receive_all(requests, name, request.name_size);
    section = (HANDLE)(uintptr_t)request.section;
    item.name = name;
    item.size = request.size;
    item.in_memory = request.in_memory != 0;
    if (good && section != NULL) {
        item.bytes.data = MapViewOfFile(section, FILE_MAP_READ, 0, 0, (SIZE_T)request.size);
        item.bytes.size = (size_t)request.size;
        good = item.bytes.data != NULL;
    }
    if (good) {
        good = avd_gate_answer(options, &item, send_bytes, answers);
        if (item.bytes.data != NULL)
            (void)UnmapViewOfFile(item.bytes.data);
    }
    if (section != NULL)
        (void)CloseHandle(section);
    avd_mem_free(name);
    return good;
}

/* Serves and does not return, if this process was started as a worker. */
static void serve_if_worker(const struct avd_gate_pool_options *options)
{
    WCHAR text[AVD_TWIN_TEXT_UNITS];
    WCHAR *end;
    HANDLE requests;
    HANDLE answers;

    if (!avd_twin_told(handles_name, text))
        return;
    (void)avd_confine_memory(options->max_memory);
    requests = (HANDLE)(uintptr_t)wcstoull(text, &end, 16);
    answers = (HANDLE)(uintptr_t)(*end == L',' ? wcstoull(end + 1, &end, 16) : 0);
    if (GetFileType(requests) == FILE_TYPE_PIPE && GetFileType(answers) == FILE_TYPE_PIPE)
        while (serve(options, requests, answers)) {
        }
    ExitProcess(WORKER_FAILED);
}

/* ---- the parent ---- */

struct avd_gate_crew *avd_gate_crew_new(const struct avd_gate_pool_options *options)
{
    struct avd_gate_crew *crew;

    serve_if_worker(options);
    crew = avd_mem_calloc(1, sizeof *crew);
    if (crew == NULL)
        return NULL;
    crew->options = options;
    crew->count = options->workers;
    crew->processes = avd_mem_calloc(crew->count, sizeof *crew->processes);
    if (crew->processes != NULL)
        return crew;
    avd_mem_free(crew);
    return NULL;
}

void avd_gate_crew_free(struct avd_gate_crew *crew)
{
    unsigned i;

    if (crew == NULL)
        return;
    for (i = 0; i < crew->count; i++)
        avd_gate_crew_end(crew, i);
    avd_mem_free(crew->processes);
    avd_mem_free(crew);
}

static void close_handle(HANDLE *handle)
{
    if (*handle != NULL && *handle != INVALID_HANDLE_VALUE)
        (void)CloseHandle(*handle);
    *handle = NULL;
}

void avd_gate_crew_end(struct avd_gate_crew *crew, unsigned i)
{
    struct process *p = &crew->processes[i];
    DWORD got;

    avd_twin_end(&p->twin);
    if (p->reading) {
        /* Until then the system may write into p->bytes. */
        (void)CancelIo(p->answers);
        (void)GetOverlappedResult(p->answers, &p->overlapped, &got, TRUE);
    }
    close_handle(&p->requests);
    close_handle(&p->answers);
    close_handle(&p->overlapped.hEvent);
    p->reading = false;
}

/* Two pipes; the worker's ends can be inherited, and only while one is being started. */
static bool make_pipes(struct avd_gate_crew *crew, struct process *p, HANDLE *their_requests,
                       HANDLE *their_answers)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    WCHAR name[96];

    *their_requests = *their_answers = NULL;
    if (!CreatePipe(their_requests, &p->requests, &inherited, READ_BYTES) ||
        !SetHandleInformation(p->requests, HANDLE_FLAG_INHERIT, 0))
        return false;
    /* Only a pipe with a name can be read without waiting for it. */
    (void)swprintf(name, sizeof name / sizeof *name, L"\\\\.\\pipe\\avdump-gate-%lu-%u",
                   (unsigned long)GetCurrentProcessId(), crew->pipes++);
    p->answers = CreateNamedPipeW(
        name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, READ_BYTES, READ_BYTES, 0,
        NULL);
    if (p->answers == INVALID_HANDLE_VALUE)
        return false;
    *their_answers = CreateFileW(name, GENERIC_WRITE, 0, &inherited, OPEN_EXISTING, 0, NULL);
    p->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    return *their_answers != INVALID_HANDLE_VALUE && p->overlapped.hEvent != NULL;
}

static bool start(struct avd_gate_crew *crew, struct process *p)
{
    HANDLE requests;
    HANDLE answers;
    WCHAR text[AVD_TWIN_TEXT_UNITS];
    bool good = make_pipes(crew, p, &requests, &answers);

    if (good) {
        (void)swprintf(text, AVD_TWIN_TEXT_UNITS, L"%llx,%llx",
                       (unsigned long long)(uintptr_t)requests,
                       (unsigned long long)(uintptr_t)answers);
        good = avd_twin_start(&p->twin, handles_name, text, NULL);
    }
    close_handle(&requests);
    close_handle(&answers);
    return good;
}

/* The worker's handle of a section with `bytes`; 0 when there can be none. */
static uint64_t give_section(HANDLE process, struct avd_view bytes)
{
    HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE,
                           (DWORD)((uint64_t)bytes.size >> 32), (DWORD)bytes.size, NULL);
    HANDLE given = NULL;
    void *memory;

    if (section == NULL)
        return 0;
    memory = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, bytes.size);
    if (memory != NULL) {
        memcpy(memory, bytes.data, bytes.size);
        (void)UnmapViewOfFile(memory);
        if (!DuplicateHandle(GetCurrentProcess(), section, process, &given, 0, FALSE,
                             DUPLICATE_SAME_ACCESS))
            given = NULL;
    }
    (void)CloseHandle(section);
    return (uint64_t)(uintptr_t)given;
}

bool avd_gate_crew_send(struct avd_gate_crew *crew, unsigned i, const struct avd_gate_item *item)
{
    struct process *p = &crew->processes[i];
    struct request request = {.size = item->size,
                              .name_size = (uint32_t)(strlen(item->name) + 1),
                              .in_memory = item->in_memory};

    if (p->twin.process == NULL && !start(crew, p))
        return false;
    if (item->in_memory && item->bytes.size != 0) {
        request.size = item->bytes.size;
        request.section = give_section(p->twin.process, item->bytes);
        if (request.section == 0)
            return false;
    }
    return send_all(p->requests, &request, sizeof request) &&
           send_all(p->requests, item->name, request.name_size);
}

/* Begins to read, unless that was begun; the event tells when there is something, or an end. */
static void begin_reading(struct process *p)
{
    if (p->reading)
        return;
    (void)ResetEvent(p->overlapped.hEvent);
    p->reading = ReadFile(p->answers, p->bytes, READ_BYTES, NULL, &p->overlapped) ||
                 GetLastError() == ERROR_IO_PENDING;
}

void avd_gate_crew_wait(struct avd_gate_crew *crew, const bool *busy)
{
    HANDLE events[MAXIMUM_WAIT_OBJECTS];
    DWORD count = 0;
    unsigned i;

    for (i = 0; i < crew->count; i++) {
        if (!busy[i])
            continue;
        begin_reading(&crew->processes[i]);
        if (!crew->processes[i].reading)
            return; /* it is gone, which avd_gate_crew_read tells */
        /* More than the system can wait for: the others are looked at after each tick. */
        if (count < MAXIMUM_WAIT_OBJECTS)
            events[count++] = crew->processes[i].overlapped.hEvent;
    }
    if (count != 0)
        (void)WaitForMultipleObjects(count, events, FALSE, AVD_GATE_TICK_MS);
    else
        Sleep(AVD_GATE_TICK_MS);
}

ptrdiff_t avd_gate_crew_read(struct avd_gate_crew *crew, unsigned i, void *bytes, size_t size)
{
    struct process *p = &crew->processes[i];
    DWORD got = 0;

    begin_reading(p);
    if (!p->reading)
        return -1;
    if (!GetOverlappedResult(p->answers, &p->overlapped, &got, FALSE)) {
        if (GetLastError() == ERROR_IO_INCOMPLETE)
            return 0;
        p->reading = false;
        return -1;
    }
    p->reading = false;
    if (got == 0 || got > size)
        return -1;
    memcpy(bytes, p->bytes, got);
    return (ptrdiff_t)got;
}

void avd_gate_crew_explain(struct avd_gate_crew *crew, unsigned i, char *words, size_t size)
{
    unsigned long code = STILL_ACTIVE;

    /* The pipe breaks a little before the process has ended. */
    (void)avd_twin_wait(&crew->processes[i].twin, 1000, &code);
    if (avd_twin_crashed(code))
        (void)snprintf(words, size, "was ended by exception 0x%08lx", code);
    else
        (void)snprintf(words, size, "ended without an answer (exit code %lu)", code);
}
