/* hinge-train fit: its options, and all that a training opens before its first step. */
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "trainer/run/commands.h"
#include "trainer/run/fit.h"
#include "trainer/run/seats.h"

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
    {"shard-base", NULL, NULL, "divide the frozen layers over the GPUs of all processes"},
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
    {"recompute", "auto|on|off|N", "auto", "layers computed twice to save memory: as few as fit, all, none, or N"},
    {"too-long", "stop|skip", "stop", "what to do with examples over --max-tokens"},
    {"every", "N", "100", "steps between checkpoints"},
    {"every-examples", "N", "0", "examples between checkpoints, in place of --every"},
    {"grid", "even|log", "even", "log: after once, twice, four times, ... --every-examples"},
    {"seed", "N", "0", "of adapters, random weights and order"},
    {"resume", NULL, NULL, "go on from the last checkpoint in --out"},
    {0},
};

static int read_numbers(struct fit *f, struct error *err)
{
    const struct options *o = f->options;
    if (option_need(o, "data", err) != 0 || option_need(o, "out", err) != 0 ||
        option_int(o, "epochs", 1, 100000, &f->epochs, err) != 0 ||
        option_int(o, "batch", 1, 1 << 20, &f->batch, err) != 0 ||
        option_int(o, "warmup", 0, 1 << 30, &f->warmup, err) != 0 ||
        option_int(o, "every", 1, 1 << 30, &f->every, err) != 0 ||
        option_int(o, "every-examples", 0, 1 << 30, &f->every_examples, err) != 0 ||
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
    f->doubling = strcmp(option(o, "grid"), "log") == 0;
    if (f->doubling && !f->every_examples)
        return error_set(err, ERR_USAGE, "--grid log needs --every-examples, where its first checkpoint is");
    if (f->full && option(o, "adapter"))
        return error_set(err, ERR_USAGE, "--full and --adapter do not go together");
    if (f->full && option_flag(o, "shard-base"))
        return error_set(err, ERR_USAGE, "--shard-base divides weights that do not train: not those of --full");
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

static int open_loss(struct fit *f, struct error *err)
{
    f->optimizer = optimizer_new(f->session.backend, &f->params, err);
    f->loss = f->optimizer ? loss_new(f->session.model, f->asked.rows, f->asked.kept, err) : NULL;
    if (!f->loss)
        return -1;
    f->loss->share = !option_flag(f->options, "no-share");
    f->loss->ranks = f->ranks;
    f->reduce = reduce_new(&f->ranks, f->session.backend, &f->params, f->session.model->config.layers);
    f->loss->reduce = f->reduce;
    f->loss->by_branch = strcmp(option(f->options, "branch-weight"), "branch") == 0;
    if (f->valid.count)
        f->measure = loss_without_grads(f->loss);
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
        if (strcmp(name, "resume") != 0 && strcmp(name, "out") != 0 && strcmp(name, "deterministic") != 0)
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

/* The first rank alone writes the run's folder. */
static int enter_folder(struct fit *f, struct error *err)
{
    struct str config = {0};
    if (f->ranks.rank != 0)
        return 0;
    int result = describe(f, &config, err);
    if (result == 0)
        result = run_folder_enter(&f->folder, str_slice(&config), option_flag(f->options, "resume"), err);
    str_free(&config);
    return result;
}

static void fit_free(struct fit *f)
{
    run_folder_close(&f->folder);
    loss_free(f->measure);
    loss_free(f->loss);
    reduce_free(f->reduce);
    optimizer_free(f->optimizer);
    params_free(&f->params);
    examples_free(&f->data);
    examples_free(&f->valid);
    mem_free(f->order);
    session_close(&f->session);
}

static int open_all(struct fit *f, struct error *err)
{
    if (read_numbers(f, err) != 0 ||
        (f->ranks.rank == 0 && run_folder_lock(option(f->options, "out"), &f->folder, err) != 0) ||
        session_prepare(f->options, f->session.backend, &f->session, err) != 0 ||
        read_data(f, err) != 0 || fit_plan(f, err) != 0 ||
        session_load(f->options, &f->session, err) != 0 || attach(f, err) != 0 || open_loss(f, err) != 0)
        return -1;
    return enter_folder(f, err);
}

int run_fit(const struct options *o, struct error *err)
{
    struct fit f = {.options = o, .folder = {.lock = -1}};
    fit_catch_signals();
    int result = ranks_open(&f.ranks, err);
    if (result == 0 && f.ranks.count > 1 && !(f.session.backend = seats_backend(o, &f.ranks, err)))
        result = -1;
    if (result == 0)
        result = ranks_agree(&f.ranks, open_all(&f, err), err);
    if (result == 0) {
        ranks_sum(&f.ranks, &f.peak, 1);
        result = fit_train(&f, err);
    }
    fit_free(&f);
    ranks_close(&f.ranks);
    return result;
}
