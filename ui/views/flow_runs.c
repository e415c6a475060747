/* From the ops of a diff to runs. */
#include "ui/views/flow_runs.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "ui/views/lookalike.h"

/* The marks, each a range of this text. */
static const char signs[] = "[--]{++}[<-{>+«»<<>>";
struct mark_range {
    uint8_t from, len;
};
static const struct mark_range openers[] = {
    [FLOW_DELETE] = {0, 2}, [FLOW_INSERT] = {4, 2}, [FLOW_AWAY] = {8, 3}, [FLOW_HERE] = {11, 3}};
static const struct mark_range closers[] = {
    [FLOW_DELETE] = {2, 2}, [FLOW_INSERT] = {6, 2}, [FLOW_AWAY] = {2, 2}, [FLOW_HERE] = {6, 2}};
static const struct mark_range lit_open = {14, 2}, lit_close = {16, 2}, lit_open_ascii = {18, 2},
                               lit_close_ascii = {20, 2};

struct slice flow_signs(void)
{
    return (struct slice){signs, sizeof signs - 1};
}

void flow_lights_add(struct flow_lights *l, struct flow_light light)
{
    l->items = array_reserve(l->items, &l->cap, l->count + 1, sizeof *l->items);
    l->items[l->count++] = light;
}

void flow_lights_free(struct flow_lights *l)
{
    mem_free(l->items);
    *l = (struct flow_lights){0};
}

static void add_sign(struct flow *f, struct mark_range m, uint8_t kind, int32_t hunk, bool lit)
{
    flow_add(f, (struct flow_run){.from = m.from, .to = (uint32_t)m.from + m.len, .hunk = hunk,
                                     .text = FLOW_SIGN, .kind = kind, .lit = lit});
}

/* First light of a text that ends after byte `from`; the builder walks each text forward. */
static size_t light_at(struct flow_builder *w, enum flow_text text, uint32_t from)
{
    const struct flow_lights *l = &w->in->lights[text];
    size_t *i = &w->light[text];
    while (*i < l->count && l->items[*i].to <= from)
        (*i)++;
    return *i;
}

/* The lights from index i on that only blanks part, as one. */
static struct flow_light joined_light(const struct flow_builder *w, enum flow_text text, size_t i)
{
    const struct flow_lights *l = &w->in->lights[text];
    struct slice bytes = w->f->texts[text];
    struct flow_light all = l->items[i];
    for (i++; i < l->count && all.lit; i++) {
        const struct flow_light *next = &l->items[i];
        if (!next->lit || next->hunk != all.hunk ||
            slice_trim(slice_sub(bytes, all.to, next->from)).len > 0)
            break;
        all.to = next->to;
    }
    return all;
}

void flow_add_lit(struct flow *f, struct flow_run run)
{
    bool marked = f->signs && run.lit && run.from < run.to;
    f->texts[FLOW_SIGN] = flow_signs();
    if (marked)
        add_sign(f, f->ascii ? lit_open_ascii : lit_open, run.kind, run.hunk, true);
    flow_add(f, run);
    if (marked)
        add_sign(f, f->ascii ? lit_close_ascii : lit_close, run.kind, run.hunk, true);
}

/* A piece of one look, cut where lights begin and end. A piece that no light touches belongs to
 * the hunk of the piece before it within the same op, or of the light after. */
void flow_build_piece(struct flow_builder *w, struct flow_run run)
{
    const struct flow_lights *l = &w->in->lights[run.text];
    size_t i = light_at(w, run.text, run.from);
    if (run.kind != FLOW_KEEP && run.hunk < 0 && i < l->count && l->items[i].from < run.to)
        run.hunk = l->items[i].hunk;
    while (run.from < run.to) {
        i = light_at(w, run.text, run.from);
        if (i == l->count || l->items[i].from >= run.to)
            break;
        struct flow_light light = joined_light(w, run.text, i);
        struct flow_run part = run;
        part.to = light.from > run.from ? light.from : run.from;
        flow_add(w->f, part);
        part = run;
        part.from = light.from > run.from ? light.from : run.from;
        part.to = light.to < run.to ? light.to : run.to;
        part.lit = light.lit;
        part.hunk = light.hunk;
        flow_add_lit(w->f, part);
        run.from = part.to > part.from ? part.to : part.from;
        if (run.kind != FLOW_KEEP)
            run.hunk = light.hunk;
        if (light.to == light.from)
            w->light[run.text]++;
    }
    flow_add(w->f, run);
}

