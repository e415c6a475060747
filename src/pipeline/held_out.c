#include "pipeline/held_out.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/unicode.h"

enum { LINE_BYTES = 1 << 28 };

/* --- words and shingles --- */

struct hashes {
    uint64_t *items;
    size_t count, cap;
};

static void add_hash(struct hashes *h, uint64_t hash)
{
    h->items = array_reserve(h->items, &h->cap, h->count + 1, sizeof *h->items);
    h->items[h->count++] = hash;
}

/* Room for one prompt at a time, used again. */
struct scratch {
    struct hashes words, shingles;
    struct str word;
};

static void scratch_free(struct scratch *s)
{
    mem_free(s->words.items);
    mem_free(s->shingles.items);
    str_free(&s->word);
}

static void end_word(struct scratch *s)
{
    if (s->word.len)
        add_hash(&s->words, hash64(str_slice(&s->word)));
    str_clear(&s->word);
}

/* One character that is not ASCII: part of a word, a word by itself (ideographs, kana), or between words. */
static void add_wide(struct scratch *s, uint32_t c)
{
    char bytes[4];
    enum unicode_word kind = unicode_word_class(c);
    bool letter = kind == UNICODE_WORD_LETTER || kind == UNICODE_WORD_NUMERIC || kind == UNICODE_WORD_INVISIBLE;
    bool alone = !letter && unicode_is_letter(c);
    if (!letter)
        end_word(s);
    if (letter || alone)
        str_add(&s->word, bytes, utf8_encode(unicode_lower(c), bytes));
    if (alone)
        end_word(s);
}

static void add_words(struct scratch *s, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        unsigned char c = (unsigned char)text.at[at];
        if (c >= 0x80) {
            uint32_t wide;
            at += utf8_decode(text.at + at, text.len - at, &wide);
            if (wide == UTF8_BAD)
                end_word(s);
            else
                add_wide(s, wide);
            continue;
        }
        bool upper = c >= 'A' && c <= 'Z';
        if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            str_addc(&s->word, (char)(upper ? c + 32 : c));
        else
            end_word(s);
        at++;
    }
    end_word(s);
}

/* FNV-1a over the hashes of words. */
static uint64_t mix(const uint64_t *words, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ words[i]) * 0x100000001b3u;
        h ^= h >> 29;
    }
    return h ? h : 1; /* 0 is an empty place in tables */
}

/* --- a set of hashes with a number each, in open addressing --- */

struct table {
    uint64_t *keys; /* 0: free */
    uint32_t *values;
    size_t size, count; /* size: a power of two, or 0 */
};

static size_t place_of(const struct table *t, uint64_t key)
{
    size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (t->size - 1);
    while (t->keys[at] && t->keys[at] != key)
        at = (at + 1) & (t->size - 1);
    return at;
}

static void table_free(struct table *t)
{
    mem_free(t->keys);
    mem_free(t->values);
}

/* Empty, with room for n keys. */
static void table_clear(struct table *t, size_t n)
{
    size_t size = 64;
    while (size < 2 * n + 2)
        size *= 2;
    if (size > t->size) {
        table_free(t);
        *t = (struct table){mem_alloc(size * sizeof *t->keys), mem_alloc(size * sizeof *t->values), size, 0};
    }
    memset(t->keys, 0, t->size * sizeof *t->keys);
    t->count = 0;
}

/* True when the key is new; it then has the value. */
static bool table_add(struct table *t, uint64_t key, uint32_t value)
{
    size_t at = place_of(t, key);
    if (t->keys[at])
        return false;
    t->keys[at] = key;
    t->values[at] = value;
    t->count++;
    return true;
}

/* --- the records asked about --- */

struct asked {
    int64_t number;
    uint64_t whole;     /* hash of all words */
    uint32_t counted;   /* shingles that are not common */
    uint32_t shared;    /* with the training prompt in hand */
    double likeness;
    char *twin;
};

struct posting {
    uint64_t hash;
    uint32_t asked;
};

struct held_out {
    struct asked *asked;
    size_t n_asked, cap_asked;
    struct posting *postings; /* by hash, once built; common ones are out */
    size_t n_postings, cap_postings;
    struct table shingles;    /* of asked: index of the first posting, COMMON for those not counted */
    struct table wholes;      /* index of the first of asked with those words */
    uint32_t *same;           /* asked: the next with the same words, NONE */
    bool built;
    struct scratch scratch;
    struct table seen;        /* shingles of the prompt in hand */
    uint32_t *touched;
    size_t n_touched, cap_touched;
};

