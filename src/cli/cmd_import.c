#include <stdio.h>
#include <string.h>

#include "app/transfer.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/commands.h"

static void print_json(const struct import_summary *sum, bool dry_run)
{
    struct json *j = json_new_object();
    struct str out = {0};
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
    json_print(&out, j);
    puts(str_z(&out));
    str_free(&out);
    json_free(j);
}

static void print_human(const struct import_summary *sum, bool dry_run)
{
    printf("%s%lld added, %lld updated, %lld unchanged, %lld refused\n",
           dry_run ? "dry run, nothing was changed: " : "", (long long)sum->added,
           (long long)sum->updated, (long long)sum->unchanged, (long long)sum->refused);
    if (sum->repaired)
        printf("%lld broken characters were replaced by U+FFFD\n", (long long)sum->repaired);
    if (sum->decisions)
        printf("%lld decisions were taken over\n", (long long)sum->decisions);
    if (sum->refused)
        printf("the first one refused is %s\n", sum->first_refusal);
}

static void tell_rejects(const struct import_request *q)
{
    if (q->rejects)
        printf("all of them, with reasons, are in the file given with --rejects\n");
    else if (strcmp(q->files[0], "-") != 0)
        printf("all of them, with reasons, are beside the file, in *.rejects.jsonl\n");
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
    if ((result == 0 || any) && inv_flag(inv, "json"))
        print_json(&sum, q.dry_run);
    else if (result == 0 || any)
        print_human(&sum, q.dry_run);
    if (sum.refused && !q.dry_run && !inv_flag(inv, "json"))
        tell_rejects(&q);
    mem_free(files);
    if (result != 0)
        return inv_fail(inv, &err);
    return sum.refused ? EXIT_FAILED : EXIT_OK;
}
