/* What a step would take: the questions are made as they would be asked, and counted instead. */
#include <string.h>

#include "base/mem.h"
#include "pipeline/distill_fields.h"
#include "pipeline/grading.h"
#include "pipeline/spending.h"
#include "pipeline/step_generate.h"
#include "pipeline/step_refine.h"

enum { LOOK_AT_MAX = 1000, MEANS_MAX = 32 };

/* What answers are thought to have where the project has none yet, in tokens. */
static const double answers[LOOP_STEPS] = {
    [LOOP_GENERATE] = 400, [LOOP_GRADE] = 200, [LOOP_REFINE] = 400, [LOOP_DISTILL] = 100};

struct mean {
    const struct endpoint *endpoint;
    double answer;
};

struct planning {
    struct store *store;
    const struct step *step;
    const struct step_settings *settings;
    struct prompts prompts;
    struct mean means[MEANS_MAX];
    size_t n_means;
    struct step_plan sum;
    bool no_price;
};

static int mean_answer(struct planning *p, const struct endpoint *e, double *out, struct error *err)
{
    struct call_sum sum = {0};
    for (size_t i = 0; i < p->n_means; i++)
        if (p->means[i].endpoint == e) {
            *out = p->means[i].answer;
            return 0;
        }
    if (call_store_mean(p->store, p->step->name, e->name, &sum, err) != 0)
        return -1;
    *out = sum.calls > 0 && sum.tokens_out > 0 ? (double)sum.tokens_out : answers[p->step->which];
    if (p->n_means < MEANS_MAX)
        p->means[p->n_means++] = (struct mean){e, *out};
    return 0;
}

/* Counts a question `times` times; only the first of them can be known already. */
static int count(struct planning *p, const struct inquiry_spec *spec, int64_t record, int times, struct error *err)
{
    struct question q;
    struct str last = {0};
    struct chat_message *messages = mem_zalloc(spec->n_messages + 1, sizeof *messages);
    static const struct step_settings none = {0};
    double answer = 0;
    inquiry_question(&q, spec, spec->endpoint == p->settings->model ? p->settings : &none, messages, &last, record);
    int known = calls_known(p->store, &q, err);
    int result = known < 0 ? -1 : mean_answer(p, spec->endpoint, &answer, err);
    int paid = times - (known == 1);
    double in = tokens_guess(&q.request) * paid, out = answer * paid;
    double cost = endpoint_cost(spec->endpoint, (int64_t)in, (int64_t)out, 0);
    p->sum.calls += times;
    p->sum.cached += known == 1;
    p->sum.tokens_in += (int64_t)in;
    p->sum.tokens_out += (int64_t)out;
    p->sum.money += cost > 0 ? cost : 0;
    p->no_price |= cost < 0 && paid > 0;
    mem_free(messages);
    str_free(&last);
    return result;
}

static int plan_generate(struct planning *p, const struct loop_record *r, struct error *err)
{
    int first = generate_first_sample(r, p->settings->again), n = p->settings->samples > 0 ? p->settings->samples : 1;
    int result = 0;
    for (int i = first; i < first + n && r->prompt.count && result == 0; i++) {
        struct generate_words words = {0};
        struct inquiry_spec spec;
        if (generate_has_sample(r, i))
            continue;
        result = generate_question(&spec, &words, &p->prompts, p->settings->model, r, i, err);
        if (result == 0)
            result = count(p, &spec, r->id, 1, err);
        generate_words_free(&words);
    }
    return result;
}

/* All graders of one output; times: as often as an output like it is graded. */
static int plan_output(struct planning *p, const struct loop_record *r, const struct loop_output *o, int times,
                       struct error *err)
{
    const struct task_graders *t = task_graders_find(p->settings->tasks, p->settings->n_tasks, r->task);
    char name[OUTPUT_NAME_MAX];
    int result = 0;
    for (size_t i = 0; t && i < t->n; i++) {
        const struct grader *g = t->graders[i];
        int samples = g->samples > 1 ? g->samples : 1;
        for (int k = 0; k < samples && g->kind == GRADER_LLM && result == 0; k++) {
            struct grade_words words = {0};
            struct inquiry_spec spec;
            result = grade_question(&spec, &words, &p->prompts, g, r, output_name(o, name), o->text, k, err);
            if (result == 0)
                result = count(p, &spec, r->id, times, err);
            grade_words_free(&words);
        }
    }
    return result;
}

