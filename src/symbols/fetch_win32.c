/* SPDX-License-Identifier: MIT */
/*
 * WinHTTP, Windows's own client (Microsoft's "Windows HTTP Services"): it brings the system's
 * certificates and the user's proxy settings along. Loaded at the first request, since most runs
 * make none. It asks in a thread, which is given up where WinHTTP does not hold its own time-outs.
 */
#include "symbols/fetch_private.h"

#include "base/library.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/wide.h"

#include <stdio.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <winhttp.h>

#ifndef AVD_NO_HTTP

/* Newer than the headers of MinGW-w64 10 or than Windows 7. */
#ifndef WINHTTP_OPTION_DECOMPRESSION
#define WINHTTP_OPTION_DECOMPRESSION       118
#define WINHTTP_DECOMPRESSION_FLAG_GZIP    1
#define WINHTTP_DECOMPRESSION_FLAG_DEFLATE 2
#endif
#ifndef WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY
#define WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY 4
#endif

enum {
    CHUNK = 64 * 1024,
    LOW_SPEED = 1000,        /* bytes per second */
    WHOLE_TIME_FACTOR = 120, /* of the time-out, for one answer */
    URL_PART = 256,          /* UTF-16 units of a host, a user or a password */
    GRACE_MS = 1000          /* for WinHTTP to notice by itself that time is up */
};

#define MAX_TIMEOUT_SECONDS 10000u

struct functions {
    HINTERNET(WINAPI *open)(LPCWSTR, DWORD, LPCWSTR, LPCWSTR, DWORD);
    BOOL(WINAPI *close)(HINTERNET);
    BOOL(WINAPI *set_timeouts)(HINTERNET, int, int, int, int);
    BOOL(WINAPI *set_option)(HINTERNET, DWORD, LPVOID, DWORD);
    BOOL(WINAPI *crack_url)(LPCWSTR, DWORD, DWORD, LPURL_COMPONENTS);
    HINTERNET(WINAPI *connect)(HINTERNET, LPCWSTR, INTERNET_PORT, DWORD);
    HINTERNET(WINAPI *open_request)
    (HINTERNET, LPCWSTR, LPCWSTR, LPCWSTR, LPCWSTR, LPCWSTR *, DWORD);
    BOOL(WINAPI *send_request)(HINTERNET, LPCWSTR, DWORD, LPVOID, DWORD, DWORD, DWORD_PTR);
    BOOL(WINAPI *receive_response)(HINTERNET, LPVOID);
    BOOL(WINAPI *set_credentials)(HINTERNET, DWORD, DWORD, LPCWSTR, LPCWSTR, LPVOID);
    BOOL(WINAPI *query_headers)(HINTERNET, DWORD, LPCWSTR, LPVOID, LPDWORD, LPDWORD);
    BOOL(WINAPI *query_available)(HINTERNET, LPDWORD);
    BOOL(WINAPI *read_data)(HINTERNET, LPVOID, DWORD, LPDWORD);
};

struct avd_fetch {
    struct functions f;
    struct avd_fetch_options options;
    HINTERNET session;
    bool lost; /* a thread may use it for ever: it is never freed */
};

/* One request and its answer so far: its thread's, but for what the lock is about. */
struct exchange {
    struct avd_fetch *fetch;
    WCHAR *url;
    avd_fetch_write_fn *write;
    void *ctx;
    HINTERNET connection;
    HINTERNET request;
    DWORD code;  /* HTTP */
    DWORD error; /* WinHTTP's, where `end` has no name for it */
    uint64_t size;
    enum avd_fetch_end end;
    CRITICAL_SECTION lock;
    bool given_up;  /* nobody waits: `write` is not called any more */
    uint64_t moved; /* GetTickCount64 of the last step or byte */
    unsigned char chunk[CHUNK];
};

