#include "text/diff_lines.h"

#include <stdint.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/mem.h"
#include "text/diff_chain.h"

enum { LINE_MIN = 8 /* bytes; shorter lines say too little to be paired by */ };

/* Lines of one text: `from` has one entry more than there are lines. */
struct lines_of {
    struct slice text;
    size_t count, cap;
    size_t *from;
};

static void split(struct lines_of *l, struct slice text)
{
    l->text = text;
    for (size_t at = 0;;) {
        l->from = array_reserve(l->from, &l->cap, l->count + 1, sizeof *l->from);
        l->from[l->count] = at;
        if (at == text.len)
            return;
        const char *end = memchr(text.at + at, '\n', text.len - at);
        at = end ? (size_t)(end - text.at) + 1 : text.len;
        l->count++;
    }
}

static struct slice line(const struct lines_of *l, size_t i)
{
    return slice_sub(l->text, l->from[i], l->from[i + 1]);
}

/* A part of both lists of lines. */
struct span {
    size_t a_from, a_to, b_from, b_to;
};

static bool same(const struct lines_of *a, size_t i, const struct lines_of *b, size_t j)
{
    return slice_eq(line(a, i), line(b, j));
}

static void add_block(struct diff_blocks *out, const struct lines_of *a, const struct lines_of *b,
                      size_t i, size_t j, size_t n)
{
    if (!n)
        return;
    out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
    out->items[out->count++] =
        (struct diff_block){a->from[i], b->from[j], a->from[i + n] - a->from[i]};
}

/* Where a line stands in each text: 0 nowhere, 1 + place, or MANY. */
struct slot {
    uint64_t hash;
    uint32_t a, b;
};
static const uint32_t MANY = UINT32_MAX;

struct table {
    struct slot *slots;
    size_t mask;
};

static struct slot *slot_of(const struct table *t, struct slice text)
{
    uint64_t hash = hash64(text) | 1;
    size_t at = (hash >> 20) & t->mask;
    while (t->slots[at].hash && t->slots[at].hash != hash)
        at = (at + 1) & t->mask;
    t->slots[at].hash = hash;
    return &t->slots[at];
}

/* Pairs of lines that stand once in each part. */
static void pair_lines(struct anchors *out, const struct lines_of *a, const struct lines_of *b,
                       struct span s)
{
    size_t size = 64;
    while (size < 2 * (s.a_to - s.a_from + s.b_to - s.b_from))
        size *= 2;
    struct table t = {.slots = mem_zalloc(size, sizeof *t.slots), .mask = size - 1};
    for (size_t i = s.a_from; i < s.a_to; i++) {
        struct slot *slot = slot_of(&t, line(a, i));
        slot->a = slot->a ? MANY : (uint32_t)i + 1;
    }
    for (size_t j = s.b_from; j < s.b_to; j++) {
        struct slot *slot = slot_of(&t, line(b, j));
        slot->b = slot->b ? MANY : (uint32_t)j + 1;
    }
    for (size_t i = s.a_from; i < s.a_to; i++) {
        if (line(a, i).len < LINE_MIN)
            continue;
        const struct slot *slot = slot_of(&t, line(a, i));
        if (slot->a != MANY && slot->b && slot->b != MANY && same(a, i, b, slot->b - 1))
            anchors_add(out, i, slot->b - 1);
    }
    mem_free(t.slots);
}

/* The chain's lines, each with the equal lines around it. */
static void add_chain(struct diff_blocks *out, const struct lines_of *a, const struct lines_of *b,
                      struct span s)
{
    struct anchors chain = {.items = NULL};
    pair_lines(&chain, a, b, s);
    anchors_keep_chain(&chain);
    for (size_t k = 0; k < chain.count; k++) {
        size_t i = chain.items[k].a, j = chain.items[k].b;
        if (i < s.a_from || j < s.b_from)
            continue; /* inside the block before */
        while (i > s.a_from && j > s.b_from && same(a, i - 1, b, j - 1)) {
            i--;
            j--;
        }
        size_t n = 0;
        while (i + n < s.a_to && j + n < s.b_to && same(a, i + n, b, j + n))
            n++;
        add_block(out, a, b, i, j, n);
        s.a_from = i + n;
        s.b_from = j + n;
        out->chosen = true;
    }
    mem_free(chain.items);
}

void diff_lines(struct diff_blocks *out, struct slice text_a, struct slice text_b)
{
    struct lines_of a = {.count = 0}, b = {.count = 0};
    split(&a, text_a);
    split(&b, text_b);
    struct span s = {0, a.count, 0, b.count};
    while (s.a_from < s.a_to && s.b_from < s.b_to && same(&a, s.a_from, &b, s.b_from)) {
        s.a_from++;
        s.b_from++;
    }
    while (s.a_to > s.a_from && s.b_to > s.b_from && same(&a, s.a_to - 1, &b, s.b_to - 1)) {
        s.a_to--;
        s.b_to--;
    }
    add_block(out, &a, &b, 0, 0, s.a_from);
    add_chain(out, &a, &b, s);
    add_block(out, &a, &b, s.a_to, s.b_to, a.count - s.a_to);
    mem_free(a.from);
    mem_free(b.from);
}
