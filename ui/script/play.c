#include "ui/script/play.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "text/visible.h"
#include "ui/loop/driver.h"
#include "ui/loop/frame.h"
#include "ui/term/screen.h"

enum { SIDE_MAX = 1000, WAIT_MAX = 600000, AWAIT_MAX = 120000, AWAIT_STEP = 50 }; /* ms */

struct player {
    struct driver driver;
    struct screen screen;
    bool ascii;
    bool ended; /* by hangup, or because the reviewer left */
    FILE *out;
};

static void put(void *context, int row, int col, struct slice text, int width, enum look look)
{
    (void)width; /* the screen measures for itself */
    screen_put(context, row, col, text, (uint8_t)look);
}

static void cursor(void *context, int row, int col)
{
    struct screen *s = context;
    s->cursor_row = row;
    s->cursor_col = col;
}

static void paint(struct player *p)
{
    struct screen *s = &p->screen;
    screen_clear(s);
    loop_paint(p->driver.workbench, &(struct paint){.rows = s->rows, .cols = s->cols, .ascii = p->ascii, .put = put,
                                                   .cursor = cursor, .context = s});
}

/* Every key is seen on the screen before the next, as by a slow hand. */
static void press(struct player *p, const char *name, struct slice text)
{
    driver_key(&p->driver, name, text);
    paint(p);
}

/* --- statements; each gets what follows its word --- */

static int do_key(struct player *p, struct slice rest, struct error *err)
{
    while ((rest = slice_trim(rest)).len) {
        char name[32] = "";
        size_t len = 0;
        while (len < rest.len && rest.at[len] != ' ' && rest.at[len] != '\t')
            len++;
        memcpy(name, rest.at, len < sizeof name ? len : sizeof name - 1);
        if (len >= sizeof name || !key_name_ok(name))
            return error_set(err, ERR_USAGE, "'%.40s' is no key", name);
        bool space = strcmp(name, "Space") == 0;
        uint32_t cp;
        bool prints = utf8_decode(name, len, &cp) == len;
        press(p, name, space ? SLICE(" ") : prints ? (struct slice){name, len} : SLICE(""));
        rest = slice_sub(rest, len, rest.len);
    }
    return 0;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads a quoted string with its escapes. */
static int unquote(struct str *out, struct slice rest, struct error *err)
{
    rest = slice_trim(rest);
    if (rest.len < 2 || rest.at[0] != '"' || rest.at[rest.len - 1] != '"')
        return error_set(err, ERR_USAGE, "needs text in double quotes");
    for (size_t i = 1; i + 1 < rest.len; i++) {
        char c = rest.at[i];
        if (c != '\\' || i + 2 >= rest.len) {
            str_addc(out, c);
            continue;
        }
        c = rest.at[++i];
        static const char from[] = "nte\"\\", to[] = "\n\t\033\"\\";
        const char *at = c ? strchr(from, c) : NULL;
        if (at) {
            str_addc(out, to[at - from]);
        } else if (c == 'x' && i + 3 < rest.len && hex(rest.at[i + 1]) >= 0 && hex(rest.at[i + 2]) >= 0) {
            str_addc(out, (char)(hex(rest.at[i + 1]) * 16 + hex(rest.at[i + 2])));
            i += 2;
        } else {
            return error_set(err, ERR_USAGE, "\\%c is no escape here", c);
        }
    }
    return 0;
}

static int do_type(struct player *p, struct slice rest, struct error *err)
{
    struct str text = {0};
    int result = unquote(&text, rest, err);
    for (size_t i = 0; result == 0 && i < text.len;) {
        uint32_t cp;
        size_t len = utf8_decode(text.at + i, text.len - i, &cp);
        struct slice piece = slice_sub(str_slice(&text), i, i + len);
        char name[8] = "";
        memcpy(name, piece.at, piece.len);
        if (cp == '\n')
            press(p, "Enter", SLICE(""));
        else
            press(p, cp == ' ' ? "Space" : name, piece);
        i += len;
    }
    str_free(&text);
    return result;
}

static int do_paste(struct player *p, struct slice rest, struct error *err)
{
    struct str text = {0};
    int result = unquote(&text, rest, err);
    if (result == 0) {
        driver_paste(&p->driver, str_slice(&text));
        paint(p);
    }
    str_free(&text);
    return result;
}

static void print_head(struct player *p, const char *what, struct slice name)
{
    const struct screen *s = &p->screen;
    struct str shown = {0};
    visible_text(&shown, name);
    fprintf(p->out, "== %s %s%s%dx%d", what, str_z(&shown), name.len ? " " : "", s->cols, s->rows);
    if (s->cursor_row >= 0)
        fprintf(p->out, " cursor %d,%d", s->cursor_row, s->cursor_col);
    fputc('\n', p->out);
    str_free(&shown);
}

static void screen_text(struct str *out, const struct screen *s)
{
    for (int row = 0; row < s->rows; row++) {
        screen_row_text(s, row, out);
        str_addc(out, '\n');
    }
}

/* A letter for each cell's look, "." for plain text. */
static void screen_looks(struct str *out, const struct screen *s)
{
    static const char letters[] = ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int row = 0; row < s->rows; row++) {
        for (int col = 0; col < s->cols; col++)
            str_addc(out, letters[screen_at(s, row, col)->ink % (sizeof letters - 1)]);
        str_addc(out, '\n');
    }
}

