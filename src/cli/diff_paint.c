#include "cli/diff_paint.h"

#include <string.h>

#include "text/unicode.h"
#include "text/visible.h"

enum { CONTEXT = 3 /* unchanged lines shown on each side of a change */ };

enum look { LOOK_KEEP, LOOK_GONE, LOOK_NEW, LOOK_MOVED_FROM, LOOK_MOVED_TO, LOOKS };

/* Never colour alone: what is gone is struck through, what is new is bold, what moved underlined. */
static const struct {
    const char *colour, *open, *close;
} looks[LOOKS] = {
    [LOOK_KEEP] = {"", "", ""},
    [LOOK_GONE] = {"\x1b[31;9m", "[-", "-]"},
    [LOOK_NEW] = {"\x1b[32;1m", "{+", "+}"},
    [LOOK_MOVED_FROM] = {"\x1b[35;9m", "[~", "~]"},
    [LOOK_MOVED_TO] = {"\x1b[36;4m", "{~", "~}"},
};

/* A walk along one side's text in order: which of its bytes moved, which are hinges. */
struct cursor {
    size_t hinge; /* items before it lie behind */
};

struct painter {
    const struct diff_paint *p;
    struct str *out;
    bool by_number; /* the change looks alike on both sides: characters by their numbers */
    struct cursor sides[2];
};

static bool is_sign(struct slice text, size_t at)
{
    static const char *const signs[] = {"[-", "-]", "{+", "+}", "[~", "~]", "{~", "~}"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (at + 1 < text.len && text.at[at] == signs[i][0] && text.at[at + 1] == signs[i][1])
            return true;
    return false;
}

/* Appends text on one line, visible; without colour a sign that stands in the text gets a backslash. */
static void add_visible(struct painter *w, struct slice text)
{
    struct visible v;
    for (size_t i = 0; i < text.len; i += v.len) {
        unsigned char c = (unsigned char)text.at[i];
        if (!w->p->colour && is_sign(text, i))
            str_addc(w->out, '\\');
        if (c == '\t' || (c >= 0x20 && c < 0x7F && !w->by_number &&
                          (i + 1 == text.len || (unsigned char)text.at[i + 1] < 0x80))) {
            str_addc(w->out, (char)c);
            v.len = 1;
            continue;
        }
        if (w->by_number)
            visible_number(&v, text, i);
        else
            visible_step(&v, text, i);
        str_add_slice(w->out, v.shown);
    }
}

static void open_look(struct painter *w, enum look look, bool hinge)
{
    if (w->p->colour) {
        str_adds(w->out, looks[look].colour);
        if (hinge)
            str_adds(w->out, "\x1b[7m");
        return;
    }
    str_adds(w->out, hinge ? "«" : "");
    str_adds(w->out, looks[look].open);
}

static void close_look(struct painter *w, enum look look, bool hinge)
{
    if (w->p->colour) {
        if (look != LOOK_KEEP || hinge)
            str_adds(w->out, "\x1b[0m");
        return;
    }
    str_adds(w->out, looks[look].close);
    str_adds(w->out, hinge ? "»" : "");
}

/* Length of the line end at the start of text, 0 when there is none. */
static size_t line_end(struct slice text)
{
    if (text.len >= 2 && text.at[0] == '\r' && text.at[1] == '\n')
        return 2;
    return text.len && text.at[0] == '\n';
}

/* One stretch of one look, which ends and starts again at line ends. */
static void add_stretch(struct painter *w, struct slice text, enum look look, bool hinge)
{
    while (text.len) {
        size_t end = 0;
        while (end < text.len && !line_end(slice_sub(text, end, text.len)))
            end++;
        if (end) {
            open_look(w, look, hinge);
            add_visible(w, slice_sub(text, 0, end));
            close_look(w, look, hinge);
        }
        size_t line = line_end(slice_sub(text, end, text.len));
        if (line && look != LOOK_KEEP && !end) { /* a line end alone is a change to be seen */
            open_look(w, look, hinge);
            str_adds(w->out, "↵");
            close_look(w, look, hinge);
        }
        if (line)
            str_addc(w->out, '\n');
        text = slice_sub(text, end + line, text.len);
    }
}

/* The lit hinge that holds byte `at` of a side, or the next one behind it; NULL when there is none. */
static const struct hinge *hinge_at(struct painter *w, enum hinge_side side, size_t at)
{
    const struct hinges *h = w->p->hinges;
    size_t *next = &w->sides[side].hinge;
    while (h && *next < h->count) {
        const struct hinge *item = &h->items[*next];
        if (item->side == side && item->lit && item->from < item->to && item->to > at)
            return item;
        ++*next;
    }
    return NULL;
}

/* Whether byte `at` lies in a moved sentence; *end is where that changes, if before it. */
static bool moved_at(const struct diff *d, enum hinge_side side, size_t at, size_t *end)
{
    for (size_t i = 0; i < d->n_moves; i++) {
        size_t from = side == HINGE_Y0 ? d->moves[i].a_from : d->moves[i].b_from;
        size_t to = side == HINGE_Y0 ? d->moves[i].a_to : d->moves[i].b_to;
        if (at >= from && at < to) {
            *end = to < *end ? to : *end;
            return true;
        }
        if (from > at && from < *end)
            *end = from;
    }
    return false;
}

/* A changed part of one side, in stretches of one look each. */
static void add_changed(struct painter *w, enum hinge_side side, size_t from, size_t to)
{
    struct slice text = side == HINGE_Y0 ? w->p->a : w->p->b;
    while (from < to) {
        size_t end = to;
        bool moved = moved_at(w->p->diff, side, from, &end);
        enum look look = side == HINGE_Y0 ? moved ? LOOK_MOVED_FROM : LOOK_GONE
                                          : moved ? LOOK_MOVED_TO : LOOK_NEW;
        const struct hinge *hinge = hinge_at(w, side, from);
        bool lit = hinge && hinge->from <= from;
        if (hinge && (lit ? hinge->to : hinge->from) < end)
            end = lit ? hinge->to : hinge->from;
        add_stretch(w, slice_sub(text, from, end), look, lit);
        from = end;
    }
}

/* Byte behind the n-th line end of text, or its length when it has fewer. */
static size_t after_lines(struct slice text, size_t n)
{
    size_t at = 0;
    while (n > 0 && at < text.len) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        if (!end)
            return text.len;
        at = (size_t)(end - text.at) + 1;
        n--;
    }
    return at;
}

