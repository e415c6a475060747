/*
 * A program on a pseudo-terminal, watched through libvterm: what a person at xterm would see, and
 * what the terminal was left in. Every wait has a limit; a test never sleeps for a fixed time to
 * let something happen, but may to see that nothing does.
 */
#ifndef SUPPORT_PTY_H
#define SUPPORT_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pty_options {
    int rows, cols;
    const char *term;         /* $TERM; NULL: xterm-256color */
    const char *const *set;   /* "NAME=VALUE" (or "NAME" to take away), ended by NULL; may be NULL */
    const char *const *argv;  /* ended by NULL */
    bool ignore_hangup;       /* start it as nohup does */
    bool mute;                /* answer no question of the program */
};

struct pty;

struct pty *pty_start(const struct pty_options *options); /* NULL when it could not be started */
void pty_free(struct pty *p);                             /* kills what still runs */

/* Sends bytes as they are. */
void pty_send(struct pty *p, const char *bytes);
void pty_send_bytes(struct pty *p, const char *bytes, size_t len);
/* Sends them one by one, ms apart. */
void pty_send_slowly(struct pty *p, const char *bytes, int ms);

/* Follows the output until the screen shows text (or no longer does); false after ms. */
bool pty_shows(struct pty *p, const char *text, int ms);
bool pty_hides(struct pty *p, const char *text, int ms);
/* Follows the output until ms pass without any. */
void pty_settle(struct pty *p, int ms);
/* Follows the output for ms; returns the bytes that came. */
size_t pty_listen(struct pty *p, int ms);

/* The row as text, without blanks at its end; borrowed until the next call. */
const char *pty_row(struct pty *p, int row);
/* The screen, rows ended by line ends; borrowed until the next call. */
const char *pty_screen(struct pty *p);
/* Attributes of the first cell of text's first occurrence; false when it is not on the screen. */
struct pty_look {
    bool bold, underline, reverse, italic, colored;
};
bool pty_look_of(struct pty *p, const char *text, struct pty_look *out);

/* All that was sent since the start (and how much). */
const char *pty_raw(struct pty *p, size_t *len);

void pty_resize(struct pty *p, int rows, int cols);
void pty_signal(struct pty *p, int signal);
pid_t pty_pid(const struct pty *p);
/* The line drops: the terminal is gone. */
void pty_hangup(struct pty *p);
/* Waits for the end; false after ms. *status is wait's. */
bool pty_ends(struct pty *p, int ms, int *status);
/* Waits until the program is stopped by a signal; false after ms. */
bool pty_stops(struct pty *p, int ms);

/* Whether the terminal is as it was: modes of the tty, main screen, cursor, no paste mode. Says what
 * is not on standard error. */
bool pty_is_restored(struct pty *p);

#endif
