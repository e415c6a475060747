/*
 * The workbench driven by a script, with screens as text: what `hinge play` does. One statement a line:
 *
 *     key j j Ctrl-d Enter         keys by name, one after another
 *     type "half a rule"           text, a character a key; \" \\ \n \t \e and \xHH are escapes
 *     paste "two words"            the same as one bracketed paste
 *     screen [NAME]                prints the screen under a head line
 *     looks [NAME]                 prints letters for what is lit how
 *     expect "TEXT"                fails unless the screen shows it
 *     refuse "TEXT"                fails if the screen shows it
 *     resize 100x30
 *     settle                       lets searches and counts in the background finish
 *     wait MS                      lets time pass, as for drafts
 *     await "TEXT"                 lets time pass until the screen shows it; fails after two minutes
 *     hangup                       the connection is lost: what was typed is stored, and it ends
 *
 * Blank lines and lines that start with # are passed over.
 */
#ifndef UI_SCRIPT_PLAY_H
#define UI_SCRIPT_PLAY_H

#include <stdio.h>

#include "app/session.h"
#include "base/error.h"
#include "ui/keys/keymap.h"

struct play_options {
    int cols, rows;
    bool signs, ascii;  /* as a terminal without colours, without Unicode */
    const char *script; /* its name, for messages */
};

/* Plays text and prints to out. -1 and err, with the script's line, at the first statement that is wrong or
 * expectation that fails; what was decided until then stays. */
int play(struct session *s, const struct keymap *keys, struct slice text, const struct play_options *o, FILE *out,
         struct error *err);

#endif
