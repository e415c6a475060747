/*
 * A diff as flows: unified (kept, deleted and inserted runs in one text) or side by side (two flows
 * and the places where their rows are made equal).
 */
#ifndef UI_VIEWS_FLOW_DIFF_H
#define UI_VIEWS_FLOW_DIFF_H

#include "text/diff.h"
#include "ui/views/flow.h"

/* A piece of a text to be lit as a hinge, or (lit false) known to belong to a hunk. */
struct flow_light {
    uint32_t from, to;
    int32_t hunk;
    bool lit;
};

struct flow_lights { /* sorted by place, not overlapping */
    struct flow_light *items;
    size_t count, cap;
};

struct flow_diff {
    struct slice a, b;
    const struct diff *diff;           /* the readable layer */
    const struct flow_lights *lights;  /* of a, then of b: two of them */
    bool signs; /* [-…-] {+…+} «…» are written out: no colour to tell by */
    bool ascii;
};

void flow_lights_add(struct flow_lights *l, struct flow_light light);
void flow_lights_free(struct flow_lights *l);

/* Appends a lit run, within its signs where the flow writes signs. */
void flow_add_lit(struct flow *f, struct flow_run run);

/* Fills f (zero-initialised or used before). */
void flow_unified(struct flow *f, const struct flow_diff *in);

/* The place after a line end that both texts kept: the rows after it are level. */
struct flow_sync {
    struct flow_at left, right;
};
/* One row of both columns; a column that has none there says so. */
struct flow_pair {
    struct flow_at left, right;
    bool has_left, has_right;
};
struct flow_sides {
    struct flow left, right; /* left: a with its deletions; right: b with its insertions */
    struct flow_sync *syncs;
    size_t n_syncs, cap_syncs;
    struct flow_pair *rows;
    size_t n_rows, cap_rows;
    bool complete;
    struct flow_at next_left, next_right;
    size_t next_sync;
};

void flow_sides_build(struct flow_sides *s, const struct flow_diff *in);
void flow_sides_layout(struct flow_sides *s, unsigned column_width, bool wrap);
bool flow_sides_has_row(struct flow_sides *s, size_t i);
size_t flow_sides_count(struct flow_sides *s);
/* Row that holds a place of the left (right: false) or right flow. */
size_t flow_sides_row_of(struct flow_sides *s, bool right, struct flow_at at);
void flow_sides_free(struct flow_sides *s);

#endif
