/* SPDX-License-Identifier: MIT */
/*
 * Inside inspect: one question about a dump (avd_inspect_write), its output, and what more than one
 * command needs: places as people type them, and names for addresses.
 */
#ifndef AVD_INSPECT_INSPECT_H
#define AVD_INSPECT_INSPECT_H

#include "analyze/analysis.h"
#include "report/sheet.h"

struct avd_inspection {
    const struct avd_dump *dump;
    const struct avd_inspect_query *query;
    const struct avd_analyze_options *analyze;
    const struct avd_write_options *options; /* never NULL */
    avd_write_fn *write;
    void *ctx;
    struct avd_sheet sheet;
    unsigned pointer_size;     /* of the stack in question; until it is chosen, of the dump */
    struct avd_analysis *an;   /* NULL until something needs it: avd_inspection_analyze */
    struct avd_report *report; /* the same */
};

/* Makes `an` and `report`, once. AVD_E_NOMEM and what else the analysis fails with. */
enum avd_status avd_inspection_analyze(struct avd_inspection *in, struct avd_error *err);
/* The thread of the query, else the one that a report shows first; analyzes. AVD_NOT_FOUND. */
enum avd_status avd_inspection_thread(struct avd_inspection *in, size_t *index,
                                      struct avd_error *err);
/* The stack of that thread whose registers count; sets in->pointer_size. */
enum avd_status avd_inspection_stack(struct avd_inspection *in, const struct avd_rep_stack **stack,
                                     struct avd_error *err);
/* That size alone; a dump without threads says itself how wide its pointers are. */
enum avd_status avd_inspection_pointer_size(struct avd_inspection *in, struct avd_error *err);

/* Text: 0012d98c, or 00000000`0012d98c. */
void avd_inspection_address(struct avd_inspection *in, uint64_t address);
/* JSON: as wide as the process's pointers. */
void avd_inspection_json_address(struct avd_inspection *in, const char *key, uint64_t address);

/* ---- place.c ---- */

/* What an address is called; strings live as long as the analysis. */
struct avd_place_name {
    size_t module; /* index into the dump's modules, or AVD_NO_MODULE: all else is empty */
    const char *module_name;
    uint64_t module_base;
    struct avd_symbol symbol; /* function is NULL when none is known */
};

/* Reads `text` as a place: AVD_E_ARG, AVD_NOT_FOUND, AVD_E_NOMEM. Analyzes only when the text is
 * more than a number. */
enum avd_status avd_place_read(struct avd_inspection *in, const char *text, uint64_t *address,
                               struct avd_error *err);
/* Without an analysis modules only, by their file names. AVD_E_NOMEM. */
enum avd_status avd_place_find_name(struct avd_inspection *in, uint64_t address,
                                    struct avd_place_name *name);
/* Text: "rpcrt4!RpcpRaiseException+0x24", with " ~" where the name is a guess; nothing outside
 * modules. */
void avd_place_put_name(struct avd_inspection *in, uint64_t address,
                        const struct avd_place_name *name);
/* JSON: module, module_offset, function, function_offset, function_approximate. */
void avd_place_json_name(struct avd_inspection *in, uint64_t address,
                         const struct avd_place_name *name);
/* ---- the commands; the sheet is open ---- */
enum avd_status avd_inspect_map(struct avd_inspection *in, struct avd_error *err);
enum avd_status avd_inspect_memory(struct avd_inspection *in, struct avd_error *err);
enum avd_status avd_inspect_pointers(struct avd_inspection *in, struct avd_error *err);
enum avd_status avd_inspect_nearest(struct avd_inspection *in, struct avd_error *err);
enum avd_status avd_inspect_strings(struct avd_inspection *in, struct avd_error *err);
enum avd_status avd_inspect_find(struct avd_inspection *in, struct avd_error *err);

#endif
