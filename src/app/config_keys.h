/* Every key that hinge-config(5) knows, as a table: what files may hold, what the manual documents. */
#ifndef APP_CONFIG_KEYS_H
#define APP_CONFIG_KEYS_H

enum config_type {
    CONFIG_TEXT,
    CONFIG_NUMBER,  /* a number of 0 or more */
    CONFIG_COUNT,   /* a whole number of 1 or more */
    CONFIG_WHOLE,   /* a whole number of 0 or more */
    CONFIG_SIZE,    /* bytes, with K, M or G behind the number */
    CONFIG_YES,     /* yes or no */
    CONFIG_CHOICE,  /* one of the words */
    CONFIG_PATH,    /* from the folder of the file it stands in */
    CONFIG_WORDS,   /* several, separated by blanks; quotes hold blanks together */
    CONFIG_SCALE    /* "0..6" */
};

struct config_key {
    const char *section; /* project, endpoint, grader, task, step, train, place */
    const char *name;
    enum config_type type;
    const char *choices; /* of CONFIG_CHOICE, separated by | */
    const char *does;
};

extern const struct config_key config_keys[]; /* ends with a NULL section */
/* NULL when the section has no such key. */
const struct config_key *config_key_find(const char *section, const char *name);

#endif
