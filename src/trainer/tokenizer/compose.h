/* Unicode normalisation form C; the one file of the trainer that knows utf8proc. */
#ifndef TRAINER_TOKENIZER_COMPOSE_H
#define TRAINER_TOKENIZER_COMPOSE_H

#include "base/error.h"
#include "base/str.h"

/* Appends text (valid UTF-8) in form C to out, by the tables of Unicode 9: see compose.c. */
int compose_nfc(struct str *out, struct slice text, struct error *err);

#endif
