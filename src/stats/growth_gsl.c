/* The nonlinear part of growth.h: the only file that knows GSL. */
#include "stats/growth_parts.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_GSL

#include <gsl/gsl_errno.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_vector.h>
#include <math.h>

enum { A, B, LOG_C, PARAMETERS };

bool growth_available(void)
{
    return true;
}

static int residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
    const struct growth_points *p = data;
    double a = gsl_vector_get(x, A), b = gsl_vector_get(x, B), c = exp(gsl_vector_get(x, LOG_C));
    for (size_t i = 0; i < p->count; i++)
        gsl_vector_set(f, i, a + b * log1p(p->n[i] / c) - p->s[i]);
    return GSL_SUCCESS;
}

/* d/d(ln c) of b ln(1 + n/c) is -b n / (c + n). */
static int slopes(const gsl_vector *x, void *data, gsl_matrix *j)
{
    const struct growth_points *p = data;
    double b = gsl_vector_get(x, B), c = exp(gsl_vector_get(x, LOG_C));
    for (size_t i = 0; i < p->count; i++) {
        gsl_matrix_set(j, i, A, 1);
        gsl_matrix_set(j, i, B, log1p(p->n[i] / c));
        gsl_matrix_set(j, i, LOG_C, -b * p->n[i] / (c + p->n[i]));
    }
    return GSL_SUCCESS;
}

/* Keeps what was found at ln c where it beats what g holds. a and b are solved for anew, which also makes what
 * was clamped to a bound the best at that bound. */
static void offer(struct growth *g, const struct growth_points *p, double log_c)
{
    if (!isfinite(log_c))
        return;
    double inside = fmin(fmax(log_c, -GROWTH_LOG_C), GROWTH_LOG_C), c = exp(inside), a, b;
    double rss = growth_line(p, c, &a, &b);
    if (!isfinite(rss) || (g->state == GROWTH_FITTED && rss >= g->rss))
        return;
    g->state = GROWTH_FITTED;
    g->at_bound = fabs(inside) > GROWTH_LOG_C - 1e-3;
    g->a = a;
    g->b = b;
    g->c = c;
    g->rss = rss;
}

static void descend(struct growth *g, const struct growth_points *p, gsl_multifit_nlinear_workspace *work,
                    double log_c)
{
    enum { ROUNDS_MAX = 100 };
    double start[PARAMETERS];
    start[LOG_C] = log_c;
    growth_line(p, exp(log_c), &start[A], &start[B]);
    gsl_multifit_nlinear_fdf fdf = {
        .f = residuals, .df = slopes, .n = p->count, .p = PARAMETERS, .params = (void *)(size_t)p};
    gsl_vector_const_view x = gsl_vector_const_view_array(start, PARAMETERS);
    int info = 0;
    offer(g, p, log_c);
    if (gsl_multifit_nlinear_init(&x.vector, &fdf, work) != GSL_SUCCESS)
        return;
    /* Whatever it says (no progress, too many rounds): where it stands is offered and judged by its residuals. */
    (void)gsl_multifit_nlinear_driver(ROUNDS_MAX, 1e-10, 1e-12, 0, NULL, NULL, &info, work);
    offer(g, p, gsl_vector_get(gsl_multifit_nlinear_position(work), LOG_C));
}

/* The best of a few values of ln c in [low, high]: a, b and the residuals are cheap to have at each. */
static double best_of_range(const struct growth_points *p, double low, double high, int looks)
{
    double best = low, least = INFINITY, a, b;
    for (int i = 0; i < looks; i++) {
        double log_c = low + (high - low) * (i + 0.5) / looks, rss = growth_line(p, exp(log_c), &a, &b);
        if (rss < least) {
            least = rss;
            best = log_c;
        }
    }
    return best;
}

void growth_search(struct growth *g, const struct growth_points *p, int starts)
{
    enum { LOOKS = 16 };
    gsl_set_error_handler_off(); /* GSL's own would end the program */
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
    how.solver = gsl_multifit_nlinear_solver_cholesky; /* three parameters; offer() solves two of them exactly */
    g->state = GROWTH_FAILED;
    gsl_multifit_nlinear_workspace *work =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, p->count, PARAMETERS);
    if (!work)
        return;
    /* c from a thousandth to ten times the largest n: below, in and above where points usually are */
    double from = log(1e-3), part = (log(10) - from) / starts;
    for (int i = 0; i < starts; i++) {
        double low = from + part * i;
        descend(g, p, work, best_of_range(p, low, low + part, starts < LOOKS ? LOOKS / starts : 1));
    }
    offer(g, p, -GROWTH_LOG_C);
    offer(g, p, GROWTH_LOG_C);
    gsl_multifit_nlinear_free(work);
}

#else

bool growth_available(void)
{
    return false;
}

void growth_search(struct growth *g, const struct growth_points *p, int starts)
{
    (void)p;
    (void)starts;
    g->state = GROWTH_ABSENT;
}

#endif
