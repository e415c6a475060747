/* Marking a hinge by hand: a word is chosen in the diff with the arrows, Enter marks it. */
#include <string.h>

#include "app/actions.h"
#include "ui/views/review_state.h"

static bool is_letter(const struct flow *f, const struct flow_run *r, uint32_t at)
{
    unsigned char c = (unsigned char)f->texts[r->text].at[at];
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool word_from(struct review *v, uint32_t run, uint32_t at)
{
    const struct flow *f = &v->m.unified;
    for (; run < f->n_runs; run++, at = run < f->n_runs ? f->runs[run].from : 0) {
        const struct flow_run *r = &f->runs[run];
        if (r->text == FLOW_SIGN)
            continue;
        while (at < r->to && !is_letter(f, r, at))
            at++;
        if (at >= r->to)
            continue;
        uint32_t to = at;
        while (to < r->to && is_letter(f, r, to))
            to++;
        v->mark = (struct review_mark){.in_b = r->text == FLOW_B, .run = run, .from = at, .to = to};
        return true;
    }
    return false;
}

static bool word_before(struct review *v, uint32_t run, uint32_t at)
{
    const struct flow *f = &v->m.unified;
    for (;; run--, at = f->runs[run].to) {
        const struct flow_run *r = &f->runs[run];
        if (r->text != FLOW_SIGN) {
            while (at > r->from && !is_letter(f, r, at - 1))
                at--;
            if (at > r->from) {
                uint32_t from = at;
                while (from > r->from && is_letter(f, r, from - 1))
                    from--;
                v->mark = (struct review_mark){
                    .in_b = r->text == FLOW_B, .run = run, .from = from, .to = at};
                return true;
            }
        }
        if (run == 0)
            return false;
    }
}

static void bring_mark(struct review *v)
{
    review_bring(v, PANE_DIFF, (struct flow_at){v->mark.run, v->mark.from});
}

void review_start_mark(struct review *v)
{
    if (v->m.pair + 1 != v->m.n_pairs) {
        review_say(v, LOOK_WARN, "hinges are marked on y0 and y*: ] goes there");
        return;
    }
    struct flow_at at = {0, 0};
    v->sides = false;
    v->focus = PANE_DIFF;
    review_shape(v, v->rows, v->cols);
    if (review_current_hunk(v) >= 0)
        flow_find_hunk(&v->m.unified, review_current_hunk(v), &at);
    else if (flow_has_row(&v->m.unified, v->scroll[PANE_DIFF].top))
        at = flow_row_at(&v->m.unified, v->scroll[PANE_DIFF].top);
    if (!word_from(v, at.run, at.off) && !word_from(v, 0, 0)) {
        review_say(v, LOOK_WARN, "there is no word to mark");
        return;
    }
    v->mode = MODE_MARK;
    bring_mark(v);
}

/* First word of the row above or below. */
static void step_row(struct review *v, int step)
{
    struct flow *f = &v->m.unified;
    size_t row = flow_row_of(f, (struct flow_at){v->mark.run, v->mark.from});
    if ((step < 0 && row == 0) || !flow_has_row(f, row + (size_t)step))
        return;
    struct flow_at at = flow_row_at(f, row + (size_t)step);
    word_from(v, at.run, at.off);
}

static bool is_marked(const struct review *v, bool in_y_star)
{
    for (size_t i = 0; i < v->m.record.n_marks; i++) {
        const struct stored_mark *m = &v->m.record.marks[i];
        if (m->in_y_star == in_y_star && m->from == v->mark.from && m->to == v->mark.to)
            return true;
    }
    return false;
}

static void toggle(struct review *v)
{
    /* Without a y* the one text shown is y0. */
    bool in_y_star = v->mark.in_b && v->m.pairs[v->m.pair].to;
    struct outcome out = {0};
    struct error err = {0};
    if (action_mark_hinge(v->session, v->m.record.id, in_y_star, v->mark.from, v->mark.to,
                          !is_marked(v, in_y_star), &out, &err) != 0)
        review_say(v, LOOK_BAD, err.text);
    else
        review_sayf(v, LOOK_GOOD, "%s · u undoes it", str_z(&out.said));
    outcome_free(&out);
    v->mode = MODE_READ;
    if (review_reload(v, &err) != 0)
        review_say(v, LOOK_BAD, err.text);
}

enum review_wish review_mark_command(struct review *v, const char *name)
{
    if (strcmp(name, "right") == 0)
        word_from(v, v->mark.run, v->mark.to);
    else if (strcmp(name, "left") == 0)
        word_before(v, v->mark.run, v->mark.from);
    else if (strcmp(name, "down") == 0)
        step_row(v, 1);
    else if (strcmp(name, "up") == 0)
        step_row(v, -1);
    else if (strcmp(name, "enter") == 0)
        toggle(v);
    else if (strcmp(name, "put-aside") == 0 || strcmp(name, "back") == 0)
        v->mode = MODE_READ;
    else
        return REVIEW_UNKNOWN;
    if (v->mode == MODE_MARK)
        bring_mark(v);
    return REVIEW_STAY;
}
