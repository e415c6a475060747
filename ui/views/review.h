/*
 * The review of one record: prompt, the words changed from y0 to y*, the grader's rationale and the
 * rule, and all that an expert does about them. The view knows no terminal: it is told commands by
 * name and typed text, and paints into a rectangle.
 */
#ifndef UI_VIEWS_REVIEW_H
#define UI_VIEWS_REVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/session.h"
#include "base/error.h"
#include "ui/keys/binding.h"
#include "ui/widgets/paint.h"

struct review;

/* What the view asks of its owner after a command. */
enum review_wish {
    REVIEW_STAY,
    REVIEW_CLOSE,     /* q: back to the queue */
    REVIEW_NEXT,      /* Tab, or decided: the next undecided record */
    REVIEW_GO,        /* undo or redo happened on another record: review_target says which */
    REVIEW_EDITOR,    /* open $EDITOR on review_editor_text, then call review_edited */
    REVIEW_UNKNOWN    /* not a command of this view */
};

/* signs: changes are told apart by written signs, for terminals without colours. The caller frees
 * with review_free; the session must outlive it. */
struct review *review_new(struct session *s, bool signs, bool ascii);
void review_free(struct review *v); /* NULL is fine */

/* Shows a record; drafts of its form come back. On -1 what was shown before stays. */
int review_open(struct review *v, int64_t record, struct error *err);
int64_t review_record(const struct review *v); /* 0: none yet */
/* Reads the record again after it changed; place and form stay. */
int review_reload(struct review *v, struct error *err);

/* True while typed text goes into a field (keys are then looked up as a field's). */
bool review_typing(const struct review *v);
/* The part of the view that has the keys, as a word for help and key tables: "review", "form",
 * "text", "ask", "mark". */
const char *review_mode_name(const struct review *v);
enum review_wish review_command(struct review *v, const char *name);
/* Typed or pasted text, only while typing. */
void review_type(struct review *v, struct slice text);
int64_t review_target(const struct review *v);

/* For $EDITOR: the text to edit, and what came back (changed or not). */
struct slice review_editor_text(const struct review *v);
void review_edited(struct review *v, struct slice text);

/* Work put off until no key waits (comparing large outputs); true when it was done and the screen
 * changed. */
bool review_idle(struct review *v);

void review_paint(struct review *v, const struct paint *p);

/* The line above the status bar: what was done, else NULL. Borrowed until the next command. */
const char *review_message(const struct review *v, enum look *look);
/* Says something on that line until the next command. */
void review_say(struct review *v, enum look look, const char *text);

/* The place in words, for a lost connection: panes, rows, cursors, the field being typed in. */
void review_save(const struct review *v, struct str *out);
void review_restore(struct review *v, struct slice saved);

/* Keys of every mode, ended by a NULL mode: for the key map, help and completions. */
const struct binding *review_bindings(void);

#endif
