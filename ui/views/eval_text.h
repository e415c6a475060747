/* Evals in words and figures, as every view of them says it. */
#ifndef UI_VIEWS_EVAL_TEXT_H
#define UI_VIEWS_EVAL_TEXT_H

#include "db/eval_store.h"
#include "ui/views/desk.h"

/* The last part of a path. Borrowed from it. */
const char *path_end(const char *path);
/* Whose outputs: the run, else the base model or the endpoint. Borrowed. */
const char *eval_model(const struct eval *e);
/* "rgt-1 step 40, thinking". Appends. */
void eval_say_name(struct str *out, const struct eval *e);
/* Half the width of the 95% interval of its mean (Student's t); negative where fewer than two records have a score. */
double eval_interval(const struct eval *e);
/* "0.742 ±0.029", "0.742" for one record, "-" for none. Appends. */
void eval_say_mean(struct str *out, const struct eval *e, bool ascii);
/* "done", "running 43%", "stopped 12%": its state and how far it is; how that looks. */
enum look eval_say_state(struct str *out, const struct eval *e);
/* "+0.31", "-0.50", "0"; how it looks. */
enum look eval_say_change(struct str *out, double by);
/* The first line of a rationale, its blanks joined. Appends. */
void eval_headline(struct str *out, const char *rationale);

/* Acts on an eval's job: "stop" (asks), "resume", "retry", "log". False when command is none of them. hand lives in the
 * view. */
struct job_hand;
bool eval_act(struct job_hand *hand, const struct eval *e, const char *command);

#endif
