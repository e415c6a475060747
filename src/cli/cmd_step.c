/* generate, grade, refine, distill: a job is made and watched. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/loop.h"
#include "app/project.h"
#include "cli/commands.h"
#include "cli/job_watch.h"
#include "cli/print.h"

/* A number that is not negative; a bad one is reported and makes *ok false. */
static double read_amount(struct invocation *inv, const char *name, bool *given, bool *ok)
{
    const char *text = inv_option(inv, name, NULL);
    *given = text != NULL;
    if (!text)
        return 0;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end != text && !*end && !errno && isfinite(value) && value >= 0)
        return value;
    inv_usage(inv, "--%s takes a number of 0 or more, not '%s'", name, text);
    *ok = false;
    return 0;
}

static bool read_request(struct invocation *inv, struct loop_request *q)
{
    bool ok = true, given;
    *q = (struct loop_request){
        .project = inv_arg(inv, 0),
        .step = inv_command(inv),
        .endpoint = inv_option(inv, "endpoint", NULL),
        .where = inv_option(inv, "where", NULL),
        .reviewer = inv_option(inv, "reviewer", NULL),
        .limit = (size_t)inv_number(inv, "limit", 0, 1, 1000000000, &ok),
        .samples = (int)inv_number(inv, "samples", 0, 1, 1000, &ok),
        .rounds = (int)inv_number(inv, "rounds", 0, 1, 100, &ok),
        .again = inv_flag(inv, "again"),
        .budget_tokens = inv_number(inv, "budget-tokens", 0, 1, 1000000000000L, &ok),
    };
    q->temperature = read_amount(inv, "temperature", &q->has_temperature, &ok);
    q->budget_money = read_amount(inv, "budget", &given, &ok);
    if (ok && given && q->budget_money == 0) {
        inv_usage(inv, "--budget takes more than 0");
        ok = false;
    }
    return ok;
}

static struct json *plan_json(const struct loop_request *q, const struct loop_preview *p)
{
    struct json *j = json_new_object();
    json_set_string(j, "step", q->step);
    json_set_string(j, "endpoint", p->endpoint);
    json_set_string(j, "model", p->model);
    json_set_int(j, "records", p->plan.records);
    json_set_int(j, "busy", (int64_t)p->busy);
    json_set_int(j, "without_grader", (int64_t)p->without);
    json_set_int(j, "calls", p->plan.calls);
    json_set_int(j, "cached", p->plan.cached);
    json_set_int(j, "tokens_in", p->plan.tokens_in);
    json_set_int(j, "tokens_out", p->plan.tokens_out);
    json_set(j, "money", p->plan.money < 0 ? json_new_null() : json_new_number(p->plan.money));
    json_set_string(j, "currency", p->currency);
    json_set_bool(j, "at_most", p->plan.upper_bound);
    return j;
}

static int say_plan(struct invocation *inv, const struct loop_request *q, const struct loop_preview *p,
                    struct error *err)
{
    if (inv_flag(inv, "json"))
        return print_json(plan_json(q, p), err);
    struct str out = {0};
    const char *most = p->plan.upper_bound ? "at most " : "";
    print_number(&out, p->plan.records);
    str_adds(&out, p->plan.records == 1 ? " record" : " records");
    if (p->endpoint[0]) {
        str_adds(&out, ", ");
        print_cell(&out, slice_of(p->endpoint), 0);
        if (p->model[0]) {
            str_adds(&out, " (");
            print_cell(&out, slice_of(p->model), 0);
            str_addc(&out, ')');
        }
    }
    str_addf(&out, ": %s", most);
    print_number(&out, p->plan.calls);
    str_adds(&out, p->plan.calls == 1 ? " call" : " calls");
    if (p->plan.cached)
        str_addf(&out, " (%lld answered already)", (long long)p->plan.cached);
    str_adds(&out, ", about ");
    print_number(&out, p->plan.tokens_in);
    str_adds(&out, " tokens in, ");
    print_number(&out, p->plan.tokens_out);
    str_adds(&out, " out, ");
    if (p->plan.money < 0)
        str_adds(&out, "price not known");
    else
        loop_money_text(&out, p->plan.money, p->currency);
    str_addc(&out, '\n');
    if (p->busy)
        str_addf(&out, "%zu more are in the hands of another job\n", p->busy);
    if (p->without)
        str_addf(&out, "%zu more are of tasks without a grader\n", p->without);
    return print_out(&out, err);
}

static int dry_run(struct invocation *inv, struct store *s, const struct loop_request *q, struct error *err)
{
    struct loop_preview p = {0};
    return loop_preview(s, q, &p, err) < 0 ? -1 : say_plan(inv, q, &p, err);
}

static int say_started(struct invocation *inv, struct store *s, const char *project, int64_t id, struct error *err)
{
    if (!inv_flag(inv, "json")) {
        struct str out = {0};
        str_addf(&out, "job %lld started; 'hinge jobs %s show %lld --follow' watches it\n", (long long)id, project,
                 (long long)id);
        return print_out(&out, err);
    }
    struct jobs jobs = {0};
    int result = job_store_get(s, id, &jobs, err);
    if (result == 0)
        result = print_json(job_json(&jobs.items[0]), err);
    jobs_free(&jobs);
    return result;
}

int cmd_step(struct invocation *inv)
{
    struct error err = {0};
    struct loop_request q;
    if (!read_request(inv, &q))
        return EXIT_USAGE;
    bool look = inv_flag(inv, "dry-run");
    struct store *s = project_open(q.project, look ? STORE_OPEN : STORE_WRITE, &err);
    if (!s)
        return inv_fail(inv, &err);
    int64_t id = 0;
    int status = EXIT_OK;
    if (look)
        status = dry_run(inv, s, &q, &err);
    else if (loop_start(s, &q, &id, &err) < 0)
        status = -1;
    else if (inv_flag(inv, "detach"))
        status = say_started(inv, s, q.project, id, &err);
    else
        status = job_watch(&(struct watch){.store = s, .project = q.project, .id = id,
                                           .json = inv_flag(inv, "json"), .stops = true}, &err);
    store_close(s);
    return status < 0 ? inv_fail(inv, &err) : status;
}
