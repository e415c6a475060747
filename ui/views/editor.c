#include "ui/views/editor.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/unicode.h"
#include "ui/views/flow_cell.h"

/* ---- what can be taken back ---- */

static void drop_past(struct editor *e, size_t i)
{
    e->pasts_bytes -= e->pasts[i].text.len;
    str_free(&e->pasts[i].text);
    e->n_pasts--;
    memmove(&e->pasts[i], &e->pasts[i + 1], (e->n_pasts - i) * sizeof *e->pasts);
}

static void forget(struct editor *e)
{
    while (e->n_pasts)
        drop_past(e, e->n_pasts - 1);
    e->typed_to = 0;
}

/* Before the text changes. */
static void remember(struct editor *e)
{
    if (!e->pasts)
        e->pasts = mem_zalloc(EDITOR_PASTS, sizeof *e->pasts);
    while (e->n_pasts && (e->n_pasts == EDITOR_PASTS || e->pasts_bytes + e->text.len > EDITOR_PASTS_BYTES))
        drop_past(e, 0);
    struct editor_past *past = &e->pasts[e->n_pasts++];
    *past = (struct editor_past){.at = e->at};
    str_add_slice(&past->text, str_slice(&e->text));
    e->pasts_bytes += past->text.len;
    e->typed_to = 0;
}

void editor_free(struct editor *e)
{
    forget(e);
    mem_free(e->pasts);
    str_free(&e->text);
    str_free(&e->killed);
    flow_free(&e->flow);
    *e = (struct editor){0};
}

static bool is_border(const struct editor *e, size_t at)
{
    return at >= e->text.len || ((unsigned char)e->text.at[at] & 0xC0) != 0x80;
}

static void changed(struct editor *e)
{
    e->stale = true;
    e->goal = -1;
}

void editor_set(struct editor *e, struct slice text, size_t at)
{
    str_clear(&e->text);
    utf8_repair(&e->text, text);
    e->at = at < e->text.len ? at : e->text.len;
    while (!is_border(e, e->at))
        e->at--;
    e->top = 0;
    e->killing = false;
    forget(e);
    changed(e);
}

/* What may stand in a text: no controls, which have no key to be typed with and come by paste. */
static void filter(struct str *out, struct slice typed, bool many_lines)
{
    for (size_t i = 0; i < typed.len;) {
        uint32_t c;
        size_t len = utf8_decode(typed.at + i, typed.len - i, &c);
        if (c == '\r') {
            if (i + 1 == typed.len || typed.at[i + 1] != '\n')
                str_addc(out, many_lines ? '\n' : ' ');
        } else if (c == '\n' || c == '\t') {
            str_addc(out, many_lines ? (char)c : ' ');
        } else if (c >= 0x20 && (c < 0x7F || c > 0x9F) && c != UTF8_BAD) {
            str_add(out, typed.at + i, len);
        }
        i += len;
    }
}

void editor_insert(struct editor *e, struct slice typed)
{
    struct str clean = {0};
    filter(&clean, typed, e->many_lines);
    if (clean.len) {
        bool goes_on = e->typed_to == e->at + 1 && utf8_count(str_slice(&clean)) == 1;
        if (!goes_on)
            remember(e);
        str_splice(&e->text, e->at, e->at, str_slice(&clean));
        e->at += clean.len;
        e->killing = false;
        e->typed_to = e->at + 1;
        changed(e);
    }
    str_free(&clean);
}

/* Character borders: a letter and the marks on it are one step. */

static size_t next_char(const struct editor *e, size_t at)
{
    struct slice text = str_slice(&e->text);
    uint32_t c;
    if (at >= text.len)
        return text.len;
    at += utf8_decode(text.at + at, text.len - at, &c);
    while (at < text.len) {
        size_t len = utf8_decode(text.at + at, text.len - at, &c);
        if (!unicode_is_mark(c))
            break;
        at += len;
    }
    return at;
}

static size_t prev_char(const struct editor *e, size_t at)
{
    struct slice text = str_slice(&e->text);
    while (at > 0) {
        uint32_t c;
        at = utf8_prev(text, at);
        utf8_decode(text.at + at, text.len - at, &c);
        if (!unicode_is_mark(c))
            break;
    }
    return at;
}