static bool load(struct functions *f)
{
    static const char *const names[] = {"winhttp.dll", NULL};
    const struct avd_library_function wanted[] = {
        {"WinHttpOpen", &f->open, sizeof f->open},
        {"WinHttpCloseHandle", &f->close, sizeof f->close},
        {"WinHttpSetTimeouts", &f->set_timeouts, sizeof f->set_timeouts},
        {"WinHttpSetOption", &f->set_option, sizeof f->set_option},
        {"WinHttpCrackUrl", &f->crack_url, sizeof f->crack_url},
        {"WinHttpConnect", &f->connect, sizeof f->connect},
        {"WinHttpOpenRequest", &f->open_request, sizeof f->open_request},
        {"WinHttpSendRequest", &f->send_request, sizeof f->send_request},
        {"WinHttpReceiveResponse", &f->receive_response, sizeof f->receive_response},
        {"WinHttpSetCredentials", &f->set_credentials, sizeof f->set_credentials},
        {"WinHttpQueryHeaders", &f->query_headers, sizeof f->query_headers},
        {"WinHttpQueryDataAvailable", &f->query_available, sizeof f->query_available},
        {"WinHttpReadData", &f->read_data, sizeof f->read_data},
        {NULL, NULL, 0}};

    return avd_library_load(names, wanted);
}

static void set_number(const struct avd_fetch *fetch, HINTERNET handle, DWORD option, DWORD value)
{
    (void)fetch->f.set_option(handle, option, &value, sizeof value);
}

/* "http://proxy:8080/" as WinHTTP wants it: "proxy:8080". */
static HINTERNET open_with_proxy(const struct avd_fetch *fetch, const WCHAR *agent)
{
    const char *text = strstr(fetch->options.proxy, "://");
    HINTERNET session = NULL;
    WCHAR *wide;

    text = text != NULL ? text + 3 : fetch->options.proxy;
    if (avd_wide_copy(text, &wide, NULL) != AVD_OK)
        return NULL;
    wide[wcscspn(wide, L"/")] = L'\0';
    session =
        fetch->f.open(agent, WINHTTP_ACCESS_TYPE_NAMED_PROXY, wide, WINHTTP_NO_PROXY_BYPASS, 0);
    avd_mem_free(wide);
    return session;
}

static HINTERNET open_session(const struct avd_fetch *fetch)
{
    /* Symbol servers tell clients by this name; avdump does not pretend to be WinDbg. */
    static const WCHAR agent[] = L"avdump/" AVDUMP_VERSION L" (Microsoft-Symbol-Server/10.0)";
    DWORD access = fetch->options.proxy_from_environment ? WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY
                                                         : WINHTTP_ACCESS_TYPE_NO_PROXY;
    HINTERNET session;

    if (fetch->options.proxy != NULL && fetch->options.proxy[0] != '\0')
        return open_with_proxy(fetch, agent);
    session = fetch->f.open(agent, access, WINHTTP_NO_PROXY_NAME, WINHTTP_NO_PROXY_BYPASS, 0);
    if (session == NULL && access == WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY) /* before Windows 8.1 */
        session = fetch->f.open(agent, WINHTTP_ACCESS_TYPE_DEFAULT_PROXY, WINHTTP_NO_PROXY_NAME,
                                WINHTTP_NO_PROXY_BYPASS, 0);
    return session;
}

enum avd_status avd_fetch_new(const struct avd_fetch_options *options, struct avd_fetch **out,
                              struct avd_error *err)
{
    struct avd_fetch *fetch = avd_mem_calloc(1, sizeof *fetch);
    int timeout;

    *out = NULL;
    if (fetch == NULL)
        return avd_error_nomem(err);
    fetch->options = *options;
    if (fetch->options.timeout_seconds > MAX_TIMEOUT_SECONDS)
        fetch->options.timeout_seconds = MAX_TIMEOUT_SECONDS;
    if (load(&fetch->f))
        fetch->session = open_session(fetch);
    if (fetch->session == NULL) {
        avd_mem_free(fetch);
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "http",
                             "not asked: WinHTTP, which would ask, cannot be used");
    }
    timeout = (int)(fetch->options.timeout_seconds * 1000);
    (void)fetch->f.set_timeouts(fetch->session, timeout, timeout, timeout, timeout);
    *out = fetch;
    return AVD_OK;
}

