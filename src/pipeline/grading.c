/*
 * Every grader gives one or several answers; when the last is there its part is settled, and when the last part is
 * settled all verdicts are stored together. By "first", a grader is asked when those before it found no fault.
 */
#include "pipeline/grading.h"

#include <string.h>

#include "base/mem.h"
#include "db/prompt_store.h"
#include "pipeline/grader_llm.h"
#include "pipeline/grader_program.h"

struct part {
    const struct grader *grader;
    struct verdict *answers;
    struct provenance *from; /* of each answer; strings in the grading's arena */
    size_t n_answers, left;  /* left: answers not there yet */
    struct verdict verdict;  /* once left is 0 */
    size_t median;
    bool asked;
};

struct grading {
    struct flow *flow;
    struct grading_spec spec;
    struct arena arena;
    const struct task_graders *graders;
    struct part *parts;
    size_t n_asked, left; /* parts asked; of those not settled */
    int held;             /* inquiries and programs that may still come back, and grading_start itself */
};

struct program_owner {
    struct grading *grading;
    size_t part;
};

static void grading_free(struct grading *g)
{
    for (size_t i = 0; i < g->graders->n; i++) {
        struct part *p = &g->parts[i];
        for (size_t j = 0; j < p->n_answers; j++)
            verdict_free(&p->answers[j]);
        verdict_free(&p->verdict);
    }
    arena_free(&g->arena);
    mem_free(g);
}

const struct task_graders *grading_of(const struct step_settings *o, const struct loop_record *r, struct error *why)
{
    const struct task_graders *t = task_graders_find(o->tasks, o->n_tasks, r->task);
    if (t && t->n > 0)
        return t;
    error_set(why, ERR_ABSENT, "no grader is set for task %s: give it one in the configuration ([task %s] graders = "
              "NAME)", r->task ? r->task : "*", r->task ? r->task : "*");
    return NULL;
}

/* --- storing --- */

static int store_verdict(struct grading *g, const char *name, const struct verdict *v, bool part,
                         const struct provenance *from, struct error *err)
{
    int64_t id;
    struct new_verdict row = {.grader = name,
                              .has_score = v->has_score,
                              .score = v->score,
                              .score_max = v->scale_max,
                              .normalised = v->normalised,
                              .rationale = v->rationale.len ? v->rationale.at : NULL,
                              .spans = v->spans,
                              .n_spans = v->n_spans,
                              .samples = v->samples,
                              .spread = v->spread,
                              .part = part,
                              .fault = v->fault.len ? v->fault.at : NULL,
                              .raw = v->raw.len ? v->raw.at : NULL};
    return loop_store_add_verdict(g->flow->run->store, g->flow->record.id, g->spec.output, &row, from, &id, err);
}

/* The answers that could not be read, each by itself, and the part's own verdict when there is one. */
static int store_part(struct grading *g, const struct part *p, bool alone, struct error *err)
{
    for (size_t i = 0; i < p->n_answers; i++)
        if (!p->answers[i].has_score &&
            store_verdict(g, p->grader->name, &p->answers[i], true, &p->from[i], err) != 0)
            return -1;
    if (!p->verdict.has_score)
        return 0;
    return store_verdict(g, p->grader->name, &p->verdict, !alone, &p->from[p->median], err);
}

static int store_all(struct grading *g, struct verdict *total, const char **fault, struct error *err)
{
    const struct task_graders *t = g->graders;
    bool alone = t->n == 1;
    for (size_t i = 0; i < g->n_asked; i++) {
        if (store_part(g, &g->parts[i], alone, err) != 0)
            return -1;
        if (!g->parts[i].verdict.has_score && !*fault)
            *fault = str_z(&g->parts[i].verdict.fault);
    }
    if (*fault)
        return 0;
    struct verdict *list = mem_zalloc(g->n_asked, sizeof *list);
    for (size_t i = 0; i < g->n_asked; i++)
        list[i] = g->parts[i].verdict;
    verdict_combine(total, t, list, g->n_asked);
    mem_free(list);
    struct provenance from = {.job = g->flow->run->host->job};
    return alone ? 0 : store_verdict(g, combine_name(t->combine), total, false, &from, err);
}

