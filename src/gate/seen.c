/* SPDX-License-Identifier: MIT */
#include "gate/seen.h"

#include "base/memory.h"

#include <string.h>

enum { FIRST_CAPACITY = 1024 };

void avd_gate_seen_deinit(struct avd_gate_seen *seen)
{
    avd_mem_free(seen->hashes);
    memset(seen, 0, sizeof *seen);
}

static uint64_t hash(const char *a, const char *b)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (; *a != '\0'; a++)
        h = (h ^ (unsigned char)*a) * UINT64_C(0x100000001b3);
    h = (h ^ 0xff) * UINT64_C(0x100000001b3); /* no byte of UTF-8: "ab","c" is not "a","bc" */
    for (; *b != '\0'; b++)
        h = (h ^ (unsigned char)*b) * UINT64_C(0x100000001b3);
    return h != 0 ? h : 1;
}

static size_t slot(const uint64_t *hashes, size_t capacity, uint64_t h)
{
    size_t i = (size_t)(h ^ h >> 32) & (capacity - 1);

    while (hashes[i] != 0 && hashes[i] != h)
        i = (i + 1) & (capacity - 1);
    return i;
}

bool avd_gate_seen_has(const struct avd_gate_seen *seen, const char *a, const char *b)
{
    return seen->capacity != 0 && seen->hashes[slot(seen->hashes, seen->capacity, hash(a, b))] != 0;
}

static bool grow(struct avd_gate_seen *seen)
{
    size_t wanted = seen->capacity == 0 ? FIRST_CAPACITY : seen->capacity * 2;
    uint64_t *grown = avd_mem_calloc(wanted, sizeof *grown);
    size_t i;

    if (grown == NULL)
        return false;
    for (i = 0; i < seen->capacity; i++)
        if (seen->hashes[i] != 0)
            grown[slot(grown, wanted, seen->hashes[i])] = seen->hashes[i];
    avd_mem_free(seen->hashes);
    seen->hashes = grown;
    seen->capacity = wanted;
    return true;
}

bool avd_gate_seen_add(struct avd_gate_seen *seen, const char *a, const char *b)
{
    uint64_t h = hash(a, b);
    size_t i;

    if (seen->count >= seen->capacity / 2 && !grow(seen)) {
        seen->failed = true;
        return true;
    }
    i = slot(seen->hashes, seen->capacity, h);
    if (seen->hashes[i] != 0)
        return false;
    seen->hashes[i] = h;
    seen->count++;
    return true;
}
