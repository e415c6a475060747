/*
 * How well hinge finding does on gold spans: for each set (a JSONL file of records with spans in
 * y0) F1 and MCC of BAD words, top-1 and link accuracy, beside those of a plain word diff. Each
 * set is cut in two by a hash of the record's id: weights may be tuned on the one half, the other
 * reports.
 *
 *     hinges FOLDER                   Markdown
 *     hinges --no-rationale FOLDER    the same with the rationales withheld
 *     hinges --surprisal FOLDER       the same, told what a model was surprised by, where the records say
 *     hinges --words FOLDER           one line a word, to look at or fit weights on
 *
 * A word is BAD by gold when it overlaps a gold span, by the plain diff when it is not kept, by
 * hinge when it is lit. Spans are never given to the finder.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/diff.h"
#include "text/hinge.h"
#include "text/segment.h"

enum { MAX_LINE = 64 << 20, MAX_SETS = 64 };
enum half { TUNING, REPORT, HALVES };
enum method { PLAIN, HINGE, METHODS };

struct counts {
    double tp, fp, fn, tn;
};

struct tally {
    struct counts words[METHODS], sentences[METHODS];
    double top[METHODS], tops;       /* records whose best word is in the gold */
    double linked[METHODS], links;   /* clauses whose hunk touches the gold, in records of 2+ hunks */
    double named[METHODS], named_of; /* the same with the annotator's instruction as the rationale */
    size_t records;
};

struct item { /* one record, borrowed from its JSON */
    const char *set;
    const struct json *json;
    struct slice id, prompt, y0, y_star, rationale;
    struct hinge_span *gold;
    size_t n_gold;
    enum half half;
    bool dump, surprised;
};

static struct slice text_of(const struct json *record, const char *name)
{
    return slice_of(json_string(json_get(record, name), ""));
}

static bool overlaps(const struct item *it, size_t from, size_t to)
{
    for (size_t i = 0; i < it->n_gold; i++)
        if (it->gold[i].from < to && from < it->gold[i].to)
            return true;
    return false;
}

static void read_gold(struct item *it)
{
    const struct json *spans = json_get(it->json, "spans");
    it->gold = mem_zalloc(json_size(spans) + 1, sizeof *it->gold);
    for (const struct json *s = json_first(spans); s; s = json_next(s)) {
        int64_t start = 0, end = 0;
        if (!json_int(json_get(s, "start"), &start) || !json_int(json_get(s, "end"), &end))
            continue;
        it->gold[it->n_gold++] = (struct hinge_span){utf8_offset(it->y0, (size_t)start),
                                                     utf8_offset(it->y0, (size_t)end)};
    }
}

static enum half half_of(struct slice id)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(id, hex);
    return strchr("13579bdf", hex[1]) ? REPORT : TUNING;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void count(struct counts *c, bool found, bool gold)
{
    *(found ? (gold ? &c->tp : &c->fp) : (gold ? &c->fn : &c->tn)) += 1;
}

static bool is_kept(const struct diff *d, size_t *op, size_t at)
{
    while (*op < d->n_ops && d->ops[*op].a_to <= at)
        ++*op;
    return *op < d->n_ops && d->ops[*op].kind == DIFF_KEEP;
}

static const struct hinge *item_at(const struct hinges *h, size_t from)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->items[i].side == HINGE_Y0 && h->items[i].from == from &&
            h->items[i].to > h->items[i].from)
            return &h->items[i];
    return NULL;
}

static void dump_word(const struct item *it, const struct token *t, const struct hinge *h, bool kept,
                      bool gold)
{
    printf("%s\t%d\t%.*s\t%.*s\t%d\t%d\t%u\t%.4f\t%d\n", it->set, it->half, (int)it->id.len,
           it->id.at, (int)(t->to - t->from), it->y0.at + t->from, !kept, gold, h ? h->reasons : 0,
           h ? h->score : 0, h ? h->lit : 0);
}

