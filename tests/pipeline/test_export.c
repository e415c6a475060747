#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "db/decision_store.h"
#include "db/loop_store.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "db/snapshot_store.h"
#include "tests/pipeline/project.h"
#include "tests/support/suite.h"

/* Six records: a accepted, b edited with another y*, c rejected, d undecided, e accepted but
 * without a prompt, f written by hand with a second rule; a, b and f are what a training set is
 * made of. */
static const char lines[] =
    "{\"id\":\"a\",\"task\":\"note\",\"prompt\":\"pa\",\"y0\":\"0a\",\"y_star\":\"*a\","
    "\"rule\":{\"mistake\":\"ma\",\"guardrail\":\"ga\"},\"split\":\"train\"}\n"
    "{\"id\":\"b\",\"task\":\"note\",\"prompt\":[{\"role\":\"system\",\"content\":\"s\"},"
    "{\"role\":\"user\",\"content\":\"pb\"}],\"y0\":\"0b\",\"y_star\":\"*b\","
    "\"rule\":{\"mistake\":\"mb\",\"guardrail\":\"gb\"},\"split\":\"test\"}\n"
    "{\"id\":\"c\",\"prompt\":\"pc\",\"y0\":\"0c\",\"y_star\":\"*c\","
    "\"rule\":{\"guardrail\":\"gc\"},\"score\":1.0}\n"
    "{\"id\":\"d\",\"prompt\":\"pd\",\"y0\":\"0d\",\"y_star\":\"*d\"}\n"
    "{\"id\":\"e\",\"y0\":\"0e\",\"y_star\":\"*e\",\"rule\":{\"guardrail\":\"ga\"}}\n"
    "{\"id\":\"f\",\"task\":\"code\",\"prompt\":\"pf\",\"y0\":\"0f\",\"y_star\":\"*f\"}\n";

static int64_t record_of(struct project *p, const char *key)
{
    struct error err = {0};
    int64_t id = 0;
    CU_ASSERT_EQUAL_FATAL(record_store_find(p->store, key, &id, &err), 1);
    return id;
}

static int64_t candidate_of(struct project *p, int64_t record)
{
    struct error err = {0};
    struct stored_record r = {0};
    CU_ASSERT_EQUAL_FATAL(record_store_load(p->store, record, &r, &err), 0);
    int64_t id = r.n_candidates ? r.candidates[0].id : 0;
    stored_record_free(&r);
    return id;
}

