/* What `hinge train` prints for people and programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cmd_train_parts.h"
#include "cli/print.h"

static void add_bytes(struct str *out, double bytes)
{
    if (bytes < 1e6)
        str_addf(out, "%.1f kB", bytes * 1e-3);
    else if (bytes < 1e9)
        str_addf(out, "%.1f MB", bytes * 1e-6);
    else
        str_addf(out, "%.2f GB", bytes * 1e-9);
}

static void add_row(struct str *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    str_addf(out, "%-12s", name);
    print_cell(out, slice_of(text), 0);
    str_addc(out, '\n');
}

static void add_time(struct str *out, const char *name, int64_t ms)
{
    char when[CLOCK_ISO_MAX];
    if (ms)
        add_row(out, name, clock_iso(ms, when));
}

/* --- a run --- */

static void add_data(struct str *out, const char *name, const struct json *data)
{
    if (!data || json_type(data) == JSON_NULL)
        return;
    str_addf(out, "%-12s%lld examples", name, (long long)json_number(json_get(data, "examples"), 0));
    double b = json_number(json_get(data, "branches_b"), 0);
    if (b > 0)
        str_addf(out, ", %.0f with a strategy", b);
    str_adds(out, ", snapshot ");
    print_cell(out, slice_sub(slice_of(json_string(json_get(data, "sha256"), "?")), 0, 12), 0);
    str_addc(out, '\n');
}

static void add_options(struct str *out, const struct run *r)
{
    const struct json *options = json_get(r->about, "options");
    if (!options)
        options = json_get(r->config, "options");
    str_addf(out, "%-12s", "options");
    bool any = false;
    for (const struct json *o = json_first(options); o; o = json_next(o)) {
        if (json_type(o) != JSON_STRING)
            continue;
        str_adds(out, any ? ", " : "");
        print_cell(out, slice_of(json_name(o)), 0);
        str_addc(out, ' ');
        print_cell(out, slice_of(json_string(o, "")), 0);
        any = true;
    }
    str_addc(out, '\n');
}

static void add_checkpoints(struct str *out, const struct run *r)
{
    for (size_t i = 0; i < r->n_checkpoints; i++) {
        const struct run_checkpoint *c = &r->checkpoints[i];
        str_addf(out, "%-12sstep %lld", i ? "" : "checkpoints", (long long)c->step);
        if (c->examples >= 0)
            str_addf(out, ", %.0f examples", c->examples);
        str_adds(out, ", ");
        add_bytes(out, (double)c->bytes);
        str_addc(out, '\n');
    }
}

int train_say_run(struct train_call *c, const struct run *r)
{
    struct str out = {0}, text = {0};
    add_row(&out, "run", r->name);
    add_row(&out, "uuid", r->uuid);
    add_row(&out, "state", run_state_name(r->state));
    add_row(&out, "says", r->reason);
    train_progress_text(&text, r);
    add_row(&out, "progress", text.at);
    add_row(&out, "method", r->method);
    add_row(&out, "model", r->model);
    add_data(&out, "data", json_get(json_get(r->about, "data"), "train"));
    add_data(&out, "held out", json_get(json_get(r->about, "data"), "valid"));
    add_row(&out, "place", r->place);
    add_row(&out, "device", r->device);
    if (r->branched_from[0]) {
        str_clear(&text);
        str_addf(&text, "%s, step %lld", json_string(json_get(json_get(r->about, "branched_from"), "name"), "?"),
                 (long long)r->branched_step);
        add_row(&out, "branch of", text.at);
    }
    add_row(&out, "notes", r->notes);
    add_time(&out, "made", r->created);
    add_time(&out, "started", r->started);
    add_time(&out, "ended", r->ended);
    add_options(&out, r);
    add_checkpoints(&out, r);
    add_row(&out, "folder", r->folder);
    str_free(&text);
    return print_out(&out, &c->err);
}

/* --- two runs --- */

