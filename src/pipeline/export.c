#include "pipeline/export.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "db/record_store.h"
#include "db/rule_store.h"
#include "db/snapshot_store.h"
#include "pipeline/example.h"
#include "pipeline/export_decisions.h"
#include "pipeline/export_file.h"
#include "pipeline/export_manifest.h"
#include "pipeline/export_rules.h"
#include "pipeline/export_select.h"
#include "pipeline/strategy.h"

struct export_method {
    const char *name;
    struct json *(*make)(const struct example *e); /* NULL: records, or rules */
    unsigned needs;
    bool list;     /* one JSON list instead of lines */
    bool training; /* has a manifest, and the project remembers it */
};

enum { TRAINS = NEEDS_DECISION | NEEDS_PROMPT | NEEDS_Y_STAR };

static const struct export_method methods[] = {
    {.name = "sft", .make = example_sft, .needs = TRAINS | NEEDS_Y0, .training = true},
    {.name = "isft", .make = example_isft, .needs = TRAINS, .training = true},
    {.name = "rgt", .make = example_rgt, .needs = TRAINS, .training = true},
    {.name = "messages", .make = example_messages, .needs = TRAINS, .training = true},
    {.name = "prompt-completion", .make = example_completion, .needs = TRAINS, .training = true},
    {.name = "argilla", .make = example_argilla, .list = true},
    {.name = "labelstudio", .make = example_labelstudio, .list = true},
    {.name = "prodigy", .make = example_prodigy},
    {.name = "records"},
    {.name = "rules"},
};

const struct export_method *export_method_find(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

void export_result_free(struct export_result *r)
{
    map_free(r->left_out);
    r->left_out = NULL;
}

void export_left_out_print(struct str *out, const struct export_result *r)
{
    size_t n = r->left_out ? map_count(r->left_out) : 0;
    for (size_t i = 0; i < n; i++) {
        struct slice reason = map_key(r->left_out, i);
        str_addf(out, "%s%llu %.*s", i ? ", " : "",
                 (unsigned long long)map_value(r->left_out, i), (int)reason.len, reason.at);
    }
    if (!n)
        str_adds(out, "nothing");
}

struct export {
    struct store *store;
    const struct export_options *options;
    struct export_result *result;
    struct selection *selection;
    struct manifest *manifest;
    struct map *retired; /* numbers of rules that are taught no more */
    struct export_file *file, *decisions;
    struct progress *bar;
    struct error *err;
};

static void leave_out(struct export *ex, const char *reason)
{
    uint64_t n = 0;
    map_get(ex->result->left_out, slice_of(reason), &n);
    map_put(ex->result->left_out, slice_of(reason), n + 1);
}

static void count_branches(struct export *ex, const struct example *e)
{
    struct str strategy = {0};
    strategy_print(&strategy, e->rules, e->n_rules);
    ex->result->branches_a++;
    ex->result->branches_b += ex->options->method->make == example_rgt && strategy.len > 0;
    str_free(&strategy);
}

static bool is_retired(const struct export *ex, int64_t rule)
{
    return map_get(ex->retired, (struct slice){(const char *)&rule, sizeof rule}, NULL);
}

static int find_retired(struct export *ex)
{
    struct rules rules = {0};
    ex->retired = map_new();
    if (rule_store_list(ex->store, RULES_BY_AGE, true, &rules, ex->err) != 0)
        return -1;
    for (size_t i = 0; i < rules.count; i++)
        if (rules.items[i].status == RULE_RETIRED)
            map_put(ex->retired,
                    (struct slice){(const char *)&rules.items[i].id, sizeof rules.items[i].id}, 1);
    rules_free(&rules);
    return 0;
}

/* Takes the retired rules out of what the record cites. */
static void drop_retired(const struct export *ex, struct stored_record *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n_rules; i++)
        if (!is_retired(ex, r->rules[i].id))
            r->rules[kept++] = r->rules[i];
    r->n_rules = kept;
}

static void write_example(struct export *ex, const struct record *imported,
                          const struct stored_record *r)
{
    const struct stored_output *y_star = stored_y_star(r);
    struct rule_text *rules = mem_zalloc(r->n_rules + 1, sizeof *rules);
    for (size_t i = 0; i < r->n_rules; i++)
        rules[i] = (struct rule_text){r->rules[i].mistake, r->rules[i].guardrail};
    struct example e = {.record = imported,
                        .y_star = y_star ? y_star->text : NULL,
                        .rules = rules,
                        .n_rules = r->n_rules,
                        .state = record_state_name(r->state),
                        .reviewer = r->reviewer_name,
                        .reason = r->reason,
                        .when_ms = r->decided,
                        .number = ex->result->written + 1};
    export_file_add_json(ex->file, ex->options->method->make(&e));
    if (ex->options->method->training) {
        manifest_count(ex->manifest, r);
        count_branches(ex, &e);
    }
    mem_free(rules);
}

