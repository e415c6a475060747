/* Between the places. Private to src/runs/. */
#ifndef RUNS_PLACE_PARTS_H
#define RUNS_PLACE_PARTS_H

#include "runs/place.h"
#include "runs/spawn.h"

/* The words of run.json's "fit" after those given (ended by NULL), with --resume behind them; ended by NULL. Borrowed from
 * the run; the caller frees the list with mem_free. NULL and err where run.json has none. */
const char **place_words(const struct run *r, const char *const *first, struct error *err);
/* The same with the model at another path. */
const char **place_words_at(const struct run *r, const char *const *first, const char *model, struct error *err);
int place_processes(const struct run *r);
/* The last complaint of a process, for spawn_run: into the run_end and the log. */
void place_complaint(void *work, struct slice line);
/* What hinge-train said last, in the words of a reason. */
void place_said(struct run_end *end, struct slice line);

/* Appends word in single quotes, for sh. */
void place_quote(struct str *out, const char *word);
void place_quote_all(struct str *out, const char *const *words);
/* Letters, digits and . _ - / alone: the same to every shell. */
bool place_plain(const char *text);
int place_write_script(const struct run *r, const char *name, const struct str *text, struct error *err);
/* start.sh, follow.sh: see place_script.c. */
void place_start_script(struct str *out, const char *trainer, const char *const *words);
void place_follow_script(struct str *out, const char *trainer);

int place_local(const struct place_work *w, struct error *err);
int place_ssh(const struct place_work *w, struct error *err);
int place_ssh_check(const char *place, struct error *err);
int place_ssh_delete(const struct run *r, const struct place_settings *settings, struct error *err);
int place_slurm(const struct place_work *w, struct error *err);
int place_slurm_cancel(const struct run *r, const struct place_settings *settings, struct error *err);

#endif
