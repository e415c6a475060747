/*
 * A text being written: one field of a form or a whole y*. Rows are laid out by a flow, so that
 * what cannot be shown is a mark here too, and the cursor steps over it as one character.
 */
#ifndef UI_VIEWS_EDITOR_H
#define UI_VIEWS_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "ui/views/flow.h"

/* A text as it was, to go back to. */
struct editor_past {
    struct str text;
    size_t at;
};
enum { EDITOR_PASTS = 100, EDITOR_PASTS_BYTES = 8 << 20 };

/* Zero-initialise; free with editor_free. */
struct editor {
    struct str text;   /* valid UTF-8 */
    size_t at;         /* the cursor, on a character's border */
    bool many_lines;   /* Enter makes a line; otherwise line ends that are pasted become blanks */
    struct str killed; /* what yank brings back */
    bool killing;      /* the last command killed: the next one adds to it */
    struct editor_past *pasts; /* the latest last; a run of typing is one of them */
    size_t n_pasts, pasts_bytes;
    size_t typed_to; /* where a run of typing ended, + 1; 0: none */
    int goal;          /* column that up and down keep to, or -1 */
    struct flow flow;
    bool stale; /* the text changed since the flow was made */
    unsigned width;
    size_t top; /* first row shown */
};

void editor_free(struct editor *e);
/* Replaces the text; the cursor goes to byte at (clamped to a border). */
void editor_set(struct editor *e, struct slice text, size_t at);
/* Typed or pasted text: repaired, without control characters. */
void editor_insert(struct editor *e, struct slice typed);
/* Runs a command by name ("left", "word-right", "kill-line", …: the table in editor.c); false when
 * there is none of that name. */
bool editor_command(struct editor *e, const char *name);
/* Name and help of command number i; NULL after the last. */
const char *editor_command_name(size_t i);

/* Lays out rows width cells wide, one kept free for the cursor. */
void editor_layout(struct editor *e, unsigned width);
size_t editor_rows(struct editor *e); /* all of them, at least 1 */
void editor_cursor(struct editor *e, size_t *row, unsigned *col);

#endif
