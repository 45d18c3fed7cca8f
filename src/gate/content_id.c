/* SPDX-License-Identifier: MIT */
/*
 * What a dump is known by. FNV-1a (Fowler, Noll, Vo) with 64 bits, from two different starts. This
 * short because it is one idea.
 */
#include "gate/gate.h"

#include <string.h>

enum { HEAD = 256 * 1024, TAIL = 64 * 1024 };

static const uint64_t fnv_prime = UINT64_C(0x100000001b3);

static uint64_t hash(uint64_t h, struct avd_view v)
{
    size_t i;

    for (i = 0; i < v.size; i++)
        h = (h ^ v.data[i]) * fnv_prime;
    return h;
}

static uint64_t hash_number(uint64_t h, uint64_t number)
{
    unsigned i;

    for (i = 0; i < 64; i += 8)
        h = (h ^ (number >> i & 0xff)) * fnv_prime;
    return h;
}

void avd_gate_content_id(struct avd_view bytes, char id[AVD_GATE_ID_SIZE])
{
    /* The document's own start, and the start after one more byte. */
    uint64_t h[2] = {UINT64_C(0xcbf29ce484222325), 0};
    struct avd_view head = bytes;
    struct avd_view tail = {NULL, 0, 0};
    unsigned i;

    h[1] = (h[0] ^ 0x5a) * fnv_prime;
    if (bytes.size > HEAD) {
        size_t rest = bytes.size - HEAD < TAIL ? bytes.size - HEAD : TAIL;

        (void)avd_view_slice(bytes, 0, HEAD, &head);
        (void)avd_view_slice(bytes, bytes.size - rest, rest, &tail);
    }
    for (i = 0; i < 2; i++)
        h[i] = hash(hash(hash_number(h[i], bytes.size), head), tail);
    for (i = 0; i < AVD_GATE_ID_SIZE - 1; i++)
        id[i] = "0123456789abcdef"[h[i / 16] >> (60 - 4 * (i % 16)) & 15];
    id[i] = '\0';
}

unsigned avd_gate_shard(const char *content_id, unsigned count)
{
    uint64_t value = 0;
    size_t i;

    for (i = 0; i < 16 && content_id[i] != '\0'; i++) {
        const char *digit = strchr("0123456789abcdef", content_id[i]);

        value = value << 4 | (digit != NULL ? (uint64_t)(digit - "0123456789abcdef") : 0);
    }
    /* FNV's low bits are its best; the high ones hardly depend on the last bytes. */
    return (unsigned)((value ^ value >> 32) % count);
}
