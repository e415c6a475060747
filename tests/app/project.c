#include "tests/app/project.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "db/record_store.h"
#include "tests/support/tmp.h"

static void put(struct store *store, int n)
{
    struct record r = {0};
    struct error err = {0};
    struct str line = {0};
    enum record_put what;
    int64_t id;
    str_addf(&line,
             "{\"id\":\"rec-%d\",\"task\":\"%s\",\"prompt\":\"Doctor: The tablets, metformin %d mg?\\nPatient: Yes.\","
             "\"y0\":\"Diagnoses: diabetic hypertension. Metformin %d mg.\",\"y_star\":\"Diagnoses: hypertension. "
             "Metformin %d mg.\",\"score\":%d,\"score_max\":6,\"rationale\":\"Added 'diabetic hypertension'.\"",
             n, n % 3 ? "ed-note" : "ward", n, n, n, n % 6);
    if (n % 2 == 0)
        str_adds(&line, ",\"rule\":{\"mistake\":\"Inferred diagnosis from medication\",\"guardrail\":\"Only include "
                        "explicitly stated diagnoses\"}");
    str_adds(&line, "}");
    CU_ASSERT_EQUAL_FATAL(record_parse(&r, str_slice(&line), NULL, &err), 0);
    CU_ASSERT_EQUAL_FATAL(record_store_put(store, &r, "test.jsonl", n + 1, &what, &id, &err), 0);
    record_free(&r);
    str_free(&line);
}

void project_make(struct project *p, int n)
{
    struct error err = {0};
    p->dir = tmp_make();
    snprintf(p->path, sizeof p->path, "%s/test.db", p->dir);
    struct store *store = store_open(p->path, STORE_CREATE, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL_FATAL(store_begin(store, &err), 0);
    for (int i = 0; i < n; i++)
        put(store, i);
    CU_ASSERT_EQUAL_FATAL(store_commit(store, &err), 0);
    store_close(store);
}

void project_remove(struct project *p)
{
    tmp_remove(p->dir);
}

struct session *project_open(const struct project *p, const char *reviewer)
{
    struct error err = {0};
    struct session *s = session_open(&(struct session_options){.project = p->path, .reviewer = reviewer}, &err);
    if (!s)
        fprintf(stderr, "%s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

int64_t project_record(struct session *s, int n)
{
    char key[32];
    int64_t id = 0;
    snprintf(key, sizeof key, "rec-%d", n);
    CU_ASSERT_EQUAL(record_store_find(session_store(s), key, &id, NULL), 1);
    return id;
}
