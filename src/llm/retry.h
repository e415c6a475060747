/* When an attempt is worth another, and when that may start. Pure: clock and chance are handed in. */
#ifndef LLM_RETRY_H
#define LLM_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* 408, 409, 425, 429, and every 5xx but 501 and 505: trouble that passes. */
bool retry_heals(int status);
/* The wait before attempt number `failed + 1`, in ms: doubling from half a second to a minute, of which half is left
 * to chance (0 <= chance < 1), so that many who failed together do not come back together. */
int64_t retry_backoff(int failed, double chance);
/* What Retry-After says, in ms from now (a wall clock in ms): seconds ("30", "1.5") or an HTTP date in any of its
 * three forms (RFC 9110, 10.2.3). -1 when it cannot be read. */
int64_t retry_after(const char *value, int64_t now);
/* retry-after-ms, as some providers send beside it. */
int64_t retry_after_ms(const char *value);

#endif
