#include "ui/views/reword.h"

#include "text/diff.h"

static const struct {
    enum look look;
    const char *open, *close;
} kinds[] = {
    [DIFF_KEEP] = {LOOK_TEXT, "", ""},
    [DIFF_DELETE] = {LOOK_DELETE, "[-", "-]"},
    [DIFF_INSERT] = {LOOK_INSERT, "{+", "+}"},
};

void reword_paint(const struct paint *p, int row, int col, int room, struct slice before,
                  struct slice after, bool signs)
{
    struct diff *d = diff_texts(before, after, DIFF_READABLE);
    int used = 0;
    for (size_t i = 0; i < d->n_ops && used < room; i++) {
        const struct diff_op *op = &d->ops[i];
        enum look look = kinds[op->kind].look;
        struct slice words = op->kind == DIFF_DELETE
                                 ? slice_sub(before, op->a_from, op->a_to)
                                 : slice_sub(after, op->b_from, op->b_to);
        if (signs)
            used += paint_z(p, row, col + used, room - used, kinds[op->kind].open, look);
        used += paint_text(p, row, col + used, room - used, words, look);
        if (signs)
            used += paint_z(p, row, col + used, room - used, kinds[op->kind].close, look);
    }
    diff_free(d);
}
