#include "trainer/run/plan.h"

#include "trainer/model/head.h"

/* Bytes that packed maps take less. */
static double saved(const struct model *m)
{
    struct backend *b = m->backend;
    double bytes = 0;
    for (int i = 0; b->base_bits && i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            const struct linear *l = &m->layers[i].linears[k];
            bytes += (double)b->real_bytes * l->in * l->out - (double)b->ops->packed_bytes(l->out, l->in, b->base_bits);
        }
    }
    return bytes;
}

struct plan plan_of(const struct model *m, const struct params *params, bool lora, int max_rows,
                    enum pass_kind kind)
{
    double count = 0;
    for (size_t i = 0; i < params->count; i++)
        count += (double)params->items[i].count;
    double heads = (double)m->backend->ops->attention_grad_bytes(max_rows, m->config.q_heads, m->config.head_dim);
    double size = (double)m->backend->real_bytes;
    return (struct plan){
        .weights = size * config_weights(&m->config) - saved(m),
        /* gradient and moments; the master, and where it is another number what products read */
        .trained = count * (12 + (lora ? 4 : 0) + (size == 4 ? 0 : lora ? size : 4)),
        .activations = pass_bytes(m, max_rows, kind) + (kind == PASS_FORWARD ? 0 : heads),
        .head = head_bytes(m, kind != PASS_FORWARD),
        .program = m->backend->program,
    };
}

double plan_total(const struct plan *p)
{
    return p->weights + p->trained + p->activations + p->head + p->program;
}
