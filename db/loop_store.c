/* Putting in what models made. loop_load.c takes it out, loop_select.c chooses what is to be done. */
#include "db/loop_store.h"

#include "base/clock.h"
#include "db/columns.h"
#include "db/spans.h"
#include "db/sql.h"
#include "db/texts.h"

static const struct provenance unknown = {0};

/* The record's current revision and number of rounds; ERR_ABSENT when there is no such record. */
static int find_record(struct store *s, int64_t record, int64_t *revision, int64_t *rounds, struct error *err)
{
    sqlite3_stmt *st = sql(s, err, "SELECT revision, n_rounds FROM record WHERE id = ?", "i", record);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "there is no record number %lld", (long long)record);
    if (got < 0)
        return -1;
    *revision = sqlite3_column_int64(st, 0);
    *rounds = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return 0;
}

/* Every change of a record stands between the two: the search index leaves with the old words and enters with the
 * new, and the columns are computed again. */
static int open_record(struct store *s, int64_t record, int64_t *revision, int64_t *rounds, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    if (find_record(s, record, revision, rounds, err) == 0 && search_leave(s, record, err) == 0)
        return 0;
    store_rollback(s);
    return -1;
}

static int close_record(struct store *s, int64_t record, int result, struct error *err)
{
    if (result == 0)
        result = columns_derive(s, record, err);
    if (result == 0)
        result = search_enter(s, record, err);
    return store_end(s, result, err);
}

/* Hinges follow from y0, y* and what the grader said of them; the review counts them again. */
static int forget_hinges(struct store *s, int64_t record, struct error *err)
{
    return sql_run(s, err, "UPDATE record SET n_hinges = NULL WHERE id = ? AND n_hinges IS NOT NULL", "i", record);
}

/* A text, or 0 for NULL. */
static int put_text(struct store *s, const char *text, int64_t *id, struct error *err)
{
    struct slice body = slice_of(text);
    *id = 0;
    return text ? text_put(s, body.at, body.len, id, err) : 0;
}

/* --- outputs --- */

static int refuse_second(struct store *s, int64_t record, int64_t revision, enum output_kind kind, int round,
                         int sample, struct error *err)
{
    int64_t there;
    int got = sql_one(s, err, &there,
                      "SELECT id FROM output WHERE record = ? AND revision = ? AND kind = ? AND round = ? AND sample "
                      "= ?",
                      "iiiii", record, revision, (int64_t)kind, (int64_t)round, (int64_t)sample);
    if (got == 0)
        return 0;
    return got < 0 ? -1
                   : error_set(err, ERR_CONFLICT, "record number %lld has y%d already%s", (long long)record, round,
                               kind == OUTPUT_Y0 ? " (of that sample)" : "");
}

