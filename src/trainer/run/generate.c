/*
 * hinge-train generate: answers to prompts, several at once. When a sequence ends, the next prompt takes
 * its place. Prompts enter in the order of their tokens, so that the one before has the longest beginning in
 * common with the next, and still stands in its slot: only the slot's next prompt can have taken its place. A
 * beginning that is half of a prompt or more is copied from there; prompts that enter together and have
 * none have what is common to them computed once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "trainer/data/pack.h"
#include "trainer/model/decode.h"
#include "trainer/model/head.h"
#include "trainer/run/commands.h"
#include "trainer/run/sample.h"
#include "trainer/run/session.h"

const struct option_spec generate_options[] = {
    SESSION_OPTIONS,
    {"adapter", "DIR", NULL, "generate with this adapter"},
    {"prompts", "FILE", NULL, "JSONL: id, prompt (a text or messages)"},
    {"out", "FILE", NULL, "where the answers go (JSONL)"},
    {"think", "off|on", "off", "off: the empty think block is given; on: the model may write its own"},
    {"batch", "N", "16", "sequences at once"},
    {"max-new", "N", "512", "tokens an answer may have"},
    {"ignore-end", NULL, NULL, "go on after the end of the turn, to --max-new tokens"},
    {"temperature", "X", "0", "0 takes the likeliest token"},
    {"top-p", "X", "1", "the likeliest tokens that reach this share"},
    {"min-p", "X", "0", "tokens at least this share of the likeliest"},
    {"seed", "N", "0", "of the drawing; each prompt has its own stream"},
    {0},
};

enum { LINE_BYTES = 1 << 28, FILL_ROWS = 2048, SLOTS_MAX = HEAD_CHUNK, STEP_ROWS = 128 };

struct answer {
    char *id;
    struct ids prompt, text;
    bool ended; /* by the end of the turn, not by a limit */
};

struct generation {
    struct session session;
    struct answer *answers;
    size_t count, cap, next; /* next to enter: an index of order */
    size_t *order;           /* of answers, by their prompts' tokens */
    int last_slot;           /* of the prompt that entered last, -1 for none */
    struct sampling sampling;
    int slots, max_new, seed, end_id;
    bool think_on, ignore_end;
    struct decoder *decoder;
    struct pass *pass;
    struct head *head;
    int *in_slot; /* index of the answer in a slot, -1 for none */
    struct rng *rngs;
    float *logits;
    struct candidate_token *scratch;
};

static int read_numbers(const struct options *o, struct generation *g, struct error *err)
{
    if (option_need(o, "prompts", err) != 0 || option_need(o, "out", err) != 0 ||
        option_int(o, "batch", 1, SLOTS_MAX, &g->slots, err) != 0 ||
        option_int(o, "max-new", 1, 1 << 24, &g->max_new, err) != 0 ||
        option_int(o, "seed", 0, 1 << 30, &g->seed, err) != 0 ||
        option_real(o, "temperature", 0, 100, &g->sampling.temperature, err) != 0 ||
        option_real(o, "top-p", 0, 1, &g->sampling.top_p, err) != 0 ||
        option_real(o, "min-p", 0, 1, &g->sampling.min_p, err) != 0)
        return -1;
    g->ignore_end = option_flag(o, "ignore-end");
    g->think_on = strcmp(option(o, "think"), "on") == 0;
    return 0;
}

static int read_prompt(struct generation *g, struct slice line, struct error *err)
{
    struct json *j = json_parse(line, NULL, err);
    struct answer a = {0};
    int result = j ? reader_prompt(&g->session.reader, json_get(j, "prompt"), !g->think_on, &a.prompt, err)
                   : -1;
    if (result == 0 && a.prompt.count >= g->session.reader.max_tokens)
        result = error_set(err, ERR_LIMIT, "the prompt's %zu tokens leave no room within --max-tokens %zu",
                           a.prompt.count, g->session.reader.max_tokens);
    for (size_t i = 0; result == 0 && i < a.prompt.count; i++) {
        if (a.prompt.items[i] >= g->session.reader.vocab)
            result = error_set(err, ERR_INPUT, "the tokenizer does not belong to the model");
    }
    a.id = mem_strdup(json_string(json_get(j, "id"), ""));
    json_free(j);
    g->answers = array_reserve(g->answers, &g->cap, g->count + 1, sizeof *g->answers);
    g->answers[g->count++] = a;
    return result;
}

