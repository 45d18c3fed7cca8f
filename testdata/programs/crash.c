// SPDX-License-Identifier: MIT
//
// A Windows program that gets into trouble in one chosen way, several calls deep, so that a dump of
// it has a stack worth reading: main -> outer -> middle -> inner -> the mode's own function. Two
// named threads wait meanwhile. Everything on the stacks is exported: a reader of the dump finds
// the names in the export table in its memory.
//
// usage: crash.exe MODE       (the modes are listed in the table below)

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <windows.h>

// Exported, never inlined, and still on the stack while a function it called runs.
#define EXPORTED __declspec(dllexport) __attribute__((noinline, disable_tail_calls))

#define APPLICATION_EXCEPTION 0xE0ADD001

// Volatile, so that the compiler cannot tell what will happen.
static int *volatile null_pointer;
static void (*volatile null_function)(void);
static volatile uintptr_t unmapped_address = 0x1BADC0DE;
static volatile int zero;
static volatile unsigned counter;
static void (*volatile in_callback)(void);
static volatile LONG handler_waits;

EXPORTED void null_read(void)
{
    counter = (unsigned)*null_pointer;
}

EXPORTED void null_write(void)
{
    *null_pointer = 42;
}

EXPORTED void null_call(void)
{
    null_function();
}

EXPORTED void wild_call(void)
{
    ((void (*)(void))unmapped_address)();
}

EXPORTED void divide(void)
{
    counter = (unsigned)(1000 / zero);
}

EXPORTED void misaligned(void)
{
    static char bytes[64];
    char *volatile odd = bytes + 1 - ((uintptr_t)bytes & 15) + 16;

    __asm__ volatile("movaps (%0), %%xmm0" : : "r"(odd));
}

EXPORTED void fast_fail(void)
{
    __asm__ volatile("int $0x29" : : "c"(FAST_FAIL_FATAL_APP_EXIT));
}

EXPORTED void raise_exception(void)
{
    const ULONG_PTR parameters[] = {0x1111, 0x2222};
    RaiseException(APPLICATION_EXCEPTION, 0, 2, parameters);
}

EXPORTED void wait_forever(void)
{
    HANDLE never = CreateEventA(NULL, TRUE, FALSE, NULL);
    WaitForSingleObject(never, INFINITE);
}

