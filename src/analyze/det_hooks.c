/* SPDX-License-Identifier: MIT */
/*
 * Do functions of the system begin with a jump to somebody else's code? Looked at are functions
 * that hooks are commonly put on, where the dump holds their first bytes. Jumps inside the module
 * and to libraries of Windows are the system's own.
 */
#include "analyze/detectors.h"
#include "analyze/system_root.h"

#include "base/bisect.h"
#include "base/limits.h"
#include "base/utf.h"

#include <string.h>

enum { NAME_BYTES = 64, CODE_BYTES = 16, EXPORT_DIRECTORY_BYTES = 40 };

static const struct {
    const char *module;
    const char *functions[16]; /* ended by NULL */
} watched[] = {
    {"ntdll.dll",
     {"LdrLoadDll", "LdrGetProcedureAddress", "NtAllocateVirtualMemory", "NtClose", "NtCreateFile",
      "NtCreateThreadEx", "NtMapViewOfSection", "NtOpenFile", "NtProtectVirtualMemory",
      "NtReadFile", "NtWriteFile", "NtWriteVirtualMemory", "RtlAllocateHeap",
      "KiUserExceptionDispatcher", "RtlDispatchException", NULL}},
    {"kernel32.dll",
     {"CreateFileW", "CreateProcessW", "CreateThread", "GetProcAddress", "LoadLibraryA",
      "LoadLibraryW", "SetUnhandledExceptionFilter", "VirtualAlloc", "VirtualProtect",
      "UnhandledExceptionFilter", NULL}},
    {"kernelbase.dll",
     {"CreateFileW", "CreateProcessW", "GetProcAddress", "LoadLibraryExW", "VirtualAlloc",
      "VirtualProtect", "CreateProcessInternalW", NULL}},
    {"user32.dll",
     {"CreateWindowExW", "GetMessageW", "MessageBoxW", "PeekMessageW", "SetWindowsHookExW",
      "GetAsyncKeyState", NULL}},
    {"ws2_32.dll", {"WSARecv", "WSASend", "WSASocketW", "connect", "recv", "send", NULL}},
};

/* ---- exports by name ---- */

struct names {
    const struct avd_image *image;
    uint32_t count, functions_count, functions, names, ordinals;
};

static bool find_names(const struct avd_image *image, struct names *out)
{
    uint32_t rva = image->directories[AVD_DIR_EXPORT].rva;

    out->image = image;
    return rva != 0 && avd_image_u32(image, rva + 0x14, &out->functions_count) &&
           avd_image_u32(image, rva + 0x18, &out->count) && out->count <= AVD_MAX_EXPORTS &&
           avd_image_u32(image, rva + 0x1c, &out->functions) &&
           avd_image_u32(image, rva + 0x20, &out->names) &&
           avd_image_u32(image, rva + 0x24, &out->ordinals);
}

static bool export_name(const struct names *names, uint32_t index, char text[NAME_BYTES])
{
    uint32_t rva;

    memset(text, 0, NAME_BYTES);
    return avd_image_u32(names->image, names->names + index * 4, &rva) &&
           avd_image_read(names->image, rva, text, NAME_BYTES - 1) != 0;
}

/* The function's RVA; 0 when it is not exported, is a forwarder, or the tables are not there. */
static uint32_t find_export(const struct names *names, const char *wanted)
{
    const struct avd_data_directory *directory = &names->image->directories[AVD_DIR_EXPORT];
    struct avd_bisect b = avd_bisect_start(names->count);
    uint32_t function;
    uint32_t rva = 0;
    uint8_t ordinal[2];
    char text[NAME_BYTES];

    /* Linkers sort names by their bytes. */
    while (avd_bisect_next(&b)) {
        if (!export_name(names, (uint32_t)b.middle, text))
            return 0;
        avd_bisect_answer(&b, strcmp(text, wanted) < 0);
    }
    if (b.low == names->count || !export_name(names, (uint32_t)b.low, text) ||
        strcmp(text, wanted) != 0 ||
        avd_image_read(names->image, names->ordinals + (uint32_t)b.low * 2, ordinal, 2) != 2)
        return 0;
    function = (uint32_t)ordinal[0] | (uint32_t)ordinal[1] << 8;
    if (function >= names->functions_count ||
        !avd_image_u32(names->image, names->functions + function * 4, &rva) ||
        (rva >= directory->rva && rva - directory->rva < directory->size))
        return 0;
    return rva;
}

/* ---- jumps ---- */

static uint64_t number(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | bytes[size];
    return value;
}

static uint64_t relative(uint64_t next, const uint8_t *bytes, unsigned pointer_size)
{
    uint64_t target = next + (uint64_t)(int64_t)(int32_t)(uint32_t)number(bytes, 4);

    return pointer_size == 4 ? target & UINT32_MAX : target;
}

