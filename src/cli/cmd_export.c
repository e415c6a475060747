#include <stdio.h>
#include <string.h>

#include "app/transfer.h"
#include "base/json.h"
#include "cli/commands.h"

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

static void print_json(FILE *to, const struct export_result *r)
{
    struct json *j = json_new_object();
    struct str out = {0};
    json_set_int(j, "records", r->records);
    json_set_int(j, "written", r->written);
    if (*r->hash)
        json_set_string(j, "sha256", r->hash);
    if (r->snapshot) {
        json_set_int(j, "branches_a", r->branches_a);
        json_set_int(j, "branches_b", r->branches_b);
    }
    json_set(j, "left_out", left_out_json(r));
    json_print(&out, j);
    fprintf(to, "%s\n", str_z(&out));
    str_free(&out);
    json_free(j);
}

static void print_human(FILE *to, const char *method, const struct export_result *r)
{
    struct str left = {0};
    export_left_out_print(&left, r);
    if (r->snapshot) {
        fprintf(to, "%lld examples in snapshot %.12s", (long long)r->written, r->hash);
        if (r->branches_b)
            fprintf(to, ", %lld with a strategy", (long long)r->branches_b);
        fprintf(to, "\n");
    } else {
        fprintf(to, "%lld %s written\n", (long long)r->written,
                strcmp(method, "rules") == 0 ? "rules" : "records");
    }
    if (strcmp(method, "rules") != 0 && map_count(r->left_out))
        fprintf(to, "left out: %s\n", str_z(&left));
    str_free(&left);
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
    FILE *to = strcmp(q.path, "-") == 0 ? stderr : stdout;
    if (transfer_export(&q, &result, &err) != 0)
        code = inv_fail(inv, &err);
    else if (inv_flag(inv, "json"))
        print_json(to, &result);
    else
        print_human(to, q.method, &result);
    export_result_free(&result);
    return code;
}
