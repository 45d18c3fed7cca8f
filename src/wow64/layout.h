/* SPDX-License-Identifier: MIT */
/*
 * Offsets in TEB, PEB and loader structures that WOW64 needs, 64- and 32-bit. Seen the same on
 * real dumps of Windows 7, 10 and 11 and of Wine 8 to 10; fields from public struct dumps.
 */
#ifndef AVD_WOW64_LAYOUT_H
#define AVD_WOW64_LAYOUT_H

enum {
    TEB64_EXCEPTION_LIST = 0x00, /* WOW64: TEB32 */
    TEB64_STACK_BASE = 0x08,
    TEB64_STACK_LIMIT = 0x10,
    TEB64_SELF = 0x30,
    TEB64_UNIQUE_THREAD = 0x48,
    TEB64_PEB = 0x60,
    TEB64_TLS_SLOTS = 0x1480,
    TEB64_WOW_TEB_OFFSET = 0x180c, /* Windows 10 and later; 0 or garbage before */
    TEB64_TO_TEB32 = 0x2000,

    WOW64_TLS_STACKPTR64 = 0, /* Windows 7: where the 64-bit stack is gone on with */
    WOW64_TLS_CPURESERVED = 1,

    TEB32_STACK_BASE = 0x04,
    TEB32_STACK_LIMIT = 0x08,
    TEB32_SELF = 0x18,
    TEB32_UNIQUE_THREAD = 0x24,
    TEB32_PEB = 0x30,
    TEB32_GDI_BATCH_COUNT = 0xf70, /* WOW64: TEB64 */
    TEB32_WOW_TEB_OFFSET = 0xfdc,

    PEB32_IMAGE_BASE = 0x08,
    PEB32_LDR = 0x0c,
    LDR32_IN_LOAD_ORDER = 0x0c,
    ENTRY32_DLL_BASE = 0x18,
    ENTRY32_SIZE_OF_IMAGE = 0x20,
    ENTRY32_FULL_NAME = 0x24, /* u16 length, u16 maximum, u32 buffer */
    ENTRY32_TIMESTAMP = 0x44,

    AREA_MACHINE = 2, /* 0 before Windows 8 */
    MACHINE_I386 = 0x14c,
    CONTEXT32_SIZE = 0x2cc,
    CS_32BIT = 0x23, /* the segment of 32-bit code on 64-bit Windows */
    SS_USER = 0x2b
};

#endif
