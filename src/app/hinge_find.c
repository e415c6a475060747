#include "app/hinge_find.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "text/diff.h"

/* Spans come in code points; hinges are found in bytes. The caller frees. */
static struct hinge_span *byte_spans(const struct stored_output *y0)
{
    struct slice text = slice_of(y0->text);
    struct hinge_span *spans = mem_zalloc(y0->n_spans + 1, sizeof *spans);
    for (size_t i = 0; i < y0->n_spans; i++)
        spans[i] = (struct hinge_span){utf8_offset(text, y0->spans[i].start),
                                       utf8_offset(text, y0->spans[i].end)};
    return spans;
}

struct hinges *record_hinges(const struct stored_record *r)
{
    const struct stored_output *y0 = stored_y0(r), *y_star = stored_y_star(r);
    struct hinge_input in = {0};
    struct hinge_span *spans = NULL;
    struct str prompt = {0};
    if (y0 && y_star) {
        prompt_text(&prompt, &r->prompt);
        spans = byte_spans(y0);
        in = (struct hinge_input){.prompt = str_slice(&prompt),
                                  .y0 = slice_of(y0->text),
                                  .y_star = slice_of(y_star->text),
                                  .rationale = slice_of(y0->rationale),
                                  .spans = spans,
                                  .n_spans = y0->n_spans};
    }
    struct diff *exact = diff_texts(in.y0, in.y_star, DIFF_EXACT);
    struct hinges *found = hinges_find(&in, exact);
    diff_free(exact);
    mem_free(spans);
    str_free(&prompt);
    return found;
}

int hinge_count(struct session *s, int64_t record, struct error *err)
{
    struct stored_record r = {0};
    int result = record_store_load(session_store(s), record, &r, err);
    if (result == 0) {
        struct hinges *h = record_hinges(&r);
        int n = h->n_lit_hunks < 1000 ? (int)h->n_lit_hunks : 1000;
        hinges_free(h);
        if (!session_read_only(s) && n != r.n_hinges)
            result = record_store_set_hinges(session_store(s), record, n, err);
        if (result == 0)
            result = n;
    }
    stored_record_free(&r);
    return result;
}
