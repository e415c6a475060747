/* The queue against the same list sorted and filtered in memory; and how SQLite goes about it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/decision_store.h"
#include "db/queue_store.h"
#include "db/sql.h"
#include "tests/db/fixture.h"
#include "tests/support/suite.h"

enum { RECORDS = 1500, PAGE = 97 };

/* What a record is, as the test made it. */
struct fact {
    int64_t id;
    char key[16], task[8];
    int state, hinges; /* hinges -1: not counted */
    double score;      /* -1: none */
    int64_t decided;
    bool tagged, word;
};

static struct fact facts[RECORDS];
static struct fixture f;

static const enum verb verbs[] = {VERB_ACCEPT, VERB_REJECT, VERB_SKIP, VERB_FLAG};

static void make_one(int n)
{
    struct fact *x = &facts[n];
    struct error err = {0};
    char line[512], score[64] = "";
    unsigned h = (unsigned)n * 2654435761u >> 7;
    snprintf(x->key, sizeof x->key, "k%04u-%d", h % 5000, n);
    snprintf(x->task, sizeof x->task, "%s", h % 5 == 0 ? "rare" : "usual");
    x->score = h % 11 == 0 ? -1 : (int)(h % 4);
    x->word = h % 13 == 0;
    if (x->score >= 0)
        snprintf(score, sizeof score, ",\"score\":%g,\"score_max\":4", x->score);
    snprintf(line, sizeof line, "{\"id\":\"%s\",\"task\":\"%s\",\"prompt\":\"some %s text\"%s}",
             x->key, x->task, x->word ? "chest pain" : "other", score);
    x->id = fixture_put(&f, line, NULL);
    x->hinges = h % 6 == 0 ? -1 : (int)(h % 3);
    if (x->hinges >= 0)
        CU_ASSERT_EQUAL(record_store_set_hinges(f.s, x->id, x->hinges, &err), 0);
    x->tagged = h % 17 == 0;
    if (x->tagged)
        CU_ASSERT_EQUAL(record_store_tag(f.s, x->id, "late", true, &err), 0);
    if (h % 4 != 0)
        return;
    struct decision d = {
        .verb = verbs[h / 4 % 4], .reviewer = h % 8 ? f.alice : f.bob, .record = x->id};
    CU_ASSERT_EQUAL(decision_store_append(f.s, &d, &err), 0);
    x->state = verb_state(d.verb);
    x->decided = d.created;
}

static void make_all(void)
{
    struct error err = {0};
    fixture_open(&f);
    memset(facts, 0, sizeof facts);
    CU_ASSERT_EQUAL(store_begin(f.s, &err), 0);
    for (int i = 0; i < RECORDS; i++)
        make_one(i);
    CU_ASSERT_EQUAL(store_commit(f.s, &err), 0);
}

/* --- the same in memory --- */

struct filter {
    const char *name;
    struct queue_term terms[3];
    size_t n;
    bool (*lets)(const struct fact *x);
};

static bool all(const struct fact *x) { return x->id > 0; }
static bool undecided(const struct fact *x) { return x->state == STATE_UNDECIDED; }
static bool flagged(const struct fact *x) { return x->state == STATE_FLAGGED; }
static bool decided(const struct fact *x)
{
    return x->state == STATE_SKIPPED || x->state == STATE_REJECTED;
}
static bool usual(const struct fact *x) { return x->task[0] == 'u'; }
static bool rare_undecided(const struct fact *x) { return x->task[0] == 'r' && undecided(x); }
static bool not_flagged(const struct fact *x) { return !flagged(x); }
static bool low(const struct fact *x) { return x->score >= 0 && x->score < 2; }
static bool not_low(const struct fact *x) { return !low(x); }
static bool late(const struct fact *x) { return x->tagged; }
static bool worded(const struct fact *x) { return x->word; }
static bool worded_undecided(const struct fact *x) { return x->word && undecided(x); }
static bool begins(const struct fact *x) { return strncmp(x->key, "k00", 3) == 0; }
static bool none(const struct fact *x) { return x->id == 0; }

