#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db/call_store.h"
#include "db/loop_store.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "pipeline/step.h"
#include "tests/pipeline/project.h"
#include "tests/support/suite.h"

/* The steps on a real project, with a replay endpoint as the model and patterns or that endpoint as graders. */

enum { RECORDS_MAX = 16 };

struct scene {
    struct project p;
    struct endpoint model;
    char *replay; /* its file */
    struct grader patterns, llm;
    const struct grader *list[2];
    struct task_graders tasks;
    struct step_settings settings;
    /* What the steps said of the records. */
    int64_t todo[RECORDS_MAX];
    size_t n_todo, taken, done, failed, calls, cached;
    bool stop;
    char why[512];
    struct str said;
};

static int take(void *context, size_t max, int64_t *records, size_t *n, struct error *err)
{
    struct scene *s = context;
    (void)err;
    for (*n = 0; *n < max && s->taken < s->n_todo; (*n)++)
        records[*n] = s->todo[s->taken++];
    return 0;
}

static int done(void *context, int64_t record, struct error *err)
{
    (void)record, (void)err;
    ((struct scene *)context)->done++;
    return 0;
}

static int failed(void *context, int64_t record, const struct error *why, struct error *err)
{
    struct scene *s = context;
    (void)record, (void)err;
    s->failed++;
    snprintf(s->why, sizeof s->why, "%s", why->text);
    return 0;
}

static void count(void *context, const struct stored_call *call, bool cached)
{
    struct scene *s = context;
    (void)call;
    s->calls += !cached;
    s->cached += cached;
}

static bool go_on(void *context)
{
    return !((struct scene *)context)->stop;
}

/* Two records, templates as short as they can be, and the replies that the model gives. */
static void scene_open(struct scene *s, const char *records, const char *replies)
{
    struct import_summary sum = {0};
    struct error err = {0};
    *s = (struct scene){.p = project_make()};
    project_write(&s->p, "r.jsonl", records);
    project_write(&s->p, "replay.jsonl", replies);
    project_write(&s->p, "demands", "must-match-prompt 2 /\\d+/ \"A number that was not said.\"\nmust 1 /Plan/ No plan.\n");
    project_write(&s->p, "grade.txt", "--- user\n{{rubric}} {{scale_min}} {{scale_max}}\n{{prompt}}\n{{output}}");
    project_write(&s->p, "refine.txt", "--- user\n{{prompt}}\n{{output}}\n{{history}}");
    project_write(&s->p, "distill.txt", "--- user\n{{rationales}}\n{{diff}}\n{{library}}\n{{refused}}");
    project_write(&s->p, "generate.txt", "--- system\nWrite.");
    CU_ASSERT_EQUAL_FATAL(project_import(&s->p, "r.jsonl", &sum, &err), 0);
    endpoint_defaults(&s->model, ENDPOINT_REPLAY);
    s->replay = strdup(project_path(&s->p, "replay.jsonl"));
    s->model.name = "recorded";
    s->model.model = "m";
    s->model.replay = s->replay;
    s->patterns = (struct grader){.name = "demands", .kind = GRADER_PATTERNS, .scale_min = 0, .scale_max = 6,
                                  .weight = 1, .patterns_path = strdup(project_path(&s->p, "demands"))};
    s->llm = (struct grader){.name = "judge", .kind = GRADER_LLM, .scale_min = 0, .scale_max = 6, .weight = 1,
                             .model = &s->model, .rubric = "Six is best.", .samples = 1};
    s->list[0] = &s->patterns;
    s->tasks = (struct task_graders){.graders = s->list, .n = 1};
    s->settings = (struct step_settings){.model = &s->model, .tasks = &s->tasks, .n_tasks = 1,
                                         .prompts_dir = s->p.dir, .samples = 1, .rounds = 2};
}

static void scene_close(struct scene *s)
{
    project_remove(&s->p);
    free((char *)s->patterns.patterns_path);
    free(s->replay);
    str_free(&s->said);
}

/* Runs a step over what it chooses; the counts are those of this run. */
static int run(struct scene *s, const char *name)
{
    struct error err = {0};
    const struct step *step = step_find(name);
    struct step_host host = {s, take, done, failed, count, go_on, 0};
    int64_t *ids = NULL;
    s->n_todo = s->taken = s->done = s->failed = s->calls = s->cached = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(step);
    if (!step)
        return -1;
    CU_ASSERT_EQUAL_FATAL(loop_store_select(s->p.store, step->which, s->settings.again, NULL, 0, RECORDS_MAX, &ids,
                                            &s->n_todo, NULL, &err), 0);
    for (size_t i = 0; i < s->n_todo; i++)
        s->todo[i] = ids[i];
    free(ids);
    str_clear(&s->said);
    int end = step_run(s->p.store, step, &s->settings, &host, &s->said, &err);
    if (end < 0 || s->failed)
        printf("\n%s: %s%s\n", name, err.text, s->why);
    return end;
}

