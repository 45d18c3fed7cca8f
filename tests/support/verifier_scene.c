/* SPDX-License-Identifier: MIT */
/* The scenes of verifier_scene.h. Every function has one frame of the same size. */
#include "support/verifier_scene.h"

#include "minidump/format.h"

#include <stdio.h>
#include <string.h>

enum {
    IMAGE_SIZE = 0x6000,
    STACK = 0x00130000,
    STACK_SIZE = 0x4000,
    FIRST_SP = STACK + 0x2000,
    FRAME64 = 0x80, /* with the return address */
    FRAME32 = 0x60,
    TEB = 0x7efdb000,
    PEB = 0x7efdf000,
    PEB32 = 0x7efde000,
    STACK64 = 0x8e000, /* WOW64: the other stack */
    BREAK_AT = 0x1030,
    MAX_FRAMES = 10
};

static const char *const names[VS_MODULE_COUNT] = {
    "app.exe",    "vfnet.dll",    "vrfcore.dll", "verifier.dll",
    "ws2_32.dll", "kernel32.dll", "ntdll.dll",   "lsp.dll",
};

/* sub rsp, 0x78 */
static const uint8_t unwind[] = {0x01, 0x04, 0x01, 0x00, 0x04, 0xe2, 0x00, 0x00};

struct frame {
    enum vs_module module;
    uint32_t rva;
};

struct builder {
    const struct vs_scene *scene;
    struct db *b;
    unsigned pointer_size;
    struct frame frames[MAX_FRAMES];
    size_t count;
    size_t stop;       /* index of the frame whose arguments are the stop's */
    bool message_form; /* they are VerifierStopMessage's */
};

uint64_t vs_base(enum vs_cpu cpu, enum vs_module module)
{
    return cpu == VS_X64 ? UINT64_C(0x7ff600000000) + (uint64_t)module * 0x100000
                         : UINT64_C(0x10000000) + (uint64_t)module * 0x100000;
}

/* ---- modules ---- */

static void map_module(struct builder *v, enum vs_module module)
{
    static const struct db_export exports[VS_MODULE_COUNT][2] = {
        {{"open_it", VS_FUNCTION1}, {"run", VS_FUNCTION2}},
        {{"VfCheck", VS_FUNCTION1}, {"VfHooksend", VS_FUNCTION2}},
        {{"VerifierStopMessageEx", VS_FUNCTION1}, {"VfCoreRedirectedStopMessage", VS_FUNCTION2}},
        {{"VerifierStopMessage", VS_FUNCTION1}, {"ZCheckHeap", VS_FUNCTION2}},
        {{"closesocket", VS_FUNCTION1}, {"send", VS_FUNCTION2}},
        {{"BaseThreadInitThunk", VS_FUNCTION1}, {"Sleep", VS_FUNCTION2}},
        {{"RtlRaiseException", VS_FUNCTION2}, {"RtlUserThreadStart", VS_FUNCTION1}},
        {{"WSPRecv", VS_FUNCTION1}, {"WSPSend", VS_FUNCTION2}},
    };
    static const struct db_function functions[] = {{VS_FUNCTION1, 0x1070, unwind, sizeof unwind},
                                                   {VS_FUNCTION2, 0x10f0, unwind, sizeof unwind}};
    uint64_t base = vs_base(v->scene->cpu, module);
    uint8_t text[0x200];
    unsigned i;

    memset(text, 0x90, sizeof text);
    for (i = 0; i < 0x100; i += 0x80) {
        if (v->pointer_size == 4)
            memcpy(text + i, "\x55\x8b\xec\x83\xec\x40", 6); /* push ebp; mov ebp, esp; sub */
        else
            memcpy(text + i, "\x48\x83\xec\x78", 4); /* sub rsp, 0x78 */
        memcpy(text + i + 0x23, "\xff\xd0", 2);      /* call eax or rax */
    }
    text[BREAK_AT - 0x1000] = 0xcc;
    db_map_image(v->b, base,
                 &(struct db_image){.pe32 = v->pointer_size == 4,
                                    .size = IMAGE_SIZE,
                                    .timestamp = 0x5f000000 + (uint32_t)module,
                                    .text = text,
                                    .text_size = sizeof text,
                                    .exports = exports[module],
                                    .export_count = 2,
                                    .functions = functions,
                                    .function_count = v->pointer_size == 4 ? 0 : 2});
}

static const char *module_name(const struct vs_scene *scene, enum vs_module module)
{
    return module == VS_PROVIDER && scene->provider != NULL ? scene->provider : names[module];
}

