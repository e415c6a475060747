/*
 * hinge-train bench: what this machine does on a model. The rate of one large product first; then tokens a
 * second forward, of a whole training step, and of generating, each also as a share of that rate. The step is that of
 * `fit`, over a plain sequence, or over pairs of branches behind a prefix they share; then the same pairs are trained as
 * plain sequences too. Tokens are random, or those of a file, so that another program can be given the same: then the
 * loss of the first step must be the same, too.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "trainer/model/decode.h"
#include "trainer/run/commands.h"
#include "trainer/run/fit.h"
#include "trainer/run/peak.h"
#include "trainer/tensor/rng.h"

const struct option_spec bench_options[] = {
    SESSION_OPTIONS,
    {"init", "model|random", "model", "measure the model's weights, or random ones of its config.json"},
    {"rank", "N", "256", "LoRA rank of the training step"},
    {"row-tokens", "N", "1024", "tokens of a sequence"},
    {"pair", "P,A,B", NULL, "train on pairs: tokens of the prefix and of the two branches"},
    {"pairs", "N", "1", "pairs of a step"},
    {"tokens", "FILE", NULL, "their ids (numbers with blanks between), in place of random ones"},
    {"recompute", "on|off", "off", "compute layers twice instead of keeping activations"},
    {"json", NULL, NULL, "print JSON"},
    {"batch", "N", "16", "sequences that are generated at once"},
    {"seconds", "X", "2", "least time each measurement takes"},
    {"seed", "N", "0", "of random weights and tokens"},
    {0},
};

enum { SIDE = 2048, SIDE_GPU = 8192, DECODED = 16, PAIRS_MAX = 64, TOKENS_BYTES = 1 << 26, SEQUENCES_MAX = 1024 };

struct measured {
    struct session session;
    struct lora_options lora;
    struct params params;
    int rows, sequences, seed;
    int pair[3], pairs;   /* prefix and branches; pairs 0: one plain sequence */
    double seconds, rate; /* rate: of the large product, operations a second */
    struct examples list;
    int order[PAIRS_MAX]; /* of the list: as it is */
    struct json *json;    /* NULL: told in words */
    struct loss *loss;
    struct loss_sums sums; /* of the last step */
    struct decoder *decoder;
    struct page_table *tables;           /* of the sequences that are decoded */
    const struct page_table **table_now; /* the same */
    struct optimizer *optimizer;
    int step, failed;
    bool twice;
    struct error err; /* the first failure */
};

/* A step is done. A failure shows again in the call after the measurements. */
static void finish(struct measured *t)
{
    if (t->failed == 0)
        t->failed = loss_finish(t->loss, &t->sums, &t->err);
}

static void finish_decoding(struct measured *t)
{
    struct backend *b = t->session.backend;
    if (t->failed == 0)
        t->failed = b->ops->finish(b, &t->err);
}

/* Seconds that one call of work takes: the mean over as many as fill the time. */
static double time_of(struct measured *t, void (*work)(struct measured *t))
{
    int calls = 0;
    work(t); /* memory is touched once before it counts */
    int64_t start = clock_mono_ms(), now = start;
    while (((double)(now - start) < 1000 * t->seconds || now == start) && t->failed == 0) {
        work(t);
        calls++;
        now = clock_mono_ms();
    }
    return (double)(now - start) / 1000 / (calls ? calls : 1);
}

static void run(struct measured *t)
{
    t->sums = (struct loss_sums){0};
    loss_run(t->loss, &t->list, t->order, t->list.count, &t->sums);
}

static void forward(struct measured *t)
{
    run(t);
    finish(t);
}

static void train(struct measured *t)
{
    double norm;
    optimizer_zero_grads(t->optimizer);
    run(t);
    optimizer_step(t->optimizer, 1e-6, 0, 1, ++t->step, &norm);
    finish(t);
}

