/*
 * Training as people start it: a form, a key and `hinge train` make the same request. A run (runs/runs.h) is a folder
 * in PROJECT.db-runs; each has a keeper, a process of hinge's own that outlives the terminal, starts hinge-train where
 * the run is to happen, and writes down how it ended.
 */
#ifndef APP_TRAIN_H
#define APP_TRAIN_H

#include "base/json.h"
#include "runs/runs.h"

/* --- what can be set --- */

/* A hyper-parameter: an option of `hinge-train fit` by its name there. */
struct train_setting_row {
    const char *name;    /* "rank" */
    const char *arg;     /* "N", "X", "LIST", "constant|linear|cosine"; NULL: a flag */
    const char *initial; /* what a new run has: the seed's defaults; NULL: not given */
    const char *help;    /* one line */
    bool common;         /* shown in a form at once; others behind "more" */
};
extern const struct train_setting_row train_settings[]; /* ends with a NULL name */

struct train_setting {
    const char *name, *value; /* value of a flag: "yes" or "no" */
};

/* All borrowed; NULL and 0: not given. */
struct train_request {
    const char *project;
    const char *const *methods; /* sft, isft, rgt; several are one comparison */
    size_t n_methods;
    const char *model;          /* folder or GGUF: a path, or the name of one that train_models finds */
    const char *adapter;        /* go on training this one */
    /* The data: a new snapshot of what is accepted now, by the filters that export knows ... */
    const char *split;          /* NULL: train, and records without a split; never valid or test */
    const char *since, *reviewer, *min_agreement;
    /* ... or an older one: a hash or its beginning, or a file. Of one method. */
    const char *snapshot;
    const char *valid;          /* held-out loss: NULL: the split valid where it has records, "none", or a file */
    const struct train_setting *settings;
    size_t n_settings;
    const char *device;         /* auto, cpu, cuda, cuda:N */
    const char *place;          /* local, ssh:HOST, slurm */
    const char *name;           /* of the run; NULL: METHOD-N */
    const char *notes;
    int processes;              /* joined by MPI; 0: one */
    bool together;              /* several methods: all at once instead of one after the other */
};

/* --- before starting --- */

struct train_model {
    char *path;       /* absolute */
    char *name;       /* the path's last part */
    char *family;     /* "qwen3", "llama", ...; "" where the file does not say. Hostile text. */
    bool gguf;
    int64_t bytes;    /* of its weights' files */
    const char *from; /* where it was found: "project", "configuration", "data folder" */
};
struct train_models {
    struct train_model *items;
    size_t count, cap;
};
/* Base models: in the folders of the configuration's [train] models, beside the project, and in
 * $XDG_DATA_HOME/hinge/models. By name. train_models_free frees. */
int train_models(const char *project, struct train_models *out, struct error *err);
void train_models_free(struct train_models *m);

/* What training would take, as `hinge-train info --plan --json` says it. Bytes; 0: not known. */
struct train_plan {
    char family[32];
    double weights;                  /* parameters of the model */
    double trained;                  /* parameters that train */
    double keeping, twice;           /* memory: keeping activations, computing them twice */
    double available;                /* free now */
    enum { TRAIN_FITS, TRAIN_FITS_TWICE, TRAIN_TOO_LARGE } fits;
    int64_t checkpoint_bytes;        /* of one checkpoint, about */
};
int train_plan(const struct train_request *q, struct train_plan *out, struct error *err);

/* The data of one method, as it would be exported now: counts by `hinge export`'s own rules. */
struct train_data {
    const char *method;              /* the request's */
    char hash[65];                   /* the snapshot's SHA-256; the same records give the same */
    int64_t records, examples, branches_a, branches_b, valid_examples;
    char *left_out;                  /* "150 undecided, 2 rejected"; train_data_free frees */
};
int train_data(const struct train_request *q, const char *method, struct train_data *out, struct error *err);
void train_data_free(struct train_data *d);

