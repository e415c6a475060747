#include "text/diff_words.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"

/* Words met so far. A slot holds 1 + a word's number, found by its hash; 0 is empty. */
struct slot {
    uint32_t hash, number;
};

struct table {
    struct slot *slots;
    size_t mask;
    struct slice *words; /* by number */
    size_t count, cap;
};

/* Eight bytes at a time; the last ones are read one by one, for a text may end there. */
static uint32_t hash_word(struct slice w)
{
    uint64_t h = w.len, tail = 0;
    size_t i = 0;
    for (; i + 8 <= w.len; i += 8) {
        uint64_t eight;
        memcpy(&eight, w.at + i, 8);
        h = (h ^ eight) * 0x9E3779B97F4A7C15u;
        h ^= h >> 32;
    }
    for (; i < w.len; i++)
        tail = tail << 8 | (unsigned char)w.at[i];
    h = (h ^ tail) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)(h >> 32);
}

static void grow(struct table *t)
{
    struct table larger = *t;
    larger.mask = t->mask * 2 + 1;
    larger.slots = mem_zalloc(larger.mask + 1, sizeof *larger.slots);
    for (size_t i = 0; i <= t->mask; i++) {
        if (!t->slots[i].number)
            continue;
        size_t at = t->slots[i].hash & larger.mask;
        while (larger.slots[at].number)
            at = (at + 1) & larger.mask;
        larger.slots[at] = t->slots[i];
    }
    mem_free(t->slots);
    *t = larger;
}

static uint32_t new_number(struct table *t, struct slice word)
{
    t->words = array_reserve(t->words, &t->cap, t->count + 1, sizeof *t->words);
    t->words[t->count] = word;
    return (uint32_t)t->count++;
}

static bool equal(struct slice a, struct slice b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static uint32_t intern(struct table *t, struct slice word)
{
    uint32_t hash = hash_word(word);
    size_t at = hash & t->mask;
    for (; t->slots[at].number && t->words; at = (at + 1) & t->mask)
        if (t->slots[at].hash == hash && equal(t->words[t->slots[at].number - 1], word))
            return t->slots[at].number - 1;
    uint32_t number = new_number(t, word);
    t->slots[at] = (struct slot){hash, number + 1};
    if (t->count * 2 > t->mask)
        grow(t);
    return number;
}

/* Room for one word more, and for as many as the rest of the text may hold in most languages. */
static void reserve(struct diff_side *s, size_t *cap)
{
    if (s->count < *cap)
        return;
    *cap = *cap ? *cap * 2 : s->text.len / 5 + 16;
    s->ids = mem_resize(s->ids, *cap * sizeof *s->ids);
    s->from = mem_resize(s->from, *cap * sizeof *s->from);
    s->to = mem_resize(s->to, *cap * sizeof *s->to);
    s->class = mem_resize(s->class, *cap);
}

static void add_word(struct diff_side *s, size_t *cap, uint32_t id, size_t from, size_t to, int class)
{
    reserve(s, cap);
    s->ids[s->count] = id;
    s->from[s->count] = (uint32_t)from;
    s->to[s->count] = (uint32_t)to;
    s->class[s->count++] = (uint8_t)class;
}

static void add_words(struct diff_side *s, size_t *cap, struct table *t, size_t from, size_t to)
{
    struct slice part = {s->text.at, to};
    while (from < to) {
        enum token_class class;
        size_t len = segment_step(part, from, &class);
        if (class != TOKEN_SPACE && class != TOKEN_BREAK)
            add_word(s, cap, intern(t, (struct slice){part.at + from, len}), from, from + len,
                     (int)class);
        from += len;
    }
}

static void add_block(struct diff_side *s, size_t *cap, uint32_t id, size_t from, size_t len)
{
    add_word(s, cap, id, from, from + len, DIFF_BLOCK);
}

void diff_words(struct diff_pair *p, struct slice a, struct slice b,
                const struct diff_blocks *blocks, struct anchors *pins)
{
    struct table t = {.mask = 1023};
    t.slots = mem_zalloc(t.mask + 1, sizeof *t.slots);
    size_t a_at = 0, b_at = 0, a_cap = 0, b_cap = 0;
    p->a.text = a;
    p->b.text = b;
    for (size_t i = 0; i < blocks->count; i++) {
        const struct diff_block *block = &blocks->items[i];
        add_words(&p->a, &a_cap, &t, a_at, block->a_from);
        add_words(&p->b, &b_cap, &t, b_at, block->b_from);
        anchors_add(pins, p->a.count, p->b.count);
        uint32_t number = new_number(&t, (struct slice){NULL, 0});
        add_block(&p->a, &a_cap, number, block->a_from, block->len);
        add_block(&p->b, &b_cap, number, block->b_from, block->len);
        a_at = block->a_from + block->len;
        b_at = block->b_from + block->len;
    }
    add_words(&p->a, &a_cap, &t, a_at, a.len);
    add_words(&p->b, &b_cap, &t, b_at, b.len);
    p->a.keep = mem_zalloc(p->a.count + 1, 1);
    p->b.keep = mem_zalloc(p->b.count + 1, 1);
    p->n_ids = t.count;
    mem_free(t.slots);
    mem_free(t.words);
}
