/* SPDX-License-Identifier: MIT */
/*
 * Microsoft PDB files, mapped and read lazily: an address goes section contribution -> module ->
 * its symbols, lines and inlinees, and nothing else is read. Of the type streams only the names of
 * inlined functions are: one IPI record each, and for a member one TPI record, its class.
 *
 * A PDB is not for several threads at once: lookups fill caches. What they hand out is kept once,
 * however often it is asked for.
 */
#ifndef AVD_SYMBOLS_PDB_H
#define AVD_SYMBOLS_PDB_H

#include "base/arena.h"
#include "base/file.h"
#include "symbols/symbol.h"

struct avd_pdb;

/* Images refer to their PDB by GUID and age. */
struct avd_pdb_identity {
    uint8_t guid[16];   /* as in the file */
    uint32_t age;       /* the DBI stream's; the info stream's grows when tools edit the PDB */
    uint32_t signature; /* timestamp, what NB10 records refer to */
    uint16_t machine;   /* PE machine, 0 when not known */
    bool stripped;      /* public symbols only */
};

/*
 * Opens a PDB; *pdb owns the mapping. AVD_E_FORMAT (no PDB, damaged: what, where), AVD_E_IO,
 * AVD_E_UNSUPPORTED (portable or compressed PDB, /DEBUG:FASTLINK, PDB 2.0, a type server: named),
 * AVD_E_NOMEM.
 */
enum avd_status avd_pdb_open(const char *path, struct avd_pdb **pdb, struct avd_error *err);
/* The same for bytes that outlive *pdb. */
enum avd_status avd_pdb_open_memory(struct avd_view bytes, struct avd_pdb **pdb,
                                    struct avd_error *err);
void avd_pdb_close(struct avd_pdb *pdb);
const struct avd_pdb_identity *avd_pdb_identity(const struct avd_pdb *pdb);

/*
 * Function, line and inlined calls at `rva`. Procedures and thunks win over publics; a public
 * symbol is approximate behind its start, because its end is not known. Names are as stored:
 * decorated for publics, otherwise mostly qualified names. A jump of incremental linking is
 * "ILT+16(name of its target)"; separated (cold) code bears its function's name and counts from
 * its own start. `function` is NULL where only the line is known. Strings live as
 * long as the PDB. AVD_NOT_FOUND, AVD_E_NOMEM.
 */
enum avd_status avd_pdb_find(struct avd_pdb *pdb, uint64_t rva, struct avd_symbol *out);

/* x86: the frame data (or FPO data) that covers `rva`. */
enum avd_status avd_pdb_frame_data(struct avd_pdb *pdb, uint64_t rva, struct avd_frame_data *out);

/* x64: S_FRAMEPROC of the procedure that covers `rva`. */
enum avd_status avd_pdb_proc_frame(struct avd_pdb *pdb, uint64_t rva, struct avd_proc_frame *out);

/* Publics in the order of their places, as struct avd_symbol_source has seek and item; names are
 * decorated. */
size_t avd_pdb_seek(struct avd_pdb *pdb, uint64_t rva);
enum avd_status avd_pdb_item(struct avd_pdb *pdb, size_t index, struct avd_symbol *out);

/* What was found damaged so far, in opening it and in looking things up; "" when nothing. */
const char *avd_pdb_damage(const struct avd_pdb *pdb);

#endif
