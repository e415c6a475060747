#include "db/derive.h"

#include <string.h>

#include "base/array.h"
#include "base/mem.h"
#include "db/sql.h"
#include "db/texts.h"
#include "domain/state.h"

enum { MERGES_MAX = 100000 };

struct ids {
    int64_t *items;
    size_t count, cap;
};

static void ids_push(struct ids *list, int64_t id)
{
    list->items = array_reserve(list->items, &list->cap, list->count + 1, sizeof *list->items);
    list->items[list->count++] = id;
}

/* Of a short list: pushes what is not there yet. */
static void ids_add(struct ids *list, int64_t id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == id)
            return;
    ids_push(list, id);
}

/* Pushes the first column of every row that text gives for the number bound. */
static int ids_query(struct store *s, struct ids *list, const char *text, int64_t bound,
                     struct error *err)
{
    sqlite3_stmt *st = sql(s, err, text, "i", bound);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1)
        ids_push(list, sqlite3_column_int64(st, 0));
    return got;
}

/* What the log says of a record now. */
struct standing {
    enum record_state state;
    int64_t reviewer, decided;
    struct ids rules;
};

/* A merge that would make a circle is refused when it is decided, but an undo or redo may bring an
 * older one back: then that is refused. A circle always holds the rule it starts from, as there was
 * none before. */
int derive_rule_root(struct store *s, int64_t rule, int64_t *root, struct error *err)
{
    *root = rule;
    for (int steps = 0; steps < MERGES_MAX; steps++) {
        int64_t next;
        int got = sql_one(s, err, &next, "SELECT merged_into FROM rule WHERE id = ?", "i", *root);
        if (got != 1)
            return got;
        *root = next;
        if (next == rule)
            return error_set(err, ERR_CONFLICT,
                             "rule #%lld would be merged into itself through later merges: "
                             "take those back first",
                             (long long)rule);
    }
    return error_set(err, ERR_CORRUPT, "the merges from rule #%lld on do not end", (long long)rule);
}

/* The rule of the deciding decision, then those added to it, each as what it was merged into. */
static int cited_rules(struct store *s, int64_t record, int64_t deciding, struct ids *out,
                       struct error *err)
{
    struct ids raw = {0};
    int result = 0;
    if (deciding)
        ids_push(&raw, deciding);
    if (ids_query(s, &raw,
                  "SELECT rule FROM effective WHERE record = ? AND verb = 'add-rule' ORDER BY id",
                  record, err) < 0)
        result = -1;
    for (size_t i = 0; result == 0 && i < raw.count; i++) {
        int64_t root;
        result = derive_rule_root(s, raw.items[i], &root, err);
        if (result == 0)
            ids_add(out, root);
    }
    mem_free(raw.items);
    return result;
}

static int read_standing(struct store *s, int64_t record, struct standing *out, struct error *err)
{
    *out = (struct standing){.state = STATE_UNDECIDED};
    sqlite3_stmt *st = sql(s, err,
                           "SELECT verb, reviewer, created, rule FROM effective WHERE record = ? "
                           "AND verb IN " STATE_VERBS " ORDER BY id DESC LIMIT 1",
                           "i", record);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    int verb = verb_parse((const char *)sqlite3_column_text(st, 0));
    out->state = verb >= 0 ? (enum record_state)verb_state((enum verb)verb) : STATE_UNDECIDED;
    if (out->state != STATE_UNDECIDED) {
        out->reviewer = sqlite3_column_int64(st, 1);
        out->decided = sqlite3_column_int64(st, 2);
    }
    int64_t rule = sqlite3_column_int64(st, 3);
    sqlite3_reset(st);
    if (out->state == STATE_ACCEPTED || out->state == STATE_EDITED)
        return cited_rules(s, record, rule, &out->rules, err);
    return 0;
}

static int write_standing(struct store *s, int64_t record, const struct standing *now,
                          struct error *err)
{
    int result = sql_run(s, err, "DELETE FROM record_rule WHERE record = ?", "i", record);
    for (size_t i = 0; result == 0 && i < now->rules.count; i++)
        result = sql_run(s, err, "INSERT INTO record_rule (record, place, rule) VALUES (?, ?, ?)",
                         "iii", record, (int64_t)i, now->rules.items[i]);
    int64_t first = now->rules.count ? now->rules.items[0] : 0;
    if (result == 0)
        result = sql_run(s, err,
                         "UPDATE record SET state = ?2, reviewer = nullif(?3, 0), decided = "
                         "nullif(?4, 0), rule = nullif(?5, 0), headline = coalesce((SELECT "
                         "substr(guardrail, 1, 160) FROM rule WHERE id = ?5), candidate_line) "
                         "WHERE id = ?1",
                         "iiiii", record, (int64_t)now->state, now->reviewer, now->decided, first);
    return result;
}

int derive_record(struct store *s, int64_t record, struct error *err)
{
    struct standing now;
    int result = read_standing(s, record, &now, err);
    if (result == 0)
        result = write_standing(s, record, &now, err);
    mem_free(now.rules.items);
    return result;
}