/* A token of every sequence at the end of row-tokens tokens; what stands in the caches costs the same. */
static void decode(struct measured *t)
{
    const struct ids *some = &t->list.items[0].branches[0].ids;
    int positions[SEQUENCES_MAX], ids[SEQUENCES_MAX];
    for (int i = 0; i < DECODED; i++) {
        for (int k = 0; k < t->sequences; k++) {
            ids[k] = some->items[(size_t)k % some->count];
            positions[k] = t->rows - DECODED + i;
        }
        decoder_step(t->decoder, &(struct step){t->sequences, ids, positions, t->table_now});
    }
    finish_decoding(t);
}

/* Numbers of a file, or random ones. */
struct token_source {
    struct str text;
    const char *at; /* NULL: random */
    struct rng rng;
    int vocab;
};

static int take_token(struct token_source *s, struct error *err)
{
    if (!s->at)
        return (int)rng_below(&s->rng, (uint32_t)s->vocab);
    while (isspace((unsigned char)*s->at))
        s->at++;
    char *end;
    long id = strtol(s->at, &end, 10);
    if (end == s->at || id < 0 || id >= s->vocab)
        return error_set(err, ERR_INPUT, "--tokens: %s", *s->at ? "not the id of a token" : "there are fewer than a step has");
    s->at = end;
    return (int)id;
}

static int take_tokens(struct token_source *s, int count, struct ids *out, struct error *err)
{
    for (int i = 0; i < count; i++) {
        int id = take_token(s, err);
        if (id < 0)
            return -1;
        ids_add(out, id);
    }
    return 0;
}

static void copy_ids(struct ids *to, const struct ids *from)
{
    for (size_t i = 0; i < from->count; i++)
        ids_add(to, from->items[i]);
}

/* A plain sequence, trained whole, or a pair: the prefix, then each branch's own tokens, which are trained. */
static int take_example(struct measured *t, struct token_source *s, struct example *e, struct error *err)
{
    static const char kinds[] = "AB";
    int count = t->pairs ? 2 : 1, result = 0;
    struct ids prefix = {0};
    e->count = (size_t)count;
    e->branches = mem_zalloc(e->count, sizeof *e->branches);
    if (t->pairs)
        result = take_tokens(s, t->pair[0], &prefix, err);
    for (int k = 0; k < count && result == 0; k++) {
        struct branch *b = &e->branches[k];
        b->kind[0] = kinds[k];
        copy_ids(&b->ids, &prefix);
        b->given = b->answer = t->pairs ? prefix.count : 1;
        result = take_tokens(s, t->pairs ? t->pair[1 + k] : t->rows, &b->ids, err);
    }
    ids_free(&prefix);
    if (result == 0)
        example_share(e);
    return result;
}

static int make_examples(struct measured *t, const char *path, struct error *err)
{
    struct token_source s = {.vocab = t->session.model->config.vocab};
    int result = path ? file_read(path, TOKENS_BYTES, &s.text, err) : 0;
    size_t count = t->pairs ? (size_t)t->pairs : 1;
    s.at = path ? str_z(&s.text) : NULL;
    rng_seed(&s.rng, (uint64_t)t->seed, 3);
    t->list.items = mem_zalloc(count, sizeof *t->list.items);
    for (size_t i = 0; i < count && result == 0; i++) {
        t->order[i] = (int)i;
        t->list.count++;
        result = take_example(t, &s, &t->list.items[i], err);
    }
    str_free(&s.text);
    return result;
}

/* pairs: 0 where the tokens are none of pairs. */
static void say(const struct measured *t, const char *what, double seconds, double tokens, double operations, int pairs,
                double loss)
{
    if (!t->json) {
        printf("%-10s %10.1f tokens/s %8.1f GFLOP/s %5.0f %% of the product's\n", what, tokens / seconds,
               operations / seconds * 1e-9, 100 * operations / seconds / t->rate);
        if (pairs)
            printf("%-10s %10.2f pairs/s\n", "", pairs / seconds);
        return;
    }
    struct json *o = json_new_object();
    json_set_number(o, "seconds", seconds);
    json_set_number(o, "tokens_per_second", tokens / seconds);
    json_set_number(o, "flops_per_second", operations / seconds);
    json_set_number(o, "share_of_product", operations / seconds / t->rate);
    json_set_number(o, "bytes", (double)t->session.backend->peak);
    if (pairs)
        json_set_number(o, "pairs_per_second", pairs / seconds);
    if (loss > 0)
        json_set_number(o, "first_loss", loss);
    json_set(t->json, what, o);
}