static void add_modules(struct builder *v)
{
    struct db_module modules[VS_MODULE_COUNT];
    char paths[VS_MODULE_COUNT][64];
    size_t count = 0;
    unsigned i;

    for (i = 0; i < VS_MODULE_COUNT; i++) {
        if ((v->scene->way == VS_PAGE_HEAP && (i == VS_VRFCORE || i == VS_PROVIDER)))
            continue;
        map_module(v, (enum vs_module)i);
        (void)snprintf(paths[count], sizeof paths[count], "C:\\test\\%s",
                       module_name(v->scene, (enum vs_module)i));
        modules[count] = (struct db_module){.base = vs_base(v->scene->cpu, (enum vs_module)i),
                                            .size = IMAGE_SIZE,
                                            .timestamp = 0x5f000000 + i,
                                            .path = paths[count]};
        count++;
    }
    if (v->scene->cpu != VS_WOW64) {
        for (i = 0; i < count; i++)
            (void)db_module(v->b, &modules[i]);
        return;
    }
    /* A 64-bit writer lists the program and 64-bit modules; the others are in the loader list. */
    (void)db_module(v->b, &modules[0]);
    (void)db_module(v->b, &(struct db_module){.base = 0x74c40000,
                                              .size = 0x40000,
                                              .path = "C:\\Windows\\System32\\wow64.dll"});
    (void)db_module(v->b, &(struct db_module){.base = 0x74c00000,
                                              .size = 0x8000,
                                              .path = "C:\\Windows\\System32\\wow64cpu.dll"});
    db_map_peb32(v->b, PEB32, (uint32_t)modules[0].base, modules, count);
}

/* ---- the stack ---- */

static void poke_word(struct builder *v, uint64_t addr, uint64_t value)
{
    if (v->pointer_size == 8)
        db_poke64(v->b, addr, value);
    else
        db_poke32(v->b, addr, (uint32_t)value);
}

static void add_frame(struct builder *v, enum vs_module module, uint32_t rva)
{
    v->frames[v->count++] = (struct frame){module, rva};
}

static void choose_frames(struct builder *v)
{
    v->stop = 0;
    switch (v->scene->way) {
    case VS_RAISED:
        add_frame(v, VS_NTDLL, VS_RETURN2);
        add_frame(v, VS_VRFCORE, VS_RETURN1);
        v->stop = 1;
        break;
    case VS_HEAP_BREAK:
        add_frame(v, VS_VRFCORE, BREAK_AT);
        add_frame(v, VS_VRFCORE, VS_RETURN2);
        add_frame(v, VS_VERIFIER, VS_RETURN1);
        add_frame(v, VS_VERIFIER, VS_RETURN2);
        v->stop = 2;
        v->message_form = true;
        break;
    case VS_PAGE_HEAP:
        add_frame(v, VS_VERIFIER, BREAK_AT);
        add_frame(v, VS_VERIFIER, VS_RETURN1);
        add_frame(v, VS_VERIFIER, VS_RETURN2);
        add_frame(v, VS_NTDLL, VS_RETURN2);
        v->stop = 1;
        v->message_form = true;
        break;
    case VS_OTHER: add_frame(v, VS_APP, BREAK_AT); break;
    case VS_BREAK:
    default: add_frame(v, VS_VRFCORE, BREAK_AT); break;
    }
    if (v->scene->way != VS_PAGE_HEAP) {
        add_frame(v, VS_PROVIDER, VS_RETURN1);
        add_frame(v, VS_PROVIDER, VS_RETURN2);
    }
    add_frame(v, VS_APP, VS_RETURN2);
    add_frame(v, VS_KERNEL32, VS_RETURN1);
    add_frame(v, VS_NTDLL, VS_RETURN1);
}

static uint64_t frame_address(const struct builder *v, size_t i)
{
    const struct frame *frame = &v->frames[i];

    return vs_base(v->scene->cpu, frame->module) + frame->rva;
}

/* Where the arguments of frame i lie. */
static uint64_t arguments_of(const struct builder *v, size_t i)
{
    return v->pointer_size == 8 ? FIRST_SP + FRAME64 * (i + 1) : FIRST_SP + FRAME32 * i + 0x48;
}

static void poke_frames(struct builder *v)
{
    size_t i;

    for (i = 0; i + 1 < v->count; i++) {
        uint64_t args = arguments_of(v, i);

        poke_word(v, args - v->pointer_size, frame_address(v, i + 1));
        if (v->pointer_size == 4)
            poke_word(v, args - 8, args - 8 + FRAME32);
    }
    if (v->pointer_size == 4)
        poke_word(v, arguments_of(v, i) - 8, 0);
}

