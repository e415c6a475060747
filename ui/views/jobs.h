/* The jobs of the project: what runs, how far it is, what it says and what it costs. Reads short, writes only what a
 * key asks for. */
#ifndef UI_VIEWS_JOBS_H
#define UI_VIEWS_JOBS_H

#include "db/job_store.h"
#include "ui/views/desk.h"

struct jobs_view;

/* NULL and err when the project cannot be read; the view's free frees. */
struct jobs_view *jobs_view_new(struct desk *d, struct error *err);
extern const struct view_ops jobs_view_ops;
extern const struct binding jobs_bindings[]; /* mode "jobs" */

/* One job: its figures, its failed records, its log. */
enum job_page { JOB_FIGURES, JOB_FAULTS, JOB_LOG };
struct job_view;
struct job_view *job_view_new(struct desk *d, int64_t job, enum job_page page, struct error *err);
extern const struct view_ops job_view_ops;
extern const struct binding job_bindings[]; /* mode "job" */

/* What both do with a job: "cancel" (asks), "resume", "retry". False when command is none of them. The hand lives in
 * the view: it holds the job that was asked about. */
struct job_hand {
    struct desk *desk;
    int64_t job;
};
bool job_act(struct job_hand *hand, int64_t job, const char *command);

/* "running", "lost", "stopping": what people are told of its state, and how that looks. */
const char *job_words(const struct job *j, enum look *look);
/* Appends a bar of width cells: done, failed, left. */
void job_bar(struct str *out, const struct job *j, int width, bool ascii);

#endif