static int read_prompts(struct generation *g, const char *path, struct error *err)
{
    struct lines *l = lines_open(path, LINE_BYTES, err);
    struct slice line;
    enum lines_result got = LINES_FAILED;
    int result = l ? 0 : -1;
    while (result == 0 && (got = lines_next(l, &line, err)) == LINES_LINE) {
        if (slice_trim(line).len && read_prompt(g, line, err) != 0)
            result = error_prefix(err, "%s: line %llu: ", path, (unsigned long long)lines_number(l));
    }
    if (result == 0 && got == LINES_TOO_LONG)
        result = error_set(err, ERR_LIMIT, "%s: a line is longer than %d bytes", path, LINE_BYTES);
    lines_close(l);
    return result == 0 && got != LINES_FAILED ? 0 : -1;
}

static int open_machinery(struct generation *g, struct error *err)
{
    size_t longest = FILL_ROWS, needed = 1;
    for (size_t i = 0; i < g->count; i++) {
        size_t n = g->answers[i].prompt.count, most = n + (size_t)g->max_new;
        longest = n > longest ? n : longest;
        most = most > g->session.reader.max_tokens ? g->session.reader.max_tokens : most;
        needed = most > needed ? most : needed;
    }
    struct model *m = g->session.model;
    size_t slots = (size_t)g->slots;
    int rows = g->slots > STEP_ROWS ? g->slots : STEP_ROWS;
    g->decoder = decoder_new(m, g->slots, (int)needed, rows, err);
    g->pass = g->decoder ? pass_new(m, (int)longest, PASS_FORWARD, err) : NULL;
    g->head = g->pass ? head_new(m, false, err) : NULL;
    g->in_slot = mem_zalloc(slots, sizeof *g->in_slot);
    g->rngs = mem_zalloc(slots, sizeof *g->rngs);
    g->logits = mem_zalloc(slots * (size_t)m->config.vocab, sizeof *g->logits);
    g->scratch = sample_scratch(m->config.vocab);
    for (size_t i = 0; i < slots; i++)
        g->in_slot[i] = -1;
    g->end_id = tokenizer_id(g->session.tokenizer, chat_end(g->session.chat));
    if (g->head && g->end_id < 0)
        return error_set(err, ERR_INPUT, "the tokenizer has no token %s", chat_end(g->session.chat));
    return g->head ? 0 : -1;
}

