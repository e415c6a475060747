#include "ui/views/review_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/hinge_find.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/mem.h"
#include "base/utf8.h"

static struct slice text_of(const struct stored_output *o)
{
    return slice_of(o ? o->text : NULL);
}

static void drop_pair(struct review_model *m)
{
    diff_free(m->exact);
    diff_free(m->readable);
    hinges_free(m->hinges);
    m->exact = m->readable = NULL;
    m->hinges = NULL;
    m->lights[0].count = m->lights[1].count = 0;
    m->n_stops = m->n_clauses = m->n_lit = 0;
    m->has_sides = false;
}

void review_model_free(struct review_model *m)
{
    drop_pair(m);
    stored_record_free(&m->record);
    str_free(&m->prompt);
    mem_free(m->pairs);
    mem_free(m->stops);
    mem_free(m->clauses);
    mem_free(m->clause_of);
    flow_lights_free(&m->lights[0]);
    flow_lights_free(&m->lights[1]);
    flow_free(&m->unified);
    flow_free(&m->prompt_flow);
    flow_free(&m->rationale_flow);
    flow_sides_free(&m->sides);
    *m = (struct review_model){0};
}

/* Pairs: y0 → y1 → ... → y*, then y0 → y* over all of them. */

static void add_pair(struct review_model *m, const struct stored_output *from,
                     const struct stored_output *to, int from_round, int to_round)
{
    struct review_pair *p = &m->pairs[m->n_pairs++];
    *p = (struct review_pair){.from = from, .to = to};
    if (!to)
        snprintf(p->name, sizeof p->name, "%s", from && from->kind == OUTPUT_Y0 ? "y0" : "y*");
    else if (to_round < 0)
        snprintf(p->name, sizeof p->name, "y%d → y*", from_round);
    else
        snprintf(p->name, sizeof p->name, "y%d → y%d", from_round, to_round);
}

static void list_pairs(struct review_model *m)
{
    const struct stored_record *r = &m->record;
    const struct stored_output *y0 = stored_y0(r), *last = y0, *y_star = stored_y_star(r);
    int at = 0;
    m->pairs = mem_zalloc(r->n_outputs + 2, sizeof *m->pairs);
    m->n_pairs = 0;
    for (size_t i = 0; y0 && i < r->n_outputs; i++) {
        const struct stored_output *o = &r->outputs[i];
        if (o->kind != OUTPUT_ROUND || o == y_star)
            continue;
        add_pair(m, last, o, at, at + 1);
        last = o;
        at++;
    }
    if (at && y_star && !slice_eq(text_of(last), text_of(y_star)))
        add_pair(m, last, y_star, at, -1);
    if (y0 || y_star)
        add_pair(m, y0 ? y0 : y_star, y0 ? y_star : NULL, 0, -1);
    else
        add_pair(m, NULL, NULL, 0, -1);
}

/* Grader spans, from code points to bytes. */
static struct hinge_span *spans_of(const struct stored_output *o, size_t *count)
{
    *count = o ? o->n_spans : 0;
    if (!*count)
        return NULL;
    struct hinge_span *spans = mem_zalloc(*count, sizeof *spans);
    struct slice text = text_of(o);
    size_t point = 0, byte = 0; /* spans are mostly in order: walk on from the last */
    for (size_t i = 0; i < *count; i++) {
        const struct record_span *s = &o->spans[i];
        if (s->start < point)
            point = byte = 0;
        byte += utf8_offset(slice_sub(text, byte, text.len), s->start - point);
        point = s->start;
        size_t len = s->end > s->start ? s->end - s->start : 0;
        spans[i].from = byte;
        spans[i].to = byte + utf8_offset(slice_sub(text, byte, text.len), len);
    }
    return spans;
}

static void find_hinges(struct review_model *m, const struct review_pair *p, struct slice y0,
                        struct slice y_star)
{
    struct arena arena = {0};
    size_t n_spans;
    struct hinge_span *spans = spans_of(y0.len ? p->from : NULL, &n_spans);
    struct hinge_input in = {.prompt = str_slice(&m->prompt),
                             .y0 = y0,
                             .y_star = y_star,
                             .rationale = m->rationale,
                             .spans = spans,
                             .n_spans = n_spans};
    hinge_surprisal(&in, p->from, &arena);
    m->hinges = hinges_find(&in, m->exact);
    arena_free(&arena);
    mem_free(spans);
}

