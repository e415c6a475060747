/*
 * A deletion or insertion whose last word equals the word before it may as well stand one word earlier, and the
 * other way round. Of all such places the one between lines, sentences or clauses is shown.
 */
#include "base/utf8.h"
#include "text/readable.h"
#include "text/unicode.h"

enum { REACH = 200 /* words to either side: longer slides are of repeated text */ };

static bool has_line_end(struct slice blank)
{
    for (size_t i = 0; i < blank.len; i++)
        if (blank.at[i] == '\n' || blank.at[i] == '\r')
            return true;
    return false;
}

/* How natural a border before word `at` of the side is. */
static int border(const struct diff_side *s, size_t at)
{
    if (at == 0 || at == s->count || s->class[at - 1] == DIFF_BLOCK)
        return 6;
    struct slice blank = slice_sub(s->text, s->to[at - 1], s->from[at]);
    if (has_line_end(blank))
        return 6;
    char before = s->text.at[s->to[at - 1] - 1], after = s->text.at[s->from[at]];
    bool ends = s->class[at - 1] == TOKEN_PUNCT;
    if (ends && blank.len && (before == '.' || before == '!' || before == '?'))
        return 5;
    if (ends && blank.len && (before == ';' || before == ':'))
        return 4;
    if (ends && blank.len && before == ',')
        return 3;
    if (after == '(' || after == '[')
        return 3;
    return blank.len ? 2 : s->class[at] == TOKEN_PUNCT || ends ? 1 : 0;
}

/* How far the run may slide: the other side has no change among so many words before and behind. */
struct room {
    size_t before, behind;
};

/* Whether moving the run to [f, t) is better than anything so far. */
static bool better(const struct diff_side *s, size_t f, size_t t, int *score)
{
    int there = border(s, f) + border(s, t);
    bool is = there > *score;
    if (is)
        *score = there;
    return is;
}

/* How far (negative: to the front) the changed words [from, to) are best moved. Each step needs the word
 * that leaves the run on one side to equal the one that enters on the other. */
static int best_slide(const struct diff_side *s, size_t from, size_t to, struct room room)
{
    int best = 0, score = border(s, from) + border(s, to);
    for (size_t k = 1; k <= room.before && s->ids[from - k] == s->ids[to - k]; k++)
        if (better(s, from - k, to - k, &score))
            best = -(int)k;
    for (size_t k = 1; k <= room.behind && s->ids[from + k - 1] == s->ids[to + k - 1]; k++)
        if (better(s, from + k, to + k, &score))
            best = (int)k;
    return best;
}

/* Moves the run: the words before or behind it change places with its own, which are equal. */
static void slide(struct diff_side *s, size_t from, size_t to, int by)
{
    for (; by < 0; by++) {
        s->keep[--from] = 0;
        s->keep[--to] = 1;
    }
    for (; by > 0; by--) {
        s->keep[from++] = 1;
        s->keep[to++] = 0;
    }
}

static size_t run_end(const struct diff_side *s, size_t at)
{
    while (at < s->count && !s->keep[at])
        at++;
    return at;
}

static void slide_run(struct diff_side *s, const struct diff_side *other, size_t from, size_t to,
                      size_t other_at)
{
    struct room room = {0, 0};
    while (room.before < REACH && room.before < from && room.before < other_at &&
           s->keep[from - 1 - room.before] && other->keep[other_at - 1 - room.before])
        room.before++;
    while (room.behind < REACH && to + room.behind < s->count &&
           other_at + room.behind < other->count && s->keep[to + room.behind] &&
           other->keep[other_at + room.behind])
        room.behind++;
    slide(s, from, to, best_slide(s, from, to, room));
}

void readable_slide(struct diff_pair *p)
{
    size_t i = 0, j = 0;
    for (;;) {
        size_t i_end = run_end(&p->a, i), j_end = run_end(&p->b, j);
        if (i_end > i && j_end == j)
            slide_run(&p->a, &p->b, i, i_end, j);
        else if (j_end > j && i_end == i)
            slide_run(&p->b, &p->a, j, j_end, i);
        i = run_end(&p->a, i);
        j = run_end(&p->b, j);
        if (i >= p->a.count || j >= p->b.count)
            return;
        i++;
        j++;
    }
}
