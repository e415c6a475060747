/* The question of generate, for asking it and for estimating it. Private to src/pipeline/step*.c. */
#ifndef PIPELINE_STEP_GENERATE_H
#define PIPELINE_STEP_GENERATE_H

#include "pipeline/inquiry.h"

struct generate_words {
    struct str system, user, label;
    struct chat_message *messages;
};
/* The record's own messages, behind the template's system message where it brings none. Fills spec but for what is
 * done with the answer; it borrows from words, which the caller frees. */
int generate_question(struct inquiry_spec *spec, struct generate_words *w, const struct prompts *p,
                      const struct endpoint *model, const struct loop_record *r, int sample, struct error *err);
void generate_words_free(struct generate_words *w);

/* Number of the first sample to make, and whether one is there already. */
int generate_first_sample(const struct loop_record *r, bool again);
bool generate_has_sample(const struct loop_record *r, int sample);

#endif
