#include "db/call_store.h"

#include "base/clock.h"
#include "db/sql.h"
#include "db/texts.h"

/* -1 where the number is not known. */
static int64_t known_int(sqlite3_stmt *st, int column)
{
    return sql_is_null(st, column) ? -1 : sqlite3_column_int64(st, column);
}

static void read_call(struct arena *a, sqlite3_stmt *st, struct stored_call *out)
{
    *out = (struct stored_call){
        .hash = sql_strdup(a, st, 0),
        .endpoint = sql_strdup(a, st, 1),
        .model = sql_strdup(a, st, 2),
        .step = sql_strdup(a, st, 3),
        .prompt_hash = sql_strdup(a, st, 4),
        .parameters = sql_strdup(a, st, 5),
        .text = sql_strdup(a, st, 6),
        .finish = sql_strdup(a, st, 7),
        .tokens_in = known_int(st, 8),
        .tokens_out = known_int(st, 9),
        .tokens_cached = known_int(st, 10),
        .cost = sql_is_null(st, 11) ? -1 : sqlite3_column_double(st, 11),
        .milliseconds = sqlite3_column_int64(st, 12),
        .created = sqlite3_column_int64(st, 13),
        .job = sqlite3_column_int64(st, 14),
        .record = sqlite3_column_int64(st, 15),
        .attempts = sqlite3_column_int(st, 16),
    };
}

int call_store_find(struct store *s, const char *hash, struct stored_call *out, struct arena *a, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT c.hash, c.endpoint, c.model, c.step, c.prompt_hash, c.parameters, t.body, c.finish, "
                           "c.tokens_in, c.tokens_out, c.tokens_cached, c.cost, c.milliseconds, c.created, c.job, "
                           "c.record, c.attempts FROM call c LEFT JOIN text t ON t.id = c.text WHERE c.hash = ?",
                           "z", hash);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 1) {
        read_call(a, st, out);
        sqlite3_reset(st);
    }
    return got;
}

static int put(struct store *s, const struct stored_call *c, struct error *err)
{
    struct slice reply = slice_of(c->text);
    int64_t there, text = 0;
    int got = sql_one(s, err, &there, "SELECT id FROM call WHERE hash = ?", "z", c->hash);
    if (got != 0)
        return got < 0 ? -1 : 0;
    if (c->text && text_put(s, reply.at, reply.len, &text, err) < 0)
        return -1;
    return sql_run(s, err,
                   "INSERT INTO call (hash, endpoint, model, step, prompt_hash, parameters, text, finish, tokens_in, "
                   "tokens_out, tokens_cached, cost, milliseconds, attempts, job, record, created) VALUES (?1, ?2, ?3, "
                   "?4, ?5, ?6, nullif(?7, 0), ?8, nullif(?9, -1), nullif(?10, -1), nullif(?11, -1), CASE WHEN ?12 >= 0 "
                   "THEN ?12 END, ?13, ?14, nullif(?15, 0), nullif(?16, 0), ?17)",
                   "zzzzzziziiidiiiii", c->hash, c->endpoint, c->model, c->step, c->prompt_hash, c->parameters, text,
                   c->finish, c->tokens_in, c->tokens_out, c->tokens_cached, c->cost, c->milliseconds,
                   (int64_t)c->attempts, c->job, c->record, c->created ? c->created : clock_now_ms());
}

int call_store_put(struct store *s, const struct stored_call *c, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, put(s, c, err), err);
}

static int read_sum(struct store *s, sqlite3_stmt *st, struct call_sum *out, struct error *err)
{
    *out = (struct call_sum){0};
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    *out = (struct call_sum){
        .calls = sqlite3_column_int64(st, 0),
        .tokens_in = sqlite3_column_int64(st, 1),
        .tokens_out = sqlite3_column_int64(st, 2),
        .tokens_cached = sqlite3_column_int64(st, 3),
        .cost = sqlite3_column_double(st, 4),
        .without_price = sqlite3_column_int64(st, 5),
    };
    sqlite3_reset(st);
    return 0;
}

#define SUMS \
    "SELECT count(*), coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), coalesce(sum(tokens_cached), 0), " \
    "coalesce(sum(cost), 0), count(*) - count(cost) FROM call "

int call_store_sum(struct store *s, int64_t job, struct call_sum *out, struct error *err)
{
    return read_sum(s, job ? sql(s, err, SUMS "WHERE job = ?", "i", job) : sql(s, err, SUMS, ""), out, err);
}

/* The latest thousand calls say what the next will be; those without counts say nothing. */
int call_store_mean(struct store *s, const char *step, const char *endpoint, struct call_sum *out, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            "SELECT count(*), coalesce(avg(tokens_in), 0), coalesce(avg(tokens_out), 0), coalesce(avg(tokens_cached), 0), "
            "coalesce(avg(cost), 0), count(*) - count(cost) FROM (SELECT * FROM call WHERE step = ? AND endpoint = ? AND "
            "tokens_out IS NOT NULL ORDER BY id DESC LIMIT 1000)",
            "zz", step, endpoint);
    return read_sum(s, st, out, err);
}
