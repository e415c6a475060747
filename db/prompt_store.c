#include "db/prompt_store.h"

#include "base/clock.h"
#include "db/derive.h"
#include "db/sql.h"

int prompt_store_keep(struct store *s, const char *hash, const char *name, struct slice body, struct error *err)
{
    int64_t there;
    int got = sql_one(s, err, &there, "SELECT 1 FROM prompt_template WHERE hash = ?", "z", hash);
    if (got != 0)
        return got < 0 ? -1 : 0;
    return sql_run(s, err,
                   "INSERT INTO prompt_template (hash, name, body, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                   "zzsi", hash, name, body, clock_now_ms());
}

int prompt_store_body(struct store *s, const char *hash, struct str *name, struct str *body, struct error *err)
{
    sqlite3_stmt *st = sql(s, err, "SELECT name, body FROM prompt_template WHERE hash >= ?1 AND hash < ?1 || 'g' LIMIT 2",
                           "z", hash);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    str_add_slice(name, sql_text(st, 0));
    str_add_slice(body, sql_text(st, 1));
    got = sql_step(s, st, err);
    if (got == 1)
        sqlite3_reset(st);
    return got == 0 ? 1 : got < 0 ? -1 : error_set(err, ERR_INPUT, "several prompts have a hash that begins with %s", hash);
}

/* --- what became of candidates --- */

/*
 * Each candidate beside the decision by which its record stands now. The decision is about the candidate only when it
 * names it: what was decided before a newer candidate came does not judge the newer one.
 */
#define JUDGED \
    "WITH judged AS (SELECT c.id, c.prompt_hash, c.model, r.task, c.mistake, c.guardrail, d.id AS decision, d.verb, " \
    "d.rule, d.reason, d.candidate IS c.id AS own, r.state FROM candidate c JOIN record r ON r.id = c.record LEFT JOIN " \
    "decision d ON d.id = (SELECT e.id FROM effective e WHERE e.record = c.record AND e.verb IN " STATE_VERBS \
    " ORDER BY e.id DESC LIMIT 1)) "
#define GROUP "j.prompt_hash, (SELECT name FROM prompt_template WHERE hash = j.prompt_hash), j.model, t.name"

static const char *text_or_null(sqlite3_stmt *st, int column)
{
    return (const char *)sqlite3_column_text(st, column);
}

static struct prompt_earning read_group(sqlite3_stmt *st)
{
    return (struct prompt_earning){
        .prompt_hash = text_or_null(st, 0),
        .prompt_name = text_or_null(st, 1),
        .model = text_or_null(st, 2),
        .task = text_or_null(st, 3),
    };
}

int prompt_store_earnings(struct store *s, prompt_earning_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            JUDGED "SELECT " GROUP ", count(*), sum(j.state = 0), sum(j.state <> 0 AND j.own AND j.verb = 'accept'), "
                   "sum(j.state <> 0 AND j.own AND j.verb = 'edit'), sum(j.state <> 0 AND j.own AND j.verb = 'reject'), "
                   "sum(j.state <> 0 AND NOT (j.own AND j.verb IN ('accept', 'edit', 'reject'))) FROM judged j LEFT JOIN "
                   "task t ON t.id = j.task GROUP BY j.prompt_hash, j.model, j.task ORDER BY 2, 1, 3, 4",
            "");
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct prompt_earning e = read_group(st);
        e.candidates = sqlite3_column_int64(st, 4);
        e.undecided = sqlite3_column_int64(st, 5);
        e.accepted = sqlite3_column_int64(st, 6);
        e.edited = sqlite3_column_int64(st, 7);
        e.rejected = sqlite3_column_int64(st, 8);
        e.other = sqlite3_column_int64(st, 9);
        stop = each(context, &e);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

/* The words of the rule as they were when the candidate was edited into them: it may have been reworded since. */
#define WORD_THEN(column) \
    "coalesce((SELECT v." column " FROM effective e JOIN rule_version v ON v.id = e.other WHERE e.rule = j.rule AND " \
    "e.verb = 'reword-rule' AND e.id < j.decision ORDER BY e.id DESC LIMIT 1), (SELECT first_" column \
    " FROM rule WHERE id = j.rule))"

int prompt_store_edits(struct store *s, prompt_edit_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            JUDGED "SELECT " GROUP ", coalesce(j.mistake, '') || char(10) || coalesce(j.guardrail, ''), " WORD_THEN(
                "mistake") " || char(10) || " WORD_THEN("guardrail") " FROM judged j LEFT JOIN task t ON t.id = j.task "
                           "WHERE j.own AND j.verb = 'edit' AND j.state <> 0 ORDER BY 2, 1, 3, 4, j.id",
            "");
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct prompt_earning e = read_group(st);
        stop = each(context, &e, sql_text(st, 4), sql_text(st, 5));
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

int prompt_store_reasons(struct store *s, prompt_reason_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            JUDGED "SELECT " GROUP ", coalesce(j.reason, ''), count(*) FROM judged j LEFT JOIN task t ON t.id = j.task "
                   "WHERE j.own AND j.verb = 'reject' AND j.state <> 0 GROUP BY j.prompt_hash, j.model, j.task, 5 ORDER "
                   "BY 2, 1, 3, 4, 6 DESC, 5",
            "");
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct prompt_earning e = read_group(st);
        stop = each(context, &e, sql_text(st, 4).at, sqlite3_column_int64(st, 5));
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

/* --- graders --- */

/*
 * truth: what the expert says of y0, by how the record stands: 1 there is a fault (a rule was accepted or edited, or y*
 * written), 0 there is none (rejected because the grader was wrong), NULL nothing. Decisions on another revision say
 * nothing of this one's y0.
 */
#define TRUTH \
    "CASE WHEN EXISTS (SELECT 1 FROM effective e WHERE e.record = v.record AND e.revision = v.revision AND e.verb = " \
    "'edit-ystar') THEN 1 WHEN d.verb IN ('accept', 'edit', 'write', 'cite') THEN 1 WHEN d.verb = 'reject' AND " \
    "(d.reason = 'grader' OR d.reason LIKE 'grader:%') THEN 0 END"
/* opinion: 1 below the top score, 0 at it. */
#define OPINION \
    "CASE WHEN v.fault IS NULL THEN coalesce(v.normalised, v.score / nullif(v.score_max, 0)) < 1 END"

int prompt_store_graders(struct store *s, grader_earning_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            "WITH seen AS (SELECT v.grader, v.model, v.prompt_hash, r.task, v.fault, v.spread, " OPINION
            " AS opinion, CASE WHEN o.kind = 0 AND o.sample = 0 AND v.fault IS NULL THEN " TRUTH
            " END AS truth FROM verdict v JOIN record r ON r.id = v.record LEFT JOIN output o ON o.id = v.output LEFT JOIN "
            "decision d ON d.id = (SELECT e.id FROM effective e WHERE e.record = v.record AND e.verb IN " STATE_VERBS
            " ORDER BY e.id DESC LIMIT 1) AND d.revision = v.revision) SELECT j.grader, j.model, j.prompt_hash, t.name, "
            "sum(j.fault IS NULL), sum(j.fault IS NOT NULL), count(j.truth + j.opinion), coalesce(sum(j.truth = "
            "j.opinion), 0), coalesce(sum(j.truth > j.opinion), 0), coalesce(sum(j.truth < j.opinion), 0), "
            "coalesce(avg(j.spread), -1.0) FROM seen j LEFT JOIN task t ON t.id = j.task GROUP BY j.grader, j.model, "
            "j.prompt_hash, j.task ORDER BY 1, 2, 3, 4",
            "");
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct grader_earning e = {
            .grader = text_or_null(st, 0),
            .model = text_or_null(st, 1),
            .prompt_hash = text_or_null(st, 2),
            .task = text_or_null(st, 3),
            .verdicts = sqlite3_column_int64(st, 4),
            .failed = sqlite3_column_int64(st, 5),
            .judged = sqlite3_column_int64(st, 6),
            .agreed = sqlite3_column_int64(st, 7),
            .missed = sqlite3_column_int64(st, 8),
            .invented = sqlite3_column_int64(st, 9),
            .spread = sqlite3_column_double(st, 10),
        };
        stop = each(context, &e);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}
