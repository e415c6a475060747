/* Any four texts: hinge finding comes back, with every item inside its text, every hunk and clause
 * one that exists, and the scores in [0,1]. 0x01 divides prompt, y0, y* and rationale. */
#include <stdint.h>
#include <stdlib.h>

#include "text/hinge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(const struct hinge_input *in, const struct hinges *h)
{
    size_t lit = 0;
    int lit_hunk = -1;
    for (size_t i = 0; i < h->count; i++) {
        const struct hinge *x = &h->items[i];
        must(x->from <= x->to && x->to <= (x->side == HINGE_Y0 ? in->y0.len : in->y_star.len));
        must(x->hunk >= 0 && (size_t)x->hunk < h->n_hunks);
        must(x->clause >= -1 && x->clause < (int)h->n_clauses);
        must(x->score >= 0 && x->score <= 1);
        must(i == 0 || h->items[i - 1].hunk <= x->hunk);
        lit += x->lit && x->hunk != lit_hunk;
        lit_hunk = x->lit ? x->hunk : lit_hunk;
    }
    must(lit == h->n_lit_hunks);
    for (size_t i = 0; i < h->n_clauses; i++) {
        must(h->clauses[i].from < h->clauses[i].to && h->clauses[i].to <= in->rationale.len);
        must(h->clauses[i].hunk >= -1 && h->clauses[i].hunk < (int)h->n_hunks);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice parts[4] = {{0}};
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= size; i++)
        if (i == size || (data[i] == 1 && n < 3)) {
            parts[n++] = (struct slice){(const char *)data + from, i - from};
            from = i + 1;
        }
    struct hinge_span span = {size / 5, size / 3};
    float nats = 5;
    struct hinge_input in = {
        .prompt = parts[0], .y0 = parts[1], .y_star = parts[2], .rationale = parts[3]};
    if (size % 3 == 0) {
        in.spans = in.surprisal_at = &span;
        in.n_spans = in.n_surprisal = 1;
        in.y0_surprisal = &nats;
    }
    struct diff *exact = diff_texts(in.y0, in.y_star, DIFF_EXACT);
    struct hinges *h = hinges_find(&in, exact);
    check(&in, h);
    hinges_free(h);
    diff_free(exact);
    return 0;
}
