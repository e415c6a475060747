/*
 * What is on screen but not stored as a decision: half-typed texts, and the place (view, record, pane, cursor).
 * A view notes its state whenever it changes; the loop stores what is noted when no key came for a while, and at
 * SIGHUP and SIGTERM. A draft belongs to a
 * record (0: to none) and a field: "place", "rule", "y_star", "reject", "flag".
 */
#ifndef APP_DRAFTS_H
#define APP_DRAFTS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/session.h"
#include "base/error.h"
#include "base/str.h"

enum { DRAFT_IDLE_MS = 800 }; /* a pause of that length, or that long since the first unsaved change */

/* Notes content for a record's field in memory; the same content again costs nothing. Empty content drops the
 * draft: it was used or thrown away. */
void draft_note(struct session *s, int64_t record, const char *field, struct slice content);
/* True while something noted is not stored yet. */
bool draft_pending(const struct session *s);
/* The same for what was typed, the place ("place") apart: the status bar says "draft". */
bool draft_typed_pending(const struct session *s);
/* Milliseconds until draft_store should be called, or -1 when nothing is pending. */
int draft_wait_ms(const struct session *s);
/* Stores what is noted, in one transaction. What could not be stored stays pending. In a session that only
 * reads, what is noted lives as long as the session. */
int draft_store(struct session *s, struct error *err);
/* Appends this reviewer's draft, noted or stored; false when there is none. */
bool draft_recall(struct session *s, int64_t record, const char *field, struct str *out);

#endif