#define WORD(text) {"" text, sizeof(text) - 1}
#define IS(fieldname, a) {.field = (fieldname), .values = (const struct slice[]){a}, .n_values = 1}

static const struct filter filters[] = {
    {"all", {{0}}, 0, all},
    {"undecided", {IS(QUEUE_STATE, WORD("undecided"))}, 1, undecided},
    {"flagged", {IS(QUEUE_STATE, WORD("flagged"))}, 1, flagged},
    {"two states",
     {{.field = QUEUE_STATE,
       .n_values = 2,
       .values = (const struct slice[]){WORD("skipped"), WORD("rejected")}}},
     1,
     decided},
    {"most", {IS(QUEUE_TASK, WORD("us"))}, 1, usual},
    {"both", {IS(QUEUE_TASK, WORD("rare")), IS(QUEUE_STATE, WORD("undecided"))}, 2, rare_undecided},
    {"not",
     {{.field = QUEUE_STATE,
       .negated = true,
       .n_values = 1,
       .values = (const struct slice[]){WORD("flagged")}}},
     1,
     not_flagged},
    {"low", {{.field = QUEUE_SCORE, .op = QUEUE_LESS, .number = 2}}, 1, low},
    {"not low",
     {{.field = QUEUE_SCORE, .op = QUEUE_LESS, .number = 2, .negated = true}},
     1,
     not_low},
    {"tagged", {IS(QUEUE_TAG, WORD("late"))}, 1, late},
    {"words", {IS(QUEUE_TEXT, WORD("Chest pa*"))}, 1, worded},
    {"words and state",
     {IS(QUEUE_TEXT, WORD("chest")), IS(QUEUE_STATE, WORD("undecided"))},
     2,
     worded_undecided},
    {"beginning", {IS(QUEUE_ID, WORD("k00"))}, 1, begins},
    {"hostile", {IS(QUEUE_TEXT, WORD("\" OR NEAR( prompt : '"))}, 1, none},
    {"nothing", {IS(QUEUE_REVIEWER, WORD("nobody"))}, 1, none},
};
enum { FILTERS = sizeof filters / sizeof *filters };

static enum queue_sort sort_now;
static bool down_now;

/* Tasks are in the order they came in: "rare" (the first record has it) before "usual". */
static double measure(const struct fact *x)
{
    switch (sort_now) {
    case SORT_STATE: return x->state;
    case SORT_SCORE:
        return x->score >= 0 ? x->score : down_now ? -1 : 99; /* none comes last both ways */
    case SORT_HINGES: return x->hinges;
    case SORT_TASK: return x->task[0] == facts[0].task[0] ? 0 : 1;
    case SORT_DECIDED: return (double)x->decided;
    default: return 0;
    }
}

static int compare(const void *a, const void *b)
{
    const struct fact *x = *(const struct fact *const *)a, *y = *(const struct fact *const *)b;
    double m = measure(x) - measure(y);
    int order = sort_now == SORT_KEY ? strcmp(x->key, y->key) : m < 0 ? -1 : m > 0;
    if (order == 0)
        order = x->id < y->id ? -1 : x->id > y->id;
    return down_now ? -order : order;
}

static size_t expected(const struct filter *filter, const struct queue_query *q,
                       const struct fact **out)
{
    size_t n = 0;
    sort_now = q->sort;
    down_now = q->descending;
    for (int i = 0; i < RECORDS; i++)
        if (filter->lets(&facts[i]))
            out[n++] = &facts[i];
    qsort(out, n, sizeof *out, compare);
    return n;
}

/* --- comparing --- */

static bool pages_agree(const struct queue_query *q, const struct fact **want, size_t n,
                        bool backward)
{
    struct error err = {0};
    int64_t from = 0;
    size_t at = 0;
    for (;;) {
        struct queue_rows rows = {0};
        if (queue_store_window(f.s, q, from, backward, PAGE, &rows, &err) != 0 ||
            at + rows.count > n)
            return false;
        for (size_t i = 0; i < rows.count; i++) {
            const struct fact *x = want[backward ? n - 1 - at - i : at + i];
            if (rows.items[i].id != x->id || (int)rows.items[i].state != x->state ||
                strcmp(rows.items[i].key, x->key) != 0 || rows.items[i].tagged != x->tagged)
                return false;
        }
        at += rows.count;
        bool end = rows.count < PAGE;
        from = rows.count ? rows.items[rows.count - 1].id : from;
        queue_rows_free(&rows);
        if (end)
            return at == n;
    }
}

