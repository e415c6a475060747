/*
 * From evidence to a score: each kind of evidence has a weight in log-odds, a word's score is the
 * logistic of their sum. Private to hinge*.c.
 */
#ifndef TEXT_HINGE_SCORE_H
#define TEXT_HINGE_SCORE_H

#include "text/hinge.h"
#include "text/hinge_clauses.h"
#include "text/hinge_hunks.h"
#include "text/hinge_support.h"
#include "text/hinge_text.h"

struct hinge_mark { /* one word's */
    unsigned reasons;
    double score;
    bool lit;
};

struct hinge_evidence {
    const struct hinge_input *in;
    struct hinge_text prompt, y0, y_star;
    struct hinge_hunks hunks;
    struct hinge_support support;
    struct clauses clauses;
    bool guided; /* a grader said what is wrong: a rationale that faults, or spans */
    struct hinge_mark *y0_marks, *y_star_marks; /* by word */
};

/* Fills the marks: every changed word, and kept ones that bridge two lit ones. */
void hinge_score(struct hinge_evidence *e, struct hinge_vocab *vocab, struct arena *arena);

#endif
