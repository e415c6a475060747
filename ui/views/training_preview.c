/* Examples as the trainer renders them: what is given is dim, what is trained is lit, branch beside or below
 * branch. What A and B have in common is long and not what is judged: it is folded to its last rows. */
#include <string.h>

#include "base/mem.h"
#include "ui/views/columns.h"
#include "ui/views/flow.h"
#include "ui/views/listing.h"
#include "ui/views/training.h"

enum {
    KEPT = 5 /* rows of the prompt that a fold leaves */,
    WORTH = 5 /* rows hidden, at least */,
    HEAD = 4,
    BRANCHES = 4,
    WIDE = 120,
    INDENT = 2
};

struct panel {
    const struct train_branch *branch;
    struct str text;
    struct flow flow;
    size_t trained_at; /* byte of the text; its length: nothing is trained */
    size_t skipped, rows;
};

struct preview_view {
    struct desk *desk;
    char *name;
    struct train_preview p;
    size_t at; /* the example */
    struct panel panels[BRANCHES];
    size_t n_panels;
    bool whole, made;
    int width, page;
    size_t top, total;
};

const struct binding preview_bindings[] = {
    {"preview", "j Down", "down", "a line down"},
    {"preview", "k Up", "up", "a line up"},
    {"preview", "g Home", "first", "to the start"},
    {"preview", "G End", "last", "to the end"},
    {"preview", "Ctrl-d PgDn", "page-down", "a page down"},
    {"preview", "Ctrl-u PgUp", "page-up", "a page up"},
    {"preview", "n ] l Right", "next", "the next example"},
    {"preview", "N [ h Left", "previous", "the example before"},
    {"preview", "z", "fold", "all of the prompt, or its last lines"},
    {"preview", "q Esc p", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static void drop_panels(struct preview_view *v)
{
    for (size_t i = 0; i < v->n_panels; i++) {
        flow_free(&v->panels[i].flow);
        str_free(&v->panels[i].text);
    }
    v->n_panels = 0;
    v->made = false;
}

static void preview_free(void *view)
{
    struct preview_view *v = view;
    drop_panels(v);
    train_preview_free(&v->p);
    mem_free(v->name);
    mem_free(v);
}

struct preview_view *preview_view_new(struct desk *d, const char *method, struct train_preview *p)
{
    struct preview_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    v->name = mem_strdup(method);
    v->p = *p;
    *p = (struct train_preview){0};
    return v;
}

/* ---- laying out ---- */

static void add_sign(struct panel *panel, uint32_t at)
{
    flow_add(&panel->flow,
             (struct flow_run){.from = at, .to = at + 1, .hunk = -1, .text = FLOW_SIGN, .kind = FLOW_INSERT});
}

static void make_panel(struct panel *panel, const struct train_branch *b, bool signs)
{
    static const uint8_t kinds[] = {
        [TRAIN_GIVEN] = FLOW_KEEP, [TRAIN_STRATEGY] = FLOW_HERE, [TRAIN_ANSWER] = FLOW_INSERT};
    bool open = false;
    *panel = (struct panel){.branch = b};
    for (size_t i = 0; i < b->n_pieces; i++)
        str_adds(&panel->text, b->pieces[i].text);
    panel->trained_at = panel->text.len;
    panel->flow.texts[FLOW_A] = str_slice(&panel->text);
    panel->flow.texts[FLOW_SIGN] = SLICE("[]");
    size_t at = 0;
    for (size_t i = 0; i < b->n_pieces; i++) {
        const struct train_piece *piece = &b->pieces[i];
        size_t len = strlen(piece->text);
        bool trained = piece->kind != TRAIN_GIVEN;
        if (signs && trained != open)
            add_sign(panel, open);
        open = trained;
        if (trained && at < panel->trained_at)
            panel->trained_at = at;
        flow_add(&panel->flow, (struct flow_run){.from = (uint32_t)at, .to = (uint32_t)(at + len), .hunk = -1,
                                                 .text = FLOW_A, .kind = kinds[piece->kind]});
        at += len;
    }
    if (signs && open)
        add_sign(panel, 1);
}

static bool beside(const struct preview_view *v)
{
    return v->width >= WIDE && v->n_panels > 1;
}

static int panel_width(const struct preview_view *v)
{
    return beside(v) ? v->width / (int)v->n_panels : v->width;
}

static void lay_out_panel(struct preview_view *v, struct panel *panel)
{
    int room = panel_width(v) - INDENT - 1;
    struct flow_at place;
    flow_layout(&panel->flow, room > 8 ? (unsigned)room : 8, true);
    panel->rows = flow_count(&panel->flow);
    panel->skipped = 0;
    size_t row = panel->rows;
    if (panel->trained_at < panel->text.len &&
        flow_find_byte(&panel->flow, FLOW_A, panel->trained_at, &place))
        row = flow_row_of(&panel->flow, place);
    if (!v->whole && row >= KEPT + WORTH)
        panel->skipped = row - KEPT;
}

/* Rows a panel takes: its head, a line for what is folded, its text, a blank one. */
static size_t panel_rows(const struct panel *panel)
{
    return 2 + (panel->skipped > 0) + panel->rows - panel->skipped;
}

static void lay_out(struct preview_view *v, int width)
{
    if (v->made && v->width == width)
        return;
    v->width = width;
    v->total = 0;
    if (!v->made && v->at < v->p.count) {
        const struct train_example *e = &v->p.items[v->at];
        for (size_t i = 0; i < e->n_branches && v->n_panels < BRANCHES; i++)
            make_panel(&v->panels[v->n_panels++], &e->branches[i], desk_signs(v->desk));
    }
    v->made = true;
    for (size_t i = 0; i < v->n_panels; i++) {
        lay_out_panel(v, &v->panels[i]);
        size_t rows = panel_rows(&v->panels[i]);
        v->total = beside(v) ? (rows > v->total ? rows : v->total) : v->total + rows;
    }
}

/* ---- commands ---- */

static void go(struct preview_view *v, long by)
{
    size_t to = listing_move(v->at, by, (long)v->p.count - 1);
    if (to == v->at)
        return;
    v->at = to;
    v->top = 0;
    drop_panels(v);
}

static bool command(void *view, const char *name)
{
    struct preview_view *v = view;
    long by;
    if (listing_motion(name, v->page, &by)) {
        v->top = listing_move(v->top, by, (long)v->total - v->page);
    } else if (strcmp(name, "next") == 0 || strcmp(name, "previous") == 0) {
        go(v, name[0] == 'n' ? 1 : -1);
    } else if (strcmp(name, "fold") == 0) {
        v->whole = !v->whole;
        v->width = 0;
        v->top = 0;
    } else {
        return false;
    }
    return true;
}

/* ---- painting ---- */

struct brush {
    const struct paint *p;
    int row, col;
};

static void put_cell(void *context, const struct flow_cell *cell)
{
    static const enum look looks[] = {
        [FLOW_KEEP] = LOOK_DIM, [FLOW_HERE] = LOOK_HERE, [FLOW_INSERT] = LOOK_INSERT};
    const struct brush *b = context;
    b->p->put(b->p->context, b->row, b->col + (int)cell->col, cell->text, (int)cell->width,
              cell->mark ? LOOK_MARK : looks[cell->run->kind]);
}

static void add_kind(const struct panel *panel, struct str *out)
{
    const struct train_branch *b = panel->branch;
    bool strategy = false;
    for (size_t i = 0; i < b->n_pieces; i++)
        strategy = strategy || b->pieces[i].kind == TRAIN_STRATEGY;
    if (b->kind[0])
        str_addf(out, "%s: %s, ", b->kind,
                 strategy ? "strategy and answer are trained" : "the answer is trained");
    add_count(out, (long long)b->trained);
    str_adds(out, " of ");
    add_count(out, (long long)b->tokens);
    str_adds(out, " tokens");
}

/* Line i of a panel at row, from column col on. */
static void paint_panel_line(struct preview_view *v, struct panel *panel, const struct paint *p, int row,
                             int col, size_t i)
{
    struct str text = {0};
    int width = panel_width(v);
    if (i == 0) {
        add_kind(panel, &text);
        paint_fill(p, row, col, width, p->ascii ? "-" : "─", LOOK_HEAD);
        str_addc(&text, ' ');
        paint_z(p, row, col + 1, 1, " ", LOOK_HEAD);
        paint_text(p, row, col + 2, width - 3, str_slice(&text), LOOK_HEAD_FOCUS);
    } else if (panel->skipped && i == 1) {
        str_addf(&text, "… %zu lines of the prompt; z shows them", panel->skipped);
        paint_text(p, row, col + INDENT, width - INDENT, str_slice(&text), LOOK_DIM);
    } else {
        size_t at = panel->skipped + i - 1 - (panel->skipped > 0);
        struct brush b = {p, row, col + INDENT};
        if (at < panel->rows)
            flow_draw(&panel->flow, at, 0, (unsigned)(width - INDENT), put_cell, &b);
    }
    str_free(&text);
}

static void paint_row(struct preview_view *v, const struct paint *p, int row, size_t line)
{
    if (beside(v)) {
        for (size_t i = 0; i < v->n_panels; i++)
            if (line < panel_rows(&v->panels[i]))
                paint_panel_line(v, &v->panels[i], p, row, (int)i * panel_width(v), line);
        return;
    }
    size_t i = 0;
    while (i < v->n_panels && line >= panel_rows(&v->panels[i]))
        line -= panel_rows(&v->panels[i++]);
    if (i < v->n_panels)
        paint_panel_line(v, &v->panels[i], p, row, 0, line);
}

/* What all examples come to, and how to read the rows below. */
static void paint_head(const struct preview_view *v, const struct paint *p)
{
    const struct train_preview *a = &v->p;
    const char *dot = p->ascii ? " - " : " · ";
    struct str text = {0};
    str_addf(&text, " What %s trains: example %zu of the first %zu", v->name, v->p.count ? v->at + 1 : 0,
             v->p.count);
    if (v->at < v->p.count)
        str_addf(&text, "%s%s", dot, v->p.items[v->at].id);
    paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    str_clear(&text);
    add_count(&text, a->examples);
    str_addf(&text, " examples%s", dot);
    add_count(&text, a->branches);
    str_addf(&text, " branches%s", dot);
    add_count(&text, a->trained_tokens);
    str_adds(&text, " of ");
    add_count(&text, a->plain_tokens);
    str_addf(&text, " tokens trained%slongest ", dot);
    add_count(&text, a->longest);
    if (a->plain_tokens > a->shared_tokens)
        str_addf(&text, "%ssharing saves %d%%", dot,
                 (int)(100 * (a->plain_tokens - a->shared_tokens) / a->plain_tokens));
    paint_text(p, 1, 1, p->cols - 1, str_slice(&text), LOOK_TEXT);
    str_clear(&text);
    if (a->too_long)
        str_addf(&text, "%lld too long for max-tokens", (long long)a->too_long);
    int col = 1;
    const char *signs = desk_signs(v->desk) ? "[trained: the answer]" : "trained: the answer";
    col += paint_z(p, 2, col, p->cols - col, "given, not trained", LOOK_DIM) + 2;
    col += paint_z(p, 2, col, p->cols - col, signs, LOOK_INSERT) + 2;
    col += paint_z(p, 2, col, p->cols - col, "trained: the strategy", LOOK_HERE) + 2;
    paint_text(p, 2, col, p->cols - col, str_slice(&text), LOOK_BAD);
    str_free(&text);
}

static void paint(void *view, const struct paint *p)
{
    struct preview_view *v = view;
    for (int row = 0; row < p->rows; row++)
        paint_fill(p, row, 0, p->cols, " ", row ? LOOK_TEXT : LOOK_TITLE);
    lay_out(v, p->cols);
    v->page = p->rows - HEAD;
    v->top = listing_move(v->top, 0, (long)v->total - v->page);
    paint_head(v, p);
    if (!v->p.count)
        paint_z(p, HEAD, 2, p->cols - 2, "There is no example.", LOOK_DIM);
    for (int i = 0; i < v->page && v->top + (size_t)i < v->total; i++)
        paint_row(v, p, HEAD + i, v->top + (size_t)i);
}

static const char *hints(void *view)
{
    const struct preview_view *v = view;
    return v->whole ? "n/N next, previous  z fold the prompt  j/k scroll  q back  ? help"
                    : "n/N next, previous  z all of the prompt  j/k scroll  q back  ? help";
}

const struct view_ops preview_view_ops = {
    .mode = "preview",
    .free = preview_free,
    .command = command,
    .paint = paint,
    .hints = hints,
};
