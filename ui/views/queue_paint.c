#include <string.h>

#include "base/clock.h"
#include "ui/views/columns.h"
#include "ui/views/queue_state.h"

enum { COL_STATE, COL_SCORE, COL_HINGES, COL_RECORD, COL_TASK, COL_WHO, COL_AGE, COL_HEADLINE, COLS };

static const struct column columns[COLS] = {
    [COL_STATE] = {"state", 6, 6, 0, false},     [COL_SCORE] = {"score", 6, 6, 4, true},
    [COL_HINGES] = {"\xC2\xAB\xC2\xBB", 3, 3, 5, true},  [COL_RECORD] = {"record", 12, 22, 0, false},
    [COL_TASK] = {"task", 7, 20, 6, false},      [COL_WHO] = {"reviewer", 8, 12, 8, false},
    [COL_AGE] = {"age", 4, 4, 9, true},          [COL_HEADLINE] = {"rule / rationale", 32, 0, 0, false},
};

static const struct {
    const char *sign, *ascii, *word;
    enum look look;
} signs[RECORD_STATES] = {
    [STATE_UNDECIDED] = {"\xC2\xB7", ".", "", LOOK_TEXT},
    [STATE_ACCEPTED] = {"\xE2\x9C\x93", "+", "acc", LOOK_GOOD},
    [STATE_EDITED] = {"\xE2\x9C\x8E", "~", "edit", LOOK_GOOD},
    [STATE_REJECTED] = {"\xE2\x9C\x97", "x", "rej", LOOK_BAD},
    [STATE_SKIPPED] = {"\xC2\xBB", ">", "skip", LOOK_DIM},
    [STATE_FLAGGED] = {"\xE2\x9A\x91", "!", "flag", LOOK_WARN},
};

/* Two decimals at most and no noughts at their end: 4, 0.67, 12.5, 100. */
static void add_points(struct str *out, double points)
{
    size_t from = out->len;
    str_addf(out, "%.2f", points);
    while (out->len > from && out->at[out->len - 1] == '0')
        str_cut(out, out->len - 1);
    if (out->len > from && out->at[out->len - 1] == '.')
        str_cut(out, out->len - 1);
}

static void add_score(struct str *out, const struct queue_row *row)
{
    if (!row->has_score)
        return;
    add_points(out, row->score);
    if (row->has_score_max) {
        str_addc(out, '/');
        add_points(out, row->score_max);
    }
}

static void cell_text(const struct queue_view *v, const struct queue_row *row, int column, struct str *out)
{
    bool ascii = desk_ascii(v->desk);
    switch (column) {
    case COL_STATE:
        str_adds(out, ascii ? signs[row->state].ascii : signs[row->state].sign);
        str_addf(out, " %s", signs[row->state].word);
        break;
    case COL_SCORE:
        add_score(out, row);
        break;
    case COL_HINGES:
        if (row->n_hinges >= 0)
            str_addf(out, "%d", row->n_hinges);
        break;
    case COL_RECORD:
        str_adds(out, row->key);
        break;
    case COL_TASK:
        str_adds(out, row->task ? row->task : "");
        break;
    case COL_WHO:
        str_adds(out, row->reviewer ? row->reviewer : "");
        break;
    case COL_AGE:
        if (row->decided)
            add_age(out, row->decided, clock_now_ms());
        break;
    default:
        str_adds(out, row->headline ? row->headline : "");
        break;
    }
}

static enum look cell_look(const struct queue_row *row, int column)
{
    if (column == COL_STATE)
        return signs[row->state].look;
    if (row->state == STATE_SKIPPED || column == COL_TASK || column == COL_WHO || column == COL_AGE)
        return LOOK_DIM;
    return LOOK_TEXT;
}

/* Cursor sign, tag sign, blank. The cursor is this piece, lit: lighting the whole row would send both rows again
 * at every step, which a slow line feels. */
enum { MARGIN = 3 };

static void paint_row(const struct queue_view *v, const struct paint *p, int at, const struct place *places,
                      const struct queue_row *row, bool here)
{
    enum look edge = here ? LOOK_CURSOR : LOOK_TEXT;
    struct str text = {0}, cell = {0};
    str_adds(&text, here ? (p->ascii ? ">" : "\xE2\x96\xB8") : " ");
    str_adds(&text, id_set_has(&v->tags, row->id) ? "* " : "  ");
    p->put(p->context, at, 0, str_slice(&text), MARGIN, edge);
    int end = MARGIN;
    for (int c = 0; c < COLS; c++) {
        if (!places[c].width)
            continue;
        int col = MARGIN + (int)places[c].at;
        if (col > end)
            paint_fill(p, at, end, col - end, " ", LOOK_TEXT);
        str_clear(&text);
        str_clear(&cell);
        cell_text(v, row, c, &text);
        if (c == COL_RECORD)
            column_cell_end(&cell, str_slice(&text), places[c].width);
        else
            column_cell(&cell, str_slice(&text), places[c].width, columns[c].right);
        p->put(p->context, at, col, str_slice(&cell), (int)places[c].width, cell_look(row, c));
        end = col + (int)places[c].width;
    }
    if (end < p->cols)
        paint_fill(p, at, end, p->cols - end, " ", LOOK_TEXT);
    str_free(&text);
    str_free(&cell);
}

