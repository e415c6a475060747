/* Taking records out: as they were imported, and as the review shows them. */
#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "db/eval_store.h"
#include "db/prompt_load.h"
#include "db/record_store.h"
#include "db/spans.h"
#include "db/sql.h"

/* --- both ways --- */

int prompt_load(struct store *s, int64_t id, int64_t revision, struct arena *a, struct prompt *out, struct error *err)
{
    struct message *list = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *st = sql(s, err,
                           "SELECT m.role, t.body FROM message m JOIN text t ON t.id = m.text "
                           "WHERE m.record = ? AND m.revision = ? ORDER BY m.place",
                           "ii", id, revision);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        list = array_reserve(list, &cap, count + 1, sizeof *list);
        list[count++] = (struct message){sql_strdup(a, st, 0), sql_strdup(a, st, 1)};
    }
    out->count = count;
    out->messages = arena_take(a, list, count, sizeof *list);
    return got;
}

/* Outputs with the verdict that counts on each; spare samples of y0 stay in the database. */
#define OUTPUTS \
    "SELECT o.id, o.kind, o.round, t.body, coalesce(o.model, w.name), o.created, v.score, v.score_max, v.grader, " \
    "(SELECT body FROM text WHERE id = v.rationale), v.spans, o.prompt_hash, v.samples, v.spread FROM output o JOIN " \
    "text t ON t.id = o.text LEFT JOIN reviewer w ON w.id = o.reviewer LEFT JOIN verdict v ON v.output = o.id AND " \
    "v.counts WHERE o.sample = 0 AND "

static void read_output(struct arena *a, sqlite3_stmt *st, struct stored_output *o)
{
    *o = (struct stored_output){
        .id = sqlite3_column_int64(st, 0),
        .kind = (enum output_kind)sqlite3_column_int(st, 1),
        .round = sqlite3_column_int(st, 2),
        .text = sql_strdup(a, st, 3),
        .author = sql_strdup(a, st, 4),
        .created = sqlite3_column_int64(st, 5),
        .has_score = !sql_is_null(st, 6),
        .score = sqlite3_column_double(st, 6),
        .has_score_max = !sql_is_null(st, 7),
        .score_max = sqlite3_column_double(st, 7),
        .grader = sql_strdup(a, st, 8),
        .rationale = sql_strdup(a, st, 9),
        .prompt_hash = sql_strdup(a, st, 11),
        .samples = sql_is_null(st, 12) ? 0 : sqlite3_column_int(st, 12),
        .spread = sql_is_null(st, 13) ? -1 : sqlite3_column_double(st, 13),
    };
    if (!sql_is_null(st, 10))
        o->spans = spans_read(a, sql_text(st, 10), &o->n_spans);
}

/* --- as a file has it --- */

static int export_revision(struct store *s, int64_t id, struct record *r, int64_t *revision,
                           struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT r.key, t.name, r.split, r.revision, v.chat, v.meta, v.extra, "
                           "v.keys FROM record r JOIN record_revision v ON v.record = r.id AND "
                           "v.revision = r.revision LEFT JOIN task t ON t.id = r.task WHERE r.id = "
                           "?",
                           "i", id);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "there is no such record");
    if (got < 0)
        return -1;
    struct arena *a = &r->arena;
    r->id = sql_strdup(a, st, 0);
    r->task = sql_strdup(a, st, 1);
    r->split = sql_strdup(a, st, 2);
    *revision = sqlite3_column_int64(st, 3);
    r->prompt.chat = sqlite3_column_int(st, 4);
    r->meta = sql_strdup(a, st, 5);
    r->extra = sql_strdup(a, st, 6);
    r->keys = sql_strdup(a, st, 7);
    sqlite3_reset(st);
    return 0;
}

