/* SPDX-License-Identifier: MIT */
/*
 * Inside the verifier detector: the place where a dump stands (the scene), what may be the stop
 * (candidates, each from one source), and the steps that fill them. A candidate is evidence; only
 * verifier_choose.c believes one.
 */
#ifndef AVD_ANALYZE_VERIFIER_SCENE_H
#define AVD_ANALYZE_VERIFIER_SCENE_H

#include "analyze/analysis.h"
#include "analyze/modules.h"
#include "analyze/verifier.h"

enum { STATUS_VERIFIER_STOP = (int)0xc0000421u, AVD_MAX_STOP_CANDIDATES = 12 };

/* Where a candidate comes from, the surest first. */
enum avd_stop_source {
    AVD_STOP_FROM_RECORD,    /* the stop record: exact */
    AVD_STOP_FROM_ARGUMENTS, /* of VerifierStopMessage or VerifierStopMessageEx */
    AVD_STOP_FROM_EXCEPTION, /* the exception's first parameter, which nobody documents */
    AVD_STOP_FROM_TEXT,      /* "VERIFIER STOP ..." on the stack */
    AVD_STOP_FROM_COMMENT,   /* the same in a comment stream */
    AVD_STOP_FROM_REGISTER
};

struct avd_stop_candidate {
    enum avd_stop_source source;
    const char *words; /* the source in words */
    uint32_t code;
    bool known[4];
    uint64_t values[4];
    const char *recorded[4]; /* what the process calls the parameters; NULL */
    const char *message;     /* NULL */
    const char *name;        /* of a layer's own table: a stop the tables do not have; NULL */
    const char *layer;       /* the layer's name in its descriptor; NULL */
    bool described;          /* the layer's descriptor in memory lists the code */
};

struct avd_stop_scene {
    struct avd_analysis *an;
    struct avd_verifier *out;
    struct avd_walk_env env;
    bool raised; /* the exception is STATUS_VERIFIER_STOP */
    size_t thread;
    const struct avd_an_stack *stack; /* NULL: not to be had */
    size_t first, last;               /* frames of the engine; SIZE_MAX: none */
    const char *provider;             /* DLL of the layer that reports; NULL: not known */
    const char *record_reason;        /* why the stop record could not be read; NULL */
    struct avd_stop_candidate candidates[AVD_MAX_STOP_CANDIDATES];
    size_t candidate_count;
    /* x64: parameters that were passed on the stack, whatever the code is. */
    bool late_known[4];
    uint64_t late[4];
    /* Return addresses of the stop record, for a dump without the stack. */
    uint64_t record_trace[32];
    size_t record_trace_count;
};

/* ---- verifier_scene.c ---- */
/* Which engine watched the process, with which layers. */
void avd_stop_engine(struct avd_analysis *an, struct avd_verifier *out);
/* Whether the dump stands at a stop: fills thread, stack, first, last, provider. */
bool avd_stop_scene_find(struct avd_stop_scene *scene);
/* Whether a file name is a DLL of the verifier's own. */
bool avd_stop_is_verifier(const char *module);
/* Whether blame passes a module by: the verifier's, Winsock's, the system's lowest ones. */
bool avd_stop_is_skipped(const char *module);
/* Frame i's module's file name; NULL when it lies in none. */
const char *avd_stop_frame_module(const struct avd_stop_scene *scene, size_t i);
const char *avd_stop_frame_function(const struct avd_stop_scene *scene, size_t i);

/* A pointer-size value of the stopped code's; false when not in the dump. */
bool avd_stop_word(const struct avd_stop_scene *scene, uint64_t addr, uint64_t *out);
/* The next free candidate, emptied; NULL when there are too many, the surest come first. */
struct avd_stop_candidate *avd_stop_candidate_add(struct avd_stop_scene *scene,
                                                  enum avd_stop_source source, uint32_t code,
                                                  const char *words);
/* Whether the layer of `code` is one that the reporting DLL has. */
bool avd_stop_layer_agrees(const struct avd_stop_scene *scene, uint32_t code);

/* ---- the sources ---- */
void avd_stop_from_records(struct avd_stop_scene *scene); /* verifier_record.c */
void avd_stop_from_frames(struct avd_stop_scene *scene);  /* verifier_frames.c */
void avd_stop_from_texts(struct avd_stop_scene *scene);   /* verifier_text.c */
/* Whether the layer descriptor at `addr` lists `code`; fills name, layer, message, recorded
 * (verifier_layer.c). */
bool avd_stop_describe(struct avd_stop_scene *scene, uint64_t addr,
                       struct avd_stop_candidate *candidate);

/* ---- what is made of them ---- */
void avd_stop_choose(struct avd_stop_scene *scene); /* verifier_choose.c */
/* Decodes the parameters and finds who is to blame (verifier_values.c). */
void avd_stop_decode(struct avd_stop_scene *scene);
/* The same for a heap block, and the damage in or beside it (verifier_heap.c). */
void avd_stop_decode_heap(struct avd_stop_scene *scene);
/* Reads the array of return addresses at `addr` (verifier_trace.c). NULL when out of memory. */
const struct avd_stop_trace *avd_stop_trace_read(struct avd_stop_scene *scene, uint64_t addr);
/* The same for addresses that are already read. */
struct avd_stop_trace *avd_stop_trace_of(struct avd_stop_scene *scene, const uint64_t *addresses,
                                         size_t count);
/* "module!function+0x12" of an address; `call` when it is a return address. *module gets the file
 * name or NULL. NULL when out of memory. */
const char *avd_stop_line_text(struct avd_stop_scene *scene, uint64_t addr, bool call,
                               const char **module);

/* Text at `addr` in the process, cut at 512 bytes, valid UTF-8; NULL when there is none that a
 * person would call text (verifier_string.c). */
const char *avd_stop_string(struct avd_stop_scene *scene, uint64_t addr, bool wide);

#endif
