#include "trainer/tokenizer/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "trainer/tokenizer/compose.h"
#include "trainer/tokenizer/tokenizer_parts.h"

enum { ID_MAX = 4 << 20, CACHE_WORDS = 1 << 17, CACHE_WORD_BYTES = 64, COUNT_BITS = 16 };

static const char low_line[] = "\xE2\x96\x81"; /* U+2581, SentencePiece's blank */

struct tokenizer *tokenizer_new(void)
{
    struct tokenizer *t = mem_zalloc(1, sizeof *t);
    t->vocab = map_new();
    t->cache = map_new();
    t->bpe = bpe_new();
    t->pretoken = pretoken_new();
    t->unknown = -1;
    for (int i = 0; i < BYTES; i++)
        t->byte_ids[i] = -1;
    return t;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    arena_free(&t->arena);
    mem_free(t->texts);
    mem_free(t->added);
    map_free(t->vocab);
    map_free(t->cache);
    bpe_free(t->bpe);
    pretoken_free(t->pretoken);
    ids_free(&t->cached);
    str_free(&t->scratch);
    str_free(&t->normal);
    mem_free(t);
}

int tokenizer_size(const struct tokenizer *t)
{
    return (int)t->texts_count;
}

int tokenizer_set_text(struct tokenizer *t, int64_t id, struct slice text, struct error *err)
{
    if (id < 0 || id >= ID_MAX)
        return error_set(err, ERR_LIMIT, "the tokenizer has an id outside 0..%d", ID_MAX - 1);
    size_t need = (size_t)id + 1;
    if (need > t->texts_count) {
        t->texts = array_reserve(t->texts, &t->texts_cap, need, sizeof *t->texts);
        memset(t->texts + t->texts_count, 0, (need - t->texts_count) * sizeof *t->texts);
        t->texts_count = need;
    }
    t->texts[id] = arena_copy(&t->arena, text);
    return 0;
}

int tokenizer_add_added(struct tokenizer *t, struct added_token token, struct error *err)
{
    if (token.text.len == 0)
        return error_set(err, ERR_INPUT, "an added token of the tokenizer is empty");
    if (tokenizer_set_text(t, token.id, token.text, err) != 0)
        return -1;
    token.text = t->texts[token.id];
    t->added = array_reserve(t->added, &t->added_cap, t->added_count + 1, sizeof *t->added);
    t->added[t->added_count++] = token;
    t->added_start[(unsigned char)token.text.at[0]] = true;
    return 0;
}

