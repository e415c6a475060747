/* How the jobs do, seen from every view: a short reading about once a second while some run. */
#include "app/loop.h"
#include "app/train.h"
#include "base/clock.h"
#include "db/job_store.h"
#include "ui/views/queue.h"
#include "ui/views/review_screen.h"
#include "ui/views/training.h"
#include "ui/workbench_state.h"

enum { BEAT_MS = 1000, LOOKED_AT = 50 };

int pulse_wait_ms(const struct desk *d)
{
    if (!d->pulse.due)
        return -1;
    int64_t left = d->pulse.due - clock_mono_ms();
    return left > 0 ? (int)left : 0;
}

static void count(struct job_pulse *p, const struct job *j)
{
    p->lost += j->lost;
    if (loop_job_over(j))
        return;
    p->running++;
    p->tried += j->done + j->failed;
    p->total += j->done + j->failed + j->left + j->running;
}

static void take_runs(struct job_pulse *fresh, const struct job_pulse *old)
{
    fresh->training = old->training;
    fresh->failed = old->failed;
    fresh->steps = old->steps;
    fresh->all_steps = old->all_steps;
    fresh->runs_due = old->runs_due;
}

/* A folder that cannot be read tells so in the training view, not here. */
static void read_runs(struct desk *d, struct job_pulse *fresh)
{
    struct runs runs = {0};
    if (train_list(store_path(session_store(d->session)), &runs, NULL) == 0)
        for (size_t i = 0; i < runs.count; i++) {
            const struct run *r = &runs.items[i];
            fresh->failed += r->state == RUN_FAILED;
            if (!run_state_busy(r->state))
                continue;
            fresh->training++;
            fresh->steps += r->progress.step > 0 ? r->progress.step : 0;
            fresh->all_steps += r->progress.steps > 0 ? r->progress.steps : 0;
        }
    runs_free(&runs);
    fresh->runs_due = clock_mono_ms() + BEAT_MS / 2;
}

/* Twenty runs cost some milliseconds: not with every key. */
static void count_runs(struct desk *d, struct job_pulse *fresh, const struct job_pulse *old)
{
    if (clock_mono_ms() < old->runs_due)
        take_runs(fresh, old);
    else
        read_runs(d, fresh);
    bool looks = desk_top(d)->ops == &training_view_ops || desk_top(d)->ops == &run_view_ops;
    fresh->fell = !looks && (old->fell || (old->training && fresh->failed > old->failed));
}

void pulse_read(struct desk *d)
{
    struct job_pulse fresh = {0}, *old = &d->pulse;
    struct jobs jobs = {0};
    struct error err = {0};
    if (job_store_list(session_store(d->session), LOOKED_AT, &jobs, &err) != 0) { /* busy: the next reading tells */
        jobs_free(&jobs);
        old->due = old->due ? clock_mono_ms() + BEAT_MS : 0;
        return;
    }
    for (size_t i = 0; i < jobs.count; i++)
        count(&fresh, &jobs.items[i]);
    jobs_free(&jobs);
    count_runs(d, &fresh, old);
    for (int i = 0; i + 1 < PACE_BARS; i++)
        fresh.pace[i] = old->pace[i + 1];
    fresh.pace[PACE_BARS - 1] = fresh.running == old->running ? fresh.tried - old->tried : 0;
    fresh.due = fresh.running || fresh.training ? clock_mono_ms() + BEAT_MS : 0;
    *old = fresh;
}

bool pulse_beat(struct desk *d)
{
    struct screen *top = desk_top(d);
    int64_t now = store_seen_changes(session_store(d->session));
    bool others = now != d->seen;
    pulse_read(d);
    if (others && top->ops != &review_screen_ops) { /* a review finds out with its next key, and reads anew then */
        d->seen = now;
        for (size_t i = 0; i < d->depth; i++)
            d->stack[i].stale = true;
    }
    /* What jobs made shows up in lists by itself; a record that is being read moves only with the next key. */
    bool list = top->ops->watches || (others && top->ops == &queue_view_ops);
    if (list && !d->ask.open && top->ops->refresh) {
        top->ops->refresh(top->view);
        top->stale = false;
    }
    return true;
}

static void add_bars(const struct job_pulse *p, struct str *out)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    int64_t most = 1;
    for (int i = 0; i < PACE_BARS; i++)
        most = p->pace[i] > most ? p->pace[i] : most;
    for (int i = 0; i < PACE_BARS; i++)
        str_adds(out, bars[p->pace[i] > 0 ? p->pace[i] * 7 / most : 0]);
    str_addc(out, ' ');
}

enum look pulse_text(const struct desk *d, struct str *out)
{
    const struct job_pulse *p = &d->pulse;
    if (p->running) {
        str_addf(out, "%d job%s ", p->running, p->running == 1 ? "" : "s");
        if (!d->ascii)
            add_bars(p, out);
        str_addf(out, "%d%% ", (int)(p->total ? 100 * p->tried / p->total : 0));
    }
    if (p->lost)
        str_addf(out, "%d lost: J ", p->lost);
    if (p->training)
        str_addf(out, "%s%d run%s %d%% ", out->len ? " " : "", p->training, p->training == 1 ? "" : "s",
                 (int)(p->all_steps ? 100 * p->steps / p->all_steps : 0));
    if (p->fell)
        str_addf(out, "%sa run failed: T ", out->len ? " " : "");
    return p->lost || p->fell ? LOOK_WARN : LOOK_STATUS;
}
