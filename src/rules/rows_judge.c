/* SPDX-License-Identifier: MIT */
/*
 * Judging conditions over the rows of a collection. Rows that may be missing (a stack that was not
 * walked to its end) leave open what their presence could change.
 */
#include "rules/judge.h"

#include <string.h>

void avd_judge_save(const struct avd_judge *j, struct avd_bound *saved)
{
    memcpy(saved, j->slots, j->rule->slot_count * sizeof *saved);
}

void avd_judge_restore(struct avd_judge *j, const struct avd_bound *saved)
{
    memcpy(j->slots, saved, j->rule->slot_count * sizeof *saved);
    j->generation++;
}

void avd_judge_bind(struct avd_judge *j, unsigned slot, size_t parent, size_t row)
{
    struct avd_bound *bound = &j->slots[slot];

    bound->bound = true;
    bound->parent = parent;
    bound->row = row;
    bound->match_count = 1;
    bound->rows[0] = row;
    j->generation++;
}

bool avd_judge_rows(const struct avd_judge *j, const struct avd_rule_expr *expr, size_t *parent,
                    size_t *count, const char **incomplete, struct avd_lack *lack)
{
    const struct avd_collection_doc *doc = &avd_collection_docs[expr->collection];
    const struct avd_collection *from = &j->facts->collections[expr->collection];

    lack->what = doc->name;
    *parent = 0;
    *count = 0;
    *incomplete = NULL;
    if (from->ops == NULL) {
        lack->reason = from->reason != NULL ? from->reason : "the analysis did not look for it";
        return false;
    }
    if (doc->parent != NULL && expr->parent_slot >= 0) {
        *parent = j->slots[expr->parent_slot].row;
    } else if (doc->parent != NULL) {
        if (!j->facts->has_main_thread) {
            lack->reason = j->facts->no_main_thread;
            return false;
        }
        *parent = j->facts->main_thread;
    }
    *count = from->ops->count(from->ctx, *parent);
    if (from->ops->incomplete != NULL)
        *incomplete = from->ops->incomplete(from->ctx, *parent);
    lack->what = lack->reason = NULL;
    return true;
}

/* The rows of one expression while they are gone through. */
struct rows {
    const struct avd_rule_expr *expr;
    size_t parent, count;
    const char *incomplete;
};

static enum avd_verdict judge_row(struct avd_judge *j, const struct rows *rows, size_t row,
                                  struct avd_lack *lack)
{
    avd_judge_bind(j, rows->expr->slot, rows->parent, row);
    return avd_judge_expr(j, rows->expr->children[0], lack);
}

/* Undecided for want of rows, when some may be missing; otherwise `complete`. */
static enum avd_verdict unless_missing(const struct rows *rows, enum avd_verdict complete,
                                       struct avd_lack *lack)
{
    if (rows->incomplete == NULL)
        return complete;
    lack->what = avd_collection_docs[rows->expr->collection].name;
    lack->reason = rows->incomplete;
    return AVD_UNDECIDED;
}

/* Whether some row is judged `wanted`. */
static enum avd_verdict find_row(struct avd_judge *j, const struct rows *rows,
                                 enum avd_verdict wanted, struct avd_lack *lack)
{
    bool undecided = false;
    size_t row;

    for (row = 0; row < rows->count; row++) {
        struct avd_lack row_lack = {NULL, NULL};
        enum avd_verdict result = judge_row(j, rows, row, &row_lack);

        if (result == wanted)
            return AVD_TRUE;
        if (result == AVD_UNDECIDED && !undecided) {
            undecided = true;
            *lack = row_lack;
        }
        if (j->steps > AVD_MAX_RULE_STEPS)
            break;
    }
    return undecided ? AVD_UNDECIDED : unless_missing(rows, AVD_FALSE, lack);
}

static enum avd_verdict opposite(enum avd_verdict verdict)
{
    return verdict == AVD_UNDECIDED ? verdict : verdict == AVD_TRUE ? AVD_FALSE : AVD_TRUE;
}

/* Of nothing, "all" says nothing. */
static enum avd_verdict judge_all(struct avd_judge *j, const struct rows *rows,
                                  struct avd_lack *lack)
{
    if (rows->count == 0)
        return unless_missing(rows, AVD_FALSE, lack);
    return opposite(find_row(j, rows, AVD_FALSE, lack));
}

static enum avd_verdict judge_first(struct avd_judge *j, const struct rows *rows,
                                    struct avd_lack *lack)
{
    if (rows->count == 0)
        return unless_missing(rows, AVD_FALSE, lack);
    return judge_row(j, rows, 0, lack);
}

static enum avd_verdict judge_count(struct avd_judge *j, const struct rows *rows,
                                    struct avd_lack *lack)
{
    const struct avd_rule_expr *expr = rows->expr;
    uint64_t low = expr->values[0].number;
    uint64_t high = expr->values[1].number;
    struct avd_bound found = {false, 0, 0, 0, {0}};
    struct avd_lack first = {NULL, NULL};
    uint64_t open = 0;
    size_t row;

