#include "db/texts.h"

#include "base/array.h"
#include "db/sql.h"

int text_put(struct store *s, const char *body, size_t len, int64_t *id, struct error *err)
{
    if (sql_run(s, err, "INSERT INTO text (body) VALUES (?)", "s", (struct slice){body, len}) < 0)
        return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* True when the last word on the record before end is that it shall enter. */
static bool is_waiting(const struct store *s, int64_t record, size_t end)
{
    for (size_t i = end; i > 0; i--)
        if (s->waiting[i - 1] == record || s->waiting[i - 1] == -record)
            return s->waiting[i - 1] > 0;
    return false;
}

static void note(struct store *s, int64_t record)
{
    s->waiting = array_reserve(s->waiting, &s->cap_waiting, s->n_waiting + 1, sizeof *s->waiting);
    s->waiting[s->n_waiting++] = record;
}

int search_leave(struct store *s, int64_t record, struct error *err)
{
    if (is_waiting(s, record, s->n_waiting)) {
        note(s, -record);
        return 0;
    }
    if (sql_run(s, err,
                "INSERT INTO record_search (record_search, rowid, prompt, output, rationale, "
                "candidate) SELECT 'delete', id, prompt, output, rationale, candidate FROM "
                "record_words WHERE id = ?",
                "i", record) < 0)
        return -1;
    return sql_run(s, err,
                   "INSERT INTO record_why (record_why, rowid, rationale, candidate) "
                   "SELECT 'delete', id, rationale, candidate FROM record_words WHERE id = ?",
                   "i", record);
}

/* Two statements, as INSERT ... SELECT makes a savepoint of its own, and FTS5 writes out at
 * each. */
static int enter(struct store *s, int64_t record, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err, "SELECT prompt, output, rationale, candidate FROM record_words WHERE id = ?",
            "i", record);
    int got = st ? sql_step(s, st, err) : -1;
    if (got != 1)
        return got;
    int result = sql_run(s, err,
                         "INSERT INTO record_search (rowid, prompt, output, rationale, candidate) "
                         "VALUES (?, ?, ?, ?, ?)",
                         "issss", record, sql_text(st, 0), sql_text(st, 1), sql_text(st, 2),
                         sql_text(st, 3));
    if (result == 0)
        result =
            sql_run(s, err, "INSERT INTO record_why (rowid, rationale, candidate) VALUES (?, ?, ?)",
                    "iss", record, sql_text(st, 2), sql_text(st, 3));
    sqlite3_reset(st);
    return result;
}

int search_enter(struct store *s, int64_t record, struct error *err)
{
    if (s->depth == 0)
        return enter(s, record, err);
    note(s, record);
    return 0;
}

/* An import of new records names each once, in rising order: then there is nothing to look for. */
static bool each_once(const struct store *s)
{
    for (size_t i = 0; i < s->n_waiting; i++)
        if (s->waiting[i] <= (i ? s->waiting[i - 1] : 0))
            return false;
    return true;
}

int search_flush(struct store *s, struct error *err)
{
    size_t n = s->n_waiting;
    int result = 0;
    bool once = each_once(s);
    for (size_t i = 0; i < n && result == 0; i++) {
        bool again = false;
        for (size_t later = i + 1; !once && later < n && !again; later++)
            again = s->waiting[later] == s->waiting[i] || s->waiting[later] == -s->waiting[i];
        if (s->waiting[i] > 0 && !again)
            result = enter(s, s->waiting[i], err);
    }
    if (result == 0)
        s->n_waiting = 0;
    return result;
}

int search_leave_rule(struct store *s, int64_t rule, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO rule_search (rule_search, rowid, mistake, guardrail) "
                   "SELECT 'delete', id, mistake, guardrail FROM rule WHERE id = ?", "i", rule);
}

int search_enter_rule(struct store *s, int64_t rule, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO rule_search (rowid, mistake, guardrail) "
                   "SELECT id, mistake, guardrail FROM rule WHERE id = ?", "i", rule);
}