static int print_with(struct player *p, const char *what, struct slice name,
                      void (*dump)(struct str *, const struct screen *))
{
    struct str text = {0};
    dump(&text, &p->screen);
    print_head(p, what, slice_trim(name));
    fwrite(text.at, 1, text.len, p->out);
    str_free(&text);
    return 0;
}

static int do_screen(struct player *p, struct slice rest, struct error *err)
{
    (void)err;
    return print_with(p, "screen", rest, screen_text);
}

static int do_looks(struct player *p, struct slice rest, struct error *err)
{
    (void)err;
    return print_with(p, "looks", rest, screen_looks);
}

static int find_on_screen(struct player *p, struct slice rest, bool *found, struct error *err)
{
    struct str wanted = {0}, text = {0};
    int result = unquote(&wanted, rest, err);
    if (result == 0) {
        screen_text(&text, &p->screen);
        *found = strstr(str_z(&text), str_z(&wanted)) != NULL;
    }
    str_free(&wanted);
    str_free(&text);
    return result;
}

static int do_expect(struct player *p, struct slice rest, struct error *err)
{
    bool found = false;
    if (find_on_screen(p, rest, &found, err) < 0)
        return -1;
    if (found)
        return 0;
    do_screen(p, SLICE("where an expectation failed"), err);
    return error_set(err, ERR_CONFLICT, "the screen does not show %.*s", (int)rest.len, rest.at);
}

static int do_refuse(struct player *p, struct slice rest, struct error *err)
{
    bool found = false;
    if (find_on_screen(p, rest, &found, err) < 0)
        return -1;
    if (!found)
        return 0;
    do_screen(p, SLICE("where an expectation failed"), err);
    return error_set(err, ERR_CONFLICT, "the screen shows %.*s", (int)rest.len, rest.at);
}

static int do_resize(struct player *p, struct slice rest, struct error *err)
{
    int cols, rows, used = 0;
    char line[32] = "";
    rest = slice_trim(rest);
    memcpy(line, rest.at, rest.len < sizeof line ? rest.len : sizeof line - 1);
    if (sscanf(line, "%dx%d%n", &cols, &rows, &used) != 2 || line[used] || cols < 1 || rows < 1 || cols > SIDE_MAX ||
        rows > SIDE_MAX)
        return error_set(err, ERR_USAGE, "needs a size such as 100x30");
    screen_resize(&p->screen, rows, cols);
    paint(p);
    return 0;
}

static int do_settle(struct player *p, struct slice rest, struct error *err)
{
    (void)rest, (void)err;
    while (workbench_idle(p->driver.workbench))
        ;
    paint(p);
    return 0;
}

