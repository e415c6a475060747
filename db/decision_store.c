#include "db/decision_store.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "db/derive.h"
#include "db/sql.h"

static bool changes_rule(enum verb v)
{
    return v == VERB_MERGE_RULE || v == VERB_RETIRE_RULE || v == VERB_REVIVE_RULE ||
           v == VERB_REWORD_RULE;
}

static bool cites_rule(enum verb v)
{
    return v == VERB_ACCEPT || v == VERB_EDIT || v == VERB_WRITE || v == VERB_CITE ||
           v == VERB_ADD_RULE;
}

static int check_rule(struct store *s, const struct decision *d, struct error *err)
{
    int64_t status, root;
    int got = sql_one(s, err, &status, "SELECT status FROM rule WHERE id = ?", "i", d->rule);
    if (got < 0)
        return -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "there is no rule #%lld", (long long)d->rule);
    if (derive_rule_root(s, d->rule, &root, err) < 0)
        return -1;
    if (root != d->rule)
        return error_set(err, ERR_CONFLICT, "rule #%lld was merged into #%lld: use that one",
                         (long long)d->rule, (long long)root);
    return 0;
}

static int check_merge(struct store *s, const struct decision *d, struct error *err)
{
    int64_t root, there;
    int got = sql_one(s, err, &there, "SELECT 1 FROM rule WHERE id = ?", "i", d->other);
    if (got < 0)
        return -1;
    if (got == 0)
        return error_set(err, ERR_ABSENT, "there is no rule #%lld", (long long)d->other);
    if (derive_rule_root(s, d->other, &root, err) < 0)
        return -1;
    if (root == d->rule)
        return error_set(err, ERR_CONFLICT, "rule #%lld cannot be merged into itself",
                         (long long)d->rule);
    return 0;
}

static int check(struct store *s, struct decision *d, struct error *err)
{
    if (d->record) {
        int64_t revision;
        int got =
            sql_one(s, err, &revision, "SELECT revision FROM record WHERE id = ?", "i", d->record);
        if (got < 0)
            return -1;
        if (got == 0)
            return error_set(err, ERR_ABSENT, "there is no such record");
        d->revision = (int)revision;
    }
    if ((changes_rule(d->verb) || (cites_rule(d->verb) && d->rule)) && check_rule(s, d, err) < 0)
        return -1;
    return d->verb == VERB_MERGE_RULE ? check_merge(s, d, err) : 0;
}

/* 0 stands for NULL in the columns that name something. */
static int insert(struct store *s, struct decision *d, int64_t target, struct error *err)
{
    d->created = clock_now_ms();
    int64_t next;
    if (sql_one(s, err, &next,
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'decision'), 0) + 1",
                "") < 0)
        return -1;
    if (d->batch == 0)
        d->batch = next;
    d->id = next;
    return sql_run(s, err,
                   "INSERT INTO decision (id, batch, reviewer, verb, record, revision, candidate, "
                   "rule, other, output, in_y_star, place_from, place_to, reason, note, seconds, "
                   "target, created) VALUES (?, ?, ?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0), "
                   "nullif(?, 0), nullif(?, 0), nullif(?, 0), ?, ?, ?, ?, ?, ?, nullif(?, 0), ?)",
                   "iiiziiiiiiiiizzdii", d->id, d->batch, d->reviewer, verb_name(d->verb),
                   d->record, (int64_t)d->revision, d->candidate, d->rule, d->other, d->output,
                   (int64_t)d->in_y_star, d->from, d->to, d->reason, d->note, d->seconds, target,
                   d->created);
}

/* Rewording a candidate into a rule counts as an edit of the rule and changes no other record. */
static int derive(struct store *s, const struct decision *d, struct error *err)
{
    if (changes_rule(d->verb) && derive_rule(s, d->rule, err) < 0)
        return -1;
    if (d->verb == VERB_EDIT && d->rule && derive_rule_row(s, d->rule, err) < 0)
        return -1;
    return d->record ? derive_record(s, d->record, err) : 0;
}

int decision_store_append(struct store *s, struct decision *d, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    int result = check(s, d, err);
    if (result == 0)
        result = insert(s, d, 0, err);
    if (result == 0)
        result = derive(s, d, err);
    return store_end(s, result, err);
}

/* The decisions of a batch, enough of each to derive what follows. */
struct batch {
    struct decision *items;
    size_t count, cap;
};

static int read_batch(struct store *s, int64_t id, struct batch *out, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT verb, record, rule, other FROM decision WHERE batch = ? AND "
                           "target IS NULL ORDER BY id",
                           "i", id);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        int verb = verb_parse((const char *)sqlite3_column_text(st, 0));
        out->items = array_reserve(out->items, &out->cap, out->count + 1, sizeof *out->items);
        out->items[out->count++] = (struct decision){.verb = verb < 0 ? VERB_SKIP : (enum verb)verb,
                                                     .record = sqlite3_column_int64(st, 1),
                                                     .rule = sqlite3_column_int64(st, 2),
                                                     .other = sqlite3_column_int64(st, 3)};
    }
    return got;
}