static void load(struct scene *s, const char *key, struct loop_record *r)
{
    struct error err = {0};
    int64_t id = 0;
    CU_ASSERT_EQUAL_FATAL(record_store_find(s->p.store, key, &id, &err), 1);
    CU_ASSERT_EQUAL_FATAL(loop_store_load(s->p.store, id, r, &err), 0);
}

static const char two[] = "{\"id\":\"a\",\"prompt\":\"Pressure 140, seen by Dr. Okafor.\"}\n"
                          "{\"id\":\"b\",\"prompt\":[{\"role\":\"system\",\"content\":\"S\"},"
                          "{\"role\":\"user\",\"content\":\"Pulse 70\"}]}\n";

/* a: y1 is perfect. b: never. */
static const char replies[] =
    "{\"for\":\"generate a 0\",\"reply\":{\"text\":\"Plan: 150\",\"in\":10,\"out\":5}}\n"
    "{\"for\":\"generate b 0\",\"reply\":{\"text\":\"Pulse 71\",\"in\":10,\"out\":5}}\n"
    "{\"for\":\"refine a 1\",\"reply\":{\"text\":\"Plan: 140\\n\",\"in\":10,\"out\":5}}\n"
    "{\"for\":\"refine b 1\",\"reply\":{\"text\":\"Plan 72\",\"in\":10,\"out\":5}}\n"
    "{\"for\":\"refine b 2\",\"reply\":{\"text\":\"Plan 73\",\"in\":10,\"out\":5}}\n"
    "{\"for\":\"distill a 1\",\"reply\":{\"json\":{\"mistake\":\"Changed what Okafor said\",\"guardrail\":\"Copy\",\"rule\":0}}}\n"
    "{\"for\":\"distill a 2\",\"reply\":{\"text\":\"Sure: {\\\"mistake\\\":\\\"Changed a measurement\\\",\\\"guardrail\\\":\\\"Copy "
    "measurements\\\",\\\"rule\\\":0}\"}}\n"
    "{\"for\":\"distill b 1\",\"reply\":{\"json\":{\"mistake\":\"x\",\"guardrail\":\"y\",\"rule\":99}}}\n"
    "{\"for\":\"distill b 2\",\"reply\":{\"json\":{\"mistake\":\"x\",\"guardrail\":\"y\",\"rule\":1}}}\n";

static void check_refined(struct scene *s)
{
    struct loop_record r = {0};
    load(s, "a", &r);
    CU_ASSERT_EQUAL_FATAL(r.n_outputs, 3); /* y0, y1, y* */
    CU_ASSERT_DOUBLE_EQUAL(r.outputs[0].normalised, 4.0 / 6, 1e-9);
    CU_ASSERT_STRING_EQUAL(r.outputs[0].rationale, "A number that was not said.");
    CU_ASSERT_EQUAL(r.outputs[0].n_spans, 1);
    CU_ASSERT_STRING_EQUAL(r.outputs[2].text, "Plan: 140");
    loop_record_free(&r);
    r = (struct loop_record){0};
    load(s, "b", &r);
    CU_ASSERT_EQUAL_FATAL(r.n_outputs, 3); /* y0, y1, y2 and no y* */
    CU_ASSERT_STRING_EQUAL(r.outputs[0].rationale, "A number that was not said.\nNo plan.");
    CU_ASSERT_TRUE(r.outputs[2].kind == OUTPUT_ROUND && r.outputs[2].round == 2 && r.outputs[2].graded);
    loop_record_free(&r);
}

static void check_distilled(struct scene *s, const char *key, const char *mistake)
{
    struct stored_record r = {0};
    struct error err = {0};
    int64_t id = 0;
    CU_ASSERT_EQUAL_FATAL(record_store_find(s->p.store, key, &id, &err), 1);
    CU_ASSERT_EQUAL_FATAL(record_store_load(s->p.store, id, &r, &err), 0);
    CU_ASSERT_EQUAL_FATAL(r.n_candidates, 1);
    CU_ASSERT_STRING_EQUAL(r.candidates[0].mistake, mistake);
    CU_ASSERT_EQUAL(strlen(r.candidates[0].prompt_hash), 64);
    stored_record_free(&r);
}