/* Where the code at `addr` jumps at once: the forms that hooks use. */
static bool jump_target(const struct avd_memory *memory, uint64_t addr, unsigned pointer_size,
                        uint64_t *target)
{
    uint8_t code[CODE_BYTES] = {0};
    size_t size = avd_memory_read(memory, addr, code, sizeof code);

    if (size >= 5 && code[0] == 0xe9) { /* jmp rel32 */
        *target = relative(addr + 5, code + 1, pointer_size);
        return true;
    }
    if (size >= 2 && code[0] == 0xeb && code[1] == 0xf9) { /* jmp $-5, where a jump was put */
        *target = addr - 5;
        return true;
    }
    if (size >= 6 && code[0] == 0xff && code[1] == 0x25) { /* jmp [rip + disp32], jmp [disp32] */
        uint64_t slot = pointer_size == 8 ? relative(addr + 6, code + 2, 8) : number(code + 2, 4);

        return avd_memory_pointer(memory, slot, pointer_size, target);
    }
    if (pointer_size == 8 && size >= 12 && code[0] == 0x48 && code[1] == 0xb8 && code[10] == 0xff &&
        code[11] == 0xe0) { /* mov rax, imm64; jmp rax */
        *target = number(code + 2, 8);
        return true;
    }
    if (pointer_size == 8 && size >= 14 && code[0] == 0x68 && code[5] == 0xc7 && code[6] == 0x44 &&
        code[7] == 0x24 && code[8] == 4 && code[13] == 0xc3) { /* push; mov [rsp+4], imm32; ret */
        *target = number(code + 1, 4) | number(code + 9, 4) << 32;
        return true;
    }
    if (pointer_size == 4 && size >= 7 &&
        ((code[0] == 0x68 && code[5] == 0xc3) ||                     /* push imm32; ret */
         (code[0] == 0xb8 && code[5] == 0xff && code[6] == 0xe0))) { /* mov eax; jmp eax */
        *target = number(code + 1, 4);
        return true;
    }
    return false;
}

struct hooks {
    struct avd_analysis *an;
    const char *lines[AVD_MAX_ODDITIES];
    const char *owners[AVD_MAX_ODDITIES];
    size_t kept, count, owner_count, checked;
    struct avd_system_root root;
};

/* Windows redirects functions of its own; where its folder is not known, all may be its own. */
static bool is_own(const struct hooks *hooks, const struct avd_module *module)
{
    return hooks->root.size == 0 || avd_system_root_has(&hooks->root, module->path);
}

static void add(struct hooks *hooks, size_t module, const char *function, uint64_t target)
{
    struct avd_analysis *an = hooks->an;
    size_t to = avd_analysis_module_at(an, target);
    const char *owner =
        to != AVD_NO_MODULE ? an->modules[to].module->name : "memory outside modules";
    const char *line =
        avd_arena_printf(&an->arena, "%s!%s jumps to %s (0x%llx)", an->modules[module].display_name,
                         function, owner, (unsigned long long)target);
    size_t i;

    hooks->count++;
    if (line == NULL || hooks->kept == AVD_MAX_ODDITIES)
        return;
    hooks->lines[hooks->kept++] = line;
    for (i = 0; i < hooks->owner_count; i++)
        if (strcmp(hooks->owners[i], owner) == 0)
            return;
    hooks->owners[hooks->owner_count++] = owner;
}

/* Trampolines lie in memory of their own: the last jump tells whose they are. */
static void check_function(struct hooks *hooks, size_t module, uint64_t addr, const char *function,
                           unsigned pointer_size)
{
    struct avd_analysis *an = hooks->an;
    uint8_t first;
    size_t to = module;
    unsigned i;

    if (avd_memory_read(&an->dump->memory, addr, &first, 1) != 1)
        return;
    hooks->checked++;
    for (i = 0; i < AVD_MAX_THUNKS && (to == module || to == AVD_NO_MODULE); i++) {
        if (!jump_target(&an->dump->memory, addr, pointer_size, &addr))
            break;
        to = avd_analysis_module_at(an, addr);
    }
    if (to == module || (to != AVD_NO_MODULE && is_own(hooks, an->modules[to].module)))
        return;
    add(hooks, module, function, addr);
}

static void check_module(struct hooks *hooks, size_t module, const char *const *functions)
{
    const struct avd_image *image = avd_analysis_image(hooks->an, module);
    struct names names;
    size_t i;

    if (image == NULL || !find_names(image, &names))
        return;
    for (i = 0; functions[i] != NULL; i++) {
        uint32_t rva = find_export(&names, functions[i]);

        if (rva != 0)
            check_function(hooks, module, hooks->an->modules[module].module->base + rva,
                           functions[i], image->pe32_plus ? 8 : 4);
    }
}

static void run(struct avd_analysis *an)
{
    struct hooks hooks = {0};
    size_t i;
    size_t k;

    hooks.an = an;
    hooks.root = avd_system_root_find(an);
    for (i = 0; avd_dump_is_windows(an->dump) && i < an->module_count; i++)
        for (k = 0; k < sizeof watched / sizeof watched[0]; k++)
            if (avd_ascii_casecmp(an->modules[i].module->name, watched[k].module) == 0)
                check_module(&hooks, i, watched[k].functions);
    avd_fact_number(&an->facts, "hooks.checked", hooks.checked);
    if (hooks.checked == 0) {
        const char *reason = "the code of system libraries is not in the dump";

        avd_fact_unknown(&an->facts, "hooks.count", reason);
        avd_fact_unknown(&an->facts, "hooks.list", reason);
        avd_fact_unknown(&an->facts, "hooks.owners", reason);
        return;
    }
    avd_fact_number(&an->facts, "hooks.count", hooks.count);
    avd_fact_list(&an->facts, "hooks.list", hooks.lines, hooks.kept);
    avd_fact_list(&an->facts, "hooks.owners", hooks.owners, hooks.owner_count);
}

const struct avd_detector avd_det_hooks = {
    "hooks",
    "functions of system libraries that begin with a jump to other code",
    run,
};