/* Snapshots exported before, newest first; for a request's snapshot. JSON: [{"hash","method","examples","created",
 * "path","there"}]. NULL and err on failure; the caller frees. */
struct json *train_snapshots(const char *project, struct error *err);

/* The first n examples as the trainer renders them, each branch in pieces: what is given (masked) and what is trained.
 * For one method of the request. train_preview_free frees. All texts are hostile. */
enum train_piece_kind { TRAIN_GIVEN, TRAIN_STRATEGY, TRAIN_ANSWER };
struct train_piece {
    enum train_piece_kind kind; /* given is dim; strategy and answer are trained */
    char *text;
    size_t tokens;
};
struct train_branch {
    char *kind; /* "A", "B", "" */
    struct train_piece *pieces;
    size_t n_pieces;
    size_t tokens, trained; /* of the whole branch */
};
struct train_example {
    char *id;
    size_t shared; /* tokens that all branches begin with: computed once */
    struct train_branch *branches;
    size_t n_branches;
};
struct train_preview {
    struct train_example *items;
    size_t count;
    /* Of all examples, not only those shown. */
    int64_t examples, branches, trained_tokens, longest, too_long;
    int64_t plain_tokens, shared_tokens; /* to compute: as plain sequences, with shared prompts */
};
int train_preview(const struct train_request *q, const char *method, size_t n, struct train_preview *out,
                  struct error *err);
void train_preview_free(struct train_preview *p);

/* --- runs --- */

/* Names of the runs made, in order of the methods. The caller frees with train_names_free. */
struct train_names {
    char **items;
    size_t count;
};
void train_names_free(struct train_names *n);

/* Makes the runs' folders with their data and starts their keeper. Returns when the keeper has taken them: how
 * the training itself goes is told by the run's state. On failure nothing is left. ERR_USAGE where the request
 * makes no sense, ERR_ABSENT when there is nothing to train on. */
int train_start(const struct train_request *q, struct train_names *out, struct error *err);

/* The runs of a project. runs_free frees. */
int train_list(const char *project, struct runs *out, struct error *err);
/* One run, by name or by its uuid's beginning. run_free frees. */
int train_find(const char *project, const char *name, struct run *out, struct error *err);

/* Asks for a checkpoint after the step at hand and an end; returns at once. A run that waits for its turn is
 * taken out of the queue. ERR_CONFLICT when nobody works on it. */
int train_stop(const char *project, const char *name, struct error *err);
/* A stopped or failed run goes on from its last checkpoint, with what it was started with. ERR_CONFLICT when it is
 * finished, or somebody works on it. */
int train_resume(const char *project, const char *name, struct error *err);
/* A new run with the same data and settings, those of q's that are given changed, whose adapter begins with a
 * checkpoint (step -1: the last). It remembers where it comes from. Optimizer and order begin anew. Of q are
 * read: settings, device, place, name, notes, processes. */
int train_branch(const char *project, const char *name, int64_t step, const struct train_request *q,
                 struct train_names *out, struct error *err);
/* ERR_BUSY while somebody works on it: stop it first. On another machine its copy is removed too. */
int train_delete(const char *project, const char *name, struct error *err);

/* Differences of what two runs were started with. One row a name that differs. train_differences_free frees. */
struct train_difference {
    char *name; /* "lr", "data", "model" */
    char *a, *b; /* "" where a run does not say */
};
struct train_differences {
    struct train_difference *items;
    size_t count, cap;
};
void train_compare(const struct run *a, const struct run *b, struct train_differences *out);
void train_differences_free(struct train_differences *d);

/* A run as stable JSON, as `hinge train ... --json` prints it (hinge(1)). The caller frees. */
struct json *train_run_json(const struct run *r);
/* "step 40 of 120, loss 0.4312, 1,204 tokens/s, 3 min left": for the bar, the list and the view alike. Appends. */
void train_progress_text(struct str *out, const struct run *r);

/* `hinge keep RUN...`: the keeper's main, for folders of runs. Returns an exit status. */
int train_keep(const char *const *folders, size_t n, struct error *err);

#endif
