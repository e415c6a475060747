/* Evals themselves: made, taken up, finished, listed. Their items are in eval_items.c and eval_pairs.c. */
#include "db/eval_store.h"

#include <math.h>

#include "base/array.h"
#include "base/clock.h"
#include "db/eval_parts.h"
#include "db/sql.h"

const char *eval_state_name(enum eval_state state)
{
    static const char *const names[EVAL_STATES] = {"waiting", "running", "stopped", "done"};
    return names[state];
}

void evals_free(struct evals *e)
{
    arena_free(&e->arena);
    *e = (struct evals){0};
}

/* --- making --- */

static int insert(struct store *s, const struct eval *e, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO eval (identity, kind, name, run_uuid, run_name, run_folder, method, step, examples, seed, "
                   "base_model, adapter, adapter_hash, endpoint, think, split, graders, max_tokens, sampling, snapshot, "
                   "created) VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, -1), nullif(?, -1), nullif(?, -1), ?, ?, ?, ?, ?, ?, "
                   "coalesce(?, '[]'), ?, coalesce(?, '{}'), ?, ?)",
                   "zizzzzziiizzzzizzizzi", e->identity, (int64_t)e->kind, e->name, e->run_uuid, e->run_name,
                   e->run_folder, e->method, e->step, e->examples, e->seed, e->base_model, e->adapter, e->adapter_hash,
                   e->endpoint, (int64_t)e->think, e->split, e->graders, e->max_tokens, e->sampling, e->snapshot,
                   clock_now_ms());
}

int eval_store_put(struct store *s, const struct eval *e, int64_t *id, bool *made, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int got = sql_one(s, err, id, "SELECT id FROM eval WHERE identity = ?", "z", e->identity);
    int result = got < 0 ? -1 : 0;
    if (got == 0) {
        result = insert(s, e, err);
        *id = result == 0 ? sqlite3_last_insert_rowid(s->db) : 0;
    }
    if (made)
        *made = got == 0;
    return store_end(s, result, err);
}

int eval_store_find(struct store *s, const char *identity, int64_t *id, struct error *err)
{
    return sql_one(s, err, id, "SELECT id FROM eval WHERE identity = ?", "z", identity);
}

int eval_store_begin(struct store *s, int64_t eval, int64_t job, int64_t planned, struct error *err)
{
    return sql_run(s, err, "UPDATE eval SET job = nullif(?2, 0), planned = max(?3, (SELECT count(*) FROM eval_item WHERE eval = ?1)), "
                   "finished = NULL WHERE id = ?1",
                   "iii", eval, job, planned);
}

int eval_store_finish(struct store *s, int64_t eval, struct error *err)
{
    return sql_run(s, err, "UPDATE eval SET finished = ?2 WHERE id = ?1", "ii", eval, clock_now_ms());
}

/* --- deleting --- */

static int refuse_unfinished(struct store *s, int64_t eval, struct error *err)
{
    int64_t state = 0;
    int got = sql_one(s, err, &state, "SELECT j.state FROM eval e JOIN job j ON j.id = e.job WHERE e.id = ?", "i", eval);
    if (got == 1 && state < 2)
        return error_set(err, ERR_CONFLICT, "eval %lld is being made: cancel its job first", (long long)eval);
    return got < 0 ? -1 : 0;
}

static int delete_all(struct store *s, int64_t eval, struct error *err)
{
    static const char *const statements[] = {
        "DELETE FROM eval_item WHERE eval = ?1",   "DELETE FROM eval_refused WHERE eval = ?1",
        "DELETE FROM eval_nats WHERE eval = ?1",   "DELETE FROM rule_worth WHERE eval = ?1",
        "DELETE FROM rule_broken WHERE eval = ?1", "DELETE FROM eval_return WHERE eval = ?1",
        "DELETE FROM eval WHERE id = ?1",
    };
    /* A text goes before the row that names it. */
    int result = sql_run(s, err, "PRAGMA defer_foreign_keys = ON", "");
    if (result == 0)
        result = sql_run(s, err,
                         "DELETE FROM text WHERE id IN (SELECT output FROM eval_item WHERE eval = ?1 UNION ALL SELECT "
                         "thought FROM eval_item WHERE eval = ?1 UNION ALL SELECT rationale FROM eval_item WHERE eval = ?1 "
                         "UNION ALL SELECT parts FROM eval_item WHERE eval = ?1 UNION ALL SELECT detail FROM eval_nats "
                         "WHERE eval = ?1)",
                         "i", eval);
    for (size_t i = 0; result == 0 && i < sizeof statements / sizeof *statements; i++)
        result = sql_run(s, err, statements[i], "i", eval);
    return result;
}

int eval_store_delete(struct store *s, int64_t eval, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int result = refuse_unfinished(s, eval, err);
    if (result == 0)
        result = delete_all(s, eval, err);
    return store_end(s, result, err);
}

/* --- reading --- */

/* An eval with what its job and its items say of it. */
#define SELECT_EVALS \
    "SELECT e.id, e.kind, e.identity, e.name, e.run_uuid, e.run_name, e.run_folder, e.method, e.step, e.examples, e.seed, " \
    "e.base_model, e.adapter, e.adapter_hash, e.endpoint, e.think, e.split, e.graders, e.max_tokens, e.sampling, " \
    "e.snapshot, e.planned, e.refused, e.created, e.finished, e.job, j.state, j.lease, j.said, i.n, i.failed, i.perfect, " \
    "i.s1, i.s2, i.tokens FROM eval e LEFT JOIN job j ON j.id = e.job LEFT JOIN (SELECT count(normalised) AS n, count(*) " \
    "- count(normalised) AS failed, sum(normalised >= 1) AS perfect, sum(normalised) AS s1, sum(normalised * normalised) " \
    "AS s2, sum(tokens_out) AS tokens, eval FROM eval_item GROUP BY eval) i ON i.eval = e.id "

