/*
 * hinge-train generate: answers to prompts, several at once. When a sequence ends, the next prompt takes its place, as
 * pages of the cache allow; when they run out, the youngest sequence gives its own back, waits, and is computed again
 * later with the tokens it has: what it says does not change. Prompts enter in the order of their tokens, and the last
 * one that entered keeps its pages until the next has, so that common beginnings meet in the cache.
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
#include "trainer/model/decode.h"
#include "trainer/run/commands.h"
#include "trainer/run/session.h"
#include "trainer/tensor/rng.h"

const struct option_spec generate_options[] = {
    SESSION_OPTIONS,
    {"adapter", "DIR", NULL, "generate with this adapter"},
    {"prompts", "FILE", NULL, "JSONL: id, prompt (a text or messages)"},
    {"out", "FILE", NULL, "where the answers go (JSONL)"},
    {"think", "off|on", "off", "off: the empty think block is given; on: the model may write its own"},
    {"batch", "N", "16", "sequences at once"},
    {"cache-mb", "X", "0", "memory for keys and values; 0: what is free, if so much is needed"},
    {"max-new", "N", "512", "tokens an answer may have"},
    {"ignore-end", NULL, NULL, "go on after the end of the turn, to --max-new tokens"},
    {"temperature", "X", "0", "0 takes the likeliest token"},
    {"top-p", "X", "1", "the likeliest tokens that reach this share"},
    {"min-p", "X", "0", "tokens at least this share of the likeliest"},
    {"seed", "N", "0", "of the drawing; each prompt has its own stream"},
    {0},
};

enum { LINE_BYTES = 1 << 28, FILL_ROWS = 2048, SLOTS_MAX = 1024 };
static const double FREE_SHARE = 0.9;

struct answer {
    char *id;
    struct ids ids; /* of the prompt, and what was said so far */
    size_t prompt;  /* the first of them */
    struct rng rng; /* follows from the place in the file alone */
    bool ended;     /* by the end of the turn, not by a limit */
};

struct generation {
    struct session session;
    struct answer *answers;
    size_t count, cap;
    size_t *waiting, waiting_count; /* indexes of answers; the next to enter is the last */
    struct sampling sampling;
    int slots, max_new, seed, end_id;
    double cache_mb;
    bool think_on, ignore_end;
    struct decoder *decoder;
    struct pass *pass;
    struct head *head;
    struct fill fill;
    struct sequence *sequences, anchor; /* of slots; and the prompt that entered last */
    const struct answer *anchored;      /* whose prompt that is */
    struct sequence **known;            /* those whose beginnings may be shared: the same and the anchor */
    struct answer **in_slot;            /* NULL for none */
    uint64_t *entered, entries;         /* when: the youngest has the greatest */
    struct error fault;                 /* of the backend */
};

