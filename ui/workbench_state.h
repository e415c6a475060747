/* The workbench's private state, shared by workbench*.c. struct desk of the views is this struct. */
#ifndef UI_WORKBENCH_STATE_H
#define UI_WORKBENCH_STATE_H

#include "ui/views/ask.h"
#include "ui/views/desk.h"
#include "ui/views/queue.h"
#include "ui/workbench.h"

enum { SCREENS = 8, PACE_BARS = 3 };

struct screen {
    const struct view_ops *ops;
    void *view;
    bool stale; /* something was decided since it was painted */
};

/* How the jobs and the trainings do, for the status bar: read about once a second while some run, else when the project
 * changed. */
struct job_pulse {
    int running, lost;
    int training, failed;    /* runs at work; runs that failed, ever */
    bool fell;               /* one failed since the runs were looked at last */
    int64_t steps, all_steps; /* of the runs at work */
    int64_t runs_due;        /* monotonic ms: no reading of the runs before; desk_changed makes it 0 */
    int64_t tried, total;    /* records of those that run */
    int64_t pace[PACE_BARS]; /* records tried between readings, oldest first */
    int64_t due;             /* monotonic ms of the next reading; 0: none, nothing runs */
};

struct desk {
    struct session *session;
    bool signs, ascii;
    const struct keymap *keys; /* or NULL */
    struct screen stack[SCREENS]; /* the queue is the first, always */
    size_t depth;                 /* >= 1 */
    struct ask ask;
    struct str message;
    enum look look;
    const char *running;       /* the command being run, to be run again after a lost connection */
    struct str asked_by;       /* the command that opened the line that asks */
    struct str title, editing; /* text for $EDITOR */
    bool wants_editor, done;
    int rows, cols; /* given to the view on top */
    int64_t seen;    /* store_seen_changes: another reviewer, or an import, has written */
    int64_t retry_ms; /* monotonic: drafts could not be stored; not before then again. 0: they could */
    struct job_pulse pulse;
    struct str trouble; /* why they could not */
};

struct workbench {
    struct desk desk;
};

struct screen *desk_top(struct desk *d);
/* Puts a view on top, which the desk owns from then on. */
void desk_push(struct desk *d, const struct view_ops *ops, void *view);
struct queue_view *desk_queue(struct desk *d);

/* workbench_place.c: where the reviewer is, noted as a draft and found again. */
void place_note(struct desk *d);
void place_restore(struct desk *d);

/* workbench_command.c: commands of every view, and the `:` line. */
bool desk_command(struct desk *d, const char *name);

/* workbench_jobs.c: the jobs' pulse. Milliseconds until the next reading, -1 while nothing runs. */
int pulse_wait_ms(const struct desk *d);
void pulse_read(struct desk *d);
/* The reading that is due: views that watch jobs are refreshed; true when the screen may have changed. */
bool pulse_beat(struct desk *d);
/* "2 jobs ▂▃▅ 61%  1 run 35%"; appends nothing while there is nothing to say. */
enum look pulse_text(const struct desk *d, struct str *out);

/* workbench_paint.c */
void desk_paint(struct desk *d, const struct paint *p);

#endif