static int by_place(const void *a, const void *b)
{
    const struct flow_light *x = a, *y = b;
    return x->from != y->from ? (x->from < y->from ? -1 : 1) : (x->to > y->to) - (x->to < y->to);
}

/* Sorts, and cuts what overlaps: a lit piece wins over one that is not. */
static void tidy_lights(struct flow_lights *l)
{
    if (!l->count)
        return;
    qsort(l->items, l->count, sizeof *l->items, by_place);
    size_t n = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct flow_light light = l->items[i];
        struct flow_light *last = n ? &l->items[n - 1] : NULL;
        if (last && light.from < last->to) {
            last->lit |= light.lit;
            if (light.to <= last->to)
                continue;
            light.from = last->to;
        }
        l->items[n++] = light;
    }
    l->count = n;
}

/* A hinge marked by hand belongs to the change it touches, or is one of its own. */
static int hunk_at(const struct flow_lights *l, size_t from, size_t to)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].from < to && l->items[i].to > from)
            return l->items[i].hunk;
    return -1;
}

static void add_marks(struct review_model *m)
{
    int next = (int)m->hinges->n_hunks;
    for (size_t i = 0; i < m->record.n_marks; i++) {
        const struct stored_mark *mark = &m->record.marks[i];
        struct flow_lights *l = &m->lights[mark->in_y_star];
        size_t len = mark->in_y_star ? m->b.len : m->a.len;
        if (mark->from >= mark->to || mark->to > len)
            continue; /* made on a text that was changed since */
        int hunk = hunk_at(l, mark->from, mark->to);
        flow_lights_add(l, (struct flow_light){.from = (uint32_t)mark->from,
                                               .to = (uint32_t)mark->to,
                                               .hunk = hunk < 0 ? next++ : hunk,
                                               .lit = true});
    }
}

static void collect_lights(struct review_model *m, bool with_marks)
{
    for (size_t i = 0; i < m->hinges->count; i++) {
        const struct hinge *h = &m->hinges->items[i];
        if (h->from < h->to) /* a gap's words are y*'s */
            flow_lights_add(&m->lights[h->side == HINGE_Y_STAR],
                            (struct flow_light){.from = (uint32_t)h->from, .to = (uint32_t)h->to,
                                                .hunk = h->hunk, .lit = h->lit});
    }
    if (with_marks)
        add_marks(m);
    tidy_lights(&m->lights[0]);
    tidy_lights(&m->lights[1]);
}


int review_model_stop_of(const struct review_model *m, int hunk)
{
    for (size_t i = 0; i < m->n_stops; i++)
        if (m->stops[i] == hunk)
            return (int)i;
    return -1;
}

static void add_stop(struct review_model *m, int hunk)
{
    if (hunk < 0 || (m->n_stops && m->stops[m->n_stops - 1] == hunk))
        return;
    m->stops = array_reserve(m->stops, &m->cap_stops, m->n_stops + 1, sizeof *m->stops);
    m->stops[m->n_stops++] = hunk;
}

/* In the order the eye meets them: the unified runs. */
static void list_stops(struct review_model *m)
{
    char *seen = mem_zalloc(m->hinges->n_hunks + m->record.n_marks + 1, 1);
    for (int lit = 1; lit >= 0 && !m->n_stops; lit--)
        for (size_t i = 0; i < m->unified.n_runs; i++) {
            const struct flow_run *r = &m->unified.runs[i];
            if (r->hunk < 0 || (lit && !r->lit) || seen[r->hunk])
                continue;
            seen[r->hunk] = 1;
            add_stop(m, r->hunk);
            m->n_lit += lit != 0;
        }
    mem_free(seen);
}

