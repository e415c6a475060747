/* The host side of decoding: attention against keys in pages, rows into and out of them, and drawing next tokens. */
#include "trainer/backend/cuda_parts.h"

enum { PART = 256 };

void cuda_upload_ints(struct backend *b, int *to, const int *host, size_t count)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "page tables", (long)count, 0, 0);
    cuda_send(c, to, host, count * sizeof *host);
}

/* Parts of every row's keys, so that few rows occupy all processors too. */
static int parts_of(const struct cuda *c, const struct cached_attention *a)
{
    int blocks = a->rows * a->kv_heads, wanted = (2 * c->processors + blocks - 1) / blocks;
    int most = a->longest > PART ? (a->longest + PART - 1) / PART : 1;
    return wanted < most ? wanted : most;
}

static int shift_of(int page_rows)
{
    int shift = 0;
    while (1 << shift < page_rows)
        shift++;
    return shift;
}

void cuda_attention_cached(struct backend *b, const struct cached_attention *a)
{
    struct cuda *c = cuda_of(b);
    cuda_begin(c, "cached attention", a->rows, a->q_heads, a->head_dim);
    if (a->rows == 0)
        return;
    int parts = parts_of(c, a);
    size_t heads = (size_t)a->rows * (size_t)a->q_heads;
    float *room = parts > 1 ? cuda_room(c, heads * (size_t)parts * (size_t)(a->head_dim + 2) * sizeof *room) : NULL;
    struct cuda_cached k = {
        .rows = a->rows, .q_heads = a->q_heads, .kv_heads = a->kv_heads, .head_dim = a->head_dim, .parts = parts,
        .pages = a->table_width, .page_shift = shift_of(a->page_rows), .q = a->q, .k = a->k, .v = a->v, .o = a->o,
        .tables = a->tables, .lengths = a->lengths, .room = room,
    };
    if (c->fault.code)
        return;
    if (kernel_attention_cached(c->stream, &k) != 0)
        cuda_fail(c, cuda_heads_refused);
    cuda_launched(c);
}

void cuda_move_rows(struct backend *b, const struct row_moves *m)
{
    struct cuda *c = cuda_of(b);
    struct cuda_moves k = {m->n, m->d, m->from, m->to, m->k, m->v, m->to_k, m->to_v};
    cuda_begin(c, "moving rows", m->n, m->d, 0);
    if (m->n == 0)
        return;
    kernel_move_rows(c->stream, &k);
    cuda_launched(c);
}

void cuda_sample(struct backend *b, const float *logits, int rows, int vocab, const struct sampling *s,
                 const float *uniforms, int *ids)
{
    struct cuda *c = cuda_of(b);
    size_t n = (size_t)rows;
    cuda_begin(c, "drawing tokens", rows, vocab, 0);
    if (rows == 0)
        return;
    int *to = cuda_result(c, ids, n * sizeof *ids);
    const float *at = cuda_stage(c, uniforms, n * sizeof *uniforms);
    if (c->fault.code)
        return;
    kernel_sample(c->stream, logits, rows, vocab, (float)s->temperature, (float)s->top_p, (float)s->min_p, at, to);
    cuda_launched(c);
}
