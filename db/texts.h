/* Texts apart from their rows, and the search index over them. For db/ alone. */
#ifndef DB_TEXTS_H
#define DB_TEXTS_H

#include "db/store.h"

/* Stores a text and gives its number. */
int text_put(struct store *s, const char *body, size_t len, int64_t *id, struct error *err);

/* The index reads its words through the view record_words, so an entry is replaced in two steps:
 * leave with the words it was made from, then, after the record's texts have changed, enter again.
 * Inside a transaction records enter together when the outermost one commits: FTS5 writes out what
 * it has gathered at every savepoint, also those SQLite makes itself, and an import would spend
 * most of its time on that. */
int search_leave(struct store *s, int64_t record, struct error *err);
int search_enter(struct store *s, int64_t record, struct error *err);
/* For store_commit: lets in who waits. */
int search_flush(struct store *s, struct error *err);

/* The same for the words of a rule. */
int search_leave_rule(struct store *s, int64_t rule, struct error *err);
int search_enter_rule(struct store *s, int64_t rule, struct error *err);

#endif
