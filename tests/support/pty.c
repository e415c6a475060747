#include "tests/support/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#endif
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vterm.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

struct pty {
    int master, slave; /* the slave is kept open, to ask for its modes at the end */
    pid_t child;
    bool ended;
    int status;
    struct termios before;
    VTerm *vterm;
    VTermScreen *screen;
    int rows, cols;
    bool other_screen, cursor_hidden, mute;
    struct str raw, text;
};

static int on_property(VTermProp property, VTermValue *value, void *context)
{
    struct pty *p = context;
    if (property == VTERM_PROP_ALTSCREEN)
        p->other_screen = value->boolean;
    if (property == VTERM_PROP_CURSORVISIBLE)
        p->cursor_hidden = !value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

static void set_environment(const struct pty_options *o)
{
    static const char *const away[] = {"NO_COLOR", "HINGE_THEME", "HINGE_REVIEWER", "VISUAL",
                                       "EDITOR",   "LINES",       "COLUMNS",        NULL};
    for (const char *const *name = away; *name; name++)
        unsetenv(*name);
    setenv("TERM", o->term ? o->term : "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    for (const char *const *set = o->set; set && *set; set++) {
        char name[256];
        const char *equals = strchr(*set, '=');
        snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - *set) : 255, *set);
        if (equals)
            setenv(name, equals + 1, 1);
        else
            unsetenv(name);
    }
}

static void be_child(const struct pty_options *o, int master, int slave)
{
    close(master);
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++)
        dup2(slave, fd);
    if (slave > 2)
        close(slave);
    set_environment(o);
    signal(SIGHUP, o->ignore_hangup ? SIG_IGN : SIG_DFL);
    signal(SIGINT, SIG_DFL); /* a shell ignores it in what it runs in the background */
    execvp(o->argv[0], (char *const *)o->argv);
    fprintf(stderr, "%s cannot be run: %s\n", o->argv[0], strerror(errno));
    _exit(127);
}

static void start_watching(struct pty *p, const struct pty_options *o)
{
    p->rows = o->rows;
    p->cols = o->cols;
    p->mute = o->mute;
    p->vterm = vterm_new(o->rows, o->cols);
    vterm_set_utf8(p->vterm, 1);
    p->screen = vterm_obtain_screen(p->vterm);
    vterm_screen_set_callbacks(p->screen, &callbacks, p);
    vterm_screen_enable_altscreen(p->screen, 1);
    vterm_screen_reset(p->screen, 1);
}

struct pty *pty_start(const struct pty_options *o)
{
    struct pty *p = mem_zalloc(1, sizeof *p);
    struct winsize size = {.ws_row = (unsigned short)o->rows, .ws_col = (unsigned short)o->cols};
    if (openpty(&p->master, &p->slave, NULL, NULL, &size) != 0) {
        mem_free(p);
        return NULL;
    }
    fcntl(p->master, F_SETFD, FD_CLOEXEC);
    tcgetattr(p->slave, &p->before);
    start_watching(p, o);
    p->child = fork();
    if (p->child == 0)
        be_child(o, p->master, p->slave);
    fcntl(p->slave, F_SETFD, FD_CLOEXEC);
    return p;
}

void pty_free(struct pty *p)
{
    if (!p)
        return;
    if (!p->ended) {
        kill(p->child, SIGKILL);
        waitpid(p->child, NULL, 0);
    }
    if (p->master >= 0)
        close(p->master);
    if (p->slave >= 0)
        close(p->slave);
    vterm_free(p->vterm);
    str_free(&p->raw);
    str_free(&p->text);
    mem_free(p);
}

void pty_send_bytes(struct pty *p, const char *bytes, size_t len)
{
    write_all(p->master, bytes, len);
}

void pty_send(struct pty *p, const char *bytes)
{
    pty_send_bytes(p, bytes, strlen(bytes));
}

