#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "db/decision_store.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "pipeline/seen.h"
#include "tests/pipeline/project.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static void check_sum(const struct import_summary *sum, int64_t added, int64_t updated,
                      int64_t unchanged, int64_t refused)
{
    CU_ASSERT_EQUAL(sum->added, added);
    CU_ASSERT_EQUAL(sum->updated, updated);
    CU_ASSERT_EQUAL(sum->unchanged, unchanged);
    CU_ASSERT_EQUAL(sum->refused, refused);
}

static void check_same_file(const char *a, const char *b)
{
    struct str x = {0}, y = {0};
    struct error err = {0};
    CU_ASSERT_EQUAL_FATAL(file_read(a, 1 << 28, &x, &err), 0);
    CU_ASSERT_EQUAL_FATAL(file_read(b, 1 << 28, &y, &err), 0);
    bool same = slice_eq(str_slice(&x), str_slice(&y));
    CU_ASSERT(same);
    str_free(&x);
    str_free(&y);
}

static void the_demo_comes_back_byte_for_byte(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error err = {0};
    const char *demo = source_path("share/demo/records.jsonl");
    CU_ASSERT_EQUAL(project_import(&p, demo, &sum, &err), 0);
    check_sum(&sum, 152, 0, 0, 0);
    CU_ASSERT_STRING_EQUAL(sum.format, "hinge");
    project_export(&p, "records", "out.jsonl");
    check_same_file(demo, project_path(&p, "out.jsonl"));
    CU_ASSERT_EQUAL(project_import(&p, demo, &sum, &err), 0);
    check_sum(&sum, 0, 0, 152, 0);
    project_remove(&p);
}

/* Whatever was imported, the export of it imports as the same. */
static void every_format_settles(void)
{
    static const char *const names[] = {"argilla.json", "argilla-flat.jsonl", "labelstudio.json",
                                        "prodigy.jsonl", "chat.jsonl", "sheet.csv",
                                        "hostile.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct project p = project_make(), q = project_make();
        struct import_summary sum;
        struct error err = {0};
        struct str path = {0};
        str_addf(&path, "tests/pipeline/data/%s", names[i]);
        project_write(&p, names[i], "");
        struct str bytes = {0};
        CU_ASSERT_EQUAL(file_read(source_path(str_z(&path)), 1 << 20, &bytes, &err), 0);
        CU_ASSERT_EQUAL(file_write_atomic(project_path(&p, names[i]), 0600, str_slice(&bytes),
                                          &err), 0);
        CU_ASSERT_EQUAL(project_import(&p, names[i], &sum, &err), 0);
        CU_ASSERT(sum.added > 0);
        int64_t added = sum.added;
        project_export(&p, "records", "out.jsonl");
        CU_ASSERT_EQUAL(project_import(&q, project_path(&p, "out.jsonl"), &sum, &err), 0);
        check_sum(&sum, added, 0, 0, 0);
        project_export(&q, "records", "out.jsonl");
        check_same_file(project_path(&p, "out.jsonl"), project_path(&q, "out.jsonl"));
        str_free(&path);
        str_free(&bytes);
        project_remove(&p);
        project_remove(&q);
    }
}

