/* SPDX-License-Identifier: MIT */
#include "gate/sink.h"

#include "base/file.h"
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool avd_gate_sink_parse(struct avd_gate_sink *sink, const char *text)
{
    size_t size = strcspn(text, ":");

    memset(sink, 0, sizeof *sink);
    sink->path = text[size] == ':' ? text + size + 1 : "-";
    sink->to_stdout = strcmp(sink->path, "-") == 0;
    sink->lines = size == 5 && strncmp(text, "jsonl", size) == 0;
    sink->writer = avd_gate_writer_find(text, size);
    return (sink->lines || sink->writer != NULL) && *sink->path != '\0';
}

static enum avd_status failed(struct avd_gate_sink *sink, int error, struct avd_error *err)
{
    if (sink->error == 0)
        sink->error = error;
    return avd_error_set(err, AVD_E_IO, 0, sink->to_stdout ? "standard output" : sink->path,
                         "cannot be written: %s", strerror(error != 0 ? error : EIO));
}

/* The folder of a path; "." for a name alone. False when it is too long. */
static bool folder_of(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);

    if (length >= size)
        return false;
    memcpy(out, slash == NULL ? "." : path, length);
    out[length] = '\0';
    return true;
}

enum avd_status avd_gate_sink_open(struct avd_gate_sink *sink, struct avd_error *err)
{
    struct avd_path_info info;
    struct avd_error why;
    char folder[4096];

    if (sink->to_stdout) {
        sink->stream = stdout;
        sink->direct = sink->open = true;
        return AVD_OK;
    }
    avd_path_examine(sink->path, &info);
    if (info.kind == AVD_PATH_DIRECTORY)
        return failed(sink, EISDIR, err);
    if (info.kind == AVD_PATH_OTHER) {
        errno = 0;
        sink->stream = avd_file_open(sink->path, "wb");
        if (sink->stream == NULL)
            return failed(sink, errno, err);
        sink->direct = sink->open = true;
        return AVD_OK;
    }
    if (!folder_of(sink->path, folder, sizeof folder))
        return failed(sink, ENAMETOOLONG, err);
    if (avd_output_create(&sink->file, folder, AVD_GATE_UNFINISHED, &why) != AVD_OK)
        return avd_error_set(err, why.code, 0, sink->path, "%s", why.message);
    sink->open = true;
    return AVD_OK;
}

/* A pipe whose reader leaves in the middle of a write may take a part of it without an error. What
 * keeps the rest out is known when that is written. errno is left for the caller. */
static bool write_all(FILE *stream, const char *bytes, size_t size)
{
    size_t done = fwrite(bytes, 1, size, stream);

    if (done == size)
        return true;
    clearerr(stream);
    errno = 0;
    return fwrite(bytes + done, 1, size - done, stream) == size - done;
}

enum avd_status avd_gate_sink_write(struct avd_gate_sink *sink, const char *bytes, size_t size,
                                    struct avd_error *err)
{
    struct avd_error why;

    if (size == 0)
        return AVD_OK;
    if (!sink->direct) {
        if (avd_output_write(&sink->file, bytes, size, &why) == AVD_OK)
            return AVD_OK;
        return avd_error_set(err, why.code, 0, sink->path, "%s", why.message);
    }
    return write_all(sink->stream, bytes, size) ? AVD_OK : failed(sink, errno, err);
}

enum avd_status avd_gate_sink_flush(struct avd_gate_sink *sink, struct avd_error *err)
{
    struct avd_error why;

    if (sink->direct) {
        errno = 0;
        return fflush(sink->stream) == 0 ? AVD_OK : failed(sink, errno, err);
    }
    if (avd_output_flush(&sink->file, &why) == AVD_OK)
        return AVD_OK;
    return avd_error_set(err, why.code, 0, sink->path, "%s", why.message);
}

enum avd_status avd_gate_sink_close(struct avd_gate_sink *sink, struct avd_error *err)
{
    struct avd_error why;
    int result;

    if (!sink->open)
        return AVD_OK;
    sink->open = false;
    if (sink->direct) {
        errno = 0;
        result = sink->to_stdout ? fflush(sink->stream) : fclose(sink->stream);
        return result == 0 ? AVD_OK : failed(sink, errno, err);
    }
    if (avd_output_close(&sink->file, &why) == AVD_OK &&
        avd_path_rename(sink->file.path, sink->path, &why) == AVD_OK)
        return AVD_OK;
    avd_path_remove(sink->file.path);
    return avd_error_set(err, why.code, 0, sink->path, "%s", why.message);
}

void avd_gate_sink_discard(struct avd_gate_sink *sink)
{
    if (!sink->open)
        return;
    sink->open = false;
    if (!sink->direct)
        avd_output_discard(&sink->file);
    else if (!sink->to_stdout)
        (void)fclose(sink->stream);
}