static void tally_words(struct tally *tally, const struct item *it, const struct tokens *tokens,
                        const struct diff *d, const struct hinges *h)
{
    size_t op = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *t = &tokens->items[i];
        if (t->class == TOKEN_SPACE || t->class == TOKEN_BREAK)
            continue;
        bool kept = is_kept(d, &op, t->from), gold = overlaps(it, t->from, t->to);
        const struct hinge *hinge = item_at(h, t->from);
        count(&tally->words[PLAIN], !kept, gold);
        count(&tally->words[HINGE], hinge && hinge->lit, gold);
        if (it->dump)
            dump_word(it, t, hinge, kept, gold);
    }
}

/* Was the sentence found? A sentence is BAD when a word in it is. */
static void tally_sentences(struct tally *tally, const struct item *it, const struct tokens *tokens,
                            const struct diff *d, const struct hinges *h)
{
    struct ranges ranges = {0};
    sentences(&ranges, it->y0);
    size_t op = 0, next = 0;
    for (size_t i = 0; i < ranges.count; i++) {
        bool plain = false, hinge = false, gold = false, any = false;
        for (; next < tokens->count && tokens->items[next].to <= ranges.items[i].to; next++) {
            const struct token *t = &tokens->items[next];
            if (t->class == TOKEN_SPACE || t->class == TOKEN_BREAK)
                continue;
            const struct hinge *found = item_at(h, t->from);
            any = true;
            plain |= !is_kept(d, &op, t->from);
            hinge |= found && found->lit;
            gold |= overlaps(it, t->from, t->to);
        }
        if (!any)
            continue;
        count(&tally->sentences[PLAIN], plain, gold);
        count(&tally->sentences[HINGE], hinge, gold);
    }
    ranges_free(&ranges);
}

/* ---- the best word --------------------------------------------------------------------------- */

static void tally_top(struct tally *tally, const struct item *it, const struct diff *d,
                      const struct hinges *h)
{
    const struct hinge *best = NULL;
    double changed = 0, bad = 0;
    size_t op = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct hinge *x = &h->items[i];
        if (x->side != HINGE_Y0 || x->from == x->to || is_kept(d, &op, x->from))
            continue;
        if (!best || x->score > best->score)
            best = x;
        changed++;
        bad += overlaps(it, x->from, x->to);
    }
    if (!best || it->n_gold == 0)
        return;
    tally->tops++;
    tally->top[PLAIN] += bad / changed; /* a plain diff has no best word: any one */
    tally->top[HINGE] += overlaps(it, best->from, best->to);
}

/* ---- links ----------------------------------------------------------------------------------- */

static bool hunk_is_bad(const struct item *it, const struct hinges *h, int hunk)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->items[i].hunk == hunk && h->items[i].side == HINGE_Y0 &&
            h->items[i].to > h->items[i].from && overlaps(it, h->items[i].from, h->items[i].to))
            return true;
    return false;
}

/* The chance that a hunk taken at random is bad: what a plain diff's link is worth. */
static double share_of_bad(const struct item *it, const struct hinges *h)
{
    double bad = 0;
    for (size_t k = 0; k < h->n_hunks; k++)
        bad += hunk_is_bad(it, h, (int)k);
    return bad / (double)h->n_hunks;
}

static void tally_links(struct tally *tally, const struct item *it, const struct hinges *h)
{
    if (h->n_hunks < 2 || it->n_gold == 0)
        return;
    double share = share_of_bad(it, h);
    for (size_t i = 0; i < h->n_clauses; i++)
        if (h->clauses[i].hunk >= 0) {
            tally->links++;
            tally->linked[PLAIN] += share;
            tally->linked[HINGE] += hunk_is_bad(it, h, h->clauses[i].hunk);
        }
}

/* DeFacto's instructions say one by one what to change and name it: each must land on the hunk that
 * holds the phrase it names. */
