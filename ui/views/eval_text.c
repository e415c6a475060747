#include "ui/views/eval_text.h"

#include <math.h>
#include <string.h>

#include "base/student.h"
#include "ui/views/jobs.h"

const char *path_end(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

const char *eval_model(const struct eval *e)
{
    return e->run_name     ? e->run_name
           : e->base_model ? path_end(e->base_model)
           : e->endpoint   ? e->endpoint
                           : e->name;
}

void eval_say_name(struct str *out, const struct eval *e)
{
    str_adds(out, eval_model(e));
    if (e->run_name && e->step >= 0)
        str_addf(out, " step %lld", (long long)e->step);
    str_adds(out, e->think ? ", thinking" : ", no thinking");
}

double eval_interval(const struct eval *e)
{
    return student_half_width(e->n, e->spread);
}

void eval_say_mean(struct str *out, const struct eval *e, bool ascii)
{
    double half = eval_interval(e);
    if (e->n == 0)
        str_addc(out, '-');
    else
        str_addf(out, "%.3f", e->mean);
    if (half >= 0)
        str_addf(out, " %s%.3f", ascii ? "+-" : "±", half);
}

enum look eval_say_state(struct str *out, const struct eval *e)
{
    static const enum look looks[EVAL_STATES] = {[EVAL_WAITING] = LOOK_DIM, [EVAL_RUNNING] = LOOK_STRONG,
                                                 [EVAL_STOPPED] = LOOK_WARN, [EVAL_DONE] = LOOK_GOOD};
    int64_t tried = e->n + e->failed;
    str_adds(out, eval_state_name(e->state));
    if (e->state != EVAL_DONE && e->planned > 0)
        str_addf(out, " %d%%", (int)(100 * tried / e->planned));
    if (e->state == EVAL_DONE && e->failed) {
        str_clear(out);
        str_addf(out, "%lld failed", (long long)e->failed);
    }
    return e->state == EVAL_DONE && e->failed ? LOOK_BAD : looks[e->state];
}

enum look eval_say_change(struct str *out, double by)
{
    double cut = round(by * 100) / 100;
    if (cut == 0)
        str_addc(out, '0');
    else
        str_addf(out, "%+.2f", by);
    return cut < 0 ? LOOK_BAD : cut > 0 ? LOOK_GOOD : LOOK_DIM;
}

void eval_headline(struct str *out, const char *rationale)
{
    bool blank = true;
    for (const char *c = rationale ? rationale : ""; *c && out->len < 400; c++) {
        bool is = *c == ' ' || *c == '\n' || *c == '\t' || *c == '\r';
        if (!is || !blank)
            str_addc(out, is ? ' ' : *c);
        blank = is;
    }
}

bool eval_act(struct job_hand *hand, const struct eval *e, const char *command)
{
    const char *as = strcmp(command, "stop") == 0 ? "cancel" : command;
    if (strcmp(command, "log") == 0 && e && e->job) {
        desk_open_job(hand->desk, e->job, JOB_LOG);
        return true;
    }
    if (strcmp(command, "log") == 0 || (e && !e->job && strcmp(command, "stop") == 0)) {
        desk_say(hand->desk, LOOK_WARN, "this eval has no job");
        return true;
    }
    return strcmp(command, "cancel") != 0 && job_act(hand, e ? e->job : 0, as);
}
