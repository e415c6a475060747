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
    double heads = (double)cpu_attention_grad_floats(max_rows, m->config.q_heads, m->config.head_dim);
    return (struct plan){
        .weights = 4 * config_weights(&m->config),
        .trained = 4 * count * (lora ? 4 : 3),
        .activations = 4 * (pass_floats(m, max_rows, kind) + (kind == PASS_FORWARD ? 0 : heads)),
        .head = 4 * head_floats(m, kind != PASS_FORWARD),
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
