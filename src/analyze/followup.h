/* SPDX-License-Identifier: MIT */
/*
 * Whose fault is it, and which other dumps are of the same one? The followup frame (followup.c),
 * WinDbg's bucket (bucket.c) and two signatures of the stack (signature.c, signature_socorro.c).
 * docs/buckets.md describes how each is made.
 */
#ifndef AVD_ANALYZE_FOLLOWUP_H
#define AVD_ANALYZE_FOLLOWUP_H

#include "analyze/analysis.h"
#include "analyze/triage.h"

enum { AVD_MAX_SKIPPED_FRAMES = 64 };

struct avd_skipped_frame {
    size_t frame;
    const char *why; /* goes on after the frame's name: "raises exceptions for others" */
};

struct avd_followup {
    bool found;
    const char *why_not; /* when it was not found */
    const struct avd_an_stack *stack;
    size_t frame;
    const char *owner;
    const char *reason; /* why this frame, one sentence */
    struct avd_skipped_frame skipped[AVD_MAX_SKIPPED_FRAMES];
    size_t skipped_count;
};

/* All NULL when there is none; `why_not` says why. */
struct avd_bucket {
    const char *why_not;
    const char *problem_class; /* "NULL_POINTER_READ" */
    const char *id;            /* FAILURE_BUCKET_ID as newer debuggers write it */
    const char *hash_string;   /* FAILURE_ID_HASH_STRING */
    const char *hash;          /* FAILURE_ID_HASH, "{...}" */
    const char *legacy_id;     /* as older ones wrote it, with the displacement */
    const char *legacy_hash;   /* FAILURE_ID_HASH of that */
};

struct avd_signature {
    const char *why_not;
    const char *id;      /* "av1-0123456789abcdef" */
    const char *text;    /* what it is the hash of */
    size_t frame_count;  /* of the frames in `text` */
    size_t named_count;  /* those with a function name */
    const char *cut;     /* why no further frame is in it; NULL: it is as long as it gets */
    const char *socorro; /* Mozilla's, for those who use it */
};

struct avd_blame {
    struct avd_followup followup;
    struct avd_bucket bucket;
    struct avd_signature signature;
};

/* ---- one frame ---- */

/* The module that owns the frame, or NULL. */
const struct avd_an_module *avd_frame_module(const struct avd_analysis *an,
                                             const struct avd_frame *frame);
/* The function's name if it is more than the nearest export or public symbol; else NULL. */
const char *avd_frame_function(const struct avd_an_stack *stack, size_t frame);
/* Whether the frame, or one before it, was found by scanning; and whether nothing proves that it is
 * one either: the call before it leads elsewhere, or that is not known. */
bool avd_frame_is_scanned(const struct avd_frame *frame);
bool avd_frame_is_guess(const struct avd_frame *frame);
/* A module that was unloaded from the frame's place, or NULL. */
const struct avd_unloaded_module *avd_frame_unloaded(const struct avd_analysis *an,
                                                     const struct avd_frame *frame);
/* The module's file name without its extension, in the analysis's arena; NULL: out of memory. */
const char *avd_module_stem(struct avd_analysis *an, const char *file);
/* The triage entry of a frame, NULL for one that lies in no module. */
const struct avd_triage_entry *avd_frame_triage(struct avd_analysis *an,
                                                const struct avd_an_stack *stack, size_t frame);

/* Each fills its part of `blame` from what stands before it; texts are the arena's or static. */
void avd_followup_find(struct avd_analysis *an, struct avd_followup *out); /* followup.c */
void avd_bucket_make(struct avd_analysis *an, const struct avd_followup *followup,
                     struct avd_bucket *out);                                /* bucket.c */
void avd_signature_make(struct avd_analysis *an, struct avd_signature *out); /* signature.c */
const char *avd_signature_socorro(struct avd_analysis *an,
                                  const struct avd_an_stack *stack); /* signature_socorro.c */

/* "{2ff4fcc9-...}" of a FAILURE_ID_HASH_STRING: the MD5 of its UTF-16LE text as a GUID. */
char *avd_failure_id_hash(struct avd_arena *arena, const char *hash_string);

/* `name` without template arguments ("vector<>::at") or, for Socorro, with "<T>" in their place. */
char *avd_name_without_templates(struct avd_arena *arena, const char *name, const char *instead);

#endif
