/* hinge-train fit: the training loop. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/commands.h"
#include "trainer/run/loss.h"
#include "trainer/run/plan.h"
#include "trainer/run/run_folder.h"
#include "trainer/run/session.h"
#include "trainer/tensor/rng.h"

const struct option_spec fit_options[] = {
    SESSION_OPTIONS,
    {"data", "FILE", NULL, "the snapshot to train on (JSONL)"},
    {"out", "DIR", NULL, "the run's folder"},
    {"valid", "FILE", NULL, "a snapshot whose loss is measured with each checkpoint"},
    {"init", "model|random", "model", "start from the model's weights or from random ones"},
    {"full", NULL, NULL, "train all weights instead of an adapter"},
    {"rank", "N", "256", "LoRA rank"},
    {"alpha", "X", "32", "LoRA alpha"},
    {"rslora", NULL, NULL, "scale by alpha / sqrt(rank)"},
    {"targets", "LIST", "all", "linear layers with an adapter, such as q_proj,v_proj"},
    {"adapter", "DIR", NULL, "go on training this adapter (its rank, alpha and layers hold)"},
    {"epochs", "N", "1", "passes over the data"},
    {"batch", "N", "8", "examples an optimizer step"},
    {"lr", "X", "2e-4", "learning rate"},
    {"schedule", "constant|linear|cosine", "constant", "how the rate goes on after warm-up"},
    {"warmup", "N", "0", "steps until the rate is reached"},
    {"clip", "X", "1.0", "largest gradient norm; 0 is none"},
    {"decay", "X", "0", "weight decay"},
    {"branch-weight", "token|branch", "token", "what weighs the same: every token or every branch"},
    {"no-share", NULL, NULL, "compute each branch as a plain sequence"},
    {"row-tokens", "N", "2048", "tokens computed at once; changes memory and speed, not the result"},
    {"recompute", "auto|on|off", "auto", "keep activations or compute layers twice (auto: by memory)"},
    {"too-long", "stop|skip", "stop", "what to do with examples over --max-tokens"},
    {"every", "N", "100", "steps between checkpoints"},
    {"seed", "N", "0", "of adapters, random weights and order"},
    {"resume", NULL, NULL, "go on from the last checkpoint in --out"},
    {0},
};

/* Set by the handler of SIGTERM and SIGINT, read between steps; a signal has no other way in. */
static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

struct fit {
    const struct options *options;
    struct session session;
    struct examples data, valid;
    size_t skipped;
    struct lora_options lora;
    bool full;
    struct params params;
    struct optimizer *optimizer;
    struct loss *loss, *measure; /* measure: without gradients, for validation */
    struct run_folder folder;
    int epochs, batch, warmup, every, seed, row_tokens, steps_an_epoch, total;
    double lr, clip, decay;
    enum schedule schedule;
    int *order; /* of the examples in the epoch at hand */
    int order_epoch;
    double examples_seen, tokens_seen;
};

static int read_numbers(struct fit *f, struct error *err)
{
    const struct options *o = f->options;
    if (option_need(o, "data", err) != 0 || option_need(o, "out", err) != 0 ||
        option_int(o, "epochs", 1, 100000, &f->epochs, err) != 0 ||
        option_int(o, "batch", 1, 1 << 20, &f->batch, err) != 0 ||
        option_int(o, "warmup", 0, 1 << 30, &f->warmup, err) != 0 ||
        option_int(o, "every", 1, 1 << 30, &f->every, err) != 0 ||
        option_int(o, "seed", 0, 1 << 30, &f->seed, err) != 0 ||
        option_int(o, "row-tokens", 1, 1 << 24, &f->row_tokens, err) != 0 ||
        option_real(o, "lr", 0, 10, &f->lr, err) != 0 ||
        option_real(o, "clip", 0, 1e9, &f->clip, err) != 0 ||
        option_real(o, "decay", 0, 10, &f->decay, err) != 0 ||
        option_int(o, "rank", 1, 4096, &f->lora.rank, err) != 0 ||
        option_real(o, "alpha", 0, 1e6, &f->lora.alpha, err) != 0 ||
        lora_parse_targets(option(o, "targets"), f->lora.targets, err) != 0)
        return -1;
    const char *s = option(o, "schedule");
    f->schedule = *s == 'l' ? SCHEDULE_LINEAR : strcmp(s, "cosine") == 0 ? SCHEDULE_COSINE
                                                                       : SCHEDULE_CONSTANT;
    f->lora.rslora = option_flag(o, "rslora");
    f->full = option_flag(o, "full");
    if (f->full && option(o, "adapter"))
        return error_set(err, ERR_USAGE, "--full and --adapter do not go together");
    return 0;
}

