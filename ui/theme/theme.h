/*
 * From looks to styles. A theme is a text of lines "look = colour, colour behind, attributes": see
 * share/themes. Deletions, insertions and hinges differ by an attribute too, and where there is no
 * colour by written signs.
 */
#ifndef UI_THEME_THEME_H
#define UI_THEME_THEME_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "ui/term/term.h"
#include "ui/theme/look.h"

struct theme {
    struct style styles[LOOKS];
    bool signs; /* changes are written as [-…-] {+…+} «…» */
};

/* A built-in theme by name: "dark", "light", "contrast", "mono"; false for no such name. Colours are
 * brought down to what the terminal has; mono where it has none. */
bool theme_named(struct theme *out, const char *name, int colors);
/* Name of built-in theme number i; NULL after the last. */
const char *theme_name(size_t i);
/* Reads a theme file over *out, which holds what the file leaves unsaid. -1 and err with the line. */
int theme_read(struct theme *out, struct slice text, const char *file, int colors,
               struct error *err);
/* "delete", "hinge-focus", … */
const char *look_name(enum look look);

#endif
