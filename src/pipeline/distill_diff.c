#include "pipeline/distill_fields.h"
#include "text/diff.h"

enum { KEEP_WHOLE = 240, KEEP_END = 100 }; /* bytes */

/* The border of a word at or before (back) or after byte at. */
static size_t word_border(struct slice text, size_t at, bool back)
{
    while (at > 0 && at < text.len && text.at[at] != ' ' && text.at[at] != '\n')
        at = back ? at - 1 : at + 1;
    return at;
}

static void add_kept(struct str *out, struct slice text)
{
    if (text.len <= KEEP_WHOLE) {
        str_add_slice(out, text);
        return;
    }
    size_t first = word_border(text, KEEP_END, true), last = word_border(text, text.len - KEEP_END, false);
    str_add_slice(out, slice_sub(text, 0, first));
    str_adds(out, " […] ");
    str_add_slice(out, slice_sub(text, last, text.len));
}

void distill_diff(struct str *out, struct slice a, struct slice b)
{
    struct diff *d = diff_texts(a, b, DIFF_READABLE);
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        if (op->kind == DIFF_KEEP) {
            add_kept(out, slice_sub(b, op->b_from, op->b_to));
        } else if (op->kind == DIFF_DELETE) {
            str_adds(out, "[-");
            str_add_slice(out, slice_sub(a, op->a_from, op->a_to));
            str_adds(out, "-]");
        } else {
            str_adds(out, "{+");
            str_add_slice(out, slice_sub(b, op->b_from, op->b_to));
            str_adds(out, "+}");
        }
    }
    diff_free(d);
}
