/* SPDX-License-Identifier: MIT */
/*
 * The PDB reader as a program, for test_pdb_oracle.py and for measuring:
 *
 *     pdb_query PDB           reads addresses (rva, hexadecimal) from standard input, one per line
 *     pdb_query --frames PDB  the same, and answers with frame data and S_FRAMEPROC
 *
 * One line out per address, fields separated by tabs: rva, "exact", "near" or "none", function,
 * source file, line, and three more for each inlined call, innermost first.
 */
#include "base/strbuf.h"
#include "symbols/pdb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "??";
}

static void print_symbol(struct avd_pdb *pdb, uint64_t rva)
{
    struct avd_symbol symbol;
    enum avd_status status = avd_pdb_find(pdb, rva, &symbol);
    struct avd_strbuf line;
    size_t i;

    avd_strbuf_init(&line);
    avd_strbuf_printf(&line, "%" PRIx64 "\t", rva);
    if (status == AVD_E_NOMEM)
        avd_strbuf_puts(&line, "out of memory");
    else if (status != AVD_OK)
        avd_strbuf_puts(&line, "none");
    else
        avd_strbuf_puts(&line, symbol.approximate ? "near" : "exact");
    avd_strbuf_puts(&line, "\t");
    avd_strbuf_escaped(&line, text_or_none(symbol.function));
    avd_strbuf_puts(&line, "\t");
    avd_strbuf_escaped(&line, text_or_none(symbol.source_file));
    avd_strbuf_printf(&line, "\t%u", (unsigned)symbol.line);
    for (i = 0; i < symbol.inline_count; i++) {
        avd_strbuf_puts(&line, "\t");
        avd_strbuf_escaped(&line, text_or_none(symbol.inlines[i].function));
        avd_strbuf_puts(&line, "\t");
        avd_strbuf_escaped(&line, text_or_none(symbol.inlines[i].source_file));
        avd_strbuf_printf(&line, "\t%u", (unsigned)symbol.inlines[i].line);
    }
    (void)puts(avd_strbuf_text(&line));
    avd_strbuf_deinit(&line);
}

static void print_frames(struct avd_pdb *pdb, uint64_t rva)
{
    struct avd_frame_data data;
    struct avd_proc_frame frame;

    (void)printf("%" PRIx64 "\t", rva);
    if (avd_pdb_frame_data(pdb, rva, &data) == AVD_OK)
        (void)printf("%s\t%" PRIx64 "\t%u\t%u\t%u\t%u\t%u\t%s", data.is_fpo ? "fpo" : "data",
                     data.rva, (unsigned)data.code_size, (unsigned)data.prolog_size,
                     (unsigned)data.parameter_size, (unsigned)data.saved_regs_size,
                     (unsigned)data.locals_size, text_or_none(data.program));
    else
        (void)printf("none");
    if (avd_pdb_proc_frame(pdb, rva, &frame) == AVD_OK)
        (void)printf("\tproc\t%" PRIx64 "\t%u\t%u\t%u\t0x%x", frame.function_rva,
                     (unsigned)frame.frame_size, (unsigned)frame.pad_size,
                     (unsigned)frame.saved_regs_size, (unsigned)frame.flags);
    (void)puts("");
}

int main(int argc, char **argv)
{
    bool frames = argc == 3 && strcmp(argv[1], "--frames") == 0;
    struct avd_error err;
    struct avd_pdb *pdb;
    char text[64];

    if (argc != 2 && !frames) {
        (void)fprintf(stderr, "usage: pdb_query [--frames] PDB < addresses\n");
        return 2;
    }
    if (avd_pdb_open(argv[argc - 1], &pdb, &err) != AVD_OK) {
        (void)fprintf(stderr, "%s: %s: %s\n", avd_status_name(err.code), err.where, err.message);
        return 3;
    }
    while (fgets(text, sizeof text, stdin) != NULL) {
        if (frames)
            print_frames(pdb, strtoull(text, NULL, 16));
        else
            print_symbol(pdb, strtoull(text, NULL, 16));
    }
    if (avd_pdb_damage(pdb)[0] != '\0')
        (void)fprintf(stderr, "damage: %s\n", avd_pdb_damage(pdb));
    avd_pdb_close(pdb);
    return 0;
}
