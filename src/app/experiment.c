#include "app/experiment_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/doctor.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/share.h"
#include "experiments/rouge.h"
#include "experiments/scribe_answer.h"
#include "experiments/scribe_corpus.h"

#define SHARE "experiments/scribe"

const struct experiment_row experiments[] = {
    {"scribe", "does RGT learn from fewer examples than iSFT and SFT? Visit transcript to structured note, with sixteen "
               "rules nobody states"},
    {NULL, NULL},
};

static const struct experiment_size sizes[] = {
    {.name = "small", .about = "a model of 1.7 million weights, on a CPU in under half an hour",
     .train = 1100, .valid = 50, .test = 100, .seeds = 3, .first = 8, .batch = 8, .rank = 16, .alpha = "32", .lr = "1e-3",
     .model = SHARE "/model", .max_new = 256},
    {.name = "large", .about = "any model (--model), such as SmolLM2-135M-Instruct, on a GPU",
     .train = 1100, .valid = 50, .test = 100, .seeds = 3, .first = 8, .batch = 8, .rank = 256, .alpha = "32",
     .lr = "2e-4", .max_new = 400},
    {.name = "tiny", .about = "a minute's work that shows that everything runs; its numbers say nothing",
     .train = 18, .valid = 2, .test = 4, .seeds = 1, .first = 8, .batch = 8, .rank = 8, .alpha = "16", .lr = "1e-3",
     .model = SHARE "/model", .max_new = 96},
    {.name = NULL},
};

const struct experiment_size *experiment_sizes(void)
{
    return sizes;
}

const char *experiment_path(const struct experiment *x, struct str *path, const char *name)
{
    str_clear(path);
    str_addf(path, "%s/%s", x->out.at, name);
    return path->at;
}

void experiment_tell(const struct experiment *x, const char *stage, double share, double left, const char *said)
{
    struct experiment_news news = {.stage = stage, .share = share, .seconds_left = left, .said = said};
    if (x->news)
        x->news(x->context, &news);
}

static const struct experiment_size *find_size(const char *name, struct error *err)
{
    for (size_t i = 0; sizes[i].name; i++) {
        if (strcmp(sizes[i].name, name ? name : sizes[0].name) == 0)
            return &sizes[i];
    }
    error_set(err, ERR_USAGE, "there is no size '%.40s': small, large or tiny", name);
    return NULL;
}

static int absolute(struct str *out, const char *path, struct error *err)
{
    char *real = realpath(path, NULL);
    if (!real)
        return error_errno(err, "cannot find %.200s", path);
    str_clear(out);
    str_adds(out, real);
    free(real);
    return 0;
}

static int find_model(struct experiment *x, struct error *err)
{
    struct str found = {0};
    const char *given = x->asked->model;
    if (!given && !x->size->model)
        return error_set(err, ERR_USAGE, "the size %s needs --model: a folder or a GGUF file", x->size->name);
    if (!given && !share_find(&found, x->size->model))
        return error_set(err, ERR_ABSENT, "the model that comes with hinge (%s) was not found; $HINGE_SHARE names the "
                         "folder it is in", x->size->model);
    int result = absolute(&x->model, given ? given : found.at, err);
    str_free(&found);
    return result;
}

static int find_parts(struct experiment *x, struct error *err)
{
    const struct experiment_request *q = x->asked;
    if (strcmp(q->name ? q->name : "", experiments[0].name) != 0)
        return error_set(err, ERR_USAGE, "there is no experiment '%.40s'; there is: scribe", q->name ? q->name : "");
    const struct experiment_size *size = find_size(q->size, err);
    if (!size)
        return -1;
    x->size = size;
    x->seeds = q->seeds ? q->seeds : x->size->seeds;
    if (!share_find(&x->share, SHARE))
        return error_set(err, ERR_ABSENT, "the experiment's files (%s) were not found; $HINGE_SHARE names the folder they "
                         "are in", SHARE);
    if (!program_find(&x->hinge, "hinge"))
        return error_set(err, ERR_ABSENT, "hinge was not found beside itself or in PATH: it is the grader, too");
    if (find_model(x, err) != 0)
        return -1;
    x->forms = forms_load(x->share.at, err);
    return x->forms ? 0 : -1;
}

