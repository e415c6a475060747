/* What a session is made of. Private to src/app. */
#ifndef APP_SESSION_PARTS_H
#define APP_SESSION_PARTS_H

#include "app/session.h"

/* One noted text. Invariant: pending entries differ from what the store holds. */
struct draft_entry {
    int64_t record;
    char *field;
    struct str content;
    bool pending;
};

struct draft_notes {
    struct draft_entry *items;
    size_t count, cap;
    int64_t first_ms, last_ms; /* monotonic, of the oldest and newest pending change; 0: none */
};

struct session {
    struct store *store;
    struct str reviewer, project;
    int64_t reviewer_id;
    int64_t watched;                  /* the record looked at, or 0 */
    int64_t worked_ms, last_touch_ms; /* on it, and when it was last counted (monotonic) */
    struct draft_notes drafts;
    struct pace pace;
    int64_t pace_ms; /* when pace was asked for; 0: must be asked again */
};

#endif