static void add_loss(struct str *out, const char *name, double a, double b)
{
    if (a < 0 && b < 0)
        return;
    char left[32] = "-", right[32] = "-";
    if (a >= 0)
        snprintf(left, sizeof left, "%.6g", a);
    if (b >= 0)
        snprintf(right, sizeof right, "%.6g", b);
    str_addf(out, "%-16s%-24s%s\n", name, left, right);
}

static struct json *comparison_json(const struct train_differences *d, const struct run *a, const struct run *b)
{
    struct json *o = json_new_object(), *list = json_new_array();
    for (size_t i = 0; i < d->count; i++) {
        struct json *row = json_new_object();
        json_set_string(row, "name", d->items[i].name);
        json_set_string(row, "a", d->items[i].a);
        json_set_string(row, "b", d->items[i].b);
        json_push(list, row);
    }
    json_set(o, "differences", list);
    json_set(o, "a", train_run_json(a));
    json_set(o, "b", train_run_json(b));
    return o;
}

int train_say_comparison(struct train_call *c, const struct run *a, const struct run *b)
{
    struct train_differences d;
    struct str out = {0};
    train_compare(a, b, &d);
    struct json *j = c->json ? comparison_json(&d, a, b) : NULL;
    str_addf(&out, "%-16s", "");
    print_cell(&out, slice_of(a->name), 24);
    print_cell(&out, slice_of(b->name), 0);
    str_addc(&out, '\n');
    for (size_t i = 0; i < d.count; i++) {
        print_cell(&out, slice_of(d.items[i].name), 16);
        print_cell(&out, slice_of(d.items[i].a[0] ? d.items[i].a : "-"), 23);
        str_addc(&out, ' ');
        print_cell(&out, slice_of(d.items[i].b[0] ? d.items[i].b : "-"), 0);
        str_addc(&out, '\n');
    }
    if (!d.count)
        str_adds(&out, "started with the same options and data\n");
    add_loss(&out, "step", (double)a->progress.step, (double)b->progress.step);
    add_loss(&out, "loss", a->progress.loss, b->progress.loss);
    add_loss(&out, "held-out loss", a->progress.valid_loss, b->progress.valid_loss);
    train_differences_free(&d);
    if (!j)
        return print_out(&out, &c->err);
    str_free(&out);
    return print_json(j, &c->err);
}

/* --- before starting --- */

static struct json *plan_json(const struct train_plan *p)
{
    static const char *const fits[] = {"yes", "twice", "no"};
    struct json *o = json_new_object();
    json_set_string(o, "family", p->family);
    json_set_number(o, "weights", p->weights);
    json_set_number(o, "trained_weights", p->trained);
    json_set_number(o, "memory_keeping", p->keeping);
    json_set_number(o, "memory_twice", p->twice);
    json_set_number(o, "available", p->available);
    json_set_number(o, "checkpoint_bytes", (double)p->checkpoint_bytes);
    json_set_string(o, "fits", fits[p->fits]);
    return o;
}

static void add_plan(struct str *out, const struct train_plan *p)
{
    add_bytes(out, p->fits == TRAIN_FITS_TWICE ? p->twice : p->keeping);
    str_adds(out, " of memory");
    if (p->fits == TRAIN_FITS)
        str_adds(out, ", fits");
    else if (p->fits == TRAIN_FITS_TWICE)
        str_adds(out, ", fits when layers are computed twice");
    else {
        str_adds(out, ", does not fit: free are ");
        add_bytes(out, p->available);
    }
}

