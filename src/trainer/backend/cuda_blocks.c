#include "trainer/backend/cuda_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"

enum { ROOM = 256 << 10 }; /* bytes of lists that are had at least: other batches' are as short */

bool cuda_blocks_are(const struct cuda_blocks *b, const struct attention *a)
{
    if (b->segment_count != (size_t)a->segment_count)
        return false;
    for (size_t i = 0; i < b->segment_count; i++) {
        const struct segment *x = &b->segments[i], *y = &a->segments[i];
        if (x->start != y->start || x->len != y->len || x->ctx_start != y->ctx_start || x->ctx_len != y->ctx_len)
            return false;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int keys_of(const struct cuda_queries *q)
{
    return q->ctx_len + q->start + q->len - q->own_start;
}

static int by_keys(const void *a, const void *b)
{
    const struct cuda_queries *x = a, *y = b;
    int off = keys_of(y) - keys_of(x);
    return off ? off : x->start - y->start;
}

static void add_queries(struct cuda_blocks *b, const struct segment *s, int rows)
{
    for (int at = 0; at < s->len; at += rows) {
        int len = s->len - at < rows ? s->len - at : rows;
        b->queries = array_reserve(b->queries, &b->query_cap, b->query_count + 1, sizeof *b->queries);
        b->queries[b->query_count++] =
            (struct cuda_queries){s->start + at, len, s->ctx_len ? s->ctx_start : 0, s->ctx_len, s->start};
    }
}

static void add_cuts(struct cuda_blocks *b, const struct segment *s)
{
    const int rows[] = {s->start, s->start + s->len, s->ctx_start, s->ctx_start + s->ctx_len};
    enum { N = sizeof rows / sizeof *rows };
    b->cuts = array_reserve(b->cuts, &b->cut_cap, b->cut_count + N, sizeof *b->cuts);
    memcpy(b->cuts + b->cut_count, rows, sizeof rows);
    b->cut_count += N;
}

void cuda_blocks_make(struct cuda_blocks *b, const struct attention *a, int rows)
{
    b->segment_count = (size_t)a->segment_count;
    b->segments = array_reserve(b->segments, &b->segment_cap, b->segment_count, sizeof *b->segments);
    memcpy(b->segments, a->segments, b->segment_count * sizeof *b->segments);
    b->query_count = b->cut_count = 0;
    b->sent = false;
    b->turn = 0;
    for (size_t i = 0; i < b->segment_count; i++) {
        add_queries(b, &b->segments[i], rows);
        add_cuts(b, &b->segments[i]);
    }
    qsort(b->queries, b->query_count, sizeof *b->queries, by_keys);
    qsort(b->cuts, b->cut_count, sizeof *b->cuts, by_number);
}

static void send_lists(struct cuda *c, struct cuda_blocks *b, const struct cuda_list *lists, int count)
{
    size_t bytes = 0, at = 0;
    for (int i = 0; i < count; i++)
        bytes += cuda_arena_size(lists[i].bytes);
    if (bytes > b->device_bytes) {
        size_t wanted = 2 * bytes > ROOM ? 2 * bytes : ROOM;
        cuda_arena_give(c->arena, b->device);
        b->device = cuda_arena_take(c->arena, wanted);
        b->device_bytes = b->device ? wanted : 0;
    }
    if (!b->device) {
        b->segment_count = 0;
        cuda_fail(c, "no memory is left for the lists of its mask");
        return;
    }
    for (int i = 0; i < count; i++) {
        cuda_send(c, b->device + at, lists[i].items, lists[i].bytes);
        at += cuda_arena_size(lists[i].bytes);
    }
    b->sent = true;
}

/* The lists of a body that may be repeated go with what it stages: another time they hold other rows. */
static void stage_lists(struct cuda *c, struct cuda_blocks *b, const struct cuda_list *lists, int count)
{
    for (int i = 0; i < count; i++)
        b->lists[i] = cuda_stage(c, lists[i].items, lists[i].bytes);
    b->turn = c->turn;
}

void cuda_blocks_place(struct cuda *c, struct cuda_blocks *b, const struct cuda_list *lists, int count)
{
    size_t at = 0;
    if (c->body && b->turn != c->turn)
        stage_lists(c, b, lists, count);
    if (c->body)
        return;
    if (!b->sent)
        send_lists(c, b, lists, count);
    for (int i = 0; i < count; i++) {
        b->lists[i] = b->device ? b->device + at : NULL;
        at += cuda_arena_size(lists[i].bytes);
    }
    b->turn = 0;
}

void cuda_blocks_free(struct cuda *c, struct cuda_blocks *b)
{
    cuda_arena_give(c->arena, b->device);
    mem_free(b->segments);
    mem_free(b->queries);
    mem_free(b->cuts);
}