void avd_fetch_free(struct avd_fetch *fetch)
{
    if (fetch == NULL || fetch->lost)
        return;
    (void)fetch->f.close(fetch->session);
    avd_mem_free(fetch);
}

/* A step is done. False when nobody waits for the next. */
static bool moved(struct exchange *x)
{
    bool wanted;

    EnterCriticalSection(&x->lock);
    x->moved = GetTickCount64();
    wanted = !x->given_up;
    LeaveCriticalSection(&x->lock);
    return wanted;
}

/* Hands the chunk's first bytes over; false when they are refused, or nobody wants them. */
static bool deliver(struct exchange *x, DWORD size)
{
    bool taken = false;

    EnterCriticalSection(&x->lock);
    if (!x->given_up) {
        x->moved = GetTickCount64();
        x->size += size;
        taken = x->write(x->ctx, x->chunk, size);
    }
    LeaveCriticalSection(&x->lock);
    return taken;
}

/* What the last error of WinHTTP means. */
static enum avd_fetch_end translate(struct exchange *x)
{
    x->error = GetLastError();
    switch (x->error) {
    case WSAETIMEDOUT: /* Wine's */
    case ERROR_WINHTTP_TIMEOUT: return AVD_FETCH_END_TIMEOUT;
    case ERROR_WINHTTP_NAME_NOT_RESOLVED: return AVD_FETCH_END_HOST_NAME;
    case ERROR_WINHTTP_CANNOT_CONNECT: return AVD_FETCH_END_CONNECT;
    case ERROR_WINHTTP_INVALID_URL:
    case ERROR_WINHTTP_UNRECOGNIZED_SCHEME: return AVD_FETCH_END_PROTOCOL;
    case ERROR_WINHTTP_REDIRECT_FAILED: return AVD_FETCH_END_REDIRECTS;
    case ERROR_WINHTTP_SECURE_CHANNEL_ERROR: return AVD_FETCH_END_TLS;
    case ERROR_WINHTTP_SECURE_FAILURE:
    case ERROR_WINHTTP_SECURE_INVALID_CA:
    case ERROR_WINHTTP_SECURE_INVALID_CERT:
    case ERROR_WINHTTP_SECURE_CERT_CN_INVALID:
    case ERROR_WINHTTP_SECURE_CERT_DATE_INVALID:
    case ERROR_WINHTTP_SECURE_CERT_REVOKED: return AVD_FETCH_END_CERTIFICATE;
    case ERROR_WINHTTP_INVALID_SERVER_RESPONSE: return AVD_FETCH_END_NO_ANSWER;
    case ERROR_WINHTTP_CONNECTION_ERROR:
        return x->code == 0 ? AVD_FETCH_END_NO_ANSWER : AVD_FETCH_END_RECEIVE;
    default: return AVD_FETCH_END_OTHER;
    }
}

static void set_options(const struct avd_fetch *fetch, HINTERNET request)
{
    /* WinHTTP speaks http and https only, so that redirects lead nowhere else. */
    set_number(fetch, request, WINHTTP_OPTION_REDIRECT_POLICY,
               WINHTTP_OPTION_REDIRECT_POLICY_ALWAYS);
    set_number(fetch, request, WINHTTP_OPTION_MAX_HTTP_AUTOMATIC_REDIRECTS, AVD_MAX_HTTP_REDIRECTS);
    set_number(fetch, request, WINHTTP_OPTION_DISABLE_FEATURE, WINHTTP_DISABLE_COOKIES);
    /* The user's name and password are nobody's business. */
    set_number(fetch, request, WINHTTP_OPTION_AUTOLOGON_POLICY,
               WINHTTP_AUTOLOGON_SECURITY_LEVEL_HIGH);
    /* Some servers keep .sym files compressed and send them so; before Windows 8.1 they are not
     * asked to. */
    set_number(fetch, request, WINHTTP_OPTION_DECOMPRESSION,
               WINHTTP_DECOMPRESSION_FLAG_GZIP | WINHTTP_DECOMPRESSION_FLAG_DEFLATE);
}

