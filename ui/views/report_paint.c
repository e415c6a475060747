/* The report's pages: a title, the pages' names, the figure, its numbers. */
#include <math.h>
#include <string.h>

#include "text/visible.h"
#include "ui/views/report_state.h"
#include "ui/widgets/plot.h"

enum { HEAD = 2 /* title and names of pages */, TABLE_LEAST = 4, NOTE_INDENT = 2 };

static void paint_title(const struct report_view *v, const struct paint *p)
{
    const struct report *r = &v->report;
    struct str text = {0}, right = {0};
    str_addf(&text, " Report");
    if (v->ready && r->n_used) {
        const char *split = r->used[0]->split;
        str_addf(&text, " · %zu eval%s%s%s · thinking %s", r->n_used, r->n_used == 1 ? "" : "s", split ? " on " : "",
                 split ? split : "", r->think ? "on" : "off");
        if (v->runs.len)
            str_addf(&text, " · runs %s", v->runs.at);
        str_adds(&text, r->asked.by_name ? " · by name" : "");
    }
    if (v->ready && r->n_notes)
        str_addf(&right, "%zu note%s ", r->n_notes, r->n_notes == 1 ? "" : "s");
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    int used = paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    int width = (int)visible_width(str_slice(&right));
    if (used + width + 1 < p->cols)
        paint_text(p, 0, p->cols - width, width, str_slice(&right), LOOK_TITLE);
    str_free(&text);
    str_free(&right);
}

static void paint_pages(const struct report_view *v, const struct paint *p)
{
    static const char *const names[REPORT_PAGES] = {"1 scores", "2 curves", "3 thinking", "4 examples needed",
                                                    "5 tests, notes"};
    int col = 0;
    paint_fill(p, 1, 0, p->cols, " ", LOOK_HEAD);
    for (int i = 0; i < REPORT_PAGES && col + 2 < p->cols; i++) {
        enum look look = i + 1 == v->page ? LOOK_CURSOR : LOOK_HEAD;
        paint_z(p, 1, col, 1, i + 1 == v->page ? (p->ascii ? ">" : "▸") : " ", look);
        col += 1 + paint_z(p, 1, col + 1, p->cols - col - 1, names[i], look);
        paint_z(p, 1, col, 1, " ", look);
        col += 2;
    }
}

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct report_view *v = context;
    const char *text = v->sheet.cells[row * v->sheet.columns + (size_t)column];
    (void)ascii; /* the screen has a letter for each sign used here */
    str_adds(out, text);
    if (column == 0 && v->page != REPORT_PAGE_TESTS)
        return report_look(&v->report, v->sheet.methods[row]);
    return column == 0 ? LOOK_STRONG : LOOK_TEXT;
}

/* Appends as many words of text as fit into width; returns the bytes taken. */
static size_t take_line(struct str *out, struct slice text, size_t width)
{
    size_t end = 0, fits = 0;
    while (end < text.len) {
        size_t next = end + 1;
        while (next < text.len && text.at[next] != ' ')
            next++;
        if (visible_width(slice_sub(text, 0, next)) > width && fits)
            break;
        fits = end = next;
    }
    str_add_slice(out, slice_sub(text, 0, fits));
    return fits;
}

/* A paragraph; returns the row after it. */
static int paint_paragraph(const struct paint *p, int row, int end, const char *sign, const char *words, enum look look)
{
    struct slice text = slice_of(words);
    bool first = true;
    while (text.len && row < end) {
        struct str line = {0};
        size_t taken = take_line(&line, text, (size_t)(p->cols - NOTE_INDENT - 1));
        if (first)
            paint_z(p, row, 0, NOTE_INDENT, sign, LOOK_WARN);
        paint_text(p, row++, NOTE_INDENT, p->cols - NOTE_INDENT, slice_trim(str_slice(&line)), look);
        text = slice_sub(text, taken, text.len);
        first = false;
        str_free(&line);
    }
    return row;
}

static void paint_notes(const struct report_view *v, const struct paint *p, int row)
{
    if (v->report.n_notes && row < p->rows) {
        paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
        paint_z(p, row++, 1, p->cols - 1, "notes", LOOK_HEAD);
    }
    for (size_t i = 0; i < v->report.n_notes; i++)
        row = paint_paragraph(p, row, p->rows, "! ", v->report.notes[i], LOOK_TEXT);
}

static int paint_table(struct report_view *v, const struct paint *p, int row, int rows)
{
    const struct table table = {.columns = v->columns, .n_columns = (int)v->sheet.columns, .cursor_columns = 1,
                                .count = v->sheet.rows, .context = v, .cell = cell};
    int seen = (int)v->sheet.rows < rows - 1 ? (int)v->sheet.rows : rows - 1;
    if (seen < 1)
        return row;
    listing_show(&v->list, seen);
    table_paint(&table, p, row, &v->list);
    return row + 1 + seen;
}

/* What the numbers are, in the words of the table. */
static int paint_about(const struct report_view *v, const struct paint *p, int row, int end)
{
    struct str text = {0};
    str_adds(&text, v->sheet.about);
    if (v->page == 2 && v->report.target <= 1)
        str_addf(&text, " The line at %.3f is the target of figure 4.", v->report.target);
    row = paint_paragraph(p, row, end, "", str_z(&text), LOOK_DIM);
    str_free(&text);
    return row;
}

/* A figure takes what its lines need, the numbers the rest, at least a few rows each. */
static void paint_figure(struct report_view *v, const struct paint *p)
{
    int row = paint_about(v, p, HEAD, HEAD + 2), room = p->rows - row;
    int table = (int)v->sheet.rows + 1, plot = report_plot_wants(v);
    if (plot + table > room && v->page == 2)
        plot = room - table > room * 3 / 5 ? room - table : room * 3 / 5;
    else if (plot + table > room)
        plot = plot < room * 3 / 5 ? plot : room * 3 / 5;
    if (v->page == 2 && plot + table < room)
        plot = room - table;
    if (room - plot < TABLE_LEAST)
        plot = room - TABLE_LEAST;
    if (plot >= PLOT_ROWS_MIN) {
        report_plot(v, p, row, plot);
        row += plot;
    }
    paint_table(v, p, row, p->rows - row);
}

static void paint_tests(struct report_view *v, const struct paint *p)
{
    int row = paint_about(v, p, HEAD, HEAD + 2);
    int notes = v->report.n_notes ? (int)v->report.n_notes * 2 + 1 : 0, room = p->rows - row;
    int most = room - notes > room / 2 ? room - notes : room / 2;
    paint_notes(v, p, paint_table(v, p, row, most) + 1);
}

void report_paint(void *view, const struct paint *p)
{
    struct report_view *v = view;
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", LOOK_TEXT);
    paint_title(v, p);
    paint_pages(v, p);
    if (v->failed)
        paint_z(p, HEAD + 1, 2, p->cols - 2, "The evals cannot be read.", LOOK_BAD);
    else if (!v->ready)
        paint_z(p, HEAD + 1, 2, p->cols - 2, "computing the intervals ...", LOOK_DIM);
    else if (v->sheet.rows == 0) {
        paint_z(p, HEAD + 1, 2, p->cols - 2, "Nothing to show here yet: this figure needs evals that are not there.", LOOK_DIM);
        paint_notes(v, p, HEAD + 3);
    } else if (v->page == REPORT_PAGE_TESTS)
        paint_tests(v, p);
    else
        paint_figure(v, p);
}
