/* One eval's private state, shared by eval_show.c, eval_rows.c and eval_paint.c. */
#ifndef UI_VIEWS_EVAL_STATE_H
#define UI_VIEWS_EVAL_STATE_H

#include "ui/views/eval_text.h"
#include "ui/views/evals.h"
#include "ui/views/jobs.h"
#include "ui/views/listing.h"

enum eval_shows { SHOW_ALL, SHOW_FAILURES, SHOW_REGRESSED, SHOW_FIXED, SHOW_SAME, EVAL_SHOWS };
extern const char *const eval_show_words[EVAL_SHOWS];
enum eval_sorts { SORT_WORST, SORT_DELTA, SORT_RECORDS, EVAL_SORTS };
extern const char *const eval_sort_words[EVAL_SORTS];

struct eval_row {
    const struct eval_item *item; /* of items */
    bool paired;                  /* the other eval has a score for it too */
    bool breaks;                  /* shows the mistake of the view's rule */
    double delta;                 /* this one's normalised score less the other's */
    char *headline;               /* of the rationale or the fault; NULL: not read yet */
};

struct eval_view {
    struct desk *desk;
    int64_t id, other;          /* other 0: compared with none */
    struct evals self, against; /* one each, or none */
    struct eval_items items;
    struct eval_row *rows;      /* as items are */
    size_t *shown, count;       /* rows let through, in order */
    enum eval_shows shows;
    enum eval_sorts sort;
    char *task;                 /* shown alone; NULL: all */
    int64_t rule;               /* records that show its mistake alone; 0: all */
    struct eval_comparison sums;
    struct listing list;
    struct job_hand hand;
    bool picking;               /* the other eval is being chosen */
    struct evals others;        /* to choose from */
    struct listing pick;        /* row 0: none */
    int64_t returned, decided;  /* of its failures: gone back to the experts, decided by them */
};

const struct eval *eval_self(const struct eval_view *v);
const struct eval *eval_against(const struct eval_view *v); /* or NULL */
/* The row under the cursor, or NULL. */
struct eval_row *eval_here(const struct eval_view *v);

/* eval_rows.c: reads everything anew, the cursor stays on its record. */
int eval_rows_load(struct eval_view *v, struct error *err);
/* After shows, sort or task changed. */
void eval_rows_choose(struct eval_view *v);
/* Shows the records with that rule's mistake alone; 0: all. */
int eval_rows_rule(struct eval_view *v, int64_t rule, struct error *err);
/* What a row says, read when it is seen. */
const char *eval_row_says(struct eval_view *v, struct eval_row *row);
void eval_rows_free(struct eval_view *v);
/* What an eval is compared with when nobody chose: its base on the same records, else the checkpoint before it,
 * else 0. */
int eval_rows_other(struct store *s, const struct eval *e, int64_t *other, struct error *err);

void eval_paint(void *view, const struct paint *p);

#endif