void pty_send_slowly(struct pty *p, const char *bytes, int ms)
{
    for (; *bytes; bytes++) {
        pty_send_bytes(p, bytes, 1);
        pty_listen(p, ms);
    }
}

/* Reads what comes within ms; false when nothing did. */
static bool follow(struct pty *p, int ms)
{
    if (p->master < 0)
        return false;
    struct pollfd fd = {.fd = p->master, .events = POLLIN};
    char bytes[65536];
    if (poll(&fd, 1, ms) <= 0)
        return false;
    ssize_t n = read(p->master, bytes, sizeof bytes);
    if (n <= 0)
        return false;
    str_add(&p->raw, bytes, (size_t)n);
    vterm_input_write(p->vterm, bytes, (size_t)n);
    size_t answer = vterm_output_read(p->vterm, bytes, sizeof bytes);
    if (answer && !p->mute)
        write_all(p->master, bytes, answer);
    return true;
}

static int rest(int64_t end)
{
    int64_t left = end - clock_mono_ms();
    return left > 0 ? (int)left : 0;
}

static bool wait_for(struct pty *p, const char *text, int ms, bool shown)
{
    int64_t end = clock_mono_ms() + ms;
    while ((strstr(pty_screen(p), text) != NULL) != shown)
        if (!follow(p, rest(end)) && rest(end) == 0)
            return false;
    return true;
}

bool pty_shows(struct pty *p, const char *text, int ms)
{
    if (wait_for(p, text, ms, true))
        return true;
    fprintf(stderr, "\nnot shown: %s\n%s\n", text, pty_screen(p));
    return false;
}

bool pty_hides(struct pty *p, const char *text, int ms)
{
    if (wait_for(p, text, ms, false))
        return true;
    fprintf(stderr, "\nstill shown: %s\n%s\n", text, pty_screen(p));
    return false;
}

void pty_settle(struct pty *p, int ms)
{
    while (follow(p, ms)) {
    }
}

size_t pty_listen(struct pty *p, int ms)
{
    size_t before = p->raw.len;
    int64_t end = clock_mono_ms() + ms;
    while (rest(end))
        if (!follow(p, rest(end)) && p->master < 0)
            break;
    return p->raw.len - before;
}

static void add_row(struct pty *p, int row)
{
    size_t end = p->text.len;
    for (int col = 0; col < p->cols;) {
        VTermScreenCell cell;
        vterm_screen_get_cell(p->screen, (VTermPos){row, col}, &cell);
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
            char bytes[4];
            if (cell.chars[i] != UINT32_MAX)
                str_add(&p->text, bytes, utf8_encode(cell.chars[i], bytes));
        }
        if (cell.chars[0] && cell.chars[0] != ' ')
            end = p->text.len;
        else if (!cell.chars[0])
            str_addc(&p->text, ' ');
        col += cell.width > 0 ? cell.width : 1;
    }
    str_cut(&p->text, end);
}

const char *pty_row(struct pty *p, int row)
{
    str_clear(&p->text);
    add_row(p, row);
    return str_z(&p->text);
}

const char *pty_screen(struct pty *p)
{
    str_clear(&p->text);
    for (int row = 0; row < p->rows; row++) {
        add_row(p, row);
        str_addc(&p->text, '\n');
    }
    return str_z(&p->text);
}

/* Column of text in a row counted in cells. */
static int column_of(struct pty *p, int row, const char *text)
{
    const char *line = pty_row(p, row), *at = strstr(line, text);
    if (!at)
        return -1;
    size_t bytes = (size_t)(at - line), seen = 0;
    for (int col = 0; col < p->cols;) {
        VTermScreenCell cell;
        if (seen >= bytes)
            return col;
        vterm_screen_get_cell(p->screen, (VTermPos){row, col}, &cell);
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
            char encoded[4];
            seen += utf8_encode(cell.chars[i], encoded);
        }
        seen += !cell.chars[0];
        col += cell.width > 0 ? cell.width : 1;
    }
    return -1;
}

