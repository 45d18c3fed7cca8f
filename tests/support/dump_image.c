/* SPDX-License-Identifier: MIT */
/*
 * What tests need in process memory: a small PE image as the loader maps it (Microsoft's "PE
 * Format"), TEBs and PEBs with their loader list (offsets as WinDbg's dt shows them).
 */
#include "support/dump_builder_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    LFANEW = 0x80,
    COFF = LFANEW + 4,
    OPTIONAL_HEADER = COFF + 20,
    HEADERS_SIZE = 0x400,
    TEXT_RVA = 0x1000
};

static uint32_t code_size(const struct db_image *image)
{
    return image->code_size != 0 ? image->code_size : 0x1000;
}

/* The sections behind .text, a page each. */
static uint32_t rdata_rva(const struct db_image *image)
{
    return TEXT_RVA + code_size(image);
}

static uint32_t pdata_rva(const struct db_image *image)
{
    return rdata_rva(image) + 0x1000;
}

uint32_t db_image_xdata(const struct db_image *image)
{
    return rdata_rva(image) + 0x2000;
}

static void map_section_header(struct db *b, uint64_t addr, const char *name, uint32_t rva,
                               uint32_t size, uint32_t characteristics)
{
    db_poke(b, addr, name, strlen(name));
    db_poke32(b, addr + 8, size);
    db_poke32(b, addr + 12, rva);
    db_poke32(b, addr + 16, size);
    db_poke32(b, addr + 20, rva); /* raw offset: as mapped */
    db_poke32(b, addr + 36, characteristics);
}

/* Offset of data directory `index` from the start of the image. */
static uint32_t directory(const struct db_image *image, unsigned index)
{
    return OPTIONAL_HEADER + (image->pe32 ? 96u : 112u) + 8 * index;
}

static void map_headers(struct db *b, uint64_t base, const struct db_image *image)
{
    uint32_t optional_size = image->pe32 ? 224 : 240;
    uint64_t opt = base + OPTIONAL_HEADER;
    uint64_t section = base + OPTIONAL_HEADER + optional_size;

    (void)db_memory(b, base, HEADERS_SIZE);
    db_poke16(b, base, 0x5a4d);
    db_poke32(b, base + 0x3c, LFANEW);
    db_poke32(b, base + LFANEW, 0x4550);
    db_poke16(b, base + COFF, image->pe32 ? 0x14c : 0x8664);
    db_poke16(b, base + COFF + 2, 4);
    db_poke32(b, base + COFF + 4, image->timestamp);
    db_poke16(b, base + COFF + 16, (uint16_t)optional_size);
    db_poke16(b, base + COFF + 18, image->pe32 ? 0x102 : 0x22);
    db_poke16(b, opt, image->pe32 ? 0x10b : 0x20b);
    db_poke32(b, opt + 16, TEXT_RVA); /* entry point */
    if (image->pe32)
        db_poke32(b, opt + 28, (uint32_t)base);
    else
        db_poke64(b, opt + 24, base);
    db_poke32(b, opt + 32, 0x1000);
    db_poke32(b, opt + 36, 0x1000);
    db_poke32(b, opt + 56, image->size);
    db_poke32(b, opt + 60, HEADERS_SIZE);
    db_poke32(b, opt + 64, image->checksum);
    db_poke16(b, opt + 68, 3); /* console */
    db_poke32(b, opt + (image->pe32 ? 92 : 108), 16);
    map_section_header(b, section, ".text", TEXT_RVA, code_size(image), 0x60000020);
    map_section_header(b, section + 40, ".rdata", rdata_rva(image), 0x1000, 0x40000040);
    map_section_header(b, section + 80, ".pdata", pdata_rva(image), 0x1000, 0x40000040);
    map_section_header(b, section + 120, ".xdata", db_image_xdata(image), 0x1000, 0x40000040);
}

