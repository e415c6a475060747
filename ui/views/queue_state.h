/* The queue's private state, shared by queue*.c. */
#ifndef UI_VIEWS_QUEUE_STATE_H
#define UI_VIEWS_QUEUE_STATE_H

#include "app/actions.h"
#include "app/hinge_find.h"
#include "app/limit_plan.h"
#include "ui/views/queue.h"
#include "ui/views/record_list.h"

/* Tagged records, in ascending order: the same set as the store's tag named after the reviewer. */
struct id_set {
    int64_t *items;
    size_t count, cap;
};

enum { COUNTED_MAX = 128 };

struct queue_view {
    struct desk *desk;
    struct limit_plan *plan;
    struct record_list list;
    size_t top;         /* index of the first row painted */
    struct id_set tags;
    struct str search;  /* words of `/`; empty: none */
    enum many pending;  /* what `;` is about to do while its argument is asked */
    struct hinge_number counted[COUNTED_MAX]; /* hinges of rows on screen, not kept in the store yet */
    size_t n_counted;
    unsigned headline_width; /* cells, as painted last */
};

/* queue.c: fills in the number of hinges where it was counted and is not kept yet; false where nobody has. */
bool queue_counted(const struct queue_view *v, struct queue_row *row);

/* queue_act.c */
bool queue_act(struct queue_view *v, const char *name);
void queue_load_tags(struct queue_view *v);
bool id_set_has(const struct id_set *s, int64_t id);

/* queue_move.c: moving, limiting, sorting, searching. */
bool queue_move(struct queue_view *v, const char *name);

/* queue_paint.c */
void queue_paint(void *view, const struct paint *p);

#endif
