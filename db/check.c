/*
 * What `hinge check` looks at: the file itself, what points where, and what was derived against the
 * log of decisions it was derived from. Only numbers are reported, no text of a record.
 */
#include <string.h>

#include "db/columns.h"
#include "db/derive.h"
#include "db/sql.h"

struct check {
    struct store *s;
    struct str *report;
    size_t faults;
    struct error *err;
};

enum { FAULTS_SHOWN = 20 }; /* of one kind: a torn file has thousands */

static void fault(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void fault(struct check *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_vaddf(c->report, fmt, args);
    va_end(args);
    str_addc(c->report, '\n');
    c->faults++;
}

/* A check that cannot be made because the file is damaged is a fault, anything else (no memory, a
 * lock) ends the whole. */
static int cannot(struct check *c, const char *what, const struct error *why)
{
    if (why->code != ERR_CORRUPT && why->code != ERR_FOREIGN)
        return error_set(c->err, why->code, "%s", why->text);
    fault(c, "%s: the file is damaged", what);
    return 0;
}

/* The lines SQLite's own check prints; one line "ok" is none. */
static int check_file(struct check *c)
{
    struct error why = {0};
    size_t before = c->faults;
    sqlite3_stmt *st = sql(c->s, &why, "PRAGMA integrity_check(20)", "");
    int got = -1;
    while (st && (got = sql_step(c->s, st, &why)) == 1)
        if (!slice_is(sql_text(st, 0), "ok"))
            fault(c, "damaged: %.200s", sql_text(st, 0).at);
    return got < 0 && c->faults == before ? cannot(c, "integrity", &why) : 0;
}

static int check_foreign_keys(struct check *c)
{
    struct error why = {0};
    size_t shown = 0;
    sqlite3_stmt *st = sql(c->s, &why, "PRAGMA foreign_key_check", "");
    int got = -1;
    while (st && (got = sql_step(c->s, st, &why)) == 1 && ++shown <= FAULTS_SHOWN)
        fault(c, "%s row %lld names a row of %s that is not there", sql_text(st, 0).at,
              (long long)sqlite3_column_int64(st, 1), sql_text(st, 2).at);
    if (st)
        sqlite3_reset(st);
    return got < 0 ? cannot(c, "foreign keys", &why) : 0;
}

/* Each query gives the numbers of the rows at fault. */
static const struct {
    const char *what, *query;
} orphans[] = {
    /* Each text belongs to one row: only where the numbers differ is it worth looking for which. */
    {"text that nothing refers to",
     "SELECT t.id FROM text t WHERE (SELECT count(*) FROM text) <> (SELECT count(*) FROM "
     "message) + (SELECT count(*) FROM output) + (SELECT count(rationale) + count(raw) FROM verdict) + "
     "(SELECT count(text) FROM call) + (SELECT count(output) + count(thought) + count(rationale) + count(parts) FROM "
     "eval_item) + (SELECT count(detail) FROM eval_nats) AND t.id NOT IN (SELECT text FROM message UNION ALL SELECT text FROM "
     "output UNION ALL SELECT rationale FROM verdict WHERE rationale IS NOT NULL UNION ALL SELECT raw FROM "
     "verdict WHERE raw IS NOT NULL UNION ALL SELECT text FROM call WHERE text IS NOT NULL UNION ALL SELECT output "
     "FROM eval_item WHERE output IS NOT NULL UNION ALL SELECT thought FROM eval_item WHERE thought IS NOT NULL UNION "
     "ALL SELECT rationale FROM eval_item WHERE rationale IS NOT NULL UNION ALL SELECT parts FROM eval_item WHERE parts "
     "IS NOT NULL UNION ALL SELECT detail FROM eval_nats WHERE detail IS NOT NULL)"},
    {"record without its current revision",
     "SELECT r.id FROM record r WHERE NOT EXISTS (SELECT 1 FROM record_revision v WHERE "
     "v.record = r.id AND v.revision = r.revision)"},
    {"record with a revision after its current one",
     "SELECT DISTINCT r.id FROM record r JOIN record_revision v ON v.record = r.id WHERE "
     "v.revision > r.revision"},
    {"output of a revision that is not there",
     "SELECT o.id FROM output o WHERE NOT EXISTS (SELECT 1 FROM record_revision v WHERE "
     "v.record = o.record AND v.revision = o.revision)"},
    {"verdict of a revision that is not there",
     "SELECT o.id FROM verdict o WHERE NOT EXISTS (SELECT 1 FROM record_revision v WHERE "
     "v.record = o.record AND v.revision = o.revision)"},
    {"candidate of a revision that is not there",
     "SELECT o.id FROM candidate o WHERE NOT EXISTS (SELECT 1 FROM record_revision v WHERE "
     "v.record = o.record AND v.revision = o.revision)"},
    {"decision in a batch that is not there",
     "SELECT d.id FROM decision d WHERE NOT EXISTS (SELECT 1 FROM decision b WHERE b.id = "
     "d.batch)"},
    {"undo or redo of a batch that is not there",
     "SELECT d.id FROM decision d WHERE d.target IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
     "decision b WHERE b.batch = d.target AND b.target IS NULL)"},
    {"new words that belong to another rule",
     "SELECT d.id FROM decision d WHERE d.verb = 'reword-rule' AND NOT EXISTS (SELECT 1 FROM "
     "rule_version v WHERE v.id = d.other AND v.rule = d.rule)"},
    {"output that is twice in its record",
     "SELECT max(id) FROM output WHERE kind < 2 GROUP BY record, revision, kind, round, sample HAVING count(*) > 1"},
    {"verdict that counts though it cannot, or the other way round",
     "SELECT v.id FROM verdict v WHERE v.counts <> (v.fault IS NULL AND NOT v.part AND NOT EXISTS (SELECT 1 FROM "
     "verdict n WHERE n.output = v.output AND n.id > v.id AND n.fault IS NULL AND NOT n.part))"},
    {"job with a wrong count of its records",
     "SELECT j.id FROM job j WHERE (j.waiting, j.running, j.done, j.failed) IS NOT (SELECT coalesce(sum(state = 0), "
     "0), coalesce(sum(state = 1), 0), coalesce(sum(state = 2), 0), coalesce(sum(state = 3), 0) FROM job_item WHERE "
     "job = j.id)"},
    {"job with a record in hand though it does not run",
     "SELECT DISTINCT j.id FROM job j JOIN job_item i ON i.job = j.id WHERE i.state = 1 AND j.state <> 1"},
    {"record in two unfinished jobs of a kind",
     "SELECT i.record FROM job_item i JOIN job j ON j.id = i.job WHERE i.state < 2 AND j.state < 3 AND j.kind <> 'eval' "
     "GROUP BY j.kind, i.record HAVING count(*) > 1"},
    {"result of an eval with a score and a fault, or with neither",
     "SELECT eval FROM eval_item WHERE (normalised IS NULL) <> (fault IS NOT NULL)"},
    {"eval with a wrong count of refused records",
     "SELECT id FROM eval e WHERE refused <> (SELECT count(*) FROM eval_refused WHERE eval = e.id)"},
    {"reply of a job or record that is not there",
     "SELECT c.id FROM call c WHERE (c.job IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job WHERE id = c.job)) OR "
     "(c.record IS NOT NULL AND NOT EXISTS (SELECT 1 FROM record WHERE id = c.record))"},
    {"record whose row does not say what its verdicts and candidates do", columns_wrong},
    {"draft of a record that is not there",
     "SELECT d.id FROM draft d WHERE d.record <> 0 AND NOT EXISTS (SELECT 1 FROM record WHERE "
     "id = d.record)"},
};

static int check_rows(struct check *c, const char *what, const char *query)
{
    struct error why = {0};
    size_t found = 0;
    sqlite3_stmt *st = sql(c->s, &why, query, "");
    int got = -1;
    while (st && (got = sql_step(c->s, st, &why)) == 1)
        if (++found <= FAULTS_SHOWN)
            fault(c, "%s: number %lld", what, (long long)sqlite3_column_int64(st, 0));
    if (found > FAULTS_SHOWN)
        fault(c, "%s: %zu more", what, found - FAULTS_SHOWN);
    return got < 0 ? cannot(c, what, &why) : 0;
}

static int check_orphans(struct check *c)
{
    for (size_t i = 0; i < sizeof orphans / sizeof *orphans; i++)
        if (check_rows(c, orphans[i].what, orphans[i].query) < 0)
            return -1;
    return 0;
}

/* Every counter against the rows it counts. */
static int check_counters(struct check *c)
{
    return check_rows(c, "counter that is wrong",
                      "WITH truth (name, value) AS (SELECT 'state' || state, count(*) FROM record "
                      "GROUP BY state UNION ALL SELECT 'rules', count(*) FROM rule UNION ALL "
                      "SELECT 'decisions', count(*) FROM decision UNION ALL SELECT 'snapshots', "
                      "count(*) FROM snapshot) SELECT row_number() OVER (ORDER BY c.name) FROM "
                      "counter c LEFT JOIN truth t USING (name) WHERE c.value IS NOT "
                      "coalesce(t.value, 0)");
}

/* Records without a decision have nothing derived; all others are derived again and compared. */
static int check_derived_records(struct check *c)
{
    if (check_rows(c, "record that stands as decided without a decision",
                   "SELECT id FROM record r WHERE (state <> 0 OR reviewer IS NOT NULL OR decided "
                   "IS NOT NULL OR rule IS NOT NULL OR EXISTS (SELECT 1 FROM record_rule WHERE "
                   "record = r.id)) AND NOT EXISTS (SELECT 1 FROM decision WHERE record = r.id)") <
        0)
        return -1;
    struct error why = {0};
    int64_t at = 0;
    int got;
    while ((got = sql_one(c->s, &why, &at, "SELECT min(record) FROM decision WHERE record > ?", "i",
                          at)) == 1) {
        int same = derive_check_record(c->s, at, &why);
        if (same < 0)
            return cannot(c, "records against their decisions", &why);
        if (!same)
            fault(c, "record number %lld does not stand as its decisions say", (long long)at);
    }
    return got < 0 ? cannot(c, "records against their decisions", &why) : 0;
}

static int check_derived_rules(struct check *c)
{
    struct error why = {0};
    int64_t at = 0;
    int got;
    while ((got = sql_one(c->s, &why, &at, "SELECT min(id) FROM rule WHERE id > ?", "i", at)) ==
           1) {
        int same = derive_check_rule(c->s, at, &why);
        if (same < 0)
            return cannot(c, "rules against their decisions", &why);
        if (!same)
            fault(c, "rule #%lld does not stand as its decisions say", (long long)at);
    }
    return got < 0 ? cannot(c, "rules against their decisions", &why) : 0;
}

/* FTS5 compares its index with the texts by a command that looks like a write, so a project open
 * for reading is not asked. */
static int check_search(struct check *c, const char *index, const char *command)
{
    struct error why = {0};
    if (c->s->read_only || sql_run(c->s, &why, command, "") == 0)
        return 0;
    if (why.code != ERR_CORRUPT)
        return cannot(c, index, &why);
    fault(c, "%s does not fit the texts", index);
    return 0;
}

int store_check(struct store *s, struct str *report, size_t *faults, struct error *err)
{
    struct check c = {.s = s, .report = report, .err = err};
    int result = check_file(&c);
    if (result == 0)
        result = check_foreign_keys(&c);
    if (result == 0)
        result = check_orphans(&c);
    if (result == 0)
        result = check_counters(&c);
    if (result == 0)
        result = check_derived_records(&c);
    if (result == 0)
        result = check_derived_rules(&c);
    if (result == 0)
        result = check_search(&c, "the index of record texts",
                              "INSERT INTO record_search (record_search, rank) VALUES "
                              "('integrity-check', 1)");
    if (result == 0)
        result = check_search(&c, "the index of rationales",
                              "INSERT INTO record_why (record_why, rank) VALUES "
                              "('integrity-check', 1)");
    if (result == 0)
        result = check_search(&c, "the index of rules",
                              "INSERT INTO rule_search (rule_search, rank) VALUES "
                              "('integrity-check', 1)");
    *faults = c.faults;
    return result;
}
