#include <string.h>

#include "app/transfer.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/print.h"

static struct json *summary_json(const struct import_summary *sum, bool dry_run)
{
    struct json *j = json_new_object();
    json_set_int(j, "added", sum->added);
    json_set_int(j, "updated", sum->updated);
    json_set_int(j, "unchanged", sum->unchanged);
    json_set_int(j, "refused", sum->refused);
    json_set_int(j, "repaired_characters", sum->repaired);
    json_set_int(j, "decisions", sum->decisions);
    json_set_bool(j, "dry_run", dry_run);
    json_set_string(j, "format", sum->format);
    if (*sum->first_refusal)
        json_set_string(j, "first_refusal", sum->first_refusal);
    return j;
}

static void add_count(struct str *out, int64_t n, const char *what)
{
    print_number(out, n);
    str_adds(out, what);
}

static void print_summary(struct str *out, const struct import_summary *sum,
                          const struct import_request *q)
{
    str_adds(out, q->dry_run ? "dry run, nothing was changed: " : "");
    add_count(out, sum->added, " added, ");
    add_count(out, sum->updated, " updated, ");
    add_count(out, sum->unchanged, " unchanged, ");
    add_count(out, sum->refused, " refused\n");
    if (sum->repaired)
        add_count(out, sum->repaired, " broken characters were replaced by U+FFFD\n");
    if (sum->decisions)
        add_count(out, sum->decisions, " decisions were taken over\n");
    if (!sum->refused)
        return;
    str_adds(out, "the first one refused is ");
    print_cell(out, slice_of(sum->first_refusal), 0);
    if (q->dry_run || (!q->rejects && strcmp(q->files[0], "-") == 0))
        str_adds(out, "\n");
    else
        str_addf(out, "\nall of them, with reasons, are %s\n",
                 q->rejects ? "in the file given with --rejects"
                            : "beside the file, in *.rejects.jsonl");
}

/* What was done, also where it went no further than half way. */
static int report(const struct import_summary *sum, const struct import_request *q, bool json,
                  struct error *err)
{
    struct str out = {0};
    if (json)
        return print_json(summary_json(sum, q->dry_run), err);
    print_summary(&out, sum, q);
    return print_out(&out, err);
}

int cmd_import(struct invocation *inv)
{
    struct error err = {0};
    struct import_summary sum = {0};
    size_t n = (size_t)inv_count(inv) - 1;
    const char **files = mem_zalloc(n, sizeof *files);
    for (size_t i = 0; i < n; i++)
        files[i] = inv_arg(inv, (int)i + 1);
    struct import_request q = {.project = inv_arg(inv, 0),
                               .files = files,
                               .n_files = n,
                               .format = inv_option(inv, "format", NULL),
                               .rejects = inv_option(inv, "rejects", NULL),
                               .dry_run = inv_flag(inv, "dry-run"),
                               .progress = true};
    int result = transfer_import(&q, &sum, &err);
    bool any = sum.added + sum.updated + sum.unchanged + sum.refused > 0;
    if ((result == 0 || any) &&
        report(&sum, &q, inv_flag(inv, "json"), result == 0 ? &err : NULL) != 0)
        result = -1;
    mem_free(files);
    if (result != 0)
        return inv_fail(inv, &err);
    return sum.refused ? EXIT_FAILED : EXIT_OK;
}
