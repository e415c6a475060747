/* Finding words: what a search asks for, and where the prompt speaks of a hinge. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "ui/views/review_model.h"

void review_spans_free(struct review_spans *s)
{
    mem_free(s->items);
    *s = (struct review_spans){0};
}

static unsigned char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : (unsigned char)c;
}

static bool is_letter(char c)
{
    unsigned char l = lower(c);
    return l >= 0x80 || (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9');
}

static bool matches(struct slice text, size_t at, struct slice words)
{
    for (size_t i = 0; i < words.len; i++)
        if (lower(text.at[at + i]) != lower(words.at[i]))
            return false;
    return true;
}

static bool stands_alone(struct slice text, size_t at, struct slice words)
{
    bool letter_first = is_letter(words.at[0]), letter_last = is_letter(words.at[words.len - 1]);
    return !(letter_first && at > 0 && is_letter(text.at[at - 1])) &&
           !(letter_last && at + words.len < text.len && is_letter(text.at[at + words.len]));
}

void review_find(struct review_spans *out, struct slice text, struct slice words, size_t max,
                 bool whole_words)
{
    if (!words.len)
        return;
    unsigned char first = lower(words.at[0]);
    for (size_t i = 0; i + words.len <= text.len && out->count < max; i++) {
        if (lower(text.at[i]) != first || !matches(text, i, words) ||
            (whole_words && !stands_alone(text, i, words)))
            continue;
        out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
        out->items[out->count++] =
            (struct review_span){(uint32_t)i, (uint32_t)(i + words.len)};
        i += words.len - 1;
    }
}

static int by_from(const void *a, const void *b)
{
    const struct review_span *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Words short or common enough to stand anywhere say nothing about where a hinge comes from. */
static bool tells(struct slice word)
{
    static const char *const common[] = {"the", "and", "with", "for", "was", "were", "has", "had",
                                         "have", "not", "but", "that", "this", "from", "are",
                                         "his", "her", "she", "they", "you", "any", NULL};
    bool digit = word.len && word.at[0] >= '0' && word.at[0] <= '9';
    if (word.len < 4)
        return digit;
    for (const char *const *c = common; *c; c++)
        if (word.len == strlen(*c) && matches(word, 0, slice_of(*c)))
            return false;
    return is_letter(word.at[0]);
}

/* A word that the prompt says all over the place points nowhere; nor does a speaker's name. */
static void drop_common(struct review_spans *out, size_t first, struct slice prompt)
{
    enum { COMMON = 4 };
    size_t n = first;
    for (size_t i = first; i < out->count; i++) {
        struct review_span s = out->items[i];
        bool starts = s.from == 0 || prompt.at[s.from - 1] == '\n' || prompt.at[s.from - 1] == ' ';
        if (!(starts && s.to < prompt.len && prompt.at[s.to] == ':'))
            out->items[n++] = s;
    }
    out->count = n - first > COMMON ? first : n;
}

void review_model_support(const struct review_model *m, int hunk, struct review_spans *out)
{
    enum { MOST = 200, WORDS = 16 };
    out->count = 0;
    int words = 0;
    for (int side = 1; side >= 0; side--) /* y*'s words first: they are what the prompt says */
        for (size_t i = 0; i < m->lights[side].count && words < WORDS; i++) {
            const struct flow_light *l = &m->lights[side].items[i];
            struct slice word = slice_sub(side ? m->b : m->a, l->from, l->to);
            if (l->hunk != hunk || !tells(word))
                continue;
            size_t first = out->count;
            review_find(out, str_slice(&m->prompt), word, MOST, true);
            drop_common(out, first, str_slice(&m->prompt));
            words++;
        }
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_from);
}

/* Places that overlap (a word found within another) are lit once. */
void review_model_light_prompt(struct review_model *m, const struct review_spans *places)
{
    struct flow *f = &m->prompt_flow;
    struct slice text = str_slice(&m->prompt);
    uint32_t at = 0;
    flow_clear(f);
    f->texts[FLOW_A] = text;
    f->signs = m->signs;
    for (size_t i = 0; i < places->count; i++) {
        struct review_span s = places->items[i];
        if (s.from < at)
            continue;
        flow_add(f, (struct flow_run){.from = at, .to = s.from, .hunk = -1});
        flow_add_lit(f, (struct flow_run){.from = s.from, .to = s.to, .hunk = -1, .lit = true});
        at = s.to;
    }
    flow_add(f, (struct flow_run){.from = at, .to = (uint32_t)text.len, .hunk = -1});
}