/* The reviewer decides on a record; guardrail NULL: no rule. */
static void decide(struct project *p, const char *who, enum verb verb, const char *key,
                   const char *mistake, const char *guardrail)
{
    struct error err = {0};
    struct decision d = {.verb = verb, .record = record_of(p, key)};
    CU_ASSERT_EQUAL_FATAL(store_reviewer(p->store, who, &d.reviewer, &err), 0);
    if (verb == VERB_ACCEPT || verb == VERB_EDIT || verb == VERB_REJECT)
        d.candidate = candidate_of(p, d.record);
    if (verb == VERB_REJECT)
        d.reason = "wrong";
    if (guardrail)
        CU_ASSERT_EQUAL_FATAL(rule_store_intern(p->store, d.reviewer, slice_of(mistake),
                                                slice_of(guardrail), &d.rule, &err), 0);
    int result = decision_store_append(p->store, &d, &err);
    if (result != 0)
        printf("\n%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(result, 0);
}

static void edit_y_star(struct project *p, const char *who, const char *key, const char *text)
{
    struct error err = {0};
    struct decision d = {.verb = VERB_EDIT_YSTAR, .record = record_of(p, key)};
    CU_ASSERT_EQUAL_FATAL(store_reviewer(p->store, who, &d.reviewer, &err), 0);
    CU_ASSERT_EQUAL_FATAL(record_store_add_output(p->store, d.record, d.reviewer, slice_of(text),
                                                  &d.output, &err), 0);
    CU_ASSERT_EQUAL_FATAL(decision_store_append(p->store, &d, &err), 0);
}

static struct project judged_project(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error err = {0};
    project_write(&p, "in.jsonl", lines);
    CU_ASSERT_EQUAL_FATAL(project_import(&p, "in.jsonl", &sum, &err), 0);
    CU_ASSERT_EQUAL_FATAL(sum.added, 6);
    decide(&p, "alice", VERB_ACCEPT, "a", "ma", "ga");
    decide(&p, "bob", VERB_EDIT, "b", "mb", "gb, reworded");
    edit_y_star(&p, "bob", "b", "*b by bob");
    decide(&p, "alice", VERB_REJECT, "c", NULL, NULL);
    decide(&p, "alice", VERB_ACCEPT, "e", "", "ga");
    decide(&p, "alice", VERB_WRITE, "f", "mf", "gf");
    decide(&p, "alice", VERB_ADD_RULE, "f", "mf2", "gf2");
    return p;
}

static void check_file(struct project *p, const char *name, const char *wanted)
{
    struct str got = {0};
    project_read(p, name, &got);
    CU_ASSERT_STRING_EQUAL(str_z(&got), wanted);
    if (strcmp(str_z(&got), wanted) != 0)
        printf("\n%s holds\n%s", name, str_z(&got));
    str_free(&got);
}

#define PB "[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"pb\"}]"

static void methods_mean_what_the_manual_says(void)
{
    struct project p = judged_project();
    project_export(&p, "sft", "sft.jsonl");
    check_file(&p, "sft.jsonl",
               "{\"id\":\"a\",\"prompt\":[{\"role\":\"user\",\"content\":\"pa\"}],"
               "\"branches\":[{\"kind\":\"A\",\"think\":null,\"text\":\"0a\"}]}\n"
               "{\"id\":\"b\",\"prompt\":" PB ","
               "\"branches\":[{\"kind\":\"A\",\"think\":null,\"text\":\"0b\"}]}\n"
               "{\"id\":\"f\",\"prompt\":[{\"role\":\"user\",\"content\":\"pf\"}],"
               "\"branches\":[{\"kind\":\"A\",\"think\":null,\"text\":\"0f\"}]}\n");
    project_export(&p, "isft", "isft.jsonl");
    check_file(&p, "isft.jsonl",
               "{\"id\":\"a\",\"prompt\":[{\"role\":\"user\",\"content\":\"pa\"}],"
               "\"branches\":[{\"kind\":\"A\",\"think\":null,\"text\":\"*a\"}]}\n"
               "{\"id\":\"b\",\"prompt\":" PB ","
               "\"branches\":[{\"kind\":\"A\",\"think\":null,\"text\":\"*b by bob\"}]}\n"
               "{\"id\":\"f\",\"prompt\":[{\"role\":\"user\",\"content\":\"pf\"}],"
               "\"branches\":[{\"kind\":\"A\",\"think\":null,\"text\":\"*f\"}]}\n");
    project_export(&p, "rgt", "rgt.jsonl");
    check_file(&p, "rgt.jsonl",
               "{\"id\":\"a\",\"prompt\":[{\"role\":\"user\",\"content\":\"pa\"}],"
               "\"branches\":[{\"kind\":\"A\",\"think\":\"\",\"text\":\"*a\"},{\"kind\":\"B\","
               "\"think\":\"Mistakes to avoid:\\n- ma\\nGuardrails:\\n- ga\",\"text\":\"*a\"}]}\n"
               "{\"id\":\"b\",\"prompt\":" PB ",\"branches\":[{\"kind\":\"A\",\"think\":\"\","
               "\"text\":\"*b by bob\"},{\"kind\":\"B\",\"think\":\"Mistakes to avoid:\\n- mb\\n"
               "Guardrails:\\n- gb, reworded\",\"text\":\"*b by bob\"}]}\n"
               "{\"id\":\"f\",\"prompt\":[{\"role\":\"user\",\"content\":\"pf\"}],"
               "\"branches\":[{\"kind\":\"A\",\"think\":\"\",\"text\":\"*f\"},{\"kind\":\"B\","
               "\"think\":\"Mistakes to avoid:\\n- mf\\n- mf2\\nGuardrails:\\n- gf\\n- gf2\","
               "\"text\":\"*f\"}]}\n");
    project_export(&p, "messages", "m.jsonl");
    struct str text = {0};
    project_read(&p, "m.jsonl", &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        str_z(&text), "{\"id\":\"b\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
                      "{\"role\":\"user\",\"content\":\"pb\"},{\"role\":\"assistant\",\"content\":"
                      "\"*b by bob\"}]}\n"));
    str_clear(&text);
    project_export(&p, "prompt-completion", "pc.jsonl");
    project_read(&p, "pc.jsonl", &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        str_z(&text), "{\"id\":\"a\",\"prompt\":[{\"role\":\"user\",\"content\":\"pa\"}],"
                      "\"completion\":[{\"role\":\"assistant\",\"content\":\"*a\"}]}\n"));
    str_free(&text);
    project_remove(&p);
}

static int note_snapshot(void *context, const struct snapshot_row *row)
{
    snprintf(context, 128, "%s %s %d", row->hash, row->method, (int)row->examples);
    return 1;
}

