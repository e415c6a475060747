/*
 * Hinge finding: which changed tokens decided the outcome, with the evidence, without a model.
 */
#ifndef TEXT_HINGE_H
#define TEXT_HINGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "text/diff.h"
#include "text/segment.h"

enum hinge_side { HINGE_Y0, HINGE_Y_STAR };

/* Evidence, each a bit; hinge_reason_text says it in words for the screen. */
enum hinge_reason {
    HINGE_QUOTED = 1 << 0,      /* the rationale quotes or names it */
    HINGE_CONCEPT = 1 << 1,     /* a concept word of the rationale fits it ("dose": a number) */
    HINGE_CLAUSE = 1 << 2,      /* a rationale clause has this hunk as its best one */
    HINGE_UNSUPPORTED = 1 << 3, /* the prompt does not support it */
    HINGE_NEGATION = 1 << 4,
    HINGE_NUMBER = 1 << 5,
    HINGE_UNIT = 1 << 6,
    HINGE_SIDE = 1 << 7, /* laterality */
    HINGE_DATE = 1 << 8,
    HINGE_NAME = 1 << 9, /* a named term */
    HINGE_POLARITY = 1 << 10,
    HINGE_GRADER_SPAN = 1 << 11, /* inside a span the grader gave */
    HINGE_OMISSION = 1 << 12,    /* a gap in y0 where y* adds something */
    HINGE_SURPRISAL = 1 << 13,   /* a model was surprised here */
    HINGE_FUNCTION_WORD = 1 << 14, /* these speak against */
    HINGE_PUNCTUATION = 1 << 15,
    HINGE_SPELLING = 1 << 16,
    HINGE_MOVED = 1 << 17,
    HINGE_HEADING = 1 << 18, /* of a section: "PMH:" */
    HINGE_BETWEEN = 1 << 19 /* speaks neither way: read together with the lit words around it */
};

struct hinge_span { /* a grader's, in bytes of y0 */
    size_t from, to;
};

struct hinge_input {
    struct slice prompt, y0, y_star, rationale; /* any may be empty; borrowed during the call */
    const struct hinge_span *spans;
    size_t n_spans;
    const float *y0_surprisal; /* nats for each byte range below, or NULL: see surprisal_at */
    const struct hinge_span *surprisal_at;
    size_t n_surprisal;
    const float *y0_entropy; /* nats, of what the model expected there, or NULL: where it expected anything, nothing surprises */
};

/* One changed token (or a gap, from == to, in y0), with its score in [0,1]; also a kept token that
 * is read with the lit ones around it (HINGE_BETWEEN: "at least 20" lit as one). */
struct hinge {
    enum hinge_side side;
    size_t from, to; /* bytes of that side's text */
    double score;
    unsigned reasons; /* bits of enum hinge_reason */
    int hunk;         /* index of its group of changes, from 0 in reading order */
    int clause;       /* index of the rationale clause linked to it, or -1 */
    bool lit;         /* score is past the threshold: shown as a hinge */
};

struct hinge_clause {
    size_t from, to; /* bytes of the rationale */
    int hunk;        /* the hunk it faults, or -1 */
};

struct hinges {
    struct hinge *items; /* y0's and y*'s, sorted by hunk, then side, then place */
    size_t count;
    size_t n_lit_hunks; /* "hinges" as counted on screen: hunks with a lit token */
    size_t n_hunks;
    struct hinge_clause *clauses;
    size_t n_clauses;
};

/*
 * Never fails. exact must be the DIFF_EXACT layer of y0 and y_star. The caller frees. Each changed
 * word's evidence is weighed as word-level quality estimation does it (Specia et al., "Findings of
 * the WMT 2020 Shared Task on Quality Estimation": words, and gaps for what is missing), by
 * hand-set weights instead of a model. With a rationale that finds fault, or spans, a token is lit
 * from score 0.5; without either the scores rank, and the best is lit whatever its score.
 *
 * Time is linear in the texts but for a logarithm: spelling is compared for every pair only in
 * hunks of up to 400 pairs, a word of the rationale looks at 64 hunks, a phrase looks for its
 * rarest two words in 32 places of the prompt each. Memory is about 150 bytes for each word of the
 * four texts.
 */
struct hinges *hinges_find(const struct hinge_input *in, const struct diff *exact);
void hinges_free(struct hinges *h); /* NULL is fine */

/* Appends the reasons in words, strongest first, comma-separated ("the rationale quotes it, a
 * number"). */
void hinge_reasons(struct str *out, unsigned reasons);

#endif