// Asked what to do about the exception of null_read, it fails itself; asked about its own, it does
// not know, or waits.
EXPORTED LONG CALLBACK failing_handler(EXCEPTION_POINTERS *pointers)
{
    static volatile LONG asked;
    (void)pointers;
    if (InterlockedIncrement(&asked) == 1) {
        *null_pointer = 42;
    }
    if (handler_waits) {
        wait_forever();
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

EXPORTED void handler_fault(void)
{
    AddVectoredExceptionHandler(1, failing_handler);
    null_read();
}

// Waits in the second exception.
EXPORTED LONG CALLBACK waiting_handler(EXCEPTION_POINTERS *pointers)
{
    static volatile LONG asked;
    (void)pointers;
    if (InterlockedIncrement(&asked) == 2) {
        wait_forever();
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

// The filter of unhandled exceptions, which a handler of a frame asks.
EXPORTED LONG CALLBACK failing_filter(EXCEPTION_POINTERS *pointers)
{
    (void)pointers;
    *null_pointer = 42;
    return EXCEPTION_CONTINUE_SEARCH;
}

EXPORTED void filter_fault(void)
{
    AddVectoredExceptionHandler(1, waiting_handler);
    SetUnhandledExceptionFilter(failing_filter);
    null_read();
}

EXPORTED void recurse(void)
{
    volatile char frame[1000]; // about a thousand calls on the usual stack of 1 MiB
    frame[counter % sizeof frame] = 1;
    if (zero == 0) {
        recurse();
    }
    counter += (unsigned char)frame[0];
}

// The kernel calls it while the window is created.
EXPORTED LRESULT CALLBACK window_procedure(HWND window, UINT message, WPARAM w, LPARAM l)
{
    in_callback();
    return message == WM_NCCREATE && window != NULL && w == 0 && l != 0;
}

// user32 is loaded here, so that it is in no other dump.
EXPORTED void create_window(void)
{
    HMODULE user32 = LoadLibraryA("user32.dll");
    WNDCLASSA class = {.lpfnWndProc = window_procedure, .lpszClassName = "avdump"};
    ATOM(WINAPI * register_class)(const WNDCLASSA *) =
        (ATOM(WINAPI *)(const WNDCLASSA *))(void *)GetProcAddress(user32, "RegisterClassA");
    HWND(WINAPI * create)(DWORD, LPCSTR, LPCSTR, DWORD, int, int, int, int, HWND, HMENU, HINSTANCE,
                          LPVOID) =
        (HWND(WINAPI *)(DWORD, LPCSTR, LPCSTR, DWORD, int, int, int, int, HWND, HMENU, HINSTANCE,
                        LPVOID))(void *)GetProcAddress(user32, "CreateWindowExA");
    register_class(&class);
    create(0, "avdump", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
}

EXPORTED void callback(void)
{
    in_callback = wait_forever;
    create_window();
}

EXPORTED void nested_callback(void)
{
    in_callback = callback;
    create_window();
}

EXPORTED void callback_fault(void)
{
    handler_waits = TRUE;
    in_callback = handler_fault;
    create_window();
}

EXPORTED int compare(const void *a, const void *b)
{
    wait_forever();
    return a < b;
}

EXPORTED void sort(void)
{
    int numbers[] = {2, 1};
    qsort(numbers, 2, sizeof *numbers, compare);
}

EXPORTED VOID CALLBACK apc_routine(ULONG_PTR unused)
{
    wait_forever();
    counter += (unsigned)unused;
}

EXPORTED void apc(void)
{
    QueueUserAPC(apc_routine, GetCurrentThread(), 0);
    SleepEx(INFINITE, TRUE);
}

EXPORTED void sleep_forever(void)
{
    for (;;) {
        Sleep(1000 * 1000);
    }
}

EXPORTED void spin_forever(void)
{
    for (;;) {
        counter++;
    }
}

static const struct mode {
    const char *name;
    void (*function)(void);
} modes[] = {
    {"null-read", null_read},         // read through a null pointer
    {"null-write", null_write},       // write through a null pointer
    {"null-call", null_call},         // call through a null function pointer
    {"wild-call", wild_call},         // call to an address that is in no module
    {"divide", divide},               // divide by zero
    {"misaligned", misaligned},       // movaps from an odd address
    {"fast-fail", fast_fail},         // __fastfail(7)
    {"raise", raise_exception},       // an exception of the application's own, with two parameters
    {"handler-fault", handler_fault}, // an exception in the handler of another
    {"stack-overflow", recurse},      // recursion without end
    {"wait", wait_forever},           // no crash
    {"callback", callback},           // no crash, it waits in a window procedure
    {"nested-callback", nested_callback}, // the same in another one's window procedure
    {"callback-fault", callback_fault},   // handler-fault in a window procedure; then it waits
    {"filter-fault", filter_fault},       // an exception in the filter of another; then it waits
    {"sort", sort},                       // no crash, it waits in qsort's comparison function
    {"apc", apc},                         // no crash, it waits in an asynchronous procedure call
    {"spin", spin_forever},               // no crash, a thread that never leaves the program's code
};

EXPORTED void inner(const struct mode *mode)
{
    mode->function();
    counter++;
}

EXPORTED void middle(const struct mode *mode)
{
    inner(mode);
    counter++;
}

EXPORTED void outer(const struct mode *mode)
{
    middle(mode);
    counter++;
}

EXPORTED DWORD WINAPI sleeper(void *unused)
{
    sleep_forever();
    return unused == NULL;
}

EXPORTED DWORD WINAPI waiter(void *unused)
{
    wait_forever();
    return unused == NULL;
}

// SetThreadDescription came with Windows 10 and is missing from older import libraries.
static void name_thread(HANDLE thread, const wchar_t *name)
{
    typedef HRESULT(WINAPI * set_description)(HANDLE, const wchar_t *);
    HMODULE kernelbase = GetModuleHandleA("kernelbase.dll");
    set_description function =
        (set_description)(void *)GetProcAddress(kernelbase, "SetThreadDescription");
    if (function != NULL) {
        function(thread, name);
    }
}

static void start_thread(LPTHREAD_START_ROUTINE function, const wchar_t *name)
{
    DWORD id = 0;
    HANDLE thread = CreateThread(NULL, 0, function, NULL, 0, &id);
    name_thread(thread, name);
    printf("thread: %lu %ls\n", id, name);
}

EXPORTED int main(int argc, char **argv)
{
    const struct mode *mode = NULL;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (argc == 2 && strcmp(argv[1], modes[i].name) == 0) {
            mode = &modes[i];
        }
    }
    if (mode == NULL) {
        fprintf(stderr, "usage: crash.exe MODE\n");
        return 2;
    }

    printf("pid: %lu\n", GetCurrentProcessId());
    name_thread(GetCurrentThread(), L"main");
    printf("thread: %lu main\n", GetCurrentThreadId());
    start_thread(sleeper, L"sleeper");
    start_thread(waiter, L"waiter");
    Sleep(500); // both threads have arrived where they wait
    printf("ready\n");
    fflush(stdout);

    outer(mode);
    return 0;
}
