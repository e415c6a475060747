/* How far a run is, and which checkpoints it has. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/mem.h"
#include "runs/run_read.h"

enum { METRICS_TAIL = 1 << 16, PACE_LINES = 32 };

/* --- checkpoints --- */

static int64_t folder_bytes(const char *path)
{
    struct str file = {0};
    struct stat st;
    int64_t bytes = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        str_clear(&file);
        str_addf(&file, "%s/%s", path, e->d_name);
        if (lstat(file.at, &st) == 0 && S_ISREG(st.st_mode))
            bytes += st.st_size;
    }
    if (d)
        closedir(d);
    str_free(&file);
    return bytes;
}

/* The step of "step-12"; 0 when the name is none. */
static int64_t step_of_name(const char *name)
{
    char *end;
    if (strncmp(name, "step-", 5) != 0 || name[5] < '1' || name[5] > '9')
        return 0;
    long long step = strtoll(name + 5, &end, 10);
    return *end || step > INT32_MAX ? 0 : step;
}

static int by_step(const void *a, const void *b)
{
    const struct run_checkpoint *x = a, *y = b;
    return (x->step > y->step) - (x->step < y->step);
}

/* What is known of a checkpoint from before; a checkpoint is never written again. */
static const struct run_checkpoint *known(const struct run *r, int64_t step)
{
    struct run_checkpoint key = {.step = step};
    return r->n_checkpoints ? bsearch(&key, r->checkpoints, r->n_checkpoints, sizeof key, by_step) : NULL;
}

/* As hinge-train counts: all of an epoch, its last batch may be smaller. */
static double examples_at(const struct run *r, int64_t step)
{
    double all = json_number(json_get(r->config, "examples"), -1);
    const char *batch_text = run_option(r, "batch");
    int64_t batch = batch_text ? strtoll(batch_text, NULL, 10) : 0;
    if (all < 1 || batch < 1)
        return -1;
    int64_t n = (int64_t)all, an_epoch = (n + batch - 1) / batch;
    int64_t rest = (step % an_epoch) * batch, epochs = step / an_epoch;
    return (double)epochs * all + (double)(rest < n ? rest : n);
}

void run_read_checkpoints(struct run *r)
{
    struct str folder = {0}, path = {0};
    struct run_checkpoint *found = NULL;
    size_t count = 0, cap = 0;
    struct stat st;
    DIR *d = opendir(run_path(r, "checkpoints", &folder));
    for (struct dirent *e; d && (e = readdir(d));) {
        int64_t step = step_of_name(e->d_name);
        str_clear(&path);
        str_addf(&path, "%s/%s", folder.at, e->d_name);
        if (!step || lstat(path.at, &st) != 0 || !S_ISDIR(st.st_mode))
            continue;
        const struct run_checkpoint *was = known(r, step);
        found = array_reserve(found, &cap, count + 1, sizeof *found);
        found[count++] = was ? *was
                             : (struct run_checkpoint){step, examples_at(r, step), folder_bytes(path.at),
                                                       (int64_t)st.st_mtime * 1000};
    }
    if (d)
        closedir(d);
    if (count)
        qsort(found, count, sizeof *found, by_step);
    mem_free(r->checkpoints);
    r->checkpoints = found;
    r->n_checkpoints = count;
    str_free(&folder);
    str_free(&path);
}

int run_checkpoint_path(const struct run *r, int64_t step, struct str *out, struct error *err)
{
    if (!r->n_checkpoints)
        return error_set(err, ERR_ABSENT, "the run %s has no checkpoint yet", r->name);
    if (step < 0)
        step = r->checkpoints[r->n_checkpoints - 1].step;
    if (!known(r, step)) {
        struct str steps = {0};
        for (size_t i = 0; i < r->n_checkpoints && steps.len < 200; i++)
            str_addf(&steps, "%s%lld", i ? ", " : "", (long long)r->checkpoints[i].step);
        error_set(err, ERR_ABSENT, "the run %s has no checkpoint of step %lld; it has %s", r->name, (long long)step, steps.at);
        str_free(&steps);
        return -1;
    }
    char name[40];
    snprintf(name, sizeof name, "checkpoints/step-%lld", (long long)step);
    run_path(r, name, out);
    return 0;
}

/* --- progress --- */

static double number(const struct json *line, const char *name, double fallback)
{
    return json_number(json_get(line, name), fallback);
}

struct pace {
    double seconds, tokens;
    int lines;
};

/* One line of the metrics, read from the last one back. */
static void take_line(struct run_progress *p, struct pace *pace, const struct json *line)
{
    const struct json *valid = json_get(line, "valid");
    if (valid) {
        if (p->valid_loss < 0)
            p->valid_loss = number(valid, "loss", -1);
        return;
    }
    if (p->step < 0) {
        p->step = (int64_t)number(line, "step", -1);
        p->steps = (int64_t)number(line, "steps", -1);
        p->examples = number(line, "examples", -1);
        p->loss = number(line, "loss", -1);
    }
    double seconds = number(line, "seconds", 0);
    pace->seconds += seconds;
    pace->tokens += seconds * number(line, "tokens_per_second", 0);
    pace->lines++;
}

static void take_tail(struct run_progress *p, struct pace *pace, struct slice text)
{
    size_t end = text.len;
    while (end > 0 && text.at[end - 1] != '\n') /* the line being written */
        end--;
    while (end > 0 && (pace->lines < PACE_LINES || p->valid_loss < 0)) {
        size_t from = --end;
        while (from > 0 && text.at[from - 1] != '\n')
            from--;
        struct json *line = json_parse(slice_sub(text, from, end), NULL, NULL);
        if (json_type(line) == JSON_OBJECT && (pace->lines < PACE_LINES || json_get(line, "valid")))
            take_line(p, pace, line);
        json_free(line);
        end = from;
    }
}

void run_read_progress(struct run *r)
{
    struct run_progress p = {-1, -1, -1, -1, -1, -1, -1, -1};
    struct pace pace = {0};
    struct str path = {0}, text = {0};
    const char *epochs = run_option(r, "epochs");
    double all = json_number(json_get(r->config, "examples"), -1);
    if (run_tail(run_path(r, "metrics.jsonl", &path), METRICS_TAIL, &text, NULL) == 0)
        take_tail(&p, &pace, str_slice(&text));
    if (p.steps < 0)
        p.steps = (int64_t)json_number(json_get(r->config, "steps"), -1);
    if (all > 0)
        p.examples_all = all * (epochs ? strtod(epochs, NULL) : 1);
    if (pace.seconds > 0)
        p.tokens_per_second = pace.tokens / pace.seconds;
    if (pace.lines && p.steps >= p.step)
        p.seconds_left = pace.seconds / pace.lines * (double)(p.steps - p.step);
    r->progress = p;
    str_free(&path);
    str_free(&text);
}
