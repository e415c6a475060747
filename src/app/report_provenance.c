/* What is needed to run a report again: the command, runs and their configuration, data, graders, versions, evals. */
#include <config.h> /* the build's, not app/config.h */
#include <math.h>
#include <string.h>

#include "app/report_page.h"
#include "base/file.h"
#include "base/map.h"
#include "db/prompt_store.h"
#include "db/snapshot_store.h"

enum { CONFIG_MAX = 256 * 1024 };

/* ---- the command ---------------------------------------------------------------------------------------- */

/* A word of a shell's command line, in single quotes. */
static void add_word(struct str *out, const char *option, const char *word)
{
    if (!word)
        return;
    str_addf(out, " --%s '", option);
    for (const char *c = word; *c; c++)
        str_adds(out, *c == '\'' ? "'\\''" : (char[]){*c, 0});
    str_addc(out, '\'');
}

static void add_command(struct str *out, const struct report *r)
{
    const struct report_request *q = &r->asked;
    struct str line = {0}, runs = {0};
    str_adds(&line, "hinge report PROJECT.db -o FOLDER");
    add_word(&line, "split", q->split);
    add_word(&line, "base-model", q->base_model);
    for (size_t i = 0; i < q->n_runs; i++)
        str_addf(&runs, "%s%s", i ? "," : "", q->runs[i]);
    add_word(&line, "runs", runs.at);
    str_adds(&line, q->by_name ? " --by name" : "");
    str_addf(&line, " --think %s", r->think ? "on" : "off");
    if (isnan(q->target))
        str_addf(&line, " --threshold %g", q->gain);
    else
        str_addf(&line, " --target %g", q->target);
    str_addf(&line, " --reach %g --resamples %zu --seed %llu", q->reach, q->resamples, (unsigned long long)q->seed);
    str_adds(out, "<p>The same numbers come from the same project by</p>\n<pre>");
    page_text(out, line.at);
    str_adds(out, "</pre>\n");
    str_free(&line);
    str_free(&runs);
}

static void add_versions(struct str *out)
{
    str_addf(out, "<p>hinge %s, project schema %d, SQLite %s, growth curves %s.</p>\n", PACKAGE_VERSION, store_version(),
             store_sqlite_version(), growth_available() ? "by GSL" : "not fitted (built without GSL)");
}

/* ---- runs ------------------------------------------------------------------------------------------------- */

static void add_file(struct str *out, const char *folder, const char *name)
{
    struct str path = {0}, bytes = {0}, pretty = {0};
    struct error err = {0};
    str_addf(&path, "%s/%s", folder, name);
    if (file_read(str_z(&path), CONFIG_MAX, &bytes, &err) == 0) {
        struct json *tree = json_parse(str_slice(&bytes), NULL, &err);
        if (tree)
            json_print_pretty(&pretty, tree);
        json_free(tree);
        str_addf(out, "<h3>%s</h3>\n<pre>", name);
        page_text(out, tree ? str_z(&pretty) : "(this file cannot be read as JSON)");
        str_adds(out, "</pre>\n");
    }
    str_free(&path);
    str_free(&bytes);
    str_free(&pretty);
}

static void add_run(struct str *out, const struct eval *e)
{
    str_adds(out, "<details><summary>");
    page_text(out, e->run_name ? e->run_name : e->run_uuid);
    str_adds(out, " <span class=\"dim\">");
    page_text(out, e->run_uuid);
    if (e->seed >= 0)
        str_addf(out, ", seed %lld", (long long)e->seed);
    str_adds(out, "</span></summary>\n");
    size_t before = out->len;
    if (e->run_folder) {
        add_file(out, e->run_folder, "run.json");
        add_file(out, e->run_folder, "config.json");
    }
    if (out->len == before)
        str_adds(out, "<p class=\"dim\">Its folder is not on this machine any more: no configuration can be shown.</p>\n");
    str_adds(out, "</details>\n");
}

static void add_runs(struct str *out, const struct report *r)
{
    struct map *seen = map_new();
    str_adds(out, "<h3>Runs</h3>\n");
    for (size_t i = 0; i < r->n_used; i++)
        if (r->used[i]->run_uuid && map_put(seen, slice_of(r->used[i]->run_uuid), 1))
            add_run(out, r->used[i]);
    if (map_count(seen) == 0)
        str_adds(out, "<p class=\"dim\">None.</p>\n");
    map_free(seen);
}

/* ---- data -------------------------------------------------------------------------------------------------- */

struct data_table {
    struct str *out;
    const struct map *wanted;
};

static int add_snapshot(void *context, const struct snapshot_row *row)
{
    const struct data_table *t = context;
    if (!map_get(t->wanted, slice_of(row->hash), NULL))
        return 0;
    str_adds(t->out, "<tr><td>");
    page_text(t->out, row->method);
    str_addf(t->out, "</td><td>%lld</td><td class=\"hash\">", (long long)row->examples);
    page_text(t->out, row->hash);
    str_adds(t->out, "</td></tr>\n");
    return 0;
}

