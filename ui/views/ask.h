/* The line at the bottom that asks: a label, a text being typed, completion and the lines typed before. */
#ifndef UI_VIEWS_ASK_H
#define UI_VIEWS_ASK_H

#include "app/limit.h"
#include "ui/views/desk.h"
#include "ui/views/editor.h"

enum { ASK_LINES = 50 };

struct ask_line {
    char *kind, *text;
};

/* Zero-initialise; free with ask_free. */
struct ask {
    bool open;
    struct question q; /* while open */
    struct str label;
    struct editor editor;
    struct limit_choices choices; /* of the last Tab */
    bool choosing;
    struct ask_line lines[ASK_LINES]; /* typed before, oldest first */
    size_t n_lines, recalled;         /* recalled == n_lines: the line being typed */
};

void ask_free(struct ask *a);
void ask_open(struct ask *a, const struct question *q);
/* Replaces what is typed. */
void ask_set(struct ask *a, struct slice text);
void ask_close(struct ask *a);
/* Runs a command of the mode "prompt". False when there is none of that name. */
bool ask_command(struct ask *a, const char *name);
void ask_type(struct ask *a, struct slice text);
/* Paints the line in one row of p, and the choices in the row above. */
void ask_paint(struct ask *a, const struct paint *p, int row);

extern const struct binding ask_bindings[]; /* mode "prompt" */

#endif
