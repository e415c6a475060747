/* What the workbench asks of a project: a cold connection's first answer, the median of the next,
 * and, where there is one, the plain query for the same (ORDER BY with LIMIT and OFFSET, count), as
 * annotation tools page through their tables. store DB prints Markdown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "db/decision_store.h"
#include "db/queue_store.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "db/sql.h"

enum { TIMES = 15, PAGE = 50 };

struct bench {
    struct store *s;
    int64_t cursor;
    int64_t found;
    struct error err;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int window(struct bench *b, const struct queue_term *terms, size_t n, enum queue_sort sort,
                  bool down, int64_t from)
{
    struct queue_query q = {.terms = terms, .n_terms = n, .sort = sort, .descending = down};
    struct queue_rows rows = {0};
    int result = queue_store_window(b->s, &q, from, false, PAGE, &rows, &b->err);
    b->found = (int64_t)rows.count;
    queue_rows_free(&rows);
    return result;
}

static struct slice value(const char *text)
{
    return slice_of(text);
}

#define TERM(f, v) \
    ((struct queue_term){.field = (f), .values = (struct slice[]){value(v)}, .n_values = 1})
#define FILTER(...) (struct queue_term[]){__VA_ARGS__}

static int first_page(struct bench *b) { return window(b, NULL, 0, SORT_IMPORT, false, 0); }
static int middle_page(struct bench *b)
{
    return window(b, NULL, 0, SORT_IMPORT, false, b->cursor);
}
static int by_score(struct bench *b) { return window(b, NULL, 0, SORT_SCORE, false, b->cursor); }
static int by_decided(struct bench *b) { return window(b, NULL, 0, SORT_DECIDED, true, 0); }
static int by_key(struct bench *b) { return window(b, NULL, 0, SORT_KEY, true, b->cursor); }
static int flagged(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_STATE, "flagged")), 1, SORT_IMPORT, false, 0);
}
static int flagged_by_score(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_STATE, "flagged")), 1, SORT_SCORE, false, 0);
}
static int undecided_by_score(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_STATE, "undecided")), 1, SORT_SCORE, false, b->cursor);
}
static int task_middle(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_TASK, "task-3")), 1, SORT_IMPORT, false, b->cursor);
}
static int task_and_state(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_TASK, "task-3"), TERM(QUEUE_STATE, "rejected")), 2,
                  SORT_SCORE, true, 0);
}
static int low_score(struct bench *b)
{
    struct queue_term t = {.field = QUEUE_SCORE, .op = QUEUE_LESS, .number = 2};
    return window(b, &t, 1, SORT_IMPORT, false, b->cursor);
}
static int one_rule(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_RULE, "7")), 1, SORT_IMPORT, false, 0);
}
static int reviewer(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_REVIEWER, "bob")), 1, SORT_DECIDED, true, 0);
}
static int words_common(struct bench *b)
{
    return window(b, FILTER(TERM(QUEUE_TEXT, "chest pain")), 1, SORT_IMPORT, false, 0);
}
static int count_task(struct bench *b)
{
    struct queue_query q = {.terms = FILTER(TERM(QUEUE_TASK, "task-3")), .n_terms = 1};
    return queue_store_count(b->s, &q, &b->found, &b->err);
}
static int count_all(struct bench *b)
{
    struct queue_query q = {0};
    return queue_store_count(b->s, &q, &b->found, &b->err);
}
static int count_words(struct bench *b)
{
    struct queue_query q = {.terms = FILTER(TERM(QUEUE_TEXT, "chest pain")), .n_terms = 1};
    return queue_store_count(b->s, &q, &b->found, &b->err);
}
static int rank_middle(struct bench *b)
{
    struct queue_query q = {0};
    return queue_store_rank(b->s, &q, b->cursor, &b->found, &b->err);
}
static int rank_score(struct bench *b)
{
    struct queue_query q = {.sort = SORT_SCORE};
    return queue_store_rank(b->s, &q, b->cursor, &b->found, &b->err);
}
static int at_middle(struct bench *b)
{
    struct queue_query q = {0};
    return queue_store_at(b->s, &q, b->cursor, &b->found, &b->err);
}
static int next_undecided(struct bench *b)
{
    struct queue_query q = {.sort = SORT_SCORE};
    return queue_store_next(b->s, &q, b->cursor, 1u << STATE_UNDECIDED, &b->found, &b->err);
}
static int next_flagged(struct bench *b)
{
    struct queue_query q = {.sort = SORT_SCORE};
    return queue_store_next(b->s, &q, b->cursor, 1u << STATE_FLAGGED, &b->found, &b->err);
}
static int load_record(struct bench *b)
{
    struct stored_record r = {0};
    int result = record_store_load(b->s, b->cursor, &r, &b->err);
    b->found = (int64_t)r.n_outputs;
    stored_record_free(&r);
    return result;
}
static int counts(struct bench *b)
{
    struct store_counts c;
    int result = store_counts(b->s, &c, &b->err);
    b->found = c.records;
    return result;
}
static int pace(struct bench *b)
{
    struct pace p;
    int result = decision_store_pace(b->s, 1, 0, &p, &b->err);
    b->found = p.records_today;
    return result;
}
static int alike(struct bench *b)
{
    struct rules r = {0};
    int result = rule_store_alike(b->s, SLICE("Only include the dose of ramipril stated at home"),
                                  8, &r, &b->err);
    b->found = (int64_t)r.count;
    rules_free(&r);
    return result;
}
static int fits(struct bench *b)
{
    return rule_store_fits(b->s, SLICE("Only include the dose of ramipril stated at home"), 200,
                           &b->found, &b->err);
}
static int decide(struct bench *b)
{
    struct decision d = {.verb = VERB_CITE, .reviewer = 1, .record = b->cursor, .rule = 3};
    int result = decision_store_append(b->s, &d, &b->err);
    b->found = d.id;
    return result;
}
static int undo(struct bench *b)
{
    struct undo_result out;
    b->found = decision_store_undo(b->s, 1, &out, &b->err);
    return b->found < 0 ? -1 : 0;
}

static const struct {
    const char *name;
    int (*run)(struct bench *b);
    const char *plain; /* ?1 is the middle */
} rows[] = {
    {"first page of the queue", first_page, "SELECT * FROM record ORDER BY id LIMIT 50"},
    {"page in the middle", middle_page, "SELECT * FROM record ORDER BY id LIMIT 50 OFFSET ?1"},
    {"page in the middle, by score", by_score,
     "SELECT * FROM record ORDER BY score / score_max, id LIMIT 50 OFFSET ?1"},
    {"page in the middle, by id", by_key, "SELECT * FROM record ORDER BY key LIMIT 50 OFFSET ?1"},
    {"latest decisions", by_decided, "SELECT * FROM record ORDER BY decided DESC LIMIT 50"},
    {"flagged", flagged, NULL},
    {"flagged, by score", flagged_by_score,
     "SELECT * FROM record WHERE state = 5 ORDER BY score / score_max, id LIMIT 50"},
    {"undecided in the middle, by score", undecided_by_score,
     "SELECT * FROM record WHERE state = 0 ORDER BY score / score_max, id LIMIT 50 OFFSET ?1"},
    {"one task in the middle", task_middle, NULL},
    {"one task, rejected, by score", task_and_state, NULL},
    {"score < 2 in the middle", low_score, NULL},
    {"records of a rule", one_rule, NULL},
    {"a reviewer's latest", reviewer, NULL},
    {"text: two words", words_common, NULL},
    {"count all", count_all, "SELECT count(*) FROM record"},
    {"count a task", count_task, NULL},
    {"count text: two words", count_words, NULL},
    {"place of a record in the middle", rank_middle, "SELECT count(*) FROM record WHERE id < ?1"},
    {"place in the middle, by score", rank_score, NULL},
    {"record at a place in the middle", at_middle, NULL},
    {"next undecided", next_undecided,
     "SELECT id FROM record WHERE state = 0 AND score / score_max >= 0.5 ORDER BY score / "
     "score_max, id LIMIT 1"},
    {"next flagged, by score", next_flagged, NULL},
    {"load a record", load_record, NULL},
    {"counters", counts, "SELECT state, count(*) FROM record GROUP BY state"},
    {"pace of a reviewer", pace, NULL},
    {"rules alike", alike, NULL},
    {"records a rule may fit", fits, NULL},
    {"decide and commit", decide, NULL},
    {"undo and commit", undo, NULL},
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of the plain query, or -1 where there is none. */
static double ask_plain(struct bench *b, const char *query)
{
    double times[5];
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(b->s->db, query, -1, &st, NULL) != SQLITE_OK)
        return -1;
    for (int i = 0; i < 5; i++) {
        double start = now_ms();
        sqlite3_bind_int64(st, 1, b->cursor);
        while (sqlite3_step(st) == SQLITE_ROW)
            ;
        sqlite3_reset(st);
        times[i] = now_ms() - start;
    }
    sqlite3_finalize(st);
    qsort(times, 5, sizeof *times, by_value);
    return times[2];
}

