#include "cli/diff_paint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
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

struct painter {
    const struct diff_paint *p;
    struct str *out;
    bool by_number; /* looks alike on both sides: characters by their numbers */
    struct range *moved[2]; /* of each side, in order */
    size_t next_moved[2];
    size_t next_hinge[2]; /* of each side: items before it lie behind */
};

/* Whether one of [- -] {+ +} [~ ~] {~ ~} stands in the text itself. */
static bool is_sign(struct slice text, size_t at)
{
    if (at + 1 >= text.len)
        return false;
    char c = text.at[at], d = text.at[at + 1];
    return (c == '[' && (d == '-' || d == '~')) || (c == '{' && (d == '+' || d == '~')) ||
           (d == ']' && (c == '-' || c == '~')) || (d == '}' && (c == '+' || c == '~'));
}

/* Bytes from `at` on that are shown as they are: plain ASCII, not followed by anything else. */
static size_t plain_run(const struct painter *w, struct slice text, size_t at)
{
    size_t end = at;
    if (w->by_number)
        return 0;
    for (; end < text.len; end++) {
        unsigned char c = (unsigned char)text.at[end];
        if ((c < 0x20 && c != '\t') || c >= 0x7F)
            break;
        bool may_be_sign = c == '[' || c == '{' || c == '-' || c == '+' || c == '~';
        if (may_be_sign && !w->p->colour && is_sign(text, end))
            break;
    }
    bool before_other = end < text.len && (unsigned char)text.at[end] >= 0x80;
    return end - at - (before_other && end > at); /* a mark may stand on the last one */
}

/* Appends text on one line, visible; without colour a sign that stands in the text gets a backslash. */
static void add_visible(struct painter *w, struct slice text)
{
    struct visible v;
    for (size_t i = 0; i < text.len; i += v.len) {
        v.len = plain_run(w, text, i);
        if (v.len) {
            str_add(w->out, text.at + i, v.len);
            continue;
        }
        if (!w->p->colour && is_sign(text, i))
            str_addc(w->out, '\\');
        if (w->by_number)
            visible_number(&v, text, i);
        else
            visible_step(&v, text, i);
        str_add_slice(w->out, v.shown);
    }
}

static void open_look(struct painter *w, enum look look)
{
    str_adds(w->out, w->p->colour ? looks[look].colour : looks[look].open);
}

static void close_look(struct painter *w, enum look look)
{
    if (!w->p->colour)
        str_adds(w->out, looks[look].close);
    else if (look != LOOK_KEEP)
        str_adds(w->out, "\x1b[0m");
}

static void open_hinge(struct painter *w)
{
    str_adds(w->out, w->p->colour ? "\x1b[7m" : "«");
}

static void close_hinge(struct painter *w)
{
    str_adds(w->out, w->p->colour ? "\x1b[27m" : "»");
}

/* Where the line that holds byte `at` ends ("\n", "\r\n" or `to`), and the length of its end. */
static size_t find_line_end(struct slice text, size_t at, size_t to, size_t *len)
{
    const char *end = memchr(text.at + at, '\n', to - at);
    *len = 0;
    if (!end)
        return to;
    size_t place = (size_t)(end - text.at);
    bool pair = place > at && text.at[place - 1] == '\r';
    *len = pair ? 2 : 1;
    return place - pair;
}

/* Bytes of the lit hinges that hold or follow byte `at` of a side, those with only blanks between
 * them as one; empty, at the end of the text, when there are none. */
static struct range hinge_at(struct painter *w, enum hinge_side side, size_t at)
{
    struct slice text = side == HINGE_Y0 ? w->p->a : w->p->b;
    const struct hinges *h = w->p->hinges;
    struct range found = {text.len, text.len};
    size_t *next = &w->next_hinge[side];
    for (size_t i = *next; h && i < h->count; i++) {
        const struct hinge *item = &h->items[i];
        if (item->side != side || !item->lit || item->from == item->to || item->to <= at)
            continue;
        if (found.from < found.to && slice_trim(slice_sub(text, found.to, item->from)).len)
            break;
        if (found.from == found.to) {
            found.from = item->from;
            *next = i;
        }
        found.to = item->to;
    }
    return found;
}

/* A part of one line in one look, with its hinges. */
static void add_line(struct painter *w, enum hinge_side side, size_t from, size_t to, enum look look)
{
    struct slice text = side == HINGE_Y0 ? w->p->a : w->p->b;
    if (from == to)
        return;
    open_look(w, look);
    while (from < to) {
        struct range hinge = look == LOOK_KEEP ? (struct range){to, to} : hinge_at(w, side, from);
        size_t start = hinge.from < from ? from : hinge.from > to ? to : hinge.from;
        size_t end = hinge.to > to ? to : hinge.to;
        add_visible(w, slice_sub(text, from, start));
        if (start < end) {
            open_hinge(w);
            add_visible(w, slice_sub(text, start, end));
            close_hinge(w);
        }
        from = end > start ? end : to;
    }
    close_look(w, look);
}

