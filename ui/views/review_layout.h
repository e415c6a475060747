/* Where the panes of a review stand in a window. Arithmetic alone. */
#ifndef UI_VIEWS_REVIEW_LAYOUT_H
#define UI_VIEWS_REVIEW_LAYOUT_H

#include <stdbool.h>

enum review_pane { PANE_DIFF, PANE_PROMPT, PANE_RATIONALE, PANE_RULE, PANE_HISTORY, REVIEW_PANES };

struct review_rect { /* rows 0: not shown; head: the row of its head line, or -1 */
    int row, col, rows, cols, head;
};

struct review_layout {
    struct review_rect panes[REVIEW_PANES];
    bool wide; /* the prompt stands to the left */
};

struct review_shape {
    int rows, cols; /* of the window under the title and above the hints */
    int first_row;
    enum review_pane focus;
    bool zoom;
    bool history;           /* the drawer is open */
    int wants[REVIEW_PANES]; /* rows each would fill; none for the prompt: there is no prompt */
};

void review_lay_out(struct review_layout *out, const struct review_shape *shape);

#endif
