/* Between the files of train.h. */
#ifndef APP_TRAIN_PARTS_H
#define APP_TRAIN_PARTS_H

#include "app/config.h"
#include "app/train.h"
#include "pipeline/export.h"
#include "runs/run_parts.h"

/* --- settings --- */

const struct train_setting_row *train_setting_find(const char *name);
/* Checks the request's settings against the table. */
int train_settings_check(const struct train_request *q, struct error *err);
/* What the request gives for a setting, else was (a branch's parent), else the table's; NULL: not given. */
const char *train_setting_value(const struct train_request *q, const struct run *was, const char *name);

/* --- programs --- */

/* Appends hinge-train's path: the configuration's [train] program, else beside hinge, else in PATH. */
int train_program(const char *project, struct str *out, struct error *err);
/* A model as the request names it: a path, or the name of one that train_models finds. Sets out, absolute. */
int train_model_path(const char *project, const char *model, struct str *out, struct error *err);

/* --- making a run --- */

struct making { /* a run being made */
    const struct train_request *request;
    const struct run *parent; /* of a branch; NULL: a new one */
    int64_t parent_step;
    const char *method, *group;
    struct str folder, model;
    int keeper; /* its lock, held until the run's keeper takes it */
};
/* Makes the folder, the data and run.json. On failure the folder is gone. making_end gives the lock back and frees. */
int making_run(struct making *m, struct error *err);
void making_undo(struct making *m);
void making_end(struct making *m);
/* The data: data/train.jsonl, data/valid.jsonl. What was written goes to data as JSON, see run.json. */
int making_data(const struct making *m, struct json *data, struct error *err);
/* A method's training file alone, for previews; at path. */
int making_train_file(const struct train_request *q, const char *method, const char *path, struct error *err);

/* Starts the keeper of runs. */
int train_launch(char *const *folders, size_t n, struct error *err);

#endif
