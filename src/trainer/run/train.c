/* The training loop: batches in order, optimizer steps, checkpoints. */
#include <math.h>
#include <signal.h>

#include "base/clock.h"
#include "base/mem.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/fit.h"
#include "trainer/tensor/rng.h"

/* Set by the handler of SIGTERM and SIGINT, read between steps; a signal has no other way in. */
static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

void fit_catch_signals(void)
{
    struct sigaction stop = {.sa_handler = ask_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGPIPE, SIG_IGN); /* nobody reads the progress any more: no reason to lose the training */
}

/* The order of an epoch follows from the seed and its number alone, so a resumed run finds it again. */
static void shuffle(struct fit *f, int epoch)
{
    struct rng rng;
    if (f->order_epoch == epoch)
        return;
    rng_seed(&rng, (uint64_t)f->seed, 100 + (uint64_t)epoch);
    for (size_t i = 0; i < f->data.count; i++)
        f->order[i] = (int)i;
    for (size_t i = f->data.count; i > 1; i--) {
        size_t j = rng_below(&rng, (uint32_t)i);
        int swap = f->order[i - 1];
        f->order[i - 1] = f->order[j];
        f->order[j] = swap;
    }
    f->order_epoch = epoch;
}

/* The examples of step (from 1). */
static const int *batch_of(struct fit *f, int step, size_t *count)
{
    size_t start = (size_t)((step - 1) % f->steps_an_epoch) * (size_t)f->batch;
    shuffle(f, (step - 1) / f->steps_an_epoch);
    *count = f->data.count - start < (size_t)f->batch ? f->data.count - start : (size_t)f->batch;
    return f->order + start;
}

static void count_seen(struct fit *f, int step)
{
    size_t count;
    const int *order = batch_of(f, step, &count);
    f->examples_seen += (double)count;
    for (size_t i = 0; i < count; i++)
        f->tokens_seen += (double)example_rows(&f->data.items[order[i]], false);
}

/* Sums over all ranks. Counts are below 2^53, so doubles hold them exactly. */
static void sum_over_ranks(const struct ranks *r, struct loss_sums *s)
{
    double v[] = {s->weighted, s->all, s->branch[KIND_A], s->branch[KIND_B], s->strategy, s->answer,
                  s->pairs, (double)s->all_count, (double)s->branch_count[KIND_A],
                  (double)s->branch_count[KIND_B], (double)s->strategy_count, (double)s->answer_count,
                  (double)s->rows, (double)s->plain_rows};
    ranks_sum(r, v, sizeof v / sizeof *v);
    *s = (struct loss_sums){
        .weighted = v[0], .all = v[1], .branch = {v[2], v[3]}, .strategy = v[4], .answer = v[5],
        .pairs = v[6], .all_count = (size_t)v[7], .branch_count = {(size_t)v[8], (size_t)v[9]},
        .strategy_count = (size_t)v[10], .answer_count = (size_t)v[11], .rows = (size_t)v[12],
        .plain_rows = (size_t)v[13],
    };
}

/* The losses of what was put to work. A process whose GPU failed cannot meet the others where they agree on that: they
 * wait for it on theirs. */
static int finish(struct fit *f, struct loss *l, struct loss_sums *sums, struct error *err)
{
    int result = loss_finish(l, sums, err);
    if (result != 0 && f->session.backend->processes > 1) {
        log_write(f->folder.log, LOG_LEVEL_ERROR, "%s", err->text);
        ranks_abort(&f->ranks, err);
    }
    return ranks_agree(&f->ranks, result, err);
}

/* Gradients of a step over all ranks and the step itself; only then is anything waited for. A gradient that is not
 * finite changes nothing, and one is where a loss is. The same on each rank. */
static int compute_step(struct fit *f, int step, double lr, struct loss_sums *sums, double *norm, struct error *err)
{
    size_t count;
    const int *order = batch_of(f, step, &count);
    optimizer_zero_grads(f->optimizer);
    loss_run(f->loss, &f->data, order, count, sums);
    reduce_end(f->reduce);
    optimizer_step(f->optimizer, lr, f->decay, f->clip, step, norm);
    if (finish(f, f->loss, sums, err) != 0)
        return -1;
    sum_over_ranks(&f->ranks, sums);
    return 0;
}

static int train_step(struct fit *f, int step, struct error *err)
{
    int64_t start = clock_mono_ms();
    struct loss_sums sums = {0};
    double norm = 0, lr = schedule_rate(f->schedule, f->lr, f->warmup, step, f->total);
    if (compute_step(f, step, lr, &sums, &norm, err) != 0)
        return -1;
    if (!isfinite(sums.weighted) || !isfinite(norm))
        return error_set(err, ERR_INPUT,
                         "step %d: the %s is not a number; the weights are those of the step before. A "
                         "smaller --lr or --warmup helps",
                         step, isfinite(sums.weighted) ? "gradient" : "loss");
    count_seen(f, step);
    double seconds = (double)(clock_mono_ms() - start) / 1000;
    struct step_report report = {step, lr, norm, seconds > 0 ? seconds : 0.001, &sums};
    return f->ranks.rank == 0 ? metrics_step(f, &report, err) : 0;
}