static void refused_lines_are_told_and_the_rest_lands(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error err = {0};
    struct str text = {0};
    struct stat st;
    project_write(&p, "in.jsonl", "{\"id\":\"a\",\"y0\":\"1\"}\n{\"id\":\"b\",\"y0\":2}\n"
                                  "not json \"\xFF\n{\"id\":\"c\",\"y0\":\"\xFF\"}\n");
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    check_sum(&sum, 2, 0, 0, 2);
    CU_ASSERT_EQUAL(sum.repaired, 1);
    CU_ASSERT_STRING_EQUAL(sum.first_refusal, "line 2: y0: must be text, not a number");
    project_read(&p, "in.jsonl.rejects.jsonl", &text);
    CU_ASSERT_STRING_EQUAL(
        str_z(&text),
        "{\"line\":2,\"field\":\"y0\",\"reason\":\"must be text, not a number\",\"text\":"
        "\"{\\\"id\\\":\\\"b\\\",\\\"y0\\\":2}\"}\n"
        "{\"line\":3,\"field\":null,\"reason\":\"not valid JSON at byte 1\",\"text\":"
        "\"not json \\\"\uFFFD\"}\n");
    CU_ASSERT_EQUAL(stat(project_path(&p, "in.jsonl.rejects.jsonl"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    project_write(&p, "in.jsonl", "{\"id\":\"b\",\"y0\":\"2\"}\n");
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    check_sum(&sum, 1, 0, 0, 0);
    CU_ASSERT_FALSE(file_exists(project_path(&p, "in.jsonl.rejects.jsonl")));
    str_free(&text);
    project_remove(&p);
}

static void a_place_that_cannot_be_written_stops_nothing(void)
{
    struct project p = project_make();
    struct import_summary sum = {0};
    struct error err = {0};
    struct import_options o = {.rejects = "/nonexistent/why"};
    project_write(&p, "in.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\",\"y0\":\"1\"}\n");
    CU_ASSERT_EQUAL(import_file(p.store, project_path(&p, "in.jsonl"), &o, &sum, &err), -1);
    check_sum(&sum, 1, 0, 0, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "what was refused could not be written down"));
    project_remove(&p);
}

static void an_id_used_twice(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error err = {0};
    project_write(&p, "in.jsonl", "{\"id\":\"a\",\"y0\":\"1\"}\n{\"id\":\"a\",\"y0\":\"1\"}\n"
                                  "{\"id\":\"a\",\"y0\":\"2\"}\n");
    struct import_options dry = {.dry_run = true};
    CU_ASSERT_EQUAL(import_file(p.store, project_path(&p, "in.jsonl"), &dry, &sum, &err), 0);
    sum = (struct import_summary){0};
    CU_ASSERT_EQUAL(import_file(p.store, project_path(&p, "in.jsonl"), &dry, &sum, &err), 0);
    check_sum(&sum, 1, 0, 1, 1);
    CU_ASSERT_FALSE(file_exists(project_path(&p, "in.jsonl.rejects.jsonl")));
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    check_sum(&sum, 1, 0, 1, 1);
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    check_sum(&sum, 0, 0, 2, 1);
    project_write(&p, "later.jsonl", "{\"id\":\"a\",\"y0\":\"2\"}\n");
    CU_ASSERT_EQUAL(project_import(&p, "later.jsonl", &sum, &err), 0);
    check_sum(&sum, 0, 1, 0, 0);
    project_remove(&p);
}

static void answers_become_decisions_once(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error err = {0};
    struct str bytes = {0};
    struct stored_record r = {0};
    int64_t id;
    CU_ASSERT_EQUAL(file_read(source_path("tests/pipeline/data/argilla.json"), 1 << 20, &bytes,
                              &err), 0);
    project_write(&p, "a.json", str_z(&bytes));
    CU_ASSERT_EQUAL(project_import(&p, "a.json", &sum, &err), 0);
    CU_ASSERT_EQUAL(sum.decisions, 1);
    CU_ASSERT_EQUAL_FATAL(record_store_find(p.store, "r1", &id, &err), 1);
    CU_ASSERT_EQUAL_FATAL(record_store_load(p.store, id, &r, &err), 0);
    CU_ASSERT_EQUAL(r.state, STATE_EDITED);
    CU_ASSERT_EQUAL_FATAL(r.n_rules, 1);
    CU_ASSERT_STRING_EQUAL(r.rules[0].guardrail, "Only include explicitly stated diagnoses");
    CU_ASSERT_STRING_EQUAL(r.rules[0].mistake, "Inferred");
    CU_ASSERT_STRING_EQUAL(r.reviewer_name, "u-1");
    stored_record_free(&r);
    CU_ASSERT_EQUAL(project_import(&p, "a.json", &sum, &err), 0);
    CU_ASSERT_EQUAL(sum.decisions, 0);
    CU_ASSERT_EQUAL(sum.unchanged, 2);
    str_free(&bytes);
    project_remove(&p);
}

static void a_new_revision_keeps_the_decision(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error err = {0};
    struct stored_record r = {0};
    struct decision d = {.verb = VERB_WRITE};
    project_write(&p, "in.jsonl", "{\"id\":\"a\",\"y0\":\"1\",\"y_star\":\"2\"}\n");
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    CU_ASSERT_EQUAL(record_store_find(p.store, "a", &d.record, &err), 1);
    CU_ASSERT_EQUAL(store_reviewer(p.store, "alice", &d.reviewer, &err), 0);
    CU_ASSERT_EQUAL(rule_store_intern(p.store, d.reviewer, SLICE("m"), SLICE("g"), &d.rule, &err),
                    0);
    CU_ASSERT_EQUAL(decision_store_append(p.store, &d, &err), 0);
    project_write(&p, "in.jsonl", "{\"id\":\"a\",\"y0\":\"1 changed\",\"y_star\":\"2\"}\n");
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    check_sum(&sum, 0, 1, 0, 0);
    CU_ASSERT_EQUAL(record_store_load(p.store, d.record, &r, &err), 0);
    CU_ASSERT_EQUAL(r.state, STATE_EDITED);
    CU_ASSERT_EQUAL(r.revision, 2);
    CU_ASSERT_STRING_EQUAL(stored_y0(&r)->text, "1 changed");
    stored_record_free(&r);
    project_remove(&p);
}

static void put_line(struct project *p, const char *line)
{
    struct record r = {0};
    struct error err = {0};
    enum record_put what;
    int64_t id;
    CU_ASSERT_EQUAL_FATAL(record_parse(&r, slice_of(line), NULL, &err), 0);
    CU_ASSERT_EQUAL(record_store_put(p->store, &r, "test", 1, &what, &id, &err), 0);
    record_free(&r);
}

/* Records enter the search index when the outermost transaction commits: what was put, put again or
 * rolled back on the way must leave it as if each had been indexed at once. */
static void the_index_follows_transactions(void)
{
    struct project p = project_make();
    struct error err = {0};
    struct str report = {0};
    size_t faults = 0;
    put_line(&p, "{\"id\":\"old\",\"y0\":\"one\"}");
    CU_ASSERT_EQUAL(store_begin(p.store, &err), 0);
    put_line(&p, "{\"id\":\"new\",\"y0\":\"two\"}");
    put_line(&p, "{\"id\":\"new\",\"y0\":\"three\"}");
    CU_ASSERT_EQUAL(store_begin(p.store, &err), 0);
    put_line(&p, "{\"id\":\"old\",\"y0\":\"four\"}");
    put_line(&p, "{\"id\":\"new\",\"y0\":\"five\"}");
    put_line(&p, "{\"id\":\"gone\",\"y0\":\"six\"}");
    store_rollback(p.store);
    put_line(&p, "{\"id\":\"new\",\"y0\":\"seven\"}");
    CU_ASSERT_EQUAL(store_commit(p.store, &err), 0);
    CU_ASSERT_EQUAL(store_check(p.store, &report, &faults, &err), 0);
    CU_ASSERT_EQUAL(faults, 0);
    CU_ASSERT_STRING_EQUAL(str_z(&report), "");
    CU_ASSERT_EQUAL(store_begin(p.store, &err), 0);
    put_line(&p, "{\"id\":\"new\",\"y0\":\"eight\"}");
    store_rollback(p.store);
    put_line(&p, "{\"id\":\"old\",\"y0\":\"nine\"}");
    CU_ASSERT_EQUAL(store_check(p.store, &report, &faults, &err), 0);
    CU_ASSERT_EQUAL(faults, 0);
    str_free(&report);
    project_remove(&p);
}

static void ids_are_remembered(void)
{
    struct seen seen = {0};
    unsigned wrong = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 200000; i++) {
            char id[32];
            snprintf(id, sizeof id, "record/%d", i);
            wrong += seen_add(&seen, slice_of(id)) != (pass == 1);
        }
    CU_ASSERT_EQUAL(wrong, 0);
    seen_free(&seen);
}

/* --- random records -------------------------------------------------------------------------- */

static unsigned next(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static void add_text(struct str *out, unsigned *seed)
{
    static const char *const parts[] = {"word ", "\xC3\xA9", "\xE4\xB8\xAD\xE6\x96\x87", "\"", "\\",
                                        "\n",    "\x1B[31m", "\xF0\x9F\x98\x80", "\t",   "%s",
                                        "}",     "]",        ",", "\xE2\x80\xAE", "'",   "\r\n"};
    struct str text = {0};
    for (unsigned n = next(seed, 12); n > 0; n--)
        str_adds(&text, parts[next(seed, sizeof parts / sizeof *parts)]);
    json_quote(out, str_slice(&text));
    str_free(&text);
}

static void add_value(struct str *out, unsigned *seed, int depth)
{
    static const char *const scalars[] = {"null", "true", "1.0", "-0", "1E+2", "0.10",
                                          "98765432109876543210", "\"\\u00e9\"", "\"a\\/b\""};
    unsigned n = next(seed, 3);
    switch (depth ? next(seed, 4) : 0) {
    case 1:
        str_addc(out, '[');
        for (unsigned i = 0; i < n; i++) {
            str_adds(out, i ? "," : "");
            add_value(out, seed, depth - 1);
        }
        str_addc(out, ']');
        break;
    case 2:
        str_addc(out, '{');
        for (unsigned i = 0; i < n; i++) {
            str_addf(out, "%s\"k%u\":", i ? "," : "", i);
            add_value(out, seed, depth - 1);
        }
        str_addc(out, '}');
        break;
    case 3: add_text(out, seed); break;
    default: str_adds(out, scalars[next(seed, sizeof scalars / sizeof *scalars)]);
    }
}

static void add_member(struct str *out, unsigned *seed, unsigned which)
{
    static const char *const texts[] = {"task", "y0", "y_star", "rationale"};
    str_addc(out, ',');
    if (which < 4) {
        str_addf(out, "\"%s\":", texts[which]);
        add_text(out, seed);
    } else if (which == 4) {
        str_adds(out, next(seed, 2) ? "\"score\":3" : "\"score\":3.50");
    } else if (which == 5) {
        str_adds(out, "\"rounds\":[{\"output\":");
        add_text(out, seed);
        str_adds(out, next(seed, 2) ? ",\"score\":1}]" : ",\"by\":{\"x\":1.0}}]");
    } else if (which == 6) {
        str_adds(out, "\"rule\":{\"mistake\":");
        add_text(out, seed);
        str_adds(out, ",\"guardrail\":");
        add_text(out, seed);
        str_addc(out, '}');
    } else if (which == 7) {
        str_adds(out, "\"meta\":");
        add_value(out, seed, 3);
    } else {
        str_addf(out, "\"unknown %u\":", which);
        add_value(out, seed, 3);
    }
}

/* A record with its keys in random order, spelt so that it must come back byte for byte. */
static void add_record(struct str *out, unsigned number, unsigned *seed)
{
    bool used[11] = {false};
    str_addf(out, "{\"id\":\"r%u\"", number);
    if (next(seed, 2)) {
        str_adds(out, ",\"prompt\":");
        add_text(out, seed);
    } else {
        str_adds(out, ",\"prompt\":[{\"role\":\"user\",\"content\":");
        add_text(out, seed);
        str_adds(out, next(seed, 2) ? "}]" : ",\"name\":\"n\"}]");
    }
    for (unsigned n = next(seed, 11); n > 0; n--) {
        unsigned which = next(seed, 11);
        if (!used[which])
            add_member(out, seed, which);
        used[which] = true;
    }
    str_adds(out, "}\n");
}

static void random_records_come_back(void)
{
    struct project p = project_make(), q = project_make();
    struct import_summary sum;
    struct error err = {0};
    struct str text = {0};
    unsigned seed = 20261124;
    for (unsigned i = 0; i < 1500; i++)
        add_record(&text, i, &seed);
    project_write(&p, "in.jsonl", str_z(&text));
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    check_sum(&sum, 1500, 0, 0, 0);
    project_export(&p, "records", "out.jsonl");
    check_same_file(project_path(&p, "in.jsonl"), project_path(&p, "out.jsonl"));
    CU_ASSERT_EQUAL(project_import(&q, project_path(&p, "out.jsonl"), &sum, &err), 0);
    project_export(&q, "records", "out.jsonl");
    check_same_file(project_path(&p, "in.jsonl"), project_path(&q, "out.jsonl"));
    str_free(&text);
    project_remove(&p);
    project_remove(&q);
}

/* --- kill -9 --------------------------------------------------------------------------------- */

/* Imports in a process of its own, in small batches, and kills it after so many microseconds. */
static void import_and_kill(const char *db, const char *file, unsigned microseconds)
{
    pid_t child = fork();
    if (child == 0) {
        struct error err = {0};
        struct import_options o = {.batch = 7};
        struct import_summary sum = {0};
        struct store *s = store_open(db, STORE_WRITE, &err);
        _exit(!s || import_file(s, file, &o, &sum, &err) != 0);
    }
    usleep(microseconds);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Kills a hundred imports at random moments; after each the same file must import to the same
 * project, with nothing lost and nothing there twice. */
static void killed_imports_are_finished_by_the_next(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error err = {0};
    struct str text = {0};
    unsigned seed = (unsigned)getpid(), partial = 0;
    for (unsigned i = 0; i < 400; i++)
        add_record(&text, i, &seed);
    project_write(&p, "in.jsonl", str_z(&text));
    int64_t began = now_us();
    struct import_options small = {.batch = 7};
    sum = (struct import_summary){0};
    CU_ASSERT_EQUAL(import_file(p.store, project_path(&p, "in.jsonl"), &small, &sum, &err), 0);
    unsigned whole = (unsigned)(now_us() - began);
    for (int i = 0; i < 100; i++) {
        struct project q = project_make();
        struct store_counts counts = {0};
        store_close(q.store);
        import_and_kill(project_path(&q, "p.db"), project_path(&p, "in.jsonl"),
                        next(&seed, whole + whole / 4));
        q.store = store_open(project_path(&q, "p.db"), STORE_WRITE, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(q.store);
        CU_ASSERT_EQUAL(store_counts(q.store, &counts, &err), 0);
        partial += counts.records > 0 && counts.records < 400;
        CU_ASSERT_EQUAL(project_import(&q, project_path(&p, "in.jsonl"), &sum, &err), 0);
        check_sum(&sum, 400 - counts.records, 0, counts.records, 0);
        project_export(&q, "records", "out.jsonl");
        check_same_file(project_path(&p, "in.jsonl"), project_path(&q, "out.jsonl"));
        project_remove(&q);
    }
    printf("(%u of 100 were cut in the middle) ", partial);
    CU_ASSERT(partial > 10);
    str_free(&text);
    project_remove(&p);
}

/* --- no space --- */

/* Imports under a limit on the size of files: 0 when it failed, and what it counted is what is there. */
static int import_until_full(const char *path, const char *file)
{
    struct error err = {0};
    struct import_summary sum = {0};
    struct import_options small = {.batch = 50};
    struct store_counts counts = {0};
    struct rlimit limit;
    struct store *s = store_open(path, STORE_WRITE, &err);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 900 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    int result = !s || import_file(s, file, &small, &sum, &err) == 0 || err.code != ERR_FULL;
    result |= s && store_counts(s, &counts, &err) != 0;
    result |= counts.records == 0 || sum.added != counts.records;
    if (result)
        fprintf(stderr, "%lld counted, %lld there: %s\n", (long long)sum.added,
                (long long)counts.records, err.text);
    store_close(s);
    return result;
}

static void a_full_disk_is_not_counted(void)
{
    struct project p = project_make();
    struct str text = {0};
    int status;
    for (unsigned i = 0; i < 2000; i++) {
        str_addf(&text, "{\"id\":\"r%u\",\"prompt\":\"", i);
        for (int n = 0; n < 100; n++)
            str_addf(&text, "word%u ", i * 100 + (unsigned)n);
        str_adds(&text, "\"}\n");
    }
    project_write(&p, "in.jsonl", str_z(&text));
    store_close(p.store);
    pid_t child = fork();
    if (child == 0)
        _exit(import_until_full(project_path(&p, "p.db"), project_path(&p, "in.jsonl")));
    waitpid(child, &status, 0);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    p.store = NULL;
    str_free(&text);
    project_remove(&p);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"the demo comes back byte for byte", the_demo_comes_back_byte_for_byte},
        {"every format settles", every_format_settles},
        {"refused lines are told and the rest lands", refused_lines_are_told_and_the_rest_lands},
        {"a place that cannot be written stops nothing",
         a_place_that_cannot_be_written_stops_nothing},
        {"an id used twice", an_id_used_twice},
        {"answers become decisions once", answers_become_decisions_once},
        {"a new revision keeps the decision", a_new_revision_keeps_the_decision},
        {"the index follows transactions", the_index_follows_transactions},
        {"ids are remembered", ids_are_remembered},
        {"random records come back", random_records_come_back},
        {"a full disk is not counted", a_full_disk_is_not_counted},
        {"killed imports are finished by the next", killed_imports_are_finished_by_the_next},
        {NULL, NULL},
    };
    return suite_run("import", tests, argc, argv);
}
