#include "tests/db/fixture.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/sql.h"
#include "tests/support/tmp.h"

static char said[512];

void fixture_open(struct fixture *f)
{
    struct error err = {0};
    f->dir = tmp_make();
    f->path = strdup(tmp_join(f->dir, "p.db"));
    f->s = store_open(f->path, STORE_CREATE, &err);
    if (!f->s) {
        fprintf(stderr, "cannot make %s: %s\n", f->path, err.text);
        abort();
    }
    CU_ASSERT_EQUAL(store_reviewer(f->s, "alice", &f->alice, &err), 0);
    CU_ASSERT_EQUAL(store_reviewer(f->s, "bob", &f->bob, &err), 0);
}

void fixture_close(struct fixture *f)
{
    store_close(f->s);
    free(f->path);
    tmp_remove(f->dir);
}

int64_t fixture_put(struct fixture *f, const char *line, enum record_put *what)
{
    struct error err = {0};
    struct record r = {0};
    enum record_put ignored;
    int64_t id = 0;
    if (record_parse(&r, slice_of(line), NULL, &err) != 0 ||
        record_store_put(f->s, &r, "made.jsonl", 1, what ? what : &ignored, &id, &err) != 0)
        fprintf(stderr, "%s: %s\n", line, err.text);
    CU_ASSERT_EQUAL(err.code, ERR_NONE);
    record_free(&r);
    return id;
}

int64_t fixture_record(struct fixture *f, int n)
{
    char line[1024], rule[256] = "";
    if (n % 2 == 0)
        snprintf(rule, sizeof rule,
                 ",\"rule\":{\"mistake\":\"mistake %d\",\"guardrail\":\"guardrail %d\"}", n, n);
    snprintf(line, sizeof line,
             "{\"id\":\"r%d\",\"task\":\"t%d\",\"prompt\":\"prompt of %d\",\"y0\":\"first output "
             "%d\","
             "\"y_star\":\"last output %d\",\"score\":%d,\"score_max\":6,\"rationale\":\"rationale "
             "of %d\"%s}",
             n, n % 3, n, n, n, n % 7, n, rule);
    return fixture_put(f, line, NULL);
}

int fixture_sql(struct store *s, const char *sql)
{
    char *message = NULL;
    int code = sqlite3_exec(s->db, sql, NULL, NULL, &message);
    snprintf(said, sizeof said, "%s", message ? message : "");
    sqlite3_free(message);
    return code & 0xFF;
}

const char *fixture_said(void)
{
    return said;
}

int64_t fixture_number(struct store *s, const char *query)
{
    int64_t n = -999;
    struct error err = {0};
    return sql_one(s, &err, &n, query, "") == 1 ? n : -999;
}

size_t fixture_faults(struct store *s, struct str *report)
{
    struct error err = {0};
    struct str own = {0};
    size_t faults = 0;
    CU_ASSERT_EQUAL(store_check(s, report ? report : &own, &faults, &err), 0);
    if (!report && faults) /* nobody expected one */
        fprintf(stderr, "%s", str_z(&own));
    str_free(&own);
    return faults;
}
