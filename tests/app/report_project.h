/* A project whose evals have known answers: scores follow growth curves, with hostile names among them. */
#ifndef TESTS_APP_REPORT_PROJECT_H
#define TESTS_APP_REPORT_PROJECT_H

#include "db/store.h"

/* 40 records r1... of two tasks, one with a hostile name; the base at 0.4 and 0.41 (think on); rgt (3 runs), isft (3 runs)
 * and sft (2 runs) at 20, 40 ... 640 examples on 0.4 + 0.1 ln(1 + n/c) with c of 30, 48 and 600; a run of a hostile name and
 * method that never learns; an endpoint at 0.65; rgt and isft also with think on at the end, 0.01 higher. Besides, what a
 * report must leave out: an eval that is not finished, one of another split, an older one of a checkpoint. noise: half the
 * width of an even noise on every score. folder: where configurations of runs may stand, or NULL. */
void report_project_fill(struct store *s, double noise, const char *folder);

#define REPORT_HOSTILE_TASK "<b>ward</b> & \"x\" 'y'"
#define REPORT_HOSTILE_METHOD "<script>alert(1)</script>`id`'; !id #"

#endif
