#include "ui/views/flow_diff.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "ui/views/flow_runs.h"

static struct flow_run kept(enum flow_text text, uint32_t from, uint32_t to)
{
    return (struct flow_run){.from = from, .to = to, .hunk = -1, .text = text};
}

static struct flow_run odd_blanks(enum flow_text text, uint32_t from, uint32_t to)
{
    return (struct flow_run){.from = from, .to = to, .hunk = -1, .text = text, .exposed = true,
                             .kind = text == FLOW_A ? FLOW_DELETE : FLOW_INSERT};
}

static void open_flow(struct flow *f, const struct flow_diff *in)
{
    flow_clear(f);
    f->texts[FLOW_A] = in->a;
    f->texts[FLOW_B] = in->b;
    f->texts[FLOW_SIGN] = flow_signs();
    f->signs = in->signs;
    f->ascii = in->ascii;
}

/* Unified: kept words are shown as b has them. */

static void unified_keep(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                         uint32_t b_to)
{
    (void)a_from;
    (void)a_to;
    flow_build_piece(w, kept(FLOW_B, b_from, b_to));
}

static void unified_blanks(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                           uint32_t b_to)
{
    struct flow_run gone = odd_blanks(FLOW_A, a_from, a_to);
    gone.unbroken = true;
    flow_build_change(w, gone);
    flow_build_change(w, odd_blanks(FLOW_B, b_from, b_to));
}

void flow_unified(struct flow *f, const struct flow_diff *in)
{
    open_flow(f, in);
    struct flow_builder w = {.f = f,
                             .in = in,
                             .sides = 1u << FLOW_A | 1u << FLOW_B,
                             .keep = unified_keep,
                             .blanks = unified_blanks};
    flow_build(&w);
}

/* Side by side. The left flow is built first and notes where its kept lines end, then the right one
 * does; the notes meet by number, because both walk the same ops. */

static struct flow_at end_so_far(const struct flow *f)
{
    if (!f->n_runs)
        return (struct flow_at){0, 0};
    return (struct flow_at){(uint32_t)f->n_runs - 1, f->runs[f->n_runs - 1].to};
}

static void note_sync(struct flow_builder *w, bool right)
{
    struct flow_sides *s = w->owner;
    size_t i = w->n_synced++;
    if (right) {
        s->syncs[i].right = end_so_far(w->f);
        return;
    }
    s->syncs = array_reserve(s->syncs, &s->cap_syncs, i + 1, sizeof *s->syncs);
    s->syncs[i] = (struct flow_sync){.left = end_so_far(w->f)};
    s->n_syncs = i + 1;
}

static void side_keep(struct flow_builder *w, enum flow_text text, uint32_t from, uint32_t to)
{
    const char *bytes = w->f->texts[text].at;
    while (from < to) {
        const char *end = memchr(bytes + from, '\n', to - from);
        uint32_t stop = end ? (uint32_t)(end - bytes) + 1 : to;
        flow_build_piece(w, kept(text, from, stop));
        if (end)
            note_sync(w, text == FLOW_B);
        from = stop;
    }
}

static void left_keep(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                      uint32_t b_to)
{
    (void)b_from;
    (void)b_to;
    side_keep(w, FLOW_A, a_from, a_to);
}

static void right_keep(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                       uint32_t b_to)
{
    (void)a_from;
    (void)a_to;
    side_keep(w, FLOW_B, b_from, b_to);
}

static void left_blanks(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                        uint32_t b_to)
{
    (void)b_from;
    (void)b_to;
    flow_build_change(w, odd_blanks(FLOW_A, a_from, a_to));
}

static void right_blanks(struct flow_builder *w, uint32_t a_from, uint32_t a_to, uint32_t b_from,
                         uint32_t b_to)
{
    (void)a_from;
    (void)a_to;
    flow_build_change(w, odd_blanks(FLOW_B, b_from, b_to));
}

static void forget_rows(struct flow_sides *s)
{
    s->n_rows = 0;
    s->complete = false;
    s->next_sync = 0;
    s->next_left = (struct flow_at){0, s->left.n_runs ? s->left.runs[0].from : 0};
    s->next_right = (struct flow_at){0, s->right.n_runs ? s->right.runs[0].from : 0};
}

void flow_sides_build(struct flow_sides *s, const struct flow_diff *in)
{
    open_flow(&s->left, in);
    open_flow(&s->right, in);
    s->n_syncs = 0;
    struct flow_builder w = {.f = &s->left, .in = in, .sides = 1u << FLOW_A, .owner = s,
                             .keep = left_keep, .blanks = left_blanks};
    flow_build(&w);
    w = (struct flow_builder){.f = &s->right, .in = in, .sides = 1u << FLOW_B, .owner = s,
                              .keep = right_keep, .blanks = right_blanks};
    flow_build(&w);
    forget_rows(s);
}

void flow_sides_layout(struct flow_sides *s, unsigned column_width, bool wrap)
{
    if (s->left.width != column_width || s->left.wrap != wrap || s->n_rows == 0)
        forget_rows(s);
    flow_layout(&s->left, column_width, wrap);
    flow_layout(&s->right, column_width, wrap);
}

static bool before(struct flow_at a, struct flow_at b)
{
    return a.run != b.run ? a.run < b.run : a.off < b.off;
}

static struct flow_at limit(const struct flow_sides *s, bool right)
{
    if (s->next_sync < s->n_syncs)
        return right ? s->syncs[s->next_sync].right : s->syncs[s->next_sync].left;
    return (struct flow_at){(uint32_t)(right ? s->right.n_runs : s->left.n_runs), 0};
}

/* Lays out one pair of rows. */
static void find_pair(struct flow_sides *s)
{
    struct flow_pair pair = {.left = s->next_left, .right = s->next_right};
    for (;;) {
        pair.has_left = before(s->next_left, limit(s, false));
        pair.has_right = before(s->next_right, limit(s, true));
        if (pair.has_left || pair.has_right)
            break;
        if (s->next_sync >= s->n_syncs) {
            s->complete = true;
            if (s->n_rows)
                return;
            break; /* two empty texts still have a row */
        }
        s->next_sync++;
    }
    s->rows = array_reserve(s->rows, &s->cap_rows, s->n_rows + 1, sizeof *s->rows);
    s->rows[s->n_rows++] = pair;
    if (pair.has_left)
        flow_next_row(&s->left, &s->next_left);
    if (pair.has_right)
        flow_next_row(&s->right, &s->next_right);
}

bool flow_sides_has_row(struct flow_sides *s, size_t i)
{
    while (s->n_rows <= i && !s->complete)
        find_pair(s);
    return i < s->n_rows;
}

size_t flow_sides_count(struct flow_sides *s)
{
    while (!s->complete)
        find_pair(s);
    return s->n_rows;
}

size_t flow_sides_row_of(struct flow_sides *s, bool right, struct flow_at at)
{
    flow_sides_has_row(s, 0);
    while (!s->complete && !before(at, right ? s->next_right : s->next_left))
        find_pair(s);
    size_t low = 0, high = s->n_rows;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        struct flow_at start = right ? s->rows[mid].right : s->rows[mid].left;
        if (before(at, start))
            high = mid;
        else
            low = mid;
    }
    /* A row without this column starts where the next one does: the last such row that has it. */
    while (low > 0 && !(right ? s->rows[low].has_right : s->rows[low].has_left))
        low--;
    return low;
}

void flow_sides_free(struct flow_sides *s)
{
    flow_free(&s->left);
    flow_free(&s->right);
    mem_free(s->syncs);
    mem_free(s->rows);
    *s = (struct flow_sides){0};
}