static void the_manifest_tells_what_is_in_and_what_is_not(void)
{
    struct project p = judged_project();
    struct str bytes = {0}, text = {0}, wanted = {0};
    struct error err = {0};
    struct stat st;
    char hash[SHA256_HEX + 1], known[128] = "";
    project_export(&p, "rgt", "rgt.jsonl");
    project_read(&p, "rgt.jsonl", &bytes);
    project_read(&p, "rgt.jsonl.manifest.json", &text);
    struct json *m = json_parse(str_slice(&text), NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    sha256_hex(str_slice(&bytes), hash);
    CU_ASSERT_STRING_EQUAL(json_string(json_get(m, "snapshot"), ""), hash);
    str_clear(&text);
    json_print(&text, json_get(m, "left_out"));
    CU_ASSERT_STRING_EQUAL(str_z(&text), "{\"rejected\":1,\"undecided\":1,\"without a prompt\":1}");
    str_clear(&text);
    json_print(&text, json_get(m, "by_task"));
    json_print(&text, json_get(m, "by_reviewer"));
    json_print(&text, json_get(m, "branches"));
    CU_ASSERT_STRING_EQUAL(str_z(&text),
                           "{\"note\":2,\"code\":1}{\"alice\":2,\"bob\":1}{\"A\":3,\"B\":3}");
    CU_ASSERT_EQUAL(json_size(json_get(m, "by_rule")), 4);
    CU_ASSERT_EQUAL(json_number(json_get(m, "examples"), 0), 3);
    CU_ASSERT_EQUAL(json_number(json_get(m, "records"), 0), 6);
    snapshot_store_each(p.store, note_snapshot, known, &err);
    str_addf(&wanted, "%s rgt 3", hash);
    CU_ASSERT_STRING_EQUAL(known, str_z(&wanted));
    CU_ASSERT_EQUAL(stat(project_path(&p, "rgt.jsonl"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    CU_ASSERT_EQUAL(stat(project_path(&p, "rgt.jsonl.manifest.json"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    json_free(m);
    str_free(&bytes);
    str_free(&text);
    str_free(&wanted);
    project_remove(&p);
}

static void a_retired_rule_is_not_taught(void)
{
    struct project p = judged_project();
    struct error err = {0};
    struct rules rules = {0};
    struct str text = {0};
    CU_ASSERT_EQUAL_FATAL(rule_store_list(p.store, RULES_BY_AGE, false, &rules, &err), 0);
    for (size_t i = 0; i < rules.count; i++) {
        struct decision d = {.verb = VERB_RETIRE_RULE, .reviewer = 1, .rule = rules.items[i].id};
        bool chosen = strcmp(rules.items[i].guardrail, "gf2") == 0 ||
                      strcmp(rules.items[i].mistake, "ma") == 0;
        CU_ASSERT(!chosen || decision_store_append(p.store, &d, &err) == 0);
    }
    project_export(&p, "rgt", "rgt.jsonl");
    project_read(&p, "rgt.jsonl", &text);
    CU_ASSERT_PTR_NULL(strstr(str_z(&text), "gf2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "- mf\\nGuardrails:\\n- gf\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        str_z(&text), "\"branches\":[{\"kind\":\"A\",\"think\":\"\",\"text\":\"*a\"}]}"));
    str_free(&text);
    rules_free(&rules);
    project_remove(&p);
}

/* Number written under the options; -1, and *why set, when refused. */
static int64_t try_export(struct project *p, struct export_options o, const char *method,
                          struct error *why)
{
    struct export_result result = {0};
    o.method = export_method_find(method);
    o.path = project_path(p, "filtered");
    error_clear(why);
    int code = export_run(p->store, &o, &result, why);
    int64_t written = result.written;
    export_result_free(&result);
    return code == 0 ? written : -1;
}

static void filters_choose(void)
{
    struct project p = judged_project();
    struct error why = {0};
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.split = "test"}, "rgt", &why), 1);
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.split = "none"}, "rgt", &why), 1);
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.reviewer = "alice"}, "rgt", &why), 2);
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.since = 1}, "rgt", &why), 3);
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.since = INT64_MAX}, "rgt", &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "decided earlier"));
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.min_agreement = 0.5}, "rgt", &why), -1);
    decide(&p, "bob", VERB_ACCEPT, "a", "ma", "ga");
    decide(&p, "bob", VERB_REJECT, "f", NULL, NULL);
    decide(&p, "alice", VERB_WRITE, "f", "mf", "gf");
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.min_agreement = 0.5}, "rgt", &why), 2);
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.min_agreement = 0.6}, "rgt", &why), 1);
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){.split = "test"}, "records", &why), 1);
    project_remove(&p);
}