/* Start of the last n lines of text; a last line without its end does not count. */
static size_t before_lines(struct slice text, size_t n)
{
    size_t at = text.len;
    while (at > 0 && (text.at[at - 1] != '\n' || n-- > 0))
        at--;
    return at;
}

static size_t count_lines(struct slice text)
{
    size_t n = 0;
    for (size_t at = 0; at < text.len; n++)
        at = after_lines(slice_sub(text, at, text.len), 1) + at;
    return n;
}

static void add_kept(struct painter *w, struct slice text, bool first, bool last)
{
    size_t head = first ? 0 : after_lines(text, CONTEXT + 1);
    size_t tail = last ? text.len : before_lines(text, CONTEXT);
    struct slice middle = slice_sub(text, head, tail > head ? tail : head);
    size_t lines = count_lines(middle);
    if (tail <= head || lines < 2 * CONTEXT) {
        add_stretch(w, text, LOOK_KEEP, false);
        return;
    }
    add_stretch(w, slice_sub(text, 0, head), LOOK_KEEP, false);
    str_addf(w->out, "%s⋯ %zu lines alike%s\n", w->p->colour ? "\x1b[2m" : "", lines,
             w->p->colour ? "\x1b[0m" : "");
    add_stretch(w, slice_sub(text, tail, text.len), LOOK_KEEP, false);
}

/* Whether a deletion and the insertion behind it would look the same, as é and é can. */
static bool looks_alike(const struct diff_paint *p, const struct diff_op *gone)
{
    const struct diff_op *added = gone + 1;
    if (gone->kind != DIFF_DELETE || added == p->diff->ops + p->diff->n_ops ||
        added->kind != DIFF_INSERT || gone->a_to - gone->a_from > 256)
        return false;
    struct str a = {0}, b = {0};
    unicode_compose(&a, slice_sub(p->a, gone->a_from, gone->a_to));
    unicode_compose(&b, slice_sub(p->b, added->b_from, added->b_to));
    bool alike = slice_eq(str_slice(&a), str_slice(&b));
    str_free(&a);
    str_free(&b);
    return alike;
}

void diff_paint(struct str *out, const struct diff_paint *p)
{
    struct painter w = {.p = p, .out = out};
    for (size_t i = 0; i < p->diff->n_ops; i++) {
        const struct diff_op *op = &p->diff->ops[i];
        if (op->kind == DIFF_KEEP) {
            add_kept(&w, slice_sub(p->b, op->b_from, op->b_to), i == 0, i + 1 == p->diff->n_ops);
        } else if (op->kind == DIFF_DELETE) {
            w.by_number = looks_alike(p, op);
            add_changed(&w, HINGE_Y0, op->a_from, op->a_to);
        } else {
            add_changed(&w, HINGE_Y_STAR, op->b_from, op->b_to);
            w.by_number = false;
        }
    }
    if (out->len && out->at[out->len - 1] != '\n')
        str_addc(out, '\n');
}