/* The request for `url`, ready to be sent. */
static bool prepare(const struct avd_fetch *fetch, const WCHAR *url, struct exchange *x)
{
    const struct functions *f = &fetch->f;
    URL_COMPONENTS parts;
    WCHAR host[URL_PART];
    WCHAR user[URL_PART] = L"";
    WCHAR password[URL_PART] = L"";

    memset(&parts, 0, sizeof parts);
    parts.dwStructSize = sizeof parts;
    parts.lpszHostName = host;
    parts.lpszUserName = user;
    parts.lpszPassword = password;
    parts.dwHostNameLength = parts.dwUserNameLength = parts.dwPasswordLength = URL_PART;
    parts.dwUrlPathLength = (DWORD)-1; /* a pointer into `url`, to its end */
    if (!f->crack_url(url, 0, 0, &parts))
        return false;
    x->connection = f->connect(fetch->session, host, parts.nPort, 0);
    if (x->connection == NULL)
        return false;
    x->request = f->open_request(
        x->connection, L"GET", parts.dwUrlPathLength != 0 ? parts.lpszUrlPath : L"/", NULL,
        WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES,
        (parts.nScheme == INTERNET_SCHEME_HTTPS ? WINHTTP_FLAG_SECURE : 0u) |
            WINHTTP_FLAG_ESCAPE_DISABLE);
    if (x->request == NULL)
        return false;
    set_options(fetch, x->request);
    /* Those of the URL are for this server when it asks, and for none that it redirects to. */
    if (user[0] != L'\0')
        (void)f->set_credentials(x->request, WINHTTP_AUTH_TARGET_SERVER, WINHTTP_AUTH_SCHEME_BASIC,
                                 user, password, NULL);
    return true;
}

/* The size that the server gives; UINT64_MAX when it gives none. */
static uint64_t announced_size(const struct avd_fetch *fetch, const struct exchange *x)
{
    WCHAR text[32];
    WCHAR *end;
    DWORD size = sizeof text;
    uint64_t announced;

    if (!fetch->f.query_headers(x->request, WINHTTP_QUERY_CONTENT_LENGTH,
                                WINHTTP_HEADER_NAME_BY_INDEX, text, &size, WINHTTP_NO_HEADER_INDEX))
        return UINT64_MAX;
    announced = wcstoull(text, &end, 10);
    return end != text && *end == L'\0' ? announced : UINT64_MAX;
}

static enum avd_fetch_end read_body(const struct avd_fetch *fetch, struct exchange *x)
{
    const struct avd_fetch_options *o = &fetch->options;
    const uint64_t announced = announced_size(fetch, x);
    const uint64_t patience = UINT64_C(1000) * o->timeout_seconds;
    const uint64_t started = GetTickCount64();
    uint64_t checked = started; /* when the speed was looked at last */
    uint64_t checked_size = 0;
    enum avd_fetch_end end = AVD_FETCH_END_ANSWERED;

    if (announced != UINT64_MAX && announced > o->max_size)
        return AVD_FETCH_END_TOO_LARGE;
    while (end == AVD_FETCH_END_ANSWERED) {
        uint64_t now = GetTickCount64();
        DWORD got = 0;

        if (now - started > patience * WHOLE_TIME_FACTOR ||
            (now - checked >= patience &&
             x->size - checked_size < (uint64_t)LOW_SPEED * o->timeout_seconds)) {
            end = AVD_FETCH_END_TIMEOUT;
            break;
        }
        if (now - checked >= patience) {
            checked = now;
            checked_size = x->size;
        }
        /* Reading alone would wait for a whole chunk. */
        if (!fetch->f.query_available(x->request, &got) ||
            !fetch->f.read_data(x->request, x->chunk, got < CHUNK ? got : CHUNK, &got)) {
            end = translate(x);
        } else if (got == 0) {
            /* Fewer bytes than the server meant to send, and more than unpacking could explain. */
            if (announced != UINT64_MAX && x->size < announced)
                end = AVD_FETCH_END_PARTIAL;
            break;
        } else if (got > o->max_size - x->size) {
            end = AVD_FETCH_END_TOO_LARGE;
        } else if (!deliver(x, got)) {
            end = AVD_FETCH_END_WRITE;
        }
    }
    return end;
}

