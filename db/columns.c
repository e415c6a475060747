#include "db/columns.h"

#include "db/sql.h"

/* The verdict a record's score is: the one that counts on y0, else one on the record itself, which was imported
 * without y0. */
#define SCORED \
    "(SELECT v.id FROM verdict v LEFT JOIN output o ON o.id = v.output WHERE v.record = r.id AND v.revision = " \
    "r.revision AND v.counts AND coalesce(o.kind, 0) = 0 AND coalesce(o.sample, 0) = 0 ORDER BY o.id IS NULL, v.id " \
    "LIMIT 1)"

/* The first rationale that counts: of y0, then of the rounds. */
#define RATIONALE \
    "(SELECT t.body FROM verdict v JOIN text t ON t.id = v.rationale LEFT JOIN output o ON o.id = v.output WHERE " \
    "v.record = r.id AND v.revision = r.revision AND v.counts AND coalesce(o.sample, 0) = 0 ORDER BY " \
    "coalesce(o.kind, 0), o.id IS NULL, o.round, v.id LIMIT 1)"

/* While no rule is cited the queue shows the newest candidate's guardrail, else the rationale: without blanks at both
 * ends, QUEUE_HEADLINE characters, on one line. As record_store.c makes it for records that are imported. */
#define BLANKS "char(32, 9, 10, 11, 12, 13)"
#define LINE \
    "replace(replace(replace(substr(trim(coalesce((SELECT coalesce(guardrail, mistake) FROM candidate WHERE record = " \
    "r.id AND revision = r.revision ORDER BY id DESC LIMIT 1), " RATIONALE ", ''), " BLANKS "), 1, 160), char(10), " \
    "' '), char(13), ' '), char(9), ' ')"

/* Values in the order of the columns: score, score_max, score_share, n_rounds, candidate_line. */
#define VALUES \
    "s.score, s.score_max, coalesce(s.normalised, CASE WHEN s.score_max <> 0 THEN s.score / s.score_max ELSE s.score " \
    "END), (SELECT count(*) FROM output o WHERE o.record = r.id AND o.revision = r.revision AND o.kind = 1), " LINE

#define FROM_ROWS " FROM record r LEFT JOIN verdict s ON s.id = " SCORED

int columns_derive(struct store *s, int64_t record, struct error *err)
{
    if (sql_run(s, err,
                "UPDATE record SET (score, score_max, score_share, n_rounds, candidate_line) = (SELECT " VALUES
                    FROM_ROWS " WHERE r.id = ?1) WHERE id = ?1",
                "i", record) < 0)
        return -1;
    return sql_run(s, err,
                   "UPDATE record SET headline = candidate_line WHERE id = ? AND rule IS NULL AND headline <> "
                   "candidate_line",
                   "i", record);
}

const char columns_wrong[] =
    "SELECT id FROM (SELECT r.id AS id, (r.score, r.score_max, r.score_share, r.n_rounds, r.candidate_line) IS "
    "(" VALUES ") AND (r.rule IS NOT NULL OR r.headline = r.candidate_line) AS same" FROM_ROWS ") WHERE NOT same";
