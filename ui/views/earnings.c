#include "ui/views/earnings.h"

#include <string.h>

#include "app/earnings.h"
#include "base/mem.h"
#include "ui/views/listing.h"

enum { HASH = 6, DETAIL = 2 };

struct earnings_view {
    struct desk *desk;
    struct earnings e;
    bool graders; /* the table shown */
    struct listing list;
};

const struct binding earnings_bindings[] = {
    {"prompts", "j Down", "down", "next row"},
    {"prompts", "k Up", "up", "previous row"},
    {"prompts", "g Home", "first", "first row"},
    {"prompts", "G End", "last", "last row"},
    {"prompts", "Ctrl-d PgDn", "page-down", "a page down"},
    {"prompts", "Ctrl-u PgUp", "page-up", "a page up"},
    {"prompts", "v", "graders", "the prompts, or the graders beside the experts"},
    {"prompts", "q Esc", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static size_t rows_of(const struct earnings_view *v)
{
    return v->graders ? v->e.n_graders : v->e.n_prompts;
}

static int load(struct earnings_view *v, struct error *err)
{
    struct earnings fresh = {0};
    if (earnings_read(session_store(desk_session(v->desk)), &fresh, err) != 0) {
        earnings_free(&fresh);
        return -1;
    }
    earnings_free(&v->e);
    v->e = fresh;
    listing_clamp(&v->list, rows_of(v));
    return 0;
}

static void refresh(void *view)
{
    struct earnings_view *v = view;
    struct error err = {0};
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void earnings_view_free(void *view)
{
    struct earnings_view *v = view;
    earnings_free(&v->e);
    mem_free(v);
}

struct earnings_view *earnings_view_new(struct desk *d, struct error *err)
{
    struct earnings_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    if (load(v, err) == 0)
        return v;
    earnings_view_free(v);
    return NULL;
}

static bool command(void *view, const char *name)
{
    struct earnings_view *v = view;
    if (listing_command(&v->list, rows_of(v), name))
        return true;
    if (strcmp(name, "graders") != 0)
        return false;
    v->graders = !v->graders;
    v->list.cursor = v->list.top = 0;
    return true;
}

enum { NUMBERS = 7, NAME = NUMBERS, MODEL, TASK, COLS };
static const struct column prompt_columns[COLS] = {
    {"earns", 5, 5, 0, true},    {"kept", 4, 4, 7, true},      {"made", 5, 5, 0, true},
    {"accept", 6, 6, 0, true},   {"edit", 5, 5, 0, true},      {"changed", 7, 7, 6, true},
    {"reject", 6, 6, 0, true},   {"prompt", 14, 18, 0, false}, {"model", 10, 0, 8, false},
    {"task", 8, 0, 5, false},
};
static const struct column grader_columns[COLS] = {
    {"agrees", 6, 6, 0, true},   {"judged", 6, 6, 0, true},    {"gave", 5, 5, 0, true},
    {"missed", 6, 6, 0, true},   {"invented", 8, 8, 0, true},  {"spread", 6, 6, 6, true},
    {"failed", 6, 6, 7, true},   {"grader", 12, 16, 0, false}, {"model", 10, 0, 8, false},
    {"task", 8, 0, 5, false},
};

static void add_share(struct str *out, double share)
{
    if (share < 0)
        str_addc(out, '-');
    else
        str_addf(out, "%.0f%%", 100 * share);
}

static void add_name(struct str *out, const char *name, const char *hash)
{
    str_adds(out, *name ? name : "imported");
    if (*hash)
        str_addf(out, " %.*s", HASH, hash);
}

static void prompt_cell(const struct earning_prompt *p, int column, struct str *out)
{
    const int64_t counts[NUMBERS] = {[2] = p->candidates, [3] = p->accepted, [4] = p->edited, [6] = p->rejected};
    if (column == NAME)
        add_name(out, p->name, p->hash);
    else if (column == MODEL)
        str_adds(out, p->model);
    else if (column == TASK)
        str_adds(out, p->task);
    else if (column == 0 || column == 1 || column == 5)
        add_share(out, column == 0 ? p->earns : column == 1 ? p->kept : p->changed);
    else
        add_count(out, counts[column]);
}

static void grader_cell(const struct earning_grader *g, int column, struct str *out)
{
    const int64_t counts[NUMBERS] = {[1] = g->judged, [2] = g->verdicts, [3] = g->missed, [4] = g->invented,
                                     [6] = g->failed};
    if (column == NAME)
        str_adds(out, *g->grader ? g->grader : "imported");
    else if (column == MODEL)
        str_adds(out, g->model);
    else if (column == TASK)
        str_adds(out, g->task);
    else if (column == 0)
        add_share(out, g->agreement);
    else if (column == 5 && g->spread < 0)
        str_addc(out, '-');
    else if (column == 5)
        str_addf(out, "%.2f", g->spread);
    else
        add_count(out, counts[column]);
}

static enum look cell(const void *context, size_t row, int column, bool ascii, struct str *out)
{
    const struct earnings_view *v = context;
    (void)ascii;
    if (v->graders)
        grader_cell(&v->e.graders[row], column, out);
    else
        prompt_cell(&v->e.prompts[row], column, out);
    return column == 0 ? LOOK_STRONG : column >= MODEL ? LOOK_DIM : LOOK_TEXT;
}

/* Why experts rejected what the prompt under the cursor made. */
static void paint_reasons(const struct earnings_view *v, const struct paint *p, int row)
{
    struct str text = {0};
    paint_fill(p, row, 0, p->cols, " ", LOOK_HEAD);
    paint_fill(p, row + 1, 0, p->cols, " ", LOOK_TEXT);
    if (!v->graders && v->list.cursor < v->e.n_prompts) {
        const struct earning_prompt *e = &v->e.prompts[v->list.cursor];
        paint_z(p, row, 1, p->cols - 1, "rejected because", LOOK_HEAD);
        for (size_t i = 0; i < e->n_reasons; i++)
            str_addf(&text, "%s%s %lld", i ? "  " : "", e->reasons[i].word, (long long)e->reasons[i].times);
        if (!e->n_reasons)
            str_adds(&text, "nothing was rejected");
    } else if (v->graders) {
        paint_z(p, row, 1, p->cols - 1, "beside the experts", LOOK_HEAD);
        str_adds(&text, "missed: the expert saw a fault, the grader none; invented: the other way round");
    }
    paint_text(p, row + 1, 2, p->cols - 2, str_slice(&text), LOOK_TEXT);
    str_free(&text);
}

static void paint(void *view, const struct paint *p)
{
    struct earnings_view *v = view;
    const struct table table = {.columns = v->graders ? grader_columns : prompt_columns, .n_columns = COLS,
                                .cursor_columns = 1, .count = rows_of(v), .context = v, .cell = cell};
    int detail = p->rows >= 10 ? DETAIL : 0;
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    paint_z(p, 0, 0, p->cols, v->graders ? " Graders beside the experts" : " Prompts: what experts made of their rules",
            LOOK_TITLE);
    listing_show(&v->list, p->rows - 2 - detail);
    table_paint(&table, p, 1, &v->list);
    if (rows_of(v) == 0)
        paint_z(p, 3, 2, p->cols - 2, v->graders ? "No verdicts of graders yet." : "No rules were proposed yet.", LOOK_DIM);
    if (detail)
        paint_reasons(v, p, p->rows - detail);
}

static const char *hints(void *view)
{
    const struct earnings_view *v = view;
    return v->graders ? "j/k move  v prompts  q back  ? help" : "j/k move  v graders  q back  ? help";
}

const struct view_ops earnings_view_ops = {
    .mode = "prompts",
    .free = earnings_view_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
