/* Time: wall clock in milliseconds since 1970 UTC for what is stored, monotonic for what is measured. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_ISO_MAX = 32 };

int64_t clock_now_ms(void);
int64_t clock_mono_ms(void);
/* "2026-11-24T01:50:48Z" in UTC into out; years outside 0..9999 give "?". */
const char *clock_iso(int64_t ms, char out[CLOCK_ISO_MAX]);
/* Start of the local day that holds ms: "today" on the screen means the reviewer's day. */
int64_t clock_day_start(int64_t ms);

#endif
