/* SPDX-License-Identifier: MIT */
/*
 * libcurl's easy interface, of which eight functions are used. Its header is not: the numbers below
 * are those of <curl/curl.h>, which the project never changes within libcurl.so.4, so that neither
 * building nor starting avdump needs libcurl.
 */
#include "symbols/fetch_private.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/library.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#ifndef AVD_NO_HTTP

/* CURLOPT_..., by type: long, object, function, curl_off_t */
enum {
    OPT_LOW_SPEED_LIMIT = 19,
    OPT_LOW_SPEED_TIME = 20,
    OPT_FAILONERROR = 45,
    OPT_FOLLOWLOCATION = 52,
    OPT_MAXREDIRS = 68,
    OPT_NOSIGNAL = 99,
    OPT_TIMEOUT_MS = 155,
    OPT_CONNECTTIMEOUT_MS = 156,
    OPT_PROTOCOLS = 181, /* replaced by OPT_PROTOCOLS_STR in 7.85 */
    OPT_REDIR_PROTOCOLS = 182,
    OPT_WRITEDATA = 10001,
    OPT_URL = 10002,
    OPT_PROXY = 10004,
    OPT_USERAGENT = 10018,
    OPT_ACCEPT_ENCODING = 10102,
    OPT_PROTOCOLS_STR = 10318,
    OPT_REDIR_PROTOCOLS_STR = 10319,
    OPT_WRITEFUNCTION = 20011,
    OPT_MAXFILESIZE_LARGE = 30117
};

enum { INFO_RESPONSE_CODE = 0x200002, PROTOCOLS_HTTP_HTTPS = 1 | 2, GLOBAL_DEFAULT = 3 };

/* CURLE_... */
enum {
    RESULT_OK = 0,
    RESULT_PROTOCOL = 1,
    RESULT_PROXY_NAME = 5,
    RESULT_HOST_NAME = 6,
    RESULT_CONNECT = 7,
    RESULT_PARTIAL = 18,
    RESULT_HTTP = 22,
    RESULT_WRITE = 23,
    RESULT_TIMEOUT = 28,
    RESULT_TLS = 35,
    RESULT_REDIRECTS = 47,
    RESULT_NO_ANSWER = 52,
    RESULT_RECEIVE = 56,
    RESULT_CERTIFICATE = 60,
    RESULT_TOO_LARGE = 63
};

enum {
    LOW_SPEED = 1000,       /* bytes per second */
    WHOLE_TIME_FACTOR = 120 /* of the time-out, for one answer */
};

#define MAX_TIMEOUT_SECONDS 10000u /* times 120,000 is within 31 bits, a long on Windows */

struct functions {
    int (*global_init)(long flags);
    void *(*easy_init)(void);
    void (*easy_cleanup)(void *);
    void (*easy_reset)(void *);
    int (*easy_setopt)(void *, int, ...);
    int (*easy_perform)(void *);
    int (*easy_getinfo)(void *, int, ...);
    const char *(*easy_strerror)(int);
};

struct avd_fetch {
    struct functions f;
    struct avd_fetch_options options;
    void *easy;
};

/* What the answer to one request goes through. */
struct answer {
    avd_fetch_write_fn *write;
    void *ctx;
    uint64_t limit;
    uint64_t size;
    bool over_limit;
};

static bool load(struct functions *f)
{
    /* Of Linux, macOS and Windows: on each only its own can be loaded. */
    static const char *const names[] = {
        "libcurl.so.4",    "libcurl-gnutls.so.4", "libcurl.4.dylib", "/usr/lib/libcurl.4.dylib",
        "libcurl-x64.dll", "libcurl-4.dll",       "libcurl.dll",     NULL};
    const struct avd_library_function wanted[] = {
        {"curl_global_init", &f->global_init, sizeof f->global_init},
        {"curl_easy_init", &f->easy_init, sizeof f->easy_init},
        {"curl_easy_cleanup", &f->easy_cleanup, sizeof f->easy_cleanup},
        {"curl_easy_reset", &f->easy_reset, sizeof f->easy_reset},
        {"curl_easy_setopt", &f->easy_setopt, sizeof f->easy_setopt},
        {"curl_easy_perform", &f->easy_perform, sizeof f->easy_perform},
        {"curl_easy_getinfo", &f->easy_getinfo, sizeof f->easy_getinfo},
        {"curl_easy_strerror", &f->easy_strerror, sizeof f->easy_strerror},
        {NULL, NULL, 0}};

    return avd_library_load(names, wanted);
}