/* The rationale's clauses, with what stands between them taken into the clause before. */
static void list_clauses(struct review_model *m)
{
    size_t n = m->hinges->n_clauses;
    m->clauses = array_reserve(m->clauses, &m->cap_clauses, n + 1, sizeof *m->clauses);
    uint32_t end = (uint32_t)m->rationale.len;
    for (size_t i = 0; i < n; i++) {
        const struct hinge_clause *c = &m->hinges->clauses[i];
        uint32_t to = i + 1 < n ? (uint32_t)m->hinges->clauses[i + 1].from : end;
        m->clauses[m->n_clauses++] = (struct review_clause){
            .from = i ? (uint32_t)c->from : 0, .to = to, .hunk = c->hunk};
    }
    if (!n && end)
        m->clauses[m->n_clauses++] = (struct review_clause){.to = end, .hunk = -1};
}

/* Which clause answers for which change: the hinges say so, and each clause names its best. */
static void link_clauses(struct review_model *m)
{
    const struct hinges *h = m->hinges;
    m->n_hunks = h->n_hunks;
    m->clause_of = array_reserve(m->clause_of, &m->cap_hunks, m->n_hunks + 1, sizeof *m->clause_of);
    for (size_t i = 0; i < m->n_hunks; i++)
        m->clause_of[i] = -1;
    for (size_t i = 0; i < h->count; i++)
        if (h->items[i].clause >= 0 && (size_t)h->items[i].clause < m->n_clauses)
            m->clause_of[h->items[i].hunk] = h->items[i].clause;
    for (size_t i = 0; i < m->n_clauses; i++)
        if (m->clauses[i].hunk >= 0 && m->clause_of[m->clauses[i].hunk] < 0)
            m->clause_of[m->clauses[i].hunk] = (int)i;
    for (size_t i = 0; i < m->n_stops; i++) {
        int clause = review_model_clause_of(m, m->stops[i]);
        if (clause < 0)
            continue;
        struct review_clause *c = &m->clauses[clause];
        if (c->n_stops++ == 0 && review_model_stop_of(m, c->hunk) < 0)
            c->hunk = m->stops[i];
    }
}

int review_model_clause_of(const struct review_model *m, int hunk)
{
    return hunk >= 0 && (size_t)hunk < m->n_hunks ? m->clause_of[hunk] : -1;
}

/* Each clause on rows of its own; a run's hunk is the clause's number. */
static void flow_clauses(struct review_model *m)
{
    struct flow *f = &m->rationale_flow;
    flow_clear(f);
    f->texts[FLOW_A] = m->rationale;
    f->texts[FLOW_SIGN] = SLICE("\n");
    for (size_t i = 0; i < m->n_clauses; i++) {
        const struct review_clause *c = &m->clauses[i];
        uint32_t from = c->from, to = c->to;
        while (from < to && strchr(" \t\r\n", m->rationale.at[from]))
            from++;
        while (to > from && strchr(" \t\r\n", m->rationale.at[to - 1]))
            to--;
        flow_add(f, (struct flow_run){.from = from, .to = to, .hunk = (int)i});
        if (i + 1 < m->n_clauses)
            flow_add(f, (struct flow_run){.to = 1, .hunk = (int)i, .text = FLOW_SIGN});
    }
}

static struct flow_diff diff_input(const struct review_model *m)
{
    return (struct flow_diff){.a = m->a,
                              .b = m->b,
                              .diff = m->readable,
                              .lights = m->lights,
                              .signs = m->signs,
                              .ascii = m->ascii};
}

/* The grader's words on the first output, or else on y0: rounds often share them. */
static const char *rationale_of(const struct review_model *m, const struct review_pair *p)
{
    if (p->from && p->from->rationale && *p->from->rationale)
        return p->from->rationale;
    const struct stored_output *y0 = stored_y0(&m->record);
    return y0 ? y0->rationale : NULL;
}

/* Everything that follows from the diff and the hinges. */
static void show_pair(struct review_model *m)
{
    struct flow_diff in = diff_input(m);
    m->has_sides = false;
    flow_unified(&m->unified, &in);
    list_stops(m);
    list_clauses(m);
    link_clauses(m);
    flow_clauses(m);
}

