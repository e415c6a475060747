/* hinge-train info and merge. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/commands.h"
#include "trainer/run/plan.h"
#include "trainer/run/session.h"

const struct option_spec info_options[] = {
    SESSION_OPTIONS,
    {"plan", NULL, NULL, "what training would take of memory"},
    {"full", NULL, NULL, "plan for all weights instead of an adapter"},
    {"rank", "N", "256", "LoRA rank to plan for"},
    {"targets", "LIST", "all", "linear layers to plan for"},
    {"row-tokens", "N", "2048", "tokens computed at once to plan for"},
    {0},
};

const struct option_spec merge_options[] = {
    SESSION_OPTIONS,
    {"adapter", "DIR", NULL, "the adapter to merge in"},
    {"out", "DIR", NULL, "folder for the merged model"},
    {0},
};

static void print_plan(const char *name, const struct plan *p)
{
    printf("%-22s weights %.2f GB, trained %.2f GB, activations %.2f GB, head %.2f GB: %.2f GB\n", name,
           p->weights * 1e-9, p->trained * 1e-9, p->activations * 1e-9, p->head * 1e-9,
           plan_total(p) * 1e-9);
}

static int print_plans(const struct options *o, struct session *s, struct error *err)
{
    struct lora_options lora = {.alpha = 1};
    struct params params = {0};
    bool full = option_flag(o, "full");
    int rows;
    if (option_int(o, "row-tokens", 1, 1 << 24, &rows, err) != 0 ||
        option_int(o, "rank", 1, 4096, &lora.rank, err) != 0 ||
        lora_parse_targets(option(o, "targets"), lora.targets, err) != 0)
        return -1;
    int result = full ? model_train_all(s->model, &params, err)
                      : lora_attach(s->model, &lora, 0, &params, err);
    if (result == 0) {
        struct plan keep = plan_of(s->model, &params, !full, rows, PASS_KEEP);
        struct plan twice = plan_of(s->model, &params, !full, rows, PASS_CHECKPOINT);
        print_plan("keeping activations:", &keep);
        print_plan("computing them twice:", &twice);
        double now = plan_available() + (double)s->backend->bytes;
        printf("%-22s %.2f GB: %s\n", "free here:", now * 1e-9,
               plan_total(&keep) < now    ? "fits"
               : plan_total(&twice) < now ? "fits when layers are computed twice"
                                          : "does not fit");
    }
    params_free(&params);
    return result;
}

int run_info(const struct options *o, struct error *err)
{
    struct session s;
    if (session_open(o, true, &s, err) != 0) {
        session_close(&s);
        return -1;
    }
    const struct model_config *c = &s.model->config;
    printf("%s: %d layers of %d, %d heads (%d for keys) of %d, ffn %d, vocabulary %d%s\n", c->family,
           c->layers, c->hidden, c->q_heads, c->kv_heads, c->head_dim, c->ffn, c->vocab,
           c->tied ? ", tied head" : "");
    printf("%.1f million weights, %d positions, chat format %s, %d tokens in the tokenizer\n",
           config_weights(c) * 1e-6, c->max_positions, chat_name(s.chat), tokenizer_size(s.tokenizer));
    int result = option_flag(o, "plan") ? print_plans(o, &s, err) : 0;
    session_close(&s);
    return result;
}

/* The tokenizer's files belong to the model and go with it. */
static int copy_tokenizer(const char *from, const char *to, struct error *err)
{
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja",
                                        "special_tokens_map.json", "generation_config.json"};
    int result = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && result == 0; i++) {
        struct str source = {0}, target = {0}, bytes = {0};
        str_addf(&source, "%s/%s", from, names[i]);
        str_addf(&target, "%s/%s", to, names[i]);
        if (file_exists(source.at)) {
            result = file_read(source.at, 1U << 28, &bytes, err);
            if (result == 0)
                result = file_write_atomic(target.at, 0600, str_slice(&bytes), err);
        }
        str_free(&source);
        str_free(&target);
        str_free(&bytes);
    }
    return result;
}

static int merge(const struct options *o, struct session *s, struct error *err)
{
    struct lora_options lora;
    struct str config = {0};
    const char *out = option(o, "out");
    str_addf(&config, "%s/config.json", out);
    bool taken = file_exists(config.at);
    str_free(&config);
    if (taken)
        return error_set(err, ERR_CONFLICT, "%s already holds a model", out);
    if (lora_load(s->model, option(o, "adapter"), &lora, NULL, err) != 0 ||
        lora_merge(s->model, err) != 0 || file_make_dir(out, err) != 0 ||
        checkpoint_write_model(s->model, out, err) != 0)
        return -1;
    return copy_tokenizer(option(o, "model"), out, err);
}

int run_merge(const struct options *o, struct error *err)
{
    struct session s = {0};
    int result = option_need(o, "adapter", err) != 0 || option_need(o, "out", err) != 0 ||
                         session_open(o, true, &s, err) != 0
                     ? -1
                     : merge(o, &s, err);
    session_close(&s);
    return result;
}
