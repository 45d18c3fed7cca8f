/* SPDX-License-Identifier: MIT */
/* Inside fetch: how a request can end, whatever library asked. This short because it is an
 * interface. */
#ifndef AVD_SYMBOLS_FETCH_PRIVATE_H
#define AVD_SYMBOLS_FETCH_PRIVATE_H

#include "symbols/fetch.h"

enum avd_fetch_end {
    AVD_FETCH_END_ANSWERED = 0, /* the HTTP status decides */
    AVD_FETCH_END_PROTOCOL,
    AVD_FETCH_END_PROXY_NAME,
    AVD_FETCH_END_HOST_NAME,
    AVD_FETCH_END_CONNECT,
    AVD_FETCH_END_TIMEOUT,
    AVD_FETCH_END_TLS,
    AVD_FETCH_END_CERTIFICATE,
    AVD_FETCH_END_PARTIAL,
    AVD_FETCH_END_NO_ANSWER,
    AVD_FETCH_END_RECEIVE,
    AVD_FETCH_END_REDIRECTS,
    AVD_FETCH_END_TOO_LARGE,
    AVD_FETCH_END_WRITE,
    AVD_FETCH_END_OTHER /* the library's own words are the reason */
};

/* What `end` means after `size` bytes of an answer with HTTP status `code`, and in `reason` why:
 * the same words for the same case on every system. Not for AVD_FETCH_END_OTHER. */
enum avd_fetch_result avd_fetch_judge(const struct avd_fetch_options *options,
                                      enum avd_fetch_end end, long code, uint64_t size,
                                      char *reason, size_t reason_size);

#endif
