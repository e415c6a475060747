/* Between the files of the configuration: what was read, before it is made sense of. */
#ifndef APP_CONFIG_PARTS_H
#define APP_CONFIG_PARTS_H

#include "app/config.h"
#include "app/config_keys.h"
#include "base/arena.h"
#include "base/str.h"

/* One value as it stands in a file. */
struct entry {
    const char *kind, *name; /* "[endpoint teacher]": endpoint, teacher; name "" where there is none */
    const struct config_key *key;
    const char *value;
    const char *file; /* path */
    int line;
    bool own; /* from the project's file */
};

struct entries {
    struct arena arena;
    struct entry *items;
    size_t count, cap;
    struct str faults; /* a line each */
    size_t n_faults;
};

/* Adds what the file holds; one that does not exist holds nothing. Faults are collected, the rest is read. */
void entries_read(struct entries *e, const char *path, bool own);
/* "FILE: line N: ..." */
void entries_fault(struct entries *e, const struct entry *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The one that counts: the last, the project's before the person's. NULL when there is none. */
const struct entry *entries_find(const struct entries *e, const char *kind, const char *name, const char *key);
/* "0..6" as its two numbers; false when it is no scale. */
bool entries_scale(const char *value, double *low, double *high);
/* A path as it stands in a file, from the folder of that file. Borrowed from the arena. */
const char *entries_path(struct entries *e, const struct entry *at);
/* Words of a value, ended by NULL; quotes (" or ') hold blanks together. Borrowed from the arena. */
const char *const *entries_words(struct entries *e, const struct entry *at, size_t *n);

/* The key of an endpoint from where its entries say; 0 and *secret (the caller wipes and frees; NULL: it has none),
 * or -1 and err. from says in words where it came from. */
int secret_read(struct entries *e, const struct endpoint *of, char **secret, const char **from, struct error *err);
/* The person's headers may hold secrets: false when the project's file says where this endpoint is. */
bool secret_spares_headers(struct entries *e, const char *endpoint);
void secret_free(char *secret); /* wipes it; NULL is fine */

#endif
