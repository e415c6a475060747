/*
 * The loop: waits for keys, looks them up, tells the workbench, paints. While nobody presses a key
 * it sleeps; a clock of at most a second runs only while something typed is not stored yet.
 */
#ifndef UI_LOOP_H
#define UI_LOOP_H

#include "base/error.h"
#include "ui/keys/keys.h"
#include "ui/term/term.h"
#include "ui/theme/theme.h"
#include "ui/workbench.h"

enum { LOOP_MIN_COLS = 60, LOOP_MIN_ROWS = 16 }; /* below them a message waits for a larger window */

struct loop {
    struct term *term;
    struct workbench *workbench;
    const struct keymap *keys;
    const char *unfinished; /* private: the key before, of a chord such as Ctrl-x Ctrl-e */
};

/* Runs until the reviewer leaves, the terminal is gone or a signal ends it. What is typed is stored
 * whatever the end; -1 and err when that fails. */
int loop_run(struct loop *l, struct error *err);

#endif
