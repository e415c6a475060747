#include "app/project.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "db/job_store.h"
#include "domain/state.h"

/* One list of names under construction, for people or as JSON. */
struct names {
    struct json *json; /* an array, or NULL */
    struct str *out;
    bool any;
};

static void add_name(void *context, int64_t id, struct slice name, int64_t records)
{
    (void)id;
    struct names *n = context;
    if (n->json) {
        struct json *one = json_new_object();
        json_set(one, "name", json_new_slice(name));
        json_set_int(one, "records", records);
        json_push(n->json, one);
        return;
    }
    str_adds(n->out, n->any ? ", " : "");
    print_cell(n->out, name, 0);
    str_addc(n->out, ' ');
    print_number(n->out, records);
    n->any = true;
}

static const struct {
    const char *name;
    int (*each)(struct store *s, store_name_fn *each, void *context, struct error *err);
} lists[] = {{"tasks", store_tasks}, {"reviewers", store_reviewers}, {"tags", store_tags}};
enum { LISTS = sizeof lists / sizeof *lists };

/* Work that is not over: how many jobs, and how far their records are. */
struct work {
    int64_t jobs, done, total;
};

static int status_json(struct store *s, const struct store_counts *c, const struct work *w, struct error *err)
{
    struct json *root = json_new_object(), *states = json_new_object();
    json_set_string(root, "project", store_path(s));
    json_set_int(root, "schema", store_version());
    json_set_bool(root, "read_only", store_is_read_only(s));
    json_set_int(root, "records", c->records);
    for (int i = 0; i < RECORD_STATES; i++)
        json_set_int(states, record_state_name((enum record_state)i), c->by_state[i]);
    json_set(root, "states", states);
    json_set_int(root, "rules", c->rules);
    json_set_int(root, "decisions", c->decisions);
    json_set_int(root, "snapshots", c->snapshots);
    struct json *jobs = json_new_object();
    json_set_int(jobs, "unfinished", w->jobs);
    json_set_int(jobs, "done", w->done);
    json_set_int(jobs, "total", w->total);
    json_set(root, "jobs", jobs);
    for (int i = 0; i < LISTS; i++) {
        struct names n = {.json = json_new_array()};
        json_set(root, lists[i].name, n.json);
        if (lists[i].each(s, add_name, &n, err) < 0) {
            json_free(root);
            return -1;
        }
    }
    return print_json(root, err);
}

static void add_line(struct str *out, const char *name, int64_t value)
{
    str_addf(out, "%-10s ", name);
    print_number(out, value);
    str_addc(out, '\n');
}

static void add_states(struct str *out, const struct store_counts *c)
{
    str_adds(out, "records    ");
    print_number(out, c->records);
    const char *before = ": ";
    for (int i = 0; i < RECORD_STATES; i++) {
        if (!c->by_state[i])
            continue;
        str_adds(out, before);
        print_number(out, c->by_state[i]);
        str_addf(out, " %s", record_state_name((enum record_state)i));
        before = ", ";
    }
    str_addc(out, '\n');
}

static int status_people(struct store *s, const struct store_counts *c, const struct work *w, struct error *err)
{
    struct str out = {0};
    str_adds(&out, "project    ");
    print_cell(&out, slice_of(store_path(s)), 0);
    str_adds(&out, store_is_read_only(s) ? " (may only be read)\n" : "\n");
    add_states(&out, c);
    for (int i = 0; i < LISTS; i++) {
        struct names n = {.out = &out};
        size_t start = out.len;
        str_addf(&out, "%-10s ", lists[i].name);
        if (lists[i].each(s, add_name, &n, err) < 0) {
            str_free(&out);
            return -1;
        }
        if (n.any)
            str_addc(&out, '\n');
        else
            str_cut(&out, start);
    }
    add_line(&out, "rules", c->rules);
    add_line(&out, "decisions", c->decisions);
    add_line(&out, "snapshots", c->snapshots);
    if (w->jobs) {
        str_adds(&out, "jobs       ");
        print_number(&out, w->jobs);
        str_adds(&out, " unfinished, ");
        print_number(&out, w->done);
        str_adds(&out, " of ");
        print_number(&out, w->total);
        str_adds(&out, " records done: hinge jobs tells more\n");
    }
    return print_out(&out, err);
}

int cmd_status(struct invocation *inv)
{
    struct error err = {0};
    struct store_counts counts;
    struct work work = {0};
    struct store *s = project_open(inv_arg(inv, 0), STORE_OPEN, &err);
    int result = s ? store_begin_read(s, &err) : -1;
    if (result == 0)
        result = store_counts(s, &counts, &err);
    if (result == 0)
        result = job_store_active(s, &work.jobs, &work.done, &work.total, &err);
    if (result == 0)
        result = (inv_flag(inv, "json") ? status_json : status_people)(s, &counts, &work, &err);
    if (s)
        store_rollback(s);
    store_close(s);
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}
