/* A row of a flow on the screen: deleted, inserted and lit pieces in their looks. */
#ifndef UI_VIEWS_FLOW_PAINT_H
#define UI_VIEWS_FLOW_PAINT_H

#include "ui/views/flow.h"
#include "ui/widgets/paint.h"

/* How a run looks that nothing more is known of. */
enum look flow_run_look(const struct flow_run *r);
/* How a run looks that belongs to the change under the cursor. */
enum look flow_focus_look(const struct flow_run *r);

struct flow_spot {
    int row, col, cols;
    enum look plain; /* of kept text */
    int hunk;        /* the change under the cursor, -1: none */
};
/* Paints row i (which must exist) and blanks the rest of the spot. True when the row shows the change under the cursor. */
bool flow_paint_row(struct flow *f, size_t i, const struct paint *p, const struct flow_spot *at);
/* The same of the row that starts at a place, for rows over two flows. */
bool flow_paint_from(struct flow *f, struct flow_at from, const struct paint *p, const struct flow_spot *at);

#endif
