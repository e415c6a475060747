/* Requests and tokens a minute: two buckets that fill evenly and hold five seconds' worth, so that a start does not
 * spend a whole minute's allowance at once. */
#ifndef LLM_PACE_H
#define LLM_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    double per_ms[2], level[2], most[2]; /* requests, tokens; per_ms 0: no limit */
    int64_t at;                          /* monotonic ms of the levels */
};

void pace_init(struct pace *p, double requests_per_minute, double tokens_per_minute, int64_t now);
/* Takes a request of about that many tokens out, if there is room. */
bool pace_take(struct pace *p, int64_t now, int64_t tokens);
/* When there will be room for one of that many tokens. */
int64_t pace_ready(const struct pace *p, int64_t now, int64_t tokens);
/* A request took more (or less) tokens than was said. */
void pace_correct(struct pace *p, int64_t said, int64_t took);

#endif