static int read_data(struct fit *f, struct error *err)
{
    size_t skipped = 0;
    const char *valid = option(f->options, "valid");
    f->session.reader.skip_long = strcmp(option(f->options, "too-long"), "skip") == 0;
    if (examples_read(&f->session.reader, option(f->options, "data"), &f->data, &f->skipped, err) != 0)
        return -1;
    if (valid && examples_read(&f->session.reader, valid, &f->valid, &skipped, err) != 0)
        return -1;
    f->order = mem_zalloc(f->data.count, sizeof *f->order);
    f->order_epoch = -1;
    f->steps_an_epoch = (int)((f->data.count + (size_t)f->batch - 1) / (size_t)f->batch);
    f->total = f->steps_an_epoch * f->epochs;
    return 0;
}

static int attach(struct fit *f, struct error *err)
{
    const char *adapter = option(f->options, "adapter");
    if (f->full)
        return model_train_all(f->session.model, &f->params, err);
    if (adapter)
        return lora_load(f->session.model, adapter, &f->lora, &f->params, err);
    return lora_attach(f->session.model, &f->lora, (uint64_t)f->seed, &f->params, err);
}

static int widest_row(const struct fit *f, bool share)
{
    size_t widest = (size_t)f->row_tokens;
    for (size_t i = 0; i < f->data.count; i++) {
        size_t rows = example_rows(&f->data.items[i], share);
        widest = rows > widest ? rows : widest;
    }
    for (size_t i = 0; i < f->valid.count; i++) {
        size_t rows = example_rows(&f->valid.items[i], share);
        widest = rows > widest ? rows : widest;
    }
    return (int)widest;
}

static int choose_kind(const struct fit *f, int rows, enum pass_kind *kind, struct error *err)
{
    const char *recompute = option(f->options, "recompute");
    struct plan keep = plan_of(f->session.model, &f->params, !f->full, rows, PASS_KEEP);
    struct plan twice = plan_of(f->session.model, &f->params, !f->full, rows, PASS_CHECKPOINT);
    double free_now = plan_available(), have = (double)f->session.backend->bytes;
    bool fits = free_now == 0 || plan_total(&keep) - have < 0.8 * free_now;
    *kind = *recompute == 'a' ? (fits ? PASS_KEEP : PASS_CHECKPOINT)
            : strcmp(recompute, "on") == 0 ? PASS_CHECKPOINT
                                           : PASS_KEEP;
    double need = plan_total(*kind == PASS_KEEP ? &keep : &twice) - have;
    if (free_now > 0 && need > free_now)
        return error_set(err, ERR_LIMIT,
                         "this training needs %.1f GB more and %.1f GB are free: a smaller --rank, "
                         "--row-tokens or --max-tokens takes less%s",
                         need * 1e-9, free_now * 1e-9,
                         *kind == PASS_KEEP ? ", so does --recompute on" : "");
    return 0;
}

static int open_loss(struct fit *f, struct error *err)
{
    bool share = !option_flag(f->options, "no-share");
    int rows = widest_row(f, share);
    enum pass_kind kind;
    if (choose_kind(f, rows, &kind, err) != 0)
        return -1;
    f->optimizer = optimizer_new(f->session.backend, &f->params, err);
    f->loss = f->optimizer ? loss_new(f->session.model, rows, kind, err) : NULL;
    if (f->loss && f->valid.count)
        f->measure = loss_new(f->session.model, rows, PASS_FORWARD, err);
    if (!f->loss || (f->valid.count && !f->measure))
        return -1;
    f->loss->share = share;
    f->loss->by_branch = strcmp(option(f->options, "branch-weight"), "branch") == 0;
    if (f->measure)
        f->measure->share = share;
    return 0;
}

static int file_hash(const char *path, char out[SHA256_HEX + 1], struct error *err)
{
    struct str bytes = {0};
    if (file_read(path, SIZE_MAX / 4, &bytes, err) != 0) {
        str_free(&bytes);
        return -1;
    }
    sha256_hex(str_slice(&bytes), out);
    str_free(&bytes);
    return 0;
}