static void an_empty_export_says_why_and_writes_nothing(void)
{
    struct project p = project_make();
    struct import_summary sum;
    struct error why = {0};
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){0}, "records", &why), -1);
    CU_ASSERT_STRING_EQUAL(why.text, "nothing to export: the project has no records yet");
    project_write(&p, "in.jsonl", lines);
    CU_ASSERT_EQUAL(project_import(&p, "in.jsonl", &sum, &why), 0);
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){0}, "rgt", &why), -1);
    CU_ASSERT_STRING_EQUAL(why.text,
                           "nothing to export: of 6 records, left out are 6 undecided");
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){0}, "rules", &why), -1);
    CU_ASSERT_FALSE(file_exists(project_path(&p, "filtered")));
    CU_ASSERT_FALSE(file_exists(project_path(&p, "filtered.manifest.json")));
    project_remove(&p);
}

static void a_failed_export_leaves_the_old_file(void)
{
    struct project p = project_make();
    struct error why = {0};
    project_write(&p, "filtered", "precious");
    CU_ASSERT_EQUAL(try_export(&p, (struct export_options){0}, "records", &why), -1);
    check_file(&p, "filtered", "precious");
    project_remove(&p);
}

static void check_back(struct project *from, const char *method, const char *name)
{
    struct project to = project_make();
    struct import_summary sum;
    struct error err = {0};
    struct str before = {0}, after = {0};
    project_export(from, method, name);
    CU_ASSERT_EQUAL(project_import(&to, project_path(from, name), &sum, &err), 0);
    CU_ASSERT_EQUAL(sum.added, 6);
    CU_ASSERT_EQUAL(sum.refused, 0);
    CU_ASSERT_STRING_EQUAL(sum.format, method);
    for (const char *key = "abcdef"; *key; key++) {
        struct record a = {0}, b = {0};
        char id[2] = {*key, 0};
        CU_ASSERT_EQUAL(record_store_export(from->store, record_of(from, id), &a, &err), 0);
        CU_ASSERT_EQUAL(record_store_export(to.store, record_of(&to, id), &b, &err), 0);
        b.meta = NULL; /* where the tools' bookkeeping goes */
        if (*key == 'b') /* the expert's y* is the one that counts */
            CU_ASSERT_STRING_EQUAL(b.y_star, "*b by bob");
        if (*key == 'b')
            b.y_star = a.y_star;
        if (strcmp(method, "prodigy") == 0) { /* shows the rule as it stands, not the candidate */
            a.rule = (struct rule_text){0};
            b.rule = (struct rule_text){0};
        }
        a.extra = a.keys = NULL; /* 1.0 is 1 elsewhere, and keys stand in the usual order */
        str_clear(&before);
        str_clear(&after);
        record_print(&before, &a);
        record_print(&after, &b);
        CU_ASSERT_STRING_EQUAL(str_z(&before), str_z(&after));
        if (strcmp(str_z(&before), str_z(&after)) != 0)
            printf("\n%s\nthrough %s becomes\n%s\n", str_z(&before), method, str_z(&after));
        record_free(&a);
        record_free(&b);
    }
    str_free(&before);
    str_free(&after);
    project_remove(&to);
}

static void annotation_formats_read_back(void)
{
    struct project p = judged_project();
    check_back(&p, "argilla", "argilla.json");
    check_back(&p, "labelstudio", "ls.json");
    check_back(&p, "prodigy", "prodigy.jsonl");
    project_remove(&p);
}

/* The keys that the tools' own readers ask for (checked against argilla 2.8 and label-studio-sdk
 * 2.1, and Prodigy's documented task format). */
static void annotation_formats_have_their_shape(void)
{
    struct project p = judged_project();
    project_export(&p, "argilla", "argilla.json");
    project_export(&p, "labelstudio", "ls.json");
    project_export(&p, "prodigy", "prodigy.jsonl");
    struct str text = {0};
    project_read(&p, "argilla.json", &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\"fields\":{\"prompt\":\"pa\",\"y0\":\"0a\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        str_z(&text), "\"suggestions\":{\"mistake\":{\"value\":\"ma\",\"agent\":\"hinge\"}"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(str_z(&text), "\"guardrail\":[{\"value\":\"gb, reworded\",\"user_id\":\""));
    str_clear(&text);
    project_read(&p, "ls.json", &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "[\n{\"id\":1,\"data\":{\"id\":\"a\""));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(str_z(&text),
               "{\"id\":\"guardrail\",\"from_name\":\"guardrail\",\"to_name\":\"y0\",\"type\":"
               "\"textarea\",\"origin\":\"prediction-changed\",\"value\":{\"text\":[\"gb, reworded"));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\"was_cancelled\":false"));
    str_clear(&text);
    project_read(&p, "prodigy.jsonl", &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "{\"text\":\"0a\",\"prompt\":\"pa\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\"answer\":\"reject\",\"_annotator_id\":\"alice\""));
    str_free(&text);
    project_remove(&p);
}

