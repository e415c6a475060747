/* The curves of runs: which series are drawn, on what axis, which part. Shared by the list, the watching of
 * one run and the comparison. Only what a plot's columns need is read from a run (runs/curve.h), however long
 * it is. */
#ifndef UI_VIEWS_TRAINING_CURVES_H
#define UI_VIEWS_TRAINING_CURVES_H

#include "runs/curve.h"
#include "ui/keys/binding.h"
#include "ui/widgets/plot.h"

/* The metrics of open runs, by folder. Zero-initialise; free with curve_shelf_free. */
struct curve_shelf {
    struct shelf_item {
        char *folder;
        struct curve *curve;
        bool used;
    } *items;
    size_t count, cap;
};
void curve_shelf_free(struct curve_shelf *s);
/* The run's metrics, opened when asked for the first time; NULL where they cannot be read. */
struct curve *curve_shelf_get(struct curve_shelf *s, const char *folder);
/* Reads what runs wrote since; forgets those that were not asked for since the last time. */
void curve_shelf_update(struct curve_shelf *s);

/* What a plot of runs shows; changed by commands. Zero-initialise. */
struct curve_look {
    int metric;           /* in the table of training_curves.c */
    enum curve_axis axis; /* CURVE_EXAMPLES unless turned: see curve_look_init */
    struct plot_axis x, y;
    bool smooth;          /* each column is the mean of those around it */
    bool spread;          /* the smallest and largest value of each column are drawn, too */
    struct plot_span all; /* of the last painting: what zooming is held to */
};
void curve_look_init(struct curve_look *l);
/* Runs "zoom-in", "zoom-out", "earlier", "later", "whole", "metric", "metric-back", "axis", "log-x", "log-y",
 * "smooth", "spread"; false when name is none of them. */
bool curve_look_command(struct curve_look *l, const char *name);
/* The rows of keys for those commands, for a mode. */
#define CURVE_BINDINGS(mode)                                                                                           \
    {mode, "m", "metric", "what is drawn: loss, A and B, tokens/s, rate, gradient, memory"},                           \
        {mode, "M", "metric-back", "what was drawn before"}, {mode, "+ =", "zoom-in", "half of what is seen"},         \
        {mode, "-", "zoom-out", "twice as much"}, {mode, "h Left", "earlier", "towards the start"},                    \
        {mode, "l Right", "later", "towards the end"}, {mode, "0", "whole", "all of it"},                              \
        {mode, "X", "axis", "over examples, tokens, time or steps"}, {mode, "y", "log-y", "logarithmic y axis, or not"}, \
        {mode, "Y", "log-x", "logarithmic x axis, or not"}, {mode, "w", "smooth", "smooth lines, or as they are"},      \
    {                                                                                                                  \
        mode, "v", "spread", "smallest and largest values too, or the mean alone"                                      \
    }

struct curve_run {
    const char *name;
    struct curve *curve; /* NULL: nothing is drawn */
    const double *checkpoints; /* places on the axis; the first run's are pointed at */
    size_t n_checkpoints;
};
/* One run: all series of the metric. Several: the metric's first series of each. Says what is drawn in the
 * title. */
void curves_paint(struct curve_look *l, const struct curve_run *runs, size_t n, bool signs,
                  const struct paint *p, struct plot_rect at);
/* Last value of a run's series; NAN where there is none. */
double curve_now(const struct curve *c, const char *series);

#endif