static int plan_grade(struct planning *p, const struct loop_record *r, struct error *err)
{
    int result = 0;
    for (size_t i = 0; i < r->n_outputs && result == 0; i++)
        if (r->outputs[i].kind == OUTPUT_Y0 && (p->settings->again || !r->outputs[i].graded))
            result = plan_output(p, r, &r->outputs[i], 1, err);
    return result;
}

/* Every round is thought to be needed, and to be as long as the last one there is. */
static int plan_refine(struct planning *p, const struct loop_record *r, struct error *err)
{
    size_t n;
    struct refine_round *rounds = refine_rounds(r, &n);
    int last = p->settings->rounds > 0 ? p->settings->rounds : 3;
    int result = 0;
    p->sum.upper_bound = true;
    if (n && p->settings->again)
        last += rounds[n - 1].round;
    if (n && !verdict_perfect(rounds[n - 1].normalised) && last > rounds[n - 1].round) {
        int times = last - rounds[n - 1].round;
        struct refine_words words = {0};
        struct inquiry_spec spec;
        struct loop_output o = {.kind = OUTPUT_ROUND, .round = rounds[n - 1].round + 1, .text = NULL};
        struct str text = {0};
        str_adds(&text, rounds[n - 1].text);
        o.text = text.at;
        result = refine_question(&spec, &words, &p->prompts, p->settings, r, rounds, n, last, err);
        if (result == 0)
            result = count(p, &spec, r->id, times, err);
        if (result == 0)
            result = plan_output(p, r, &o, times, err);
        refine_words_free(&words);
        str_free(&text);
    }
    mem_free(rounds);
    return result;
}

static int plan_distill(struct planning *p, const struct loop_record *r, struct error *err)
{
    static const struct distill_refusal none = {0};
    struct distill_matter matter = {0};
    struct distill_words words = {0};
    struct inquiry_spec spec;
    struct error why = {0};
    int result = 0;
    if (r->has_candidate && !p->settings->again)
        return 0;
    if (distill_matter_read(&matter, p->store, r, &why) != 0)
        result = why.code == ERR_ABSENT ? 0 : error_set(err, why.code, "%s", why.text);
    else if ((result = distill_question(&spec, &words, &p->prompts, p->settings->model, r, &matter, &none, 0, err)) == 0)
        result = count(p, &spec, r->id, 1, err);
    distill_matter_free(&matter);
    distill_words_free(&words);
    return result;
}

static int (*const plan[LOOP_STEPS])(struct planning *p, const struct loop_record *r, struct error *err) = {
    [LOOP_GENERATE] = plan_generate,
    [LOOP_GRADE] = plan_grade,
    [LOOP_REFINE] = plan_refine,
    [LOOP_DISTILL] = plan_distill,
};

static int plan_record(struct planning *p, int64_t record, struct error *err)
{
    struct loop_record r = {0};
    int result = loop_store_load(p->store, record, &r, err);
    if (result == 0)
        result = plan[p->step->which](p, &r, err);
    loop_record_free(&r);
    return result;
}

static int64_t scaled(int64_t value, size_t n, size_t looked_at)
{
    return looked_at ? (int64_t)((double)value * (double)n / (double)looked_at + 0.5) : 0;
}

int step_plan(struct store *s, const struct step *step, const struct step_settings *o, const int64_t *records,
              size_t n, struct step_plan *out, struct error *err)
{
    struct planning p = {.store = s, .step = step, .settings = o};
    size_t look = n < LOOK_AT_MAX ? n : LOOK_AT_MAX;
    if (step->which != LOOP_GRADE && !o->model)
        return error_set(err, ERR_USAGE, "%s needs an endpoint: name one in the configuration ([step %s] endpoint = "
                         "NAME)", step->name, step->name);
    int result = prompts_open(&p.prompts, s, step->which, o, false, err);
    for (size_t i = 0; i < look && result == 0; i++)
        result = plan_record(&p, records[i * n / look], err);
    prompts_close(&p.prompts);
    *out = (struct step_plan){.records = (int64_t)n,
                              .calls = scaled(p.sum.calls, n, look),
                              .tokens_in = scaled(p.sum.tokens_in, n, look),
                              .tokens_out = scaled(p.sum.tokens_out, n, look),
                              .cached = scaled(p.sum.cached, n, look),
                              .money = p.no_price ? -1 : look ? p.sum.money * (double)n / (double)look : 0,
                              .upper_bound = p.sum.upper_bound};
    return result;
}
