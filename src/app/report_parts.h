/* Private to src/app/report*.c. */
#ifndef APP_REPORT_PARTS_H
#define APP_REPORT_PARTS_H

#include "app/report.h"
#include "base/map.h"

/* One eval with its scores in the columns of the gathering. */
struct report_source {
    const struct eval *eval;
    size_t method, run; /* row of its method's table */
    double examples;    /* -1: not known */
    double *scores;     /* [records] */
    bool *failed;       /* [records]: a result without a score */
};

/* The evals that belong together, and the records they have. */
struct report_gathering {
    struct report_source *sources;
    size_t count, cap;
    size_t records;
    size_t *task_of;     /* [records], index in tasks + 1; 0: none */
    bool *kept;          /* [records]: in the tables; report_keep_common */
    struct map *columns; /* record id (8 bytes) -> column */
    struct map *tasks;
    struct map *runs;    /* method number and run's uuid -> row */
};

void report_note(struct report *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Chooses the evals, numbers methods, runs, records and tasks, reads the scores. */
int report_gather(struct store *s, struct report *r, struct report_gathering *g, struct error *err);
void report_gathering_free(struct report_gathering *g);

/* Leaves to the tables the records that every eval of a run or of the base has (with a score or without one), of evals
 * under the think settings in thinks (1: off, 2: on): all figures then speak of the same records. Says how many are
 * left out; where no record is in all, none is. */
void report_keep_common(struct report *r, struct report_gathering *g, unsigned thinks);

/* A table of a method's runs under a think setting: by_source(context, source) says which sources fill its rows (at most
 * one a run). Columns of other tasks are NaN where task is not 0 (task_of's number). The caller frees at with mem_free. */
typedef bool report_wanted_fn(const struct report_gathering *g, const struct report_source *s, const void *context);
struct scores report_table(const struct report *r, const struct report_gathering *g, size_t method, size_t task,
                           report_wanted_fn *wanted, const void *context);
void report_table_free(struct scores *t);
/* Takes out rows without any score: drawn as seeds they would say nothing. */
void report_drop_empty_rows(struct scores *t);

/* Fills the figures. */
void report_finals(struct report *r, const struct report_gathering *g);
void report_curves(struct report *r, const struct report_gathering *g);
void report_think_pairs(struct report *r, const struct report_gathering *g);
void report_pairs(struct report *r, const struct report_gathering *g);
struct bootstrap report_bootstrap(const struct report *r);

#endif
