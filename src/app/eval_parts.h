/* What a request for evals means, worked out. Private to src/app. */
#ifndef APP_EVAL_PARTS_H
#define APP_EVAL_PARTS_H

#include "app/eval.h"
#include "base/hash.h"
#include "base/json.h"

enum { EVAL_DEFAULT_TOKENS = 512, EVAL_TARGETS_MAX = 4096 };

struct eval_target { /* one eval; strings in the settings' arena */
    struct eval row; /* what eval_store_put takes */
    struct endpoint endpoint;
};

struct eval_settings {
    struct arena arena;
    struct config *config;
    struct step_settings o; /* graders; borrowed from config */
    const char *where;      /* the limit with the split in it; NULL: all */
    const char *trainer;    /* path of hinge-train */
    const char *graders;    /* JSON, as evals keep it */
    /* The run, where there is one. */
    const char *run_uuid, *run_name, *run_folder, *method, *base, *train_file, *snapshot, *chat;
    int64_t seed;
    int context;
    struct map *hashes;     /* path: index of hash */
    const char **hash;
    bool busy;              /* training goes on: checkpoints may come */
    struct eval_step {      /* its checkpoints, by step */
        int64_t step, examples;
        const char *folder;
    } *steps;
    size_t n_steps, n_hashes, cap_hashes;
};

/* eval_settings_free frees in any case. */
const char *eval_split(const struct eval_request *q); /* the one asked for, else what it is without */
int eval_settings_make(struct eval_settings *out, const struct eval_request *q, struct error *err);
void eval_settings_free(struct eval_settings *l);
/* Fills what is told by the run; called again, it looks again for checkpoints and whether training goes on. */
int eval_run_find(struct eval_settings *l, const struct eval_request *q, struct error *err);

/* Of the tasks' graders only those of names ("words,facts"); NULL: all. ERR_USAGE for a name that no task has. */
int eval_graders_choose(struct eval_settings *l, const char *names, struct error *err);
/* Sets l->graders, with a hash of what decides each grader's verdicts. */
int eval_graders_json(struct eval_settings *l, struct error *err);
/* Keeps what was hashed among the project's prompts, under that hash: a report shows it. */
int eval_graders_keep(const struct eval_settings *l, struct store *s, struct error *err);

/* The evals asked for, in the order in which they are made. *list is in the arena. */
int eval_targets(struct eval_settings *l, const struct eval_request *q, struct eval_target **list, size_t *n,
                 struct error *err);

/* SHA-256 that tells models apart by what they are: a folder's or file's bytes; of weights over 64 MiB whose name is
 * not an adapter's, both ends, size and time of change. */
int eval_model_hash(const char *path, bool whole, char out[SHA256_HEX + 1], struct error *err);

/* The records a request means, without those training has seen. Fills all of out but its rows; *ids is freed by the
 * caller with mem_free. ERR_ABSENT when none is left: err says why. */
int eval_records(struct store *s, const struct eval_request *q, const struct eval_settings *l, struct eval_plan *out,
                 int64_t **ids, size_t *n, struct error *err);

/* The eval of a target as the store has it, taken up by a job. */
int eval_make(struct store *s, const struct eval_request *q, const struct eval_target *t, int64_t job,
              const struct eval_plan *plan, int64_t *eval, struct error *err);

/* A request as the options of a job, and the other way: strings are borrowed from options. */
struct json *eval_options_json(const struct eval_request *q);
void eval_options_read(struct eval_request *q, const struct json *options);

#endif