/* The verdict of all parts; false with the fault where one has none. */
static bool combine_parts(struct grading *g, struct verdict *total, const char **fault)
{
    struct verdict *list = mem_zalloc(g->n_asked + 1, sizeof *list);
    for (size_t i = 0; i < g->n_asked; i++) {
        list[i] = g->parts[i].verdict;
        if (!list[i].has_score && !*fault)
            *fault = str_z(&g->parts[i].verdict.fault);
    }
    if (!*fault)
        verdict_combine(total, g->graders, list, g->n_asked);
    mem_free(list);
    return !*fault;
}

static int hand_over(struct grading *g, struct error *err)
{
    struct verdict total = {0};
    const char *fault = NULL;
    struct graded_part *parts = mem_zalloc(g->n_asked + 1, sizeof *parts);
    bool fine = combine_parts(g, &total, &fault);
    for (size_t i = 0; i < g->n_asked; i++)
        parts[i] = (struct graded_part){g->parts[i].grader->name, &g->parts[i].verdict};
    int result = g->spec.kept(g->flow, fine ? &total : NULL, fault, parts, g->n_asked, err);
    mem_free(parts);
    verdict_free(&total);
    return result;
}

/* All is there: stores, and hands on. */
static int settle(struct grading *g, struct error *err)
{
    if (!g->spec.output)
        return hand_over(g, err);
    struct store *s = g->flow->run->store;
    struct verdict total = {0};
    const char *fault = NULL;
    if (store_begin(s, err) != 0)
        return -1;
    int result = store_all(g, &total, &fault, err);
    if (result == 0)
        result = g->spec.graded(g->flow, g->spec.index, fault ? NULL : &total, fault, err);
    verdict_free(&total);
    return store_end(s, result, err);
}

/* --- asking --- */

static int ask_part(struct grading *g, size_t i, struct error *err);

static void let_go(struct grading *g)
{
    if (--g->held == 0)
        grading_free(g);
}

/* An answer is there. */
static int count_answer(struct grading *g, struct part *p, struct error *err)
{
    if (--p->left > 0)
        return 0;
    p->median = verdict_median(&p->verdict, p->answers, p->n_answers);
    g->left--;
    bool fine = p->verdict.has_score && verdict_perfect(p->verdict.normalised);
    if (g->graders->combine == COMBINE_FIRST && fine && g->n_asked < g->graders->n)
        return ask_part(g, g->n_asked, err);
    return g->left == 0 && !g->flow->over ? settle(g, err) : 0;
}

static void keep_provenance(struct grading *g, struct provenance *to, struct provenance from)
{
    const char **strings[] = {&from.model, &from.endpoint, &from.prompt_hash, &from.parameters, &from.call};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (*strings[i])
            *strings[i] = arena_strndup(&g->arena, *strings[i], strlen(*strings[i]));
    *to = from;
}

/* Which part and which of its answers an index means: answers of all parts are numbered through. */
static struct part *part_of(struct grading *g, size_t index, size_t *answer)
{
    struct part *p = g->parts;
    for (; index >= p->n_answers; p++)
        index -= p->n_answers;
    *answer = index;
    return p;
}

static int llm_answered(struct flow *f, void *owner, size_t index, const struct inquiry_result *r, struct error *err)
{
    struct grading *g = owner;
    size_t answer;
    struct part *p = part_of(g, index, &answer);
    if (r->fault)
        verdict_fault(&p->answers[answer], r->fault, r->text);
    else
        grader_llm_read(p->grader, r->value, slice_of(g->spec.text), &p->answers[answer]);
    keep_provenance(g, &p->from[answer], reply_provenance(r->reply, f->run->host->job));
    return count_answer(g, p, err);
}

static int check_answer(void *owner, size_t index, const struct json *value, struct error *why)
{
    size_t answer;
    return grader_llm_check(part_of(owner, index, &answer)->grader, value, why);
}

static void inquiry_gone(void *owner)
{
    let_go(owner);
}

static int ask_model(struct grading *g, struct part *p, struct error *err)
{
    size_t first = 0;
    int result = 0;
    for (const struct part *before = g->parts; before < p; before++)
        first += before->n_answers;
    for (size_t i = 0; i < p->n_answers && result == 0; i++) {
        struct inquiry_spec spec;
        struct grade_words words = {0};
        result = grade_question(&spec, &words, &g->flow->run->prompts, p->grader, &g->flow->record, g->spec.name,
                                g->spec.text, (int)i, err);
        spec.owner = g;
        spec.index = first + i;
        spec.check = check_answer;
        spec.answered = llm_answered;
        spec.gone = inquiry_gone;
        if (result == 0) {
            g->held++;
            result = inquiry_start(g->flow, &spec, err);
        }
        grade_words_free(&words);
    }
    return result;
}