    found.parent = rows->parent;
    for (row = 0; row < rows->count && (expr->child_count != 0 || row == 0); row++) {
        struct avd_lack row_lack = {NULL, NULL};
        enum avd_verdict result =
            expr->child_count != 0 ? judge_row(j, rows, row, &row_lack) : AVD_TRUE;

        if (result == AVD_TRUE) {
            if (found.match_count < AVD_MAX_RULE_BOUND_ROWS)
                found.rows[found.match_count] = row;
            found.match_count++;
        } else if (result == AVD_UNDECIDED && open++ == 0) {
            first = row_lack;
        }
        if (j->steps > AVD_MAX_RULE_STEPS)
            return AVD_UNDECIDED;
    }
    /* Without a condition every row counts. */
    if (expr->child_count == 0)
        found.match_count = rows->count;
    if (found.match_count > high || (rows->incomplete == NULL && found.match_count + open < low))
        return AVD_FALSE;
    if (found.match_count >= low &&
        (high == UINT64_MAX || (rows->incomplete == NULL && found.match_count + open <= high))) {
        if (found.match_count != 0) {
            size_t kept;

            for (kept = found.match_count < AVD_MAX_RULE_BOUND_ROWS ? found.match_count : 0;
                 expr->child_count == 0 && kept > 0; kept--)
                found.rows[kept - 1] = kept - 1;
            found.bound = true;
            found.row = found.rows[0];
            j->slots[expr->slot] = found;
            j->generation++;
        }
        return AVD_TRUE;
    }
    *lack = first;
    return open != 0 ? AVD_UNDECIDED : unless_missing(rows, AVD_UNDECIDED, lack);
}

/* ---- sequences ---- */

struct sequence {
    const struct rows *rows;
    bool undecided_counts; /* a row that is undecided counts as matching */
    bool met_undecided;
    struct avd_lack lack;                 /* of the first one */
    size_t places[AVD_MAX_RULE_SEQUENCE]; /* of the items, once found */
};

/* Whether the items [first, end) match the rows from `row` on. */
static bool segment_at(struct avd_judge *j, struct sequence *s, unsigned first, unsigned end,
                       size_t row)
{
    const struct avd_rule_expr *expr = s->rows->expr;
    unsigned i;

    for (i = first; i < end; i++, row++) {
        struct avd_lack lack = {NULL, NULL};
        enum avd_verdict result;

        if (row >= s->rows->count)
            return false;
        avd_judge_bind(j, j->rule->exprs[expr->children[i]].slot, s->rows->parent, row);
        result = avd_judge_expr(j, expr->children[i], &lack);
        if (result == AVD_UNDECIDED && !s->met_undecided) {
            s->met_undecided = true;
            s->lack = lack;
        }
        if (result != AVD_TRUE && (result == AVD_FALSE || !s->undecided_counts))
            return false;
        s->places[i] = row;
    }
    return true;
}

/* The parts between gaps one after another, each as early as possible: if there is a match at all,
 * this finds one, without going back. */
static bool find_sequence(struct avd_judge *j, struct sequence *s)
{
    const struct avd_rule_expr *expr = s->rows->expr;
    size_t row = 0;
    unsigned first = 0;

    while (first < expr->child_count) {
        unsigned end = first;

        while (end < expr->child_count && expr->children[end] != AVD_RULE_GAP)
            end++;
        while (!segment_at(j, s, first, end, row)) {
            if (row >= s->rows->count || j->steps > AVD_MAX_RULE_STEPS)
                return false;
            row++;
        }
        row += end - first;
        first = end + 1;
    }
    return true;
}

static enum avd_verdict judge_sequence(struct avd_judge *j, const struct rows *rows,
                                       struct avd_lack *lack)
{
    struct sequence s;
    unsigned i;

    memset(&s, 0, sizeof s);
    s.rows = rows;
    if (find_sequence(j, &s)) {
        for (i = rows->expr->child_count; i-- > 0;)
            if (rows->expr->children[i] != AVD_RULE_GAP)
                avd_judge_bind(j, j->rule->exprs[rows->expr->children[i]].slot, rows->parent,
                               s.places[i]);
        return AVD_TRUE;
    }
    if (s.met_undecided || j->steps > AVD_MAX_RULE_STEPS) {
        s.undecided_counts = true;
        *lack = s.lack;
        if (j->steps > AVD_MAX_RULE_STEPS || find_sequence(j, &s))
            return AVD_UNDECIDED;
    }
    return unless_missing(rows, AVD_FALSE, lack);
}

/* ---- all of them ---- */

static enum avd_verdict judge_kind(struct avd_judge *j, const struct rows *rows,
                                   struct avd_lack *lack)
{
    enum avd_rule_op op = rows->expr->op;

    if (op == AVD_OP_ROWS_ANY)
        return find_row(j, rows, AVD_TRUE, lack);
    if (op == AVD_OP_ROWS_NONE)
        return opposite(find_row(j, rows, AVD_TRUE, lack));
    if (op == AVD_OP_ROWS_ALL)
        return judge_all(j, rows, lack);
    if (op == AVD_OP_ROWS_FIRST)
        return judge_first(j, rows, lack);
    return op == AVD_OP_ROWS_COUNT ? judge_count(j, rows, lack) : judge_sequence(j, rows, lack);
}

enum avd_verdict avd_judge_quantifier(struct avd_judge *j, const struct avd_rule_expr *expr,
                                      struct avd_lack *lack)
{
    struct avd_bound saved[AVD_MAX_RULE_SLOTS];
    struct rows rows = {.expr = expr};
    enum avd_verdict result;

    if (!avd_judge_rows(j, expr, &rows.parent, &rows.count, &rows.incomplete, lack))
        return AVD_UNDECIDED;
    avd_judge_save(j, saved);
    result = judge_kind(j, &rows, lack);
    /* "All" and "none" leave no row to speak of. */
    if (result != AVD_TRUE || expr->op == AVD_OP_ROWS_NONE || expr->op == AVD_OP_ROWS_ALL)
        avd_judge_restore(j, saved);
    if (result == AVD_UNDECIDED && lack->reason == NULL) {
        lack->what = j->rule->id;
        lack->reason = "the rule compares too many rows with each other";
    }
    return result;
}
