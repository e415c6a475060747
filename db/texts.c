#include "db/texts.h"

#include "db/sql.h"

int text_put(struct store *s, const char *body, size_t len, int64_t *id, struct error *err)
{
    if (sql_run(s, err, "INSERT INTO text (body) VALUES (?)", "s", (struct slice){body, len}) < 0)
        return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int search_leave(struct store *s, int64_t record, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO record_search (record_search, rowid, prompt, output, rationale, candidate) "
                   "SELECT 'delete', id, prompt, output, rationale, candidate FROM record_words WHERE id = ?",
                   "i", record);
}

int search_enter(struct store *s, int64_t record, struct error *err)
{
    return sql_run(s, err,
                   "INSERT INTO record_search (rowid, prompt, output, rationale, candidate) "
                   "SELECT id, prompt, output, rationale, candidate FROM record_words WHERE id = ?",
                   "i", record);
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
