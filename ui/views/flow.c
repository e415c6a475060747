#include "ui/views/flow.h"

#include <assert.h>
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "ui/views/flow_cell.h"

enum { MARK_EVERY = 2048 }; /* columns between the remembered places of a row that is not wrapped */

void flow_free(struct flow *f)
{
    mem_free(f->runs);
    mem_free(f->rows);
    mem_free(f->marks);
    *f = (struct flow){0};
}

static void forget_rows(struct flow *f)
{
    f->n_rows = 0;
    f->n_marks = 0;
    f->complete = false;
}

void flow_clear(struct flow *f)
{
    f->n_runs = 0;
    forget_rows(f);
}

static bool continues(const struct flow_run *a, const struct flow_run *b)
{
    return a->to == b->from && a->text == b->text && a->kind == b->kind && a->hunk == b->hunk &&
           a->lit == b->lit && a->exposed == b->exposed && a->unbroken == b->unbroken &&
           a->text != FLOW_SIGN;
}

void flow_add(struct flow *f, struct flow_run run)
{
    assert(run.to <= f->texts[run.text].len);
    if (run.from >= run.to)
        return;
    if (f->n_runs && continues(&f->runs[f->n_runs - 1], &run)) {
        f->runs[f->n_runs - 1].to = run.to;
        return;
    }
    f->runs = array_reserve(f->runs, &f->cap_runs, f->n_runs + 1, sizeof *f->runs);
    f->runs[f->n_runs++] = run;
}

void flow_plain(struct flow *f, struct slice text)
{
    flow_clear(f);
    f->texts[FLOW_A] = text;
    flow_add(f, (struct flow_run){.to = (uint32_t)text.len, .hunk = -1});
}

void flow_layout(struct flow *f, unsigned width, bool wrap)
{
    if (width < 1)
        width = 1;
    if (f->width != width || f->wrap != wrap)
        forget_rows(f);
    f->width = width;
    f->wrap = wrap;
}

static struct flow_at start_of(const struct flow *f)
{
    return (struct flow_at){.run = 0, .off = f->n_runs ? f->runs[0].from : 0};
}

static bool at_end(const struct flow *f, struct flow_at at)
{
    return at.run >= f->n_runs;
}

/* The same place, at the start of the next run when it is at the end of one. */
static struct flow_at settle(const struct flow *f, struct flow_at at)
{
    while (at.run < f->n_runs && at.off >= f->runs[at.run].to) {
        at.run++;
        at.off = at.run < f->n_runs ? f->runs[at.run].from : 0;
    }
    return at;
}

/* Next row start without wrapping: after the next line end that breaks. */
static bool next_line(const struct flow *f, struct flow_at *at)
{
    for (; at->run < f->n_runs; *at = settle(f, (struct flow_at){at->run, f->runs[at->run].to})) {
        const struct flow_run *r = &f->runs[at->run];
        if (r->unbroken)
            continue;
        const char *text = f->texts[r->text].at;
        const char *end = memchr(text + at->off, '\n', r->to - at->off);
        if (!end)
            continue;
        *at = settle(f, (struct flow_at){at->run, (uint32_t)(end - text) + 1});
        return true;
    }
    return true;
}

/* The walk of one wrapped row: where it is, and where it may be broken. */
struct wrapper {
    struct flow_at at, border; /* border: after the last blank or wide character */
    unsigned col;
    bool has_border, over; /* over: past the edge, taking the blanks that hang there */
};

/* Whether the step fits; false: the row ends before it (or at the border). */
static bool take(struct wrapper *w, const struct flow_step *s, unsigned width)
{
    if (s->width && (w->over || w->col + s->width > width)) {
        if (!s->blank)
            return w->col == 0;
        w->over = true;
    }
    if (s->wide && w->col) {
        w->border = w->at;
        w->has_border = true;
    }
    return true;
}

static void advance(struct wrapper *w, const struct flow_step *s)
{
    w->at.off += s->len;
    if (!w->over)
        w->col += s->width;
    if (s->blank || s->wide) {
        w->border = w->at;
        w->has_border = true;
    }
}

/* Plain ASCII letters up to the edge, the common case, without a call for each. */
static void take_ascii(const struct flow *f, const struct flow_run *r, struct wrapper *w)
{
    const char *text = f->texts[r->text].at;
    uint32_t room = w->col < f->width ? f->width - w->col : 0;
    uint32_t end = r->to - w->at.off > room ? w->at.off + room : r->to;
    uint32_t i = w->at.off;
    for (; i < end; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c > 0x7E || (i + 1 < r->to && (unsigned char)text[i + 1] >= 0x80))
            break; /* the last because a combining mark may follow */
        if (f->signs && memchr("[{-+<>", c, 6))
            break; /* may have to be told from a sign */
        if (c == ' ') {
            w->border = (struct flow_at){w->at.run, i + 1};
            w->has_border = true;
        }
    }
    w->col += i - w->at.off;
    w->at.off = i;
}

