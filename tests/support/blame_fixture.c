/* SPDX-License-Identifier: MIT */
/* An analysis made by hand: see blame_fixture.h. Misuse aborts, it is test code. */
#include "support/blame_fixture.h"

#include "minidump/format.h"

#include <stdlib.h>
#include <string.h>

static const struct avd_cpu_ops *const cpu = &avd_cpu_amd64;

static uint64_t module_base(struct blame_fixture *f, const char *name)
{
    size_t i;

    for (i = 0; i < f->an.module_count; i++)
        if (strcmp(f->listed[i].name, name) == 0)
            return f->listed[i].base;
    f->listed[i].name = name;
    f->listed[i].path = name;
    f->listed[i].base = (i + 1) * UINT64_C(0x10000000);
    f->listed[i].size = 0x01000000;
    f->modules[i].module = &f->listed[i];
    f->modules[i].display_name = avd_module_stem(&f->an, name);
    f->modules[i].image_state = f->modules[i].file_state = -1;
    f->by_base[i] = (uint32_t)i;
    f->an.module_count = f->an.by_base_count = i + 1;
    return f->listed[i].base;
}

static void add_frame(struct blame_fixture *f, size_t index, const struct blame_frame *from)
{
    struct avd_frame *frame = &f->frames[index];
    struct avd_symbol *symbol = &f->symbols[index];
    const char *mark = strchr(from->text, '!');
    const char *plus = strrchr(from->text, '+');
    uint64_t offset = plus != NULL ? strtoull(plus + 1, NULL, 16) : 0x100;
    size_t name_size = mark != NULL   ? (size_t)(mark - from->text)
                       : plus != NULL ? (size_t)(plus - from->text)
                                      : strlen(from->text);

    frame->trust = index == 0                      ? AVD_TRUST_CONTEXT
                   : from->trust != AVD_TRUST_NONE ? from->trust
                                                   : AVD_TRUST_CFI;
    frame->evidence = from->evidence;
    frame->exact = index == 0;
    frame->pc = 0x1000 + index; /* outside of all modules */
    if (from->text[0] == '?')
        return;
    frame->pc = module_base(f, avd_arena_strndup(&f->an.arena, from->text, name_size)) + offset;
    if (mark == NULL)
        return;
    /* The function begins `offset` before, at some place of the module. */
    frame->pc += 0x1000 * (index + 1);
    symbol->function = avd_arena_strndup(
        &f->an.arena, mark + 1, plus != NULL ? (size_t)(plus - mark - 1) : strlen(mark + 1));
    symbol->displacement = avd_walk_lookup(frame) - (frame->pc - offset);
    symbol->approximate = from->approximate;
}

static void describe(struct blame_fixture *f)
{
    struct avd_exception_input in;

    memset(&in, 0, sizeof in);
    in.os = AVD_OS_WINDOWS;
    in.is_64bit = true;
    in.code = f->an.exception.code;
    in.parameter_count = f->an.exception.parameter_count;
    in.parameters = f->an.exception.parameters;
    in.address = f->an.exception.address;
    if (!avd_exception_describe(&in, &f->an.arena, &f->an.words))
        abort();
}

void blame_fixture_init(struct blame_fixture *f, uint32_t code, const struct blame_frame *frames)
{
    size_t i;

    memset(f, 0, sizeof *f);
    f->an.dump = &f->dump;
    f->an.modules = f->modules;
    f->an.by_base = f->by_base;
    f->an.threads = &f->thread;
    f->an.thread_count = 1;
    f->an.has_exception = true;
    f->dump.system.present = true;
    f->dump.system.platform = VER_PLATFORM_WIN32_NT;
    f->dump.system.architecture = PROCESSOR_ARCHITECTURE_AMD64;
    f->an.exception.present = true;
    f->an.exception.code = code;
    avd_facts_init(&f->an.facts, &f->an.arena);
    f->thread.native.present = true;
    f->thread.native.cpu = cpu;
    f->thread.native.symbols = f->symbols;
    f->thread.native.stack.frames = f->frames;
    for (i = 0; frames[i].text != NULL; i++) {
        if (i == BLAME_FRAMES)
            abort();
        add_frame(f, i, &frames[i]);
    }
    f->thread.native.stack.count = i;
    f->an.exception.address = f->frames[0].pc;
    describe(f);
}

void blame_fixture_parameters(struct blame_fixture *f, uint64_t first, uint64_t second)
{
    f->an.exception.parameter_count = 2;
    f->an.exception.parameters[0] = first;
    f->an.exception.parameters[1] = second;
    describe(f);
}

void blame_fixture_deinit(struct blame_fixture *f)
{
    avd_arena_deinit(&f->an.arena);
}
