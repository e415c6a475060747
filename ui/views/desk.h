/*
 * The desk: what a view may ask of the workbench that shows it. Implemented by ui/workbench.c, so that views
 * know neither each other nor the loop.
 */
#ifndef UI_VIEWS_DESK_H
#define UI_VIEWS_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "app/limit.h"
#include "app/session.h"
#include "base/error.h"
#include "ui/keys/binding.h"
#include "ui/widgets/paint.h"

struct desk;

struct session *desk_session(struct desk *d);
/* Characters outside ASCII would not be shown by this terminal. */
bool desk_ascii(const struct desk *d);
/* Changes are told apart by written signs: there are no colours to tell them by. */
bool desk_signs(const struct desk *d);
/* Row i of all keys as they are now (the reviewer's own key file may have changed them), NULL after the last. */
const struct binding *desk_binding(const struct desk *d, size_t i);
/* Rows and columns that the view on top was painted with last. */
int desk_rows(const struct desk *d);
int desk_cols(const struct desk *d);

/* Says something above the status bar until the next command. */
void desk_say(struct desk *d, enum look look, const char *fmt, ...) PRINTF_LIKE(3, 4);
void desk_fault(struct desk *d, const struct error *err);

/* A line to be typed. answer is called with it after Enter; false keeps the line open (a fault was said).
 * Esc gives up. kind names the draft and the history the line belongs to ("limit"). */
struct question {
    const char *kind, *label;
    struct slice initial;
    bool (*answer)(void *view, struct slice text);
    void (*complete)(void *view, struct limit_choices *out, struct slice text, size_t cursor); /* or NULL */
    void *view;
};
void desk_ask(struct desk *d, const struct question *q);
/* A line of that kind is being typed. */
bool desk_asks(const struct desk *d, const char *kind);

/* Going elsewhere. */
void desk_open_record(struct desk *d, int64_t record);
void desk_open_history(struct desk *d, int64_t record, int64_t rule); /* one of them 0 */
void desk_open_limited(struct desk *d, const char *limit);            /* the queue under that limit */
void desk_open_job(struct desk *d, int64_t job, int page);             /* enum job_page (jobs.h) */
void desk_open_start(struct desk *d);                                  /* the form that starts a job */
struct answer_list;
void desk_open_evals(struct desk *d, const char *run);                /* of that run alone (uuid); NULL: all */
void desk_open_eval(struct desk *d, int64_t eval, int64_t other);      /* other 0: what fits best */
void desk_open_answer(struct desk *d, int64_t eval, int64_t other, const struct answer_list *walk);
void desk_open_curve(struct desk *d, const char *run);                /* its learning curve, by uuid */
void desk_open_eval_start(struct desk *d, const char *run);           /* the form; run: name chosen first, or NULL */
void desk_open_taught(struct desk *d, int64_t eval, int64_t record);
void desk_open_broken(struct desk *d, int64_t eval, int64_t rule);    /* records that still show its mistake */
void desk_open_worth(struct desk *d, int64_t eval);                    /* rules by what they are worth there; 0: newest */
void desk_close(struct desk *d);                                      /* back to what was before */
/* Something was decided: other views read anew when they are seen again. */
void desk_changed(struct desk *d);

/* The next undecided record of the queue after this one, 0 when none is left; the queue goes there. */
int64_t desk_next_undecided(struct desk *d, int64_t after);
/* The text is to be edited in $EDITOR: the view's `edited` gets what came back. */
void desk_want_editor(struct desk *d, struct slice text);

struct view_ops;
/* Puts another view on top, which the desk owns from then on. For views of one family; others are opened by name, above. */
void desk_show(struct desk *d, const struct view_ops *ops, void *view);

/* What a view is to the workbench. All but free, command and paint may be NULL. */
struct view_ops {
    const char *mode; /* where its keys are looked up */
    bool watches;     /* its refresh is cheap and shows what jobs do: it is called while some run */
    bool own_hints;   /* paints its own line of hints: it gets that row too */
    void (*free)(void *view);
    /* Runs a command by name; false when it is none of this view's. */
    bool (*command)(void *view, const char *name);
    void (*paint)(void *view, const struct paint *p);
    /* Called when the view comes to the top again after desk_changed. */
    void (*refresh)(void *view);
    /* The line of key hints: "j/k move  Enter open". */
    const char *(*hints)(void *view);
    /* A little work while no key comes; true when there is more. */
    bool (*idle)(void *view);
    /* For a view that is typed into: another mode than its own, and the text. */
    const char *(*mode_now)(void *view);
    bool (*typing)(void *view);
    void (*type)(void *view, struct slice text);
    void (*say)(void *view, enum look look, const char *text);
    void (*edited)(void *view, struct slice text);
};

#endif