/* For qsort: answers by their prompts' tokens, equal ones as they came. */
static int by_prompt(const void *left, const void *right)
{
    const struct answer *a = *(struct answer *const *)left, *b = *(struct answer *const *)right;
    size_t n = a->prompt.count < b->prompt.count ? a->prompt.count : b->prompt.count;
    for (size_t i = 0; i < n; i++) {
        if (a->prompt.items[i] != b->prompt.items[i])
            return a->prompt.items[i] < b->prompt.items[i] ? -1 : 1;
    }
    if (a->prompt.count != b->prompt.count)
        return a->prompt.count < b->prompt.count ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void sort_prompts(struct generation *g)
{
    const struct answer **list = mem_alloc((g->count + 1) * sizeof *list);
    g->order = mem_alloc((g->count + 1) * sizeof *g->order);
    for (size_t i = 0; i < g->count; i++)
        list[i] = &g->answers[i];
    qsort(list, g->count, sizeof *list, by_prompt);
    for (size_t i = 0; i < g->count; i++)
        g->order[i] = (size_t)(list[i] - g->answers);
    mem_free(list);
    g->last_slot = -1;
}

static struct answer *next_prompt(struct generation *g)
{
    return &g->answers[g->order[g->next]];
}

/* Tokens of the next prompt that the one before it begins with as well; the last is never among them: it is the
 * first step's. */
static size_t common_with_last(struct generation *g)
{
    if (g->last_slot < 0)
        return 0;
    const struct ids *a = &g->answers[g->order[g->next - 1]].prompt, *b = &next_prompt(g)->prompt;
    size_t n = 0, most = (a->count < b->count ? a->count : b->count) - 1;
    while (n < most && a->items[n] == b->items[n])
        n++;
    return n;
}

/* The next prompt enters slot s. Its random numbers follow from its place in the file alone. */
static void enter(struct generation *g, int s)
{
    g->in_slot[s] = (int)g->order[g->next];
    rng_seed(&g->rngs[s], (uint64_t)g->seed, 1000 + g->order[g->next]);
    g->last_slot = s;
    g->next++;
}

/* Tokens from..count-1 of a prompt into the cache of its slot. */
static void fill_rest(struct generation *g, const struct ids *prompt, size_t from, int slot)
{
    int slots[STEP_ROWS], positions[STEP_ROWS];
    for (size_t at = from; at + 1 < prompt->count;) {
        int n = 0;
        for (; n < STEP_ROWS && at + (size_t)n + 1 < prompt->count; n++) {
            slots[n] = slot;
            positions[n] = (int)at + n;
        }
        decoder_step(g->decoder, slots, prompt->items + at, positions, n);
        at += (size_t)n;
    }
}

/* The next prompt, where half of it or more stands in the last one's slot. */
static bool enter_copied(struct generation *g, int s)
{
    struct answer *a = next_prompt(g);
    size_t common = common_with_last(g);
    if (common == 0 || 2 * common < a->prompt.count)
        return false;
    decoder_copy(g->decoder, g->last_slot, s, (int)common);
    fill_rest(g, &a->prompt, common, s);
    enter(g, s);
    return true;
}

/* Takes prompts for free slots into an example, as branches, as long as they fit one pass and none has to
 * wait for another. */
static void take_prompts(struct generation *g, struct example *e, int *slots)
{
    size_t rows = 0;
    for (int s = 0; s < g->slots && g->next < g->count; s++) {
        struct answer *a = next_prompt(g);
        if (g->in_slot[s] >= 0)
            continue;
        if (e->count && (rows + a->prompt.count > FILL_ROWS || 2 * common_with_last(g) >= a->prompt.count))
            break;
        if (!e->count && enter_copied(g, s))
            continue;
        rows += a->prompt.count;
        slots[e->count] = s;
        e->branches[e->count++].ids = a->prompt;
        enter(g, s);
    }
}

static float no_weight(void *ctx, const struct branch *b)
{
    (void)ctx, (void)b;
    return 0;
}

/* Fills the caches of new prompts, all but each one's last token: that is the first step's. */
static void fill_prompts(struct generation *g, struct example *e, const int *slots)
{
    struct pack pack = {0};
    struct span spans[2 * SLOTS_MAX];
    int count = 0;
    example_share(e);
    pack_add(&pack, e, true, no_weight, NULL);
    int row = (int)e->shared;
    for (size_t i = 0; i < e->count; i++) {
        int own = (int)(e->branches[i].ids.count - 1 - e->shared);
        spans[count++] = (struct span){0, (int)e->shared, slots[i], 0};
        spans[count++] = (struct span){row, own, slots[i], (int)e->shared};
        row += own;
    }
    struct batch batch = pack_batch(&pack);
    if (batch.rows > 0)
        decoder_fill(g->decoder, g->pass, &batch, spans, count);
    pack_free(&pack);
}

/* False when nothing more could enter. */
static bool enter_prompts(struct generation *g)
{
    struct branch branches[SLOTS_MAX] = {0};
    struct example e = {.branches = branches};
    int slots[SLOTS_MAX];
    size_t before = g->next;
    take_prompts(g, &e, slots);
    if (e.count)
        fill_prompts(g, &e, slots);
    return g->next > before;
}

static void take_token(struct generation *g, int slot, const float *logits)
{
    struct answer *a = &g->answers[g->in_slot[slot]];
    int id = sample_token(logits, g->session.model->config.vocab, &g->sampling, &g->rngs[slot],
                          g->scratch);
    a->ended = id == g->end_id && !g->ignore_end;
    if (!a->ended)
        ids_add(&a->text, id);
    if (a->ended || a->text.count >= (size_t)g->max_new ||
        a->prompt.count + a->text.count >= g->session.reader.max_tokens)
        g->in_slot[slot] = -1;
}

/* One token for every sequence; false when none is left. */
static bool step(struct generation *g)
{
    int slots[SLOTS_MAX], ids[SLOTS_MAX], positions[SLOTS_MAX], rows[SLOTS_MAX], n = 0;
    for (int s = 0; s < g->slots; s++) {
        if (g->in_slot[s] < 0)
            continue;
        const struct answer *a = &g->answers[g->in_slot[s]];
        size_t at = a->prompt.count + a->text.count - 1;
        slots[n] = s;
        ids[n] = a->text.count ? a->text.items[a->text.count - 1] : a->prompt.items[at];
        positions[n] = (int)at;
        rows[n] = n;
        n++;
    }
    if (n == 0)
        return false;
    const real *hidden = decoder_step(g->decoder, slots, ids, positions, n);
    head_logits(g->head, hidden, rows, n, g->logits);
    for (int i = 0; i < n; i++)
        take_token(g, slots[i], g->logits + (size_t)i * (size_t)g->session.model->config.vocab);
    return true;
}

/* A think block at the start goes into its own member. */
static void set_text(struct json *j, struct slice text)
{
    static const char open[] = "<think>", close[] = "</think>";
    const char *end = slice_starts(text, open) ? strstr(text.at, close) : NULL;
    if (end) {
        struct slice think = slice_sub(text, sizeof open - 1, (size_t)(end - text.at));
        json_set(j, "think", json_new_slice(slice_trim(think)));
        text = slice_sub(text, (size_t)(end - text.at) + sizeof close - 1, text.len);
        while (text.len && *text.at == '\n')
            text = slice_sub(text, 1, text.len);
    }
    json_set(j, "text", json_new_slice(text));
}

static void write_answer(const struct generation *g, const struct answer *a, FILE *out)
{
    struct json *j = json_new_object();
    struct str text = {0}, valid = {0}, line = {0};
    tokenizer_decode(g->session.tokenizer, a->text.items, a->text.count, false, &text);
    utf8_repair(&valid, str_slice(&text));
    json_set_string(j, "id", a->id);
    set_text(j, (struct slice){str_z(&valid), valid.len});
    json_set_int(j, "prompt_tokens", (int64_t)a->prompt.count);
    json_set_int(j, "tokens", (int64_t)a->text.count);
    json_set_string(j, "stop", a->ended ? "end" : "length");
    json_print(&line, j);
    fprintf(out, "%s\n", str_z(&line));
    str_free(&text);
    str_free(&valid);
    str_free(&line);
    json_free(j);
}

static int write_answers(const struct generation *g, const char *path, struct error *err)
{
    struct atomic_file *f = atomic_open(path, 0600, err);
    for (size_t i = 0; f && i < g->count; i++)
        write_answer(g, &g->answers[i], atomic_stream(f));
    return f ? atomic_commit(f, err) : -1;
}

static void generation_free(struct generation *g)
{
    for (size_t i = 0; i < g->count; i++) {
        mem_free(g->answers[i].id);
        ids_free(&g->answers[i].prompt);
        ids_free(&g->answers[i].text);
    }
    mem_free(g->answers);
    mem_free(g->order);
    mem_free(g->in_slot);
    mem_free(g->rngs);
    mem_free(g->logits);
    mem_free(g->scratch);
    head_free(g->head);
    pass_free(g->pass);
    decoder_free(g->decoder);
    session_close(&g->session);
}

int run_generate(const struct options *o, struct error *err)
{
    struct generation g = {0};
    struct lora_options lora;
    int result = -1;
    if (read_numbers(o, &g, err) == 0 && session_open(o, true, &g.session, err) == 0) {
        const char *adapter = option(o, "adapter");
        result = adapter ? lora_load(g.session.model, adapter, &lora, NULL, err) : 0;
        if (result == 0)
            result = read_prompts(&g, option(o, "prompts"), err);
        if (result == 0)
            result = open_machinery(&g, err);
        sort_prompts(&g);
        for (bool more = result == 0; more;) {
            while (enter_prompts(&g))
                continue;
            more = step(&g);
        }
        if (result == 0)
            result = write_answers(&g, option(o, "out"), err);
    }
    generation_free(&g);
    return result;
}
