#include "pipeline/grader_llm.h"
#include "pipeline/grading.h"

static size_t two_messages(struct chat_message out[2], const struct str *system, const struct str *user)
{
    size_t n = 0;
    if (system->len)
        out[n++] = (struct chat_message){"system", system->at};
    out[n++] = (struct chat_message){"user", str_z(user)};
    return n;
}

int grade_question(struct inquiry_spec *spec, struct grade_words *words, const struct prompts *p,
                   const struct grader *g, const struct loop_record *r, const char *name, const char *text,
                   int sample, struct error *err)
{
    if (grader_llm_fill(p->grade, g, r, text, &words->system, &words->user, err) != 0)
        return -1;
    str_addf(&words->label, "grade %s %s %s %d", r->key, name, g->name, sample);
    *spec = (struct inquiry_spec){.endpoint = g->model,
                                  .messages = words->messages,
                                  .n_messages = two_messages(words->messages, &words->system, &words->user),
                                  .prompt_hash = template_hash(p->grade),
                                  .label = words->label.at,
                                  .schema = grader_llm_schema,
                                  .schema_name = "verdict",
                                  .sample = sample};
    return 0;
}

void grade_words_free(struct grade_words *w)
{
    str_free(&w->system);
    str_free(&w->user);
    str_free(&w->label);
}
