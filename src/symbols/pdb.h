/* SPDX-License-Identifier: MIT */
/*
 * Microsoft PDB files, mapped and read lazily: an address goes section contribution -> module ->
 * its symbols, lines and inlinees, and nothing else is read. The type stream is never touched;
 * the names of inlined functions come from the IPI stream.
 */
#ifndef AVD_SYMBOLS_PDB_H
#define AVD_SYMBOLS_PDB_H

#include "base/arena.h"
#include "base/file.h"
#include "symbols/symbol.h"

struct avd_pdb;

struct avd_pdb_identity {
    uint8_t guid[16];   /* as in the file */
    uint32_t age;       /* the DBI stream's, which is what images refer to */
    uint32_t signature; /* timestamp, what NB10 records refer to */
    uint16_t machine;   /* PE machine, 0 when not known */
    bool stripped;      /* public symbols only */
};

/*
 * Opens a PDB; *pdb owns the mapping. AVD_E_FORMAT (no PDB, damaged: what, where), AVD_E_IO,
 * AVD_E_UNSUPPORTED (portable PDB, /DEBUG:FASTLINK, PDB 2.0: named), AVD_E_NOMEM.
 */
enum avd_status avd_pdb_open(const char *path, struct avd_pdb **pdb, struct avd_error *err);
/* The same for bytes that outlive *pdb. */
enum avd_status avd_pdb_open_memory(struct avd_view bytes, struct avd_pdb **pdb,
                                    struct avd_error *err);
void avd_pdb_close(struct avd_pdb *pdb);
const struct avd_pdb_identity *avd_pdb_identity(const struct avd_pdb *pdb);

/*
 * Function, line and inlined calls at `rva`. Procedures and thunks win over publics; a public
 * symbol is approximate behind its start, because its end is not known. Names are as stored
 * (decorated for publics and for C++ procedures where the compiler stored them so). Strings live as
 * long as the PDB. AVD_NOT_FOUND, AVD_E_NOMEM.
 */
enum avd_status avd_pdb_find(struct avd_pdb *pdb, uint64_t rva, struct avd_symbol *out);

/* x86: the frame data (or FPO data) that covers `rva`. */
enum avd_status avd_pdb_frame_data(struct avd_pdb *pdb, uint64_t rva, struct avd_frame_data *out);

/* x64: S_FRAMEPROC of the procedure that covers `rva`. */
enum avd_status avd_pdb_proc_frame(struct avd_pdb *pdb, uint64_t rva, struct avd_proc_frame *out);

/* What was found damaged so far while looking things up; "" when nothing. */
const char *avd_pdb_damage(const struct avd_pdb *pdb);

#endif