static void add_data(struct str *out, struct store *s, const struct report *r)
{
    struct error err = {0};
    struct map *wanted = map_new();
    for (size_t i = 0; i < r->n_used; i++)
        if (r->used[i]->snapshot)
            map_put(wanted, slice_of(r->used[i]->snapshot), 1);
    if (map_count(wanted)) {
        str_adds(out, "<h3>Training sets</h3>\n<div class=\"scroll\"><table>\n<thead><tr><th>method</th><th>examples</th>"
                      "<th>SHA-256</th></tr></thead>\n<tbody>\n");
        /* what the project no longer lists still has its hash in the table of evals */
        (void)snapshot_store_each(s, add_snapshot, &(struct data_table){out, wanted}, &err);
        str_adds(out, "</tbody></table></div>\n");
    }
    map_free(wanted);
}

/* ---- graders ------------------------------------------------------------------------------------------------ */

static void add_grader(struct str *out, struct store *s, const struct json *g)
{
    const char *hash = json_string(json_get(g, "hash"), "");
    struct str name = {0}, body = {0};
    struct error err = {0};
    str_adds(out, "<details><summary>");
    page_text(out, json_string(json_get(g, "name"), "?"));
    str_adds(out, " <span class=\"dim\">");
    page_text(out, json_string(json_get(g, "task"), "*"));
    str_adds(out, ", ");
    page_text(out, hash);
    str_adds(out, "</span></summary>\n");
    if (*hash && prompt_store_body(s, hash, &name, &body, &err) == 1) {
        str_adds(out, "<pre>");
        page_text(out, str_z(&body));
        str_adds(out, "</pre>\n");
    } else
        str_adds(out, "<p class=\"dim\">Its text is not kept in this project; the hash tells which one it was.</p>\n");
    str_adds(out, "</details>\n");
    str_free(&name);
    str_free(&body);
}

/* All evals of a report have the same graders; an endpoint's, too. */
static void add_graders(struct str *out, struct store *s, const struct report *r)
{
    struct error err = {0};
    struct json *list = r->n_used && r->used[0]->graders ? json_parse(slice_of(r->used[0]->graders), NULL, &err) : NULL;
    str_adds(out, "<h3>Graders</h3>\n");
    for (const struct json *g = json_first(list); g; g = json_next(g))
        add_grader(out, s, g);
    if (!json_first(list))
        str_adds(out, "<p class=\"dim\">The evals name none.</p>\n");
    if (r->n_used) {
        str_addf(out, "<p>At most %lld tokens an answer; sampling ", (long long)r->used[0]->max_tokens);
        const char *sampling = r->used[0]->sampling;
        page_text(out, sampling && strcmp(sampling, "{}") != 0 ? sampling : "takes the likeliest token");
        str_adds(out, ".</p>\n");
    }
    json_free(list);
}

/* ---- evals ----------------------------------------------------------------------------------------------------- */

static void add_cell(struct str *out, const char *text, const char *class)
{
    str_addf(out, "<td%s>", class);
    page_text(out, text ? text : "–");
    str_adds(out, "</td>");
}

static void add_eval(struct str *out, const struct eval *e)
{
    str_adds(out, "<tr>");
    add_cell(out, e->name, "");
    add_cell(out, e->think ? "on" : "off", "");
    str_addf(out, e->examples < 0 ? "<td>–</td>" : "<td>%lld</td>", (long long)e->examples);
    str_addf(out, "<td>%lld</td><td>%lld</td><td>%lld</td><td>%.3f</td>", (long long)e->n, (long long)e->failed,
             (long long)e->refused, e->mean);
    add_cell(out, e->adapter_hash, " class=\"hash\"");
    add_cell(out, e->snapshot, " class=\"hash\"");
    str_adds(out, "</tr>\n");
}

static void add_evals(struct str *out, const struct report *r)
{
    str_adds(out, "<details><summary>Evals this rests on</summary>\n<div class=\"scroll\"><table>\n<thead><tr><th>eval</th>"
                  "<th>think</th><th>examples</th><th>records</th><th>without score</th><th>refused (seen in training)</th>"
                  "<th>score</th><th>adapter, SHA-256</th><th>training set, SHA-256</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->n_used; i++)
        add_eval(out, r->used[i]);
    str_adds(out, "</tbody></table></div></details>\n");
}

void page_provenance(struct str *out, struct store *s, const struct report *r)
{
    str_adds(out, "<h2 id=\"again\">To run it again</h2>\n");
    add_command(out, r);
    add_versions(out);
    add_runs(out, r);
    add_data(out, s, r);
    add_graders(out, s, r);
    add_evals(out, r);
}
