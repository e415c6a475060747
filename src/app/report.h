/*
 * The report: what the evals of a project say of the methods. Figure 1: final score by method and task. Figure 2: learning
 * curves. Figure 3: thinking on against off. Figure 4: examples needed for a gain over the base, relative to RGT.
 * With paired tests between methods, and all that is needed to run it again. Read from db/eval_store.h alone.
 *
 * The runs of one method are its seeds: rows of one table (stats/scores.h says how intervals come from it). Only evals that
 * can be compared are taken together: same split, base model, graders and sampling; `notes` say what was left out.
 */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "base/arena.h"
#include "base/json.h"
#include "db/eval_store.h"
#include "stats/needed.h"
#include "stats/paired.h"
#include "stats/scores.h"

enum report_think { REPORT_THINK_AUTO, REPORT_THINK_OFF, REPORT_THINK_ON };

struct report_request {       /* borrowed; report_request_defaults fills it */
    const char *split;        /* NULL: that of most evals */
    const char *base_model;   /* NULL: that of most evals */
    const char *const *runs;  /* patterns ("rgt-*") of run names or uuids; none: all */
    size_t n_runs;
    bool by_name;             /* a series is not a method but the runs of one name without its number: "rgt-wide-1" and
                               * "rgt-wide-2" are "rgt-wide", for ablations */
    enum report_think think;  /* of figures 1, 2 and 4; auto: off where there are such evals */
    double gain;              /* over the base, for figure 4: 0.25 */
    double target;            /* a score to reach instead; NaN: the gain */
    double reach;             /* how far the fit is followed past the last point: 10 times */
    size_t resamples;         /* of the bootstrap: 2,000 */
    size_t permutations;      /* of the tests: 20,000 */
    double level;             /* of intervals: 0.95 */
    uint64_t seed;            /* of what is drawn: 1 */
};
void report_request_defaults(struct report_request *q);
/* "rgt-*,sft-1" into q->runs (borrowed from *copy, which is cut up); the caller frees *copy and q->runs with
 * report_patterns_free. NULL or "": all. */
void report_patterns(struct report_request *q, const char *text, char **copy);
void report_patterns_free(struct report_request *q, char *copy);

/* What one line or bar stands for: a method, the base model, or a model behind an endpoint. */
struct report_method {
    const char *name;
    bool base, endpoint;
    size_t runs; /* 1 for the base and for endpoints */
};

/* Of methods[method]; NaN in score.estimate: not measured. */
struct report_score {
    size_t method;
    const char *task;    /* NULL: all tasks */
    double examples;     /* seen by the runs; the mean where they differ; 0 for the base, NaN for an endpoint */
    struct interval score;
    size_t n, seeds;     /* records with a score; runs */
    size_t failed;       /* results without a score, over all runs */
};

struct report_thinking {
    size_t method;
    struct interval off, on, difference; /* on - off, paired by record and run */
    size_t n, seeds;                     /* that have both */
};

struct report_need {
    size_t method;
    struct needed_answer answer;
    size_t points, seeds, n;
    double last; /* the largest number of examples seen */
};

struct report_test { /* a against b on the records both have */
    size_t a, b;
    size_t n;
    struct interval difference; /* mean of a - b */
    struct test_result permutation, wilcoxon;
    double permutation_holm, wilcoxon_holm; /* corrected for all pairs of the report */
};

struct report {
    struct report_request asked;  /* as used: nothing is left open */
    const char *project;          /* the file's name without folder and ".db" */
    int64_t made;                 /* ms since 1970 */
    bool think;                   /* of figures 1, 2 and 4 */
    struct report_method *methods; /* RGT first, then iSFT, SFT, others by name, endpoints, the base */
    size_t n_methods;
    const char **tasks;           /* by name; n_tasks 0: records without tasks, or one task alone */
    size_t n_tasks;
    struct report_score *finals;  /* Figure 1: for each method all tasks, then each */
    size_t n_finals;
    struct report_score *points;  /* Figure 2: method after method, by examples; the base is point 0 of each */
    size_t n_points;
    struct report_thinking *thinking; /* Figure 3 */
    size_t n_thinking;
    struct report_need *needs;    /* Figure 4 */
    size_t n_needs;
    size_t reference;             /* index in needs the ratios are relative to: RGT, or the first */
    double target;                /* the score to reach; NaN: there is none (no base, or it scores 0) */
    struct report_test *tests;
    size_t n_tests;
    const struct eval **used;     /* the evals it rests on */
    size_t n_used;
    const char **notes;           /* what was left out, what to beware of; plain sentences. Hostile text. */
    size_t n_notes;
    /* private */
    struct evals evals;
    struct arena arena;
    size_t cap_notes;
};

/* Computes the report; out is zero-initialised and freed with report_free, whatever the result. A project without evals
 * gives an empty report with a note. */
int report_make(struct store *s, const struct report_request *q, struct report *out, struct error *err);
void report_free(struct report *r);

/* 0..7: rgt, isft, sft and the base (7) always look the same; what else there is takes the rest in turn. */
enum { REPORT_STYLES = 8 };
int report_style(const struct report *r, size_t method);
/* What a figure needs in words. */
enum { REPORT_FIGURES = 4 };
const char *report_title(int figure); /* 1..4 */
void report_title_of(struct str *out, const struct report *r, int figure); /* with the target of figure 4; appended */
/* "12", "not reached", "340 (beyond the points)", "–" for unknown: appended. */
void report_examples(struct str *out, const struct needed *it);
/* "0.74 (0.71 to 0.77)", with digits after the point; appended. NaN: "–". INFINITY: "not reached", as a bound "never". */
void report_interval(struct str *out, const struct interval *i, int digits);
/* A p value as people write it: "0.013", "<0.001", "–". */
void report_p(struct str *out, double p);

/* A figure's numbers as a table of words, the same in the terminal and on the page: 1..4, 5: the tests. */
enum { REPORT_COLUMNS_MAX = 8 };
struct report_sheet {
    const char *title;
    const char *about; /* a sentence or two: what the numbers are */
    size_t columns, rows;
    const char *heads[REPORT_COLUMNS_MAX];
    const char **cells; /* [rows][columns]. Names in them are hostile text. */
    size_t *methods;    /* of each row, for its colour */
    struct arena arena;
};
/* out is zero-initialised; report_sheet_free frees. */
void report_sheet(struct report_sheet *out, const struct report *r, int figure);
void report_sheet_free(struct report_sheet *s);

/* The whole report as JSON; the caller frees. hinge(1) describes it. */
struct json *report_json(const struct report *r);
/* Figures 1..4 as CSV with a head line, 5: the tests, 6: the evals it rests on. Appended. */
void report_csv(struct str *out, const struct report *r, int figure);
const char *report_csv_name(int figure); /* "figure1.csv" ... "tests.csv", "evals.csv" */

#endif
