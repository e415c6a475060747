/*
 * Global alignment with a charge for each gap, after O. Gotoh (1982): `kept` is the best score of a path
 * that ends in a kept pair, `changed` that of one that ends inside a group of changes.
 */
#include <string.h>

#include "base/mem.h"
#include "text/readable.h"

enum { NEVER = -(1 << 28) };

/* How a cell was reached, one byte each. */
enum {
    CHANGED_DOWN = 1,  /* the group took a word of a, otherwise one of b */
    CHANGED_OPENS = 2, /* the group begins with that word */
    KEPT_CHANGED = 4   /* the kept pair follows a group, otherwise a kept pair */
};

struct sheet {
    struct readable *r;
    struct readable_box box;
    size_t width;       /* b's words + 1 */
    int *kept, *changed; /* one row */
    uint8_t *trace;
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Best way into a group at a cell from its two neighbours' scores. */
static uint8_t change(int *score, int kept_up, int changed_up, int kept_left, int changed_left)
{
    int up = larger(kept_up - READABLE_CHARGE, changed_up);
    int left = larger(kept_left - READABLE_CHARGE, changed_left);
    if (up >= left) {
        *score = up;
        return CHANGED_DOWN | (up > changed_up ? CHANGED_OPENS : 0);
    }
    *score = left;
    return left > changed_left ? CHANGED_OPENS : 0;
}

static void first_row(struct sheet *s)
{
    s->kept[0] = 0;
    s->changed[0] = NEVER;
    for (size_t j = 1; j < s->width; j++) {
        s->kept[j] = NEVER;
        s->trace[j] = change(&s->changed[j], NEVER, NEVER, s->kept[j - 1], s->changed[j - 1]);
    }
}

static void fill_row(struct sheet *s, size_t i)
{
    const uint32_t *b = s->r->pair->b.ids + s->box.b_from;
    uint32_t id = s->r->pair->a.ids[s->box.a_from + i - 1];
    int weight = readable_weight(s->r, s->box.a_from + i - 1);
    uint8_t *trace = s->trace + i * s->width;
    int kept_corner = s->kept[0], changed_corner = s->changed[0];
    trace[0] = change(&s->changed[0], s->kept[0], s->changed[0], NEVER, NEVER);
    s->kept[0] = NEVER;
    for (size_t j = 1; j < s->width; j++) {
        int kept_up = s->kept[j], changed_up = s->changed[j];
        trace[j] = change(&s->changed[j], kept_up, changed_up, s->kept[j - 1], s->changed[j - 1]);
        if (b[j - 1] == id) {
            s->kept[j] = weight + larger(kept_corner, changed_corner);
            trace[j] |= changed_corner > kept_corner ? KEPT_CHANGED : 0;
        } else {
            s->kept[j] = NEVER;
        }
        kept_corner = kept_up;
        changed_corner = changed_up;
    }
}

static void walk_back(struct sheet *s)
{
    struct diff_pair *p = s->r->pair;
    size_t i = s->box.a_to - s->box.a_from, j = s->width - 1;
    bool in_group = s->changed[j] > s->kept[j];
    while (i > 0 || j > 0) {
        uint8_t trace = s->trace[i * s->width + j];
        if (in_group) {
            in_group = !(trace & CHANGED_OPENS);
            if (trace & CHANGED_DOWN)
                i--;
            else
                j--;
        } else {
            i--;
            j--;
            p->a.keep[s->box.a_from + i] = 1;
            p->b.keep[s->box.b_from + j] = 1;
            in_group = trace & KEPT_CHANGED;
        }
    }
}

void readable_align(struct readable *r, struct readable_box box)
{
    struct diff_pair *p = r->pair;
    size_t n = box.a_to - box.a_from, m = box.b_to - box.b_from;
    memset(p->a.keep + box.a_from, 0, n);
    memset(p->b.keep + box.b_from, 0, m);
    if (!n || !m)
        return;
    struct sheet s = {.r = r, .box = box, .width = m + 1};
    s.kept = mem_alloc(s.width * sizeof *s.kept);
    s.changed = mem_alloc(s.width * sizeof *s.changed);
    s.trace = mem_alloc((n + 1) * s.width);
    first_row(&s);
    for (size_t i = 1; i <= n; i++)
        fill_row(&s, i);
    walk_back(&s);
    mem_free(s.kept);
    mem_free(s.changed);
    mem_free(s.trace);
}