/* What is measured after the training may not fit, and is then told: the rest is known. */
static void say_failed(const struct measured *t, const char *what, const struct error *err)
{
    if (!t->json) {
        printf("%-10s not measured: %s\n", what, err->text);
        return;
    }
    struct json *o = json_new_object();
    json_set_string(o, "failed", err->text);
    json_set(t->json, what, o);
}

/* Operations of a forward pass of the rows of sums, the head at each that is asked. */
static double forward_operations(const struct measured *t, const struct loss_sums *sums)
{
    const struct model *m = t->session.model;
    double adapters = 0, rows = (double)sums->rows;
    for (size_t i = 0; i < t->params.count; i++)
        adapters += (double)t->params.items[i].count;
    double step = metrics_flops(m, false, sums) - 6 * rows * adapters; /* forward and backward, frozen */
    double attention = 4 * sums->pairs * m->config.layers * m->config.q_heads * m->config.head_dim;
    return (step - 3 * attention) / 2 + attention + 2 * rows * adapters;
}

/* Memory is that of what is measured next: its most so far is forgotten. */
static void restart_memory(const struct measured *t)
{
    t->session.backend->peak = t->session.backend->bytes;
}

static int open_loss(struct measured *t, bool share, bool grads, struct error *err)
{
    size_t rows = 0;
    for (size_t i = 0; i < t->list.count; i++)
        rows += example_rows(&t->list.items[i], share);
    restart_memory(t);
    loss_free(t->loss);
    t->loss = loss_new(t->session.model, (int)rows, !grads ? PASS_FORWARD : t->twice ? PASS_CHECKPOINT : PASS_KEEP, err);
    if (t->loss)
        t->loss->share = share;
    return t->loss ? 0 : -1;
}

/* A step, of pairs that share their prefix or do not. */
static int measure_step(struct measured *t, bool share, struct error *err)
{
    if (open_loss(t, share, true, err) != 0)
        return -1;
    train(t);
    double loss = t->sums.all_count ? t->sums.all / (double)t->sums.all_count : 0, seconds = time_of(t, train);
    const struct loss_sums *s = &t->sums;
    say(t, share ? "training" : "unshared", seconds, (double)s->rows, metrics_flops(t->session.model, false, s), t->pairs,
        share ? loss : 0);
    return 0;
}

static int measure_forward(struct measured *t, struct error *err)
{
    if (open_loss(t, true, false, err) != 0)
        return -1;
    double seconds = time_of(t, forward);
    say(t, "forward", seconds, (double)t->sums.rows, forward_operations(t, &t->sums), t->pairs, 0);
    return 0;
}

static int measure_decoding(struct measured *t, struct error *err)
{
    double n = (double)t->sequences * DECODED;
    loss_free(t->loss);
    t->loss = NULL;
    restart_memory(t);
    struct decoder_size size = {.rows = t->sequences, .tokens = t->rows, .pages = t->sequences * pages_for(t->rows)};
    t->decoder = decoder_new(t->session.model, &size, err);
    if (!t->decoder)
        return -1;
    t->tables = mem_zalloc((size_t)t->sequences, sizeof *t->tables);
    t->table_now = mem_zalloc((size_t)t->sequences, sizeof(struct page_table *));
    for (int i = 0; i < t->sequences; i++) {
        table_grow(decoder_pages(t->decoder), &t->tables[i], t->rows);
        t->table_now[i] = &t->tables[i];
    }
    struct loss_sums decoded = {.rows = (size_t)n, .all_count = (size_t)n, .pairs = n * t->rows};
    say(t, "decoding", time_of(t, decode), n, forward_operations(t, &decoded), 0, 0);
    return 0;
}

