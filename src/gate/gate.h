/* SPDX-License-Identifier: MIT */
/*
 * avdump gate: many dumps, one answer. Dumps come from files, folders and archives (inputs.c,
 * archive.c); worker processes analyse them (pool.h, worker.c), so that a dump that crashes or
 * hangs one costs that dump only; each gives a *record*, and records are gathered into *buckets*
 * (summary.h) that policy, baseline and the outputs look at. `avdump merge` gathers records that
 * were written earlier.
 */
#ifndef AVD_GATE_GATE_H
#define AVD_GATE_GATE_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/view.h"

#include <stdint.h>

/* What became of one dump. */
enum avd_gate_outcome {
    AVD_GATE_ANALYZED = 0,
    AVD_GATE_UNREADABLE,   /* no dump, damaged beyond use, or the file cannot be read */
    AVD_GATE_WORKER_DIED,  /* its worker crashed or was killed */
    AVD_GATE_TIMED_OUT,    /* its worker took longer than --timeout and was killed */
    AVD_GATE_OUT_OF_MEMORY /* its worker reached --max-memory */
};
/* "analyzed", "unreadable", "worker-died", "timed-out", "out-of-memory": as JSON has them. */
const char *avd_gate_outcome_name(enum avd_gate_outcome outcome);

struct avd_gate_finding {
    const char *id;
    int severity; /* enum avd_severity */
    /* Only when lines, or a writer with `examples`, are wanted; else NULL. */
    const char *title;   /* the rule's, whatever the dump */
    const char *summary; /* one line */
    const char *advice;  /* a line per piece */
};

/* What the gate keeps of one dump. Strings are UTF-8 and untrusted; NULL: not known. */
struct avd_gate_record {
    const char *name;       /* path, or "archive.zip!path/in/it" */
    const char *content_id; /* 32 hex digits, see avd_gate_content_id */
    uint64_t size;          /* of the file as it lay there, bytes */
    enum avd_gate_outcome outcome;
    const char *error; /* why it was not analysed, one line */
    /* The rest only when analysed. */
    int crashed;           /* it has an exception, stored or recovered */
    const char *signature; /* avdump's own stack signature: what buckets go by */
    const char *bucket;    /* in the style of FAILURE_BUCKET_ID */
    const char *what, *where;
    const char *followup; /* "module!function" of the blamed frame */
    const char *process;  /* file name of the program */
    const char *version;  /* its file version */
    const char *system;   /* "Windows NT 10.0.19041, amd64" */
    const char *stack;    /* a line per frame; only when issues or lines are wanted */
    uint32_t time;        /* when the dump was written, unix seconds; 0: not known */
    const struct avd_gate_finding *findings; /* the worst first */
    size_t finding_count;
};

/* ---- record.c ---- */

/* Appends the record as one JSON object without line break. */
void avd_gate_record_write(const struct avd_gate_record *record, struct avd_strbuf *out);
/*
 * Reads a record from the JSON object at the start of `text`, whatever follows it. Strings go into
 * `arena`. False when it is no such object; *why says what is wrong with it.
 */
bool avd_gate_record_read(const char *text, size_t size, struct avd_arena *arena,
                          struct avd_gate_record *out, const char **why);
/* The worst severity among its findings; -1 without any. */
int avd_gate_record_severity(const struct avd_gate_record *record);

/* ---- content_id.c ---- */

/*
 * What a dump is known by, wherever it lies: a hash (FNV-1a, twice) of its size, its first 256 KiB
 * and its last 64 KiB, so that a dump of gigabytes costs no more than a large one. It tells dumps
 * apart; it is no proof against forgers.
 */
enum { AVD_GATE_ID_SIZE = 33 };
void avd_gate_content_id(struct avd_view bytes, char id[AVD_GATE_ID_SIZE]);

/* The shard of `count` that a dump belongs to, 0-based. */
unsigned avd_gate_shard(const char *content_id, unsigned count);

/* ---- inputs.c ---- */

/* One dump to be analysed: a file by its name, or bytes that were read already. */
struct avd_gate_item {
    const char *name;
    bool in_memory;
    struct avd_view bytes; /* in_memory */
    const char *problem;   /* cannot be read, and why: becomes a record at once */
    uint64_t size;
};

struct avd_gate_input_limits {
    uint64_t max_entry_size;   /* of one file in an archive, unpacked */
    uint64_t max_archive_size; /* of all files in an archive, unpacked */
    unsigned max_ratio;        /* unpacked against packed, once past AVD_GATE_RATIO_FREE */
    uint64_t max_entries;      /* of one archive */
};
extern const struct avd_gate_input_limits avd_gate_default_limits;

/* Takes the next item; false ends the walk. What it points to lives until it returns. */
typedef bool avd_gate_take_fn(void *ctx, const struct avd_gate_item *item);

struct avd_gate_inputs {
    struct avd_gate_input_limits limits;
    avd_gate_take_fn *take;
    void *ctx;
    /* Files in folders and archives that are neither dump nor archive, and links to folders, which
     * are not entered. */
    uint64_t ignored;
    bool stopped;    /* take wanted no more */
    double at, span; /* the share of everything before what is walked now, and what it is itself */
};

/*
 * Goes through `path` in an order that does not depend on the file system: a file is an item
 * whatever it holds, a folder gives its dumps and archives (known by their content), sorted, with
 * those of its subfolders, an archive the dumps in it and in archives in it. Pipes, sockets,
 * devices and links that lead nowhere are never opened; each becomes an item with a `problem`.
 * False when out of memory.
 */
bool avd_gate_inputs_walk(struct avd_gate_inputs *inputs, const char *path);

/* What the first bytes of a file say. */
enum avd_gate_kind { AVD_GATE_OTHER = 0, AVD_GATE_DUMP, AVD_GATE_PACKED_DUMP, AVD_GATE_ARCHIVE };
enum { AVD_GATE_SNIFF_SIZE = 512 };
enum avd_gate_kind avd_gate_sniff(struct avd_view head);

/* ---- archive.c ---- */

/* Outputs that are still being written have names that begin so; a walk through a folder passes
 * them by. */
#define AVD_GATE_UNFINISHED ".avdump-"

/*
 * Gives the dumps in the archive at `path` to inputs->take, named "PATH!entry", and those of
 * archives in it, down to AVD_GATE_MAX_NESTING. Problems of the archive become items with a
 * `problem`. False when out of memory.
 */
enum { AVD_GATE_MAX_NESTING = 1 }; /* archives within each other */
bool avd_gate_archive_walk(struct avd_gate_inputs *inputs, const char *path);

#endif