/* Bytes of blanks at the end of [from,to). */
static uint32_t tail_of(struct slice text, uint32_t from, uint32_t to)
{
    uint32_t at = to;
    while (at > from && memchr(" \t\r\n", text.at[at - 1], 4))
        at--;
    return to - at;
}

/* A whole deletion or insertion: with its signs, the closing one before the blanks at its
 * end, where a reader looks for it. */
void flow_build_change(struct flow_builder *w, struct flow_run run)
{
    uint32_t tail = run.exposed ? 0 : tail_of(w->f->texts[run.text], run.from, run.to);
    struct flow_run body = run, rest = run;
    body.to -= tail;
    rest.from = body.to;
    bool signed_ = w->f->signs && body.from < body.to;
    if (signed_)
        add_sign(w->f, openers[run.kind], run.kind, run.hunk, false);
    flow_build_piece(w, body);
    if (signed_)
        add_sign(w->f, closers[run.kind], run.kind, run.hunk, false);
    flow_add(w->f, rest);
}

/* Unicode's White_Space. */
static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

static uint32_t blanks_at(struct slice text, uint32_t from, uint32_t to)
{
    uint32_t i = from;
    while (i < to) {
        uint32_t c;
        size_t len = utf8_decode(text.at + i, to - i, &c);
        if (!is_blank(c))
            break;
        i += (uint32_t)len;
    }
    return i - from;
}

/* How far two ranges run alike up to the first blank of either. */
static uint32_t alike_words(struct slice a, uint32_t i, uint32_t i_end, struct slice b, uint32_t j,
                            uint32_t j_end)
{
    uint32_t n = 0;
    while (i + n < i_end && j + n < j_end && !blanks_at(a, i + n, i_end) &&
           !blanks_at(b, j + n, j_end)) {
        uint32_t c;
        uint32_t len = (uint32_t)utf8_decode(a.at + i + n, i_end - i - n, &c);
        if (j + n + len > j_end || memcmp(a.at + i + n, b.at + j + n, len) != 0)
            break;
        n += len;
    }
    return n;
}

/* Blanks that differ, without what is alike at their start and end. */
static void differing_blanks(struct flow_builder *w, uint32_t i, uint32_t i_end, uint32_t j,
                             uint32_t j_end)
{
    struct slice a = w->in->a, b = w->in->b;
    uint32_t head = 0, tail = 0;
    while (i + head < i_end && j + head < j_end && a.at[i + head] == b.at[j + head] &&
           (unsigned char)a.at[i + head] < 0x80)
        head++;
    while (i_end - tail > i + head && j_end - tail > j + head &&
           a.at[i_end - tail - 1] == b.at[j_end - tail - 1] &&
           (unsigned char)a.at[i_end - tail - 1] < 0x80)
        tail++;
    w->keep(w, i, i + head, j, j + head);
    if (i + head < i_end - tail || j + head < j_end - tail)
        w->blanks(w, i + head, i_end - tail, j + head, j_end - tail);
    w->keep(w, i_end - tail, i_end, j_end - tail, j_end);
}

/* Kept words whose blanks differ: the blanks are shown as what they are, by sign. */
static void keep_with_other_blanks(struct flow_builder *w, const struct diff_op *op)
{
    struct slice a = w->in->a, b = w->in->b;
    uint32_t i = (uint32_t)op->a_from, j = (uint32_t)op->b_from;
    uint32_t i_end = (uint32_t)op->a_to, j_end = (uint32_t)op->b_to;
    while (i < i_end || j < j_end) {
        uint32_t n = alike_words(a, i, i_end, b, j, j_end);
        w->keep(w, i, i + n, j, j + n);
        i += n;
        j += n;
        uint32_t a_blanks = blanks_at(a, i, i_end), b_blanks = blanks_at(b, j, j_end);
        if (!a_blanks && !b_blanks && n == 0) { /* not blanks alone: shown as it is, both ways */
            a_blanks = i_end - i;
            b_blanks = j_end - j;
        }
        differing_blanks(w, i, i + a_blanks, j, j + b_blanks);
        i += a_blanks;
        j += b_blanks;
    }
}

