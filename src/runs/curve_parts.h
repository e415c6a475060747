/*
 * How a curve lies in memory and on disk. Between curve.c, curve_read.c, curve_index.c and curve_window.c.
 *
 * Lines fall into two tables, those of steps and those of validations. A table has the same places (step, examples,
 * seconds, tokens) for all its series, and a value a row of each series, NaN where a line does not have it. Over
 * the values stands a pyramid: a node of level k holds the smallest, the largest, the sum and the number of the values of FAN^k
 * rows. Only whole nodes are kept.
 *
 * A column is in two parts: rows read from the index, which stay where the file is mapped, and rows read since.
 */
#ifndef RUNS_CURVE_PARTS_H
#define RUNS_CURVE_PARTS_H

#include <stdio.h>
#include <sys/stat.h>

#include "base/str.h"
#include "runs/curve.h"

enum {
    TABLES = 2,      /* 0: steps, 1: validations */
    FAN = 16,        /* rows in a node of level 1, nodes of level k in one of k + 1 */
    LEVELS = 6,      /* 16^6 rows in the widest node */
    SERIES_MAX = 64, /* of both tables */
    SERIES_NAME = 40,
    PROBE = 4096 /* bytes of the metrics that an index is held against */
};

struct node {
    float low, high;
    double sum;
    uint32_t count, unused;
};

struct column { /* of items of some size */
    const char *base;
    char *more;
    size_t n_base, n_more, cap;
};

struct series {
    char name[SERIES_NAME];
    int table;
    size_t points;
    struct column values; /* float */
    struct column nodes[LEVELS];
};

struct table {
    size_t rows;
    struct column at[CURVE_AXES]; /* double */
};

struct curve {
    char *folder;
    struct table tables[TABLES];
    struct series series[SERIES_MAX];
    size_t n_series;
    uint64_t bytes, lines; /* read of the metrics so far: whole lines */
    uint64_t saved;        /* of bytes, that the index has */
    ino_t inode;
    double at[CURVE_AXES]; /* of the last step, for lines of validations */
    size_t faults;
    char fault[200];
    const char *map;
    size_t map_bytes;
    bool indexed;
};

/* curve.c */
const void *column_at(const struct column *c, size_t row, size_t size);
void column_add(struct column *c, const void *item, size_t size);
void column_free(struct column *c);
/* The number of a series of that name and table, added where there is none; -1: there are too many, or its name is none. */
int curve_series(struct curve *c, int table, struct slice name);
void curve_fault(struct curve *c, const char *what);
/* Forgets everything read. */
void curve_forget(struct curve *c);
double curve_place(const struct table *t, enum curve_axis axis, size_t row);
float curve_value(const struct series *s, size_t row);
struct str curve_file(const struct curve *c, const char *name);

/* curve_read.c: one whole line without its end. */
void curve_take_line(struct curve *c, struct slice line);

/* curve_index.c: true when the index belongs to the metrics (open as fd, of size bytes), and is taken. */
bool curve_load_index(struct curve *c, int fd, uint64_t size);
int curve_write_index(struct curve *c, int fd, struct error *err);

#endif