static bool jumps_agree(const struct queue_query *q, const struct fact **want, size_t n)
{
    struct error err = {0};
    int64_t count = -1, rank = -1, id = -1;
    if (queue_store_count(f.s, q, &count, &err) != 0 || count != (int64_t)n)
        return false;
    for (size_t i = 0; i < n; i += 1 + n / 7)
        if (queue_store_rank(f.s, q, want[i]->id, &rank, &err) != 0 || rank != (int64_t)i ||
            queue_store_at(f.s, q, (int64_t)i, &id, &err) != 0 || id != want[i]->id)
            return false;
    return queue_store_at(f.s, q, (int64_t)n, &id, &err) == 0 && id == 0;
}

/* The next with one of the states, round the end. */
static bool next_agrees(const struct queue_query *q, const struct fact **want, size_t n,
                        unsigned states)
{
    struct error err = {0};
    for (size_t i = 0; i < n; i += 1 + n / 5) {
        int64_t id = -1, right = 0;
        for (size_t k = 1; k < n && !right; k++)
            if (states & 1u << want[(i + k) % n]->state)
                right = want[(i + k) % n]->id;
        if (queue_store_next(f.s, q, want[i]->id, states, &id, &err) != 0 || id != right)
            return false;
    }
    return true;
}

static void lists_agree(void)
{
    static const struct fact *want[RECORDS];
    make_all();
    for (int i = 0; i < FILTERS; i++)
        for (int sort = 0; sort < QUEUE_SORTS; sort++)
            for (int down = 0; down < 2; down++) {
                struct queue_query q = {filters[i].terms, filters[i].n, (enum queue_sort)sort,
                                        down};
                size_t n = expected(&filters[i], &q, want);
                bool ok = pages_agree(&q, want, n, false) && pages_agree(&q, want, n, true) &&
                          jumps_agree(&q, want, n) &&
                          next_agrees(&q, want, n, 1u << STATE_UNDECIDED) &&
                          next_agrees(&q, want, n, 1u << STATE_FLAGGED | 1u << STATE_SKIPPED);
                CU_ASSERT(ok);
                if (!ok)
                    fprintf(stderr, "filter %s, sort %d, %s: differs\n", filters[i].name, sort,
                            down ? "down" : "up");
            }
    fixture_close(&f);
}

/* --- plans --- */