static int validate(struct fit *f, int step, struct error *err)
{
    if (!f->measure)
        return 0;
    int *order = mem_zalloc(f->valid.count, sizeof *order);
    for (size_t i = 0; i < f->valid.count; i++)
        order[i] = (int)i;
    struct loss_sums sums = {0};
    loss_run(f->measure, &f->valid, order, f->valid.count, &sums);
    int result = finish(f, f->measure, &sums, err);
    mem_free(order);
    if (result != 0)
        return -1;
    sum_over_ranks(&f->ranks, &sums);
    return f->ranks.rank == 0 ? metrics_valid(f, step, &sums, err) : 0;
}

static struct checkpoint checkpoint_of(const struct fit *f)
{
    return (struct checkpoint){
        .run = option(f->options, "out"), .base = option(f->options, "model"),
        .model = f->session.model, .lora = f->full ? NULL : &f->lora, .params = &f->params,
        .optimizer = f->optimizer,
    };
}

static int save(struct fit *f, int step, struct error *err)
{
    struct checkpoint c = checkpoint_of(f);
    int result = validate(f, step, err);
    if (result == 0 && f->ranks.rank == 0)
        result = checkpoint_write(&c, step, err);
    if (result == 0)
        log_write(f->folder.log, LOG_LEVEL_INFO, "checkpoint of step %d", step);
    return result;
}

/* Whether a checkpoint is due after step; examples_before were seen when it began. */
static bool due(const struct fit *f, int step, double examples_before)
{
    if (step == f->total)
        return true;
    if (!f->every_examples)
        return step % f->every == 0;
    if (f->doubling) {
        double mark = f->every_examples;
        while (mark <= examples_before)
            mark *= 2;
        return f->examples_seen >= mark;
    }
    return floor(f->examples_seen / f->every_examples) > floor(examples_before / f->every_examples);
}

static int train(struct fit *f, int from, struct error *err)
{
    for (int step = from + 1; step <= f->total; step++) {
        double before = f->examples_seen;
        int result = train_step(f, step, err);
        bool asked = stop_asked != 0 || run_folder_stop(&f->folder, false);
        bool stop = ranks_any(&f->ranks, asked); /* one rank's signal stops all */
        if (result == 0 && (stop || due(f, step, before)))
            result = save(f, step, err);
        if (ranks_agree(&f->ranks, result, err) != 0)
            return -1;
        if (stop) {
            bool by_file = run_folder_stop(&f->folder, true);
            log_write(f->folder.log, LOG_LEVEL_INFO, "stopped %s after step %d", by_file ? "as asked" : "by a signal", step);
            return 0;
        }
    }
    log_write(f->folder.log, LOG_LEVEL_INFO, "finished after %d steps", f->total);
    return 0;
}

/* The first rank reads the checkpoint, the others have it from there. */
static int resume(struct fit *f, int *from, struct error *err)
{
    struct checkpoint c = checkpoint_of(f);
    struct backend *b = f->session.backend;
    int result = 0;
    *from = 0;
    if (f->ranks.rank == 0 && (checkpoint_resume(&c, from, err) != 0 ||
                               run_folder_metrics(&f->folder, *from, err) != 0))
        result = -1;
    if (ranks_agree(&f->ranks, result, err) != 0)
        return -1;
    ranks_share_int(&f->ranks, from);
    for (size_t i = 0; i < f->params.count; i++) {
        const struct param *p = &f->params.items[i];
        ranks_share(&f->ranks, b, p->value, p->count);
        b->ops->refresh(b, p->work, p->value, p->count);
        ranks_share(&f->ranks, b, f->optimizer->m[i], f->params.items[i].count);
        ranks_share(&f->ranks, b, f->optimizer->v[i], f->params.items[i].count);
    }
    for (int step = 1; step <= *from; step++)
        count_seen(f, step);
    return 0;
}

/* Whatever ended the training: what --resume finds. */
static void tell_what_is_left(const struct fit *f, struct error *err)
{
    struct error why = *err;
    int last = checkpoint_last(option(f->options, "out"));
    if (last)
        error_set(err, why.code, "%s; the checkpoint of step %d is whole: --resume goes on from it", why.text, last);
}

int fit_train(struct fit *f, struct error *err)
{
    int from;
    if (resume(f, &from, err) != 0)
        return -1;
    log_write(f->folder.log, LOG_LEVEL_INFO,
              "%s at step %d of %d: %zu examples, %zu left out as too long, %d processes of %d threads",
              from ? "resumed" : "started", from, f->total, f->data.count, f->skipped, f->ranks.count,
              f->session.backend->threads);
    log_write(f->folder.log, LOG_LEVEL_INFO, "memory: %.2f GB planned, %.2f GB could be had; %d of %d layers computed twice",
              plan_total(&f->plan) * 1e-9, f->memory_limit * 1e-9, pass_again(f->session.model, f->asked.kept),
              f->session.config.layers);
    int result = train(f, from, err);
    if (result != 0) {
        tell_what_is_left(f, err);
        log_write(f->folder.log, LOG_LEVEL_ERROR, "%s", err->text);
    }
    return result;
}
