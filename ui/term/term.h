/*
 * The terminal: a grid to paint on, events to wait for. The only door to ncurses.
 *
 * Whatever ends the program (an error, TERM, HUP, INT, a crash), the tty gets back its modes, its
 * main screen, its cursor and its paste mode.
 */
#ifndef UI_TERM_TERM_H
#define UI_TERM_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "ui/term/screen.h"

enum { KEY_NAME_MAX = 32 };

enum event_kind {
    EVENT_NONE,    /* the time is over */
    EVENT_KEY,
    EVENT_PASTE,   /* text from the clipboard; never keys */
    EVENT_RESIZE,  /* the screen has its new size and is blank */
    EVENT_SUSPEND, /* SIGTSTP came: call term_suspend */
    EVENT_STOP,    /* TERM or INT: save and end */
    EVENT_HANGUP,  /* the terminal is gone: save and end without painting */
};

struct event {
    enum event_kind kind;
    char key[KEY_NAME_MAX]; /* "j", "é", "Ctrl-d", "Alt-f", "Shift-Tab", "PgDn", "F1", "Space" */
    struct slice text;      /* what the key types, or what is pasted; valid UTF-8, without controls
                               but line ends and tabs; borrowed until the next event */
};

enum {
    STYLE_BOLD = 1,
    STYLE_DIM = 2,
    STYLE_ITALIC = 4,
    STYLE_UNDERLINE = 8,
    STYLE_REVERSE = 16,
    STYLE_ATTRS = 5 /* number of them */
};

struct style {
    int16_t fg, bg; /* 0-255, or -1: the terminal's own */
    uint8_t attrs;
};

struct term;

/* Takes over the tty of standard input and output. NULL and err when they are no terminal, or one
 * that cannot place its cursor (TERM=dumb). The caller frees with term_close. */
struct term *term_open(struct error *err);
/* Gives the terminal back. NULL is fine. */
void term_close(struct term *t);

struct screen *term_screen(struct term *t);
int term_colors(const struct term *t); /* 0, 8, 16, 256 */
bool term_ascii(const struct term *t); /* shows ASCII alone */

/* Styles of inks 0..n-1, n <= 64. */
void term_set_styles(struct term *t, const struct style *styles, size_t n);

/* Brings the terminal to what is painted, by the fewest bytes it can find. */
void term_show(struct term *t);
/* Forgets what the terminal shows: the next term_show paints all. */
void term_redraw(struct term *t);
/* True while events wait that can be had at once: painting can wait too. */
bool term_pending(struct term *t);
/* Waits at most wait_ms (-1: for ever) for an event. */
void term_next(struct term *t, int wait_ms, struct event *out);

/* Title of the window, where there is one; any text. */
void term_title(struct term *t, struct slice title);
void term_bell(struct term *t);
/* Gives the terminal back, stops the process as Ctrl-z does, takes over again when it goes on. */
void term_suspend(struct term *t);
/* Gives the terminal back, runs a program on it (argv ends with NULL, no shell), takes over again.
 * -1 and err when it could not be run or did not end with 0. */
int term_run(struct term *t, char *const argv[], struct error *err);

#endif