static void rules_are_a_list_or_a_book(void)
{
    struct project p = judged_project();
    struct export_result result = {0};
    struct error err = {0};
    struct str text = {0};
    decide(&p, "alice", VERB_WRITE, "d", "<b>*m*", "# g\n[x](y)");
    project_export(&p, "rules", "rules.json");
    project_read(&p, "rules.json", &text);
    struct json *j = json_parse(str_slice(&text), NULL, &err);
    CU_ASSERT_EQUAL(json_size(j), 6);
    CU_ASSERT_EQUAL(json_size(json_get(json_first(j), "records")), 1);
    json_free(j);
    struct export_options o = {.method = export_method_find("rules"),
                               .path = project_path(&p, "rules.md"),
                               .markdown = true};
    CU_ASSERT_EQUAL(export_run(p.store, &o, &result, &err), 0);
    export_result_free(&result);
    str_clear(&text);
    project_read(&p, "rules.md", &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "# Rules\n\n6 rules"));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\\# g \\[x\\](y)\n\nMistake: \\<b\\>\\*m\\*"));
    str_free(&text);
    project_remove(&p);
}

static void decisions_go_beside_the_records(void)
{
    struct project p = judged_project();
    struct export_result result = {0};
    struct error err = {0};
    struct str text = {0};
    struct export_options o = {.method = export_method_find("records"),
                               .path = project_path(&p, "all.jsonl"),
                               .with_decisions = true};
    CU_ASSERT_EQUAL(export_run(p.store, &o, &result, &err), 0);
    export_result_free(&result);
    check_file(&p, "all.jsonl", lines);
    project_read(&p, "all.jsonl.decisions.jsonl", &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\"id\":\"a\",\"verb\":\"accept\",\"reviewer\":\"alice\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\"verb\":\"edit-ystar\",\"reviewer\":\"bob\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\"y_star\":\"*b by bob\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&text), "\"reason\":\"wrong\""));
    str_free(&text);
    project_remove(&p);
}

/* Refinement ended short of the top score: no training set takes the record, whatever y* it had, before an expert has
 * written one. */
static void imperfect_records_wait_for_an_expert(void)
{
    struct project p = judged_project();
    struct error err = {0};
    struct str before = {0}, manifest = {0}, after = {0};
    CU_ASSERT_EQUAL(loop_store_mark_imperfect(p.store, record_of(&p, "a"), &err), 0);
    project_export(&p, "isft", "before.jsonl");
    project_read(&p, "before.jsonl", &before);
    CU_ASSERT_PTR_NULL(strstr(str_z(&before), "*a"));
    project_read(&p, "before.jsonl.manifest.json", &manifest);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&manifest), "imperfect: refinement did not reach the top score"));
    edit_y_star(&p, "alice", "a", "by hand");
    project_export(&p, "isft", "after.jsonl");
    project_read(&p, "after.jsonl", &after);
    CU_ASSERT_PTR_NOT_NULL(strstr(str_z(&after), "by hand"));
    str_free(&before);
    str_free(&manifest);
    str_free(&after);
    project_remove(&p);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"methods mean what the manual says", methods_mean_what_the_manual_says},
        {"the manifest tells what is in and what is not",
         the_manifest_tells_what_is_in_and_what_is_not},
        {"a retired rule is not taught", a_retired_rule_is_not_taught},
        {"imperfect records wait for an expert", imperfect_records_wait_for_an_expert},
        {"filters choose", filters_choose},
        {"an empty export says why and writes nothing",
         an_empty_export_says_why_and_writes_nothing},
        {"a failed export leaves the old file", a_failed_export_leaves_the_old_file},
        {"annotation formats read back", annotation_formats_read_back},
        {"annotation formats have their shape", annotation_formats_have_their_shape},
        {"rules are a list or a book", rules_are_a_list_or_a_book},
        {"decisions go beside the records", decisions_go_beside_the_records},
        {NULL, NULL},
    };
    return suite_run("export", tests, argc, argv);
}
