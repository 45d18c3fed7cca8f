/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "base/utf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum avd_status avd_error_set(struct avd_error *err, enum avd_status code, uint64_t offset,
                              const char *where, const char *format, ...)
{
    if (err != NULL) {
        va_list args;

        memset(err, 0, sizeof *err);
        err->code = code;
        err->offset = offset;
        if (snprintf(err->where, sizeof err->where, "%s", where != NULL ? where : "") >=
            (int)sizeof err->where)
            avd_utf8_trim(err->where);
        va_start(args, format);
        if (vsnprintf(err->message, sizeof err->message, format, args) >= (int)sizeof err->message)
            avd_utf8_trim(err->message);
        va_end(args);
    }
    return code;
}

enum avd_status avd_error_nomem(struct avd_error *err)
{
    return avd_error_set(err, AVD_E_NOMEM, 0, "", "out of memory");
}

const char *avd_status_name(enum avd_status code)
{
    switch (code) {
    case AVD_OK: return "ok";
    case AVD_NOT_FOUND: return "not_found";
    case AVD_E_ARG: return "argument";
    case AVD_E_NOMEM: return "memory";
    case AVD_E_IO: return "io";
    case AVD_E_FORMAT: return "format";
    case AVD_E_LIMIT: return "limit";
    case AVD_E_UNSUPPORTED: return "unsupported";
    case AVD_E_RULE: return "rule";
    }
    return "unknown";
}
