#include "trainer/run/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "trainer/model/head.h"
#include "trainer/model/shard.h"

/* The layers' maps as they are held: packed, or divided over processes. */
static double weights_of(const struct model *m)
{
    double size = (double)m->backend->real_bytes, bytes = size * config_weights(&m->config) + shard_bytes(m);
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++)
            bytes -= size * m->layers[i].linears[k].in * m->layers[i].linears[k].out;
    }
    return bytes;
}

double plan_weights(const struct model_config *c, struct backend *b)
{
    struct model *m = model_shell(b, c);
    double bytes = weights_of(m);
    model_free(m);
    return bytes;
}

/* Numbers of adapters, whose ranks the shell is given: a pass has room for them. */
static double attach(struct model *m, const struct lora_options *o)
{
    double count = 0;
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            struct linear *l = &m->layers[i].linears[k];
            l->lora.rank = o->targets[k] ? o->rank : 0;
            count += (double)l->lora.rank * ((double)l->in + l->out);
        }
    }
    return count;
}

static struct plan plan_model(struct model *m, const struct plan_request *r)
{
    double count = r->full ? config_weights(&m->config) : attach(m, &r->lora);
    double size = (double)m->backend->real_bytes;
    struct plan p = {
        .weights = weights_of(m),
        /* gradient and moments; the master, and where it is another number what products read */
        .trained = count * (12 + (r->full ? 0 : 4) + (size == 4 ? 0 : r->full ? 4 : size)),
        .activations = pass_bytes(m, r->rows, r->kept),
        .head = head_bytes(m, r->kept != PASS_FORWARD),
        .program = m->backend->program,
    };
    if (r->kept != PASS_FORWARD)
        p.scratch = (double)m->backend->ops->attention_grad_bytes(r->rows, m->config.q_heads, m->config.head_dim);
    p.activations += p.scratch;
    return p;
}

struct plan plan_of(const struct plan_request *r)
{
    int bits = r->backend->base_bits;
    r->backend->base_bits = r->base_bits;
    struct model *m = model_shell(r->backend, r->config); /* a plan needs no weights */
    struct plan p = plan_model(m, r);
    model_free(m);
    r->backend->base_bits = bits;
    return p;
}

double plan_trained(const struct plan_request *r)
{
    struct model *m = model_shell(r->backend, r->config);
    double count = r->full ? config_weights(r->config) : attach(m, &r->lora);
    model_free(m);
    return count;
}

double plan_room(struct backend *b)
{
    double free_now = b->ops->available(b);
    return free_now > 0 ? (double)b->bytes + free_now : HUGE_VAL;
}

double plan_total(const struct plan *p)
{
    return p->weights + p->trained + p->activations + p->head + p->program;
}

static bool fits(const struct plan_request *r, double room)
{
    struct plan p = plan_of(r);
    return plan_total(&p) <= room;
}

/* The largest number up to most with which *which fits; 0: none does. Less always takes less. */
static int largest(struct plan_request *r, int *which, int most, double room)
{
    int low = 0, high = most + 1;
    while (high - low > 1) {
        *which = low + (high - low) / 2;
        if (fits(r, room))
            low = *which;
        else
            high = *which;
    }
    return low;
}

int plan_choose(const struct plan_request *r)
{
    struct plan_request with = *r;
    /* a GPU is this training's own; a machine's memory is shared, and slow when little of it is left */
    double share = r->backend->ops->reserve ? 0.95 : 0.8, free_now = r->backend->ops->available(r->backend);
    if (free_now == 0)
        return r->config->layers;
    int kept = largest(&with, &with.kept, r->config->layers, (double)r->backend->bytes + share * free_now);
    return kept ? kept : PASS_CHECKPOINT;
}

static void add_choice(struct str *out, const char *before, const char *option, int value)
{
    str_addf(out, "%s%s--%s %d", out->len ? "; " : "", before, option, value);
}

/* What before says, with fewer tokens at once where that is needed; an example that is longer cannot stay. */
static void advise_rows(struct plan_request r, int longest, double room, const char *before, struct str *out)
{
    int asked = r.rows, rows = largest(&r, &r.rows, asked, room);
    if (rows > 0)
        add_choice(out, before, "row-tokens", rows);
    if (rows > 0 && rows < longest)
        str_addf(out, " --max-tokens %d --too-long skip", rows);
}

static void advise_bits(struct plan_request r, int longest, double room, const char *before, struct str *out)
{
    for (int bits = 8; bits >= 4; bits -= 4) {
        char text[64];
        r.base_bits = bits;
        snprintf(text, sizeof text, "%s--base-bits %d ", before, bits);
        advise_rows(r, longest, room, text, out);
    }
}

void plan_advise(const struct plan_request *r, int longest, double room, struct str *out)
{
    struct plan_request with = *r;
    bool again = r->kept > PASS_CHECKPOINT;
    const char *before = again ? "--recompute on " : "";
    with.kept = PASS_CHECKPOINT;
    if (again && fits(&with, room))
        str_adds(out, "--recompute on");
    else
        advise_rows(with, longest, room, before, out);
    if (r->backend->ops->pack && !r->base_bits && !r->full)
        advise_bits(with, longest, room, before, out);
    int rank = r->full ? 0 : largest(&with, &with.lora.rank, r->lora.rank - 1, room);
    if (rank > 0)
        add_choice(out, before, "rank", rank);
}
