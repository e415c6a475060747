/*
 * Hostile text made visible: what a terminal would obey, hide, reorder or measure in its own way is
 * shown as a mark made of printable characters. What comes out of here is the only form in which
 * text from records, files, names and messages may reach a terminal.
 *
 * Controls are ^X, invalid bytes <FF>, format and unknown characters <ZWSP> or <U+E000>. A letter
 * keeps its first combining marks, the rest are counted (<+196>); a mark without a letter stands on
 * a dotted circle. Joiners between emoji, skin tones and flag letters, whose width terminals
 * disagree on, are drawn as signs of a known width.
 */
#ifndef TEXT_VISIBLE_H
#define TEXT_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { VISIBLE_MAX = 48 }; /* bytes of what one step shows */

struct visible {
    size_t len;         /* bytes of the text this step stands for, > 0 */
    unsigned width;     /* terminal cells, > 0 */
    bool mark;          /* shown by a mark, not as it is */
    struct slice shown; /* valid UTF-8, no controls; in the text, in `own`, or a literal */
    char own[VISIBLE_MAX];
};

/* What stands at byte `at` (< text.len). Line ends and tabs are controls here (^J, ^I): who lays
 * out rows takes them before asking. out may not be moved while shown is used. */
void visible_step(struct visible *out, struct slice text, size_t at);
/* Every character beyond ASCII by name or number: for words that only look alike. */
void visible_number(struct visible *out, struct slice text, size_t at);

/* Appends text in visible form on one line: line ends and tabs as blanks. */
void visible_text(struct str *out, struct slice text);
/* Terminal cells of visible_text's result. */
size_t visible_width(struct slice text);
/* Appends visible_text cut to width cells, ending in "…" where it was cut; returns its cells. */
size_t visible_cut(struct str *out, struct slice text, size_t width);

#endif
