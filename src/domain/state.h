/* Where a record stands, and what an expert can do: the words, and how they are written in
 * files. */
#ifndef DOMAIN_STATE_H
#define DOMAIN_STATE_H

/* The order is that of the queue's signs and of struct store_counts. */
enum record_state {
    STATE_UNDECIDED,
    STATE_ACCEPTED,
    STATE_EDITED,
    STATE_REJECTED,
    STATE_SKIPPED,
    STATE_FLAGGED,
    RECORD_STATES
};

/* "undecided", "accepted", ...; borrowed. */
const char *record_state_name(enum record_state state);

/* Verbs of the decision log. The first group sets a record's state. */
enum verb {
    VERB_ACCEPT,     /* the candidate as it is */
    VERB_EDIT,       /* the candidate reworded */
    VERB_WRITE,      /* a rule where none was distilled, or instead of the candidate */
    VERB_CITE,       /* an existing rule instead */
    VERB_REJECT,     /* with a reason */
    VERB_SKIP,
    VERB_FLAG,       /* with a note */
    VERB_UNFLAG,     /* back to undecided */
    /* These add to a record and leave its state. */
    VERB_ADD_RULE,   /* a second rule */
    VERB_EDIT_YSTAR, /* an output by the expert */
    VERB_MARK_HINGE,
    VERB_UNMARK_HINGE,
    /* These change the rule library. */
    VERB_MERGE_RULE,
    VERB_RETIRE_RULE,
    VERB_REVIVE_RULE,
    VERB_REWORD_RULE,
    /* These take back and bring back a batch. */
    VERB_UNDO,
    VERB_REDO,
    VERBS
};

/* "accept", "edit-ystar", ...; borrowed. */
const char *verb_name(enum verb verb);
/* -1 when there is no such verb. */
int verb_parse(const char *name);
/* The state a verb gives, or -1 when it leaves the state. ACCEPT and CITE give accepted, EDIT and
 * WRITE edited. */
int verb_state(enum verb verb);

#endif
