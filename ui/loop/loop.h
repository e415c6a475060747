/*
 * The loop: waits for keys, gives them to the workbench, paints. While nobody presses a key it sleeps;
 * a clock of at most a second runs only while something typed is not stored yet.
 */
#ifndef UI_LOOP_LOOP_H
#define UI_LOOP_LOOP_H

#include "base/error.h"
#include "ui/keys/keymap.h"
#include "ui/term/term.h"
#include "ui/workbench.h"

/* Runs until the reviewer leaves, the terminal is gone or a signal ends it. What is typed is stored
 * whatever the end; -1 and err when that fails. */
int loop_run(struct term *t, struct workbench *w, const struct keymap *keys, struct error *err);

#endif