/* One stretch of one look, which ends and starts again at line ends. */
static void add_stretch(struct painter *w, enum hinge_side side, size_t from, size_t to,
                        enum look look)
{
    struct slice text = side == HINGE_Y0 ? w->p->a : w->p->b;
    while (from < to) {
        size_t line, end = find_line_end(text, from, to, &line);
        add_line(w, side, from, end, look);
        if (line && look != LOOK_KEEP && end == from) { /* a line end alone is to be seen */
            open_look(w, look);
            str_adds(w->out, "↵");
            close_look(w, look);
        }
        if (line)
            str_addc(w->out, '\n');
        from = end + line;
    }
}

/* Whether byte `at` lies in a moved sentence; *end is where that changes, if before it. */
static bool moved_at(struct painter *w, enum hinge_side side, size_t at, size_t *end)
{
    const struct range *moved = w->moved[side];
    size_t *next = &w->next_moved[side];
    while (*next < w->p->diff->n_moves && moved[*next].to <= at)
        ++*next;
    if (*next == w->p->diff->n_moves)
        return false;
    bool inside = moved[*next].from <= at;
    size_t border = inside ? moved[*next].to : moved[*next].from;
    *end = border < *end ? border : *end;
    return inside;
}

static int by_from(const void *a, const void *b)
{
    size_t x = ((const struct range *)a)->from, y = ((const struct range *)b)->from;
    return (x > y) - (x < y);
}

/* Both sides' moved sentences, each side in the order of its text. */
static void sort_moves(struct painter *w)
{
    const struct diff *d = w->p->diff;
    for (int side = 0; side < 2; side++)
        w->moved[side] = mem_alloc((d->n_moves + 1) * sizeof *w->moved[side]);
    for (size_t i = 0; i < d->n_moves; i++) {
        w->moved[HINGE_Y0][i] = (struct range){d->moves[i].a_from, d->moves[i].a_to};
        w->moved[HINGE_Y_STAR][i] = (struct range){d->moves[i].b_from, d->moves[i].b_to};
    }
    for (int side = 0; side < 2; side++)
        qsort(w->moved[side], d->n_moves, sizeof *w->moved[side], by_from);
}

/* A changed part of one side, in stretches of one look each. */
static void add_changed(struct painter *w, enum hinge_side side, size_t from, size_t to)
{
    static const enum look of[2][2] = {[HINGE_Y0] = {LOOK_GONE, LOOK_MOVED_FROM},
                                       [HINGE_Y_STAR] = {LOOK_NEW, LOOK_MOVED_TO}};
    while (from < to) {
        size_t end = to;
        bool moved = moved_at(w, side, from, &end);
        add_stretch(w, side, from, end, of[side][moved]);
        from = end;
    }
}

/* Blanks that changed, each with a sign to be seen by. */
static void add_blanks(struct painter *w, struct slice blanks, enum look look)
{
    struct visible v;
    if (!blanks.len)
        return;
    open_look(w, look);
    for (size_t i = 0; i < blanks.len; i += v.len) {
        char c = blanks.at[i];
        const char *sign = c == ' ' ? "·" : c == '\t' ? "→" : c == '\n' ? "↵" : NULL;
        v.len = 1;
        if (!sign)
            visible_number(&v, blanks, i);
        str_add_slice(w->out, sign ? slice_of(sign) : v.shown);
    }
    close_look(w, look);
    for (size_t i = 0; look == LOOK_NEW && i < blanks.len; i++)
        if (blanks.at[i] == '\n')
            str_addc(w->out, '\n');
}

/* A blank for a line end or the other way round is how lines are wrapped, not a change. */
static bool is_rewrap(struct slice a, struct slice b)
{
    return a.len == 1 && b.len == 1 && (a.at[0] == ' ' || a.at[0] == '\n') &&
           (b.at[0] == ' ' || b.at[0] == '\n');
}

