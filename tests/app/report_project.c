#include "tests/app/report_project.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "db/eval_store.h"
#include "db/prompt_store.h"
#include "db/record_store.h"
#include "stats/rng.h"

enum { RECORDS = 40, POINTS = 6 };

#define GRADER_TEXT "score 0 to 6: <only> what was said & nothing else"
/* SHA-256 of it, as `printf %s ... | sha256sum` says */
#define GRADER_HASH "cc3f2510ad499708e1098a36517c923626e4719dc559518857435b5096749170"

struct filling {
    struct store *s;
    struct rng rng;
    double noise;
    const char *folder;
    int64_t records[RECORDS];
    struct error err;
    int count;
};

static void must(const struct filling *f, int result)
{
    if (result < 0) {
        fprintf(stderr, "report_project: %s\n", f->err.text);
        abort();
    }
}

static void put_records(struct filling *f)
{
    for (int i = 0; i < RECORDS; i++) {
        struct str line = {0};
        struct record r = {0};
        enum record_put what;
        str_addf(&line, "{\"id\":\"r%d\",\"prompt\":\"say %d\",\"split\":\"test\",\"task\":", i + 1, i);
        json_quote(&line, slice_of(i % 2 ? REPORT_HOSTILE_TASK : "clinic"));
        str_adds(&line, "}");
        must(f, record_parse(&r, str_slice(&line), NULL, &f->err));
        must(f, record_store_put(f->s, &r, "made.jsonl", i + 1, &what, &f->records[i], &f->err));
        record_free(&r);
        str_free(&line);
    }
}

/* The record's own share of the score: they differ, and their mean is 0. */
static double own(int i)
{
    return ((double)(i % 10) - 4.5) / 50;
}

static void put_scores(struct filling *f, int64_t eval, double mean, int records)
{
    for (int i = 0; i < records; i++) {
        double noise = f->noise * ((double)rng_below(&f->rng, 2001) / 1000 - 1);
        double score = fmin(1, fmax(0, mean + own(i) + noise));
        struct eval_item item = {.eval = eval, .record = f->records[i], .revision = 1, .has_score = true, .score = score,
                                 .score_max = 1, .normalised = score, .output = "said", .rationale = "why", .parts = "[]"};
        must(f, eval_store_put_item(f->s, &item, &f->err));
    }
}

static int64_t put_eval(struct filling *f, struct eval *e)
{
    char identity[32];
    int64_t id = 0;
    snprintf(identity, sizeof identity, "e%d", ++f->count);
    e->identity = identity;
    e->max_tokens = 64;
    e->split = e->split ? e->split : "test";
    e->graders = "[{\"name\":\"<i>rubric</i>\",\"task\":\"*\",\"hash\":\"" GRADER_HASH "\"}]";
    must(f, eval_store_put(f->s, e, &id, NULL, &f->err));
    return id;
}

static void put_done(struct filling *f, struct eval *e, double mean)
{
    int64_t id = put_eval(f, e);
    put_scores(f, id, mean, RECORDS);
    must(f, eval_store_finish(f->s, id, &f->err));
}

struct curve_of {
    const char *method;
    double growth, c, think_gain;
    int seeds;
};

static struct eval at_step(const struct filling *f, const struct curve_of *m, int seed, int64_t examples, char *name, char *uuid)
{
    snprintf(name, 128, "%s-%d", m->method, seed);
    snprintf(uuid, 128, "uuid-%s-%d", m->method, seed);
    return (struct eval){.name = name, .run_uuid = uuid, .run_name = name, .run_folder = f->folder, .method = m->method,
                         .step = examples / 4, .examples = examples, .seed = seed, .base_model = "small",
                         .adapter = "adapter", .adapter_hash = "0123abcd", .snapshot = "5eed"};
}

static void put_run(struct filling *f, const struct curve_of *m, int seed)
{
    char name[128], uuid[128];
    for (int p = 0; p < POINTS; p++) {
        int64_t examples = 20 << p;
        struct eval e = at_step(f, m, seed, examples, name, uuid);
        double mean = 0.4 + m->growth * log1p((double)examples / m->c);
        put_done(f, &e, mean);
        if (p < POINTS - 1 || m->think_gain <= 0)
            continue;
        e.think = true;
        put_done(f, &e, mean + m->think_gain);
    }
}

static void put_left_out(struct filling *f, const struct curve_of *m)
{
    char name[128], uuid[128];
    struct eval unfinished = at_step(f, m, 1, 1280, name, uuid);
    put_scores(f, put_eval(f, &unfinished), 0.9, 5);
    struct eval other = at_step(f, m, 1, 640, name, uuid);
    other.split = "valid";
    put_done(f, &other, 0.99);
}

void report_project_fill(struct store *s, double noise, const char *folder)
{
    static const struct curve_of methods[] = {{"rgt", 0.1, 30, 0.01, 3},
                                              {"isft", 0.1, 48, 0.01, 3},
                                              {"sft", 0.1, 600, 0, 2},
                                              {REPORT_HOSTILE_METHOD, 0, 1, 0, 1}};
    struct filling f = {.s = s, .noise = noise, .folder = folder};
    char name[128], uuid[128];
    rng_seed(&f.rng, 3);
    must(&f, store_begin(s, &f.err));
    must(&f, prompt_store_keep(s, GRADER_HASH, "rubric", SLICE(GRADER_TEXT), &f.err));
    put_records(&f);
    struct eval older = at_step(&f, &methods[0], 1, 640, name, uuid);
    put_done(&f, &older, 0.01);
    struct eval base = {.name = "base", .base_model = "small", .step = -1, .examples = -1, .seed = -1};
    put_done(&f, &base, 0.4);
    base.think = true;
    put_done(&f, &base, 0.41);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (int seed = 1; seed <= methods[i].seeds; seed++)
            put_run(&f, &methods[i], seed);
    struct eval endpoint = {.name = "served", .endpoint = "big<model>", .base_model = "other", .step = -1, .examples = -1, .seed = -1};
    put_done(&f, &endpoint, 0.65);
    put_left_out(&f, &methods[0]);
    must(&f, store_commit(s, &f.err));
}
