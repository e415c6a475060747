#include "ui/loop/loop.h"

#include <string.h>

#include "ui/loop/driver.h"
#include "ui/loop/edit.h"
#include "ui/loop/frame.h"

struct loop {
    struct term *term;
    struct driver driver;
    bool stale;  /* the screen does not show what the workbench holds */
    bool ending; /* a signal or a lost terminal */
    bool gone;   /* the terminal is lost: nothing may be painted */
};

static void put(void *context, int row, int col, struct slice text, int width, enum look look)
{
    (void)width; /* the screen measures for itself */
    screen_put(term_screen(context), row, col, text, (uint8_t)look);
}

static void cursor(void *context, int row, int col)
{
    struct screen *s = term_screen(context);
    s->cursor_row = row;
    s->cursor_col = col;
}

static void paint(struct loop *l)
{
    struct screen *s = term_screen(l->term);
    screen_clear(s);
    struct paint p = {.rows = s->rows, .cols = s->cols, .ascii = term_ascii(l->term), .put = put,
                      .cursor = cursor, .context = l->term};
    loop_paint(l->driver.workbench, &p);
    term_show(l->term);
    term_title(l->term, slice_of(workbench_title(l->driver.workbench)));
    l->stale = false;
}

static void edit(struct loop *l, struct slice text)
{
    struct str out = {0};
    struct error err = {0};
    bool edited = edit_text(l->term, text, &out, &err) == 0;
    workbench_edited(l->driver.workbench, edited ? str_slice(&out) : (struct slice){NULL, 0});
    str_free(&out);
    term_redraw(l->term);
}

/* Keys that concern the terminal alone; true when it was one of them. */
static bool terminal_key(struct loop *l, const char *key)
{
    struct workbench *w = l->driver.workbench;
    const char *command = keymap_find(l->driver.keys, workbench_mode(w), workbench_typing(w), key);
    if (strcmp(key, "Ctrl-l") == 0 || (command && strcmp(command, "redraw") == 0))
        term_redraw(l->term);
    else if (strcmp(key, "Ctrl-z") == 0 || (command && strcmp(command, "suspend") == 0))
        term_suspend(l->term);
    else
        return false;
    return true;
}

static void handle(struct loop *l, const struct event *e)
{
    l->stale = l->stale || e->kind != EVENT_NONE;
    switch (e->kind) {
    case EVENT_KEY:
        if (!terminal_key(l, e->key))
            driver_key(&l->driver, e->key, e->text);
        break;
    case EVENT_PASTE:
        driver_paste(&l->driver, e->text);
        break;
    case EVENT_SUSPEND:
        term_suspend(l->term);
        break;
    case EVENT_HANGUP:
        l->gone = true;
        l->ending = true;
        break;
    case EVENT_STOP:
        l->ending = true;
        break;
    case EVENT_RESIZE:
    case EVENT_NONE:
        break;
    }
}

/* One round: show, do what waits for a quiet moment, wait for the next event. */
static void turn(struct loop *l)
{
    struct workbench *w = l->driver.workbench;
    bool more = false;
    if (!term_pending(l->term)) {
        if (l->stale)
            paint(l);
        more = workbench_idle(w);
        l->stale = l->stale || more;
    }
    struct event e = {0};
    /* Stale still: what came may turn out to be nothing, and then it is painted at once. */
    term_next(l->term, more || l->stale ? 0 : workbench_wait_ms(w), &e);
    handle(l, &e);
    if (workbench_wait_ms(w) == 0 && workbench_tick(w))
        l->stale = true;
    struct slice text;
    if (!l->ending && workbench_wants_editor(w, &text))
        edit(l, text);
}

int loop_run(struct term *t, struct workbench *w, const struct keymap *keys, struct error *err)
{
    struct loop l = {.term = t, .driver = {.workbench = w, .keys = keys}, .stale = true};
    while (!l.ending && !workbench_done(w))
        turn(&l);
    return workbench_save(w, err);
}
