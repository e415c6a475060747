/* What a step has to do, and the verdicts that could not be read. */
#include "base/array.h"
#include "base/mem.h"
#include "db/ids.h"
#include "db/loop_store.h"
#include "db/sql.h"

const char *loop_step_name(enum loop_step step)
{
    static const char *const names[LOOP_STEPS] = {"generate", "grade", "refine", "distill"};
    return names[step];
}

/* --- which records --- */

#define PROMPT "EXISTS (SELECT 1 FROM message WHERE record = r.id AND revision = r.revision)"
#define Y0 "SELECT 1 FROM output o WHERE o.record = r.id AND o.revision = r.revision AND o.kind = 0 AND o.sample = 0"
#define GRADED " AND EXISTS (SELECT 1 FROM verdict v WHERE v.output = o.id AND v.counts)"
/* A record without y0 may have been imported with y*. */
#define Y_STAR \
    "(EXISTS (SELECT 1 FROM output o WHERE o.record = r.id AND o.revision = r.revision AND o.kind = 2) OR EXISTS " \
    "(SELECT 1 FROM output o WHERE o.record = r.id AND o.kind = 3 AND o.id IN (SELECT output FROM effective WHERE " \
    "record = r.id AND verb = 'edit-ystar')))"
#define IMPERFECT "EXISTS (SELECT 1 FROM tag WHERE record = r.id AND name = '" TAG_IMPERFECT "')"
/* A verdict without a score says that something is wrong by having a rationale. */
#define FAULTED \
    "EXISTS (SELECT 1 FROM verdict v WHERE v.record = r.id AND v.revision = r.revision AND v.counts AND v.rationale IS " \
    "NOT NULL AND coalesce(coalesce(v.normalised, v.score / nullif(v.score_max, 0)) < 1, 1))"
#define CANDIDATE "EXISTS (SELECT 1 FROM candidate c WHERE c.record = r.id AND c.revision = r.revision)"

/* What a record must have, and what it must not have been given yet. */
static const struct {
    const char *needs, *lacks;
} work[LOOP_STEPS] = {
    [LOOP_GENERATE] = {PROMPT, "NOT EXISTS (" Y0 ")"},
    [LOOP_GRADE] = {"EXISTS (" Y0 ")", "NOT EXISTS (" Y0 GRADED ")"},
    [LOOP_REFINE] = {"EXISTS (" Y0 GRADED ")", "NOT " Y_STAR " AND NOT " IMPERFECT},
    [LOOP_DISTILL] = {FAULTED " AND (" Y_STAR " OR " IMPERFECT ") AND r.state = 0", "NOT " CANDIDATE},
};

#define BUSY \
    "EXISTS (SELECT 1 FROM job_item i JOIN job j ON j.id = i.job WHERE i.record = r.id AND i.state < 2 AND j.state < 3 " \
    "AND j.kind = ?1)"

static void select_text(struct str *out, enum loop_step step, bool again, bool within)
{
    str_addf(out, "SELECT r.id, " BUSY " FROM %s WHERE %s",
             within ? "json_each(?2) x JOIN record r ON r.id = x.value" : "record r", work[step].needs);
    if (!again)
        str_addf(out, " AND %s", work[step].lacks);
    str_adds(out, " ORDER BY r.id");
}

struct found {
    int64_t *ids;
    size_t n, cap, busy;
};

/* A record named twice within is found once: they come in order. */
static int collect(struct store *s, sqlite3_stmt *st, size_t limit, struct found *out, struct error *err)
{
    int64_t last = 0;
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        int64_t id = sqlite3_column_int64(st, 0);
        if (id == last)
            continue;
        last = id;
        if (sqlite3_column_int(st, 1)) {
            out->busy++;
            continue;
        }
        out->ids = array_reserve(out->ids, &out->cap, out->n + 1, sizeof *out->ids);
        out->ids[out->n++] = id;
        if (limit && out->n == limit) {
            sqlite3_reset(st);
            return 0;
        }
    }
    return got;
}

int loop_store_select(struct store *s, enum loop_step step, bool again, const int64_t *within, size_t n_within,
                      size_t limit, int64_t **ids, size_t *n, size_t *busy, struct error *err)
{
    struct str text = {0}, list = {0};
    struct found found = {0};
    select_text(&text, step, again, within != NULL);
    if (within)
        ids_print(&list, within, n_within);
    sqlite3_stmt *st = within ? sql(s, err, str_z(&text), "zs", loop_step_name(step), str_slice(&list))
                              : sql(s, err, str_z(&text), "z", loop_step_name(step));
    int result = collect(s, st, limit, &found, err);
    str_free(&text);
    str_free(&list);
    if (result < 0) {
        mem_free(found.ids);
        found = (struct found){0};
    }
    *ids = found.ids;
    *n = found.n;
    if (busy)
        *busy = found.busy;
    return result;
}

/* --- verdicts that could not be read --- */

/* Those of outputs that are still there and that the grader has not managed to grade since. */
int loop_store_failed_verdicts(struct store *s, failed_verdict_fn *each, void *context, struct error *err)
{
    sqlite3_stmt *st =
        sql(s, err,
            "SELECT v.id, v.record, v.output, v.created, r.key, v.grader, v.model, v.fault, t.body FROM verdict v "
            "JOIN record r ON r.id = v.record AND r.revision = v.revision LEFT JOIN text t ON t.id = v.raw WHERE "
            "v.fault IS NOT NULL AND NOT EXISTS (SELECT 1 FROM verdict n WHERE n.output = v.output AND n.id > v.id AND "
            "n.grader IS v.grader AND n.fault IS NULL) ORDER BY v.id DESC",
            "");
    int got = -1;
    while (st && (got = sql_step(s, st, err)) == 1) {
        struct failed_verdict v = {
            .id = sqlite3_column_int64(st, 0),
            .record = sqlite3_column_int64(st, 1),
            .output = sqlite3_column_int64(st, 2),
            .created = sqlite3_column_int64(st, 3),
            .key = (const char *)sqlite3_column_text(st, 4),
            .grader = (const char *)sqlite3_column_text(st, 5),
            .model = (const char *)sqlite3_column_text(st, 6),
            .fault = (const char *)sqlite3_column_text(st, 7),
            .raw = sql_text(st, 8),
        };
        int stop = each(context, &v);
        if (stop) {
            sqlite3_reset(st);
            return stop;
        }
    }
    return got;
}