/* " hinge · ed-notes        limit: score<5     412/1,800" */
static void paint_title(const struct queue_view *v, const struct paint *p)
{
    struct str left = {0}, right = {0};
    struct limit_progress seek = limit_plan_progress(v->plan);
    struct slice limit = limit_plan_text(v->plan);
    str_addf(&left, " hinge %s ", p->ascii ? "-" : "\xC2\xB7");
    str_adds(&left, session_project(desk_session(v->desk)));
    if (limit.len)
        str_addf(&right, "limit: %.*s  ", (int)(limit.len < 200 ? limit.len : 200), limit.at);
    if (limit_plan_searching(v->plan))
        str_addf(&right, "(searching %d%%)  ", (int)(seek.of ? 100 * seek.looked_at / seek.of : 0));
    else if (seek.gave_up)
        str_addf(&right, "(%lld too much for the pattern)  ", (long long)seek.gave_up);
    add_count(&right, v->list.count ? record_list_place(&v->list) + 1 : 0);
    str_adds(&right, "/");
    add_count(&right, v->list.total);
    str_adds(&right, " ");
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    int room = p->cols - 24;
    struct str cell = {0};
    column_cell(&cell, str_slice(&right), (unsigned)(room > 0 ? room : 0), true);
    if (room > 0)
        p->put(p->context, 0, 24, str_slice(&cell), room, LOOK_TITLE);
    paint_text(p, 0, 0, 24, str_slice(&left), LOOK_TITLE);
    str_free(&cell);
    str_free(&left);
    str_free(&right);
}

static void paint_heads(const struct paint *p, const struct place *places)
{
    paint_fill(p, 1, 0, p->cols, " ", LOOK_HEAD);
    struct str cell = {0};
    for (int c = 0; c < COLS; c++) {
        if (!places[c].width)
            continue;
        str_clear(&cell);
        const char *title = c == COL_HINGES && p->ascii ? "hin" : columns[c].title;
        column_cell(&cell, slice_of(title), places[c].width, columns[c].right);
        p->put(p->context, 1, MARGIN + (int)places[c].at, str_slice(&cell), (int)places[c].width, LOOK_HEAD);
    }
    str_free(&cell);
}

/* Brings the cursor into the rows seen; moves the list no more than it must. */
static void follow(struct queue_view *v, size_t rows)
{
    if (v->list.cursor < v->top)
        v->top = v->list.cursor;
    if (v->list.cursor >= v->top + rows)
        v->top = v->list.cursor - rows + 1;
    size_t most = v->list.count > rows ? v->list.count - rows : 0;
    if (v->top > most)
        v->top = most;
}

enum { HEADLINE_ENOUGH = 60 };

/* The headline is the thing to judge: who decided and when stand beside it only where somebody has decided and
 * the headline keeps enough room. */
static void fit(const struct queue_view *v, unsigned width, struct place *places)
{
    struct store_counts counts;
    struct column wanted[COLS];
    bool decided = store_counts(session_store(desk_session(v->desk)), &counts, NULL) == 0 &&
                   counts.by_state[STATE_UNDECIDED] < counts.records;
    memcpy(wanted, columns, sizeof wanted);
    columns_fit(wanted, COLS, width, places);
    if (decided && places[COL_HEADLINE].width >= HEADLINE_ENOUGH)
        return;
    wanted[COL_WHO].min = wanted[COL_AGE].min = 0; /* no width: not shown */
    columns_fit(wanted, COLS, width, places);
}

void queue_paint(void *view, const struct paint *p)
{
    struct queue_view *v = view;
    struct place places[COLS];
    int rows = p->rows - 2;
    paint_title(v, p);
    if (rows < 1)
        return;
    fit(v, p->cols > MARGIN ? (unsigned)(p->cols - MARGIN - 1) : 1, places);
    paint_heads(p, places);
    v->headline_width = places[COL_HEADLINE].width;
    follow(v, (size_t)rows);
    for (int i = 0; i < rows; i++) {
        size_t at = v->top + (size_t)i;
        if (at < v->list.count)
            queue_counted(v, v->list.rows[at]);
        if (at < v->list.count)
            paint_row(v, p, 2 + i, places, v->list.rows[at], at == v->list.cursor);
        else
            paint_fill(p, 2 + i, 0, p->cols, " ", LOOK_TEXT);
    }
    if (v->list.count == 0 && rows > 2)
        paint_z(p, 4, MARGIN, p->cols, limit_plan_text(v->plan).len
                ? "No record fits the limit. l changes it; an empty limit shows all."
                : "No records yet: 'hinge import PROJECT FILE' brings some in.", LOOK_DIM);
}
