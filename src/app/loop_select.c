/* Which records a request means: those under its limit that need the step. */
#include "app/limit_plan.h"
#include "app/loop_settings.h"
#include "base/array.h"
#include "base/mem.h"

enum { WINDOW = 1000 };

struct ids {
    int64_t *items;
    size_t count, cap;
};

static int read_windows(struct store *s, const struct queue_query *q, struct ids *out, struct error *err)
{
    for (int64_t from = 0;;) {
        struct queue_rows rows = {0};
        if (queue_store_window(s, q, from, false, WINDOW, &rows, err) < 0)
            return -1;
        out->items = array_reserve(out->items, &out->cap, out->count + rows.count + 1, sizeof *out->items);
        for (size_t i = 0; i < rows.count; i++)
            out->items[out->count++] = from = rows.items[i].id;
        bool more = rows.count == WINDOW;
        queue_rows_free(&rows);
        if (!more)
            return 0;
    }
}

/* The records a limit lets through, patterns looked for to the end. */
static int read_limit(const char *project, const char *reviewer, const char *where, struct ids *out, struct error *err)
{
    struct session_options options = {.project = project, .reviewer = reviewer, .read_only = true};
    struct session *session = session_open(&options, err);
    struct limit_plan *plan =
        session ? limit_plan_new(session, slice_of(where), SORT_IMPORT, false, NULL, err) : NULL;
    int result = plan ? 0 : -1;
    while (result == 0 && limit_plan_searching(plan)) {
        bool grew;
        result = limit_plan_step(plan, WINDOW, &grew, err);
    }
    if (result == 0)
        result = read_windows(session_store(session), limit_plan_query(plan), out, err);
    limit_plan_free(plan);
    session_close(session);
    return result;
}

int loop_limit_ids(const char *project, const char *reviewer, const char *where, int64_t **ids, size_t *n,
                   struct error *err)
{
    struct ids found = {0};
    int result = read_limit(project, reviewer, where ? where : "", &found, err);
    if (result < 0) {
        mem_free(found.items);
        return -1;
    }
    *ids = found.items;
    *n = found.count;
    return 0;
}

/* Leaves out records whose task has no grader, where the step needs one; *without counts them. */
static int leave_ungraded(struct store *s, const struct loop_settings *l, int64_t *ids, size_t *n, size_t *without,
                          struct error *err)
{
    size_t kept = 0;
    bool needed = l->step->which == LOOP_GRADE || l->step->which == LOOP_REFINE;
    *without = 0;
    if (!needed || task_graders_find(l->o.tasks, l->o.n_tasks, NULL)) /* [task *]: every task has one */
        return 0;
    for (size_t i = 0; i < *n; i++) {
        struct queue_rows row = {0};
        if (queue_store_row(s, ids[i], &row, err) < 0)
            return -1;
        if (task_graders_find(l->o.tasks, l->o.n_tasks, row.items[0].task))
            ids[kept++] = ids[i];
        queue_rows_free(&row);
    }
    *without = *n - kept;
    *n = kept;
    return 0;
}

static int nothing(const struct loop_settings *l, size_t busy, size_t without,
                   struct error *err)
{
    static const char *const need[LOOP_STEPS] = {
        [LOOP_GENERATE] = "every record has its y0",
        [LOOP_GRADE] = "no record has a y0 without a verdict",
        [LOOP_REFINE] = "no record has a graded y0 and no y*",
        [LOOP_DISTILL] = "no undecided record has a rationale, a y* and no candidate",
    };
    const char *among = l->where ? " under the limit" : "";
    if (without)
        return error_set(err, ERR_ABSENT, "nothing to %s%s: the %zu records that need it are of tasks without a grader; "
                                          "[task NAME] graders = ... in %s gives them one",
                         l->step->name, among, without, config_paths(l->config));
    if (busy)
        return error_set(err, ERR_ABSENT, "nothing to %s%s: another job has the %zu that need it", l->step->name, among, busy);
    return error_set(err, ERR_ABSENT, "nothing to %s%s: %s", l->step->name, among, need[l->step->which]);
}

int loop_select(struct store *s, const struct loop_request *q, const struct loop_settings *l, int64_t **ids, size_t *n,
                size_t *busy, size_t *without, struct error *err)
{
    struct ids within = {0};
    bool limited = l->where != NULL;
    *ids = NULL;
    *n = 0;
    *busy = 0;
    *without = 0;
    if (limited && read_limit(q->project, q->reviewer, l->where, &within, err) < 0) {
        mem_free(within.items);
        return -1;
    }
    int result = loop_store_select(s, l->step->which, q->again, limited ? within.items : NULL, within.count, q->limit,
                                   ids, n, busy, err);
    mem_free(within.items);
    if (result == 0)
        result = leave_ungraded(s, l, *ids, n, without, err);
    if (result == 0 && *n == 0)
        result = nothing(l, *busy, *without, err);
    return result;
}