static void poke_arguments(struct builder *v)
{
    const struct vs_scene *scene = v->scene;
    uint64_t args = arguments_of(v, v->stop);
    /* Constants in a DLL's read-only data: the layer's descriptor, a message. */
    uint64_t constant = vs_base(scene->cpu, v->message_form ? VS_VERIFIER : VS_PROVIDER) + 0x2800;
    unsigned size = v->pointer_size;
    unsigned step = v->message_form ? 2 : 1;
    unsigned i;

    if (scene->way == VS_OTHER)
        return;
    if (!scene->not_spilled) {
        poke_word(v, args, v->message_form ? scene->code : constant);
        poke_word(v, args + size, v->message_form ? constant : scene->code);
    }
    for (i = 0; i < 4; i++)
        if (2 + i * step >= 4 || !scene->not_spilled)
            poke_word(v, args + (2 + i * step) * size, scene->values[i]);
}

/* ---- what parameters lead to ---- */

static void poke_trace(struct builder *v, uint64_t addr, const uint64_t *addresses, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        poke_word(v, addr + i * v->pointer_size, addresses[i]);
}

static void poke_record(struct builder *v)
{
    unsigned i;

    db_poke64(v->b, VS_RECORD, v->scene->code);
    db_poke32(v->b, VS_RECORD + 0x0c, 3);
    db_poke64(v->b, VS_RECORD + 0x10, vs_base(v->scene->cpu, VS_VRFCORE) + VS_RETURN1);
    db_poke64(v->b, VS_RECORD + 0x18, vs_base(v->scene->cpu, VS_PROVIDER) + VS_RETURN1);
    db_poke64(v->b, VS_RECORD + 0x20, vs_base(v->scene->cpu, VS_APP) + VS_RETURN2);
    for (i = 0; i < 4; i++)
        db_poke64(v->b, VS_RECORD + 0x118 + 16 * i, v->scene->values[i]);
}

static void add_memory(struct builder *v)
{
    enum vs_cpu cpu = v->scene->cpu;
    const uint64_t trace[] = {vs_base(cpu, VS_PROVIDER) + VS_RETURN1,
                              vs_base(cpu, VS_PROVIDER) + VS_RETURN2,
                              vs_base(cpu, VS_WS2) + VS_RETURN1, vs_base(cpu, VS_APP) + VS_RETURN1,
                              vs_base(cpu, VS_KERNEL32) + VS_RETURN1};
    const uint64_t gone[] = {vs_base(cpu, VS_PROVIDER) + VS_RETURN1, v->scene->unloaded + 0x1234,
                             vs_base(cpu, VS_APP) + VS_RETURN1};

    (void)db_memory(v->b, 0x02000000, 0x1000);
    poke_trace(v, VS_TRACE, trace, 5);
    poke_trace(v, VS_GONE_TRACE, gone, 3);
    db_poke_utf16(v->b, VS_NAME, "plugin.dll");
    poke_record(v);
}

static void poke_exception_record(struct builder *v)
{
    uint64_t at = arguments_of(v, 0);
    bool is32 = v->pointer_size == 4;

    db_poke32(v->b, at, 0xc0000421);
    db_poke32(v->b, at + 4, 0);
    db_poke32(v->b, at + (is32 ? 0x10u : 0x18u), 3);
    poke_word(v, at + (is32 ? 0x1cu : 0x30u), VS_RECORD);
}

/* AVRF_LAYER_DESCRIPTOR with one break, in the provider's read-only data. */
static void poke_descriptor(struct builder *v)
{
    uint64_t at = vs_base(v->scene->cpu, VS_PROVIDER) + 0x2800;
    uint64_t entry = at + 0x60;
    uint64_t name = at + 0x100;
    bool is32 = v->pointer_size == 4;

    if (v->scene->described == NULL)
        return;
    (void)db_memory(v->b, at, 0x200);
    poke_word(v, at + (is32 ? 0x08 : 0x10), name);
    poke_word(v, at + (is32 ? 0x10 : 0x20), entry);
    db_poke32(v->b, entry, v->scene->code);
    poke_word(v, entry + 0x10, name + 0x20);
    poke_word(v, entry + (is32 ? 0x18 : 0x20), name + 0x80);
    poke_word(v, entry + (is32 ? 0x48 : 0x80), at);
    db_poke_utf16(v->b, name, "OurLayer");
    db_poke_utf16(v->b, name + 0x20, v->scene->described);
    db_poke_utf16(v->b, name + 0x80, "our value");
}

/* ---- the rest ---- */

