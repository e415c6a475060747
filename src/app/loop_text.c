/* How a job does, in words. */
#include <string.h>

#include "app/loop.h"
#include "base/json.h"

const char *loop_job_state(const struct job *j)
{
    if (j->lost)
        return "lost";
    return j->cancelling && !loop_job_over(j) ? "stopping" : job_state_name(j->state);
}

bool loop_job_over(const struct job *j)
{
    return j->lost || (j->state != JOB_WAITING && j->state != JOB_RUNNING);
}

static void add_duration(struct str *out, double seconds)
{
    if (seconds < 90)
        str_addf(out, "%.0f s", seconds);
    else if (seconds < 90 * 60)
        str_addf(out, "%.0f min", seconds / 60);
    else
        str_addf(out, "%.1f h", seconds / 3600);
}

void loop_pace_text(struct str *out, const struct job *j)
{
    double tried = (double)(j->done + j->failed), rate = j->seconds > 0 ? tried / j->seconds : 0;
    if (rate <= 0)
        return;
    if (rate >= 1)
        str_addf(out, "%.1f/s", rate);
    else
        str_addf(out, "%.1f/min", rate * 60);
    if (j->state == JOB_RUNNING && !j->lost && j->left + j->running > 0) {
        str_adds(out, ", ETA ");
        add_duration(out, (double)(j->left + j->running) / rate);
    }
}

void loop_money_text(struct str *out, double cost, const char *currency)
{
    if (cost == 0) {
        str_adds(out, "free of charge");
        return;
    }
    int digits = cost >= 100 ? 0 : cost >= 1 ? 2 : 4;
    str_addf(out, "%.*f%s%s", digits, cost, currency[0] ? " " : "", currency);
}

const char *loop_job_currency(const struct job *j, char out[LOOP_CURRENCY])
{
    struct json *options = json_parse(slice_of(j->options), NULL, NULL);
    const char *found = json_string(json_get(options, "currency"), "");
    size_t len = strlen(found);
    if (len >= LOOP_CURRENCY)
        len = 0;
    memcpy(out, found, len);
    out[len] = 0;
    json_free(options);
    return out;
}
