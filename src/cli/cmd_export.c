#include <stdio.h>
#include <string.h>

#include "app/transfer.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/print.h"

static struct json *left_out_json(const struct export_result *r)
{
    struct json *o = json_new_object();
    for (size_t i = 0; r->left_out && i < map_count(r->left_out); i++) {
        struct str name = {0};
        str_add_slice(&name, map_key(r->left_out, i));
        json_set_int(o, str_z(&name), (int64_t)map_value(r->left_out, i));
        str_free(&name);
    }
    return o;
}

static struct json *summary_json(const struct export_result *r)
{
    struct json *j = json_new_object();
    json_set_int(j, "records", r->records);
    json_set_int(j, "written", r->written);
    if (*r->hash)
        json_set_string(j, "sha256", r->hash);
    if (r->snapshot) {
        json_set_int(j, "branches_a", r->branches_a);
        json_set_int(j, "branches_b", r->branches_b);
    }
    json_set(j, "left_out", left_out_json(r));
    return j;
}

static void print_summary(struct str *out, const char *method, const struct export_result *r)
{
    bool rules = strcmp(method, "rules") == 0;
    print_number(out, r->written);
    if (r->snapshot)
        str_addf(out, " examples in snapshot %.12s", r->hash);
    else
        str_adds(out, rules ? " rules written" : " records written");
    if (r->branches_b) {
        str_adds(out, ", ");
        print_number(out, r->branches_b);
        str_adds(out, " with a strategy");
    }
    if (!rules && map_count(r->left_out)) {
        str_adds(out, "\nleft out: ");
        export_left_out_print(out, r);
    }
    str_addc(out, '\n');
}

static void json_print_line(struct str *out, struct json *tree)
{
    json_print(out, tree);
    str_addc(out, '\n');
    json_free(tree);
}

/* Standard output may be the export itself: then the summary goes to standard error. */
static int report(const struct export_request *q, const struct export_result *r, bool json,
                  struct error *err)
{
    struct str out = {0};
    if (json)
        json_print_line(&out, summary_json(r));
    else
        print_summary(&out, q->method, r);
    if (strcmp(q->path, "-") != 0)
        return print_out(&out, err);
    fputs(str_z(&out), stderr);
    str_free(&out);
    return 0;
}

int cmd_export(struct invocation *inv)
{
    struct error err = {0};
    struct export_result result = {0};
    struct export_request q = {.project = inv_arg(inv, 0),
                               .method = inv_option(inv, "method", NULL),
                               .path = inv_option(inv, "output", NULL),
                               .split = inv_option(inv, "split", NULL),
                               .reviewer = inv_option(inv, "reviewer", NULL),
                               .since = inv_option(inv, "since", NULL),
                               .min_agreement = inv_option(inv, "min-agreement", NULL),
                               .format = inv_option(inv, "format", NULL),
                               .with_decisions = inv_flag(inv, "with-decisions"),
                               .progress = true};
    if (!q.method || !q.path)
        return inv_usage(inv, "needs %s", q.method ? "-o FILE" : "--method");
    int code = EXIT_OK;
    if (transfer_export(&q, &result, &err) != 0 ||
        report(&q, &result, inv_flag(inv, "json"), &err) != 0)
        code = inv_fail(inv, &err);
    export_result_free(&result);
    return code;
}
