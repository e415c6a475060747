#include "trainer/run/loss.h"

#include <assert.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"

struct loss *loss_new(struct model *m, int max_rows, int kept, struct error *err)
{
    struct loss *l = mem_zalloc(1, sizeof *l);
    l->model = m;
    l->max_rows = max_rows;
    l->grads = kept != PASS_FORWARD;
    l->share = true;
    l->ranks.count = 1;
    l->pass = pass_new(m, max_rows, kept, err);
    l->head = l->pass ? head_new(m, l->grads, err) : NULL;
    if (l->head)
        return l;
    loss_free(l);
    return NULL;
}

struct loss *loss_without_grads(const struct loss *l)
{
    struct loss *other = mem_zalloc(1, sizeof *other);
    other->model = l->model;
    other->pass = l->pass;
    other->head = l->head;
    other->max_rows = l->max_rows;
    other->share = l->share;
    other->ranks = l->ranks;
    other->borrowed = true;
    return other;
}

void loss_free(struct loss *l)
{
    if (!l)
        return;
    if (!l->borrowed) {
        pass_free(l->pass);
        head_free(l->head);
    }
    pack_free(&l->pack);
    mem_free(l->losses);
    mem_free(l->told);
    mem_free(l);
}

struct told {
    struct target_info info;
    float weight;
};

/* What the weights are normalised over. */
struct weighing {
    bool by_branch;
    double tokens, branches;
};

static float weigh(void *ctx, const struct branch *b)
{
    const struct weighing *w = ctx;
    return (float)(w->by_branch ? 1.0 / (w->branches * (double)branch_trained(b)) : 1.0 / w->tokens);
}

static void count_target(struct loss_sums *s, const struct target_info *t, double loss, float weight)
{
    int kind = strcmp(t->branch->kind, "B") == 0 ? KIND_B : KIND_A;
    s->weighted += loss * weight;
    s->all += loss;
    s->all_count++;
    s->branch[kind] += loss;
    s->branch_count[kind]++;
    if (t->at < t->branch->answer) {
        s->strategy += loss;
        s->strategy_count++;
    } else {
        s->answer += loss;
        s->answer_count++;
    }
}

struct row {
    struct loss *loss;
    struct batch batch;
};

/* A row's ops: what may be repeated. */
static void compute_row(void *ctx)
{
    struct row *r = ctx;
    struct loss *l = r->loss;
    const struct pack *p = &l->pack;
    const real *hidden = pass_forward(l->pass, &r->batch, NULL, NULL);
    head_loss(l->head, hidden, p->rows.items, p->targets.items, p->weights, (int)p->targets.count,
              l->grads ? pass_hidden_grad(l->pass) : NULL,
              &(struct loss_out){.loss = l->losses + l->told_count});
    if (l->grads)
        pass_backward(l->pass);
}

/* One packed row through the model. After the last, what is exchanged of it goes on without one. */
static void run_row(struct loss *l, struct loss_sums *sums, bool last)
{
    struct pack *p = &l->pack;
    size_t n = p->targets.count;
    pass_tell(l->pass, last && l->reduce ? reduce_layer : NULL, l->reduce);
    if (n == 0) {
        pass_idle(l->pass, l->grads);
        return;
    }
    struct backend *b = l->model->backend;
    struct row row = {l, pack_batch(p)};
    if (b->processes) /* exchanges with others may stand among its ops */
        compute_row(&row);
    else
        b->ops->repeat(b, (uint64_t)p->ids.count << 32 | n << 1 | l->grads, compute_row, &row);
    l->told = array_reserve(l->told, &l->told_cap, l->told_count + n, sizeof *l->told);
    for (size_t i = 0; i < n; i++)
        l->told[l->told_count++] = (struct told){p->infos[i], p->weights[i]};
    sums->rows += p->ids.count;
    for (size_t i = 0; i < p->segment_count; i++) {
        double len = p->segments[i].len;
        sums->pairs += len * (p->segments[i].ctx_len + (len + 1) / 2);
    }
    pack_clear(p);
}

/* Packed rows of a rank's share; at least one, which may be empty. */
static int rows_of(const struct loss *l, const struct examples *list, const int *order, size_t count, int rank)
{
    size_t filled = 0;
    int rows = 1;
    for (size_t i = (size_t)rank; i < count; i += (size_t)l->ranks.count) {
        size_t n = example_rows(&list->items[order[i]], l->share);
        if (filled && filled + n > (size_t)l->max_rows) {
            rows++;
            filled = 0;
        }
        filled += n;
    }
    return rows;
}

/* Where the layers' maps are divided each rank gives its part for every row of the others: one with fewer rows does so
 * before its own. */
static void idle(struct loss *l, const struct examples *list, const int *order, size_t count)
{
    int most = 0, own = rows_of(l, list, order, count, l->ranks.rank);
    for (int k = 0; k < l->ranks.count; k++) {
        int rows = rows_of(l, list, order, count, k);
        most = rows > most ? rows : most;
    }
    pass_tell(l->pass, NULL, NULL);
    for (int i = own; i < most; i++)
        pass_idle(l->pass, l->grads);
}

void loss_run(struct loss *l, const struct examples *list, const int *order, size_t count,
              struct loss_sums *sums)
{
    struct weighing w = {.by_branch = l->by_branch};
    for (size_t i = 0; i < count; i++) {
        const struct example *e = &list->items[order[i]];
        for (size_t b = 0; b < e->count; b++)
            w.tokens += (double)branch_trained(&e->branches[b]);
        w.branches += (double)e->count;
    }
    if (l->model->shard)
        idle(l, list, order, count);
    pack_clear(&l->pack);
    /* the backend fills it later: it may not move before loss_finish */
    assert(l->told_count == 0);
    l->losses = array_reserve(l->losses, &l->losses_cap, (size_t)w.tokens, sizeof *l->losses);
    for (size_t i = (size_t)l->ranks.rank; i < count; i += (size_t)l->ranks.count) {
        const struct example *e = &list->items[order[i]];
        sums->plain_rows += example_rows(e, false);
        if (l->pack.ids.count && l->pack.ids.count + example_rows(e, l->share) > (size_t)l->max_rows)
            run_row(l, sums, false);
        pack_add(&l->pack, e, l->share, weigh, &w);
    }
    run_row(l, sums, true);
}

int loss_finish(struct loss *l, struct loss_sums *sums, struct error *err)
{
    struct backend *b = l->model->backend;
    int result = b->ops->finish(b, err);
    for (size_t i = 0; result == 0 && i < l->told_count; i++)
        count_target(sums, &l->told[i].info, l->losses[i], l->told[i].weight);
    l->told_count = 0;
    return result;
}