static int ask_patterns(struct grading *g, struct part *p, struct error *err)
{
    const struct patterns *patterns = run_patterns(g->flow->run, p->grader, err);
    struct str prompt = {0};
    if (!patterns)
        return -1;
    prompt_text(&prompt, &g->flow->record.prompt);
    patterns_grade(patterns, p->grader, str_slice(&prompt), slice_of(g->spec.text), &p->answers[0]);
    str_free(&prompt);
    p->from[0] = (struct provenance){.prompt_hash = patterns_hash(patterns), .job = g->flow->run->host->job};
    return count_answer(g, p, err);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void ask_program(struct grading *g, struct part *p)
{
    struct program_owner *owner = mem_zalloc(1, sizeof *owner);
    struct program what = {.argv = p->grader->program, .seconds = p->grader->seconds, .memory = p->grader->memory};
    struct str input = {0};
    *owner = (struct program_owner){g, (size_t)(p - g->parts)};
    grader_program_input(&input, &g->flow->record, g->spec.text);
    p->from[0] = (struct provenance){.model = base_name(p->grader->program[0]), .job = g->flow->run->host->job};
    g->flow->waiting++;
    g->held++;
    programs_start(g->flow->run->programs, &what, str_slice(&input), owner);
    str_free(&input);
}

int grading_program(void *owner, const struct program_end *end, struct error *err)
{
    struct program_owner *o = owner;
    struct grading *g = o->grading;
    struct part *p = &g->parts[o->part];
    int result = 0;
    g->flow->waiting--;
    if (!g->flow->over) {
        grader_program_read(p->grader, end, slice_of(g->spec.text), &p->answers[0]);
        result = count_answer(g, p, err);
    }
    grading_program_free(owner);
    return result;
}

struct flow *grading_program_flow(void *owner)
{
    return ((struct program_owner *)owner)->grading->flow;
}

void grading_program_free(void *owner)
{
    struct program_owner *o = owner;
    let_go(o->grading);
    mem_free(o);
}

static int ask_part(struct grading *g, size_t i, struct error *err)
{
    struct part *p = &g->parts[i];
    g->n_asked++;
    g->left++;
    p->left = p->n_answers;
    if (p->grader->kind == GRADER_LLM)
        return ask_model(g, p, err);
    if (p->grader->kind == GRADER_PATTERNS)
        return ask_patterns(g, p, err);
    ask_program(g, p);
    return 0;
}

static struct grading *grading_new(struct flow *f, const struct grading_spec *spec, const struct task_graders *t)
{
    struct grading *g = mem_zalloc(1, sizeof *g);
    g->flow = f;
    g->spec = *spec;
    g->spec.text = arena_strndup(&g->arena, spec->text, strlen(spec->text));
    g->spec.name = arena_strndup(&g->arena, spec->name, strlen(spec->name));
    g->graders = t;
    g->parts = arena_zalloc(&g->arena, t->n, sizeof *g->parts);
    for (size_t i = 0; i < t->n; i++) {
        struct part *p = &g->parts[i];
        p->grader = t->graders[i];
        p->n_answers = p->grader->kind == GRADER_LLM && p->grader->samples > 1 ? (size_t)p->grader->samples : 1;
        p->answers = arena_zalloc(&g->arena, p->n_answers, sizeof *p->answers);
        p->from = arena_zalloc(&g->arena, p->n_answers, sizeof *p->from);
    }
    return g;
}

int grading_start(struct flow *f, const struct grading_spec *spec, struct error *err)
{
    struct error why = {0};
    const struct task_graders *t = grading_of(f->run->settings, &f->record, &why);
    if (!t)
        return flow_failed(f, &why, err);
    struct grading *g = grading_new(f, spec, t);
    g->held = 1;
    size_t at_once = t->combine == COMBINE_FIRST ? 1 : t->n;
    /* Counted before the first is asked: patterns answer at once, and that must not look like the last answer. */
    int result = 0;
    g->left = at_once > 1;
    for (size_t i = 0; i < at_once && result == 0 && !f->over; i++)
        result = ask_part(g, i, err);
    if (at_once > 1 && result == 0 && --g->left == 0 && !f->over)
        result = settle(g, err);
    let_go(g);
    return result;
}
