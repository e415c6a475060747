/* A revision's prompt, for those of db/ that load records. */
#ifndef DB_PROMPT_LOAD_H
#define DB_PROMPT_LOAD_H

#include "db/store.h"
#include "domain/record.h"

/* Fills in the messages, in the arena; chat is the caller's. */
int prompt_load(struct store *s, int64_t record, int64_t revision, struct arena *a, struct prompt *out,
                struct error *err);

#endif
