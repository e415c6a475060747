#include "app/drafts.h"
#include "db/decision_store.h"
#include "ui/views/columns.h"
#include "ui/workbench_state.h"

/* "saved", or why not: the first word of the status bar never lies. */
static enum look add_saved(struct desk *d, struct str *out)
{
    if (session_read_only(d->session)) {
        str_adds(out, "read only");
        return LOOK_WARN;
    }
    if (d->trouble.len) {
        str_addf(out, "NOT SAVED: %s", str_z(&d->trouble));
        return LOOK_BAD;
    }
    bool typed = draft_typed_pending(d->session);
    str_adds(out, typed ? "draft" : "saved");
    return typed ? LOOK_WARN : LOOK_STATUS;
}

static void add_pace(struct desk *d, struct str *out)
{
    const char *dot = d->ascii ? " - " : " \xC2\xB7 ";
    struct pace pace;
    str_adds(out, dot);
    str_adds(out, session_reviewer(d->session));
    if (session_pace(d->session, &pace, NULL) != 0)
        return;
    str_adds(out, dot);
    add_count(out, pace.records_today);
    str_adds(out, " today");
    if (pace.seconds_per_record >= 0.5)
        str_addf(out, "%s%.0f s/record", dot, pace.seconds_per_record);
}

static void paint_status(struct desk *d, const struct paint *p, int row)
{
    struct str left = {0}, right = {0}, cell = {0};
    struct store_counts counts;
    str_addc(&left, ' ');
    enum look look = add_saved(d, &left);
    if (d->trouble.len == 0)
        add_pace(d, &left);
    enum look jobs = pulse_text(d, &right);
    if (!right.len && store_counts(session_store(d->session), &counts, NULL) == 0) {
        add_count(&right, counts.by_state[STATE_UNDECIDED]);
        str_adds(&right, " undecided of ");
        add_count(&right, counts.records);
        str_addc(&right, ' ');
    }
    paint_fill(p, row, 0, p->cols, " ", LOOK_STATUS);
    int used = paint_text(p, row, 0, p->cols, str_slice(&left), look);
    int room = p->cols - used - 2;
    if (room > (int)right.len) {
        column_cell(&cell, str_slice(&right), (unsigned)room, true);
        p->put(p->context, row, used + 2, str_slice(&cell), room, jobs);
    }
    str_free(&left);
    str_free(&right);
    str_free(&cell);
}

/* Hints stand two blanks apart; those that do not fit are left out whole, "? help" never is. */
static void paint_items(const struct paint *p, int row, struct slice hints)
{
    const int help = 8;
    int col = 1;
    for (size_t at = 0; at < hints.len;) {
        size_t end = at;
        while (end < hints.len && !(hints.at[end] == ' ' && end + 1 < hints.len && hints.at[end + 1] == ' '))
            end++;
        struct slice item = slice_sub(hints, at, end);
        bool last = end >= hints.len;
        if (last || col + (int)item.len + 2 + help <= p->cols) {
            size_t key = 0;
            while (key < item.len && item.at[key] != ' ')
                key++;
            int used = paint_text(p, row, col, p->cols - col, slice_sub(item, 0, key), LOOK_KEY);
            used += paint_text(p, row, col + used, p->cols - col - used, slice_sub(item, key, item.len), LOOK_DIM);
            col += used + 2;
        }
        at = end + 2;
    }
}

static void paint_hints(struct desk *d, const struct paint *p, int row)
{
    struct screen *top = desk_top(d);
    paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
    if (d->message.len)
        paint_text(p, row, 1, p->cols - 1, str_slice(&d->message), d->look);
    else if (top->ops->hints)
        paint_items(p, row, slice_of(top->ops->hints(top->view)));
}

void desk_paint(struct desk *d, const struct paint *p)
{
    struct screen *top = desk_top(d);
    bool line = !top->ops->own_hints;
    struct paint part = *p;
    part.rows = p->rows - 1 - line;
    if (part.rows < 1)
        return;
    d->rows = part.rows;
    d->cols = part.cols;
    top->ops->paint(top->view, &part);
    if (d->ask.open) {
        if (d->message.len && p->rows > 3) { /* why the line was not taken */
            paint_fill(p, p->rows - 3, 0, p->cols, " ", LOOK_TEXT);
            paint_text(p, p->rows - 3, 1, p->cols - 1, str_slice(&d->message), d->look);
        }
        ask_paint(&d->ask, p, p->rows - 2);
    } else if (line) {
        paint_hints(d, p, p->rows - 2);
    }
    paint_status(d, p, p->rows - 1);
}
