/* A key and what it does in one mode: the row from which keys are looked up and help is printed. */
#ifndef UI_KEYS_BINDING_H
#define UI_KEYS_BINDING_H

struct binding {
    const char *mode;    /* "queue"; "" for every view that is not typed into */
    const char *keys;    /* "j Down", separated by blanks */
    const char *command; /* "down": also what `:` takes */
    const char *help;    /* a few words; "" keeps it out of help */
};

#endif
