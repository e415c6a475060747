/*
 * The real terminal. ncurses finds the fewest bytes from what is shown to what should be shown;
 * input is read and decoded here, since a key cut in two must run nothing (see input.h).
 */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/visible.h"
#include "ui/term/caps.h"
#include "ui/term/guard.h"
#include "ui/term/input.h"

static const char paste_on[] = "\x1B[?2004h", paste_off[] = "\x1B[?2004l";

enum { STYLES = 64, TITLE_CELLS = 120 };

struct term {
    struct screen screen;
    SCREEN *curses;
    int colors;
    bool ascii;
    struct termios before;
    struct input input;
    struct screen shown; /* what ncurses has been told */
    attr_t attrs[STYLES];
    attr_t blanks[STYLES]; /* of blanks, which have no letter to be coloured or bold */
    bool utf8, pastes, titles, colored;
    bool whole;       /* the next painting paints all */
    bool cursor_seen; /* the terminal's cursor is visible */
    bool hung;
    struct str title; /* the window's, as last told */
};

static void send(struct slice bytes)
{
    while (bytes.len) {
        ssize_t n = write(STDOUT_FILENO, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        bytes = slice_sub(bytes, (size_t)n, bytes.len);
    }
}

/* ---- opening and closing ---- */

static void read_size(int *rows, int *cols)
{
    struct winsize w;
    *rows = LINES;
    *cols = COLS;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row && w.ws_col) {
        *rows = w.ws_row < SCREEN_MAX ? w.ws_row : SCREEN_MAX;
        *cols = w.ws_col < SCREEN_MAX ? w.ws_col : SCREEN_MAX;
    }
}

static void fit(struct term *t)
{
    int rows, cols;
    read_size(&rows, &cols);
    if (rows != LINES || cols != COLS)
        resize_term(rows, cols);
    screen_resize(&t->screen, rows, cols);
    screen_resize(&t->shown, rows, cols);
    werase(stdscr);
    t->whole = true;
}

static bool name_starts(const char *name, const char *const *starts)
{
    for (; *starts; starts++)
        if (strncmp(name, *starts, strlen(*starts)) == 0)
            return true;
    return false;
}

/* Old hardware terminals show ASCII alone. */
static bool is_old(const char *name)
{
    static const char *const old[] = {"vt1", "vt2", "vt5", "ansi", NULL};
    return name_starts(name, old);
}

static void ask_what_it_can(struct term *t, const char *name)
{
    static const char *const modern[] = {"xterm", "screen", "tmux", "rxvt", "foot", "alacritty",
                                         "kitty", "st-",    "vte",  "gnome", "konsole", NULL};
    static const char *const windows[] = {"xterm", "tmux", "rxvt", "foot", "alacritty",
                                          "kitty", "st-",  NULL};
    t->pastes = name_starts(name, modern);
    t->titles = name_starts(name, windows);
    t->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    t->ascii = !t->utf8 || is_old(name);
    t->screen.ascii = t->ascii;
    t->colors = caps_colors() > 256 ? 256 : caps_colors();
    t->input.burst_pastes = !t->pastes;
}

static int start_guard(struct term *t)
{
    struct str farewell = {0};
    if (t->pastes)
        str_adds(&farewell, paste_off);
    caps_add(&farewell, "sgr0");
    caps_add(&farewell, "cnorm");
    caps_add(&farewell, "rmcup");
    int result = guard_start(STDOUT_FILENO, &t->before, str_slice(&farewell));
    str_free(&farewell);
    return result;
}

/* -1 and err when this is no terminal that a screen can be painted on. */
static int check_terminal(struct error *err)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(err, ERR_USAGE,
                         "the workbench needs a terminal for input and output; 'hinge help' lists "
                         "the commands that do not");
    return caps_check(err);
}

static void take_over(struct term *t)
{
    raw();
    noecho();
    nonl();
    if (t->pastes)
        send(slice_of(paste_on));
    t->whole = true;
}

static void give_back(struct term *t)
{
    if (t->pastes)
        send(slice_of(paste_off));
    curs_set(1);
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
}