/* A column of a rule's newest version that stands, else of its first. */
#define RULE_WORD(column) \
    "coalesce((SELECT v." column " FROM effective d JOIN rule_version v ON v.id = d.other WHERE " \
                                 "d.rule = r.id " \
    "AND d.verb = 'reword-rule' ORDER BY d.id DESC LIMIT 1), r.first_" column ")"
#define LIBRARY_VERBS "('merge-rule','retire-rule','revive-rule')"
/* The columns of one rule as the log gives them: words, status, merged_into, edits. */
#define RULE_COLUMNS \
    "SELECT " RULE_WORD("mistake") ", " RULE_WORD("guardrail") ", " \
                                                               "coalesce((SELECT CASE verb WHEN " \
                                                               "'merge-rule' THEN 2 WHEN " \
                                                               "'retire-rule' THEN 1 ELSE 0 END " \
                                                               "FROM effective " \
                                                               "WHERE rule = r.id AND verb " \
                                                               "IN " LIBRARY_VERBS " ORDER BY id " \
                                                                                   "DESC LIMIT " \
                                                                                   "1), 0), " \
                                                               "(SELECT CASE verb WHEN " \
                                                               "'merge-rule' THEN other END FROM " \
                                                               "effective WHERE rule = r.id AND " \
                                                               "verb IN " LIBRARY_VERBS " ORDER " \
                                                                                        "BY id " \
                                                                                        "DESC " \
                                                                                        "LIMIT " \
                                                                                        "1), " \
                                                               "(SELECT count(*) FROM effective " \
                                                               "WHERE rule = r.id AND verb IN " \
                                                               "('edit','reword-rule')) " \
                                                               "FROM rule r WHERE r.id = ?1"

static int write_rule(struct store *s, int64_t rule, struct error *err)
{
    return sql_run(s, err,
                   "UPDATE rule SET (mistake, guardrail, status, merged_into, edits) = "
                   "(" RULE_COLUMNS ") WHERE id = ?1",
                   "i", rule);
}

/* Words change seldom, status and counts often: the search index is touched only where it must
 * be. */
static int update_rule(struct store *s, int64_t rule, struct error *err)
{
    int64_t same = 1;
    if (sql_one(s, err, &same,
                "SELECT mistake = " RULE_WORD("mistake") " AND guardrail = " RULE_WORD("guardrail")
                " FROM rule r WHERE id = ?", "i", rule) < 0)
        return -1;
    if (same)
        return write_rule(s, rule, err);
    if (search_leave_rule(s, rule, err) < 0 || write_rule(s, rule, err) < 0)
        return -1;
    return search_enter_rule(s, rule, err);
}

int derive_rule_row(struct store *s, int64_t rule, struct error *err)
{
    int64_t root;
    return update_rule(s, rule, err) < 0 ? -1 : derive_rule_root(s, rule, &root, err);
}

int derive_rule(struct store *s, int64_t rule, struct error *err)
{
    struct ids records = {0};
    int result = derive_rule_row(s, rule, err);
    if (result == 0)
        result = ids_query(s, &records,
                           "WITH RECURSIVE family (id) AS (SELECT ? UNION SELECT rule.id FROM rule "
                           "JOIN family ON rule.merged_into = family.id) SELECT DISTINCT record "
                           "FROM decision WHERE record IS NOT NULL AND rule IN family ORDER BY "
                           "record",
                           rule, err);
    for (size_t i = 0; result == 0 && i < records.count; i++)
        result = derive_record(s, records.items[i], err);
    mem_free(records.items);
    return result;
}

int derive_check_record(struct store *s, int64_t record, struct error *err)
{
    struct standing now;
    struct ids stored = {0};
    int result = read_standing(s, record, &now, err);
    if (result == 0)
        result =
            ids_query(s, &stored, "SELECT rule FROM record_rule WHERE record = ? ORDER BY place",
                      record, err);
    int64_t same = 0;
    int got = result < 0 ? -1
                         : sql_one(s, err, &same,
                                   "SELECT state = ?2 AND coalesce(reviewer, 0) = ?3 AND "
                                   "coalesce(decided, 0) = ?4 AND coalesce(rule, 0) = ?5 FROM "
                                   "record WHERE id = ?1",
                                   "iiiii", record, (int64_t)now.state, now.reviewer, now.decided,
                                   now.rules.count ? now.rules.items[0] : (int64_t)0);
    bool rules_same = stored.count == now.rules.count &&
                      (stored.count == 0 || memcmp(stored.items, now.rules.items,
                                                   stored.count * sizeof *stored.items) == 0);
    mem_free(stored.items);
    mem_free(now.rules.items);
    return got < 0 ? -1 : same && rules_same;
}

int derive_check_rule(struct store *s, int64_t rule, struct error *err)
{
    int64_t same = 0;
    int got =
        sql_one(s, err, &same,
                "SELECT (mistake, guardrail, status, merged_into, edits) IS (" RULE_COLUMNS ") AND "
                                                                                            "uses "
                                                                                            "= "
                "(SELECT count(*) FROM record_rule WHERE rule = ?1) FROM rule WHERE id = ?1",
                "i", rule);
    return got < 0 ? -1 : same == 1;
}
