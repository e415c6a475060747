/*
 * Which key does what: the bindings of the workbench, as the reviewer's own key file changed them. A key
 * is a name ("j", "Ctrl-d", "PgDn"); Ctrl-x and the key after it are one ("Ctrl-x Ctrl-e").
 *
 * A key file has one command a line: its mode ("-" for all views), its name, and the keys that it has from
 * then on, instead of the ones it had:
 *
 *     # accept with y, too
 *     review accept a y
 */
#ifndef UI_KEYS_KEYMAP_H
#define UI_KEYS_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/keys/binding.h"

struct keymap; /* freed with keymap_free */

/* From rows 0, 1, ... of a table, up to NULL. The rows must outlive the keymap. */
struct keymap *keymap_new(const struct binding *(*row)(size_t i));
void keymap_free(struct keymap *m); /* NULL is fine */

/* Reads a key file. A line that cannot be followed (no such command, no such key, a key that does something
 * else already, Space or Backspace) changes nothing and is named in err; the lines before it and after it
 * hold. Returns -1 when there was any. */
int keymap_load(struct keymap *m, const char *path, struct error *err);

/* The command of a key in a mode: rows of that mode first, then, unless typing, those of mode "". NULL when
 * there is none. */
const char *keymap_find(const struct keymap *m, const char *mode, bool typing, const char *key);
/* True when key is the first of two that together do something. */
bool keymap_starts(const struct keymap *m, const char *mode, bool typing, const char *key);

/* The row as it is now (its keys may be the reviewer's); NULL after the last. */
const struct binding *keymap_row(const struct keymap *m, size_t i);

/* True for the name of a key: a printable character, "Ctrl-" and a letter, or a word of the list. */
bool key_name_ok(const char *name);

#endif
