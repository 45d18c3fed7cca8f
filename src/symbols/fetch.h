/* SPDX-License-Identifier: MIT */
/*
 * GET over HTTP and HTTPS, by libcurl or, on Windows, by WinHTTP, loaded at the first request.
 * Certificates are verified, redirects are followed to http and https only, and results carry no
 * times, so that the same answers give the same words.
 */
#ifndef AVD_SYMBOLS_FETCH_H
#define AVD_SYMBOLS_FETCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct avd_fetch_options {
    unsigned timeout_seconds;    /* not 0; without an answer, or below 1,000 bytes per second */
    uint64_t max_size;           /* bytes of one answer, unpacked */
    const char *proxy;           /* NULL: none, or the system's choice by the next */
    bool proxy_from_environment; /* http_proxy ... count; on Windows the user's settings do */
};

enum avd_fetch_result {
    AVD_FETCH_OK = 0,
    AVD_FETCH_MISSING, /* the server says that it is not there (404, 410) */
    AVD_FETCH_FAILED,  /* this answer is of no use; another may be */
    AVD_FETCH_DEAD     /* no answer: asking this server again would only cost time */
};

/* Takes the next bytes of the answer; false ends the request with AVD_FETCH_FAILED. */
typedef bool avd_fetch_write_fn(void *ctx, const void *bytes, size_t size);

struct avd_fetch;

/* Strings of `options` must outlive it. AVD_E_NOMEM; AVD_E_UNSUPPORTED, with the reason in *err,
 * when there is nothing that asks. */
enum avd_status avd_fetch_new(const struct avd_fetch_options *options, struct avd_fetch **out,
                              struct avd_error *err);
void avd_fetch_free(struct avd_fetch *fetch);

/* Asks for `url`. Connections are kept for the next request. `reason` gets the result in words,
 * "HTTP 404" for example. */
enum avd_fetch_result avd_fetch_get(struct avd_fetch *fetch, const char *url,
                                    avd_fetch_write_fn *write, void *ctx, char *reason,
                                    size_t reason_size);

#endif
