/* Prompt templates as people look at them: what is in use, where it comes from, what is wrong with it. */
#ifndef APP_PROMPTS_H
#define APP_PROMPTS_H

#include "db/prompt_store.h"
#include "pipeline/template.h"

/* The template in use for a project (NULL: none, so the one hinge brings along). NULL and err on failure; the caller
 * frees with template_free. */
struct template *prompts_in_use(const char *project, const char *name, struct error *err);
/* The one hinge brings along. */
struct template *prompts_shipped(const char *name, struct error *err);
/* The text of a version that was used, by the beginning of its hash (8 letters or more); name may be NULL.
 * ERR_ABSENT when there is none, ERR_INPUT when there are several. */
int prompts_version(struct store *s, const char *hash, struct str *name, struct str *body, struct error *err);

#endif