static int longest_first(const void *a, const void *b)
{
    const struct added_token *x = a, *y = b;
    if (x->text.len != y->text.len)
        return x->text.len > y->text.len ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int find_fallback_bytes(struct tokenizer *t, struct error *err)
{
    char name[8];
    for (int i = 0; i < BYTES; i++) {
        str_clear(&t->scratch);
        str_addf(&t->scratch, "<0x%02X>", (unsigned)i);
        memcpy(name, t->scratch.at, 7);
        uint64_t id;
        if (!map_get(t->vocab, slice_of(name), &id))
            return error_set(err, ERR_INPUT, "the tokenizer has no byte fallback %s", name);
        t->byte_ids[i] = (int)id;
    }
    return 0;
}

int tokenizer_finish(struct tokenizer *t, struct error *err)
{
    if (t->added_count)
        qsort(t->added, t->added_count, sizeof *t->added, longest_first);
    if (t->sentencepiece)
        return find_fallback_bytes(t, err);
    for (int i = 0; i < BYTES; i++) { /* SmolLM has no token for bytes its corpus never held */
        char byte = (char)i;
        uint64_t id;
        if (map_get(t->vocab, (struct slice){&byte, 1}, &id))
            t->byte_ids[i] = (int)id;
    }
    return 0;
}

bool byte_level_bytes(struct slice text, struct str *out)
{
    /* Printable Latin-1 stands for itself, the other bytes in order for U+0100 and up. */
    for (size_t at = 0; at < text.len;) {
        uint32_t cp;
        at += utf8_decode(text.at + at, text.len - at, &cp);
        bool itself = (cp >= 33 && cp <= 126) || (cp >= 161 && cp <= 172) || (cp >= 174 && cp <= 255);
        if (itself) {
            str_addc(out, (char)cp);
        } else if (cp >= 256 && cp < 256 + 68) {
            uint32_t i = cp - 256;
            str_addc(out, (char)(i < 33 ? i : i < 67 ? i - 33 + 127 : 173));
        } else {
            return false;
        }
    }
    return true;
}

void tokenizer_merges_from_vocab(struct tokenizer *t, const uint32_t *rank_of)
{
    for (size_t id = 0; id < t->texts_count; id++) {
        struct slice text = t->texts[id];
        for (size_t cut = 1; cut < text.len; cut++) {
            uint64_t left, right;
            if (map_get(t->vocab, slice_sub(text, 0, cut), &left) &&
                map_get(t->vocab, slice_sub(text, cut, text.len), &right))
                bpe_add_merge(t->bpe, (int)left, (int)right, rank_of[id], (int)id);
        }
    }
}

/* A byte without a token becomes the unknown token, or nothing where there is none: as the reference. */
static void add_byte(const struct tokenizer *t, unsigned char byte, struct ids *out)
{
    int id = t->byte_ids[byte] >= 0 ? t->byte_ids[byte] : t->unknown;
    if (id >= 0)
        ids_add(out, id);
}

/* The symbols a word starts from: its bytes, or in SentencePiece its characters. */
static void add_symbols(const struct tokenizer *t, struct slice word, struct ids *out)
{
    for (size_t at = 0; at < word.len;) {
        uint32_t cp;
        size_t n = t->sentencepiece ? utf8_decode(word.at + at, word.len - at, &cp) : 1;
        uint64_t id;
        if (t->sentencepiece && map_get(t->vocab, slice_sub(word, at, at + n), &id)) {
            ids_add(out, (int)id);
        } else {
            for (size_t i = 0; i < n; i++)
                add_byte(t, (unsigned char)word.at[at + i], out);
        }
        at += n;
    }
}

static void encode_word(struct tokenizer *t, struct slice word, struct ids *out)
{
    uint64_t kept;
    bool small = word.len <= CACHE_WORD_BYTES;
    if (small && map_get(t->cache, word, &kept)) {
        size_t n = kept & ((1U << COUNT_BITS) - 1);
        if (n > 0) /* a word may have no token at all: see add_byte */
            ids_append(out, t->cached.items + (kept >> COUNT_BITS), n);
        return;
    }
    size_t start = out->count;
    if (t->ignore_merges && map_get(t->vocab, word, &kept)) {
        ids_add(out, (int)kept);
    } else {
        add_symbols(t, word, out);
        if (out->count > start)
            out->count = start + bpe_merge(t->bpe, out->items + start, out->count - start);
    }
    if (!small)
        return;
    if (map_count(t->cache) >= CACHE_WORDS) {
        map_free(t->cache);
        t->cache = map_new();
        t->cached.count = 0;
    }
    map_put(t->cache, word, (uint64_t)t->cached.count << COUNT_BITS | (out->count - start));
    if (out->count > start)
        ids_append(&t->cached, out->items + start, out->count - start);
}

static int normalise(struct tokenizer *t, struct slice text, struct error *err)
{
    str_clear(&t->normal);
    if (t->nfc)
        return compose_nfc(&t->normal, text, err);
    if (!t->sentencepiece) {
        str_add_slice(&t->normal, text);
        return 0;
    }
    str_adds(&t->normal, low_line);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == ' ')
            str_adds(&t->normal, low_line);
        else
            str_addc(&t->normal, text.at[i]);
    }
    return 0;
}

/* Normalised text without added tokens in it. */
static int encode_words(struct tokenizer *t, struct slice normal, struct ids *out, struct error *err)
{
    size_t count;
    const struct piece *pieces = pretoken_split(t->pretoken, normal, &count, err);
    if (!pieces)
        return -1;
    for (size_t i = 0; i < count; i++)
        encode_word(t, slice_sub(normal, pieces[i].from, pieces[i].to), out);
    return 0;
}

/* The longest added token, of those that are looked for in normalised text or of the others, at the first place
 * from which one starts; NULL when there is none. */
static const struct added_token *next_added(const struct tokenizer *t, bool normalized, struct slice text,
                                            size_t from, size_t *place)
{
    for (size_t at = from; at < text.len; at++) {
        if (!t->added_start[(unsigned char)text.at[at]])
            continue;
        for (size_t i = 0; i < t->added_count; i++) {
            struct slice a = t->added[i].text;
            if (t->added[i].normalized == normalized && a.len <= text.len - at &&
                memcmp(a.at, text.at + at, a.len) == 0) {
                *place = at;
                return &t->added[i];
            }
        }
    }
    return NULL;
}

