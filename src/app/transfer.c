#include "app/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int transfer_import(const struct import_request *q, struct import_summary *sum, struct error *err)
{
    struct import_options o = {.format = format_find(q->format ? q->format : "auto"),
                               .dry_run = q->dry_run,
                               .rejects = q->rejects,
                               .progress = q->progress};
    if (q->rejects && q->n_files > 1)
        return error_set(err, ERR_USAGE, "one file for what is refused goes with one FILE");
    struct store *s = store_open(q->project, q->dry_run ? STORE_OPEN : STORE_WRITE, err);
    int result = s ? 0 : -1;
    for (size_t i = 0; i < q->n_files && result == 0; i++)
        result = import_file(s, q->files[i], &o, sum, err);
    store_close(s);
    return result;
}

/* A day or a time in milliseconds; false when text is neither. */
static bool parse_when(const char *text, int64_t *ms)
{
    struct tm tm = {.tm_isdst = -1};
    int used = 0, more = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3)
        return false;
    bool day = !text[used];
    if (!day && (sscanf(text + used, "T%2d:%2d:%2dZ%n", &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
                        &more) != 3 || !more || text[used + more]))
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    time_t t = day ? mktime(&tm) : timegm(&tm);
    *ms = (int64_t)t * 1000;
    return t != (time_t)-1;
}

static bool parse_share(const char *text, double *share)
{
    char *end;
    *share = strtod(text, &end);
    return end != text && !*end && *share >= 0 && *share <= 1;
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), n = strlen(suffix);
    return len >= n && strcmp(text + len - n, suffix) == 0;
}

static int read_request(const struct export_request *q, struct export_options *o,
                        struct error *err)
{
    *o = (struct export_options){.method = export_method_find(q->method),
                                 .path = q->path,
                                 .split = q->split,
                                 .reviewer = q->reviewer,
                                 .with_decisions = q->with_decisions,
                                 .unlisted = q->unlisted,
                                 .progress = q->progress};
    if (!o->method)
        return error_set(err, ERR_USAGE, "there is no method '%s'", q->method);
    if (q->since && !parse_when(q->since, &o->since))
        return error_set(err, ERR_USAGE, "since takes a day (2026-11-24) or a time "
                                         "(2026-11-24T08:00:00Z), not '%s'", q->since);
    if (q->min_agreement && !parse_share(q->min_agreement, &o->min_agreement))
        return error_set(err, ERR_USAGE, "the least agreement is a share from 0 to 1, not '%s'",
                         q->min_agreement);
    if (q->with_decisions && (strcmp(q->method, "records") != 0 || strcmp(q->path, "-") == 0))
        return error_set(err, ERR_USAGE, "decisions go beside records, in a file");
    o->markdown = q->format ? strcmp(q->format, "md") == 0 : has_suffix(q->path, ".md");
    return 0;
}

int transfer_export(const struct export_request *q, struct export_result *result,
                    struct error *err)
{
    struct export_options o;
    if (read_request(q, &o, err) != 0)
        return -1;
    struct store *s = store_open(q->project, STORE_OPEN, err);
    int code = s ? export_run(s, &o, result, err) : -1;
    store_close(s);
    return code;
}