/* Export directory, its three tables and the names; returns the first RVA behind them. */
static uint32_t map_exports(struct db *b, uint64_t base, const struct db_image *image)
{
    uint32_t count = (uint32_t)image->export_count;
    uint32_t named = 0;
    uint32_t rdata = rdata_rva(image);
    uint32_t functions = rdata + 40;
    uint32_t names = functions + 4 * count;
    uint32_t ordinals = names + 4 * count;
    uint32_t text = ordinals + 2 * count;
    uint32_t i;

    for (i = 0; i < count; i++) {
        const char *name = image->exports[i].name;

        db_poke32(b, base + functions + 4 * i, image->exports[i].rva);
        if (name == NULL)
            continue;
        db_poke32(b, base + names + 4 * named, text);
        db_poke16(b, base + ordinals + 2 * named, (uint16_t)i);
        db_poke(b, base + text, name, strlen(name) + 1);
        text += (uint32_t)strlen(name) + 1;
        named++;
    }
    db_poke(b, base + text, "test.dll", 9);
    db_poke32(b, base + rdata + 12, text);
    db_poke32(b, base + rdata + 16, 1); /* ordinal base */
    db_poke32(b, base + rdata + 20, count);
    db_poke32(b, base + rdata + 24, named);
    db_poke32(b, base + rdata + 28, functions);
    db_poke32(b, base + rdata + 32, names);
    db_poke32(b, base + rdata + 36, ordinals);
    text += 9;
    db_poke32(b, base + directory(image, 0), rdata);
    db_poke32(b, base + directory(image, 0) + 4, text - rdata);
    return text;
}

/* One IMAGE_DEBUG_DIRECTORY of type CodeView with the record of db_rsds(b, 1, path). */
static void map_debug(struct db *b, uint64_t base, const struct db_image *image, uint32_t rva)
{
    uint32_t record = rva + 28;
    uint32_t size = 24 + (uint32_t)strlen(image->pdb_path) + 1;
    unsigned i;

    db_poke32(b, base + directory(image, 6), rva);
    db_poke32(b, base + directory(image, 6) + 4, 28);
    db_poke32(b, base + rva + 4, image->timestamp);
    db_poke32(b, base + rva + 12, 2); /* IMAGE_DEBUG_TYPE_CODEVIEW */
    db_poke32(b, base + rva + 16, size);
    db_poke32(b, base + rva + 20, record);
    db_poke32(b, base + rva + 24, record);
    db_poke(b, base + record, "RSDS", 4);
    for (i = 0; i < 16; i++)
        db_poke8(b, base + record + 4 + i, (uint8_t)(i + 1));
    db_poke32(b, base + record + 20, 1);
    db_poke(b, base + record + 24, image->pdb_path, strlen(image->pdb_path) + 1);
}

static void map_functions(struct db *b, uint64_t base, const struct db_image *image)
{
    uint32_t size = 12 * (uint32_t)image->function_count;
    uint32_t pdata = pdata_rva(image);
    uint32_t unwind = db_image_xdata(image);
    size_t xdata_size = 4;
    size_t i;

    for (i = 0; i < image->function_count; i++)
        xdata_size += (image->functions[i].unwind_size + 3) / 4 * 4;
    (void)db_memory(b, base + pdata, size);
    (void)db_memory(b, base + unwind, xdata_size);
    db_poke32(b, base + directory(image, 3), pdata);
    db_poke32(b, base + directory(image, 3) + 4, size);
    for (i = 0; i < image->function_count; i++) {
        const struct db_function *function = &image->functions[i];
        uint64_t entry = base + pdata + 12 * i;

        db_poke32(b, entry, function->begin);
        db_poke32(b, entry + 4, function->end);
        db_poke32(b, entry + 8, unwind);
        db_poke(b, base + unwind, function->unwind, function->unwind_size);
        unwind += (uint32_t)(function->unwind_size + 3) / 4 * 4;
    }
}

void db_map_image(struct db *b, uint64_t base, const struct db_image *image)
{
    size_t rdata_size = 64 + (image->pdb_path == NULL ? 0 : strlen(image->pdb_path) + 80);
    uint32_t rva = rdata_rva(image);
    size_t i;

    map_headers(b, base, image);
    if (image->text != NULL) {
        (void)db_memory(b, base + TEXT_RVA, image->text_size);
        db_poke(b, base + TEXT_RVA, image->text, image->text_size);
    }
    for (i = 0; i < image->export_count; i++)
        rdata_size +=
            10 + (image->exports[i].name == NULL ? 0 : strlen(image->exports[i].name) + 1);
    (void)db_memory(b, base + rva, rdata_size);
    if (image->export_count != 0)
        rva = map_exports(b, base, image);
    if (image->pdb_path != NULL)
        map_debug(b, base, image, (rva + 3) / 4 * 4);
    if (image->function_count != 0)
        map_functions(b, base, image);
}

