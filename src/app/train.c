#include "app/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/doctor.h"
#include "app/train_parts.h"
#include "base/array.h"
#include "base/file.h"
#include "base/mem.h"
#include "jobs/jobs.h"
#include "runs/place.h"

enum { METHODS_MAX = 16 };

/* --- names --- */

static void names_add(struct train_names *n, const char *folder)
{
    n->items = mem_resize(n->items, (n->count + 1) * sizeof *n->items);
    n->items[n->count++] = mem_strdup(strrchr(folder, '/') + 1);
}

void train_names_free(struct train_names *n)
{
    for (size_t i = 0; i < n->count; i++)
        mem_free(n->items[i]);
    mem_free(n->items);
    *n = (struct train_names){0};
}

/* --- starting --- */

/* What the keeper says before it has its runs, and nothing after, goes to the first run's log. */
int train_launch(char *const *folders, size_t n, struct error *err)
{
    struct str program = {0}, log = {0};
    char **argv = mem_zalloc(n + 3, sizeof *argv);
    if (!program_find(&program, "hinge")) {
        mem_free(argv);
        return error_set(err, ERR_ABSENT, "the program hinge is not to be found");
    }
    argv[0] = program.at;
    argv[1] = (char[]){"keep"};
    memcpy(argv + 2, folders, n * sizeof *argv);
    str_addf(&log, "%s/log.txt", folders[0]);
    int result = jobs_detach(argv, log.at, err);
    mem_free(argv);
    str_free(&program);
    str_free(&log);
    return result;
}

static int has_trainer(const char *project, struct error *err)
{
    struct str path = {0};
    int result = train_program(project, &path, err);
    str_free(&path);
    return result;
}

static int check_request(const struct train_request *q, struct error *err)
{
    if (!q->n_methods || q->n_methods > METHODS_MAX)
        return error_set(err, ERR_USAGE, "a method is needed: sft, isft, rgt, or several of them");
    for (size_t i = 0; i < q->n_methods; i++) {
        if (strcmp(q->methods[i], "sft") != 0 && strcmp(q->methods[i], "isft") != 0 && strcmp(q->methods[i], "rgt") != 0)
            return error_set(err, ERR_USAGE, "'%.40s' is none of the methods sft, isft, rgt", q->methods[i]);
    }
    if (q->snapshot && q->n_methods > 1)
        return error_set(err, ERR_USAGE, "an older snapshot is of one method: a comparison makes new ones");
    if ((q->place && place_check(q->place, err) != 0) || train_settings_check(q, err) != 0)
        return -1;
    return q->place && strcmp(q->place, "local") != 0 ? 0 : has_trainer(q->project, err);
}

static void end_all(struct making *all, size_t n, bool undo)
{
    for (size_t i = 0; i < n; i++) {
        if (undo)
            making_undo(&all[i]);
        making_end(&all[i]);
    }
}

/* The locks go from here to the keeper, which takes them before train_launch returns. */
static int hand_over(struct making *all, size_t n, bool together, struct error *err)
{
    char *folders[METHODS_MAX];
    int result = 0;
    for (size_t i = 0; i < n; i++) {
        folders[i] = all[i].folder.at;
        run_keeper_stage(all[i].keeper, "starting");
        close(all[i].keeper);
        all[i].keeper = -1;
    }
    size_t at_once = together ? 1 : n;
    for (size_t i = 0; i < n && result == 0; i += at_once)
        result = train_launch(folders + i, at_once, err);
    return result;
}

static int start(struct making *all, size_t n, bool together, struct train_names *out, struct error *err)
{
    int result = 0;
    size_t made = 0;
    while (made < n && result == 0)
        result = making_run(&all[made++], err);
    if (result == 0)
        result = hand_over(all, n, together, err);
    for (size_t i = 0; i < n && result == 0; i++)
        names_add(out, all[i].folder.at);
    end_all(all, made, result != 0);
    return result;
}

int train_start(const struct train_request *q, struct train_names *out, struct error *err)
{
    struct making all[METHODS_MAX] = {{.keeper = -1}};
    char group[37] = "";
    *out = (struct train_names){0};
    if (check_request(q, err) != 0)
        return -1;
    if (q->n_methods > 1)
        run_uuid(group);
    for (size_t i = 0; i < q->n_methods; i++)
        all[i] = (struct making){.request = q, .method = q->methods[i], .group = group, .keeper = -1};
    return start(all, q->n_methods, q->together, out, err);
}

