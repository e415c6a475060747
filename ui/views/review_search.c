/* Searching in the pane that has the focus. */
#include "ui/views/review_state.h"

enum { MOST = 10000 };

void review_search_clear(struct review *v)
{
    str_clear(&v->search);
    v->matches[0].count = v->matches[1].count = 0;
    v->match = -1;
}

static size_t total(const struct review *v)
{
    return v->matches[0].count + v->matches[1].count;
}

void review_search_run(struct review *v)
{
    struct slice words = slice_trim(str_slice(&v->search));
    v->matches[0].count = v->matches[1].count = 0;
    v->match = -1;
    if (!words.len)
        return;
    v->searched = v->focus;
    struct flow *f = review_pane_flow(v, v->focus);
    if (!f) {
        v->searched = v->focus = PANE_DIFF;
        f = review_pane_flow(v, PANE_DIFF);
    }
    for (int t = 0; t < FLOW_SIGN; t++)
        review_find(&v->matches[t], f->texts[t], words, MOST, false);
    if (v->searched == PANE_DIFF) { /* what b kept of a is shown, and counted, once */
        size_t n = 0;
        for (size_t i = 0; i < v->matches[FLOW_A].count; i++) {
            struct flow_at at;
            if (flow_find_byte(f, FLOW_A, v->matches[FLOW_A].items[i].from, &at))
                v->matches[FLOW_A].items[n++] = v->matches[FLOW_A].items[i];
        }
        v->matches[FLOW_A].count = n;
    }
    review_search_step(v, 1);
}

static bool before(struct flow_at a, struct flow_at b)
{
    return a.run != b.run ? a.run < b.run : a.off < b.off;
}

/* The match nearest after (or before) a place as it is shown. */
static bool nearest(const struct review *v, const struct flow *f, struct flow_at from, int step,
                    struct flow_at *found)
{
    bool any = false;
    for (int t = 0; t < FLOW_SIGN; t++)
        for (size_t i = 0; i < v->matches[t].count; i++) {
            struct flow_at at;
            if (!flow_find_byte(f, (enum flow_text)t, v->matches[t].items[i].from, &at))
                continue;
            bool beyond = step > 0 ? before(from, at) : before(at, from);
            if (!beyond || (any && (step > 0 ? before(*found, at) : before(at, *found))))
                continue;
            *found = at;
            any = true;
        }
    return any;
}

void review_search_step(struct review *v, int step)
{
    struct flow *f = review_pane_flow(v, v->searched);
    size_t n = total(v);
    if (!n) {
        review_sayf(v, LOOK_WARN, "not found: %s", str_z(&v->search));
        review_search_clear(v);
        return;
    }
    struct flow_at found, end = {UINT32_MAX, 0}, start = {0, 0};
    bool fresh = v->match < 0;
    bool any = nearest(v, f, fresh ? start : v->match_at, step, &found) ||
               nearest(v, f, step > 0 ? start : end, step, &found);
    /* The very first byte is not after the start. */
    if (!any)
        found = fresh ? start : v->match_at;
    v->match_at = found;
    v->match = 0;
    review_bring(v, v->searched, found);
    review_sayf(v, LOOK_DIM, "%zu match%s of %s · n N step, Esc ends the search", n,
                n == 1 ? "" : "es", str_z(&v->search));
}
