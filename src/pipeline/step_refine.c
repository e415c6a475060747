/*
 * refine: y0 -> y1 -> ... until the graders give the top score or the rounds are spent. Invariant: every round stands
 * in the project before it is graded, and its verdict before the next is asked for; so a run that was cut off goes on
 * at the round where it stopped.
 */
#include "pipeline/step_refine.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "pipeline/grading.h"

struct refining {
    struct arena arena; /* of what the rounds made here borrow */
    struct refine_round *rounds;
    size_t count, cap;
    int last_round; /* no round is made after it */
};

static int go_on(struct flow *f, struct error *err);

static void free_state(struct flow *f)
{
    struct refining *s = f->state;
    arena_free(&s->arena);
    mem_free(s->rounds);
    mem_free(s);
}

static int graded(struct flow *f, size_t index, const struct verdict *total, const char *fault, struct error *err)
{
    struct refining *s = f->state;
    struct refine_round *r = &s->rounds[index];
    struct error why = {0};
    if (!total) {
        error_set(&why, ERR_INPUT, "y%d has no verdict: %s", r->round, fault);
        return flow_failed(f, &why, err);
    }
    r->graded = true;
    r->score = total->score;
    r->score_max = total->scale_max;
    r->normalised = total->normalised;
    r->rationale = arena_copy(&s->arena, str_slice(&total->rationale)).at;
    return go_on(f, err);
}

static int grade_last(struct flow *f, struct error *err)
{
    struct refining *s = f->state;
    const struct refine_round *r = &s->rounds[s->count - 1];
    char name[OUTPUT_NAME_MAX];
    struct loop_output o = {.kind = r->round ? OUTPUT_ROUND : OUTPUT_Y0, .round = r->round};
    struct grading_spec spec = {.output = r->output,
                                .text = r->text,
                                .name = output_name(&o, name),
                                .index = s->count - 1,
                                .graded = graded};
    return grading_start(f, &spec, err);
}

static int store_round(struct flow *f, struct slice text, const struct inquiry_result *a, struct error *err)
{
    struct refining *s = f->state;
    struct provenance from = reply_provenance(a->reply, f->run->host->job);
    struct refine_round r = {.round = s->rounds[s->count - 1].round + 1};
    if (loop_store_add_output(f->run->store, f->record.id, OUTPUT_ROUND, r.round, 0, text, &from, &r.output, err) != 0)
        return -1;
    r.text = arena_copy(&s->arena, text).at;
    s->rounds = array_reserve(s->rounds, &s->cap, s->count + 1, sizeof *s->rounds);
    s->rounds[s->count++] = r;
    return 0;
}

static int answered(struct flow *f, void *owner, size_t index, const struct inquiry_result *r, struct error *err)
{
    (void)owner;
    struct error why = {0};
    if (r->fault)
        error_set(&why, ERR_INPUT, "y%zu: %s", index, r->fault);
    else if (store_round(f, slice_trim(r->text), r, &why) == 0)
        return grade_last(f, err);
    if (r->fault || why.code == ERR_CONFLICT || why.code == ERR_ABSENT)
        return flow_failed(f, &why, err);
    return error_set(err, why.code, "%s", why.text);
}

static int ask_next(struct flow *f, struct error *err)
{
    struct refining *s = f->state;
    struct refine_words words = {0};
    struct inquiry_spec spec;
    int result = refine_question(&spec, &words, &f->run->prompts, f->run->settings, &f->record, s->rounds, s->count,
                                 s->last_round, err);
    spec.owner = s;
    spec.index = (size_t)s->rounds[s->count - 1].round + 1;
    spec.answered = answered;
    if (result == 0)
        result = inquiry_start(f, &spec, err);
    refine_words_free(&words);
    return result;
}

static int finish(struct flow *f, const struct refine_round *last, struct error *err)
{
    struct store *s = f->run->store;
    if (store_begin(s, err) != 0)
        return -1;
    int result = verdict_perfect(last->normalised) ? loop_store_set_y_star(s, f->record.id, last->output, err)
                                                   : loop_store_mark_imperfect(s, f->record.id, err);
    if (result == 0)
        result = flow_done(f, err);
    return store_end(s, result, err);
}

static int go_on(struct flow *f, struct error *err)
{
    struct refining *s = f->state;
    const struct refine_round *last = &s->rounds[s->count - 1];
    if (!last->graded)
        return grade_last(f, err);
    if (verdict_perfect(last->normalised) || last->round >= s->last_round)
        return finish(f, last, err);
    return ask_next(f, err);
}

int refine_begin(struct flow *f, struct error *err)
{
    struct refining *s = mem_zalloc(1, sizeof *s);
    const struct step_settings *o = f->run->settings;
    struct error why = {0};
    f->state = s;
    f->free_state = free_state;
    s->rounds = refine_rounds(&f->record, &s->count);
    s->cap = f->record.n_outputs + 1;
    if (s->count == 0 || s->rounds[0].round != 0) {
        error_set(&why, ERR_CONFLICT, "the record has no y0: generate it first");
        return flow_failed(f, &why, err);
    }
    s->last_round = o->rounds > 0 ? o->rounds : 3;
    if (o->again && !verdict_perfect(s->rounds[s->count - 1].normalised))
        s->last_round += s->rounds[s->count - 1].round;
    if (!grading_of(o, &f->record, &why)) /* before a round is paid for that nobody could judge */
        return flow_failed(f, &why, err);
    return go_on(f, err);
}
