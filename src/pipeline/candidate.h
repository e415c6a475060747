/* A distilled rule as a model proposes it, and whether it may be shown to an expert. */
#ifndef PIPELINE_CANDIDATE_H
#define PIPELINE_CANDIDATE_H

#include "base/json.h"
#include "db/store.h"
#include "pipeline/leak.h"

enum { CANDIDATE_MISTAKE_MAX = 200, CANDIDATE_GUARDRAIL_MAX = 300 }; /* characters */

struct candidate { /* zero-initialise; candidate_free */
    struct str mistake, guardrail;
    int64_t rule; /* the library's that it cites, 0 for its own words */
};
void candidate_free(struct candidate *c);
/* Fills c from an answer that fits the schema, each text on one line. */
void candidate_read(struct candidate *c, const struct json *value);

enum candidate_judgement { CANDIDATE_FINE, CANDIDATE_REFUSED };
/* A cited rule must be in the library (a merged one stands for what it was merged into) and gives its words; words of
 * the model's own must be there, short, and copy nothing out of the prompt. Refused: why is for the model, and may
 * quote the prompt; reason is for people, and does not. -1 when the database failed. */
int candidate_judge(struct candidate *c, struct store *s, const struct leak_prompt *prompt, struct str *why,
                    struct error *reason, struct error *err);

#endif