/* The verdict that counts on y0, or on the record itself where there is no y0: the record's own score. */
static int export_verdict(struct store *s, int64_t id, int64_t revision, struct record *r,
                          struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT v.score, v.score_max, t.body, v.spans FROM verdict v LEFT JOIN "
                           "text t ON t.id = v.rationale LEFT JOIN output o ON o.id = v.output "
                           "WHERE v.record = ? AND v.revision = ? AND v.counts AND coalesce(o.kind, 0) = 0 "
                           "AND coalesce(o.sample, 0) = 0 ORDER BY o.id IS NULL, v.id LIMIT 1",
                           "ii", id, revision);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    r->has_score = !sql_is_null(st, 0);
    r->score = sqlite3_column_double(st, 0);
    r->has_score_max = !sql_is_null(st, 1);
    r->score_max = sqlite3_column_double(st, 1);
    r->rationale = sql_strdup(&r->arena, st, 2);
    if (!sql_is_null(st, 3))
        r->spans = spans_read(&r->arena, sql_text(st, 3), &r->n_spans);
    sqlite3_reset(st);
    return 0;
}

static void export_output(struct record *r, const struct stored_output *o, struct round **rounds,
                          size_t *cap)
{
    if (o->kind == OUTPUT_Y0) {
        r->y0 = o->text;
    } else if (o->kind == OUTPUT_Y_STAR) {
        r->y_star = o->text;
    } else {
        *rounds = array_reserve(*rounds, cap, r->n_rounds + 1, sizeof **rounds);
        (*rounds)[r->n_rounds++] =
            (struct round){o->text, o->has_score, o->score, o->rationale};
    }
}

static int export_outputs(struct store *s, int64_t id, int64_t revision, struct record *r,
                          struct error *err)
{
    struct round *rounds = NULL;
    size_t cap = 0;
    sqlite3_stmt *st =
        sql(s, err, OUTPUTS "o.record = ? AND o.revision = ? AND o.kind < 3 ORDER BY o.kind, o.round, o.id",
            "ii", id, revision);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        struct stored_output o;
        read_output(&r->arena, st, &o);
        export_output(r, &o, &rounds, &cap);
    }
    r->rounds = arena_take(&r->arena, rounds, r->n_rounds, sizeof *rounds);
    return got;
}

/* The imported one; where there is none, the newest that a model distilled. */
static int export_candidate(struct store *s, int64_t id, int64_t revision, struct record *r,
                            struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT mistake, guardrail FROM candidate WHERE record = ? AND revision = ? ORDER BY "
                           "coalesce(model, prompt_hash, call) IS NOT NULL, iif(coalesce(model, prompt_hash, call) "
                           "IS NULL, id, -id) LIMIT 1",
                           "ii", id, revision);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    r->rule.mistake = sql_strdup(&r->arena, st, 0);
    r->rule.guardrail = sql_strdup(&r->arena, st, 1);
    sqlite3_reset(st);
    return 0;
}

int record_store_export(struct store *s, int64_t id, struct record *r, struct error *err)
{
    int64_t revision = 0;
    if (export_revision(s, id, r, &revision, err) < 0 ||
        prompt_load(s, id, revision, &r->arena, &r->prompt, err) < 0 ||
        export_verdict(s, id, revision, r, err) < 0 ||
        export_outputs(s, id, revision, r, err) < 0 ||
        export_candidate(s, id, revision, r, err) < 0)
        return -1;
    return 0;
}

/* --- as the review shows it --- */

