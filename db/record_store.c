/* Putting records in. What comes out again is in record_load.c. */
#include "db/record_store.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "db/queue_store.h"
#include "db/spans.h"
#include "db/sql.h"
#include "db/texts.h"

/* What is known of a record before a put. */
struct known {
    int64_t id; /* 0: new */
    int64_t revision;
    bool same;
};

/* Blanks do not make a new revision: the hash is of the record as it is printed. */
static void hash_record(const struct record *r, char out[SHA256_HEX + 1])
{
    struct str text = {0};
    record_print(&text, r);
    sha256_hex(str_slice(&text), out);
    str_free(&text);
}

static int look_up(struct store *s, const char *key, const char *hash, struct known *out,
                   struct error *err)
{
    *out = (struct known){0};
    sqlite3_stmt *st = sql(s, err,
                           "SELECT r.id, r.revision, v.hash = ?2 FROM record r JOIN "
                           "record_revision v ON v.record = r.id AND v.revision = r.revision WHERE "
                           "r.key = ?1",
                           "zz", key, hash);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    *out = (struct known){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                          sqlite3_column_int(st, 2)};
    sqlite3_reset(st);
    return 0;
}

static int task_id(struct store *s, const char *name, int64_t *id, struct error *err)
{
    *id = 0;
    if (!name)
        return 0;
    int got = sql_one(s, err, id, "SELECT id FROM task WHERE name = ?", "z", name);
    if (got != 0)
        return got < 0 ? -1 : 0;
    if (sql_run(s, err, "INSERT INTO task (name) VALUES (?)", "z", name) < 0)
        return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* The line the queue shows while no rule is cited: the candidate's guardrail, else the
 * rationale. */
static void candidate_line(struct str *out, const struct record *r)
{
    const char *text = r->rule.guardrail ? r->rule.guardrail
                       : r->rule.mistake ? r->rule.mistake
                                         : r->rationale;
    for (size_t i = 0; !text && i < r->n_rounds; i++)
        text = r->rounds[i].rationale;
    struct slice line = slice_trim(slice_of(text));
    line = slice_sub(line, 0, utf8_offset(line, QUEUE_HEADLINE));
    for (size_t i = 0; i < line.len; i++)
        str_addc(out,
                 line.at[i] == '\n' || line.at[i] == '\r' || line.at[i] == '\t' ? ' ' : line.at[i]);
}

static double share(const struct record *r)
{
    return r->has_score_max && r->score_max != 0 ? r->score / r->score_max : r->score;
}

/* The columns both statements of put_row set, in the order of its values. */
static int put_row(struct store *s, const struct record *r, struct known *k, struct error *err)
{
    static const char insert[] =
        "INSERT INTO record (key, task, split, revision, score, score_max, score_share, n_rounds, "
        "candidate_line, headline) VALUES (?1, nullif(?2, 0), ?3, ?4, CASE WHEN ?5 THEN ?6 END, "
        "CASE WHEN ?7 THEN ?8 END, CASE WHEN ?5 THEN ?9 END, ?10, ?11, ?11)";
    static const char update[] = "UPDATE record SET task = nullif(?2, 0), split = ?3, revision = "
                                 "?4, score = CASE WHEN ?5 THEN ?6 END, score_max = CASE WHEN ?7 "
                                 "THEN ?8 END, score_share = CASE WHEN ?5 THEN ?9 END, n_rounds = "
                                 "?10, candidate_line = ?11, n_hinges = NULL, headline = CASE WHEN "
                                 "rule IS NULL THEN ?11 ELSE headline END WHERE key = ?1";
    int64_t task;
    if (task_id(s, r->task, &task, err) < 0)
        return -1;
    struct str line = {0};
    candidate_line(&line, r);
    int result = sql_run(s, err, k->id ? update : insert, "ziziididdis", r->id, task, r->split,
                         k->revision, (int64_t)r->has_score, r->score, (int64_t)r->has_score_max,
                         r->score_max, share(r), (int64_t)r->n_rounds, str_slice(&line));
    str_free(&line);
    if (result == 0 && !k->id)
        k->id = sqlite3_last_insert_rowid(s->db);
    return result;
}

/* Where a piece of the record belongs. */
struct place {
    int64_t record, revision, now;
};

static int put_revision(struct store *s, const struct record *r, const struct place *at,
                        const char *hash, const char *source, int64_t line, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO record_revision (record, revision, hash, chat, meta, extra, keys, "
                   "source, line, imported) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "iizizzzzii", at->record, at->revision, hash, (int64_t)r->prompt.chat, r->meta,
                   r->extra, r->keys, source, line, at->now);
}

static int put_prompt(struct store *s, const struct prompt *p, const struct place *at,
                      struct error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct message *m = &p->messages[i];
        int64_t text;
        if (text_put(s, m->content, strlen(m->content), &text, err) < 0 ||
            sql_run(s, err,
                    "INSERT INTO message (record, revision, place, role, text) VALUES (?, ?, ?, ?, "
                    "?)",
                    "iiizi", at->record, at->revision, (int64_t)i, m->role, text) < 0)
            return -1;
    }
    return 0;
}