bool pty_look_of(struct pty *p, const char *text, struct pty_look *out)
{
    for (int row = 0; row < p->rows; row++) {
        int col = column_of(p, row, text);
        if (col < 0)
            continue;
        VTermScreenCell cell;
        vterm_screen_get_cell(p->screen, (VTermPos){row, col}, &cell);
        *out = (struct pty_look){.bold = cell.attrs.bold, .underline = cell.attrs.underline != 0,
                                 .reverse = cell.attrs.reverse, .italic = cell.attrs.italic,
                                 .colored = !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ||
                                            !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg)};
        return true;
    }
    return false;
}

const char *pty_raw(struct pty *p, size_t *len)
{
    *len = p->raw.len;
    return str_z(&p->raw);
}

void pty_resize(struct pty *p, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    p->rows = rows;
    p->cols = cols;
    vterm_set_size(p->vterm, rows, cols);
    ioctl(p->master, TIOCSWINSZ, &size);
}

void pty_signal(struct pty *p, int signal)
{
    kill(p->child, signal);
}

pid_t pty_pid(const struct pty *p)
{
    return p->child;
}

void pty_hangup(struct pty *p)
{
    close(p->slave);
    close(p->master);
    p->slave = p->master = -1;
}

static bool waits(struct pty *p, int ms, int flags, bool (*wanted)(int status))
{
    int64_t end = clock_mono_ms() + ms;
    while (!p->ended) {
        int status;
        pid_t got = waitpid(p->child, &status, WNOHANG | flags);
        if (got == p->child && (WIFEXITED(status) || WIFSIGNALED(status))) {
            p->ended = true;
            p->status = status;
        }
        if (got == p->child && wanted(status))
            return true;
        if (rest(end) == 0)
            return false;
        if (!follow(p, 5) && p->master < 0)
            usleep(5000);
    }
    return wanted(p->status);
}

static bool is_end(int status)
{
    return WIFEXITED(status) || WIFSIGNALED(status);
}

static bool is_stop(int status)
{
    return WIFSTOPPED(status);
}

bool pty_ends(struct pty *p, int ms, int *status)
{
    bool ended = waits(p, ms, 0, is_end);
    while (ended && follow(p, 0)) {
    }
    *status = p->status;
    return ended;
}

bool pty_stops(struct pty *p, int ms)
{
    bool stopped = waits(p, ms, WUNTRACED, is_stop);
    while (stopped && follow(p, 0)) {
    }
    return stopped;
}

/* The last of two strings that was sent. */
static bool last_is(struct pty *p, const char *on, const char *off)
{
    const char *found = NULL;
    bool is_on = false;
    for (const char *at = str_z(&p->raw); (at = strchr(at, '\x1B')); at++)
        if (strncmp(at, on, strlen(on)) == 0 || strncmp(at, off, strlen(off)) == 0) {
            found = at;
            is_on = strncmp(at, on, strlen(on)) == 0;
        }
    return found && is_on;
}

static bool say(bool wrong, const char *what)
{
    if (wrong)
        fprintf(stderr, "\nleft behind: %s\n", what);
    return wrong;
}

bool pty_is_restored(struct pty *p)
{
    struct termios now;
    tcgetattr(p->slave, &now);
    bool modes = now.c_iflag != p->before.c_iflag || now.c_oflag != p->before.c_oflag ||
                 now.c_lflag != p->before.c_lflag || now.c_cflag != p->before.c_cflag;
    bool wrong = say(modes, "modes of the tty");
    wrong |= say(p->other_screen, "the alternate screen");
    wrong |= say(p->cursor_hidden, "a hidden cursor");
    wrong |= say(last_is(p, "\x1B[?2004h", "\x1B[?2004l"), "bracketed paste");
    wrong |= say(last_is(p, "\x1B[?1000h", "\x1B[?1000l"), "mouse reports");
    return !wrong;
}