static void tally_named(struct tally *tally, const struct item *it, const struct diff *d)
{
    const struct json *list = json_get(json_get(it->json, "meta"), "instructions");
    for (const struct json *j = json_first(list); j; j = json_next(j)) {
        struct slice text = slice_of(json_string(j, ""));
        struct item one = *it;
        one.n_gold = 0;
        one.gold = mem_zalloc(it->n_gold + 1, sizeof *one.gold);
        for (size_t i = 0; i < it->n_gold; i++) {
            struct slice phrase = slice_sub(it->y0, it->gold[i].from, it->gold[i].to);
            if (phrase.len && memmem(text.at, text.len, phrase.at, phrase.len))
                one.gold[one.n_gold++] = it->gold[i];
        }
        struct hinge_input in = {.prompt = it->prompt, .y0 = it->y0, .y_star = it->y_star, .rationale = text};
        struct hinges *h = one.n_gold ? hinges_find(&in, d) : NULL;
        if (h && h->n_hunks > 1 && h->n_clauses && share_of_bad(&one, h) > 0) {
            tally->named_of++;
            tally->named[PLAIN] += share_of_bad(&one, h);
            tally->named[HINGE] += hunk_is_bad(&one, h, h->clauses[0].hunk);
        }
        hinges_free(h);
        mem_free(one.gold);
    }
}

/* ---- records --------------------------------------------------------------------------------- */

/* What a model was surprised by, where the record says: "surprisal": [[from, to, nats, entropy], ...], bytes of y0. */
struct surprise {
    struct hinge_span *at;
    float *nats, *entropy;
};

static void read_surprise(struct surprise *s, const struct item *it, struct hinge_input *in)
{
    const struct json *list = it->surprised ? json_get(it->json, "surprisal") : NULL;
    size_t n = json_size(list), i = 0;
    s->at = mem_zalloc(n + 1, sizeof *s->at);
    s->nats = mem_zalloc(n + 1, sizeof *s->nats);
    s->entropy = mem_zalloc(n + 1, sizeof *s->entropy);
    for (const struct json *t = json_first(list); t; t = json_next(t), i++) {
        s->at[i] = (struct hinge_span){(size_t)json_number(json_at(t, 0), 0), (size_t)json_number(json_at(t, 1), 0)};
        s->nats[i] = (float)json_number(json_at(t, 2), 0);
        s->entropy[i] = (float)json_number(json_at(t, 3), 0);
    }
    in->y0_surprisal = n ? s->nats : NULL;
    in->y0_entropy = s->entropy;
    in->surprisal_at = s->at;
    in->n_surprisal = n;
}

static void surprise_free(struct surprise *s)
{
    mem_free(s->at);
    mem_free(s->nats);
    mem_free(s->entropy);
}

static void tally_item(struct tally *tally, const struct item *it)
{
    struct map *ids = map_new();
    struct tokens tokens = {0};
    segment(&tokens, it->y0, ids);
    struct diff *d = diff_texts(it->y0, it->y_star, DIFF_EXACT);
    struct hinge_input in = {
        .prompt = it->prompt, .y0 = it->y0, .y_star = it->y_star, .rationale = it->rationale};
    struct surprise surprise = {0};
    read_surprise(&surprise, it, &in);
    struct hinges *h = hinges_find(&in, d);
    surprise_free(&surprise);
    tally->records++;
    tally_words(tally, it, &tokens, d, h);
    tally_sentences(tally, it, &tokens, d, h);
    tally_top(tally, it, d, h);
    tally_links(tally, it, h);
    tally_named(tally, it, d);
    hinges_free(h);
    diff_free(d);
    tokens_free(&tokens);
    map_free(ids);
}

struct options {
    bool dump, no_rationale, surprisal;
    const char *folder;
};

static int read_set(const char *path, const char *name, const struct options *o,
                    struct tally out[HALVES], struct error *err)
{
    struct lines *lines = lines_open(path, MAX_LINE, err);
    struct slice line;
    if (!lines)
        return -1;
    while (lines_next(lines, &line, err) == LINES_LINE) {
        struct json *j = json_parse(line, NULL, err);
        if (!j)
            break;
        struct item it = {.set = name, .json = j, .dump = o->dump, .surprised = o->surprisal};
        it.id = text_of(j, "id");
        it.prompt = text_of(j, "prompt");
        it.y0 = text_of(j, "y0");
        it.y_star = text_of(j, "y_star");
        it.rationale = o->no_rationale ? slice_of(NULL) : text_of(j, "rationale");
        it.half = half_of(it.id);
        read_gold(&it);
        tally_item(&out[it.half], &it);
        mem_free(it.gold);
        json_free(j);
    }
    lines_close(lines);
    return err->code ? -1 : 0;
}