static bool same_bytes(struct slice a, struct slice b, const struct diff_op *op)
{
    size_t len = op->a_to - op->a_from;
    return len == op->b_to - op->b_from && memcmp(a.at + op->a_from, b.at + op->b_from, len) == 0;
}

static bool covers(size_t move_from, size_t move_to, size_t from, size_t to)
{
    return move_from < to && move_to > from;
}

/* The moves are few and in order of neither text: those that touch the op are looked for. */
static const struct diff_move *next_move(const struct diff *d, enum flow_text text, size_t from,
                                         size_t to)
{
    const struct diff_move *best = NULL;
    for (size_t i = 0; i < d->n_moves; i++) {
        const struct diff_move *m = &d->moves[i];
        size_t m_from = text == FLOW_A ? m->a_from : m->b_from;
        size_t m_to = text == FLOW_A ? m->a_to : m->b_to;
        size_t best_from = !best ? 0 : text == FLOW_A ? best->a_from : best->b_from;
        if (covers(m_from, m_to, from, to) && (!best || m_from < best_from))
            best = m;
    }
    return best;
}

/* A deletion or insertion, its moved sentences told apart. */
static void change_with_moves(struct flow_builder *w, struct flow_run run)
{
    while (run.from < run.to) {
        const struct diff_move *m = next_move(w->in->diff, run.text, run.from, run.to);
        size_t m_from = !m ? run.to : run.text == FLOW_A ? m->a_from : m->b_from;
        size_t m_to = !m ? run.to : run.text == FLOW_A ? m->a_to : m->b_to;
        struct flow_run part = run;
        if (m_from > run.from) {
            part.to = m_from < run.to ? (uint32_t)m_from : run.to;
        } else {
            part.to = m_to < run.to ? (uint32_t)m_to : run.to;
            part.kind = run.kind == FLOW_DELETE ? FLOW_AWAY : FLOW_HERE;
        }
        flow_build_change(w, part);
        run.from = part.to;
    }
}

static bool only_blanks(struct slice text, const struct flow_run *r)
{
    return blanks_at(text, r->from, r->to) == r->to - r->from;
}

static struct flow_run run_of(const struct flow_builder *w, const struct diff_op *op)
{
    bool del = op->kind == DIFF_DELETE;
    struct flow_run run = {.from = (uint32_t)(del ? op->a_from : op->b_from),
                           .to = (uint32_t)(del ? op->a_to : op->b_to),
                           .hunk = -1,
                           .text = del ? FLOW_A : FLOW_B,
                           .kind = del ? FLOW_DELETE : FLOW_INSERT};
    run.exposed = only_blanks(w->f->texts[run.text], &run);
    run.unbroken = run.exposed && del && !w->owner;
    return run;
}

static bool wanted(const struct flow_builder *w, enum flow_text text)
{
    return w->sides & (1u << text);
}

static bool pair_looks_alike(const struct flow_builder *w, const struct diff_op *op)
{
    if (op->kind != DIFF_DELETE || op + 1 == w->in->diff->ops + w->in->diff->n_ops ||
        op[1].kind != DIFF_INSERT)
        return false;
    return looks_alike(slice_sub(w->in->a, op->a_from, op->a_to),
                       slice_sub(w->in->b, op[1].b_from, op[1].b_to));
}

void flow_build(struct flow_builder *w)
{
    const struct diff *d = w->in->diff;
    bool alike = false;
    for (size_t i = 0; i < d->n_ops; i++) {
        const struct diff_op *op = &d->ops[i];
        if (op->kind == DIFF_KEEP) {
            if (same_bytes(w->in->a, w->in->b, op))
                w->keep(w, (uint32_t)op->a_from, (uint32_t)op->a_to, (uint32_t)op->b_from,
                        (uint32_t)op->b_to);
            else
                keep_with_other_blanks(w, op);
            continue;
        }
        alike = pair_looks_alike(w, op) || (alike && op->kind == DIFF_INSERT);
        struct flow_run run = run_of(w, op);
        run.exposed |= alike;
        if (wanted(w, run.text))
            change_with_moves(w, run);
        alike = alike && op->kind == DIFF_DELETE;
    }
}