static int load_row(struct store *s, int64_t id, struct stored_record *r, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT r.key, t.name, r.split, r.revision, r.state, r.reviewer, "
                           "w.name, r.decided, v.chat, v.meta, v.source, v.line, r.n_hinges, EXISTS (SELECT 1 FROM "
                           "tag WHERE record = r.id AND name = '" TAG_IMPERFECT "') FROM "
                           "record r JOIN record_revision v ON v.record = r.id AND v.revision = "
                           "r.revision LEFT JOIN task t ON t.id = r.task LEFT JOIN reviewer w ON "
                           "w.id = r.reviewer WHERE r.id = ?",
                           "i", id);
    int got = st ? sql_step(s, st, err) : -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "there is no such record");
    if (got < 0)
        return -1;
    struct arena *a = &r->arena;
    r->id = id;
    r->key = sql_strdup(a, st, 0);
    r->task = sql_strdup(a, st, 1);
    r->split = sql_strdup(a, st, 2);
    r->revision = sqlite3_column_int(st, 3);
    r->state = (enum record_state)sqlite3_column_int(st, 4);
    r->reviewer = sqlite3_column_int64(st, 5);
    r->reviewer_name = sql_strdup(a, st, 6);
    r->decided = sqlite3_column_int64(st, 7);
    r->prompt.chat = sqlite3_column_int(st, 8);
    r->meta = sql_strdup(a, st, 9);
    r->source = sql_strdup(a, st, 10);
    r->line = sqlite3_column_int64(st, 11);
    r->n_hinges = sql_is_null(st, 12) ? -1 : sqlite3_column_int(st, 12);
    r->imperfect = sqlite3_column_int(st, 13);
    sqlite3_reset(st);
    return 0;
}

/* The newest y* counts; an expert's output does while the decision that cites it stands. */
static int load_outputs(struct store *s, struct stored_record *r, struct error *err)
{
    struct stored_output *list = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *st = sql(s, err,
                           OUTPUTS "o.record = ?1 AND (o.revision = ?2 AND o.kind < 2 OR o.id = (SELECT max(id) FROM "
                                   "output WHERE record = ?1 AND revision = ?2 AND kind = 2) OR o.kind = 3 AND o.id "
                                   "IN (SELECT output FROM effective WHERE record = ?1 AND verb = 'edit-ystar')) "
                                   "ORDER BY o.kind, o.round, o.id",
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

static int load_candidates(struct store *s, struct stored_record *r, struct error *err)
{
    struct stored_candidate *list = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *st = sql(s, err,
                           "SELECT id, mistake, guardrail, model, prompt_hash, created, rule FROM "
                           "candidate WHERE record = ? AND revision = ? ORDER BY id DESC",
                           "ii", r->id, (int64_t)r->revision);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        list = array_reserve(list, &cap, count + 1, sizeof *list);
        list[count++] =
            (struct stored_candidate){sqlite3_column_int64(st, 0),  sql_strdup(&r->arena, st, 1),
                                      sql_strdup(&r->arena, st, 2), sql_strdup(&r->arena, st, 3),
                                      sql_strdup(&r->arena, st, 4), sqlite3_column_int64(st, 5),
                                      sqlite3_column_int64(st, 6)};
    }
    r->n_candidates = count;
    r->candidates = arena_take(&r->arena, list, count, sizeof *list);
    return got;
}

static int load_rules(struct store *s, struct stored_record *r, struct error *err)
{
    struct stored_rule *list = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *st = sql(s, err,
                           "SELECT rule.id, rule.mistake, rule.guardrail FROM record_rule x JOIN "
                           "rule ON rule.id = x.rule WHERE x.record = ? ORDER BY x.place",
                           "i", r->id);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        list = array_reserve(list, &cap, count + 1, sizeof *list);
        list[count++] =
            (struct stored_rule){sqlite3_column_int64(st, 0), sql_strdup(&r->arena, st, 1),
                                 sql_strdup(&r->arena, st, 2)};
    }
    r->n_rules = count;
    r->rules = arena_take(&r->arena, list, count, sizeof *list);
    return got;
}

/* The reason and note of the decision the state comes from. */
static int load_reason(struct store *s, struct stored_record *r, struct error *err)
{
    if (r->state == STATE_UNDECIDED)
        return 0;
    sqlite3_stmt *st = sql(s, err,
                           "SELECT reason, note FROM effective WHERE record = ? AND created = ? "
                           "AND reviewer = ? ORDER BY id DESC LIMIT 1",
                           "iii", r->id, r->decided, r->reviewer);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    r->reason = sql_strdup(&r->arena, st, 0);
    r->note = sql_strdup(&r->arena, st, 1);
    sqlite3_reset(st);
    return 0;
}