static void add_threads(struct builder *v)
{
    const struct vs_scene *scene = v->scene;
    uint64_t pc = frame_address(v, 0);
    bool raised = scene->way == VS_RAISED;
    struct db_x64 regs64 = {.rip = pc, .rsp = FIRST_SP, .rbx = scene->in_register};
    struct db_x64 live = {.cs = 0x23, .rip = pc, .rsp = FIRST_SP, .rbp = FIRST_SP + 0x40};
    struct db_x86 regs32 = {.eip = (uint32_t)pc, .esp = FIRST_SP, .ebp = FIRST_SP + 0x40};
    unsigned context = scene->cpu == VS_X64   ? db_context_x64(v->b, &regs64)
                       : scene->cpu == VS_X86 ? db_context_x86(v->b, &regs32)
                                              : db_context_x64(v->b, &live);
    struct db_exception exception = {.thread_id = VS_THREAD, .address = pc, .context = context};
    struct db_teb teb = {.addr = TEB,
                         .stack_base = STACK + STACK_SIZE,
                         .stack_limit = STACK,
                         .peb = v->pointer_size == 8 ? PEB : PEB32,
                         .process_id = 0x1234,
                         .thread_id = VS_THREAD};

    if (scene->cpu == VS_X64) {
        db_map_peb64(v->b, PEB, vs_base(VS_X64, VS_APP));
        db_poke32(v->b, PEB + 0xbc, scene->global_flag);
        db_map_teb64(v->b, &teb);
    } else {
        if (scene->cpu == VS_X86)
            db_map_peb32(v->b, PEB32, 0, NULL, 0);
        db_poke32(v->b, PEB32 + 0x68, scene->global_flag);
        if (scene->cpu == VS_WOW64) {
            db_map_peb64(v->b, PEB, vs_base(VS_WOW64, VS_APP));
            db_map_teb64(v->b, &(struct db_teb){.addr = TEB,
                                                .stack_base = STACK64 + 0x1000,
                                                .stack_limit = STACK64,
                                                .peb = PEB,
                                                .process_id = 0x1234,
                                                .thread_id = VS_THREAD,
                                                .teb32 = TEB + 0x2000});
            teb.addr = TEB + 0x2000;
        }
        db_map_teb32(v->b, &teb);
    }
    if (scene->without_stack)
        context = exception.context = 0;
    (void)db_thread(v->b, &(struct db_thread){.id = VS_THREAD,
                                              .teb = TEB,
                                              .stack_start = STACK,
                                              .stack_size = STACK_SIZE,
                                              .context = context});
    exception.code = raised                   ? 0xc0000421
                     : scene->way == VS_OTHER ? 0xc0000005
                     : scene->cpu == VS_WOW64 ? 0x4000001f
                                              : 0x80000003;
    exception.parameter_count = raised ? 3 : scene->way == VS_OTHER ? 2 : 1;
    if (raised)
        exception.parameters[2] = VS_RECORD;
    (void)db_exception(v->b, &exception);
}

static void poke_text(struct builder *v)
{
    const char *text = v->scene->text;
    /* A caller may have printed it; what returned has left it further down. */
    uint64_t at = FIRST_SP + (v->pointer_size == 8 ? FRAME64 : FRAME32) * v->count + 64;

    if (v->scene->text_below)
        at = FIRST_SP - 0x800;
    if (text != NULL && v->scene->wide_text)
        db_poke_utf16(v->b, at, text);
    else if (text != NULL)
        db_poke(v->b, at, text, strlen(text) + 1);
}

struct db *vs_build(const struct vs_scene *scene)
{
    struct builder v = {
        .scene = scene, .b = db_new(), .pointer_size = scene->cpu == VS_X64 ? 8 : 4};
    unsigned misc;

    if (scene->cpu == VS_WOW64)
        db_full_memory(v.b);
    (void)db_system_info(
        v.b, scene->cpu == VS_X86 ? PROCESSOR_ARCHITECTURE_INTEL : PROCESSOR_ARCHITECTURE_AMD64, 10,
        0, 19041);
    misc = db_misc_info(v.b, 24, 1);
    db_set32(v.b, misc, 8, 0x1234);
    add_modules(&v);
    choose_frames(&v);
    (void)db_memory(v.b, STACK, STACK_SIZE);
    poke_frames(&v);
    poke_arguments(&v);
    poke_descriptor(&v);
    poke_text(&v);
    if (scene->exception_record)
        poke_exception_record(&v);
    if (!scene->without_memory)
        add_memory(&v);
    if (scene->unloaded != 0)
        (void)db_unloaded(v.b, &(struct db_module){.base = scene->unloaded,
                                                   .size = 0x6000,
                                                   .path = "C:\\test\\gone.dll"});
    if (scene->comment != NULL)
        (void)db_comment(v.b, scene->comment, true);
    add_threads(&v);
    return v.b;
}