enum { COMMON = 0x7fffffff, NONE = 0x7fffffff };

struct held_out *held_out_new(void)
{
    return mem_zalloc(1, sizeof(struct held_out));
}

void held_out_free(struct held_out *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n_asked; i++)
        mem_free(h->asked[i].twin);
    mem_free(h->asked);
    mem_free(h->postings);
    mem_free(h->same);
    mem_free(h->touched);
    table_free(&h->shingles);
    table_free(&h->wholes);
    table_free(&h->seen);
    scratch_free(&h->scratch);
    mem_free(h);
}

/* The different shingles of the words in hand into h->seen and scratch.shingles; a prompt of fewer words is one. */
static void make_shingles(struct held_out *h)
{
    const struct hashes *words = &h->scratch.words;
    h->scratch.shingles.count = 0;
    table_clear(&h->seen, words->count);
    size_t width = words->count < HELD_OUT_WORDS ? words->count : HELD_OUT_WORDS;
    for (size_t i = 0; width && i + width <= words->count; i++) {
        uint64_t hash = mix(words->items + i, width);
        if (table_add(&h->seen, hash, 0))
            add_hash(&h->scratch.shingles, hash);
    }
}

static void begin_prompt(struct held_out *h)
{
    h->scratch.words.count = 0;
}

static void add_message(struct held_out *h, const char *role, const char *content)
{
    if (strcmp(role, "system") != 0)
        add_words(&h->scratch, slice_of(content));
}

void held_out_add(struct held_out *h, int64_t number, const struct prompt *p)
{
    begin_prompt(h);
    for (size_t i = 0; i < p->count; i++)
        add_message(h, p->messages[i].role, p->messages[i].content);
    make_shingles(h);
    h->asked = array_reserve(h->asked, &h->cap_asked, h->n_asked + 1, sizeof *h->asked);
    h->asked[h->n_asked] = (struct asked){
        .number = number, .whole = mix(h->scratch.words.items, h->scratch.words.count)};
    const struct hashes *s = &h->scratch.shingles;
    h->postings = array_reserve(h->postings, &h->cap_postings, h->n_postings + s->count + 1, sizeof *h->postings);
    for (size_t i = 0; i < s->count; i++)
        h->postings[h->n_postings++] = (struct posting){s->items[i], (uint32_t)h->n_asked};
    h->n_asked++;
}

/* For qsort. */
static int by_hash(const void *left, const void *right)
{
    const struct posting *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->asked < b->asked ? -1 : a->asked > b->asked;
}

static bool is_common(const struct held_out *h, size_t records)
{
    return records > HELD_OUT_COMMON && 10 * records > h->n_asked;
}

static void build_shingles(struct held_out *h)
{
    if (h->n_postings)
        qsort(h->postings, h->n_postings, sizeof *h->postings, by_hash);
    table_clear(&h->shingles, h->n_postings);
    for (size_t i = 0, n; i < h->n_postings; i += n) {
        for (n = 1; i + n < h->n_postings && h->postings[i + n].hash == h->postings[i].hash; n++)
            continue;
        bool common = is_common(h, n);
        table_add(&h->shingles, h->postings[i].hash, common ? COMMON : (uint32_t)i);
        for (size_t k = 0; k < n && !common; k++)
            h->asked[h->postings[i + k].asked].counted++;
    }
}

static void build(struct held_out *h)
{
    if (h->built)
        return;
    h->built = true;
    build_shingles(h);
    table_clear(&h->wholes, h->n_asked);
    h->same = mem_alloc((h->n_asked + 1) * sizeof *h->same);
    for (size_t i = h->n_asked; i-- > 0;) {
        h->same[i] = NONE;
        if (!table_add(&h->wholes, h->asked[i].whole, (uint32_t)i)) {
            uint32_t *first = &h->wholes.values[place_of(&h->wholes, h->asked[i].whole)];
            h->same[i] = *first;
            *first = (uint32_t)i;
        }
    }
}

/* --- a training prompt beside them --- */

static void note(struct asked *a, const char *id, double likeness)
{
    if (likeness <= a->likeness)
        return;
    a->likeness = likeness;
    mem_free(a->twin);
    a->twin = mem_strdup(id);
}

static void note_same(struct held_out *h, const char *id)
{
    if (h->scratch.words.count == 0)
        return;
    size_t at = place_of(&h->wholes, mix(h->scratch.words.items, h->scratch.words.count));
    for (uint32_t i = h->wholes.keys[at] ? h->wholes.values[at] : NONE; i != NONE; i = h->same[i])
        note(&h->asked[i], id, 1);
}

