/* hinge-train info. */
#include <stdio.h>

#include "base/json.h"
#include "trainer/run/commands.h"
#include "trainer/run/plan.h"
#include "trainer/run/session.h"

const struct option_spec info_options[] = {
    SESSION_OPTIONS,
    {"plan", NULL, NULL, "what training would take of memory"},
    {"json", NULL, NULL, "print JSON"},
    {"full", NULL, NULL, "plan for all weights instead of an adapter"},
    {"rank", "N", "256", "LoRA rank to plan for"},
    {"targets", "LIST", "all", "linear layers to plan for"},
    {"row-tokens", "N", "2048", "tokens computed at once to plan for"},
    {0},
};

/* In MB below one GB. */
static void print_size(const char *before, double bytes, const char *after)
{
    if (bytes < 1e9)
        printf("%s%.1f MB%s", before, bytes * 1e-6, after);
    else
        printf("%s%.2f GB%s", before, bytes * 1e-9, after);
}

static void print_plan(const char *name, const struct plan *p)
{
    printf("%-22s", name);
    print_size(" weights ", p->weights, ",");
    print_size(" trained ", p->trained, ",");
    print_size(" activations ", p->activations, ",");
    print_size(" head ", p->head, ",");
    print_size(" program ", p->program, ":");
    print_size(" ", plan_total(p), "\n");
}

/* What would train, without memory for it. */
static int list_one(void *ctx, const char *name, struct slot s, size_t rows, size_t cols)
{
    (void)s;
    params_add(ctx, name, NULL, NULL, NULL, rows, cols);
    return 0;
}

static void list_lora(struct model *m, const struct lora_options *o, struct params *params)
{
    for (int i = 0; i < m->config.layers; i++) {
        for (int k = 0; k < LINEARS; k++) {
            struct linear *l = &m->layers[i].linears[k];
            if (!o->targets[k])
                continue;
            l->lora.rank = o->rank;
            params_add(params, "A", NULL, NULL, NULL, (size_t)o->rank, (size_t)l->in);
            params_add(params, "B", NULL, NULL, NULL, (size_t)l->out, (size_t)o->rank);
        }
    }
}

static struct json *plan_json(const struct plan *p)
{
    struct json *o = json_new_object();
    json_set_number(o, "weights", p->weights);
    json_set_number(o, "trained", p->trained);
    json_set_number(o, "activations", p->activations);
    json_set_number(o, "head", p->head);
    json_set_number(o, "program", p->program);
    json_set_number(o, "total", plan_total(p));
    return o;
}

/* Bytes; fits: yes, twice (when layers are computed twice), no. */
static struct json *plans_json(const struct params *params, const struct plan *keep, const struct plan *twice, double now)
{
    struct json *o = json_new_object();
    double count = 0;
    for (size_t i = 0; i < params->count; i++)
        count += (double)params->items[i].count;
    json_set_number(o, "trained_weights", count);
    json_set(o, "keeping", plan_json(keep));
    json_set(o, "twice", plan_json(twice));
    json_set_number(o, "available", now);
    json_set_string(o, "fits", plan_total(keep) < now ? "yes" : plan_total(twice) < now ? "twice" : "no");
    return o;
}

static int print_plans(const struct options *o, struct model *m, struct json *json, struct error *err)
{
    struct lora_options lora = {.alpha = 1};
    struct params params = {0};
    bool full = option_flag(o, "full");
    int rows;
    if (option_int(o, "row-tokens", 1, 1 << 24, &rows, err) != 0 ||
        option_int(o, "rank", 1, 4096, &lora.rank, err) != 0 ||
        lora_parse_targets(option(o, "targets"), lora.targets, err) != 0)
        return -1;
    if (full)
        model_visit(m, list_one, &params);
    else
        list_lora(m, &lora, &params);
    struct plan keep = plan_of(m, &params, !full, rows, PASS_KEEP);
    struct plan twice = plan_of(m, &params, !full, rows, PASS_CHECKPOINT);
    double now = m->backend->ops->available(m->backend);
    if (json) {
        json_set(json, "plan", plans_json(&params, &keep, &twice, now));
        params_free(&params);
        return 0;
    }
    print_plan("keeping activations:", &keep);
    print_plan("computing them twice:", &twice);
    printf("%-22s", "free here:");
    print_size(" ", now, plan_total(&keep) < now    ? ": fits\n"
                         : plan_total(&twice) < now ? ": fits when layers are computed twice\n"
                                                    : ": does not fit\n");
    params_free(&params);
    return 0;
}

static struct json *model_json(const struct model_config *c, const struct session *s)
{
    struct json *o = json_new_object();
    json_set_string(o, "family", c->family);
    json_set_int(o, "layers", c->layers);
    json_set_int(o, "hidden", c->hidden);
    json_set_int(o, "vocabulary", c->vocab);
    json_set_int(o, "positions", c->max_positions);
    json_set_number(o, "weights", config_weights(c));
    json_set_string(o, "chat", chat_name(s->chat));
    return o;
}

static void say_model(const struct model_config *c, const struct session *s)
{
    printf("%s: %d layers of %d, %d heads (%d for keys) of %d, ffn %d, vocabulary %d%s\n", c->family,
           c->layers, c->hidden, c->q_heads, c->kv_heads, c->head_dim, c->ffn, c->vocab,
           c->tied ? ", tied head" : "");
    printf("%.1f million weights, %d positions, chat format %s, %d tokens in the tokenizer\n",
           config_weights(c) * 1e-6, c->max_positions, chat_name(s->chat), tokenizer_size(s->tokenizer));
}

static int plan(const struct options *o, const struct model_config *c, int threads, struct json *json, struct error *err)
{
    struct backend *b = session_backend(o, threads, err);
    if (!b)
        return -1;
    struct model *m = model_shell(b, c); /* a plan needs no weights */
    int result = print_plans(o, m, json, err);
    model_free(m);
    backend_free(b);
    return result;
}

static int describe(const struct options *o, struct session *s, struct error *err)
{
    struct model_config config, *c = &config;
    int threads;
    if (option_int(o, "threads", 0, 1024, &threads, err) != 0 || model_config_of(option(o, "model"), c, err) != 0)
        return -1;
    struct json *json = option_flag(o, "json") ? model_json(c, s) : NULL;
    if (!json)
        say_model(c, s);
    int result = option_flag(o, "plan") ? plan(o, c, threads, json, err) : 0;
    struct str text = {0};
    if (json)
        json_print(&text, json);
    if (json && result == 0)
        puts(text.at);
    str_free(&text);
    json_free(json);
    return result;
}

int run_info(const struct options *o, struct error *err)
{
    struct session s;
    int result = session_open(o, false, &s, err);
    if (result == 0)
        result = describe(o, &s, err);
    session_close(&s);
    return result;
}
