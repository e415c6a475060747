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
    {"shard-base", "N", "0", "plan for layers divided over the GPUs of N processes"},
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

/* Three ways to train: every layer keeps its activations, only the last does, or as many as fit here. */
struct ways {
    struct plan keep, twice, fit;
    int layers, kept; /* kept: by fit; 0: it would not fit */
    double now, trained;
};

static struct ways ways_of(struct plan_request *r)
{
    struct backend *b = r->backend;
    struct ways w = {.layers = r->config->layers, .now = b->ops->available(b), .trained = plan_trained(r)};
    r->kept = PASS_KEEP;
    w.keep = plan_of(r);
    r->kept = PASS_CHECKPOINT;
    w.twice = plan_of(r);
    r->kept = plan_choose(r);
    w.fit = plan_of(r);
    w.kept = plan_total(&w.fit) <= plan_room(b) ? r->kept : 0;
    return w;
}

/* Bytes; fits: yes, twice (when some layers are computed twice: layers_kept says how many are not), no. */
static struct json *ways_json(const struct ways *w)
{
    struct json *o = json_new_object();
    json_set_number(o, "trained_weights", w->trained);
    json_set(o, "keeping", plan_json(&w->keep));
    json_set(o, "twice", plan_json(&w->twice));
    if (w->kept)
        json_set(o, "chosen", plan_json(&w->fit));
    json_set_int(o, "layers_kept", w->kept);
    json_set_number(o, "available", w->now);
    json_set_string(o, "fits", w->kept == w->layers ? "yes" : w->kept ? "twice" : "no");
    return o;
}

static void print_ways(const struct plan_request *r, const struct ways *w)
{
    char name[64];
    print_plan("keeping activations:", &w->keep);
    print_plan("computing them twice:", &w->twice);
    snprintf(name, sizeof name, "%d of %d layers twice:", w->layers - w->kept, w->layers);
    if (w->kept && w->kept < w->layers)
        print_plan(name, &w->fit);
    printf("%-22s", "free here:");
    print_size(" ", w->now, w->kept == w->layers ? ": fits\n" : w->kept ? ": fits when layers are computed twice\n"
                                                                       : ": does not fit\n");
    struct str advice = {0};
    if (!w->kept)
        plan_advise(r, 0, plan_room(r->backend), &advice);
    if (advice.len)
        printf("%-22s %s\n", "what would fit:", advice.at);
    str_free(&advice);
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
    struct plan_request r = {.config = c, .full = option_flag(o, "full")};
    int shards;
    if (option_int(o, "shard-base", 0, 1 << 16, &shards, err) != 0 ||
        option_int(o, "row-tokens", 1, 1 << 24, &r.rows, err) != 0 ||
        option_int(o, "rank", 1, 4096, &r.lora.rank, err) != 0 ||
        lora_parse_targets(option(o, "targets"), r.lora.targets, err) != 0 ||
        !(r.backend = session_backend(o, threads, err)))
        return -1;
    r.base_bits = r.backend->base_bits;
    r.backend->shards = shards > 1 ? shards : 0;
    r.backend->shard = shards - 1; /* the last has what does not divide evenly */
    struct ways w = ways_of(&r);
    if (json)
        json_set(json, "plan", ways_json(&w));
    else
        print_ways(&r, &w);
    backend_free(r.backend);
    return 0;
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