static int put_output(struct store *s, const char *body, enum output_kind kind, size_t round,
                      const struct place *at, int64_t *id, struct error *err)
{
    int64_t text;
    *id = 0;
    if (!body)
        return 0;
    if (text_put(s, body, strlen(body), &text, err) < 0 ||
        sql_run(s, err,
                "INSERT INTO output (record, revision, kind, round, text, created) VALUES (?, ?, "
                "?, ?, ?, ?)",
                "iiiiii", at->record, at->revision, (int64_t)kind, (int64_t)round, text,
                at->now) < 0)
        return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* A grader's words on one output; what is absent is NULL. */
struct grade {
    int64_t output;
    bool has_score, has_score_max;
    double score, score_max;
    const char *rationale;
    const char *spans; /* JSON */
};

static int put_verdict(struct store *s, const struct grade *g, const struct place *at,
                       struct error *err)
{
    if (!g->has_score && !g->has_score_max && !g->rationale && !g->spans)
        return 0;
    int64_t text = 0;
    if (g->rationale && text_put(s, g->rationale, strlen(g->rationale), &text, err) < 0)
        return -1;
    return sql_run(s, err,
                   "INSERT INTO verdict (record, revision, output, score, score_max, rationale, "
                   "spans, created) VALUES (?, ?, nullif(?, 0), CASE WHEN ? THEN ? END, CASE WHEN "
                   "? THEN ? END, nullif(?, 0), ?, ?)",
                   "iiiididizi", at->record, at->revision, g->output, (int64_t)g->has_score,
                   g->score, (int64_t)g->has_score_max, g->score_max, text, g->spans, at->now);
}

static int put_y0(struct store *s, const struct record *r, const struct place *at,
                  struct error *err)
{
    struct grade g = {.has_score = r->has_score,
                      .score = r->score,
                      .has_score_max = r->has_score_max,
                      .score_max = r->score_max,
                      .rationale = r->rationale};
    if (put_output(s, r->y0, OUTPUT_Y0, 0, at, &g.output, err) < 0)
        return -1;
    struct str spans = {0};
    if (r->spans) { /* an empty list comes back as one */
        spans_print(&spans, r->spans, r->n_spans);
        g.spans = spans.at;
    }
    int result = put_verdict(s, &g, at, err);
    str_free(&spans);
    return result;
}

static int put_rounds(struct store *s, const struct record *r, const struct place *at,
                      struct error *err)
{
    for (size_t i = 0; i < r->n_rounds; i++) {
        const struct round *round = &r->rounds[i];
        struct grade g = {.has_score = round->has_score, .score = round->score,
                          .has_score_max = round->has_score && r->has_score_max,
                          .score_max = r->score_max, .rationale = round->rationale};
        if (put_output(s, round->output, OUTPUT_ROUND, i + 1, at, &g.output, err) < 0 ||
            put_verdict(s, &g, at, err) < 0)
            return -1;
    }
    int64_t id;
    return put_output(s, r->y_star, OUTPUT_Y_STAR, r->n_rounds + 1, at, &id, err);
}

static int put_candidate(struct store *s, const struct record *r, const struct place *at,
                         struct error *err)
{
    if (!r->rule.mistake && !r->rule.guardrail)
        return 0;
    return sql_run(s, err,
                   "INSERT INTO candidate (record, revision, mistake, guardrail, created) VALUES "
                   "(?, ?, ?, ?, ?)",
                   "iizzi", at->record, at->revision, r->rule.mistake, r->rule.guardrail, at->now);
}

static int put_all(struct store *s, const struct record *r, struct known *k, const char *hash,
                   const char *source, int64_t line, struct error *err)
{
    if (k->id && search_leave(s, k->id, err) < 0)
        return -1;
    k->revision++;
    if (put_row(s, r, k, err) < 0)
        return -1;
    struct place at = {k->id, k->revision, clock_now_ms()};
    if (put_revision(s, r, &at, hash, source, line, err) < 0 ||
        put_prompt(s, &r->prompt, &at, err) < 0 || put_y0(s, r, &at, err) < 0 ||
        put_rounds(s, r, &at, err) < 0 || put_candidate(s, r, &at, err) < 0)
        return -1;
    return search_enter(s, k->id, err);
}

int record_store_put(struct store *s, const struct record *r, const char *source, int64_t line,
                     enum record_put *what, int64_t *id, struct error *err)
{
    char hash[SHA256_HEX + 1];
    struct known k;
    hash_record(r, hash);
    if (store_begin(s, err) < 0)
        return -1;
    int result = look_up(s, r->id, hash, &k, err);
    *what = !k.id ? RECORD_ADDED : k.same ? RECORD_UNCHANGED : RECORD_UPDATED;
    if (result == 0 && *what != RECORD_UNCHANGED)
        result = put_all(s, r, &k, hash, source, line, err);
    *id = k.id;
    return store_end(s, result, err);
}

int record_store_would_put(struct store *s, const struct record *r, enum record_put *what,
                           struct error *err)
{
    char hash[SHA256_HEX + 1];
    struct known k;
    hash_record(r, hash);
    if (look_up(s, r->id, hash, &k, err) < 0)
        return -1;
    *what = !k.id ? RECORD_ADDED : k.same ? RECORD_UNCHANGED : RECORD_UPDATED;
    return 0;
}

int record_store_find(struct store *s, const char *key, int64_t *id, struct error *err)
{
    *id = 0;
    return sql_one(s, err, id, "SELECT id FROM record WHERE key = ?", "z", key);
}

int record_store_add_output(struct store *s, int64_t record, int64_t reviewer, struct slice text,
                            int64_t *output, struct error *err)
{
    int64_t body;
    if (store_begin(s, err) < 0)
        return -1;
    int result = search_leave(s, record, err);
    if (result == 0)
        result = text_put(s, text.at, text.len, &body, err);
    if (result == 0)
        result = sql_run(s, err,
                         "INSERT INTO output (record, revision, kind, round, text, reviewer, "
                         "created) SELECT id, revision, 3, n_rounds + 1, ?2, ?3, ?4 FROM record "
                         "WHERE id = ?1",
                         "iiii", record, body, reviewer, clock_now_ms());
    *output = sqlite3_last_insert_rowid(s->db);
    if (result == 0 && sqlite3_changes(s->db) == 0)
        result = error_set(err, ERR_ABSENT, "there is no such record");
    if (result == 0)
        result = search_enter(s, record, err);
    return store_end(s, result, err);
}

/* A count can be made again: it need not wait for the disk, as a decision must. Pragmas do nothing
 * inside a transaction, and need not. */
static int write_hinges(struct store *s, int64_t id, int n, struct error *err)
{
    if (s->depth == 0)
        sqlite3_exec(s->db, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL);
    int result =
        sql_run(s, err, "UPDATE record SET n_hinges = ?2 WHERE id = ?1", "ii", id, (int64_t)n);
    if (s->depth == 0)
        sqlite3_exec(s->db, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
    return result;
}

/* Looked at first: opening a record again must not wait for somebody else's writing. */
int record_store_set_hinges(struct store *s, int64_t id, int n, struct error *err)
{
    int64_t now = -1;
    if (sql_one(s, err, &now, "SELECT n_hinges FROM record WHERE id = ?", "i", id) < 0)
        return -1;
    return now == n ? 0 : write_hinges(s, id, n, err);
}

int record_store_tag(struct store *s, int64_t id, const char *tag, bool on, struct error *err)
{
    return sql_run(s, err,
                   on ? "INSERT INTO tag (record, name) VALUES (?, ?) ON CONFLICT DO NOTHING"
                      : "DELETE FROM tag WHERE record = ? AND name = ?",
                   "iz", id, tag);
}

int record_store_each(struct store *s, record_each_fn *each, void *context, struct error *err)
{
    int64_t id = 0;
    int got;
    while ((got = sql_one(s, err, &id, "SELECT id FROM record WHERE id > ? ORDER BY id LIMIT 1",
                          "i", id)) == 1) {
        int stop = each(context, id);
        if (stop)
            return stop;
    }
    return got;
}