/* Before 7.84 libcurl's global initialization must not run twice at once. */
static void init_once(const struct functions *f)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;

    while (atomic_flag_test_and_set(&busy))
        ;
    (void)f->global_init(GLOBAL_DEFAULT); /* counts; the process keeps it */
    atomic_flag_clear(&busy);
}

enum avd_status avd_fetch_new(const struct avd_fetch_options *options, struct avd_fetch **out,
                              struct avd_error *err)
{
    struct avd_fetch *fetch = avd_mem_calloc(1, sizeof *fetch);

    *out = NULL;
    if (fetch == NULL)
        return avd_error_nomem(err);
    fetch->options = *options;
    if (fetch->options.timeout_seconds > MAX_TIMEOUT_SECONDS)
        fetch->options.timeout_seconds = MAX_TIMEOUT_SECONDS;
    if (!load(&fetch->f)) {
        avd_mem_free(fetch);
        return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "http",
                             "not asked: libcurl, which would ask, was not found");
    }
    init_once(&fetch->f);
    fetch->easy = fetch->f.easy_init();
    if (fetch->easy == NULL) {
        avd_mem_free(fetch);
        return avd_error_nomem(err);
    }
    *out = fetch;
    return AVD_OK;
}

void avd_fetch_free(struct avd_fetch *fetch)
{
    if (fetch == NULL)
        return;
    fetch->f.easy_cleanup(fetch->easy);
    avd_mem_free(fetch);
}

/* curl_write_callback: anything but the whole size ends the transfer. */
static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    struct answer *answer = ctx;
    size_t total = size * count;

    if (total > answer->limit - answer->size) {
        answer->over_limit = true;
        return 0;
    }
    answer->size += total;
    return answer->write(answer->ctx, bytes, total) ? total : 0;
}

static void set_long(const struct avd_fetch *fetch, int option, unsigned long value)
{
    (void)fetch->f.easy_setopt(fetch->easy, option, (long)value);
}

/* Redirects must not lead to file:// or other protocols. False when libcurl cannot promise that. */
static bool restrict_protocols(const struct avd_fetch *fetch)
{
    const struct functions *f = &fetch->f;

    return (f->easy_setopt(fetch->easy, OPT_PROTOCOLS_STR, "http,https") == RESULT_OK ||
            f->easy_setopt(fetch->easy, OPT_PROTOCOLS, (long)PROTOCOLS_HTTP_HTTPS) == RESULT_OK) &&
           (f->easy_setopt(fetch->easy, OPT_REDIR_PROTOCOLS_STR, "http,https") == RESULT_OK ||
            f->easy_setopt(fetch->easy, OPT_REDIR_PROTOCOLS, (long)PROTOCOLS_HTTP_HTTPS) ==
                RESULT_OK);
}

