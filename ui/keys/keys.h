/*
 * Keys are strings that name commands: "Ctrl-d", "PgDn", "j", "Tab". The rows of the views (struct
 * binding) give each command its name and default keys; a map looks keys up and takes a user's own.
 *
 * Space and Backspace are bound to nothing and cannot be bound where nothing is typed: they mean
 * opposite things in neighbouring programs.
 */
#ifndef UI_KEYS_KEYS_H
#define UI_KEYS_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "ui/keys/binding.h"

struct keymap;

/* rows(i) gives row i, NULL after the last; they must outlive the map. The caller frees with
 * keymap_free. Of two rows with one key in one mode the first has it: keymap_clash tells. */
struct keymap *keymap_new(const struct binding *(*rows)(size_t i));
void keymap_free(struct keymap *m); /* NULL is fine */

/*
 * Reads a user's keys: lines "MODE KEY COMMAND" ("review Ctrl-n next-hinge"), MODE "any" for the
 * rows of every view, COMMAND "none" to take a key away; '#' begins a comment. -1 and err (with the
 * line) for an unknown mode, key or command, or a key given twice; the map then is as it was.
 */
int keymap_read(struct keymap *m, struct slice text, const char *file, struct error *err);

/* The command a key runs in a mode; where nothing is typed, also one of any mode. NULL for none. */
const char *keymap_find(const struct keymap *m, const char *mode, bool typing, const char *key);
/* Appends the keys that now run a row's command, set apart by blanks. */
void keymap_keys(const struct keymap *m, const struct binding *row, struct str *out);
/* Two default rows that want one key in one mode: "queue x: reject, exit"; false when there is none. */
bool keymap_clash(const struct keymap *m, struct str *out);

/* True for a name that a key can have. */
bool key_name_valid(struct slice name);
/* True for "Space", "Backspace" and what else may not be bound where nothing is typed. */
bool key_name_unsafe(struct slice name);

#endif
