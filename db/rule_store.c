#include "db/rule_store.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/mem.h"
#include "db/derive.h"
#include "db/sql.h"
#include "db/texts.h"
#include "db/words.h"

#define RULE_COLUMNS \
    "SELECT r.id, r.mistake, r.guardrail, r.status, r.merged_into, w.name, r.created, r.uses, " \
    "r.edits " \
    "FROM rule r JOIN reviewer w ON w.id = r.reviewer "

void rules_free(struct rules *r)
{
    if (r->arena)
        arena_free(r->arena);
    mem_free(r->arena);
    mem_free(r->items);
    *r = (struct rules){0};
}

static void read_rule(sqlite3_stmt *st, struct arena *a, struct rule *out)
{
    *out = (struct rule){.id = sqlite3_column_int64(st, 0),
                         .mistake = sql_strdup(a, st, 1),
                         .guardrail = sql_strdup(a, st, 2),
                         .status = (enum rule_status)sqlite3_column_int(st, 3),
                         .merged_into = sqlite3_column_int64(st, 4),
                         .author = sql_strdup(a, st, 5),
                         .created = sqlite3_column_int64(st, 6),
                         .uses = sqlite3_column_int64(st, 7),
                         .edits = sqlite3_column_int64(st, 8)};
}

/* Every row of st into out; -1 leaves what was read to rules_free. */
static int read_rules(struct store *s, sqlite3_stmt *st, struct rules *out, struct error *err)
{
    size_t cap = 0;
    int got = -1;
    out->arena = mem_zalloc(1, sizeof(struct arena));
    while (st && (got = sql_step(s, st, err)) == 1) {
        out->items = array_reserve(out->items, &cap, out->count + 1, sizeof *out->items);
        read_rule(st, out->arena, &out->items[out->count++]);
    }
    return got;
}

/* Two people may write the same rule at once: whoever comes second finds the first one's. */
static int intern(struct store *s, int64_t reviewer, struct slice mistake, struct slice guardrail,
                  int64_t *id, struct error *err)
{
    int got = sql_one(s, err, id,
                      "SELECT id FROM rule WHERE mistake = ? AND guardrail = ? ORDER BY status = "
                      "2, status, id LIMIT 1",
                      "ss", mistake, guardrail);
    if (got == 1)
        return derive_rule_root(s, *id, id, err);
    if (got == 0)
        got = sql_run(s, err,
                      "INSERT INTO rule (mistake, guardrail, first_mistake, first_guardrail, "
                      "reviewer, created) VALUES (?1, ?2, ?1, ?2, ?3, ?4)",
                      "ssii", mistake, guardrail, reviewer, clock_now_ms());
    if (got < 0)
        return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return search_enter_rule(s, *id, err);
}

int rule_store_intern(struct store *s, int64_t reviewer, struct slice mistake,
                      struct slice guardrail, int64_t *id, struct error *err)
{
    if (store_begin(s, err) < 0)
        return -1;
    return store_end(s, intern(s, reviewer, mistake, guardrail, id, err), err);
}

int rule_store_add_version(struct store *s, int64_t rule, int64_t reviewer, struct slice mistake,
                           struct slice guardrail, int64_t *version, struct error *err)
{
    int64_t there;
    if (store_begin(s, err) < 0)
        return -1;
    int got = sql_one(s, err, &there, "SELECT 1 FROM rule WHERE id = ?", "i", rule);
    if (got == 0)
        got = error_set(err, ERR_ABSENT, "there is no rule #%lld", (long long)rule);
    if (got == 1)
        got = sql_run(s, err,
                      "INSERT INTO rule_version (rule, mistake, guardrail, reviewer, created) "
                      "VALUES (?, ?, ?, ?, ?)",
                      "issii", rule, mistake, guardrail, reviewer, clock_now_ms());
    if (got == 0)
        *version = sqlite3_last_insert_rowid(s->db);
    return store_end(s, got, err);
}

int rule_store_get(struct store *s, int64_t id, struct rules *out, struct error *err)
{
    int got = read_rules(s, sql(s, err, RULE_COLUMNS "WHERE r.id = ?", "i", id), out, err);
    if (got == 0 && out->count == 0)
        return error_set(err, ERR_ABSENT, "there is no rule #%lld", (long long)id);
    return got;
}

int rule_store_list(struct store *s, enum rule_sort sort, bool retired, struct rules *out,
                    struct error *err)
{
    static const char *const queries[] = {
        [RULES_BY_USES] = RULE_COLUMNS "WHERE r.status <= ? ORDER BY r.uses DESC, r.id",
        [RULES_BY_EDITS] = RULE_COLUMNS "WHERE r.status <= ? ORDER BY r.edits DESC, r.id",
        [RULES_BY_AGE] = RULE_COLUMNS "WHERE r.status <= ? ORDER BY r.id",
        [RULES_BY_TEXT] = RULE_COLUMNS "WHERE r.status <= ? ORDER BY r.guardrail COLLATE NOCASE, "
                                       "r.id",
    };
    return read_rules(
        s, sql(s, err, queries[sort], "i", (int64_t)(retired ? RULE_RETIRED : RULE_ACTIVE)), out,
        err);
}

int rule_store_alike(struct store *s, struct slice text, size_t limit, struct rules *out,
                     struct error *err)
{
    struct str query = {0};
    int got = 0;
    if (words_any(&query, text))
        got = read_rules(s,
                         sql(s, err,
                             RULE_COLUMNS "JOIN rule_search f ON f.rowid = r.id WHERE rule_search "
                                          "MATCH ? AND r.status = 0 ORDER BY f.rank LIMIT ?",
                             "si", str_slice(&query), (int64_t)limit),
                         out, err);
    str_free(&query);
    return got;
}

int rule_store_fits(struct store *s, struct slice text, int64_t bound, int64_t *records,
                    struct error *err)
{
    struct str query = {0};
    int got = 0;
    *records = 0;
    if (words_enough(&query, text))
        got = sql_one(s, err, records,
                      "SELECT count(*) FROM (SELECT 1 FROM record_why f CROSS JOIN record r ON "
                      "r.id = f.rowid WHERE record_why MATCH ? AND r.state = 0 LIMIT ?)",
                      "si", str_slice(&query), bound);
    str_free(&query);
    return got < 0 ? -1 : 0;
}

int rule_store_records(struct store *s, int64_t rule, rule_record_fn *each, void *context,
                       struct error *err)
{
    sqlite3_stmt *st = sql(s, err,
                           "SELECT r.id, r.key FROM record_rule c JOIN record r ON r.id = c.record "
                           "WHERE c.rule = ? ORDER BY c.record",
                           "i", rule);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        int stop =
            each(context, sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 1));
        if (stop) {
            sqlite3_reset(st);
            return stop;
        }
    }
    return got;
}