struct term *term_open(struct error *err)
{
    struct termios before;
    if (check_terminal(err) != 0)
        return NULL;
    tcgetattr(STDIN_FILENO, &before);
    SCREEN *curses = newterm(NULL, stdout, stdin);
    if (!curses) {
        error_set(err, ERR_IO, "the terminal could not be set up");
        return NULL;
    }
    struct term *t = mem_zalloc(1, sizeof *t);
    t->curses = curses;
    t->before = before;
    t->cursor_seen = true;
    const char *name = getenv("TERM"); /* set: caps_check has looked it up */
    ask_what_it_can(t, name ? name : "");
    take_over(t);
    if (start_guard(t) != 0) {
        give_back(t);
        delscreen(curses);
        mem_free(t);
        error_errno(err, "the terminal could not be guarded");
        return NULL;
    }
    caps_shorten();
    idlok(stdscr, TRUE);
    typeahead(-1);
    fit(t);
    return t;
}

void term_close(struct term *t)
{
    if (!t)
        return;
    give_back(t);
    guard_stop();
    delscreen(t->curses);
    screen_free(&t->shown);
    screen_free(&t->screen);
    str_free(&t->title);
    input_free(&t->input);
    mem_free(t);
}

struct screen *term_screen(struct term *t)
{
    return &t->screen;
}

int term_colors(const struct term *t)
{
    return t->colors;
}

bool term_ascii(const struct term *t)
{
    return t->ascii;
}

/* ---- painting ---- */

void term_set_styles(struct term *t, const struct style *styles, size_t n)
{
    static const attr_t bits[STYLE_ATTRS] = {A_BOLD, A_DIM, A_ITALIC, A_UNDERLINE, A_REVERSE};
    for (short i = 0; i < STYLES && (size_t)i < n; i++) {
        const struct style *s = &styles[i];
        t->attrs[i] = A_NORMAL;
        for (int b = 0; b < STYLE_ATTRS; b++)
            if (s->attrs & (1u << b))
                t->attrs[i] |= bits[b];
        t->blanks[i] = t->attrs[i] & (A_UNDERLINE | A_REVERSE);
        if (t->colors == 0 || (s->fg < 0 && s->bg < 0))
            continue;
        if (!t->colored) {
            start_color();
            use_default_colors();
            t->colored = true;
        }
        if (i > 0 && init_pair(i, s->fg, s->bg) == OK)
            t->attrs[i] |= (attr_t)COLOR_PAIR(i);
        if (s->bg >= 0 || t->blanks[i])
            t->blanks[i] = t->attrs[i];
    }
    term_redraw(t);
}

/* The cell's characters as the C library knows them, unless it gives them another width: then what
 * follows would stand at the wrong place, and a question mark is better. */
static size_t wide_text(const struct term *t, const struct cell *c, wchar_t out[CCHARW_MAX + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < c->len && n < CCHARW_MAX;) {
        uint32_t cp;
        i += utf8_decode(c->text + i, c->len - i, &cp);
        if (!t->utf8 && cp >= 0x80)
            break;
        int width = wcwidth((wchar_t)cp);
        if (n == 0 ? width != c->width : width != 0)
            break;
        out[n++] = (wchar_t)cp;
    }
    out[n] = L'\0';
    return n;
}

static void put_cell(struct term *t, int row, int col, const struct cell *c)
{
    attr_t attr = c->len == 1 && c->text[0] == ' ' ? t->blanks[c->ink] : t->attrs[c->ink];
    wchar_t text[CCHARW_MAX + 1];
    cchar_t wide;
    if (c->len == 1) {
        mvaddch(row, col, (chtype)(unsigned char)c->text[0] | attr);
        return;
    }
    if (wide_text(t, c, text) && setcchar(&wide, text, attr, PAIR_NUMBER(attr), NULL) == OK) {
        mvadd_wch(row, col, &wide);
        return;
    }
    for (int i = 0; i < c->width; i++)
        mvaddch(row, col + i, (chtype)'?' | attr);
}

static void put_changed(struct term *t)
{
    const struct screen *want = &t->screen;
    size_t n = (size_t)want->rows * (size_t)want->cols;
    for (size_t i = 0; i < n; i++) {
        if (cell_eq(&want->cells[i], &t->shown.cells[i]) && !t->whole)
            continue;
        t->shown.cells[i] = want->cells[i];
        if (want->cells[i].width)
            put_cell(t, (int)(i / (size_t)want->cols), (int)(i % (size_t)want->cols),
                     &want->cells[i]);
    }
}

static void place_cursor(struct term *t)
{
    const struct screen *s = &t->screen;
    bool seen = s->cursor_row >= 0 && s->cursor_row < s->rows && s->cursor_col < s->cols;
    if (seen)
        move(s->cursor_row, s->cursor_col);
    leaveok(stdscr, !seen);
}