static int insert_output(struct store *s, int64_t record, int64_t revision, enum output_kind kind, int round,
                         int sample, struct slice text, const struct provenance *from, int64_t *output,
                         struct error *err)
{
    int64_t body;
    if (text_put(s, text.at ? text.at : "", text.len, &body, err) < 0 ||
        sql_run(s, err,
                "INSERT INTO output (record, revision, kind, round, sample, text, created, model, endpoint, "
                "prompt_hash, parameters, call, tokens_in, tokens_out, milliseconds, job) VALUES (?, ?, ?, ?, ?, ?, "
                "?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0), nullif(?, 0))",
                "iiiiiiizzzzziiii", record, revision, (int64_t)kind, (int64_t)round, (int64_t)sample, body,
                clock_now_ms(), from->model, from->endpoint, from->prompt_hash, from->parameters, from->call,
                from->tokens_in, from->tokens_out, from->milliseconds, from->job) < 0)
        return -1;
    *output = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int loop_store_add_output(struct store *s, int64_t record, enum output_kind kind, int round, int sample,
                          struct slice text, const struct provenance *from, int64_t *output, struct error *err)
{
    int64_t revision = 0, rounds = 0;
    *output = 0;
    if ((kind != OUTPUT_Y0 && kind != OUTPUT_ROUND) || (kind == OUTPUT_Y0) != (round == 0) || round < 0 || sample < 0)
        return error_set(err, ERR_INTERNAL, "an output of kind %d cannot be round %d, sample %d", (int)kind, round,
                         sample);
    if (open_record(s, record, &revision, &rounds, err) < 0)
        return -1;
    int result = refuse_second(s, record, revision, kind, round, sample, err);
    if (result == 0)
        result = insert_output(s, record, revision, kind, round, sample, text, from ? from : &unknown, output, err);
    if (result == 0 && sample == 0)
        result = forget_hinges(s, record, err);
    return close_record(s, record, result, err);
}

/* --- verdicts --- */

/* The newest that can count does: the one before it stays and counts no more. */
static int count_instead(struct store *s, int64_t output, const struct new_verdict *v, struct error *err)
{
    if (v->part || v->fault)
        return 0;
    return sql_run(s, err, "UPDATE verdict SET counts = 0 WHERE output = ? AND counts", "i", output);
}

static int insert_verdict(struct store *s, int64_t record, int64_t revision, int64_t output,
                          const struct new_verdict *v, const struct provenance *from, struct error *err)
{
    struct str spans = {0};
    int64_t rationale, raw = 0;
    if (v->spans)
        spans_print(&spans, v->spans, v->n_spans);
    int result = put_text(s, v->rationale, &rationale, err);
    if (result == 0 && v->fault)
        result = put_text(s, v->raw, &raw, err);
    if (result == 0)
        result = sql_run(
            s, err,
            "INSERT INTO verdict (record, revision, output, counts, part, score, score_max, normalised, rationale, "
            "spans, samples, spread, fault, raw, created, grader, model, endpoint, prompt_hash, parameters, call, "
            "tokens_in, tokens_out, milliseconds, job) VALUES (?1, ?2, ?3, ?4, ?5, CASE WHEN ?6 THEN ?7 END, CASE WHEN "
            "?6 THEN ?8 END, CASE WHEN ?6 THEN ?9 END, nullif(?10, 0), ?11, ?12, CASE WHEN ?12 > 1 THEN ?13 END, ?14, "
            "nullif(?15, 0), ?16, ?17, ?18, ?19, ?20, ?21, ?22, nullif(?23, 0), nullif(?24, 0), nullif(?25, 0), "
            "nullif(?26, 0))",
            "iiiiiidddizidziizzzzzziiii", record, revision, output, (int64_t)(!v->part && !v->fault),
            (int64_t)v->part, (int64_t)v->has_score, v->score, v->score_max, v->normalised, rationale, spans.at,
            (int64_t)(v->samples > 1 ? v->samples : 1), v->spread, v->fault, raw, clock_now_ms(), v->grader,
            from->model, from->endpoint, from->prompt_hash, from->parameters, from->call, from->tokens_in,
            from->tokens_out, from->milliseconds, from->job);
    str_free(&spans);
    return result;
}

/* An output of the record as it is now: what was made of an older revision is not graded any more. */
static int find_output(struct store *s, int64_t record, int64_t revision, int64_t output, struct error *err)
{
    int64_t there;
    int got = sql_one(s, err, &there, "SELECT 1 FROM output WHERE id = ? AND record = ? AND revision = ?", "iii",
                      output, record, revision);
    return got == 1  ? 0
           : got < 0 ? -1
                     : error_set(err, ERR_CONFLICT,
                                 "record number %lld has no output number %lld (any more): it was imported again",
                                 (long long)record, (long long)output);
}

int loop_store_add_verdict(struct store *s, int64_t record, int64_t output, const struct new_verdict *v,
                           const struct provenance *from, int64_t *verdict, struct error *err)
{
    int64_t revision = 0, rounds = 0;
    *verdict = 0;
    if (open_record(s, record, &revision, &rounds, err) < 0)
        return -1;
    int result = find_output(s, record, revision, output, err);
    if (result == 0)
        result = count_instead(s, output, v, err);
    if (result == 0)
        result = insert_verdict(s, record, revision, output, v, from ? from : &unknown, err);
    if (result == 0) {
        *verdict = sqlite3_last_insert_rowid(s->db);
        if (!v->part && !v->fault)
            result = forget_hinges(s, record, err);
    }
    return close_record(s, record, result, err);
}

/* --- y* --- */

/* A row of its own with the words and origin of the output, so that it comes out as an imported one does. */
static int copy_as_y_star(struct store *s, int64_t record, int64_t rounds, int64_t output, struct error *err)
{
    int64_t body;
    if (sql_run(s, err, "INSERT INTO text (body) SELECT t.body FROM output o JOIN text t ON t.id = o.text WHERE o.id = ?",
                "i", output) < 0)
        return -1;
    body = sqlite3_last_insert_rowid(s->db);
    return sql_run(s, err,
                   "INSERT INTO output (record, revision, kind, round, text, created, model, endpoint, prompt_hash, "
                   "parameters, call, tokens_in, tokens_out, milliseconds, job) SELECT record, revision, 2, ?2, ?3, ?4, "
                   "model, endpoint, prompt_hash, parameters, call, tokens_in, tokens_out, milliseconds, job FROM "
                   "output WHERE id = ?1 AND record = ?5",
                   "iiiii", output, rounds + 1, body, clock_now_ms(), record);
}

int loop_store_set_y_star(struct store *s, int64_t record, int64_t output, struct error *err)
{
    int64_t revision = 0, rounds = 0;
    if (open_record(s, record, &revision, &rounds, err) < 0)
        return -1;
    int result = find_output(s, record, revision, output, err);
    if (result == 0)
        result = copy_as_y_star(s, record, rounds, output, err);
    if (result == 0)
        result = record_store_tag(s, record, TAG_IMPERFECT, false, err);
    if (result == 0)
        result = forget_hinges(s, record, err);
    return close_record(s, record, result, err);
}

int loop_store_mark_imperfect(struct store *s, int64_t record, struct error *err)
{
    return record_store_tag(s, record, TAG_IMPERFECT, true, err);
}

/* --- candidates --- */

int loop_store_add_candidate(struct store *s, int64_t record, struct slice mistake, struct slice guardrail,
                             int64_t rule, const struct provenance *from, int64_t *candidate, struct error *err)
{
    int64_t revision = 0, rounds = 0;
    const struct provenance *p = from ? from : &unknown;
    *candidate = 0;
    if (open_record(s, record, &revision, &rounds, err) < 0)
        return -1;
    int result = sql_run(s, err,
                         "INSERT INTO candidate (record, revision, mistake, guardrail, rule, created, model, endpoint, "
                         "prompt_hash, parameters, call, tokens_in, tokens_out, milliseconds, job) VALUES (?, ?, ?, ?, "
                         "nullif(?, 0), ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0), nullif(?, 0))",
                         "iissiizzzzziiii", record, revision, mistake, guardrail, rule, clock_now_ms(), p->model,
                         p->endpoint, p->prompt_hash, p->parameters, p->call, p->tokens_in, p->tokens_out,
                         p->milliseconds, p->job);
    if (result == 0)
        *candidate = sqlite3_last_insert_rowid(s->db);
    return close_record(s, record, result, err);
}
