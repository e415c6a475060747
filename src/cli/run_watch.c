#include "cli/run_watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/print.h"

enum { LOOK_MS = 250, LINE_MS = 5000, BAR = 24 };

void run_line(struct str *out, const struct run *r)
{
    print_cell(out, slice_of(r->name), 14);
    str_addc(out, ' ');
    print_cell(out, slice_of(r->method[0] ? r->method : "-"), 4);
    str_addf(out, " %-10s ", run_state_name(r->state));
    if (r->state == RUN_UNREADABLE || r->state == RUN_WAITING || r->state == RUN_STARTING) {
        print_cell(out, slice_of(r->reason), 0);
    } else {
        train_progress_text(out, r);
        if (r->reason[0]) {
            str_adds(out, ": ");
            print_cell(out, slice_of(r->reason), 0);
        }
    }
    str_addc(out, '\n');
}

/* How often Ctrl-C was pressed: a signal handler has nowhere else to leave it. */
static volatile sig_atomic_t interrupts; /* NOLINT(cppcoreguidelines-avoid-non-const-global-variables) */

static void interrupted(int signal)
{
    (void)signal;
    interrupts++;
}

static void draw_bar(const struct run *r)
{
    const struct run_progress *p = &r->progress;
    int full = p->steps > 0 && p->step > 0 ? (int)(p->step * BAR / p->steps) : 0;
    struct str text = {0};
    print_cell(&text, slice_of(r->name), 0);
    str_addf(&text, " [%.*s%*s] ", full, "########################", BAR - full, "");
    if (r->state == RUN_RUNNING)
        train_progress_text(&text, r);
    else
        print_cell(&text, slice_of(r->reason), 0);
    fprintf(stderr, "\r%s\033[K", text.at);
    str_free(&text);
}

static void say_line(const struct run *r)
{
    struct str text = {0};
    run_line(&text, r);
    fputs(text.at, stderr);
    str_free(&text);
}

/* 1 when the watching is over. */
static int on_interrupt(const struct run_watch *w, const char *name, int *seen, struct error *err)
{
    int now = interrupts;
    if (now == *seen)
        return 0;
    *seen = now;
    if (!w->stops || now > 1) {
        fprintf(stderr, "\n%s goes on; 'hinge train %s watch %s' watches it again, 'stop' ends it\n", name, w->project, name);
        return 1;
    }
    fprintf(stderr, "\nstopping after the step at hand, with a checkpoint; Ctrl-C again leaves at once\n");
    return train_stop(w->project, name, err);
}

/* Follows one run: 0 when nobody works on it any more, 1 when the watching was ended, -1 and err. */
static int follow(const struct run_watch *w, const char *name, bool bar, int *seen, struct error *err)
{
    struct run r;
    if (train_find(w->project, name, &r, err) != 0)
        return -1;
    int64_t said_at = clock_mono_ms();
    int over = 0;
    while (over == 0 && run_state_busy(r.state)) {
        if (bar)
            draw_bar(&r);
        else if (clock_mono_ms() - said_at >= LINE_MS) {
            said_at = clock_mono_ms();
            say_line(&r);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
        over = on_interrupt(w, name, seen, err);
        run_refresh(&r);
    }
    if (bar)
        fputs("\r\033[K", stderr);
    run_free(&r);
    return over;
}

/* What the person can do next. */
static void advise(struct str *out, const struct run_watch *w, const struct run *r)
{
    if (r->state == RUN_STOPPED || r->state == RUN_FAILED)
        str_addf(out, "  'hinge train %s resume %s' goes on where it stopped\n", w->project, r->name);
}

static int say_end(const struct run_watch *w, bool *all_finished, struct error *err)
{
    struct str out = {0};
    struct json *list = json_new_array();
    *all_finished = true;
    for (size_t i = 0; i < w->n; i++) {
        struct run r;
        if (train_find(w->project, w->names[i], &r, err) != 0) {
            json_free(list);
            str_free(&out);
            return -1;
        }
        *all_finished = *all_finished && r.state == RUN_FINISHED;
        json_push(list, train_run_json(&r));
        run_line(&out, &r);
        advise(&out, w, &r);
        run_free(&r);
    }
    if (!w->json) {
        json_free(list);
        return print_out(&out, err);
    }
    str_clear(&out);
    json_print(&out, w->n == 1 ? json_at(list, 0) : list);
    str_addc(&out, '\n');
    json_free(list);
    return print_out(&out, err);
}

int run_watch(const struct run_watch *w, struct error *err)
{
    const char *term = getenv("TERM");
    bool bar = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0, finished = false;
    struct sigaction was, now = {.sa_handler = interrupted};
    sigemptyset(&now.sa_mask);
    sigaction(SIGINT, &now, &was);
    interrupts = 0;
    int seen = 0, over = 0;
    for (size_t i = 0; i < w->n && over == 0; i++)
        over = follow(w, w->names[i], bar, &seen, err);
    sigaction(SIGINT, &was, NULL);
    if (over < 0 || say_end(w, &finished, err) != 0)
        return -1;
    return finished ? EXIT_OK : EXIT_FAILED;
}