/* ---- the report ------------------------------------------------------------------------------ */

static double f1(const struct counts *c)
{
    double of = 2 * c->tp + c->fp + c->fn;
    return of > 0 ? 2 * c->tp / of : 0;
}

static double mcc(const struct counts *c)
{
    double of = sqrt((c->tp + c->fp) * (c->tp + c->fn) * (c->tn + c->fp) * (c->tn + c->fn));
    return of > 0 ? (c->tp * c->tn - c->fp * c->fn) / of : 0;
}

static void print_share(const double part[METHODS], double of)
{
    if (of > 0)
        printf(" %.2f → %.2f (%.0f) |", part[PLAIN] / of, part[HINGE] / of, of);
    else
        printf(" – |");
}

static void print_row(const char *set, const char *half, const struct tally *t)
{
    const struct counts *p = &t->words[PLAIN], *h = &t->words[HINGE];
    printf("| %s | %s | %zu | %.3f → %.3f | %+.3f | %.3f → %.3f | %.2f / %.2f | %.3f → %.3f |", set,
           half, t->records, f1(p), f1(h), f1(h) - f1(p), mcc(p), mcc(h),
           h->tp / fmax(1, h->tp + h->fp), h->tp / fmax(1, h->tp + h->fn),
           f1(&t->sentences[PLAIN]), f1(&t->sentences[HINGE]));
    print_share(t->top, t->tops);
    print_share(t->linked, t->links);
    print_share(t->named, t->named_of);
    puts("");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_sets(const char *folder, char *names[MAX_SETS])
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && n < MAX_SETS && (d = readdir(dir));) {
        size_t len = strlen(d->d_name);
        if (len > 6 && strcmp(d->d_name + len - 6, ".jsonl") == 0)
            names[n++] = mem_strndup(d->d_name, len - 6);
    }
    if (dir)
        closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++) {
        o->dump |= strcmp(argv[i], "--words") == 0;
        o->no_rationale |= strcmp(argv[i], "--no-rationale") == 0;
        o->surprisal |= strcmp(argv[i], "--surprisal") == 0;
    }
    o->folder = argc > 1 ? argv[argc - 1] : "";
    return argc == 2 + o->dump + o->no_rationale + o->surprisal;
}

static int report_set(const char *name, const struct options *o)
{
    struct str path = {0};
    struct error err = {0};
    struct tally tally[HALVES] = {0};
    str_addf(&path, "%s/%s.jsonl", o->folder, name);
    int result = read_set(str_z(&path), name, o, tally, &err);
    if (result < 0)
        fprintf(stderr, "hinges: %s: %s\n", name, err.text);
    else if (!o->dump) {
        print_row(name, "tuning", &tally[TUNING]);
        print_row(name, "report", &tally[REPORT]);
    }
    str_free(&path);
    return result;
}

int main(int argc, char **argv)
{
    struct options o = {.folder = NULL};
    if (!read_options(&o, argc, argv)) {
        fputs("usage: hinges [--words] [--no-rationale] FOLDER\n", stderr);
        return 2;
    }
    char *names[MAX_SETS];
    size_t n = list_sets(o.folder, names);
    int status = n ? 0 : 1;
    if (!o.dump)
        puts("| set | half | records | F1 of BAD, plain → hinge | gain | MCC | P / R of hinge | "
             "F1 of sentences | top-1 | clause links | named links |\n"
             "|---|---|---|---|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < n; i++) {
        if (report_set(names[i], &o) < 0)
            status = 1;
        mem_free(names[i]);
    }
    return status;
}