static bool same_place(const struct stored_mark *m, bool in_y_star, size_t from, size_t to)
{
    return m->in_y_star == in_y_star && m->from == from && m->to == to;
}

/* Marks and their removals are replayed in order: what is left stands. */
static int load_marks(struct store *s, struct stored_record *r, struct error *err)
{
    struct stored_mark *list = NULL;
    size_t count = 0, cap = 0;
    sqlite3_stmt *st = sql(s, err,
                           "SELECT d.verb = 'mark-hinge', d.in_y_star, d.place_from, d.place_to, "
                           "w.name FROM effective d JOIN reviewer w ON w.id = d.reviewer WHERE "
                           "d.record = ? AND d.revision = ? AND d.verb IN ('mark-hinge', "
                           "'unmark-hinge') ORDER BY d.id",
                           "ii", r->id, (int64_t)r->revision);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        bool side = sqlite3_column_int(st, 1);
        size_t from = (size_t)sqlite3_column_int64(st, 2), to = (size_t)sqlite3_column_int64(st, 3),
               at = 0;
        while (at < count && !same_place(&list[at], side, from, to))
            at++;
        if (!sqlite3_column_int(st, 0)) {
            if (at < count)
                memmove(&list[at], &list[at + 1], (--count - at) * sizeof *list);
        } else if (at == count) {
            list = array_reserve(list, &cap, count + 1, sizeof *list);
            list[count++] = (struct stored_mark){side, from, to, sql_strdup(&r->arena, st, 4)};
        }
    }
    r->n_marks = count;
    r->marks = arena_take(&r->arena, list, count, sizeof *list);
    return got;
}

/* By the newest eval that weighed rules. */
static int load_surprisal(struct store *s, struct stored_record *r, struct error *err)
{
    struct str detail = {0};
    int found = 0;
    for (size_t i = 0; found == 0 && i < r->n_outputs; i++) {
        if (r->outputs[i].kind != OUTPUT_Y0)
            continue;
        found = eval_store_detail(s, r->id, NATS_Y0, &detail, err);
        if (found == 1)
            r->outputs[i].surprisal = arena_strndup(&r->arena, detail.at, detail.len);
        break;
    }
    str_free(&detail);
    return found < 0 ? -1 : 0;
}

int record_store_load(struct store *s, int64_t id, struct stored_record *out, struct error *err)
{
    if (store_begin_read(s, err) < 0)
        return -1;
    int result = 0;
    if (load_row(s, id, out, err) < 0 ||
        prompt_load(s, id, out->revision, &out->arena, &out->prompt, err) < 0 ||
        load_outputs(s, out, err) < 0 || load_candidates(s, out, err) < 0 ||
        load_rules(s, out, err) < 0 || load_reason(s, out, err) < 0 || load_marks(s, out, err) < 0 ||
        load_surprisal(s, out, err) < 0)
        result = -1;
    if (result == 0)
        return store_commit(s, err);
    store_rollback(s);
    return -1;
}

void stored_record_free(struct stored_record *r)
{
    arena_free(&r->arena);
    *r = (struct stored_record){0};
}

const struct stored_output *stored_y0(const struct stored_record *r)
{
    for (size_t i = 0; i < r->n_outputs; i++)
        if (r->outputs[i].kind == OUTPUT_Y0)
            return &r->outputs[i];
    return NULL;
}

const struct stored_output *stored_y_star(const struct stored_record *r)
{
    for (size_t i = r->n_outputs; i > 0; i--) /* experts' come last, the newest at the end */
        if (r->outputs[i - 1].kind == OUTPUT_EXPERT || r->outputs[i - 1].kind == OUTPUT_Y_STAR)
            return &r->outputs[i - 1];
    return NULL;
}