/* After painting: a cursor hidden before the other screen is taken would be saved as hidden. */
static void show_cursor(struct term *t)
{
    bool seen = t->screen.cursor_row >= 0;
    if (seen != t->cursor_seen)
        curs_set(seen);
    t->cursor_seen = seen;
}

void term_show(struct term *t)
{
    if (t->hung)
        return;
    if (t->whole)
        clearok(curscr, TRUE);
    put_changed(t);
    t->whole = false;
    place_cursor(t);
    wnoutrefresh(stdscr);
    doupdate();
    show_cursor(t);
}

void term_redraw(struct term *t)
{
    t->whole = true;
}

void term_title(struct term *t, struct slice title)
{
    if (!t->titles || !t->utf8 || t->hung)
        return;
    struct str bytes = {0};
    str_adds(&bytes, "\x1B]2;");
    visible_cut(&bytes, title, TITLE_CELLS);
    str_addc(&bytes, '\a');
    if (!slice_eq(str_slice(&bytes), str_slice(&t->title)))
        send(str_slice(&bytes));
    str_free(&t->title);
    t->title = bytes;
}

void term_bell(struct term *t)
{
    if (!t->hung)
        send(SLICE("\a"));
}

/* ---- waiting ---- */

static bool take_sign(struct term *t, struct event *out)
{
    guard_drain();
    if (guard_take(GUARD_HANGUP))
        out->kind = EVENT_HANGUP;
    else if (guard_take(GUARD_STOP))
        out->kind = EVENT_STOP;
    else if (guard_take(GUARD_SUSPEND))
        out->kind = EVENT_SUSPEND;
    else if (guard_take(GUARD_RESIZE)) {
        fit(t);
        out->kind = EVENT_RESIZE;
    }
    return out->kind != EVENT_NONE;
}

/* Waits for bytes or a sign; false when the time is over. */
static bool wait_input(struct term *t, int wait_ms)
{
    struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {guard_fd(), POLLIN, 0}};
    int n = poll(fds, 2, wait_ms);
    if (n < 0)
        return errno == EINTR;
    if (!fds[0].revents)
        return n > 0;
    char bytes[4096];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got > 0)
        input_feed(&t->input, bytes, (size_t)got, clock_mono_ms());
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        t->hung = true;
    return true;
}

/* How long to wait: as the caller says, but no longer than the decoder wants. */
static int shorter(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

void term_next(struct term *t, int wait_ms, struct event *out)
{
    *out = (struct event){.kind = EVENT_NONE};
    int64_t end = wait_ms < 0 ? -1 : clock_mono_ms() + wait_ms;
    for (;;) {
        int64_t now = clock_mono_ms();
        if (take_sign(t, out) || input_next(&t->input, now, out))
            return;
        if (t->hung) {
            out->kind = EVENT_HANGUP;
            return;
        }
        int rest = end < 0 ? -1 : end > now ? (int)(end - now) : 0;
        if (!wait_input(t, shorter(rest, input_wait_ms(&t->input, now))) && end >= 0 &&
            clock_mono_ms() >= end && !input_next(&t->input, clock_mono_ms(), out))
            return;
        if (out->kind != EVENT_NONE)
            return;
    }
}

bool term_pending(struct term *t)
{
    if (t->hung || t->input.at < t->input.bytes.len)
        return true;
    struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {guard_fd(), POLLIN, 0}};
    return poll(fds, 2, 0) > 0;
}

/* ---- leaving for a while ---- */

static void come_back(struct term *t)
{
    reset_prog_mode();
    take_over(t);
    t->cursor_seen = true;
    fit(t);
    guard_take(GUARD_RESIZE);
}

void term_suspend(struct term *t)
{
    give_back(t);
    guard_suspend_self();
    come_back(t);
}

static int run_child(char *const argv[])
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    pid_t child = fork();
    if (child == 0) {
        static const int usual[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP, SIGTERM, SIGCONT};
        for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
            signal(usual[i], SIG_DFL);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    return child > 0 ? status : -1;
}

int term_run(struct term *t, char *const argv[], struct error *err)
{
    give_back(t);
    int status = run_child(argv);
    come_back(t);
    if (status == -1)
        return error_errno(err, "%.60s could not be started", argv[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return error_set(err, ERR_ABSENT, "%.60s could not be started: is it installed?", argv[0]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(err, ERR_IO, "%.60s did not end well: nothing was taken over", argv[0]);
    return 0;
}