double eval_spread(int64_t n, double sum, double squares)
{
    if (n < 2)
        return 0;
    double rest = squares - sum * sum / (double)n;
    return rest > 0 ? sqrt(rest / (double)(n - 1)) : 0;
}

static enum eval_state state_of(sqlite3_stmt *st, int64_t now)
{
    if (!sql_is_null(st, 24))
        return EVAL_DONE;
    int job = sql_is_null(st, 26) ? -1 : sqlite3_column_int(st, 26);
    if (job == 0 || (job < 0 && sql_is_null(st, 25)))
        return EVAL_WAITING;
    return job == 1 && sqlite3_column_int64(st, 27) > now ? EVAL_RUNNING : EVAL_STOPPED;
}

static int64_t or_none(sqlite3_stmt *st, int column)
{
    return sql_is_null(st, column) ? -1 : sqlite3_column_int64(st, column);
}

static void read_sums(sqlite3_stmt *st, struct eval *e)
{
    double sum = sqlite3_column_double(st, 32), squares = sqlite3_column_double(st, 33);
    e->n = sqlite3_column_int64(st, 29);
    e->failed = sqlite3_column_int64(st, 30);
    e->perfect = sqlite3_column_int64(st, 31);
    e->mean = e->n ? sum / (double)e->n : 0;
    e->spread = eval_spread(e->n, sum, squares);
    e->tokens_out = sqlite3_column_int64(st, 34);
}

static void read_eval(struct arena *a, sqlite3_stmt *st, int64_t now, struct eval *e)
{
    *e = (struct eval){
        .id = sqlite3_column_int64(st, 0),
        .kind = (enum eval_kind)sqlite3_column_int(st, 1),
        .state = state_of(st, now),
        .identity = sql_strdup(a, st, 2),
        .name = sql_strdup(a, st, 3),
        .run_uuid = sql_strdup(a, st, 4),
        .run_name = sql_strdup(a, st, 5),
        .run_folder = sql_strdup(a, st, 6),
        .method = sql_strdup(a, st, 7),
        .step = or_none(st, 8),
        .examples = or_none(st, 9),
        .seed = or_none(st, 10),
        .base_model = sql_strdup(a, st, 11),
        .adapter = sql_strdup(a, st, 12),
        .adapter_hash = sql_strdup(a, st, 13),
        .endpoint = sql_strdup(a, st, 14),
        .think = sqlite3_column_int(st, 15),
        .split = sql_strdup(a, st, 16),
        .graders = sql_strdup(a, st, 17),
        .max_tokens = sqlite3_column_int64(st, 18),
        .sampling = sql_strdup(a, st, 19),
        .snapshot = sql_strdup(a, st, 20),
        .planned = sqlite3_column_int64(st, 21),
        .refused = sqlite3_column_int64(st, 22),
        .created = sqlite3_column_int64(st, 23),
        .finished = sqlite3_column_int64(st, 24),
        .job = sqlite3_column_int64(st, 25),
        .said = sql_is_null(st, 28) ? "" : sql_strdup(a, st, 28),
    };
    read_sums(st, e);
}

static int read_evals(struct store *s, sqlite3_stmt *st, struct evals *out, struct error *err)
{
    struct eval *list = NULL;
    size_t count = 0, cap = 0;
    int64_t now = clock_now_ms();
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        list = array_reserve(list, &cap, count + 1, sizeof *list);
        read_eval(&out->arena, st, now, &list[count++]);
    }
    out->count = count;
    out->items = arena_take(&out->arena, list, count, sizeof *list);
    return got;
}

int eval_store_list(struct store *s, const struct eval_filter *f, struct evals *out, struct error *err)
{
    static const struct eval_filter every = {.any_kind = true};
    if (!f)
        f = &every;
    return read_evals(s,
                      sql(s, err,
                          SELECT_EVALS "WHERE (?1 < 0 OR e.kind = ?1) AND (?2 IS NULL OR e.run_uuid = ?2) AND (?3 IS NULL "
                                       "OR e.split = ?3) AND (?4 = 0 OR e.job = ?4) ORDER BY e.id DESC",
                          "izzi", f->any_kind ? (int64_t)-1 : (int64_t)f->kind, f->run_uuid, f->split, f->job),
                      out, err);
}

int eval_store_get(struct store *s, int64_t id, struct evals *out, struct error *err)
{
    if (read_evals(s, sql(s, err, SELECT_EVALS "WHERE e.id = ?", "i", id), out, err) < 0)
        return -1;
    return out->count ? 0 : error_set(err, ERR_ABSENT, "there is no eval %lld", (long long)id);
}

/* The base's evals belong to every curve of a run on that base: it is what a run is before its first step. */
int eval_store_curve(struct store *s, const char *run_uuid, struct evals *out, struct error *err)
{
    return read_evals(
        s,
        sql(s, err,
            SELECT_EVALS "WHERE e.kind = 0 AND i.n > 0 AND (e.run_uuid = ?1 OR e.run_uuid IS NULL AND e.adapter IS NULL AND "
                         "EXISTS (SELECT 1 FROM eval o WHERE o.run_uuid = ?1 AND o.kind = 0 AND o.base_model = "
                         "e.base_model AND o.split IS e.split AND o.think = e.think AND o.graders = e.graders AND "
                         "o.max_tokens = e.max_tokens AND o.sampling = e.sampling)) ORDER BY e.think, e.split, "
                         "coalesce(e.step, 0), e.id",
            "z", run_uuid),
        out, err);
}
