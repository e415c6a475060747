#include "llm/pace.h"

#include <math.h>

static const double burst_ms = 5000;

void pace_init(struct pace *p, double requests_per_minute, double tokens_per_minute, int64_t now)
{
    double limits[2] = {requests_per_minute, tokens_per_minute};
    for (int i = 0; i < 2; i++) {
        p->per_ms[i] = limits[i] > 0 ? limits[i] / 60000 : 0;
        p->most[i] = fmax(p->per_ms[i] * burst_ms, 1);
        p->level[i] = p->most[i];
    }
    p->at = now;
}

static double level_at(const struct pace *p, int i, int64_t now)
{
    return fmin(p->most[i], p->level[i] + p->per_ms[i] * (double)(now - p->at));
}

/* One larger than the bucket goes when the bucket is full, and leaves a debt. */
static double need(const struct pace *p, int i, int64_t tokens)
{
    return i == 0 ? 1 : fmin((double)tokens, p->most[i]);
}

int64_t pace_ready(const struct pace *p, int64_t now, int64_t tokens)
{
    double wait = 0;
    for (int i = 0; i < 2; i++) {
        double missing = need(p, i, tokens) - level_at(p, i, now);
        if (p->per_ms[i] > 0 && missing > 1e-9)
            wait = fmax(wait, missing / p->per_ms[i]);
    }
    return now + (int64_t)ceil(wait);
}

bool pace_take(struct pace *p, int64_t now, int64_t tokens)
{
    if (pace_ready(p, now, tokens) > now)
        return false;
    for (int i = 0; i < 2; i++) {
        p->level[i] = level_at(p, i, now);
        if (p->per_ms[i] > 0)
            p->level[i] -= i == 0 ? 1 : (double)tokens;
    }
    p->at = now;
    return true;
}

void pace_correct(struct pace *p, int64_t said, int64_t took)
{
    if (p->per_ms[1] > 0)
        p->level[1] += (double)(said - took);
}