static bool is_word(const struct editor *e, size_t at)
{
    unsigned char c = (unsigned char)e->text.at[at];
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t word_right(const struct editor *e, size_t at)
{
    while (at < e->text.len && !is_word(e, at))
        at = next_char(e, at);
    while (at < e->text.len && is_word(e, at))
        at = next_char(e, at);
    return at;
}

static size_t word_left(const struct editor *e, size_t at)
{
    while (at > 0 && !is_word(e, prev_char(e, at)))
        at = prev_char(e, at);
    while (at > 0 && is_word(e, prev_char(e, at)))
        at = prev_char(e, at);
    return at;
}

static size_t line_start(const struct editor *e, size_t at)
{
    while (at > 0 && e->text.at[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct editor *e, size_t at)
{
    const char *end = at < e->text.len ? memchr(e->text.at + at, '\n', e->text.len - at) : NULL;
    return end ? (size_t)(end - e->text.at) : e->text.len;
}

/* Places that a command goes or kills to. */

static size_t to_left(struct editor *e) { return prev_char(e, e->at); }
static size_t to_right(struct editor *e) { return next_char(e, e->at); }
static size_t to_word_left(struct editor *e) { return word_left(e, e->at); }
static size_t to_word_right(struct editor *e) { return word_right(e, e->at); }
static size_t to_line_start(struct editor *e) { return line_start(e, e->at); }
static size_t to_line_end(struct editor *e) { return line_end(e, e->at); }
static size_t to_start(struct editor *e) { (void)e; return 0; }
static size_t to_end(struct editor *e) { return e->text.len; }

/* To the line's end, or over the line end when already there. */
static size_t to_kill_end(struct editor *e)
{
    size_t end = line_end(e, e->at);
    return end == e->at ? next_char(e, e->at) : end;
}

/* Finds the byte drawn nearest to a column of a row. */
struct column_search {
    unsigned goal;
    size_t at;
    bool past;
};

static void look_for_column(void *ctx, const struct flow_cell *cell)
{
    struct column_search *s = ctx;
    if (cell->col <= s->goal) {
        s->at = cell->from;
        s->past = s->goal >= cell->col + cell->width;
        if (s->past)
            s->at = cell->to;
    }
}

static size_t at_column(struct editor *e, size_t row, unsigned col)
{
    if (!flow_has_row(&e->flow, row))
        return e->text.len;
    struct flow_at start = flow_row_at(&e->flow, row);
    struct column_search s = {.goal = col, .at = start.off};
    flow_draw(&e->flow, row, 0, e->width, look_for_column, &s);
    /* Past the last character of a wrapped row is the next row's first. */
    if (s.past && flow_has_row(&e->flow, row + 1) && s.at == flow_row_at(&e->flow, row + 1).off)
        s.at = prev_char(e, s.at);
    return s.at;
}

static size_t to_row(struct editor *e, int step)
{
    size_t row;
    unsigned col;
    editor_cursor(e, &row, &col);
    if (e->goal < 0)
        e->goal = (int)col;
    if (step < 0 && row == 0)
        return e->at;
    return row + 1 >= editor_rows(e) && step > 0
               ? e->at
               : at_column(e, row + (size_t)step, (unsigned)e->goal);
}

static size_t to_up(struct editor *e) { return to_row(e, -1); }
static size_t to_down(struct editor *e) { return to_row(e, 1); }

static void undo(struct editor *e)
{
    if (!e->n_pasts)
        return;
    struct editor_past *past = &e->pasts[e->n_pasts - 1];
    str_clear(&e->text);
    str_add_slice(&e->text, str_slice(&past->text));
    e->at = past->at;
    e->typed_to = 0;
    drop_past(e, e->n_pasts - 1);
    changed(e);
}

static void yank(struct editor *e)
{
    if (e->killed.len)
        remember(e);
    str_splice(&e->text, e->at, e->at, str_slice(&e->killed));
    e->at += e->killed.len;
    changed(e);
}

static void new_line(struct editor *e)
{
    if (e->many_lines)
        editor_insert(e, SLICE("\n"));
}

enum act { ACT_GO, ACT_ROW, ACT_DELETE, ACT_KILL };

static const struct command {
    const char *name;
    enum act act;
    size_t (*to)(struct editor *e);
    void (*run)(struct editor *e);
} commands[] = {
    {"left", ACT_GO, to_left, NULL},
    {"right", ACT_GO, to_right, NULL},
    {"word-left", ACT_GO, to_word_left, NULL},
    {"word-right", ACT_GO, to_word_right, NULL},
    {"line-start", ACT_GO, to_line_start, NULL},
    {"line-end", ACT_GO, to_line_end, NULL},
    {"start", ACT_GO, to_start, NULL},
    {"finish", ACT_GO, to_end, NULL},
    {"up", ACT_ROW, to_up, NULL},
    {"down", ACT_ROW, to_down, NULL},
    {"delete-left", ACT_DELETE, to_left, NULL},
    {"delete-right", ACT_DELETE, to_right, NULL},
    {"kill-end", ACT_KILL, to_kill_end, NULL},
    {"kill-start", ACT_KILL, to_line_start, NULL},
    {"kill-word-left", ACT_KILL, to_word_left, NULL},
    {"kill-word-right", ACT_KILL, to_word_right, NULL},
    {"yank", ACT_GO, NULL, yank},
    {"new-line", ACT_GO, NULL, new_line},
    {"undo-typing", ACT_GO, NULL, undo},
};

const char *editor_command_name(size_t i)
{
    return i < sizeof commands / sizeof commands[0] ? commands[i].name : NULL;
}

static void keep_killed(struct editor *e, size_t from, size_t to)
{
    struct slice bytes = slice_sub(str_slice(&e->text), from, to);
    if (!e->killing)
        str_clear(&e->killed);
    size_t place = to <= e->at ? 0 : e->killed.len; /* killed leftwards goes in front */
    str_splice(&e->killed, place, place, bytes);
}

static void go(struct editor *e, const struct command *c)
{
    size_t to = c->to(e), from = e->at;
    if (c->act == ACT_GO || c->act == ACT_ROW) {
        e->at = to;
        if (c->act == ACT_GO)
            e->goal = -1;
        return;
    }
    size_t low = to < from ? to : from, high = to < from ? from : to;
    if (low != high)
        remember(e);
    if (c->act == ACT_KILL)
        keep_killed(e, low, high);
    str_splice(&e->text, low, high, (struct slice){0});
    e->at = low;
    changed(e);
}

bool editor_command(struct editor *e, const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const struct command *c = &commands[i];
        if (strcmp(c->name, name) != 0)
            continue;
        if (c->run)
            c->run(e);
        else
            go(e, c);
        e->killing = c->act == ACT_KILL;
        return true;
    }
    return false;
}

void editor_layout(struct editor *e, unsigned width)
{
    e->width = width > 1 ? width : 2;
    if (e->stale || e->flow.texts[FLOW_A].at != e->text.at)
        flow_plain(&e->flow, str_slice(&e->text));
    e->stale = false;
    flow_layout(&e->flow, e->width - 1, true);
}

static bool ends_in_line_end(const struct editor *e)
{
    return e->text.len && e->text.at[e->text.len - 1] == '\n';
}

size_t editor_rows(struct editor *e)
{
    editor_layout(e, e->width);
    return flow_count(&e->flow) + ends_in_line_end(e);
}

void editor_cursor(struct editor *e, size_t *row, unsigned *col)
{
    editor_layout(e, e->width);
    *col = 0;
    if (e->at == e->text.len && ends_in_line_end(e)) {
        *row = flow_count(&e->flow);
        return;
    }
    struct flow_at at = {0, (uint32_t)e->at};
    if (e->at == e->text.len && e->at > 0)
        at.off = (uint32_t)prev_char(e, e->at); /* the end belongs to the last character's row */
    *row = flow_row_of(&e->flow, at);
    struct slice text = str_slice(&e->text);
    for (uint32_t i = flow_row_at(&e->flow, *row).off; i < e->at && i < text.len;) {
        struct flow_step s;
        flow_step(&e->flow, &e->flow.runs[0], i, *col, &s);
        *col += s.width;
        i += s.len;
    }
    if (*col >= e->width)
        *col = e->width - 1; /* blanks that hang over the edge */
}