static bool blank_at(struct slice text, size_t at)
{
    return at < text.len && strchr(" \t\n\r\v\f", text.at[at]) && text.at[at];
}

typedef int encode_fn(struct tokenizer *t, struct slice text, struct ids *out, struct error *err);

/* Added tokens of one kind become their ids, what lies between goes to encode. */
static int encode_between(struct tokenizer *t, bool normalized, struct slice text, encode_fn *encode,
                          struct ids *out, struct error *err)
{
    size_t done = 0, place = 0;
    const struct added_token *a;
    while ((a = next_added(t, normalized, text, done, &place))) {
        size_t before = place, after = place + a->text.len;
        while (a->lstrip && before > done && blank_at(text, before - 1))
            before--;
        while (a->rstrip && blank_at(text, after))
            after++;
        if (before > done && encode(t, slice_sub(text, done, before), out, err) != 0)
            return -1;
        ids_add(out, a->id);
        done = after;
    }
    return done < text.len ? encode(t, slice_sub(text, done, text.len), out, err) : 0;
}

static int encode_raw(struct tokenizer *t, struct slice text, struct ids *out, struct error *err)
{
    if (normalise(t, text, err) != 0)
        return -1;
    return encode_between(t, true, str_slice(&t->normal), encode_words, out, err);
}

/* As the reference: tokens that are not normalised are cut out first, then the rest is normalised, and only
 * then the others are looked for (a mark after "</think>" may compose with its last letter). */
static int encode_valid(struct tokenizer *t, struct slice text, struct ids *out, struct error *err)
{
    return encode_between(t, false, text, encode_raw, out, err);
}

int tokenizer_encode(struct tokenizer *t, struct slice text, struct ids *out, struct error *err)
{
    if (utf8_valid(text))
        return encode_valid(t, text, out, err);
    struct str repaired = {0};
    utf8_repair(&repaired, text);
    int result = encode_valid(t, str_slice(&repaired), out, err);
    str_free(&repaired);
    return result;
}

bool tokenizer_holds_added(const struct tokenizer *t, struct slice text, bool special_only)
{
    for (int normalized = 0; normalized < 2; normalized++) {
        size_t place = 0;
        const struct added_token *a;
        for (size_t from = 0; (a = next_added(t, normalized, text, from, &place)); from = place + a->text.len) {
            if (a->special || !special_only)
                return true;
        }
    }
    return false;
}

int tokenizer_id(const struct tokenizer *t, const char *text)
{
    uint64_t id;
    for (size_t i = 0; i < t->added_count; i++) {
        if (slice_is(t->added[i].text, text))
            return t->added[i].id;
    }
    return map_get(t->vocab, slice_of(text), &id) ? (int)id : -1;
}

static const struct added_token *added_by_id(const struct tokenizer *t, int id)
{
    for (size_t i = 0; i < t->added_count; i++) {
        if (t->added[i].id == id)
            return &t->added[i];
    }
    return NULL;
}

/* "<0x0A>" is byte 10. */
static bool fallback_byte(struct slice text, char *byte)
{
    if (text.len != 6 || memcmp(text.at, "<0x", 3) != 0 || text.at[5] != '>')
        return false;
    char digits[3] = {text.at[3], text.at[4], '\0'}, *end;
    *byte = (char)strtoul(digits, &end, 16);
    return end == digits + 2;
}

static void decode_piece(struct slice text, bool first, struct str *out)
{
    char byte;
    if (fallback_byte(text, &byte)) {
        str_addc(out, byte);
        return;
    }
    for (size_t i = 0; i < text.len;) {
        bool blank = text.len - i >= 3 && memcmp(text.at + i, low_line, 3) == 0;
        if (!blank)
            str_addc(out, text.at[i]);
        else if (i > 0 || !first)
            str_addc(out, ' ');
        i += blank ? 3 : 1;
    }
}

void tokenizer_decode(const struct tokenizer *t, const int *ids, size_t count, bool skip_special,
                      struct str *out)
{
    bool first = true; /* the blank that encoding put in front is taken away again */
    for (size_t i = 0; i < count; i++) {
        if (ids[i] < 0 || (size_t)ids[i] >= t->texts_count)
            continue;
        const struct added_token *a = added_by_id(t, ids[i]);
        struct slice text = t->texts[ids[i]];
        if (a && a->special && skip_special)
            continue;
        if (t->sentencepiece && !a)
            decode_piece(text, first, out);
        else
            str_add_slice(out, text);
        first = a != NULL;
    }
}
