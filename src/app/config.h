/*
 * hinge-config(5): endpoints, graders, tasks and steps from INI files. The person's file ($XDG_CONFIG_HOME/hinge/
 * config) first, then the project's (notes.ini beside notes.db), which overrides it value by value. A project's
 * file that moves an endpoint to another URL does not inherit its key.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "llm/endpoint.h"
#include "pipeline/grader.h"
#include "runs/place.h"

struct config; /* config_free; all that it gives is borrowed from it */

/* Files that do not exist are empty. A fault names file, line, what was found and expected; config_load reads on and
 * collects all of them, one a line, into err. project may be NULL. NULL and err when anything is wrong. */
struct config *config_load(const char *project, struct error *err);
void config_free(struct config *c); /* wipes the keys; NULL is fine */

size_t config_endpoints(const struct config *c);
const struct endpoint *config_endpoint_at(const struct config *c, size_t i);
/* NULL and err (with the names there are) when there is none. Its key is read here, on first use: a key file that
 * others may read, or a variable that is not set, is a fault of this endpoint alone. */
const struct endpoint *config_endpoint(struct config *c, const char *name, struct error *err);

/* [step generate] endpoint = NAME, samples, rounds, temperature ... NULL: not given. */
const char *config_step_value(const struct config *c, const char *step, const char *name);

/* [train] name: a value as it stands, a path from the folder of its file, or several paths ended by NULL. NULL: not given. */
const char *config_train_value(const struct config *c, const char *name);
const char *config_train_path(struct config *c, const char *name);
const char *const *config_train_paths(struct config *c, const char *name);

/* What [place name] says; borrowed. */
void config_place(struct config *c, const char *name, struct place_settings *out);

/* The graders of each task, resolved: their endpoints have keys. */
int config_graders(struct config *c, const struct task_graders **list, size_t *n, struct error *err);

/* The project's own prompt templates ([project] prompts = DIR, default notes.prompts beside notes.db), or NULL. */
const char *config_prompts_dir(const struct config *c);
/* Sets out to the person's own file of that name in hinge's configuration folder, which need not exist; false where
 * there is no such folder ($XDG_CONFIG_HOME and $HOME are not set). */
bool config_person_file(struct str *out, const char *name);
/* Paths that were looked for, for messages: "~/.config/hinge/config, notes.ini". */
const char *config_paths(const struct config *c);

#endif