static void add_model(struct str *out, struct json *list, const struct train_model *m, const struct train_plan *p, const char *why)
{
    struct json *o = json_new_object();
    json_set_string(o, "name", m->name);
    json_set_string(o, "path", m->path);
    json_set_string(o, "family", m->family);
    json_set_bool(o, "gguf", m->gguf);
    json_set_int(o, "bytes", m->bytes);
    json_set_string(o, "from", m->from);
    json_set(o, "plan", p ? plan_json(p) : json_new_null());
    json_set_string(o, "why", why);
    json_push(list, o);
    print_cell(out, slice_of(m->name), 28);
    str_addc(out, ' ');
    print_cell(out, slice_of(m->family), 8);
    str_addc(out, ' ');
    add_bytes(out, (double)m->bytes);
    str_adds(out, ", ");
    if (p)
        add_plan(out, p);
    else
        print_cell(out, slice_of(why), 0);
    str_adds(out, "\n  ");
    print_cell(out, slice_of(m->path), 0);
    str_addc(out, '\n');
}

int train_say_models(struct train_call *c, const struct train_request *q)
{
    struct train_models all;
    struct str out = {0};
    if (train_models(q->project, &all, &c->err) != 0)
        return -1;
    struct json *list = json_new_array();
    for (size_t i = 0; i < all.count; i++) {
        struct train_request of = *q;
        struct train_plan plan;
        struct error why = {0};
        of.model = all.items[i].path;
        int known = train_plan(&of, &plan, &why);
        add_model(&out, list, &all.items[i], known == 0 ? &plan : NULL, why.text);
    }
    if (!all.count)
        str_adds(&out, "no base models found: hinge looks beside the project, in [train] models of the configuration, and in "
                       "$XDG_DATA_HOME/hinge/models\n");
    train_models_free(&all);
    if (c->json) {
        str_free(&out);
        return print_json(list, &c->err);
    }
    json_free(list);
    return print_out(&out, &c->err);
}

/* --- the preview --- */

static const char *const piece_names[] = {"given", "strategy", "answer"};

static struct json *example_json(const struct train_example *e)
{
    struct json *o = json_new_object(), *branches = json_new_array();
    for (size_t i = 0; i < e->n_branches; i++) {
        const struct train_branch *b = &e->branches[i];
        struct json *branch = json_new_object(), *pieces = json_new_array();
        for (size_t k = 0; k < b->n_pieces; k++) {
            struct json *p = json_new_object();
            json_set_string(p, "kind", piece_names[b->pieces[k].kind]);
            json_set_string(p, "text", b->pieces[k].text);
            json_set_int(p, "tokens", (int64_t)b->pieces[k].tokens);
            json_push(pieces, p);
        }
        json_set_string(branch, "kind", b->kind);
        json_set_int(branch, "tokens", (int64_t)b->tokens);
        json_set_int(branch, "trained", (int64_t)b->trained);
        json_set(branch, "pieces", pieces);
        json_push(branches, branch);
    }
    json_set_string(o, "id", e->id);
    json_set_int(o, "shared", (int64_t)e->shared);
    json_set(o, "branches", branches);
    return o;
}

/* The trained text is bold on a terminal, and stands between [ and ] elsewhere. */
static void add_branch(struct str *out, const struct train_branch *b, bool colour)
{
    str_addf(out, "-- %s: %zu tokens, %zu trained\n", b->kind[0] ? b->kind : "example", b->tokens, b->trained);
    bool trained = false;
    for (size_t i = 0; i < b->n_pieces; i++) {
        bool now = b->pieces[i].kind != TRAIN_GIVEN;
        if (now && !trained)
            str_adds(out, colour ? "\033[1m" : "[");
        if (colour && !now)
            str_adds(out, "\033[2m");
        trained = now;
        print_text(out, slice_of(b->pieces[i].text));
        if (colour && !now)
            str_adds(out, "\033[0m");
        else if (now && i + 1 < b->n_pieces)
            continue;
        else if (out->len && out->at[out->len - 1] == '\n')
            str_cut(out, out->len - 1);
        if (now)
            str_adds(out, colour ? "\033[0m\n" : "]\n");
    }
}

