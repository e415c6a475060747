/* One step through a flow: from a place in a run to the next, with what is to be shown for it. */
#ifndef UI_VIEWS_FLOW_CELL_H
#define UI_VIEWS_FLOW_CELL_H

#include "text/visible.h"
#include "ui/views/flow.h"

enum { FLOW_TAB = 4 }; /* cells between tab stops */

struct flow_step {
    uint32_t len;   /* bytes of the run's text, > 0 */
    unsigned width; /* cells, 0 for what is not shown */
    bool ends_line, blank, mark;
    bool wide; /* a line may be broken before and after it */
    struct slice shown;
    struct visible seen; /* holds shown's bytes where they are not the text's own */
    char own[16];
};

/* What stands at byte off of run r (off < r->to), col cells from the row's start. */
void flow_step(const struct flow *f, const struct flow_run *r, uint32_t off, unsigned col,
               struct flow_step *out);

#endif
