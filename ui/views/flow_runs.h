/* The walk over a diff that unified and side by side share. Private to flow_*.c. */
#ifndef UI_VIEWS_FLOW_RUNS_H
#define UI_VIEWS_FLOW_RUNS_H

#include "ui/views/flow_diff.h"

struct flow_builder {
    struct flow *f;
    const struct flow_diff *in;
    unsigned sides;     /* bits 1 << FLOW_A, 1 << FLOW_B: whose changes are shown */
    size_t light[2];    /* how far the lights of each text are used */
    /* What to do with kept bytes, and with blanks that differ between kept words. */
    void (*keep)(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                 uint32_t b_to);
    void (*blanks)(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                   uint32_t b_to);
    struct flow_sides *owner; /* side by side: gets the syncs */
    size_t n_synced;
};

struct slice flow_signs(void);
void flow_build(struct flow_builder *w);
void flow_build_piece(struct flow_builder *w, struct flow_run run);
void flow_build_change(struct flow_builder *w, struct flow_run run);

#endif