static int turn(struct store *s, int64_t reviewer, enum verb verb, int64_t target,
                struct undo_result *out, struct error *err)
{
    struct decision d = {.verb = verb, .reviewer = reviewer};
    struct batch b = {0};
    int result = insert(s, &d, target, err);
    if (result == 0)
        result = read_batch(s, target, &b, err);
    for (size_t i = 0; result == 0 && i < b.count; i++)
        result = derive(s, &b.items[i], err);
    if (result == 0 && b.count)
        *out = (struct undo_result){b.items[0].verb, b.items[0].record, b.items[0].rule,
                                    (int64_t)b.count};
    mem_free(b.items);
    return result < 0 ? -1 : 1;
}

static int undo_target(struct store *s, int64_t reviewer, int64_t *target, struct error *err)
{
    return sql_one(s, err, target,
                   "SELECT batch FROM effective WHERE reviewer = ? ORDER BY id DESC LIMIT 1", "i",
                   reviewer);
}

/* Undos since the reviewer's last new decision form a stack; a redo takes the top. */
static int redo_target(struct store *s, int64_t reviewer, int64_t *target, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT verb, target FROM decision WHERE reviewer = ?1 AND id > "
                           "coalesce((SELECT max(id) FROM decision WHERE reviewer = ?1 AND target "
                           "IS NULL), 0) ORDER BY id",
                           "i", reviewer);
    int64_t *stack = NULL;
    size_t count = 0, cap = 0;
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        if (slice_is(sql_text(st, 0), "undo")) {
            stack = array_reserve(stack, &cap, count + 1, sizeof *stack);
            stack[count++] = sqlite3_column_int64(st, 1);
        } else if (count) {
            count--;
        }
    }
    if (got == 0 && count) {
        *target = stack[count - 1];
        got = 1;
    }
    mem_free(stack);
    return got;
}

static int turn_last(struct store *s, int64_t reviewer, enum verb verb, struct undo_result *out,
                     struct error *err)
{
    int64_t target = 0;
    *out = (struct undo_result){.verb = verb};
    if (store_begin(s, err) < 0)
        return -1;
    int got = verb == VERB_UNDO ? undo_target(s, reviewer, &target, err)
                                : redo_target(s, reviewer, &target, err);
    if (got == 1)
        got = turn(s, reviewer, verb, target, out, err);
    if (got < 0) {
        store_rollback(s);
        return -1;
    }
    if (store_commit(s, err) < 0) {
        store_rollback(s);
        return -1;
    }
    return got;
}

int decision_store_undo(struct store *s, int64_t reviewer, struct undo_result *out,
                        struct error *err)
{
    return turn_last(s, reviewer, VERB_UNDO, out, err);
}

int decision_store_redo(struct store *s, int64_t reviewer, struct undo_result *out,
                        struct error *err)
{
    return turn_last(s, reviewer, VERB_REDO, out, err);
}

/* What a rule said before d reworded it. */
#define WORDS_BEFORE(column) \
    "coalesce((SELECT b." column " FROM effective e JOIN rule_version b ON b.id = e.other " \
    "WHERE e.rule = d.rule AND e.verb = 'reword-rule' AND e.id < d.id ORDER BY e.id DESC LIMIT " \
    "1), " \
    "r.first_" column ")"

/* Columns for read_row; the words of a rule for REWORD_RULE are those before and after. */
#define ROW_COLUMNS \
    "SELECT d.id, d.batch, d.reviewer, d.verb, d.record, d.revision, d.candidate, d.rule, " \
    "d.other, d.output, " \
    "d.in_y_star, d.place_from, d.place_to, d.reason, d.note, d.seconds, d.created, d.target, " \
    "d.target IS NULL AND coalesce((SELECT u.verb FROM decision u WHERE u.target = d.batch " \
    "ORDER BY u.id DESC LIMIT 1), 'redo') = 'redo', w.name, " \
    "CASE d.verb WHEN 'reword-rule' THEN " WORDS_BEFORE( \
        "mistake") " ELSE c.mistake END, " \
                   "CASE d.verb WHEN 'reword-rule' THEN " WORDS_BEFORE("guardrail") " ELSE " \
                                                                                    "c.guardrail " \
                                                                                    "END, " \
                                                                                    "coalesce(v." \
                                                                                    "mistake, " \
                                                                                    "r.mistake), " \
                                                                                    "coalesce(v." \
                                                                                    "guardrail, " \
                                                                                    "r.guardrail)" \
                                                                                    ", rec.key, " \
                                                                                    "t.name " \
                                                                                    "FROM " \
                                                                                    "decision d " \
                                                                                    "JOIN " \
                                                                                    "reviewer w " \
                                                                                    "ON w.id = " \
                                                                                    "d.reviewer " \
                                                                                    "LEFT JOIN " \
                                                                                    "candidate c " \
                                                                                    "ON c.id = " \
                                                                                    "d.candidate " \
                                                                                    "LEFT JOIN " \
                                                                                    "rule r ON " \
                                                                                    "r.id = " \
                                                                                    "d.rule " \
                                                                                    "LEFT JOIN " \
                                                                                    "rule_" \
                                                                                    "version v " \
                                                                                    "ON d.verb = " \
                                                                                    "'reword-" \
                                                                                    "rule' AND " \
                                                                                    "v.id = " \
                                                                                    "d.other " \
                                                                                    "LEFT JOIN " \
                                                                                    "record rec " \
                                                                                    "ON rec.id = " \
                                                                                    "d.record " \
                                                                                    "LEFT JOIN " \
                                                                                    "task t ON " \
                                                                                    "t.id = " \
                                                                                    "rec.task "