/* In a process of its own: what a plain query sorts in memory is not what the workbench needs. */
static double measure_plain(const char *path, int64_t cursor, const char *query)
{
    int ends[2];
    double took = -1;
    if (!query || pipe(ends) != 0)
        return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct bench b = {.cursor = cursor};
        b.s = store_open(path, STORE_READ, &b.err);
        took = b.s ? ask_plain(&b, query) : -1;
        _exit(write(ends[1], &took, sizeof took) != sizeof took);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &took, sizeof took) != sizeof took)
        took = -1;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return took;
}

/* A connection of its own for each row; its first answer includes preparing the statement. */
static int measure(const char *path, size_t row)
{
    struct bench b = {0};
    double times[TIMES], start = now_ms();
    b.s = store_open(path, STORE_OPEN, &b.err);
    double opened = now_ms() - start;
    struct store_counts c = {0};
    if (!b.s || store_counts(b.s, &c, &b.err) < 0)
        return -1;
    b.cursor = c.records / 2 + 1;
    int result = 0;
    for (int i = 0; result == 0 && i < TIMES; i++) {
        start = now_ms();
        result = rows[row].run(&b);
        times[i] = now_ms() - start;
    }
    double first = times[0];
    qsort(times + 1, TIMES - 1, sizeof *times, by_value);
    double then = times[TIMES / 2];
    printf("| %s | %.2f | %.2f | %.3f | ", rows[row].name, opened, first, then);
    store_close(b.s);
    double plain = result == 0 ? measure_plain(path, b.cursor, rows[row].plain) : -1;
    if (plain >= 0)
        printf("%.3f | %.1f |\n", plain, plain / then);
    else
        puts("| |");
    if (result < 0)
        fprintf(stderr, "store: %s: %s\n", rows[row].name, b.err.text);
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: store DB [PART OF A ROW'S NAME]\n");
        return 2;
    }
    puts("| asked | open ms | first ms | then ms | plain ms | plain / ours "
         "|\n|---|---:|---:|---:|---:|---:|");
    int result = 0;
    for (size_t i = 0; result == 0 && i < sizeof rows / sizeof *rows; i++)
        if (argc < 3 || strstr(rows[i].name, argv[2]))
            result = measure(argv[1], i);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("\nLargest memory of the process: %.1f MiB\n", (double)use.ru_maxrss / 1024);
    return result < 0;
}
