/* The keys of a review, as the help, the manual and the line of next keys show them. */
#include "ui/views/review.h"

#include <stddef.h>

static const struct review_binding bindings[] = {
    {"review", "a", "accept", "accept the rule as it was distilled", "a", "accept"},
    {"review", "e", "edit", "edit the rule in place; writes one where none was distilled", "e", "edit"},
    {"review", "x", "reject", "reject the rule; asks why", "x", "reject"},
    {"review", "Enter", "enter", "go to the rules like this one; there, cite the one under the cursor", "Enter", "cite"},
    {"review", "s", "skip", "skip the record: it leaves the queue of undecided ones", "s", "skip"},
    {"review", "f", "flag", "flag the record with a note", "f", "flag"},
    {"review", "n", "next-match", "next hinge, or next match while a search is on", "n", "hinge"},
    {"review", "N", "previous-match", "previous hinge or match", NULL, NULL},
    {"review", "u", "undo", "undo the last decision", "u", "undo"},
    {"review", "?", "help", "help for this view", "?", "help"},
    {"review", "Ctrl-r", "redo", "do again what was undone", NULL, NULL},
    {"review", "Tab", "next-undecided", "next undecided record", NULL, NULL},
    {"review", "F", "unflag", "take the flag away", NULL, NULL},
    {"review", "A", "add-rule", "add one more rule to the record", NULL, NULL},
    {"review", "Y", "edit-ystar", "edit y* itself; kept as an output by you", NULL, NULL},
    {"review", "m", "mark-hinge", "mark a word as a hinge by hand, or take a mark away", NULL, NULL},
    {"review", "j Down", "down", "down a row; next sentence of the rationale; next rule", NULL, NULL},
    {"review", "k Up", "up", "up", NULL, NULL},
    {"review", "h Left", "left", "sideways, where lines are not wrapped", NULL, NULL},
    {"review", "l Right", "right", "sideways", NULL, NULL},
    {"review", "Ctrl-d", "half-down", "half a page down", NULL, NULL},
    {"review", "Ctrl-u", "half-up", "half a page up", NULL, NULL},
    {"review", "PgDn", "page-down", "a page down", NULL, NULL},
    {"review", "PgUp", "page-up", "a page up", NULL, NULL},
    {"review", "g", "first", "to the start", NULL, NULL},
    {"review", "G", "last", "to the end", NULL, NULL},
    {"review", "Home", "line-start", "start of the line, or of the text", NULL, NULL},
    {"review", "End", "line-end", "end of the line, or of the text", NULL, NULL},
    {"review", "1", "pane-1", "focus on the diff", NULL, NULL},
    {"review", "2", "pane-2", "focus on the prompt", NULL, NULL},
    {"review", "3", "pane-3", "focus on the rationale", NULL, NULL},
    {"review", "4", "pane-4", "focus on the rule", NULL, NULL},
    {"review", "[", "previous-round", "the round before", NULL, NULL},
    {"review", "]", "next-round", "the next round, at last y0 to y*", NULL, NULL},
    {"review", "v", "side-by-side", "side by side, or unified", NULL, NULL},
    {"review", "w", "wrap", "wrap long lines, or one row a line", NULL, NULL},
    {"review", "z", "zoom", "give the pane the whole window, or back", NULL, NULL},
    {"review", "H", "history", "who decided what and when", NULL, NULL},
    {"review", "/", "search", "search in the pane", NULL, NULL},
    {"review", "Esc", "put-aside", "end the search, close the drawer or the zoom", NULL, NULL},
    {"review", "q", "back", "back to the queue", NULL, NULL},

    {"form", "Ctrl-s", "store", "store the rule and go on to the next record", "Ctrl-s", "store"},
    {"form", "Tab", "other-field", "mistake or guardrail", "Tab", "other field"},
    {"form", "Esc", "put-aside", "keep a draft and go back to reading", "Esc", "keep a draft"},
    {"form", "Ctrl-x Ctrl-e", "editor", "edit the field in $EDITOR", "Ctrl-x Ctrl-e", "$EDITOR"},
    {"form", "Enter", "enter", "from the mistake to the guardrail", NULL, NULL},

    {"text", "Ctrl-s", "store", "store it as your y*", "Ctrl-s", "store"},
    {"text", "Esc", "put-aside", "keep a draft and go back to reading", "Esc", "keep a draft"},
    {"text", "Ctrl-x Ctrl-e", "editor", "edit it in $EDITOR", "Ctrl-x Ctrl-e", "$EDITOR"},
    {"text", "Enter", "enter", "a new line", NULL, NULL},

    {"ask", "Enter", "enter", "store it", "Enter", "store"},
    {"ask", "Ctrl-s", "store", "store it", NULL, NULL},
    {"ask", "Esc", "put-aside", "keep a draft and go back to reading", "Esc", "keep a draft"},
    {"ask", "Ctrl-x Ctrl-e", "editor", "edit it in $EDITOR", NULL, NULL},

    {"mark", "h Left", "left", "the word before", "h l j k", "choose a word"},
    {"mark", "l Right", "right", "the next word", NULL, NULL},
    {"mark", "j Down", "down", "the row below", NULL, NULL},
    {"mark", "k Up", "up", "the row above", NULL, NULL},
    {"mark", "Enter", "enter", "mark it as a hinge, or take the mark away", "Enter", "mark"},
    {"mark", "Esc", "put-aside", "mark nothing", "Esc", "back"},
    {"mark", "q", "back", "mark nothing", NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

const struct review_binding *review_bindings(void)
{
    return bindings;
}
