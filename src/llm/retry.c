#include "llm/retry.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_MS = 500, LONGEST_MS = 60000 };

bool retry_heals(int status)
{
    if (status == 408 || status == 409 || status == 425 || status == 429)
        return true;
    return status >= 500 && status < 600 && status != 501 && status != 505;
}

int64_t retry_backoff(int failed, double chance)
{
    int64_t ms = FIRST_MS;
    for (int i = 1; i < failed && ms < LONGEST_MS; i++)
        ms *= 2;
    ms = ms < LONGEST_MS ? ms : LONGEST_MS;
    int64_t half = ms / 2;
    return half + (int64_t)((double)half * chance);
}

static int month_number(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *at = strstr(months, name);
    return strlen(name) == 3 && at ? (int)(at - months) / 3 : -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". */
static int64_t read_date(const char *text)
{
    struct tm tm = {0};
    char month[4] = "";
    if (sscanf(text, "%*[A-Za-z], %2d %3s %4d %2d:%2d:%2d", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) != 6 &&
        sscanf(text, "%*[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) != 6 &&
        sscanf(text, "%*[A-Za-z] %3s %2d %2d:%2d:%2d %4d", month, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
               &tm.tm_year) != 6)
        return -1;
    tm.tm_mon = month_number(month);
    if (tm.tm_mon < 0)
        return -1;
    if (tm.tm_year < 100)
        tm.tm_year += tm.tm_year < 70 ? 2000 : 1900;
    tm.tm_year -= 1900;
    return (int64_t)timegm(&tm) * 1000;
}

static int64_t read_number(const char *value, double scale)
{
    char *end = NULL;
    if (!isdigit((unsigned char)value[0]))
        return -1;
    double n = strtod(value, &end);
    return *end == '\0' && n < 1e9 ? (int64_t)(n * scale) : -1;
}

int64_t retry_after(const char *value, int64_t now)
{
    int64_t ms = read_number(value, 1000);
    if (ms >= 0 || !isalpha((unsigned char)value[0]))
        return ms;
    int64_t at = read_date(value);
    if (at < 0)
        return -1;
    return at > now ? at - now : 0;
}

int64_t retry_after_ms(const char *value)
{
    return read_number(value, 1);
}
