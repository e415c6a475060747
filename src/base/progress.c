#include "base/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { REDRAW_MS = 250, WIDTH = 30 };

struct progress {
    const char *what;
    uint64_t total;
    int64_t started, drawn;
    bool shown;
};

static bool is_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

struct progress *progress_begin(const char *what, uint64_t total)
{
    struct progress *p = mem_zalloc(1, sizeof *p);
    p->what = what;
    p->total = total;
    p->started = clock_mono_ms();
    p->drawn = p->started;
    p->shown = is_terminal();
    return p;
}

static void draw(const struct progress *p, uint64_t done, int64_t now)
{
    if (!p->total) {
        fprintf(stderr, "\r%s %llu\033[K", p->what, (unsigned long long)done);
        return;
    }
    double part = done < p->total ? (double)done / (double)p->total : 1;
    int full = (int)(part * WIDTH);
    double left = part > 0 ? (double)(now - p->started) / 1000 * (1 - part) / part : 0;
    fprintf(stderr, "\r%s [%.*s%.*s] %3.0f%%  %.0f s left\033[K", p->what, full,
            "##############################", WIDTH - full, "                              ",
            part * 100, left);
}

void progress_set(struct progress *p, uint64_t done)
{
    int64_t now = clock_mono_ms();
    if (!p->shown || now - p->drawn < REDRAW_MS)
        return;
    p->drawn = now;
    draw(p, done, now);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->shown && p->drawn != p->started)
        fputs("\r\033[K", stderr);
    mem_free(p);
}