static int measure_product(struct measured *t, struct error *err)
{
    struct backend *b = t->session.backend;
    int side = b->real_bytes == sizeof(float) ? SIDE : SIDE_GPU;
    t->rate = peak_product(b, &side, t->seconds);
    if (t->rate <= 0)
        return error_set(err, ERR_LIMIT, "there is no memory for a product of two matrices of side %d", side);
    if (t->json) {
        json_set_string(t->json, "device", b->name);
        json_set_number(t->json, "product_flops_per_second", t->rate);
        json_set_number(t->json, "product_side", side);
    } else {
        printf("%s, %d threads: %.1f GFLOP/s (product of two matrices of side %d)\n", b->name, b->threads, t->rate * 1e-9,
               side);
    }
    return 0;
}

static int measure(struct measured *t, struct error *err)
{
    struct error later = {0};
    if (measure_product(t, err) != 0 || measure_forward(t, err) != 0 || measure_step(t, true, err) != 0)
        return -1;
    double bytes = (double)t->session.backend->peak;
    if (t->pairs && measure_step(t, false, &later) != 0)
        say_failed(t, "unshared", &later);
    if (measure_decoding(t, &later) != 0)
        say_failed(t, "decoding", &later);
    if (t->json)
        json_set_number(t->json, "bytes", bytes);
    else
        printf("memory     %10.2f GB at most in the training\n", bytes * 1e-9);
    return t->failed == 0 ? 0 : error_set(err, t->err.code, "%s", t->err.text);
}

/* P,A,B: three counts of tokens. */
static int read_pair(const struct options *o, struct measured *t, struct error *err)
{
    const char *text = option(o, "pair");
    int used = 0, *p = t->pair;
    if (!text)
        return 0;
    if (sscanf(text, "%7d,%7d,%7d%n", &p[0], &p[1], &p[2], &used) != 3 || text[used] || p[0] < 1 || p[1] < 1 || p[2] < 1)
        return error_set(err, ERR_USAGE, "--pair is three counts of tokens such as 1000,500,60, not '%.40s'", text);
    return option_int(o, "pairs", 1, PAIRS_MAX, &t->pairs, err);
}

static int read_numbers(const struct options *o, struct measured *t, struct error *err)
{
    t->lora.alpha = 32;
    t->twice = strcmp(option(o, "recompute"), "on") == 0;
    return option_int(o, "rank", 1, 4096, &t->lora.rank, err) == 0 &&
                   option_int(o, "row-tokens", DECODED, 1 << 20, &t->rows, err) == 0 &&
                   option_int(o, "batch", 1, SEQUENCES_MAX, &t->sequences, err) == 0 &&
                   option_int(o, "seed", 0, 1 << 30, &t->seed, err) == 0 &&
                   option_real(o, "seconds", 0, 600, &t->seconds, err) == 0 &&
                   lora_parse_targets("all", t->lora.targets, err) == 0 && read_pair(o, t, err) == 0
               ? 0
               : -1;
}

static void measured_free(struct measured *t)
{
    optimizer_free(t->optimizer);
    for (int i = 0; t->tables && i < t->sequences; i++)
        mem_free(t->tables[i].items);
    mem_free(t->tables);
    mem_free(t->table_now);
    decoder_free(t->decoder);
    loss_free(t->loss);
    params_free(&t->params);
    examples_free(&t->list);
    json_free(t->json);
    session_close(&t->session);
}

static void print(const struct json *j)
{
    struct str text = {0};
    if (!j)
        return;
    json_print(&text, j);
    puts(str_z(&text));
    str_free(&text);
}

static int open_all(const struct options *o, struct measured *t, struct error *err)
{
    if (read_numbers(o, t, err) != 0 || session_open_model(o, &t->session, err) != 0 ||
        lora_attach(t->session.model, &t->lora, (uint64_t)t->seed, &t->params, err) != 0 ||
        make_examples(t, option(o, "tokens"), err) != 0)
        return -1;
    t->optimizer = optimizer_new(t->session.backend, &t->params, err);
    return t->optimizer ? 0 : -1;
}

int run_bench(const struct options *o, struct error *err)
{
    struct measured t = {0};
    t.json = option_flag(o, "json") ? json_new_object() : NULL;
    int result = open_all(o, &t, err);
    if (result == 0)
        result = measure(&t, err);
    if (result == 0)
        print(t.json);
    measured_free(&t);
    return result;
}
