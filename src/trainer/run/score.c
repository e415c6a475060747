/*
 * hinge-train score: what the model says of given texts, token by token. An example's branches run in
 * one shared pass; where two of them end in the same answer (without and with a strategy), delta is
 * log p(y | x, z) - log p(y | x): how many nats the strategy is worth at each token.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "trainer/run/commands.h"
#include "trainer/run/loss.h"
#include "trainer/run/session.h"

const struct option_spec score_options[] = {
    SESSION_OPTIONS,
    {"adapter", "DIR", NULL, "score with this adapter"},
    {"data", "FILE", NULL, "texts as a snapshot (JSONL)"},
    {"out", "FILE", NULL, "where the scores go (JSONL)"},
    {"too-long", "stop|skip", "stop", "what to do with examples over --max-tokens"},
    {0},
};

/* What head_loss says of all trained tokens of one example. */
struct scores {
    float *loss, *entropy, *margin;
    int *rank;
};

static float no_weight(void *ctx, const struct branch *b)
{
    (void)ctx, (void)b;
    return 0;
}

static struct json *numbers(const float *values, size_t count, double sign)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++)
        json_push(list, json_new_number(sign * (double)values[i]));
    return list;
}

static struct json *describe_branch(const struct session *s, const struct branch *b,
                                    const struct scores *at, size_t count)
{
    struct json *j = json_new_object(), *tokens = json_new_array(), *ids = json_new_array();
    struct json *ranks = json_new_array(), *bytes = json_new_array();
    size_t first = b->ids.count - count;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        struct str text = {0}, valid = {0};
        tokenizer_decode(s->tokenizer, &b->ids.items[first + i], 1, false, &text);
        json_push(ids, json_new_number(b->ids.items[first + i]));
        json_push(ranks, json_new_number(at->rank[i]));
        utf8_repair(&valid, str_slice(&text));
        json_push(bytes, json_new_number((double)text.len)); /* of the token, before it is made printable */
        json_push(tokens, json_new_slice(str_slice(&valid)));
        sum -= at->loss[i];
        str_free(&text);
        str_free(&valid);
    }
    json_set_string(j, "kind", b->kind);
    json_set_number(j, "logprob_sum", sum);
    json_set_int(j, "strategy_tokens", (int64_t)(b->answer - b->given));
    json_set(j, "ids", ids);
    json_set(j, "tokens", tokens);
    json_set(j, "bytes", bytes);
    json_set(j, "logprob", numbers(at->loss, count, -1));
    json_set(j, "entropy", numbers(at->entropy, count, 1));
    json_set(j, "margin", numbers(at->margin, count, 1));
    json_set(j, "rank", ranks);
    return j;
}

/* Whether both answers are the same tokens. */
static bool same_answer(const struct branch *a, const struct branch *b)
{
    size_t n = a->ids.count - a->answer;
    return n == b->ids.count - b->answer &&
           memcmp(a->ids.items + a->answer, b->ids.items + b->answer, n * sizeof(int)) == 0;
}

/* Losses of both branches' last n tokens; ends are one past each branch's last. */
static struct json *deltas(const float *a_end, const float *b_end, size_t n)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < n; i++)
        json_push(list, json_new_number((double)a_end[i - n] - (double)b_end[i - n]));
    return list;
}

static void write_example(const struct session *s, const struct example *e, const struct scores *all,
                          FILE *out)
{
    struct json *j = json_new_object(), *branches = json_new_array();
    const float *first_end = NULL;
    size_t at = 0;
    json_set_string(j, "id", e->id);
    json_set(j, "branches", branches);
    for (size_t i = 0; i < e->count; i++) {
        const struct branch *b = &e->branches[i];
        size_t n = branch_trained(b), answer = b->ids.count - b->answer;
        struct scores part = {all->loss + at, all->entropy + at, all->margin + at, all->rank + at};
        struct json *one = describe_branch(s, b, &part, n);
        at += n;
        if (i == 0)
            first_end = all->loss + at;
        else if (same_answer(&e->branches[0], b) && e->branches[0].answer > 0)
            json_set(one, "delta", deltas(first_end, all->loss + at, answer));
        json_push(branches, one);
    }
    struct str line = {0};
    json_print(&line, j);
    fprintf(out, "%s\n", str_z(&line));
    str_free(&line);
    json_free(j);
}

static int score_example(struct session *s, struct loss *l, const struct example *e, FILE *out,
                         struct error *err)
{
    struct pack *p = &l->pack;
    pack_clear(p);
    pack_add(p, e, true, no_weight, NULL);
    size_t n = p->targets.count;
    float *values = mem_alloc((3 * n + 1) * sizeof *values);
    struct scores all = {values, values + n, values + 2 * n, mem_alloc((n + 1) * sizeof(int))};
    struct batch batch = pack_batch(p);
    const real *hidden = pass_forward(l->pass, &batch, NULL, NULL);
    head_loss(l->head, hidden, p->rows.items, p->targets.items, NULL, (int)n, NULL,
              &(struct loss_out){all.loss, all.entropy, all.margin, all.rank});
    struct backend *b = s->backend;
    int result = b->ops->finish(b, err);
    if (result == 0)
        write_example(s, e, &all, out);
    mem_free(values);
    mem_free(all.rank);
    return result;
}

static int score_all(const struct options *o, struct session *s, const struct examples *list,
                     struct error *err)
{
    size_t widest = 1;
    for (size_t i = 0; i < list->count; i++) {
        size_t rows = example_rows(&list->items[i], true);
        widest = rows > widest ? rows : widest;
    }
    struct loss *l = loss_new(s->model, (int)widest, PASS_FORWARD, err);
    struct atomic_file *f = l ? atomic_open(option(o, "out"), 0600, err) : NULL;
    int result = f ? 0 : -1;
    for (size_t i = 0; result == 0 && i < list->count; i++)
        result = score_example(s, l, &list->items[i], atomic_stream(f), err);
    loss_free(l);
    if (result == 0)
        return atomic_commit(f, err);
    atomic_abort(f);
    return -1;
}

int run_score(const struct options *o, struct error *err)
{
    struct session s = {0};
    struct examples list = {0};
    struct lora_options lora;
    size_t skipped = 0;
    int result = -1;
    if (option_need(o, "data", err) == 0 && option_need(o, "out", err) == 0 &&
        session_open(o, true, &s, err) == 0) {
        s.reader.skip_long = strcmp(option(o, "too-long"), "skip") == 0;
        const char *adapter = option(o, "adapter");
        result = adapter ? lora_load(s.model, adapter, &lora, NULL, err) : 0;
        if (result == 0)
            result = examples_read(&s.reader, option(o, "data"), &list, &skipped, err);
        if (result == 0)
            result = score_all(o, &s, &list, err);
    }
    examples_free(&list);
    session_close(&s);
    return result;
}
