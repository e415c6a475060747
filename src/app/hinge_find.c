#include "app/hinge_find.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/diff.h"

/* What both kinds of record come down to. */
struct texts {
    const struct prompt *prompt;
    const char *y0, *y_star, *rationale;
    const struct stored_output *from; /* y0 as it is stored, or NULL */
    const struct record_span *spans;
    size_t n_spans;
};

enum { HINGES_MAX = 1000 }; /* the queue shows no more */

/* Spans come in code points; hinges are found in bytes. The caller frees. */
static struct hinge_span *byte_spans(const struct texts *t)
{
    struct slice text = slice_of(t->y0);
    struct hinge_span *spans = mem_zalloc(t->n_spans + 1, sizeof *spans);
    for (size_t i = 0; i < t->n_spans; i++)
        spans[i] = (struct hinge_span){utf8_offset(text, t->spans[i].start),
                                       utf8_offset(text, t->spans[i].end)};
    return spans;
}

static bool is_of(const struct json *list, size_t len)
{
    size_t n = json_size(list);
    return n > 1 && json_number(json_at(json_at(list, n - 2), 1), -1) == (double)len; /* the last is the end of the turn */
}

void hinge_surprisal(struct hinge_input *in, const struct stored_output *y0, struct arena *arena)
{
    struct json *list = y0 && y0->surprisal ? json_parse(slice_of(y0->surprisal), NULL, NULL) : NULL;
    size_t n = json_size(list), i = 0;
    if (is_of(list, in->y0.len)) {
        struct hinge_span *at = arena_zalloc(arena, n, sizeof *at);
        float *nats = arena_zalloc(arena, n, sizeof *nats), *entropy = arena_zalloc(arena, n, sizeof *entropy);
        for (const struct json *t = json_first(list); t; t = json_next(t), i++) {
            at[i] = (struct hinge_span){(size_t)json_number(json_at(t, 0), 0), (size_t)json_number(json_at(t, 1), 0)};
            nats[i] = (float)json_number(json_at(t, 2), 0);
            entropy[i] = (float)json_number(json_at(t, 3), 0);
        }
        in->y0_surprisal = nats;
        in->y0_entropy = entropy;
        in->surprisal_at = at;
        in->n_surprisal = n - 1;
    }
    json_free(list);
}

static struct hinges *find(const struct texts *t)
{
    struct arena arena = {0};
    struct hinge_input in = {0};
    struct hinge_span *spans = NULL;
    struct str prompt = {0};
    if (t->y0 && t->y_star) {
        prompt_text(&prompt, t->prompt);
        spans = byte_spans(t);
        in = (struct hinge_input){.prompt = str_slice(&prompt),
                                  .y0 = slice_of(t->y0),
                                  .y_star = slice_of(t->y_star),
                                  .rationale = slice_of(t->rationale),
                                  .spans = spans,
                                  .n_spans = t->n_spans};
        hinge_surprisal(&in, t->from, &arena);
    }
    struct diff *exact = diff_texts(in.y0, in.y_star, DIFF_EXACT);
    struct hinges *found = hinges_find(&in, exact);
    diff_free(exact);
    mem_free(spans);
    arena_free(&arena);
    str_free(&prompt);
    return found;
}

struct hinges *record_hinges(const struct stored_record *r)
{
    const struct stored_output *y0 = stored_y0(r), *y_star = stored_y_star(r);
    return find(&(struct texts){.prompt = &r->prompt,
                                .y0 = y0 ? y0->text : NULL,
                                .from = y0,
                                .y_star = y_star ? y_star->text : NULL,
                                .rationale = y0 ? y0->rationale : NULL,
                                .spans = y0 ? y0->spans : NULL,
                                .n_spans = y0 ? y0->n_spans : 0});
}

struct hinges *file_record_hinges(const struct record *r)
{
    return find(&(struct texts){.prompt = &r->prompt,
                                .y0 = r->y0,
                                .y_star = r->y_star,
                                .rationale = r->rationale,
                                .spans = r->spans,
                                .n_spans = r->n_spans});
}

int hinge_count(struct session *s, int64_t record, struct hinge_number *out, struct error *err)
{
    struct stored_record r = {0};
    *out = (struct hinge_number){.record = record};
    int result = record_store_load(session_store(s), record, &r, err);
    if (result == 0) {
        struct hinges *h = record_hinges(&r);
        out->hinges = h->n_lit_hunks < HINGES_MAX ? (int)h->n_lit_hunks : HINGES_MAX;
        hinges_free(h);
    }
    stored_record_free(&r);
    return result;
}

int hinge_keep_numbers(struct session *s, const struct hinge_number *numbers, size_t n, struct error *err)
{
    struct store *store = session_store(s);
    if (n == 0 || session_read_only(s))
        return 0;
    if (store_begin(store, err) != 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++)
        result = record_store_set_hinges(store, numbers[i].record, numbers[i].hinges, err);
    if (result == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}
