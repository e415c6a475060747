#include "trainer/run/plan.h"

#include <stdio.h>

#include "trainer/model/head.h"

/* Measured: hinge-train with OpenBLAS and a small tokenizer, and the buffers a thread of the BLAS packs into. */
enum { PROGRAM = 10000000, PROGRAM_THREAD = 1000000 };

struct plan plan_of(const struct model *m, const struct params *params, bool lora, int max_rows,
                    enum pass_kind kind)
{
    double count = 0;
    for (size_t i = 0; i < params->count; i++)
        count += (double)params->items[i].count;
    double heads = (double)m->backend->ops->attention_grad_bytes(max_rows, m->config.q_heads, m->config.head_dim);
    double size = (double)m->backend->real_bytes;
    return (struct plan){
        .weights = size * config_weights(&m->config),
        /* gradient and moments; the master, and where it is another number what products read */
        .trained = count * (12 + (lora ? 4 : 0) + (size == 4 ? 0 : lora ? size : 4)),
        .activations = pass_bytes(m, max_rows, kind) + (kind == PASS_FORWARD ? 0 : heads),
        .head = head_bytes(m, kind != PASS_FORWARD),
        .program = PROGRAM + (double)m->backend->threads * PROGRAM_THREAD,
    };
}

double plan_total(const struct plan *p)
{
    return p->weights + p->trained + p->activations + p->head + p->program;
}

double plan_available(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    double kb = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "MemAvailable: %lf kB", &kb) == 1)
            break;
    }
    if (f)
        fclose(f);
    return kb * 1024;
}