/* Appends SQLite's plan of every statement this connection holds that reads records. */
static void explain(struct str *out, const char *part)
{
    for (sqlite3_stmt *st = NULL; (st = sqlite3_next_stmt(f.s->db, st));) {
        const char *text = sqlite3_sql(st);
        sqlite3_stmt *plan;
        struct str ask = {0};
        if (!strstr(text, part))
            continue;
        str_addf(&ask, "EXPLAIN QUERY PLAN %s", text);
        CU_ASSERT_EQUAL(sqlite3_prepare_v2(f.s->db, str_z(&ask), -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW)
            str_addf(out, "%s\n", sqlite3_column_text(plan, 3));
        sqlite3_finalize(plan);
        str_free(&ask);
    }
}

static void log_in_again(void)
{
    struct error err = {0};
    store_close(f.s);
    f.s = store_open(f.path, STORE_WRITE, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.s);
}

/* A page after a record is a search in an index for every order, with nothing sorted and no text
 * read. */
static void pages_are_searches(void)
{
    make_all();
    for (int i = 0; i < 2; i++) /* everything, and what most records are */
        for (int sort = 0; sort < QUEUE_SORTS; sort++)
            for (int down = 0; down < 2; down++) {
                struct error err = {0};
                struct queue_rows rows = {0};
                struct str plan = {0};
                struct queue_query q = {filters[i].terms, filters[i].n, (enum queue_sort)sort,
                                        down};
                int64_t next;
                log_in_again();
                CU_ASSERT_EQUAL(
                    queue_store_window(f.s, &q, facts[700].id, false, PAGE, &rows, &err), 0);
                CU_ASSERT_EQUAL(queue_store_next(f.s, &q, facts[700].id, 1u, &next, &err), 0);
                explain(&plan, "FROM record r");
                bool ok = strstr(str_z(&plan), "SEARCH r ") && !strstr(str_z(&plan), "SCAN r") &&
                          !strstr(str_z(&plan), "SCAN record") &&
                          !strstr(str_z(&plan), "TEMP B-TREE");
                CU_ASSERT(ok);
                if (!ok)
                    fprintf(stderr, "%s, sort %d %s:\n%s", filters[i].name, sort,
                            down ? "down" : "up", str_z(&plan));
                queue_rows_free(&rows);
                str_free(&plan);
            }
    fixture_close(&f);
}

/* The first page goes along an index and stops; counting all asks the counters alone. */
static void first_page_sorts_nothing(void)
{
    make_all();
    for (int sort = 0; sort < QUEUE_SORTS; sort++) {
        struct error err = {0};
        struct queue_rows rows = {0};
        struct str plan = {0};
        struct queue_query q = {NULL, 0, (enum queue_sort)sort, sort % 2};
        int64_t n;
        log_in_again();
        CU_ASSERT_EQUAL(queue_store_window(f.s, &q, 0, false, PAGE, &rows, &err), 0);
        CU_ASSERT_EQUAL(queue_store_count(f.s, &q, &n, &err), 0);
        CU_ASSERT_EQUAL(n, RECORDS);
        explain(&plan, "record");
        CU_ASSERT_PTR_NULL(strstr(str_z(&plan), "TEMP B-TREE"));
        CU_ASSERT_PTR_NULL(strstr(str_z(&plan), "COVERING"));
        queue_rows_free(&rows);
        str_free(&plan);
    }
    fixture_close(&f);
}

static int add_text(void *context, struct slice text)
{
    struct str *all_texts = context;
    str_add_slice(all_texts, text);
    str_addc(all_texts, '|');
    return 0;
}

static void picks_and_texts(void)
{
    struct error err = {0};
    struct str texts = {0};
    fixture_open(&f);
    int64_t ids[10], count;
    for (int i = 0; i < 10; i++)
        ids[i] = fixture_record(&f, i);
    struct queue_term term = {.field = QUEUE_PICKED};
    struct queue_query q = {.terms = &term, .n_terms = 1};
    CU_ASSERT_EQUAL(queue_store_pick(f.s, ids + 3, 4, &err), 0);
    CU_ASSERT_EQUAL(queue_store_count(f.s, &q, &count, &err), 0);
    CU_ASSERT_EQUAL(count, 4);
    term.negated = true;
    CU_ASSERT_EQUAL(queue_store_count(f.s, &q, &count, &err), 0);
    CU_ASSERT_EQUAL(count, 6);
    CU_ASSERT_EQUAL(queue_store_pick(f.s, NULL, 0, &err), 0);
    CU_ASSERT_EQUAL(queue_store_count(f.s, &q, &count, &err), 0);
    CU_ASSERT_EQUAL(count, 10);
    CU_ASSERT_EQUAL(queue_store_texts(f.s, ids[2], add_text, &texts, &err), 0);
    CU_ASSERT_STRING_EQUAL(str_z(&texts), "prompt of 2|first output 2\nlast output 2|rationale of "
                                          "2|"
                                          "mistake 2\nguardrail 2|");
    str_free(&texts);
    fixture_close(&f);
}

static const struct test tests[] = {
    {"lists agree", lists_agree},
    {"pages are searches", pages_are_searches},
    {"first page sorts nothing", first_page_sorts_nothing},
    {"picks and texts", picks_and_texts},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return suite_run("queue", tests, argc, argv);
}
