#include "domain/state.h"

#include <assert.h>
#include <string.h>

static const char *const state_names[RECORD_STATES] = {
    "undecided", "accepted", "edited", "rejected", "skipped", "flagged",
};

static const struct {
    const char *name;
    int state;
} verbs[VERBS] = {
    [VERB_ACCEPT] = {"accept", STATE_ACCEPTED},
    [VERB_EDIT] = {"edit", STATE_EDITED},
    [VERB_WRITE] = {"write", STATE_EDITED},
    [VERB_CITE] = {"cite", STATE_ACCEPTED},
    [VERB_REJECT] = {"reject", STATE_REJECTED},
    [VERB_SKIP] = {"skip", STATE_SKIPPED},
    [VERB_FLAG] = {"flag", STATE_FLAGGED},
    [VERB_UNFLAG] = {"unflag", STATE_UNDECIDED},
    [VERB_ADD_RULE] = {"add-rule", -1},
    [VERB_EDIT_YSTAR] = {"edit-ystar", -1},
    [VERB_MARK_HINGE] = {"mark-hinge", -1},
    [VERB_UNMARK_HINGE] = {"unmark-hinge", -1},
    [VERB_MERGE_RULE] = {"merge-rule", -1},
    [VERB_RETIRE_RULE] = {"retire-rule", -1},
    [VERB_REVIVE_RULE] = {"revive-rule", -1},
    [VERB_REWORD_RULE] = {"reword-rule", -1},
    [VERB_UNDO] = {"undo", -1},
    [VERB_REDO] = {"redo", -1},
};

const char *record_state_name(enum record_state state)
{
    assert(state < RECORD_STATES);
    return state_names[state];
}

const char *verb_name(enum verb verb)
{
    assert(verb < VERBS);
    return verbs[verb].name;
}

int verb_parse(const char *name)
{
    for (int v = 0; v < VERBS; v++)
        if (strcmp(verbs[v].name, name) == 0)
            return v;
    return -1;
}

int verb_state(enum verb verb)
{
    assert(verb < VERBS);
    return verbs[verb].state;
}