/* What the run is: every option but how it goes on and where, and the data's name by content. */
static int describe(const struct fit *f, struct str *out, struct error *err)
{
    char hash[SHA256_HEX + 1];
    if (file_hash(option(f->options, "data"), hash, err) != 0)
        return -1;
    struct json *j = json_new_object(), *options = json_new_object();
    for (int i = 0; fit_options[i].name; i++) {
        const char *name = fit_options[i].name;
        if (strcmp(name, "resume") != 0 && strcmp(name, "out") != 0)
            json_set_string(options, name, f->options->values[i]);
    }
    json_set_string(j, "program", "hinge-train");
    json_set_string(j, "kind", f->full ? "full" : "lora");
    json_set(j, "options", options);
    json_set_string(j, "data_sha256", hash);
    json_set_int(j, "examples", (int64_t)f->data.count);
    json_set_int(j, "examples_too_long", (int64_t)f->skipped);
    json_set_int(j, "steps", f->total);
    json_set_string(j, "chat", chat_name(f->session.chat));
    json_print_pretty(out, j);
    json_free(j);
    return 0;
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

static int report(struct fit *f, int step, const struct loss_sums *s, double lr, double norm,
                  double seconds, struct error *err)
{
    struct json *j = json_new_object();
    json_set_int(j, "step", step);
    json_set_int(j, "steps", f->total);
    json_set_number(j, "examples", f->examples_seen);
    json_set_number(j, "tokens", f->tokens_seen);
    set_losses(j, s);
    json_set_number(j, "objective", s->weighted);
    json_set_number(j, "lr", lr);
    json_set_number(j, "grad_norm", norm);
    json_set_number(j, "seconds", seconds);
    json_set_number(j, "tokens_per_second", (double)s->rows / seconds);
    json_set_number(j, "plain_tokens_per_second", (double)s->plain_rows / seconds);
    json_set_number(j, "memory_bytes", (double)f->session.backend->peak);
    printf("step %d/%d  loss %.4f  grad %.3g  %.0f tokens/s\n", step, f->total,
           s->all / (double)s->all_count, norm, (double)s->rows / seconds);
    fflush(stdout);
    return write_line(f, j, err);
}

static int train_step(struct fit *f, int step, struct error *err)
{
    size_t count;
    int64_t start = clock_mono_ms();
    const int *order = batch_of(f, step, &count);
    struct loss_sums sums = {0};
    optimizer_zero_grads(f->optimizer);
    loss_run(f->loss, &f->data, order, count, &sums);
    double norm = optimizer_grad_norm(f->optimizer);
    if (!isfinite(sums.weighted) || !isfinite(norm))
        return error_set(err, ERR_INPUT,
                         "step %d: the %s is not a number; the weights are those of the step before. A "
                         "smaller --lr or --warmup helps; --resume goes on from the last checkpoint",
                         step, isfinite(sums.weighted) ? "gradient" : "loss");
    double lr = schedule_rate(f->schedule, f->lr, f->warmup, step, f->total);
    optimizer_step(f->optimizer, lr, f->decay, f->clip, norm, step);
    count_seen(f, step);
    double seconds = (double)(clock_mono_ms() - start) / 1000;
    return report(f, step, &sums, lr, norm, seconds > 0 ? seconds : 0.001, err);
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
    mem_free(order);
    struct json *j = json_new_object(), *v = json_new_object();
    json_set_int(j, "step", step);
    set_losses(v, &sums);
    json_set(j, "valid", v);
    return write_line(f, j, err);
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
    if (validate(f, step, err) != 0 || checkpoint_write(&c, step, err) != 0)
        return -1;
    log_write(f->folder.log, LOG_LEVEL_INFO, "checkpoint of step %d", step);
    return 0;
}

static int train(struct fit *f, int from, struct error *err)
{
    int saved = from;
    for (int step = from + 1; step <= f->total; step++) {
        if (train_step(f, step, err) != 0)
            return -1;
        if (step % f->every == 0 || step == f->total || stop_asked) {
            if (save(f, step, err) != 0)
                return -1;
            saved = step;
        }
        if (stop_asked && saved == step) {
            log_write(f->folder.log, LOG_LEVEL_INFO, "stopped by a signal after step %d", step);
            return 0;
        }
    }
    log_write(f->folder.log, LOG_LEVEL_INFO, "finished after %d steps", f->total);
    return 0;
}

static int enter_and_train(struct fit *f, struct error *err)
{
    struct str config = {0};
    int from = 0, result = describe(f, &config, err);
    if (result == 0)
        result = run_folder_open(option(f->options, "out"), str_slice(&config),
                                 option_flag(f->options, "resume"), &f->folder, err);
    str_free(&config);
    struct checkpoint c = checkpoint_of(f);
    if (result != 0 || checkpoint_resume(&c, &from, err) != 0 ||
        run_folder_metrics(&f->folder, from, err) != 0)
        return -1;
    for (int step = 1; step <= from; step++)
        count_seen(f, step);
    log_write(f->folder.log, LOG_LEVEL_INFO, "%s at step %d of %d: %zu examples, %zu left out as too long",
              from ? "resumed" : "started", from, f->total, f->data.count, f->skipped);
    result = train(f, from, err);
    if (result != 0)
        log_write(f->folder.log, LOG_LEVEL_ERROR, "%s", err->text);
    return result;
}

static void fit_free(struct fit *f)
{
    run_folder_close(&f->folder);
    loss_free(f->loss);
    loss_free(f->measure);
    optimizer_free(f->optimizer);
    params_free(&f->params);
    examples_free(&f->data);
    examples_free(&f->valid);
    mem_free(f->order);
    session_close(&f->session);
}

int run_fit(const struct options *o, struct error *err)
{
    struct fit f = {.options = o, .folder = {.lock = -1}};
    struct sigaction stop = {.sa_handler = ask_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    int result = -1;
    if (read_numbers(&f, err) == 0 && session_open(o, true, &f.session, err) == 0 &&
        read_data(&f, err) == 0 && attach(&f, err) == 0 && open_loss(&f, err) == 0)
        result = enter_and_train(&f, err);
    fit_free(&f);
    return result;
}