static bool prepare(const struct avd_fetch *fetch, const char *url, struct answer *answer)
{
    const struct functions *f = &fetch->f;
    unsigned long seconds = fetch->options.timeout_seconds;
    size_t (*callback)(char *, size_t, size_t, void *) = take;

    f->easy_reset(fetch->easy);       /* connections stay */
    set_long(fetch, OPT_NOSIGNAL, 1); /* a library leaves signals alone */
    set_long(fetch, OPT_FAILONERROR, 1);
    set_long(fetch, OPT_FOLLOWLOCATION, 1);
    set_long(fetch, OPT_MAXREDIRS, AVD_MAX_HTTP_REDIRECTS);
    set_long(fetch, OPT_CONNECTTIMEOUT_MS, seconds * 1000);
    set_long(fetch, OPT_LOW_SPEED_LIMIT, LOW_SPEED);
    set_long(fetch, OPT_LOW_SPEED_TIME, seconds);
    set_long(fetch, OPT_TIMEOUT_MS, seconds * 1000 * WHOLE_TIME_FACTOR);
    /* Symbol servers tell clients by this name; avdump does not pretend to be WinDbg. */
    (void)f->easy_setopt(fetch->easy, OPT_USERAGENT,
                         "avdump/" AVDUMP_VERSION " (Microsoft-Symbol-Server/10.0)");
    /* Some servers keep .sym files compressed and send them so. */
    (void)f->easy_setopt(fetch->easy, OPT_ACCEPT_ENCODING, "");
    /* "" keeps libcurl from looking into the environment. */
    if (fetch->options.proxy != NULL)
        (void)f->easy_setopt(fetch->easy, OPT_PROXY, fetch->options.proxy);
    else if (!fetch->options.proxy_from_environment)
        (void)f->easy_setopt(fetch->easy, OPT_PROXY, "");
    if (fetch->options.max_size < INT64_MAX)
        (void)f->easy_setopt(fetch->easy, OPT_MAXFILESIZE_LARGE, (int64_t)fetch->options.max_size);
    return restrict_protocols(fetch) && f->easy_setopt(fetch->easy, OPT_URL, url) == RESULT_OK &&
           f->easy_setopt(fetch->easy, OPT_WRITEFUNCTION, callback) == RESULT_OK &&
           f->easy_setopt(fetch->easy, OPT_WRITEDATA, (void *)answer) == RESULT_OK;
}

/* libcurl's own sentences hold times and vary between versions. */
static enum avd_fetch_end translate(int result, const struct answer *answer)
{
    switch (result) {
    case RESULT_OK:
    case RESULT_HTTP: return AVD_FETCH_END_ANSWERED;
    case RESULT_PROTOCOL: return AVD_FETCH_END_PROTOCOL;
    case RESULT_PROXY_NAME: return AVD_FETCH_END_PROXY_NAME;
    case RESULT_HOST_NAME: return AVD_FETCH_END_HOST_NAME;
    case RESULT_CONNECT: return AVD_FETCH_END_CONNECT;
    case RESULT_TIMEOUT: return AVD_FETCH_END_TIMEOUT;
    case RESULT_TLS: return AVD_FETCH_END_TLS;
    case RESULT_CERTIFICATE: return AVD_FETCH_END_CERTIFICATE;
    case RESULT_PARTIAL: return AVD_FETCH_END_PARTIAL;
    case RESULT_NO_ANSWER: return AVD_FETCH_END_NO_ANSWER;
    case RESULT_RECEIVE: return AVD_FETCH_END_RECEIVE;
    case RESULT_REDIRECTS: return AVD_FETCH_END_REDIRECTS;
    case RESULT_TOO_LARGE: return AVD_FETCH_END_TOO_LARGE;
    case RESULT_WRITE: return answer->over_limit ? AVD_FETCH_END_TOO_LARGE : AVD_FETCH_END_WRITE;
    default: return AVD_FETCH_END_OTHER;
    }
}

enum avd_fetch_result avd_fetch_get(struct avd_fetch *fetch, const char *url,
                                    avd_fetch_write_fn *write, void *ctx, char *reason,
                                    size_t reason_size)
{
    struct answer answer = {write, ctx, fetch->options.max_size, 0, false};
    enum avd_fetch_end end;
    const char *words;
    long code = 0;
    int result;

    if (!prepare(fetch, url, &answer)) {
        (void)snprintf(reason, reason_size,
                       "not asked: this libcurl lacks options that avdump "
                       "needs");
        return AVD_FETCH_DEAD;
    }
    result = fetch->f.easy_perform(fetch->easy);
    (void)fetch->f.easy_getinfo(fetch->easy, INFO_RESPONSE_CODE, &code);
    end = translate(result, &answer);
    if (end != AVD_FETCH_END_OTHER)
        return avd_fetch_judge(&fetch->options, end, code, answer.size, reason, reason_size);
    words = fetch->f.easy_strerror(result);
    (void)snprintf(reason, reason_size, "libcurl error %d: %s", result,
                   words != NULL ? words : "not known");
    return AVD_FETCH_FAILED;
}

#endif
