/* SPDX-License-Identifier: MIT */
/*
 * MD5 (RFC 1321). Not for security: WinDbg's FAILURE_ID_HASH is one, and avdump's stack signature
 * needs a short name for a text.
 */
#ifndef AVD_BASE_MD5_H
#define AVD_BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { AVD_MD5_SIZE = 16 };

void avd_md5(const void *data, size_t size, uint8_t digest[AVD_MD5_SIZE]);

#endif
