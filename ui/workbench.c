#include "ui/workbench.h"

#include <stdarg.h>
#include <string.h>

#include "app/drafts.h"
#include "base/clock.h"
#include "base/mem.h"
#include "db/queue_store.h"
#include "text/visible.h"
#include "ui/views/help.h"
#include "ui/views/history.h"
#include "ui/views/job_start.h"
#include "ui/views/jobs.h"
#include "ui/views/review_screen.h"
#include "ui/workbench_state.h"

enum { RETRY_MS = 5000 };

struct session *desk_session(struct desk *d)
{
    return d->session;
}

bool desk_ascii(const struct desk *d)
{
    return d->ascii;
}

bool desk_signs(const struct desk *d)
{
    return d->signs;
}

int desk_rows(const struct desk *d)
{
    return d->rows;
}

int desk_cols(const struct desk *d)
{
    return d->cols;
}

struct screen *desk_top(struct desk *d)
{
    return &d->stack[d->depth - 1];
}

struct queue_view *desk_queue(struct desk *d)
{
    return d->stack[0].view;
}

void desk_say(struct desk *d, enum look look, const char *fmt, ...)
{
    struct screen *top = desk_top(d);
    va_list args;
    str_clear(&d->message);
    va_start(args, fmt);
    str_vaddf(&d->message, fmt, args);
    va_end(args);
    d->look = look;
    if (top->ops->say)
        top->ops->say(top->view, look, str_z(&d->message));
}

void desk_fault(struct desk *d, const struct error *err)
{
    desk_say(d, LOOK_BAD, "%s", err->text);
}

void desk_ask(struct desk *d, const struct question *q)
{
    ask_open(&d->ask, q);
    str_clear(&d->asked_by);
    str_adds(&d->asked_by, d->running ? d->running : "");
}

bool desk_asks(const struct desk *d, const char *kind)
{
    return d->ask.open && strcmp(d->ask.q.kind, kind) == 0;
}

void desk_changed(struct desk *d)
{
    for (size_t i = 0; i < d->depth; i++)
        d->stack[i].stale = true;
    d->pulse.runs_due = 0;
}

void desk_want_editor(struct desk *d, struct slice text)
{
    str_clear(&d->editing);
    str_add_slice(&d->editing, text);
    d->wants_editor = true;
}

static void pop(struct desk *d)
{
    struct screen *top = desk_top(d);
    top->ops->free(top->view);
    d->depth--;
}

void desk_push(struct desk *d, const struct view_ops *ops, void *view)
{
    if (d->depth == SCREENS) { /* back keys lead out one by one; the oldest but the queue goes */
        d->stack[1].ops->free(d->stack[1].view);
        memmove(&d->stack[1], &d->stack[2], (SCREENS - 2) * sizeof *d->stack);
        d->depth--;
    }
    d->stack[d->depth++] = (struct screen){.ops = ops, .view = view};
}

void desk_show(struct desk *d, const struct view_ops *ops, void *view)
{
    desk_push(d, ops, view);
}

void desk_open_job(struct desk *d, int64_t job, int page)
{
    struct error err = {0};
    struct job_view *view = job_view_new(d, job, (enum job_page)page, &err);
    if (view)
        desk_push(d, &job_view_ops, view);
    else
        desk_fault(d, &err);
}

void desk_open_start(struct desk *d)
{
    struct error err = {0};
    struct start_view *view = start_view_new(d, queue_view_limit_text(desk_queue(d)), &err);
    if (view)
        desk_push(d, &start_view_ops, view);
    else
        desk_fault(d, &err);
}

static void freshen(struct desk *d)
{
    struct screen *top = desk_top(d);
    if (top->stale && top->ops->refresh)
        top->ops->refresh(top->view);
    top->stale = false;
}

/* What others wrote since the last key is shown with this one. */
static void see_others(struct desk *d)
{
    struct screen *top = desk_top(d);
    int64_t now = store_seen_changes(session_store(d->session));
    if (now == d->seen)
        return;
    d->seen = now;
    desk_changed(d);
    pulse_read(d);
    if (top->ops == &review_screen_ops)
        review_screen_reload(top->view);
}

void desk_close(struct desk *d)
{
    if (d->depth == 1) {
        d->done = true;
        return;
    }
    pop(d);
    freshen(d);
}

int64_t desk_next_undecided(struct desk *d, int64_t after)
{
    return queue_view_next(desk_queue(d), after);
}

void desk_open_record(struct desk *d, int64_t record)
{
    struct error err = {0};
    if (desk_top(d)->ops == &review_screen_ops) {
        if (review_screen_open(desk_top(d)->view, record, &err) != 0)
            desk_fault(d, &err);
        return;
    }
    struct review_screen *view = review_screen_new(d, d->signs, d->ascii);
    if (review_screen_open(view, record, &err) != 0) {
        review_screen_ops.free(view);
        desk_fault(d, &err);
        return;
    }
    desk_push(d, &review_screen_ops, view);
}

void desk_open_history(struct desk *d, int64_t record, int64_t rule)
{
    struct error err = {0};
    struct history_view *view = history_view_new(d, record, rule, &err);
    if (view)
        desk_push(d, &history_view_ops, view);
    else
        desk_fault(d, &err);
}

