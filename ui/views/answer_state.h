/* One record of an eval: private state, shared by answer*.c. */
#ifndef UI_VIEWS_ANSWER_STATE_H
#define UI_VIEWS_ANSWER_STATE_H

#include "ui/views/eval_text.h"
#include "ui/views/evals.h"
#include "ui/views/review_model.h"

/* What the output is compared with. */
enum answer_with { WITH_YSTAR, WITH_OTHER, WITH_NOTHING, ANSWER_WITHS };

/* The page is one column of blocks, a head line each. The first is the diff, laid out by the model. */
enum answer_block_kind { BLOCK_DIFF, BLOCK_RATIONALE, BLOCK_TEXT };
struct answer_block {
    enum answer_block_kind kind;
    char head[72];
    struct str text;  /* of BLOCK_TEXT */
    struct flow flow; /* over it */
    size_t rows;      /* with the head, as laid out last */
};
enum { ANSWER_BLOCKS = 10 };

struct answer_view {
    struct desk *desk;
    int64_t eval, other;
    int64_t *records;
    size_t count, at;
    struct evals self, against;   /* one each; against may be empty */
    struct eval_items item, its;  /* this output; the other's, or empty */
    struct review_model m;
    const char *y_star;           /* of the record, in m's arena; NULL: it has none */
    enum answer_with chosen, with; /* with: what this record can be compared with */
    bool sides;
    struct answer_block blocks[ANSWER_BLOCKS];
    size_t n_blocks;
    int stop;                     /* in m.stops, -1: none yet */
    size_t top, rows;             /* rows of the page */
    int page, width;              /* as painted last; width 0: lay out anew */
};

/* The change under the cursor, or -1. */
int answer_hunk(const struct answer_view *v);
/* The diff is shown side by side now. */
bool answer_sides(const struct answer_view *v);
/* The flow that block shows unified; not for a diff side by side. */
struct flow *answer_flow(struct answer_view *v, struct answer_block *b);
/* Lays the page out where the width changed. */
void answer_layout(struct answer_view *v, int cols);
void answer_paint(void *view, const struct paint *p);

/* answer_blocks.c: fills blocks from item, its and what the project knows of the record. */
void answer_blocks_fill(struct answer_view *v);
void answer_blocks_clear(struct answer_view *v);

#endif
