/* Two evals beside each other, and all scores of one. */
#include "base/array.h"
#include "base/mem.h"
#include "db/eval_parts.h"
#include "db/eval_store.h"
#include "db/sql.h"

const char *eval_change_name(enum eval_change c)
{
    static const char *const names[EVAL_CHANGES] = {"regressed", "fixed", "same"};
    return names[c];
}

/* Scores that differ by less are the same: what is left of adding and dividing them. */
#define SAME "1e-9"
#define CHANGE "CASE WHEN b.normalised < a.normalised - " SAME " THEN 0 WHEN b.normalised > a.normalised + " SAME \
               " THEN 1 ELSE 2 END"
#define PAIRS " FROM eval_item a JOIN eval_item b ON b.eval = ?2 AND b.record = a.record "
#define BOTH "WHERE a.eval = ?1 AND a.normalised IS NOT NULL AND b.normalised IS NOT NULL"

int eval_store_pairs(struct store *s, int64_t a, int64_t b, unsigned only, eval_pair_fn *each, void *context,
                     struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            "SELECT a.record, r.key, t.name, a.normalised, b.normalised, " CHANGE PAIRS "JOIN record r ON r.id = a.record "
            "LEFT JOIN task t ON t.id = r.task " BOTH " AND (?3 = 0 OR ?3 >> (" CHANGE ") & 1) ORDER BY 6, "
            "abs(a.normalised - b.normalised) DESC, a.record",
            "iii", a, b, (int64_t)only);
    int got = -1, stop = 0;
    while (st && stop == 0 && (got = sql_step(s, st, err)) == 1) {
        struct eval_pair p = {.record = sqlite3_column_int64(st, 0),
                              .key = (const char *)sqlite3_column_text(st, 1),
                              .task = (const char *)sqlite3_column_text(st, 2),
                              .a = sqlite3_column_double(st, 3),
                              .b = sqlite3_column_double(st, 4),
                              .change = (enum eval_change)sqlite3_column_int(st, 5)};
        stop = each(context, &p);
    }
    if (stop)
        sqlite3_reset(st);
    return stop ? stop : got;
}

static int count_alone(struct store *s, int64_t a, int64_t b, int64_t *n, struct error *err)
{
    return sql_one(s, err, n,
                   "SELECT count(*) FROM eval_item a WHERE a.eval = ?1 AND a.normalised IS NOT NULL AND NOT EXISTS (SELECT "
                   "1 FROM eval_item b WHERE b.eval = ?2 AND b.record = a.record AND b.normalised IS NOT NULL)",
                   "ii", a, b) < 0 ? -1 : 0;
}

int eval_store_compare(struct store *s, int64_t a, int64_t b, struct eval_comparison *out, struct error *err)
{
    *out = (struct eval_comparison){0};
    sqlite3_stmt *st = sql(s, err,
                           "SELECT " CHANGE ", count(*), sum(a.normalised), sum(b.normalised), sum(b.normalised - "
                           "a.normalised), sum((b.normalised - a.normalised) * (b.normalised - a.normalised))" PAIRS BOTH
                           " GROUP BY 1",
                           "ii", a, b);
    double sum_a = 0, sum_b = 0, sum = 0, squares = 0;
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        out->by_change[sqlite3_column_int(st, 0)] = sqlite3_column_int64(st, 1);
        out->pairs += sqlite3_column_int64(st, 1);
        sum_a += sqlite3_column_double(st, 2);
        sum_b += sqlite3_column_double(st, 3);
        sum += sqlite3_column_double(st, 4);
        squares += sqlite3_column_double(st, 5);
    }
    if (got < 0 || count_alone(s, a, b, &out->only_a, err) < 0 || count_alone(s, b, a, &out->only_b, err) < 0)
        return -1;
    double n = out->pairs ? (double)out->pairs : 1;
    out->mean_a = sum_a / n;
    out->mean_b = sum_b / n;
    out->difference = sum / n;
    out->spread = eval_spread(out->pairs, sum, squares);
    return 0;
}

int eval_store_scores(struct store *s, int64_t eval, int64_t **records, double **scores, int64_t **tasks, size_t *n,
                      struct error *err)
{
    int64_t *ids = NULL, *of = NULL;
    double *list = NULL;
    size_t count = 0, cap_ids = 0, cap_of = 0, cap_list = 0;
    sqlite3_stmt *st = sql(s, err,
                           "SELECT i.record, i.normalised, coalesce(r.task, 0) FROM eval_item i JOIN record r ON r.id = "
                           "i.record WHERE i.eval = ? AND i.normalised IS NOT NULL ORDER BY i.record",
                           "i", eval);
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        ids = array_reserve(ids, &cap_ids, count + 1, sizeof *ids);
        of = array_reserve(of, &cap_of, count + 1, sizeof *of);
        list = array_reserve(list, &cap_list, count + 1, sizeof *list);
        ids[count] = sqlite3_column_int64(st, 0);
        list[count] = sqlite3_column_double(st, 1);
        of[count++] = sqlite3_column_int64(st, 2);
    }
    if (got < 0 || !tasks)
        mem_free(of);
    if (got < 0) {
        mem_free(ids);
        mem_free(list);
        return -1;
    }
    *records = ids;
    *scores = list;
    if (tasks)
        *tasks = of;
    *n = count;
    return 0;
}
