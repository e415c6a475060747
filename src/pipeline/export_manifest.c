#include "pipeline/export_manifest.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "config.h"

struct manifest {
    struct map *tasks, *reviewers;
    struct map *rules; /* a rule as a JSON object without its count */
};

struct manifest *manifest_new(void)
{
    struct manifest *m = mem_zalloc(1, sizeof *m);
    m->tasks = map_new();
    m->reviewers = map_new();
    m->rules = map_new();
    return m;
}

void manifest_free(struct manifest *m)
{
    map_free(m->tasks);
    map_free(m->reviewers);
    map_free(m->rules);
    mem_free(m);
}

static void count_one(struct map *m, struct slice key)
{
    uint64_t n = 0;
    map_get(m, key, &n);
    map_put(m, key, n + 1);
}

static void count_rule(struct map *rules, const struct stored_rule *rule)
{
    struct str key = {0};
    struct json *o = json_new_object();
    json_set_int(o, "rule", rule->id);
    json_set_string(o, "mistake", rule->mistake);
    json_set_string(o, "guardrail", rule->guardrail);
    json_print(&key, o);
    json_free(o);
    count_one(rules, str_slice(&key));
    str_free(&key);
}

void manifest_count(struct manifest *m, const struct stored_record *r)
{
    count_one(m->tasks, slice_of(r->task ? r->task : "none"));
    count_one(m->reviewers, slice_of(r->reviewer_name ? r->reviewer_name : "none"));
    for (size_t i = 0; i < r->n_rules; i++)
        count_rule(m->rules, &r->rules[i]);
}

static struct json *counts(const struct map *m)
{
    struct json *o = json_new_object();
    for (size_t i = 0; i < map_count(m); i++) {
        char *name = mem_strndup(map_key(m, i).at, map_key(m, i).len);
        json_set_int(o, name, (int64_t)map_value(m, i));
        mem_free(name);
    }
    return o;
}

static struct json *rule_counts(const struct map *m)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < map_count(m); i++) {
        struct json *o = json_parse(map_key(m, i), NULL, NULL);
        json_set_int(o, "examples", (int64_t)map_value(m, i));
        json_push(list, o);
    }
    return list;
}

static struct json *filters(const struct export_options *o)
{
    struct json *f = json_new_object();
    char at[CLOCK_ISO_MAX];
    if (o->split)
        json_set_string(f, "split", o->split);
    if (o->reviewer)
        json_set_string(f, "reviewer", o->reviewer);
    if (o->since)
        json_set_string(f, "since", clock_iso(o->since, at));
    if (o->min_agreement > 0)
        json_set_number(f, "min_agreement", o->min_agreement);
    return f;
}

void manifest_print(struct str *out, const struct manifest *m, const char *method,
                    const struct export_options *o, const struct export_result *result)
{
    struct json *j = json_new_object(), *branches = json_new_object();
    const char *slash = strrchr(o->path, '/');
    char at[CLOCK_ISO_MAX];
    json_set_string(j, "snapshot", result->hash);
    json_set_string(j, "method", method);
    json_set_string(j, "file", slash ? slash + 1 : o->path);
    json_set_string(j, "created", clock_iso(clock_now_ms(), at));
    json_set_string(j, "made_by", PACKAGE_STRING);
    json_set(j, "filters", filters(o));
    json_set_int(j, "records", result->records);
    json_set_int(j, "examples", result->written);
    json_set_int(branches, "A", result->branches_a);
    json_set_int(branches, "B", result->branches_b);
    json_set(j, "branches", branches);
    json_set(j, "left_out", counts(result->left_out));
    json_set(j, "by_task", counts(m->tasks));
    json_set(j, "by_reviewer", counts(m->reviewers));
    json_set(j, "by_rule", rule_counts(m->rules));
    json_print_pretty(out, j);
    str_addc(out, '\n');
    json_free(j);
}
