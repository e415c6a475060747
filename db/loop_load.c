/* The record as the steps of the model loop see it. */
#include "base/array.h"
#include "db/loop_store.h"
#include "db/prompt_load.h"
#include "db/spans.h"
#include "db/sql.h"

static int load_row(struct store *s, int64_t id, struct loop_record *r, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT r.key, t.name, r.split, r.revision, r.state, v.chat, v.meta, EXISTS (SELECT 1 FROM "
                           "candidate WHERE record = r.id AND revision = r.revision) FROM record r JOIN "
                           "record_revision v ON v.record = r.id AND v.revision = r.revision LEFT JOIN task t ON t.id "
                           "= r.task WHERE r.id = ?",
                           "i", id);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "there is no record number %lld", (long long)id);
    if (got < 0)
        return -1;
    struct arena *a = &r->arena;
    r->id = id;
    r->key = sql_strdup(a, st, 0);
    r->task = sql_strdup(a, st, 1);
    r->split = sql_strdup(a, st, 2);
    r->revision = sqlite3_column_int(st, 3);
    r->state = (enum record_state)sqlite3_column_int(st, 4);
    r->prompt.chat = sqlite3_column_int(st, 5);
    r->meta = sql_strdup(a, st, 6);
    r->has_candidate = sqlite3_column_int(st, 7);
    sqlite3_reset(st);
    return 0;
}

static double normalised(sqlite3_stmt *st, double score, double score_max)
{
    if (!sql_is_null(st, 8))
        return sqlite3_column_double(st, 8);
    return score_max > 0 ? score / score_max : score;
}

static void read_output(struct arena *a, sqlite3_stmt *st, struct loop_output *o)
{
    double score = sqlite3_column_double(st, 6), score_max = sqlite3_column_double(st, 7);
    *o = (struct loop_output){
        .id = sqlite3_column_int64(st, 0),
        .kind = (enum output_kind)sqlite3_column_int(st, 1),
        .round = sqlite3_column_int(st, 2),
        .sample = sqlite3_column_int(st, 3),
        .text = sql_strdup(a, st, 4),
        .graded = !sql_is_null(st, 5),
        .score = score,
        .score_max = score_max,
        .normalised = normalised(st, score, score_max),
        .rationale = sql_strdup(a, st, 9),
    };
    if (!sql_is_null(st, 10))
        o->spans = spans_read(a, sql_text(st, 10), &o->n_spans);
}

/* y* is the one that counts, an expert's too. */
static int load_outputs(struct store *s, struct loop_record *r, struct error *err)
{
    struct loop_output *list = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *st =
        sql(s, err,
            "SELECT o.id, min(o.kind, 2), o.round, o.sample, t.body, v.id, v.score, v.score_max, v.normalised, (SELECT body "
            "FROM text WHERE id = v.rationale), v.spans FROM output o JOIN text t ON t.id = o.text LEFT JOIN verdict v "
            "ON v.output = o.id AND v.counts WHERE o.record = ?1 AND (o.revision = ?2 AND o.kind < 2 OR o.id = "
            "coalesce((SELECT max(output) FROM effective WHERE record = ?1 AND verb = 'edit-ystar'), (SELECT max(id) "
            "FROM output WHERE record = ?1 AND revision = ?2 AND kind = 2))) ORDER BY o.kind, o.round, o.sample, o.id",
            "ii", r->id, (int64_t)r->revision);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        list = array_reserve(list, &cap, count + 1, sizeof *list);
        read_output(&r->arena, st, &list[count++]);
    }
    r->n_outputs = count;
    r->outputs = arena_take(&r->arena, list, count, sizeof *list);
    return got;
}

int loop_store_load(struct store *s, int64_t record, struct loop_record *out, struct error *err)
{
    if (store_begin_read(s, err) < 0)
        return -1;
    int result = load_row(s, record, out, err);
    if (result == 0)
        result = prompt_load(s, record, out->revision, &out->arena, &out->prompt, err);
    if (result == 0)
        result = load_outputs(s, out, err);
    return store_end(s, result, err);
}

void loop_record_free(struct loop_record *r)
{
    arena_free(&r->arena);
    *r = (struct loop_record){0};
}