static void add_preview(struct str *out, const struct train_preview *p, bool colour)
{
    for (size_t i = 0; i < p->count; i++) {
        str_adds(out, "== ");
        print_cell(out, slice_of(p->items[i].id), 0);
        str_addf(out, ": %zu branches, %zu tokens shared\n", p->items[i].n_branches, p->items[i].shared);
        for (size_t k = 0; k < p->items[i].n_branches; k++)
            add_branch(out, &p->items[i].branches[k], colour);
    }
    str_addf(out, "%lld examples, %lld branches, %lld trained tokens, the longest %lld tokens",
             (long long)p->examples, (long long)p->branches, (long long)p->trained_tokens, (long long)p->longest);
    if (p->too_long)
        str_addf(out, ", %lld left out as too long", (long long)p->too_long);
    str_addf(out, "\n%lld tokens to compute, %lld without shared prompts\n", (long long)p->shared_tokens,
             (long long)p->plain_tokens);
}

/* What a new snapshot would be; an older one is what it is. */
static struct json *data_json(const struct train_data *d)
{
    if (!d->method)
        return json_new_null();
    struct json *o = json_new_object();
    json_set_string(o, "sha256", d->hash);
    json_set_int(o, "records", d->records);
    json_set_int(o, "examples", d->examples);
    json_set_int(o, "branches_a", d->branches_a);
    json_set_int(o, "branches_b", d->branches_b);
    json_set_int(o, "valid_examples", d->valid_examples);
    json_set_string(o, "left_out", d->left_out);
    return o;
}

static void add_data_words(struct str *out, const struct train_data *d)
{
    if (!d->method)
        return;
    str_addf(out, "new snapshot %.12s: %lld of %lld records, %lld of them with a strategy; left out: ", d->hash,
             (long long)d->examples, (long long)d->records, (long long)d->branches_b);
    print_cell(out, slice_of(d->left_out), 0);
    str_addf(out, "\nheld out for its loss: %lld\n", (long long)d->valid_examples);
}

static struct json *preview_json(const char *method, const struct train_preview *p, const struct train_plan *plan,
                                 const struct train_data *data)
{
    struct json *o = json_new_object(), *list = json_new_array();
    for (size_t i = 0; i < p->count; i++)
        json_push(list, example_json(&p->items[i]));
    json_set_string(o, "method", method);
    json_set_int(o, "examples", p->examples);
    json_set_int(o, "branches", p->branches);
    json_set_int(o, "trained_tokens", p->trained_tokens);
    json_set_int(o, "longest", p->longest);
    json_set_int(o, "too_long", p->too_long);
    json_set_int(o, "plain_tokens", p->plain_tokens);
    json_set_int(o, "shared_tokens", p->shared_tokens);
    json_set(o, "data", data_json(data));
    json_set(o, "plan", plan_json(plan));
    json_set(o, "shown", list);
    return o;
}

static int say_method(struct train_call *c, const struct train_request *q, const char *method, size_t n)
{
    struct train_preview p;
    struct train_plan plan;
    struct train_data data = {.method = NULL};
    struct str out = {0};
    int result = train_plan(q, &plan, &c->err);
    if (result == 0 && !q->snapshot)
        result = train_data(q, method, &data, &c->err);
    if (result == 0) {
        result = train_preview(q, method, n, &p, &c->err);
        if (result == 0 && c->json) {
            result = print_json(preview_json(method, &p, &plan, &data), &c->err);
        } else if (result == 0) {
            add_preview(&out, &p, isatty(STDOUT_FILENO));
            add_data_words(&out, &data);
            str_adds(&out, "takes ");
            add_plan(&out, &plan);
            str_addc(&out, '\n');
            result = print_out(&out, &c->err);
        }
        train_preview_free(&p);
    }
    train_data_free(&data);
    str_free(&out);
    return result;
}

int train_say_preview(struct train_call *c, const struct train_request *q, size_t n)
{
    for (size_t i = 0; i < q->n_methods; i++) {
        if (say_method(c, q, q->methods[i], n) != 0)
            return -1;
    }
    return 0;
}
