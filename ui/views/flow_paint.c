#include "ui/views/flow_paint.h"

enum look flow_run_look(const struct flow_run *r)
{
    static const enum look plain[] = {[FLOW_KEEP] = LOOK_TEXT,   [FLOW_DELETE] = LOOK_DELETE,
                                      [FLOW_INSERT] = LOOK_INSERT, [FLOW_AWAY] = LOOK_AWAY,
                                      [FLOW_HERE] = LOOK_HERE,   [FLOW_NOTE] = LOOK_DIM};
    if (!r->lit)
        return plain[r->kind];
    return r->kind == FLOW_DELETE || r->kind == FLOW_AWAY   ? LOOK_HINGE_DELETE
           : r->kind == FLOW_INSERT || r->kind == FLOW_HERE ? LOOK_HINGE_INSERT
                                                            : LOOK_HINGE;
}

enum look flow_focus_look(const struct flow_run *r)
{
    return r->kind == FLOW_DELETE || r->kind == FLOW_AWAY   ? LOOK_FOCUS_DELETE
           : r->kind == FLOW_INSERT || r->kind == FLOW_HERE ? LOOK_FOCUS_INSERT
                                                            : LOOK_HINGE_FOCUS;
}

struct brush {
    const struct paint *p;
    const struct flow_spot *at;
    int used;
    bool focus;
};

static void put_cell(void *context, const struct flow_cell *c)
{
    struct brush *b = context;
    bool here = c->run->hunk >= 0 && c->run->hunk == b->at->hunk;
    enum look look = here                          ? flow_focus_look(c->run)
                     : c->run->kind != FLOW_KEEP || c->run->lit ? flow_run_look(c->run)
                     : c->mark                     ? LOOK_MARK
                                                   : b->at->plain;
    b->focus |= here;
    b->p->put(b->p->context, b->at->row, b->at->col + (int)c->col, c->text, (int)c->width, look);
    b->used = (int)(c->col + c->width);
}

bool flow_paint_from(struct flow *f, struct flow_at from, const struct paint *p, const struct flow_spot *at)
{
    struct brush b = {.p = p, .at = at};
    flow_draw_at(f, from, 0, (unsigned)at->cols, put_cell, &b);
    paint_fill(p, at->row, at->col + b.used, at->cols - b.used, " ",
               at->plain == LOOK_FIELD ? LOOK_FIELD : LOOK_TEXT);
    return b.focus;
}

bool flow_paint_row(struct flow *f, size_t i, const struct paint *p, const struct flow_spot *at)
{
    return flow_paint_from(f, flow_row_at(f, i), p, at);
}
