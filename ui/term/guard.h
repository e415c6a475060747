/*
 * Signals of a program that holds a terminal. Those that ask for something set a flag and wake the
 * loop through a pipe; a crash gives the terminal back and then takes its usual course.
 *
 * This is the one place with state outside a struct: a signal handler gets no context.
 */
#ifndef UI_TERM_GUARD_H
#define UI_TERM_GUARD_H

#include <stdbool.h>
#include <termios.h>

#include "base/str.h"

enum guard_sign { GUARD_RESIZE, GUARD_HANGUP, GUARD_STOP, GUARD_SUSPEND, GUARD_SIGNS };

/* Starts guarding: at a crash `farewell` (at most 255 bytes) is written to out and its modes
 * become `modes`. Signals that were ignored stay ignored. -1 when no pipe could be had. */
int guard_start(int out, const struct termios *modes, struct slice farewell);
void guard_stop(void);
/* To wait on: readable when a sign came. */
int guard_fd(void);
/* Empties the pipe; guard_take tells which signs came, each once. */
void guard_drain(void);
bool guard_take(enum guard_sign sign);
/* Stops the process as the terminal's suspend key does; returns when it goes on. */
void guard_suspend_self(void);

#endif