/* From prompts to candidates, and nothing is left to do afterwards. */
static void test_four_steps(void)
{
    static struct scene s;
    struct error err = {0};
    int64_t reviewer, rule;
    scene_open(&s, two, replies);
    CU_ASSERT_EQUAL_FATAL(store_reviewer(s.p.store, "me", &reviewer, &err), 0);
    CU_ASSERT_EQUAL_FATAL(rule_store_intern(s.p.store, reviewer, SLICE("Library's mistake"), SLICE("Its guardrail"),
                                            &rule, &err), 0);
    CU_ASSERT_EQUAL(rule, 1);
    CU_ASSERT_EQUAL(run(&s, "generate"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 2 && s.calls == 2 && s.failed == 0);
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 2 && s.calls == 0);
    CU_ASSERT_EQUAL(run(&s, "refine"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 2 && s.calls == 3);
    check_refined(&s);
    CU_ASSERT_EQUAL(run(&s, "distil"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 2 && s.failed == 0);
    check_distilled(&s, "a", "Changed a measurement"); /* the name was refused */
    check_distilled(&s, "b", "Library's mistake");     /* there is no rule 99 */
    static const char *const names[] = {"generate", "grade", "refine", "distill"};
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(run(&s, names[i]), STEP_FINISHED);
        CU_ASSERT_EQUAL(s.n_todo, 0);
    }
    scene_close(&s);
}

static const char graded[] = "{\"id\":\"a\",\"prompt\":\"p\",\"y0\":\"He denies pain\"}\n";

static void use_judge(struct scene *s, int samples)
{
    s->list[0] = &s->llm;
    s->llm.samples = samples;
}

static void test_judge(void)
{
    static struct scene s;
    scene_open(&s, graded,
               "{\"for\":\"grade a y0 judge 0\",\"reply\":{\"json\":{\"rationale\":\"r0\",\"quotes\":[\"DENIES\"],\"score\":2}}}\n"
               "{\"for\":\"grade a y0 judge 1\",\"reply\":{\"text\":\"I give it 5\"}}\n"
               "{\"for\":\"grade a y0 judge 1 repair\",\"reply\":{\"json\":{\"rationale\":\"r1\",\"quotes\":[],\"score\":5}}}\n"
               "{\"for\":\"grade a y0 judge 2\",\"reply\":{\"json\":{\"rationale\":\"r2\",\"quotes\":[],\"score\":1}}}\n");
    use_judge(&s, 3);
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 1 && s.calls == 4);
    struct loop_record r = {0};
    load(&s, "a", &r);
    CU_ASSERT_DOUBLE_EQUAL(r.outputs[0].score, 2, 1e-9);
    CU_ASSERT_STRING_EQUAL(r.outputs[0].rationale, "r0");
    CU_ASSERT_TRUE(r.outputs[0].n_spans == 1 && r.outputs[0].spans[0].start == 3);
    loop_record_free(&r);
    s.settings.again = true; /* the same questions are never paid for again */
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 1 && s.calls == 0 && s.cached == 4);
    scene_close(&s);
}

static int keep_fault(void *context, const struct failed_verdict *v)
{
    str_addf(context, "%s|%s|%.*s\n", v->key, v->grader, (int)v->raw.len, v->raw.at);
    return 0;
}

static void test_unreadable(void)
{
    static struct scene s;
    struct error err = {0};
    struct str faults = {0};
    scene_open(&s, graded, "{\"for\":\"grade a y0 judge 0\",\"reply\":{\"text\":\"no\"}}\n"
                           "{\"for\":\"grade a y0 judge 0 repair\",\"reply\":{\"text\":\"still no\"}}\n");
    use_judge(&s, 1);
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.failed == 1 && s.done == 0 && s.calls == 2);
    CU_ASSERT_PTR_NULL(strstr(s.why, "still no"));
    CU_ASSERT_EQUAL(loop_store_failed_verdicts(s.p.store, keep_fault, &faults, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&faults), "a|judge|still no\n");
    /* A retry goes past the stored chain and asks anew. */
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.failed == 1 && s.cached == 2 && s.calls == 2);
    str_free(&faults);
    scene_close(&s);
}

