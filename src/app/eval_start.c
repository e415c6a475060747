/* Evals before their job: what they would be, and making them. */
#include <stdlib.h>
#include <string.h>

#include "app/eval_parts.h"
#include "app/loop_settings.h"
#include "base/mem.h"
#include "base/student.h"

/* --- the plan --- */

static int plan_row(struct store *s, const struct eval_target *t, const int64_t *ids, size_t n, struct eval_plan *out,
                    struct error *err)
{
    struct eval_plan_row *row = &out->rows[out->count++];
    size_t missing = n;
    int64_t *left = mem_alloc((n + 1) * sizeof *left);
    memcpy(left, ids, n * sizeof *left);
    int found = eval_store_find(s, t->row.identity, &row->eval, err);
    if (found == 1 && eval_store_missing(s, row->eval, left, &missing, err) < 0)
        found = -1;
    row->name = arena_strndup(&out->arena, t->row.name, strlen(t->row.name));
    row->have = (int64_t)(n - missing);
    mem_free(left);
    return found < 0 ? -1 : 0;
}

int eval_preview(struct store *s, const struct eval_request *q, struct eval_plan *out, struct error *err)
{
    struct eval_settings l;
    struct eval_target *targets = NULL;
    int64_t *ids = NULL;
    size_t n = 0, count = 0;
    *out = (struct eval_plan){0};
    int result = eval_settings_make(&l, q, err);
    if (result == 0)
        result = eval_targets(&l, q, &targets, &count, err);
    if (result == 0)
        result = eval_records(s, q, &l, out, &ids, &n, err);
    out->rows = arena_zalloc(&out->arena, count + 1, sizeof *out->rows);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = plan_row(s, &targets[i], ids, n, out, err);
    mem_free(ids);
    eval_settings_free(&l);
    return result;
}

/* --- starting --- */

int eval_make(struct store *s, const struct eval_request *q, const struct eval_target *t, int64_t job,
              const struct eval_plan *plan, int64_t *eval, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int result = eval_store_put(s, &t->row, eval, NULL, err);
    /* A base model has seen nothing of a run's training set; its eval is every such run's. */
    if (result == 0 && (t->row.run_uuid || q->held_out_from))
        result = eval_store_put_refused(s, *eval, plan->refused, plan->n_refused, err);
    if (result == 0)
        result = eval_store_begin(s, *eval, job, plan->records, err);
    return store_end(s, result, err);
}

/* Paths as they are from everywhere: a job may go on from another folder. */
static const char *absolute(struct arena *a, const char *path)
{
    char *full = path ? realpath(path, NULL) : NULL;
    const char *kept = full ? arena_strndup(a, full, strlen(full)) : path;
    free(full);
    return kept;
}

static struct eval_request settled(struct arena *a, const struct eval_request *q)
{
    struct eval_request r = *q;
    r.model = absolute(a, q->model);
    r.adapter = absolute(a, q->adapter);
    r.held_out_from = absolute(a, q->held_out_from);
    if (q->run && strchr(q->run, '/'))
        r.run = absolute(a, q->run);
    return r;
}

static int add_job(struct store *s, const struct eval_request *q, const int64_t *ids, size_t n, int64_t *job,
                   struct error *err)
{
    struct str options = {0};
    struct json *j = eval_options_json(q);
    int64_t reviewer = 0;
    json_print(&options, j);
    json_free(j);
    int result = loop_reviewer(s, q->reviewer, &reviewer, err);
    if (result == 0)
        result = job_store_add(s, "eval", options.at, reviewer, ids, n, job, NULL, err);
    str_free(&options);
    return result;
}

static int make_all(struct store *s, const struct eval_request *q, struct eval_settings *l, int64_t *job, struct error *err)
{
    struct eval_plan plan = {0};
    struct eval_target *targets = NULL;
    int64_t *ids = NULL, eval = 0;
    size_t n = 0, count = 0;
    int result = eval_targets(l, q, &targets, &count, err);
    if (result == 0)
        result = eval_records(s, q, l, &plan, &ids, &n, err);
    if (result == 0)
        result = eval_graders_keep(l, s, err);
    if (result == 0)
        result = add_job(s, q, ids, n, job, err);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = eval_make(s, q, &targets[i], *job, &plan, &eval, err);
    mem_free(ids);
    eval_plan_free(&plan);
    return result;
}

int eval_start(struct store *s, const struct eval_request *q, int64_t *job, struct error *err)
{
    struct arena arena = {0};
    struct eval_settings l;
    struct eval_request r = settled(&arena, q);
    int result = eval_settings_make(&l, &r, err);
    if (result == 0)
        result = make_all(s, &r, &l, job, err);
    eval_settings_free(&l);
    arena_free(&arena);
    return result < 0 ? -1 : loop_launch(q->project, *job, err);
}

/* --- in words --- */

double eval_half_width(int64_t n, double spread)
{
    return n < 2 ? 0 : student_half_width(n, spread);
}

void eval_mean_text(struct str *out, int64_t n, double mean, double spread)
{
    if (n)
        str_addf(out, "%.3f", mean);
    if (n > 1)
        str_addf(out, " ± %.3f", eval_half_width(n, spread));
}

static void set_known(struct json *j, const char *name, int64_t value)
{
    json_set(j, name, value < 0 ? json_new_null() : json_new_number((double)value));
}

struct json *eval_json(const struct eval *e)
{
    struct json *j = json_new_object();
    json_set_int(j, "eval", e->id);
    json_set_string(j, "kind", e->kind == EVAL_NATS ? "rules" : "answers");
    json_set_string(j, "name", e->name);
    json_set_string(j, "state", eval_state_name(e->state));
    json_set_string(j, "run", e->run_name);
    json_set_string(j, "run_uuid", e->run_uuid);
    json_set_string(j, "method", e->method);
    set_known(j, "step", e->step);
    set_known(j, "examples", e->examples);
    set_known(j, "seed", e->seed);
    json_set_string(j, "base_model", e->base_model);
    json_set_string(j, "adapter", e->adapter);
    json_set_string(j, "adapter_hash", e->adapter_hash);
    json_set_string(j, "endpoint", e->endpoint);
    json_set_bool(j, "think", e->think);
    json_set_string(j, "split", e->split);
    json_set(j, "graders", json_new_raw(slice_of(e->graders)));
    json_set_int(j, "max_tokens", e->max_tokens);
    json_set(j, "sampling", json_new_raw(slice_of(e->sampling)));
    json_set_string(j, "snapshot", e->snapshot);
    json_set_int(j, "planned", e->planned);
    json_set_int(j, "refused", e->refused);
    json_set_int(j, "n", e->n);
    json_set_int(j, "failed", e->failed);
    json_set_int(j, "perfect", e->perfect);
    json_set(j, "mean", e->n ? json_new_number(e->mean) : json_new_null());
    json_set(j, "half_width", e->n > 1 ? json_new_number(eval_half_width(e->n, e->spread)) : json_new_null());
    json_set_int(j, "tokens_out", e->tokens_out);
    json_set_int(j, "created", e->created);
    json_set(j, "finished", e->finished ? json_new_number((double)e->finished) : json_new_null());
    json_set_int(j, "job", e->job);
    return j;
}
