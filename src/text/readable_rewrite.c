/*
 * Sentences of which so little is left that word for word is harder to read than old beside new. The
 * alignment is cut where sentences begin in both texts; a part between two cuts is one to judge.
 */
#include <string.h>

#include "text/readable.h"

enum {
    KEPT_PERCENT = 30, /* of the words of both sides */
    WORDS_MIN = 4      /* of both sides together; less is no sentence */
};

/* A part between two cuts. */
struct part {
    size_t a_from, b_from; /* words */
    size_t kept;           /* pairs in it */
};

static void end_part(struct diff_pair *p, struct part *part, size_t a_to, size_t b_to)
{
    size_t n = a_to - part->a_from, m = b_to - part->b_from;
    if (n && m && part->kept && n + m >= WORDS_MIN &&
        200 * part->kept < KEPT_PERCENT * (n + m)) {
        memset(p->a.keep + part->a_from, 0, n);
        memset(p->b.keep + part->b_from, 0, m);
    }
    *part = (struct part){.a_from = a_to, .b_from = b_to};
}

/* First (step 1, from `from` up) or last (step -1, from `to` down) sentence start among the places
 * from..to, both included; SIZE_MAX when there is none. */
static size_t start_in(const uint8_t *starts, size_t from, size_t to, bool last)
{
    for (size_t k = 0; k <= to - from; k++) {
        size_t at = last ? to - k : from + k;
        if (starts[at])
            return at;
    }
    return SIZE_MAX;
}

/* Cuts at a group of changes (i..i_end against j..j_end), where any place of one side may stand
 * beside any of the other: at the first sentence starts and at the last ones. */
static void cut_group(const struct readable *r, struct part *part, size_t i, size_t i_end, size_t j,
                      size_t j_end)
{
    for (int last = 0; last <= 1; last++) {
        size_t a_cut = start_in(r->start_a, i, i_end, last);
        size_t b_cut = start_in(r->start_b, j, j_end, last);
        if (a_cut != SIZE_MAX && b_cut != SIZE_MAX && a_cut >= part->a_from && b_cut >= part->b_from)
            end_part(r->pair, part, a_cut, b_cut);
    }
}

void readable_rewrite(struct readable *r)
{
    struct diff_pair *p = r->pair;
    struct part part = {.kept = 0};
    size_t i = 0, j = 0;
    while (i < p->a.count || j < p->b.count) {
        size_t i_end = i, j_end = j;
        while (i_end < p->a.count && !p->a.keep[i_end])
            i_end++;
        while (j_end < p->b.count && !p->b.keep[j_end])
            j_end++;
        cut_group(r, &part, i, i_end, j, j_end);
        if (i_end == p->a.count || j_end == p->b.count) {
            i = p->a.count;
            j = p->b.count;
            break;
        }
        part.kept++;
        i = i_end + 1;
        j = j_end + 1;
    }
    end_part(p, &part, i, j);
}