/* ---- TEB and PEB ---- */

void db_map_teb64(struct db *b, const struct db_teb *teb)
{
    (void)db_memory(b, teb->addr, 0x1838);
    db_poke64(b, teb->addr, teb->teb32); /* ExceptionList: WOW64 keeps TEB32 here */
    db_poke64(b, teb->addr + 0x08, teb->stack_base);
    db_poke64(b, teb->addr + 0x10, teb->stack_limit);
    db_poke64(b, teb->addr + 0x30, teb->addr);
    db_poke64(b, teb->addr + 0x40, teb->process_id);
    db_poke64(b, teb->addr + 0x48, teb->thread_id);
    db_poke64(b, teb->addr + 0x60, teb->peb);
    db_poke32(b, teb->addr + 0x68, teb->last_error);
    db_poke64(b, teb->addr + 0x1488, teb->cpu_area); /* TlsSlots[1] */
}

void db_map_teb32(struct db *b, const struct db_teb *teb)
{
    (void)db_memory(b, teb->addr, 0x1000);
    db_poke32(b, teb->addr, 0xffffffff); /* no exception handler */
    db_poke32(b, teb->addr + 0x04, (uint32_t)teb->stack_base);
    db_poke32(b, teb->addr + 0x08, (uint32_t)teb->stack_limit);
    db_poke32(b, teb->addr + 0x18, (uint32_t)teb->addr);
    db_poke32(b, teb->addr + 0x20, teb->process_id);
    db_poke32(b, teb->addr + 0x24, teb->thread_id);
    db_poke32(b, teb->addr + 0x30, (uint32_t)teb->peb);
    db_poke32(b, teb->addr + 0x34, teb->last_error);
}

void db_map_peb64(struct db *b, uint64_t addr, uint64_t image_base)
{
    (void)db_memory(b, addr, 0x380);
    db_poke64(b, addr + 0x10, image_base);
    db_poke32(b, addr + 0x118, 10);
    db_poke16(b, addr + 0x120, 19041);
}

/* PEB_LDR_DATA behind the PEB, entries of 0x80 bytes, then the names. */
void db_map_peb32(struct db *b, uint64_t addr, uint32_t image_base, const struct db_module *modules,
                  size_t count)
{
    uint32_t ldr = (uint32_t)addr + 0x300;
    uint32_t entry = ldr + 0x40;
    uint32_t text = entry + (uint32_t)count * 0x80;
    uint32_t previous = ldr + 0x0c;
    size_t size = 0x340 + count * 0x80;
    size_t i;

    for (i = 0; i < count; i++)
        size += 2 * strlen(modules[i].path) + 2;
    (void)db_memory(b, addr, size);
    db_poke32(b, addr + 0x08, image_base);
    db_poke32(b, addr + 0xa4, 10);
    db_poke16(b, addr + 0xac, 19041);
    if (count == 0)
        return;
    db_poke32(b, addr + 0x0c, ldr);
    db_poke32(b, ldr, 0x30);
    db_poke32(b, ldr + 4, 1);
    for (i = 0; i < count; i++, entry += 0x80) {
        const struct db_module *module = &modules[i];
        uint16_t bytes = (uint16_t)(2 * strlen(module->path));
        const char *leaf = strrchr(module->path, '\\');
        uint16_t skip = (uint16_t)(leaf == NULL ? 0 : 2 * (leaf + 1 - module->path));

        db_poke32(b, previous, entry);     /* Flink of the one before */
        db_poke32(b, entry + 4, previous); /* Blink */
        db_poke32(b, entry + 0x18, (uint32_t)module->base);
        db_poke32(b, entry + 0x20, module->size);
        db_poke16(b, entry + 0x24, bytes);
        db_poke16(b, entry + 0x26, (uint16_t)(bytes + 2));
        db_poke32(b, entry + 0x28, text);
        db_poke16(b, entry + 0x2c, (uint16_t)(bytes - skip));
        db_poke16(b, entry + 0x2e, (uint16_t)(bytes - skip + 2));
        db_poke32(b, entry + 0x30, text + skip);
        db_poke32(b, entry + 0x44, module->timestamp);
        db_poke_utf16(b, text, module->path);
        text += bytes + 2u;
        previous = entry;
    }
    db_poke32(b, previous, ldr + 0x0c);
    db_poke32(b, ldr + 0x10, previous);
}
