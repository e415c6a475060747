/*
 * What a piece of the screen means. Views speak of looks alone; a theme says what each is on a
 * terminal: colours, and attributes or signs beside them, since colour alone is never enough.
 */
#ifndef UI_THEME_LOOK_H
#define UI_THEME_LOOK_H

enum look {
    LOOK_TEXT,
    LOOK_DIM,        /* what may be overlooked: hints, counts, rules between panes */
    LOOK_STRONG,
    LOOK_TITLE,      /* the first line of a view */
    LOOK_HEAD,       /* a pane's head line */
    LOOK_HEAD_FOCUS, /* of the pane that has the keys */
    LOOK_CURSOR,     /* the line or item under the cursor */
    LOOK_KEY,        /* a key in a hint */
    LOOK_GOOD,
    LOOK_WARN,
    LOOK_BAD,
    LOOK_DELETE,
    LOOK_INSERT,
    LOOK_AWAY,        /* a moved sentence where it was */
    LOOK_HERE,        /* and where it is */
    LOOK_HINGE,       /* a hinge in kept text */
    LOOK_HINGE_DELETE,
    LOOK_HINGE_INSERT,
    LOOK_HINGE_FOCUS, /* the hinge the reviewer stands on, in kept text */
    LOOK_FOCUS_DELETE, /* ... deleted */
    LOOK_FOCUS_INSERT, /* ... inserted */
    LOOK_LINK,        /* what belongs to the thing under the cursor in another pane */
    LOOK_MATCH,       /* of a search */
    LOOK_MARK,        /* stands for a character that cannot be shown */
    LOOK_FIELD,       /* a field of a form that can be typed into */
    LOOK_STATUS,      /* the bottom line */
    LOOK_SERIES_1,    /* lines and bars of a plot, in the order in which they are taken */
    LOOK_SERIES_2,
    LOOK_SERIES_3,
    LOOK_SERIES_4,
    LOOK_SERIES_5,
    LOOK_SERIES_6,
    LOOKS
};

#endif
