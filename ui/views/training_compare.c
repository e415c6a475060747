/* Two runs: what they were started with, where it differs, above their curves. */
#include <string.h>

#include "base/mem.h"
#include "ui/views/listing.h"
#include "ui/views/training.h"
#include "ui/views/training_curves.h"

struct compare_view {
    struct desk *desk;
    struct run runs[2];
    struct train_differences differences;
    struct listing list;
    struct curve_shelf shelf;
    struct curve_look look;
};

const struct binding compare_bindings[] = {
    {"compare", "j Down", "down", "next difference"},
    {"compare", "k Up", "up", "the one before"},
    {"compare", "g Home", "first", "first difference"},
    {"compare", "G End", "last", "last difference"},
    {"compare", "Ctrl-d PgDn", "page-down", "a page down"},
    {"compare", "Ctrl-u PgUp", "page-up", "a page up"},
    CURVE_BINDINGS("compare"),
    {"compare", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void compare_free(void *view)
{
    struct compare_view *v = view;
    run_free(&v->runs[0]);
    run_free(&v->runs[1]);
    train_differences_free(&v->differences);
    curve_shelf_free(&v->shelf);
    mem_free(v);
}

struct compare_view *compare_view_new(struct desk *d, const char *a, const char *b, struct error *err)
{
    struct compare_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    curve_look_init(&v->look);
    if (train_find(training_project(d), a, &v->runs[0], err) != 0 ||
        train_find(training_project(d), b, &v->runs[1], err) != 0) {
        compare_free(v);
        return NULL;
    }
    train_compare(&v->runs[0], &v->runs[1], &v->differences);
    return v;
}

static void refresh(void *view)
{
    struct compare_view *v = view;
    run_refresh(&v->runs[0]);
    run_refresh(&v->runs[1]);
    curve_shelf_update(&v->shelf);
}

static bool command(void *view, const char *name)
{
    struct compare_view *v = view;
    return listing_command(&v->list, v->differences.count, name) || curve_look_command(&v->look, name);
}

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct train_difference *d = &((const struct compare_view *)context)->differences.items[row];
    const char *texts[] = {d->name, d->a, d->b};
    (void)ascii;
    str_adds(out, texts[column][0] ? texts[column] : "-");
    return column == 0 ? LOOK_DIM : LOOK_TEXT;
}

static void paint(void *view, const struct paint *p)
{
    struct compare_view *v = view;
    struct column columns[] = {{"differs", 10, 16, 0, false},
                               {v->runs[0].name, 10, 0, 0, false},
                               {v->runs[1].name, 10, 0, 0, false}};
    const struct table table = {.columns = columns, .n_columns = 3, .cursor_columns = 1,
                                .count = v->differences.count, .context = v, .cell = cell};
    struct str title = {0};
    int most = p->rows / 2 - 2, rows = v->differences.count ? (int)v->differences.count : 1;
    if (rows > most)
        rows = most > 1 ? most : 1;
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", row ? LOOK_TEXT : LOOK_TITLE);
    str_addf(&title, " %s beside %s: %zu setting%s differ%s", v->runs[0].name, v->runs[1].name,
             v->differences.count, v->differences.count == 1 ? "" : "s",
             v->differences.count == 1 ? "s" : "");
    paint_text(p, 0, 0, p->cols, str_slice(&title), LOOK_TITLE);
    str_free(&title);
    listing_show(&v->list, rows);
    table_paint(&table, p, 1, &v->list);
    if (!v->differences.count)
        paint_z(p, 2, 2, p->cols - 2, "Nothing differs: the same data, model and settings.", LOOK_DIM);
    struct curve_run runs[2];
    for (int i = 0; i < 2; i++)
        runs[i] = (struct curve_run){.name = v->runs[i].name,
                                     .curve = curve_shelf_get(&v->shelf, v->runs[i].folder)};
    curves_paint(&v->look, runs, 2, desk_signs(v->desk), p,
                 (struct plot_rect){rows + 2, 0, p->rows - rows - 2, p->cols});
}

static const char *hints(void *view)
{
    (void)view;
    return "j/k differences  m metric  +/- zoom  h/l earlier, later  X axis  y log  q back  ? help";
}

const struct view_ops compare_view_ops = {
    .mode = "compare",
    .watches = true,
    .free = compare_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