static bool next_wrapped(const struct flow *f, struct flow_at *at)
{
    struct wrapper w = {.at = *at};
    while (!at_end(f, w.at)) {
        const struct flow_run *r = &f->runs[w.at.run];
        if (!r->exposed && r->text != FLOW_SIGN && !w.over)
            take_ascii(f, r, &w);
        if (w.at.off < r->to) {
            struct flow_step s;
            flow_step(f, r, w.at.off, w.col, &s);
            if (!take(&w, &s, f->width)) {
                *at = settle(f, w.has_border ? w.border : w.at);
                return false;
            }
            advance(&w, &s);
            if (s.ends_line) {
                *at = settle(f, w.at);
                return true;
            }
        }
        w.at = settle(f, w.at);
    }
    *at = w.at;
    return true;
}

bool flow_next_row(const struct flow *f, struct flow_at *at)
{
    return f->wrap ? next_wrapped(f, at) : next_line(f, at);
}

static void push_row(struct flow *f, struct flow_at at)
{
    f->rows = array_reserve(f->rows, &f->cap_rows, f->n_rows + 1, sizeof *f->rows);
    f->rows[f->n_rows++] = at;
}

/* Finds one row more. */
static void find_row(struct flow *f)
{
    if (!f->n_rows) {
        push_row(f, start_of(f));
        return;
    }
    struct flow_at at = f->rows[f->n_rows - 1];
    flow_next_row(f, &at);
    if (at_end(f, at))
        f->complete = true;
    else
        push_row(f, at);
}

bool flow_has_row(struct flow *f, size_t i)
{
    while (f->n_rows <= i && !f->complete)
        find_row(f);
    return i < f->n_rows;
}

size_t flow_count(struct flow *f)
{
    while (!f->complete)
        find_row(f);
    return f->n_rows;
}

static bool before(struct flow_at a, struct flow_at b)
{
    return a.run != b.run ? a.run < b.run : a.off < b.off;
}

size_t flow_row_of(struct flow *f, struct flow_at at)
{
    flow_has_row(f, 0);
    while (!f->complete && !before(at, f->rows[f->n_rows - 1]))
        find_row(f);
    size_t low = 0, high = f->n_rows; /* rows[low] <= at < rows[high] */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (before(at, f->rows[mid]))
            high = mid;
        else
            low = mid;
    }
    return low;
}

struct flow_at flow_row_at(struct flow *f, size_t i)
{
    bool there = flow_has_row(f, i);
    assert(there);
    (void)there;
    return f->rows[i];
}

/* Walks the steps of the row from `from` up to `to`, columns counted from col on. */
struct painter {
    const struct flow *f;
    flow_sink *sink;
    void *ctx;
    struct flow_at at, to;
    unsigned col, skip, width;
};

static void emit(struct painter *p, const struct flow_run *r, const struct flow_step *s)
{
    struct flow_cell cell = {
        .text = s->shown,
        .run = r,
        .from = p->at.off,
        .to = p->at.off + s->len,
        .col = p->col > p->skip ? p->col - p->skip : 0,
        .width = s->width,
        .mark = s->mark,
    };
    bool left = p->col < p->skip, right = p->col + s->width > p->skip + p->width;
    if (left || right) { /* half outside: only its room is kept */
        unsigned end = p->col + s->width - p->skip;
        cell.width = (end < p->width ? end : p->width) - cell.col;
        cell.text = (struct slice){"                ", cell.width < 16 ? cell.width : 16};
        cell.width = (unsigned)cell.text.len;
    }
    p->sink(p->ctx, &cell);
}

/* Left of what is drawn, plain ASCII letters are passed over without a step for each. */
static void pass_ascii(struct painter *p, const struct flow_run *r)
{
    const char *text = p->f->texts[r->text].at;
    uint32_t room = p->skip - p->col;
    uint32_t stop = p->at.run == p->to.run ? p->to.off : r->to;
    uint32_t end = stop - p->at.off > room ? p->at.off + room : stop, i = p->at.off;
    while (i < end && text[i] >= 0x20 && text[i] <= 0x7E &&
           !(i + 1 < r->to && text[i + 1] & 0x80) && !(p->f->signs && memchr("[{-+<>", text[i], 6)))
        i++;
    p->col += i - p->at.off;
    p->at = settle(p->f, (struct flow_at){p->at.run, i});
}