static int read_numbers(const struct options *o, struct generation *g, struct error *err)
{
    if (option_need(o, "prompts", err) != 0 || option_need(o, "out", err) != 0 ||
        option_int(o, "batch", 1, SLOTS_MAX, &g->slots, err) != 0 ||
        option_real(o, "cache-mb", 0, 1e9, &g->cache_mb, err) != 0 ||
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
    int result = j ? reader_prompt(&g->session.reader, json_get(j, "prompt"), !g->think_on, &a.ids, err)
                   : -1;
    a.prompt = a.ids.count;
    if (result == 0 && a.prompt == 0)
        result = error_set(err, ERR_INPUT, "the prompt has no tokens");
    if (result == 0 && a.prompt >= g->session.reader.max_tokens)
        result = error_set(err, ERR_LIMIT, "the prompt's %zu tokens leave no room within --max-tokens %zu",
                           a.prompt, g->session.reader.max_tokens);
    for (size_t i = 0; result == 0 && i < a.prompt; i++) {
        if (a.ids.items[i] >= g->session.reader.vocab)
            result = error_set(err, ERR_INPUT, "the tokenizer does not belong to the model");
    }
    rng_seed(&a.rng, (uint64_t)g->seed, 1000 + g->count);
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

/* Tokens that an answer's sequence may come to. */
static size_t most_tokens(const struct generation *g, const struct answer *a)
{
    size_t most = a->prompt + (size_t)g->max_new;
    return most > g->session.reader.max_tokens ? g->session.reader.max_tokens : most;
}

/* Pages that all sequences of the slots may come to, and those of the longest. */
static void count_pages(const struct generation *g, double *all, struct decoder_size *size)
{
    size_t together = g->count < (size_t)g->slots ? g->count : (size_t)g->slots;
    double sum = 0;
    size->tokens = 1;
    for (size_t i = 0; i < g->count; i++) {
        int tokens = (int)most_tokens(g, &g->answers[i]);
        size->tokens = tokens > size->tokens ? tokens : size->tokens;
        sum += pages_for(tokens);
    }
    double longest = pages_for(size->tokens) * (double)together;
    *all = sum < longest || g->count == together ? sum : longest;
    *all += pages_for(size->tokens); /* the anchor */
}

/* As many pages as memory and the option allow, at most all that may be needed. */
static int choose_pages(const struct generation *g, struct decoder_size *size, struct error *err)
{
    const struct model *m = g->session.model;
    struct backend *b = m->backend;
    double page = decoder_page_bytes(m), all, unused = b->ops->available(b);
    count_pages(g, &all, size);
    double rest = decoder_bytes(m, size) + pass_bytes(m, size->fill, PASS_FORWARD) + head_bytes(m, false);
    double room = g->cache_mb > 0 ? g->cache_mb * 1e6 : (unused - rest) * FREE_SHARE;
    double pages = unused > 0 || g->cache_mb > 0 ? room / page : all;
    int least = pages_for(size->tokens);
    if (pages < least)
        return error_set(err, ERR_LIMIT, "keys and values of the longest sequence, %d tokens, take %.2f MB; %.2f MB are "
                                         "there for them%s",
                         size->tokens, least * page * 1e-6, room > 0 ? room * 1e-6 : 0,
                         g->cache_mb > 0 ? " (--cache-mb)" : ": give fewer --max-new or --max-tokens");
    size->pages = (int)(pages < all ? pages : all);
    return 0;
}

static int open_machinery(struct generation *g, struct error *err)
{
    struct model *m = g->session.model;
    size_t slots = (size_t)g->slots;
    struct decoder_size size = {.rows = g->slots, .fill = FILL_ROWS};
    g->sequences = mem_zalloc(slots, sizeof *g->sequences);
    g->in_slot = mem_zalloc(slots, sizeof(struct answer *));
    g->entered = mem_zalloc(slots, sizeof *g->entered);
    g->known = mem_zalloc(slots + 1, sizeof(struct sequence *));
    for (size_t i = 0; i < slots; i++)
        g->known[i] = &g->sequences[i];
    g->known[slots] = &g->anchor;
    if (choose_pages(g, &size, err) != 0)
        return -1;
    g->decoder = decoder_new(m, &size, err);
    g->pass = g->decoder ? pass_new(m, FILL_ROWS, PASS_FORWARD, err) : NULL;
    g->head = g->pass ? head_new(m, false, err) : NULL;
    g->end_id = tokenizer_id(g->session.tokenizer, chat_end(g->session.chat));
    if (g->head && g->end_id < 0)
        return error_set(err, ERR_INPUT, "the tokenizer has no token %s", chat_end(g->session.chat));
    return g->head ? 0 : -1;
}

/* For qsort: answers by their prompts' tokens, equal ones as they came; the first to enter comes last. */
static int by_prompt(const void *left, const void *right)
{
    const struct answer *a = *(struct answer *const *)right, *b = *(struct answer *const *)left;
    size_t n = a->prompt < b->prompt ? a->prompt : b->prompt;
    for (size_t i = 0; i < n; i++) {
        if (a->ids.items[i] != b->ids.items[i])
            return a->ids.items[i] < b->ids.items[i] ? -1 : 1;
    }
    if (a->prompt != b->prompt)
        return a->prompt < b->prompt ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void sort_prompts(struct generation *g)
{
    const struct answer **list = mem_alloc((g->count + 1) * sizeof *list);
    g->waiting = mem_alloc((g->count + 1) * sizeof *g->waiting);
    for (size_t i = 0; i < g->count; i++)
        list[i] = &g->answers[i];
    qsort(list, g->count, sizeof *list, by_prompt);
    for (size_t i = 0; i < g->count; i++)
        g->waiting[i] = (size_t)(list[i] - g->answers);
    g->waiting_count = g->count;
    mem_free(list);
}

static void release(struct generation *g, struct sequence *s)
{
    table_release(decoder_pages(g->decoder), &s->table);
    *s = (struct sequence){0};
}

static int running(const struct generation *g)
{
    int n = 0;
    for (int s = 0; s < g->slots; s++)
        n += g->in_slot[s] != NULL;
    return n;
}

/* The anchor becomes the prompt in slot s: pages that are full of it stay when its answer has ended. */
static void hold(struct generation *g, int s)
{
    const struct sequence *from = &g->sequences[s];
    struct sequence next = {.ids = from->ids};
    table_share(decoder_pages(g->decoder), &next.table, &from->table, from->done);
    next.done = next.count = next.table.count * PAGE_ROWS;
    release(g, &g->anchor);
    g->anchor = next;
    g->anchored = g->in_slot[s];
}

/* Puts the next waiting sequence, all but its last token, into slot s as far as a pass goes. */
static enum fill_result enter(struct generation *g, int s)
{
    struct answer *a = &g->answers[g->waiting[g->waiting_count - 1]];
    struct sequence *to = &g->sequences[s];
    *to = (struct sequence){.ids = a->ids.items, .count = (int)a->ids.count - 1};
    enum fill_result result = fill_add(&g->fill, decoder_pages(g->decoder), to, g->known, (size_t)g->slots + 1, FILL_ROWS,
                                       decoder_context(g->decoder), running(g));
    if (result != FILL_ADDED) {
        *to = (struct sequence){0};
        return result;
    }
    g->in_slot[s] = a;
    g->entered[s] = ++g->entries;
    g->waiting_count--;
    return result;
}

/* What a pass can do for sequences that entered and have not all of their tokens in the cache, and for those that may
 * enter; false when there is nothing to do. A sequence whose pages ran out of room waits for others to end. */
static bool fill_some(struct generation *g)
{
    enum fill_result result = FILL_ADDED;
    int last = -1;
    g->anchor.ids = g->anchored ? g->anchored->ids.items : NULL; /* its tokens may have moved */
    for (int s = 0; s < g->slots && result == FILL_ADDED; s++) {
        if (g->in_slot[s] && g->sequences[s].done < g->sequences[s].count)
            result = fill_add(&g->fill, decoder_pages(g->decoder), &g->sequences[s], NULL, 0, FILL_ROWS,
                              decoder_context(g->decoder), 0);
    }
    for (int s = 0; s < g->slots && result == FILL_ADDED && g->waiting_count; s++) {
        if (g->in_slot[s])
            continue;
        result = enter(g, s);
        if (result == FILL_NO_PAGES && g->anchor.table.count) {
            release(g, &g->anchor);
            result = enter(g, s);
        }
        last = result == FILL_ADDED ? s : last;
    }
    if (g->fill.taken_count == 0)
        return false;
    decoder_fill(g->decoder, g->pass, &g->fill);
    if (last >= 0)
        hold(g, last);
    return true;
}

/* The youngest sequence gives its pages back and is the next to enter. */
static void put_back(struct generation *g)
{
    int youngest = -1;
    for (int s = 0; s < g->slots; s++) {
        if (g->in_slot[s] && (youngest < 0 || g->entered[s] > g->entered[youngest]))
            youngest = s;
    }
    g->waiting[g->waiting_count++] = (size_t)(g->in_slot[youngest] - g->answers);
    g->in_slot[youngest] = NULL;
    release(g, &g->sequences[youngest]);
}

/* Every sequence that is left has a page for its next token. The oldest always has: the cache holds one sequence of
 * any length. */
static void make_room(struct generation *g)
{
    for (int s = 0; s < g->slots; s++) {
        while (g->in_slot[s] &&
               table_grow(decoder_pages(g->decoder), &g->sequences[s].table, (int)g->in_slot[s]->ids.count) != 0) {
            if (g->anchor.table.count)
                release(g, &g->anchor);
            else
                put_back(g);
        }
    }
}

static void take_token(struct generation *g, int slot, int id)
{
    struct answer *a = g->in_slot[slot];
    a->ended = id == g->end_id && !g->ignore_end;
    if (!a->ended)
        ids_add(&a->ids, id);
    g->sequences[slot].ids = a->ids.items;
    g->sequences[slot].done++;
    g->sequences[slot].count++;
    if (a->ended || a->ids.count >= most_tokens(g, a)) {
        g->in_slot[slot] = NULL;
        release(g, &g->sequences[slot]);
    }
}

/* One token for every sequence; false when none is left. */
static bool step(struct generation *g)
{
    int slots[SLOTS_MAX], ids[SLOTS_MAX], positions[SLOTS_MAX], n = 0;
    float uniforms[SLOTS_MAX];
    const struct page_table *tables[SLOTS_MAX];
    make_room(g);
    for (int s = 0; s < g->slots; s++) {
        struct answer *a = g->in_slot[s];
        if (!a)
            continue;
        slots[n] = s;
        ids[n] = a->ids.items[a->ids.count - 1];
        positions[n] = (int)a->ids.count - 1;
        tables[n] = &g->sequences[s].table;
        uniforms[n] = g->sampling.temperature > 0 ? (float)rng_unit(&a->rng) : 0;
        n++;
    }
    if (n == 0)
        return false;
    struct step now = {n, ids, positions, tables};
    const int *next = decoder_next(g->decoder, g->head, &now, &g->sampling, uniforms);
    struct backend *b = g->session.backend;
    if (b->ops->finish(b, &g->fault) != 0)
        return false;
    for (int i = 0; i < n; i++)
        take_token(g, slots[i], next[i]);
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
    tokenizer_decode(g->session.tokenizer, a->ids.items + a->prompt, a->ids.count - a->prompt, false, &text);
    utf8_repair(&valid, str_slice(&text));
    json_set_string(j, "id", a->id);
    set_text(j, (struct slice){str_z(&valid), valid.len});
    json_set_int(j, "prompt_tokens", (int64_t)a->prompt);
    json_set_int(j, "tokens", (int64_t)(a->ids.count - a->prompt));
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
        ids_free(&g->answers[i].ids);
    }
    mem_free(g->answers);
    for (int i = 0; g->sequences && i < g->slots; i++)
        mem_free(g->sequences[i].table.items);
    mem_free(g->anchor.table.items);
    mem_free(g->waiting);
    mem_free(g->sequences);
    mem_free(g->known);
    mem_free(g->in_slot);
    mem_free(g->entered);
    fill_free(&g->fill);
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
            while (fill_some(&g))
                continue;
            more = step(&g);
        }
        if (result == 0 && g.fault.code != ERR_NONE) {
            *err = g.fault;
            result = -1;
        }
        if (result == 0)
            result = write_answers(&g, option(o, "out"), err);
    }
    generation_free(&g);
    return result;
}
