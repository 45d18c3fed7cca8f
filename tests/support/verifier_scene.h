/* SPDX-License-Identifier: MIT */
/*
 * Dumps of processes that Application Verifier stopped, made by hand: an application's thread
 * calls Winsock, the layer's hook finds fault with it and calls the engine, which breaks into a
 * debugger or raises STATUS_VERIFIER_STOP. Function names come from export tables.
 *
 *     ntdll <- kernel32 <- app.exe!run <- vfnet hook <- vfnet check <- vrfcore
 */
#ifndef AVD_TESTS_SUPPORT_VERIFIER_SCENE_H
#define AVD_TESTS_SUPPORT_VERIFIER_SCENE_H

#include "support/dump_builder.h"

enum vs_cpu { VS_X64, VS_X86, VS_WOW64, VS_CPU_COUNT };

enum vs_way {
    VS_BREAK,      /* int 3 in vrfcore, called by the layer */
    VS_RAISED,     /* STATUS_VERIFIER_STOP, raised by vrfcore */
    VS_HEAP_BREAK, /* int 3 in vrfcore, called by verifier.dll, called by the layer */
    VS_PAGE_HEAP,  /* int 3 in verifier.dll, no vrfcore */
    VS_OTHER       /* an access violation in app.exe, called by the layer's hook */
};

/* clang-format off */
enum vs_module {
    VS_APP, VS_PROVIDER, VS_VRFCORE, VS_VERIFIER, VS_WS2, VS_KERNEL32, VS_NTDLL,
    VS_LSP,         /* lsp.dll: a service provider */
    VS_MODULE_COUNT
};
/* clang-format on */

struct vs_scene {
    enum vs_cpu cpu;
    enum vs_way way;
    const char *provider; /* NULL: vfnet.dll */
    uint32_t code;
    uint64_t values[4];
    bool without_memory; /* neither stop record nor anything a parameter leads to */
    bool without_stack;
    bool not_spilled;     /* x64: the home slots hold something else */
    uint32_t in_register; /* x64: what rbx holds */
    const char *text;     /* on the stack of the innermost frame */
    bool wide_text, text_below;
    const char *described; /* the layer's descriptor lists the code with this message */
    const char *comment;
    bool exception_record; /* an EXCEPTION_RECORD with the stop record, on the stack */
    uint32_t global_flag;
    uint64_t unloaded; /* base of gone.dll, 0x6000 bytes, unloaded; 0: none */
};

/* Where parameters may lead to; in the dump unless it is without_memory. */
enum {
    VS_TRACE = 0x02000100,      /* vfnet, vfnet, ws2_32, app.exe, kernel32 */
    VS_GONE_TRACE = 0x02000200, /* vfnet, gone.dll, app.exe */
    VS_NAME = 0x02000400,       /* u"plugin.dll" */
    VS_RECORD = 0x02000800,     /* the stop record */
    VS_THREAD = 0x10
};

uint64_t vs_base(enum vs_cpu cpu, enum vs_module module);
/* Return addresses inside the two functions of a module, and where they begin. */
enum { VS_RETURN1 = 0x1025, VS_RETURN2 = 0x10a5, VS_FUNCTION1 = 0x1000, VS_FUNCTION2 = 0x1080 };

/* The whole dump, to be finished by the caller. */
struct db *vs_build(const struct vs_scene *scene);

#endif
