/* SPDX-License-Identifier: MIT */
/* How requests end, in words, and what is left of them in a build without HTTP. The requests
 * themselves are in fetch_posix.c and fetch_win32.c. */
#include "symbols/fetch_private.h"

#include "base/limits.h"

#include <stdio.h>

/* Whether asking this server again would only cost time. */
static bool is_dead(enum avd_fetch_end end)
{
    return end == AVD_FETCH_END_PROXY_NAME || end == AVD_FETCH_END_HOST_NAME ||
           end == AVD_FETCH_END_CONNECT || end == AVD_FETCH_END_TIMEOUT ||
           end == AVD_FETCH_END_TLS || end == AVD_FETCH_END_CERTIFICATE;
}

static const char *fixed_words(enum avd_fetch_end end)
{
    static const char *const words[] = {
        [AVD_FETCH_END_PROTOCOL] = "leads to what is neither http nor https",
        [AVD_FETCH_END_PROXY_NAME] = "the proxy's name is not known",
        [AVD_FETCH_END_HOST_NAME] = "the server's name is not known",
        [AVD_FETCH_END_CONNECT] = "no connection to the server",
        [AVD_FETCH_END_TLS] = "no TLS connection to the server",
        [AVD_FETCH_END_CERTIFICATE] = "the server's certificate cannot be trusted",
        [AVD_FETCH_END_NO_ANSWER] = "the server closed the connection without an answer",
        [AVD_FETCH_END_WRITE] = "the answer cannot be written",
    };

    return end < sizeof words / sizeof *words ? words[end] : NULL;
}

enum avd_fetch_result avd_fetch_judge(const struct avd_fetch_options *options,
                                      enum avd_fetch_end end, long code, uint64_t size,
                                      char *reason, size_t reason_size)
{
    unsigned long long bytes = size;

    if (end == AVD_FETCH_END_ANSWERED) {
        (void)snprintf(reason, reason_size, "HTTP %ld", code);
        return code == 200                  ? AVD_FETCH_OK
               : code == 404 || code == 410 ? AVD_FETCH_MISSING
                                            : AVD_FETCH_FAILED;
    }
    if (fixed_words(end) != NULL)
        (void)snprintf(reason, reason_size, "%s", fixed_words(end));
    else if (end == AVD_FETCH_END_TIMEOUT && size == 0)
        (void)snprintf(reason, reason_size, "no answer within %u s", options->timeout_seconds);
    else if (end == AVD_FETCH_END_TIMEOUT)
        (void)snprintf(reason, reason_size, "the server stalled after %llu bytes", bytes);
    else if (end == AVD_FETCH_END_PARTIAL)
        (void)snprintf(reason, reason_size, "the answer ends after %llu bytes, too early", bytes);
    else if (end == AVD_FETCH_END_REDIRECTS)
        (void)snprintf(reason, reason_size, "more than %d redirects", (int)AVD_MAX_HTTP_REDIRECTS);
    else if (end == AVD_FETCH_END_TOO_LARGE)
        (void)snprintf(reason, reason_size, "larger than %llu bytes, the limit",
                       (unsigned long long)options->max_size);
    else
        (void)snprintf(reason, reason_size, "the connection broke after %llu bytes", bytes);
    return is_dead(end) ? AVD_FETCH_DEAD : AVD_FETCH_FAILED;
}

#ifdef AVD_NO_HTTP

struct avd_fetch {
    int unused;
};

enum avd_status avd_fetch_new(const struct avd_fetch_options *options, struct avd_fetch **out,
                              struct avd_error *err)
{
    (void)options;
    *out = NULL;
    return avd_error_set(err, AVD_E_UNSUPPORTED, 0, "http",
                         "not asked: this avdump was built without HTTP");
}

void avd_fetch_free(struct avd_fetch *fetch)
{
    (void)fetch;
}

enum avd_fetch_result avd_fetch_get(struct avd_fetch *fetch, const char *url,
                                    avd_fetch_write_fn *write, void *ctx, char *reason,
                                    size_t reason_size)
{
    (void)fetch;
    (void)url;
    (void)write;
    (void)ctx;
    (void)snprintf(reason, reason_size, "not built in");
    return AVD_FETCH_DEAD;
}

#endif