/* Counts what each of the asked shares with the prompt in hand; returns how many of its shingles count. */
static uint32_t count_shared(struct held_out *h)
{
    const struct hashes *s = &h->scratch.shingles;
    uint32_t counted = 0;
    h->n_touched = 0;
    for (size_t i = 0; i < s->count; i++) {
        size_t at = place_of(&h->shingles, s->items[i]);
        uint32_t first = h->shingles.keys[at] ? h->shingles.values[at] : NONE;
        counted += !h->shingles.keys[at] || first != COMMON;
        for (size_t k = first; first != NONE && k < h->n_postings && h->postings[k].hash == s->items[i]; k++) {
            struct asked *a = &h->asked[h->postings[k].asked];
            if (a->shared++ == 0) {
                h->touched = array_reserve(h->touched, &h->cap_touched, h->n_touched + 1, sizeof *h->touched);
                h->touched[h->n_touched++] = h->postings[k].asked;
            }
        }
    }
    return counted;
}

static void note_like(struct held_out *h, const char *id)
{
    uint32_t counted = count_shared(h);
    for (size_t i = 0; i < h->n_touched; i++) {
        struct asked *a = &h->asked[h->touched[i]];
        double jaccard = (double)a->shared / ((double)a->counted + (double)counted - (double)a->shared);
        double inside = (double)a->shared / (double)a->counted;
        if (jaccard >= HELD_OUT_JACCARD)
            note(a, id, jaccard);
        if (inside >= HELD_OUT_INSIDE)
            note(a, id, inside);
        a->shared = 0;
    }
}

static void see(struct held_out *h, const char *id)
{
    build(h);
    if (!h->n_asked)
        return;
    make_shingles(h);
    note_same(h, id);
    note_like(h, id);
}

void held_out_see(struct held_out *h, const char *id, const struct prompt *p)
{
    begin_prompt(h);
    for (size_t i = 0; i < p->count; i++)
        add_message(h, p->messages[i].role, p->messages[i].content);
    see(h, id);
}

/* A text, or a list of messages. */
static int read_prompt(struct held_out *h, const struct json *prompt, struct error *err)
{
    begin_prompt(h);
    if (json_type(prompt) == JSON_STRING) {
        add_message(h, "user", json_string(prompt, ""));
        return 0;
    }
    if (json_type(prompt) != JSON_ARRAY)
        return error_set(err, ERR_INPUT, "no \"prompt\" is there: a training set as hinge export writes it is expected");
    for (const struct json *m = json_first(prompt); m; m = json_next(m))
        add_message(h, json_string(json_get(m, "role"), "user"), json_string(json_get(m, "content"), ""));
    return 0;
}

static int read_line(struct held_out *h, struct slice line, struct error *err)
{
    struct json *j = json_parse(line, NULL, err);
    if (!j)
        return -1;
    int result = read_prompt(h, json_get(j, "prompt"), err);
    if (result == 0)
        see(h, json_string(json_get(j, "id"), ""));
    json_free(j);
    return result;
}

int held_out_read(struct held_out *h, const char *path, int64_t *examples, struct error *err)
{
    struct lines *l = lines_open(path, LINE_BYTES, err);
    struct slice line;
    enum lines_result got = LINES_FAILED;
    int result = l ? 0 : -1;
    while (result == 0 && (got = lines_next(l, &line, err)) == LINES_LINE) {
        if (!slice_trim(line).len)
            continue;
        if (read_line(h, line, err) != 0)
            result = error_prefix(err, "%s: line %llu: ", path, (unsigned long long)lines_number(l));
        else if (examples)
            ++*examples;
    }
    if (result == 0 && got == LINES_TOO_LONG)
        result = error_set(err, ERR_LIMIT, "%s: a line is longer than %d bytes", path, LINE_BYTES);
    lines_close(l);
    return result == 0 && got != LINES_FAILED ? 0 : -1;
}

size_t held_out_count(const struct held_out *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_asked; i++)
        n += h->asked[i].likeness > 0;
    return n;
}

bool held_out_next(const struct held_out *h, size_t *at, struct held_out_twin *out)
{
    while (*at < h->n_asked) {
        const struct asked *a = &h->asked[(*at)++];
        if (a->likeness > 0) {
            *out = (struct held_out_twin){a->number, a->twin, a->likeness};
            return true;
        }
    }
    return false;
}
