/*
 * metrics.jsonl as curves: named series of numbers over steps, examples, seconds or tokens. Beside the file stands
 * metrics.index, its numbers in binary with a pyramid of smallest and largest values, so that a run of any length opens
 * at once and a window of it is drawn without reading all. The index is made again whenever it does not belong
 * to the file (another beginning, another end where it stopped reading), and without it all works, slower.
 *
 * A line a step gives series of its own names ("loss", "loss_A", "lr", ...); a line with "valid" gives "valid.loss",
 * "valid.loss_A", .... Only whole lines are read: the one being written is read when it is whole. Lines that are no
 * metrics are left out and counted, the first ones with their number.
 */
#ifndef RUNS_CURVE_H
#define RUNS_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct curve; /* the metrics of one run; freed with curve_close */

/* folder: the run's. A run without metrics has no series. NULL and err where the file cannot be read. */
struct curve *curve_open(const char *folder, struct error *err);
void curve_close(struct curve *c); /* brings the index up to date when much was read; NULL is fine */
/* Reads what was written since; *changed (may be NULL): something was. A file that was replaced (a resumed run, which
 * takes back the steps after its last checkpoint) is read anew. */
int curve_update(struct curve *c, bool *changed, struct error *err);
/* Writes the index now where lines were read that it does not have. Failing is no fault of the curve: a folder
 * that may not be written has none. */
int curve_save(struct curve *c, struct error *err);

/* Series in the order they were met; numbers stay the same while the curve is open. */
size_t curve_count(const struct curve *c);
const char *curve_name(const struct curve *c, size_t series); /* borrowed */
int curve_find(const struct curve *c, const char *name);      /* -1: none of that name */

/* What a point stands at. */
enum curve_axis {
    CURVE_STEP,
    CURVE_EXAMPLES, /* seen */
    CURVE_SECONDS,  /* at work: the sum of the steps' own */
    CURVE_TOKENS,   /* seen, as plain sequences */
    CURVE_AXES
};
const char *curve_axis_name(enum curve_axis axis); /* "step", "examples", ... */

/* Points of a series, first and last place on an axis; false for a series without points. */
bool curve_range(const struct curve *c, size_t series, enum curve_axis axis, double *from, double *to);
size_t curve_points(const struct curve *c, size_t series);

struct curve_point {
    double at;    /* on the axis asked for */
    double value; /* to seven digits: metrics.jsonl has all of them */
};
/* The last point, or the one nearest to a place; false for a series without points. */
bool curve_last(const struct curve *c, size_t series, enum curve_axis axis, struct curve_point *out);
bool curve_nearest(const struct curve *c, size_t series, enum curve_axis axis, double at, struct curve_point *out);

/* What is drawn in one column. */
struct curve_bucket {
    size_t count;      /* of points; 0: the rest says nothing */
    double low, high;  /* the smallest and largest value */
    double mean;
    double first_at, last_at;
};
/* The part of a series from..to (both included) in n columns of equal width on the axis (log: of equal ratio; from > 0).
 * What is told of a column is exact; many points are told from the pyramid. Returns the number of points in the window. */
size_t curve_window(const struct curve *c, size_t series, enum curve_axis axis, double from, double to, bool log,
                    size_t n, struct curve_bucket *out);
/* The points themselves from..to, at most max of them; returns how many. */
size_t curve_slice(const struct curve *c, size_t series, enum curve_axis axis, double from, double to, size_t max,
                   struct curve_point *out);

/* Lines that were no metrics, and what was wrong with the first of them ("line 7: ..."; "" for none). */
size_t curve_faults(const struct curve *c, const char **first);
/* True when the index was used as it was (for tests and benchmarks: nothing but time depends on it). */
bool curve_was_indexed(const struct curve *c);

#endif
