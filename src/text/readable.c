#include "text/readable.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/function_words.h"
#include "text/unicode.h"

enum {
    STRONG = 40,         /* weight of a kept run that no charge could undo */
    CELLS_MAX = 1 << 22 /* of all boxes aligned anew */
};

static int weigh(const struct diff_side *s, size_t i)
{
    struct slice word = slice_sub(s->text, s->from[i], s->to[i]);
    if (s->class[i] == DIFF_BLOCK)
        return STRONG;
    if (s->class[i] == TOKEN_PUNCT) {
        uint32_t c;
        utf8_decode(word.at, word.len, &c);
        bool pictorial = c != UTF8_BAD && c >= 0x2190 && unicode_width(c) == 2;
        return pictorial ? READABLE_CONTENT : READABLE_PUNCT;
    }
    if (s->class[i] == TOKEN_WORD && is_function_word(word))
        return READABLE_FUNCTION;
    return READABLE_CONTENT;
}

int readable_weight(struct readable *r, size_t i)
{
    uint8_t *weight = &r->weights[r->pair->a.ids[i]];
    if (!*weight)
        *weight = (uint8_t)weigh(&r->pair->a, i);
    return *weight;
}

/* A run of pairs kept without a change between them, from a/b for count words. */
struct run {
    size_t a, b, count;
    int weight; /* counted up to STRONG */
};

/* The next run at or after word i of a and j of b; false at the end. */
static bool next_run(struct readable *r, size_t i, size_t j, struct run *out)
{
    const struct diff_pair *p = r->pair;
    while (i < p->a.count && !p->a.keep[i])
        i++;
    while (j < p->b.count && !p->b.keep[j])
        j++;
    *out = (struct run){.a = i, .b = j};
    while (i < p->a.count && j < p->b.count && p->a.keep[i] && p->b.keep[j]) {
        if (out->weight < STRONG)
            out->weight += readable_weight(r, i);
        out->count++;
        i++;
        j++;
    }
    return out->count > 0;
}

static void unkeep(struct diff_pair *p, struct run run)
{
    for (size_t k = 0; k < run.count; k++)
        p->a.keep[run.a + k] = p->b.keep[run.b + k] = 0;
}

/* Without the means to align anew: ends the keeping of runs lighter than the charge they cause. */
static void drop_islands(struct readable *r, struct readable_box box)
{
    struct run run;
    size_t i = box.a_from, j = box.b_from;
    while (next_run(r, i, j, &run) && run.a < box.a_to) {
        i = run.a + run.count;
        j = run.b + run.count;
        bool between = (run.a > box.a_from || run.b > box.b_from) &&
                       (i < box.a_to || j < box.b_to);
        if (between && run.weight <= READABLE_CHARGE)
            unkeep(r->pair, run);
    }
}

/* Strong runs stand; what lies between two of them is aligned anew. */
static void align_between(struct readable *r)
{
    const struct diff_pair *p = r->pair;
    uint64_t cells = CELLS_MAX;
    struct readable_box box = {0, 0, 0, 0};
    size_t i = 0, j = 0;
    struct run run;
    bool more, weak = false;
    do {
        more = next_run(r, i, j, &run);
        i = run.a + run.count;
        j = run.b + run.count;
        if (more && run.weight < STRONG && (run.a > 0 || run.b > 0)) {
            weak = true;
            continue;
        }
        box.a_to = more ? run.a : p->a.count;
        box.b_to = more ? run.b : p->b.count;
        uint64_t area = (uint64_t)(box.a_to - box.a_from + 1) * (box.b_to - box.b_from + 1);
        if (!weak) {
            /* nothing of it is kept: there is nothing to align */
        } else if (area <= cells) {
            cells -= area;
            readable_align(r, box);
        } else {
            drop_islands(r, box);
        }
        weak = false;
        box.a_from = i;
        box.b_from = j;
    } while (more);
}

static void find_partners(struct readable *r)
{
    const struct diff_pair *p = r->pair;
    r->partner_a = mem_alloc((p->a.count + 1) * sizeof *r->partner_a);
    r->partner_b = mem_alloc((p->b.count + 1) * sizeof *r->partner_b);
    for (size_t i = 0, j = 0; i < p->a.count; i++) {
        if (!p->a.keep[i])
            continue;
        while (!p->b.keep[j])
            j++;
        r->partner_a[i] = (uint32_t)j;
        r->partner_b[j++] = (uint32_t)i;
    }
}

/* Bytes of the lines (with one more on each side) around a run of changed words, from `done` on. */
static struct range lines_around(const struct diff_side *s, size_t from, size_t to, size_t done)
{
    struct range lines = {from ? s->to[from - 1] : 0, to < s->count ? s->from[to] : s->text.len};
    if (lines.to <= done)
        return (struct range){done, done};
    lines.from = lines.from > done ? lines.from : done;
    for (int n = 0; lines.from > done && n < 2; lines.from -= n < 2)
        n += s->text.at[lines.from - 1] == '\n';
    for (int n = 0; lines.to < s->text.len && n < 2; n++) {
        const char *end = memchr(s->text.at + lines.to, '\n', s->text.len - lines.to);
        lines.to = end ? (size_t)(end - s->text.at) + 1 : s->text.len;
    }
    return lines;
}

static void mark_starts(uint8_t *starts, const struct diff_side *s, struct range lines, size_t word)
{
    struct ranges found = {.items = NULL};
    sentences(&found, slice_sub(s->text, lines.from, lines.to));
    while (word > 0 && s->from[word - 1] >= lines.from)
        word--;
    for (size_t k = 0; k < found.count; k++) {
        while (word < s->count && s->from[word] < lines.from + found.items[k].from)
            word++;
        starts[word] = 1;
    }
    ranges_free(&found);
}

/* Which words of a side start a sentence; the place behind the last word counts as one that does. */
static uint8_t *find_starts(const struct diff_side *s, const struct diff_side *other)
{
    uint8_t *starts = mem_zalloc(s->count + 2, 1);
    size_t done = 0; /* bytes */
    for (size_t i = 0, j = 0; i < s->count || j < other->count;) {
        size_t from = i;
        bool changed = false;
        for (; i < s->count && !s->keep[i]; i++)
            changed = true;
        for (; j < other->count && !other->keep[j]; j++)
            changed = true;
        if (changed) {
            struct range lines = lines_around(s, from, i, done);
            if (lines.from < lines.to)
                mark_starts(starts, s, lines, from);
            done = lines.to;
        }
        if (i < s->count && s->class[i] == DIFF_BLOCK)
            starts[i] = 1;
        i += i < s->count;
        j += j < other->count;
    }
    starts[0] = starts[s->count] = 1;
    return starts;
}

void readable_clean(struct diff *d, struct diff_pair *p)
{
    struct readable r = {.pair = p, .weights = mem_zalloc(p->n_ids + 1, 1)};
    align_between(&r);
    readable_slide(p);
    find_partners(&r);
    r.start_a = find_starts(&p->a, &p->b);
    r.start_b = find_starts(&p->b, &p->a);
    readable_rewrite(&r);
    readable_free_moved(&r);
    readable_slide(p);
    readable_moves(d, &r);
    mem_free(r.weights);
    mem_free(r.partner_a);
    mem_free(r.partner_b);
    mem_free(r.start_a);
    mem_free(r.start_b);
}
