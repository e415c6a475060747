/*
 * What a review shows, apart from how: the record, the two outputs compared, their diff and hinges,
 * the rationale cut into clauses, and which of them belong together. No terminal, no store.
 */
#ifndef UI_VIEWS_REVIEW_MODEL_H
#define UI_VIEWS_REVIEW_MODEL_H

#include "db/record_store.h"
#include "text/diff.h"
#include "text/hinge.h"
#include "ui/views/flow_diff.h"

/* Two outputs to compare. to is NULL when there is nothing to compare with. */
struct review_pair {
    const struct stored_output *from, *to;
    char name[24]; /* "y0 → y*" */
};

struct review_clause {
    uint32_t from, to; /* bytes of the rationale */
    int hunk;          /* the change it faults most, or -1 */
    int n_stops;       /* how many of the walked changes it faults */
};

/* A place in a text that is shown in another light: bytes. */
struct review_span {
    uint32_t from, to;
};
struct review_spans {
    struct review_span *items;
    size_t count, cap;
};

/* Zero-initialise; free with review_model_free. */
struct review_model {
    struct stored_record record;
    struct str prompt;
    struct review_pair *pairs; /* each round, then y0 → y*, the one shown first */
    size_t n_pairs, pair;
    struct slice a, b, rationale; /* of the pair; b is a where nothing is compared */
    struct diff *exact, *readable;
    struct hinges *hinges;
    struct flow_lights lights[2];
    int *stops; /* hunks that n and N walk: lit ones, or all changes where none is lit */
    size_t n_stops, cap_stops;
    size_t n_lit;
    struct review_clause *clauses;
    size_t n_clauses, cap_clauses;
    int *clause_of; /* by hunk: the clause that faults it, or -1 */
    size_t n_hunks, cap_hunks;
    struct flow unified, prompt_flow, rationale_flow;
    struct flow_sides sides;
    bool has_sides; /* built for this pair */
    bool waiting;   /* large: shown, not compared yet; review_model_compare does that */
    bool signs, ascii;
};

/* Takes over the record (zeroed in *r) and shows its last pair. Outputs that take long to compare
 * are shown at once as they are, and compared by review_model_compare, which a caller runs when no
 * key waits. */
void review_model_open(struct review_model *m, struct stored_record *r, bool signs, bool ascii);
void review_model_free(struct review_model *m);
/* Shows pair number i (< n_pairs). */
void review_model_pair(struct review_model *m, size_t i);
void review_model_compare(struct review_model *m);
/* Builds the flows for side by side, once. */
struct flow_sides *review_model_sides(struct review_model *m);

/* The stop of a hunk, or -1. */
int review_model_stop_of(const struct review_model *m, int hunk);
/* The clause that faults a hunk, or -1. */
int review_model_clause_of(const struct review_model *m, int hunk);
/* Appends in words why a hunk is lit ("the rationale quotes it, a number"); nothing when
 * unknown. */
void review_model_reasons(const struct review_model *m, int hunk, struct str *out);
/* Appends what a hunk changes, short: "diabetic" → "". */
void review_model_hunk_text(const struct review_model *m, int hunk, enum hinge_side side,
                            struct str *out);
/* Where the prompt speaks of a hunk's words, in order; at most 200 places. Replaces out's
 * content. */
void review_model_support(const struct review_model *m, int hunk, struct review_spans *out);
/* Lights those places in the prompt's flow. */
void review_model_light_prompt(struct review_model *m, const struct review_spans *places);
void review_spans_free(struct review_spans *s);
/* Appends where words (without case where ASCII) stand in text, at most max places. */
void review_find(struct review_spans *out, struct slice text, struct slice words, size_t max,
                 bool whole_words);

#endif