static const char *column(sqlite3_stmt *st, int i)
{
    return (const char *)sqlite3_column_text(st, i);
}

static void read_row(sqlite3_stmt *st, struct decision_row *row)
{
    int verb = verb_parse(column(st, 3));
    *row = (struct decision_row){
        .d = {.id = sqlite3_column_int64(st, 0),
              .batch = sqlite3_column_int64(st, 1),
              .reviewer = sqlite3_column_int64(st, 2),
              .verb = verb < 0 ? VERB_SKIP : (enum verb)verb,
              .record = sqlite3_column_int64(st, 4),
              .revision = sqlite3_column_int(st, 5),
              .candidate = sqlite3_column_int64(st, 6),
              .rule = sqlite3_column_int64(st, 7),
              .other = sqlite3_column_int64(st, 8),
              .output = sqlite3_column_int64(st, 9),
              .in_y_star = sqlite3_column_int(st, 10),
              .from = sqlite3_column_int64(st, 11),
              .to = sqlite3_column_int64(st, 12),
              .reason = column(st, 13),
              .note = column(st, 14),
              .seconds = sqlite3_column_double(st, 15),
              .created = sqlite3_column_int64(st, 16)},
        .target = sqlite3_column_int64(st, 17),
        .effective = sqlite3_column_int(st, 18),
        .reviewer = column(st, 19),
        .candidate_mistake = column(st, 20),
        .candidate_guardrail = column(st, 21),
        .rule_mistake = column(st, 22),
        .rule_guardrail = column(st, 23),
        .key = column(st, 24),
        .task = column(st, 25),
    };
}

static int each_row(struct store *s, sqlite3_stmt *st, decision_each_fn *each, void *context,
                    struct error *err)
{
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        struct decision_row row;
        read_row(st, &row);
        int stop = each(context, &row);
        if (stop) {
            sqlite3_reset(st);
            return stop;
        }
    }
    return got;
}

int decision_store_history(struct store *s, int64_t record, decision_each_fn *each, void *context,
                           struct error *err)
{
    /* The undos and redos of the record's batches belong to its story. */
    sqlite3_stmt *st = sql(s, err,
                           ROW_COLUMNS "WHERE d.record = ?1 OR d.target IN (SELECT batch FROM "
                                       "decision WHERE record = ?1) ORDER BY d.id",
                           "i", record);
    return each_row(s, st, each, context, err);
}

int decision_store_rule_history(struct store *s, int64_t rule, decision_each_fn *each,
                                void *context, struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           ROW_COLUMNS "WHERE d.rule = ?1 OR d.target IN (SELECT batch FROM "
                                       "decision WHERE rule = ?1) ORDER BY d.id",
                           "i", rule);
    return each_row(s, st, each, context, err);
}

int decision_store_current(struct store *s, int64_t since, decision_each_fn *each, void *context,
                           struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           ROW_COLUMNS "WHERE d.id IN (SELECT max(id) FROM effective WHERE record "
                                       "IS NOT NULL AND verb IN " STATE_VERBS " GROUP BY record, "
                                                                              "reviewer) AND "
                                                                              "d.created >= ? "
                                                                              "ORDER BY d.record, "
                                                                              "d.reviewer",
                           "i", since);
    return each_row(s, st, each, context, err);
}

int decision_store_pace(struct store *s, int64_t reviewer, int64_t day_start, struct pace *out,
                        struct error *err)
{
    *out = (struct pace){0};
    sqlite3_stmt *st = sql(s, err,
                           "SELECT count(DISTINCT record), avg(CASE WHEN seconds > 0 THEN seconds "
                           "END) FROM effective WHERE reviewer = ? AND created >= ? AND record IS "
                           "NOT NULL AND verb IN " STATE_VERBS,
                           "ii", reviewer, day_start);
    if (!st || sql_step(s, st, err) != 1)
        return -1;
    out->records_today = sqlite3_column_int64(st, 0);
    out->seconds_per_record = sqlite3_column_double(st, 1);
    sqlite3_reset(st);
    return sql_one(s, err, &out->records_total, "SELECT count(*) FROM record WHERE reviewer = ?",
                   "i", reviewer) < 0
               ? -1
               : 0;
}
