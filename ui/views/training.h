/* The runs of the project: what trains, how well it learns, how fast, when it is done, and why it failed.
 * Everything shown is read from the runs' folders (runs/runs.h); what a key changes is app/train.h. */
#ifndef UI_VIEWS_TRAINING_H
#define UI_VIEWS_TRAINING_H

#include "app/train.h"
#include "ui/views/desk.h"

/* All runs, with the curves of the one under the cursor and of those tagged. NULL and err when the folder
 * cannot be read; the view's free frees. */
struct training_view;
struct training_view *training_view_new(struct desk *d, struct error *err);
extern const struct view_ops training_view_ops;
extern const struct binding training_bindings[]; /* mode "training" */

/* One run watched; others (names, may be none) lie over it. */
struct run_view;
struct run_view *run_view_new(struct desk *d, const char *name, const char *const *others, size_t n_others,
                              struct error *err);
extern const struct view_ops run_view_ops;
extern const struct binding run_bindings[]; /* mode "run" */

/* A run's log, the newest line last. */
struct run_log_view;
struct run_log_view *run_log_view_new(struct desk *d, const char *name, struct error *err);
extern const struct view_ops run_log_view_ops;
extern const struct binding run_log_bindings[]; /* mode "run-log" */

/* Two runs: what they were started with, where it differs, and their curves. */
struct compare_view;
struct compare_view *compare_view_new(struct desk *d, const char *a, const char *b, struct error *err);
extern const struct view_ops compare_view_ops;
extern const struct binding compare_bindings[]; /* mode "compare" */

/* The form that starts a run; from: the run whose checkpoint at step (-1: the last) it begins with, NULL for
 * a new one. */
struct train_form_view;
struct train_form_view *train_form_new(struct desk *d, const char *from, int64_t step, struct error *err);
extern const struct view_ops train_form_ops;
extern const struct binding train_form_bindings[]; /* mode "train" */

/* Examples as the trainer renders them, what is trained lit. p is the view's from then on. method: for the
 * title. */
struct preview_view;
struct preview_view *preview_view_new(struct desk *d, const char *method, struct train_preview *p);
extern const struct view_ops preview_view_ops;
extern const struct binding preview_bindings[]; /* mode "preview" */

/* Asks for a folder and starts the experiment that comes along there, as a process of its own. */
void ask_experiment(struct desk *d);
/* What every view of runs does with one: "stop", "delete" (they ask), "resume", "branch", "log", "preview",
 * "evals". False when command is none of them. The hand lives in the view: it holds the run that was asked
 * about. */
enum { PREVIEW_EXAMPLES = 20 };
struct run_hand {
    struct desk *desk;
    struct str name;
    int64_t step; /* the checkpoint chosen; -1: the last */
    bool deleted; /* the run asked about is gone; the view looks and sets it back */
};
bool run_act(struct run_hand *hand, const struct run *r, int64_t step, const char *command);
void run_hand_free(struct run_hand *hand);

/* "running", "failed": how its state looks. */
enum look run_look(enum run_state s);
/* "41 min", "3 h 5 min", "-" when it is not known. */
void add_duration(struct str *out, double seconds);
/* "1.2 GB". */
void add_bytes(struct str *out, double bytes);
/* The project's path, for app/train.h. */
const char *training_project(struct desk *d);

#endif