static int make_folder(struct experiment *x, struct error *err)
{
    struct str path = {0};
    if (x->asked->out)
        str_adds(&path, x->asked->out);
    else
        str_addf(&path, "%s-%s", experiments[0].name, x->size->name);
    int result = file_make_dir(path.at, err);
    if (result == 0)
        result = absolute(&x->out, path.at, err);
    if (result == 0)
        experiment_path(x, &x->project, "scribe.db");
    str_free(&path);
    return result;
}

/* One at a time in a folder: the lock lives as long as the descriptor. */
static int lock_folder(const struct experiment *x, struct error *err)
{
    struct str path = {0};
    int fd = open(experiment_path(x, &path, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        error_errno(err, "cannot open %.200s", path.at);
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error_set(err, ERR_CONFLICT, "an experiment is at work in %.200s already", x->out.at);
        close(fd);
        fd = -1;
    }
    str_free(&path);
    return fd;
}

/* A folder begun with one question does not go on with another: its runs could not be compared. */
static int keep_question(const struct experiment *x, struct error *err)
{
    struct str path = {0}, now = {0}, before = {0};
    str_addf(&now, "{\"experiment\":\"scribe\",\"size\":\"%s\",\"model\":", x->size->name);
    json_quote(&now, str_slice(&x->model));
    str_adds(&now, ",\"endpoint\":");
    json_quote(&now, slice_of(x->asked->endpoint ? x->asked->endpoint : ""));
    str_adds(&now, "}\n");
    experiment_path(x, &path, "experiment.json");
    int result = 0;
    if (!file_exists(path.at))
        result = file_write_atomic(path.at, 0600, str_slice(&now), err);
    else if (file_read(path.at, 1 << 16, &before, err) != 0)
        result = -1;
    else if (!slice_eq(str_slice(&before), str_slice(&now)))
        result = error_set(err, ERR_CONFLICT, "%.200s holds an experiment of another size, model or endpoint; --out names "
                           "a new folder", x->out.at);
    str_free(&path);
    str_free(&now);
    str_free(&before);
    return result;
}

static int all_stages(struct experiment *x, struct error *err)
{
    if (keep_question(x, err) != 0 || experiment_make_project(x, err) != 0 || experiment_loop(x, err) != 0 ||
        experiment_decide(x, err) != 0 || experiment_train(x, err) != 0)
        return -1;
    return experiment_report(x, err);
}

static void experiment_free(struct experiment *x)
{
    str_free(&x->out);
    str_free(&x->project);
    str_free(&x->share);
    str_free(&x->model);
    str_free(&x->hinge);
    forms_free(x->forms);
}

int experiment_run(const struct experiment_request *q, experiment_news_fn *news, void *context, struct str *results,
                   struct error *err)
{
    struct experiment x = {.asked = q, .size = sizes, .news = news, .context = context, .started = clock_mono_ms()};
    int result = find_parts(&x, err);
    if (result == 0)
        result = make_folder(&x, err);
    int lock = result == 0 ? lock_folder(&x, err) : -1;
    if (lock >= 0)
        result = all_stages(&x, err);
    else
        result = -1;
    if (result == 0 && results)
        experiment_path(&x, results, "RESULTS.md");
    if (lock >= 0)
        close(lock);
    experiment_free(&x);
    return result;
}

int experiment_grade(struct str *out, struct slice question, struct error *err)
{
    return grade_answer(out, question, err);
}

int experiment_rouge(struct str *out, struct slice question, struct error *err)
{
    return rouge_answer(out, question, err);
}

int experiment_corpus(struct str *out, const char *kind, uint64_t seed, uint64_t from, uint64_t count,
                      struct error *err)
{
    struct str folder = {0};
    if (!share_find(&folder, SHARE))
        return error_set(err, ERR_ABSENT, "the experiment's files (%s) were not found; $HINGE_SHARE names the folder they "
                         "are in", SHARE);
    struct forms *f = forms_load(folder.at, err);
    int result = f ? 0 : -1;
    for (uint64_t i = from; i < from + count && result == 0; i++)
        result = corpus_line(out, f, seed, kind, i, err);
    forms_free(f);
    str_free(&folder);
    return result;
}
