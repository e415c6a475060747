/* A run's log on a page, the newest line last. */
#include <string.h>

#include "base/mem.h"
#include "ui/views/page.h"
#include "ui/views/training.h"

enum { LOG_LINES = 2000 };

struct run_log_view {
    struct desk *desk;
    struct run run;
    struct page page;
};

const struct binding run_log_bindings[] = {
    {"run-log", "j Down", "down", "a line down"},
    {"run-log", "k Up", "up", "a line up"},
    {"run-log", "g Home", "first", "to the start"},
    {"run-log", "G End", "last", "to the end"},
    {"run-log", "Ctrl-d PgDn", "page-down", "a page down"},
    {"run-log", "Ctrl-u PgUp", "page-up", "a page up"},
    {"run-log", "q Esc L", "back", "back"},
    {NULL, NULL, NULL, NULL},
};

static int load(struct run_log_view *v, struct error *err)
{
    struct str text = {0};
    bool at_end = page_at_end(&v->page);
    int result = run_log_tail(&v->run, LOG_LINES, &text, err);
    if (result == 0) {
        page_clear(&v->page);
        page_add_lines(&v->page, str_slice(&text));
        page_settle(&v->page, at_end);
    }
    str_free(&text);
    return result;
}

static void refresh(void *view)
{
    struct run_log_view *v = view;
    struct error err = {0};
    run_refresh(&v->run);
    if (load(v, &err) != 0)
        desk_fault(v->desk, &err);
}

static void run_log_free(void *view)
{
    struct run_log_view *v = view;
    run_free(&v->run);
    page_free(&v->page);
    mem_free(v);
}

struct run_log_view *run_log_view_new(struct desk *d, const char *name, struct error *err)
{
    struct run_log_view *v = mem_zalloc(1, sizeof *v);
    v->desk = d;
    if (train_find(training_project(d), name, &v->run, err) == 0 && load(v, err) == 0)
        return v;
    run_log_free(v);
    return NULL;
}

static bool command(void *view, const char *name)
{
    struct run_log_view *v = view;
    return listing_command(&v->page.list, v->page.count, name);
}

static void paint(void *view, const struct paint *p)
{
    struct run_log_view *v = view;
    struct str text = {0};
    paint_fill(p, 0, 0, p->cols, " ", LOOK_TITLE);
    paint_fill(p, 1, 0, p->cols, " ", LOOK_TEXT);
    str_addf(&text, " Log of %s: %s", v->run.name, run_state_name(v->run.state));
    paint_text(p, 0, 0, p->cols, str_slice(&text), LOOK_TITLE);
    paint_z(p, 1, 2, p->cols - 2, v->run.reason, run_look(v->run.state));
    page_paint(&v->page, p, 2, 0, true);
    if (!v->page.count)
        paint_z(p, 2, 2, p->cols - 2, "Nothing is in its log yet.", LOOK_DIM);
    str_free(&text);
}

static const char *hints(void *view)
{
    (void)view;
    return "j/k move  G newest  q back  ? help";
}

const struct view_ops run_log_view_ops = {
    .mode = "run-log",
    .watches = true,
    .free = run_log_free,
    .command = command,
    .paint = paint,
    .refresh = refresh,
    .hints = hints,
};