/* One step; false at the end of the row or past the right edge. */
static bool paint_step(struct painter *p)
{
    if (!at_end(p->f, p->at) && p->col < p->skip && before(p->at, p->to) &&
        !p->f->runs[p->at.run].exposed && p->f->runs[p->at.run].text != FLOW_SIGN)
        pass_ascii(p, &p->f->runs[p->at.run]);
    if (at_end(p->f, p->at) || !before(p->at, p->to) || p->col >= p->skip + p->width)
        return false;
    const struct flow_run *r = &p->f->runs[p->at.run];
    struct flow_step s;
    flow_step(p->f, r, p->at.off, p->col, &s);
    if (s.width && p->col + s.width > p->skip)
        emit(p, r, &s);
    p->col += s.width;
    p->at = settle(p->f, (struct flow_at){p->at.run, p->at.off + s.len});
    return !s.ends_line;
}

static void no_sink(void *ctx, const struct flow_cell *cell)
{
    (void)ctx;
    (void)cell;
}

static bool same(struct flow_at a, struct flow_at b)
{
    return a.run == b.run && a.off == b.off;
}

/* Remembers places along a long row, so that column 900,000 is as near as column 9, and starts the
 * painter at the last of them before what is drawn. */
static void start_near(struct flow *f, struct painter *p)
{
    if (!same(f->marks_from, p->at))
        f->n_marks = 0;
    f->marks_from = p->at;
    struct painter walk = *p;
    walk.sink = no_sink;
    walk.width = 0;
    if (f->n_marks) {
        walk.at = f->marks[f->n_marks - 1].at;
        walk.col = f->marks[f->n_marks - 1].col;
    }
    while (walk.col + MARK_EVERY <= p->skip) {
        uint32_t goal = walk.col + MARK_EVERY;
        walk.skip = goal;
        while (paint_step(&walk))
            ;
        if (walk.col < goal)
            break; /* the row ends before */
        f->marks = array_reserve(f->marks, &f->cap_marks, f->n_marks + 1, sizeof *f->marks);
        f->marks[f->n_marks++] = (struct flow_mark){walk.at, walk.col};
    }
    for (size_t i = f->n_marks; i-- > 0;)
        if (f->marks[i].col <= p->skip) {
            p->at = f->marks[i].at;
            p->col = f->marks[i].col;
            return;
        }
}

static struct flow_at row_end(struct flow *f, size_t i)
{
    return flow_has_row(f, i + 1) ? f->rows[i + 1] : (struct flow_at){(uint32_t)f->n_runs, 0};
}

static void draw(struct flow *f, struct painter *p)
{
    if (p->skip >= MARK_EVERY)
        start_near(f, p);
    while (paint_step(p))
        ;
}

void flow_draw(struct flow *f, size_t i, unsigned skip, unsigned width, flow_sink *sink, void *ctx)
{
    struct painter p = {.f = f, .sink = sink, .ctx = ctx, .at = flow_row_at(f, i),
                        .to = row_end(f, i), .skip = skip, .width = width};
    draw(f, &p);
}

void flow_draw_at(struct flow *f, struct flow_at from, unsigned skip, unsigned width,
                  flow_sink *sink, void *ctx)
{
    struct flow_at to = from;
    flow_next_row(f, &to);
    struct painter p = {.f = f, .sink = sink, .ctx = ctx, .at = from, .to = to, .skip = skip,
                        .width = width};
    draw(f, &p);
}

unsigned flow_width_at(const struct flow *f, struct flow_at from)
{
    struct flow_at to = from;
    flow_next_row(f, &to);
    struct painter p = {.f = f, .sink = no_sink, .at = from, .to = to, .skip = UINT32_MAX};
    while (paint_step(&p))
        ;
    return p.col;
}

unsigned flow_row_width(struct flow *f, size_t i)
{
    return flow_width_at(f, flow_row_at(f, i));
}

unsigned flow_column(struct flow *f, size_t i, struct flow_at at)
{
    struct painter p = {.f = f, .sink = no_sink, .at = flow_row_at(f, i), .to = at,
                        .skip = UINT32_MAX};
    while (paint_step(&p))
        ;
    return p.col;
}

bool flow_find_hunk(const struct flow *f, int hunk, struct flow_at *at)
{
    bool found = false;
    for (size_t i = 0; i < f->n_runs; i++) {
        const struct flow_run *r = &f->runs[i];
        if (r->hunk != hunk || (found && !r->lit))
            continue;
        *at = (struct flow_at){(uint32_t)i, r->from};
        found = true;
        if (r->lit)
            break;
    }
    return found;
}

bool flow_find_byte(const struct flow *f, enum flow_text text, size_t off, struct flow_at *at)
{
    for (size_t i = 0; i < f->n_runs; i++) {
        const struct flow_run *r = &f->runs[i];
        if (r->text != text || off < r->from || off >= r->to)
            continue;
        *at = (struct flow_at){(uint32_t)i, (uint32_t)off};
        return true;
    }
    return false;
}