static void test_combined(void)
{
    static struct scene s;
    scene_open(&s, graded, "{\"for\":\"grade a y0 judge 0\",\"reply\":{\"json\":{\"rationale\":\"r\",\"quotes\":[],\"score\":3}}}\n");
    s.list[1] = &s.llm;
    s.tasks.n = 2;
    s.tasks.combine = COMBINE_FIRST; /* patterns find the plan missing: the judge is not asked */
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 1 && s.calls == 0);
    s.tasks.combine = COMBINE_MEAN;
    s.settings.again = true;
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.done == 1 && s.calls == 1);
    struct loop_record r = {0};
    load(&s, "a", &r);
    CU_ASSERT_DOUBLE_EQUAL(r.outputs[0].normalised, (5.0 / 6 + 3.0 / 6) / 2, 1e-9);
    CU_ASSERT_STRING_EQUAL(r.outputs[0].rationale, "No plan.\nr");
    loop_record_free(&r);
    scene_close(&s);
}

static void test_program(void)
{
    static const char *const fine[] = {"/bin/sh", "-c", "cat >/dev/null; echo '{\"score\":6}'", NULL};
    static const char *const broken[] = {"/bin/sh", "-c", "echo 'Andrew'; exit 1", NULL};
    static struct scene s;
    scene_open(&s, graded, "");
    struct grader g = {.name = "tool", .kind = GRADER_PROGRAM, .scale_min = 0, .scale_max = 6, .program = broken,
                       .seconds = 10};
    s.list[0] = &g;
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.failed == 1 && s.done == 0);
    CU_ASSERT_PTR_NULL(strstr(s.why, "Andrew"));
    g.program = fine;
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_TRUE(s.failed == 0 && s.done == 1);
    scene_close(&s);
}

static void test_stops(void)
{
    static struct scene s;
    scene_open(&s, two, replies);
    s.settings.budget_tokens = 10; /* less than one question */
    CU_ASSERT_EQUAL(run(&s, "generate"), STEP_PAUSED);
    CU_ASSERT_TRUE(s.calls == 0 && s.done == 0 && s.failed == 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&s.said), "budget"));
    s.settings.budget_tokens = 0;
    s.stop = true;
    CU_ASSERT_EQUAL(run(&s, "generate"), STEP_STOPPED);
    CU_ASSERT_TRUE(s.calls == 0 && s.done == 0);
    scene_close(&s);
}

static void test_failures(void)
{
    static struct scene s;
    scene_open(&s, two, "{\"for\":\"generate a 0\",\"reply\":{\"text\":\" \"}}\n");
    CU_ASSERT_EQUAL(run(&s, "generate"), STEP_FINISHED); /* an empty reply, and none at all */
    CU_ASSERT_TRUE(s.failed == 2 && s.done == 0);
    s.tasks.task = "other";
    project_write(&s.p, "generate.txt", "--- user\n{{nobody}}");
    CU_ASSERT_EQUAL(run(&s, "generate"), -1); /* a template that breaks its use */
    scene_close(&s);
}

static void test_plan(void)
{
    static struct scene s;
    struct error err = {0};
    struct step_plan plan;
    struct call_sum sum;
    int64_t ids[] = {1, 2};
    scene_open(&s, two, replies);
    s.settings.samples = 3;
    CU_ASSERT_EQUAL(step_plan(s.p.store, step_find("generate"), &s.settings, ids, 2, &plan, &err), 0);
    CU_ASSERT_TRUE(plan.records == 2 && plan.calls == 6 && plan.cached == 0 && plan.tokens_in > 0);
    s.settings.samples = 1;
    CU_ASSERT_EQUAL(run(&s, "generate"), STEP_FINISHED);
    CU_ASSERT_EQUAL(run(&s, "grade"), STEP_FINISHED);
    CU_ASSERT_EQUAL(step_plan(s.p.store, step_find("refine"), &s.settings, ids, 2, &plan, &err), 0);
    CU_ASSERT_TRUE(plan.calls == 4 && plan.upper_bound);
    CU_ASSERT_EQUAL(call_store_sum(s.p.store, 0, &sum, &err), 0);
    CU_ASSERT_EQUAL(sum.calls, 2); /* planning asked nothing */
    scene_close(&s);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"from prompts to candidates", test_four_steps},
        {"a model judges: median, repair, stored replies", test_judge},
        {"a verdict that cannot be read", test_unreadable},
        {"several graders", test_combined},
        {"a program grades", test_program},
        {"budget and stop", test_stops},
        {"replies that cannot be used", test_failures},
        {"what it would take", test_plan},
        {NULL, NULL},
    };
    return suite_run("steps", tests, argc, argv);
}
