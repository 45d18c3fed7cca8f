/* SPDX-License-Identifier: MIT */
/* Decompression with a ceiling, and opening what comes out of it. */
#include "base/unpack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint64_t limit = 1 << 20;
    struct avd_view packed = {data, size, 0};
    struct avd_file file;
    bool truncated = false;

    if (!avd_unpack_is_gzip(packed))
        return 0;
    if (avd_unpack_gzip(packed, limit, &file, &truncated, NULL) != AVD_OK)
        return 0;
    /* A result is never empty nor over its ceiling. */
    if (file.view.size == 0 || file.view.size > limit || file.view.data == NULL)
        abort();
    avd_file_close(&file);
    return 0;
}
