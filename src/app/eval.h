/*
 * Evals as people start them: from a key, a form or a command, the same request. An eval is one model (a checkpoint of
 * a run, a base model, an endpoint) with thinking on or off, on the records of a held-out split; its results are in
 * db/eval_store.h. A request makes one job, which may hold several evals, done one after the other.
 *
 * The answers and the graders' words are stored as the loop's are, by what decided them: the bytes of the adapter, the
 * model, the prompt and the parameters. What was asked once is never asked again, and a killed job goes on where it was.
 */
#ifndef APP_EVAL_H
#define APP_EVAL_H

#include "app/loop.h"
#include "db/eval_store.h"
#include "jobs/jobs.h"

enum { EVAL_THINK_OFF = 1, EVAL_THINK_ON = 2 };
enum { EVAL_LAST_STEP = 0, EVAL_BASE = -1 };

struct eval_request { /* borrowed; zero: not given */
    const char *project, *reviewer;
    /* What is evaluated; one of run, model, endpoint. */
    const char *run;      /* name, uuid or folder of a run */
    int64_t step;         /* of the run; EVAL_LAST_STEP, or EVAL_BASE: the model it began with */
    bool every;           /* each checkpoint of the run, the base before them, and those to come until it ends */
    const char *model;    /* folder or GGUF */
    const char *adapter;  /* with model */
    const char *endpoint; /* of the configuration */
    const char *served;   /* with endpoint: the model's name there, as vLLM calls an adapter; with run, too: it serves it */
    unsigned think;       /* EVAL_THINK_OFF, EVAL_THINK_ON or both; 0: off */
    const char *chat;     /* chat format where the model's own is not known; NULL: its own, or the run's */
    bool weigh;           /* not answers, but what each rule is worth to the model (weigh.h): needs a model of this machine */
    /* On which records. */
    const char *split;    /* NULL: test, when weighing any; "any": all */
    const char *where;    /* under this limit, too */
    const char *held_out_from; /* a training set (JSONL) besides the run's own, or for a model without a run */
    size_t limit;         /* at most that many, the same ones each time; 0: all */
    /* How. */
    const char *graders;  /* names with commas between: of the tasks' graders these alone; NULL: all */
    int max_tokens;       /* 0: 512, or the endpoint's */
    bool has_temperature; /* else the likeliest token, or as the endpoint is configured */
    double temperature;
};

/* The lines a request begins with: which evals, which records. */
struct eval_plan {
    struct eval_plan_row {
        const char *name;
        int64_t eval;       /* its number where it is there already, else 0 */
        int64_t have;       /* records of these with a score already */
    } *rows;
    size_t count;
    int64_t records;        /* to evaluate */
    int64_t without;        /* left out: their task has no grader */
    int64_t no_prompt;      /* left out: no prompt */
    int64_t over;           /* left out: more than the limit */
    struct eval_refusal *refused; /* left out: training has seen them */
    size_t n_refused;
    bool unchecked;         /* no training set is known, so none could be refused */
    int64_t trained;        /* examples of the training set */
    struct arena arena;
};
void eval_plan_free(struct eval_plan *p);
/* ERR_ABSENT where there is no such run, checkpoint, endpoint, grader or record: err says which. */
int eval_preview(struct store *s, const struct eval_request *q, struct eval_plan *out, struct error *err);
/* Makes the evals that are there to be made, and the job, and launches its worker. */
int eval_start(struct store *s, const struct eval_request *q, int64_t *job, struct error *err);

/* "0.71 ± 0.05": mean with half of its 95% interval by Student's t; "" where nothing has a score. Appends. */
void eval_mean_text(struct str *out, int64_t n, double mean, double spread);
/* An eval as stable JSON (hinge(1)); the caller frees. */
struct json *eval_json(const struct eval *e);
/* Half the width of the 95% interval of a mean by Student's t, from n values with that standard deviation; 0 below two. */
double eval_half_width(int64_t n, double spread);

/* The job kind: for loop_work. */
int eval_run_job(struct worker *w, void *project, struct str *said, struct error *err);

#endif
