/* What a training says of itself: metrics.jsonl, and a line a step on standard output. */
#include <stdio.h>
#include <sys/resource.h>

#include "base/json.h"
#include "trainer/run/fit.h"

double metrics_flops(const struct model *m, bool full, const struct loss_sums *sums)
{
    const struct model_config *c = &m->config;
    double weights = 0, adapters = 0;
    for (int i = 0; i < c->layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            const struct linear *l = &m->layers[i].linears[k];
            weights += (double)l->in * l->out;
            adapters += (double)l->lora.rank * (l->in + l->out);
        }
    }
    double passes = full ? 3 : 2;
    double head = passes * (double)sums->all_count * c->hidden * c->vocab;
    double attention = 2.0 * 3.0 * sums->pairs * c->layers * c->q_heads * c->head_dim;
    return 2 * ((double)sums->rows * (passes * weights + 3 * adapters) + head + attention);
}

static void set_mean(struct json *j, const char *name, double sum, size_t count)
{
    if (count)
        json_set_number(j, name, sum / (double)count);
}

static void set_losses(struct json *j, const struct loss_sums *s)
{
    set_mean(j, "loss", s->all, s->all_count);
    set_mean(j, "loss_A", s->branch[KIND_A], s->branch_count[KIND_A]);
    set_mean(j, "loss_B", s->branch[KIND_B], s->branch_count[KIND_B]);
    set_mean(j, "loss_strategy", s->strategy, s->strategy_count);
    set_mean(j, "loss_answer", s->answer, s->answer_count);
    json_set_int(j, "trained_tokens", (int64_t)s->all_count);
}

static int write_line(struct fit *f, struct json *j, struct error *err)
{
    struct str line = {0};
    json_print(&line, j);
    json_free(j);
    int result = run_folder_line(&f->folder, str_slice(&line), err);
    str_free(&line);
    return result;
}

/* The most memory this process ever held, the program and the files it maps included. */
static double resident_peak(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
#ifdef __APPLE__
    return (double)u.ru_maxrss;
#else
    return (double)u.ru_maxrss * 1024;
#endif
}

int metrics_step(struct fit *f, const struct step_report *r, struct error *err)
{
    const struct loss_sums *s = r->sums;
    struct json *j = json_new_object();
    json_set_int(j, "step", r->step);
    json_set_int(j, "steps", f->total);
    json_set_number(j, "examples", f->examples_seen);
    json_set_number(j, "tokens", f->tokens_seen);
    set_losses(j, s);
    json_set_number(j, "objective", s->weighted);
    json_set_number(j, "lr", r->lr);
    json_set_number(j, "grad_norm", r->norm);
    json_set_number(j, "seconds", r->seconds);
    json_set_number(j, "tokens_per_second", (double)s->rows / r->seconds);
    json_set_number(j, "plain_tokens_per_second", (double)s->plain_rows / r->seconds);
    json_set_number(j, "flops_per_second", metrics_flops(f->session.model, f->full, s) / r->seconds);
    if (f->peak > 0)
        json_set_number(j, "peak_flops_per_second", f->peak);
    json_set_number(j, "memory_bytes", (double)f->session.backend->peak);
    if (f->memory_limit > 0)
        json_set_number(j, "memory_limit_bytes", f->memory_limit);
    json_set_number(j, "resident_bytes", resident_peak());
    printf("step %d/%d  loss %.4f  grad %.3g  %.0f tokens/s\n", r->step, f->total,
           s->all / (double)s->all_count, r->norm, (double)s->rows / r->seconds);
    fflush(stdout);
    return write_line(f, j, err);
}

int metrics_valid(struct fit *f, int step, const struct loss_sums *sums, struct error *err)
{
    struct json *j = json_new_object(), *v = json_new_object();
    json_set_int(j, "step", step);
    set_losses(v, sums);
    json_set(j, "valid", v);
    return write_line(f, j, err);
}
