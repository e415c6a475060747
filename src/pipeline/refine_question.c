#include <stdio.h>

#include "base/mem.h"
#include "pipeline/step_refine.h"

struct refine_round *refine_rounds(const struct loop_record *r, size_t *n)
{
    struct refine_round *rounds = mem_zalloc(r->n_outputs + 1, sizeof *rounds);
    *n = 0;
    for (size_t i = 0; i < r->n_outputs; i++) {
        const struct loop_output *o = &r->outputs[i];
        if (o->kind != OUTPUT_ROUND && !(o->kind == OUTPUT_Y0 && o->sample == 0))
            continue;
        rounds[(*n)++] = (struct refine_round){.output = o->id,
                                               .round = o->round,
                                               .text = o->text,
                                               .rationale = o->rationale,
                                               .graded = o->graded,
                                               .score = o->score,
                                               .score_max = o->score_max,
                                               .normalised = o->normalised};
    }
    return rounds;
}

static void add_score(struct str *out, const struct refine_round *r)
{
    str_addf(out, "%g", r->score);
    if (r->score_max > 0)
        str_addf(out, " of %g", r->score_max);
}

void refine_history(struct str *out, const struct refine_round *rounds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *rationale = rounds[i].rationale;
        if (!rounds[i].graded)
            continue;
        str_addf(out, "%s- y%d (", out->len ? "\n" : "", rounds[i].round);
        add_score(out, &rounds[i]);
        str_addf(out, "): %s", rationale && *rationale ? rationale : "nothing is wrong");
    }
}

/* The scale and rubric are those of the first grader that has them. */
static const struct grader *first_grader(const struct step_settings *o, const struct loop_record *r)
{
    const struct task_graders *t = task_graders_find(o->tasks, o->n_tasks, r->task);
    return t && t->n ? t->graders[0] : NULL;
}

int refine_question(struct inquiry_spec *spec, struct refine_words *w, const struct prompts *p,
                    const struct step_settings *o, const struct loop_record *r, const struct refine_round *rounds,
                    size_t n, int last_round, struct error *err)
{
    const struct refine_round *now = &rounds[n - 1];
    const struct grader *g = first_grader(o, r);
    struct str prompt = {0}, history = {0}, score = {0};
    char low[32] = "", high[32] = "", round[16], all[16];
    if (g) {
        snprintf(low, sizeof low, "%g", g->scale_min);
        snprintf(high, sizeof high, "%g", g->scale_max);
    }
    snprintf(round, sizeof round, "%d", now->round + 1);
    snprintf(all, sizeof all, "%d", last_round);
    prompt_text(&prompt, &r->prompt);
    refine_history(&history, rounds, n);
    str_addf(&score, "%g", now->score);
    const struct template_field fields[] = {
        {"task", slice_of(r->task)},
        {"prompt", str_slice(&prompt)},
        {"y0", slice_of(rounds[0].text)},
        {"history", str_slice(&history)},
        {"output", slice_of(now->text)},
        {"rationale", slice_of(now->rationale)},
        {"score", str_slice(&score)},
        {"scale_min", slice_of(low)},
        {"scale_max", slice_of(high)},
        {"round", slice_of(round)},
        {"rounds", slice_of(all)},
        {"rubric", slice_of(g ? g->rubric : NULL)},
    };
    int result = template_fill(p->refine, fields, sizeof fields / sizeof *fields, &w->system, &w->user, err);
    str_free(&prompt);
    str_free(&history);
    str_free(&score);
    size_t messages = 0;
    if (w->system.len)
        w->messages[messages++] = (struct chat_message){"system", w->system.at};
    w->messages[messages++] = (struct chat_message){"user", str_z(&w->user)};
    str_addf(&w->label, "refine %s %d", r->key, now->round + 1);
    *spec = (struct inquiry_spec){.endpoint = o->model,
                                  .messages = w->messages,
                                  .n_messages = messages,
                                  .prompt_hash = template_hash(p->refine),
                                  .label = w->label.at};
    return result;
}

void refine_words_free(struct refine_words *w)
{
    str_free(&w->system);
    str_free(&w->user);
    str_free(&w->label);
}
