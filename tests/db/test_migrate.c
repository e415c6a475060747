/* A project of an older version is brought up to date with all it holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/loop_store.h"
#include "db/migrate.h"
#include "db/sql.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { BEFORE_LOOP = 2 }; /* the schema before models made anything */

/* A record as that version put it: y0 with a verdict, a round, y*, a candidate, one accepted. */
static const char old_rows[] =
    "INSERT INTO reviewer VALUES (1, 'alice', 1); INSERT INTO task VALUES (1, 't');"
    "INSERT INTO text VALUES (1, 'ask'), (2, 'zero'), (3, 'one'), (4, 'star'), (5, 'why zero'), (6, 'why one');"
    "INSERT INTO record (id, key, task, score, score_max, score_share, n_rounds, candidate_line, headline, n_hinges) "
    "VALUES (1, 'p1', 1, 3.0, 6.0, 0.5, 1, 'do', 'do', 4);"
    "INSERT INTO record_revision VALUES (1, 1, 'h', 0, NULL, NULL, NULL, 'f.jsonl', 1, 5);"
    "INSERT INTO message VALUES (1, 1, 0, 'user', 1);"
    "INSERT INTO output (id, record, revision, kind, round, text, created) VALUES (1, 1, 1, 0, 0, 2, 5), (2, 1, 1, 1, 1, "
    "3, 5), (3, 1, 1, 2, 2, 4, 5);"
    "INSERT INTO verdict (id, record, revision, output, score, score_max, rationale, spans, created) VALUES (1, 1, 1, 1, "
    "3.0, 6.0, 5, '[[0,2,null]]', 5), (2, 1, 1, 2, 6.0, 6.0, 6, NULL, 5);"
    "INSERT INTO candidate (id, record, revision, mistake, guardrail, created) VALUES (1, 1, 1, 'did not', 'do', 5);"
    "INSERT INTO record_search (rowid, prompt, output, rationale, candidate) SELECT id, prompt, output, rationale, "
    "candidate FROM record_words;"
    "INSERT INTO record_why (rowid, rationale, candidate) SELECT id, rationale, candidate FROM record_words;";

static void make_old(const char *path)
{
    struct str script = {0};
    char *message = NULL;
    sqlite3 *db;
    str_adds(&script, "PRAGMA journal_mode=WAL; BEGIN;");
    for (int n = 0; n < BEFORE_LOOP; n++)
        for (const char *const *line = migrations[n]; *line; line++)
            str_adds(&script, *line);
    str_addf(&script, "PRAGMA user_version=%d; PRAGMA application_id=%d; %s COMMIT;", BEFORE_LOOP,
             PROJECT_APPLICATION_ID, old_rows);
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_exec(db, str_z(&script), NULL, NULL, &message), SQLITE_OK);
    if (message)
        fprintf(stderr, "%s\n", message);
    sqlite3_free(message);
    sqlite3_close(db);
    str_free(&script);
}

static void opens_old(struct fixture *f)
{
    struct error err = {0};
    f->dir = tmp_make();
    f->path = strdup(tmp_join(f->dir, "old.db"));
    make_old(f->path);
    f->s = store_open(f->path, STORE_READ, &err);
    CU_ASSERT_PTR_NULL(f->s);
    CU_ASSERT_EQUAL(err.code, ERR_READONLY);
    f->s = store_open(f->path, STORE_WRITE, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->s);
}

static void keeps_all(void)
{
    struct fixture f;
    struct error err = {0};
    struct record r = {0};
    struct str out = {0};
    opens_old(&f);
    CU_ASSERT_EQUAL(fixture_number(f.s, "PRAGMA user_version"), store_version());
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    CU_ASSERT_EQUAL(record_store_export(f.s, 1, &r, &err), 0);
    record_print(&out, &r);
    CU_ASSERT_STRING_EQUAL(
        str_z(&out),
        "{\"id\":\"p1\",\"task\":\"t\",\"prompt\":\"ask\",\"y0\":\"zero\",\"rounds\":[{\"output\":\"one\",\"score\":6,"
        "\"rationale\":\"why one\"}],\"y_star\":\"star\",\"score\":3,\"score_max\":6,\"rationale\":\"why zero\",\"spans\":"
        "[{\"start\":0,\"end\":2}],\"rule\":{\"mistake\":\"did not\",\"guardrail\":\"do\"}}");
    str_free(&out);
    record_free(&r);
    fixture_close(&f);
}

/* And the loop goes on with it. */
static void is_graded_again(void)
{
    struct fixture f;
    struct error err = {0};
    struct new_verdict v = {.grader = "g", .has_score = true, .score = 1, .score_max = 6, .normalised = 1.0 / 6,
                            .rationale = "worse"};
    int64_t id;
    opens_old(&f);
    CU_ASSERT_EQUAL(loop_store_add_verdict(f.s, 1, 1, &v, NULL, &id, &err), 0);
    CU_ASSERT_EQUAL(fixture_number(f.s, "SELECT score = 1.0 AND headline = 'do' AND n_hinges IS NULL FROM record"), 1);
    CU_ASSERT_EQUAL(fixture_faults(f.s, NULL), 0);
    fixture_close(&f);
}

static const struct test tests[] = {
    {"a project of the version before models keeps all", keeps_all},
    {"and is graded again", is_graded_again},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("migrate", tests, argc, argv);
}
