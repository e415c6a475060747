/* hinge-train info. */
#include <stdio.h>

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
