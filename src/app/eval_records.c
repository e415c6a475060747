/* Which records are evaluated: those of the split that can be graded and that training has not seen. */
#include <stdlib.h>
#include <string.h>

#include "app/eval_parts.h"
#include "app/loop_settings.h"
#include "base/array.h"
#include "db/queue_store.h"
#include "base/mem.h"
#include "pipeline/held_out.h"

struct chosen {
    int64_t id;
    char rank[SHA256_HEX + 1]; /* hash of the key: a limit takes the same ones each time */
};

struct choosing {
    struct chosen *items;
    size_t count, cap;
    struct held_out *held_out;
};

static void choose(struct choosing *c, const struct loop_record *r)
{
    c->items = array_reserve(c->items, &c->cap, c->count + 1, sizeof *c->items);
    c->items[c->count].id = r->id;
    sha256_hex(slice_of(r->key), c->items[c->count++].rank);
    held_out_add(c->held_out, r->id, &r->prompt);
}

static int look_at(struct store *s, const struct eval_settings *l, bool weigh, int64_t id, struct choosing *c,
                   struct eval_plan *out, struct error *err)
{
    struct loop_record r = {0};
    int result = loop_store_load(s, id, &r, err);
    const struct task_graders *graders = result == 0 ? task_graders_find(l->o.tasks, l->o.n_tasks, r.task) : NULL;
    if (result == 0 && !r.prompt.count)
        out->no_prompt++;
    else if (result == 0 && !weigh && (!graders || !graders->n))
        out->without++;
    else if (result == 0)
        choose(c, &r);
    loop_record_free(&r);
    return result;
}

/* --- what training has seen --- */

static int read_sets(struct choosing *c, const struct eval_request *q, const struct eval_settings *l, struct eval_plan *out,
                     struct error *err)
{
    const char *const files[] = {l->train_file, q->held_out_from};
    out->unchecked = !files[0] && !files[1];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i] && held_out_read(c->held_out, files[i], &out->trained, err) < 0)
            return -1;
    return 0;
}

static int put_refusal(struct store *s, const struct held_out_twin *twin, struct eval_plan *out, struct error *err)
{
    struct queue_rows row = {0};
    if (queue_store_row(s, twin->number, &row, err) < 0)
        return -1;
    out->refused[out->n_refused++] = (struct eval_refusal){
        .record = twin->number,
        .key = arena_strndup(&out->arena, row.items[0].key, strlen(row.items[0].key)),
        .twin = arena_strndup(&out->arena, twin->twin, strlen(twin->twin)),
        .likeness = twin->likeness};
    queue_rows_free(&row);
    return 0;
}

/* Twins come in the order in which records were added, so one walk takes them out. */
static int refuse_seen(struct store *s, struct choosing *c, struct eval_plan *out, struct error *err)
{
    struct held_out_twin twin;
    size_t kept = 0, twins = held_out_count(c->held_out), at = 0;
    out->refused = arena_zalloc(&out->arena, twins + 1, sizeof *out->refused);
    bool more = held_out_next(c->held_out, &at, &twin);
    for (size_t i = 0; i < c->count; i++) {
        if (!more || twin.number != c->items[i].id) {
            c->items[kept++] = c->items[i];
            continue;
        }
        if (put_refusal(s, &twin, out, err) < 0)
            return -1;
        more = held_out_next(c->held_out, &at, &twin);
    }
    c->count = kept;
    return 0;
}

/* --- a limit --- */

/* For qsort. */
static int by_rank(const void *left, const void *right)
{
    return strcmp(((const struct chosen *)left)->rank, ((const struct chosen *)right)->rank);
}

static int by_id(const void *left, const void *right)
{
    int64_t a = ((const struct chosen *)left)->id, b = ((const struct chosen *)right)->id;
    return a < b ? -1 : a > b;
}

static void cut(struct choosing *c, size_t limit, struct eval_plan *out)
{
    if (!limit || c->count <= limit)
        return;
    out->over = (int64_t)(c->count - limit);
    qsort(c->items, c->count, sizeof *c->items, by_rank);
    c->count = limit;
    qsort(c->items, c->count, sizeof *c->items, by_id);
}

static int nothing(const struct eval_request *q, const struct eval_settings *l, const struct eval_plan *out, struct error *err)
{
    const char *among = l->where ? l->where : "the project";
    if (q->weigh)
        return error_set(err, ERR_ABSENT, "no rule to weigh: no record of %.200s cites one", among);
    if (out->n_refused)
        return error_set(err, ERR_ABSENT, "nothing to evaluate: training has seen all %zu records of %.200s (the first, %.60s, "
                                          "as %.60s)", out->n_refused, among, out->refused[0].key, out->refused[0].twin);
    if (out->without)
        return error_set(err, ERR_ABSENT, "nothing to evaluate: the %lld records of %.200s are of tasks without a grader; "
                                          "[task NAME] graders = ... in %s gives them one", (long long)out->without, among,
                         config_paths(l->config));
    return error_set(err, ERR_ABSENT, "nothing to evaluate: %.200s has no record%s", among,
                     out->no_prompt ? " with a prompt" : "; --split says which part is held out");
}

static int choose_all(struct store *s, const struct eval_request *q, const struct eval_settings *l, struct choosing *c,
                      struct eval_plan *out, struct error *err)
{
    int64_t *all = NULL;
    size_t count = 0;
    int result = loop_limit_ids(q->project, q->reviewer, l->where, &all, &count, err);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = look_at(s, l, q->weigh, all[i], c, out, err);
    mem_free(all);
    if (q->weigh) /* what a rule is worth is asked where it is cited, and that is where it was trained, too */
        return result;
    if (result == 0)
        result = read_sets(c, q, l, out, err);
    if (result == 0)
        result = refuse_seen(s, c, out, err);
    return result;
}

int eval_records(struct store *s, const struct eval_request *q, const struct eval_settings *l, struct eval_plan *out,
                 int64_t **ids, size_t *n, struct error *err)
{
    struct choosing c = {.held_out = held_out_new()};
    int result = choose_all(s, q, l, &c, out, err);
    *ids = NULL;
    *n = 0;
    if (result == 0 && !c.count)
        result = nothing(q, l, out, err);
    if (result == 0) {
        cut(&c, q->limit, out);
        *ids = mem_alloc((c.count + 1) * sizeof **ids);
        for (size_t i = 0; i < c.count; i++)
            (*ids)[i] = c.items[i].id;
        *n = c.count;
        out->records = (int64_t)c.count;
    }
    held_out_free(c.held_out);
    mem_free(c.items);
    return result;
}

void eval_plan_free(struct eval_plan *p)
{
    arena_free(&p->arena);
    *p = (struct eval_plan){0};
}
