#include "ui/views/review_layout.h"

#include <string.h>

enum { WIDE_COLS = 120, WIDE_ROWS = 30, PROMPT_SHARE = 40 /* percent */, DRAWER_ROWS = 8 };

/* Fewest rows each pane is shown with, in a window that has them. */
static const int least[REVIEW_PANES] = {
    [PANE_DIFF] = 3, [PANE_PROMPT] = 2, [PANE_RATIONALE] = 1, [PANE_RULE] = 3, [PANE_HISTORY] = 2};
/* Without the focus no pane but the diff takes more than this. */
static const int most[REVIEW_PANES] = {
    [PANE_DIFF] = 999, [PANE_PROMPT] = 6, [PANE_RATIONALE] = 6, [PANE_RULE] = 8,
    [PANE_HISTORY] = DRAWER_ROWS};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Gives a pane rows up to its goal out of what is left. */
static void grow(int *rows, int goal, int *left)
{
    int more = smaller(goal - *rows, *left);
    if (more > 0) {
        *rows += more;
        *left -= more;
    }
}

/* Shares height among the panes of a column: their least, then the focus's wish, then the others'
 * in order of weight, and the rest to the first. */
static void share(const struct review_shape *s, const enum review_pane *panes, int n, int height,
                  int rows[REVIEW_PANES])
{
    static const enum review_pane order[] = {PANE_DIFF, PANE_RATIONALE, PANE_RULE, PANE_PROMPT,
                                             PANE_HISTORY};
    int left = height;
    for (int i = 0; i < n; i++) {
        rows[panes[i]] = 0;
        left -= panes[i] != PANE_DIFF; /* its head line; the title is the diff's */
    }
    for (int i = 0; i < n; i++)
        grow(&rows[panes[i]], smaller(least[panes[i]], s->wants[panes[i]]), &left);
    for (int i = 0; i < n; i++)
        if (panes[i] == s->focus) /* the focus gets its wish, the diff still its half */
            grow(&rows[panes[i]],
                 panes[i] == PANE_DIFF ? s->wants[PANE_DIFF]
                                       : smaller(s->wants[panes[i]], height * 2 / 3),
                 &left);
    for (int k = 0; k < REVIEW_PANES; k++)
        for (int i = 0; i < n; i++)
            if (panes[i] == order[k])
                grow(&rows[panes[i]], smaller(s->wants[panes[i]], most[panes[i]]), &left);
    for (int i = 1; i < n; i++) /* what is left to those who wish for more, then to the first */
        grow(&rows[panes[i]], s->wants[panes[i]], &left);
    if (n && left > 0)
        rows[panes[0]] += left;
}

/* Stacks panes downward from a row; a pane without a head shares the title line. */
static void stack(struct review_layout *out, const enum review_pane *panes, int n,
                  const int rows[REVIEW_PANES], int row, int col, int cols)
{
    for (int i = 0; i < n; i++) {
        struct review_rect *r = &out->panes[panes[i]];
        bool headless = panes[i] == PANE_DIFF;
        r->head = headless ? -1 : row;
        r->row = row + !headless;
        r->rows = rows[panes[i]] > 0 ? rows[panes[i]] : 0;
        r->col = col;
        r->cols = cols;
        row = r->row + r->rows;
    }
}

static void lay_narrow(struct review_layout *out, const struct review_shape *s)
{
    enum review_pane panes[REVIEW_PANES] = {PANE_DIFF, PANE_PROMPT, PANE_RATIONALE, PANE_RULE};
    int n = 4, rows[REVIEW_PANES] = {0};
    if (s->history)
        panes[3] = PANE_HISTORY; /* the drawer stands over the rule */
    share(s, panes, n, s->rows, rows);
    stack(out, panes, n, rows, s->first_row, 0, s->cols);
}

static void lay_wide(struct review_layout *out, const struct review_shape *s)
{
    int left_cols = s->cols * PROMPT_SHARE / 100, rows[REVIEW_PANES] = {0};
    enum review_pane left[] = {PANE_PROMPT, PANE_HISTORY};
    enum review_pane right[] = {PANE_DIFF, PANE_RATIONALE, PANE_RULE};
    out->wide = true;
    int drawer = s->history ? DRAWER_ROWS : 0;
    rows[PANE_HISTORY] = drawer;
    rows[PANE_PROMPT] = s->rows - 1 - (drawer ? drawer + 1 : 0);
    stack(out, left, s->history ? 2 : 1, rows, s->first_row, 0, left_cols);
    share(s, right, 3, s->rows, rows);
    stack(out, right, 3, rows, s->first_row, left_cols + 1, s->cols - left_cols - 1);
}

void review_lay_out(struct review_layout *out, const struct review_shape *s)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < REVIEW_PANES; i++)
        out->panes[i].head = -1;
    if (s->zoom) {
        bool headless = s->focus == PANE_DIFF;
        out->panes[s->focus] = (struct review_rect){.row = s->first_row + !headless,
                                                    .rows = s->rows - !headless,
                                                    .cols = s->cols,
                                                    .head = headless ? -1 : s->first_row};
    } else if (s->cols >= WIDE_COLS && s->rows >= WIDE_ROWS && s->wants[PANE_PROMPT] > 0) {
        lay_wide(out, s);
    } else {
        lay_narrow(out, s);
    }
}
