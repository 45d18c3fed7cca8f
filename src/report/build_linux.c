/* SPDX-License-Identifier: MIT */
/*
 * What the texts say that Breakpad's Linux writer stores: /proc/self/status and maps, lsb-release.
 */
#include "report/build.h"

#include "base/utf.h"
#include "minidump/format.h"

#include <string.h>

/* "Pid:" of /proc/self/status, which Breakpad's Linux writer stores instead of MiscInfo. */
bool avd_build_linux_pid(const struct avd_dump *dump, uint32_t *pid)
{
    const struct avd_stream *stream = avd_dump_stream(dump, LinuxProcStatusStream);
    size_t i;

    if (stream == NULL)
        return false;
    for (i = 0; i + 5 < stream->view.size; i++) {
        uint64_t value = 0;
        bool digits = false;

        if ((i != 0 && stream->view.data[i - 1] != '\n') ||
            memcmp(stream->view.data + i, "Pid:", 4) != 0)
            continue;
        for (i += 4; i < stream->view.size && value <= UINT32_MAX; i++) {
            unsigned char c = stream->view.data[i];

            if (c >= '0' && c <= '9') {
                value = value * 10 + (uint64_t)(c - '0');
                digits = true;
            } else if (digits || (c != ' ' && c != '\t')) {
                break;
            }
        }
        *pid = (uint32_t)value;
        return digits && value <= UINT32_MAX;
    }
    return false;
}

/* The line that starts at *pos, without its end; *pos moves behind it. False at the end. */
static bool next_line(struct avd_view text, size_t *pos, struct avd_view *line)
{
    size_t start = *pos;
    size_t end = start;

    if (start >= text.size)
        return false;
    while (end < text.size && text.data[end] != '\n')
        end++;
    *pos = end + 1;
    return avd_view_slice(text, start, end - start, line);
}

/* The value of `KEY=value` or `KEY="value"`, or NULL when the line is another one. */
static const char *value_of(struct avd_view line, const char *key, struct avd_report *report)
{
    size_t size = strlen(key);
    struct avd_view value;

    if (line.size <= size || memcmp(line.data, key, size) != 0 || line.data[size] != '=')
        return NULL;
    (void)avd_view_slice(line, size + 1, line.size - size - 1, &value);
    if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
        (void)avd_view_slice(value, 1, value.size - 2, &value);
    return avd_bytes_to_utf8(&report->arena, value);
}

/* /etc/lsb-release, or /etc/os-release where the writer took that. */
static void read_lsb_release(struct avd_view text, struct avd_report *report)
{
    struct avd_rep_linux *out = &report->linux_info;
    const struct {
        const char *lsb_key, *os_key;
        const char **to;
    } keys[] = {
        {"DISTRIB_ID", "ID", &out->lsb_id},
        {"DISTRIB_RELEASE", "VERSION_ID", &out->lsb_release},
        {"DISTRIB_CODENAME", "VERSION_CODENAME", &out->lsb_codename},
        {"DISTRIB_DESCRIPTION", "PRETTY_NAME", &out->lsb_description},
    };
    struct avd_view line;
    size_t pos = 0;
    size_t i;

    while (next_line(text, &pos, &line)) {
        for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            const char *value = value_of(line, keys[i].lsb_key, report);

            if (value == NULL)
                value = value_of(line, keys[i].os_key, report);
            if (value == NULL)
                continue;
            *keys[i].to = value;
            out->has_lsb_release = true;
        }
    }
}

void avd_build_linux(const struct avd_dump *dump, struct avd_report *report)
{
    const struct avd_stream *maps = avd_dump_stream(dump, LinuxMapsStream);
    const struct avd_stream *lsb = avd_dump_stream(dump, LinuxLsbReleaseStream);
    struct avd_view line;
    size_t pos = 0;

    if (maps != NULL) {
        report->linux_info.has_maps = true;
        while (next_line(maps->view, &pos, &line))
            if (line.size != 0 && line.data[0] != 0)
                report->linux_info.map_count++;
    }
    if (lsb != NULL)
        read_lsb_release(lsb->view, report);
}