/* Time passes for real, so that what waits for it (drafts) happens by the same clock as at a terminal. */
static int do_wait(struct player *p, struct slice rest, struct error *err)
{
    char line[32] = "", *end;
    rest = slice_trim(rest);
    memcpy(line, rest.at, rest.len < sizeof line ? rest.len : sizeof line - 1);
    long ms = strtol(line, &end, 10);
    if (end == line || *end || ms < 0 || ms > WAIT_MAX)
        return error_set(err, ERR_USAGE, "needs milliseconds, at most %d", WAIT_MAX);
    poll(NULL, 0, (int)ms);
    workbench_tick(p->driver.workbench);
    paint(p);
    return 0;
}

/* As at a terminal: ticks by the clock, what is counted in the background, until the screen shows it. */
static int do_await(struct player *p, struct slice rest, struct error *err)
{
    const int64_t end = clock_mono_ms() + AWAIT_MAX;
    bool found = false;
    for (;;) {
        do_settle(p, SLICE(""), err);
        if (find_on_screen(p, rest, &found, err) < 0)
            return -1;
        if (found)
            return 0;
        if (clock_mono_ms() > end)
            break;
        poll(NULL, 0, AWAIT_STEP);
        workbench_tick(p->driver.workbench);
    }
    do_screen(p, SLICE("where an expectation failed"), err);
    return error_set(err, ERR_CONFLICT, "after %d s the screen does not show %.*s", AWAIT_MAX / 1000, (int)rest.len,
                     rest.at);
}

static int do_hangup(struct player *p, struct slice rest, struct error *err)
{
    (void)rest;
    p->ended = true;
    return workbench_save(p->driver.workbench, err);
}

static const struct {
    const char *word;
    int (*run)(struct player *p, struct slice rest, struct error *err);
} statements[] = {
    {"key", do_key},       {"type", do_type},     {"paste", do_paste},   {"screen", do_screen},
    {"looks", do_looks},   {"expect", do_expect}, {"refuse", do_refuse}, {"resize", do_resize},
    {"settle", do_settle}, {"wait", do_wait},     {"await", do_await},
    {"hangup", do_hangup},
};

static int run_line(struct player *p, struct slice line, struct error *err)
{
    line = slice_trim(line);
    if (!line.len || line.at[0] == '#')
        return 0;
    size_t len = 0;
    while (len < line.len && line.at[len] != ' ' && line.at[len] != '\t')
        len++;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (slice_is(slice_sub(line, 0, len), statements[i].word))
            return statements[i].run(p, slice_trim(slice_sub(line, len, line.len)), err);
    return error_set(err, ERR_USAGE, "there is no statement '%.*s'", (int)(len < 40 ? len : 40), line.at);
}

static int run_lines(struct player *p, struct slice text, const char *script, struct error *err)
{
    unsigned long number = 0;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        size_t to = end ? (size_t)(end - text.at) : text.len;
        struct slice line = slice_trim(slice_sub(text, at, to));
        number++;
        if (p->ended && line.len && line.at[0] != '#') /* what is expected there would never be looked at */
            return error_set(err, ERR_INPUT, "%s: line %lu: the workbench was left before this", script, number);
        if (run_line(p, line, err) < 0)
            return error_prefix(err, "%s: line %lu: ", script, number);
        p->ended = p->ended || workbench_done(p->driver.workbench);
        at = to + 1;
    }
    return p->ended ? 0 : workbench_save(p->driver.workbench, err);
}

int play(struct session *s, const struct keymap *keys, struct slice text, const struct play_options *o, FILE *out,
         struct error *err)
{
    struct workbench_options options = {.signs = o->signs, .ascii = o->ascii, .keys = keys};
    struct player p = {.ascii = o->ascii, .out = out};
    p.driver.workbench = workbench_new(s, &options, err);
    if (!p.driver.workbench)
        return -1;
    p.driver.keys = keys;
    p.screen.ascii = o->ascii;
    screen_resize(&p.screen, o->rows, o->cols);
    paint(&p);
    int result = run_lines(&p, text, o->script, err);
    screen_free(&p.screen);
    workbench_free(p.driver.workbench);
    return result;
}