void review_model_compare(struct review_model *m)
{
    size_t i = m->pair;
    drop_pair(m);
    m->waiting = false;
    m->a = text_of(m->pairs[i].from);
    m->exact = diff_texts(m->a, m->b, DIFF_EXACT);
    m->readable = diff_texts(m->a, m->b, DIFF_READABLE);
    find_hinges(m, &m->pairs[i], m->a, m->b);
    collect_lights(m, i + 1 == m->n_pairs);
    show_pair(m);
}

/* The later output alone, as if it had always been there. */
static void show_uncompared(struct review_model *m)
{
    m->waiting = true;
    m->readable = mem_zalloc(1, sizeof *m->readable);
    m->readable->ops = mem_zalloc(1, sizeof *m->readable->ops);
    m->readable->n_ops = 1;
    m->readable->ops[0] = (struct diff_op){DIFF_KEEP, 0, m->a.len, 0, m->b.len};
    m->exact = diff_texts((struct slice){0}, (struct slice){0}, DIFF_EXACT);
    find_hinges(m, &m->pairs[m->pair], (struct slice){0}, (struct slice){0});
    m->a = m->b;
    m->readable->ops[0].a_to = m->b.len;
    show_pair(m);
}

void review_model_pair(struct review_model *m, size_t i)
{
    enum { AT_ONCE = 160 * 1024 }; /* bytes that are compared within a few milliseconds */
    const struct review_pair *p = &m->pairs[i];
    drop_pair(m);
    m->pair = i;
    m->a = text_of(p->from);
    m->b = p->to ? text_of(p->to) : m->a;
    m->rationale = slice_of(rationale_of(m, p));
    if (m->a.len + m->b.len + m->prompt.len > AT_ONCE)
        show_uncompared(m);
    else
        review_model_compare(m);
}

struct flow_sides *review_model_sides(struct review_model *m)
{
    if (!m->has_sides) {
        struct flow_diff in = diff_input(m);
        flow_sides_build(&m->sides, &in);
        m->has_sides = true;
    }
    return &m->sides;
}

void review_model_open(struct review_model *m, struct stored_record *r, bool signs, bool ascii)
{
    review_model_free(m);
    m->record = *r;
    *r = (struct stored_record){0};
    m->signs = signs;
    m->ascii = ascii;
    prompt_text(&m->prompt, &m->record.prompt);
    m->prompt_flow.ascii = m->rationale_flow.ascii = ascii;
    review_model_light_prompt(m, &(struct review_spans){0});
    list_pairs(m);
    review_model_pair(m, m->n_pairs - 1);
}

static bool is_marked(const struct review_model *m, int hunk)
{
    return hunk >= (int)m->hinges->n_hunks;
}

void review_model_reasons(const struct review_model *m, int hunk, struct str *out)
{
    unsigned reasons = 0;
    double best = -1;
    for (size_t i = 0; i < m->hinges->count; i++) {
        const struct hinge *h = &m->hinges->items[i];
        if (h->hunk != hunk || h->score <= best)
            continue;
        best = h->score;
        reasons = h->reasons; /* of its strongest token: the union would say everything of all */
    }
    if (reasons & (HINGE_QUOTED | HINGE_CONCEPT)) /* says what the other says, and how */
        reasons &= ~(unsigned)HINGE_CLAUSE;
    if (is_marked(m, hunk))
        str_adds(out, "marked by hand");
    else
        hinge_reasons(out, reasons);
}

void review_model_hunk_text(const struct review_model *m, int hunk, enum hinge_side side,
                            struct str *out)
{
    size_t from = SIZE_MAX, to = 0;
    for (size_t i = 0; i < m->lights[side].count; i++) {
        const struct flow_light *l = &m->lights[side].items[i];
        if (l->hunk != hunk)
            continue;
        from = l->from < from ? l->from : from;
        to = l->to > to ? l->to : to;
    }
    if (from < to)
        str_add_slice(out, slice_sub(side == HINGE_Y0 ? m->a : m->b, from, to));
}
