/* Panes in windows of every size: none overlaps another or leaves the window, the focus grows. */
#include "tests/support/suite.h"
#include "ui/views/review_layout.h"

static struct review_shape shape(int cols, int rows, enum review_pane focus)
{
    return (struct review_shape){.rows = rows - 2, .cols = cols, .first_row = 1, .focus = focus,
                                 .wants = {30, 30, 4, 6, 10}};
}

/* Marks the rows a pane and its head take in a map of the window; false on a clash. */
static bool claim(char *map, int rows, int cols, const struct review_rect *r)
{
    int from = r->head >= 0 ? r->head : r->row;
    for (int y = from; y < r->row + r->rows; y++)
        for (int x = r->col; x < r->col + r->cols; x++) {
            if (y < 0 || y >= rows - 1 || x < 0 || x >= cols || map[y * cols + x])
                return false;
            map[y * cols + x] = 1;
        }
    return true;
}

static void test_no_overlap(void)
{
    static char map[100 * 300];
    for (int cols = 60; cols <= 300; cols += 20)
        for (int rows = 16; rows <= 100; rows += 3)
            for (int focus = 0; focus < REVIEW_PANES; focus++)
                for (int zoom = 0; zoom < 2; zoom++) {
                    struct review_shape s = shape(cols, rows, (enum review_pane)focus);
                    struct review_layout l;
                    s.zoom = zoom;
                    s.history = focus == PANE_HISTORY;
                    review_lay_out(&l, &s);
                    for (int i = 0; i < rows * cols; i++)
                        map[i] = 0;
                    for (int p = 0; p < REVIEW_PANES; p++)
                        if (l.panes[p].rows > 0)
                            CU_ASSERT(claim(map, rows, cols, &l.panes[p]));
                    CU_ASSERT(l.panes[focus].rows > 0);
                }
}

static void test_focus_grows(void)
{
    struct review_layout with, without;
    for (int pane = PANE_PROMPT; pane <= PANE_RULE; pane++) {
        struct review_shape s = shape(80, 23, (enum review_pane)pane);
        s.wants[pane] = 30;
        review_lay_out(&with, &s);
        s.focus = PANE_DIFF;
        review_lay_out(&without, &s);
        CU_ASSERT(with.panes[pane].rows > without.panes[pane].rows);
        CU_ASSERT(with.panes[PANE_DIFF].rows >= 3); /* what is judged stays in sight */
    }
}

static void test_empty_panes(void)
{
    struct review_layout l;
    struct review_shape s = shape(80, 23, PANE_DIFF);
    s.wants[PANE_PROMPT] = s.wants[PANE_RATIONALE] = 0;
    review_lay_out(&l, &s);
    CU_ASSERT_EQUAL(l.panes[PANE_PROMPT].rows, 0);
    CU_ASSERT(l.panes[PANE_PROMPT].head > 0); /* its head says that there is none */
    s = shape(160, 47, PANE_DIFF);
    s.wants[PANE_PROMPT] = 0;
    review_lay_out(&l, &s);
    CU_ASSERT(!l.wide);
    CU_ASSERT_EQUAL(l.panes[PANE_DIFF].cols, 160);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"no pane overlaps another or leaves the window", test_no_overlap},
        {"the pane with the focus grows", test_focus_grows},
        {"a pane with nothing to show takes its head's row alone", test_empty_panes},
        {NULL, NULL},
    };
    return suite_run("layout", tests, argc, argv);
}
