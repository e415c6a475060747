#include "ui/term/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct {
    int signal;
    enum guard_sign sign;
} asking[] = {
    {SIGWINCH, GUARD_RESIZE}, {SIGCONT, GUARD_RESIZE}, {SIGHUP, GUARD_HANGUP},
    {SIGTERM, GUARD_STOP},    {SIGINT, GUARD_STOP},    {SIGQUIT, GUARD_STOP},
    {SIGTSTP, GUARD_SUSPEND},
};
enum { ASKING = sizeof asking / sizeof *asking };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASHES = sizeof crashes / sizeof *crashes };

static struct {
    int pipe[2];
    int out;
    struct termios modes;
    char farewell[256];
    size_t farewell_len;
    struct sigaction asked_before[ASKING], crash_before[CRASHES];
    volatile sig_atomic_t signs[GUARD_SIGNS];
    bool on;
} guard;

static void on_ask(int signal)
{
    int saved = errno;
    for (size_t i = 0; i < ASKING; i++)
        if (asking[i].signal == signal)
            guard.signs[asking[i].sign] = 1;
    ssize_t ignored = write(guard.pipe[1], "", 1);
    (void)ignored;
    errno = saved;
}

static void on_crash(int signal)
{
    ssize_t ignored = write(guard.out, guard.farewell, guard.farewell_len);
    (void)ignored;
    tcsetattr(guard.out, TCSANOW, &guard.modes);
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &guard.crash_before[i], NULL);
    raise(signal);
}

static int open_pipe(void)
{
    if (pipe(guard.pipe) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        fcntl(guard.pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(guard.pipe[i], F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

int guard_start(int out, const struct termios *modes, struct slice farewell)
{
    if (open_pipe() != 0)
        return -1;
    guard.out = out;
    guard.modes = *modes;
    guard.farewell_len = farewell.len < sizeof guard.farewell ? farewell.len : 0;
    memcpy(guard.farewell, farewell.at, guard.farewell_len);
    for (size_t i = 0; i < GUARD_SIGNS; i++)
        guard.signs[i] = 0;
    struct sigaction ask = {.sa_handler = on_ask, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < ASKING; i++) {
        sigaction(asking[i].signal, NULL, &guard.asked_before[i]);
        if (guard.asked_before[i].sa_handler != SIG_IGN)
            sigaction(asking[i].signal, &ask, NULL);
    }
    struct sigaction crash = {.sa_handler = on_crash};
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &crash, &guard.crash_before[i]);
    guard.on = true;
    return 0;
}

void guard_stop(void)
{
    if (!guard.on)
        return;
    guard.on = false;
    for (size_t i = 0; i < ASKING; i++)
        sigaction(asking[i].signal, &guard.asked_before[i], NULL);
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &guard.crash_before[i], NULL);
    close(guard.pipe[0]);
    close(guard.pipe[1]);
}

int guard_fd(void)
{
    return guard.pipe[0];
}

void guard_drain(void)
{
    char bytes[64];
    while (read(guard.pipe[0], bytes, sizeof bytes) > 0) {
    }
}

bool guard_take(enum guard_sign sign)
{
    bool came = guard.signs[sign];
    guard.signs[sign] = 0;
    return came;
}

void guard_suspend_self(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL}, before;
    sigaction(SIGTSTP, &usual, &before);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    guard.signs[GUARD_SUSPEND] = 0;
}
