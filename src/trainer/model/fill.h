/*
 * What of several sequences one pass computes and puts into the cache. A sequence goes on from the longest beginning
 * that it has in common with another: full pages are shared, a partly filled one is copied, and what is left to
 * compute sees those keys as its context. All of a tree of common beginnings is computed in the same pass, since
 * every layer's keys are in the pages before its attention asks for them.
 */
#ifndef TRAINER_MODEL_FILL_H
#define TRAINER_MODEL_FILL_H

#include <stdbool.h>
#include <stddef.h>

#include "trainer/model/pages.h"
#include "trainer/model/pass.h"

struct numbers {
    int *items;
    size_t count, cap;
};

/* A sequence in the cache, or about to be. Zero-initialise before use. */
struct sequence {
    const int *ids; /* borrowed */
    int count;      /* of them that are to be in the cache */
    int done;       /* the first of them that are */
    struct page_table table;
    int *where;     /* during a pass: where each token's keys come from; see fill.c */
    int planned;    /* during a pass: tokens that are done after it */
};

/* Zero-initialise before use; fill_clear keeps the memory. */
struct fill {
    struct numbers ids, positions;
    struct segment *segments;
    size_t segment_count, segment_cap;
    struct numbers from, to;           /* row from[i] of the pass goes to row to[i] of the cache */
    struct numbers copy_from, copy_to; /* rows of the cache that are copied inside it before the pass */
    struct numbers context;            /* rows of the cache that stand behind the pass's own rows as keys */
    const struct sequence *last;   /* whose beginning the end of context is */
    int last_start, last_len;
    struct sequence **taken;
    size_t taken_count, taken_cap;
};

enum fill_result {
    FILL_ADDED,
    FILL_FULL,    /* this pass has no room; a pass of its own would */
    FILL_NO_PAGES /* too few pages are left */
};

/* Adds what is not done of s, as far as a pass of rows rows and as many rows of context goes. others (NULL entries are
 * fine, and s itself) are sequences whose beginning s may share when nothing of it is done; spare pages must be left
 * after those it needs, one token behind the count included. Nothing has changed when it was not added. */
enum fill_result fill_add(struct fill *f, struct pages *p, struct sequence *s, struct sequence *const *others,
                          size_t other_count, int rows, int context, int spare);
/* After the pass: what was planned is done. */
void fill_done(struct fill *f);
void fill_clear(struct fill *f);
void fill_free(struct fill *f);
/* The pass, when all is added: it borrows from f. */
struct batch fill_batch(struct fill *f);

#endif
