/* The grader that is a model with a rubric: its question and what its answer says. */
#ifndef PIPELINE_GRADER_LLM_H
#define PIPELINE_GRADER_LLM_H

#include "base/json.h"
#include "db/loop_store.h"
#include "pipeline/template.h"
#include "pipeline/verdict.h"

/* {score, rationale, quotes[]} */
extern const char grader_llm_schema[];

/* Fills the template "grade" for one output. */
int grader_llm_fill(const struct template *t, const struct grader *g, const struct loop_record *r, const char *output,
                    struct str *system, struct str *user, struct error *err);
/* What the schema does not say: the score lies on the scale, a fault has a rationale. grader is a struct grader. */
int grader_llm_check(const struct grader *g, const struct json *value, struct error *why);
/* Fills v from an answer that passed; quotes become spans where they stand in the output. */
void grader_llm_read(const struct grader *g, const struct json *value, struct slice output, struct verdict *v);

#endif
