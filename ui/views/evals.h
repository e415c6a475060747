/*
 * Evals: what trained models make of held-out records. The list of them, one eval's records, one record's output
 * beside y* and another model's, the learning curve of a run, the form that starts an eval.
 */
#ifndef UI_VIEWS_EVALS_H
#define UI_VIEWS_EVALS_H

#include "db/eval_store.h"
#include "ui/views/desk.h"

/* The list; run: uuid of the run whose evals alone are shown, NULL for all. NULL and err when the project cannot be
 * read; each view's free frees. */
struct evals_view;
struct evals_view *evals_view_new(struct desk *d, const char *run, struct error *err);
extern const struct view_ops evals_view_ops;
extern const struct binding evals_bindings[]; /* mode "evals" */

/* One eval's records beside another eval's (other 0: what fits best, its base or the checkpoint before). */
struct eval_view;
struct eval_view *eval_view_new(struct desk *d, int64_t eval, int64_t other, struct error *err);
/* Shows the records with that rule's mistake alone. */
void eval_view_broken(struct eval_view *v, int64_t rule);
extern const struct view_ops eval_view_ops;
extern const struct binding eval_bindings[]; /* mode "eval" */

/* One record of an eval. records: those to walk through with Tab (copied), at: the first shown. */
struct answer_list {
    const int64_t *records;
    size_t count, at;
};
struct answer_view;
struct answer_view *answer_view_new(struct desk *d, int64_t eval, int64_t other, const struct answer_list *walk,
                                    struct error *err);
extern const struct view_ops answer_view_ops;
extern const struct binding answer_bindings[]; /* mode "answer" */

/* A run's scores against the examples it had seen, thinking off and on. ERR_ABSENT when it has no scores. */
struct curve_view;
struct curve_view *curve_view_new(struct desk *d, const char *run, struct error *err);
extern const struct view_ops curve_view_ops;
extern const struct binding curve_bindings[]; /* mode "curve" */

/* What taught a model how it treats a record: rules, and the decisions by which they came into its training. */
struct taught_view;
struct taught_view *taught_view_new(struct desk *d, int64_t eval, int64_t record, struct error *err);
extern const struct view_ops taught_view_ops;
extern const struct binding taught_bindings[]; /* mode "taught" */

#endif
