/* What a run reads before it begins: templates and patterns. */
#include "base/array.h"
#include "base/mem.h"
#include "db/prompt_store.h"
#include "pipeline/step_parts.h"

static bool grades_by_model(const struct step_settings *o)
{
    for (size_t i = 0; i < o->n_tasks; i++)
        for (size_t j = 0; j < o->tasks[i].n; j++)
            if (o->tasks[i].graders[j]->kind == GRADER_LLM)
                return true;
    return false;
}

/* A template that breaks its use is refused before anything is paid for. */
static int check(const struct template *t, const char *name, struct error *err)
{
    struct str report = {0};
    int result = 0;
    if (template_check(t, template_use_find(name), &report) > 0)
        result = error_set(err, ERR_INPUT, "%s: %s", template_path(t), str_z(&report));
    str_free(&report);
    return result;
}

static int load(struct template **out, struct store *s, const char *name, const struct step_settings *o,
                bool keep, struct error *err)
{
    *out = template_load(name, o->prompts_dir, err);
    if (!*out || check(*out, name, err) != 0)
        return -1;
    if (!keep)
        return 0;
    return prompt_store_keep(s, template_hash(*out), name, template_text(*out), err);
}

static int load_optional(struct template **out, struct store *s, const char *name, const struct step_settings *o,
                         bool keep, struct error *err)
{
    struct error why = {0};
    if (load(out, s, name, o, keep, &why) == 0)
        return 0;
    if (why.code == ERR_ABSENT && !*out)
        return 0;
    return error_set(err, why.code, "%s", why.text);
}

int prompts_open(struct prompts *p, struct store *s, enum loop_step which, const struct step_settings *o,
                 bool keep, struct error *err)
{
    bool grades = which == LOOP_GRADE || which == LOOP_REFINE;
    if (which == LOOP_GENERATE && load_optional(&p->generate, s, "generate", o, keep, err) != 0)
        return -1;
    if (grades && grades_by_model(o) && load(&p->grade, s, "grade", o, keep, err) != 0)
        return -1;
    if (which == LOOP_REFINE && load(&p->refine, s, "refine", o, keep, err) != 0)
        return -1;
    return which == LOOP_DISTILL ? load(&p->distill, s, "distill", o, keep, err) : 0;
}

void prompts_close(struct prompts *p)
{
    template_free(p->generate);
    template_free(p->grade);
    template_free(p->refine);
    template_free(p->distill);
    *p = (struct prompts){0};
}

const struct patterns *run_patterns(struct run *run, const struct grader *g, struct error *err)
{
    for (size_t i = 0; i < run->n_patterns; i++)
        if (run->patterns[i].grader == g)
            return run->patterns[i].patterns;
    struct patterns *p = patterns_load(g->patterns_path, err);
    if (!p)
        return NULL;
    run->patterns = array_reserve(run->patterns, &run->cap_patterns, run->n_patterns + 1, sizeof *run->patterns);
    run->patterns[run->n_patterns++] = (struct loaded_patterns){g, p};
    if (prompt_store_keep(run->store, patterns_hash(p), g->name, patterns_text(p), err) != 0)
        return NULL;
    return p;
}
