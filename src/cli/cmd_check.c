#include "app/project.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "db/draft_store.h"

static struct json *report_json(struct slice report, size_t faults)
{
    struct json *root = json_new_object(), *list = json_new_array();
    json_set_int(root, "faults", (int64_t)faults);
    for (size_t at = 0, end; at < report.len; at = end + 1) {
        for (end = at; end < report.len && report.at[end] != '\n'; end++)
            ;
        json_push(list, json_new_slice(slice_sub(report, at, end)));
    }
    json_set(root, "report", list);
    return root;
}

static int print_report(struct str *report, size_t faults, struct error *err)
{
    struct str out = {0};
    for (size_t at = 0, end; at < report->len; at = end + 1) {
        for (end = at; end < report->len && report->at[end] != '\n'; end++)
            ;
        print_cell(&out, slice_sub(str_slice(report), at, end), 0);
        str_addc(&out, '\n');
    }
    if (faults == 0)
        str_adds(&out, "no fault found\n");
    else
        str_addf(&out, "%zu fault%s found; keep this file as it is and go on with a backup\n",
                 faults, faults == 1 ? "" : "s");
    return print_out(&out, err);
}

/* Only where nothing is wrong: what is damaged is better left as it is. */
static int prune(struct store *s, bool json, struct error *err)
{
    int64_t dropped;
    if (draft_store_prune(s, &dropped, err) < 0)
        return -1;
    struct str out = {0};
    print_number(&out, dropped);
    str_adds(&out, " old drafts dropped\n");
    if (!json)
        return print_out(&out, err);
    str_free(&out);
    return 0;
}

int cmd_check(struct invocation *inv)
{
    struct error err = {0};
    struct str report = {0};
    size_t faults = 0;
    struct store *s = project_open(inv_arg(inv, 0), STORE_OPEN, &err);
    int result = s ? store_check(s, &report, &faults, &err) : -1;
    if (result == 0)
        result = inv_flag(inv, "json") ? print_json(report_json(str_slice(&report), faults), &err)
                                       : print_report(&report, faults, &err);
    if (result == 0 && faults == 0 && inv_flag(inv, "prune"))
        result = prune(s, inv_flag(inv, "json"), &err);
    str_free(&report);
    store_close(s);
    if (result < 0)
        return inv_fail(inv, &err);
    return faults ? EXIT_FAILED : EXIT_OK;
}