/* Writes one record, which was found fit. */
static int write_record(struct export *ex, const struct stored_record *r)
{
    struct record imported = {0};
    int result = record_store_export(ex->store, r->id, &imported, ex->err);
    if (result == 0 && ex->options->method->make) {
        write_example(ex, &imported, r);
    } else if (result == 0) {
        struct str line = {0};
        record_print(&line, &imported);
        export_file_add(ex->file, str_slice(&line));
        str_free(&line);
    }
    record_free(&imported);
    if (result == 0 && ex->decisions)
        result = export_decisions_of(ex->store, r->id, ex->decisions, ex->err);
    ex->result->written += result == 0;
    return result;
}

static int take(void *context, int64_t id)
{
    struct export *ex = context;
    struct stored_record r = {0};
    int result = record_store_load(ex->store, id, &r, ex->err);
    if (result == 0) {
        ex->result->records++;
        const char *reason = selection_reason(ex->selection, &r);
        if (ex->options->method->training)
            drop_retired(ex, &r);
        if (reason)
            leave_out(ex, reason);
        else
            result = write_record(ex, &r);
    }
    stored_record_free(&r);
    if (ex->bar)
        progress_set(ex->bar, (uint64_t)ex->result->records);
    return result;
}

static int say_empty(struct export *ex)
{
    struct str why = {0};
    export_left_out_print(&why, ex->result);
    if (ex->result->records)
        error_set(ex->err, ERR_ABSENT, "nothing to export: of %lld records, left out are %s",
                  (long long)ex->result->records, str_z(&why));
    else
        error_set(ex->err, ERR_ABSENT, "nothing to export: the project has no records yet");
    str_free(&why);
    return -1;
}

/* Puts the manifest beside the file and the set into the project's list. */
static int finish_training(struct export *ex)
{
    struct str text = {0}, path = {0};
    const struct export_options *o = ex->options;
    manifest_print(&text, ex->manifest, o->method->name, o, ex->result);
    str_addf(&path, "%s.manifest.json", o->path);
    int result = file_write_atomic(str_z(&path), 0600, str_slice(&text), ex->err);
    if (result == 0 && !store_is_read_only(ex->store))
        result = snapshot_store_put(ex->store, ex->result->hash, o->method->name, o->path,
                                    ex->result->written, str_slice(&text), ex->err);
    ex->result->snapshot = result == 0;
    str_free(&text);
    str_free(&path);
    return result;
}

static int open_files(struct export *ex)
{
    const struct export_options *o = ex->options;
    ex->file = export_file_begin(o->path, o->method->list, ex->err);
    if (!ex->file || !o->with_decisions)
        return ex->file ? 0 : -1;
    struct str path = {0};
    str_addf(&path, "%s.decisions.jsonl", o->path);
    ex->decisions = export_file_begin(str_z(&path), false, ex->err);
    str_free(&path);
    return ex->decisions ? 0 : -1;
}

/* Puts the files in place, the decisions first: records without them would look complete. */
static int close_files(struct export *ex)
{
    int result = 0;
    if (ex->decisions)
        result = export_file_end(ex->decisions, NULL, ex->err);
    ex->decisions = NULL;
    if (result != 0)
        return -1;
    result = export_file_end(ex->file, ex->result->hash, ex->err);
    ex->file = NULL;
    return result;
}

/* Reads everything from one moment of the project. */
static int write_all(struct export *ex)
{
    if (store_begin_read(ex->store, ex->err) != 0)
        return -1;
    struct store_counts counts = {0};
    int result = store_counts(ex->store, &counts, ex->err);
    if (result == 0)
        result = find_retired(ex);
    if (ex->options->progress)
        ex->bar = progress_begin("exporting", (uint64_t)counts.records);
    ex->selection = selection_make(ex->store, ex->options, ex->options->method->needs, ex->err);
    if (result == 0 && ex->selection)
        result = record_store_each(ex->store, take, ex, ex->err);
    if (!ex->selection)
        result = -1;
    else
        selection_free(ex->selection);
    if (ex->bar)
        progress_end(ex->bar);
    struct error ignored = {0}; /* a read is ended by either */
    if (store_commit(ex->store, &ignored) != 0)
        store_rollback(ex->store);
    return result;
}

int export_run(struct store *s, const struct export_options *o, struct export_result *result,
               struct error *err)
{
    struct export ex = {.store = s, .options = o, .result = result, .err = err};
    result->left_out = map_new();
    if (strcmp(o->method->name, "rules") == 0)
        return export_rules(s, o, result, err);
    ex.manifest = manifest_new();
    int code = open_files(&ex);
    if (code == 0)
        code = write_all(&ex);
    if (code == 0 && !result->written)
        code = say_empty(&ex);
    if (code == 0)
        code = close_files(&ex);
    if (code == 0 && o->method->training && !o->unlisted && strcmp(o->path, "-") != 0 &&
        !file_is_device(o->path))
        code = finish_training(&ex);
    export_file_abort(ex.file);
    export_file_abort(ex.decisions);
    manifest_free(ex.manifest);
    map_free(ex.retired);
    return code;
}