static enum avd_fetch_end ask(const struct avd_fetch *fetch, struct exchange *x)
{
    const struct functions *f = &fetch->f;
    DWORD size = sizeof x->code;

    if (!prepare(fetch, x->url, x) ||
        !f->send_request(x->request, WINHTTP_NO_ADDITIONAL_HEADERS, 0, WINHTTP_NO_REQUEST_DATA, 0,
                         0, 0) ||
        !moved(x) || !f->receive_response(x->request, NULL) || !moved(x) ||
        !f->query_headers(x->request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
                          WINHTTP_HEADER_NAME_BY_INDEX, &x->code, &size, WINHTTP_NO_HEADER_INDEX))
        return translate(x);
    return x->code == 200 ? read_body(fetch, x) : AVD_FETCH_END_ANSWERED;
}

static DWORD WINAPI run(void *ctx)
{
    struct exchange *x = ctx;

    x->end = ask(x->fetch, x);
    return 0;
}

/* Waits for the thread as long as something moves. False when it was given up; it may run on. */
static bool wait_for(struct exchange *x, HANDLE thread)
{
    const uint64_t patience = UINT64_C(1000) * x->fetch->options.timeout_seconds + GRACE_MS;
    bool late = false;

    while (!late) {
        if (WaitForSingleObject(thread, 100) == WAIT_OBJECT_0)
            return true;
        EnterCriticalSection(&x->lock);
        late = GetTickCount64() - x->moved > patience;
        x->given_up = late;
        LeaveCriticalSection(&x->lock);
    }
    return false;
}

static void exchange_free(struct exchange *x)
{
    if (x->request != NULL)
        (void)x->fetch->f.close(x->request);
    if (x->connection != NULL)
        (void)x->fetch->f.close(x->connection);
    DeleteCriticalSection(&x->lock);
    avd_mem_free(x->url);
    avd_mem_free(x);
}

static struct exchange *exchange_new(struct avd_fetch *fetch, const char *url,
                                     avd_fetch_write_fn *write, void *ctx)
{
    struct exchange *x = avd_mem_calloc(1, sizeof *x);

    if (x == NULL)
        return NULL;
    if (avd_wide_copy(url, &x->url, NULL) != AVD_OK) {
        avd_mem_free(x);
        return NULL;
    }
    x->fetch = fetch;
    x->write = write;
    x->ctx = ctx;
    x->moved = GetTickCount64();
    InitializeCriticalSection(&x->lock);
    return x;
}

enum avd_fetch_result avd_fetch_get(struct avd_fetch *fetch, const char *url,
                                    avd_fetch_write_fn *write, void *ctx, char *reason,
                                    size_t reason_size)
{
    struct exchange *x = exchange_new(fetch, url, write, ctx);
    enum avd_fetch_result result;
    HANDLE thread;

    if (x == NULL)
        return avd_fetch_judge(&fetch->options, AVD_FETCH_END_PROTOCOL, 0, 0, reason, reason_size);
    thread = CreateThread(NULL, 0, run, x, 0, NULL);
    if (thread == NULL) {
        (void)run(x);
    } else if (!wait_for(x, thread)) {
        fetch->lost = true;
        (void)CloseHandle(thread);
        return avd_fetch_judge(&fetch->options, AVD_FETCH_END_TIMEOUT, (long)x->code, x->size,
                               reason, reason_size);
    } else {
        (void)CloseHandle(thread);
    }
    if (x->end == AVD_FETCH_END_OTHER) {
        (void)snprintf(reason, reason_size, "WinHTTP error %lu", (unsigned long)x->error);
        result = AVD_FETCH_FAILED;
    } else {
        result =
            avd_fetch_judge(&fetch->options, x->end, (long)x->code, x->size, reason, reason_size);
    }
    exchange_free(x);
    return result;
}

#endif
