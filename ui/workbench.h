/*
 * The workbench: the views, the line that asks, the status bar, and going between them. It knows no terminal:
 * a loop (or a key script, or a test) looks keys up in workbench_bindings, tells it commands by name and typed
 * text, and has it painted into a rectangle.
 */
#ifndef UI_WORKBENCH_H
#define UI_WORKBENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "app/session.h"
#include "base/error.h"
#include "ui/keys/binding.h"
#include "ui/widgets/paint.h"

struct keymap;
struct workbench;

struct workbench_options {
    bool signs; /* no colours: changes are told apart by written signs */
    bool ascii; /* no characters beyond ASCII */
    const struct keymap *keys; /* what help shows as the keys; NULL: as the table has them */
};

/* Opens where the reviewer was (drafts of a lost connection), else at the queue. The session must outlive it.
 * NULL and err when the project cannot be read; workbench_free frees. */
struct workbench *workbench_new(struct session *s, const struct workbench_options *o, struct error *err);
void workbench_free(struct workbench *w); /* NULL is fine; stores nothing: see workbench_save */

/* Where keys are looked up now: rows whose mode is this name first, then unless typing, rows
 * of mode "". Two commands are the loop's own and do nothing here: "redraw" and "suspend". */
const char *workbench_mode(const struct workbench *w);
/* True while text is typed: a printable key without a row of its own, and all pasted text, is text. */
bool workbench_typing(const struct workbench *w);

/* Runs a command by its name (a binding's, or what was typed after `:`). False when there is none of that name
 * here. Between commands and text it is ready for painting; nothing is ever half done. */
bool workbench_command(struct workbench *w, const char *name);
/* Typed or pasted text (any bytes: it is repaired). Ignored while nothing is typed into. */
void workbench_type(struct workbench *w, struct slice text);

/* Paints everything; the caller compares with what the screen shows. */
void workbench_paint(struct workbench *w, const struct paint *p);

/* A little work while no key waits (searching with a pattern, counting hinges): true when the screen changed and
 * there may be more. */
bool workbench_idle(struct workbench *w);
/* Milliseconds until workbench_tick has something to do, -1 for never: idle takes no wake-ups. */
int workbench_wait_ms(const struct workbench *w);
/* Stores drafts that are due; true when the screen changed. */
bool workbench_tick(struct workbench *w);
/* Stores everything typed, at once: on SIGHUP, SIGTERM, before $EDITOR and at the end. 0, or -1 and err. */
int workbench_save(struct workbench *w, struct error *err);

/* True when the reviewer asked to leave. */
bool workbench_done(const struct workbench *w);
/* True when $EDITOR is to be opened on *text (borrowed until the next call); workbench_edited brings back what
 * it left (changed or not), with text.at NULL when the editor could not be run. */
bool workbench_wants_editor(struct workbench *w, struct slice *text);
void workbench_edited(struct workbench *w, struct slice text);

/* The window title, visible text. Borrowed until the next call. */
const char *workbench_title(struct workbench *w);

/* Every key of every mode: row i, NULL after the last. Help, key table and completions come from here. */
const struct binding *workbench_binding(size_t i);

#endif