void desk_open_limited(struct desk *d, const char *limit)
{
    while (d->depth > 1)
        pop(d);
    queue_view_limit(desk_queue(d), slice_of(limit));
    freshen(d);
}

struct workbench *workbench_new(struct session *s, const struct workbench_options *o, struct error *err)
{
    struct workbench *w = mem_zalloc(1, sizeof *w);
    struct desk *d = &w->desk;
    d->session = s;
    d->signs = o->signs;
    d->ascii = o->ascii;
    d->keys = o->keys;
    struct queue_view *queue = queue_view_new(d, err);
    if (!queue) {
        mem_free(w);
        return NULL;
    }
    desk_push(d, &queue_view_ops, queue);
    d->seen = store_seen_changes(session_store(s));
    pulse_read(d);
    place_restore(d);
    return w;
}

void workbench_free(struct workbench *w)
{
    if (!w)
        return;
    struct desk *d = &w->desk;
    ask_free(&d->ask);
    while (d->depth > 0)
        pop(d);
    str_free(&d->message);
    str_free(&d->asked_by);
    str_free(&d->title);
    str_free(&d->editing);
    str_free(&d->trouble);
    mem_free(w);
}

const char *workbench_mode(const struct workbench *w)
{
    const struct screen *top = &w->desk.stack[w->desk.depth - 1];
    if (w->desk.ask.open)
        return "prompt";
    return top->ops->mode_now ? top->ops->mode_now(top->view) : top->ops->mode;
}

bool workbench_typing(const struct workbench *w)
{
    const struct screen *top = &w->desk.stack[w->desk.depth - 1];
    return w->desk.ask.open || (top->ops->typing && top->ops->typing(top->view));
}

bool workbench_command(struct workbench *w, const char *name)
{
    struct desk *d = &w->desk;
    session_touch(d->session);
    bool changes = strcmp(desk_top(d)->ops->mode, "start") == 0 || strcmp(desk_top(d)->ops->mode, "train") == 0 ||
                   desk_top(d)->ops->watches;
    if (strcmp(name, "complete") != 0)
        str_clear(&d->message);
    d->running = name;
    bool known = d->ask.open ? ask_command(&d->ask, name) : desk_command(d, name);
    d->running = NULL;
    see_others(d);
    if (changes) /* a job or a run may have been started or stopped by this connection, which sees no change of its own */
        pulse_read(d);
    freshen(d);
    place_note(d);
    return known;
}

void workbench_type(struct workbench *w, struct slice text)
{
    struct desk *d = &w->desk;
    struct screen *top = desk_top(d);
    session_touch(d->session);
    if (d->ask.open)
        ask_type(&d->ask, text);
    else if (top->ops->type && top->ops->typing && top->ops->typing(top->view))
        top->ops->type(top->view, text);
    place_note(d);
}

void workbench_paint(struct workbench *w, const struct paint *p)
{
    desk_paint(&w->desk, p);
}

bool workbench_idle(struct workbench *w)
{
    struct screen *top = desk_top(&w->desk);
    return top->ops->idle && top->ops->idle(top->view);
}

static int store_wait_ms(const struct workbench *w)
{
    int wait = draft_wait_ms(w->desk.session);
    if (wait < 0 || w->desk.retry_ms == 0)
        return wait;
    int64_t left = w->desk.retry_ms - clock_mono_ms();
    return left > wait ? (int)left : wait;
}

int workbench_wait_ms(const struct workbench *w)
{
    int store = store_wait_ms(w), pulse = pulse_wait_ms(&w->desk);
    return store < 0 || (pulse >= 0 && pulse < store) ? pulse : store;
}

int workbench_save(struct workbench *w, struct error *err)
{
    struct desk *d = &w->desk;
    place_note(d);
    int result = draft_store(d->session, err);
    str_clear(&d->trouble);
    d->retry_ms = 0;
    if (result != 0) {
        str_adds(&d->trouble, err->text);
        d->retry_ms = clock_mono_ms() + RETRY_MS;
    }
    return result;
}

bool workbench_tick(struct workbench *w)
{
    struct error err = {0};
    bool beaten = pulse_wait_ms(&w->desk) == 0 && pulse_beat(&w->desk);
    if (store_wait_ms(w) != 0)
        return beaten;
    bool shown = draft_typed_pending(w->desk.session) || w->desk.trouble.len > 0;
    return workbench_save(w, &err) != 0 || shown || beaten;
}

bool workbench_done(const struct workbench *w)
{
    return w->desk.done;
}

bool workbench_wants_editor(struct workbench *w, struct slice *text)
{
    *text = str_slice(&w->desk.editing);
    return w->desk.wants_editor;
}

void workbench_edited(struct workbench *w, struct slice text)
{
    struct desk *d = &w->desk;
    struct screen *top = desk_top(d);
    d->wants_editor = false;
    if (text.at && top->ops->edited)
        top->ops->edited(top->view, text);
    else if (!text.at)
        desk_say(d, LOOK_BAD, "the editor could not be run: set VISUAL or EDITOR; the text is as it was");
    place_note(d);
}

const char *workbench_title(struct workbench *w)
{
    str_clear(&w->desk.title);
    str_adds(&w->desk.title, "hinge - ");
    visible_text(&w->desk.title, slice_of(session_project(w->desk.session)));
    return str_z(&w->desk.title);
}