int train_branch(const char *project, const char *name, int64_t step, const struct train_request *q,
                 struct train_names *out, struct error *err)
{
    struct run parent;
    struct str checkpoint = {0};
    *out = (struct train_names){0};
    if ((q->place && place_check(q->place, err) != 0) || train_settings_check(q, err) != 0 || train_find(project, name, &parent, err) != 0)
        return -1;
    struct train_request mine = *q;
    mine.project = project;
    struct making m = {.request = &mine, .parent = &parent, .method = parent.method, .group = "", .keeper = -1};
    int result = run_checkpoint_path(&parent, step, &checkpoint, err);
    m.parent_step = step >= 0 || !parent.n_checkpoints ? step : parent.checkpoints[parent.n_checkpoints - 1].step;
    const char *full = run_option(&parent, "full");
    if (result == 0 && full)
        result = error_set(err, ERR_CONFLICT, "the run %s trained all weights: start a new run on its checkpoint %s as model",
                           parent.name, checkpoint.at);
    if (result == 0)
        result = start(&m, 1, false, out, err);
    str_free(&checkpoint);
    run_free(&parent);
    return result;
}

/* --- what is there --- */

int train_list(const char *project, struct runs *out, struct error *err)
{
    struct str folder = {0};
    int result = runs_folder(project, &folder, err);
    if (result == 0)
        result = runs_list(folder.at, out, err);
    str_free(&folder);
    return result;
}

int train_find(const char *project, const char *name, struct run *out, struct error *err)
{
    struct str folder = {0};
    int result = runs_folder(project, &folder, err);
    if (result == 0)
        result = runs_find(folder.at, name, out, err);
    str_free(&folder);
    return result;
}

/* --- what can be done with one --- */

int train_stop(const char *project, const char *name, struct error *err)
{
    struct run r;
    if (train_find(project, name, &r, err) != 0)
        return -1;
    int result = run_state_busy(r.state) ? run_stop_ask(r.folder, err)
                                         : error_set(err, ERR_CONFLICT, "nobody works on the run %s: it is %s", r.name,
                                                     run_state_name(r.state));
    run_free(&r);
    return result;
}

static int can_resume(const struct run *r, struct error *err)
{
    struct str data = {0};
    int result = 0;
    if (r->state == RUN_FINISHED)
        result = error_set(err, ERR_CONFLICT, "the run %s is finished; branch goes on from one of its checkpoints", r->name);
    else if (run_state_busy(r->state))
        result = error_set(err, ERR_CONFLICT, "the run %s is %s already", r->name, run_state_name(r->state));
    else if (r->state == RUN_UNREADABLE)
        result = error_set(err, ERR_CORRUPT, "the run %s cannot be read: %s", r->name, r->reason);
    else if (json_type(json_get(r->about, "fit")) != JSON_ARRAY)
        result = error_set(err, ERR_FOREIGN, "the run %s was started by hinge-train itself: hinge-train fit --resume goes on",
                           r->name);
    else if (!file_exists(run_path(r, "data/train.jsonl", &data)))
        result = error_set(err, ERR_ABSENT, "the data of the run %s was never written whole: delete it and start anew", r->name);
    str_free(&data);
    return result;
}

int train_resume(const char *project, const char *name, struct error *err)
{
    struct run r;
    if (train_find(project, name, &r, err) != 0)
        return -1;
    int result = can_resume(&r, err);
    if (result == 0) {
        run_stop_clear(r.folder);
        result = train_launch(&r.folder, 1, err);
    }
    run_free(&r);
    return result;
}

int train_delete(const char *project, const char *name, struct error *err)
{
    struct run r;
    if (train_find(project, name, &r, err) != 0)
        return -1;
    struct config *c = config_load(project, err);
    struct place_settings settings;
    int result = c ? 0 : -1;
    if (result == 0 && !run_state_busy(r.state) && r.state != RUN_UNREADABLE && r.started) {
        config_place(c, place_name(r.place), &settings);
        result = place_delete(&r, &settings, err);
        if (result != 0)
            error_prefix(err, "what the run has there is not removed, and so it stays here: ");
    }
    if (result == 0)
        result = run_delete(r.folder, err);
    config_free(c);
    run_free(&r);
    return result;
}
