#include <string.h>

#include "app/agreement.h"
#include "app/project.h"
#include "cli/commands.h"
#include "cli/print.h"

static size_t at_most(size_t n, long limit)
{
    return n < (size_t)limit ? n : (size_t)limit;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void set_share(struct json *j, const char *name, bool defined, double value)
{
    if (defined)
        json_set_number(j, name, value);
    else
        json_set(j, name, json_new_null());
}

static struct json *alpha_json(const struct agreement_alpha *a)
{
    struct json *j = json_new_object();
    json_set_int(j, "records", (int64_t)a->units);
    set_share(j, "raw", a->units > 0, a->raw);
    set_share(j, "alpha", a->defined, a->alpha);
    set_share(j, "low", a->interval, a->low);
    set_share(j, "high", a->interval, a->high);
    return j;
}

static struct json *pairs_json(const struct agreement_report *r)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < r->n_pairs; i++) {
        const struct agreement_pair *p = &r->pairs[i];
        struct json *j = json_new_object();
        json_set_string(j, "first", p->first);
        json_set_string(j, "second", p->second);
        json_set_int(j, "records", p->kappa.records);
        json_set_number(j, "raw", p->kappa.raw);
        set_share(j, "kappa", p->kappa.defined, p->kappa.kappa);
        json_push(list, j);
    }
    return list;
}

static struct json *groups_json(const struct agreement_group *groups, size_t n, const char *name)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json *j = alpha_json(&groups[i].alpha);
        json_set_string(j, name, groups[i].name);
        if (groups[i].rule)
            json_set_int(j, "rule", groups[i].rule);
        json_push(list, j);
    }
    return list;
}

static struct json *dispute_json(const struct agreement_dispute *d)
{
    struct json *j = json_new_object(), *verdicts = json_new_object();
    json_set_string(j, "id", d->key);
    json_set_number(j, "share", d->share);
    for (int s = 0; s < RECORD_STATES; s++) {
        if (!d->votes.votes[s])
            continue;
        struct json *names = json_new_array();
        for (unsigned i = 0; i < d->votes.votes[s]; i++)
            json_push(names, json_new_string(d->reviewers[s][i]));
        json_set(verdicts, record_state_name((enum record_state)s), names);
    }
    json_set(j, "verdicts", verdicts);
    return j;
}

/* JSON holds everything, whatever the limit. */
static int report_json(const struct agreement_report *r, struct error *err)
{
    struct json *root = json_new_object(), *disputes = json_new_array();
    json_set_int(root, "reviewers", (int64_t)r->reviewers);
    json_set_int(root, "records", (int64_t)r->records);
    json_set(root, "all", alpha_json(&r->all));
    json_set(root, "pairs", pairs_json(r));
    json_set(root, "tasks", groups_json(r->tasks, r->n_tasks, "task"));
    json_set(root, "rules", groups_json(r->rules, r->n_rules, "guardrail"));
    for (size_t i = 0; i < r->n_disputes; i++)
        json_push(disputes, dispute_json(&r->disputes[i]));
    json_set(root, "disputed", disputes);
    return print_json(root, err);
}

/* ---- for people ------------------------------------------------------------------------------ */

static void add_coefficient(struct str *out, const char *sign, bool defined, double value)
{
    if (defined)
        str_addf(out, "%s %5.2f", sign, value);
    else
        str_addf(out, "%s     –", sign);
}

static void add_alpha(struct str *out, const struct agreement_alpha *a)
{
    str_addf(out, "%5zu record%s  %3.0f%%  ", a->units, a->units == 1 ? " " : "s", 100 * a->raw);
    add_coefficient(out, "α", a->defined, a->alpha);
    if (a->interval)
        str_addf(out, " (%.2f to %.2f)", a->low, a->high);
}

static void add_pairs(struct str *out, const struct agreement_report *r)
{
    for (size_t i = 0; i < r->n_pairs; i++) {
        const struct agreement_pair *p = &r->pairs[i];
        str_adds(out, i ? "  " : "pairs\n  ");
        print_cell(out, slice_of(p->first), 16);
        str_addc(out, ' ');
        print_cell(out, slice_of(p->second), 16);
        str_addf(out, " %5u record%s  %3.0f%%  ", p->kappa.records, p->kappa.records == 1 ? " " : "s",
                 100 * p->kappa.raw);
        add_coefficient(out, "κ", p->kappa.defined, p->kappa.kappa);
        str_addc(out, '\n');
    }
}

static void add_groups(struct str *out, const char *title, const struct agreement_group *groups,
                       size_t n, long limit)
{
    for (size_t i = 0; i < at_most(n, limit); i++) {
        if (i == 0)
            str_addf(out, "%s, least agreement first\n", title);
        str_adds(out, "  ");
        struct str name = {0};
        if (groups[i].rule)
            str_addf(&name, "#%lld ", (long long)groups[i].rule);
        str_adds(&name, groups[i].name[0] ? groups[i].name : "(none)");
        print_cell(out, str_slice(&name), 33);
        str_free(&name);
        str_addc(out, ' ');
        add_alpha(out, &groups[i].alpha);
        str_addc(out, '\n');
    }
}

static void add_dispute(struct str *out, const struct agreement_dispute *d)
{
    str_adds(out, "  ");
    print_cell(out, slice_of(d->key), 33);
    const char *before = " ";
    for (int s = 0; s < RECORD_STATES; s++) {
        if (!d->votes.votes[s])
            continue;
        str_addf(out, "%s%s", before, record_state_name((enum record_state)s));
        for (unsigned i = 0; i < d->votes.votes[s]; i++) {
            str_adds(out, i ? ", " : " ");
            print_cell(out, slice_of(d->reviewers[s][i]), 0);
        }
        before = "; ";
    }
    str_addc(out, '\n');
}

static int report_people(const struct agreement_report *r, long limit, struct error *err)
{
    struct str out = {0};
    str_addf(&out, "%zu reviewer%s, %zu record%s judged, %zu of them by two or more\n", r->reviewers,
             r->reviewers == 1 ? "" : "s", r->records, r->records == 1 ? "" : "s", r->all.units);
    if (r->all.units) {
        str_adds(&out, "all ");
        add_alpha(&out, &r->all);
        str_addc(&out, '\n');
    }
    add_pairs(&out, r);
    add_groups(&out, "tasks", r->tasks, r->n_tasks, limit);
    add_groups(&out, "rules", r->rules, r->n_rules, limit);
    for (size_t i = 0; i < at_most(r->n_disputes, limit); i++) {
        if (i == 0)
            str_addf(&out, "judged most differently (%zu in all)\n", r->n_disputes);
        add_dispute(&out, &r->disputes[i]);
    }
    return print_out(&out, err);
}

int cmd_agreement(struct invocation *inv)
{
    struct error err = {0};
    struct agreement_report r = {.records = 0};
    bool ok = true;
    long limit = inv_number(inv, "limit", 10, 0, 1000000, &ok);
    if (!ok)
        return EXIT_USAGE;
    struct store *s = project_open(inv_arg(inv, 0), STORE_OPEN, &err);
    int result = s ? agreement_report_read(s, inv_flag(inv, "kept"), &r, &err) : -1;
    if (result == 0)
        result = inv_flag(inv, "json") ? report_json(&r, &err) : report_people(&r, limit, &err);
    agreement_report_free(&r);
    store_close(s);
    return result < 0 ? inv_fail(inv, &err) : EXIT_OK;
}