static bool is_inner(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static size_t equal_run(struct slice a, size_t i, struct slice b, size_t j)
{
    size_t n = 0;
    while (i + n < a.len && j + n < b.len && a.at[i + n] == b.at[j + n])
        n++;
    while (n > 0 && i + n < a.len && j + n < b.len && is_inner(a.at[i + n]) && is_inner(b.at[j + n]))
        n--; /* two characters that begin alike */
    return n;
}

static size_t blank_end(struct slice text, size_t at)
{
    while (at < text.len) {
        uint32_t c;
        size_t len = utf8_decode(text.at + at, text.len - at, &c);
        if (c == UTF8_BAD || !unicode_is_space(c))
            break;
        at += len;
    }
    return at;
}

/* Kept words, as b has them, and blanks between them that are not a's. */
static void add_words(struct painter *w, const struct diff_op *op, size_t b_from, size_t b_to)
{
    struct slice a = slice_sub(w->p->a, 0, op->a_to), b = slice_sub(w->p->b, 0, op->b_to);
    size_t i = op->a_from, j = op->b_from;
    if (op->a_to - op->a_from == op->b_to - op->b_from &&
        equal_run(a, i, b, j) == op->b_to - op->b_from) {
        add_stretch(w, HINGE_Y_STAR, b_from, b_to, LOOK_KEEP);
        return;
    }
    while (i < a.len || j < b.len) {
        size_t n = equal_run(a, i, b, j);
        size_t from = j < b_from ? b_from : j, to = j + n > b_to ? b_to : j + n;
        if (from < to)
            add_stretch(w, HINGE_Y_STAR, from, to, LOOK_KEEP);
        i += n;
        j += n;
        struct slice gone = slice_sub(a, i, blank_end(a, i));
        struct slice added = slice_sub(b, j, blank_end(b, j));
        if (!gone.len && !added.len)
            break;
        if (j >= b_from && j < b_to + !added.len) {
            if (is_rewrap(gone, added)) {
                add_stretch(w, HINGE_Y_STAR, j, j + added.len, LOOK_KEEP);
            } else {
                add_blanks(w, gone, LOOK_GONE);
                add_blanks(w, added, LOOK_NEW);
            }
        }
        i += gone.len;
        j += added.len;
    }
    if (j < b_to)
        add_stretch(w, HINGE_Y_STAR, j > b_from ? j : b_from, b_to, LOOK_KEEP);
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

/* A kept part, as b has it; long ones without their middle. */
static void add_kept(struct painter *w, const struct diff_op *op, bool first, bool last)
{
    struct slice text = slice_sub(w->p->b, op->b_from, op->b_to);
    size_t head = first ? 0 : after_lines(text, CONTEXT + 1);
    size_t tail = last ? text.len : before_lines(text, CONTEXT);
    size_t lines = head < tail ? count_lines(slice_sub(text, head, tail)) : 0;
    if (lines < 2 * CONTEXT) {
        add_words(w, op, op->b_from, op->b_to);
        return;
    }
    add_words(w, op, op->b_from, op->b_from + head);
    str_addf(w->out, "%s⋯ %zu lines alike%s\n", w->p->colour ? "\x1b[2m" : "", lines,
             w->p->colour ? "\x1b[0m" : "");
    add_words(w, op, op->b_from + tail, op->b_to);
}

static bool is_ascii(struct slice text, size_t from, size_t to)
{
    while (from < to && (unsigned char)text.at[from] < 0x80)
        from++;
    return from == to;
}

/* Whether a deletion and the insertion behind it would look the same, as é and é can. */
static bool looks_alike(const struct diff_paint *p, const struct diff_op *gone)
{
    const struct diff_op *added = gone + 1;
    if (gone->kind != DIFF_DELETE || added == p->diff->ops + p->diff->n_ops ||
        added->kind != DIFF_INSERT || gone->a_to - gone->a_from > 256 ||
        (is_ascii(p->a, gone->a_from, gone->a_to) && is_ascii(p->b, added->b_from, added->b_to)))
        return false;
    struct str a = {0}, b = {0};
    unicode_compose(&a, slice_sub(p->a, gone->a_from, gone->a_to));
    unicode_compose(&b, slice_sub(p->b, added->b_from, added->b_to));
    bool alike = slice_eq(str_slice(&a), str_slice(&b));
    str_free(&a);
    str_free(&b);
    return alike;
}

/* The hinges again, one a line, with the reasons. */
static void list_hinges(struct painter *w, const struct hinges *h)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct hinge *item = &h->items[i];
        if (!item->lit)
            continue;
        str_adds(w->out, item->side == HINGE_Y0 ? "\n- " : "\n+ ");
        if (item->from == item->to)
            str_adds(w->out, "(left out here)");
        visible_text(w->out, slice_sub(item->side == HINGE_Y0 ? w->p->a : w->p->b, item->from,
                                       item->to));
        str_addf(w->out, "  %.2f  ", item->score);
        hinge_reasons(w->out, item->reasons);
    }
    str_addf(w->out, "\n%zu of %zu changes decide\n", h->n_lit_hunks, h->n_hunks);
}

void diff_paint(struct str *out, const struct diff_paint *p)
{
    struct painter w = {.p = p, .out = out};
    sort_moves(&w);
    for (size_t i = 0; i < p->diff->n_ops; i++) {
        const struct diff_op *op = &p->diff->ops[i];
        if (op->kind == DIFF_KEEP) {
            add_kept(&w, op, i == 0, i + 1 == p->diff->n_ops);
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
    if (p->hinges)
        list_hinges(&w, p->hinges);
    mem_free(w.moved[HINGE_Y0]);
    mem_free(w.moved[HINGE_Y_STAR]);
}
